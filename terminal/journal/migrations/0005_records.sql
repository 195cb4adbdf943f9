-- Records of sales and Z reports for the servers that keep books of them.
--
-- The choices of "kind" become wider, and with them who needs no token, and what has a payload: a debit may say
-- with whom its sale is to be recorded. The words are edited where they stand, as in 0003, for the same reasons:
-- no row is stored otherwise than before, every row that was allowed still is, and all of it is one transaction.

PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
    'OR kind = ''sale'' OR kind = ''interaction'')',
    'OR kind = ''sale'' OR kind = ''interaction''
        OR kind = ''record'' OR kind = ''report'')'),
    'OR kind = ''unclaimed'' OR kind = ''sale'')',
    'OR kind = ''unclaimed'' OR kind = ''sale''
        OR kind = ''record'' OR kind = ''report'')'),
    'CHECK ((payload IS NOT NULL) = (kind = ''sale'' OR kind = ''interaction''))',
    'CHECK (kind = ''debit'' OR (payload IS NOT NULL) = (kind = ''sale'' OR kind = ''interaction''
        OR kind = ''record'' OR kind = ''report''))')
    WHERE type = 'table' AND name = 'entries';

PRAGMA writable_schema = RESET;

INSERT INTO meta (name, value) SELECT 'the table of entries is not that of schema 3', NULL
    WHERE (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'entries'
        AND sql LIKE '%kind = ''unclaimed''_        OR kind = ''sale'' OR kind = ''interaction''_        OR kind = ''record'' OR kind = ''report''),%'
        AND sql LIKE '%CHECK (token IS NOT NULL OR kind = ''unclaimed'' OR kind = ''sale''_        OR kind = ''record'' OR kind = ''report''),%'
        AND sql LIKE '%CHECK (kind = ''debit'' OR (payload IS NOT NULL) = (kind = ''sale'' OR kind = ''interaction''_        OR kind = ''record'' OR kind = ''report''))) STRICT') <> 1;

-- What each server told last of how this terminal is to be set: its facts and not ours, so not chained.
CREATE TABLE settings_told (
    backend TEXT NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1))
) STRICT, WITHOUT ROWID;
