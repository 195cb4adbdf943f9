"""The auditor is worth something: what is broken in one place is caught within few sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drivers.cctalk.headers import Header
from drivers.coins import cctalk_books, cctalk_polled
from drivers.coins.cctalk_credits import Happened, Lost, News, news
from drivers.payouts import cctalk_hopper, hopper_counters
from drivers.payouts.hopper_talk import HopperTalk
from terminal.core import coins, payback
from terminal.core.decision import Decision
from terminal.core.effects import PayOut, TellPayout
from terminal.core.events import CoinInserted, DeviceMarked, PayoutEnded
from terminal.core.facts import DeviceCounted, PayoutIntended
from terminal.core.refunding import Refunding
from terminal.core.value import replace
from tests.money.ledger import UnprovenError
from tests.money.living import live

WORLDS, SESSIONS = 60, 30
Break = Callable[[pytest.MonkeyPatch], None]


def mark_not_committed_with_the_coin(patch: pytest.MonkeyPatch) -> None:
    real = coins.put

    def put(*given: Any) -> Any:
        purse, facts = real(*given)
        return purse, tuple(fact for fact in facts if not isinstance(fact, DeviceCounted))

    patch.setattr(coins, "put", put)


def mark_of_the_coin_before(patch: pytest.MonkeyPatch) -> None:
    last: dict[str, str] = {}

    def inserted(name: str, cents: int, counter: int, place: Any, mark: str) -> CoinInserted:
        before, last[name] = last.get(name, mark), mark
        return CoinInserted(name, cents, counter, place, before)

    patch.setattr(cctalk_polled, "CoinInserted", inserted)


def _news(patch: pytest.MonkeyPatch, change: Callable[[Any, Any, News], News]) -> None:
    def changed(known: Any, now: Any, *, watched: bool = True) -> News:
        return change(known, now, news(known, now, watched=watched))

    patch.setattr(cctalk_books, "news", changed)


def lost_events_guessed_as_coins(patch: pytest.MonkeyPatch) -> None:
    def guess(_known: Any, now: Any, found: News) -> News:
        told: list[Any] = []
        for each in found.told:
            told += (
                [Happened((1, 1), each.mark)] * each.count if isinstance(each, Lost) and each.count else [each]
            )
        return News(tuple(told), found.was_reset)

    _news(patch, guess)


def lost_events_not_reported(patch: pytest.MonkeyPatch) -> None:
    def silent(_known: Any, now: Any, found: News) -> News:
        return News(tuple(each for each in found.told if not isinstance(each, Lost)), found.was_reset)

    _news(patch, silent)


def losses_reported_for_nothing(patch: pytest.MonkeyPatch) -> None:
    def loud(known: Any, now: Any, found: News) -> News:
        return found if found.told or known is None else News((Lost(0, "perhaps", now),))

    _news(patch, loud)
    patch.setattr(cctalk_books.Books, "has", lambda *_: False)


def counter_0_ignored(patch: pytest.MonkeyPatch) -> None:
    _news(patch, lambda _known, now, found: found if now.counter else News())


def mark_not_resumed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cctalk_polled.PolledAcceptor, "resume", lambda *_: None)


def reset_with_counter_0_not_looked_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cctalk_polled.PolledAcceptor, "_verify", lambda *_: None)


def dispense_repeated_after_a_lost_answer(patch: pytest.MonkeyPatch) -> None:
    real = HopperTalk._ask

    def ask(self: HopperTalk, header: Header, *given: Any, repeat: bool = True, **more: Any) -> bytes:
        return real(self, header, *given, repeat=repeat or header is Header.DISPENSE, **more)

    patch.setattr(HopperTalk, "_ask", ask)


def payout_ordered_again_and_its_mark_not_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cctalk_hopper.CctalkHopper, "_objection", lambda *_: "")
    real = Refunding.tell

    def tell(self: Refunding, *given: Any) -> Any:
        made = real(self, *given)
        order = made.effects[-1]
        assert isinstance(order, TellPayout)
        again = PayOut(order.payout, order.device, order.amount, order.mark)
        return replace(made, effects=(*made.effects[:-1], again))

    patch.setattr(Refunding, "tell", tell)


def payout_told_without_its_mark(patch: pytest.MonkeyPatch) -> None:
    def decide(_before: Any, ordered: int, now: Any, **_more: Any) -> Any:
        return hopper_counters._said(ordered, now.paid)

    patch.setattr(cctalk_hopper, "decide", decide)


def intent_written_down_after_the_payout(patch: pytest.MonkeyPatch) -> None:
    counted, ended = Refunding.payout_counted, Refunding.payout_ended
    held: dict[str, PayoutIntended] = {}

    def payout_counted(self: Refunding, *given: Any) -> Any:
        made = counted(self, *given)
        for fact in made.facts:
            held[fact.payout] = fact
        return replace(made, facts=())

    def payout_ended(self: Refunding, state: Any, event: PayoutEnded, around: Any) -> Any:
        made: Decision[Any] = ended(self, state, event, around)
        late = held.pop(event.payout, None)
        return replace(made, facts=(late, *made.facts)) if late else made

    patch.setattr(Refunding, "payout_counted", payout_counted)
    patch.setattr(Refunding, "payout_ended", payout_ended)
    from terminal.core import topup  # noqa: PLC0415 - its table holds the functions themselves

    rules = {
        key: {counted: payout_counted, ended: payout_ended}.get(rule, rule) for key, rule in topup.RULES.items()
    }
    patch.setattr(topup, "RULES", rules)


def unknown_payout_returned_as_if_it_were_paid(patch: pytest.MonkeyPatch) -> None:
    real = payback._returned

    def returned(purse: Any, paid: int, device: str) -> Any:
        return real(purse, paid or min(purse.amount if purse else 0, 100), device)

    patch.setattr(payback, "_returned", returned)


def told_before_it_is_marked(patch: pytest.MonkeyPatch) -> None:
    """The mark goes ahead of the coin: a kill in between, and nobody ever hears of the coin."""
    real = cctalk_polled.PolledAcceptor._tell_one

    def tell(self: Any, happened: Happened) -> None:
        self._emit(DeviceMarked(self.name, happened.mark.text))
        real(self, happened)

    patch.setattr(cctalk_polled.PolledAcceptor, "_tell_one", tell)


@pytest.mark.parametrize(
    "break_it",
    [
        mark_not_committed_with_the_coin, mark_of_the_coin_before, lost_events_guessed_as_coins,
        lost_events_not_reported, losses_reported_for_nothing, counter_0_ignored, mark_not_resumed,
        reset_with_counter_0_not_looked_for, told_before_it_is_marked,
        dispense_repeated_after_a_lost_answer, payout_ordered_again_and_its_mark_not_compared,
        payout_told_without_its_mark, intent_written_down_after_the_payout,
        unknown_payout_returned_as_if_it_were_paid,
    ],
    ids=lambda each: each.__name__,
)  # fmt: skip
def test_what_is_broken_is_caught(break_it: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    break_it(monkeypatch)
    with pytest.raises((UnprovenError, ValueError)):  # or the journal itself refuses it
        _live_on()


def _live_on() -> None:
    for seed in range(WORLDS):
        live(seed, SESSIONS)
