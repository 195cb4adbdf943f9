"""Tokens on the readers that nfcpy drives: USB (SCL3711, RC-S380, ACR122U, PN533 boards) and PN532 on a UART.

    [[devices]]
    name = "front reader"
    role = "reader"
    driver = "nfcpy"
    path = "usb:04e6:5591"      # or "usb:1-1.4", "/dev/serial/by-id/…", "tty:AMA0:pn532"
    cards = ["A", "F"]

nfcpy is published under the EUPL 1.1 (copyleft), is not part of the terminal, and is dormant since 2022; for an
ACR122U the driver `pcsc`, for a PN532 board the driver `pn532` is the better choice.

On the air, for each look and kind of card: field off, field on, SENS_REQ, SENSB_REQ or SENSF_REQ, then for A
the anticollision to the end. A card is there as long as it is found again. It may be missed twice in a row, as
one at the edge of the field is; missed a third time, it is gone. Another number is another card at once, but of
another kind it counts as a miss first: phones and some cards answer as two kinds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Found
from drivers.device import DeviceMissing, DeviceThread
from drivers.readers import originality
from drivers.readers.nfcpy_port import Card, NfcpyPort
from drivers.readers.nfcpy_scan import found_in
from drivers.readers.nfcpy_words import CHIPS, PATH, Kind, place
from drivers.readers.uid import CHANGES, ReaderOptions, Refused, identify
from drivers.usb import SYSFS
from terminal.core.events import Health, TokenPresented, TokenRemoved, TokenUnreadable

MISSES = 3
"""How often in a row a card must be missed before it is gone."""

SIGNATURE_S = 0.1
"""How long a chip may take to answer with its signature; it takes 5 ms."""


class NfcpyOptions(ReaderOptions, frozen=True, kw_only=True):
    """Options of the driver `nfcpy`."""

    path: Annotated[
        str,
        Meta(
            pattern=PATH,
            description="Where the reader is: `usb` (the first one), `usb:VENDOR:PRODUCT` as `lsusb` shows, "
            "`usb:1-1.4` (what is plugged in there), `/dev/serial/by-id/…` or `tty:AMA0:pn532` (a PN532 on a "
            "serial line; `:arygon` at the end for that maker's readers), `udp:HOST:PORT` (trials only).",
            examples=["usb:04e6:5591"],
            extra={
                "expected": 'a path like "usb:04e6:5591", "usb:1-1.4", "/dev/serial/by-id/…", "tty:AMA0:pn532"'
            },
        ),
    ] = "usb"
    cards: Annotated[
        tuple[Kind, ...],
        Meta(min_length=1, description="Kinds of cards: A and B of ISO 14443, F for FeliCa. Each costs time."),
    ] = ("A",)
    check_original: Annotated[
        bool,
        Meta(description="Whether each token's chip must sign that NXP made it (NTAG21x, Ultralight EV1)."),
    ] = False
    poll_ms: Annotated[
        int, Meta(ge=20, le=2000, description="Pause between two looks for a card, in milliseconds.")
    ] = 100

    def __post_init__(self) -> None:
        """Check what only shows when the options stand together."""
        if len(set(self.cards)) < len(self.cards):
            raise ValueError("cards: each kind once")


class NfcpyReader(DeviceThread):
    """A token reader behind nfcpy.

    No call of nfcpy can be ended by another thread, but none takes longer than about a second; only an RC-S380
    that hangs is waited for without end, which shows by its heartbeat.
    """

    role: ClassVar[str] = "reader"
    Options: ClassVar[type[DriverOptions]] = NfcpyOptions
    usb_root: ClassVar[Path] = SYSFS

    def __init__(self, name: str, options: NfcpyOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._place = place(options.path)
        self._port: NfcpyPort | None = None
        self._lying: str | None = None  # what was told of the card that lies there: a UID, or a refusal
        self._kind: Kind = "A"  # of that card
        self._number = b""  # and its number as it was read, where it is a token of type A
        self._misses = 0  # looks in a row that did not find it
        self._looked_before = False  # at any time since the start

    @staticmethod
    def scan(root: Path = SYSFS) -> list[Found]:
        """Return the readers that nfcpy knows among what is plugged into USB."""
        return found_in(root)

    # -- the life --------------------------------------------------------------------------------------

    def _open(self) -> Condition:
        if self._options.check_original:
            originality.ready()
        self._port = port = NfcpyPort(self._place, self._traffic, self.usb_root)
        self._misses = 0
        self._look()
        return Condition(Health.OK, port.words)

    def _serve(self) -> None:
        if self._pause(self._options.poll_ms / 1000):
            self._look()

    def _close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.close()

    # -- cards -----------------------------------------------------------------------------------------

    def _now_open(self) -> NfcpyPort:
        if self._port is None:
            raise DeviceMissing("the reader is closed")
        return self._port

    def _look(self) -> None:
        """Look once for a card, and tell what changed."""
        card = self._sense()
        if self._stopping.is_set():
            return
        lies = self._lying is not None
        if card is None or (lies and card.kind != self._kind):
            self._misses += 1
            if lies and self._misses >= MISSES:
                self._tell_removed()
        if card is not None and (self._lying is None or card.kind == self._kind):
            self._misses = 0
            self._tell(card)
        self._looked_before = True

    def _sense(self) -> Card | None:
        """Look for a card of each kind, beginning with the card that lies there.

        That one is asked for by its number first, so that two cards in the field are no dance of swaps.
        """
        port = self._now_open()
        kinds = sorted(self._options.cards, key=lambda kind: self._lying is not None and kind != self._kind)
        looks: list[tuple[Kind, bytes]] = [(kind, b"") for kind in kinds]
        if self._number:
            looks.insert(0, (self._kind, self._number))
        for kind, number in looks:
            self._beat()
            if self._stopping.is_set():
                return None
            card = port.sense(kind, number)
            if card is not None:
                return card
        return None

    def _tell(self, card: Card) -> None:
        """Tell of *card* what is not known yet."""
        try:
            uid = identify(card.number(), self._options, CHIPS[card.kind])
            if uid == self._lying:
                return
            original = self._confirm(card)
        except Refused as refused:
            if refused.words != self._lying:
                self._log.info("%s: a card was not taken: %s", self.name, refused.why)
                self._tell_presented(card, refused.words, TokenUnreadable(self.name, refused.words))
            return
        except _Gone:
            return
        lying = not self._looked_before
        self._tell_presented(card, uid, TokenPresented(self.name, uid, lying=lying, original=original))

    def _tell_presented(self, card: Card, what: str, event: TokenPresented | TokenUnreadable) -> None:
        self._tell_removed()
        self._lying, self._kind = what, card.kind
        if card.kind == "A" and isinstance(event, TokenPresented):
            self._number = card.number()
        self._emit(event)

    def _tell_removed(self) -> None:
        if self._lying is not None:
            self._lying, self._number = None, b""
            self._emit(TokenRemoved(self.name))

    def _confirm(self, card: Card) -> bool | None:
        """Return whether the chip of a card that came is its maker's; None: it is not to be asked.

        Raises:
            Refused: Its number is made up anew each time.
            _Gone: It went while it was asked.
        """
        port = self._now_open()
        if card.kind == "B":
            self._find_again(card)
        if not self._options.check_original:
            return None
        number = card.number()
        if not card.plain or len(number) != originality.UID_SIZE:
            return False
        signature = port.exchange(originality.READ_SIG, SIGNATURE_S)
        if signature is None:
            self._find_again(card)  # so it is there, and knows no such command
            return False
        return originality.verify(number, signature)

    def _find_again(self, card: Card) -> None:
        number = card.number()
        again = self._now_open().sense(card.kind, number if card.kind == "A" else b"")
        if again is None:
            raise _Gone
        if again.number() != number:  # as passports do, and nothing in the number says so
            raise Refused(CHANGES, "its number is another one each time")


class _Gone(Exception):  # noqa: N818 - what happened
    """The card was taken away while it was asked."""
