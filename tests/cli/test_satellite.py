"""`satellite discover`: credentials from the server's page into a file, and nowhere else."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.backends.bearer import read_credentials
from terminal.cli import satellite as command
from terminal.sandbox import Sandbox
from terminal.sandbox.satellite.rules import SatelliteRules
from terminal.sandbox.satellite.server import Satellite
from tests.cli.conftest import Place


class Staff:
    """Somebody at the server's page, who presses Add while the terminal waits."""

    def __init__(self, server: Satellite, code: str = "80POS") -> None:
        self.server, self.code = server, code
        self.waits: list[float] = []
        self.adds_at = 2

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) == self.adds_at:
            assert self.server.approve(self.code)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(satellite=SatelliteRules()) as sandbox:
        yield sandbox


@pytest.fixture
def server(sandbox: Sandbox) -> Satellite:
    assert sandbox.satellite is not None
    sandbox.satellite.open_discovery()
    return sandbox.satellite


@pytest.fixture
def staff(server: Satellite, monkeypatch: pytest.MonkeyPatch) -> Staff:
    staff = Staff(server)
    monkeypatch.setattr(command, "_pause", staff)
    return staff


@pytest.fixture
def out(place: Place, sandbox: Sandbox) -> Path:
    out = place.folder / "satellite.login"
    configure(place, f'token_file = "{out}"', sandbox.satellite_url())
    return out


def configure(place: Place, secret: str, url: str, name: str = "tickets") -> None:
    backend = (
        f'[backends.{name}]\ntype = "satellite"\nurl = "{url}"\ngeneration = "old"\ndevice_code = "80POS"\n'
    )
    place.config.write_text(f"{place.config.read_text()}\n{backend}{secret}\n")


def address(sandbox: Sandbox) -> str:
    return f"{sandbox.base}/api/device-request/new"


def test_the_credentials_go_into_the_file_and_nowhere_else(
    place: Place, sandbox: Sandbox, staff: Staff, out: Path
) -> None:
    done = place.run("satellite", "discover", address(sandbox), "--every", "2")
    assert done.exit_code == 0, done.output
    found = read_credentials(out.read_text())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert " " not in out.read_text()
    assert out.read_text().count("\n") == 1
    assert found.client_id not in done.output
    assert found.client_secret not in done.output
    assert "Press Add beside 80POS on the Device Discovery page (request 1)" in done.output
    assert f"its API is at {sandbox.base}/api" in done.output
    assert staff.waits == [2, 2]
    assert [each["code"] for each in staff.server.devices()] == ["80POS"]
    assert staff.server.devices()[0]["agent"].startswith("terminald/")
    assert list(place.folder.glob(".*.new")) == []


def test_json_names_the_file_and_holds_no_secret(
    place: Place, sandbox: Sandbox, staff: Staff, out: Path
) -> None:
    done = place.run("satellite", "discover", address(sandbox), "--json")
    told = json.loads(done.stdout)
    assert told == {
        "file": str(out),
        "api_url": f"{sandbox.base}/api",
        "url": sandbox.satellite_url(),
        "same": True,
    }


def test_another_code_and_a_wish(place: Place, sandbox: Sandbox, staff: Staff, out: Path) -> None:
    staff.code = "80GATE"
    v5 = f"{sandbox.base}/api/v5/device-request/new.json"
    done = place.run("satellite", "discover", v5, "--code", "80GATE", "--type", "checkin")
    assert done.exit_code == 0, done.output
    assert [(each["code"], each["preferred_type"]) for each in staff.server.devices()] == [
        ("80GATE", "checkin")
    ]


def test_an_address_comes_from_a_scanner_that_types(
    place: Place, sandbox: Sandbox, staff: Staff, out: Path
) -> None:
    assert place.run("satellite", "discover", input=f"{address(sandbox)}\n").exit_code == 0
    assert out.exists()


def test_another_api_than_the_configured_one_is_said(place: Place, sandbox: Sandbox, staff: Staff) -> None:
    out = place.folder / "login"
    configure(place, f'token_file = "{out}"', "https://elsewhere.example.org/api")
    done = place.run("satellite", "discover", address(sandbox))
    assert done.exit_code == 1
    assert "https://elsewhere.example.org/api" in done.output
    assert read_credentials(out.read_text()), "they are kept all the same: they are told for ten minutes only"


def test_credentials_that_are_there_are_replaced_only_if_that_is_wanted(
    place: Place, sandbox: Sandbox, staff: Staff, out: Path
) -> None:
    out.write_text("before")
    refused = place.run("satellite", "discover", address(sandbox))
    assert (refused.exit_code, out.read_text()) == (2, "before")
    assert "--yes" in refused.output
    assert place.run("satellite", "discover", address(sandbox), "--yes").exit_code == 0
    assert read_credentials(out.read_text())


def test_ctrl_c_changes_nothing(place: Place, sandbox: Sandbox, staff: Staff, out: Path) -> None:
    out.write_text("before")

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    command._pause = interrupt  # type: ignore[assignment] - the fixture puts it back
    done = place.run("satellite", "discover", address(sandbox), "--yes")
    assert done.exit_code == 1
    assert "Aborted" in done.output
    assert out.read_text() == "before"
    assert list(place.folder.glob(".*.new")) == []


def test_a_page_that_nobody_looks_at_is_told_and_waited_for(
    place: Place, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, out: Path
) -> None:
    assert sandbox.satellite is not None
    server = sandbox.satellite
    staff = Staff(server)
    staff.adds_at = 3

    def later(seconds: float) -> None:
        server.open_discovery()
        staff(seconds)

    monkeypatch.setattr(command, "_pause", later)
    done = place.run("satellite", "discover", address(sandbox))
    assert done.exit_code == 0, done.output
    assert "open the Device Discovery page, or reload it" in done.output


def test_a_code_that_another_device_has_is_a_sentence(
    place: Place, sandbox: Sandbox, staff: Staff, out: Path
) -> None:
    assert place.run("satellite", "discover", address(sandbox)).exit_code == 0
    again = place.run("satellite", "discover", address(sandbox), "--yes")
    assert again.exit_code == 1
    assert "refuses the code 80POS" in again.output
    assert "--code" in again.output


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("http://tickets.example.org/api/device-request/new", "--allow-http"),
        ("https://tickets.example.org/", "its path ends in /device-request/new"),
        ("80POS", "no address"),
    ],
)
def test_an_address_that_cannot_be_right_asks_nobody(
    place: Place, staff: Staff, out: Path, typed: str, words: str
) -> None:
    done = place.run("satellite", "discover", typed)
    assert done.exit_code == 1
    assert words in done.output
    assert not out.exists()


def test_nobody_is_asked_where_nothing_can_be_kept(place: Place, sandbox: Sandbox, staff: Staff) -> None:
    configure(place, 'token_file = "/proc/nowhere/login"', sandbox.satellite_url())
    done = place.run("satellite", "discover", address(sandbox))
    assert done.exit_code == 2
    assert "cannot be kept in /proc/nowhere/login" in done.output
    assert staff.server.devices() == []


def test_a_credential_of_systemd_needs_the_name_of_its_file(
    place: Place, sandbox: Sandbox, staff: Staff
) -> None:
    configure(place, 'credential = "satellite"', sandbox.satellite_url())
    asked = place.run("satellite", "discover", address(sandbox))
    assert asked.exit_code == 2
    assert "--out /etc/terminal/satellite" in asked.output
    done = place.run("satellite", "discover", address(sandbox), "--out", str(place.folder / "login"))
    assert done.exit_code == 0
    assert "systemctl restart" in done.output


def test_which_backend_is_asked_where_there_are_none_or_two(
    place: Place, sandbox: Sandbox, staff: Staff
) -> None:
    assert 'no backend with type = "satellite"' in place.run("satellite", "discover", "x").output
    for name in ("one", "two"):
        configure(place, f'token_file = "{place.folder / name}"', sandbox.satellite_url(), name)
    assert "--backend: one, two" in place.run("satellite", "discover", address(sandbox)).output
    assert place.run("satellite", "discover", address(sandbox), "--backend", "two").exit_code == 0
    assert (place.folder / "two").exists()


def test_the_file_keeps_its_owner_and_may_be_a_link(
    place: Place, sandbox: Sandbox, staff: Staff, out: Path
) -> None:
    real = place.folder / "real"
    real.write_text("before")
    if os.geteuid() == 0:
        os.chown(real, 12345, 12345)
    owner = real.stat().st_uid
    out.symlink_to(real)
    assert place.run("satellite", "discover", address(sandbox), "--yes").exit_code == 0
    assert out.is_symlink()
    assert read_credentials(real.read_text())
    assert (real.stat().st_uid, stat.S_IMODE(real.stat().st_mode)) == (owner, 0o600)


# -- who carries a token -------------------------------------------------------------------------------


@pytest.fixture
def office(place: Place, sandbox: Sandbox, staff: Staff, out: Path) -> Place:
    """A terminal with credentials; the server knows Kiri by her token."""
    assert place.run("satellite", "discover", address(sandbox)).exit_code == 0
    staff.server.add_delegate(7, "Kiri", "04A1B2C3D4E5F6")
    return place


def test_who_carries_a_token(office: Place) -> None:
    done = office.run("satellite", "delegate", "04A1B2C3D4E5F6")
    assert (done.exit_code, done.output) == (0, "…E5F6 is Kiri, delegate 7.\n")
    told = office.run("satellite", "delegate", "04A1B2C3D4E5F6", "--json")
    assert json.loads(told.output) == {"token": "…E5F6", "id": 7, "name": "Kiri"}


def test_a_token_that_nobody_carries(office: Place) -> None:
    done = office.run("satellite", "delegate", "04FFEEDDCCBBAA")
    assert done.exit_code == 1
    assert done.output == "Nobody on tickets carries the token …BBAA.\n"


def test_a_server_that_is_away_is_a_sentence(office: Place, sandbox: Sandbox) -> None:
    sandbox.stop()
    done = office.run("satellite", "delegate", "04A1B2C3D4E5F6")
    assert done.exit_code == 1
    assert "cannot connect" in done.output
    assert "04A1B2C3D4E5F6" not in done.output


def test_no_uid_is_a_sentence(office: Place) -> None:
    done = office.run("satellite", "delegate", "not a uid")
    assert done.exit_code == 1
    assert "fault of its own" not in done.output
