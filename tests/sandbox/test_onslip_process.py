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
from terminal.sandbox.keys import kept_onslip_key
from terminal.sandbox.main import main
from terminal.sandbox.onslip_hawk import raw_secret


def test_a_key_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "onslip.json"
    id_, key = kept_onslip_key(path, "demo.example")
    assert (id_, len(raw_secret(key))) == ("key:terminal+sandbox@demo.example", 32)
    assert kept_onslip_key(path, "demo.example") == (id_, key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


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
