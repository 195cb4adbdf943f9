"""A ticket kiosk that hands its sales over to a register: an order and its tab, each once, whatever happens.

``TERMINAL_SEED=N`` repeats a run's dice, ``TERMINAL_KILLS=N`` makes it longer.
"""

import os
import random
import sys
import threading
from collections import Counter
from pathlib import Path

from terminal.core.facts import EntryState
from terminal.sandbox.onslip.rules import thousandths
from tests.support.kiosk import Kiosk, sale_of
from tests.support.onslip import RealmProcess
from tests.support.seed import SEED
from tests.support.waiting import wait_until

KILLS = int(os.environ.get("TERMINAL_KILLS", "9"))
UID = "04A1B2C3D4E5F6"
BAD_DAYS = (
    {"kind": "drop", "after": True, "probability": 0.2, "method": "POST"},
    {"kind": "half", "probability": 0.1, "method": "POST"},
    {"kind": "garbage", "after": True, "probability": 0.1, "method": "POST"},
    {"kind": "status", "status": 503, "after": True, "probability": 0.1, "method": "POST"},
    {"kind": "status", "status": 500, "probability": 0.05},
    {"kind": "drop", "probability": 0.05},
    {"kind": "status", "status": 401, "probability": 0.02},
    {"kind": "delay", "ms": 100, "probability": 0.3},
)
BAD_TABS = ({"kind": "drop", "path": "/tabs/", "method": "POST"},)
"""Orders arrive, and none of their tabs."""


def guest(kiosk: Kiosk, dice: random.Random) -> None:
    """Choose, and pay by coins or by token, or go away."""
    for name in (*dice.sample(("4", "3"), k=dice.randrange(1, 3)), "confirm"):
        kiosk.do("button", "panel", name=name)
    if dice.random() < 0.3:
        kiosk.do("tap", uid=UID)
        kiosk.do("untap")
    for cents in (200, 100):
        kiosk.do("coin", "coins", cents=cents)
    if dice.random() < 0.2:
        kiosk.do("button", "panel", name="cancel")


def test_kills_leave_one_order_and_one_tab_for_each_sale(tmp_path: Path) -> None:
    dice, environment = random.Random(SEED), {"TERMINAL_MOVED_NS": "0"}
    with RealmProcess(tmp_path, f"--wallet={UID}=100000") as realm:
        kiosk = Kiosk(
            tmp_path,
            realm,
            tickets={"max_tickets": 50},
            sections={
                "backends.office": realm.backend(sales="orders", location=1),
                "roles": {"sales": "office", "wallet": "main"},
            },
            environment=environment,
            within=(sys.executable, "-m", "tests.support.moved_clock"),
        )

        def start() -> None:
            off_s = dice.choice([0, 40, 60])  # by its clocks
            environment["TERMINAL_MOVED_NS"] = str(int(environment["TERMINAL_MOVED_NS"]) + off_s * 10**9)
            kiosk.start()
            wait_until(lambda: kiosk.status()["phase"] != "starting", what="a state")

        for number in range(KILLS):
            realm.onslip_faults(*(BAD_TABS if number % 3 == 2 else BAD_DAYS), seed=SEED + number)
            start()
            for _ in range(dice.randrange(1, 4)):
                guest(kiosk, dice)
            threading.Event().wait(dice.uniform(0, 0.6))  # a moment that is random on purpose
            kiosk.kill()
        happened = realm.faults_happened()
        realm.onslip_faults()
        for _ in range(2):  # what is in doubt after the last start is looked for after the next
            environment["TERMINAL_MOVED_NS"] = str(int(environment["TERMINAL_MOVED_NS"]) + 60 * 10**9)
            kiosk.start()
            kiosk.do("button", "panel", name="cancel")
            kiosk.wait_paper()
            assert kiosk.ask("POST", "sync").is_success
            kiosk.wait_delivered()
            assert kiosk.stop() == 0
        check(kiosk, realm)
    assert happened > KILLS // 2
    assert len(kiosk.sold()) > KILLS // 4, "hardly anything was sold: this proves nothing"


def check(kiosk: Kiosk, realm: RealmProcess) -> None:
    """See that each sale is there once, with what was sold and how it was paid, and its tab once."""
    sold = {entry.key: sale_of(entry) for entry in kiosk.sold()}
    assert {entry.state for entry in kiosk.sold()} == {EntryState.DELIVERED}
    orders = realm.entities("orders")
    assert Counter(each["client-reference"] for each in orders) == Counter(sold.keys())
    assert Counter(each["order"] for each in realm.entities("tabs")) == Counter(each["id"] for each in orders)
    for order in orders:
        sale = sold[order["client-reference"]]
        worth = sum(each["quantity"] * thousandths(each["price"]) for each in order["items"])
        paid = sum(thousandths(each["amount"]) for each in order["payments"])
        assert worth == paid == sale.total * 10
    items = {each["id"]: each["items"] for each in orders}
    assert all(each["items"] == items[each["order"]] for each in realm.entities("tabs"))
    taken = Counter(each["key"] for each in realm.booked())
    wallets = {payment.reference for sale in sold.values() for payment in sale.payments if payment.reference}
    assert set(taken.values()) <= {1}
    assert wallets <= set(taken), "a sale that nobody has paid for"
