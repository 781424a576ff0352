-- What a webhook missed is sent again in bulk.

-- An id that was given is never given again.
CREATE TABLE replay (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id   BLOB NOT NULL,             -- a UUID of version 7
    tenant      INTEGER NOT NULL,
    webhook     INTEGER NOT NULL,
    states      TEXT NOT NULL,             -- JSON array of the codes of delivery.state that are sent again
    since       INTEGER,                   -- of delivery.created_at; NULL: from the start
    until       INTEGER,                   -- NULL: to the end
    event_types TEXT NOT NULL,             -- JSON array; an empty one: all
    created_by  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    upper_bound INTEGER NOT NULL,          -- the number of the newest delivery there was: later ones are not for it
    cursor      INTEGER NOT NULL,          -- the number of the last delivery that was looked at
    total       INTEGER NOT NULL,          -- counted at the start, corrected at the end
    created     INTEGER NOT NULL,          -- deliveries made
    state       INTEGER NOT NULL,          -- 0 running | 1 done | 2 cancelled
    delivered   INTEGER NOT NULL,          -- of those made, once it is over: retention deletes them
    failed      INTEGER NOT NULL,
    finished_at INTEGER                    -- NULL: it runs
) STRICT;

-- One webhook has one running replay at the most.
CREATE UNIQUE INDEX replay_running ON replay (webhook) WHERE state = 0;

-- How they are named and listed. Few rows.
CREATE UNIQUE INDEX replay_public_id ON replay (tenant, public_id);

ALTER TABLE delivery ADD COLUMN replay INTEGER;   -- which replay has made it; NULL: none

-- How far a replay is, and what is pending of it. Rows of replays only.
CREATE INDEX delivery_replay ON delivery (replay, state) WHERE replay IS NOT NULL;

-- Keeps retention from deleting an event that is sent again.
CREATE INDEX delivery_replayed ON delivery (event) WHERE replay IS NOT NULL;
