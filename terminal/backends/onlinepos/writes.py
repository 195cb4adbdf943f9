"""Cards of OnlinePOS: the calls that make them and change what is on them. Pure.

None of them has a key by which the server would know a repeat, but for two that have a natural one: the number
of a voucher, and the RFID of a card, are refused where they are there already (``is_taken``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from enum import IntEnum
from typing import Any, Literal

from terminal.backends.onlinepos.reading import Fields, objects
from terminal.backends.onlinepos.values import (
    Unreadable,
    amount,
    card_number,
    cents,
    day_text,
    kind_of,
    whole_kroner,
)
from terminal.backends.onlinepos.wire import JSON, XML, Call, Request
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value

MOST_CARDS = 1000
"""Cards that one call creates."""

_NEW_BALANCE = re.compile(r"new balance:?\s*(\S*)", re.IGNORECASE)

CardType = Literal[1, 2, 3]
"""1: standard, 2: prepaid, 3: gift card."""


class CardCode(IntEnum):
    """What the server says about one card of a call for several."""

    UPDATED = 200
    DELETED = 201
    ALREADY = 301
    NOT_FOUND = 401
    NO_UPDATES = 411
    UPDATE_OR_DELETE = 412
    BIRTHDAY_FORMAT = 421
    BIRTHDAY_INVALID = 422
    RFID_TAKEN = 423
    DEBTOR_TAKEN = 424
    NO_GROUP = 425
    INVALID = 426
    OTHER = 501
    NOT_UPDATED = 502


_DONE = frozenset({CardCode.UPDATED, CardCode.DELETED})
_NOT_DONE = frozenset(CardCode) - _DONE - {CardCode.ALREADY, CardCode.OTHER}


class Updated(Value, frozen=True):
    """What became of one card. *told*: codes with their messages; a code may be one that is not in CardCode."""

    number: str
    told: tuple[tuple[int, str], ...]
    campaign: int | None = None

    def __repr__(self) -> str:
        return f"Updated(told={self.told!r})"

    def answer(self, *, delta: bool) -> Answer:
        """Return what it means for an entry.

        Args:
            delta: Whether it was about a difference and not about a new value: then that a card "was already
                updated" does not prove that this entry has been booked.
        """
        codes = {code for code, _ in self.told}
        words = "; ".join(f"{message} ({code})" if message else str(code) for code, message in self.told)
        if codes and codes <= _DONE | (frozenset() if delta else {CardCode.ALREADY}):
            return Answer(Outcome.DELIVERED, words)
        if codes and codes <= _NOT_DONE:
            return Answer(Outcome.REFUSED, words)
        return Answer(Outcome.UNKNOWN, words or "the server does not say what became of the card")


class Deposited(Value, frozen=True):
    """A deposit was booked; *balance* in cents where the answer tells it readably."""

    balance: int | None


class NewCard(Value, frozen=True):
    """A card to be made. *rfid* becomes the number of one that is made by ``add_cards``."""

    kind: CardType
    name: str = ""
    rfid: str = ""
    group: str = ""
    phone: str = ""
    email: str = ""
    debtor: str = ""
    discount: int | None = None
    birthday: date | None = None

    def fields(self) -> dict[str, Any]:
        """Return what is sent, in the order of the page."""
        told: dict[str, Any] = {
            "type": self.kind,
            "name": self.name,
            "phone": self.phone,
            "debtor": self.debtor,
            "rfid": card_number(self.rfid) if self.rfid else "",
            "group": self.group,
            "discount": "" if self.discount is None else self.discount,
            "email": self.email,
            "birthday": "" if self.birthday is None else int(day_text(self.birthday)),
        }
        return {name: value for name, value in told.items() if value != ""}


class MadeCard(Value, frozen=True):
    """What became of one card of ``add_cards``; *words*: why it was not made."""

    made: bool
    number: str
    rfid: str
    words: str


def is_taken(answer: Answer) -> bool:
    """Return whether the server refused a number because it is there already, as a repeat of ours would be."""
    return answer.outcome is Outcome.REFUSED and "not unique" in answer.words.lower()


# -- balances and points -------------------------------------------------------------------------------


def deposit(
    number: str, cents: int, *, overwrite: bool = False, fractions: bool = False, comma: bool = False
) -> Call[Deposited]:
    """Add to a balance; a repeat adds again.

    Args:
        number: Of the card.
        cents: What is added; a negative amount is withdrawn [assumed].
        overwrite: Set the balance instead, whatever others have done to it meanwhile.
        fractions: Whether the server takes parts of a krone, which its page does not say.
        comma: Whether a comma stands before them, and no dot.

    Raises:
        ValueError: *number* is none, or *cents* are no whole kroner and there are no *fractions*.
    """
    body: dict[str, Any] = {
        "cardnumber": card_number(number),
        "amount": amount(cents) if fractions else whole_kroner(cents),
    }
    if comma:
        body["amount"] = str(body["amount"]).replace(".", ",")
    if overwrite:
        body["overwrite_balance"] = True
    request = Request("POST", "deposit", "deposit", body=body, signed="values", accept=XML)
    return Call(request, _deposited, private=(number,))


def adjust_value(campaign: int, delta: int, *, number: str = "", rfid: str = "") -> Call[None]:
    """Add to the points of a card, by its number or its RFID; a repeat adds again.

    Raises:
        ValueError: Not one of *number* and *rfid* is given, or it is none.
    """
    if bool(number) == bool(rfid):
        raise ValueError("a card is named by its number or by its RFID")
    key = "CardNo" if number else "CardID"
    body = {key: card_number(number or rfid), "CampaignID": campaign, "value": str(delta)}

    def read(found: Any) -> None:
        if not Fields(found, "the answer of a campaign").get("status"):
            raise Unreadable("found no status; expected one")

    return Call(Request("POST", "campaign/adjustValue", body=body), read, private=(number or rfid,))


def adjust_values(changes: Sequence[tuple[str, int, int]]) -> Call[tuple[Updated, ...]]:
    """Add to the points of several cards; a repeat adds again.

    Args:
        changes: Card number, campaign and difference of each.

    Raises:
        ValueError: A number is none.
    """
    cards = [
        {"cardNumber": card_number(number), "campaignId": campaign, "value": delta}
        for number, campaign, delta in changes
    ]
    request = Request(
        "POST", "campaign/adjustValues", body={"updateCards": cards}, kind=JSON, signed="body", company=True
    )
    numbers = tuple(number for number, _, _ in changes)
    return Call(request, lambda found: read_updated(found, numbers), private=numbers)


# -- new cards -----------------------------------------------------------------------------------------


def create_voucher(
    number: str, campaign: int, first: date, last: date, *, name: str = "", method: str = "GET"
) -> Call[str]:
    """Make a voucher; a repeat is refused (``is_taken``). Answers the number of its card.

    Raises:
        ValueError: *number* is none.
    """
    body = {
        **({"name": name} if name else {}),
        "voucherno": card_number(number),
        "campaignid": campaign,
        "start_date": day_text(first),
        "end_date": day_text(last),
    }
    request = Request(method, "createVoucher", "createVoucher", body=body, signed="values")
    return Call(request, _made, private=(number,))


def create_vouchers(
    first: str, last: str, *, points: int, campaign: int, name: str = "", start: date | None = None,
    end: date | None = None,
) -> Call[None]:  # fmt: skip
    """Make vouchers with all numbers from *first* to *last*. Raises ValueError if one of the two is none."""
    body = {
        "voucherNoFrom": card_number(first),
        "voucherNoTo": card_number(last),
        "points": points,
        "campaignid": campaign,
        **({"name": name} if name else {}),
        **({"startDate": int(day_text(start))} if start else {}),
        **({"endDate": int(day_text(end))} if end else {}),
    }

    def read(found: Any) -> None:
        status = Fields(found, "the answer of createVoucherFromInterval").text("status")
        if status.lower() != "vouchers created":
            raise Unreadable(f"found the status {status[:40]!r}; expected 'Vouchers created'")

    name_ = "createVoucherFromInterval"
    return Call(Request("POST", name_, name_, body=body, kind=JSON, signed="values"), read)


def add_card(card: NewCard) -> Call[str]:
    """Make a card; answers its number. Raises ValueError if its RFID is none."""
    request = Request("POST", "addCard", "addCard", body=card.fields(), signed="values", accept=XML)
    return Call(request, _made, private=(card.rfid,))


def add_cards(cards: Sequence[NewCard]) -> Call[tuple[MadeCard, ...]]:
    """Make several cards; each says for itself what became of it.

    Raises:
        ValueError: They are none or too many, or an RFID is none.
    """
    if not 1 <= len(cards) <= MOST_CARDS:
        raise ValueError(f"1 to {MOST_CARDS} cards are expected")
    body = {"cards": [each.fields() for each in cards]}
    request = Request("POST", "addCards", "addCard", body=body, kind=JSON, signed="each")

    def read(found: Any) -> tuple[MadeCard, ...]:
        made = tuple(map(_made_card, objects(found, "a card that was made or not")))
        if len(made) != len(cards):
            raise Unreadable(f"found answers to {len(made)} cards; expected {len(cards)}")
        return made

    return Call(request, read, private=tuple(each.rfid for each in cards))


# -- reading -------------------------------------------------------------------------------------------


def _deposited(found: Any) -> Deposited:
    told = _NEW_BALANCE.search(Fields(found, "the answer of deposit").text("status"))
    if told is None:
        raise Unreadable("found no new balance; expected one")
    try:
        return Deposited(cents(told[1]))
    except Unreadable:  # it is booked all the same
        return Deposited(None)


def _made(found: Any) -> str:
    return Fields(found, "the answer of a call that makes a card").card_number("cardnumber")


def _made_card(fields: Fields) -> MadeCard:
    status = fields.text("status").lower()
    if status not in {"success", "fail"}:
        raise Unreadable(f"found the status {status[:40]!r} of a card; expected success or fail")
    return MadeCard(status == "success", fields.text("cardNumber"), fields.text("rfid"), fields.text("error"))


def read_updated(found: Any, numbers: tuple[str, ...]) -> tuple[Updated, ...]:
    """Return what became of each of *numbers*. Raises Unreadable if that is not what is told."""
    outer = Fields(found, "the answer of a call for several cards")
    if outer.get("updatedCards") is None:
        raise Unreadable(f"found {kind_of(found)} without updatedCards; expected them")
    told = tuple(map(_one_updated, outer.each("a card that was updated or not", "updatedCards")))
    if sorted(each.number for each in told) != sorted(numbers):
        raise Unreadable("found answers to other cards than those that were sent")
    return told


def _one_updated(fields: Fields) -> Updated:
    campaign = None if fields.get("campaignId") is None else fields.whole("campaignId")
    told = (
        (each.whole("code"), each.text("message")) for each in fields.each("the status of a card", "status")
    )
    return Updated(fields.card_number("cardNumber"), tuple(told), campaign)
