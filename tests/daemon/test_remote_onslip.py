"""A till of Onslip from end to end: what is set in its back office closes the day of a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from terminal.backends.onslip.adapter import Onslip360
from terminal.core.closing_rules import ClosingRules
from terminal.core.till import Attached
from terminal.daemon.closing import Closing
from terminal.daemon.remote import Note, Remote
from terminal.journal import Journal
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.backends.onslip_bench import adapter
from tests.core.report_samples import EMPTY
from tests.daemon.test_closing import World, at
from tests.daemon.test_pings import Weather
from tests.journal.making import NOW
from tests.sandbox.realm import Realm
from tests.support.waiting import wait_until

PRINTER = Attached("paper", "printer", "escpos", "/dev/usb/lp0", "kiosk-1/paper")
RULES = ClosingRules(printed=False)


class Kiosk:
    """A terminal whose clock the test sets, and its till; a power cut takes all but the note."""

    def __init__(self, realm: Realm, folder: Path) -> None:
        self.realm = realm
        self.journal = Journal.open(folder / "journal.db", b"k" * 32, boot=NOW.boot)
        self.note = Note(self.journal, lambda: NOW)
        self.world = World(at("2026-05-01 12:00"), RULES)
        self.backend: Onslip360 | None = None

    def on(self) -> None:
        """Switch it on."""
        self.backend = adapter(self.realm)
        self.remote = Remote(
            {"main": self.backend},
            roles={"wallet": "main"},
            currency="SEK",
            weather=Weather(),
            attached=lambda: (PRINTER,),
            last_report=lambda: EMPTY,
            local=(),
            obey=True,
            note=self.note,
        )
        world, said = self.world, self.remote.schedules
        self.closing = Closing(RULES, world, world, now=lambda: world.now, zone=UTC, schedules=said)
        self.remote.start(self.closing)

    def off(self) -> None:
        """Cut its power."""
        if self.backend is not None:
            self.remote.stop()
            self.backend.close()
            self.backend = None

    def until(self, predicate: Callable[[], Any], what: str) -> None:
        """Wait until it knows, asking again and again."""

        def knows() -> Any:
            self.remote.reload()
            return predicate()

        wait_until(knows, what=what)

    def look(self, text: str, boot: str = "b") -> int:
        """Look at the clock, twice as a change of schedules makes it; return how often the day was closed."""
        self.world.now = at(text, boot=boot)
        self.closing.look()
        self.closing.look()
        return len(self.world.made)


@pytest.fixture
def realm() -> Iterator[Realm]:
    made = Realm()
    made.only(*PERMISSIONS, till=8)
    yield made
    made.close()


@pytest.fixture
def kiosk(realm: Realm, tmp_path: Path) -> Iterator[Kiosk]:
    kiosk = Kiosk(realm, tmp_path)
    yield kiosk
    kiosk.off()
    kiosk.journal.close()


def close_at(realm: Realm, what: str, *schedules: str) -> None:
    """Set schedules in the back office, as its staff does."""
    if what == "tills/8":
        body = {"config": {"auto-close-batch-schedules": list(schedules)}}
        assert realm("PATCH", f"/{what}", body).status == 200
    else:
        realm.onslip.know(
            "locations",
            [{"id": 1, "name": "Hall", "config": {"auto-close-batch-schedules": list(schedules)}}],
        )


def test_the_day_is_closed_as_the_back_office_says_and_as_it_says_later(realm: Realm, kiosk: Kiosk) -> None:
    close_at(realm, "tills/8", "30 23 * * *")
    kiosk.on()
    kiosk.until(lambda: kiosk.remote.schedules, "the schedule")
    assert kiosk.look("2026-05-01 23:29") == 0
    assert kiosk.look("2026-05-01 23:30") == 1
    close_at(realm, "tills/8", "0 22 * * *")
    kiosk.until(lambda: kiosk.remote.schedules[0].text == "0 22 * * *", "the change")
    assert kiosk.look("2026-05-02 21:59") == 1
    assert kiosk.look("2026-05-02 22:00") == 2
    assert kiosk.look("2026-05-02 23:45") == 2


def test_the_place_says_it_until_the_till_does(realm: Realm, kiosk: Kiosk) -> None:
    close_at(realm, "locations/1", "0 20 * * *")
    kiosk.on()
    kiosk.until(lambda: kiosk.remote.schedules, "the schedule of the location")
    assert kiosk.look("2026-05-01 20:00") == 1
    close_at(realm, "tills/8")
    kiosk.until(lambda: not kiosk.remote.schedules, "the empty list of the till")
    assert kiosk.look("2026-05-03 20:00") == 2, "what was due by the old one is made good"
    assert kiosk.look("2026-05-09 20:00") == 2


def test_a_power_cut_over_the_moment_is_made_good_though_the_server_is_away(realm: Realm, kiosk: Kiosk) -> None:
    close_at(realm, "tills/8", "30 23 * * *")
    kiosk.on()
    kiosk.until(lambda: kiosk.remote.schedules, "the schedule")
    assert kiosk.look("2026-05-01 12:00") == 0
    kiosk.off()
    realm.sandbox.stop()
    kiosk.on()
    assert kiosk.look("2026-05-02 08:00", boot="c") == 1
    assert kiosk.look("2026-05-02 08:01", boot="c") == 1


def test_one_that_is_not_of_the_documented_form_is_named_and_closes_nothing(realm: Realm, kiosk: Kiosk) -> None:
    close_at(realm, "tills/8", "0 22 * * SUN", "0 23 * * 0")
    kiosk.on()
    kiosk.until(lambda: kiosk.remote.schedules, "the schedules")
    assert [each.text for each in kiosk.remote.schedules] == ["0 23 * * 0"]
    (words,) = kiosk.remote.troubles
    assert "found 'SUN' as day of week" in words


def test_devices_are_in_the_back_office_and_what_the_key_may_not_is_told(realm: Realm, kiosk: Kiosk) -> None:
    kiosk.on()
    kiosk.until(lambda: "config" in realm.onslip.entities("tills")[1], "the report")
    (binding,) = realm.onslip.entities("tills")[1]["config"]["peripheral-bindings"]
    assert (binding["device-id"], binding["address"]) == ("kiosk-1/paper", "/dev/usb/lp0")
    assert kiosk.remote.notices == ()
    realm.only(*(PERMISSIONS - {"edit-till-config"}), till=8)
    kiosk.until(lambda: kiosk.remote.notices, "the notice")
    (words,) = kiosk.remote.notices
    assert words.startswith("Server 'main': for the peripherals the key lacks the permission edit-till-config")
