"""`devices scan`: what is plugged in becomes blocks that a configuration can take as they are."""

import json
import threading
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

import drivers
from drivers.contract import Found
from drivers.errors import DeviceFault
from drivers.panel.gpio_buttons import GpioButtonsOptions
from drivers.printers.escpos import EscposOptions
from drivers.readers.pcsc import PcscOptions
from terminal.cli import cli
from terminal.cli.devices import finding
from terminal.core.events import Health
from terminal.daemon.status import DeviceStatus
from tests.cli.conftest import Place

READER = "ACS ACR122U PICC Interface 00 00"


class Table:
    """A table of drivers whose scans the test says."""

    def __init__(self) -> None:
        self.scans: dict[tuple[str, str], tuple[type, Callable[[], list[Found]] | None]] = {}

    def add(self, role: str, driver: str, options: type, scan: Callable[[], list[Found]] | None) -> None:
        self.scans[role, driver] = (options, scan)

    def find(self, role: str, driver: str) -> Any:
        options, scan = self.scans[role, driver]
        more = {} if scan is None else {"scan": staticmethod(scan)}
        return type("Driver", (), {"role": role, "Options": options, **more})


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """The drivers of the product stay in the table for the configuration; only the look is the test's."""
    table = Table()
    known, find = drivers.names(), drivers.find
    monkeypatch.setattr(finding, "drivers", _Module(table))
    yield table
    assert (drivers.names(), drivers.find) == (known, find)


class _Module:
    def __init__(self, table: Table) -> None:
        self.names = lambda: sorted(table.scans)
        self.find = table.find


def pcsc(*names: str, caution: str = "") -> Callable[[], list[Found]]:
    return lambda: [
        Found("reader", "pcsc", {"reader": name}, f"PC/SC reader {name}", caution) for name in names
    ]


def alone(*arguments: str, **options: Any) -> Result:
    """Run without any configuration."""
    return CliRunner(env={"TERMINAL_CONFIG": "/nowhere/terminal.toml"}).invoke(
        cli, ["devices", "scan", *arguments], **options
    )


def configure(place: Place, block: str) -> None:
    text = place.config.read_text().replace("[sandbox]\nenabled = true", "[sandbox]\nenabled = false")
    text = text.replace('url = "sandbox:"', 'url = "http://localhost:1/"\ntoken_file = "token"')
    place.config.write_text(f"{text}\n{block}")


# -- blocks --------------------------------------------------------------------------------------------


def test_what_is_printed_is_toml_ready_to_paste(table: Table) -> None:
    table.add("reader", "pcsc", PcscOptions, pcsc(READER, "Other 01 00", caution='Say "please".\nTwice.'))
    done = alone()
    assert done.exit_code == 0, done.output
    blocks = tomllib.loads(done.stdout)["devices"]
    assert blocks == [
        {"name": "reader", "role": "reader", "driver": "pcsc", "reader": READER},
        {"name": "reader 2", "role": "reader", "driver": "pcsc", "reader": "Other 01 00"},
    ]
    assert f"# PC/SC reader {READER}" in done.stdout
    assert '# First: Say "please". Twice.' in done.stdout
    assert "/nowhere/terminal.toml: no such file" in done.stderr


def test_what_a_driver_still_needs_is_said_and_the_block_stays_a_comment(table: Table) -> None:
    table.add(
        "buttons", "gpio", GpioButtonsOptions, lambda: [Found("buttons", "gpio", {}, "the pins of a board")]
    )
    done = alone()
    assert tomllib.loads(done.stdout) == {}
    assert "# To be completed before it can be used: Object missing required field `buttons`" in done.stdout
    assert '# driver = "gpio"' in done.stdout


def test_drivers_for_the_same_place_are_rivals(table: Table) -> None:
    port = "/dev/serial/by-id/usb-X"
    for role, driver in (("reader", "pcsc"), ("reader", "other")):
        found = Found(role, driver, {"reader": port}, "a serial line")
        table.add(role, driver, PcscOptions, lambda found=found: [found])
    done = alone()
    assert tomllib.loads(done.stdout) == {}
    assert "# Take at most one of the drivers" in done.stdout


def test_nothing_at_all_is_said(table: Table) -> None:
    done = alone()
    assert done.exit_code == 0
    assert done.stdout.startswith("# Nothing is plugged in")


# -- what is configured --------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [READER, "ACR122U", ""])
def test_what_is_configured_already_is_marked(place: Place, table: Table, given: str) -> None:
    table.add("reader", "pcsc", PcscOptions, pcsc(READER, "Other 01 00"))
    configure(place, f'[[devices]]\nname = "front"\nrole = "reader"\ndriver = "pcsc"\nreader = "{given}"\n')
    done = place.run("devices", "scan")
    assert done.exit_code == 0, done.output
    assert "# Configured as 'front'." in done.stdout
    (left,) = tomllib.loads(done.stdout)["devices"]
    assert left["reader"] == "Other 01 00"
    assert left["name"] == "reader 2", "the simulated one is called reader"


def test_a_device_is_the_same_by_whatever_form_its_file_is_named_in(place: Place, table: Table) -> None:
    table.add(
        "printer",
        "escpos",
        EscposOptions,
        lambda: [Found("printer", "escpos", {"port": "serial:///dev/ttyX"}, "a printer")],
    )
    configure(
        place,
        '[[devices]]\nname = "receipts"\nrole = "printer"\ndriver = "escpos"\nport = "file:///dev/ttyX"\n',
    )
    assert "# Configured as 'receipts'." in place.run("devices", "scan").stdout


def test_a_place_that_another_driver_has_is_not_proposed_again(place: Place, table: Table) -> None:
    table.add("reader", "rdm", PcscOptions, lambda: [Found("reader", "rdm", {"reader": "/dev/ttyX"}, "a line")])
    configure(
        place,
        '[[devices]]\nname = "receipts"\nrole = "printer"\ndriver = "escpos"\nport = "serial:///dev/ttyX"\n',
    )
    done = place.run("devices", "scan")
    assert "# 'receipts' is configured there already" in done.stdout
    assert tomllib.loads(done.stdout) == {}


def test_a_running_daemon_says_how_it_is(place: Place, table: Table) -> None:
    table.add("reader", "pcsc", PcscOptions, pcsc(READER))
    configure(place, '[[devices]]\nname = "front"\nrole = "reader"\ndriver = "pcsc"\n')
    place.devices = [DeviceStatus("front", "reader", "pcsc", Health.MISSING, "unplugged")]
    place.start()
    assert "# Configured as 'front': missing." in place.run("devices", "scan").stdout


def test_a_wrong_configuration_does_not_keep_from_looking(place: Place, table: Table) -> None:
    table.add("reader", "pcsc", PcscOptions, pcsc(READER))
    place.config.write_text(place.config.read_text() + '\n[[devices]]\nname = "x"\n')
    done = place.run("devices", "scan")
    assert done.exit_code == 0
    assert "it has mistakes (terminalctl config check)" in done.stderr
    assert tomllib.loads(done.stdout)["devices"][0]["reader"] == READER


# -- drivers that cannot look --------------------------------------------------------------------------


def test_a_driver_that_cannot_look_is_one_line_and_stops_nothing(table: Table) -> None:
    def missing() -> list[Found]:
        raise DeviceFault("the Python library nfc cannot be imported: pip install 'terminald[nfc]'")

    def wrong() -> list[Found]:
        raise RuntimeError("a mistake\nin two lines")

    def no_library() -> list[Found]:
        raise ImportError("No module named 'vendor'")

    table.add("reader", "a", PcscOptions, missing)
    table.add("reader", "b", PcscOptions, wrong)
    table.add("reader", "c", PcscOptions, no_library)
    table.add("reader", "d", PcscOptions, None)
    table.add("reader", "pcsc", PcscOptions, pcsc(READER))
    done = alone()
    assert done.exit_code == 0, done.output
    assert len(tomllib.loads(done.stdout)["devices"]) == 1
    lines = done.stderr.splitlines()
    assert "reader.a: the Python library nfc cannot be imported: pip install 'terminald[nfc]'" in lines
    assert "reader.b: cannot look: a mistake in two lines" in lines
    assert "reader.c: its library cannot be imported: No module named 'vendor'" in lines
    told = json.loads(alone("--json").stdout)
    assert [each["driver"] for each in told["not_looked"]] == ["a", "b", "c"]
    assert told["found"][0]["options"] == {"reader": READER}


def test_a_driver_that_hangs_is_not_waited_for(table: Table) -> None:
    never = threading.Event()

    def hang() -> list[Found]:
        never.wait()
        return []

    table.add("reader", "hangs", PcscOptions, hang)
    table.add("reader", "pcsc", PcscOptions, pcsc(READER))
    try:
        looked = finding.look(within_s=0.5)
    finally:
        never.set()
    assert [(each.driver, each.trouble) for each in looked] == [
        ("hangs", "did not answer within 0.5 s"),
        ("pcsc", ""),
    ]


def test_the_real_drivers_look_on_this_machine() -> None:
    done = alone()
    assert done.exit_code == 0, done.output
    tomllib.loads(done.stdout)
    assert "Traceback" not in done.stderr
