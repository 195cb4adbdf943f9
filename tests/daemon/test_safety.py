"""Outputs brought to their safe level without the daemon: each on its own, in sentences, and fast."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import drivers
from drivers.pins.simulated import SimulatedChip, chip_of
from terminal.daemon import safety
from terminal.daemon.main import main
from terminal.settings import DeviceSettings, load_devices

CONFIG = """
[[devices]]
name = "coffee"
role = "release"
driver = "relay"
pins = "simulated"
chip = "CHIP"
line = 22
lines = { tea = 23 }
active_low = true

[[devices]]
name = "slot"
role = "coin_acceptor"
driver = "pulse"
pins = "simulated"
chip = "CHIP"
line = 17
inhibit_line = 27
unit = 10

[[devices]]
name = "lamps"
role = "indicator"
driver = "gpio"
pins = "simulated"
chip = "CHIP"
lamps = { ready = 5 }
buzzer = 6

[[devices]]
name = "reader"
role = "reader"
driver = "simulated"
"""


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[SimulatedChip]:
    chip = chip_of(str(tmp_path))
    yield chip
    chip.put_back()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "terminal.toml"
    file.write_text(f'[control]\nsocket = "{tmp_path}/control.sock"\n' + CONFIG.replace("CHIP", str(tmp_path)))
    return file


def devices(config: Path) -> tuple[DeviceSettings, ...]:
    found, _, mistakes = load_devices(config)
    assert mistakes == ()
    return found


def test_slots_are_closed_relays_released_and_lamps_put_out(config: Path, chip: SimulatedChip) -> None:
    assert safety.make_safe(devices(config)) == (["coffee", "slot", "lamps"], [])
    assert [chip.high(line) for line in (22, 23, 27, 5, 6)] == [True, True, True, False, False]
    assert [chip.owner(line) for line in (22, 23, 27, 5, 6)] == [""] * 5, "who starts next takes them"


def test_a_line_that_somebody_has_is_told_and_the_others_are_made_safe(
    config: Path, chip: SimulatedChip
) -> None:
    chip.claim(22, "output")
    safe, failed = safety.make_safe(devices(config))
    chip.free(22)
    assert safe == ["slot", "lamps"]
    (words,) = failed
    assert words.startswith("coffee (release) could not be brought to its safe state: line 22")
    assert "in use" in words
    assert chip.history(23) == [True, True], "the other line of the same device, too"


def test_a_driver_of_somebody_else_that_fails_harms_only_itself(
    config: Path, chip: SimulatedChip, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, settings = drivers.find, devices(config)

    class Broken:
        @staticmethod
        def make_safe(options: Any) -> None:
            raise ZeroDivisionError

    monkeypatch.setattr(
        drivers, "find", lambda role, driver: Broken if role == "release" else found(role, driver)
    )
    assert safety.make_safe(settings) == (
        ["slot", "lamps"],
        ["coffee (release) could not be brought to its safe state: ZeroDivisionError"],
    )


def test_the_command_says_what_it_did(
    config: Path, chip: SimulatedChip, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config), "--make-safe"]) == 0
    assert capsys.readouterr().err == "In their safe state: coffee, slot, lamps.\n"
    chip.pull()
    assert main(["--config", str(config), "--make-safe"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all("is gone" in line for line in lines)


def test_a_terminal_that_can_do_no_harm(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text('[[devices]]\nname = "reader"\nrole = "reader"\ndriver = "simulated"\n')
    assert main(["--config", str(config), "--make-safe"]) == 0
    assert capsys.readouterr().err == "No device has an output that could do harm.\n"


def test_a_device_that_is_not_understood_is_never_driven_on_a_guess(
    config: Path, chip: SimulatedChip, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `active_low` left out the relay would be pulled, not released."""
    config.write_text(config.read_text().replace("active_low = true", 'active_low = "yes"'))
    assert main(["--config", str(config), "--make-safe"]) == 1
    said = capsys.readouterr().err
    assert 'devices."coffee".active_low' in said.replace("[", ".").replace("]", "")
    assert "In their safe state: slot, lamps." in said
    assert chip.history(22) == chip.history(23) == []


@pytest.mark.parametrize("text", [None, "[[devices]\n"])
def test_a_configuration_that_cannot_be_read(
    config: Path, text: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is None:
        config.unlink()
    else:
        config.write_text(text)
    assert main(["--config", str(config), "--make-safe"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("No output was brought to its safe state, because none is known: 1 mistake in ")


def test_a_running_terminal_keeps_its_outputs(
    config: Path, chip: SimulatedChip, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(config.parent / "control.sock")
    assert not safety.runs_already(path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        assert not safety.runs_already(path), "bound, and nobody listens"
        listening.listen()
        assert safety.runs_already(path)
        assert main(["--config", str(config), "--make-safe"]) == 1
        assert "stop it first" in capsys.readouterr().err
    assert not safety.runs_already(path), "what a killed one left"
    assert chip.history(22) == []


def test_it_loads_neither_journal_nor_server_nor_anything_slow(config: Path) -> None:
    program = (
        "import sys\nfrom terminal.daemon.main import main\n"
        f"code = main(['--config', {str(config)!r}, '--make-safe'])\n"
        "print(code, *sorted({name.partition('.')[0] for name in sys.modules}))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('terminal.')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    first, second = done.stdout.splitlines()
    assert first.startswith("0 ")
    assert not {"sqlite3", "httpx", "ssl", "asyncio", "click", "tenacity"} & set(first.split())
    packages = {name.split(".")[1] for name in second.split()}
    assert packages == {"backends", "core", "daemon", "settings"}


def test_what_could_do_harm_can_be_made_safe() -> None:
    """Whatever drives a line or gives something out has to say how it is brought to rest."""
    outputs = {
        (role, name) for role, name in drivers.DRIVERS if name in {"pulse", "relay"} or role == "indicator"
    }
    outputs -= {key for key in outputs if key[1] == "simulated"}
    assert outputs >= {("coin_acceptor", "pulse"), ("release", "relay"), ("indicator", "gpio")}
    for role, name in outputs:
        assert callable(getattr(drivers.find(role, name), "make_safe", None)), (role, name)


def test_the_devices_alone_are_those_of_the_whole(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "config/coffee-machine.toml"
    found, path, mistakes = load_devices(example)
    assert mistakes == ()
    assert path == Path("/run/terminald/control.sock")
    assert [msgspec.to_builtins(each)["name"] for each in found]
