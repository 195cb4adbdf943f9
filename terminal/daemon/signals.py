"""What lamps and buzzers tell of each screen, in the one place where that is decided."""

from __future__ import annotations

from drivers.contract import Signal
from terminal.core.effects import Notice

SIGNALS: dict[Notice, Signal] = {
    # It is the guest's turn.
    Notice.READY: Signal.READY,
    Notice.CHOOSE: Signal.READY,
    Notice.PRESENT_TOKEN: Signal.READY,
    Notice.INSERT_COINS: Signal.READY,
    Notice.PAY: Signal.READY,
    Notice.CARD: Signal.READY,
    Notice.COINS_WAITING: Signal.READY,
    Notice.PAIR_TOKEN: Signal.READY,
    Notice.CANCELLED: Signal.READY,
    # It is the machine's turn.
    Notice.CHECKING: Signal.BUSY,
    Notice.RELEASING: Signal.BUSY,
    Notice.RETURNING: Signal.BUSY,
    Notice.BUSY: Signal.BUSY,
    # How it ended.
    Notice.CONFIRMED: Signal.ACCEPTED,
    Notice.CREDITED: Signal.ACCEPTED,
    Notice.ISSUED: Signal.ACCEPTED,
    Notice.CHECKED_IN: Signal.ACCEPTED,
    Notice.RETURNED: Signal.ACCEPTED,
    Notice.PAIRED: Signal.ACCEPTED,
    Notice.ACCEPTED_OFFLINE: Signal.OFFLINE,
    Notice.REFUSED: Signal.REFUSED,
    Notice.COIN_UNKNOWN: Signal.REFUSED,
    # Only a person can help: money that nobody can place, or a machine that does not work.
    Notice.UNKNOWN: Signal.CALL_STAFF,
    Notice.COIN_KEPT: Signal.CALL_STAFF,
    Notice.OUT_OF_ORDER: Signal.CALL_STAFF,
}
"""The signal of each notice; every notice has one."""
