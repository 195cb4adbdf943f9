"""Customers, who do what customers do, and a technician, who does what the words of an entry advise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from terminal.core.events import EmptyingAsked, PayCoins, TakeCoins, TrialAsked
from terminal.core.facts import EntryKind, EntryState, PersonDecided
from terminal.core.records import Entry
from tests.core.audit import LET_GO, deserved
from tests.core.outside import TOKENS
from tests.core.visitors import visitor

if TYPE_CHECKING:
    from tests.core.world import World

COINS = (5, 10, 20, 50, 100, 200)
NOTHING_GIVEN = "Nothing was given for this debit"


def guest(world: World) -> Iterator[int]:
    """Somebody who does what can be done here."""
    if world.sellers:
        return snacker(world)
    if world.job.kind == "tickets":
        return visitor(world)
    if world.hoppers:
        return returner(world) if world.rng.random() < 0.7 else filler(world)
    return buyer(world) if world.job.kind == "vending" else filler(world)


def buyer(world: World) -> Iterator[int]:
    """Buys something, more or less; yields how many milliseconds pass until the next thing."""
    rng = world.rng
    uid = rng.choice(TOKENS)
    buttons = [str(product.id) for product in world.products] + ["confirm", "cancel", "tea"]
    if rng.random() < 0.3:
        world.press(rng.choice(buttons[:3]))
        yield rng.randrange(300, 4_000)
    yield from _tap(world, uid)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        yield rng.randrange(300, 5_000)
        world.press(rng.choice(buttons[:3]) if rng.random() < 0.95 else rng.choice(buttons))
        if rng.random() < 0.05:
            yield from _tap(world, rng.choice(TOKENS))
    yield rng.randrange(300, 3_000)
    if rng.random() < 0.9:
        world.press("confirm")
    if rng.random() < 0.03:
        yield rng.randrange(100, 3_000)
        world.force_coin(rng.choice(COINS))
    if rng.random() < 0.05:
        yield rng.randrange(100, 3_000)
        yield from _tap(world, uid)
    world.untap()


def filler(world: World) -> Iterator[int]:
    """Fills a wallet with coins; some come before the token, some too late, some are no coins."""
    rng = world.rng
    uid = rng.choice(TOKENS)
    if rng.random() < 0.3:
        for _ in range(rng.randrange(1, 4)):
            world.insert(rng.choice(COINS))
            yield rng.randrange(300, 3_000)
    if rng.random() < 0.05:
        return  # and left the coins behind
    yield from _tap(world, uid)
    if rng.random() < 0.1:
        world.force_coin(rng.choice(COINS))
    for _ in range(rng.randrange(6)):
        yield rng.randrange(300, 6_000)
        if rng.random() < 0.04:
            world.strange_coin()
        else:
            world.insert(rng.choice(COINS))
        if rng.random() < 0.04:
            yield from _tap(world, rng.choice(TOKENS))
    yield rng.randrange(300, 3_000)
    end = rng.random()
    if end < 0.4:
        world.press("confirm")
    elif end < 0.6:
        world.untap()
        yield 2_000
        yield from _tap(world, uid)
    elif end < 0.7:
        world.press("cancel")
    if rng.random() < 0.1:
        yield rng.randrange(50, 4_000)
        world.force_coin(rng.choice(COINS))
    world.untap()


def returner(world: World) -> Iterator[int]:
    """Inserts coins and wants them back: with a token, without one, or twice; and some go on inserting."""
    rng = world.rng
    uid = rng.choice(TOKENS)
    if rng.random() < 0.6:
        yield from _tap(world, uid)
        yield rng.randrange(300, 2_000)
    for _ in range(rng.randrange(1, 6)):
        world.insert(rng.choice(COINS), rng.choice(world.job.acceptors))
        yield rng.randrange(200, 2_000)
    world.press("cancel" if rng.random() < 0.9 else "confirm")
    for _ in range(rng.randrange(3)):
        yield rng.randrange(10, 2_500)
        match rng.choices(("coin", "cancel", "tap", "nothing"), (10, 20, 10, 60))[0]:
            case "coin":
                world.force_coin(rng.choice(COINS), rng.choice(world.job.acceptors))
            case "cancel":
                world.press("cancel")
            case "tap":
                yield from _tap(world, rng.choice((uid, rng.choice(TOKENS))))
            case _:
                pass
    yield rng.randrange(5_000, 12_000)
    if rng.random() < 0.3:  # what did not come back may be asked for again, or be credited
        world.press("cancel")
        yield rng.randrange(1_000, 5_000)
    if rng.random() < 0.5:
        yield from _tap(world, uid)
    world.untap()


def snacker(world: World) -> Iterator[int]:
    """Buys at a machine that asks for payment: card first, selection first, both at once, or neither."""
    rng = world.rng
    (seller,) = world.sellers.values()
    uid = rng.choice(TOKENS)
    if rng.random() < 0.4:
        seller.choose(*_selection(world))
        yield rng.randrange(10, 4_000)
        if rng.random() < 0.1:
            seller.take_back()
            yield rng.randrange(10, 500)
    yield from _tap(world, uid)
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        yield rng.choice((5, 400, 1_500, 4_000))
        match rng.choices(("choose", "cash", "tap"), (75, 20, 5))[0]:
            case "choose":
                seller.choose(*_selection(world))
            case "cash":
                seller.insert_cash(rng.choice(COINS))
            case _:
                yield from _tap(world, rng.choice(TOKENS))
        yield rng.choice((5, 60, 400, 1_500, 5_000))
        match rng.choices(("take back", "lever", "cancel", "nothing"), (5, 10, 10, 75))[0]:
            case "take back":
                seller.take_back()
            case "lever":
                seller.lever()
            case "cancel":
                world.press("cancel")
            case _:
                pass
    if rng.random() < 0.03:
        world.force_coin(rng.choice(COINS))
    yield rng.randrange(10, 3_000)
    if rng.random() < 0.5:
        seller.lever()
    world.untap()


def _selection(world: World) -> tuple[str, int]:
    """What a guest chooses: mostly what the server lists, sometimes at another price, or something else."""
    rng = world.rng
    product = rng.choice(world.products)
    odd = rng.random()
    if odd < 0.1:
        return "44", 180
    return str(product.id), product.price if odd < 0.9 else product.price + 20


def _tap(world: World, uid: str) -> Iterator[int]:
    """Hold a card to the reader; some leave it there, some hold it there twice."""
    world.tap(uid)
    yield world.rng.randrange(100, 1_500)
    if world.rng.random() < 0.85:
        world.untap()
    if world.rng.random() < 0.08:
        yield world.rng.randrange(50, 3_000)
        world.tap(uid)


class Technician:
    """Looks on the server, asks the customer, and then decides by name, as the words of the entry advise."""

    def __init__(self, world: World) -> None:
        self._world = world

    def visit(self, share: float = 1.0) -> None:
        """Decide about a *share* of all that waits for a person."""
        world = self._world
        if any(each.on_the_way for each in (world.server, world.gate, world.books)) or world.full:
            return  # what is still being booked cannot be seen yet
        for state in (EntryState.UNKNOWN, EntryState.PARKED):
            for entry in world.journal.entries(state, limit=1_000):
                if not entry.held and world.rng.random() < share:
                    self._decide(entry)
        self._look_after_cash(tries=share < 1)

    def _look_after_cash(self, *, tries: bool) -> None:
        """Empty boxes, fill hoppers, and mostly try whether they work."""
        world, rng = self._world, self._world.rng
        for acceptor in world.job.cash.box_pieces | world.job.cash.box_amount:
            if world.audit.box_full(acceptor) or rng.random() < 0.2:
                pieces, amount = world.audit.boxes[acceptor]
                counted = amount if pieces and rng.random() < 0.5 else None
                world.happen(EmptyingAsked(acceptor, "M. Muster", counted))
            if tries and rng.random() < 0.2:
                world.happen(TrialAsked("t", acceptor, "M. Muster", TakeCoins(500, 20)))
                for _ in range(rng.randrange(4)):
                    world.insert(rng.choice(COINS), acceptor)
        for hopper in (world.hoppers[name] for name in world.job.cash.payouts):
            hopper.fill()
            if tries and rng.random() < 0.2:
                world.happen(TrialAsked("t", hopper.name, "M. Muster", PayCoins(hopper.coin)))

    def _decide(self, entry: Entry) -> None:
        world = self._world
        booked = entry.key in world.peer(entry.key).booked
        match entry:
            case Entry(kind=EntryKind.UNCLAIMED) if entry.key in world.audit.doubts:
                self._doubt(entry)
            case Entry(kind=EntryKind.UNCLAIMED):
                self._say(entry, "void", "given back at the desk")
            case Entry(kind=EntryKind.SALE):
                self._say(entry, "retry", "the tickets are in their guests' hands")
            case Entry(kind=EntryKind.RECORD):
                self._say(entry, self._found(entry) if booked else "retry", "looked in the books")
            case Entry(kind=EntryKind.REFUND):
                self._refund(entry, booked=booked)
            case Entry(compensate=True):
                assert NOTHING_GIVEN in entry.words
                if booked and self._found(entry) == "delivered":
                    self._say(entry, "delivered", "looked on the server")  # it is refunded by itself
                    return
                if booked and not world.server.by_hand[entry.key]:
                    world.server.give_back(entry.key)
                self._say(entry, "void", "given back on the server" if booked else "not booked")
            case Entry(state=EntryState.UNKNOWN):
                assert entry.key in entry.words  # says what to look for
                self._say(entry, self._found(entry) if booked else "retry", "looked on the server")
            case Entry(kind=EntryKind.CREDIT):
                self._say(entry, "retry", "the wallet is open again")
            case _:
                self._debit(entry)

    def _doubt(self, entry: Entry) -> None:
        """Count what is in the hopper: what did not come out is given back."""
        world = self._world
        payout = world.audit.doubts[entry.key]
        hopper = world.hoppers[world.audit.payouts[payout].device]
        assert hopper.name in entry.words  # says where to look
        if not hopper.paying:
            came_out = hopper.dropped[payout] - world.audit.paid[payout]
            assert 0 <= came_out <= entry.amount
            world.audit.desk[entry.key] = entry.amount - came_out
            self._say(entry, "void", f"{came_out} cents of it came out, the rest was given back")

    def _debit(self, entry: Entry) -> None:
        world = self._world
        if not deserved(world.audit, world, entry):
            self._say(entry, "void", "it did not come out")
        elif world.rng.random() < 0.1:
            self._say(entry, "void", LET_GO)
        else:
            self._say(entry, "retry", "it came out")

    def _refund(self, entry: Entry, *, booked: bool) -> None:
        world = self._world
        debit = world.journal.entry(entry.refers_to or "")
        assert debit is not None
        if entry.state is EntryState.UNKNOWN:
            self._say(entry, self._found(entry) if booked else "retry", "looked on the server")
        elif debit.compensate:
            self._say(entry, "retry", "nothing was given for it")
        elif debit.state not in (EntryState.DELIVERED, EntryState.VOIDED):
            return  # first things first
        elif deserved(world.audit, world, debit) or debit.key not in world.server.booked:
            self._say(entry, "void", "the debit stands, or never was")
        else:
            self._say(entry, "retry", "it did not come out")

    def _found(self, entry: Entry) -> str:
        """Return what one says of what is booked: just that, or that it is void (which it is not)."""
        return "delivered" if entry.in_doubt and self._world.rng.random() < 0.5 else "void"

    def _say(self, entry: Entry, action: str, reason: str) -> None:
        world = self._world
        world.peer(entry.key).looked(entry.key)
        world.disk.commit([PersonDecided(entry.key, action, "M. Muster", reason)], world.now(), urgent=True)
        world.courier.notice()
