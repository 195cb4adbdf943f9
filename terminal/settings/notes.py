"""What is not wrong in a configuration, but would surprise whoever starts it: for `config check`."""

from __future__ import annotations

import os

from terminal.settings.secrets import SecretError, credential_reader
from terminal.settings.sections import Settings


def notes(settings: Settings) -> list[str]:
    """Return one sentence for each thing to look at on this machine; none of them makes the file wrong."""
    return [
        *_secrets(settings),
        *_choosing(settings),
        *_patience(settings),
        *_tickets(settings),
        *_prices(settings),
        *_rounding(settings),
    ]


def _secrets(settings: Settings) -> list[str]:
    found = []
    for backend in settings.backends.values():
        if backend.sandbox:
            continue  # made by the daemon at its first start
        if backend.credential and not os.environ.get("CREDENTIALS_DIRECTORY"):
            found.append(
                f"Backend {backend.name} takes credential {backend.credential!r} from systemd. That cannot be "
                "checked here; the daemon says at its start if it is missing."
            )
            continue
        try:
            credential_reader(backend)()
        except SecretError as error:
            found.append(str(error))
    return found


def _choosing(settings: Settings) -> list[str]:
    vending = settings.terminal.job == "vending" and not settings.named("machine")
    if vending and not settings.vending.one_product and not settings.named("buttons"):
        return ['No device has role = "buttons", and vending.one_product is empty: nobody can choose.']
    if settings.terminal.job == "tickets" and not settings.named("buttons"):
        return ['No device has role = "buttons": nobody can choose.']
    return []


def _patience(settings: Settings) -> list[str]:
    """A driver that says by itself when it gives a vend up should be the first to."""
    release_s = settings.vending.release_s
    found = []
    for device in settings.devices:
        vend_s = getattr(device.options, "vend_s", 0)
        if vend_s >= release_s:
            found.append(
                f"vending.release_s ({release_s}) is not longer than vend_s ({vend_s:g}) of {device.name!r}: "
                "a vend may count as unknown before the machine has said how it ended."
            )
    return found


def _prices(settings: Settings) -> list[str]:
    """A product without a price is not sold; some servers tell none."""
    if settings.terminal.job != "tickets":
        return []
    backend = settings.backends[settings.roles.catalogue]
    if getattr(backend.options, "price_field", None) != "":
        return []
    tells = f"backend {backend.name} tells no prices, because its price_field is empty"
    if not settings.tickets.products:
        return [f"Nothing is sold: tickets.products is empty, and {tells}."]
    return [
        f"tickets.products[{number}] is not sold: it has no price, and {tells}."
        for number, product in enumerate(settings.tickets.products, 1)
        if product.price is None
    ]


def _tickets(settings: Settings) -> list[str]:
    """Ways to give money back that nobody can go: the next one is gone instead."""
    rules = settings.tickets
    if settings.terminal.job != "tickets" or "coins" not in rules.pay or settings.cash.payouts:
        return []
    named = [f"tickets.{name}" for name in ("change", "refund") if "payout" in getattr(rules, name)]
    if not named:
        return []
    has = "has" if len(named) == 1 else "have"
    words = f'{" and ".join(named)} {has} "payout", and cash.payouts names nobody who pays out'
    return [f"{words}: guests get what stands next there."]


def _rounding(settings: Settings) -> list[str]:
    """What cash was rounded by has no field in the books of some servers."""
    if settings.terminal.job != "tickets" or not settings.tickets.cash_rounding:
        return []
    office = settings.backends[settings.roles.sales]
    if not getattr(office.options, "exact_payments", False):
        return []
    words = f"tickets.cash_rounding: backend {office.name} has no field for it and is told exact amounts"
    return [f"{words}, with a note. What came of rounding stands in the terminal's own reports."]
