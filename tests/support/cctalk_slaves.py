"""A coin acceptor and a bill validator on a ccTalk wire: what they answer, remember and take."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, ClassVar

COINS = {1: ("EU010A", 10), 2: ("EU020A", 20), 3: ("EU050A", 50), 4: ("EU100A", 100), 5: ("EU200A", 200)}

BILLS = {1: ("EU0005A", 500), 2: ("EU0010A", 1000), 3: ("EU0020A", 2000)}

ESCROW_S = 20.0

PIN = bytes((0xAA, 0x55, 0, 0, 0x55, 0xAA))

ACK, NAK, BUSY = 0, 5, 6

Answer = tuple[int, bytes]


class Slave:
    """One device: what it remembers while it has power (``memory``), and what it is like (``settings``)."""

    kind = ""
    category = b""
    events = 0
    types: ClassVar[dict[int, tuple[str, int]]] = {}

    def __init__(self, address: int, record: Path, *, crc: bool = False, **more: Any) -> None:
        self.address = address
        self.crc = crc
        self.record = record
        self.powered = True
        self.settings: dict[str, Any] = {
            "serial": 4711 + address,
            "patience": 1.0,
            "master": True,
            "fault": 0,
            "fault_passes": False,
            "status": 0,
            "priority": [2, 5],
            "encrypted": False,
            "keeps_inhibits": False,
            "unknown": [],
            "tells_inhibited": True,
            **more,
        }
        self.memory: dict[str, Any] = {}
        self.polled_at = 0.0
        self.switch_on()

    def switch_on(self) -> None:
        """What power or a reset does."""
        if self.settings["fault_passes"]:
            self.settings["fault"] = 0
        old = self.memory
        self.memory = {
            "counter": 0,
            "pairs": [[0, 0]] * 5,
            "mask": 0,
            "open": 0,
            "paths": {},
            "mode": 0,
            "held": 0,
        }
        if self.settings["keeps_inhibits"] and old:
            self.memory |= {"mask": old["mask"], "open": old["open"]}
        self.polled_at = 0.0

    def event(self, first: int, second: int) -> None:
        """Count an event."""
        counter = self.memory["counter"]
        self.memory["counter"] = 1 if counter == 255 else counter + 1
        self.memory["pairs"] = [[first, second], *self.memory["pairs"][:4]]

    def takes(self, position: int) -> bool:
        """Whether it would take what has *position* now."""
        patience = self.settings["patience"]
        return bool(
            self.powered
            and not self.settings["fault"]
            and self.memory["mask"] >> (position - 1) & 1
            and (not self.settings["master"] or self.memory["open"])
            and (patience is None or time.monotonic() - self.polled_at < patience)
        )

    def physically(self, position: int) -> None:
        """Write down that something is in the machine."""
        cents = self.types.get(position, ("", 0))[1]
        line = {"what": self.kind, "address": self.address, "position": position, "cents": cents}
        with self.record.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def insert(self, position: int) -> dict[str, Any]:
        """Insert what has *position*."""
        raise NotImplementedError

    def text(self, header: int) -> bytes | None:
        """Return what it says of itself."""
        return {246: b"TST", 245: self.category, 244: b"PEER", 241: b"1.7", 192: b"B1"}.get(header)

    def answer(self, header: int, data: bytes) -> Answer | None:
        """Return the answer to a command; None: it stays silent."""
        if self.settings["encrypted"]:
            return (ACK, bytes(6)) if header == 111 and data == PIN else None
        if header in self.settings["unknown"]:
            return NAK, b""
        memory, settings = self.memory, self.settings
        text = self.text(header)
        if header == self.events and not data:
            self.polled_at = time.monotonic()
            return ACK, bytes((memory["counter"], *(byte for pair in memory["pairs"] for byte in pair)))
        if text is not None and not data:
            return ACK, text
        if header == 231 and len(data) == 2:
            memory["mask"] = int.from_bytes(data, "little")
            return ACK, b""
        if header == 228 and len(data) == 1 and settings["master"]:
            memory["open"] = data[0] & 1
            return ACK, b""
        asked = {
            254: b"",
            249: bytes(settings["priority"]),
            242: settings["serial"].to_bytes(3, "little"),
            232: bytes((settings["fault"],)),
            230: memory["mask"].to_bytes(2, "little"),
        }
        if settings["master"]:
            asked[227] = bytes((memory["open"],))
        if header == 1 and not data:
            self.switch_on()
            return ACK, b""
        return (ACK, asked[header]) if header in asked and not data else self.more(header, data)

    def more(self, header: int, data: bytes) -> Answer | None:
        """Return the answer to a command that is its kind's alone."""
        raise NotImplementedError


class Coin(Slave):
    """A coin acceptor with a sorter; by default coins go straight through in no time."""

    kind = "coin"
    category = b"Coin Acceptor"
    events = 229
    types = COINS

    def insert(self, position: int) -> dict[str, Any]:
        if not self.takes(position):
            if self.powered and self.settings["tells_inhibited"]:
                self.event(0, 2)
            return {"taken": False}
        self.physically(position)
        self.event(position, self.memory["paths"].get(str(position), 1))
        return {"taken": True}

    def more(self, header: int, data: bytes) -> Answer | None:
        if header == 248 and not data:
            return ACK, bytes((self.settings["status"],))
        if header == 184 and len(data) == 1 and 1 <= data[0] <= 16:
            ids = self.settings.get("ids") or {str(at): name for at, (name, _) in self.types.items()}
            return ACK, ids.get(str(data[0]), "......").encode()
        if header == 210 and len(data) == 2:
            self.memory["paths"][str(data[0])] = data[1]
            return ACK, b""
        if header == 209 and len(data) == 1:
            return ACK, bytes((self.memory["paths"].get(str(data[0]), 1),))
        return NAK, b""


class Bill(Slave):
    """A bill validator with stacker and escrow."""

    kind = "bill"
    category = b"Bill Validator"
    events = 159
    types = BILLS

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.held_at = 0.0
        self.outcome: bool | None = None

    def insert(self, position: int) -> dict[str, Any]:
        if self.memory["held"] or not self.takes(position):
            if self.powered:
                self.event(0, 4)
            return {"taken": False}
        self.outcome = None
        self.memory["held"] = position
        self.held_at = time.monotonic()
        if self.memory["mode"] & 2:
            self.event(position, 1)
        else:
            self.route(1)
        return {"taken": self.outcome}

    def route(self, where: int) -> bytes:
        """Move the bill that is held."""
        position, self.memory["held"] = self.memory["held"], 0
        if not position:
            return b"\xfe"
        self.outcome = where == 1
        if self.outcome:
            self.physically(position)
            self.event(position, 0)
        else:
            self.event(0, 1)
        return b""

    def tick(self) -> None:
        """Give back what nobody wanted."""
        if self.memory["held"] and time.monotonic() - self.held_at > ESCROW_S:
            self.route(0)

    def more(self, header: int, data: bytes) -> Answer | None:
        if header == 157 and len(data) == 1 and 1 <= data[0] <= 16:
            return ACK, self.types.get(data[0], (".......", 0))[0].encode()
        if header == 156 and len(data) == 2:
            return ACK, bytes((100, 0, 2)) if data == b"EU" else bytes(3)
        if header == 153 and len(data) == 1 and self.settings.get("escrow", True):
            self.memory["mode"] = data[0]
            return ACK, b""
        if header == 152 and not data:
            return ACK, bytes((self.memory["mode"],))
        if header == 154 and len(data) == 1 and data[0] in (0, 1):
            return ACK, self.route(data[0])
        return NAK, b""
