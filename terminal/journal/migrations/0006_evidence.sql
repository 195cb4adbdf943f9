-- What a server tells of what may be booked twice: before a try, after it, and when a person has looked.
--
-- "told" of a row that starts a try is what the server told before it (JSON), of one that ends it what the server
-- calls what it booked. Of an entry, "reference" is the last such name, and "sent" the number of the fact before
-- which, while nobody can tell whether it is booked, bytes of it may last have left.
--
-- The choice of what a person decides becomes wider. The words are edited where they stand, as in 0003, for the
-- same reasons: no row is stored otherwise than before, every row that was allowed still is, and all of it is one
-- transaction.

ALTER TABLE attempts ADD COLUMN told TEXT;
ALTER TABLE entries ADD COLUMN sent INTEGER;
ALTER TABLE entries ADD COLUMN reference TEXT NOT NULL DEFAULT '';

PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(replace(sql,
    'OR action = ''void'')',
    'OR action = ''void'' OR action = ''delivered'')'),
    'CHECK ((by <> '''') = (action IN (''retry'', ''void'')))',
    'CHECK ((by <> '''') = (action IN (''retry'', ''void'', ''delivered'')))')
    WHERE type = 'table' AND name = 'decisions';

PRAGMA writable_schema = RESET;

INSERT INTO meta (name, value) SELECT 'the table of decisions is not that of schema 5', NULL
    WHERE (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'decisions'
        AND sql LIKE '%action = ''retry''_            OR action = ''void'' OR action = ''delivered''),%'
        AND sql LIKE '%CHECK ((by <> '''') = (action IN (''retry'', ''void'', ''delivered''))),%') <> 1;

-- What may be booked, and nobody can tell: a few among many, so it is asked for alone. It is read through once to
-- be made; a page of it is written only where a reply was lost.
CREATE INDEX entries_in_doubt ON entries (backend, state, seq) WHERE in_doubt = 1;

-- A try whose end told nothing, or that a person was given as it was: bytes may have left until then. What came
-- before "first_attempt" belongs to tries of which no doubt is left.
WITH doubted (seq, first_attempt) AS (
    SELECT seq, first_attempt FROM entries INDEXED BY entries_in_doubt
    WHERE in_doubt = 1 AND state <> 'delivered'
),
steps (entry, seq, what, before) AS (
    SELECT entry, seq, what, lag(what) OVER (PARTITION BY entry ORDER BY seq) FROM (
        SELECT entry, seq, outcome AS what FROM attempts
        WHERE seq > (SELECT min(seq) FROM doubted) AND entry IN (SELECT seq FROM doubted)
        UNION ALL
        SELECT entry, seq, action FROM decisions
        WHERE seq > (SELECT min(seq) FROM doubted) AND entry IN (SELECT seq FROM doubted) AND action = 'park'
    )
)
UPDATE entries SET sent = (
    SELECT max(s.seq) FROM steps AS s
    WHERE s.entry = entries.seq AND s.seq > entries.first_attempt AND s.before = 'started' AND s.what <> 'unsent'
)
WHERE seq IN (SELECT seq FROM doubted);
