"""The sandbox as a whole: faults, being away, what testers ask, the process of its own."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from terminal.httpd import CannotListen
from terminal.sandbox import Fault, Sandbox
from terminal.sandbox.keys import kept_token
from terminal.sandbox.main import main
from tests.sandbox.conftest import SECRET, UID, Client
from tests.support.waiting import wait_until

Open = Callable[..., tuple[Sandbox, Client]]
GOOD = {"products": ["espresso"], "description": "Coffee"}


def _transactions(sandbox: Sandbox) -> int:
    return len(sandbox.ledger.transactions()) - 1


# -- faults --------------------------------------------------------------------------------------------


def test_a_fault_before_takes_no_effect_and_one_after_does(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox()
    sandbox.faults.set(Fault(kind="status", status=503, retry_after_s=7, words="later", count=1))
    answer = ask.book(GOOD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.json() == {"message": "later"}
    assert _transactions(sandbox) == 0
    sandbox.faults.set(Fault(kind="status", status=500, after=True, count=1))
    assert ask.book(GOOD).status_code == 500
    assert _transactions(sandbox) == 1
    sandbox.faults.set(Fault(kind="drop", count=1), Fault(kind="drop", after=True, count=1))
    for expected in (1, 2):
        with pytest.raises(httpx.RemoteProtocolError):
            ask.book(GOOD)
        assert _transactions(sandbox) == expected
    assert ask.book(GOOD).status_code == 200
    assert sandbox.counters()["faults"] == 4


def test_a_fault_meets_its_method_only(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox()
    sandbox.faults.set(Fault(kind="status", method="POST"))
    assert ask("GET", "/pos/terminal").status_code == 200
    assert ask.book(GOOD).status_code == 500


def test_delays_add_up_before_another_fault(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox()
    sandbox.faults.set(
        Fault(kind="delay", ms=1), Fault(kind="delay", ms=1), Fault(kind="status"), Fault(kind="status")
    )
    assert ask.book(GOOD).status_code == 500
    assert sandbox.faults.happened == 3


def test_the_same_seed_has_the_same_luck(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox()
    runs = []
    for seed in (7, 7, 8):
        sandbox.faults.set(Fault(kind="status", probability=0.5), seed=seed)
        runs.append([ask("GET", "/pos/terminal").status_code for _ in range(40)])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert {200, 500} == set(runs[0])


def test_a_drip_sends_the_true_answer_slowly(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox()
    sandbox.faults.set(Fault(kind="drip", ms=0))
    assert ask.book(GOOD).json()["data"]["balance"] == 125


def test_stopping_ends_those_who_hang_and_wait(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox()
    for fault in (Fault(kind="hang"), Fault(kind="delay", ms=3_600_000)):
        sandbox.faults.set(fault)
        before = sandbox.faults.happened
        ended: list[Exception] = []

        def call(ended: list[Exception] = ended) -> None:
            try:
                ask.book(GOOD)
            except httpx.TransportError as error:
                ended.append(error)

        caller = threading.Thread(target=call)
        caller.start()
        wait_until(lambda before=before: sandbox.faults.happened > before)
        sandbox.away()
        caller.join(30)
        assert len(ended) == 1
        sandbox.faults.clear()
        sandbox.back()


# -- away ----------------------------------------------------------------------------------------------


def test_away_refuses_connections_and_back_is_on_the_same_port(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox()
    url = sandbox.url
    for _ in range(3):
        assert ask.book(GOOD).status_code == 200
        sandbox.away()
        sandbox.away()
        with pytest.raises(httpx.ConnectError):
            ask.book(GOOD)
        sandbox.back()
        sandbox.back()
        assert sandbox.url == url
    assert _transactions(sandbox) == 3


def test_away_for_a_while_answers_first_and_comes_back(open_sandbox: Open) -> None:
    _, ask = open_sandbox()
    assert ask.admin("PUT", "away", {"for_ms": 200}).json() == {"done": True}

    def is_away() -> bool:
        try:
            return ask("GET", "/pos/terminal").status_code == 0
        except httpx.TransportError:
            return True

    wait_until(is_away)
    wait_until(lambda: not is_away())


def test_a_stop_while_away_does_not_wait(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox()
    ask.admin("PUT", "away", {"for_ms": 3_600_000})
    sandbox.stop()


def test_a_taken_address_is_told(open_sandbox: Open) -> None:
    sandbox, _ = open_sandbox()
    other = Sandbox(("127.0.0.1", httpx.URL(sandbox.base).port or 0))
    with pytest.raises(CannotListen, match="in use"):
        other.start()
    other.stop()


# -- testers -------------------------------------------------------------------------------------------


def test_a_tester_sees_what_took_effect(open_sandbox: Open) -> None:
    _, ask = open_sandbox()
    ask.book({**GOOD, "tag": "t", "idempotency_key": "k"})
    ask.book({"amount": 500, "description": "Coins"})
    seen = ask.admin("GET", "ledger").json()
    assert [(each["token"], each["balance"]) for each in seen["wallets"]] == [(UID, 625)]
    opening, debit, credit = seen["transactions"]
    assert (opening["terminal"], opening["amount"]) == (None, 150)
    assert debit["products"] == ["espresso"]
    assert (debit["amount"], debit["key"], debit["tag"], debit["terminal"]) == (-25, "k", "t", "sandbox")
    assert (credit["amount"], credit["key"]) == (500, None)
    assert ask.admin("GET", "counters").json() == {
        "repeats": 0,
        "requests": {"POST /pos/wallets/token/{token}/transactions": 2},
        "faults": 0,
        "debits": {"count": 1, "sum": 25},
        "credits": {"count": 1, "sum": 500},
    }


def test_a_tester_sets_faults_keys_and_seeds(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox()
    faults = [{"kind": "status", "status": 400, "count": 2}]
    assert ask.admin("PUT", "faults", {"faults": faults, "seed": 3}).status_code == 200
    assert ask.book(GOOD).status_code == 400
    assert ask.admin("GET", "faults").json()["faults"][0]["count"] == 1
    assert ask.admin("PUT", "faults", {"faults": []}).status_code == 200
    keyed = {**GOOD, "idempotency_key": "k"}
    assert [ask.book(keyed).status_code for _ in range(2)] == [200, 202]
    assert ask.admin("PUT", "keys", {"keys": "none"}).status_code == 200
    assert ask.book(keyed).status_code == 200
    seed = {
        "wallets": [{"token": "04FFFFFF", "balance": 7}],
        "products": [{"id": "tea", "name": "Tea", "price": 10}],
        "codes": [{"code": "12345678", "user": "erika"}],
    }
    assert ask.admin("POST", "seed", seed).status_code == 200
    assert ask("GET", "/pos/wallets/token/04ffffff").json()["data"]["balance"] == 7
    assert ask.book({"products": ["tea"], "description": "x"}).status_code == 200
    assert ask("PUT", "/pos/wallets/token/04eeeeee", json={"pairing_code": "12345678"}).status_code == 200
    assert ask.admin("POST", "reset", {}).status_code == 200
    assert ask.admin("GET", "ledger").json() == {"wallets": [], "transactions": []}
    assert sandbox.counters()["requests"] == {}


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("faults", {"faults": [{"kind": "explode"}]}),
        ("faults", {"faults": [{"kind": "drop", "probability": 2}]}),
        ("faults", {"faults": [{"kind": "drop", "often": 2}]}),
        ("faults", {}),
        ("away", {"for_ms": 0}),
        ("away", {"for_ms": 1, "address": 1}),
        ("away", {"for_ms": 1, "address": -1}),
        ("keys", {"keys": "maybe"}),
    ],
)
def test_a_tester_who_asks_wrongly_is_told(open_sandbox: Open, what: str, body: object) -> None:
    sandbox, ask = open_sandbox()
    assert ask.admin("PUT", what, body).status_code == 400
    assert sandbox.faults.left() == []


def test_testers_are_served_on_this_machine_only() -> None:
    with Sandbox(("0.0.0.0", 0), token=SECRET) as sandbox:  # noqa: S104 - that is the point
        port = httpx.URL(sandbox.base).port
        assert httpx.get(f"http://127.0.0.1:{port}/sandbox/ledger").status_code == 404
        assert httpx.get(f"http://127.0.0.1:{port}/pos/terminal").status_code == 401


# -- files and processes -------------------------------------------------------------------------------


def test_what_it_knows_survives_in_its_file(tmp_path: Path) -> None:
    database = tmp_path / "deep" / "sandbox.db"
    for expected in (125, 100):
        with Sandbox(database=database, token=SECRET) as sandbox:
            sandbox.add_wallet(UID, 150)
            client = Client(sandbox)
            answer = client.book({"amount": -25, "description": "x"})
            client.close()
            assert answer.json()["data"]["balance"] == expected


def test_a_token_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "sandbox.token"
    token = kept_token(path)
    assert len(token) >= 32
    assert kept_token(path) == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_process_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    command = [sys.executable, "-c", "from terminal.sandbox.main import main; main()"]
    options = ["--listen", "127.0.0.1:0", "--token-file", token_file, "--wallet", f"{UID}=150"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stdout is not None
    with process.stdout as printed:
        url = printed.readline().removeprefix("url = ").strip()
        headers = {"Authorization": f"Bearer {token_file.read_text().strip()}"}
        wallet = httpx.get(f"{url}pos/wallets/token/{UID}", headers=headers).json()
        products = httpx.get(f"{url}pos/terminal", headers=headers).json()["data"]["products"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert wallet["data"]["balance"] == 150
    assert [(each["id"], each["price"]) for each in products] == [("espresso", 25), ("cappuccino", 50)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--listen", "nonsense"], "expected HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "up to 65535"),
        (["--wallet", "04ff"], "whole cents"),
        (["--product", "tea=1.5"], "whole cents"),
        (["--code", "123=max"], "8 digits"),
        (["--database", "/proc/nowhere/x.db"], "/proc/nowhere"),
    ],
)
def test_wrong_use_is_a_sentence_and_exit_code_2(tmp_path: Path, options: list[str], words: str) -> None:
    result = CliRunner().invoke(main, ["--token-file", str(tmp_path / "token"), *options])
    assert result.exit_code == 2
    assert result.output.startswith("terminald-sandbox: ")
    assert words in result.output
    assert len(result.output.splitlines()) == 1


def test_the_help_teaches() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for word in ("/sandbox/faults", "/sandbox/ledger", "curl -X PUT", "--dialect", "probability"):
        assert word in result.output
