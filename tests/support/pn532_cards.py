"""Cards in the field of an emulated PN532: what they answer to a reader, and what they do not.

Facts: ISO/IEC 14443-3 (states idle, active, halt; REQA, WUPA, REQB, WUPB), NXP's data sheets NTAG213/215/216
(READ, FAST_READ, GET_VERSION, READ_SIG, NAK), JIS X 6319-4 (polling of FeliCa). Frames are without CRC.
"""

import random
from typing import ClassVar

IDLE, ACTIVE, HALT = "idle", "active", "halt"
NAK = b"\x00"
"""Four bits on the air: no frame with a CRC."""
PAGE = 4
VERSION_213 = bytes.fromhex("0004040201000F03")

_chance = random.Random(532)


class Card:
    """A card. *state* is what ISO/IEC 14443-3 calls it; a field that goes makes it idle again."""

    kind: ClassVar[str]

    def __init__(self) -> None:
        self.state = IDLE
        self.heard: list[bytes] = []

    def reset(self) -> None:
        """The field has gone."""
        self.state = IDLE

    def answer(self, frame: bytes) -> bytes | None:
        """Return what it says to *frame* while it is active; None: nothing."""
        self.heard.append(frame)
        return None


class TypeA(Card):
    """ISO/IEC 14443 A, 4, 7 or 10 bytes of UID; knows no command.

    Args:
        uid: Hex or bytes.
        sak, atqa: Its SEL_RES, and its SENS_RES in the order of a PN532 (high byte first).
        ats: The answer to RATS, its length byte included; empty: no ISO/IEC 14443-4.
        random: It makes up a UID 08 xx xx xx whenever the field comes.
    """

    kind = "A"

    def __init__(
        self,
        uid: str | bytes = "A1B2C3D4",
        *,
        sak: int = 0x08,
        atqa: bytes = b"",
        ats: bytes = b"",
        random: bool = False,
    ) -> None:
        super().__init__()
        self.uid = bytes.fromhex(uid) if isinstance(uid, str) else uid
        assert len(self.uid) in (4, 7, 10)
        self.sak = sak
        self.atqa = atqa or {4: b"\x00\x04", 7: b"\x00\x44", 10: b"\x00\x84"}[len(self.uid)]
        self.ats = ats
        self._random = random
        self.reset()

    def reset(self) -> None:
        super().reset()
        if self._random:
            self.uid = b"\x08" + _chance.randbytes(3)

    def cascaded(self) -> bytes:
        """The UID as it is selected: with the cascade tags 88."""
        uid = self.uid
        parts = [b"\x88" + uid[:3], uid[3:]] if len(uid) > 4 else [uid]
        return parts[0] + (b"\x88" + uid[3:6] + uid[6:] if len(uid) == 10 else b"".join(parts[1:]))

    def answer(self, frame: bytes) -> bytes | None:
        super().answer(frame)
        if self.ats and frame[:1] == b"\xe0":
            return self.ats
        if self.ats and frame[:1] in (b"\xb2", b"\xb3"):
            return bytes([frame[0] & 0x01 | 0xA2])
        return None


class Ntag(TypeA):
    """NTAG213, unless *version* says otherwise. *signature*: 32 bytes; empty: it knows no READ_SIG."""

    def __init__(
        self,
        uid: str | bytes = "04A1B2C3D4E5F6",
        *,
        signature: str | bytes = b"",
        version: bytes = VERSION_213,
        pages: int = 45,
    ) -> None:
        super().__init__(uid, sak=0x00)
        assert len(self.uid) == 7
        self.signature = bytes.fromhex(signature) if isinstance(signature, str) else signature
        self.version = version
        uid = self.uid
        head = uid[:3] + bytes([0x88 ^ uid[0] ^ uid[1] ^ uid[2]]) + uid[3:]
        head += bytes([uid[3] ^ uid[4] ^ uid[5] ^ uid[6], 0x48, 0, 0]) + bytes.fromhex("E1101200")
        self.memory = head + bytes.fromhex("0300FE00") + bytes(PAGE * (pages - 5))

    def answer(self, frame: bytes) -> bytes | None:
        super().answer(frame)
        said = self._known(frame)
        if said is None:
            self.state = IDLE  # a chip that refuses leaves the active state
            return NAK
        return said

    def _known(self, frame: bytes) -> bytes | None:
        pages = len(self.memory) // PAGE
        match frame[:1], len(frame):
            case b"\x30", 2 if frame[1] < pages:
                return (self.memory * 2)[frame[1] * PAGE :][:16]
            case b"\x3a", 3 if frame[1] <= frame[2] < pages:
                return self.memory[frame[1] * PAGE : (frame[2] + 1) * PAGE]
            case b"\x60", 1 if self.version:
                return self.version
            case b"\x3c", 2 if self.signature and frame[1] == 0:
                return self.signature
        return None


class TypeB(Card):
    """ISO/IEC 14443 B, an ISO/IEC 14443-4 card. *random*: another PUPI whenever the field comes."""

    kind = "B"

    def __init__(
        self,
        pupi: str | bytes = "B1B2B3B4",
        *,
        application: bytes = bytes.fromhex("00000000"),
        protocol: bytes = bytes.fromhex("0081C1"),
        random: bool = False,
    ) -> None:
        super().__init__()
        self.pupi = bytes.fromhex(pupi) if isinstance(pupi, str) else pupi
        assert len(self.pupi) == 4
        self.application = application
        self.protocol = protocol
        self._random = random
        self.reset()

    def reset(self) -> None:
        super().reset()
        if self._random:
            self.pupi = _chance.randbytes(4)

    @property
    def atqb(self) -> bytes:
        """SENSB_RES: 12 bytes."""
        return b"\x50" + self.pupi + self.application + self.protocol

    def answer(self, frame: bytes) -> bytes | None:
        super().answer(frame)
        if frame[:1] in (b"\xca", b"\xc2"):
            self.state = HALT
            return frame
        if frame[:1] in (b"\xb2", b"\xb3", b"\xba", b"\xbb"):
            return bytes([frame[0] & 0x09 | 0xA2]) + frame[1:]
        return None


class FeliCa(Card):
    """FeliCa at 212 and 424 kbit/s; answers to polling with its system code or FFFF."""

    kind = "F"

    def __init__(
        self,
        idm: str | bytes = "0114B34D5E6F7081",
        *,
        pmm: str | bytes = "100B4B428485D0FF",
        system_code: bytes = b"\x12\xfc",
    ) -> None:
        super().__init__()
        self.idm = bytes.fromhex(idm) if isinstance(idm, str) else idm
        self.pmm = bytes.fromhex(pmm) if isinstance(pmm, str) else pmm
        assert (len(self.idm), len(self.pmm)) == (8, 8)
        self.system_code = system_code

    def polled(self, request: bytes) -> bytes | None:
        """Return the answer (01, IDm, PMm, system code if asked for) to the 5 bytes of a polling."""
        wanted = request[1:3]
        if request[0] != 0 or any(
            want not in (0xFF, have) for want, have in zip(wanted, self.system_code, strict=True)
        ):
            return None
        return b"\x01" + self.idm + self.pmm + (self.system_code if request[3] == 1 else b"")

    def answer(self, frame: bytes) -> bytes | None:
        super().answer(frame)
        if len(frame) == 6 and frame[0] == 6:
            said = self.polled(frame[1:])
            return None if said is None else bytes([len(said) + 1]) + said
        return None
