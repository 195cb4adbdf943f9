"""requirements.lock: complete, hashed, and the same wherever it was made."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"([a-z0-9-]+)==(\S+)((?: \\\n {4}--hash=sha256:[0-9a-f]{64})+)\n")
PINS = {match[1]: Version(match[2]) for match in PIN.finditer(TEXT)}
COMPILED_HERE = {"pyscard", "rpi-gpio"}
"""What .ci/setup leaves out where there is no compiler."""


def wanted() -> list[Requirement]:
    """Every requirement of the project: to run, of every extra, to build."""
    extras = PROJECT["project"]["optional-dependencies"].values()
    lines = [*PROJECT["project"]["dependencies"], *(line for extra in extras for line in extra)]
    requirements = [Requirement(line) for line in (*lines, *PROJECT["build-system"]["requires"])]
    return [it for it in requirements if it.name != PROJECT["project"]["name"]]


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_every_dependency_of_the_project_is_pinned_as_it_asks(requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    assert name in PINS, f"{name} is not in requirements.lock: make lock"
    assert requirement.specifier.contains(PINS[name]), (
        f"{name}=={PINS[name]} does not fit {requirement}: make lock"
    )


def test_every_line_is_a_hashed_pin_or_a_comment() -> None:
    left = re.sub(r"^ *#.*\n", "", PIN.sub("", TEXT), flags=re.MULTILINE)
    assert left.strip() == ""
    assert len(PINS) > 30


def test_it_names_no_host_and_no_path() -> None:
    """It installs from wherever a machine's pip is told to look, and was made on no particular machine."""
    assert "://" not in TEXT
    assert not re.search(r"--(index-url|extra-index-url|find-links|trusted-host)", TEXT)
    assert not re.search(r"(^|[\s(\"'=])/\w", TEXT)
    assert not re.search(r"\w\.(com|org|net|io)\b", TEXT)


@pytest.mark.parametrize("name", sorted(PINS))
def test_it_is_complete_for_it_is_installed_without_looking_for_more(name: str) -> None:
    """By what each installed package says of itself, under this Python and on this machine."""
    try:
        needed = requires(name) or []
    except PackageNotFoundError:
        assert name in COMPILED_HERE, f"{name} is pinned and not installed: make setup"
        return
    for requirement in map(Requirement, needed):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            assert canonicalize_name(requirement.name) in PINS, f"{name} needs {requirement}: make lock"


def test_nothing_brings_rich_into_the_daemon() -> None:
    """httpx imports it where it is installed, and with it forty milliseconds of a start."""
    assert "rich" not in PINS
