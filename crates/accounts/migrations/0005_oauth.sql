-- Apps that people let into accounts (OAuth 2), and what they were let do. Of codes, tokens and
-- secrets of apps only a hash is kept.

CREATE TABLE oauth_clients (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Whose app it is; none: it belongs to the installation.
    account     INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    public_id   TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    secret_hash BLOB,
    -- Separated by line feeds.
    redirects   TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    CHECK ((kind = 'confidential') = (secret_hash IS NOT NULL))
) STRICT;

CREATE INDEX oauth_clients_by_account ON oauth_clients (account);

-- Plug-ins of shops that are published, under the names that they send.
INSERT INTO oauth_clients (public_id, name, kind, redirects, scopes, created_at) VALUES
    ('afsa_wordpress_plugin', 'AFS Analytics for WordPress', 'plugin', '',
        'account:read stats:read visitors:read orders:read', 0),
    ('afsa_prestashop_plugin', 'AFS Analytics for PrestaShop', 'plugin', '',
        'account:read stats:read visitors:read orders:read', 0);

-- Origins with paths of shops, to which the account's owner lets a plug-in's codes be sent.
CREATE TABLE oauth_places (
    account     INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    client      INTEGER NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
    place       TEXT NOT NULL,
    approved_at INTEGER NOT NULL,
    PRIMARY KEY (account, client, place)
) STRICT, WITHOUT ROWID;

-- A person let an app into an account: everything that comes of this one time, which is revoked
-- together.
CREATE TABLE oauth_grants (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    client     INTEGER NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
    account    INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    person     INTEGER NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    scopes     TEXT NOT NULL,
    -- Where the code went, without its query.
    place      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- Nothing of it is good for anything from then on, unless it is refreshed before.
    expires_at INTEGER NOT NULL,
    last_used  INTEGER,
    revoked_at INTEGER,
    -- The code, which is exchanged once.
    code_hash       BLOB NOT NULL UNIQUE,
    code_expires_at INTEGER NOT NULL,
    code_used_at    INTEGER,
    -- The whole address, which has to be told again with the code.
    redirect        TEXT NOT NULL,
    challenge       TEXT
) STRICT;

CREATE INDEX oauth_grants_by_account ON oauth_grants (account, person, client);
CREATE INDEX oauth_grants_by_client ON oauth_grants (client);
CREATE INDEX oauth_grants_by_person ON oauth_grants (person);
CREATE INDEX oauth_grants_by_expiry ON oauth_grants (expires_at);

-- An access token and the refresh token that came with it.
CREATE TABLE oauth_pairs (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    grant_id          INTEGER NOT NULL REFERENCES oauth_grants (id) ON DELETE CASCADE,
    access_hash       BLOB NOT NULL UNIQUE,
    refresh_hash      BLOB NOT NULL UNIQUE,
    -- Of the access token; the refresh token's are the grant's.
    scopes            TEXT NOT NULL,
    issued_at         INTEGER NOT NULL,
    access_expires_at INTEGER NOT NULL,
    -- When the refresh token was used.
    replaced_at       INTEGER,
    -- What the successor is made of, together with the refresh token's text, which is not kept; as
    -- long as the same successor may be asked for again.
    seed              BLOB
) STRICT;

CREATE INDEX oauth_pairs_by_grant ON oauth_pairs (grant_id, id);
CREATE INDEX oauth_pairs_with_seed ON oauth_pairs (replaced_at) WHERE seed IS NOT NULL;
