"""A vending machine behind the adapter's text, strict: what does not fit its state is an error."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from tests.support.vmc_bus import NotNow

SETTINGS = re.compile(r"mdb-(addr=0x(10|60)|currency-code=0x1[0-9]{3}|always-idle=[01])")


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
