"""``terminald-sandbox --onslip``: a realm of its own, and a key for it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from terminal.backends import hawk
from terminal.backends.onslip.rest_place import read_credentials
from terminal.sandbox.asked import Asked, make, told
from terminal.sandbox.keys import kept_onslip_key
from terminal.sandbox.main import main
from terminal.sandbox.onslip.hawk import raw_secret


def test_a_key_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "onslip.json"
    id_, key = kept_onslip_key(path, "demo.example")
    assert (id_, len(raw_secret(key))) == ("key:terminal+sandbox@demo.example", 32)
    assert kept_onslip_key(path, "demo.example") == (id_, key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    read = read_credentials(path.read_text().strip())
    assert (read.key_id, read.key) == (id_, key), "a terminal reads the same file"


@pytest.mark.parametrize("text", ["nonsense", '{"key_id": "a"}', '{"key_id": "a", "key": "no base64!"}'])
def test_a_file_that_holds_no_key_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "onslip.json"
    path.write_text(text)
    options = ["--listen", "127.0.0.1:0", "--token-file", str(tmp_path / "t"), "--onslip"]
    result = CliRunner().invoke(main, [*options, "--onslip-file", str(path)])
    assert result.exit_code == 2
    assert result.output == f'terminald-sandbox: {path}: expected {{"key_id":"...","key":"<base64>"}}\n'


def test_the_process_serves_a_realm_to_begin_with(tmp_path: Path) -> None:
    file = tmp_path / "onslip.json"
    command = [sys.executable, "-c", "from terminal.sandbox.main import main; main()"]
    files = ["--token-file", tmp_path / "token", "--onslip-file", file]
    options = ["--listen", "127.0.0.1:0", *files, "--onslip", "--realm", "shop.example"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stdout is not None
    with process.stdout as printed:
        told = [printed.readline().strip() for _ in range(4)]
        url = httpx.URL(told[2].removeprefix("onslip url = ") + "/tills/")
        kept = json.loads(file.read_text())
        target = hawk.Target("GET", url.path, url.host, url.port or 0)
        key = hawk.Key(kept["key_id"], raw_secret(kept["key"]))
        signed = hawk.header(key, target, ts=int(time.time()), nonce="once")
        tills = httpx.get(url, headers={"Authorization": signed})
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert told[3] == f"key_file = {file}"
    assert [each["type"] for each in tills.json()] == ["ordering-device", "external-journal"]


def test_it_sells_and_holds_what_the_wallet_server_does(tmp_path: Path) -> None:
    asked = given(
        tmp_path, "--onslip", "--product", "7=1950", "--product", "tea=2500", "--wallet", "04A1B2C3D4E5F6=725"
    )
    sandbox = make(asked)
    try:
        onslip = sandbox.onslip
        assert onslip is not None
        sold = [(each["id"], each["name"], each["price"]) for each in onslip.entities("products")]
        assert sold == [(2, "Tea", 25), (7, "7", 19.5)]
        (map_,) = onslip.entities("button-maps")
        assert [each["product"] for each in map_["buttons"]] == [7, 2]
        (voucher,) = onslip.entities("vouchers")
        assert (voucher["identifiers"], voucher["payment"]["balance"]) == (["04a1b2c3d4e5f6"], 7.25)
        assert [each.balance for each in sandbox.ledger.wallets()] == [725]
        assert not onslip.effects(), "none of this is a client's doing"
    finally:
        sandbox.stop()


def test_two_products_of_one_number_are_refused(tmp_path: Path) -> None:
    options = [*command_line(tmp_path), "--onslip", "--product", "2=100", "--product", "tea=200"]
    result = CliRunner().invoke(main, options)
    assert (result.exit_code, len(result.output.splitlines())) == (2, 1)
    assert "two of them would be the same" in result.output


def test_a_second_address_is_told(tmp_path: Path) -> None:
    asked = given(tmp_path, "--onslip", "--second", "127.0.0.1:0")
    sandbox = make(asked)
    sandbox.start()
    try:
        urls = [each for each in told(asked, sandbox) if each.startswith("onslip url")]
        assert urls == [f"onslip url = {url}~demo.example" for url in sandbox.onslip_urls]
        assert len(urls) == 2
    finally:
        sandbox.stop()
    assert CliRunner().invoke(main, [*command_line(tmp_path), "--second", "nowhere"]).output == (
        "terminald-sandbox: --second nowhere: expected HOST:PORT\n"
    )


def command_line(folder: Path) -> list[str]:
    files = [("--token-file", "token"), ("--satellite-file", "gate.json"), ("--onslip-file", "onslip.json")]
    named = [word for name, file in files for word in (name, str(folder / file))]
    return ["--listen", "127.0.0.1:0", *named]


def given(folder: Path, *options: str) -> Asked:
    """What the command line is read as."""
    context = main.make_context("terminald-sandbox", [*command_line(folder), *options])
    with context:
        return Asked(**context.params)
