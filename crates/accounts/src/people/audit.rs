//! What was done, by whom, in chains that show what was changed afterwards.

use afsa_model::{AccountId, Timestamp};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::Action;
use super::chain::{chain_of, hash_of, head};
use crate::acting::Change;
use crate::{Accounts, Error};

/// Bytes of a subject or detail; what is longer is cut.
const TEXT_LENGTH: usize = 4_000;
/// Characters told of one value.
const VALUE_LENGTH: usize = 200;

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number in its chain, from 1 without a gap.
    pub id: u64,
    /// `None`: it belongs to the installation.
    pub account: Option<AccountId>,
    pub at: Timestamp,
    /// As [`crate::Actor`] is written.
    pub actor: String,
    /// As [`Action::name`] tells it.
    pub action: String,
    /// What it was done to: `key 4`, `person 2`.
    pub subject: String,
    /// What else there is to say, for people.
    pub detail: String,
    pub hash: [u8; 32],
}

/// Which entries are wanted, newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditChoice {
    pub action: Option<Action>,
    /// Only entries older than the one of this id, where a page before has ended.
    pub before: Option<u64>,
}

impl Accounts {
    /// Entries of an account's chain, or of the installation's, newest first.
    pub fn audit(
        &self,
        account: Option<AccountId>,
        choice: AuditChoice,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, Error> {
        let connection = self.read();
        let before = choice
            .before
            .map_or(i64::MAX, |id| i64::try_from(id).unwrap_or(i64::MAX));
        let chain = chain_of(account);
        let action = choice.action.map(Action::name);
        let mut statement = connection.prepare_cached(match action {
            Some(_) => {
                "SELECT * FROM audit WHERE chain = ?1 AND number < ?2 AND action = ?4
                 ORDER BY number DESC LIMIT ?3"
            }
            None => {
                "SELECT * FROM audit WHERE chain = ?1 AND number < ?2 AND ?4 IS NULL
                 ORDER BY number DESC LIMIT ?3"
            }
        })?;
        let mut rows = statement.query((chain, before, limit, action))?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(entry(row, account)?);
        }
        Ok(entries)
    }
}

/// Writes an entry behind the last of its chain, in the transaction of what it tells of.
pub(crate) fn append(
    change: &Change<'_>,
    account: Option<AccountId>,
    action: Action,
    subject: &str,
    detail: &str,
) -> Result<(), Error> {
    let chain = chain_of(account);
    let head = head(change.transaction, chain)?;
    // Where the head was taken away, what is done is still told, and the gap shows.
    let last: i64 = change
        .transaction
        .prepare_cached("SELECT coalesce(max(number), 0) FROM audit WHERE chain = ?1")?
        .query_row([chain], |row| row.get(0))?;
    let number = head.count.max(last).saturating_add(1);
    let actor = change.actor.to_string();
    let (subject, detail) = (cut(subject), cut(detail));
    let texts = [&actor, action.name(), subject, detail].map(str::as_bytes);
    let hash = hash_of(&head.hash, chain, number, change.now.0, texts);
    change.transaction.execute(
        "INSERT INTO audit (chain, number, at, actor, action, subject, detail, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (
            chain,
            number,
            change.now.0,
            &actor,
            action.name(),
            subject,
            detail,
            hash,
        ),
    )?;
    change.transaction.execute(
        "INSERT INTO audit_heads (chain, count, hash) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET count = excluded.count, hash = excluded.hash",
        (chain, number, hash),
    )?;
    Ok(())
}

/// What something is, as the detail of an entry.
pub(crate) fn told(fields: &[(&str, String)]) -> String {
    let told = fields
        .iter()
        .map(|(name, value)| format!("{name}: {}", short(value)));
    told.collect::<Vec<_>>().join("; ")
}

/// What of something is another now, as the detail of an entry; empty if nothing is.
pub(crate) fn changes<const N: usize>(
    before: &[(&str, String); N],
    after: &[(&str, String); N],
) -> String {
    let changed = before
        .iter()
        .zip(after)
        .filter(|(before, after)| before.1 != after.1);
    let told = changed
        .map(|(before, after)| format!("{}: {} → {}", before.0, short(&before.1), short(&after.1)));
    told.collect::<Vec<_>>().join("; ")
}

fn short(value: &str) -> String {
    match value.char_indices().nth(VALUE_LENGTH) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

fn cut(text: &str) -> &str {
    let end = (0..=TEXT_LENGTH.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

fn entry(row: &Row<'_>, account: Option<AccountId>) -> Result<AuditEntry, Error> {
    let text = |column| -> Result<String, Error> {
        // A damaged entry is still to be seen.
        Ok(match row.get_ref(column)? {
            ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        })
    };
    let number: i64 = row.get("number")?;
    Ok(AuditEntry {
        id: u64::try_from(number).unwrap_or(0),
        account,
        at: Timestamp(row.get("at")?),
        actor: text("actor")?,
        action: text("action")?,
        subject: text("subject")?,
        detail: text("detail")?,
        hash: row.get("hash").unwrap_or_default(),
    })
}
