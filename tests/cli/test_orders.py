"""`sync now`, `pair`, `catalogue reload`, `sim …`, `config …`: orders and the configuration."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from terminal import settings
from terminal.cli import cli, common, errors
from terminal.core.delivery import Outcome
from terminal.core.events import PairingAsked
from terminal.core.facts import EntryState
from tests.cli.conftest import UID, Place

CONFIG = Path(__file__).parents[2] / "config"


def test_sync_now_tells_what_is_under_way(daemon: Place) -> None:
    assert "Nothing waits" in daemon.run("sync", "now").output
    daemon.add("k1")
    daemon.add("k2")
    daemon.attempt("k2", Outcome.REFUSED, EntryState.PARKED, "no")
    told = daemon.run("sync", "now").output
    assert "On their way: 1." in told
    assert "Parked, for a person: 1." in told
    assert json.loads(daemon.run("sync", "now", "--json").stdout)["queue"]["queued"] == 1
    assert daemon.done == [("sync",), ("reload",)] * 3


def test_pair_asks_for_the_token(daemon: Place) -> None:
    done = daemon.run("pair", "12345678")
    assert done.exit_code == 0
    assert "Present the token" in done.output
    assert daemon.posted == [PairingAsked("12345678")]


def test_a_code_that_is_none_is_wrong_use(daemon: Place) -> None:
    assert daemon.run("pair", "no code!").exit_code == 2
    assert daemon.posted == []


def test_the_catalogue_is_read_again(daemon: Place) -> None:
    done = daemon.run("catalogue", "reload")
    assert done.exit_code == 0
    assert daemon.done == [("reload",)]
    assert "words" in json.loads(daemon.run("catalogue", "reload", "--json").stdout)


@pytest.mark.parametrize(
    ("arguments", "done"),
    [
        (("tap", UID), ("tap", UID)),
        (("tap", UID, "--copy"), ("tap", UID, "copy")),
        (("tap", UID, "--device", "reader"), ("tap", UID)),
        (("do", "tap", f"uid={UID}"), ("tap", UID)),
        (("do", "tap", "uid=0411", "copy=true"), ("tap", "0411", "copy")),
        (("do", "tap", "uid=11", "copy=false", "--device", "reader"), ("tap", 11)),
        (("untap",), ("untap",)),
        (("network", "down"), ("network", False)),
        (("network", "up"), ("network", True)),
    ],
)
def test_hands_reach_the_simulated_devices(
    daemon: Place, arguments: tuple[str, ...], done: tuple[Any, ...]
) -> None:
    result = daemon.run("sim", *arguments)
    assert result.exit_code == 0, result.output
    assert result.output.strip()
    assert daemon.done == [done]


def test_what_a_real_device_could_not_do_is_refused(daemon: Place) -> None:
    done = daemon.run("sim", "coin", "200")
    assert done.exit_code == 1
    assert done.stderr.strip() == "a coin of 200 cents falls through: the slot is closed"


def test_a_device_that_is_not_there_is_wrong_use(daemon: Place) -> None:
    for arguments in (["unplug", "nothing"], ["plug", "nothing"], ["tap", UID, "--device", "nothing"]):
        done = daemon.run("sim", *arguments)
        assert done.exit_code == 2
        assert "there is no simulated device 'nothing'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["fly"], "no simulated device"), (["tap", "price=5"], "'tap' takes uid, copy; found price")],
)
def test_a_hand_that_nobody_has_is_told(daemon: Place, arguments: list[str], words: str) -> None:
    done = daemon.run("sim", "do", *arguments)
    assert done.exit_code != 0
    assert words in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["coin", "0"],
        ["coin", "x"],
        ["network", "away"],
        ["button"],
        ["do"],
        ["do", "a/b"],
        ["do", "tap", "uid"],
        ["do", "tap", "a b=1"],
    ],
)
def test_arguments_that_make_no_sense_never_reach_the_daemon(place: Place, arguments: list[str]) -> None:
    done = place.run("sim", *arguments)
    assert done.exit_code == 2
    assert "terminald does not run" not in done.stderr


# -- configuration -------------------------------------------------------------------------------------


def test_a_right_configuration_exits_with_0() -> None:
    done = CliRunner().invoke(cli, ["config", "check", str(CONFIG / "simulated.toml")])
    assert done.exit_code == 0
    assert "simulated.toml is right: simulated-1, vending, 6 devices." in done.stdout


def test_every_mistake_stands_in_one_table(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('[terminal]\nid = "X"\njob = "vendign"\n[offline]\nmax_sale = -5\n')
    done = CliRunner(env={"COLUMNS": "160"}).invoke(cli, ["config", "check", str(file)])
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"5 mistakes in {file}")
    assert lines[2].split() == ["WHERE", "FOUND", "EXPECTED"]
    assert any(line.split()[:2] == ["offline.max_sale", "-5"] for line in lines)
    assert any('did you mean "vending"?' in line for line in lines)


def test_mistakes_for_programs(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("x")
    done = CliRunner().invoke(cli, ["config", "check", str(file), "--json"])
    assert done.exit_code == 2
    told = json.loads(done.stdout)
    assert told["ok"] is False
    assert set(told["mistakes"][0]) == {"path", "found", "expected", "hint"}
    right = CliRunner().invoke(cli, ["config", "check", str(CONFIG / "simulated.toml"), "--json"])
    assert json.loads(right.stdout)["ok"] is True


def test_a_bad_configuration_is_wrong_use_for_every_command(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("x")
    for arguments in (["status"], ["journal", "list"], ["sync", "now"], ["sim", "untap"], ["config", "show"]):
        done = CliRunner().invoke(cli, [*arguments, "--config", str(file)])
        assert done.exit_code == 2, arguments
        assert "1 mistake in" in done.stderr


def test_the_configuration_can_be_named_anywhere(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TERMINAL_CONFIG", raising=False)
    file = str(place.config)
    for arguments in (["--config", file, "config", "show"], ["config", "show", "--config", file]):
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 0
        assert f"# in force from {file}" in done.stdout
    nowhere = CliRunner().invoke(cli, ["config", "show"])
    assert nowhere.exit_code == 2
    assert common.DEFAULT_CONFIG in nowhere.stderr


def test_the_nearest_name_of_the_configuration_counts(place: Place) -> None:
    done = place.run("--config", "/nowhere.toml", "config", "show", "--config", str(place.config))
    assert done.exit_code == 0
    assert place.run("--config", "/nowhere.toml", "config", "show").exit_code == 2


def test_what_is_in_force_for_programs_and_people(place: Place) -> None:
    told = json.loads(place.run("config", "show", "--json").stdout)
    main = told["backends"]["main"]
    told["backends"]["main"] = {
        key: value for key, value in main.items() if value is not None
    }  # no null in TOML
    assert told == tomllib.loads(place.run("config", "show").stdout)
    assert told["terminal"]["id"] == "simulated-1"


def test_the_example_is_printed() -> None:
    assert CliRunner().invoke(cli, ["config", "example"]).stdout == settings.example()


# -- the place where errors become sentences -----------------------------------------------------------


def test_a_fault_of_our_own_is_a_sentence_and_no_traceback(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise KeyError("s3cr3t")

    monkeypatch.setattr(common, "settings", broken)
    monkeypatch.delenv("TERMINAL_DEBUG", raising=False)
    done = place.run("status")
    assert done.exit_code == 1
    assert "a fault of its own (KeyError in " in done.stderr
    assert "s3cr3t" not in done.stderr
    shown = place.run("status", env={"TERMINAL_DEBUG": "1"})
    assert isinstance(shown.exception, KeyError)


def test_what_the_system_says_is_a_sentence() -> None:
    told = errors.explain(OSError(28, "No space left on device", "/var/x"))
    assert (told.exit_code, told.message) == (2, "The system says: No space left on device (/var/x).")


def test_an_unknown_command_is_wrong_use() -> None:
    assert CliRunner().invoke(cli, ["sell"]).exit_code == 2


def _commands(group: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found = []
    for name, command in group.commands.items():
        found.append(((*path, name), command))
        found += _commands(command, (*path, name)) if hasattr(command, "commands") else []
    return found


WITHOUT_A_CONFIGURATION = {("config", "example"), ("ticket", "key", "new"), ("ticket", "key", "show")}


@pytest.mark.parametrize(
    ("path", "command"), _commands(cli), ids=lambda each: " ".join(each) if isinstance(each, tuple) else ""
)
def test_every_command_explains_itself(path: tuple[str, ...], command: Any) -> None:
    done = CliRunner().invoke(cli, [*path, "--help"])
    assert done.exit_code == 0
    assert command.help
    assert "\b" not in done.output
    if not hasattr(command, "commands") and path not in WITHOUT_A_CONFIGURATION:
        assert "--config" in done.output


def test_help_tells_of_exit_codes_and_completion() -> None:
    told = CliRunner().invoke(cli, ["--help"]).output
    assert "Exit codes: 0 healthy" in told
    assert "_TERMINALCTL_COMPLETE" in told


def test_completion_works(monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner(env={"_TERMINALCTL_COMPLETE": "bash_source"}).invoke(cli, [], prog_name="terminalctl")
    assert "complete -o nosort" in done.output
