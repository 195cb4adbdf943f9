"""Tokens on a PN532 board (Elechouse, Adafruit, Waveshare, ...) on the UART, I2C or SPI pins of a Pi.

    [[devices]]
    name = "front reader"
    role = "reader"
    driver = "pn532"
    port = "/dev/ttyAMA0"      # or serial:///dev/serial/by-id/…, i2c:///dev/i2c-1, spi:///dev/spidev0.0
    cards = ["A"]              # "B" and "F" (FeliCa) where such tokens are used
    check_original = false     # true: NTAG21x and Ultralight EV1 must prove that NXP made them

The chip looks for cards only when it is asked to: every `poll_ms`, with the field on for that moment only. What
was found is then asked whether it is still there, itself and no other, so that two cards in the field are not
taken for a dance of swaps. A card that is missed is looked for three times before it is gone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Found
from drivers.device import DeviceMissing, DeviceThread
from drivers.link import adapters
from drivers.readers import originality
from drivers.readers.pn532_chip import Pn532
from drivers.readers.pn532_frames import FELICA_212, FELICA_424, TYPE_A, TYPE_B, Target
from drivers.readers.pn532_port import Port, open_port
from drivers.readers.uid import Chip, ReaderOptions, Refused, identify
from terminal.core.events import Health, TokenPresented, TokenRemoved, TokenUnreadable

MISSES = 3
"""How often in a row a card is not found before it is gone: at the edge of the field one look may fail."""

_KINDS = {"A": (TYPE_A,), "B": (TYPE_B,), "F": (FELICA_212, FELICA_424)}
_ASK = 3
_BUSES = Path("/dev")


class Pn532Options(ReaderOptions, frozen=True, kw_only=True):
    """Options of the driver `pn532`."""

    port: Annotated[
        str,
        Meta(
            min_length=1,
            description="Where the board is: serial:///dev/serial/by-id/… or a path such as /dev/ttyAMA0, "
            "i2c:///dev/i2c-1, or spi:///dev/spidev0.0.",
        ),
    ]
    cards: Annotated[
        tuple[Literal["A", "B", "F"], ...],
        Meta(
            min_length=1,
            description="Kinds of cards that are looked for, in this order: A and B of ISO 14443, F: FeliCa. "
            "The number of a type B card (PUPI) may be another one each time: make sure that yours are not.",
        ),
    ] = ("A",)
    check_original: Annotated[
        bool,
        Meta(
            description="Whether each token is asked to prove that NXP made its chip (NTAG21x, MIFARE "
            "Ultralight EV1). Needed by `require_original`."
        ),
    ] = False
    poll_ms: Annotated[
        int, Meta(ge=20, le=1000, description="Time between two looks for a card, in milliseconds.")
    ] = 100


class Pn532Reader(DeviceThread):
    """A token reader that is a PN532 board."""

    role: ClassVar[str] = "reader"
    Options: ClassVar[type[DriverOptions]] = Pn532Options

    def __init__(self, name: str, options: Pn532Options, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._kinds = tuple(kind for letter in options.cards for kind in _KINDS[letter])
        self._port: Port | None = None
        self._chip: Pn532 | None = None
        self._first: list[Target | None] = []  # what lay there when it was opened
        self._target: Target | None = None  # what the chip has in its field, as far as is known
        self._lying: str | None = None  # what was told of the thing that lies there: a UID, or a refusal
        self._misses = 0
        self._looked_before = False  # at any time since the start
        self.version = ""

    @staticmethod
    def scan() -> list[Found]:
        """Return every serial line, and the buses on a Pi's pins: what is wired to one does not show."""
        buses = [("i2c", path) for path in _BUSES.glob("i2c-1")]
        buses += [("spi", path) for path in sorted(_BUSES.glob("spidev0.*"))]
        ports = [*adapters(), *(f"{bus}://{path}" for bus, path in buses)]
        return [
            Found(
                "reader",
                "pn532",
                {"port": port},
                f"a line with a PN532 board or anything else: {port.rpartition('/')[2]}",
                "Nothing shows what is wired to it: take this one only if the reader is.",
            )
            for port in ports
        ]

    # -- the life --------------------------------------------------------------------------------------

    def _open(self) -> Condition:
        if self._options.check_original:
            originality.ready()
        self._port = open_port(self._options.port)
        chip = Pn532(self._port, self._traffic, self._alive)
        self.version = chip.open()
        self._chip = chip
        self._target = None
        self._misses = MISSES - 1
        # Looked at well, and before it is said to be open: what comes later was put there before our eyes.
        self._first = [self._look_well(chip)]
        return Condition(Health.OK, f"PN532 {self.version} on {self._options.port}")

    def _serve(self) -> None:
        if self._chip is None:
            raise DeviceMissing("the reader is closed")
        if self._first:
            self._seen(self._chip, self._first.pop(), lying=not self._looked_before)
            self._looked_before = True
        else:
            self._round(self._chip)
        self._work(self._options.poll_ms / 1000)

    def _close(self) -> None:
        self._chip = None
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _alive(self) -> None:
        """Show that the thread turns; end what takes long if it is to stop."""
        self._beat()
        if self._stopping.is_set():
            raise DeviceMissing("the reader is being stopped")

    # -- cards -----------------------------------------------------------------------------------------

    def _look_well(self, chip: Pn532) -> Target | None:
        return next((found for _ in range(MISSES) if (found := chip.find(self._kinds)) is not None), None)

    def _round(self, chip: Pn532) -> None:
        """Look once, and tell what changed."""
        target = self._target
        if target is not None and chip.lies(target):
            self._misses = 0
            return
        self._seen(chip, chip.find(self._kinds))

    def _seen(self, chip: Pn532, found: Target | None, *, lying: bool = False) -> None:
        """Tell what it means that *found* is what is there now."""
        self._target = found
        if found is None:
            self._misses += 1
            if self._misses >= MISSES:
                self._tell_removed()
            return
        self._misses = 0
        event = self._judge(chip, found, lying=lying)
        if event is None:
            self._target = None
            return
        what = event.uid if isinstance(event, TokenPresented) else event.words
        if what == self._lying:
            return  # it was missed for a moment, or lay there all the time while the reader was lost
        self._tell_removed()
        self._lying = what
        self._emit(event)

    def _judge(self, chip: Pn532, found: Target, *, lying: bool) -> TokenPresented | TokenUnreadable | None:
        """Return what there is to tell of *found*; None: it was taken away before that was known."""
        try:
            uid = identify(found.number, self._options, found.chip)
        except Refused as error:
            self._log.info("%s: a card was not taken: %s", self.name, error.why)
            return TokenUnreadable(self.name, error.words)
        if uid == self._lying or not self._options.check_original:
            return TokenPresented(self.name, uid, lying=lying)
        original = self._is_original(chip, found)
        return None if original is None else TokenPresented(self.name, uid, lying=lying, original=original)

    def _is_original(self, chip: Pn532, found: Target) -> bool | None:
        """Return whether the chip's maker signed its number; None: it is not there any more."""
        if found.chip is not Chip.A or len(found.number) != originality.UID_SIZE:
            return False  # such chips have no signature
        for _ in range(_ASK):
            signature = chip.ask(originality.READ_SIG)
            if signature is not None:
                return originality.verify(found.number, signature)
            # No answer is what a copy gives, and also what a card gives that is being taken away.
            if not chip.lies(found):
                return None
        return False

    def _tell_removed(self) -> None:
        if self._lying is not None:
            self._lying = None
            self._emit(TokenRemoved(self.name))
