//! Random keys of the installation.

use rusqlite::{OptionalExtension, Params};

use crate::{Accounts, Error};

impl Accounts {
    /// The key of a UTC day (counted from 1970-01-01), which is `fresh` where the day has none
    /// yet: 32 random bytes. Whoever asks first decides, whatever process he is.
    pub fn daily_key(&self, day: i64, fresh: [u8; 32]) -> Result<[u8; 32], Error> {
        self.kept(
            "SELECT key FROM daily_keys WHERE day = ?1",
            [day],
            "INSERT INTO daily_keys (day, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            (day, fresh),
        )
    }

    /// The key of a UTC day if it is (still) there.
    pub fn existing_daily_key(&self, day: i64) -> Result<Option<[u8; 32]>, Error> {
        let connection = self.read();
        let mut statement =
            connection.prepare_cached("SELECT key FROM daily_keys WHERE day = ?1")?;
        Ok(statement.query_row([day], |row| row.get(0)).optional()?)
    }

    /// Destroys the keys of all days before this one, in the file as in the log beside it.
    pub fn destroy_daily_keys_before(&self, day: i64) -> Result<(), Error> {
        let connection = self.write();
        if connection.execute("DELETE FROM daily_keys WHERE day < ?1", [day])? > 0 {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// The installation's own key for a purpose, which is `fresh` from the first time on.
    pub fn secret(&self, purpose: &str, fresh: [u8; 32]) -> Result<[u8; 32], Error> {
        self.kept(
            "SELECT key FROM secrets WHERE purpose = ?1",
            [purpose],
            "INSERT INTO secrets (purpose, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            (purpose, fresh),
        )
    }

    fn kept(
        &self,
        select: &str,
        named: impl Params + Clone,
        insert: &str,
        named_with_key: impl Params,
    ) -> Result<[u8; 32], Error> {
        let find = |connection: &rusqlite::Connection| {
            connection
                .prepare_cached(select)?
                .query_row(named.clone(), |row| row.get(0))
                .optional()
        };
        if let Some(key) = find(&self.read())? {
            return Ok(key);
        }
        let connection = self.write();
        connection.execute(insert, named_with_key)?;
        find(&connection)?.ok_or_else(|| Error::Damaged("a key that was written is gone".into()))
    }
}
