"""The watch of the ticket kiosk is worth something: what is broken in one place is caught in few evenings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from terminal.core import money, printing, recover, ticket_basket, ticket_change, ticket_choosing, ticketing
from terminal.core.decision import Decision
from terminal.core.effects import OpenSlot
from terminal.core.events import CardPaid, CoinInserted, Ended, PayoutEnded
from terminal.core.paper import Barcode, Document
from terminal.core.payback import Payback
from terminal.core.printing import Printing
from terminal.core.ticket_change import GivingBack
from terminal.core.ticket_choosing import Choosing
from terminal.core.ticket_issuing import Issuing, Money
from terminal.core.ticket_state import Answered, Phase
from terminal.core.ticketing import Ticketing
from terminal.core.tickets import Codes
from terminal.core.value import replace
from tests.core.kiosk_life import JOBS, evening

EVENINGS = 25

Patch = pytest.MonkeyPatch
Break = Callable[[Patch], None]
BROKEN: list[Break] = []


def broken(variant: Break) -> Break:
    BROKEN.append(variant)
    return variant


def changed(patch: Patch, owner: Any, name: str, change: Callable[..., Any]) -> None:
    """Let *owner*'s method give what *change* makes of its result; *change* gets the arguments, too."""
    real = getattr(owner, name)
    patch.setattr(owner, name, lambda self, *given, **more: change(real(self, *given, **more), self, *given))


# -- paper and codes -----------------------------------------------------------------------------------------


@broken
def printed_before_the_facts(patch: Patch) -> None:
    changed(patch, Printing, "_order", lambda made, *_: replace(made, facts=()))


@broken
def a_new_code_on_a_reprint(patch: Patch) -> None:
    real = printing.as_copy

    def as_copy(document: Document, *given: Any) -> Document:
        copy = real(document, *given)
        lines = [Barcode(f"{line.data}9") if isinstance(line, Barcode) else line for line in copy.lines]
        return replace(copy, lines=tuple(lines))

    patch.setattr(printing, "as_copy", as_copy)


@broken
def a_torn_ticket_printed_again_without_a_mark(patch: Patch) -> None:
    changed(patch, printing, "_found", lambda found, *_: replace(found, copy=0))


@broken
def one_ticket_not_printed(patch: Patch) -> None:
    changed(patch, Issuing, "_tickets", lambda wanted, *_: wanted[:-1])


@broken
def the_counter_wraps(patch: Patch) -> None:
    class Wrapped:
        def __init__(self, codes: Codes) -> None:
            self.most = codes.most
            self._codes = codes

        def barcode(self, purchase: Any, index: int) -> str:
            return self._codes.barcode(purchase, index % 3)

    real = ticket_basket.issued
    patch.setattr(ticket_basket, "issued", lambda *given: real(*given[:4], Wrapped(given[4])))


@broken
def a_purchase_code_given_twice(patch: Patch) -> None:
    def pay(made: Any, self: Ticketing, state: Any, *_: Any) -> Any:
        again = made.state.purchase and replace(made.state.purchase, code="CODE000000001")
        return replace(made, state=replace(made.state, purchase=again))

    changed(patch, Choosing, "pay", pay)


@broken
def a_voucher_without_an_entry(patch: Patch) -> None:
    real = ticket_change.voucher
    patch.setattr(ticket_change, "voucher", lambda job, amount, key, now: real(job, amount, f"{key}0", now))


@broken
def a_voucher_for_another_amount(patch: Patch) -> None:
    real = ticket_change.voucher
    patch.setattr(ticket_change, "voucher", lambda job, amount, *given: real(job, amount + 50, *given))


# -- coins ---------------------------------------------------------------------------------------------------


@broken
def change_counted_as_spent(patch: Patch) -> None:
    real = Issuing._spent
    whole = staticmethod(lambda state, key, cash: real(state, key, Money(cash.spent + cash.change)))
    patch.setattr(Issuing, "_spent", whole)


@broken
def change_forgotten(patch: Patch) -> None:
    changed(patch, Issuing, "_cash", lambda cash, *_: replace(cash, change=0))


@broken
def change_kept_though_nobody_said_so(patch: Patch) -> None:
    changed(patch, Issuing, "_cash", lambda cash, *_: Money(cash.spent, kept=cash.change if cash.spent else 0))


@broken
def the_purse_dropped_on_cancel(patch: Patch) -> None:
    real = Choosing.give_up
    patch.setattr(
        Choosing, "give_up", lambda self, state, *given: real(self, replace(state, purse=None), *given)
    )


@broken
def a_late_coin_not_written_down(patch: Patch) -> None:
    patch.setitem(ticketing.ANYWHERE, CoinInserted, lambda self, state, event, around: Decision(state))


@broken
def coins_forgotten_by_a_restart(patch: Patch) -> None:
    patch.setattr(recover, "_sessions", lambda *_, **__: ((), None, 0))


@broken
def the_slot_open_without_a_printer(patch: Patch) -> None:
    patch.setattr(Choosing, "obstacle", lambda self, around: around.broken)


@broken
def the_slot_open_for_more_than_can_be_given_back(patch: Patch) -> None:
    changed(patch, Choosing, "_room", lambda room, *_: room and room + 5_000)


@broken
def the_slot_open_while_a_wallet_is_looked_at(patch: Patch) -> None:
    patch.setattr(ticketing, "CloseSlot", lambda: OpenSlot(500))


@broken
def money_of_which_nobody_can_tell_paid_again(patch: Patch) -> None:
    real = Payback.ended

    def ended(self: Payback, purse: Any, paying: Any, event: PayoutEnded, around: Any) -> Any:
        surely = Ended.FAILED if event.ended is Ended.UNKNOWN else event.ended
        return real(self, purse, paying, replace(event, ended=surely), around)

    patch.setattr(Payback, "ended", ended)


@broken
def a_payout_that_is_not_written_down(patch: Patch) -> None:
    changed(patch, Payback, "counted", lambda step, *_: step and replace(step, facts=()))


@broken
def a_card_rounded_as_cash_is(patch: Patch) -> None:
    """The wallet and the card pay what coins would have to."""
    real = Choosing.due

    def due(self: Ticketing, state: Any, around: Any) -> int:
        exact = real(self, state, around)
        return self.cash_due(state, exact) if exact > 0 else exact

    patch.setattr(Choosing, "due", due)


@broken
def rounded_to_more_than_the_screen_says(patch: Patch) -> None:
    real = money.cash_price

    def cash_price(cents: int, given: int, step: int) -> int:
        price = real(cents, given, step)
        return price + given % 100 * (given > price)

    patch.setattr(money, "cash_price", cash_price)


@broken
def what_was_rounded_not_written_down(patch: Patch) -> None:
    changed(patch, Issuing, "_cash", lambda cash, *_: replace(cash, rounding=0))


@broken
def always_rounded_down(patch: Patch) -> None:
    patch.setattr(money, "cash_price", lambda cents, given, step: cents - cents % (step or 1))


@broken
def rounded_to_another_step_while_paying(patch: Patch) -> None:
    """The server's word changes, and with it what is due of a sale that is paid in part already."""
    real = Choosing.paying

    def paying(self: Ticketing, state: Any, around: Any, *words: str) -> Any:
        return real(self, replace(state, step=self.rules.cash_step(around.cash_step)), around, *words)

    patch.setattr(Choosing, "paying", paying)


# -- prices, wallets, cards ----------------------------------------------------------------------------------


@broken
def the_price_read_again_while_paying(patch: Patch) -> None:
    def lines(self: Issuing, state: Any, around: Any) -> Any:
        offered = ticket_basket.offered(self.rules, around.products)
        return ticket_basket.lines(self.rules, offered, state.picks, staff=bool(state.staff))

    patch.setattr(Issuing, "lines", lines)


@broken
def a_price_that_changes_not_shown_before_it_is_paid(patch: Patch) -> None:
    for key in [key for key, rule in ticketing.RULES.items() if rule is Ticketing.repriced]:
        patch.delitem(ticketing.RULES, key)


@broken
def a_sale_without_the_debit(patch: Patch) -> None:
    changed(patch, Issuing, "_debit", lambda found, *_: ((), found[1]))


@broken
def a_debit_of_another_amount(patch: Patch) -> None:
    changed(patch, Issuing, "debit", lambda debit, *_: replace(debit, amount=debit.amount + 10))


@broken
def a_share_larger_than_what_is_due(patch: Patch) -> None:
    real = Ticketing._checked
    blind = {"on": False}

    def due(self: Ticketing, state: Any, around: Any) -> int:
        without = replace(state, purse=None) if blind["on"] and state.share is None else state
        return real_due(self, without, around)

    def checked(self: Ticketing, *given: Any) -> Any:
        blind["on"] = True
        try:
            return real(self, *given)
        finally:
            blind["on"] = False

    real_due = Choosing.due
    patch.setattr(Choosing, "due", due)
    patch.setattr(Ticketing, "_checked", checked)


@broken
def a_share_that_stays_when_the_price_falls(patch: Patch) -> None:
    patch.setattr(Ticketing, "_cheaper", lambda self, state, around: state)


@broken
def a_wallet_charged_twice(patch: Patch) -> None:
    real = Issuing._debit

    def debit(self: Issuing, state: Any, sold: Any) -> Any:
        return real(self, replace(state, share=state.share and replace(state.share, debit="")), sold)

    patch.setattr(Issuing, "_debit", debit)


@broken
def a_refused_charge_not_abandoned(patch: Patch) -> None:
    def uncharged(made: Any, *_: Any) -> Any:
        return replace(made, facts=made.facts[1:])

    changed(patch, Ticketing, "_uncharged", uncharged)


@broken
def a_card_that_pays_although_it_took_less(patch: Patch) -> None:
    real = Ticketing.card_paid

    def card_paid(self: Ticketing, state: Any, event: CardPaid, around: Any) -> Any:
        due = self.due(state, around)
        return real(self, state, replace(event, amount=due), around)

    patch.setitem(ticketing.RULES, (Phase.PAYING, CardPaid), card_paid)


@broken
def a_card_taken_twice(patch: Patch) -> None:
    """The staff is told no, and the sale is made: the guest pays again."""
    real = Ticketing.card_paid

    def card_paid(self: Ticketing, state: Any, event: CardPaid, around: Any) -> Any:
        made = real(self, state, event, around)
        return replace(made, state=replace(made.state, answer=Answered(event.ticket, "no")))

    patch.setitem(ticketing.RULES, (Phase.PAYING, CardPaid), card_paid)


@broken
def a_sale_that_goes_on_after_it_was_made(patch: Patch) -> None:
    real = Ticketing.card_paid

    def card_paid(self: Ticketing, state: Any, event: CardPaid, around: Any) -> Any:
        made = real(self, state, event, around)
        answer = made.state.answer
        return replace(made, state=replace(state, answer=answer, purse=made.state.purse))

    patch.setitem(ticketing.RULES, (Phase.PAYING, CardPaid), card_paid)


@broken
def nothing_leads_away_from_the_result(patch: Patch) -> None:
    def showing(made: Any, *_: Any) -> Any:
        return replace(made, state=replace(made.state, wake_ms=None))

    changed(patch, GivingBack, "showing", showing)


@pytest.mark.parametrize("break_it", BROKEN, ids=lambda each: each.__name__)
def test_what_is_broken_is_caught(break_it: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    break_it(monkeypatch)
    with pytest.raises((AssertionError, ValueError)):  # or the sale itself refuses to be made
        _live_on()


def _live_on() -> None:
    for seed in range(EVENINGS):
        for job in JOBS.values():
            evening(job, seed)


def test_no_rule_is_patched_in_vain() -> None:
    """What the variants replace is what the job uses: by these names."""
    assert ticketing.RULES[Phase.PAYING, CardPaid] is Ticketing.card_paid
    assert ticketing.ANYWHERE[CoinInserted] is Ticketing.keep_coin
    assert Ticketing.repriced in ticketing.RULES.values()
    assert ticket_choosing.OpenSlot is OpenSlot
