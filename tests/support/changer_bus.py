"""A coin changer as one on the MDB bus: its tubes, its cash box, and what it answers."""

import json
from collections import deque
from pathlib import Path

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
