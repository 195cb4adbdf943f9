"""A whole year of a kiosk, simulated: whatever happens, not a cent is lost, taken twice or given away silently.

TERMINAL_SEED=n repeats one history; TERMINAL_YEARS=n lives so many for each kind of kiosk.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from terminal.core.events import Ended
from terminal.core.facts import CashKind
from terminal.core.job import Job
from terminal.core.rules import CashRules, OfflineRules, ReadingRules, TopupRules, VendingRules
from terminal.core.tickets import Method
from terminal.core.value import replace
from tests.core.making import ticket_job
from tests.core.outside import Weather
from tests.core.ticket_audit import TicketAudit
from tests.core.world import GUARANTEES, World

CUSTOMERS = 250
SEEDS = (
    [int(os.environ["TERMINAL_SEED"])]
    if "TERMINAL_SEED" in os.environ
    else list(range(1, 1 + int(os.environ.get("TERMINAL_YEARS", "1"))))
)
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made there

OFFLINE = OfflineRules(max_per_token=2_000, max_total=20_000, max_count=60)


def vending(authorize: str, after_unknown: str = "park", *, confirm: bool = True) -> Job:
    return Job(
        terminal="kiosk-1",
        kind="vending",
        currency="EUR",
        locale="en_GB",
        wallet="main",
        acceptors=("slot",),
        releases=("relay",),
        vending=VendingRules(
            authorize=authorize,
            confirm=confirm,
            max_pieces=3,
            after_unknown_release=after_unknown,
            release_s=10,
        ),
        offline=OFFLINE,
        reading=ReadingRules(),
    )


def topup(**rules: object) -> Job:
    return Job(
        terminal="kiosk-1",
        kind="topup",
        currency="EUR",
        locale="en_GB",
        wallet="main",
        acceptors=("slot",),
        printers=("paper",),
        topup=TopupRules(max_session=1_000, window_s=120, finish_s=10, **rules),
        offline=OFFLINE,
        reading=ReadingRules(),
    )


def machine(authorize: str, **rules: object) -> Job:
    job = vending(authorize, confirm=False)
    more = {name: getattr(job.vending, name) for name in ("authorize", "max_pieces", "release_s")}
    return replace(
        job,
        releases=(),
        machines=("snacks",),
        vending=VendingRules(**more, machine_revalue=True, **rules),
        topup=TopupRules(max_session=60),
    )


PAYING = replace(
    topup(),
    acceptors=("slot", "changer"),
    cash=CashRules(
        payouts=("hopper", "small hopper"), payout_s=20, box_pieces={"slot": 60}, box_amount={"changer": 3_000}
    ),
)


def tickets(**rules: object) -> Job:
    job = ticket_job(offline=OFFLINE, cash=PAYING.cash, topup=TopupRules(unknown_tokens=True), **rules)
    return replace(job, terminal="kiosk-1", acceptors=("slot", "changer"))


KIOSKS = {
    "balance": vending("balance"),
    "charge": vending("charge"),
    "charge what is unknown": vending("charge", "charge"),
    "one piece": vending("charge", confirm=False),
    "topup": topup(),
    "payouts": PAYING,
    "machine": machine("balance", machine_multivend=True),
    "books": replace(vending("charge"), office="books"),
    "tickets": tickets(),
    "tickets, charge": tickets(
        authorize="charge",
        change=("payout", "credit", "voucher"),
        refund=("credit", "payout", "voucher"),
        cash_rounding=100,
    ),
    "machine, charge": machine("charge"),
}
YEARS = [
    *product(("balance", "charge", "topup"), GUARANTEES),
    ("charge what is unknown", "none"),
    ("one piece", "key 24 h"),
    ("books", "key"),
    ("books", "none"),
]


@contextmanager
def world(
    kiosk: str, guarantee: str, seed: int, *, cut_chance: float, cut_at: int | None = None
) -> Iterator[World]:
    """A world on a disk that is fast where there is one; it says how to repeat it if it ends badly."""
    fast = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    with TemporaryDirectory(dir=fast, prefix="kiosk-") as directory:
        made = World(Path(directory), KIOSKS[kiosk], GUARANTEES[guarantee], seed, cut_chance, cut_at)
        try:
            yield made
        except AssertionError as error:
            error.add_note(f"repeat it: TERMINAL_SEED={seed} (kiosk {kiosk!r}, guarantee {guarantee!r})")
            raise
        finally:
            made.close()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("kiosk", "guarantee"), YEARS)
def test_a_year(kiosk: str, guarantee: str, seed: int) -> None:
    with world(kiosk, guarantee, seed, cut_chance=0.006) as kiosk_world:
        kiosk_world.live(365, CUSTOMERS)
        kiosk_world.settle()
        kiosk_world.audit.check_settled(kiosk_world)
        # It was a year in which something happened.
        assert kiosk_world.cuts.count >= 5
        assert len(kiosk_world.server.booked) >= 30
        assert len(kiosk_world.server.seen) >= 3
        assert bool(kiosk_world.books.records) == (kiosk == "books")


@pytest.mark.parametrize(
    ("kiosk", "guarantee", "weather", "seed"),
    [
        ("balance", "key", Weather.FAIR, 1),
        ("balance", "none", Weather.LOSSY, 4),
        ("charge", "key", Weather.FAIR, 1),
        ("charge", "none", Weather.LOSSY, 2),
        ("topup", "none", Weather.LOSSY, 1),
        ("books", "key", Weather.FAIR, 1),
        ("books", "none", Weather.LOSSY, 2),
        ("payouts", "key", Weather.FAIR, 11),
        ("payouts", "none", Weather.LOSSY, 12),
        ("machine", "key", Weather.FAIR, 2),
        ("machine, charge", "none", Weather.LOSSY, 11),
        ("tickets", "key", Weather.FAIR, 36),
        ("tickets, charge", "none", Weather.LOSSY, 8),
    ],
)
def test_the_power_goes_at_every_single_write(kiosk: str, guarantee: str, weather: Weather, seed: int) -> None:
    """Not by chance but at one point after the other, of the same few customers."""
    at, cuts = 0, 1
    while cuts:
        at += 1
        with world(kiosk, guarantee, seed, cut_chance=0.0, cut_at=at) as small:
            small.run(10_000)
            small.server.weather = weather
            for _ in range(3):
                small.serve()
                small.run(10_000)
            cuts = small.cuts.count
            small.settle()
            small.audit.check_settled(small)
    assert at > 50
    assert small.sold >= 3 or small.audit.coins > 300 or small.audit.granted
    assert sum(small.audit.paid.values()) > 200 or not small.hoppers


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("guarantee", ["key", "none"])
def test_a_season_of_coins_that_are_paid_back(guarantee: str, seed: int) -> None:
    with world("payouts", guarantee, seed, cut_chance=0.004) as kiosk:
        kiosk.live(90, CUSTOMERS)
        kiosk.settle()
        kiosk.audit.check_settled(kiosk)
        audit, hoppers = kiosk.audit, kiosk.hoppers.values()
        # All of it happened: coins came back, payouts ended in the dark, and nobody could tell of some.
        assert kiosk.cuts.count >= 5
        assert set(audit.ended.values()) == set(Ended)
        assert sum(audit.paid.values()) > 1_000
        assert audit.doubts
        assert audit.emptied
        assert any(hopper.asked for hopper in hoppers)
        assert all(hopper.begun for hopper in hoppers)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("kiosk", "guarantee"), [("machine", "key"), ("machine", "none"), ("machine, charge", "read-back")]
)
def test_a_season_of_a_machine_that_asks_for_payment(kiosk: str, guarantee: str, seed: int) -> None:
    with world(kiosk, guarantee, seed, cut_chance=0.004) as snacks:
        snacks.live(90, CUSTOMERS)
        snacks.settle()
        snacks.audit.check_settled(snacks)
        assert snacks.cuts.count >= 5
        assert len(snacks.machine.given) >= 30
        assert set(snacks.audit.settled.values()) == set(Ended)
        assert snacks.audit.granted
        # The price that the machine asks is what is paid, also where the server lists another one.
        paid = [piece for entry in snacks.audit.entries.values() for piece in entry.pieces]
        assert {(piece.listed, piece.id == "44") for piece in paid} == {
            (True, False),
            (False, False),
            (False, True),
        }
        assert snacks.audit.reported


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("kiosk", "guarantee"), [("tickets", "key"), ("tickets, charge", "none")])
def test_a_season_of_tickets(kiosk: str, guarantee: str, seed: int) -> None:
    with world(kiosk, guarantee, seed, cut_chance=0.002) as gate:
        gate.live(90, CUSTOMERS)
        gate.settle()
        gate.audit.check_settled(gate)
        audit = gate.audit
        assert isinstance(audit, TicketAudit)
        # All of it happened: every way to pay, change, torn tickets, sales that came twice.
        assert gate.cuts.count >= 5
        assert len(gate.gate.sales) >= 60
        assert gate.gate.repeats
        paid = {payment.method for sale in audit.sales.values() for payment in sale.payments}
        assert paid == set(Method)
        assert any(count > 1 for count in audit.scanned.values())
        assert audit.moved[CashKind.RETURNED]
        assert audit.moved[CashKind.UNCLAIMED]
        assert any(sale.rounding for sale in audit.sales.values()) == (kiosk == "tickets, charge")
