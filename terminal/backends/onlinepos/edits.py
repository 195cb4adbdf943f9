"""Cards of OnlinePOS: the calls that change what is known of one, or of many. They set values. Pure.

So a repeat does no harm by itself; but a balance that is set undoes whatever others have done to it meanwhile:
the server compares with nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from terminal.backends.onlinepos.reading import Fields
from terminal.backends.onlinepos.values import Unreadable, amount, card_number, day_text
from terminal.backends.onlinepos.wire import JSON, XML, Call, Request
from terminal.backends.onlinepos.writes import MOST_CARDS, Updated, read_updated
from terminal.core.value import Value


class CardEdit(Value, frozen=True):
    """What is changed on a card by ``edit_card``; empty and None: that stays. Its repr tells nothing.

    Attributes:
        group: Id of its new group: not its name, as for a new card.
        discount: In percent.
        delete: Whether the card is to be closed.
    """

    name: str = ""
    phone: str = ""
    debtor: str = ""
    rfid: str = ""
    group: int | None = None
    email: str = ""
    birthday: date | None = None
    discount: int | None = None
    delete: bool = False

    def __repr__(self) -> str:
        return f"CardEdit(delete={self.delete})"

    def fields(self) -> dict[str, Any]:
        """Return what is sent, in the order of the page.

        Raises:
            ValueError: Nothing is changed, or the RFID is none.
        """
        told: dict[str, Any] = {
            "name": self.name,
            "phone": self.phone,
            "debtor": self.debtor,
            "rfid": card_number(self.rfid) if self.rfid else "",
            "group": self.group,
            "delete": self.delete or None,
            "email": self.email,
            "birthday": day_text(self.birthday) if self.birthday else "",
            "discount": self.discount,
        }
        return _changed(told)


class CardValues(Value, frozen=True):
    """What is set on a card by ``edit_cards``; empty and None: that stays. Its repr tells nothing.

    Attributes:
        group: Id of its group.
        discount: In percent.
        price_group: Number of its price group.
        balance: In cents: what it has from then on.
        delete: Whether it is closed from then on.
    """

    rfid: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    birthday: date | None = None
    group: int | None = None
    discount: int | None = None
    price_group: int | None = None
    balance: int | None = None
    delete: bool | None = None

    def __repr__(self) -> str:
        return f"CardValues(balance={self.balance}, delete={self.delete})"

    def fields(self) -> dict[str, Any]:
        """Return what is sent, in the order of the page.

        Raises:
            ValueError: Nothing is set, the RFID is none, or the balance is no amount.
        """
        told: dict[str, Any] = {
            "rfid": card_number(self.rfid) if self.rfid else "",
            "name": self.name,
            "phone": self.phone,
            "email": self.email,
            "birthday": self.birthday.isoformat() if self.birthday else "",
            "groupId": self.group,
            "discountPct": self.discount,
            "priceGroupNo": self.price_group,
            "balance": None if self.balance is None else amount(self.balance),
            "delete": None if self.delete is None else int(self.delete),
        }
        return _changed(told)


def edit_card(number: str, edit: CardEdit) -> Call[None]:
    """Change a card.

    Raises:
        ValueError: *number* is none, or as ``CardEdit.fields``.
    """
    body = {"cardnumber": card_number(number), **edit.fields()}
    request = Request("POST", "editCard", "editCard", body=body, signed="values", accept=XML)

    def read(found: Any) -> None:
        if not Fields(found, "the answer of editCard").text("status"):
            raise Unreadable("found no status; expected one")

    return Call(request, read, private=tuple(filter(None, (number, edit.rfid))))


def edit_cards(edits: Mapping[str, CardValues]) -> Call[tuple[Updated, ...]]:
    """Change several cards, each by its number; what became of one is ``Updated.answer(delta=False)``.

    Values are set: that a card "was already updated" says that it has them.

    Raises:
        ValueError: They are none or too many, a number is none, or as ``CardValues.fields``.
    """
    if not 1 <= len(edits) <= MOST_CARDS:
        raise ValueError(f"1 to {MOST_CARDS} cards are expected")
    cards = [{"cardNumber": card_number(number), "updates": each.fields()} for number, each in edits.items()]
    request = Request(
        "POST", "card/editCards", body={"updateCards": cards}, kind=JSON, signed="body", company=True
    )
    numbers = tuple(edits)
    private = numbers + tuple(each.rfid for each in edits.values() if each.rfid)
    return Call(request, lambda found: read_updated(found, numbers), private=private)


def _changed(told: Mapping[str, Any]) -> dict[str, Any]:
    changed = {name: value for name, value in told.items() if value is not None and value != ""}
    if not changed:
        raise ValueError("nothing of the card is changed")
    return changed
