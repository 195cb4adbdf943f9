"""Secrets in the life of a terminal, and a wrong configuration."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import OTHER, UID
from tests.acceptance.operating import QUICK, RELAY, roll, sale, secret_file, vending
from tests.support.machine import PANEL, READER, SCRIPTS, SandboxProcess

# -- secrets -------------------------------------------------------------------------------------------


def test_no_secret_and_no_full_uid_in_logs_and_exports(tmp_path: Path, sandbox: SandboxProcess) -> None:
    """After traffic of every kind, all of it logged: sales, refusals, lost answers, a denied token, pairing."""
    secret = sandbox.token_file.read_text().strip()
    mine = secret_file(tmp_path, secret)
    uids = (UID, OTHER, "04998877665544")
    rules = {**QUICK, "log": {"level": "debug"}, "offline": {"deny": [OTHER]}}
    with vending(tmp_path, sandbox, rules=rules, token_file=mine) as coffee:
        sale(coffee)
        sandbox.faults({"kind": "drop", "after": True, "method": "POST", "count": 1})
        sale(coffee)
        sale(coffee, OTHER, notice="refused")
        coffee.wait_delivered()
        sandbox.faults(
            {"kind": "status", "status": 422, "words": f"no wallet {UID.lower()}", "method": "POST", "count": 1}
        )
        coffee.wait("the next customer", phase="ready")
        sale(coffee)
        coffee.wait("a refusal", queue__parked=1)
        coffee.ctl("pair", "11112222")
        coffee.do("tap", uid=uids[2])
        coffee.wait("the server's no", screen__notice="refused")
        coffee.do("untap")
        roll(sandbox)
        mine.write_text("another-secret-0815")
        coffee.wait("the next customer", phase="ready")
        sale(coffee, notice="accepted offline")
        coffee.wait("a pause", backends__0__state="paused")
        outputs = {
            "log": "",
            "status": json.dumps(coffee.status()),
            "entries": coffee.ask("GET", "journal").text,
            "list": coffee.ctl("journal", "list").stdout,
            "json": coffee.ctl("journal", "list", "--json").stdout,
            "csv": coffee.ctl("journal", "export").stdout,
            "export": coffee.ctl("journal", "export", "--format", "json").stdout,
            "config": coffee.ctl("config", "show").stdout,
        }
        with coffee.reader() as journal:
            for entry in journal.entries():
                outputs[f"show {entry.seq}"] = coffee.ctl("journal", "show", str(entry.seq)).stdout
        assert coffee.stop() == 0
        outputs["log"] = coffee.log.read_text()
    assert "Unauthenticated" in outputs["log"]
    assert 'level = "debug"' in outputs["config"]
    assert outputs["csv"].count("\n") == 5
    hidden = {"the token": secret, "the other token": "another-secret-0815"}
    hidden |= {f"UID {number}": uid for number, uid in enumerate(uids)}
    found = [
        (name, where)
        for name, value in hidden.items()
        for where, text in outputs.items()
        if where != "config" or not name.startswith("UID")  # deny-lists are the operator's own
        if value.lower() in text.lower()
    ]
    assert found == []


# -- the configuration ---------------------------------------------------------------------------------


MISTAKES = {
    "terminal.id": ('id = "Coffee One"', "Coffee One"),
    "terminal.job": ('job = "vendig"', "vendig"),
    "terminal.currency": ('currency = "euro"', "euro"),
    "journal.keep": ("keep = -1", "-1"),
    "control.mode": ('mode = "0666"', "0666"),
    "offline.max_sale": ('max_sale = "five"', "five"),
    "offline.max_seal": ("max_seal = 5", "max_seal"),
    "sync.parallel": ("parallel = 0", "0"),
    "vending.authorize": ('authorize = "balanse"', "balanse"),
    "log.level": ('level = "loud"', "loud"),
    "roles.wallet": ('wallet = "mian"', "mian"),
}


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    sections: dict[str, list[str]] = {}
    for path, (line, _) in MISTAKES.items():
        sections.setdefault(path.partition(".")[0], []).append(line)
    text = "".join(f"[{name}]\n" + "\n".join(lines) + "\n" for name, lines in sections.items())
    text += '[backends.main]\ntype = "pointofsale"\nurl = "https://pos.example.org/"\ncredential = "pos"\n'
    text += "".join(
        f'[[devices]]\nname = "{each["name"]}"\nrole = "{each["role"]}"\ndriver = "{each["driver"]}"\n'
        for each in (READER, RELAY, {**PANEL, "driver": "simulatd"})
    )
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("command", [["terminald", "--config"], ["terminalctl", "config", "check"]])
def test_all_mistakes_of_a_configuration_are_told_at_once(wrong: Path, command: list[str]) -> None:
    ran = subprocess.run(
        [SCRIPTS / command[0], *command[1:], wrong],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "COLUMNS": "1000"},
    )
    assert ran.returncode == 2
    said = ran.stdout + ran.stderr
    assert "Traceback" not in said
    lines = {path: [line for line in said.splitlines() if path in line] for path in MISTAKES}
    for path, (_, found) in MISTAKES.items():
        assert lines[path], f"nothing about {path} in:\n{said}"
        assert any(found in line for line in lines[path]), lines[path]
    (device,) = [line for line in said.splitlines() if "simulatd" in line]
    assert 'did you mean "simulated"?' in device
    assert '"vending"' in lines["terminal.job"][0]
    assert "from 1 to 32" in lines["sync.parallel"][0]
    assert f"{len(MISTAKES) + 1} mistakes" in said
