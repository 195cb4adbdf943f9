"""The copy of what a server has many of: over kills, damage, and two that read."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from terminal.mirror import Cursor, Mirror, MirrorLost, beside, is_free

SERVER = "https://pos.example.com/api/graphql"
ROWS = [("a", b"1"), ("b", b"2")]


def read(mirror: Mirror, *pages: tuple[list[tuple[str, bytes]], str], kind: str = "items") -> Cursor:
    """Read *pages* to their end."""
    cursor = mirror.cursor(kind)
    for number, (rows, until) in enumerate(pages, 1):
        after = mirror.keep(kind, cursor, rows, until, ended=number == len(pages))
        assert after is not None
        cursor = after
    return cursor


def test_rows_and_cursor_are_there_after_a_restart(tmp_path: Path) -> None:
    path = beside(str(tmp_path / "journal.db"), "pos")
    mirror = Mirror(path, SERVER)
    assert read(mirror, (ROWS, "u1")) == Cursor("u1", 1, 1)
    mirror.close()
    again = Mirror(path, SERVER)
    assert (again.cursor("items"), again.rows("items")) == (Cursor("u1", 1, 1), [b"1", b"2"])
    assert (again.row("items", "b"), again.row("items", "c"), again.rows("sales")) == (b"2", None, [])
    again.close()


def test_a_row_that_comes_again_replaces_itself_and_others_stay() -> None:
    mirror = Mirror(None, SERVER)
    read(mirror, (ROWS, "u1"))
    read(mirror, ([("b", b"3"), ("c", b"4")], "u2"))
    assert mirror.rows("items") == [b"1", b"3", b"4"]
    mirror.close()


def test_what_does_not_come_again_is_dropped_at_the_end_of_a_whole_reading_and_not_before() -> None:
    mirror = Mirror(None, SERVER)
    read(mirror, (ROWS, "u1"))
    mirror.begin_anew("items")
    cursor = mirror.cursor("items")
    assert cursor == Cursor("", 2, 0)
    cursor = mirror.keep("items", cursor, [("a", b"1")], "u2", ended=False) or cursor
    assert mirror.rows("items") == [b"1", b"2"]
    mirror.keep("items", cursor, [("c", b"3")], "u3", ended=True)
    assert mirror.rows("items") == [b"1", b"3"]
    mirror.close()


def test_after_a_day_of_readings_one_begins_at_the_beginning() -> None:
    mirror = Mirror(None, SERVER)
    cursors = [read(mirror, ([], f"u{number}")) for number in range(144)]
    assert cursors[-2] == Cursor("u142", 1, 143)
    assert cursors[-1] == Cursor("", 2, 0)
    mirror.close()


def test_where_the_server_tells_no_cursor_each_reading_is_a_whole_one() -> None:
    mirror = Mirror(None, SERVER)
    assert read(mirror, (ROWS, "")) == Cursor("", 2, 0)
    read(mirror, ([("a", b"1")], ""))
    assert mirror.rows("items") == [b"1"]
    mirror.close()


def test_of_two_readers_the_one_that_is_outrun_keeps_nothing(tmp_path: Path) -> None:
    one, two = Mirror(tmp_path / "m.db", SERVER), Mirror(tmp_path / "m.db", SERVER)
    stale = two.cursor("items")
    read(one, (ROWS, "u1"))
    assert two.keep("items", stale, [("z", b"9")], "u9", ended=True) is None
    assert (two.cursor("items"), two.rows("items")) == (Cursor("u1", 1, 1), [b"1", b"2"])
    one.close()
    two.close()


def test_another_server_begins_with_nothing(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "m.db", SERVER)
    read(mirror, (ROWS, "u1"))
    mirror.close()
    other = Mirror(tmp_path / "m.db", "https://other.example.com/api/graphql")
    assert (other.cursor("items"), other.rows("items")) == (Cursor(), [])
    other.close()


def test_another_format_begins_with_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE rows (old TEXT)")
        db.execute("PRAGMA user_version = 99")
    db.close()
    mirror = Mirror(path, SERVER)
    assert read(mirror, (ROWS, "u1")).since == "u1"
    mirror.close()


@pytest.mark.parametrize("damage", [b"no database at all, but long enough to be read as one" * 40, None])
def test_a_damaged_file_is_set_aside_and_reading_begins_anew(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "m.db"
    if damage is None:
        mirror = Mirror(path, SERVER)
        read(mirror, ([(f"k{number}", b"x" * 200) for number in range(200)], "u1"))
        mirror.close()
        whole = bytearray(path.read_bytes())
        whole[4096:12288] = b"\xff" * 8192
        damage = bytes(whole)
    path.write_bytes(damage)
    mirror = Mirror(path, SERVER)
    assert (mirror.cursor("items"), mirror.rows("items")) == (Cursor(), [])
    assert path.with_name("m.db.damaged").read_bytes() == damage
    read(mirror, (ROWS, "u1"))
    mirror.close()
    again = Mirror(path, SERVER)
    assert again.cursor("items").since == "u1"
    again.close()


def test_what_breaks_under_way_is_told_once_and_goes_on_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    mirror = Mirror(path, SERVER)
    read(mirror, (ROWS, "u1"))
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE rows")
    db.close()
    with pytest.raises(MirrorLost, match="begun anew"):
        mirror.rows("items")
    assert (mirror.cursor("items"), mirror.rows("items")) == (Cursor(), [])
    assert read(mirror, (ROWS, "u1")).since == "u1"
    mirror.close()


def test_where_no_file_can_be_it_is_kept_in_memory(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "no folder" / "m.db", SERVER)
    assert read(mirror, (ROWS, "u1")).since == "u1"
    assert mirror.rows("items") == [b"1", b"2"]
    mirror.close()


_READER = """
import sys
from pathlib import Path
from terminal.mirror import Mirror
mirror = Mirror(Path(sys.argv[1]), "server")
cursor = mirror.cursor("items")
while True:
    page = int(cursor.since or 0)
    rows = [(f"{page:06d}-{number:03d}", b"x") for number in range(50)]
    cursor = mirror.keep("items", cursor, rows, str(page + 1), ended=False)
    print(cursor.since, flush=True)
"""


def test_wherever_it_is_killed_no_row_before_the_cursor_is_missing_and_none_is_behind_it(
    tmp_path: Path,
) -> None:
    """Real processes and real kills; each goes on where the one before it was killed."""
    path = tmp_path / "m.db"
    seen = 0
    for kill in (1, 7, 20, 33):
        process = subprocess.Popen(
            [sys.executable, "-c", _READER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(kill):
            told = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        mirror = Mirror(path, "server")
        pages = int(mirror.cursor("items").since)
        assert pages >= told > seen, "what was told was kept"
        assert len(mirror.rows("items")) == pages * 50
        assert mirror.row("items", f"{pages - 1:06d}-049") == b"x"
        seen = pages
        mirror.close()


def foreign(path: Path) -> bytes:
    """Let *path* be a database with somebody else's money in it; what is in the file is returned."""
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE entries (cents INTEGER)")
        db.execute("INSERT INTO entries VALUES (250)")
    db.close()
    return path.read_bytes()


def test_a_database_of_something_else_is_set_aside_with_all_that_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    theirs = foreign(path)
    mirror = Mirror(path, SERVER)
    assert read(mirror, (ROWS, "u1")).since == "u1"
    mirror.close()
    assert path.with_name("m.db.damaged").read_bytes() == theirs


def test_only_a_copy_of_ours_or_nothing_is_free_to_be_used(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    assert is_free(path)
    path.write_bytes(b"")
    assert is_free(path)
    mirror = Mirror(path, SERVER)
    assert is_free(path), "while it is open, too: whoever is killed leaves it like that"
    read(mirror, (ROWS, "u1"))
    mirror.close()
    assert is_free(path)
    foreign(tmp_path / "journal.db")
    (tmp_path / "items.csv").write_text("sku,name\n")
    assert not is_free(tmp_path / "journal.db")
    assert not is_free(tmp_path / "items.csv")


def test_who_still_reads_when_it_is_closed_does_not_take_it_for_damaged(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    mirror = Mirror(path, SERVER)
    cursor = mirror.cursor("items")
    mirror.close()
    with pytest.raises(MirrorLost, match="closed"):
        mirror.keep("items", cursor, ROWS, "u1", ended=True)
    with pytest.raises(MirrorLost, match="closed"):
        mirror.rows("items")
    assert [each.name for each in tmp_path.iterdir()] == ["m.db"]


def test_a_copy_that_lacks_a_table_heals_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    mirror = Mirror(path, SERVER)
    read(mirror, (ROWS, "u1"))
    mirror.close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE rows")
    db.close()
    mirror = Mirror(path, SERVER)
    assert (mirror.cursor("items"), mirror.rows("items")) == (Cursor(), [])
    read(mirror, (ROWS, "u1"))
    mirror.close()
    mirror = Mirror(path, SERVER)
    assert mirror.cursor("items").since == "u1", "and it is kept in the file again"
    mirror.close()


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    mirror = Mirror(path, SERVER)
    read(mirror, (ROWS, "u1"))
    assert {each.name: each.stat().st_mode & 0o077 for each in tmp_path.iterdir()} == {
        "m.db": 0, "m.db-wal": 0, "m.db-shm": 0,
    }  # fmt: skip
    mirror.close()
