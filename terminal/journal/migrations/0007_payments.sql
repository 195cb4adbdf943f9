-- Payments at a card terminal that a server drives.
--
-- The choices of "kind" become wider, and with them who needs no token: a card's owner is nobody here, and is paid
-- back by a person. The words are edited where they stand, as in 0003, for the same reasons: no row is stored
-- otherwise than before, every row that was allowed still is, and all of it is one transaction.

PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(replace(sql,
    'OR kind = ''report''),
    backend',
    'OR kind = ''report'' OR kind = ''payment''),
    backend'),
    'OR kind = ''report''),
    amount',
    'OR kind = ''report'' OR kind = ''payment''
        OR (kind = ''refund'' AND refers_to IS NOT NULL)),
    amount')
    WHERE type = 'table' AND name = 'entries';

PRAGMA writable_schema = RESET;

INSERT INTO meta (name, value) SELECT 'the table of entries is not that of schema 6', NULL
    WHERE (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'entries'
        AND sql LIKE '%OR kind = ''report'' OR kind = ''payment''),_    backend%'
        AND sql LIKE '%OR kind = ''payment''_        OR (kind = ''refund'' AND refers_to IS NOT NULL)),_    amount%') <> 1;

-- What a server calls the payments that it was asked for: staff may not enter one as another sale's.
CREATE INDEX entries_payments ON entries (reference, seq) WHERE kind = 'payment';
