-- Rates of exchange that an account tells by itself: how many times they were changed, and each by
-- day (since 1970-01-01) and two currencies in the order of the alphabet. One unit of the first
-- cost the quote (in units of 10⁻⁹) of the second, or where it is turned, one of the second that
-- much of the first.

ALTER TABLE accounts ADD COLUMN own_rates INTEGER NOT NULL DEFAULT 0;

CREATE TABLE own_rates (
    account   INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    day       INTEGER NOT NULL,
    first     TEXT NOT NULL,
    second    TEXT NOT NULL CHECK (first < second),
    is_turned INTEGER NOT NULL,
    quote     INTEGER NOT NULL CHECK (quote > 0),
    PRIMARY KEY (account, day, first, second)
) STRICT, WITHOUT ROWID;

-- What an account calls the steps of its checkout.

CREATE TABLE checkout_steps (
    account    INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    label      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;
