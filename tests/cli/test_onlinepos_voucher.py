"""`onlinepos voucher`: coins that nobody claimed become one voucher, once, and that settles their entry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from terminal.backends.onlinepos.vouchers import Vouchers
from terminal.core import facts
from terminal.core.delivery import Answer
from terminal.core.facts import CashKind, EntryKind, EntryState
from terminal.sandbox import Fault
from terminal.sandbox.onlinepos.rules import HashScheme
from terminal.sandbox.onlinepos.things import Card
from tests.cli.conftest import Place, at
from tests.sandbox.shop import FIRMAID, KEY, TOKEN, Shop

CAMPAIGN = 27
SERVER = """
[backends.shop]
type = "onlinepos"
url = "{url}"
allow_http = true
token_file = "{file}"
voucher_campaign = {campaign}
voucher_point_cents = 20
"""


class Kiosk:
    """A daemon with 1.20 of unclaimed coins on its books, and a shop that makes vouchers."""

    def __init__(self, place: Place, rules: dict[str, Any]) -> None:
        self.place = place
        self.shop = Shop(rules)
        self.configured = place.config.read_text()
        self.configure(CAMPAIGN)
        (place.folder / "shop.json").write_text(
            json.dumps({"token": TOKEN, "firmaid": FIRMAID, "key": KEY}, separators=(",", ":"))
        )
        (place.folder / "shop.json").chmod(0o600)
        self.seq = self.add("lost-coins")

    def configure(self, campaign: int) -> None:
        text = SERVER.format(
            url=self.shop.sandbox.onlinepos_url, file=self.place.folder / "shop.json", campaign=campaign
        )
        self.place.config.write_text(self.configured + text)

    def add(self, key: str, *, synced: bool = True) -> str:
        """Put coins that nobody claimed on the books."""
        session = f"s-{key}"
        coins = facts.EntryAdded(
            key, EntryKind.UNCLAIMED, "main", None, 120, session=session, state=EntryState.PARKED, words="left"
        )
        moved = [
            facts.SessionOpened(session, None),
            facts.CashMoved(session, CashKind.IN, 120, "slot"),
            coins,
            facts.CashMoved(session, CashKind.UNCLAIMED, 120, key=key),
            facts.SessionClosed(session, "unclaimed"),
        ]
        self.place.journal.commit(moved, at(0, synced=synced))
        entry = self.place.journal.entry(key)
        assert entry is not None
        return str(entry.seq)

    def __call__(self, *args: str) -> Any:
        """Make a voucher of the coins."""
        return self.place.run("onlinepos", "voucher", self.seq, "--by", "the technician", "--yes", *args)

    def made(self) -> list[Card]:
        return [each for each in self.shop.pos.store.cards() if each.voucher]

    @property
    def state(self) -> EntryState:
        entry = self.place.journal.entry_by_seq(int(self.seq))
        assert entry is not None
        return entry.state

    def lose(self, *, after: bool, method: Literal["GET", "POST"] = "POST") -> None:
        self.shop.pos.faults.set(Fault(kind="drop", method=method, after=after, count=1))


@pytest.fixture
def kiosk(daemon: Place, request: pytest.FixtureRequest) -> Iterator[Kiosk]:
    kiosk = Kiosk(daemon, getattr(request, "param", {}))
    yield kiosk
    kiosk.shop.close()


def test_coins_become_a_voucher_and_their_entry_is_written_off(kiosk: Kiosk) -> None:
    done = kiosk()
    assert done.exit_code == 0, done.output
    (card,) = kiosk.made()
    assert (card.points, card.valid) == ({str(CAMPAIGN): 6}, ("20260501", "20290430"))
    assert f"Voucher {card.number}, worth 1.20 EUR" in done.stdout
    assert kiosk.state is EntryState.VOIDED
    books = kiosk.place.journal.books()
    assert (books.held, books.written_off) == (0, 120)
    told = kiosk.place.run("journal", "show", kiosk.seq).output
    assert "the technician" in told
    assert f"OnlinePOS voucher …{card.number[-4:]}" in told
    assert card.number not in told, "it is money"


def test_a_second_run_makes_none_and_tells_the_number_again(kiosk: Kiosk) -> None:
    first, again = kiosk("--json"), kiosk("--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout) == json.loads(first.stdout)
    assert len(kiosk.made()) == 1
    assert kiosk.place.journal.books().written_off == 120


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_answer_is_looked_for_and_a_second_run_ends_it(kiosk: Kiosk, *, after: bool) -> None:
    kiosk.lose(after=after)
    done = kiosk()
    assert done.exit_code == (0 if after else 1)
    if not after:
        assert "makes no second one" in done.stderr
        assert kiosk.state is EntryState.PARKED
        assert kiosk().exit_code == 0
    assert len(kiosk.made()) == 1
    assert kiosk.state is EntryState.VOIDED


def test_a_lost_answer_that_cannot_be_looked_for_either_settles_nothing_yet(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk.lose(after=True)
    make = Vouchers.make

    def make_and_part(*args: Any) -> Answer:
        answer = make(*args)
        kiosk.lose(after=False, method="GET")
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(Vouchers, "make", make_and_part)
        done = kiosk()
    assert (done.exit_code, kiosk.state) == (1, EntryState.PARKED)
    assert "not known whether the voucher" in done.stderr
    assert kiosk().exit_code == 0
    assert (len(kiosk.made()), kiosk.state) == (1, EntryState.VOIDED)


@pytest.mark.parametrize("kiosk", [{"voucher_card": "own"}], indirect=True)
def test_a_server_that_hides_the_voucher_makes_no_second_one_and_a_person_settles_it(kiosk: Kiosk) -> None:
    kiosk.lose(after=True)
    assert kiosk().exit_code == 1
    done = kiosk()
    assert done.exit_code == 1
    assert "which the server does not show" in done.stderr
    assert f"journal resolve {kiosk.seq} --write-off" in done.stderr
    assert (len(kiosk.made()), kiosk.state) == (1, EntryState.PARKED)


def test_a_voucher_that_was_spent_from_meanwhile_is_for_a_person(kiosk: Kiosk) -> None:
    assert kiosk().exit_code == 0
    (card,) = kiosk.made()
    kiosk.shop.pos.store.save_card(replace(card, points={str(CAMPAIGN): 2}))
    done = kiosk()
    assert done.exit_code == 1
    assert "worth 0.40 EUR and not 1.20 EUR" in done.stderr


def test_who_gave_the_money_out_otherwise_gets_no_voucher(kiosk: Kiosk) -> None:
    words = ("--by", "somebody", "--reason", "paid out", "--yes")
    assert kiosk.place.run("journal", "void", kiosk.seq, *words).exit_code == 0
    done = kiosk()
    assert done.exit_code == 1
    assert "settled already" in done.stderr
    assert kiosk.made() == []


def test_money_that_is_given_out_at_the_same_time_is_said_to_be_out_twice(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Vouchers.make

    def make_beside_another(*args: Any) -> Answer:
        words = ("--by", "somebody", "--reason", "paid out", "--yes")
        assert kiosk.place.run("journal", "void", kiosk.seq, *words).exit_code == 0
        return make(*args)

    monkeypatch.setattr(Vouchers, "make", make_beside_another)
    done = kiosk()
    assert done.exit_code == 1
    (card,) = kiosk.made()
    assert f"The voucher {card.number} is made, but entry {kiosk.seq} could not be settled" in done.stderr
    assert "have the voucher closed" in done.stderr
    assert kiosk.place.journal.books().written_off == 120


def test_only_coins_that_nobody_claimed_become_one(kiosk: Kiosk) -> None:
    kiosk.place.add("k1")
    entry = kiosk.place.journal.entry("k1")
    assert entry is not None
    kiosk.seq = str(entry.seq)
    done = kiosk()
    assert done.exit_code == 2
    assert "not of coins that nobody claimed" in done.stderr
    assert kiosk.made() == []


def test_coins_of_a_day_that_nobody_knows_get_none(kiosk: Kiosk) -> None:
    kiosk.seq = kiosk.add("later", synced=False)
    done = kiosk()
    assert done.exit_code == 1
    assert "the clock was not set" in done.stderr
    assert kiosk.made() == []


def test_a_server_that_says_no_leaves_everything_as_it_is(kiosk: Kiosk) -> None:
    kiosk.configure(4711)
    done = kiosk()
    assert (done.exit_code, kiosk.state) == (1, EntryState.PARKED)
    assert "Nothing was sent: the server has no campaign 4711" in done.stderr
    kiosk.configure(CAMPAIGN)
    kiosk.shop.pos.rules = replace(kiosk.shop.pos.rules, scheme=HashScheme(algorithm="sha256"))
    done = kiosk()
    assert (done.exit_code, kiosk.state) == (1, EntryState.PARKED)
    assert "`terminalctl onlinepos probe`" in done.stderr
    assert kiosk.made() == []


def test_without_a_daemon_nothing_is_made(kiosk: Kiosk) -> None:
    assert kiosk.place.server is not None
    kiosk.place.server.stop()
    assert kiosk().exit_code == 2
    assert kiosk.made() == []
