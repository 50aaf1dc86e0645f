//! Shares: links that show an account's figures to whoever has them, without signing in.

use afsa_model::{AccountId, HOUR, MINUTE, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};

use super::audit::{changes, told};
use super::person::refuse;
use super::{Action, Right, password_faults};
use crate::acting::{Acting, Actor};
use crate::change::Faults;
use crate::error::unless_too_many;
use crate::{Accounts, Credential, Error, FieldFault, Principal, Refusal, Scope, Scopes, opaque};

const KIND: &str = "share";
const KEY_PREFIX: &str = "afsa_sh_";
pub(crate) const TOKEN_PREFIX: &str = "afsa_st_";
/// How long a token of an opened share is good for.
const TOKEN_LIFETIME: i64 = HOUR;
/// Tokens of a share at a time; with one more the one that ends first is over.
const MOST_TOKENS: u32 = 10_000;
/// Shares of an account that open something, and as many that no longer do.
const MOST: u32 = 500;
/// Characters of a name.
const NAME_LENGTH: usize = 200;
/// Wrong passwords of a share in [`WINDOW`].
const MOST_FAILURES: u32 = 10;
const WINDOW: i64 = 15 * MINUTE;

/// What is kept of a share: never its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub id: i64,
    pub account: AccountId,
    pub name: String,
    pub has_password: bool,
    pub created_at: Timestamp,
    /// `None`: never.
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// When it was opened last.
    pub last_used: Option<Timestamp>,
}

/// What a new share shall be, or what is to change of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShareChange {
    pub name: Option<String>,
    /// `Some(None)` takes the password away.
    pub password: Option<Option<String>>,
    /// `Some(None)`: it never expires.
    pub expires_at: Option<Option<Timestamp>>,
}

/// A share with its key, which is known only now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedShare {
    pub share: Share,
    /// `afsa_sh_…`, for the link.
    pub text: String,
}

/// What came of a share's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShareOpening {
    Opened(OpenedShare),
    /// It has a password, and none was told.
    NeedsPassword,
    WrongPassword,
    /// Too many passwords were wrong: none is looked at for a quarter of an hour.
    Locked,
}

/// A short-lived credential that reads the figures of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedShare {
    pub account: AccountId,
    pub share: i64,
    /// `afsa_st_…`.
    pub token: String,
    pub scopes: Scopes,
    pub expires_at: Timestamp,
}

impl ShareChange {
    /// What is wrong with the fields given and, where it is to make a share, which are missing.
    pub fn faults(&self, is_new: bool, now: Timestamp) -> Vec<FieldFault> {
        let mut faults = Faults::default();
        if is_new || self.name.is_some() {
            let name = self.name.as_deref().unwrap_or_default();
            faults.check_text("name", name, NAME_LENGTH);
        }
        if let Some(Some(password)) = &self.password {
            faults.0.extend(password_faults(password, ""));
        }
        if matches!(self.expires_at, Some(Some(expiry)) if expiry <= now) {
            faults.add("expires_at", "out_of_range", "must lie in the future");
        }
        faults.0
    }
}

impl Accounts {
    /// The account's shares, also those that open nothing any more, by age.
    pub fn shares(&self, account: AccountId) -> Result<Vec<Share>, Error> {
        let connection = self.read();
        let mut statement =
            connection.prepare_cached("SELECT * FROM shares WHERE account = ?1 ORDER BY id")?;
        let rows = statement.query_map([account.0], share)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn share(&self, account: AccountId, id: i64) -> Result<Share, Error> {
        find(&self.read(), account, id)
    }

    /// Gives whoever has the key, and the password where there is one, a token for an hour.
    /// `random` is random.
    pub fn open_share(
        &self,
        key: &str,
        password: Option<&str>,
        now: Timestamp,
        random: [u8; 32],
    ) -> Result<ShareOpening, Error> {
        let hash = opaque::hash_of_sent(KEY_PREFIX, key).ok_or(Refusal::Unknown)?;
        let acting = self.acting(Actor::System, now);
        let kept = alive(&self.read(), hash, now)?;
        if let Some(kept_password) = &kept.password {
            let Some(password) = password else {
                return Ok(ShareOpening::NeedsPassword);
            };
            // Counted as wrong before it is looked at, so that no crowd of guesses gets by.
            let may_try = acting.change(|change| {
                let tried = change.transaction.execute(
                    "UPDATE shares SET
                         failures = iif(failures_since <= ?2, 0, failures) + 1,
                         failures_since = iif(failures_since <= ?2 OR failures = 0, ?3, failures_since)
                     WHERE id = ?1 AND (failures_since <= ?2 OR failures < ?4)",
                    (kept.share.id, now.plus(-WINDOW).0, now.0, MOST_FAILURES),
                )?;
                Ok(tried > 0)
            })?;
            if !may_try {
                return Ok(ShareOpening::Locked);
            }
            if !self.hashing.verify(password, Some(kept_password))? {
                return Ok(ShareOpening::WrongPassword);
            }
        }
        acting.change(|change| {
            // It may have been revoked, or its password changed, since it was read.
            let still = alive(change.transaction, hash, now)?;
            if still.password != kept.password {
                return Ok(ShareOpening::WrongPassword);
            }
            let id = still.share.id;
            let forgiven = i64::from(still.password.is_some());
            change.transaction.execute(
                "UPDATE shares SET last_used = ?2, failures = max(0, failures - ?3) WHERE id = ?1",
                (id, now.0, forgiven),
            )?;
            change
                .transaction
                .execute("DELETE FROM share_tokens WHERE expires_at <= ?1", [now.0])?;
            change.transaction.execute(
                "DELETE FROM share_tokens WHERE hash IN (
                     SELECT hash FROM share_tokens WHERE share = ?1
                     ORDER BY expires_at DESC LIMIT -1 OFFSET ?2)",
                (id, MOST_TOKENS - 1),
            )?;
            let token = opaque::text(TOKEN_PREFIX, random);
            let expires_at = now.plus(TOKEN_LIFETIME);
            change.transaction.execute(
                "INSERT INTO share_tokens (hash, share, expires_at) VALUES (?1, ?2, ?3)",
                (opaque::hash(&token), id, expires_at.0),
            )?;
            Ok(ShareOpening::Opened(OpenedShare {
                account: still.share.account,
                share: id,
                token,
                scopes: Scopes::from([Scope::StatsRead]),
                expires_at,
            }))
        })
    }

    /// Whose token of an opened share this is.
    pub(crate) fn authenticate_share(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<Principal, Error> {
        let found = self
            .read()
            .prepare_cached(
                "SELECT shares.*, share_tokens.expires_at AS token_expires_at
                 FROM share_tokens JOIN shares ON shares.id = share WHERE share_tokens.hash = ?1",
            )?
            .query_row([opaque::hash(text)], |row| {
                Ok((share(row)?, Timestamp(row.get("token_expires_at")?)))
            })
            .optional()?;
        let (share, expires_at) = found.ok_or(Refusal::Unknown)?;
        share.refuse_dead(now)?;
        if expires_at <= now {
            return Err(Refusal::Expired.into());
        }
        Ok(Principal {
            account: share.account,
            credential: Credential::Share(share.id),
            scopes: Scopes::from([Scope::StatsRead]),
        })
    }
}

impl Acting<'_> {
    /// Makes a share; its name is needed. `secret` and `salt` are random.
    pub fn create_share(
        &self,
        account: AccountId,
        draft: &ShareChange,
        secret: [u8; 32],
        salt: [u8; 32],
    ) -> Result<CreatedShare, Error> {
        let now = self.now;
        refuse(draft.faults(true, now))?;
        let name = draft.name.as_deref().unwrap_or_default().trim();
        let password = self.hashed(&draft.password, salt)?.flatten();
        let expires_at = draft.expires_at.flatten();
        self.change_in(account, Right::ManageAccess, |change| {
            unless_too_many(
                change.transaction,
                "SELECT count(*) FROM shares WHERE account = ?1 AND revoked_at IS NULL
                     AND (expires_at IS NULL OR expires_at > ?2)",
                (account.0, now.0),
                KIND,
                MOST,
            )?;
            // Of shares that open nothing any more the latest are remembered.
            change.transaction.execute(
                "DELETE FROM shares WHERE id IN (
                     SELECT id FROM shares
                     WHERE account = ?1 AND (revoked_at IS NOT NULL OR expires_at <= ?2)
                     ORDER BY id DESC LIMIT -1 OFFSET ?3)",
                (account.0, now.0, MOST),
            )?;
            let text = opaque::text(KEY_PREFIX, secret);
            change.transaction.execute(
                "INSERT INTO shares (account, name, hash, password, created_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (
                    account.0,
                    name,
                    opaque::hash(&text),
                    password,
                    now.0,
                    expires_at.map(|expiry| expiry.0),
                ),
            )?;
            let share = find(
                change.transaction,
                account,
                change.transaction.last_insert_rowid(),
            )?;
            let detail = told(&share.fields());
            change.note(
                Some(account),
                Action::ShareCreated,
                &subject(share.id),
                &detail,
            )?;
            Ok(CreatedShare { share, text })
        })
    }

    /// Changes what the change names. A new password ends what was opened by the one before.
    /// `salt` is random.
    pub fn update_share(
        &self,
        account: AccountId,
        id: i64,
        wanted: &ShareChange,
        salt: [u8; 32],
    ) -> Result<Share, Error> {
        refuse(wanted.faults(false, self.now))?;
        let password = self.hashed(&wanted.password, salt)?;
        self.change_in(account, Right::ManageAccess, |change| {
            let before = find(change.transaction, account, id)?;
            let name = wanted.name.as_deref().unwrap_or(&before.name).trim();
            let expires_at = wanted.expires_at.unwrap_or(before.expires_at);
            change.transaction.execute(
                "UPDATE shares SET name = ?2, expires_at = ?3 WHERE id = ?1",
                (id, name, expires_at.map(|expiry| expiry.0)),
            )?;
            if let Some(password) = &password {
                change.transaction.execute(
                    "UPDATE shares SET password = ?2, failures = 0 WHERE id = ?1",
                    (id, password),
                )?;
                change
                    .transaction
                    .execute("DELETE FROM share_tokens WHERE share = ?1", [id])?;
            }
            let share = find(change.transaction, account, id)?;
            let mut detail = changes(&before.fields(), &share.fields());
            if let Some(Some(_)) = password {
                detail.push_str(if detail.is_empty() { "" } else { "; " });
                detail.push_str("another password");
            }
            change.note(Some(account), Action::ShareChanged, &subject(id), &detail)?;
            Ok(share)
        })
    }

    /// From now on the share opens nothing, and what was opened with it is shut. Revoking again
    /// changes nothing.
    pub fn revoke_share(&self, account: AccountId, id: i64) -> Result<Share, Error> {
        self.change_in(account, Right::ManageAccess, |change| {
            let share = find(change.transaction, account, id)?;
            if share.revoked_at.is_some() {
                return Ok(share);
            }
            change.transaction.execute(
                "UPDATE shares SET revoked_at = ?2 WHERE id = ?1",
                (id, change.now.0),
            )?;
            change
                .transaction
                .execute("DELETE FROM share_tokens WHERE share = ?1", [id])?;
            let detail = told(&[("name", share.name)]);
            change.note(Some(account), Action::ShareRevoked, &subject(id), &detail)?;
            find(change.transaction, account, id)
        })
    }

    fn hashed(
        &self,
        password: &Option<Option<String>>,
        salt: [u8; 32],
    ) -> Result<Option<Option<String>>, Error> {
        match password {
            None => Ok(None),
            Some(None) => Ok(Some(None)),
            Some(Some(password)) => Ok(Some(Some(self.accounts.hashing.hash(password, salt)?))),
        }
    }
}

impl Share {
    fn refuse_dead(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.revoked_at.is_some() {
            return Err(Refusal::Revoked);
        }
        if self.expires_at.is_some_and(|expiry| expiry <= now) {
            return Err(Refusal::Expired);
        }
        Ok(())
    }

    /// What the audit log tells of it.
    fn fields(&self) -> [(&'static str, String); 3] {
        let readable = |expiry: Timestamp| jiff::Timestamp::from_millisecond(expiry.0).ok();
        let expiry = self.expires_at.and_then(readable).map(|at| at.to_string());
        let has_password = if self.has_password { "yes" } else { "no" };
        [
            ("name", self.name.clone()),
            ("password", has_password.to_owned()),
            ("expires_at", expiry.unwrap_or_else(|| "never".to_owned())),
        ]
    }
}

struct Kept {
    share: Share,
    password: Option<String>,
}

/// The share of a key's hash, if it opens something.
fn alive(connection: &Connection, hash: [u8; 32], now: Timestamp) -> Result<Kept, Error> {
    let found = connection
        .prepare_cached("SELECT * FROM shares WHERE hash = ?1")?
        .query_row([hash], |row| {
            Ok(Kept {
                share: share(row)?,
                password: row.get("password")?,
            })
        })
        .optional()?;
    let kept = found.ok_or(Refusal::Unknown)?;
    kept.share.refuse_dead(now)?;
    Ok(kept)
}

fn subject(id: i64) -> String {
    format!("share {id}")
}

fn find(connection: &Connection, account: AccountId, id: i64) -> Result<Share, Error> {
    connection
        .prepare_cached("SELECT * FROM shares WHERE account = ?1 AND id = ?2")?
        .query_row((account.0, id), share)
        .optional()?
        .ok_or(Error::NotFound { kind: KIND, id })
}

fn share(row: &Row<'_>) -> rusqlite::Result<Share> {
    let instant = |column: &str| {
        row.get::<_, Option<i64>>(column)
            .map(|at| at.map(Timestamp))
    };
    Ok(Share {
        id: row.get("id")?,
        account: AccountId(row.get("account")?),
        name: row.get("name")?,
        has_password: row.get_ref("password")? != rusqlite::types::ValueRef::Null,
        created_at: Timestamp(row.get("created_at")?),
        expires_at: instant("expires_at")?,
        revoked_at: instant("revoked_at")?,
        last_used: instant("last_used")?,
    })
}
