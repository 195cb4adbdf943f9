"""A process that has a hopper, to be killed: it does what it is told, and says what its driver emits.

    python -m tests.support.hopper_user PORT COIN

Lines of JSON on standard input: {"count": ID}, {"pay": [ID, CENTS, MARK]}. Lines on standard output: {"is":
HEALTH}, {"mark": MARK}, {"ended": [ID, HOW, CENTS]}.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from drivers.device import Pace
from drivers.payouts import cctalk_hopper
from terminal.core.events import DeviceChanged, PayoutCounted, PayoutEnded


class QuickHopper(cctalk_hopper.CctalkHopper):
    """In a hurry to have its device back."""

    pace = Pace(first_s=0.01, last_s=0.05)


def say(event: object) -> None:
    """Write down what happened."""
    line: dict[str, Any]
    match event:
        case DeviceChanged():
            line = {"is": event.health.value}
        case PayoutCounted():
            line = {"mark": event.mark}
        case PayoutEnded():
            line = {"ended": [event.payout, event.ended.value, event.paid]}
        case _:
            raise TypeError(event)
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until standard input ends."""
    cctalk_hopper.POLL_S = 0.005
    port, coin = sys.argv[1:]
    options = cctalk_hopper.CctalkHopperOptions(port=port, coin=int(coin), dispense="serial")
    device = QuickHopper("hopper", options, say)
    device.start()
    for line in sys.stdin:
        order = json.loads(line)
        if "count" in order:
            device.count(order["count"])
        else:
            device.pay_out(*order["pay"])
    device.stop()


if __name__ == "__main__":
    main()
