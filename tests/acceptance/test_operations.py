"""What operators and technicians live with: starts and stops, orders, secrets, a wrong configuration."""

import json
import os
import signal
from pathlib import Path

from tests.acceptance.conftest import UID
from tests.acceptance.operating import ESPRESSO, QUICK, RELAY, roll, sale, secret_file, vending
from tests.support.machine import PANEL, READER, Machine, SandboxProcess
from tests.support.waiting import wait_until

SLOT = {"name": "slot", "role": "coin_acceptor", "driver": "simulated"}

BY = ("--by", "Kim Doe", "--reason", "looked on the server")


# -- the daemon's life ---------------------------------------------------------------------------------


def test_a_second_daemon_on_the_same_journal_is_refused(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with vending(tmp_path, sandbox) as coffee:
        other = tmp_path / "other"
        other.mkdir()
        second = vending(other, sandbox, rules={"journal": {"path": str(coffee.journal)}})
        second.spawn()
        assert second.wait_end() == 1
        assert coffee.process is not None
        assert (
            f"in use by another terminald (process {coffee.process.pid}): stop that one first" in second.tail()
        )
        assert "Traceback" not in second.tail()
        sale(coffee)  # the first one did not notice
        coffee.wait_delivered()


def test_sigterm_closes_the_slot_credits_what_has_an_owner_and_says_goodbye(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    rules = {"log": {"level": "debug"}}
    with Machine(
        tmp_path, sandbox.url, sandbox.token_file, [READER, PANEL, SLOT], job="topup", sections=rules
    ) as kiosk:
        kiosk.wait_works()
        kiosk.do("tap", uid=UID)
        kiosk.wait("an open slot", phase="collecting coins")
        assert kiosk.do("coin", cents=200).is_success
        assert kiosk.process is not None
        kiosk.process.terminate()
        wait_until(lambda: any("STOPPING=1" in each for each in kiosk.listen()), what="STOPPING=1")
        assert kiosk.wait_end() == 0
        with kiosk.reader() as journal:
            books = journal.books()
            assert (books.accepted, books.credited, books.held) == (200, 200, 0)
        kiosk.start()
        kiosk.wait("the credit", queue__delivered=1)
        assert kiosk.stop() == 0
    assert [each["amount"] for each in sandbox.booked()] == [200]


def test_coins_without_a_token_survive_a_clean_stop(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with Machine(
        tmp_path, sandbox.url, sandbox.token_file, [READER, PANEL, SLOT], job="topup", sections=ESPRESSO
    ) as kiosk:
        kiosk.wait_works()
        assert kiosk.do("coin", cents=50).is_success
        kiosk.wait("it waits", phase="coins wait for a token")
        assert kiosk.stop() == 0
        with kiosk.reader() as journal:
            assert (journal.books().held, journal.entries()) == (50, [])
        verified = kiosk.ctl("journal", "verify")
        assert verified.returncode == 0, verified.stdout
        kiosk.start()
        kiosk.wait("it still waits", phase="coins wait for a token", screen__amount=50)


def test_the_service_manager_hears_ready_and_is_fed(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with vending(tmp_path, sandbox, environment={"WATCHDOG_USEC": "600000"}) as coffee:
        wait_until(lambda: sum("WATCHDOG=1" in each for each in coffee.listen()) >= 3, what="three pings")
        assert sum("READY=1" in each for each in coffee.notes) == 1
        # A process that does not turn feeds nobody.
        assert coffee.process is not None
        os.kill(coffee.process.pid, signal.SIGSTOP)
        heard = -1
        while len(coffee.notes) != heard:  # what was sent before
            heard = len(coffee.notes)
            coffee.listen()
        os.kill(coffee.process.pid, signal.SIGCONT)
        wait_until(lambda: len(coffee.listen()) > heard, what="more pings")
        assert coffee.stop() == 0


def test_without_a_watchdog_nobody_is_fed(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with vending(tmp_path, sandbox) as coffee:
        sale(coffee)
        assert not any("WATCHDOG" in each for each in coffee.listen())


def test_sighup_reads_the_products_anew(tmp_path: Path, sandbox: SandboxProcess) -> None:
    def prices(coffee: Machine) -> dict[str, int]:
        return {each["id"]: each["price"] for each in coffee.status()["screen"]["products"]}

    with vending(tmp_path, sandbox) as coffee:
        coffee.wait_works()
        assert prices(coffee)["espresso"] == 25
        for price, order in ((30, "signal"), (35, "command")):
            product = {"id": "espresso", "name": "Espresso", "price": price}
            sandbox.admin("POST", "seed", {"products": [product]})
            assert coffee.process is not None
            if order == "signal":
                coffee.process.send_signal(signal.SIGHUP)
            else:
                assert coffee.ctl("catalogue", "reload").returncode == 0
            wait_until(lambda price=price: prices(coffee) == {"espresso": price}, what=f"the price {price}")
        assert any("RELOADING=1" in each for each in coffee.listen())
        sale(coffee)
        coffee.wait_delivered()
    assert [each["amount"] for each in sandbox.booked()] == [-35]


# -- terminalctl against a running daemon --------------------------------------------------------------


def test_the_status_has_the_promised_shape(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with vending(tmp_path, sandbox) as coffee:
        sale(coffee)
        coffee.wait_delivered()
        ran = coffee.ctl("status", "--json")
        assert ran.returncode == 0
        status = json.loads(ran.stdout)
        assert {"terminal", "job", "phase", "queue", "devices", "backends"} <= set(status)
        assert (status["terminal"], status["job"]) == ("test-1", "vending")
        queue = {"queued", "sending", "unknown", "parked", "delivered", "voided", "oldest_age_s"}
        assert set(status["queue"]) == queue
        assert status["queue"]["delivered"] == 1
        assert [
            {key: each[key] for key in ("name", "role", "driver", "health")} for each in status["devices"]
        ] == [{**device, "health": "ok"} for device in (READER, PANEL, RELAY)]
        (backend,) = status["backends"]
        assert {key: backend[key] for key in ("name", "type", "state")} == {
            "name": "main",
            "type": "pointofsale",
            "state": "ok",
        }


def test_exit_codes_of_terminalctl(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with vending(tmp_path, sandbox) as coffee:
        coffee.wait_works()
        assert coffee.ctl("status").returncode == 0
        assert coffee.ctl("devices").returncode == 0
        assert coffee.ctl("sim", "unplug", "reader").returncode == 0
        coffee.wait("a missing reader", devices__0__health="missing")
        for command in ("status", "devices"):
            ran = coffee.ctl(command)
            assert ran.returncode == 1, ran.stdout
            assert "missing" in ran.stdout
        assert coffee.ctl("sim", "tap", UID).returncode == 1  # a real reader without a cable reads nothing, too
        assert coffee.ctl("sim", "plug", "reader").returncode == 0
        for wrong in (["sim", "unplug", "nobody"], ["journal", "show", "99"], ["status", "--no"], ["dance"]):
            ran = coffee.ctl(*wrong)
            assert ran.returncode == 2, (wrong, ran.stdout, ran.stderr)
            assert ran.stderr
            assert "Traceback" not in ran.stderr
        assert coffee.stop() == 0
        away = coffee.ctl("status")
        assert away.returncode == 2
        assert "terminald does not run" in away.stderr


def test_void_and_retry_need_a_name_and_a_reason(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with vending(tmp_path, sandbox, rules=QUICK) as coffee:
        sandbox.faults({"kind": "status", "status": 422, "words": "not today", "method": "POST", "count": 1})
        sale(coffee)
        status = coffee.wait("the refusal", queue__parked=1)
        assert any("parked" in words for words in status["problems"])
        with coffee.reader() as journal:
            (entry,) = journal.entries()
        number = str(entry.seq)
        assert "not today" in coffee.ctl("journal", "show", number).stdout
        for action in ("void", "retry"):
            for left_out in ("--by", "--reason"):
                at = BY.index(left_out)
                ran = coffee.ctl("journal", action, number, *BY[:at], *BY[at + 2 :], "--yes")
                assert ran.returncode == 2
                assert left_out in ran.stderr
        assert coffee.status()["queue"]["parked"] == 1
        assert coffee.ctl("journal", "retry", number, *BY).returncode == 2  # nobody is there to be asked
        assert coffee.ctl("journal", "retry", number, *BY, "--yes").returncode == 0
        coffee.wait("it is booked", queue__delivered=1, queue__parked=0)
        again = coffee.ctl("journal", "void", number, *BY, "--yes")
        assert again.returncode == 1, again.stderr
        assert "delivered" in again.stderr
    assert [each["key"] for each in sandbox.booked()] == [entry.key]


def test_pairing_by_a_code(tmp_path: Path, sandbox: SandboxProcess) -> None:
    sandbox.admin("POST", "seed", {"codes": [{"code": "12345678", "user": "max.mustermann"}]})
    new = "04998877665544"
    with vending(tmp_path, sandbox) as coffee:
        coffee.wait_works()
        assert coffee.ctl("pair", "00000000").returncode == 0
        coffee.wait("a token is asked for", screen__notice="pair token")
        coffee.do("tap", uid=new)
        status = coffee.wait("the server's no", screen__notice="refused")
        assert "This code is not known." in status["screen"]["words"]
        coffee.do("untap")
        assert coffee.ctl("pair", "12345678").returncode == 0
        coffee.wait("a token is asked for", screen__notice="pair token")
        coffee.do("tap", uid=new)
        coffee.wait("paired", screen__notice="paired")
        with coffee.reader() as journal:
            assert journal.entries() == []  # to pair is not to buy
    wallets = {each["token"].upper(): each for each in sandbox.admin("GET", "ledger")["wallets"]}
    assert wallets[new]["paired_user"] == "max.mustermann"


def test_a_rolled_token_pauses_the_server_and_parks_nothing(tmp_path: Path, sandbox: SandboxProcess) -> None:
    mine = secret_file(tmp_path, sandbox.token_file.read_text())
    with vending(tmp_path, sandbox, token_file=mine) as coffee:
        sale(coffee)
        coffee.wait("the first debit", queue__delivered=1)
        roll(sandbox)
        sale(coffee, notice="accepted offline")
        status = coffee.wait("a pause", backends__0__state="paused")
        assert any("is paused" in words for words in status["problems"])
        assert coffee.ctl("status").returncode == 1
        sale(coffee, notice="accepted offline")
        queue = coffee.status()["queue"]
        assert (queue["queued"], queue["parked"], queue["unknown"]) == (2, 0, 0)
        mine.write_text(sandbox.token_file.read_text())
        assert coffee.ctl("sync", "now").returncode == 0
        coffee.wait("everything", queue__delivered=3, queue__queued=0, backends__0__state="ok")
        assert coffee.ctl("status").returncode == 0
    assert [each["amount"] for each in sandbox.booked()] == [-25] * 3


def test_a_right_token_is_noticed_without_an_order(tmp_path: Path, sandbox: SandboxProcess) -> None:
    mine = secret_file(tmp_path, "wrong\n")
    rules = {**QUICK, "offline": {"unknown_tokens": True}, "vending": {"show_s": 1}}
    with Machine(
        tmp_path,
        sandbox.url,
        mine,
        [READER, PANEL, SLOT],
        job="topup",
        sections={**rules, "topup": {"unknown_tokens": True}},
    ) as kiosk:
        kiosk.wait_works()
        kiosk.do("tap", uid=UID)
        kiosk.wait("collecting", phase="collecting coins")
        kiosk.do("coin", cents=200)
        kiosk.do("button", name="confirm")
        kiosk.wait("a pause", backends__0__state="paused", queue__queued=1)
        mine.write_text(sandbox.token_file.read_text())
        kiosk.wait("the credit", queue__delivered=1, backends__0__state="ok")
    assert [each["amount"] for each in sandbox.booked()] == [200]


def test_the_simulated_network_can_be_cut_and_mended(tmp_path: Path) -> None:
    embedded = {
        "enabled": True,
        "listen": "127.0.0.1:0",
        "database": str(tmp_path / "ledger.db"),
        "token_file": str(tmp_path / "ledger.token"),
        "wallets": [{"token": UID, "balance": 1000}],
        "products": [{"id": "espresso", "name": "Espresso", "price": 120}],
    }
    sections = {
        **ESPRESSO,
        **QUICK,
        "sandbox": embedded,
        "backends.main": {"type": "pointofsale", "url": "sandbox:"},
    }
    with Machine(tmp_path, "", tmp_path / "none", [READER, PANEL, RELAY], sections=sections) as coffee:
        sale(coffee)
        coffee.wait("the first debit", queue__delivered=1)
        assert coffee.ctl("sim", "network", "down").returncode == 0
        coffee.wait("the next customer", phase="ready")
        sale(coffee, notice="accepted offline")
        assert coffee.status()["queue"]["delivered"] == 1
        assert coffee.ctl("sim", "network", "up").returncode == 0
        coffee.wait("both", queue__delivered=2)
