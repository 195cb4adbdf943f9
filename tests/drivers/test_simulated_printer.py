"""The simulated printer keeps its paper, and runs out of it."""

import base64
import io

import pytest
from PIL import Image

from drivers.device import Pace
from drivers.printers.simulated import SimulatedPrinter, SimulatedPrinterOptions
from terminal.core.events import DeviceChanged, Ended, Health, PrintEnded
from terminal.core.paper import Barcode, Columns, Document, Drawer, QrCode, Rule, Text
from tests.support import needs

RECEIPT = Document((Text("Top-up", align="center"), Rule(), Columns("Coins", "5.00"), QrCode("T-1")))


@pytest.fixture
def printer(inbox, running, monkeypatch):
    monkeypatch.setattr(SimulatedPrinter, "pace", Pace(first_s=0.001, last_s=0.01))
    device = running(SimulatedPrinter("receipts", SimulatedPrinterOptions(columns=20), inbox.put))
    health(inbox, Health.OK)
    return device


def health(inbox, wanted):
    inbox.wait(
        lambda _: [change.health for change in inbox.of(DeviceChanged)][-1:] == [wanted], what=str(wanted)
    )


def ended(inbox, job):
    return inbox.wait(lambda _: [event for event in inbox.of(PrintEnded) if event.job == job], what=job)[0]


def test_a_document_is_on_the_paper(printer, inbox):
    printer.print("p1", RECEIPT)
    assert ended(inbox, "p1") == PrintEnded("p1", Ended.DONE)
    (paper,) = printer.papers
    assert paper[0].strip() == "Top-up"
    assert "Coins           5.00" in paper
    assert any("T-1" in line for line in paper)
    assert all(len(line) <= 20 for line in paper)


def test_without_paper_nothing_is_printed_and_a_person_is_called(printer, inbox):
    printer.hands["paper_out"]()
    health(inbox, Health.FAILED)
    printer.print("p1", RECEIPT)
    assert ended(inbox, "p1").ended is Ended.FAILED
    assert "paper is out" in ended(inbox, "p1").words
    assert not printer.papers
    printer.hands["paper_in"]()
    health(inbox, Health.OK)
    printer.print("p2", RECEIPT)
    assert ended(inbox, "p2").ended is Ended.DONE
    assert len(printer.papers) == 1


def test_paper_near_its_end_prints_and_calls_a_person(printer, inbox):
    printer.hands["paper_low"]()
    health(inbox, Health.DEGRADED)
    printer.print("p1", RECEIPT)
    assert ended(inbox, "p1").ended is Ended.DONE


def test_a_print_that_stops_half_way_is_unknown(printer, inbox):
    printer.hands["tear_next"]()
    printer.print("p1", RECEIPT)
    assert ended(inbox, "p1").ended is Ended.UNKNOWN
    health(inbox, Health.FAILED)
    (paper,) = printer.papers
    assert not any("T-1" in line for line in paper)
    printer.print("p2", RECEIPT)
    assert ended(inbox, "p2").ended is Ended.FAILED


def test_an_unplugged_printer_fails_its_jobs_and_comes_back_with_the_paper_it_has(printer, inbox):
    printer.hands["unplug"]()
    printer.print("p1", RECEIPT)
    assert ended(inbox, "p1").ended is Ended.FAILED
    health(inbox, Health.MISSING)
    printer.hands["paper_out"]()
    printer.hands["plug"]()
    health(inbox, Health.FAILED)
    assert "paper is out" in printer.condition.words
    assert not printer.papers


def test_after_the_stop_a_job_fails(printer, inbox):
    printer.stop()
    printer.print("p1", RECEIPT)
    assert ended(inbox, "p1").ended is Ended.FAILED


def test_a_drawer_is_opened_and_stands_on_no_paper(printer, inbox):
    printer.print("p1", Document((Drawer(), Text("x"), Drawer())))
    assert ended(inbox, "p1").ended is Ended.DONE
    assert printer.drawers == 2
    assert printer.papers[-1] == ("x",)


def test_several_troubles_are_over_only_when_each_is(printer, inbox):
    printer.hands["paper_out"]()
    printer.hands["cover_open"]()
    health(inbox, Health.FAILED)
    printer.hands["paper_in"]()
    inbox.wait(lambda _: "cover is open" in printer.condition.words)
    printer.print("p1", RECEIPT)
    assert ended(inbox, "p1").ended is Ended.FAILED
    printer.hands["cover_close"]()
    health(inbox, Health.OK)


def seen(printer, number=1):
    told = printer.hands["paper"](number=number)
    image = Image.open(io.BytesIO(base64.b64decode(told["png"])))
    assert image.size == (told["width"], told["height"])
    return told


def test_its_paper_can_be_seen_as_a_picture_of_what_a_real_one_would_get(printer, inbox):
    needs.module("escpos", "printer")
    with pytest.raises(ValueError, match="has printed nothing yet"):
        printer.hands["paper"]()
    for job in ("p1", "p2"):
        printer.print(job, RECEIPT)
        ended(inbox, job)
    one, both = seen(printer), seen(printer, 5)
    assert (one["width"], one["documents"], both["documents"]) == (512, 1, 2)
    assert both["height"] > 1.9 * one["height"]
    with pytest.raises(ValueError, match="whole number from 1"):
        printer.hands["paper"](number=0)


def test_torn_paper_is_shown_as_far_as_it_was_printed(printer, inbox):
    needs.module("escpos", "printer")
    printer.print("p1", RECEIPT)
    ended(inbox, "p1")
    whole = seen(printer)["height"]
    printer.hands["tear_next"]()
    printer.print("p2", RECEIPT)
    ended(inbox, "p2")
    assert seen(printer)["height"] < whole


def test_what_cannot_be_drawn_is_a_sentence(printer, inbox):
    needs.module("escpos", "printer")
    printer.print("p1", Document((Barcode("Größe"),)))
    ended(inbox, "p1")
    with pytest.raises(ValueError, match="printable ASCII"):
        printer.hands["paper"]()
