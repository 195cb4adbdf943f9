"""The firmware of a PN532, as far as readers of cards use it: frames in, frames out, cards in its field.

Facts: NXP UM0701-02 (PN532 User Manual, V1.6): 6.2.1 frames, 6.2.2 dialogue, 7.2 and 7.3 commands, 7.1 errors.
Written apart from the driver, so that the two do not share their mistakes. It is as strict as the chip:

* a frame with a wrong checksum is not acknowledged; bytes that begin a frame are waited for, however many;
* an unknown command, or one with parameters that cannot be, is acknowledged and answered by the error frame;
* a new command or an ACK ends the one under way; a NACK has the last answer sent again;
* InListPassiveTarget tries MxRtyPassiveActivation + 1 times; FF, as after power-on, is until a card comes;
* a card that was activated must be asked again before it answers a REQA, and a halted one after the field went.

``output`` holds the frames it wants to send. ``heard`` holds the command frames that it took, for tests.
"""

import threading
from collections import deque
from collections.abc import Callable

from tests.support.pn532_cards import ACTIVE, HALT, IDLE, NAK, Card, FeliCa, TypeA, TypeB

ACK = bytes.fromhex("0000FF00FF00")
NACK = bytes.fromhex("0000FFFF0000")
ERROR = bytes.fromhex("0000FF01FF7F8100")
FIRMWARE = bytes.fromhex("32010607")
RATES = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)

_FOREVER = 0xFF
_LOST_AT_WAKING = 10
_TX_MODE, _RX_MODE, _FIFO_DATA, _TX_CONTROL = 0x6302, 0x6303, 0x6339, 0x6304
_MODES = {"A": 0x80, "B": 0x83, "F": 0x92}

TIMEOUT, CRC_ERROR, BAD_CONTEXT = 0x01, 0x02, 0x27


class SyntaxFault(Exception):  # noqa: N818
    """The command cannot be: answered by the error frame."""


class Pending(Exception):  # noqa: N818
    """The command has not come to its end: a card is waited for."""


def frame(body: bytes) -> bytes:
    """Return *body* (D5 ...) as the chip sends it."""
    if len(body) < 256:
        head = bytes([len(body), -len(body) & 0xFF])
    else:
        high, low = divmod(len(body), 256)
        head = bytes([0xFF, 0xFF, high, low, -(high + low) & 0xFF])
    return b"\0\0\xff" + head + body + bytes([-sum(body) & 0xFF, 0])


def crc_a(data: bytes) -> bytes:
    """ISO/IEC 13239, start 6363, low byte first (ISO/IEC 14443-3 annex B)."""
    crc = 0x6363
    for byte in data:
        bits = (byte ^ crc) & 0xFF
        bits = (bits ^ bits << 4) & 0xFF
        crc = crc >> 8 ^ bits << 8 ^ bits << 3 ^ bits >> 4
    return crc.to_bytes(2, "little")


class Chip:
    """One chip. put() and take() are for any thread; *wake_output* is called when something may be to send."""

    def __init__(self, wake_output: Callable[[], None] = lambda: None) -> None:
        self.lock = threading.RLock()
        self.cards: list[Card] = []
        self.output: deque[bytes] = deque()
        self.heard: list[bytes] = []
        self.repeated = 0  # answers that were asked for again
        self.hangs = False
        self._wake_output = wake_output
        self.power_on()

    def power_on(self) -> None:
        """Begin anew, as after a power cut; the cards stay where they are."""
        with self.lock:
            self._buffer = bytearray()
            self._asleep = _LOST_AT_WAKING
            self._pending: bytes | None = None
            self._last = b""
            self._retries = _FOREVER
            self._targets: list[Card] = []
            self._automatic_rats = True
            self._registers = {_RX_MODE: 0x00, _TX_MODE: 0x00}
            self._field = False
            self.announced: int | None = None  # the speed that the host's ACK makes its own
            self.rate = 115200
            self.output.clear()
            self._drop_field()

    # -- the hand of the test --------------------------------------------------------------------------

    def put(self, card: Card) -> None:
        """Put *card* into the field."""
        with self.lock:
            card.reset()
            self.cards.append(card)
            if self._pending is not None and not self.hangs:
                self._go_on(self._pending)
        self._wake_output()

    def take(self, card: Card | None = None) -> None:
        """Take *card*, or all cards, away."""
        with self.lock:
            for gone in [card] if card is not None else list(self.cards):
                self.cards.remove(gone)
                gone.reset()

    # -- the line --------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take bytes from the host."""
        with self.lock:
            lost = min(self._asleep, len(data))
            self._asleep -= lost
            if self.hangs:
                return
            self._buffer += data[lost:]
            while self._take_frame():
                pass
        self._wake_output()

    def _take_frame(self) -> bool:
        buffer = self._buffer
        start = buffer.find(b"\x00\xff")
        if start < 0:
            del buffer[: max(0, len(buffer) - 1)]
            return False
        if len(buffer) < start + 4:
            return False
        length, check = buffer[start + 2], buffer[start + 3]
        if (length, check) in ((0x00, 0xFF), (0xFF, 0x00)):
            del buffer[: start + 4]
            self._signal(ack=check == 0xFF)
            return True
        head = 4
        if (length, check) == (0xFF, 0xFF):
            if len(buffer) < start + 7:
                return False
            length, check, head = (
                buffer[start + 4] * 256 + buffer[start + 5],
                sum(buffer[start + 4 : start + 7]),
                7,
            )
        else:
            check += length
        if check & 0xFF or not 1 <= length <= 265:
            del buffer[: start + 2]
            return True
        if len(buffer) < start + head + length + 1:
            return False
        body = bytes(buffer[start + head : start + head + length])
        check = buffer[start + head + length]
        del buffer[: start + head + length + 1]
        if (sum(body) + check) & 0xFF == 0 and body[0] == 0xD4 and len(body) > 1:
            self._command(body[1:])
        return True

    def _signal(self, *, ack: bool) -> None:
        if ack:
            self._pending = None
            if self.announced is not None:
                self.rate, self.announced = self.announced, None
            else:
                self.output.clear()
        elif self._last:
            self.repeated += 1
            self.output.append(self._last)

    def _command(self, body: bytes) -> None:
        self.heard.append(body)
        self.announced = None
        self.output.clear()
        self.output.append(ACK)
        self._go_on(body)

    def _go_on(self, body: bytes) -> None:
        self._pending = None
        try:
            self._last = frame(bytes([0xD5, body[0] + 1]) + self._do(body[0], body[1:]))
        except SyntaxFault:
            self._last = ERROR
        except Pending:
            self._pending = body
            return
        self.output.append(self._last)

    # -- commands --------------------------------------------------------------------------------------

    def _do(self, code: int, data: bytes) -> bytes:
        command = _COMMANDS.get(code)
        if command is None:
            raise SyntaxFault
        return command(self, data)

    def _diagnose(self, data: bytes) -> bytes:
        _need(data[:1] and len(data) <= 263)
        match data[0]:
            case 0x00:
                return data
            case 0x01 | 0x02:
                _need(len(data) == 1)
                return b"\x00"
            case 0x06:
                _need(len(data) == 1)
                if not self._targets:
                    return bytes([BAD_CONTEXT])
                present = self._targets[0] in self.cards and self._targets[0].state == ACTIVE
                return b"\x00" if present else bytes([TIMEOUT])
        raise SyntaxFault

    def _firmware(self, data: bytes) -> bytes:
        _need(not data)
        return FIRMWARE

    def _status(self, data: bytes) -> bytes:
        _need(not data)
        return bytes([0, int(self._field), len(self._targets), 0x80])

    def _read_registers(self, data: bytes) -> bytes:
        _need(data and len(data) % 2 == 0)
        return bytes(self._registers.get(data[i] << 8 | data[i + 1], 0) for i in range(0, len(data), 2))

    def _write_registers(self, data: bytes) -> bytes:
        _need(data and len(data) % 3 == 0)
        for i in range(0, len(data), 3):
            self._registers[data[i] << 8 | data[i + 1]] = data[i + 2]
        return b""

    def _set_rate(self, data: bytes) -> bytes:
        _need(len(data) == 1 and data[0] < len(RATES))
        self.announced = RATES[data[0]]
        return b""

    def _set_parameters(self, data: bytes) -> bytes:
        _need(len(data) == 1)
        self._automatic_rats = bool(data[0] & 0x10)
        return b""

    def _sam(self, data: bytes) -> bytes:
        _need(1 <= len(data) <= 3 and 1 <= data[0] <= 4)
        return b""

    def _power_down(self, data: bytes) -> bytes:
        _need(1 <= len(data) <= 2)
        self._asleep = _LOST_AT_WAKING
        self._drop_field()
        return b"\x00"

    def _rf_configuration(self, data: bytes) -> bytes:
        _need(data[:1])
        _need({1: 1, 2: 3, 4: 1, 5: 3, 0x0A: 11, 0x0B: 8, 0x0C: 3, 0x0D: 9}.get(data[0]) == len(data) - 1)
        if data[0] == 0x01:
            if data[1] & 1:
                self._raise_field()
            else:
                self._drop_field()
        elif data[0] == 0x05:
            self._retries = data[3]
        return b""

    def _raise_field(self) -> None:
        self._field = True
        self._registers[_TX_CONTROL] = 0x83

    def _drop_field(self) -> None:
        self._field = False
        self._registers[_TX_CONTROL] = 0x80
        self._targets = []
        for card in self.cards:
            card.reset()

    def _list(self, data: bytes) -> bytes:
        _need(len(data) >= 2 and data[0] in (1, 2))
        count, kind, more = data[0], data[1], data[2:]
        self._raise_field()
        self._targets = []
        match kind:
            case 0:
                _need(len(more) in (0, 4, 8, 12))
                found = self._tries(lambda: self._list_a(count, more))
            case 1 | 2:
                _need(len(more) == 5)
                found = self._tries(lambda: self._list_f(count, more))
            case 3:
                _need(len(more) in (1, 2) and (more[1:] in (b"", b"\0", b"\1")))
                found = self._tries(lambda: self._list_b(count))
            case 4:
                _need(count == 1 and not more)
                found = self._tries(list)  # no Jewel is ever put here
            case _:
                raise SyntaxFault
        self._registers[_RX_MODE] = self._registers[_TX_MODE] = _MODES["AFFB"[kind] if kind < 4 else "A"]
        self._registers[_FIFO_DATA] = 0x26 if kind == 0 and not found else 0x00
        return bytes([len(found)]) + b"".join(bytes([n]) + target for n, target in enumerate(found, 1))

    def _tries(self, once: Callable[[], list[bytes]]) -> list[bytes]:
        tries = self._retries + 1 if self._retries != _FOREVER else 3
        for _ in range(tries):
            if found := once():
                return found
        if self._retries == _FOREVER:
            raise Pending
        return []

    def _list_a(self, count: int, wanted: bytes) -> list[bytes]:
        found = []
        cards = [card for card in self.cards if isinstance(card, TypeA)]
        answering = [card for card in cards if card.state == IDLE]
        for card in cards:
            if card.state == ACTIVE:
                card.state = IDLE  # a REQA in the wrong state
        for card in answering[:] if not wanted else [card for card in answering if card.cascaded() == wanted]:
            if len(found) == count:
                break
            card.state = ACTIVE
            ats = card.ats if self._automatic_rats else b""
            found.append(card.atqa + bytes([card.sak, len(card.uid)]) + card.uid + ats)
            self._targets.append(card)
        return found

    def _list_b(self, count: int) -> list[bytes]:
        found = []
        for card in self.cards:
            if isinstance(card, TypeB) and card.state == IDLE and len(found) < count:
                card.state = ACTIVE
                self._targets.append(card)
                found.append(card.atqb + b"\x01\x00")
        return found

    def _list_f(self, count: int, request: bytes) -> list[bytes]:
        found = []
        for card in self.cards:
            if isinstance(card, FeliCa) and len(found) < count and (said := card.polled(request)):
                card.state = ACTIVE
                self._targets.append(card)
                found.append(bytes([len(said) + 1]) + said)
        return found

    def _exchange(self, data: bytes) -> bytes:
        _need(len(data) >= 1)
        target = (data[0] & 0x3F) - 1
        if not 0 <= target < len(self._targets):
            return bytes([BAD_CONTEXT])
        return self._air(self._targets[target], data[1:])

    def _thru(self, data: bytes) -> bytes:
        _need(data)
        if self._field and data[0] == 0x05 and len(data) == 3:  # REQB, WUPB
            for card in self.cards:
                if isinstance(card, TypeB) and (card.state == IDLE or (card.state == HALT and data[2] & 0x08)):
                    return b"\x00" + card.atqb
        active = [card for card in self.cards if card.state == ACTIVE]
        return self._air(active[0] if active else None, data)

    def _air(self, card: Card | None, data: bytes) -> bytes:
        if card is None or card not in self.cards or card.state != ACTIVE:
            return bytes([TIMEOUT])
        said = card.answer(data)
        if said is None:
            return bytes([TIMEOUT])
        checked = bool(self._registers[_RX_MODE] & 0x80)
        if said == NAK:
            return bytes([CRC_ERROR]) if checked else b"\x00" + NAK
        return b"\x00" + said + (b"" if checked else crc_a(said))

    def _release(self, data: bytes) -> bytes:
        _need(len(data) == 1 and data[0] <= 2)
        chosen = self._targets[:] if data[0] == 0 else self._targets[data[0] - 1 : data[0]]
        if data[0] and not chosen:
            return bytes([BAD_CONTEXT])
        for card in chosen:
            if card in self.cards and card.state == ACTIVE and not isinstance(card, FeliCa):
                card.state = HALT
        return b"\x00"

    def _release_all(self, data: bytes) -> bytes:
        said = self._release(data)
        if said == b"\x00":
            self._targets = [] if data[0] == 0 else self._targets[: data[0] - 1] + self._targets[data[0] :]
        return said


def _need(what: object) -> None:
    if not what:
        raise SyntaxFault


_COMMANDS: dict[int, Callable[[Chip, bytes], bytes]] = {
    0x00: Chip._diagnose,
    0x02: Chip._firmware,
    0x04: Chip._status,
    0x06: Chip._read_registers,
    0x08: Chip._write_registers,
    0x10: Chip._set_rate,
    0x12: Chip._set_parameters,
    0x14: Chip._sam,
    0x16: Chip._power_down,
    0x32: Chip._rf_configuration,
    0x40: Chip._exchange,
    0x42: Chip._thru,
    0x44: Chip._release,
    0x4A: Chip._list,
    0x52: Chip._release_all,
}
