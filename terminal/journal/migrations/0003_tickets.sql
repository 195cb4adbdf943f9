-- Sales of tickets, and tokens at the door.
--
-- The choices of "kind", and of who needs no token, become wider, and SQLite can alter no CHECK. Of the two ways
-- that its documentation has (lang_altertable, section 7), this is the short one: the words of the table are
-- edited where they stand, in sqlite_schema. It fits, for no row is stored otherwise than before and every row
-- that was allowed still is. The long one copies the table: a journal of a million entries would be written anew
-- by way of the log, with room for three of it on the card, and minutes for a power cut to come.
--
-- All of it is this migration's one transaction, a few pages: after a power cut at any moment the journal has
-- the one schema or the other. What could go wrong is words that are not replaced, or that SQLite cannot read
-- afterwards. Both end the transaction: the row for "meta" below (its value is never NULL) is only made, and
-- refused, where the words are not what they should be; and RESET reads them anew, for every statement after it.
-- The schema's own number, by which other connections know that they must read it again, moves with the tables
-- that are made last. The pages of the journal are not looked at: none is touched, and the start does it where
-- there is a reason to.

-- What a sale or interaction is made of (JSON). Its CHECK comes with the others: here it would read all rows.
ALTER TABLE entries ADD COLUMN payload TEXT;

PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
    'kind = ''refund'' OR kind = ''unclaimed'')',
    'kind = ''refund'' OR kind = ''unclaimed''
        OR kind = ''sale'' OR kind = ''interaction'')'),
    'CHECK (token IS NOT NULL OR kind = ''unclaimed'')',
    'CHECK (token IS NOT NULL OR kind = ''unclaimed'' OR kind = ''sale'')'),
    'payload TEXT)',
    'payload TEXT
        CHECK ((payload IS NOT NULL) = (kind = ''sale'' OR kind = ''interaction'')))')
    WHERE type = 'table' AND name = 'entries';

PRAGMA writable_schema = RESET;

INSERT INTO meta (name, value) SELECT 'the table of entries is not that of schema 2', NULL
    WHERE (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'entries'
        AND sql LIKE '%kind = ''refund'' OR kind = ''unclaimed''_        OR kind = ''sale'' OR kind = ''interaction'')%'
        AND sql LIKE '%CHECK (token IS NOT NULL OR kind = ''unclaimed'' OR kind = ''sale'')%'
        AND sql LIKE '%CHECK ((payload IS NOT NULL) = (kind = ''sale'' OR kind = ''interaction''))) STRICT') <> 1;

-- Which entry a code is of: derived from the payloads. No code is on the books twice, whatever made it.
CREATE TABLE purchases (
    code TEXT NOT NULL PRIMARY KEY CHECK (code <> ''),
    entry INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tickets (
    barcode TEXT NOT NULL PRIMARY KEY CHECK (barcode <> ''),
    entry INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What card terminals gave for payments: perhaps twice the same.
CREATE TABLE card_references (
    reference TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (reference, entry)
) STRICT, WITHOUT ROWID;
