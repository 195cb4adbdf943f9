"""A vending machine behind an MDB adapter, on a pseudo-terminal: a program of its own.

    python -m tests.support.vmc_peer --link /tmp/adapter --given /tmp/given.jsonl [--raw]

Written from the documentation of Qibixx and MDB/ICP 4.2, section 7; it shares nothing with the drivers. Every
piece that physically comes out is one line of JSON in the file *given*, before anything is said of it. It takes
orders, {"do": "choose", "item": 5, "price": 150}, and refuses what it would not do as a machine; see
tests.support.remote.

Without --raw it is the adapter's text, strict: what does not fit its state is an error, as documented.
With --raw (tests.support.vmc_bus) it is the machine itself, as master of the bus, one block a line.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import select
import tty
from collections import deque
from pathlib import Path

from tests.support.remote import Orders
from tests.support.vmc_bus import BusMachine
from tests.support.vmc_text import TextMachine

NOISE = (b"r,ACK", b"x,00,0000012345,12", b"x,80,0000012346,ACK")


class Wire:
    """The pseudo-terminal; it can lose, garble, hold and delay what the adapter says."""

    def __init__(self, link):
        self.link = Path(link)
        self.fds = ()
        self.end = b"\r\n"
        self.drop = self.garble = self.noise = 0
        self.hold = False
        self._held = deque()
        self._rest = b""

    def plug(self):
        controller, device = os.openpty()
        tty.setraw(controller)
        tty.setraw(device)
        # The device stays open here too, or the controller would see an end whenever the driver lets go.
        self.fds = (controller, device)
        self._rest = b""
        self._held.clear()
        with contextlib.suppress(FileNotFoundError):
            self.link.unlink()
        self.link.symlink_to(os.ttyname(device))

    def unplug(self):
        for fd in self.fds:
            os.close(fd)
        self.fds = ()
        with contextlib.suppress(FileNotFoundError):
            self.link.unlink()

    def say(self, text):
        raw = text.encode()
        if self.drop > 0:
            self.drop -= 1
            return
        if self.garble > 0:
            self.garble -= 1
            raw = raw[: len(raw) // 2] + b"\xf0" + raw[len(raw) // 2 :]
        lines = [*(NOISE[n % len(NOISE)] for n in range(self.noise)), raw]
        for line in lines:
            if self.hold:
                self._held.append(line)
            else:
                self._put(line)

    def release(self):
        self.hold = False
        while self._held:
            self._put(self._held.popleft())

    def hear(self):
        """Lines that the host sent."""
        self._rest += os.read(self.fds[0], 4096)
        *lines, self._rest = re.split(rb"[\r\n]", self._rest)
        return [line.decode("ascii", "replace") for line in lines if line]

    def _put(self, raw):
        if self.fds:
            os.write(self.fds[0], raw + self.end)


class Program:
    """Orders, the wire, and time, in turn."""

    def __init__(self, wire, machine):
        self.wire, self.machine = wire, machine

    def run(self):
        self.wire.plug()
        orders = Orders()
        orders.here()
        while True:
            fds = [orders, *self.wire.fds[:1]]
            ready = select.select(fds, [], [], self.machine.tick_s)[0]
            if self.wire.fds and self.wire.fds[0] in ready:
                with contextlib.suppress(OSError):
                    for line in self.wire.hear():
                        self.machine.take(line)
            if orders in ready and not orders.obey(self._obey):
                self.wire.unplug()
                return
            if not ready and self.wire.fds and self.machine.tick_s is not None:
                self.machine.tick()

    def _obey(self, order):
        verb = order.pop("do")
        if verb == "state":
            shown = ("state", "approved", "busy", "heard", "violations", "revalues", "settings")
            return {name: getattr(self.machine, name) for name in shown}
        if verb == "wire":
            self._set_wire(order)
        elif verb == "machine":
            for name, value in order.items():
                setattr(self.machine, name, value)
        else:
            getattr(self.machine, f"do_{verb}")(**order)
        return None

    def _set_wire(self, order):
        for name, value in order.items():
            if name in ("plug", "unplug", "release"):
                getattr(self.wire, name)()
            else:
                setattr(self.wire, name, value.encode() if name == "end" else value)


def giver(path):
    """Return the function that lets a piece come out, and writes it down first of all."""

    def give(item, price, *, approved):
        line = json.dumps({"item": str(item), "price": price, "approved": approved}) + "\n"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(file, line.encode())
        os.close(file)

    return give


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--link", required=True)
    parser.add_argument("--given", required=True)
    parser.add_argument("--raw", action="store_true")
    args = parser.parse_args()
    wire = Wire(args.link)
    kind = BusMachine if args.raw else TextMachine
    Program(wire, kind(wire, giver(args.given))).run()


if __name__ == "__main__":
    main()
