"""What holds for every test: nobody touches the machine's own readers, and nothing is left out in silence."""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from tests.support import needs, pcscd, seed

# The client library of PC/SC reads this once in the life of a process, at its first use.
os.environ[pcscd.VARIABLE] = str(pcscd.OWN_SOCKET)

# How long an example takes on a busy machine says nothing about what it tries.
settings.register_profile(
    "untimed", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")


def pytest_report_header() -> str:
    return f"TERMINAL_SEED={seed.SEED}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one line for each reason why proofs were left out, with their number."""
    reasons = Counter(
        words.partition(needs.PREFIX)[2]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and needs.PREFIX in (words := str(report.longrepr[2]))
    )
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{needs.PREFIX}{count} x {reason}", yellow=True)
