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
from typing import Any

from tests.support.cctalk_slaves import BUSY, Answer, Bill, Coin, Slave
from tests.support.remote import Orders

GAP_S = 0.05


def crc16(data: bytes) -> int:
    """Return the CRC of *data*: polynomial 1021, beginning with 0."""
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


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
