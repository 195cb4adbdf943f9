"""What has happened in the world and cannot be undone: it belongs into the journal, or else into the log."""

from __future__ import annotations

from terminal.core.events import (
    CoinInserted,
    CoinUnrecognised,
    PaymentMoved,
    PayoutEnded,
    PrintEnded,
    ReleaseEnded,
)
from terminal.core.machine import CashSold

TOLD = (CoinUnrecognised, CashSold)
"""What devices report that is no money of the terminal's."""

HAPPENED = (CoinInserted, PaymentMoved, PayoutEnded, ReleaseEnded, PrintEnded, *TOLD)
"""What must reach the journal however late. Anything else may be done again."""
