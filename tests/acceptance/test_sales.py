"""Sales on real processes: a daemon, a server, a journal between them."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import OTHER, UID
from tests.support.machine import PANEL, PRINTER, READER, Machine, SandboxProcess
from tests.support.waiting import wait_until

RELAY = {"name": "machine", "role": "release", "driver": "simulated"}
SLOT = {"name": "slot", "role": "coin_acceptor", "driver": "simulated"}
VENDING = [READER, PANEL, RELAY]
TOPUP = [READER, PANEL, SLOT, PRINTER]


def machine(tmp_path: Path, sandbox: SandboxProcess, devices: list[dict[str, str]], **more: object) -> Machine:
    return Machine(tmp_path, sandbox.url, sandbox.token_file, devices, **more)


def test_a_tap_and_a_button_are_one_debit(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with machine(tmp_path, sandbox, VENDING) as coffee:
        coffee.wait_works()
        assert coffee.do("tap", uid=UID).is_success
        coffee.wait("a choice", phase="choosing", screen__balance=1000)
        assert coffee.do("button", name="espresso").is_success
        coffee.wait("the result", screen__notice="confirmed", screen__balance=975)
        coffee.wait_delivered()
        # The card is still there: it is the same tap.
        assert coffee.status()["queue"]["delivered"] == 1
        assert coffee.stop() == 0
    (booked,) = sandbox.booked()
    assert (booked["token"], booked["amount"]) == (UID.lower(), -25)
    with coffee.reader() as journal:
        (entry,) = journal.entries()
        assert booked["key"] == entry.key


def test_product_first_and_several_pieces_in_one_debit(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with machine(tmp_path, sandbox, VENDING, sections={"vending": {"confirm": True}}) as coffee:
        coffee.wait_works()
        for name in ("espresso", "espresso", "cappuccino"):
            assert coffee.do("button", name=name).is_success
        coffee.wait("a token is asked for", phase="waiting for a token", screen__amount=100)
        coffee.do("tap", uid=UID)
        coffee.wait("a choice", phase="choosing")
        coffee.do("button", name="confirm")
        coffee.wait("the result", screen__notice="confirmed", screen__amount=100)
        coffee.wait_delivered()
    (booked,) = sandbox.booked()
    assert booked["amount"] == -100


def test_insufficient_balance_is_refused_and_nothing_is_written(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    with machine(tmp_path, sandbox, VENDING, sections={"vending": {"one_product": "espresso"}}) as coffee:
        coffee.wait_works()
        coffee.do("tap", uid=OTHER)
        coffee.wait("the refusal", screen__notice="refused", screen__words="The balance is not sufficient.")
        with coffee.reader() as journal:
            assert journal.entries() == []
    assert sandbox.booked() == []


@pytest.mark.parametrize("authorize", ["balance", "charge"])
def test_both_authorize_styles_release_once_and_book_once(
    tmp_path: Path, sandbox: SandboxProcess, authorize: str
) -> None:
    rules = {"vending": {"authorize": authorize, "one_product": "espresso"}}
    with machine(tmp_path, sandbox, VENDING, sections=rules) as coffee:
        coffee.wait_works()
        coffee.do("tap", uid=UID)
        coffee.wait("the result", screen__notice="confirmed")
        coffee.wait_delivered()
    assert [each["amount"] for each in sandbox.booked()] == [-25]


def test_a_proven_failure_voids_the_debit(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with machine(tmp_path, sandbox, VENDING, sections={"vending": {"one_product": "espresso"}}) as coffee:
        coffee.wait_works()
        coffee.do("fail_next")
        coffee.do("tap", uid=UID)
        status = coffee.wait("the refusal", screen__notice="refused", queue__voided=1)
        assert "not charged" in status["screen"]["words"]
    assert sandbox.booked() == []


def test_a_charged_debit_is_refunded_when_nothing_came_out(tmp_path: Path, sandbox: SandboxProcess) -> None:
    rules = {"vending": {"authorize": "charge", "one_product": "espresso"}}
    with machine(tmp_path, sandbox, VENDING, sections=rules) as coffee:
        coffee.wait_works()
        coffee.do("fail_next")
        coffee.do("tap", uid=UID)
        coffee.wait("both are booked", queue__delivered=2, queue__queued=0)
    assert [each["amount"] for each in sandbox.booked()] == [-25, 25]


def test_coins_are_credited_once_with_a_receipt(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with machine(tmp_path, sandbox, TOPUP, job="topup") as kiosk:
        kiosk.wait_works()
        assert kiosk.do("coin", cents=200).is_success  # before the token
        kiosk.wait("it waits", phase="coins wait for a token")
        kiosk.do("tap", uid=UID)
        kiosk.wait("collecting", phase="collecting coins", screen__amount=200)
        assert kiosk.do("coin", cents=50).is_success
        kiosk.do("button", name="confirm")
        kiosk.wait("the result", screen__notice="credited", screen__amount=250)
        kiosk.wait_delivered()
        with kiosk.reader() as journal:
            books = journal.books()
            assert (books.accepted, books.credited, books.held) == (250, 250, 0)
    assert [each["amount"] for each in sandbox.booked()] == [250]


def test_top_up_goes_on_without_a_printer(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with machine(tmp_path, sandbox, TOPUP, job="topup") as kiosk:
        kiosk.wait_works()
        kiosk.do("unplug", "printer")
        kiosk.do("tap", uid=UID)
        kiosk.wait("collecting", phase="collecting coins")
        kiosk.do("coin", cents=100)
        kiosk.do("button", name="confirm")
        kiosk.wait("the result", screen__notice="credited")
        kiosk.wait_delivered()
    assert [each["amount"] for each in sandbox.booked()] == [100]


def test_coins_without_a_token_survive_a_power_cut_and_go_to_the_next_tap(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    with machine(tmp_path, sandbox, TOPUP, job="topup") as kiosk:
        kiosk.wait_works()
        kiosk.do("coin", cents=200)
        kiosk.wait("it waits", phase="coins wait for a token")
        kiosk.kill()
        kiosk.start()
        kiosk.wait("it still waits", phase="coins wait for a token", screen__amount=200)
        wait_until(lambda: kiosk.do("tap", uid=UID).is_success, what="a reader that works again")
        kiosk.wait("collecting", phase="collecting coins", screen__amount=200)
        kiosk.do("button", name="confirm")
        kiosk.wait_delivered()
    assert [each["amount"] for each in sandbox.booked()] == [200]


def test_coins_that_nobody_claims_stay_on_the_books(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with machine(tmp_path, sandbox, TOPUP, job="topup", sections={"topup": {"window_s": 1}}) as kiosk:
        kiosk.wait_works()
        kiosk.do("coin", cents=200)
        status = kiosk.wait("nobody came", queue__parked=1)
        assert any("parked" in words for words in status["problems"])
        with kiosk.reader() as journal:
            (entry,) = journal.entries()
            assert journal.books().held == 200
        answer = kiosk.ask("POST", f"journal/{entry.seq}/void", {"by": "staff", "reason": "handed back"})
        assert answer.is_success, answer.text
        with kiosk.reader() as journal:
            books = journal.books()
            assert (books.held, books.written_off) == (0, 200)
    assert sandbox.booked() == []


def test_a_card_that_stays_over_an_unplugged_reader_is_one_tap(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with machine(
        tmp_path, sandbox, VENDING, sections={"vending": {"one_product": "espresso", "show_s": 1}}
    ) as coffee:
        coffee.wait_works()
        coffee.do("tap", uid=UID)
        coffee.wait("the result", queue__delivered=1)
        coffee.wait("the next customer", phase="ready")
        coffee.do("unplug", "reader")
        coffee.do("plug", "reader")
        coffee.wait_delivered()
        assert coffee.status()["queue"]["delivered"] == 1
    assert len(sandbox.booked()) == 1
