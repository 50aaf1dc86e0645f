//! How much an account sends: hits taken, by the quarter hour in which they arrived.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use afsa_model::{AccountId, DAY, MINUTE, Timestamp};
use rusqlite::Transaction;

use crate::{Accounts, Error};

/// Hits by account and quarter hour, not yet written.
pub(crate) type Taken = HashMap<(AccountId, i64), u64>;

/// Today's zones are all a multiple of this away from UTC.
const QUARTER_HOUR: i64 = 15 * MINUTE;
/// What is older is forgotten when newer is written.
const KEPT: i64 = 400 * DAY;

impl Accounts {
    /// Notes that hits were taken for the account at this moment. They count in
    /// [`Accounts::hits_since`] at once and are written by [`Accounts::write_notes`]; a crash loses
    /// those of the seconds since the last writing, which are some of the usage told and none of
    /// the hits.
    pub fn note_hits(&self, account: AccountId, now: Timestamp, count: u64) {
        if count > 0 {
            let hits = &mut *self.taken();
            let noted = hits.entry((account, quarter_hour(now))).or_default();
            *noted = noted.saturating_add(count);
        }
    }

    /// How many hits were taken for the account in the quarter hours (of UTC) that began at or
    /// after `from` and before `to`. Nothing is known of what lies more than 400 days back.
    pub fn hits_since(
        &self,
        account: AccountId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<u64, Error> {
        let quarters = first_from(from)..first_from(to);
        // Whoever writes holds this connection until what he took out of memory is in the file,
        // so nothing is counted twice and nothing is missed.
        let connection = self.write();
        let noted = self
            .taken()
            .iter()
            .filter(|((of, quarter), _)| *of == account && quarters.contains(quarter))
            .fold(0_u64, |sum, (_, hits)| sum.saturating_add(*hits));
        let written: i64 = connection
            .prepare_cached(
                "SELECT coalesce(sum(hits), 0) FROM hits_taken
                 WHERE account = ?1 AND quarter_hour >= ?2 AND quarter_hour < ?3",
            )?
            .query_row((account.0, quarters.start, quarters.end), |row| row.get(0))?;
        Ok(noted.saturating_add(u64::try_from(written).unwrap_or(0)))
    }

    pub(crate) fn taken(&self) -> MutexGuard<'_, Taken> {
        self.hits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds what was noted to the file and drops what is too old there.
pub(crate) fn write(
    transaction: &Transaction<'_>,
    taken: &Taken,
    now: Timestamp,
) -> Result<(), Error> {
    // An account that is gone must not keep the others from being written.
    let mut add = transaction.prepare_cached(
        "INSERT INTO hits_taken (account, quarter_hour, hits)
         SELECT id, ?2, ?3 FROM accounts WHERE id = ?1
         ON CONFLICT DO UPDATE SET hits = hits + excluded.hits",
    )?;
    let mut forget = transaction
        .prepare_cached("DELETE FROM hits_taken WHERE account = ?1 AND quarter_hour < ?2")?;
    let oldest = quarter_hour(now.plus(-KEPT));
    for ((account, quarter), hits) in taken {
        // No sum of these reaches what the file can hold.
        let hits = i64::try_from((*hits).min(1 << 50)).unwrap_or(0);
        add.execute((account.0, quarter, hits))?;
        forget.execute((account.0, oldest))?;
    }
    Ok(())
}

fn quarter_hour(at: Timestamp) -> i64 {
    at.0.div_euclid(QUARTER_HOUR)
}

/// The first quarter hour that begins at or after the moment.
fn first_from(at: Timestamp) -> i64 {
    let last = quarter_hour(at);
    last + i64::from(at.0.rem_euclid(QUARTER_HOUR) != 0)
}
