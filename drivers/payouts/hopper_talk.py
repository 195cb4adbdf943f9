"""What a ccTalk hopper is asked and told, over its seat at the bus.

(ccTalk Generic Specification, part 2; Money Controls SCH2, Technical Manual TSP016; Suzo-Happ Flow 18-ccTalk.)
"""

from __future__ import annotations

import os

from drivers.cctalk.bus import Busy, Garbled, Refused, Seat, Silent
from drivers.cctalk.headers import Header
from drivers.device import DeviceFault
from drivers.payouts.hopper_counters import Counters, Status, after, status
from drivers.payouts.hopper_words import Flags, flags, level

ENABLE, DISABLE = b"\xa5", b"\x00"
_TRIES = 2
"""How often a hopper is asked what not every hopper knows."""


class HopperTalk:
    """A hopper that answers.

    Args:
        seat: Its place at the bus.
        address: Its address there.
        cipher: Whether it pays by cipher key (True) or serial number (False); None: it is asked.

    Attributes:
        serial: Its serial number, 3 bytes, low byte first.
        words: Maker, model and serial number.

    Raises:
        DeviceMissing, DeviceFault: Nobody is there, or no hopper.
    """

    def __init__(self, seat: Seat, address: int, *, cipher: bool | None, counting: int | None = None) -> None:
        """Find out who is there; *counting*: number of a hopper that is known to count all its coins."""
        self._seat = seat
        self._address = address
        self._ask(Header.SIMPLE_POLL, size=0)
        category = self._text(Header.REQUEST_CATEGORY)
        if "payout" not in category.lower():
            raise DeviceFault(f"the device {address} is a {category!r} and no hopper: check its address")
        self.serial = self._ask(Header.REQUEST_SERIAL, size=3)
        self.number = int.from_bytes(self.serial, "little")
        model = f"{self._text(Header.REQUEST_MAKER)} {self._text(Header.REQUEST_PRODUCT)}".strip()
        self.words = f"{model}, serial number {self.number}"
        # Whoever once answered does not forget how: on a bad line its silence would only cost certainty.
        self._counts_all = self.number == counting or self._knows(Header.REQUEST_DISPENSE_COUNT, 3)
        self._has_level = self._knows(Header.REQUEST_PAYOUT_LEVELS, 1)
        self._cipher = self._knows(Header.REQUEST_CIPHER_KEY, 8) if cipher is None else cipher

    @property
    def counting(self) -> int | None:
        """Its number, if it counts all its coins."""
        return self.number if self._counts_all else None

    # -- what it says --------------------------------------------------------------------------------------

    def status(self, *, repeat: bool = True) -> Status:
        """Return its counters of the payout under way, or of the last one."""
        return status(self._ask(Header.REQUEST_HOPPER_STATUS, size=4, repeat=repeat))

    def flags(self, *, repeat: bool = True) -> Flags:
        """Return what it says of its state."""
        return flags(self._ask(Header.TEST_HOPPER, size=(1, 2, 3), repeat=repeat))

    def level(self) -> str:
        """Return what it says of its level, as a sentence; empty: nothing to say."""
        return level(self._ask(Header.REQUEST_PAYOUT_LEVELS, size=1)) if self._has_level else ""

    def counters(self, now: Status, coin: int, most: int, *, repeat: bool = True) -> Counters:
        """Return *now* together with the count of all coins, if it has one."""
        dispensed = None
        if self._counts_all:
            answer = self._ask(Header.REQUEST_DISPENSE_COUNT, size=3, repeat=repeat)
            dispensed = int.from_bytes(answer, "little")
        return Counters(str(self.number), coin, most, now.event, now.paid, now.unpaid, dispensed)

    # -- what it is told -----------------------------------------------------------------------------------

    def enable(self) -> None:
        """Let it obey dispense(), until it is disabled or reset."""
        self._ask(Header.ENABLE_HOPPER, ENABLE, size=0)

    def disable(self) -> None:
        """Let it refuse dispense(); told once."""
        self._ask(Header.ENABLE_HOPPER, DISABLE, size=0, repeat=False)

    def reset(self) -> None:
        """Clear its flags; its event counter is 0 then, and it is disabled. Never while it pays."""
        self._ask(Header.RESET, size=0)

    def stop(self) -> None:
        """Stop its motor, if it turns; what came out, status() tells."""
        self._ask(Header.EMERGENCY_STOP, size=1)

    def dispense(self, coins: int, event: int) -> bool | None:
        """Order *coins* coins: sent once, and never again.

        With a cipher key, the key goes back as it came. That satisfies hoppers whose encryption is switched off
        and those that take any key; how a key is encrypted is its maker's secret, and a hopper that insists on
        it refuses.

        Args:
            coins: How many, 1 to 255.
            event: Its event counter before.

        Returns:
            Whether it says that it pays; None: nobody can tell.

        Raises:
            DeviceError: The line is lost: nobody can tell either.
        """
        key = self._key() if self._cipher else self.serial
        if key is None:
            return False
        try:
            answer = self._ask(Header.DISPENSE, key + bytes((coins,)), size=(0, 1), repeat=False)
        except (Refused, Busy):
            return False
        except (Silent, Garbled):
            return None
        return True if answer in (b"", bytes((after(event),))) else None

    def _key(self) -> bytes | None:
        """Return a fresh cipher key; None: it gives none."""
        try:
            self._ask(Header.PUMP_RNG, os.urandom(8), size=0, repeat=False)
            return self._ask(Header.REQUEST_CIPHER_KEY, size=8, repeat=False)
        except (Refused, Busy, Silent, Garbled):
            return None

    # -- the wire ------------------------------------------------------------------------------------------

    def _ask(
        self, header: Header, data: bytes = b"", *, size: int | tuple[int, ...] | None, repeat: bool = True
    ) -> bytes:
        return self._seat.ask(self._address, header, data, size=size, repeat=repeat)

    def _text(self, header: Header) -> str:
        return self._ask(header, size=None).decode("ascii", "replace").strip()

    def _knows(self, header: Header, size: int) -> bool:
        """Return whether it answers *header*: who does not know one says no, or nothing."""
        for _ in range(_TRIES):
            try:
                self._ask(header, size=size, repeat=False)
            except Refused:
                return False
            except Silent:
                continue
            return True
        return False
