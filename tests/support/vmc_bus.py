"""The master of an MDB bus: a vending machine that polls its card reader, block by block, strictly.

Levels, blocks and states are those of MDB/ICP 4.2, section 7; it shares nothing with the drivers. A wrong
checksum is refused, an answer that no reader may give here is a violation, silence is asked again. After
"command out of sequence" it resets the reader, as the standard says.
"""

from __future__ import annotations

import time
from collections import deque

from tests.support.remote import Refused

SILENCE_S = 0.4
"""Far longer than the 5 ms of the bus: the test machine is slow, and the adapter would have said ACK."""


class NotNow(Refused):
    """The machine does not do that now."""


def sealed(*data):
    return bytes((*data, sum(data) % 256))


def word(number):
    return number >> 8, number & 0xFF


class BusMachine:
    """A machine, level 3, with an adapter that hands on its blocks."""

    tick_s = 0.01

    def __init__(self, wire, give):
        self.wire = wire
        self._give = give
        self.address = 0x10
        self.level = 3
        self.gives_out = True
        self.polls = True
        self.enables = True
        self.heard, self.violations, self.revalues, self.settings = [], [], [], {}
        self.lose_ack = self.ask_again = self.repeat = self.corrupt = 0
        self._start()

    def _start(self):
        self.state = "INACTIVE"
        self.vend = None
        self.approved = False
        self.card_first = False
        self.funds = None
        self.revaluing = None
        self._commands = deque([("reset", sealed(self.address))])
        self._sent = None  # what waits for an answer, and since when
        self._acked = True

    @property
    def busy(self):
        return bool(self._commands)

    # -- one block after the other ---------------------------------------------------------------------

    def tick(self):
        if not self.polls:
            return
        if self._sent is not None:
            if time.monotonic() - self._sent[1] > SILENCE_S:
                self._send(self._sent[0])  # silence: once more
            return
        if self._commands and self._acked:
            name, block = self._commands[0]
        else:
            name, block = "poll", sealed(self.address + 2)
        if self.corrupt > 0:
            self.corrupt -= 1
            self.wire.say((block[:-1] + bytes((block[-1] ^ 0x55,))).hex())
        self._name = name
        self._send(block)

    def _send(self, block):
        self._sent = (block, time.monotonic())
        self.wire.say(block.hex())

    def take(self, line):
        if not self.polls or self._sent is None:
            return
        try:
            raw = bytes.fromhex(line)
        except ValueError:
            self.violations.append(f"no block: {line}")
            return
        block, _ = self._sent
        self._sent = None
        if raw == b"\x00":
            if self.repeat > 0 and self._name != "poll":
                self.repeat -= 1
                self._send(block)  # as if the ACK was lost
                return
            self._done(self._name, None)
            return
        if len(raw) < 2 or sum(raw[:-1]) % 256 != raw[-1]:
            self.violations.append(f"wrong checksum: {line}")
            self.wire.say("FF")
            return
        if self.ask_again > 0:
            self.ask_again -= 1
            self._sent = (block, time.monotonic())
            self.wire.say("AA")
            return
        if self.lose_ack > 0:
            self.lose_ack -= 1
            self._send(block) if self._name != "poll" else None
            return
        self.wire.say("00")
        self.heard.append(raw[:-1].hex())
        self._done(self._name, raw[:-1])

    def _done(self, name, data):
        if name != "poll":
            self._commands.popleft()
            getattr(self, f"_after_{name}", lambda: None)()
        if data is not None:
            self._read(data)

    # -- what the reader says --------------------------------------------------------------------------

    def _read(self, data):
        answers = {
            0x00: self._set_up,
            0x01: lambda: self._config(data),
            0x03: lambda: self._begun(data),
            0x04: self._asked_to_end,
            0x05: lambda: self._take_approval(int.from_bytes(data[1:3], "big")),
            0x06: self._denied,
            0x07: self._ended,
            0x08: lambda: None,
            0x09: lambda: self._identified(data),
            0x0B: lambda: self._out_of_sequence(data),
            0x0D: lambda: self._revalued(granted=True),
            0x0E: lambda: self._revalued(granted=False),
            0x0F: lambda: self.settings.update(limit=int.from_bytes(data[1:3], "big")),
        }
        if data[0] in answers:
            answers[data[0]]()
        else:
            self.violations.append(f"no answer of a reader: {data.hex()}")

    def _asked_to_end(self):
        if self.state == "IDLE":
            self._complete()

    def _denied(self):
        if self.state != "VEND" or self.approved:
            self.violations.append(f"denied in {self.state}")
            return
        self.vend, self.state = None, "IDLE"
        if not self.card_first:
            self._complete()

    def _ended(self):
        self.state, self.card_first = "ENABLED" if self.enables else "DISABLED", False

    def _identified(self, data):
        self.settings["features"] = data[-1] if self.level == 3 else 0
        if len(data) != (34 if self.level == 3 else 30):
            self.violations.append(f"identification of {len(data)} bytes")

    def _out_of_sequence(self, data):
        self.violations.append(f"out of sequence in {self.state}: {data.hex()}")
        self.do_reset()

    def _revalued(self, *, granted):
        if self.revaluing is None:
            self.violations.append("a revalue answered that was not asked for")
            return
        self.revalues.append([self.revaluing, granted])
        self.revaluing, self.state = None, "IDLE"

    def _config(self, data):
        if len(data) != 8:
            self.violations.append(f"configuration of {len(data)} bytes")
        self.settings |= {"level": data[1], "currency": data[2:4].hex(), "scale": data[4], "decimals": data[5]}

    def _begun(self, data):
        if self.state != "ENABLED" or len(data) != (3 if self.level == 1 else 10):
            self.violations.append(f"session in {self.state}: {data.hex()}")
            return
        self.state, self.card_first = "IDLE", True
        self.funds = int.from_bytes(data[1:3], "big")

    def _take_approval(self, units):
        if self.state != "VEND" or self.vend is None:
            self.violations.append(f"approved in {self.state}")
            return
        if units != self.vend["price"]:
            self.violations.append(f"approved {units} for {self.vend}")
        self.approved = True
        if self.gives_out:
            self.do_succeed()

    def _set_up(self):
        """After JUST RESET."""
        self.state = "INACTIVE"
        self._queue("config", 1, 0, self.level, 0, 0, 0)
        self._queue("prices", 1, 1, *word(0xFFFE), *word(0))
        self._queue("id", 7, 0, *b"VMC", *b"000000000042", *b"TEST MACHINE", 1, 0)
        if self.level == 3:
            self._queue("options", 7, 4, 0, 0, 0, 0x20)
        if self.enables:
            self._queue("enable", 4, 1)

    def _after_reset(self):
        self.state = "INACTIVE"

    def _after_prices(self):
        self.state = "DISABLED"

    def _after_enable(self):
        if self.state == "DISABLED":
            self.state = "ENABLED"

    def _after_disable(self):
        if self.state == "ENABLED":
            self.state = "DISABLED"

    def _queue(self, name, command, *data):
        self._commands.append((name, sealed(self.address + command, *data)))

    def _complete(self):
        self._queue("complete", 3, 4)

    # -- hands -----------------------------------------------------------------------------------------

    def do_choose(self, item, price, text=None):
        self._must(
            self.state == "IDLE" or (self.state == "ENABLED" and self.settings.get("features", 0) & 0x20)
        )
        self._queue("request", 3, 0, *word(price), *word(item))
        self.vend, self.approved, self.state = {"item": str(item), "price": price}, False, "VEND"

    def do_cancel(self):
        waiting = [name for name, _ in self._commands]
        self._must(self.state == "VEND" and not self.approved and "cancel" not in waiting)
        self._queue("cancel", 3, 1)

    def do_succeed(self):
        self._must(self.vend is not None and self.approved)
        self._out()
        self._queue("success", 3, 2, *word(int(self._item)))
        self.state = "IDLE"
        self._complete()

    def do_silent(self):
        self._must(self.vend is not None and self.approved)
        self._out()

    def do_fail(self):
        self._must(self.vend is not None and self.approved)
        self.vend, self.state = None, "IDLE"
        self._queue("failure", 3, 3)
        self._complete()

    def do_reset(self):
        self._start()

    def do_enable(self):
        self.enables = True
        self._queue("enable", 4, 1)

    def do_disable(self):
        self.enables = False
        self._queue("disable", 4, 0)

    def do_end_session(self):
        self._must(self.state == "IDLE")
        self._complete()

    def do_revalue(self, amount):
        self._must(self.state == "IDLE")
        self.revaluing, self.state = amount, "REVALUE"
        self._queue("limit", 5, 1)
        self._queue("revalue", 5, 0, *word(amount))

    def do_cash_sale(self, item, price):
        self._must(self.state in ("DISABLED", "ENABLED", "IDLE"))
        self._queue("cash", 3, 5, *word(price), *word(item))

    def do_give_away(self, item):
        self._give(item, 0, approved=False)
        self._queue("success", 3, 2, *word(item))

    def do_power(self, on):
        """The machine's power: it resets its reader when it comes back."""
        if not on and self.vend is not None and self.approved and self.gives_out:
            self._out()
        self.polls = on
        self._start()

    def do_block(self, digits):
        """Send any command, once."""
        self._commands.append(("any", sealed(*bytes.fromhex(digits))))

    def _out(self):
        vend, self.vend = self.vend, None
        self._item = vend["item"]
        self._give(vend["item"], vend["price"], approved=True)

    def _must(self, can):
        if not (can and self.polls):
            raise NotNow(f"not in {self.state}")
