"""Cards, changed: new ones, one edited, money put on one."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from terminal.httpd import Response
from terminal.sandbox.onlinepos import hash as hashes
from terminal.sandbox.onlinepos.call import WRONG_HASH, Call, Invalid
from terminal.sandbox.onlinepos.print import dot, hundredths, is_day, said, whole
from terminal.sandbox.onlinepos.things import Card, CardGroup, Movement, Thing

_MOST_CARDS = 1000
_LONGEST_PIN = 6
_OWN_NUMBERS = 90_000_100_000_000


class NewCard(Thing, frozen=True):
    """A card as addCards takes it."""

    hash: str
    type: int
    name: str = ""
    phone: str = ""
    debtor: str = ""
    rfid: str = ""
    eksnr: str = ""
    allow_manual_input: int | None = None
    use_debtor_input: int | None = None
    group: str = ""
    pin_code: str = ""
    price_group: int | None = None
    discount: int | None = None
    email: str = ""
    birthday: int | None = None
    block_card_payment: int | None = None


class NewCards(Thing, frozen=True):
    """The body of addCards."""

    cards: Annotated[list[NewCard], Meta(min_length=1, max_length=_MOST_CARDS)]


_new_cards = msgspec.json.Decoder(NewCards)


def own_number(call: Call) -> str:
    """Return a card number that the server makes: 15 digits, with a zero in front."""
    return f"{_OWN_NUMBERS + call.store.count('card number'):015d}"


# -- new cards ---------------------------------------------------------------------------------------------


def add_card(call: Call) -> Response:
    """POST /addCard, XML only."""
    call.needs_form_hash()
    try:
        card = _made(call, call.form, own_number)
    except Invalid as error:
        return said("fail", str(error))
    call.took_effect(None, card=card.number, **_chip(card))
    return said("cardnumber", card.number)


def add_cards(call: Call) -> Response:
    """POST /addCards: each card with its own hash and its own answer; a chip is the number, too."""
    try:
        asked = call.body(_new_cards)
    except Invalid as error:
        return Response.json({"status": "ERROR", "error": str(error)})
    return Response.json([_added(call, each) for each in asked.cards])


def _added(call: Call, new: NewCard) -> dict[str, str]:
    given = msgspec.to_builtins(new)
    values = {name: str(value) for name, value in given.items() if value is not None}
    told = {"status": "fail", "error": "", "name": new.name, "rfid": new.rfid, "cardNumber": ""}
    if not hashes.is_same(new.hash, call.hashed_as(values, "addCard")):
        return told | {"error": WRONG_HASH}
    try:
        card = _made(call, values, lambda call: new.rfid or own_number(call))
    except Invalid as error:
        return told | {"error": str(error)}
    call.took_effect(None, card=card.number, **_chip(card))
    return told | {"status": "success", "cardNumber": card.number}


def _chip(card: Card) -> dict[str, str]:
    return {"rfid": card.rfid} if card.rfid else {}


def _made(call: Call, values: dict[str, str], numbered: Any) -> Card:
    """Return a new card, kept.

    Raises:
        Invalid: It cannot be.
    """
    store, get = call.store, values.get
    if get("type") not in ("1", "2", "3"):
        raise Invalid("The type must be between 1-3")
    rfid, pin, birthday = get("rfid", ""), get("pin_code", ""), get("birthday", "")
    if rfid and (store.card_by_rfid(rfid) or store.card(rfid)):
        raise Invalid("RFID is not unique!")
    for name, title in (("debtor", "Debtor number"), ("eksnr", "Eksnr")):
        if (value := get(name)) and any(getattr(each, name) == value for each in store.cards()):
            raise Invalid(f"{title} is not unique!")
    if pin and not (whole(pin) and len(pin) <= _LONGEST_PIN):
        raise Invalid("Pin code must be 6 digits or less")
    if birthday and not is_day(birthday):
        raise Invalid("Birthday is not a valid date")
    if not whole(get("discount", "0")) or not whole(get("price_group", "0")):
        raise Invalid("Discount and price group must be integers")
    card = Card(
        number=numbered(call),
        type=int(values["type"]),
        name=get("name", ""),
        phone=get("phone", ""),
        email=get("email", ""),
        debtor=get("debtor", ""),
        rfid=rfid,
        group=_group(call, get("group", "")),
        pin=pin,
        price_group=int(values["price_group"]) if get("price_group") else None,
        discount=int(get("discount") or "0"),
        birthday=birthday,
        eksnr=get("eksnr", ""),
    )
    return store.save_card(card)


def _group(call: Call, name: str) -> int | None:
    """Return the id of the group of that name, which is made if there is none."""
    if not name:
        return None
    groups = call.store.things(CardGroup)
    for group in groups:
        if group.name == name:
            return group.id
    made = CardGroup(id=1 + max((each.id for each in groups), default=0), name=name)
    call.store.keep(made)
    return made.id


# -- one card edited ---------------------------------------------------------------------------------------


def edit_card(call: Call) -> Response:
    """POST /editCard, XML only: sets what is there; a group by its id."""
    call.needs_form_hash()
    form, store = call.form, call.store
    card = store.card(form.get("cardnumber", ""))
    if card is None:
        return said("fail", f"Unknown cardnumber: {form.get('cardnumber', '')} - EditCard")
    changes: dict[str, Any] = {
        name: form[name] for name in ("name", "phone", "debtor", "rfid", "email", "birthday") if name in form
    }
    other = store.card_by_rfid(form.get("rfid", ""))
    if other is not None and other.number != card.number:
        return said("fail", "RFID is not unique!")
    owner = [each.number for each in store.cards() if each.debtor and each.debtor == form.get("debtor")]
    if owner not in ([], [card.number]):
        return said("fail", "Debtor number is not unique!")
    if form.get("delete", "false") not in ("true", "false"):
        return said("fail", "delete is invalid!")
    if changes.get("birthday") and not is_day(changes["birthday"]):
        return said("fail", "Birthday is not a valid date")
    if "group" in form:
        if not whole(form["group"]) or store.thing(CardGroup, form["group"]) is None:
            return said("fail", "cardgroup is invalid!")
        changes["group"] = int(form["group"])
    if "discount" in form:
        if not whole(form["discount"]):
            return said("fail", "discount is invalid!")
        changes["discount"] = int(form["discount"])
    if form.get("delete") == "true":
        changes["deleted"] = True
    store.save_card(replace(card, **changes))
    call.took_effect(None, card=card.number)
    return said("status", "Card updated")


# -- money -------------------------------------------------------------------------------------------------


def deposit(call: Call) -> Response:
    """POST /deposit, XML only: adds the amount to the balance, or makes it the balance."""
    call.needs_form_hash()
    number = call.form.get("cardnumber", "")
    card = call.store.card(number)
    if card is None or card.deleted:
        return said("fail", f"Unknown cardnumber: {number} - Deposit")
    try:
        amount = _amount(call)
    except ValueError:
        return said("fail", "Invalid amount - Deposit")
    overwrites = call.form.get("overwrite_balance", "")
    if overwrites not in ("", "0", "1", "false", "true"):
        return said("fail", "Invalid overwrite_balance - Deposit")
    if overwrites in ("1", "true"):
        amount -= card.balance
    if card.balance + amount < 0 and not call.rules.overdraft:
        return said("fail", "Balance too low - Deposit")
    moved = Movement(
        card=number,
        kind="Deposit",
        amount=amount,
        at_ms=call.now_ms,
        location=call.company.name,
    )
    card = call.store.move(card, moved)
    call.took_effect(amount, card=number)
    return said("status", f"New balance: {dot(card.balance)}")


def _amount(call: Call) -> int:
    written, mark = call.form.get("amount", ""), call.rules.decimal_mark
    if {".": ",", ",": "."}[mark] in written:
        raise ValueError(f"{written} is no amount")
    written = written.replace(mark, ".")
    amount = hundredths(written)
    if "." not in written or call.rules.fractions == "taken":
        return amount
    if call.rules.fractions == "refused":
        raise ValueError(f"{written} is no integer")
    return int(amount / 100) * 100
