"""``terminald-sandbox --kensium``: a tenant of its own, and an application for it."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner

from terminal.sandbox import Sandbox
from terminal.sandbox.asked import Asked, make, told
from terminal.sandbox.kensium.rules import KensiumRules
from terminal.sandbox.main import main


def given(folder: Path, *options: str) -> Asked:
    """What the command line is read as."""
    names = ("token", "satellite", "onslip", "kensium")
    files = [word for name in names for word in (f"--{name}-file", str(folder / name))]
    context = main.make_context("terminald-sandbox", ["--listen", "127.0.0.1:0", *files, *options])
    with context:
        return Asked(**context.params)


def asked(url: str, file: Path, query: str) -> Any:
    """Ask as a terminal does that was given this address and this file."""
    kept = json.loads(file.read_text())
    endpoint = httpx.get(f"{url}/.well-known/openid-configuration").json()["token_endpoint"]
    token = httpx.post(endpoint, data={"grant_type": "client_credentials", **kept}).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{url}/api/graphql", json={"query": query}, headers=headers).json()["data"]


def test_the_process_serves_a_tenant_to_begin_with(tmp_path: Path) -> None:
    file = tmp_path / "kensium.json"
    command = [sys.executable, "-c", "from terminal.sandbox.main import main; main()"]
    options = [
        "--listen",
        "127.0.0.1:0",
        "--token-file",
        tmp_path / "token",
        "--kensium",
        "--kensium-file",
        file,
    ]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as printed:
        lines = [printed.readline().strip() for _ in range(4)]
        url = lines[2].removeprefix("kensium url = ")
        items = asked(url, file, "{ item { results { sku warehouses { basePrice } } } }")["item"]["results"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert lines[3] == f"token_file = {file}"
    assert {each["sku"]: each["warehouses"] for each in items} == {
        "COFFEE": [{"basePrice": "2.50"}],
        "TEA": [{"basePrice": "2.00"}],
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["client_id"] == "terminal"


def test_it_sells_and_holds_what_the_wallet_server_does_and_keeps_it(tmp_path: Path) -> None:
    database = ("--database", str(tmp_path / "sandbox.db"))
    options = ("--kensium", *database, "--product", "mug=1250", "--wallet", "04A1B2C3D4E5F6=725")
    card = '{ giftcard(code: "04a1b2c3d4e5f6", codeType: PHYSICAL) { results { balance } } }'
    use = 'mutation { giftcardTransAdd(trans: {code: "04a1b2c3d4e5f6", transType: USE, amount: "-1"}) { id } }'
    for expected in ("7.25", "6.25"):
        with make(given(tmp_path, *options)) as sandbox:
            file, url = tmp_path / "kensium", sandbox.kensium_url
            assert asked(url, file, card)["giftcard"]["results"] == [{"balance": expected}]
            asked(url, file, use)
            assert sandbox.kensium is not None
            assert [each.id for each in sandbox.kensium.store.records("item")] == ["mug"]
            since = asked(url, file, '{ item(since: "") { until } }')["item"]["until"]
            kept = asked(url, file, f'{{ item(since: "{since}") {{ results {{ sku }} }} }}')
            assert kept["item"]["results"] == []


def test_how_to_reach_it_is_told(tmp_path: Path) -> None:
    asked_for = given(tmp_path, "--kensium")
    with make(asked_for) as sandbox:
        lines = told(asked_for, sandbox)
        assert lines[2:] == [f"kensium url = {sandbox.base}/kensium", f"token_file = {tmp_path / 'kensium'}"]
        assert sandbox.url_for("kensium", "old") == sandbox.kensium_url


def test_a_file_that_holds_no_client_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "kensium"
    file.write_text("nonsense")
    files = ["--token-file", str(tmp_path / "t"), "--kensium-file", str(file)]
    result = CliRunner().invoke(main, ["--listen", "127.0.0.1:0", "--kensium", *files])
    assert result.exit_code == 2
    expected = '{"client_id":"...","client_secret":"..."}'
    assert result.output == f"terminald-sandbox: {file}: expected {expected}\n"


def test_it_is_away_with_the_others_and_forgets_with_them() -> None:
    with Sandbox(kensium=KensiumRules()) as sandbox:
        assert sandbox.kensium is not None
        sandbox.kensium.add_card("A1", 100)
        sandbox.reset()
        assert sandbox.kensium.entries()["cards"] == []
        url = f"{sandbox.kensium_url}/.well-known/openid-configuration"
        sandbox.away()
        try:
            httpx.get(url)
        except httpx.ConnectError:
            sandbox.back()
        assert httpx.get(url).status_code == 200
