"""A coin changer on a Qibixx MDB adapter, as a program of its own, on a pseudo-terminal.

    python -m tests.support.changer_peer STATE LINK RECORD

STATE is a file of JSON: what a changer keeps without power (its tubes, its cash box), and what it is. LINK
becomes a symbolic link to the adapter's serial line. RECORD gets a line of JSON for each coin that physically
goes in or comes out. It takes orders, {"do": verb, ...} (see tests.support.remote): what hands do.

Written from MDB/ICP 4.2 (sections 2 and 5) and the description of the generic master by Qibixx; it shares no
code with the driver.
"""

import json
import os
import select
import sys
import tty
from collections import deque
from pathlib import Path

from tests.support.remote import Orders

EURO = {
    "level": 3,
    "country": "1978",
    "scaling": 5,
    "decimals": 2,
    "routing": 0b0001_1111,
    "values": [1, 2, 4, 10, 20, 40],
    "features": 0b11,
    "capacity": 60,
    "tubes": [20, 20, 20, 20, 10, 0],
    "box": [0] * 6,
    "bad": [],
    "keeps_saying": False,  # that it paid 0 since it was asked last, when it pays no more
}
ACK, NAK = b"\x00", b"\xff"


class Changer:
    """The changer: blocks with a checksum in and out. What stands in *kept* outlives a power cut."""

    def __init__(self, path, record):
        self.path = Path(path)
        self.record = Path(record)
        self.kept = {**EURO, **(json.loads(self.path.read_text()) if self.path.exists() else {})}
        self.powered = True
        self.cut_after = None  # coins that still come out before the power goes
        self.stuck = False  # whether the next coin to come out jams
        self.pace = 1  # commands for each coin that comes out
        self.turns = 0
        self.held = False  # whether a payout stands still
        self.status = None
        self.power_up()
        self.save()

    def power_up(self):
        self.enabled = 0
        self.by_hand = 0xFFFF
        self.events = deque()
        self.just_reset = True
        self.in_use = 0
        self.to_pay = deque()
        self.paid = [0] * 16
        self.since_poll = 0

    def save(self):
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.kept))
        new.replace(self.path)

    def note(self, what, kind, **more):
        with self.record.open("a") as file:
            file.write(json.dumps({"what": what, "type": kind, "cents": self.cents(kind), **more}) + "\n")

    def cents(self, kind):
        return self.kept["values"][kind] * self.kept["scaling"]

    # -- the mechanics ---------------------------------------------------------------------------------------

    def coin(self, kind, route=None):
        """A coin falls in; return whether it was taken."""
        if not self.powered or not self.enabled >> kind & 1:
            return False
        fits = self.kept["routing"] >> kind & 1 and self.kept["tubes"][kind] < self.kept["capacity"]
        route = route or ("tube" if fits else "box")
        if route in ("tube", "box"):
            self.kept["tubes" if route == "tube" else "box"][kind] += 1
            self.save()
            self.note("coin", kind, place=route)
        code = {"box": 0, "tube": 1, "unused": 2, "reject": 3}[route]
        self.events.append(bytes([0x40 | code << 4 | kind, self.count(kind)]))
        return route in ("tube", "box")

    def count(self, kind):
        return 0 if kind in self.kept["bad"] else min(self.kept["tubes"][kind], 255)

    def full(self):
        kinds = range(len(self.kept["tubes"]))
        return sum(
            1 << k for k in kinds if k in self.kept["bad"] or self.kept["tubes"][k] >= self.kept["capacity"]
        )

    def turn(self):
        """Let one coin come out, if any has to."""
        self.turns += 1
        if not self.to_pay or self.held or not self.powered or self.turns % self.pace:
            return
        if self.stuck:
            self.stuck = False
            self.to_pay.clear()
            self.events.append(b"\x07")
            return
        kind = self.to_pay.popleft()
        if self.kept["tubes"][kind]:
            self.kept["tubes"][kind] -= 1
            self.save()
            self.note("paid", kind)
            self.paid[kind] += 1
            self.since_poll += self.kept["values"][kind]
        if self.cut_after is not None:
            self.cut_after -= 1
            if self.cut_after <= 0:
                self.cut_after = None
                self.cut()

    def order(self, kind):
        """A payout was ordered; the power may go before the first coin."""
        self.note("order", kind)
        if self.cut_after == 0:
            self.cut_after = None
            self.cut()

    def cut(self):
        self.powered = False
        self.power_up()

    # -- the protocol ----------------------------------------------------------------------------------------

    def handle(self, block):
        """Return the answer to *block*, and what to do when it was acknowledged."""
        if not self.powered or len(block) < 2 or sum(block[:-1]) & 0xFF != block[-1]:
            return b"", None
        data = block[:-1]
        if data[0] & 0xF8 != 0x08:
            return b"", None
        answer, then = self.answer(data)
        self.turn()
        if not self.powered:
            return b"", None
        return answer, then

    def answer(self, data):
        match data[0], len(data):
            case 0x08, 1:
                self.power_up()
                return ACK, None
            case 0x09, 1:
                kept = self.kept
                head = bytes(
                    [kept["level"], *bytes.fromhex(kept["country"]), kept["scaling"], kept["decimals"]]
                )
                return sealed(head + kept["routing"].to_bytes(2, "big") + bytes(kept["values"])), None
            case 0x0A, 1:
                counts = bytes(self.count(kind) for kind in range(len(self.kept["tubes"])))
                return sealed(self.full().to_bytes(2, "big") + counts), None
            case 0x0B, 1:
                return self.poll()
            case 0x0C, 5:
                self.enabled = int.from_bytes(data[1:3], "big")
                self.by_hand = int.from_bytes(data[3:5], "big")
                return ACK, None
            case 0x0D, 2:
                return self.dispense(data[1] & 15, data[1] >> 4), None
            case 0x0F, _ if self.kept["level"] >= 3 and len(data) >= 2:
                return self.expansion(data[1], data[2:])
        return b"", None

    def poll(self):
        if self.just_reset:
            return sealed(b"\x0b"), lambda: setattr(self, "just_reset", False)
        items = []
        for event in self.events:
            if sum(map(len, items)) + len(event) > 15:
                break
            items.append(event)

        def forget():
            for _ in items:
                self.events.popleft()

        data = b"".join(items) + (b"\x02" if self.to_pay else b"")
        return (sealed(data) if data else ACK), forget

    def dispense(self, kind, count):
        if self.to_pay or self.in_use & 1:
            return NAK
        self.order(kind)
        self.to_pay.extend([kind] * count)
        return ACK

    def expansion(self, sub, data):
        if sub == 0 and not data:
            text = b"PEER" + b"SERIAL000001" + b"CHANGER 3000"
            return sealed(text[1:] + b"\x01\x27" + self.kept["features"].to_bytes(4, "big")), None
        if sub == 1 and len(data) == 4:
            self.in_use = int.from_bytes(data, "big") & self.kept["features"]
            return ACK, None
        if sub == 5 and not data and self.in_use & 2:
            return sealed(self.status or b"\x03\x00"), None
        if sub in (2, 3, 4) and self.in_use & 1:
            return self.payout(sub, data)
        return NAK, None

    def payout(self, sub, data):
        if sub == 2 and len(data) == 1:
            if self.to_pay:
                return NAK, None
            self.paid = [0] * 16
            self.since_poll = 0
            self.order(0)
            self.to_pay.extend(self.choose(data[0]))
            return ACK, None
        if sub == 4 and not data:
            if not self.to_pay and not self.kept["keeps_saying"]:
                return ACK, None
            value, self.since_poll = self.since_poll, 0
            return sealed(bytes([min(value, 255)])), None
        if sub == 3 and not data:
            if self.to_pay:
                return ACK, None
            return sealed(bytes(self.paid)), lambda: setattr(self, "paid", [0] * 16)
        return NAK, None

    def choose(self, units):
        """Return the coins of a payout, the largest that fit first, as a changer without much memory does."""
        coins = []
        left = list(self.kept["tubes"])
        for kind in sorted(range(len(left)), key=lambda k: -self.kept["values"][k]):
            value = self.kept["values"][kind]
            while value and self.kept["routing"] >> kind & 1 and left[kind] and value <= units:
                coins.append(kind)
                left[kind] -= 1
                units -= value
        return coins


def sealed(data):
    return data + bytes([sum(data) & 0xFF])


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
