"""A terminal's money at random, beside a ledger of what that should add up to."""

import shutil
from collections import defaultdict

from terminal.core.events import Ended, Place
from terminal.core.facts import (
    BoxEmptied,
    CashKind,
    CashMoved,
    PayoutIntended,
    PayoutSettled,
    PersonDecided,
    SessionClosed,
    SessionOpened,
)
from terminal.core.stamp import Stamp
from terminal.journal import Journal
from tests.journal.ledger import Ledger
from tests.journal.making import KEY, credit, unclaimed

COINS = (10, 50, 100, 200, 500)
PLACES = (Place.BOX, Place.BOX, Place.TUBE, Place.MACHINE)


class Till:
    """The terminal, its journal in *folder*, and what it should say."""

    def __init__(self, folder, rng):
        self.rng, self.folder, self.lives, self.count = rng, folder, 0, 0
        self.path = folder / "life-0" / "journal.db"
        self.path.parent.mkdir()
        self.journal = Journal.open(self.path, KEY, boot="b")
        self.now, self.all = Ledger(), Ledger()
        self.left, self.credits, self.open = [], [], {}
        self.boxes = defaultdict(lambda: [0, 0])

    # -- the machinery ---------------------------------------------------------------------------------

    def name(self, what):
        self.count += 1
        return f"{what}{self.count}"

    def stamp(self):
        return Stamp(1_800_000_000_000 + self.count, self.count, "b", synced=True)

    def commit(self, *facts):
        self.journal.commit(facts, self.stamp(), durable=False)

    def killed(self):
        """Nothing is closed: what lies on the disk at this moment is all there is."""
        self.lives += 1
        path = self.folder / f"life-{self.lives}" / "journal.db"
        path.parent.mkdir()
        for suffix in ("", "-wal", ".seq", ".report"):
            shutil.copy(f"{self.path}{suffix}", f"{path}{suffix}")
        self.journal.close()
        shutil.rmtree(self.path.parent)
        self.path, self.journal = path, Journal.open(path, KEY, boot="b")

    def ledgers(self):
        return (self.now, self.all)

    # -- money -----------------------------------------------------------------------------------------

    def insert(self, session, amount):
        """Coins of exactly *amount* come in, the last one of whatever value is missing."""
        while amount:
            value = min(amount, self.rng.choice(COINS))
            device, place = self.rng.choice(("slot", "bills")), self.rng.choice(PLACES)
            self.commit(CashMoved(session, CashKind.IN, value, device, place=place))
            amount -= value
            self.moved(session, taken=value)
            for ledger in self.ledgers():
                ledger.coins[device, value] += 1
            if place is Place.BOX:
                self.boxes[device][0] += 1
                self.boxes[device][1] += value

    def moved(self, session, **amounts):
        for ledger in self.ledgers():
            ledger.cash.update(amounts)
        for kind, amount in amounts.items():
            self.open[session] = self.open.get(session, 0) + {"taken": amount, "kept": 0}.get(kind, -amount)

    def coins(self):
        """Coins come in, and stay for later."""
        session = self.name("s")
        self.commit(SessionOpened(session, None))
        self.insert(session, self.rng.randrange(10, 900))

    def settle(self):
        """A session that holds something, perhaps since days, gives it up: credited, paid back, left behind."""
        if not self.open:
            return
        session = self.rng.choice(sorted(self.open))
        amount = self.open[session]
        way = self.rng.choice(("credited", "returned", "unclaimed"))
        if way == "returned":
            amount = self.pay(session, amount)
        elif way == "credited":
            key = self.name("c")
            self.commit(credit(key, amount=amount), CashMoved(session, CashKind.CREDITED, amount, key=key))
            self.credits.append(key)
            for ledger in self.ledgers():
                ledger.topups.update(count=1, amount=amount)
            self.moved(session, credited=amount)
        else:
            key = self.name("u")
            self.commit(unclaimed(key, amount), CashMoved(session, CashKind.UNCLAIMED, amount, key=key))
            self.left.append((key, amount))
            self.moved(session, unclaimed=amount)
        if not self.open[session]:
            self.commit(SessionClosed(session, way))
            del self.open[session]

    def pay(self, session, amount):
        payout = self.name("p")
        how = self.rng.choice((Ended.DONE, Ended.DONE, Ended.FAILED, Ended.UNKNOWN))
        paid = {Ended.DONE: amount, Ended.FAILED: 0}.get(how, self.rng.randrange(amount + 1))
        self.commit(PayoutIntended(payout, "hopper", amount, "7", session=session))
        facts = [PayoutSettled(payout, how, paid)]
        if paid:
            facts.append(CashMoved(session, CashKind.RETURNED, paid))
            self.moved(session, returned=paid)
        self.commit(*facts)
        for ledger in self.ledgers():
            sums = ledger.paid["hopper"]
            sums[0] += how is Ended.DONE
            sums[1] += paid
            sums[2] += how is Ended.UNKNOWN
            sums[3] += amount - paid if how is Ended.UNKNOWN else 0
        return paid

    def void_credit(self):
        if self.credits:
            key = self.credits.pop(self.rng.randrange(len(self.credits)))
            self.commit(PersonDecided(key, "void", "Ada", "paid by hand"))
            amount = self.journal.entry(key).amount
            for ledger in self.ledgers():
                ledger.topups.update(count=-1, amount=-amount)

    def write_off(self):
        if self.left:
            key, amount = self.left.pop(self.rng.randrange(len(self.left)))
            self.commit(PersonDecided(key, "void", "Ada", "into the tin"))
            for ledger in self.ledgers():
                ledger.cash.update(written_off=amount)

    def empty(self):
        device = self.rng.choice(("slot", "bills"))
        pieces, amount = self.boxes[device]
        counted = self.rng.choice((None, amount, max(0, amount - 50), amount + 20))
        self.commit(BoxEmptied(device, pieces, amount, "Ada", counted))
        self.boxes[device] = [0, 0]
        for ledger in self.ledgers():
            ledger.emptied.append((device, amount, 0 if counted is None else counted - amount))

    def trial(self):
        """A technician tries the hopper: its coins are nobody's."""
        key, payout = self.name("x"), self.name("p")
        self.commit(unclaimed(key, 0), PersonDecided(key, "void", "Ada", "trial"))
        self.commit(PayoutIntended(payout, "hopper", 100, "7", key=key))
        self.commit(PayoutSettled(payout, Ended.DONE, 100))
        for ledger in self.ledgers():
            ledger.paid["hopper"][0] += 1
            ledger.paid["hopper"][1] += 100
