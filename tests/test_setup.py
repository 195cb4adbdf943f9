"""How the project is set up: what is said where packages are missing, and what `make` offers."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import needs

ROOT = Path(__file__).parent.parent
LISTED = {
    match[1]: match[2]
    for match in re.finditer(
        r"^([a-z][a-z0-9.+-]+) +# (\S.*)$", (ROOT / ".ci/packages").read_text(), re.MULTILINE
    )
}
TARGETS = ("setup", "run", "demo", "test", "check", "bench", "clean")


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a Debian with none of the packages, whose user may install nothing."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in {
        "dpkg-query": "exit 1",
        "id": "echo 1000",
        "sudo": "exit 1",
        "apt-get": f"touch {tmp_path}/apt-was-called; exit 1",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    environ = {key: value for key, value in os.environ.items() if key != "TERMINAL_TEST_ALL"}
    return environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}


def set_up_packages(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    # From another folder: it must find its own.
    command = ["bash", str(ROOT / ".ci/setup"), "packages"]
    return subprocess.run(
        command, env=environ, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_each_package_says_what_for() -> None:
    lines = [line for line in (ROOT / ".ci/packages").read_text().splitlines() if line and line[0] != "#"]
    assert len(LISTED) == len(lines)


def test_every_program_that_a_proof_asks_for_is_in_a_listed_package() -> None:
    asked = set()
    for file in (ROOT / "tests").rglob("*.py"):
        calls = re.findall(r'needs\.program\("([\w.-]+)"(?:, (?:package=)?"([\w.-]+)")?\)', file.read_text())
        asked |= {package or needs._PACKAGES.get(name, name) for name, package in calls}
    asked -= {"sh"}  # every system has it
    assert asked
    assert asked <= set(LISTED)


def test_who_may_not_install_is_told_each_package_with_what_is_left_out(machine: dict[str, str]) -> None:
    done = set_up_packages(machine)
    assert done.returncode == 0
    for name, purpose in LISTED.items():
        assert f"  {name}: {purpose}\n" in done.stderr
    assert f"apt-get install --no-install-recommends {' '.join(LISTED)}\n" in done.stderr
    assert not (Path(machine["HOME"]) / "apt-was-called").exists()


def test_nothing_is_left_out_where_all_is_asked_for(machine: dict[str, str]) -> None:
    done = set_up_packages(machine | {"TERMINAL_TEST_ALL": "1"})
    assert done.returncode == 1
    assert "nothing may be left out" in done.stderr


def test_root_has_them_installed_and_is_told_what_could_not_be(machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bin/id").write_text("#!/bin/sh\necho 0\n")
    (tmp_path / "bin/apt-get").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/apt\n')
    (tmp_path / "bin/dpkg-query").write_text(
        f'#!/bin/sh\n[ -e {tmp_path}/apt ] && [ "$3" != zint ] && echo installed\n'
    )
    done = set_up_packages(machine)
    update, install = (tmp_path / "apt").read_text().splitlines()
    assert update.endswith("update")
    assert install.endswith(f"install -y --no-install-recommends {' '.join(LISTED)}")
    assert done.returncode == 0
    assert "could not be installed" in done.stderr
    assert f"  zint: {LISTED['zint']}\n" in done.stderr
    assert "  strace:" not in done.stderr


def test_where_all_is_there_nothing_is_done_or_said(machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bin/dpkg-query").write_text("#!/bin/sh\necho installed\n")
    done = set_up_packages(machine | {"TERMINAL_TEST_ALL": "1"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "apt-was-called").exists()


def test_what_another_package_brings_along_is_not_missing(machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bin/dpkg-query").write_text(
        """#!/bin/sh
        [ "$3" = npm ] && exit 1
        echo installed, nodejs-legacy, npm,
        echo not-installed, zint,
        """
    )
    done = set_up_packages(machine)
    assert "  npm:" not in done.stderr
    assert f"  zint: {LISTED['zint']}\n" in done.stderr


# -- the OpenID provider of a proof --------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What of the project the provider is set up by."""
    shutil.copytree(ROOT / ".ci", tmp_path / "tree/.ci")
    (tmp_path / "tree/tests/support/oidc").mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests/support/oidc" / name, tmp_path / "tree/tests/support/oidc")
    return tmp_path / "tree"


def set_up_provider(tree: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(tree / ".ci/setup"), "provider"]
    return subprocess.run(command, env=environ, cwd="/", capture_output=True, text=True, check=False)


def test_the_provider_is_installed_as_its_lock_says_and_once(machine: dict[str, str], tree: Path) -> None:
    npm = Path(machine["HOME"]) / "bin/npm"
    npm.write_text(f'#!/bin/sh\necho "$@" >>{tree}/asked; mkdir -p "$2/node_modules"\n')
    npm.chmod(0o755)
    for _ in range(2):
        done = set_up_provider(tree, machine)
        assert (done.returncode, done.stderr) == (0, "")
    (asked,) = (tree / "asked").read_text().splitlines()
    assert asked.startswith("--prefix tests/support/oidc ci --ignore-scripts --no-audit --no-fund")
    with (tree / "tests/support/oidc/package-lock.json").open("a") as lock:
        lock.write("\n")
    set_up_provider(tree, machine)
    assert len((tree / "asked").read_text().splitlines()) == 2


def test_without_the_provider_it_is_said_what_is_left_out(machine: dict[str, str], tree: Path) -> None:
    npm = Path(machine["HOME"]) / "bin/npm"
    npm.write_text("#!/bin/sh\nexit 1\n")
    npm.chmod(0o755)
    done = set_up_provider(tree, machine)
    assert (done.returncode, "left out: the proofs with an OpenID provider" in done.stderr) == (0, True)
    done = set_up_provider(tree, machine | {"TERMINAL_TEST_ALL": "1"})
    assert (done.returncode, "nothing may be left out" in done.stderr) == (1, True)


def test_the_lock_of_the_provider_says_what_each_package_is_and_not_from_where() -> None:
    lock = json.loads((ROOT / "tests/support/oidc/package-lock.json").read_text())
    packages = {name: told for name, told in lock["packages"].items() if name}
    assert "node_modules/oidc-provider" in packages
    for name, told in packages.items():
        assert told["integrity"].startswith("sha512-"), name
        assert "resolved" not in told, name


def test_make_alone_lists_every_target_with_a_sentence() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory", "-C", ROOT], capture_output=True, text=True, check=True
    ).stdout
    for target in TARGETS:
        assert re.search(rf"^make {target} +\S.{{10,}}$", listed, re.MULTILINE), target


def test_continuous_integration_runs_the_test_command_with_nothing_left_out() -> None:
    script = (ROOT / ".ci/run").read_text()
    assert script.rstrip().endswith("make test")
    assert "export TERMINAL_TEST_ALL=1" in script
