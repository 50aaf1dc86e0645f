-- People, what they may do in which account, shares for people without any, and what was done.
-- Of secrets that are handed out only a hash is kept.

CREATE TABLE persons (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    email                  TEXT NOT NULL,
    -- In lower case: by this one it is found, so nobody is there twice.
    email_key              TEXT NOT NULL UNIQUE,
    name                   TEXT NOT NULL,
    language               TEXT NOT NULL,
    is_operator            INTEGER NOT NULL,
    -- As argon2 writes it; none until the person has set one.
    password               TEXT,
    created_at             INTEGER NOT NULL,
    confirmed_at           INTEGER,
    disabled_at            INTEGER,
    totp_secret            BLOB,
    -- The secret counts from here on: a first code has shown that it arrived.
    totp_confirmed_at      INTEGER,
    -- No code of this step or one before it is taken again.
    totp_last_step         INTEGER NOT NULL DEFAULT 0,
    -- Wrong codes since the moment, which is moved on when its time is over.
    second_factor_failures INTEGER NOT NULL DEFAULT 0,
    second_factor_since    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE recovery_codes (
    person INTEGER NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    hash   BLOB NOT NULL,
    PRIMARY KEY (person, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    person               INTEGER NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    hash                 BLOB NOT NULL UNIQUE,
    agent                TEXT NOT NULL,
    created_at           INTEGER NOT NULL,
    last_seen            INTEGER NOT NULL,
    awaits_second_factor INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_person ON sessions (person);

-- Links that are used once. The person is 0 where there is none yet.
CREATE TABLE one_time_tokens (
    person     INTEGER NOT NULL,
    purpose    TEXT NOT NULL,
    hash       BLOB NOT NULL UNIQUE,
    -- The e-mail that it is about: the link counts only as long as it is still that one.
    email      TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (person, purpose)
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    person  INTEGER NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    role    TEXT NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (account, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_person ON members (person);

CREATE TABLE invitations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL,
    role       TEXT NOT NULL,
    hash       BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (account, email_key)
) STRICT;

CREATE TABLE shares (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account        INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    hash           BLOB NOT NULL UNIQUE,
    password       TEXT,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER,
    revoked_at     INTEGER,
    last_used      INTEGER,
    -- Wrong passwords since the moment, which is moved on when its time is over.
    failures       INTEGER NOT NULL DEFAULT 0,
    failures_since INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX shares_by_account ON shares (account);

CREATE TABLE share_tokens (
    hash       BLOB PRIMARY KEY,
    share      INTEGER NOT NULL REFERENCES shares (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX share_tokens_by_share ON share_tokens (share, expires_at);

-- What was done, one chain for each account and chain 0 for the installation. Each entry's hash is
-- over the one before and what the entry says. Nothing of it is ever changed or deleted, so it
-- refers to nothing that may be.
CREATE TABLE audit (
    chain   INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL,
    hash    BLOB NOT NULL,
    PRIMARY KEY (chain, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_by_action ON audit (chain, action, number);

-- How many entries a chain has and the hash of its last: a chain that was cut shorter shows.
CREATE TABLE audit_heads (
    chain INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    hash  BLOB NOT NULL
) STRICT;
