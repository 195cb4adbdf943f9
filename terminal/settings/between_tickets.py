"""Rules between the sections of a configuration that only the job `tickets` has. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from terminal.core.card import BUTTON
from terminal.core.ticket_rules import CodeRules, TicketProduct
from terminal.settings import words
from terminal.settings.check import Checker
from terminal.settings.draft import Draft

READER, ACCEPTOR = "reader", "coin_acceptor"
RESERVED = ("confirm", "cancel", "receipt")
"""Buttons that have a meaning of their own: no product can be chosen by them."""


def check_tickets(found: Draft, checker: Checker) -> None:
    """Note every mistake in what a kiosk for tickets is to sell, and by which devices."""
    _payments(found, checker)
    if found.get("terminal", "job") != "tickets":
        return
    for rule in (_event, _devices, _change, _rounding, _products, _children, _discounts, _numbers):
        rule(found, checker)


def _payments(found: Draft, checker: Checker) -> None:
    """A card terminal is driven for guests who may pay by card, and nobody else."""
    name, job = found.get("roles", "payments"), found.get("terminal", "job")
    if not name or job is None:
        return
    if job != "tickets":
        checker.wrong("roles.payments", words.found(name), f'nothing for the job "{job}"')
    elif "card" not in (found.get("tickets", "pay") or ("card",)):
        checker.wrong("tickets.pay", "no card", '"card", because roles.payments is given')
    panels = [block.options["buttons"] for block in found.devices if "buttons" in block.options]
    if panels and not any(BUTTON in each for each in panels) and found.get("tickets", "pay") != (BUTTON,):
        hint = "by it a guest pays at the card terminal"
        checker.wrong("devices", f'no button "{BUTTON}"', "one, because roles.payments is given", hint)


def _event(found: Draft, checker: Checker) -> None:
    """What a ticket is for must be said: 0 and an empty text are what nobody has given."""
    if found.get("tickets", "event") in (0, ""):
        expected = "the id of the event, as the server has it"
        checker.wrong("tickets.event", words.found(found.get("tickets", "event")), expected, "it must be given")
    if found.get("tickets", "tap") and found.get("tickets", "tap_device") in (0, ""):
        expected = "the id of the session or room, as the server has it"
        value = words.found(found.get("tickets", "tap_device"))
        checker.wrong("tickets.tap_device", value, expected, "tickets.tap needs it")


def _devices(found: Draft, checker: Checker) -> None:
    """Who is to pay, or to present a token, needs a device for it."""
    if not found.devices or any("role" not in block.head for block in found.devices):
        return
    roles = {block.head["role"] for block in found.devices}
    for path, value, role in _wanted(found):
        if role not in roles:
            checker.wrong(path, value, f'a device with role = "{role}" beside it')


def _wanted(found: Draft) -> Iterator[tuple[str, str, str]]:
    """Give each option that needs a device: its path, what stands there, and the device's role."""
    for number, way in enumerate(found.get("tickets", "pay") or (), 1):
        if way in ("coins", "wallet"):
            yield f"tickets.pay[{number}]", words.found(way), ACCEPTOR if way == "coins" else READER
    for option in ("change", "refund"):
        for number, way in enumerate(found.get("tickets", option) or (), 1):
            if way == "credit":
                yield f"tickets.{option}[{number}]", words.found(way), READER
    if found.get("tickets", "staff"):
        yield "tickets.staff", "tokens of the staff", READER
    if tap := found.get("tickets", "tap"):
        yield "tickets.tap", words.found(tap), READER


def _change(found: Draft, checker: Checker) -> None:
    """Money that is kept is gone: whatever is named after it would never be tried."""
    ways = list(found.get("tickets", "change") or ())
    if "keep" in ways[:-1]:
        checker.wrong(
            f"tickets.change[{ways.index('keep') + 1}]", '"keep"', '"keep" as the last one, if at all'
        )


def _rounding(found: Draft, checker: Checker) -> None:
    """Only cash is rounded."""
    rounding = found.get("tickets", "cash_rounding")
    if rounding and "coins" not in (found.get("tickets", "pay") or ("coins",)):
        checker.wrong("tickets.cash_rounding", str(rounding), '0, or "coins" in tickets.pay')


def _products(found: Draft, checker: Checker) -> None:
    products = _sold(found)
    dearest = found.get("tickets", "max_total")
    count = Counter(str(product.id) for product in products)
    reserved = (*RESERVED, BUTTON) if found.get("roles", "payments") else RESERVED
    for number, product in enumerate(products, 1):
        path = f"tickets.products[{number}]"
        if count[str(product.id)] > 1:
            expected = "another id for each product: a button chooses by it"
            checker.wrong(f"{path}.id", words.found(product.id), expected)
        elif product.id in reserved or product.id == "":
            expected = f"another id: {words.choices(reserved)} are buttons of their own"
            if product.id == "":
                expected = "the product's id, as the server has it"
            checker.wrong(f"{path}.id", words.found(product.id), expected)
        if product.price is not None and dearest is not None and product.price > dearest:
            hint = "tickets.max_total is the dearest sale"
            checker.wrong(f"{path}.price", str(product.price), f"at most {dearest}", hint)


def _children(found: Draft, checker: Checker) -> None:
    most = found.get("tickets", "max_tickets")
    for number, product in enumerate(_sold(found), 1):
        path = f"tickets.products[{number}].tickets"
        if product.tickets and not product.printed:
            checker.wrong(path, "tickets", "none, because the product has printed = false")
            continue
        count = Counter(str(child.product) for child in product.tickets)
        for place, child in enumerate(product.tickets, 1):
            if child.product == "":
                expected = "the id of the ticket's product, as the server has it"
                checker.wrong(f"{path}[{place}].product", '""', expected)
            elif count[str(child.product)] > 1:
                expected = "each product once, with its `count`"
                checker.wrong(f"{path}[{place}].product", words.found(child.product), expected)
        gives = sum(child.count for child in product.tickets)
        if most is not None and gives > most:
            hint = "tickets.max_tickets is the most in a sale"
            checker.wrong(path, f"{gives} tickets for one piece", f"at most {most}", hint)


def _discounts(found: Draft, checker: Checker) -> None:
    known = [product.id for product in _sold(found)]
    for number, discount in enumerate(found.get("tickets", "discounts") or (), 1):
        path = f"tickets.discounts[{number}]"
        for place, product in enumerate(discount.products, 1):
            # Without products of its own, the terminal sells what the server names.
            if known and product not in known:
                expected = f"the id of a product that is sold: {words.choices(known)}"
                hint = words.did_you_mean(product, map(str, known))
                checker.wrong(f"{path}.products[{place}]", words.found(product), expected, hint)
        if discount.staff and not found.get("tickets", "staff"):
            checker.wrong(f"{path}.staff", "true", "false, or tokens in tickets.staff", "nobody could give it")


def _numbers(found: Draft, checker: Checker) -> None:
    """A sale that its numbers could not hold would be refused, whatever `max_tickets` says."""
    try:
        codes = CodeRules(**found.sections.get("codes", {}))
    except ValueError:  # which is noted already
        return
    most, room = found.get("tickets", "max_tickets"), codes.capacity
    if most > room:
        hint = f"codes.counter_width = {codes.counter_width + 1} has more"
        checker.wrong(
            "tickets.max_tickets", str(most), f"at most {room}, for [codes] has no more numbers", hint
        )


def _sold(found: Draft) -> tuple[TicketProduct, ...]:
    products: tuple[TicketProduct, ...] = found.get("tickets", "products") or ()
    return products
