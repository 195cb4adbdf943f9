"""A kiosk that sells tickets: real processes, two real servers, paper that tears, plugs that are pulled."""

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.core.facts import EntryKind, EntryState
from terminal.core.tickets import Method
from tests.acceptance.conftest import OTHER, UID
from tests.support.kiosk import GUEST, SANDBOX, STAFF, Kiosk, sale_of
from tests.support.machine import SandboxProcess
from tests.support.seed import SEED
from tests.support.waiting import wait_until

KILLS = int(os.environ.get("TERMINAL_KILLS", "30"))
ME = ("--by", "the cashier")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A server with two wallets (10.00 and 0.10) that records tickets, too."""
    wallets = ("--wallet", f"{UID}=1000", "--wallet", f"{OTHER}=10")
    with SandboxProcess(tmp_path, *wallets, *SANDBOX) as started:
        yield started


def check_paper(kiosk: Kiosk) -> None:
    """Every ticket on the books is whole on paper, and every paper is on the books; what repeats says so."""
    sales = {entry.key: sale_of(entry) for entry in kiosk.sold()}
    seen: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for paper in kiosk.papers():
        if paper.number is None:
            continue
        barcode = sales[paper.key].tickets[paper.number - 1].barcode
        assert paper.barcodes in ([barcode], [] if not paper.whole else [barcode])
        assert bool(paper.copy) == paper.lines[0].strip().startswith("COPY")
        assert paper.copy or not seen[barcode], f"{barcode} came onto paper twice, unmarked"
        seen[barcode] += 1
        whole[barcode] += paper.whole
    sold = [barcode for sale in sales.values() for barcode in sale.barcodes]
    assert len(set(sold)) == len(sold), "one code for two tickets"
    assert [barcode for barcode in sold if not whole[barcode]] == []


def check_server(kiosk: Kiosk, sandbox: SandboxProcess) -> None:
    """The server has each sale once, with the journal's codes, sums and barcodes."""
    stored = {each["code"]: each["body"] for each in sandbox.sales()}
    assert len(stored) == len(sandbox.sales()), "a code took effect twice"
    sold = {sale_of(each).purchase.code: sale_of(each) for each in kiosk.sold()}
    assert stored.keys() == sold.keys()
    for code, body in stored.items():
        sale = sold[code]
        assert body["totalAmount"] == sale.total == sum(each["amount"] for each in body["transactions"])
        told = [ticket["barcode"] for item in body["items"] for ticket in item["tickets"]]
        assert tuple(told) == sale.barcodes


# -- a sale --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("generation", ["old", "v5"])
def test_a_sale_for_coins_with_change_and_no_network_reaches_the_server_once(
    tmp_path: Path, sandbox: SandboxProcess, generation: str
) -> None:
    sandbox.stop()
    with Kiosk(tmp_path, sandbox, generation=generation) as kiosk:
        kiosk.wait_works()
        kiosk.press("4", "4", "4", "3")
        kiosk.wait("the sum", phase="choosing", screen__amount=240)
        kiosk.press("confirm")
        kiosk.wait("what is due", phase="paying", screen__due=240)
        kiosk.pay(200, 50)
        kiosk.wait_paper()
        assert kiosk.money() == {"coin": 250, "payout": 10}
        assert kiosk.status()["queue"]["queued"] == 1, "nobody is there to take it"
        (entry,) = kiosk.sold()
        sale = sale_of(entry)
        assert [line.product for line in sale.lines] == [4, 3]
        assert [ticket.product for ticket in sale.tickets] == [4, 4, 4, 8, 8, 9, 9, 9]
        papers = [paper for paper in kiosk.papers() if paper.number]
        assert [(paper.number, paper.barcodes) for paper in papers] == [
            (number, [barcode]) for number, barcode in enumerate(sale.barcodes, 1)
        ]
        assert [paper.kind for paper in kiosk.papers() if not paper.number] == ["receipt"]
        sandbox.start()
        kiosk.wait_delivered()
        assert kiosk.stop() == 0
    (stored,) = sandbox.sales()
    body = stored["body"]
    assert (body["code"], body["totalAmount"]) == (sale.purchase.code, 240)
    assert body["transactions"] == [{"paymentMethod": "cash", "amount": 240, "change": 10}]
    check_server(kiosk, sandbox)
    with kiosk.reader() as journal:
        books = journal.books()
        assert (books.accepted, books.spent, books.returned, books.held) == (250, 240, 10, 0)


def test_cancelling_gives_the_coins_back_and_nothing_was_sold(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with Kiosk(tmp_path, sandbox) as kiosk:
        kiosk.wait_works()
        kiosk.press("3", "confirm")
        kiosk.pay(100, 20)
        kiosk.wait("what is due", phase="paying", screen__due=30)
        kiosk.press("cancel")
        kiosk.wait("the next guest", phase="ready")
        assert kiosk.money() == {"coin": 120, "payout": 120}
        assert (kiosk.sold(), kiosk.papers(), sandbox.sales()) == ([], [], [])


def test_a_token_pays_and_both_servers_have_it(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with Kiosk(tmp_path, sandbox) as kiosk:
        kiosk.wait_works()
        kiosk.press("4", "4")
        kiosk.do("tap", uid=UID)
        kiosk.wait("the result", screen__notice="issued", screen__balance=940)
        kiosk.wait_paper()
        kiosk.wait_delivered()
        (entry,) = kiosk.sold()
        (payment,) = sale_of(entry).payments
        (booked,) = sandbox.booked()
        assert (booked["amount"], booked["key"]) == (-60, payment.reference)
        (stored,) = sandbox.sales()
        (told,) = stored["body"]["transactions"]
        assert (told["amount"], told["transactionId"]) == (60, payment.reference)
        check_server(kiosk, sandbox)
        check_paper(kiosk)


def test_a_token_a_card_terminal_and_coins_add_up(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with Kiosk(tmp_path, sandbox) as kiosk:
        kiosk.wait_works()
        kiosk.press("3", "confirm")
        kiosk.do("tap", uid=OTHER)
        kiosk.wait("the rest", phase="paying", screen__due=140)
        kiosk.pay(100)
        kiosk.wait("the rest of that", phase="paying", screen__due=40)
        assert kiosk.ctl("sale", "note", "at the side entrance", *ME).returncode == 0
        shown = json.loads(kiosk.ctl("sale", "show", "--json").stdout)
        assert (shown["total"], shown["wallet"], shown["coins"], shown["due"]) == (150, 10, 100, 40)
        wrong = kiosk.ctl("sale", "card", "8817-4402", "--amount", "0.50", *ME)
        assert (wrong.returncode, "0.40 EUR are due" in wrong.stderr) == (1, True), wrong.stderr
        paid = kiosk.ctl("sale", "card", "8817-4402", "--amount", "0.40", *ME)
        assert paid.returncode == 0, paid.stderr
        kiosk.wait_paper()
        kiosk.wait_delivered()
        (entry,) = kiosk.sold()
        sale = sale_of(entry)
        assert [(each.method, each.amount) for each in sale.payments] == [
            (Method.CASH, 100),
            (Method.WALLET, 10),
            (Method.CARD, 40),
        ]
        assert sale.notes == "at the side entrance"
        check_server(kiosk, sandbox)
        kiosk.press("4", "confirm")
        again = kiosk.ctl("sale", "card", "8817-4402", "--amount", "0.30", *ME)
        assert again.returncode == 1
        assert f"has paid a sale already: entry {entry.seq}" in again.stderr
        assert kiosk.ctl("sale", "cancel").returncode == 0
        kiosk.wait("the next guest", phase="ready")
        assert len(kiosk.sold()) == 1


def test_staff_stand_in_the_sale_and_a_token_at_the_door_is_recorded(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    sandbox.admin("POST", "satellite/seed", {"delegates": [{"id": 7, "name": "Kiri", "rfid": UID}]})
    with Kiosk(tmp_path, sandbox, generation="v5", tickets={"tap": "check-in", "tap_device": 85}) as kiosk:
        kiosk.wait_works()
        kiosk.press("4")
        kiosk.do("tap", uid=STAFF)
        kiosk.do("untap")
        kiosk.wait("the choice goes on", phase="choosing")
        kiosk.press("confirm")
        kiosk.pay(20, 10)
        kiosk.wait_paper()
        kiosk.do("tap", uid=UID)
        kiosk.wait("the door", screen__notice="checked in")
        kiosk.wait_delivered()
        (stored,) = sandbox.sales()
        assert stored["body"]["recordedBy"] == 80
        (told,) = sandbox.admin("GET", "satellite/interactions")["interactions"]
        assert (told["what"], told["delegate"], told["device"]) == ("check-in", 7, 85)
        assert STAFF not in kiosk.ctl("journal", "show", str(kiosk.sold()[0].seq), "--json").stdout


# -- paper ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("power_cut", [False, True])
def test_paper_that_ends_half_way_is_made_good_with_the_same_codes(
    tmp_path: Path, sandbox: SandboxProcess, *, power_cut: bool
) -> None:
    with Kiosk(tmp_path, sandbox) as kiosk:
        kiosk.wait_works()
        kiosk.press("3", "confirm")
        assert kiosk.do("tear_next", "printer").is_success
        kiosk.pay(100, 50)
        kiosk.wait("the end of the paper", screen__notice="out of order")
        kiosk.wait_delivered()
        torn = kiosk.papers()
        assert [(paper.number, paper.whole) for paper in torn] == [(1, False)]
        assert kiosk.ctl("status").returncode == 1
        assert kiosk.do("button", "panel", name="4").is_success
        assert kiosk.status()["phase"] == "ready", "nobody buys what could not be printed"
        if power_cut:
            kiosk.kill()
            kiosk.start()
        assert kiosk.do("paper_in", "printer").is_success
        kiosk.wait_paper()
        check_paper(kiosk)
        (first,) = [paper for paper in kiosk.papers()[1:] if paper.number == 1]
        assert (first.copy, first.whole) == (1, True)
        assert [paper.copy for paper in kiosk.papers()[1:] if paper.number not in (1, None)] == [0] * 4
        assert len(kiosk.sold()) == len(sandbox.sales()) == 1


def test_all_of_a_sale_can_be_printed_again_as_copies(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with Kiosk(tmp_path, sandbox) as kiosk:
        kiosk.wait_works()
        kiosk.press("4", "4", "confirm")
        kiosk.pay(50, 10)
        kiosk.wait_paper()
        (entry,) = kiosk.sold()
        again = kiosk.ctl("print", "again", str(entry.seq), *ME)
        assert again.returncode == 0, again.stderr
        kiosk.wait_paper()
        wait_until(lambda: len(kiosk.papers()) == 6, what="the copies")
        copies = [paper for paper in kiosk.papers() if paper.copy]
        assert sorted(paper.kind for paper in copies) == ["receipt", "ticket-1", "ticket-2"]
        check_paper(kiosk)


# -- a server that says no, or nonsense ------------------------------------------------------------------


def test_a_refusal_parks_the_sale_with_its_words_and_the_tickets_stay_good(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    words = "the event 3 is closed since noon"
    sandbox.satellite_faults({"kind": "status", "status": 422, "words": words, "path": "ticket/transaction"})
    with Kiosk(tmp_path, sandbox) as kiosk:
        kiosk.wait_works()
        kiosk.press("4", "confirm")
        kiosk.pay(50)
        kiosk.wait("the refusal", queue__parked=1)
        kiosk.wait_paper()
        (entry,) = kiosk.sold()
        assert (entry.state, words in entry.words) == (EntryState.PARKED, True)
        check_paper(kiosk)
        assert kiosk.ctl("status").returncode == 1
        assert words in kiosk.ctl("journal", "show", str(entry.seq)).stdout
        (barcode,) = sale_of(entry).barcodes
        assert str(entry.seq) in kiosk.ctl("journal", "find", barcode).stdout
        sandbox.satellite_faults()
        retry = kiosk.ctl("journal", "retry", str(entry.seq), *ME, "--reason", "it is open again", "--yes")
        assert retry.returncode == 0, retry.stderr
        kiosk.wait("all well", queue__parked=0, queue__delivered=1)
        check_server(kiosk, sandbox)


def test_nonsense_from_the_server_is_no_answer_and_the_sale_arrives_once(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    sandbox.satellite_faults(
        {"kind": "garbage", "after": True, "path": "ticket/transaction", "count": 2},
        {"kind": "drop", "after": True, "path": "ticket/transaction", "count": 1},
    )
    with Kiosk(tmp_path, sandbox) as kiosk:
        kiosk.wait_works()
        kiosk.press("4", "confirm")
        kiosk.pay(50)
        kiosk.wait_paper()
        kiosk.wait("the third try", queue__delivered=1)
        (entry,) = kiosk.sold()
        assert entry.attempts == 4
        check_server(kiosk, sandbox)
        check_paper(kiosk)


def test_a_server_that_answers_nothing_but_nonsense_leaves_the_sale_to_a_person(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    sandbox.satellite_faults({"kind": "garbage", "path": "ticket/transaction"})
    with Kiosk(tmp_path, sandbox) as kiosk:
        kiosk.wait_works()
        kiosk.press("4", "confirm")
        kiosk.pay(50)
        kiosk.wait_paper()
        kiosk.wait("the end of patience", queue__parked=1)
        (entry,) = kiosk.sold()
        assert "a web page" in entry.words
        check_paper(kiosk)
        sandbox.satellite_faults()
        retry = kiosk.ctl("journal", "retry", str(entry.seq), *ME, "--reason", "portal removed", "--yes")
        assert retry.returncode == 0, retry.stderr
        kiosk.wait("all well", queue__parked=0, queue__delivered=1)
        check_server(kiosk, sandbox)


# -- kills ---------------------------------------------------------------------------------------------


def play(kiosk: Kiosk, dice: random.Random) -> None:
    """Choose, pay, change one's mind; a printer that has bad moments: until a moment that nobody chose."""
    acts = (*GUEST, ("paper_in", "printer", {}))
    moods = (("tear_next", 0.05), ("hang_next", 0.05), ("paper_out", 0.03))
    for _ in range(dice.randrange(4, 24)):
        mood = dice.random()
        bad = next((verb for verb, share in moods if (mood := mood - share) < 0), "")
        verb, device, args = (bad, "printer", {}) if bad else dice.choice(acts)
        kiosk.do(verb, device, **args)


def test_kills_at_random_lose_no_coin_no_code_and_no_ticket(tmp_path: Path, sandbox: SandboxProcess) -> None:
    """Coins in, paid, printing half-way, not delivered: whatever was going on, both sides agree in the end."""
    sandbox.satellite_faults(
        {"kind": "drop", "after": True, "probability": 0.15, "path": "ticket/transaction"},
        {"kind": "status", "status": 503, "probability": 0.1, "path": "ticket/transaction"},
        {"kind": "garbage", "after": True, "probability": 0.1, "path": "ticket/transaction"},
        seed=SEED,
    )
    dice = random.Random(SEED)
    kiosk = Kiosk(tmp_path, sandbox, tickets={"max_tickets": 12, "show_s": 1})
    for _ in range(KILLS):
        kiosk.start()
        kiosk.do("paper_in", "printer")
        wait_until(lambda: kiosk.status()["phase"] != "starting", what="a state")
        play(kiosk, dice)
        kiosk.kill()
    sandbox.satellite_faults()
    with kiosk:
        kiosk.do("paper_in", "printer")
        kiosk.do("button", "panel", name="cancel")
        kiosk.wait_paper()
        kiosk.wait_delivered()
        assert kiosk.stop() == 0
    sold = kiosk.sold()
    assert len(sold) > KILLS // 8, "hardly anything was sold: this proves nothing"
    check_paper(kiosk)
    check_server(kiosk, sandbox)
    with kiosk.reader() as journal:
        books, entries = journal.books(), journal.entries(limit=1_000_000)
        assert journal.open_payouts() == []
    fell = kiosk.money()
    assert fell["coin"] == books.accepted, "every coin that fell is on the books, once"
    assert books.missing == 0
    assert books.spent == sum(sale_of(each).total for each in sold)
    unclaimed = [each for each in entries if each.kind is EntryKind.UNCLAIMED]
    assert books.held == sum(each.amount for each in unclaimed)
    doubt = sum(each.amount for each in unclaimed if "Nobody can tell" in each.words)
    assert books.returned <= fell["payout"] <= books.returned + doubt
    assert books.accepted == books.spent + books.returned + books.held
    assert kiosk.ctl("journal", "verify").returncode == 0
    vouchers = {paper.key for paper in kiosk.papers() if paper.kind == "voucher"}
    assert vouchers <= {each.key for each in unclaimed}, "a voucher for money that is not on the books"
