-- Tenants, users and tokens that are made through the API, and the audit log.

-- Tenants made through the API. Name, dialect and numbers stand in the table tenant, as those of configured ones do;
-- where the configuration declares a tenant of the same name, this row waits until it no longer does.
CREATE TABLE api_tenant (
    tenant     INTEGER PRIMARY KEY,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,                     -- NULL: it exists
    spec       TEXT NOT NULL                -- JSON: egress and settings, in the words of the configuration
) STRICT;

-- Users made through the API, of tenants of either kind. One that is configured under the same id hides it.
CREATE TABLE api_user (
    tenant INTEGER NOT NULL,
    id     TEXT NOT NULL,
    name   TEXT NOT NULL,
    roles  TEXT NOT NULL,                   -- JSON array
    spaces TEXT NOT NULL,                   -- JSON array
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- Tokens handed out through an API. One that is revoked is deleted.
CREATE TABLE issued_token (
    public_id     BLOB PRIMARY KEY,         -- a UUID of version 7
    hash          BLOB NOT NULL UNIQUE,     -- SHA-256
    tenant        INTEGER NOT NULL,
    user          TEXT NOT NULL,
    name          TEXT NOT NULL,
    exchanged_for BLOB,                     -- the public id of an API key; NULL: made as a token of its own
    issued_at     INTEGER NOT NULL,
    expires_at    INTEGER                   -- NULL: never
) STRICT, WITHOUT ROWID;

CREATE INDEX issued_token_expiry ON issued_token (expires_at) WHERE expires_at IS NOT NULL;

-- The bearers of an earlier release live on; which key they were exchanged for is not known (all zeroes).
INSERT INTO issued_token (public_id, hash, tenant, user, name, exchanged_for, issued_at, expires_at)
    SELECT randomblob(16), hash, tenant, user, '', zeroblob(16), issued_at, expires_at FROM token;

DROP TABLE token;

-- When a token was last used, configured or handed out; written once a minute at the most.
CREATE TABLE token_use (
    hash BLOB PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who has done what. It never holds a token, a secret, a body or a header's value.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    tenant      INTEGER,                    -- NULL: it concerns none
    actor_kind  TEXT NOT NULL,              -- user | operator
    actor       TEXT NOT NULL,
    operation   TEXT NOT NULL,
    object_kind TEXT,                       -- either both
    object      TEXT,                       -- or none
    outcome     TEXT NOT NULL,              -- done | refused
    detail      TEXT NOT NULL               -- JSON object of texts
) STRICT;

CREATE INDEX audit_tenant ON audit (tenant, id);
