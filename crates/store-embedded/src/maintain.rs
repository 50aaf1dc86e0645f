//! Regular upkeep: what to flush, what to merge, which log files to let go.

use crate::account::Account;
use crate::engine::Engine;
use crate::error::Error;

impl Engine {
    /// Flushes accounts with much in memory and those that the oldest log files wait for, merges
    /// what is worth it, and removes log files that segments cover. One account's failure doesn't
    /// keep the others from their turn; the first is returned.
    pub fn maintain(&self) -> Result<(), Error> {
        let mut failure = None;
        let flushed = |id| self.account(id).flushed();
        let holders = self.log().holders(self.options.most_log_bytes, &flushed);
        for account in self.accounts() {
            let is_full = account.unflushed() > self.options.most_hot_hits;
            if is_full || holders.contains(&account.id) {
                let done = self.flush_and_merge(&account);
                failure = failure.or(done.err());
            }
        }
        let removed = self.log().remove_covered(&flushed);
        match failure.or(removed.err()) {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    /// Merges what is worth it after a change that is done: a failure is for the next upkeep to
    /// mend, and no reason to say that the change had failed. The caller holds the account's
    /// maintenance lock.
    pub fn tidy(&self, account: &Account) {
        let merged = self.merge(account).and_then(|()| self.merge_runs(account));
        if let Err(error) = merged {
            tracing::warn!(account = %account.id, %error, "could not merge");
        }
    }

    fn flush_and_merge(&self, account: &Account) -> Result<(), Error> {
        let _maintenance = account.maintain();
        self.flush(account)?;
        self.merge(account)?;
        self.merge_runs(account)
    }
}
