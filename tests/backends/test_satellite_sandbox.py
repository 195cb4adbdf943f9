"""The adapter and the engine against the Satellite sandbox over real HTTP: each sale reaches it once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from terminal.backends.protocol import TerminalInfo
from terminal.backends.satellite.adapter import Satellite
from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryAdded, EntryKind, EntryState
from terminal.core.tickets import Interaction, Line, Method, Payment, Purchase, Ticket, TicketSale
from terminal.core.value import replace
from terminal.sandbox import Fault, Sandbox
from terminal.sandbox.satellite.rules import SatelliteRules
from terminal.sandbox.satellite.server import Satellite as Server
from tests.backends.kiosk import Kiosk
from tests.backends.making import ENOUGH_S, UID
from tests.backends.satellite_making import (
    CLIENT_ID,
    CLIENT_SECRET,
    NOON,
    PUBLISHED,
    STAFF,
    adapter,
    checked_in,
    published_sale,
    sold,
)

Start = Callable[..., Sandbox]
SALE_PATHS = ("/ticket/transaction", "/tx/new")


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a sandbox that knows the products, the event and the people of these tests."""
    with ExitStack() as stack:

        def start(**rules: Any) -> Sandbox:
            sandbox = Sandbox(satellite=SatelliteRules(**rules), client=(CLIENT_ID, CLIENT_SECRET))
            server = office(sandbox)
            server.know("product", (3, "Family Pass", 150), (4, "Adult", 30), (8, "Adult", 0), (9, "Child", 0))
            server.know("event", (3, "Summer Fair", None))
            server.know("session", (85, "Opening", None))
            server.add_delegate(789, "Kiri Te Kanawa", UID)
            server.add_delegate(12, "Staff", STAFF)
            return stack.enter_context(sandbox)

        yield start


@pytest.fixture(params=["old", "v5"])
def generation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connect(generation: str) -> Iterator[Callable[..., Satellite]]:
    with ExitStack() as stack:

        def connect(sandbox: Sandbox, **options: Any) -> Satellite:
            url = sandbox.url_for("satellite", generation)
            backend = adapter(url=url, generation=generation, **options)
            stack.callback(backend.close)
            return backend

        yield connect


Connect = Callable[..., Satellite]


def office(sandbox: Sandbox) -> Server:
    assert sandbox.satellite is not None
    return sandbox.satellite


def numbered(number: int, staff: str = STAFF) -> TicketSale:
    """Return a sale that the strict server takes, with codes of its own."""
    code = f"K{number:012d}"
    tickets = tuple(Ticket(4, "Adult", f"{code}XJX{n:02d}") for n in (1, 2))
    return TicketSale(
        Purchase(code, "XJX", "test"), 3, (Line(4, "Adult", 2, 30, tickets=tickets),),
        (Payment(Method.CASH, 60, change=40),), staff=staff,
    )  # fmt: skip


# -- one call at a time --------------------------------------------------------------------------------


def test_a_strict_server_takes_the_published_sale(start: Start, connect: Connect, generation: str) -> None:
    sandbox = start()
    sale = published_sale() if generation == "old" else published_sale(STAFF)
    assert connect(sandbox).deliver(sold(sale), ENOUGH_S).outcome is Outcome.DELIVERED
    (stored,) = office(sandbox).sales()
    assert (stored["code"], stored["client"]) == (PUBLISHED["code"], CLIENT_ID)
    assert stored["body"]["recordedBy"] == ("15646545646" if generation == "old" else 12)
    assert stored["body"]["items"] == PUBLISHED["items"]


@pytest.mark.parametrize(("cash", "rounding"), [(100, 40), (50, -10), (0, -60)])
def test_it_is_told_the_exact_price_of_what_was_rounded(
    start: Start, connect: Connect, cash: int, rounding: int
) -> None:
    payments = (Payment(Method.CASH, cash, 40),) if cash else ()
    sandbox, rounded = start(), replace(numbered(1), payments=payments, rounding=rounding)
    assert connect(sandbox).deliver(sold(rounded), ENOUGH_S).outcome is Outcome.DELIVERED
    ((body,),) = ([each["body"] for each in office(sandbox).sales()],)
    assert [each["amount"] for each in body["transactions"]] == [60] == [body["totalAmount"]]
    assert body["notes"].endswith(f"rounded by {rounding / 100:.2f}.")


@pytest.mark.parametrize("repeat", [200, 409])
def test_a_lost_reply_is_made_good_by_a_repeat(start: Start, connect: Connect, repeat: int) -> None:
    sandbox = start(repeat=repeat)
    lost = [Fault(kind="drop", after=True, path=path, count=1) for path in ("/oauth", *SALE_PATHS)]
    office(sandbox).faults.set(*lost)
    backend, entry = connect(sandbox), sold(numbered(1))
    assert backend.deliver(entry, ENOUGH_S).outcome is Outcome.UNSENT, "the first that is lost is the token"
    assert backend.deliver(entry, ENOUGH_S).outcome is Outcome.UNKNOWN
    again = backend.deliver(replace(entry, in_doubt=True, first_attempted=NOON), ENOUGH_S)
    assert (again.outcome, again.status) == (Outcome.DELIVERED, repeat)
    counted = office(sandbox).counters()
    assert (counted["codes"], counted["conflicts"]) == ({numbered(1).purchase.code: 1}, 0)


def test_the_code_of_somebody_else_is_refused(start: Start, connect: Connect) -> None:
    sandbox = start(repeat=409)
    backend = connect(sandbox)
    backend.deliver(sold(numbered(1)), ENOUGH_S)
    other = replace(numbered(1), notes="another sale")
    answer = backend.deliver(sold(other), ENOUGH_S)
    assert answer.outcome is Outcome.REFUSED
    assert office(sandbox).counters()["sales"]["count"] == 1


def test_a_sale_that_the_server_finds_wrong_is_refused_in_its_words(start: Start, connect: Connect) -> None:
    sandbox = start()
    answer = connect(sandbox).deliver(sold(replace(numbered(1), event=99)), ENOUGH_S)
    assert answer.outcome is Outcome.REFUSED
    assert "there is none with the id 99" in answer.words


def test_tokens_that_expire_are_renewed(start: Start, connect: Connect) -> None:
    sandbox = start(token_s=0)
    backend = connect(sandbox)
    denied = backend.deliver(sold(numbered(1)), ENOUGH_S)
    assert denied.outcome is Outcome.DENIED
    office(sandbox).rules = SatelliteRules()
    for number in (1, 2, 3):
        assert backend.deliver(sold(numbered(number)), ENOUGH_S).outcome is Outcome.DELIVERED
        office(sandbox).expire_tokens()
    assert office(sandbox).counters()["sales"]["count"] == 3


@pytest.mark.parametrize("status", [400, 401])
def test_credentials_that_are_wrong_are_a_sentence(start: Start, connect: Connect, status: int) -> None:
    wrong = '{"client_id":"nobody","client_secret":"nothing-at-all"}'
    answer = connect(start(client_status=status), credential=lambda: wrong).deliver(sold(), ENOUGH_S)
    assert answer.outcome is Outcome.DENIED
    assert "The client credentials are invalid" in answer.words


def test_people_products_pings_and_check_ins(start: Start, connect: Connect, generation: str) -> None:
    sandbox = start()
    fields = {"price_field": "data.price", "ping_field": "data.pingFrequency"}
    backend = connect(sandbox, **fields)
    who = backend.delegate(UID, ENOUGH_S)
    assert (who.answer, who.id, who.name) == (WalletAnswer.KNOWN, 789, "Kiri Te Kanawa")
    assert backend.delegate("04FFFFFFFF", ENOUGH_S).answer is WalletAnswer.NOT_PAIRED
    info = backend.terminal(ENOUGH_S)
    assert isinstance(info, TerminalInfo)
    assert Product(4, "Adult", 30) in info.products
    assert len(info.products) == 4
    assert backend.ping(ENOUGH_S) == (None if generation == "old" else 60)
    assert backend.deliver(checked_in(), ENOUGH_S).outcome is Outcome.DELIVERED
    assert backend.deliver(checked_in("join"), ENOUGH_S).outcome is Outcome.DELIVERED
    stored = office(sandbox).interactions()
    assert [(each["what"], each["delegate"], each["device"]) for each in stored] == [
        ("check-in", 789, 85),
        ("join", 789, 85),
    ]
    refused = backend.deliver(checked_in("dance"), ENOUGH_S)
    assert (refused.outcome, "dance" in refused.words) == (Outcome.REFUSED, True)


def test_a_portal_in_between_takes_no_sale_off_the_books(start: Start, connect: Connect) -> None:
    sandbox = start()
    pages = [Fault(kind="garbage", path=path, count=1) for path in ("/oauth", *SALE_PATHS)]
    office(sandbox).faults.set(*pages)
    backend = connect(sandbox)
    assert backend.deliver(sold(numbered(1)), ENOUGH_S).outcome is Outcome.UNSENT
    assert backend.deliver(sold(numbered(1)), ENOUGH_S).outcome is Outcome.UNKNOWN
    assert office(sandbox).counters()["sales"]["count"] == 0


def test_fields_of_v5_under_other_names(start: Start) -> None:
    names = {
        "items": "lines",
        "items.product_id": "product",
        "items.discountAmount": "",
        "items.tickets.barcode": "b",
    }
    sandbox = start(names=names)
    backend = adapter(url=sandbox.url_for("satellite", "v5"), sale_fields=names)
    assert backend.deliver(sold(numbered(1)), ENOUGH_S).outcome is Outcome.DELIVERED
    backend.close()


# -- through journal and engine ------------------------------------------------------------------------


class Gate(Kiosk):
    """A kiosk whose sales and check-ins a Satellite server gets."""

    def __init__(self, folder: Path, connect: Callable[[], Satellite]) -> None:
        super().__init__(folder, "tickets", connect)

    def add(self, key: str, payload: TicketSale | Interaction) -> None:
        sale = isinstance(payload, TicketSale)
        kind = EntryKind.SALE if sale else EntryKind.INTERACTION
        amount = payload.total if isinstance(payload, TicketSale) else 0
        self.enter(EntryAdded(key, kind, self.name, None if sale else UID, amount, payload=payload))


@pytest.mark.parametrize("repeat", [200, 409])
def test_each_sale_reaches_the_server_once_whatever_is_lost(
    start: Start, connect: Connect, tmp_path: Path, repeat: int
) -> None:
    """Requests and replies are lost, the server fails, tokens expire, the terminal is started anew."""
    sandbox = start(repeat=repeat)
    kiosk = Gate(tmp_path, lambda: connect(sandbox))
    keys = [f"k-{number}" for number in range(20)]
    for number, key in enumerate(keys):
        kiosk.add(key, numbered(number))
    office(sandbox).faults.set(
        Fault(kind="drop", after=True, probability=0.3),
        Fault(kind="drop", probability=0.2),
        Fault(kind="status", status=500, after=True, probability=0.2),
        Fault(kind="garbage", after=True, probability=0.2),
        Fault(kind="status", status=503, probability=0.1),
        seed=7,
    )
    for _ in range(30):
        kiosk.work(8)
        office(sandbox).expire_tokens()
        kiosk.start()
    assert office(sandbox).faults.happened > 20
    assert office(sandbox).counters()["repeats"] > 0, "some replies were lost"
    office(sandbox).faults.clear()
    for _ in range(20):
        kiosk.work()
    assert {kiosk.entry(key).state for key in keys} == {EntryState.DELIVERED}
    counted = office(sandbox).counters()
    assert counted["codes"] == {numbered(number).purchase.code: 1 for number in range(20)}
    assert counted["sales"] == {"count": 20, "sum": 20 * 60}
    assert counted["conflicts"] == 0, "what was sent again said the same"
    kiosk.off.close()


def test_a_check_in_in_doubt_waits_for_a_person_or_is_repeated_as_configured(
    start: Start, connect: Connect, tmp_path: Path
) -> None:
    for interactions, state, times in (("once", EntryState.UNKNOWN, 1), ("repeat", EntryState.DELIVERED, 2)):
        sandbox = start()
        folder = tmp_path / interactions
        folder.mkdir()
        kiosk = Gate(folder, lambda sandbox=sandbox, how=interactions: connect(sandbox, interactions=how))
        kiosk.add("k", Interaction("check-in", 85))
        office(sandbox).faults.set(Fault(kind="drop", after=True, method="POST", path="check-in", count=1))
        kiosk.work()
        kiosk.work()
        assert kiosk.entry("k").state is state
        assert len(office(sandbox).interactions()) == times
        kiosk.off.close()


def test_a_refused_sale_is_parked_with_the_servers_words_and_holds_up_no_other(
    start: Start, connect: Connect, tmp_path: Path
) -> None:
    sandbox = start()
    kiosk = Gate(tmp_path, lambda: connect(sandbox))
    kiosk.add("bad", replace(numbered(1), event=99))
    kiosk.add("good", numbered(2))
    kiosk.work()
    assert kiosk.entry("bad").state is EntryState.PARKED
    assert "there is none with the id 99" in kiosk.entry("bad").words
    assert kiosk.entry("good").state is EntryState.DELIVERED
    kiosk.off.close()
