-- What pages hand to the browser of whoever is signed in, so that it can ask for figures. Over with
-- the session.
CREATE TABLE looks (
    hash       BLOB PRIMARY KEY,
    session    INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    account    INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX looks_by_session ON looks (session, expires_at);
CREATE INDEX looks_by_account ON looks (account);
