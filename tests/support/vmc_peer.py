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
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tests.support.remote import Orders
from tests.support.vmc_bus import BusMachine, NotNow

SETTINGS = re.compile(r"mdb-(addr=0x(10|60)|currency-code=0x1[0-9]{3}|always-idle=[01])")
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


class TextMachine:
    """The adapter with its machine. It is on from the start; the cashless device is not."""

    tick_s = None

    def __init__(self, wire, give):
        self.wire = wire
        self._give = give
        self.form = "decimal"
        self.gives_out = True
        self.powered = True
        self.enables = True
        self.heard = []
        self.violations = []
        self.revalues = []
        self.settings = {}
        self._off()

    def _off(self):
        self.on = False
        self.state = "INACTIVE"
        self.vend = None
        self.approved = False
        self.card_first = False
        self.revaluing = None

    @property
    def busy(self):
        return False

    # -- the host --------------------------------------------------------------------------------------

    def take(self, line):
        if not self.powered:
            return
        self.heard.append(line)
        words = line.split(",")
        match words:
            case ["V"]:
                self.say("v,4.0.2.0,32003d3136313039")
            case ["C", "0"]:
                if self.vend is not None and self.approved and self.gives_out:
                    self._out()
                self._off()
                self.say("c,0")
            case ["C", "1"]:
                self._switch_on()
            case ["C", "SETCONF", setting]:
                self._set(setting)
            case ["C", "START", *rest] if rest:
                self._start(rest[0])
            case ["C", "VEND", "-1"]:
                self._deny()
            case ["C", "VEND", amount, *_]:
                self._approve(amount)
            case ["C", "STOP"]:
                self._stop()
            case ["C", "REVALUE", "0" | "1" as answer]:
                self._revalued(answer == "1")
            case _:
                self.say(f'c,UNKNOWN,"{line}"')
                self.violations.append(f"unknown: {line}")

    def _switch_on(self):
        if self.on:
            self.say('c,ERR,"cashless is on"')
            return
        self.on = True
        self.say("c,STATUS,INACTIVE")
        self.say("c,1")
        self._set_up()

    def _set_up(self):
        self._status("INACTIVE")
        self._status("DISABLED")
        if self.enables:
            self._status("ENABLED")

    def _set(self, setting):
        if self.on or not SETTINGS.fullmatch(setting):
            self.say("c,ERR,-1")
            return
        name, _, value = setting.partition("=")
        self.settings[name] = value
        self.say("c,SET,OK")

    def _start(self, amount):
        if not self.on or self.state != "ENABLED":
            self.say('c,ERR,"START -3"')
        elif (cents := self._cents(amount)) is None or cents > 65535:
            self.say('c,ERR,"START -2"')
        else:
            self.card_first = True
            self._status("IDLE", f",{amount}")

    def _approve(self, amount):
        if self.state != "VEND" or self.approved:
            self.say('c,ERR,"VEND -3"')
        elif (cents := self._cents(amount)) is None:
            self.say('c,ERR,"VEND -2"')
        elif cents != self.vend["price"]:
            self.violations.append(f"approved {amount} for {self.vend}")
            self.say('c,ERR,"VEND -2"')
        else:
            self.approved = True
            self.say("r,ACK")
            if self.gives_out:
                self.do_succeed()

    def _deny(self):
        if self.state != "VEND" or self.approved:
            self.say('c,ERR,"VEND -3"')
            return
        self.vend = None
        self._status("IDLE")
        if not self.card_first:
            self._complete()

    def _stop(self):
        if self.state == "VEND" and not self.approved:
            self.vend = None
            self._status("IDLE")
        if self.state == "IDLE":
            self._complete()
        else:
            self.say("c,ERR,-3")

    def _revalued(self, granted):
        if self.revaluing is None:
            self.say("c,ERR,-3")
            return
        self.revalues.append([self.revaluing, granted])
        self.revaluing = None
        self._status("IDLE")

    # -- the machine -----------------------------------------------------------------------------------

    def do_choose(self, item, price, text=None):
        self._must(
            self.state == "IDLE" or (self.state == "ENABLED" and self.settings.get("mdb-always-idle") == "1")
        )
        self.vend = {"item": str(item), "price": price}
        self.approved = False
        self.state = "VEND"
        self.say(f"c,STATUS,VEND,{text or self._text(price)},{item}")

    def do_cancel(self):
        self._must(self.state == "VEND" and not self.approved)
        self.vend = None
        self.say("c,ERR,VEND 1")
        self._status("IDLE")
        if not self.card_first:
            self._complete()

    def do_succeed(self):
        self._must(self.vend is not None and self.approved)
        self._out()
        self.say("c,VEND,SUCCESS")
        self._status("IDLE")
        self._complete()

    def do_silent(self):
        """The piece comes out, and nobody says so."""
        self._must(self.vend is not None and self.approved)
        self._out()

    def do_fail(self):
        self._must(self.vend is not None and self.approved)
        self.vend = None
        self.say("c,ERR,VEND 3")
        self._status("IDLE")
        self._complete()

    def do_reset(self):
        if self.vend is not None:
            self.say("c,ERR,VEND 5")
        self.vend, self.approved, self.card_first = None, False, False
        if self.on:
            self._set_up()

    def do_enable(self):
        self.enables = True
        if self.state == "DISABLED":
            self._status("ENABLED")

    def do_disable(self):
        self.enables = False
        if self.state == "ENABLED":
            self._status("DISABLED")

    def do_end_session(self):
        self._must(self.state == "IDLE")
        self._complete()

    def do_revalue(self, amount):
        self._must(self.state == "IDLE")
        self.revaluing = amount
        self.say(f"c,STATUS,REVALUE,{self._text(amount)}")

    def do_cash_sale(self, item, price):
        raise NotNow("the adapter's text does not tell sales for cash")

    def do_give_away(self, item):
        self._give(item, 0, approved=False)
        self.vend = None
        self.say("c,VEND,SUCCESS")
        if self.state == "VEND":
            self._status("IDLE")
            self._complete()

    def do_power(self, on):
        """The adapter's own power: it forgets everything, and its settings."""
        if not on and self.vend is not None and self.approved and self.gives_out:
            self._out()
        self.powered = on
        self.settings = {}
        self._off()

    def do_line(self, text):
        """Say anything."""
        self.say(text)

    def say(self, text):
        if self.powered:
            self.wire.say(text)

    def _out(self):
        vend, self.vend = self.vend, None
        self._give(vend["item"], vend["price"], approved=True)

    def _status(self, state, more=""):
        self.state = state
        self.say(f"c,STATUS,{state}{more}")

    def _complete(self):
        self.card_first = False
        self._status("ENABLED")
        if not self.enables:
            self._status("DISABLED")

    def _must(self, can):
        if not (can and self.on and self.powered):
            raise NotNow(f"not in {self.state}")

    def _text(self, cents):
        return str(cents) if self.form == "cents" else f"{Decimal(cents) / 100:.2f}"

    def _cents(self, text):
        try:
            cents = Decimal(text) * (1 if self.form == "cents" else 100)
        except InvalidOperation:
            return None
        return int(cents) if cents == int(cents) and cents >= 0 else None


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
