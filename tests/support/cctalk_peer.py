"""The other end of a ccTalk wire: a coin acceptor and a bill validator, as strict as their specification.

A program of its own, on a pseudo-terminal, that outlives the terminal's daemon::

    python -m tests.support.cctalk_peer --link /tmp/wire --state /tmp/state --record /tmp/record \
        --device coin:2 --device bill:40:crc

``--link`` is made a link to the terminal's end of the wire. ``--state`` keeps what the devices remember;
``--record`` gets one line of JSON for each coin and bill at the moment when it physically is in the machine. It
takes orders, ``{"do": "insert", "at": 2, "position": 3}``; see tests.support.remote and Peer.do.

Facts: ccTalk Generic Specification; manuals of SR5, Azkoyen X6, Alberici AL66. No code is shared with drivers.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import select
import time
import tty
from pathlib import Path
from typing import Any, ClassVar

from tests.support.remote import Orders

COINS = {1: ("EU010A", 10), 2: ("EU020A", 20), 3: ("EU050A", 50), 4: ("EU100A", 100), 5: ("EU200A", 200)}
BILLS = {1: ("EU0005A", 500), 2: ("EU0010A", 1000), 3: ("EU0020A", 2000)}
ESCROW_S = 20.0
GAP_S = 0.05
PIN = bytes((0xAA, 0x55, 0, 0, 0x55, 0xAA))
ACK, NAK, BUSY = 0, 5, 6

Answer = tuple[int, bytes]


def crc16(data: bytes) -> int:
    """Return the CRC of *data*: polynomial 1021, beginning with 0."""
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


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


class Peer:
    """The wire, with its faults, and the devices on it."""

    def __init__(self, link: Path, state: Path, slaves: list[Slave], seed: int) -> None:
        self.link = link
        self.state = state
        self.slaves = {slave.address: slave for slave in slaves}
        self.faults: dict[str, Any] = {
            "echo": True, "drop": 0, "garble": 0, "half": 0, "wrong": 0, "noise": 0, "busy": 0,
            "delay": 0.0, "rate": 0.0,
        }  # fmt: skip
        self.asked: dict[str, int] = {}
        self.chance = random.Random(seed)
        self.ends: tuple[int, int] | None = None
        self.got = b""
        self.got_at = 0.0
        if state.exists():
            for address, memory in json.loads(state.read_text()).items():
                self.slaves[int(address)].memory |= memory
        self.plug()

    # -- the wire ----------------------------------------------------------------------------------------------

    def plug(self) -> None:
        """Plug the terminal's adapter in."""
        near, far = os.openpty()
        tty.setraw(near)
        tty.setraw(far)
        new = self.link.with_name(self.link.name + ".new")
        new.symlink_to(os.ttyname(far))
        new.replace(self.link)
        self.ends = near, far
        self.got = b""

    def unplug(self) -> None:
        """Pull it."""
        self.link.unlink(missing_ok=True)
        for end in self.ends or ():
            os.close(end)
        self.ends = None

    def read(self) -> None:
        """Take what came over the wire."""
        assert self.ends is not None
        self.receive(os.read(self.ends[0], 4096))

    def receive(self, raw: bytes) -> None:
        """Answer what is a whole command with *raw*."""
        if self.faults["echo"]:
            self.write(raw)
        now = time.monotonic()
        if now - self.got_at > GAP_S:
            self.got = b""
        self.got_at = now
        self.got += raw
        while len(self.got) >= 5 and len(self.got) >= 5 + self.got[1]:
            frame, self.got = self.got[: 5 + self.got[1]], self.got[5 + self.got[1] :]
            self.take(frame)

    def take(self, frame: bytes) -> None:
        """Answer a command, if it is one and somebody is there for it."""
        slave = self.slaves.get(frame[0])
        if slave is None or not slave.powered:
            return
        if slave.crc:
            check = crc16(frame[:2] + frame[3:-1])
            if (frame[2], frame[-1]) != (check & 0xFF, check >> 8):
                return
        elif sum(frame) & 0xFF or frame[2] != 1:
            return
        self.asked[str(frame[3])] = self.asked.get(str(frame[3]), 0) + 1
        if self.fault("busy"):
            answer: Answer | None = BUSY, b""
        else:
            answer = slave.answer(frame[3], frame[4:-1])
            self.save()
        if answer is not None:
            self.say(slave, *answer)

    def say(self, slave: Slave, header: int, data: bytes) -> None:
        """Answer, as well as the wire lets it."""
        sender = 99 if self.fault("wrong") else slave.address
        if slave.crc:
            check = crc16(bytes((1, len(data), header)) + data)
            raw = bytes((1, len(data), check & 0xFF, header)) + data + bytes((check >> 8,))
        else:
            raw = bytes((1, len(data), sender, header)) + data
            raw += bytes((-sum(raw) & 0xFF,))
        if self.faults["delay"]:
            time.sleep(self.faults["delay"])
        if self.fault("drop"):
            return
        if self.fault("garble"):
            at = self.chance.randrange(len(raw))
            raw = raw[:at] + bytes((raw[at] ^ self.chance.randrange(1, 256),)) + raw[at + 1 :]
        if self.fault("half"):
            raw = raw[: self.chance.randrange(1, len(raw))]
        if self.fault("noise"):
            raw = self.chance.randbytes(3) + raw
        self.write(raw)

    def write(self, raw: bytes) -> None:
        """Put bytes on the wire; nobody need listen."""
        if self.ends is not None:
            with contextlib.suppress(OSError):
                os.write(self.ends[0], raw)

    def fault(self, name: str) -> bool:
        """Whether this fault happens now; ``rate`` lets any of them happen at random."""
        if self.faults[name]:
            self.faults[name] -= 1
            return True
        return name != "busy" and self.chance.random() < self.faults["rate"] / 5

    def save(self) -> None:
        """Write down what the devices remember, in one step."""
        new = self.state.with_name(self.state.name + ".new")
        new.write_text(json.dumps({address: slave.memory for address, slave in self.slaves.items()}))
        new.replace(self.state)

    # -- the hands ---------------------------------------------------------------------------------------------

    def do(self, do: str, at: int = 0, **more: Any) -> dict[str, Any]:
        """Do what a person or the world does: see each case."""
        slave = self.slaves[at or min(self.slaves)]
        answer: dict[str, Any] = {}
        match do:
            case "insert":
                answer = slave.insert(more["position"])
            case "event":
                slave.event(*more["pair"])
            case "power":
                slave.powered = more["on"]
                slave.switch_on()
            case "remember":
                slave.memory |= more
            case "set":
                slave.settings |= more
            case "wire":
                self.faults |= more
            case "unplug":
                self.unplug()
            case "plug":
                self.plug()
            case "look":
                takes = [position for position in slave.types if slave.takes(position)]
                outcome = getattr(slave, "outcome", None)
                answer = {**slave.memory, "takes": takes, "outcome": outcome, "asked": self.asked}
            case _:
                raise ValueError(f"nobody can {do!r}")
        self.save()
        return answer

    def serve(self, orders: Orders) -> None:
        """Live until there are no more orders."""
        orders.here()
        while True:
            watched: list[Any] = [orders, self.ends[0]] if self.ends else [orders]
            ready = select.select(watched, [], [], 1.0)[0]
            if self.ends is not None and self.ends[0] in ready:
                self.read()
            if orders in ready and not orders.obey(lambda order: self.do(**order)):
                return
            for slave in self.slaves.values():
                if isinstance(slave, Bill):
                    slave.tick()


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser()
    for name in ("link", "state", "record"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--device", action="append", required=True, help="coin:2, bill:40:crc")
    parser.add_argument("--set", default="{}", help="settings of all devices, as JSON")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    slaves: list[Slave] = []
    for each in given.device:
        kind, address, *form = each.split(":")
        made = {"coin": Coin, "bill": Bill}[kind]
        slaves.append(made(int(address), given.record, crc=form == ["crc"], **json.loads(given.set)))
    Peer(given.link, given.state, slaves, given.seed).serve(Orders())


if __name__ == "__main__":
    main()
