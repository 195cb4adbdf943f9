"""What a proof needs of the machine: without it the proof is left out, and says so.

With ``TERMINAL_TEST_ALL=1`` in the environment nothing may be left out: what is missing fails the test.
``tests/conftest.py`` prints what was left out at the end of a run.
"""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

PREFIX = "left out: "

_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
_VPCD = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so*"

_PACKAGES = {
    "node": "nodejs",
    "pcscd": "pcscd",
    "socat": "socat",
    "strace": "strace",
    "systemd-analyze": "systemd",
    "umockdev-run": "umockdev",
    "zbarimg": "zbar-tools",
    "zint": "zint",
}


def missing(what: str) -> NoReturn:
    """Leave this proof out because of *what* (a sentence that says what to do), or fail where all must run."""
    if os.environ.get("TERMINAL_TEST_ALL") == "1":
        pytest.fail(f"{what} (TERMINAL_TEST_ALL=1: nothing may be left out)", pytrace=False)
    pytest.skip(PREFIX + what)


def program(name: str, package: str = "") -> str:
    """Return the path of program *name*; without it the proof is left out.

    System programs (``sbin``) are found too, though an ordinary user's PATH does not name them.
    """
    found = shutil.which(name, path=_PATH)
    if found is None:
        missing(f"program {name} is not installed: apt-get install {package or _PACKAGES.get(name, name)}")
    return found


def file(pattern: str, package: str) -> str:
    """Return the first file that matches *pattern* (as in a shell); without one the proof is left out."""
    found = sorted(Path("/").glob(pattern.lstrip("/")))
    if not found:
        missing(f"no file {pattern}: apt-get install {package}")
    return str(found[0])


def module(name: str, extra: str) -> None:
    """Leave the proof out unless Python module *name* can be imported; *extra* is the extra that brings it."""
    if importlib.util.find_spec(name) is None:
        missing(f"Python module {name} is not installed: pip install 'terminald[{extra}]'")


def virtual_reader() -> tuple[str, str]:
    """Return the paths of pcscd and of the virtual reader's driver; without them the proof is left out."""
    return program("pcscd"), file(_VPCD, "vsmartcard-vpcd")
