"""The doctor at a terminal of an OnlinePOS: its secret, the library for XML, the time zone of Denmark."""

from pathlib import Path

import pytest

from terminal.doctor import Status
from tests.doctor.pi import FalsePi

TOKEN = "/etc/terminal/pos-token"
ZONE = "/usr/share/zoneinfo/Europe/Copenhagen"


@pytest.fixture
def pi(tmp_path: Path) -> FalsePi:
    """A machine whose server is one."""
    pi = FalsePi(tmp_path)
    text = pi.config.read_text()
    assert 'type = "pointofsale"' in text
    pi.config.write_text(text.replace('type = "pointofsale"', 'type = "onlinepos"'))
    return pi


def test_a_secret_that_is_not_there(pi: FalsePi) -> None:
    pi.path(TOKEN).unlink()
    finding = pi.one("secrets")
    assert finding.status is Status.TROUBLE
    assert '{"token":"…","firmaid":1234,"key":"…"}' in finding.words
    assert finding.remedy == f"sudo install -m 400 /dev/stdin {TOKEN}"


def test_the_library_that_reads_its_xml(pi: FalsePi) -> None:
    assert pi.one("libraries").status is Status.OK
    pi.missing_modules = {"defusedxml"}
    finding = pi.one("libraries")
    assert finding.status is Status.TROUBLE
    assert finding.words == "The Python library defusedxml is not installed, which the server 'main' needs."
    assert finding.remedy.endswith("pip install 'terminald[onlinepos]'")


def test_the_time_zone_in_which_it_writes_its_times(pi: FalsePi) -> None:
    pi.missing_modules = {"tzdata"}
    finding = pi.one("time zones")
    assert finding.status is Status.TROUBLE
    assert "Europe/Copenhagen" in finding.words
    assert "the server 'main'" in finding.words
    assert finding.remedy == "sudo apt-get install tzdata"
    pi.write(ZONE, "")
    assert pi.one("time zones").status is Status.OK


def test_a_server_without_a_zone_of_its_own_wants_none(tmp_path: Path) -> None:
    assert FalsePi(tmp_path).look("time zones") == []
