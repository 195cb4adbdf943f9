"""The Satellite server inside the daemon and as a process: its configuration, its credentials, its adapter."""

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

from terminal.core.events import WalletAnswer
from terminal.sandbox.embedded import embedded
from terminal.sandbox.keys import kept_client
from terminal.sandbox.main import main
from terminal.settings import ConfigError, Settings, show
from tests.sandbox import embedding
from tests.sandbox.office import GUEST, NO_TLS, PUBLISHED

CONFIG = """\
satellite = true
satellite_file = "{folder}/gate.json"
satellite_token_s = 60
[[sandbox.ticket_products]]
id = 4
name = "Adult"
price = 3000
[[sandbox.delegates]]
id = 789
name = "Kiri Tane"
token = "04A1B2C3D4E5F6"
[[sandbox.wallets]]
token = "04A1B2C3D4E5F6"
balance = 150
[backends.main]
type = "pointofsale"
url = "sandbox:"
[backends.gate]
type = "satellite"
url = "sandbox:"
generation = "v5"
device_code = "80POS"
price_field = "data.price"
ping_field = "data.pingFrequency"
"""


def configured(folder: Path, *changes: tuple[str, str]) -> Settings:
    return embedding.configured(folder, CONFIG, *changes)


@pytest.mark.parametrize("generation", ["old", "v5"])
def test_one_configuration_has_both_servers_and_the_adapter_gets_in(tmp_path: Path, generation: str) -> None:
    settings = configured(tmp_path, ('"v5"', f'"{generation}"'))
    gate, wallets = settings.backends["gate"], settings.backends["main"]
    assert (gate.token_file, wallets.token_file) == (f"{tmp_path}/gate.json", f"{tmp_path}/sandbox.token")
    with embedding.running(settings, "gate", generation) as (sandbox, adapter):
        assert [each.balance for each in sandbox.ledger.wallets()] == [150]
        found = adapter.delegate(GUEST, 30)
        assert (found.answer, found.id, found.name) == (WalletAnswer.KNOWN, 789, "Kiri Tane")
        assert [(it.id, it.name, it.price) for it in adapter.terminal(30).products] == [(4, "Adult", 3000)]
        assert generation == "old" or adapter.ping(30) == 60
    assert settings.sandbox is not None
    assert settings.sandbox.satellite_file == f"{tmp_path}/gate.json"


def test_credentials_are_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "gate.json"
    client = kept_client(path)
    assert kept_client(path) == client
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"client_id": client[0], "client_secret": client[1]}
    assert " " not in path.read_text()
    path.write_text('{"client_id": 5}')
    with pytest.raises(ValueError, match="client_secret"):
        kept_client(path)


def test_a_ticket_backend_needs_the_ticket_server(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, ("satellite = true", "satellite = false"))
    (mistake,) = caught.value.mistakes
    assert (mistake.path, "backends.gate" in mistake.expected) == ("sandbox.satellite", True)


def test_tokens_of_delegates_are_checked_and_never_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, ('Tane"\ntoken = "04A1', 'Tane"\ntoken = "04 a1'))
    assert [mistake.path for mistake in caught.value.mistakes] == ["sandbox.delegates[1].token"]
    shown = show(configured(tmp_path))
    assert "Kiri Tane" in shown
    assert GUEST not in shown


def test_a_sandbox_that_is_no_ticket_office_makes_no_credentials(tmp_path: Path) -> None:
    gate = CONFIG[CONFIG.index("[backends.gate]") :]
    settings = configured(tmp_path, (gate, ""), ("satellite = true\n", ""))
    assert settings.sandbox is not None
    sandbox = embedded(settings.sandbox)
    sandbox.stop()
    assert sandbox.satellite is None
    assert not (tmp_path / "gate.json").exists()


def test_the_process_serves_both(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from terminal.sandbox.main import main; main()",
        "--listen",
        "127.0.0.1:0",
    ]
    files = ["--token-file", tmp_path / "token", "--satellite-file", tmp_path / "gate.json"]
    options = ["--satellite", "--delegate", f"{GUEST}=789", "--token-life", "60"]
    process = subprocess.Popen(
        [*command, *files, *options], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stdout is not None
    with process.stdout as printed:
        lines = dict(printed.readline().strip().split(" = ") for _ in range(4))
        url = lines["satellite url"]
        headers = {"User-Agent": "terminald/1.0/80POS (Linux)"}
        with httpx.Client(trust_env=False, timeout=30, headers=headers, verify=NO_TLS) as client:
            body = {"grant_type": "client_credentials", **json.loads((tmp_path / "gate.json").read_text())}
            granted = client.post(f"{url}/oauth/v2/token", json=body).json()
            client.headers["Authorization"] = f"Bearer {granted['access_token']}"
            sold = client.post(f"{url}/ticket/transaction", json=PUBLISHED)
            guest = client.get(f"{url}/v5/delegate/rfid:{GUEST}.json").json()
            page = client.get(printed.readline().removeprefix("devices: ").strip())
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert (granted["expires_in"], sold.status_code, guest["id"], page.status_code) == (60, 200, 789, 200)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--ticket", "4=30"], "go with --satellite"),
        (["--delegate", "04AA=7"], "go with --satellite"),
        (["--satellite", "--ticket", "adult=30"], "expected an id"),
        (["--satellite", "--ticket", "4"], "whole cents"),
        (["--satellite", "--delegate", "04AA=0"], "expected an id"),
        (["--satellite", "--satellite-file", "/proc/nowhere/gate.json"], "/proc/nowhere"),
    ],
)
def test_wrong_use_is_a_sentence_and_exit_code_2(tmp_path: Path, options: list[str], words: str) -> None:
    files = ["--token-file", str(tmp_path / "token"), "--satellite-file", str(tmp_path / "gate.json")]
    result = CliRunner().invoke(main, [*files, *options])
    assert (result.exit_code, words in result.output) == (2, True)
    assert len(result.output.splitlines()) == 1


def test_the_help_is_laid_out() -> None:
    lines = CliRunner().invoke(main, ["--help"]).output.splitlines()
    assert any(line.startswith("    PUT  /sandbox/satellite/rules ") for line in lines)
    assert not any("\\b" in line for line in lines)
