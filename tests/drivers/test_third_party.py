"""The driver that README.md shows, in a package of its own: built, installed, and used by a real terminald."""

import os
import re
import subprocess
import sys
import tomllib
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.machine import READER, Machine, SandboxProcess

README = Path(__file__).parents[2] / "README.md"
UID = "04A1B2C3D4E5F6"
RELAY = {"name": "machine", "role": "release", "driver": "simulated"}
LONGEST = 40  # lines


def shown() -> tuple[str, str, str]:
    """Return what README.md shows: pyproject.toml, the module, the block of a configuration."""
    section = README.read_text().partition("\n## Your own driver\n")[2].partition("\n## ")[0]
    project, module, block = re.findall(r"^```(?:toml|python)\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return project, module, block


def test_it_is_short() -> None:
    assert sum(bool(line.strip()) for text in shown() for line in text.splitlines()) < LONGEST


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install it as `pip install` does, without a network, where the programs of this test find it."""
    project, module, _ = shown()
    source, target = tmp_path / "acme-keypad", tmp_path / "site"
    source.mkdir()
    (source / "pyproject.toml").write_text(project)
    (source / "acme_keypad.py").write_text(module)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--target", str(target)]
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
    done = subprocess.run(
        [*pip, *offline, str(source)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("PYTHONPATH", str(target))
    return target


@pytest.fixture
def keypad() -> Iterator[tuple[int, str]]:
    """A serial line: the keypad's end, and the path of the other one."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    try:
        yield ours, os.ttyname(theirs)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path, "--wallet", f"{UID}=1000") as started:
        yield started


def coffee_machine(folder: Path, sandbox: SandboxProcess, port: str, **changes: Any) -> Machine:
    """A machine whose buttons are the block that README.md shows, at *port*."""
    (block,) = tomllib.loads(shown()[2])["devices"]
    block = {**block, "port": port, **changes}
    return Machine(folder, sandbox.url, sandbox.token_file, [READER, RELAY, block])


def test_a_terminald_drives_it(
    tmp_path: Path, sandbox: SandboxProcess, installed: Path, keypad: tuple[int, str]
) -> None:
    ours, path = keypad
    coffee = coffee_machine(tmp_path, sandbox, path)
    checked = coffee.ctl("config", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with coffee:
        coffee.wait("products", screen__notice="ready")
        coffee.wait("the keypad", devices__2__name="keypad", devices__2__health="ok")
        os.write(ours, b"1")  # espresso, before the card: it is asked for
        coffee.wait("a token is asked for", phase="waiting for a token")
        os.write(ours, b"x0")  # no key of the options, then cancel
        coffee.wait("nothing chosen", phase="ready")
        assert coffee.do("tap", uid=UID).is_success
        coffee.wait("a choice", phase="choosing")
        os.write(ours, b"1")
        coffee.wait("the result", screen__notice="confirmed")
        coffee.wait_delivered()
        assert coffee.stop() == 0
    assert [each["amount"] for each in sandbox.booked()] == [-25]


def test_a_keypad_that_is_not_there_harms_nobody_and_says_so(
    tmp_path: Path, sandbox: SandboxProcess, installed: Path
) -> None:
    nowhere = str(tmp_path / "nowhere")
    with coffee_machine(tmp_path, sandbox, nowhere) as coffee:
        coffee.wait("the keypad", devices__2__health="missing")
        assert coffee.status()["devices"][2]["words"].startswith(f"there is no {nowhere}; there are: ")
        coffee.wait("the reader works", devices__0__health="ok")


def test_a_mistake_in_its_options_is_told_like_any_other(
    tmp_path: Path, sandbox: SandboxProcess, installed: Path
) -> None:
    coffee = coffee_machine(tmp_path, sandbox, "/dev/ttyUSB0", keys={}, keyz="espresso")
    checked = coffee.ctl("config", "check")
    assert checked.returncode != 0
    told = " ".join((checked.stdout + checked.stderr).split())
    assert told.startswith("2 mistakes in ")
    assert 'devices["keypad"].keys a table a table; each value a text;' in told  # it is empty
    assert (
        'devices["keypad"].keyz an unknown option driver, keys, name, port, role; did you mean "keys"?' in told
    )


def test_without_the_package_the_driver_is_unknown(tmp_path: Path, sandbox: SandboxProcess) -> None:
    checked = coffee_machine(tmp_path, sandbox, "/dev/ttyUSB0").ctl("config", "check")
    assert checked.returncode != 0
    assert '"acme"' in checked.stdout + checked.stderr
