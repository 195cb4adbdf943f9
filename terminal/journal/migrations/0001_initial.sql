-- The journal as first released.
--
-- One sequence (seq) runs over all tables of facts; each fact carries the moment on both clocks and its place
-- in the chain (hash). Columns after "hash" are not facts: they are derived from the facts, for speed, and
-- `terminalctl journal verify` derives them again.
--
-- A choice of more than two values is written with OR: an IN would build an index of them for each row, which
-- took a third of an insert's time.
--
-- A commit writes whole pages, and each index is a page more for the card. So there are indexes only for what a
-- tap, the sync or a start asks; a technician's question about one entry reads from that entry on.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    key TEXT NOT NULL UNIQUE CHECK (key <> ''),
    kind TEXT NOT NULL CHECK (kind = 'debit' OR kind = 'credit' OR kind = 'refund' OR kind = 'unclaimed'),
    backend TEXT NOT NULL,
    token TEXT CHECK (token IS NOT NULL OR kind = 'unclaimed'),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    pieces TEXT NOT NULL,
    description TEXT NOT NULL,
    tag TEXT NOT NULL,
    session TEXT,
    refers_to TEXT,
    added_held INTEGER NOT NULL CHECK (added_held IN (0, 1)),
    added_state TEXT NOT NULL CHECK (added_state IN ('queued', 'parked')),
    added_words TEXT NOT NULL,
    hash BLOB NOT NULL,
    state TEXT NOT NULL
        CHECK (state = 'queued' OR state = 'sending' OR state = 'unknown' OR state = 'parked'
            OR state = 'delivered' OR state = 'voided'),
    held INTEGER NOT NULL CHECK (held IN (0, 1)),
    words TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    first_attempt INTEGER,
    in_doubt INTEGER NOT NULL DEFAULT 0 CHECK (in_doubt IN (0, 1)),
    compensate INTEGER NOT NULL DEFAULT 0 CHECK (compensate IN (0, 1)),
    lane TEXT NOT NULL GENERATED ALWAYS AS (coalesce(token, key)) VIRTUAL
) STRICT;

-- All that is not settled, in lanes; it answers "what is next" and "how much is out on trust" alone, and stays
-- small however long the history grows.
CREATE INDEX entries_open ON entries (lane, seq, state, kind, amount)
    WHERE held = 1 OR state NOT IN ('delivered', 'voided');
CREATE INDEX entries_voided ON entries (seq) WHERE state = 'voided';

CREATE TABLE attempts (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    entry INTEGER NOT NULL REFERENCES entries (seq),
    outcome TEXT NOT NULL
        CHECK (outcome = 'started' OR outcome = 'delivered' OR outcome = 'refused' OR outcome = 'denied'
            OR outcome = 'busy' OR outcome = 'unknown' OR outcome = 'unsent'),
    state TEXT NOT NULL,
    status INTEGER,
    words TEXT NOT NULL,
    balance INTEGER,
    hash BLOB NOT NULL
) STRICT;

-- What a person decided, and what the terminal itself did to an entry other than sending it ("by" is empty).
CREATE TABLE decisions (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    entry INTEGER NOT NULL REFERENCES entries (seq),
    action TEXT NOT NULL
        CHECK (action = 'free' OR action = 'abandon' OR action = 'park' OR action = 'retry'
            OR action = 'void'),
    state TEXT CHECK ((state IS NOT NULL) = (action = 'park')),
    by TEXT NOT NULL CHECK ((by <> '') = (action IN ('retry', 'void'))),
    words TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;

-- A release is two rows: what was intended ("ended" is null) and how it ended.
CREATE TABLE releases (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    release TEXT NOT NULL CHECK (release <> ''),
    entry INTEGER NOT NULL REFERENCES entries (seq),
    kind TEXT NOT NULL CHECK (kind IN ('vend', 'print')),
    device TEXT NOT NULL,
    detail TEXT NOT NULL,
    ended TEXT CHECK (ended = 'done' OR ended = 'failed' OR ended = 'unknown'),
    words TEXT NOT NULL,
    hash BLOB NOT NULL,
    settled INTEGER
) STRICT;

CREATE UNIQUE INDEX releases_open ON releases (release) WHERE ended IS NULL AND settled IS NULL;

CREATE TABLE sessions (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    session TEXT NOT NULL CHECK (session <> ''),
    event TEXT NOT NULL CHECK (event = 'opened' OR event = 'claimed' OR event = 'closed'),
    token TEXT,
    reason TEXT NOT NULL,
    hash BLOB NOT NULL,
    closed INTEGER
) STRICT;

CREATE UNIQUE INDEX sessions_opened ON sessions (session) WHERE event = 'opened';
CREATE INDEX sessions_claimed ON sessions (session) WHERE event = 'claimed';
CREATE INDEX sessions_open ON sessions (seq) WHERE event = 'opened' AND closed IS NULL;

-- Money: positive into a session, negative out of it, so that what a session holds is the sum of its rows.
-- "session" is the number of the row that opened it. Unclaimed money that a person writes off left its session
-- before: that row has no session, and names the entry.
CREATE TABLE cash (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    session INTEGER REFERENCES sessions (seq),
    kind TEXT NOT NULL
        CHECK (kind = 'in' OR kind = 'credited' OR kind = 'spent' OR kind = 'returned'
            OR kind = 'unclaimed' OR kind = 'written off'),
    amount INTEGER NOT NULL CHECK (amount <> 0 AND (amount > 0) = (kind = 'in')),
    device TEXT NOT NULL,
    counter INTEGER,
    entry INTEGER REFERENCES entries (seq),
    hash BLOB NOT NULL,
    CHECK (session IS NOT NULL OR (kind = 'written off' AND entry IS NOT NULL)),
    CHECK (entry IS NOT NULL OR (kind <> 'credited' AND kind <> 'spent' AND kind <> 'unclaimed'))
) STRICT;

CREATE INDEX cash_session ON cash (session);

CREATE TABLE coin_faults (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    device TEXT NOT NULL,
    pulses INTEGER NOT NULL,
    words TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;

-- What the server told last: not our facts, so not chained.
CREATE TABLE wallets (
    token TEXT NOT NULL PRIMARY KEY,
    balance INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogue (
    backend TEXT NOT NULL PRIMARY KEY,
    products TEXT NOT NULL,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1))
) STRICT, WITHOUT ROWID;
