"""What a commit costs the card: counted in system calls, not in time."""

import os
import subprocess
import sys

import pytest

from tests.support import needs

COMMITS = 50


@pytest.mark.parametrize(
    ("kind", "syncs", "most"),
    [("durable", COMMITS, 10_000), ("not durable", 0, 10_000), ("sales of five tickets", COMMITS, 40_000)],
)
def test_a_durable_commit_is_exactly_one_sync(path, tmp_path, kind, syncs, most):
    strace = needs.program("strace")
    trace = tmp_path / "trace"
    calls = "trace=write,pwrite64,fdatasync,fsync,sync_file_range"
    command = [strace, "-f", "-o", trace, "-e", calls, sys.executable, "-m", "tests.journal.syncer", path, kind]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 0, ran.stderr
    _, between, _ = trace.read_text().split('"MARK"')
    assert between.count("sync(") == syncs
    # Pages of the log: a head of 24 bytes and the page each. Small pages keep it to a few kilobytes a commit.
    written = sum(int(line.rpartition("= ")[2]) for line in between.splitlines() if "pwrite64(" in line)
    assert 0 < written / COMMITS < most
