-- Accounts, what belongs to them, and the secrets of the installation.
-- Instants are milliseconds since 1970-01-01T00:00:00Z. Lists are texts separated by line feeds.

CREATE TABLE accounts (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 99999999),
    name                  TEXT NOT NULL,
    url                   TEXT NOT NULL,
    timezone              TEXT NOT NULL,
    currency              TEXT NOT NULL,
    language              TEXT NOT NULL,
    created_at            INTEGER NOT NULL,
    plan_id               INTEGER NOT NULL,
    plan_name             TEXT NOT NULL,
    plan_trial            INTEGER NOT NULL,
    plan_start            INTEGER NOT NULL,
    plan_end              INTEGER,
    ecommerce_level       TEXT NOT NULL,
    dropped_address_bytes INTEGER NOT NULL,
    visit_timeout         INTEGER NOT NULL,
    order_window          INTEGER NOT NULL,
    kept_parameters       TEXT NOT NULL,
    internal_hosts        TEXT NOT NULL,
    excluded_addresses    TEXT NOT NULL,
    excluded_roles        TEXT NOT NULL,
    retention_months      INTEGER
) STRICT;

CREATE TABLE goals (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account        INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    match          TEXT NOT NULL,
    value          TEXT,
    once_per_visit INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    UNIQUE (account, name)
) STRICT;

CREATE TABLE segments (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    filters    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (account, name)
) STRICT;

-- A key's text is shown once; what is kept finds it again and cannot be turned back.
CREATE TABLE keys (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    hash       BLOB NOT NULL UNIQUE,
    scopes     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used  INTEGER
) STRICT;

CREATE INDEX keys_by_account ON keys (account);

-- One random key for each UTC day (days since 1970-01-01), destroyed when the day after is over.
CREATE TABLE daily_keys (
    day INTEGER PRIMARY KEY,
    key BLOB NOT NULL
) STRICT;

-- Random keys that live as long as the installation, by what they serve for.
CREATE TABLE secrets (
    purpose TEXT PRIMARY KEY,
    key     BLOB NOT NULL
) STRICT;
