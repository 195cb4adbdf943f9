"""A machine with buttons, brought to each state of the job `vending`."""

from terminal.core.effects import DeliverNow, Notice, Show
from terminal.core.events import Ended, ReleaseEnded
from terminal.core.facts import EntryAdded
from tests.core.making import Talk, facts, kinds, vending_job


def choosing(balance: int = 1000, **rules: object) -> Talk:
    """A customer with a checked wallet, who may choose."""
    talk = Talk(vending_job(**rules))
    talk.tap()
    talk.wallet(balance)
    assert talk.phase == "choosing"
    return talk


def releasing(pieces: int = 1, **rules: object) -> Talk:
    """A sale of espressos, the first of which is being given out."""
    talk = choosing(confirm=True, max_pieces=50, **rules)
    for _ in range(pieces):
        talk.press("espresso")
    talk.press("confirm")
    return talk


def ended(number: int, how: Ended) -> ReleaseEnded:
    return ReleaseEnded(f"k1/{number}", how, "the words")


def charging(**rules: object) -> Talk:
    talk = choosing(300, authorize="charge", **rules)
    made = talk.press("espresso")
    assert kinds(made) == ([EntryAdded], [Show, DeliverNow])
    assert facts(made, EntryAdded)[0].held
    assert (talk.phase, talk.notice) == ("charging", Notice.CHECKING)
    return talk
