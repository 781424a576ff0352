-- The numbers of a run of idempotency keys are under a checksum, too. Earlier runs have none, and their keys are in the
-- events as well: the first start reads them there.
DROP TABLE idempotency_run;
DELETE FROM idempotency_chunk;

CREATE TABLE idempotency_run (
    id         INTEGER PRIMARY KEY,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,         -- of the newest run: keys of later events are in no run yet
    oldest_at  INTEGER NOT NULL,
    newest_at  INTEGER NOT NULL,
    keys       INTEGER NOT NULL,
    bits       INTEGER NOT NULL,         -- a key's first bits name its chunk
    checksum   BLOB NOT NULL,            -- of these numbers
    descriptor BLOB NOT NULL,            -- of the filter that tells which keys are not in it
    filter     BLOB NOT NULL,
    filter_checksum BLOB NOT NULL
) STRICT;
