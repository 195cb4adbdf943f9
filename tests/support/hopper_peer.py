"""A ccTalk hopper on a pseudo-terminal: a program of its own, written from what manuals say and nothing else.

    python -m tests.support.hopper_peer LINK LOG ADDRESS SERIAL

LINK becomes a symbolic link to its serial line. LOG is its memory and the world's: one line of JSON for each
order that it takes and each coin that physically falls, with its counters, written in one go. What stands there
outlives the program; when it is started again, it has just been switched on.

It takes orders (see tests.support.remote), and answers each by how it is then:

    {"set": {"stock": 3, "echo": false}}      any attribute of Hopper.SETTINGS
    {"arm": {"cut": 2}}         after so many coins of a payout: "cut" its power, "unplug" its cable, "hold"
    {"fault": "drop", "header": 166, "times": 2}     what it does wrong next; see Hopper.FAULTS
    {"hold": "before", "frames": 3}           stop at the third frame from now, and say its header
    {"do": "cut" | "power" | "unplug" | "plug" | "go" | "state"}
"""

from __future__ import annotations

import json
import os
import secrets
import select
import sys
import time
import tty
from collections import deque
from pathlib import Path
from typing import Any

from tests.support.remote import Orders

ENABLED = 0xA5
DISABLED_FLAG, TIMEOUT_FLAG, POWER_FLAG = 0x80, 0x02, 0x40
BLOCKING = 0x01 | 0x08 | 0x10 | 0x20


class Hopper:
    """Counters, coins and motor."""

    SETTINGS = frozenset(
        (
            *("stock", "coin_ms", "jammed", "counts_all", "counts_refused", "clears_unpaid", "stop_resets"),
            *("dispenses", "answers_unknown", "flags", "flags_bytes", "second_flags", "level", "category"),
            *("event_in_answer", "echo", "noise", "late_counters"),
        )
    )
    FAULTS = frozenset(["drop", "ignore", "garble", "delay", "refuse", "busy", "spoil", "stale"])

    def __init__(self, log: Path, serial: int) -> None:
        self.log = log
        self.serial = serial.to_bytes(3, "little")
        self.stock, self.coin_ms, self.jammed = 1000, 2, False
        self.counts_all, self.counts_refused, self.clears_unpaid, self.stop_resets = True, False, True, False
        self.dispenses = "serial"  # or "any key", "the key"
        self.answers_unknown = False  # with NAK, instead of silence
        self.flags, self.flags_bytes, self.second_flags = 0, 2, 0
        self.level: int | None = 0x10
        self.category, self.event_in_answer, self.echo, self.noise = "Payout", True, True, ""
        self.late_counters = 0  # so many answers after an order still say what was before it
        self.late: list[bytes] = []
        self.arm: dict[str, int] = {}
        self.key = b""
        self.paid = self.unpaid = self.remaining = self.dispensed = 0
        if log.exists() and (lines := log.read_text().splitlines()):
            last = json.loads(lines[-1])
            self.paid, self.unpaid, self.remaining, self.dispensed = last["counters"]
        self.powered = False
        self.power_up()

    def write(self, what: str, **more: Any) -> None:
        counters = [self.paid, self.unpaid, self.remaining, self.dispensed]
        line = json.dumps({"what": what, "counters": counters, **more}).encode() + b"\n"
        fd = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(fd, line)
        os.close(fd)

    # -- power ---------------------------------------------------------------------------------------------

    def power_up(self) -> None:
        """Begin anew with what the memory has; an order that the cut interrupted leaves coins unpaid."""
        if self.remaining or self.clears_unpaid:
            self.unpaid = self.remaining
        self.reset()
        self.flags |= POWER_FLAG
        self.powered = True
        self.write("power")

    def reset(self) -> None:
        if self.remaining:
            self.unpaid = self.remaining
        self.event = self.remaining = 0
        self.enabled = False
        self.key = b""
        self.flags &= ~(POWER_FLAG | TIMEOUT_FLAG | BLOCKING)
        self.next_coin = 0.0

    # -- coins ---------------------------------------------------------------------------------------------

    def turn(self) -> str:
        """Let a coin fall if its time has come; return what happens then by what was armed."""
        if not self.powered or not self.remaining or time.monotonic() < self.next_coin:
            return ""
        if self.jammed or not self.stock:
            self.unpaid, self.remaining = self.remaining, 0
            self.flags |= TIMEOUT_FLAG
            self.write("timeout")
            return ""
        self.stock -= 1
        self.paid += 1
        self.remaining -= 1
        self.dispensed = (self.dispensed + 1) & 0xFFFFFF
        self.next_coin = time.monotonic() + self.coin_ms / 1000
        if not self.remaining:
            self.unpaid = 0
        self.write("coin")
        return self.strike()

    def strike(self) -> str:
        """Return what is armed for so many coins, if this is the moment."""
        for what, coins in self.arm.items():
            if coins == self.paid:
                del self.arm[what]
                return what
        return ""

    def dispense(self, data: bytes) -> bytes | None:
        right = {"serial": self.serial, "the key": self.key or None, "any key": data[:8]}[self.dispenses]
        length = 3 if self.dispenses == "serial" else 8
        good = len(data) == length + 1 and data[:-1] == right and data[-1] > 0 and not self.remaining
        self.key = b""
        self.late = [self.status()] * self.late_counters
        good = good and self.enabled and not (self.flags & BLOCKING or self.second_flags & 1)
        if self.second_flags & 2 and data[-1] != 1:
            good = False
        if good or self.counts_refused:
            self.event = self.event % 255 + 1
        if not good:
            self.write("refused")
            return None
        self.paid, self.unpaid, self.remaining = 0, 0, data[-1]
        self.flags &= ~TIMEOUT_FLAG
        self.next_coin = time.monotonic() + self.coin_ms / 1000
        self.write("dispense", coins=data[-1])
        return bytes([self.event]) if self.event_in_answer else b""

    def status(self) -> bytes:
        return bytes([self.event, self.remaining, self.paid, self.unpaid])

    def stop(self) -> bytes:
        left = self.remaining
        if left:
            self.unpaid, self.remaining = left, 0
            self.write("stopped")
            if self.stop_resets:
                self.reset()
        return bytes([left])

    # -- what it answers -----------------------------------------------------------------------------------

    def answer(self, header: int, data: bytes) -> bytes | None:
        """Return the data of an answer; None: it refuses.

        Raises:
            KeyError: It does not know this header.
        """
        simple = {
            254: b"",
            246: b"Peer",
            245: self.category.encode(),
            244: b"HOP-1",
            242: self.serial,
            241: b"1.0",
            4: bytes([1, 4, 2]),
        }
        if header in simple:
            return simple[header] if not data else None
        match header:
            case 166:
                return self.late.pop() if self.late else self.status()
            case 163:
                first = self.flags | (0 if self.enabled else DISABLED_FLAG)
                return bytes([first, self.second_flags, 0])[: self.flags_bytes]
            case 164:
                self.enabled = data == bytes([ENABLED])
                return b"" if len(data) == 1 else None
            case 168 if self.counts_all:
                return self.dispensed.to_bytes(3, "little")
            case 217 if self.level is not None:
                return bytes([self.level])
            case 161 if self.dispenses != "serial":
                return b"" if len(data) == 8 else None
            case 160 if self.dispenses != "serial":
                self.key = secrets.token_bytes(8)
                return self.key
            case 167:
                return self.dispense(data)
            case 172:
                return self.stop()
            case 1:
                self.reset()
                return b""
        raise KeyError(header)


class Line:
    """The serial line, and the loop around everything."""

    def __init__(self, link: Path, hopper: Hopper, address: int) -> None:
        self.link, self.hopper, self.address = link, hopper, address
        self.fds: tuple[int, int] | None = None
        self.raw = b""
        self.faults: deque[tuple[str, int, float]] = deque()
        self.hold: tuple[str, int] | None = None
        self.held: bytes | None = None
        self.heard: list[int] = []
        self.bad = 0
        self.orders = Orders()
        self.plug()

    def say(self, what: object) -> None:
        self.orders.say(what)

    def plug(self) -> None:
        master, slave = os.openpty()
        tty.setraw(master)
        tty.setraw(slave)
        os.set_blocking(master, False)
        self.fds, self.raw = (master, slave), b""
        fresh = self.link.with_suffix(".new")
        fresh.symlink_to(os.ttyname(slave))
        fresh.replace(self.link)

    def unplug(self) -> None:
        self.link.unlink()
        for fd in self.fds or ():
            os.close(fd)
        self.fds = None

    def strike(self, what: str) -> None:
        if what == "cut":
            self.hopper.powered = False
        elif what == "unplug":
            self.unplug()
        elif what == "hold":
            self.held = b""
            self.say("coin")

    def run(self) -> None:
        while True:
            wanted: list[Any] = [self.orders]
            if self.fds and self.held is None:
                wanted.append(self.fds[0])
            turning = self.hopper.powered and self.hopper.remaining
            ready, _, _ = select.select(wanted, [], [], 0.001 if turning else 1.0)
            if self.orders in ready and not self.orders.obey(self.order):
                return
            if self.fds and self.fds[0] in ready:
                self.receive(os.read(self.fds[0], 4096))
            self.strike(self.hopper.turn())

    # -- frames --------------------------------------------------------------------------------------------

    def receive(self, chunk: bytes) -> None:
        if self.hopper.echo:
            self.put(chunk)
        self.raw += chunk
        while self.held is None and len(self.raw) >= 5 and len(self.raw) >= 5 + self.raw[1]:
            end = 5 + self.raw[1]
            frame, self.raw = self.raw[:end], self.raw[end:]
            if sum(frame) & 0xFF:
                self.bad += 1
                self.raw = b""  # out of step: what follows is heard anew
            elif frame[0] == self.address and self.hopper.powered:
                self.obey(frame)

    def obey(self, frame: bytes) -> None:
        self.heard.append(frame[3])
        if self.hold:
            when, frames = self.hold
            self.hold = (when, frames - 1) if frames > 1 else None
            if self.hold is None:
                if when == "after":
                    self.work(frame, silent=True)
                self.held = frame if when == "before" else b""
                self.say(frame[3])
                return
        self.work(frame)

    def work(self, frame: bytes, *, silent: bool = False) -> None:
        """Do what *frame* says and answer, with the fault that is due for its header, if one is."""
        header, data = frame[3], frame[4:-1]
        due = next((fault for fault in self.faults if fault[1] == header), None)
        fault, _, argument = due or ("", 0, 0.0)
        if due:
            self.faults.remove(due)
        if fault == "ignore":
            return
        if fault == "stale":  # what was to be done is lost, and an old answer comes instead
            self.reply(0, b"\x77", "", 0)
            return
        if fault in ("refuse", "busy"):
            self.reply(5 if fault == "refuse" else 6, b"", "", 0)
            return
        try:
            answer = self.hopper.answer(header, data)
        except KeyError:
            if self.hopper.answers_unknown:
                self.reply(5, b"", "", 0)
            return
        if header == 167 and answer is not None:
            self.strike(self.hopper.strike())
        if not silent and fault != "drop" and self.hopper.powered:
            self.reply(5 if answer is None else 0, answer or b"", fault, argument)

    def reply(self, header: int, data: bytes, fault: str, argument: float) -> None:
        body = bytes([1, len(data), self.address, header]) + data
        frame = bytearray(body + bytes([-sum(body) & 0xFF]))
        if fault == "garble":
            frame[-1] ^= 0x55
        elif fault == "spoil":
            del frame[2:]
        elif fault == "delay":
            time.sleep(argument)
        self.put(bytes.fromhex(self.hopper.noise) + frame)

    def put(self, raw: bytes) -> None:
        if self.fds:
            os.write(self.fds[0], raw)

    # -- orders --------------------------------------------------------------------------------------------

    def order(self, order: dict[str, Any]) -> dict[str, Any]:
        hopper = self.hopper
        for name, value in order.get("set", {}).items():
            if name not in Hopper.SETTINGS:
                raise ValueError(name)
            setattr(hopper, name, value)
        hopper.arm.update(order.get("arm", {}))
        if "fault" in order:
            if order["fault"] not in Hopper.FAULTS:
                raise ValueError(order["fault"])
            self.faults.extend([(order["fault"], order["header"], order.get("s", 0.0))] * order.get("times", 1))
        if "hold" in order:
            self.hold = (order["hold"], order["frames"])
        match order.get("do"):
            case "cut":
                hopper.powered = False
            case "power":
                hopper.power_up()
            case "unplug":
                self.unplug()
            case "plug":
                self.plug()
            case "go":
                held, self.held, self.hold = self.held, None, None
                if held:
                    self.work(held)
                self.receive(b"")
        return self.state()

    def state(self) -> dict[str, Any]:
        hopper = self.hopper
        counters = [hopper.event, hopper.remaining, hopper.paid, hopper.unpaid, hopper.dispensed]
        state = {"counters": counters, "enabled": hopper.enabled, "stock": hopper.stock, "bad": self.bad}
        return {**state, "heard": self.heard, "powered": hopper.powered}


def main() -> None:
    link, log, address, serial = sys.argv[1:]
    line = Line(Path(link), Hopper(Path(log), int(serial)), int(address))
    line.orders.here(line.state())
    line.run()


if __name__ == "__main__":
    main()
