"""A machine that asks for payment, brought to each of its states."""

from collections.abc import Callable

from terminal.core.catalogue import Product
from terminal.core.effects import DeliverNow, Effect, Notice, Show
from terminal.core.events import Ended, JournalFailed, ReleaseEnded
from terminal.core.facts import EntryAdded
from terminal.core.machine import DenyVend, EndSession
from tests.core.making import Talk, kinds, machine_job

DENY, END = DenyVend("snacks"), EndSession("snacks")

CHIPS = Product("11", "Selection 11", 150, listed=False)

FULL = JournalFailed("The disk is full.")


def ready(**rules: object) -> Talk:
    talk = Talk(machine_job(**rules))
    assert (talk.phase, talk.notice) == ("ready", Notice.READY)
    return talk


def waiting(**rules: object) -> Talk:
    """A customer who has chosen and shows no token yet."""
    talk = ready(**rules)
    talk.ask()
    return talk


def checking(**rules: object) -> Talk:
    talk = ready(**rules)
    talk.tap()
    return talk


def choosing(balance: int = 1000, **rules: object) -> Talk:
    """A customer with a checked wallet and a session at the machine."""
    talk = checking(**rules)
    talk.wallet(balance)
    assert talk.phase == "choosing"
    return talk


def charging(**rules: object) -> Talk:
    talk = choosing(300, authorize="charge", **rules)
    made = talk.ask()
    assert kinds(made) == ([EntryAdded], [Show, DeliverNow])
    return talk


def releasing(**rules: object) -> Talk:
    talk = choosing(**rules)
    talk.ask()
    assert talk.phase == "releasing"
    return talk


def showing(**rules: object) -> Talk:
    talk = releasing(**rules)
    talk(ended(Ended.DONE))
    return talk


Begin = Callable[..., Talk]

PHASES: list[Begin] = [ready, waiting, checking, choosing, charging, releasing, showing]


def ended(how: Ended, key: str = "k1") -> ReleaseEnded:
    return ReleaseEnded(f"{key}/0", how, "the words")


def told(talk: Talk) -> list[Effect]:
    """What the machine was told last."""
    return [effect for effect in talk.last.effects if hasattr(effect, "machine")]
