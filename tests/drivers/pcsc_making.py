"""PC/SC readers for a test, and what they told."""

from drivers.device import Pace
from drivers.readers.pcsc import PcscReader
from terminal.core.events import TokenPresented, TokenRemoved

NAME = "front reader"

FOUR, SEVEN, TEN = "A1B2C3D4", "04A1B2C3D4E5F6", "04A1B2C3D4E5F6071829"

OTHER = "0455667788AABB"


class QuickReader(PcscReader):
    """The same, less patient between two tries to reopen."""

    pace = Pace(first_s=0.05, last_s=0.2)
    settle_s = 0.5


def presented(uid: str) -> TokenPresented:
    return TokenPresented(NAME, uid)


REMOVED = TokenRemoved(NAME)
