-- Z reports: each ends a period, and the next one begins where it ended.
--
-- "payload" is the whole report (JSON), as it was printed. "after" and "upto" are the journal's numbers between
-- which its period lies. Where a journal goes on in another one's place (a fresh one after damage, or an older
-- backup), its first row here says so ("carried"): it repeats the last report of the former, if that is known,
-- and its period is not in this journal; the next one begins at this row.

CREATE TABLE reports (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    number INTEGER NOT NULL UNIQUE CHECK (number > 0),
    after INTEGER NOT NULL,
    upto INTEGER NOT NULL CHECK (upto BETWEEN after AND seq),
    carried INTEGER NOT NULL CHECK (carried IN (0, 1)),
    payload TEXT CHECK (payload IS NOT NULL OR carried = 1),
    by TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
