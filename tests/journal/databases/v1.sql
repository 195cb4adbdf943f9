BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'journal','0001_initial','2026-11-22 01:33:21.011548+00:00');
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
INSERT INTO "attempts" VALUES(5,1800000000000,5000,'boot-1',1,1,'started','sending',NULL,'',NULL,X'57657C6BBCB7D6A0B24CF7302C067A31');
INSERT INTO "attempts" VALUES(6,1800000000000,5000,'boot-1',1,1,'delivered','delivered',NULL,'',NULL,X'3EEB579EA99402429553DECE55875F07');
INSERT INTO "attempts" VALUES(14,1800000000000,5000,'boot-1',1,13,'started','sending',NULL,'',NULL,X'7F927109EC3DEF45D77CC2420448624B');
INSERT INTO "attempts" VALUES(15,1800000000000,5000,'boot-1',1,13,'delivered','delivered',NULL,'',NULL,X'2EA11F718FEB38E9CE3680B55666B227');
INSERT INTO "attempts" VALUES(25,1800000000000,5000,'boot-1',1,24,'started','sending',NULL,'',NULL,X'2DF8111A921461CE58F12464F19B6E19');
INSERT INTO "attempts" VALUES(26,1800000000000,5000,'boot-1',1,24,'unknown','unknown',NULL,'no answer',NULL,X'D35E8C93FF43F1CAC8BE6D11EA77E2BD');
INSERT INTO "attempts" VALUES(28,1800000000000,5000,'boot-1',1,27,'started','sending',NULL,'',NULL,X'ADCFF3F313FD39FD55051BAA36A52CA3');
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
INSERT INTO "cash" VALUES(8,1800000000000,5000,'boot-1',1,7,'in',200,'acceptor',NULL,NULL,X'FE48137FA93CA9C0573D1CB8F5638317');
INSERT INTO "cash" VALUES(10,1800000000000,5000,'boot-1',1,7,'credited',-200,'',NULL,9,X'0DBA312E7FEC976AA321178000814E2B');
INSERT INTO "cash" VALUES(19,1800000000000,5000,'boot-1',1,18,'in',50,'acceptor',NULL,NULL,X'0858737F612EFDBA67BB60065DA016BF');
INSERT INTO "cash" VALUES(21,1800000000000,5000,'boot-1',1,18,'unclaimed',-50,'',NULL,20,X'1F45A8E98C254B6E93D5F06F83B28B95');
INSERT INTO "cash" VALUES(23,1800000000000,5000,'boot-1',1,NULL,'written off',-50,'',NULL,20,X'5A46EE71DA6C2E23FCAF7A88D110D18A');
CREATE TABLE catalogue (
    backend TEXT NOT NULL PRIMARY KEY,
    products TEXT NOT NULL,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1))
) STRICT, WITHOUT ROWID;
INSERT INTO "catalogue" VALUES('main','[{"id":"espresso","name":"Espresso","price":250}]',1800000000000,5000,'boot-1',1);
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
INSERT INTO "coin_faults" VALUES(12,1800000000000,5000,'boot-1',1,'acceptor',11,'?',X'80E58950F642DB75B057586C7128F218');
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
INSERT INTO "decisions" VALUES(4,1800000000000,5000,'boot-1',1,1,'free',NULL,'','',X'8640C5A4CE52EB34A1D590562FA314B3');
INSERT INTO "decisions" VALUES(16,1800000000000,5000,'boot-1',1,13,'abandon',NULL,'','nothing',X'A0F1953A133FB81F2FE8627FE03F3EAD');
INSERT INTO "decisions" VALUES(22,1800000000000,5000,'boot-1',1,20,'void',NULL,'Ada','kept',X'DD3824FE4D4C2ADF8FD0CF4F490AC544');
INSERT INTO "decisions" VALUES(32,1800000000000,5000,'boot-1',1,31,'park','parked','','Look.',X'84712B4678D9E7B59F491E9F37C45636');
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
INSERT INTO "entries" VALUES(1,1800000000000,5000,'boot-1',1,'d1','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,1,'queued','',X'54F620341618DD25DF917E4E2FFFA173','delivered',0,'',1,5,0,0);
INSERT INTO "entries" VALUES(9,1800000000000,5000,'boot-1',1,'c1','credit','main','04A1B2C3D4E5F6',200,'[]','Top-up','',NULL,NULL,0,'queued','',X'62F218168418E080D03DA205467CA922','queued',0,'',0,NULL,0,0);
INSERT INTO "entries" VALUES(13,1800000000000,5000,'boot-1',1,'d2','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'C0BB5BB1D87711759CB9D16D250D3976','delivered',0,'',1,14,0,1);
INSERT INTO "entries" VALUES(17,1800000000000,5000,'boot-1',1,'d2-refund','refund','main','04A1B2C3D4E5F6',250,'[]','Espresso','coffee',NULL,'d2',0,'queued','',X'873D9AAED8112AE93AD73850E1800CBB','queued',0,'',0,NULL,0,0);
INSERT INTO "entries" VALUES(20,1800000000000,5000,'boot-1',1,'u1','unclaimed','main',NULL,50,'[]','','',NULL,NULL,0,'parked','Nobody came.',X'8D67FD8E6B88F5D2AF172E30D84FAE32','voided',0,'Voided by Ada: kept',0,NULL,0,0);
INSERT INTO "entries" VALUES(24,1800000000000,5000,'boot-1',1,'d3','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'F135EDB1FB4BB22B655C2484EAE53E25','unknown',0,'no answer',1,25,1,0);
INSERT INTO "entries" VALUES(27,1800000000000,5000,'boot-1',1,'d4','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'4447BCCED790160D097021F8DE733E47','sending',0,'',1,28,0,0);
INSERT INTO "entries" VALUES(29,1800000000000,5000,'boot-1',1,'d5','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,1,'queued','',X'C2FA24F4B58E34E9415CA1763FF15A3E','queued',1,'',0,NULL,0,0);
INSERT INTO "entries" VALUES(31,1800000000000,5000,'boot-1',1,'d6','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'8256F61F4F8CA89B09FBA9CB90EE5365','parked',0,'Look.',0,NULL,0,0);
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "meta" VALUES('base',0);
INSERT INTO "meta" VALUES('boot','boot-1 0');
INSERT INTO "meta" VALUES('head','32 84712b4678d9e7b59f491e9f37c45636 2b13bf6d39bf76aa82227c88105ec6f9');
INSERT INTO "meta" VALUES('key','2d9468cc549e97ffb74f6358a17f4109');
INSERT INTO "meta" VALUES('probes',0);
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
INSERT INTO "releases" VALUES(2,1800000000000,5000,'boot-1',1,'d1/0',1,'vend','relay','',NULL,'',X'A63FFE1CC449A8C04A5610FF56EEA8B9',3);
INSERT INTO "releases" VALUES(3,1800000000000,5000,'boot-1',1,'d1/0',1,'vend','relay','','done','',X'51FEBB1921CE54812C6810D417E13A4F',NULL);
INSERT INTO "releases" VALUES(30,1800000000000,5000,'boot-1',1,'d5/0',29,'vend','relay','',NULL,'',X'741B54EA2B910348A7EF042F59442181',NULL);
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
INSERT INTO "sessions" VALUES(7,1800000000000,5000,'boot-1',1,'s1','opened',NULL,'',X'D1ABDDFF84828CD63098048C83FDF92B',11);
INSERT INTO "sessions" VALUES(11,1800000000000,5000,'boot-1',1,'s1','closed',NULL,'credited',X'40B33E2B230893C602F2CF4F518578DF',NULL);
INSERT INTO "sessions" VALUES(18,1800000000000,5000,'boot-1',1,'s2','opened',NULL,'',X'A2F7549DF7F012071254B7EA674E8FE2',NULL);
CREATE TABLE wallets (
    token TEXT NOT NULL PRIMARY KEY,
    balance INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1))
) STRICT, WITHOUT ROWID;
INSERT INTO "wallets" VALUES('t',5,1800000000000,5000,'boot-1',1);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX entries_open ON entries (lane, seq, state, kind, amount)
    WHERE held = 1 OR state NOT IN ('delivered', 'voided');
CREATE INDEX entries_voided ON entries (seq) WHERE state = 'voided';
CREATE UNIQUE INDEX releases_open ON releases (release) WHERE ended IS NULL AND settled IS NULL;
CREATE UNIQUE INDEX sessions_opened ON sessions (session) WHERE event = 'opened';
CREATE INDEX sessions_claimed ON sessions (session) WHERE event = 'claimed';
CREATE INDEX sessions_open ON sessions (seq) WHERE event = 'opened' AND closed IS NULL;
CREATE INDEX cash_session ON cash (session);
COMMIT;
PRAGMA user_version = 1;
