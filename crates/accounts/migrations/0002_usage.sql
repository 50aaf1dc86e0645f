-- How many hits of an account were taken in a quarter hour (quarter hours since
-- 1970-01-01T00:00:00Z), by when they arrived: every zone's midnight begins one.

CREATE TABLE hits_taken (
    account      INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    quarter_hour INTEGER NOT NULL,
    hits         INTEGER NOT NULL,
    PRIMARY KEY (account, quarter_hour)
) STRICT, WITHOUT ROWID;
