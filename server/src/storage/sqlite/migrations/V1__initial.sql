-- The first layout.
--
-- Rules of this schema:
-- * Internal ids are sequence numbers given by the writer: rows of the hot tables (event, event_data, delivery,
--   attempt) lie in the order of time, so writing appends. No hot table has an index with a random key: such an
--   index costs two page writes per row and halves the rate.
-- * Times are microseconds since 1970-01-01T00:00Z.
-- * Closed sets are stored as the small integers or the words given here; the program refuses any other.
-- * A checksum is the first eight bytes of a SHA-256 over the row's key and the bytes it guards.

-- Facts about the store itself, by name.
--   key_check   a constant sealed with the master key: tells whether the key fits
--   checked_at  when somebody last asked whether the store commits
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The next ids to give. One row, written with every commit that gave any: an id that was shown is never given
-- again, whatever has been deleted since.
CREATE TABLE sequence (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    tenant   INTEGER NOT NULL,
    webhook  INTEGER NOT NULL,
    event    INTEGER NOT NULL,
    delivery INTEGER NOT NULL,
    attempt  INTEGER NOT NULL
) STRICT;

INSERT INTO sequence (id, tenant, webhook, event, delivery, attempt) VALUES (1, 1, 1, 1, 1, 1);

-- Tenants are never deleted: one that is no longer configured may come back to its data.
CREATE TABLE tenant (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    uid           BLOB NOT NULL,             -- 16 random bytes
    dialect       TEXT NOT NULL,
    next_webhook  INTEGER NOT NULL,          -- the next numbers to give, counted per tenant
    next_event    INTEGER NOT NULL,
    next_delivery INTEGER NOT NULL
) STRICT;

CREATE TABLE webhook (
    id              INTEGER PRIMARY KEY,
    tenant          INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    public_id       BLOB NOT NULL,           -- a UUID of version 7
    owner           TEXT NOT NULL,
    url             TEXT NOT NULL,           -- as given
    secret_sealed   BLOB,                    -- NULL: none, or erased by deletion
    disabled_reason TEXT,                    -- NULL: enabled; by_owner | gone | failing
    version         INTEGER NOT NULL,
    global          INTEGER NOT NULL,        -- 1: receives events whomever they concern; also told by the profile
    profile         TEXT NOT NULL,           -- JSON, tagged with the system
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    deleted_at      INTEGER                  -- NULL: it exists
) STRICT;

CREATE UNIQUE INDEX webhook_number ON webhook (tenant, number);

-- What was published, without its data: rows stay small, so reading many of them (to learn the idempotency keys
-- at start, to filter history by type) touches few pages.
CREATE TABLE event (
    id             INTEGER PRIMARY KEY,
    tenant         INTEGER NOT NULL,
    number         INTEGER NOT NULL,
    received_at    INTEGER NOT NULL,
    type           TEXT NOT NULL,
    source         TEXT NOT NULL,            -- (tenant, source, ce_id) is the idempotency key
    ce_id          TEXT NOT NULL,
    fingerprint    BLOB NOT NULL,            -- 32 bytes
    first_delivery INTEGER NOT NULL,         -- its own deliveries have the ids from here on,
    deliveries     INTEGER NOT NULL,         -- so many of them; resends come on top
    attributes     TEXT NOT NULL             -- JSON object
) STRICT;

-- The data of an event, once for all its deliveries.
CREATE TABLE event_data (
    event    INTEGER PRIMARY KEY,
    checksum BLOB NOT NULL,
    data     BLOB NOT NULL
) STRICT;

CREATE TABLE delivery (
    id             INTEGER PRIMARY KEY,
    tenant         INTEGER NOT NULL,
    number         INTEGER NOT NULL,
    event          INTEGER NOT NULL,
    webhook        INTEGER NOT NULL,
    cause          INTEGER NOT NULL,         -- 0 event | 1 resend
    state          INTEGER NOT NULL,         -- 0 pending | 1 delivered | 2 exhausted | 3 cancelled | 4 expired
    attempts       INTEGER NOT NULL,         -- how many have ended
    created_at     INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    last_attempt   INTEGER,                  -- NULL: none has ended, history does not show it yet
    status         INTEGER,                  -- of the last attempt; 500 when there was no answer
    updated_at     INTEGER,                  -- when the last attempt ended
    frame_head     BLOB,                     -- what stands around the data; NULL: nothing
    frame_cut      INTEGER NOT NULL,
    frame_tail     BLOB,
    frame_checksum BLOB NOT NULL
) STRICT;

-- Appended to at one place per tenant.
CREATE UNIQUE INDEX delivery_number ON delivery (tenant, number);

-- What a starting server takes up again. A delivery leaves it when it ends, so it is as small as the backlog.
CREATE INDEX delivery_pending ON delivery (id) WHERE state = 0;

-- Keeps retention from deleting an event that somebody sent again: few rows.
CREATE INDEX delivery_resend ON delivery (event) WHERE cause = 1;

-- Only ever added to. The attempts of a delivery are a chain, from its last_attempt through previous, so they need
-- no index.
CREATE TABLE attempt (
    id              INTEGER PRIMARY KEY,
    delivery        INTEGER NOT NULL,
    previous        INTEGER,                 -- the attempt before this one of the same delivery
    number          INTEGER NOT NULL,
    started_at      INTEGER NOT NULL,
    duration_us     INTEGER NOT NULL,
    webhook_version INTEGER NOT NULL,
    status          INTEGER,                 -- either status and body,
    body            BLOB,
    failure         TEXT,                    -- or failure and phase
    phase           TEXT
) STRICT;

-- Tokens handed out through an API.
CREATE TABLE token (
    hash       BLOB PRIMARY KEY,             -- SHA-256
    tenant     INTEGER NOT NULL,
    user       TEXT NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX token_expiry ON token (expires_at);
