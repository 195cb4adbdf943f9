"""A coin machine, brought to each state of the job `topup`."""

from terminal.core.effects import CloseSlot, OpenSlot
from tests.core.making import Talk, topup_job


def slot(talk: Talk) -> int:
    """How much money the slot takes after the last decision; 0: it is closed."""
    said = [effect for effect in talk.last.effects if isinstance(effect, OpenSlot | CloseSlot)]
    assert len(said) == 1
    return said[0].limit if isinstance(said[0], OpenSlot) else 0


def collecting(balance: int = 1000, **rules: object) -> Talk:
    talk = Talk(topup_job(**rules))
    talk.tap()
    talk.wallet(balance)
    assert talk.phase == "collecting coins"
    return talk
