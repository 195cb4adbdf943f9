"""What is not wrong in a configuration, but would surprise whoever starts it: for `config check`."""

from __future__ import annotations

import os

from terminal.core import money
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
        *_steps(settings),
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


def _steps(settings: Settings) -> list[str]:
    """Some wallets take whole amounts only: what else is asked of them is refused, and left to a person."""
    if not settings.roles.wallet:
        return []
    backend = settings.backends[settings.roles.wallet]
    debit, credit = (getattr(backend.options, name, None) for name in ("debit_step", "credit_step"))
    found = []
    for step, what in ((debit, _taken(settings)), (credit, _given(settings))):
        if step is not None and step.cents > 1 and what:
            words = money.show(step.cents, settings.terminal.currency)
            found.append(
                f"Backend {backend.name} books whole amounts of {words} only ({step.option}): other ones are "
                f"refused there, and left to a person. See to it that {what} are such amounts."
            )
    return found


def _taken(settings: Settings) -> str:
    """Return what a wallet pays whose price its own server does not tell; empty: nothing."""
    if settings.terminal.job == "topup" or (
        settings.terminal.job == "tickets" and "wallet" not in settings.tickets.pay
    ):
        return ""
    if settings.terminal.job == "vending" and settings.named("machine"):
        return "the prices in the vending machine"
    if settings.terminal.job == "tickets" and (settings.tickets.products or settings.tickets.discounts):
        return "the prices in tickets.products, and what tickets.discounts leave of them,"
    other = settings.roles.catalogue
    return f"the prices of backend {other}" if other != settings.roles.wallet else ""


def _given(settings: Settings) -> str:
    """Return what is credited to a wallet; empty: nothing."""
    if settings.terminal.job == "topup":
        return "the coins and notes that are taken"
    rules = settings.tickets
    if settings.terminal.job == "tickets" and "credit" in (*rules.change, *rules.refund):
        return "the amounts that are given back as credit"
    return ""
