"""The measurements run and say what they must; how fast anything was is not a matter of a test."""

import json
import subprocess
import sys

from tests.support import needs


def run(*options: str) -> subprocess.CompletedProcess[str]:
    needs.program("cc", "gcc")
    command = [sys.executable, "-m", "tests.bench", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_a_quick_look_prints_its_rows_and_counts_one_sync_for_an_append():
    done = run("--quick", "--only", "append", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["measure"]: row for row in json.loads(done.stdout)}
    assert set(rows) == {"append, p50 / raw, 1 ms a sync", "append, syncs", "append, CPU"}
    assert rows["append, syncs"]["value"] == 1
    assert rows["append, syncs"]["met"] is True
    assert all(row["goal"] and row["value"] > 0 for row in rows.values())


def test_readers_are_measured_with_the_floor_of_each_beside_them():
    done = run("--quick", "--only", "card-simulated,card-pn532,card-rdm6300", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["measure"].split(", ")[1:] for row in rows] == [
        [reader, share] for reader in ("simulated", "pn532", "rdm6300") for share in ("p50", "p99")
    ]
    assert all(row["value"] > 0 and row["verdict"] == "-" and row["baseline"] for row in rows)


def test_a_coin_is_measured_to_the_journal():
    done = run("--quick", "--only", "coin", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["measure"] for row in rows] == [
        f"coin to journal, beyond 1 sync, {share}" for share in ("p50", "p99")
    ]
    assert all(row["goal"] and "raw write+fdatasync" in row["baseline"] for row in rows)
    assert rows[1]["noise"].endswith("20 coins")


def test_idle_devices_are_measured_with_a_bare_loop_beside_those_that_are_polled():
    done = run("--quick", "--only", "polling", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["measure"]: row for row in json.loads(done.stdout)}
    for polled in ("ccTalk acceptor", "MDB changer"):
        assert rows[f"idle, {polled}, of a core"]["value"] > 0
        assert "a bare loop" in rows[f"idle, {polled} / a bare loop"]["baseline"]
        assert rows[f"idle, {polled}, wake-ups"]["value"] > 1, "it is asked all the time"
    for resting in ("ccTalk hopper", "MDB machine"):
        assert rows[f"idle, {resting}, of a core"]["goal"] == "<= 0.1 %"
        assert f"idle, {resting} / a bare loop" not in rows


def test_an_unknown_measure_is_answered_with_those_there_are():
    done = run("--only", "appendix")
    assert done.returncode == 2
    assert "append, flat, acknowledge" in done.stderr


def test_receipts_are_counted_in_bytes_and_seconds_of_a_serial_line():
    done = run("--quick", "--only", "printing", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["measure"]: row for row in json.loads(done.stdout)}
    tickets = ("ticket, CODE128 and QR", "ticket, both as pictures")
    for what in ("top-up receipt", *tickets, *(f"signed {each}" for each in tickets)):
        size = rows[f"{what}: bytes"]["value"]
        assert rows[f"{what}: at 9,600 baud"]["value"] == size / 960
        assert rows[f"{what}: at 38,400 baud"]["value"] == size / 3840
    assert rows["ticket, CODE128 and QR: bytes"]["met"] is True
    for how in ("codes by the printer", "codes as pictures"):
        assert rows[f"signed ticket, {how}: made into bytes, p50"]["value"] > 0


def test_codes_of_tickets_are_measured_beside_the_standard_library_alone():
    done = run("--quick", "--only", "codes", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["measure"]: row for row in json.loads(done.stdout)}
    ours = rows["ticket code: purchase code and infix, p50"]
    assert ours["goal"] == "<= 5 us"
    assert "secrets.token_bytes" in ours["baseline"]
    assert "secrets.choice" in rows["ticket code: secrets.choice / ours"]["baseline"]
    assert all(row["value"] > 0 for row in rows.values())
    assert rows["ticket: signed text"]["value"] < 150
