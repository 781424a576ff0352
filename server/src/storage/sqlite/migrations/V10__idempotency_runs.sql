-- Older idempotency keys, a run at a time: written once, in order, and dropped whole.

CREATE TABLE idempotency_run (
    id         INTEGER PRIMARY KEY,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,         -- of the newest run: keys of later events are in no run yet
    oldest_at  INTEGER NOT NULL,
    newest_at  INTEGER NOT NULL,
    keys       INTEGER NOT NULL,
    bits       INTEGER NOT NULL,         -- a key's first bits name its chunk
    descriptor BLOB NOT NULL,            -- of the filter that tells which keys are not in it
    filter     BLOB NOT NULL,
    checksum   BLOB NOT NULL
) STRICT;

CREATE TABLE idempotency_chunk (
    id       INTEGER PRIMARY KEY,        -- run * 2^20 + the first bits of its keys
    checksum BLOB NOT NULL,
    entries  BLOB NOT NULL               -- sorted: 8 bytes of key, 4 bytes of event - first_event
) STRICT;
