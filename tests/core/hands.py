"""What becomes of the terminal's effects in a simulated world; each is checked against the books first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.core.effects import (
    CloseSlot,
    CountPayout,
    DeliverNow,
    Effect,
    Notice,
    OpenSlot,
    PairToken,
    PayOut,
    Print,
    ReadWallet,
    Release,
    Show,
    TellPayout,
)
from terminal.core.events import (
    PairingEnded,
    PrintEnded,
    ReleaseEnded,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import WalletSeen
from terminal.core.machine import AnswerRevalue, BeginSession, DenyVend, EndSession

if TYPE_CHECKING:
    from tests.core.world import World


class Hands:
    """Performs what the loop decided."""

    def __init__(self, world: World) -> None:
        self._world = world

    def perform(self, effect: Effect) -> None:
        world = self._world
        match effect:
            case Show(screen=screen):
                if screen.notice is Notice.CREDITED:
                    assert world.last_commit, "shown as credited, and nothing is written"
            case ReadWallet(token=token):
                self._read_wallet(token)
            case DeliverNow(key=key):
                assert key in world.audit.entries, "sent before it was written down"
                world.soon(1, lambda: world.courier.deliver_now(key))
            case PairToken(token=token):
                world.event(300, PairingEnded(token, paired=True))
            case BeginSession() | DenyVend() | EndSession() | AnswerRevalue():
                world.sellers[effect.machine].tell(effect)
            case OpenSlot() | CloseSlot() | CountPayout() | PayOut() | TellPayout():
                self._perform_cash(effect)
            case Release() | Print():
                self._give_out(effect)

    def _perform_cash(self, effect: OpenSlot | CloseSlot | CountPayout | PayOut | TellPayout) -> None:
        world = self._world
        match effect:
            case OpenSlot(limit=limit, closed=closed):
                world.machine.slots = {name: limit for name in world.job.acceptors if name not in closed}
                world.audit.check_open(world.machine.slots)
            case CloseSlot():
                world.machine.slots.clear()
            case CountPayout(device=device):
                world.hoppers[device].count(effect)
            case PayOut(device=device):
                world.audit.payout_ordered(effect)
                world.hoppers[device].pay_out(effect)
            case TellPayout(device=device):
                world.hoppers[device].tell_payout(effect)

    def _give_out(self, effect: Release | Print) -> None:
        world = self._world
        match effect:
            case Release(release=name, device=device) if device in world.sellers:
                assert name in world.audit.intended, "approved before it was written down"
                world.sold += 1
                world.sellers[device].release(effect)
            case Release(release=name):
                assert name in world.audit.intended, "given out before it was written down"
                world.sold += 1
                ended, after_ms = world.machine.release(name)
                if ended is not None:
                    world.event(after_ms, ReleaseEnded(name, ended, "the machine's words"))
            case Print(job=name, document=document):
                assert name in world.audit.intended, "printed before it was written down"
                ended, after_ms = world.machine.print(name)
                if world.machine.printed[name]:
                    world.audit.see_paper(name, document)
                if ended is not None:
                    world.event(after_ms, PrintEnded(name, ended, "the printer's words"))

    def _read_wallet(self, token: str) -> None:
        world = self._world
        now = world.now()
        cached, exposure = world.journal.wallet(token, now), world.journal.exposure(token, now)
        world.event(0, WalletRemembered(token, cached, exposure))
        answer, after_ms = world.server.read(token)
        world.soon(after_ms, lambda: self._wallet_read(answer))

    def _wallet_read(self, answer: WalletRead) -> None:
        world = self._world
        world.happen(answer)
        if answer.answer is WalletAnswer.KNOWN and answer.balance is not None:
            world.remember(WalletSeen(answer.token, answer.balance))
