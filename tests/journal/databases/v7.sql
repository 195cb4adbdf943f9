BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'journal','0001_initial','2026-11-22 07:14:52.413470+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'journal','0002_money','2026-11-22 07:14:52.424121+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'journal','0003_tickets','2026-11-22 10:27:32.622848+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'journal','0004_reports','2026-11-22 12:00:30.709344+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'journal','0005_records','2026-11-22 13:18:39.356978+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'journal','0006_evidence','2026-11-22 16:34:26.833336+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'journal','0007_payments','2026-11-22 16:43:26.572502+00:00');
CREATE TABLE acceptors (
    device TEXT NOT NULL PRIMARY KEY,
    mark TEXT NOT NULL DEFAULT '',
    pieces INTEGER NOT NULL DEFAULT 0,
    amount INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO "acceptors" VALUES('acceptor','8',2,600);
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
, told TEXT) STRICT;
INSERT INTO "attempts" VALUES(5,1800000000000,5000,'boot-1',1,1,'started','sending',NULL,'',NULL,X'8B462466BFD59E29FCD7642BE5758AED',NULL);
INSERT INTO "attempts" VALUES(6,1800000000000,5000,'boot-1',1,1,'delivered','delivered',NULL,'',NULL,X'7BEA2B27BF240D94310C8EB0DB99C386',NULL);
INSERT INTO "attempts" VALUES(32,1800000000000,5000,'boot-1',1,31,'started','sending',NULL,'',NULL,X'1F6959A3AB21853563CE8824DC964C64',NULL);
INSERT INTO "attempts" VALUES(33,1800000000000,5000,'boot-1',1,31,'unknown','unknown',NULL,'no answer',NULL,X'FB4BDC0A8AC465D0C3B2E0CED7F33918',NULL);
INSERT INTO "attempts" VALUES(35,1800000000000,5000,'boot-1',1,34,'started','sending',NULL,'',NULL,X'3468E214D6B3B5C2EC44F5417FD3A396',NULL);
INSERT INTO "attempts" VALUES(49,1800000000000,5000,'boot-1',1,40,'started','sending',NULL,'',NULL,X'096499F15C3EEE11839FF1A1F4D0458E',NULL);
INSERT INTO "attempts" VALUES(50,1800000000000,5000,'boot-1',1,40,'refused','parked',422,'no such event',NULL,X'C4205DD20A66F20EA97433C5015FDBAF',NULL);
INSERT INTO "attempts" VALUES(56,1800000000000,5000,'boot-1',1,55,'started','sending',NULL,'',NULL,X'F571346A58491ABA844BD5A311AB97AE',NULL);
INSERT INTO "attempts" VALUES(57,1800000000000,5000,'boot-1',1,55,'delivered','delivered',NULL,'',NULL,X'D454391DC53059EE2CDCF34C18D78457',NULL);
INSERT INTO "attempts" VALUES(60,1800000000000,5000,'boot-1',1,58,'started','sending',NULL,'',NULL,X'9CD12E519F431875A136CDA03BF38045',NULL);
INSERT INTO "attempts" VALUES(61,1800000000000,5000,'boot-1',1,58,'delivered','delivered',NULL,'',NULL,X'3789FEC4D86943743BE1198ABD31ADDE',NULL);
INSERT INTO "attempts" VALUES(63,1800000000000,5000,'boot-1',1,62,'started','sending',NULL,'',NULL,X'EEA23802989F084FF61D5F581F843CBB','{"at":{"wall_ms":1800000000000,"mono_ms":5000,"boot":"boot-1","synced":true},"balance":1250,"listing":{"items":[{"amount":-250,"at":"2027-01-15T08:00:00","mark":"bar","number":7}],"cut":true}}');
INSERT INTO "attempts" VALUES(64,1800000000000,5000,'boot-1',1,62,'delivered','delivered',NULL,'',NULL,X'8A1EC0CED05CADD366A21D622E3AB8DC','4711');
INSERT INTO "attempts" VALUES(66,1800000000000,5000,'boot-1',1,65,'started','sending',NULL,'',NULL,X'CFC3A08A33C3E840EF2C405CB4ED005F','{"at":{"wall_ms":1800000000000,"mono_ms":5000,"boot":"boot-1","synced":true},"balance":1250,"listing":{"items":[{"amount":-250,"at":"2027-01-15T08:00:00","mark":"bar","number":7}],"cut":true}}');
INSERT INTO "attempts" VALUES(67,1800000000000,5000,'boot-1',1,65,'unknown','queued',NULL,'no answer',NULL,X'CC4B59EBC2FF059E89E91006B842094E',NULL);
INSERT INTO "attempts" VALUES(69,1800000000000,5000,'boot-1',1,68,'started','sending',NULL,'',NULL,X'4B0D500DAC4BCB9B336144C3C71189FE','{"at":{"wall_ms":1800000000000,"mono_ms":5000,"boot":"boot-1","synced":true},"balance":1250,"listing":{"items":[{"amount":-250,"at":"2027-01-15T08:00:00","mark":"bar","number":7}],"cut":true}}');
INSERT INTO "attempts" VALUES(70,1800000000000,5000,'boot-1',1,68,'unknown','unknown',NULL,'no answer',NULL,X'332FB8F9AF1D80655B7028C49561F9F1',NULL);
INSERT INTO "attempts" VALUES(73,1800000000000,5000,'boot-1',1,72,'started','sending',NULL,'',NULL,X'8EEFDEC9CB0708D086828C0B718E6D66','{"at":{"wall_ms":1800000000000,"mono_ms":5000,"boot":"boot-1","synced":true},"points":3,"key":{"there":false},"handle":"auth-1"}');
INSERT INTO "attempts" VALUES(76,1800000000000,5000,'boot-1',1,75,'started','sending',NULL,'',NULL,X'1F02A7458C123D5348DEBDC365E16AEA',NULL);
INSERT INTO "attempts" VALUES(77,1800000000000,5000,'boot-1',1,75,'delivered','delivered',NULL,'',NULL,X'7A42DA3DC90AFE81DA051C9901492581','b-5');
INSERT INTO "attempts" VALUES(81,1800000000000,5000,'boot-1',1,80,'started','sending',NULL,'',NULL,X'85A153BB8232CF3275575155D7656939','{"at":{"wall_ms":1800000000000,"mono_ms":5000,"boot":"boot-1","synced":true},"balance":1250,"listing":{"items":[{"amount":-250,"at":"2027-01-15T08:00:00","mark":"bar","number":7}],"cut":true}}');
INSERT INTO "attempts" VALUES(83,1800000000000,5000,'boot-1',1,82,'started','sending',NULL,'',NULL,X'9C19B4CFBBA1776A058CA09844AF9907',NULL);
INSERT INTO "attempts" VALUES(84,1800000000000,5000,'boot-1',1,82,'busy','queued',NULL,'authorised',NULL,X'74AA1C7FBE088C44C1CD8E112CEBDFE4','9001');
INSERT INTO "attempts" VALUES(86,1800000000000,5000,'boot-1',1,82,'started','sending',NULL,'',NULL,X'F3A62EFF39C9295026B94D88B902754C',NULL);
INSERT INTO "attempts" VALUES(87,1800000000000,5000,'boot-1',1,82,'delivered','delivered',NULL,'',NULL,X'F680AE6407FD3DD77679D4F0CF55EC6F','9001');
INSERT INTO "attempts" VALUES(89,1800000000000,5000,'boot-1',1,88,'started','sending',NULL,'',NULL,X'EE49C609F557F904583D31C94352981F',NULL);
INSERT INTO "attempts" VALUES(90,1800000000000,5000,'boot-1',1,88,'unknown','queued',NULL,'no answer',NULL,X'30250FC62B9FD3270504F8A5D7745E25','9002');
INSERT INTO "attempts" VALUES(92,1800000000000,5000,'boot-1',1,88,'delivered','delivered',NULL,'',NULL,X'F1AE10124120C691E88982626F728CDE','9002');
INSERT INTO "attempts" VALUES(95,1800000000000,5000,'boot-1',1,94,'started','sending',NULL,'',NULL,X'3197B966D71D5157C87252D045372B90',NULL);
INSERT INTO "attempts" VALUES(96,1800000000000,5000,'boot-1',1,94,'unknown','queued',NULL,'no answer',NULL,X'2D059609D03D61A9766C228B2C99A024',NULL);
INSERT INTO "attempts" VALUES(99,1800000000000,5000,'boot-1',1,98,'started','sending',NULL,'',NULL,X'E54DB91713BC3DD0CB23C57D72985AB6',NULL);
CREATE TABLE card_references (
    reference TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (reference, entry)
) STRICT, WITHOUT ROWID;
INSERT INTO "card_references" VALUES('A-4711',40);
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
    hash BLOB NOT NULL, place TEXT CHECK (place IS NULL OR place = 'tube' OR place = 'machine'),
    CHECK (session IS NOT NULL OR (kind = 'written off' AND entry IS NOT NULL)),
    CHECK (entry IS NOT NULL OR (kind <> 'credited' AND kind <> 'spent' AND kind <> 'unclaimed'))
) STRICT;
INSERT INTO "cash" VALUES(8,1800000000000,5000,'boot-1',1,7,'in',150,'acceptor',7,NULL,X'425F76AD76B18313B0F369A233F6EA82',NULL);
INSERT INTO "cash" VALUES(9,1800000000000,5000,'boot-1',1,7,'in',50,'acceptor',8,NULL,X'B84D23FBBFB2FAE3C11816BAC2639D26','tube');
INSERT INTO "cash" VALUES(12,1800000000000,5000,'boot-1',1,7,'credited',-200,'',NULL,11,X'9AB60F71CBDA5D2701F48AEDCFE83B83',NULL);
INSERT INTO "cash" VALUES(20,1800000000000,5000,'boot-1',1,19,'in',50,'acceptor',NULL,NULL,X'4C79B9A892E395FD1F1D3D3E35D6290C',NULL);
INSERT INTO "cash" VALUES(23,1800000000000,5000,'boot-1',1,19,'returned',-20,'hopper',NULL,NULL,X'71FD6983FE6EE4B520FBBB85EA4C4876',NULL);
INSERT INTO "cash" VALUES(25,1800000000000,5000,'boot-1',1,19,'unclaimed',-30,'',NULL,24,X'6E1401F108E355D1B3A5BF0A201C7CBF',NULL);
INSERT INTO "cash" VALUES(28,1800000000000,5000,'boot-1',1,NULL,'written off',-30,'',NULL,24,X'835007AC23FDD6D95D4E65246124720E',NULL);
INSERT INTO "cash" VALUES(39,1800000000000,5000,'boot-1',1,38,'in',550,'acceptor',NULL,NULL,X'E62780056B5D3565C8AC9FAD5DEC9F8E',NULL);
INSERT INTO "cash" VALUES(41,1800000000000,5000,'boot-1',1,38,'spent',-550,'',NULL,40,X'715C3A3EEF6094B0BB5CD1D8816232F9',NULL);
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
, trouble TEXT
    CHECK (trouble IS NULL OR trouble = 'lost' OR trouble = 'fraud')) STRICT;
INSERT INTO "coin_faults" VALUES(15,1800000000000,5000,'boot-1',1,'acceptor',3,'3 events are lost',X'8618CB47436456889AEA62F05245C8AD','lost');
INSERT INTO "coin_faults" VALUES(16,1800000000000,5000,'boot-1',1,'acceptor',1,'no coin',X'9CF0375CBBA03FD74C795499E7CBA70C',NULL);
CREATE TABLE decisions (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    entry INTEGER NOT NULL REFERENCES entries (seq),
    action TEXT NOT NULL
        CHECK (action = 'free' OR action = 'abandon' OR action = 'park' OR action = 'retry'
            OR action = 'void' OR action = 'delivered'),
    state TEXT CHECK ((state IS NOT NULL) = (action = 'park')),
    by TEXT NOT NULL CHECK ((by <> '') = (action IN ('retry', 'void', 'delivered'))),
    words TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
INSERT INTO "decisions" VALUES(4,1800000000000,5000,'boot-1',1,1,'free',NULL,'','',X'CE5F7CB11CE3D32EC1E4A91AA78A9DC0');
INSERT INTO "decisions" VALUES(27,1800000000000,5000,'boot-1',1,24,'void',NULL,'Ada','kept',X'B0C62070288EF853244C891B757209AB');
INSERT INTO "decisions" VALUES(71,1800000000000,5000,'boot-1',1,68,'delivered',NULL,'Ada','stands in the list',X'6AEDD2F5FC925397047A3C116F06286A');
INSERT INTO "decisions" VALUES(74,1800000000000,5000,'boot-1',1,72,'park','unknown','','cannot be told',X'AEC25941A6717A4A7B861045E3F8577C');
INSERT INTO "decisions" VALUES(78,1800000000000,5000,'boot-1',1,75,'abandon',NULL,'','nothing came out',X'DCC0C9533A9284959E44238A1E8F0963');
INSERT INTO "decisions" VALUES(85,1800000000000,5000,'boot-1',1,82,'free',NULL,'','',X'D25702ED1F94BB610D2D4312AECB26F9');
INSERT INTO "decisions" VALUES(91,1800000000000,5000,'boot-1',1,88,'abandon',NULL,'','No ticket was issued.',X'6091C54A0E7B3774676E6ACB1332C2D4');
INSERT INTO "decisions" VALUES(97,1800000000000,5000,'boot-1',1,94,'abandon',NULL,'','No ticket was issued.',X'71E5502A68B6C27773D7D675C31506FE');
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
INSERT INTO "emptyings" VALUES(17,1800000000000,5000,'boot-1',1,'acceptor',1,150,150,'Ada',X'E47E042826D319044653192AB025B0A1');
CREATE TABLE entries (
    seq INTEGER NOT NULL PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
    key TEXT NOT NULL UNIQUE CHECK (key <> ''),
    kind TEXT NOT NULL CHECK (kind = 'debit' OR kind = 'credit' OR kind = 'refund' OR kind = 'unclaimed'
        OR kind = 'sale' OR kind = 'interaction'
        OR kind = 'record' OR kind = 'report' OR kind = 'payment'),
    backend TEXT NOT NULL,
    token TEXT CHECK (token IS NOT NULL OR kind = 'unclaimed' OR kind = 'sale'
        OR kind = 'record' OR kind = 'report' OR kind = 'payment'
        OR (kind = 'refund' AND refers_to IS NOT NULL)),
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
, payload TEXT
        CHECK (kind = 'debit' OR (payload IS NOT NULL) = (kind = 'sale' OR kind = 'interaction'
        OR kind = 'record' OR kind = 'report')), sent INTEGER, reference TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "entries" VALUES(1,1800000000000,5000,'boot-1',1,'d1','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,1,'queued','',X'54F620341618DD25DF917E4E2FFFA173','delivered',0,'',1,5,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(11,1800000000000,5000,'boot-1',1,'c1','credit','main','04A1B2C3D4E5F6',200,'[]','Top-up','','s1',NULL,0,'queued','',X'27EB629C6C0BF79C81EE2AFB7DC864EA','queued',0,'',0,NULL,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(24,1800000000000,5000,'boot-1',1,'u1','unclaimed','main',NULL,30,'[]','','','s2',NULL,0,'parked','Nobody came.',X'667F9A7535D4944F2CAB4D25349BA017','voided',0,'Voided by Ada: kept',0,NULL,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(29,1800000000000,5000,'boot-1',1,'t1','unclaimed','main',NULL,0,'[]','','',NULL,NULL,0,'parked','Nobody came.',X'9B71BD564E14F940712272B6FF5A04C0','parked',0,'Nobody came.',0,NULL,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(31,1800000000000,5000,'boot-1',1,'d2','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'53D990566FEC4BC087C32CD55A4D1722','unknown',0,'no answer',1,32,1,0,NULL,33,'');
INSERT INTO "entries" VALUES(34,1800000000000,5000,'boot-1',1,'d3','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'4C6D3A49F43D9AC535407700D9F52A4C','sending',0,'',1,35,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(36,1800000000000,5000,'boot-1',1,'d4','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'58950A82F3DAC32890F7D734AC901C2C','queued',0,'',0,NULL,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(37,1800000000000,5000,'boot-1',1,'c5','credit','main','04A1B2C3D4E5F6',200,'[]','Top-up','',NULL,NULL,0,'queued','',X'89A1454B80A71183AF522827FB9648BC','queued',0,'',0,NULL,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(40,1800000000000,5000,'boot-1',1,'k1','sale','tag',NULL,1000,'[]','Tickets','',NULL,NULL,0,'queued','',X'B0B0C0DBD2603122C2F21220B1AC3F34','parked',0,'no such event',1,NULL,0,0,'{"type":"sale","purchase":{"code":"GJXS0LM6RYG37","salt":"XJX","algorithm":"random"},"event":3,"lines":[{"product":4,"description":"Adult","quantity":2,"unit":500,"tickets":[{"product":8,"description":"Adult","barcode":"GJXS0LM6RYG37XJX01"},{"product":8,"description":"Adult","barcode":"GJXS0LM6RYG37XJX02"}]}],"payments":[{"method":"cash","amount":500},{"method":"card","amount":500,"reference":"A-4711"}],"notes":"two of them","staff":"04DEADBEEF0102","kept":50}',NULL,'');
INSERT INTO "entries" VALUES(48,1800000000000,5000,'boot-1',1,'k2','interaction','tag','04A1B2C3D4E5F6',0,'[]','','',NULL,NULL,0,'queued','',X'003AD38C95BF5AA43A1BF3F1520F9D40','queued',0,'',0,NULL,0,0,'{"type":"interaction","what":"check-in","device":85}',NULL,'');
INSERT INTO "entries" VALUES(52,1800000000000,5000,'boot-1',1,'after-Ada','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'044728278E288872B55F1AD7067B226A','queued',0,'',0,NULL,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(54,1800000000000,5000,'boot-1',1,'after-','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'EA0BA444BEE7CAE99D9CEAB6BE74DEBB','queued',0,'',0,NULL,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(55,1800000000000,5000,'boot-1',1,'booked-1','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'D8756BA77F1A00416EE821205EB741B1','delivered',0,'',1,56,0,0,'{"type":"booked","books":"books"}',NULL,'');
INSERT INTO "entries" VALUES(58,1800000000000,5000,'boot-1',1,'booked-1-record','record','books',NULL,0,'[]','Espresso','coffee',NULL,'booked-1',0,'queued','',X'C095CD762094855489D569F1B75E40CA','delivered',0,'',1,60,0,0,'{"type":"sold","lines":[{"product":"espresso","description":"Espresso","quantity":1,"unit":250}],"payments":[{"method":"wallet","amount":250,"reference":"booked-1"}],"at":{"wall_ms":1800000000000,"mono_ms":5000,"boot":"boot-1","synced":true}}',NULL,'');
INSERT INTO "entries" VALUES(59,1800000000000,5000,'boot-1',1,'booked-2','debit','main','04A1B2C3D4E5F6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'61031EBA2D4F17379ABE2A22FD2C0240','queued',0,'',0,NULL,0,0,'{"type":"booked","books":"books"}',NULL,'');
INSERT INTO "entries" VALUES(62,1800000000000,5000,'boot-1',1,'e1','credit','main','04E1',200,'[]','Top-up','',NULL,NULL,0,'queued','',X'2AEB42062730D0875DE438B6E7464F3C','delivered',0,'',1,63,0,0,NULL,NULL,'4711');
INSERT INTO "entries" VALUES(65,1800000000000,5000,'boot-1',1,'e2','debit','main','04E2',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'5448607772AF36FBC2BA8D60034CF1E3','queued',0,'no answer',1,66,1,0,NULL,67,'');
INSERT INTO "entries" VALUES(68,1800000000000,5000,'boot-1',1,'e3','debit','main','04E3',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'07E8FC994117ABB8F4BE4095E125B7CF','delivered',0,'Found booked by Ada: stands in the list',1,69,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(72,1800000000000,5000,'boot-1',1,'e4','credit','main','04E4',200,'[]','Top-up','',NULL,NULL,0,'queued','',X'8AA1C7F0DC0520C82EBA118625D26F70','unknown',0,'cannot be told',1,73,1,0,NULL,74,'');
INSERT INTO "entries" VALUES(75,1800000000000,5000,'boot-1',1,'e5','debit','main','04E5',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'C9789C270B3B8C443DF155DD16891C8B','delivered',0,'',1,76,0,1,NULL,NULL,'b-5');
INSERT INTO "entries" VALUES(79,1800000000000,5000,'boot-1',1,'e5-refund','refund','main','04E5',250,'[]','Espresso','coffee',NULL,'e5',0,'queued','',X'E613A235DE15AC3668C7E31341B617D5','queued',0,'',0,NULL,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(80,1800000000000,5000,'boot-1',1,'e6','debit','main','04E6',250,'[{"id":"espresso","name":"Espresso","price":250}]','Espresso','coffee',NULL,NULL,0,'queued','',X'00E4B19931C75E93C5ED2F143DDCEA1E','sending',0,'',1,81,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(82,1800000000000,5000,'boot-1',1,'pay-1','payment','terminal',NULL,500,'[]','','',NULL,NULL,1,'queued','',X'F895E66F1E875B948C732A27D2FA9933','delivered',0,'',2,86,0,0,NULL,NULL,'9001');
INSERT INTO "entries" VALUES(88,1800000000000,5000,'boot-1',1,'pay-2','payment','terminal',NULL,500,'[]','','',NULL,NULL,1,'queued','',X'8338AA9EC58216186BA7200589196F66','delivered',0,'',1,89,0,1,NULL,NULL,'9002');
INSERT INTO "entries" VALUES(93,1800000000000,5000,'boot-1',1,'pay-2-refund','refund','terminal',NULL,500,'[]','','',NULL,'pay-2',0,'parked','A card has paid, and no ticket was issued for it. Give the money back at the card terminal, on its server or by hand; then void this entry with your name and what you did.',X'661521A0E83089B0A22CC5DF01579FA0','parked',0,'A card has paid, and no ticket was issued for it. Give the money back at the card terminal, on its server or by hand; then void this entry with your name and what you did.',0,NULL,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(94,1800000000000,5000,'boot-1',1,'pay-3','payment','terminal',NULL,500,'[]','','',NULL,NULL,1,'queued','',X'5F40164DBA0E0DABC11ED562D1187C6F','queued',0,'No ticket was issued.',1,95,1,1,NULL,96,'');
INSERT INTO "entries" VALUES(98,1800000000000,5000,'boot-1',1,'pay-4','payment','terminal',NULL,500,'[]','','',NULL,NULL,1,'queued','',X'4EC1901F68D2EA253F353DE3DA8D16F3','sending',1,'',1,99,0,0,NULL,NULL,'');
INSERT INTO "entries" VALUES(100,1800000000000,5000,'boot-1',1,'pay-5','payment','terminal',NULL,500,'[]','','',NULL,NULL,1,'queued','',X'8AE027926A3003AE271959CB3D68A96D','queued',1,'',0,NULL,0,0,NULL,NULL,'');
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "meta" VALUES('base',0);
INSERT INTO "meta" VALUES('boot','v7 81');
INSERT INTO "meta" VALUES('head','100 8ae027926a3003ae271959cb3d68a96d 2b75720ca328848c71790bba4e6fa048');
INSERT INTO "meta" VALUES('key','2d9468cc549e97ffb74f6358a17f4109');
INSERT INTO "meta" VALUES('probes',0);
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
INSERT INTO "payouts" VALUES(21,1800000000000,5000,'boot-1',1,'p1',19,NULL,'hopper',50,'3/0/0/100',NULL,NULL,'',X'58D8D40AABE9CBD6042437F1CA5302DC',22);
INSERT INTO "payouts" VALUES(22,1800000000000,5000,'boot-1',1,'p1',19,NULL,'hopper',50,'3/0/0/100','done',20,'empty',X'9779216B262D5E396C6F8EDC39F9BB3C',NULL);
INSERT INTO "payouts" VALUES(30,1800000000000,5000,'boot-1',1,'p2',NULL,29,'hopper',10,'4/20/0/101',NULL,NULL,'',X'1D71B4CDAD426A3902913573584C2248',NULL);
CREATE TABLE purchases (
    code TEXT NOT NULL PRIMARY KEY CHECK (code <> ''),
    entry INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "purchases" VALUES('GJXS0LM6RYG37',40);
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
, document TEXT CHECK (document IS NULL OR kind = 'print')) STRICT;
INSERT INTO "releases" VALUES(2,1800000000000,5000,'boot-1',1,'d1/0',1,'vend','relay','Espresso',NULL,'',X'3F54C4826C5BC98EDB041F852432A3D4',3,NULL);
INSERT INTO "releases" VALUES(3,1800000000000,5000,'boot-1',1,'d1/0',1,'vend','relay','','done','',X'B8563629F57AD5A7256B4F254FCC5167',NULL,NULL);
INSERT INTO "releases" VALUES(14,1800000000000,5000,'boot-1',1,'c1/receipt',11,'print','printer','receipt',NULL,'',X'D8D7255E142ACF6D54267AC2F7AB092D',NULL,'{"lines":[{"type":"text","text":"Top-up","align":"left","bold":true,"large":false},{"type":"columns","left":"Credited","right":"2.00 EUR","bold":false},{"type":"rule"}]}');
INSERT INTO "releases" VALUES(43,1800000000000,5000,'boot-1',1,'k1/ticket-1',40,'print','printer','ticket-1',NULL,'',X'6163FF673F79B2D7B5FC1463F6BECD2A',46,'{"lines":[{"type":"text","text":"The Festival of the Small Town by the Lake","align":"left","bold":true,"large":false},{"type":"text","text":"ticket-1","align":"left","bold":false,"large":false},{"type":"rule"},{"type":"columns","left":"Adult","right":"5.00 EUR","bold":false},{"type":"columns","left":"1 May 2026","right":"14:03","bold":false},{"type":"columns","left":"Terminal","right":"kiosk-1","bold":false},{"type":"qr","data":"GJXS0LM6RYG37XJX01"},{"type":"barcode","data":"GJXS0LM6RYG37XJX01"},{"type":"text","text":"Not valid twice. Keep it until you leave.","align":"left","bold":false,"large":false}]}');
INSERT INTO "releases" VALUES(44,1800000000000,5000,'boot-1',1,'k1/ticket-2',40,'print','printer','ticket-2',NULL,'',X'CAD2CA88CDE5A28BF722285CA1650D63',47,'{"lines":[{"type":"text","text":"The Festival of the Small Town by the Lake","align":"left","bold":true,"large":false},{"type":"text","text":"ticket-2","align":"left","bold":false,"large":false},{"type":"rule"},{"type":"columns","left":"Adult","right":"5.00 EUR","bold":false},{"type":"columns","left":"1 May 2026","right":"14:03","bold":false},{"type":"columns","left":"Terminal","right":"kiosk-1","bold":false},{"type":"qr","data":"GJXS0LM6RYG37XJX02"},{"type":"barcode","data":"GJXS0LM6RYG37XJX02"},{"type":"text","text":"Not valid twice. Keep it until you leave.","align":"left","bold":false,"large":false}]}');
INSERT INTO "releases" VALUES(45,1800000000000,5000,'boot-1',1,'k1/receipt',40,'print','printer','receipt',NULL,'',X'2CBD8DB3E05A34ED6BA1DB78B0165B54',NULL,'{"lines":[{"type":"text","text":"The Festival of the Small Town by the Lake","align":"left","bold":true,"large":false},{"type":"text","text":"receipt","align":"left","bold":false,"large":false},{"type":"rule"},{"type":"columns","left":"Adult","right":"5.00 EUR","bold":false},{"type":"columns","left":"1 May 2026","right":"14:03","bold":false},{"type":"columns","left":"Terminal","right":"kiosk-1","bold":false},{"type":"text","text":"Not valid twice. Keep it until you leave.","align":"left","bold":false,"large":false}]}');
INSERT INTO "releases" VALUES(46,1800000000000,5000,'boot-1',1,'k1/ticket-1',40,'print','printer','','done','',X'4B3ECFDBF52AEFE9A9386FF4B9E8104B',NULL,NULL);
INSERT INTO "releases" VALUES(47,1800000000000,5000,'boot-1',1,'k1/ticket-2',40,'print','printer','','unknown','cover open',X'DAE8568B21493F277EF6FD5133D7C12F',NULL,NULL);
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
INSERT INTO "reports" VALUES(51,1800000000000,5000,'boot-1',1,1,0,50,0,'{"kind":"z","number":1,"after":0,"upto":50,"opened":{"wall_ms":1800000000000,"mono_ms":5000,"boot":"boot-1","synced":true},"closed":{"wall_ms":1800000000000,"mono_ms":5000,"boot":"boot-1","synced":true},"sales":{"count":5,"amount":2000},"returns":{},"topups":{"count":2,"amount":400},"groups":[{"group":"","vat":1900,"pieces":2,"gross":1000},{"group":"coffee","vat":1900,"pieces":4,"gross":1000}],"vats":[{"vat":1900,"gross":2000,"net":1681,"vat_amount":319}],"methods":[{"method":"cash","sales":{"count":1,"amount":500},"returns":{}},{"method":"wallet","sales":{"count":4,"amount":1000},"returns":{}},{"method":"card","sales":{"count":1,"amount":500},"returns":{}}],"cash":{"taken":800,"spent":550,"kept":50,"credited":200,"returned":20,"unclaimed":30,"written_off":30,"denominations":[{"device":"acceptor","value":50,"pieces":2},{"device":"acceptor","value":150,"pieces":1},{"device":"acceptor","value":550,"pieces":1}],"paid_out":[{"device":"hopper","paid":{"count":1,"amount":20},"unknown":{}}],"emptied":[{"device":"acceptor","by":"Ada","at":{"wall_ms":1800000000000,"mono_ms":5000,"boot":"boot-1","synced":true},"expected":150,"counted":150}],"boxes":[["acceptor",{"count":2,"amount":600}]]},"offline":{"count":4,"amount":900},"unknown":{"count":1,"amount":250},"parked":{"count":1,"amount":1000},"grand":{"sales":{"count":5,"amount":2000},"returns":{}},"by":"Ada"}','Ada',X'3C2DF1E5D4D7F317C20E188CE804B58D');
INSERT INTO "reports" VALUES(53,1800000000000,5000,'boot-1',1,2,50,52,0,'{"kind":"z","number":2,"after":50,"upto":52,"opened":{"wall_ms":1800000000000,"mono_ms":5000,"boot":"boot-1","synced":true},"closed":{"wall_ms":1800000000000,"mono_ms":5000,"boot":"boot-1","synced":true},"sales":{"count":1,"amount":250},"returns":{},"topups":{},"groups":[{"group":"coffee","vat":1900,"pieces":1,"gross":250}],"vats":[{"vat":1900,"gross":250,"net":210,"vat_amount":40}],"methods":[{"method":"wallet","sales":{"count":1,"amount":250},"returns":{}}],"cash":{"boxes":[["acceptor",{"count":2,"amount":600}]]},"offline":{"count":5,"amount":1150},"unknown":{"count":1,"amount":250},"parked":{"count":1,"amount":1000},"grand":{"sales":{"count":6,"amount":2250},"returns":{}}}','',X'A3F418884B3C9BC31F78C5F8DE2EF0C0');
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
INSERT INTO "sales_reported" VALUES(18,1800000000000,5000,'boot-1',1,'machine','12',150,X'8C09DD2D15C3B3624138BD339BBDD25D');
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
INSERT INTO "sessions" VALUES(7,1800000000000,5000,'boot-1',1,'s1','opened',NULL,'',X'8341935DA296FAD97A0A37CC4757D3A2',13);
INSERT INTO "sessions" VALUES(10,1800000000000,5000,'boot-1',1,'s1','claimed','04A1B2C3D4E5F6','',X'0E2C9AC031412BFE4D4C4EE7BEEDE8D4',NULL);
INSERT INTO "sessions" VALUES(13,1800000000000,5000,'boot-1',1,'s1','closed',NULL,'credited',X'E3566B3CFB5052AD148BDFCE21346BB7',NULL);
INSERT INTO "sessions" VALUES(19,1800000000000,5000,'boot-1',1,'s2','opened',NULL,'',X'08593B29CF0E9B7A6F56F4CE24B3EE6E',26);
INSERT INTO "sessions" VALUES(26,1800000000000,5000,'boot-1',1,'s2','closed',NULL,'unclaimed',X'5BB8BFCFDF34881B75E229F86851B59B',NULL);
INSERT INTO "sessions" VALUES(38,1800000000000,5000,'boot-1',1,'ks1','opened',NULL,'',X'0A7421095E74CD5782AC59660D774CBD',42);
INSERT INTO "sessions" VALUES(42,1800000000000,5000,'boot-1',1,'ks1','closed',NULL,'spent',X'FE3AF9C4CE21848EC09D7B5302E28206',NULL);
CREATE TABLE settings_told (
    backend TEXT NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1))
) STRICT, WITHOUT ROWID;
INSERT INTO "settings_told" VALUES('books','{"schedules":["30 23 * * *"]}',1800000000000,5000,'boot-1',1);
CREATE TABLE tickets (
    barcode TEXT NOT NULL PRIMARY KEY CHECK (barcode <> ''),
    entry INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "tickets" VALUES('GJXS0LM6RYG37XJX01',40);
INSERT INTO "tickets" VALUES('GJXS0LM6RYG37XJX02',40);
CREATE TABLE wallets (
    token TEXT NOT NULL PRIMARY KEY,
    balance INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    synced INTEGER NOT NULL CHECK (synced IN (0, 1))
) STRICT, WITHOUT ROWID;
INSERT INTO "wallets" VALUES('04A1B2C3D4E5F6',-245,1800000000000,5000,'boot-1',1);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX entries_open ON entries (lane, seq, state, kind, amount)
    WHERE held = 1 OR state NOT IN ('delivered', 'voided');
CREATE INDEX entries_voided ON entries (seq) WHERE state = 'voided';
CREATE UNIQUE INDEX releases_open ON releases (release) WHERE ended IS NULL AND settled IS NULL;
CREATE INDEX releases_waiting ON releases (release)
    WHERE kind = 'print' AND settled IS NULL AND detail = '' AND (ended = 'failed' OR ended = 'unknown');
CREATE UNIQUE INDEX sessions_opened ON sessions (session) WHERE event = 'opened';
CREATE INDEX sessions_claimed ON sessions (session) WHERE event = 'claimed';
CREATE INDEX sessions_open ON sessions (seq) WHERE event = 'opened' AND closed IS NULL;
CREATE INDEX cash_session ON cash (session);
CREATE UNIQUE INDEX payouts_open ON payouts (payout) WHERE ended IS NULL AND settled IS NULL;
CREATE INDEX entries_in_doubt ON entries (backend, state, seq) WHERE in_doubt = 1;
CREATE INDEX entries_payments ON entries (reference, seq) WHERE kind = 'payment';
COMMIT;
PRAGMA user_version = 7;
