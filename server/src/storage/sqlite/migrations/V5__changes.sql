-- Webhooks can be changed, and what they sent before can still be told.

ALTER TABLE webhook ADD COLUMN created_by TEXT;                        -- NULL: its owner
ALTER TABLE webhook ADD COLUMN updated_by TEXT;                        -- NULL: its owner
ALTER TABLE webhook ADD COLUMN next_secret_sealed BLOB;                -- on its way to take the secret's place:
ALTER TABLE webhook ADD COLUMN activate_at INTEGER;                    -- then it signs,
ALTER TABLE webhook ADD COLUMN retire_at INTEGER;                      -- and then the one before does not any more
ALTER TABLE webhook ADD COLUMN secrets_since INTEGER NOT NULL DEFAULT 1; -- the version that has brought the secrets

-- What each version of a webhook sends, without secrets: history shows an attempt by the version it was made with.
CREATE TABLE webhook_version (
    webhook     INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    url         TEXT NOT NULL,
    headers     TEXT NOT NULL,           -- JSON array of [name, value or null]
    signed      INTEGER NOT NULL,
    replaced_at INTEGER,                 -- NULL: it is the newest
    PRIMARY KEY (webhook, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_version_replaced ON webhook_version (replaced_at) WHERE replaced_at IS NOT NULL;

INSERT INTO webhook_version (webhook, version, url, headers, signed, replaced_at)
SELECT id, version, url, '[]', secret_sealed IS NOT NULL, deleted_at FROM webhook;

-- How each webhook is doing. Written at most once a second, so a crash forgets the last one.
CREATE TABLE webhook_activity (
    webhook         INTEGER PRIMARY KEY,
    last_attempt_at INTEGER,
    last_success_at INTEGER,
    failing_since   INTEGER,
    failures        INTEGER NOT NULL
) STRICT;

-- How each webhook did, in steps of five minutes. l0 to l13 count attempts by how long they took.
CREATE TABLE webhook_stats (
    webhook     INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    succeeded   INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    l0 INTEGER NOT NULL, l1 INTEGER NOT NULL, l2 INTEGER NOT NULL, l3 INTEGER NOT NULL, l4 INTEGER NOT NULL,
    l5 INTEGER NOT NULL, l6 INTEGER NOT NULL, l7 INTEGER NOT NULL, l8 INTEGER NOT NULL, l9 INTEGER NOT NULL,
    l10 INTEGER NOT NULL, l11 INTEGER NOT NULL, l12 INTEGER NOT NULL, l13 INTEGER NOT NULL,
    PRIMARY KEY (webhook, start)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_stats_start ON webhook_stats (start);
