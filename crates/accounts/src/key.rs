//! API keys: who holds one may act for its account.

use std::collections::HashMap;
use std::sync::PoisonError;

use afsa_model::{AccountId, Timestamp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use crate::change::Faults;
use crate::error::unless_too_many;
use crate::people::audit::{changes, told};
use crate::people::{Action, Right};
use crate::principal::hash;
use crate::{Accounts, Acting, Credential, Error, FieldFault, Principal, Refusal, Scope, Scopes};

/// Characters of a key's name.
const NAME_LENGTH: usize = 200;
/// Keys of an account that open something, and as many that no longer do.
const MOST: u32 = 1_000;

/// What is kept of a key: never its text.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    pub id: i64,
    pub account: AccountId,
    pub name: String,
    pub scopes: Scopes,
    pub created_at: Timestamp,
    /// `None`: never.
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub last_used: Option<Timestamp>,
}

/// What a new key shall be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewKey {
    pub name: String,
    pub scopes: Scopes,
    pub expires_at: Option<Timestamp>,
}

/// A key with its text, which is known only now.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatedKey {
    pub key: ApiKey,
    /// `<account number>-<secret>`.
    pub text: String,
}

impl NewKey {
    /// What is wrong with it, were it made now.
    pub fn faults(&self, now: Timestamp) -> Vec<FieldFault> {
        let mut faults = Faults::default();
        faults.check_text("name", &self.name, NAME_LENGTH);
        if self.scopes.is_empty() {
            let known = Scope::ALL.map(Scope::name).join(", ");
            let detail = format!("must name at least one of {known}");
            faults.add("scopes", "missing", detail);
        }
        if self.expires_at.is_some_and(|expiry| expiry <= now) {
            faults.add("expires_at", "out_of_range", "must lie in the future");
        }
        faults.0
    }
}

impl Accounts {
    /// The account's keys, also those that open nothing any more, by age.
    pub fn keys(&self, account: AccountId) -> Result<Vec<ApiKey>, Error> {
        let connection = self.read();
        let mut statement =
            connection.prepare_cached("SELECT * FROM keys WHERE account = ?1 ORDER BY id")?;
        let mut rows = statement.query([account.0])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            keys.push(self.with_latest_use(key(row)?));
        }
        Ok(keys)
    }

    pub fn key(&self, account: AccountId, id: i64) -> Result<ApiKey, Error> {
        Ok(self.with_latest_use(find(&self.read(), account, id)?))
    }

    pub(crate) fn authenticate_key(&self, text: &str, now: Timestamp) -> Result<Principal, Error> {
        let found = {
            let connection = self.read();
            let mut statement = connection.prepare_cached("SELECT * FROM keys WHERE hash = ?1")?;
            statement
                .query_row([hash(text)], |row| Ok(key(row)))
                .optional()?
        };
        let key = found.unwrap_or(Err(Refusal::Unknown.into()))?;
        if key.revoked_at.is_some() {
            return Err(Refusal::Revoked.into());
        }
        if key.expires_at.is_some_and(|expiry| expiry <= now) {
            return Err(Refusal::Expired.into());
        }
        self.uses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.id, now);
        Ok(Principal {
            account: key.account,
            credential: Credential::Key(key.id),
            scopes: key.scopes,
        })
    }

    fn with_latest_use(&self, mut key: ApiKey) -> ApiKey {
        let uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        key.last_used = key.last_used.max(uses.get(&key.id).copied());
        key
    }
}

impl Acting<'_> {
    /// Makes a key of 32 random bytes.
    pub fn create_key(
        &self,
        account: AccountId,
        new: &NewKey,
        secret: [u8; 32],
    ) -> Result<CreatedKey, Error> {
        let now = self.now;
        let faults = new.faults(now);
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let text = format!("{}-{}", account.0, URL_SAFE_NO_PAD.encode(secret));
        let name = new.name.trim().to_owned();
        self.change_in(account, Right::ManageAccess, |change| {
            unless_too_many(
                change.transaction,
                "SELECT count(*) FROM keys WHERE account = ?1 AND revoked_at IS NULL
                     AND (expires_at IS NULL OR expires_at > ?2)",
                (account.0, now.0),
                "key",
                MOST,
            )?;
            // Of keys that open nothing any more the latest are remembered.
            change.transaction.execute(
                "DELETE FROM keys WHERE id IN (
                     SELECT id FROM keys
                     WHERE account = ?1 AND (revoked_at IS NOT NULL OR expires_at <= ?2)
                     ORDER BY id DESC LIMIT -1 OFFSET ?3)",
                (account.0, now.0, MOST),
            )?;
            change.transaction.execute(
                "INSERT INTO keys (account, name, hash, scopes, created_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (
                    account.0,
                    &name,
                    hash(&text),
                    new.scopes.to_string(),
                    now.0,
                    new.expires_at.map(|expiry| expiry.0),
                ),
            )?;
            let id = change.transaction.last_insert_rowid();
            let fields = [("name", name.clone()), ("scopes", new.scopes.to_string())];
            change.note(
                Some(account),
                Action::KeyCreated,
                &subject(id),
                &told(&fields),
            )?;
            let key = ApiKey {
                id,
                account,
                name,
                scopes: new.scopes,
                created_at: now,
                expires_at: new.expires_at,
                revoked_at: None,
                last_used: None,
            };
            Ok(CreatedKey { key, text })
        })
    }

    /// Gives the key another name.
    pub fn rename_key(&self, account: AccountId, id: i64, name: &str) -> Result<ApiKey, Error> {
        let mut faults = Faults::default();
        faults.check_text("name", name, NAME_LENGTH);
        if !faults.0.is_empty() {
            return Err(Error::Invalid(faults.0));
        }
        let renamed = self.change_in(account, Right::ManageAccess, |change| {
            let before = find(change.transaction, account, id)?;
            change.transaction.execute(
                "UPDATE keys SET name = ?3 WHERE account = ?1 AND id = ?2",
                (account.0, id, name.trim()),
            )?;
            let renamed = find(change.transaction, account, id)?;
            let detail = changes(&[("name", before.name)], &[("name", renamed.name.clone())]);
            change.note(Some(account), Action::KeyRenamed, &subject(id), &detail)?;
            Ok(renamed)
        })?;
        Ok(self.accounts.with_latest_use(renamed))
    }

    /// From now on the key opens nothing. Revoking again changes nothing.
    pub fn revoke_key(&self, account: AccountId, id: i64) -> Result<ApiKey, Error> {
        let revoked = self.change_in(account, Right::ManageAccess, |change| {
            let key = find(change.transaction, account, id)?;
            if key.revoked_at.is_some() {
                return Ok(key);
            }
            change.transaction.execute(
                "UPDATE keys SET revoked_at = ?3 WHERE account = ?1 AND id = ?2",
                (account.0, id, change.now.0),
            )?;
            let detail = told(&[("name", key.name)]);
            change.note(Some(account), Action::KeyRevoked, &subject(id), &detail)?;
            find(change.transaction, account, id)
        })?;
        Ok(self.accounts.with_latest_use(revoked))
    }
}

fn subject(id: i64) -> String {
    format!("key {id}")
}

fn find(connection: &Connection, account: AccountId, id: i64) -> Result<ApiKey, Error> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM keys WHERE account = ?1 AND id = ?2")?;
    let found = statement
        .query_row((account.0, id), |row| Ok(key(row)))
        .optional()?;
    found.unwrap_or(Err(Error::NotFound { kind: "key", id }))
}

/// Writes when keys were last used.
pub(crate) fn write_uses(
    transaction: &Transaction<'_>,
    uses: &HashMap<i64, Timestamp>,
) -> Result<(), Error> {
    let mut statement = transaction.prepare_cached(
        "UPDATE keys SET last_used = max(coalesce(last_used, ?2), ?2) WHERE id = ?1",
    )?;
    for (key, used) in uses {
        statement.execute((key, used.0))?;
    }
    Ok(())
}

fn key(row: &Row<'_>) -> Result<ApiKey, Error> {
    let scopes: String = row.get("scopes")?;
    let instant = |column: &str| {
        row.get::<_, Option<i64>>(column)
            .map(|at| at.map(Timestamp))
    };
    Ok(ApiKey {
        id: row.get("id")?,
        account: AccountId(row.get("account")?),
        name: row.get("name")?,
        scopes: scopes
            .parse()
            .map_err(|error| Error::Damaged(format!("a key: {error}")))?,
        created_at: Timestamp(row.get("created_at")?),
        expires_at: instant("expires_at")?,
        revoked_at: instant("revoked_at")?,
        last_used: instant("last_used")?,
    })
}
