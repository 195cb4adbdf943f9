"""What a card of the server cannot pay exactly is not sold for it: left out, or said before the start."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from terminal.backends.protocol import TerminalInfo
from terminal.daemon.servers import build_servers
from terminal.settings import load
from terminal.settings.notes import notes
from tests.backends.making import ENOUGH_S, Forever
from tests.backends.onlinepos_wallet_making import CREDENTIAL
from tests.sandbox.shop import Shop

CONFIG = """
[terminal]
id = "coffee-1"
job = "{job}"
currency = "DKK"

[journal]
path = "{folder}/journal.db"

[backends.pos]
type = "onlinepos"
url = "{url}"
allow_http = true
token_file = "{folder}/secret"
{more}

[backends.other]
type = "pointofsale"
url = "https://pos.example.org/"
token_file = "{folder}/secret"

[roles]
wallet = "pos"
catalogue = "{catalogue}"

[[devices]]
name = "front reader"
role = "reader"
driver = "pcsc"

[[devices]]
name = "front"
role = "{role}"
driver = "simulated"
"""
UNSOLD = "pos: these products are not sold, for cards here pay whole amounts of {} only ({}): {}"
POINTS = 'wallet = "points"\ncampaign = 27\npoint_cents = {}'
MILK, COFFEE = "2 'Mælk' (4.95)", "1 'Stor kaffe' (29.95)"


def configured(folder: Path, **said: str) -> Path:
    """Write a configuration; *said*: what is not usual in it."""
    usual = {"job": "vending", "more": "", "catalogue": "", "role": "release", "url": "http://127.0.0.1:9/api"}
    file, secret = folder / "terminal.toml", folder / "secret"
    secret.touch(0o600)
    secret.write_text(CREDENTIAL)
    file.write_text(CONFIG.format(folder=folder, **usual | said))
    return file


@pytest.mark.parametrize(
    ("options", "prices", "said"),
    [
        ({}, [3000], ("1", "deposit_amounts", f"{COFFEE}, {MILK}")),
        ({"more": POINTS.format(500)}, [3000], ("5", "point_cents", f"{COFFEE}, {MILK}")),
        ({"more": POINTS.format(5)}, [2995, 495, 3000], None),
        ({"more": 'deposit_amounts = "decimal point"'}, [2995, 495, 3000], None),
        ({"catalogue": "other"}, [2995, 495, 3000], None),
    ],
)
def test_what_its_own_cards_cannot_pay_is_not_offered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, options: dict[str, str], prices: list[int], said: Any
) -> None:
    shop = Shop()
    file = configured(tmp_path, url=shop.sandbox.onlinepos_url, **options)
    servers = build_servers(load(file), tenure=lambda _: Forever(), network=None, sandbox=None)
    try:
        for _ in range(2):
            info = servers["pos"].terminal(ENOUGH_S)
            assert isinstance(info, TerminalInfo), info
            assert [each.price for each in info.products] == prices
    finally:
        for each in servers.values():
            each.close()
        shop.close()
    warned = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert warned == ([UNSOLD.format(*said)] if said else [])


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({}, None),
        ({"catalogue": "other"}, "the prices of backend other"),
        ({"catalogue": "other", "more": 'deposit_amounts = "decimal comma"'}, None),
        ({"role": "machine"}, "the prices in the vending machine"),
        ({"job": "topup", "role": "coin_acceptor"}, "the coins and notes that are taken"),
    ],
)
def test_what_is_priced_elsewhere_is_said_before_the_start(
    tmp_path: Path, said: dict[str, str], what: str | None
) -> None:
    found = [each for each in notes(load(configured(tmp_path, **said))) if "whole amounts" in each]
    expected = (
        "Backend pos books whole amounts of 1.00 DKK only (deposit_amounts): other ones are refused there, and "
        f"left to a person. See to it that {what} are such amounts."
    )
    assert found == ([expected] if what else [])
