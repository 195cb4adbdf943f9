"""People at a ticket kiosk, who choose, pay by what they have, change their minds, and sometimes go away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from terminal.core.effects import Notice
from terminal.core.events import CardPaid
from terminal.core.ticket_state import Phase, TicketState
from tests.core.outside import TOKENS

if TYPE_CHECKING:
    from tests.core.world import World

COINS = (50, 100, 100, 200, 200)
BUTTONS = ("4", "4", "9", "9", "3", "mug", "guest", "-4")


def visitor(world: World) -> Iterator[int]:
    """Buys tickets, more or less; yields how many milliseconds pass until the next thing."""
    rng = world.rng
    if rng.random() < 0.02:
        world.force_coin(rng.choice(COINS))
        yield 2_000
    for _ in range(rng.choice((1, 1, 2, 3))):
        world.press(rng.choice(BUTTONS))
        yield rng.randrange(200, 1_500)
    if rng.random() < 0.9:
        world.press("confirm")
        yield rng.randrange(100, 500)
    method = rng.choices(("coins", "token", "both", "card"), (50, 20, 15, 15))[0]
    if method in ("coins", "both"):
        yield from _coins(world, rng.randrange(1, 5) if method == "both" else 14)
    if method in ("token", "both"):
        yield from _token(world)
    if method == "card" or rng.random() < 0.1:
        _card(world)
    if rng.random() < 0.1:
        yield rng.randrange(10, 900)
        world.press("cancel")
    if rng.random() < 0.05:
        world.force_coin(rng.choice(COINS))  # it was on its way
    yield rng.randrange(200, 2_000)
    if _sale(world).phase is Phase.CREDITING and rng.random() < 0.7:
        yield from _token(world)
    if rng.random() < 0.1:
        world.press("receipt")


def _coins(world: World, most: int) -> Iterator[int]:
    for _ in range(most):
        if not world.machine.slots:
            return
        world.insert(world.rng.choice(COINS), world.rng.choice(world.job.acceptors))
        yield world.rng.randrange(50, 900)


def _token(world: World) -> Iterator[int]:
    world.tap(world.rng.choice(TOKENS))
    yield world.rng.randrange(100, 1_000)
    world.untap()


def _card(world: World) -> None:
    """Staff says what the card terminal took; the desk looks into the books first, and asks for the answer."""
    sale = _sale(world)
    world.cards += 1
    reference = f"card {world.cards if world.rng.random() < 0.9 else 1}"
    due = sale.screen.due if sale.screen.notice is Notice.PAY else None
    if world.journal.card_used(reference) is None:
        world.happen(CardPaid(f"t{world.cards}", reference, due or 300, "Kim"))


def _sale(world: World) -> TicketState:
    assert world.loop.state is not None
    assert isinstance(world.loop.state.job, TicketState)
    return world.loop.state.job
