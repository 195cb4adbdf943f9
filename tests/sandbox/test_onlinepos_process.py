"""``terminald-sandbox --onlinepos``: a company of its own, and what a terminal is configured with for it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from terminal.sandbox.asked import Asked, make
from terminal.sandbox.keys import kept_onlinepos
from terminal.sandbox.main import main
from terminal.sandbox.onlinepos.things import Product, Stock


def test_credentials_are_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "onlinepos.json"
    token, firmaid, key = kept_onlinepos(path)
    assert (len(token), firmaid, len(key)) == (64, 1234, 32)
    assert kept_onlinepos(path) == (token, firmaid, key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"token": token, "firmaid": firmaid, "key": key}


@pytest.mark.parametrize("text", ["nonsense", '{"token": "a"}', '{"token": "a", "firmaid": 0, "key": "b"}'])
def test_a_file_that_holds_no_company_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "onlinepos.json").write_text(text)
    result = CliRunner().invoke(main, [*command_line(tmp_path), "--onlinepos"])
    expected = '{"token":"...","firmaid":1234,"key":"..."}'
    assert result.exit_code == 2
    assert result.output == f"terminald-sandbox: {tmp_path}/onlinepos.json: expected {expected}\n"


def test_the_process_serves_a_company_to_begin_with(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from terminal.sandbox.main import main; main()"]
    options = [*command_line(tmp_path), "--onlinepos"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stdout is not None
    with process.stdout as printed:
        told = [printed.readline().strip() for _ in range(4)]
        kept = json.loads((tmp_path / "onlinepos.json").read_text())
        headers = {"token": kept["token"], "firmaid": str(kept["firmaid"]), "Accept": "application/json"}
        url = told[2].removeprefix("onlinepos url = ")
        products = httpx.get(f"{url}/getProducts", headers=headers)
        cards = httpx.get(f"{url}/getCards", headers=headers)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert told[3] == f"token_file = {tmp_path}/onlinepos.json"
    assert [(each["ID"], each["standard_price"]) for each in products.json()] == [(1, "25.00"), (2, "20.00")]
    assert [(each["RFID"], each["balance"]) for each in cards.json()] == [("04A1B2C3D4E5F6", "100,00")]


def test_it_sells_and_holds_what_the_wallet_server_does(tmp_path: Path) -> None:
    file = ["--database", str(tmp_path / "state.db")]
    wallets = ["--wallet", "04a1b2c3d4e5f6=725", "--wallet", "04cafe=100"]
    options = ["--onlinepos", "--product", "7=1950", "--product", "tea=2500", *wallets, *file]
    for _ in range(2):
        sandbox = make(given(tmp_path, *options))
        try:
            assert sandbox.onlinepos is not None
            sold = sandbox.onlinepos.store.things(Product)
            held = [(each["rfid"], each["balance"]) for each in sandbox.onlinepos.cards()]
            stock = sandbox.onlinepos.store.things(Stock)
        finally:
            sandbox.stop()
        assert [(each.id, each.name, each.price) for each in sold] == [(2, "Tea", 2500), (7, "7", 1950)]
        assert [each.amount for each in stock] == [100_000, 100_000]
        assert held == [("04A1B2C3D4E5F6", 725), ("04CAFE", 100)]


def test_two_products_of_one_number_are_refused(tmp_path: Path) -> None:
    options = [*command_line(tmp_path), "--onlinepos", "--product", "2=100", "--product", "tea=200"]
    result = CliRunner().invoke(main, options)
    assert (result.exit_code, len(result.output.splitlines())) == (2, 1)
    assert "two of them would be the same" in result.output


def command_line(folder: Path) -> list[str]:
    files = [("--token-file", "token"), ("--onlinepos-file", "onlinepos.json")]
    named = [word for name, file in files for word in (name, str(folder / file))]
    return ["--listen", "127.0.0.1:0", *named]


def given(folder: Path, *options: str) -> Asked:
    """What the command line is read as."""
    context = main.make_context("terminald-sandbox", [*command_line(folder), *options])
    with context:
        return Asked(**context.params)
