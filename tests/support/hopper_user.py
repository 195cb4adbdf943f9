"""A process that has a hopper, to be killed: it does what it is told, and says what its driver emits.

    python -m tests.support.hopper_user PORT COIN

It takes the orders {"count": ID} and {"pay": [ID, CENTS, MARK]} (see tests.support.remote), and says
{"is": HEALTH}, {"mark": MARK}, {"ended": [ID, HOW, CENTS]}.
"""

from __future__ import annotations

import sys
from typing import Any

from drivers.device import Pace
from drivers.payouts import cctalk_hopper
from terminal.core.events import DeviceChanged, PayoutCounted, PayoutEnded
from tests.support.remote import Orders


class QuickHopper(cctalk_hopper.CctalkHopper):
    """In a hurry to have its device back."""

    pace = Pace(first_s=0.01, last_s=0.05)


def told(event: object) -> dict[str, Any]:
    """Return what happened, for the other end."""
    match event:
        case DeviceChanged():
            return {"is": event.health.value}
        case PayoutCounted():
            return {"mark": event.mark}
        case PayoutEnded():
            return {"ended": [event.payout, event.ended.value, event.paid]}
    raise TypeError(event)


def main() -> None:
    """Serve until there are no more orders."""
    cctalk_hopper.POLL_S = 0.005
    port, coin = sys.argv[1:]
    options = cctalk_hopper.CctalkHopperOptions(port=port, coin=int(coin), dispense="serial")
    orders = Orders()
    device = QuickHopper("hopper", options, lambda event: orders.say(told(event)))

    def do(order: dict[str, Any]) -> None:
        if "count" in order:
            device.count(order["count"])
        else:
            device.pay_out(*order["pay"])

    orders.here()
    device.start()
    orders.serve(do)
    device.stop()


if __name__ == "__main__":
    main()
