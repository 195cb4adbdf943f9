"""The doctor at a terminal of an Onslip realm: its key, what the key may do, what is sold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.doctor import Status
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.backends.onslip_rest_making import CREDENTIAL, SHOWN
from tests.doctor.pi import FalsePi
from tests.sandbox.realm import Realm

TOKEN = "/etc/terminal/pos-token"


@pytest.fixture
def realm() -> Iterator[Realm]:
    realm = Realm()
    yield realm
    realm.close()


@pytest.fixture
def pi(tmp_path: Path, realm: Realm) -> FalsePi:
    """A machine whose server is that realm, everything in place."""
    pi = FalsePi(tmp_path)
    text = pi.config.read_text()
    url = 'url = "https://pos.example.org/"'
    assert url in text
    assert 'type = "pointofsale"' in text
    text = text.replace(url, f'url = "{realm.sandbox.onslip_url}"\nrealm = "demo.example"')
    pi.config.write_text(text.replace('type = "pointofsale"', 'type = "onslip"'))
    pi.path(TOKEN).unlink()
    pi.write(TOKEN, CREDENTIAL + "\n", 0o400)
    return pi


def test_a_key_that_is_accepted(pi: FalsePi) -> None:
    assert pi.one("secrets").status is Status.OK
    finding = pi.one("servers")
    assert finding.status is Status.OK, finding
    assert "2 products" in finding.words


def test_a_key_that_is_not_there(pi: FalsePi) -> None:
    pi.path(TOKEN).unlink()
    finding = pi.one("secrets")
    assert finding.status is Status.TROUBLE
    assert '{"key_id":"…","key":"…"}' in finding.words
    assert finding.remedy == f"sudo install -m 400 /dev/stdin {TOKEN}"


def test_a_key_that_is_none(pi: FalsePi) -> None:
    pi.path(TOKEN).unlink()
    pi.write(TOKEN, f'{{"key":"{SHOWN}"}}\n', 0o400)
    finding = pi.one("servers")
    assert finding.status is Status.TROUBLE
    assert '{"key_id":"…","key":"…"}' in finding.words
    assert "Put the right secret into its file." in finding.words
    assert SHOWN not in finding.words


def test_a_key_that_was_revoked(pi: FalsePi, realm: Realm) -> None:
    assert realm.onslip.revoke("key:kiosk+door1@demo.example")
    finding = pi.one("servers")
    assert finding.status is Status.TROUBLE
    assert "Put the right secret into its file." in finding.words


def test_a_key_that_may_not_do_what_it_must(pi: FalsePi, realm: Realm) -> None:
    realm.only(*(PERMISSIONS - {"show-button-maps"}))
    finding = pi.one("servers")
    assert finding.status is Status.TROUBLE
    assert "the key lacks the permission show-button-maps" in finding.words
    assert "secret" not in finding.words
