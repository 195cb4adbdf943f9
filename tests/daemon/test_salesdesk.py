"""Staff see the sale under way, say what a card terminal has taken, note something, and give it up."""

import json
import threading
from typing import Any

import msgspec
import pytest

from terminal.core.card import UnderWay
from terminal.core.catalogue import Product
from terminal.core.coins import Purse
from terminal.core.effects import Notice, Screen
from terminal.core.events import ButtonPressed, CardPaid, Event, NoteMade
from terminal.core.facts import EntryKind, EntryState
from terminal.core.job import Job
from terminal.core.policy import Allowed
from terminal.core.records import Entry
from terminal.core.sale import VendingState
from terminal.core.stamp import Stamp
from terminal.core.state import TerminalState
from terminal.core.ticket_basket import Pick
from terminal.core.ticket_rules import Discount, TicketProduct, TicketRules
from terminal.core.ticket_state import Answered, Phase, Share, TicketState
from terminal.core.tickets import Line, Method, Payment, Purchase, Ticket, TicketSale
from terminal.core.value import replace
from terminal.daemon.salesdesk import DESK, SalesDesk
from terminal.httpd import Problem, Request

UID = "04A1B2C3D4E5F6"
JOB = Job(
    terminal="kiosk-1",
    kind="tickets",
    currency="EUR",
    locale="en_GB",
    wallet="wallets",
    office="office",
    tickets=TicketRules(
        products=(
            TicketProduct(id=4, name="Adult", price=3000),
            TicketProduct(id="kid", name="Child", price=1000),
        ),
        discounts=(Discount(name="Group", products=("kid",), from_quantity=3, percent=10),),
        pay=("coins", "card"),
    ),
)
PURCHASE = Purchase("GJXS0LM6RYG37", "XJX", "satellite")
PAYING = TicketState(
    Phase.PAYING,
    Screen(Notice.PAY, due=3500),
    picks=(Pick(4, 1), Pick("kid", 3)),
    purchase=PURCHASE,
    purse=Purse("s1", None, 1200),
    share=Share(UID, 1000, Allowed(True, 1000, 0)),
    staff=UID,
    notes="front row",
)
SOLD = TicketSale(
    PURCHASE,
    3,
    (Line(4, "Adult", 1, 3000, tickets=(Ticket(4, "Adult", "GJXS0LM6RYG37XJX01"),)),),
    (Payment(Method.CARD, 3000, reference="8817"),),
)


def entry(seq: int) -> Entry:
    stamp = Stamp(1_777_636_800_000, 1, "boot", True)
    return Entry(
        seq=seq, key=f"k{seq}", kind=EntryKind.SALE, backend="office", token=None, amount=3000, pieces=(),
        description="Adult", tag="", session=None, refers_to=None, held=False, state=EntryState.QUEUED,
        words="", created=stamp, first_attempted=None, in_doubt=False, attempts=0, compensate=False,
        payload=SOLD,
    )  # fmt: skip


class House:
    """A kiosk that says yes, or *no*; or nothing at all where it is *deaf*. What it sells stands in *sold*."""

    def __init__(self, state: Any = PAYING) -> None:
        self.state: TerminalState | None = TerminalState(state, Screen(Notice.PAY))
        self.sold: dict[str, Entry] = {}
        self.posted: list[Event] = []
        self.no, self.deaf, self.stubborn = "", False, False
        tickets = iter(f"t{number}" for number in range(1, 99))
        self.desk = SalesDesk(JOB, self, self, lambda: next(tickets))

    def card_used(self, reference: str) -> Entry | None:
        return self.sold.get(reference)

    def post(self, event: Event) -> None:
        self.posted.append(event)

    def flush(self, timeout_s: float) -> bool:
        assert timeout_s > 0
        if self.deaf or self.state is None:
            return False
        job: Any = self.state.job
        match self.posted[-1]:
            case CardPaid(ticket=ticket, reference=reference) | NoteMade(ticket=ticket, words=reference):
                job = replace(job, answer=Answered(ticket, self.no))
                if isinstance(self.posted[-1], CardPaid) and not self.no:
                    self.sold[reference] = entry(len(self.sold) + 1)
                    job = replace(job, phase=Phase.SHOWING)
            case ButtonPressed() if not self.stubborn:
                job = TicketState(Phase.RETURNING, Screen(Notice.RETURNING), purse=job.purse)
        self.state = replace(self.state, job=job)
        return True

    def ask(self, method: str, path: str, body: bytes = b"{}") -> Any:
        (route,) = [
            each for each in self.desk.routes() if (each.method, each.pattern) == (method, f"/v1/sale{path}")
        ]
        headers = {"content-type": "application/json"}
        reply: Any = route.handler(Request(method, f"/v1/sale{path}", {}, {}, headers, body))
        return json.loads(reply.body)


@pytest.fixture
def house() -> House:
    return House()


def refused(house: House, path: str, body: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        house.ask("POST", path, body)
    return caught.value


CARD = b'{"reference": "8817", "amount": 3500, "by": "the cashier"}'


def test_what_is_under_way_is_told_line_by_line(house: House) -> None:
    told = house.ask("GET", "")
    assert told["lines"] == [
        {"product": 4, "description": "Adult", "quantity": 1, "unit": 3000, "discount": 0, "total": 3000},
        {"product": "kid", "description": "Child", "quantity": 3, "unit": 1000, "discount": 300, "total": 2700},
    ]
    assert (told["total"], told["coins"], told["wallet"], told["paid"], told["due"]) == (
        5700,
        1200,
        1000,
        2200,
        3500,
    )
    assert (told["under_way"], told["phase"], told["code"]) == (True, "paying", "GJXS0LM6RYG37")
    assert (told["notes"], told["staff"], told["token"]) == ("front row", "…E5F6", "…E5F6")
    assert UID not in str(told)


def test_where_none_is_under_way_that_is_told() -> None:
    told = House(TicketState(Phase.SHOWING, Screen(Notice.ISSUED), picks=PAYING.picks)).ask("GET", "")
    assert (told["under_way"], told["lines"], told["total"], told["due"]) == (False, [], 0, 0)
    assert told["says"] == "issued"


@pytest.mark.parametrize(
    ("state", "cash_due"),
    [
        (replace(PAYING, step=1000), 3800),
        (PAYING, 3500),
        (replace(PAYING, step=1000, phase=Phase.SHOWING), 0),
        (replace(PAYING, purchase=None, phase=Phase.CHOOSING), 3800),
    ],
)
def test_what_is_due_in_cash_is_rounded_and_what_a_card_is_to_take_is_not(
    state: TicketState, cash_due: int
) -> None:
    house = House(state)
    assert house.state is not None
    house.state = replace(house.state, cash_step=1000)
    told = house.ask("GET", "")
    assert (told["due"], told["cash_due"]) == (0 if state.phase is Phase.SHOWING else 3500, cash_due)


def test_what_is_sold_may_be_known_by_the_server_alone(house: House) -> None:
    house.desk._job = msgspec.structs.replace(JOB, tickets=TicketRules())
    assert house.state is not None
    house.state = replace(house.state, products=(Product(4, "Grown-up", 2500),))
    told = house.ask("GET", "")
    assert [line["description"] for line in told["lines"]] == ["Grown-up"]


def test_prices_that_change_do_not_change_a_sale_that_is_being_paid() -> None:
    told = House(replace(PAYING, products=(Product(4, "Adult", 2800),))).ask("GET", "")
    assert [(line["product"], line["unit"]) for line in told["lines"]] == [(4, 2800)]


def test_what_a_card_terminal_has_taken_is_an_event_and_its_sale_is_told(house: House) -> None:
    sale = house.ask("POST", "/card", b'{"reference": " 8817 ", "amount": 3500, "by": "the cashier"}')["sale"]
    assert house.posted == [CardPaid("t1", "8817", 3500, "the cashier")]
    assert (sale["seq"], sale["code"], sale["tickets"]) == (1, "GJXS0LM6RYG37", 1)
    assert "XJX01" not in str(sale), "barcodes are worth money"


def test_a_reference_pays_one_sale(house: House) -> None:
    house.ask("POST", "/card", CARD)
    problem = refused(house, "/card", CARD)
    assert (problem.status, len(house.posted)) == (409, 1)
    assert "has paid a sale already: entry 1" in str(problem)
    assert "terminalctl journal show 1" in str(problem)


def test_two_who_say_the_same_at_once_are_one_payment(house: House) -> None:
    found: list[object] = []

    def say() -> None:
        try:
            found.append(house.ask("POST", "/card", CARD)["sale"]["seq"])
        except Problem as problem:
            found.append(problem.status)

    threads = [threading.Thread(target=say) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(found, key=str) == [1, 409, 409, 409, 409, 409]
    assert len(house.posted) == 1


def test_what_the_core_says_no_to_is_refused_in_its_words(house: House) -> None:
    house.no = "The card took €1.00, and €35.00 are due. Cancel the payment at the card terminal."
    problem = refused(house, "/card", CARD)
    assert (problem.status, str(problem)) == (409, house.no)
    problem = refused(house, "/note", b'{"text": "x", "by": "me"}')
    assert (problem.status, str(problem)) == (409, house.no)


def test_without_an_answer_nothing_was_paid_and_the_way_on_is_told(house: House) -> None:
    house.deaf = True
    problem = refused(house, "/card", CARD)
    assert problem.status == 503
    assert "terminalctl sale show" in str(problem)
    assert refused(house, "/note", b'{"text": "x", "by": "me"}').status == 503
    assert refused(house, "/cancel", b"{}").status == 503


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/card", b'{"reference": " ", "amount": 3500, "by": "me"}'),
        ("/card", b'{"reference": "a\\nb", "amount": 3500, "by": "me"}'),
        ("/card", b'{"reference": "8817", "amount": 3500, "by": ""}'),
        ("/card", b'{"reference": "8817", "amount": 0, "by": "me"}'),
        ("/card", b'{"reference": "8817", "amount": 35.0, "by": "me"}'),
        ("/card", b'{"reference": "8817", "by": "me"}'),
        ("/note", b'{"text": "", "by": "me"}'),
        ("/note", b'{"text": "x", "by": "a\\tb"}'),
        ("/note", b'{"text": "x"}'),
    ],
)
def test_what_makes_no_sense_reaches_nobody(house: House, path: str, body: bytes) -> None:
    assert refused(house, path, body).status == 400
    assert house.posted == []


def test_a_note_is_an_event(house: House) -> None:
    told = house.ask("POST", "/note", b'{"text": " entrance B ", "by": "the cashier"}')
    assert house.posted == [NoteMade("t1", "entrance B", "the cashier")]
    assert told["sale"]["under_way"]


def test_cancelling_is_the_button(house: House) -> None:
    told = house.ask("POST", "/cancel")
    assert house.posted == [ButtonPressed(DESK, "cancel")]
    assert told == {"phase": "giving money back", "says": "returning", "coins": 1200}


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase.READY, "nothing to cancel"),
        (Phase.SHOWING, "nothing to cancel"),
        (Phase.RETURNING, "nothing to cancel"),
        (Phase.CHECKING, "try again in a moment"),
        (Phase.CHARGING, "try again in a moment"),
    ],
)
def test_what_cannot_be_cancelled_says_so(house: House, phase: Phase, words: str) -> None:
    house = House(replace(PAYING, phase=phase))
    problem = refused(house, "/cancel", b"{}")
    assert (problem.status, words in str(problem), house.posted) == (409, True, [])


def test_a_sale_that_goes_on_was_not_cancelled(house: House) -> None:
    house.stubborn = True
    assert "as it was" in str(refused(house, "/cancel", b"{}"))


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", "/card"), ("POST", "/note"), ("POST", "/cancel")]
)
def test_a_terminal_that_sells_no_tickets_says_so(method: str, path: str) -> None:
    house = House(VendingState())
    body = {"/card": CARD, "/note": b'{"text": "x", "by": "me"}'}.get(path, b"{}")
    with pytest.raises(Problem, match="sells no tickets") as caught:
        house.ask(method, path, body)
    assert (caught.value.status, house.posted) == (409, [])


def test_before_the_start_is_over_nobody_is_answered() -> None:
    house = House()
    house.state = None
    with pytest.raises(Problem, match="is starting"):
        house.ask("GET", "")


BY_CARD = replace(PAYING, phase=Phase.CARD, card=UnderWay("k1", 3500, 9_000, "77", binding=True))


def test_a_card_that_is_paying_is_told_with_what_its_server_calls_it() -> None:
    told = House(BY_CARD).ask("GET", "")
    assert (told["under_way"], told["phase"], told["card"], told["card_reference"]) == (
        True,
        "paying by card",
        3500,
        "77",
    )


@pytest.mark.parametrize("binding", [False, True])
def test_a_sale_that_a_card_is_paying_is_given_up_only_where_no_money_can_be_taken(binding: bool) -> None:  # noqa: FBT001 - drawn
    assert BY_CARD.card is not None
    house = House(replace(BY_CARD, card=replace(BY_CARD.card, binding=binding)))
    if binding:
        assert "cancel it at the card terminal" in str(refused(house, "/cancel", b"{}"))
        assert house.posted == []
    else:
        house.ask("POST", "/cancel")
        assert house.posted == [ButtonPressed(DESK, "cancel")]


def test_a_payment_that_the_terminal_began_itself_pays_no_sale_by_hand(house: House) -> None:
    house.sold["8817"] = replace(entry(1), kind=EntryKind.PAYMENT, payload=None)
    assert "was begun by this terminal itself" in str(refused(house, "/card", CARD))
    assert house.posted == []
