"""An MDB coin changer, on an adapter that is the master of its bus: takes coins, and pays out of its tubes.

    [[devices]]
    name = "changer"
    role = "coin_acceptor"
    driver = "mdb"
    port = "/dev/serial/by-id/usb-Qibixx_MDB-USB_32003D31-if00"
    country = "1978"           # euro; a changer of another currency is refused

What is worth how much the changer says itself. It takes the coins that still fit the room, and no others.

What cannot be known: the adapter acknowledges an answer of the changer before this driver has it, and the
changer numbers nothing. If the adapter, the cable or this process dies at that moment, the coins of that answer
are gone from everybody's memory; a coin in a tube is found by the tube's count, one in the cash box is not. So
when the changer was lost, reset itself, or was left while it took coins, that is reported as lost, and nothing
is credited. What it took and has not told yet is told when it is opened again.

After a payout that nobody saw the end of, the tubes are compared with what they held before it; see
drivers.coins.mdb_settle. A changer that only estimates its tubes cannot be helped: there it is unknown.
(MDB/ICP 4.2, section 5; Qibixx online documentation, "Generic Master".)
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from drivers.coins.mdb_books import Books
from drivers.coins.mdb_ills import Ills
from drivers.coins.mdb_opening import LAST_COIN_S, Opened, Opening
from drivers.coins.mdb_payout import Payouts
from drivers.coins.mdb_settle import Order
from drivers.contract import Condition, DriverOptions, Emit, Filling, Found
from drivers.errors import DeviceFault, DeviceMissing
from drivers.link import adapters
from drivers.mdb import changer_frames as frames
from drivers.mdb.adapter import ANSWER_S, QibixxAdapter
from drivers.mdb.changer import Changer
from drivers.mdb.changer_tubes import contents
from drivers.payouts.orders import BackS, Pays
from terminal.core.events import ButtonPressed, CoinTrouble

_LAST_PAYOUT_S = 3.0
"""How long the end of a payout is waited for when the terminal stops; else it is told at the next start."""

_CHECK_S = 10.0
"""How often a changer at rest is asked what is in its tubes, and what is wrong."""


class MdbOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the driver `mdb`."""

    port: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=256,
            description="Serial line of the adapter: /dev/serial/by-id/… for an MDB-USB, /dev/ttyAMA0 for an "
            "MDB Pi Hat, or a URL such as socket://HOST:PORT.",
        ),
    ]
    adapter: Annotated[
        Literal["qibixx"], Meta(description="Make of the adapter: `qibixx` for the MDB Pi Hat and MDB-USB.")
    ] = "qibixx"
    country: Annotated[
        str,
        Meta(
            pattern=r"^([0-9]{4})?$",
            description="Currency that the changer must have: 1 and the ISO 4217 number, `1978` for the euro, "
            "or 0 and the country's dialling code, `0049`. Empty: any.",
        ),
    ] = ""
    poll_ms: Annotated[
        int,
        Meta(
            ge=25,
            le=200,
            description="How often the changer is asked what happened, in milliseconds; the standard wants 25 "
            "to 200, and a changer that is not asked takes no coins.",
        ),
    ] = 125
    back_s: BackS = 60


class MdbChanger(Pays):
    """Takes coins and pays them out; see the module's text."""

    role: ClassVar[str] = "coin_acceptor"
    Options: ClassVar[type[DriverOptions]] = MdbOptions
    silence_s: ClassVar[float] = 2.0
    """How long a changer may be silent (MDB/ICP 4.2, section 5.4)."""
    last_coin_s: ClassVar[float] = LAST_COIN_S
    payout_s: ClassVar[float] = 120.0
    """How long a payout may last; a full one of small coins takes a minute."""

    def __init__(self, name: str, options: MdbOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._books = Books(name, emit)
        self._payouts = Payouts(emit, self._books, self.payout_s, options.back_s)
        self._room = 0  # cents that may still come in
        self._taken: int | None = None  # the types that the changer was told to take; None: not known
        self._quiet_at = 0.0  # when the last coin can have fallen
        self._check_at = 0.0
        self._ills = Ills()
        self._adapter: QibixxAdapter | None = None
        self._changer: Changer | None = None
        self._opened: Opened | None = None

    @staticmethod
    def scan() -> list[Found]:
        """Return the adapters that are plugged in by USB and say so."""
        return [
            Found("coin_acceptor", "mdb", {"port": path}, f"an MDB adapter: {path.rpartition('/')[2]}")
            for path in adapters()
            if "qibixx" in path.lower()
        ]

    # -- for the daemon --------------------------------------------------------------------------------

    def resume(self, mark: str) -> None:
        """Go on from *mark*; see drivers.contract.Resumes."""
        self._books.resume(mark)

    def accept(self, limit: int) -> None:
        """Take money up to *limit* cents; a later call replaces the limit. Kept while the device is away."""
        self._order(lambda: self._remember(limit), lambda _words: self._remember(limit))

    def inhibit(self) -> None:
        """Take no money."""
        self.accept(0)

    def tell_payout(self, payout: str, amount: int, mark: str) -> None:
        """Say how a payout ended of which nobody heard the end; see drivers.contract.PayoutDevice."""
        self._payouts.tell(Order(payout, amount, mark))

    def filling(self) -> tuple[Filling, ...]:
        """Return what its tubes hold; see drivers.contract.TellsFilling."""
        opened, tubes = self._opened, self._books.tubes
        return contents(tubes, opened.cents) if opened is not None and tubes is not None else ()

    # -- its life --------------------------------------------------------------------------------------

    def _open(self) -> Condition:
        self._payouts.missed()
        adapter = self._adapter = QibixxAdapter(self._options.port, self._traffic)
        what = adapter.open()
        answer = adapter.ask(("M", "1"), lambda line: line.begins("m"), ANSWER_S)
        if answer is None or not answer.begins("m", "ACK"):
            raise DeviceFault(f"the MDB adapter on {self._options.port} cannot be the master of a bus: {what}")
        changer = self._changer = Changer(adapter, self.silence_s, self._pause)
        opening = Opening(
            changer,
            self._books,
            self._hear,
            self._pause,
            last_coin_s=self.last_coin_s,
            payout_s=self.payout_s,
        )
        self._ills = Ills()
        opened = self._opened = opening.run(self._options.country)
        self._taken = 0
        self._check_at = time.monotonic() + _CHECK_S
        self._payouts.opened(opened.pays, opened.found)
        return self._ills.condition(opened.words)

    def _serve(self) -> None:
        self._work(self._options.poll_ms / 1000)
        if self._stopping.is_set():
            return
        changer, opened = self._ready()
        if not self._go_on(changer, opened):
            return
        self._apply(changer, opened)
        if not self._payouts.busy:
            self._look(changer, opened)
        condition = self._ills.condition(opened.words)
        self._report(condition.health, condition.words)

    def _go_on(self, changer: Changer, opened: Opened) -> bool:
        """POLL, and go on with what is being paid; return whether it answered."""
        items = self._poll(changer, opened)
        if items is None:
            return False
        paid = self._payouts.step(
            changer,
            busy=frames.Status(frames.PAYOUT_BUSY) in items,
            jammed=frames.Status(frames.TUBE_JAM) in items,
            settled=bool(self._wanted(opened)) or not self._books.open,
        )
        if paid:
            self._ills.paid()
        return True

    def _close(self) -> None:
        """Take no coins; if there is no hurry, hear out the coin that is falling."""
        changer, opened, adapter = self._changer, self._opened, self._adapter
        self._changer = self._opened = self._adapter = None
        try:
            if changer is not None and opened is not None:
                changer.once(frames.coin_type(0))
                self._taken = 0
                if self._stopping.is_set():
                    self._hear_out(changer, opened)
        finally:
            self._payouts.lost()
            if adapter is not None:
                adapter.close()

    def _hear_out(self, changer: Changer, opened: Opened) -> None:
        """Hear the end of a payout, and of a coin that is falling."""
        began = time.monotonic()
        coin_until = began + (self.last_coin_s if self._books.open else 0)
        self._payouts.end()
        while (now := time.monotonic()) < coin_until or (self._payouts.busy and now < began + _LAST_PAYOUT_S):
            self._go_on(changer, opened)
            time.sleep(self._options.poll_ms / 1000)  # no order can end this wait: it is being stopped
        if not self._payouts.busy:
            self._check(changer, opened)

    def _ready(self) -> tuple[Changer, Opened]:
        if self._changer is None or self._opened is None:
            raise RuntimeError("served while closed")
        return self._changer, self._opened

    # -- payouts ---------------------------------------------------------------------------------------

    def _count(self, payout: str) -> None:
        self._payouts.count(payout)

    def _pay(self, payout: str, amount: int, mark: str) -> None:
        self._payouts.pay(self._ready()[0], Order(payout, amount, mark))

    # -- coins -----------------------------------------------------------------------------------------

    def _remember(self, limit: int) -> None:
        self._room = limit

    def _wanted(self, opened: Opened) -> int:
        """Return the types of coins that fit the room, one bit for each."""
        return sum(1 << kind for kind, cents in opened.cents.items() if cents <= self._room)

    def _apply(self, changer: Changer, opened: Opened) -> None:
        """Let the changer take the coins that fit the room."""
        taken = self._wanted(opened)
        if taken == self._taken:
            return
        if taken:
            self._books.set_open(now=True)  # told before it can be true
        changer.order(frames.coin_type(taken))
        self._taken = taken
        self._quiet_at = time.monotonic() + self.last_coin_s

    def _look(self, changer: Changer, opened: Opened) -> None:
        """Compare the tubes with the books, when no coin can be falling."""
        now = time.monotonic()
        if self._taken or now < (self._quiet_at if self._books.open else self._check_at):
            return
        self._check_at = now + _CHECK_S
        self._check(changer, opened)
        if opened.diagnoses and (data := changer.once(frames.DIAGNOSTIC)):
            self._ills.diagnose(data)

    def _check(self, changer: Changer, opened: Opened) -> None:
        tubes = changer.tubes()
        items = self._poll(changer, opened)
        # A coin that was counted just before its tube was, is told by now; then the tube is looked at again.
        if items is not None and not frames.moved(items):
            self._books.open = False
            self._books.check(tubes, opened.cents)

    # -- what it says ----------------------------------------------------------------------------------

    def _poll(self, changer: Changer, opened: Opened) -> tuple[frames.PollItem, ...] | None:
        """POLL, and hear what it says; None: it is silent for a moment."""
        items = changer.poll()
        if items is None:
            return None
        self._hear(items, opened.cents)
        if frames.Status(frames.JUST_RESET) in items:
            raise DeviceMissing(frames.RESET_ITSELF)
        return items

    def _hear(self, items: tuple[frames.PollItem, ...], cents: Mapping[int, int]) -> None:
        for item in items:
            match item:
                case frames.CoinIn():
                    self._coin(item, cents.get(item.type))
                case frames.PaidByHand():
                    self._log.warning(
                        "%s: %d coins of type %d were let out by hand", self.name, item.count, item.type
                    )
                    self._books.by_hand(item)
                case frames.Slugs():
                    self._books.trouble(
                        max(1, item.count), "objects were inserted that are no coins", CoinTrouble.FRAUD
                    )
                case frames.Status():
                    self._status(item.code)

    def _coin(self, coin: frames.CoinIn, cents: int | None) -> None:
        self._books.coin(coin, cents)
        if coin.route in (frames.Route.BOX, frames.Route.TUBE):
            self._room -= cents or 0
            self._ills.coin_taken()

    def _status(self, code: int) -> None:
        words = frames.STATUSES.get(code, f"it says {code:02X}, which the standard does not name")
        if code == frames.ESCROW:
            if self._opened is not None:  # a lever that was pressed before is nobody's wish any more
                self._emit(ButtonPressed(self.name, "cancel"))
        elif code == frames.NO_CREDIT:
            self._books.trouble(1, words, CoinTrouble.UNKNOWN)
        elif code == frames.COIN_REMOVED:
            self._books.trouble(1, words, CoinTrouble.FRAUD)
        elif not self._ills.note(code) and code not in (frames.PAYOUT_BUSY, frames.BUSY, frames.JUST_RESET):
            self._log.info("%s: %s", self.name, words)
