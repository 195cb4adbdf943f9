"""A coin changer on a Qibixx MDB adapter, as a program of its own, on a pseudo-terminal.

    python -m tests.support.changer_peer STATE LINK RECORD

STATE is a file of JSON: what a changer keeps without power (its tubes, its cash box), and what it is. LINK
becomes a symbolic link to the adapter's serial line. RECORD gets a line of JSON for each coin that physically
goes in or comes out. It takes orders, {"do": verb, ...} (see tests.support.remote): what hands do.

Written from MDB/ICP 4.2 (sections 2 and 5) and the description of the generic master by Qibixx; it shares no
code with the driver.
"""

import os
import select
import sys
import tty
from pathlib import Path

from tests.support.changer_bus import ACK, Changer, sealed
from tests.support.remote import Orders


class Adapter:
    """The adapter: lines of text on a pseudo-terminal on one side, the bus on the other."""

    def __init__(self, changer, link):
        self.changer = changer
        self.link = Path(link)
        self.traps = []
        self.noise = False
        self.asked = 0
        self.fd = self.far = None
        self.late = []
        self.plug()

    def plug(self):
        self.fd, self.far = os.openpty()
        tty.setraw(self.fd)
        tty.setraw(self.far)
        self.master = False
        self.rest = b""
        new = self.link.with_suffix(".new")
        new.symlink_to(os.ttyname(self.far))
        new.replace(self.link)

    def unplug(self):
        if self.fd is not None:
            self.link.unlink(missing_ok=True)
            os.close(self.fd)
            os.close(self.far)
            self.fd = None

    def read(self):
        try:
            got = os.read(self.fd, 4096)
        except OSError:
            return
        *lines, self.rest = (self.rest + got).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if line and self.fd is not None:
                self.line(line.decode("ascii", "replace"))

    def say(self, text):
        for late in self.late:
            os.write(self.fd, late)
        self.late.clear()
        os.write(self.fd, text.encode() + b"\r\n")

    def line(self, text):
        words = text.split(",")
        if words == ["V"]:
            self.say("v,4.0.2.0,32003d3136313039")
        elif words in (["M", "1"], ["M", "0"]):
            self.master = words[1] == "1"
            self.say("m,ACK")
        elif words[0] == "R" and 2 <= len(words) <= 3 and self.master:
            self.exchange(bytes.fromhex("".join(words[1:])))
        elif words[0] == "R":
            self.say("p,NACK")
        else:
            self.say(f'{words[0][:1].lower()},ERR,"unknown command"')

    def exchange(self, data):
        self.asked += 1
        trap = self.trap(data)
        what, when = (trap["what"], trap["when"]) if trap else ("", "")
        if when == "before":
            self.strike(what)
        answer, then = (
            (b"", None) if what == "silence" and when == "before" else self.changer.handle(sealed(data))
        )
        if what == "nack":
            answer, then = (
                b"",
                None,
            )  # the answer came with a wrong checksum: the adapter does not acknowledge it
        whole = answer == ACK or (len(answer) > 1 and sum(answer[:-1]) & 0xFF == answer[-1])
        if whole and then is not None:
            then()
        if when == "after":
            self.strike(what)
        if self.fd is None or what == "lose":
            return
        text = "p," + ("NACK" if not whole else "ACK" if answer == ACK else answer[:-1].hex().upper())
        if what == "garble":
            text = "p," + text[2:].replace("0", "g", 1).replace("1", "x").replace("A", "?")
        if what == "late":
            self.late.append(text.encode() + b"\r\n")
            return
        self.say(("r,ACK\r" if self.noise else "") + text)

    def trap(self, data):
        command = data.hex().upper()
        for trap in self.traps:
            if trap["since"]:
                trap["since"] = "" if command.startswith(trap["since"]) else trap["since"]
            elif command.startswith(trap["on"]):
                if trap["skip"]:
                    trap["skip"] -= 1
                    continue
                trap["times"] -= 1
                if not trap["times"]:
                    self.traps.remove(trap)
                return trap
        return None

    def strike(self, what):
        if what == "power":
            self.changer.cut()
        elif what == "blink":
            self.changer.power_up()
        elif what == "unplug":
            self.unplug()


class Hands:
    """What a person, or fate, does to both."""

    def __init__(self, changer, adapter):
        self.changer = changer
        self.adapter = adapter

    def coin(self, kind, route=None):
        return self.changer.coin(kind, route)

    def event(self, hex):  # noqa: A002 - a word of the protocol between the test and this program
        self.changer.events.append(bytes.fromhex(hex))

    def fill(self, kind, count):
        self.changer.kept["tubes"][kind] += count
        self.changer.save()

    def keep(self, **what):
        self.changer.kept.update(what)
        self.changer.save()

    def set(self, **what):
        for name, value in what.items():
            assert hasattr(self.changer, name), name
            setattr(self.changer, name, bytes.fromhex(value) if name == "status" and value else value)

    def noise(self, on):
        self.adapter.noise = on

    def power(self, on):
        if on:
            self.changer.powered = True
            self.changer.power_up()
        else:
            self.changer.cut()

    def unplug(self):
        self.adapter.unplug()

    def plug(self):
        if self.adapter.fd is None:
            self.adapter.plug()

    def trap(self, on, what, *, when="after", skip=0, times=1, since=""):
        """Have *what* happen at the next command that begins with *on*; *since*: not before such a one."""
        trap = {"on": on, "what": what, "when": when, "skip": skip, "times": times, "since": since}
        self.adapter.traps.append(trap)

    def free(self):
        self.adapter.traps.clear()

    def look(self):
        changer = self.changer
        return {
            "enabled": changer.enabled,
            "by_hand": changer.by_hand,
            "tubes": changer.kept["tubes"],
            "box": changer.kept["box"],
            "powered": changer.powered,
            "plugged": self.adapter.fd is not None,
            "untold": len(changer.events),
            "paying": len(changer.to_pay),
            "asked": self.adapter.asked,
            "traps": len(self.adapter.traps),
            "master": self.adapter.master,
        }


def main(state, link, record):
    changer = Changer(state, record)
    adapter = Adapter(changer, link)
    hands = Hands(changer, adapter)
    orders = Orders()
    orders.here()
    while True:
        watched = [orders] if adapter.fd is None else [orders, adapter.fd]
        ready, _, _ = select.select(watched, [], [])
        if adapter.fd in ready:
            adapter.read()
        if orders in ready and not orders.obey(lambda order: getattr(hands, order.pop("do"))(**order)):
            break
    adapter.unplug()


if __name__ == "__main__":
    main(*sys.argv[1:])
