"""What a Kensium server needs on this machine: a secret in two parts, and its library."""

from pathlib import Path

import pytest

from terminal.doctor import Status
from tests.doctor.pi import FalsePi

TOKEN = "/etc/terminal/pos-token"


@pytest.fixture
def pi(tmp_path: Path) -> FalsePi:
    pi = FalsePi(tmp_path)
    text = pi.config.read_text()
    assert 'type = "pointofsale"' in text
    pi.config.write_text(text.replace('type = "pointofsale"', 'type = "kensium"'))
    return pi


def test_a_secret_that_is_not_there(pi: FalsePi) -> None:
    pi.path(TOKEN).unlink()
    finding = pi.one("secrets")
    assert finding.status is Status.TROUBLE
    assert '{"client_id":"…","client_secret":"…"}' in finding.words


def test_the_library_that_asks_for_its_tokens(pi: FalsePi) -> None:
    assert pi.one("libraries").status is Status.OK
    pi.missing_modules = {"oauthlib"}
    finding = pi.one("libraries")
    assert finding.words == "The Python library oauthlib is not installed, which the server 'main' needs."
    assert finding.remedy.endswith("pip install 'terminald[kensium]'")
