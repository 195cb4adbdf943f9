"""Cards of OnlinePOS: the calls that read them, with what has happened to their balances. Pure.

A card has a number, a text with zeros in front, and perhaps an RFID; only ``by_rfid`` finds one by that, and it
tells no balance: ``card`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from terminal.backends.onlinepos.answers import PAGED
from terminal.backends.onlinepos.reading import Fields, objects
from terminal.backends.onlinepos.values import Local, Unreadable, card_number, kind_of, unix_s
from terminal.backends.onlinepos.wire import Call, Page, Request, segment
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value

CARDS_PER_CALL = 1000
"""Cards that getCards answers at once."""


class Card(Value, frozen=True):
    """A card with its balance in cents; None where it has none. *kind*: Default, Prepaid or Gift card.

    *price_group* (its number), *discount* (in percent) and *waiter* are told by some calls only; as they come.
    """

    number: str
    name: str = ""
    rfid: str = ""
    kind: str = ""
    group: str = ""
    balance: int | None = None
    closed: bool = False
    phone: str = ""
    email: str = ""
    debtor: str = ""
    id: int | None = None
    price_group: str = ""
    discount: str = ""
    waiter: str = ""

    def __repr__(self) -> str:
        """Tell nothing of the person, and nothing that could be used."""
        return f"Card(kind={self.kind!r}, balance={self.balance}, closed={self.closed})"


class Points(Value, frozen=True):
    """The points of a card in one campaign."""

    campaign: int
    name: str
    points: int


class CampaignCard(Value, frozen=True):
    """A card with its points."""

    card: Card
    points: tuple[Points, ...]


class Bought(Value, frozen=True):
    """A line of a receipt. *quantity*: as it comes."""

    text: str
    quantity: str = ""


class Change(Value, frozen=True):
    """One change of a balance. *amount* in cents, positive for a purchase.

    Attributes:
        products: What the receipt lists.
        payments: How it was paid, each with its cents.
    """

    time: Local
    kind: str
    amount: int
    location: str
    products: tuple[Bought, ...] = ()
    payments: tuple[tuple[str, int], ...] = ()


class Movement(Value, frozen=True):
    """What came to a card and went from it in a period, in cents, both without a sign."""

    number: str
    name: str
    deposit: int
    withdrawal: int

    @property
    def subtotal(self) -> int:
        """What is left of it."""
        return self.deposit - self.withdrawal


# -- one card ------------------------------------------------------------------------------------------


def card(number: str) -> Call[tuple[Card, ...]]:
    """Read a card; what is answered for an unknown one is not documented: nothing, or a refusal.

    Raises:
        ValueError: *number* is none.
    """
    path = f"getCard/{segment(card_number(number))}"
    return Call(Request("GET", path), read_cards, private=(number,))


def by_rfid(uid: str) -> Call[Card]:
    """Find a card by its RFID: without its balance. See ``is_unknown``. Raises ValueError if *uid* is none."""
    return _info("CardID", uid)


def by_number(number: str) -> Call[Card]:
    """Find a card by its number; as ``by_rfid``. One that cannot exist is what the hash is tried with."""
    return _info("CardNo", number)


def is_unknown(answer: Answer) -> bool:
    """Return whether the server said that it does not know the card."""
    return answer.outcome is Outcome.REFUSED and answer.words.lower().lstrip().startswith("unknown card")


def history(number: str) -> Call[tuple[Change, ...]]:
    """Read every change of a card's balance. Raises ValueError if *number* is none."""

    def read(found: Any) -> tuple[Change, ...]:
        return tuple(map(_change, objects(found, "a change of a balance")))

    return Call(Request("GET", f"getCardHistory/{segment(card_number(number))}"), read, private=(number,))


# -- many cards ----------------------------------------------------------------------------------------


def cards(page: int = 1, *, email: str = "", mobile: str = "") -> Call[Page[Card]]:
    """Read all cards, CARDS_PER_CALL at a time; *page* counts from 1."""
    offset = (page - 1) * CARDS_PER_CALL
    filters = (("filter[email]", email), ("filter[mobile]", mobile))
    query = tuple((name, value) for name, value in filters if value)

    def read(found: Any) -> Page[Card]:
        items = read_cards(found)
        return Page(items, page, page if len(items) < CARDS_PER_CALL else page + 1)

    return Call(Request("GET", f"getCards/{offset}", query=query), read)


def movements(first: datetime, last: datetime) -> Call[tuple[Movement, ...]]:
    """Read what came to and went from each card in a period. Raises ValueError if a moment has no zone."""

    def read(found: Any) -> tuple[Movement, ...]:
        return tuple(map(_movement, objects(found, "a card that was used")))

    path = f"getCardMovements/{{firmaid}}/{unix_s(first)}/{unix_s(last)}"
    return Call(Request("GET", path), read)


def statuses(
    page: int = 1,
    *,
    numbers: Sequence[str] = (),
    groups: Sequence[str] = (),
    span: tuple[str, str] = ("", ""),
    closed: bool = False,
) -> Call[Page[Card]]:
    """Read cards with their balances, 50 at a time. Raises ValueError if one of the numbers is none.

    Args:
        page: Counted from 1.
        numbers: Of which cards; empty: all.
        groups: Of which groups; empty: all.
        span: The first and the last number, as the server orders them; empty: no limit.
        closed: Whether those are wanted, too, that are closed.
    """
    request = _many("card/getStatusOfCards", page, numbers, groups, span, closed=closed)
    return Call(request, lambda found: _page(found, page, _card), PAGED, tuple(numbers))


def campaign_values(
    page: int = 1,
    *,
    numbers: Sequence[str] = (),
    groups: Sequence[str] = (),
    span: tuple[str, str] = ("", ""),
    closed: bool = False,
) -> Call[Page[CampaignCard]]:
    """Read cards with their points; as ``statuses``."""
    request = _many("card/getCampaignValues", page, numbers, groups, span, closed=closed)
    return Call(request, lambda found: _page(found, page, _campaign_card), PAGED, tuple(numbers))


# -- within --------------------------------------------------------------------------------------------


def _info(name: str, value: str) -> Call[Card]:
    def read(found: Any) -> Card:
        outer = Fields(found, "a card's campaign information")
        inner = outer.within("status") if isinstance(outer.get("status"), dict) else outer
        if not isinstance(inner.get("Card"), dict):
            raise Unreadable("found no Card; expected what cardInfo answers")
        return _card(inner.within("Card"))

    request = Request(
        "POST", "campaign/cardInfo", "cardInfo", body={name: card_number(value)}, signed="values",
        headers=(("JSON", "1"),),
    )  # fmt: skip
    return Call(request, read, private=(value,))


def _many(
    path: str, page: int, numbers: Sequence[str], groups: Sequence[str], span: tuple[str, str], *, closed: bool
) -> Request:
    query = [("cardNumbers", ",".join(map(card_number, numbers)))]
    query += [
        (name, card_number(number) if number else "")
        for name, number in zip(("fromCardNumber", "toCardNumber"), span, strict=True)
    ]
    query += [("groups", ",".join(groups))]
    query += [("lookForClosed", "1" if closed else ""), ("page", str(page))]
    return Request("GET", path, query=tuple(each for each in query if each[1]), signed="query")


def read_cards(found: Any) -> tuple[Card, ...]:
    """Return the cards of a list, of one card alone, or of XML. Raises Unreadable if it is something else."""
    if isinstance(found, dict):
        outer = Fields(found, "a list of cards")
        if outer.get("list") is not None:
            found = outer.within("list").list("card")
        elif outer.get("cardnumber") is not None:
            found = [found]
        elif not found:  # how PHP writes an empty list
            found = []
    return tuple(map(_card, objects(found, "a card")))


def _card(fields: Fields) -> Card:
    status = fields.text("cardstatus", "status").lower()
    deleted = fields.flag("deleted", "closed")
    return Card(
        number=fields.card_number("cardnumber"),
        name=fields.text("name"),
        rfid=fields.text("RFID"),
        kind=fields.text("cardtype"),
        group=fields.text("cardgroup", "cardGroupName", "campaignGroup", "group"),
        balance=fields.cents_or_none("balance"),
        closed=deleted or status not in {"", "active"},
        phone=fields.text("phone"),
        email=fields.text("email"),
        debtor=fields.text("debtor"),
        id=None if fields.get("id") is None else fields.whole("id"),
        price_group=fields.text("priceGroupNo"),
        discount=fields.text("discountPct", "discount"),
        waiter=fields.text("waiterId"),
    )


def _campaign_card(fields: Fields) -> CampaignCard:
    points = (
        Points(each.whole("campaignId"), each.text("name"), each.whole("points"))
        for each in fields.each("points of a campaign", "campaignInfo")
    )
    return CampaignCard(_card(fields), tuple(points))


def _page(found: Any, asked: int, read: Any) -> Page[Any]:
    if found is None:  # 204: none at all
        return Page((), asked, asked)
    outer = Fields(found, "a page of cards")
    told = outer.within("pagination") if isinstance(outer.get("pagination"), dict) else outer
    if outer.get("data", "cards") is None:
        raise Unreadable(f"found {kind_of(found)} without cards; expected a page of them")
    items = tuple(read(each) for each in outer.each("a card", "data", "cards"))
    if told.get("lastPage") is None:
        if told.whole("total", default=0) > len(items):
            raise Unreadable("found a page of cards that does not tell how many pages there are")
        return Page(items, asked, asked)
    return Page(items, told.whole("currentPage"), told.whole("lastPage"))


def _change(fields: Fields) -> Change:
    receipt = fields.within("receipt")
    lines = receipt.each("a line of a receipt", "receipt_product_lines")
    payments = receipt.each("a payment of a receipt", "receipt_payment_lines")
    return Change(
        fields.time("date"),
        fields.text("type"),
        fields.cents("amount"),
        fields.text("location"),
        tuple(Bought(each.text("tekst"), each.text("qty")) for each in lines),
        tuple((each.text("payment_type"), each.cents("amount")) for each in payments),
    )


def _movement(fields: Fields) -> Movement:
    # The page shows withdrawals with and without a sign.
    withdrawal = abs(fields.cents("withdrawal"))
    found = Movement(
        fields.card_number("cardnumber"), fields.text("cardname"), fields.cents("deposit"), withdrawal
    )
    told = fields.cents_or_none("subtotal")
    if told is not None and told != found.subtotal:
        raise Unreadable("found a card whose subtotal is not its deposit less its withdrawal")
    return found
