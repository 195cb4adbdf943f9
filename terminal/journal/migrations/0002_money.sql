-- Payouts, cash boxes, devices that count by themselves, documents that can be printed again.
--
-- A column that is added to a table of facts is part of a row's hash where it is not NULL (see chain.py): rows of
-- older versions keep their hashes.

-- Where a coin went, if not into the cash box: a tube or hopper, which can pay it out again, or a machine.
ALTER TABLE cash ADD COLUMN place TEXT CHECK (place IS NULL OR place = 'tube' OR place = 'machine');

-- What was reported, if more than a signal that is no coin.
ALTER TABLE coin_faults ADD COLUMN trouble TEXT
    CHECK (trouble IS NULL OR trouble = 'lost' OR trouble = 'fraud');

-- What was to be printed (JSON), so that a missing document is printed again with the same content.
ALTER TABLE releases ADD COLUMN document TEXT CHECK (document IS NULL OR kind = 'print');

-- What did not get onto paper, or perhaps torn, and waits to be printed again. "settled" of such a row is the
-- next try's intent, or a row of its own with a "detail", which says that the document is given up.
CREATE INDEX releases_waiting ON releases (release)
    WHERE kind = 'print' AND settled IS NULL AND detail = '' AND (ended = 'failed' OR ended = 'unknown');

-- A payout is two rows, as a release is: what was intended ("ended" is null) and how it ended. "mark" is how far
-- the device itself had counted before it; "session" whose money it is, none where a technician tries the device.
CREATE TABLE payouts (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    payout TEXT NOT NULL CHECK (payout <> ''),
    session INTEGER REFERENCES sessions (seq),
    entry INTEGER REFERENCES entries (seq),
    device TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    mark TEXT NOT NULL,
    ended TEXT CHECK (ended = 'done' OR ended = 'failed' OR ended = 'unknown'),
    paid INTEGER CHECK (paid BETWEEN 0 AND amount AND (ended <> 'failed' OR paid = 0)),
    words TEXT NOT NULL,
    hash BLOB NOT NULL,
    settled INTEGER,
    CHECK ((session IS NULL) <> (entry IS NULL)),
    CHECK ((ended IS NULL) = (paid IS NULL))
) STRICT;

CREATE UNIQUE INDEX payouts_open ON payouts (payout) WHERE ended IS NULL AND settled IS NULL;

-- A person took the money out of a cash box. "amount" and "pieces" are what the books say was in it, "counted"
-- what the person found, if they told.
CREATE TABLE emptyings (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    device TEXT NOT NULL,
    pieces INTEGER NOT NULL CHECK (pieces >= 0),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    counted INTEGER CHECK (counted >= 0),
    by TEXT NOT NULL CHECK (by <> ''),
    hash BLOB NOT NULL
) STRICT;

-- What a vending machine sold without the terminal, as it said itself: no money of these books.
CREATE TABLE sales_reported (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    device TEXT NOT NULL,
    item TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    hash BLOB NOT NULL
) STRICT;

-- Each acceptor: how far its own counters are on the books, and, derived from "cash" and "emptyings", what is in
-- its cash box.
CREATE TABLE acceptors (
    device TEXT NOT NULL PRIMARY KEY,
    mark TEXT NOT NULL DEFAULT '',
    pieces INTEGER NOT NULL DEFAULT 0,
    amount INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO acceptors (device, pieces, amount)
    SELECT device, count(*), sum(amount) FROM cash WHERE kind = 'in' GROUP BY device;
