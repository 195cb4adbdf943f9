"""What operators do, for the tests of the acceptance."""

from pathlib import Path
from typing import Any

from tests.acceptance.conftest import UID
from tests.support.machine import PANEL, READER, Machine, SandboxProcess

RELAY = {"name": "machine", "role": "release", "driver": "simulated"}

ESPRESSO = {"vending": {"one_product": "espresso", "show_s": 1}, "reading": {"same_card_ms": 0}}

QUICK = {"sync": {"first_retry_s": 1, "longest_retry_s": 1, "breaker_probe_s": 1, "pause_retry_s": 1}}


def vending(folder: Path, sandbox: SandboxProcess, **more: Any) -> Machine:
    token_file = more.pop("token_file", sandbox.token_file)
    devices = [READER, PANEL, RELAY]
    return Machine(
        folder, sandbox.url, token_file, devices, sections={**ESPRESSO, **more.pop("rules", {})}, **more
    )


def sale(coffee: Machine, uid: str = UID, notice: str = "confirmed") -> None:
    coffee.wait_works()
    coffee.do("tap", uid=uid)
    coffee.wait("the coffee", screen__notice=notice)
    coffee.do("untap")


def secret_file(folder: Path, text: str) -> Path:
    """Return a file for a server's token that only its owner can read."""
    file = folder / "my.token"
    file.touch(0o600)
    file.write_text(text)
    return file


def roll(sandbox: SandboxProcess) -> None:
    """Give the server another token: the old one is refused from now on."""
    sandbox.stop()
    sandbox.token_file.write_text("a-new-token-that-the-server-made\n")
    sandbox.start()
