"""A sandbox for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.machine import SandboxProcess

UID = "04A1B2C3D4E5F6"
OTHER = "04112233445566"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A server with two products (25 and 50 cents) and two wallets (10.00 and 0.10)."""
    with SandboxProcess(tmp_path, "--wallet", f"{UID}=1000", "--wallet", f"{OTHER}=10") as started:
        yield started
