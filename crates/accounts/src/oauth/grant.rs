//! Grants: each is one time that a person let an app in, with all tokens that come of it.

use std::collections::HashMap;
use std::sync::PoisonError;

use afsa_model::{AccountId, DAY, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::{Client, GRACE, client};
use crate::acting::{Acting, Actor, Change};
use crate::people::{Action, Right, member};
use crate::{Accounts, Error, Scopes};

const KIND: &str = "connected app";
/// How long it is remembered of a grant that is over, so that its tokens are known for what they
/// are.
const REMEMBERED: i64 = 7 * DAY;

/// An app that a person let into an account.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    pub id: i64,
    /// Which it was let into.
    pub account: AccountId,
    /// The app's public id and name.
    pub client: String,
    pub client_name: String,
    pub person: i64,
    /// Of the person who let it in.
    pub email: String,
    /// What was granted; what it may do now may be less, see [`super`].
    pub scopes: Scopes,
    /// Origin and path that the code was sent to.
    pub place: String,
    pub created_at: Timestamp,
    pub last_used: Option<Timestamp>,
    /// When it ends unless it is used before.
    pub expires_at: Timestamp,
}

impl Accounts {
    /// The apps that are connected to the account, by when they were.
    pub fn grants(&self, account: AccountId, now: Timestamp) -> Result<Vec<Grant>, Error> {
        self.grants_where("account", i64::from(account.0), now)
    }

    /// The apps that the person let in, into whichever accounts, by when he did.
    pub fn grants_by(&self, person: i64, now: Timestamp) -> Result<Vec<Grant>, Error> {
        self.grants_where("person", person, now)
    }

    fn grants_where(
        &self,
        column: &'static str,
        is: i64,
        now: Timestamp,
    ) -> Result<Vec<Grant>, Error> {
        let connection = self.read();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT oauth_grants.*, public_id, oauth_clients.name AS client_name, email
             FROM oauth_grants
             JOIN oauth_clients ON oauth_clients.id = client
             JOIN persons ON persons.id = person
             WHERE oauth_grants.{column} = ?1 AND revoked_at IS NULL
                 AND code_used_at IS NOT NULL AND expires_at > ?2
             ORDER BY oauth_grants.id",
        ))?;
        let mut rows = statement.query((is, now.0))?;
        let mut grants = Vec::new();
        while let Some(row) = rows.next()? {
            let mut grant = grant(row)?;
            grant.last_used = grant.last_used.max(self.latest_grant_use(grant.id));
            grants.push(grant);
        }
        Ok(grants)
    }

    pub(super) fn note_grant_use(&self, grant: i64, now: Timestamp) {
        let mut uses = self
            .grant_uses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        uses.insert(grant, now);
    }

    fn latest_grant_use(&self, grant: i64) -> Option<Timestamp> {
        let uses = self
            .grant_uses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        uses.get(&grant).copied()
    }

    /// Forgets codes and grants that are long over. To be called now and then.
    pub fn forget_ended_grants(&self, now: Timestamp) -> Result<(), Error> {
        let oldest = now.plus(-REMEMBERED).0;
        self.write().execute(
            "DELETE FROM oauth_grants WHERE expires_at < ?1 OR revoked_at < ?1",
            [oldest],
        )?;
        Ok(())
    }
}

impl Acting<'_> {
    /// Ends what an app may do, with all its tokens. Who may not manage access may still end what
    /// he granted himself. Whoever may also withdraws his approval of a shop with the last plug-in
    /// that was connected there.
    pub fn revoke_grant(&self, account: AccountId, id: i64) -> Result<(), Error> {
        self.change(|change| {
            let found: Option<(i64, i64, String, String)> = change
                .transaction
                .prepare_cached(
                    "SELECT person, client, place, oauth_clients.name FROM oauth_grants
                     JOIN oauth_clients ON oauth_clients.id = client
                     WHERE oauth_grants.account = ?1 AND oauth_grants.id = ?2",
                )?
                .query_row((account.0, id), |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .optional()?;
            let may_manage = change.require(account, Right::ManageAccess);
            let is_own = |person| change.actor == Actor::Person(person);
            if !found.as_ref().is_some_and(|(person, ..)| is_own(*person)) {
                may_manage.as_ref().map_err(|_| Error::NotAllowed)?;
            }
            let Some((_, client, place, name)) = found else {
                return Err(Error::NotFound { kind: KIND, id });
            };
            revoke(change, account, id, &name)?;
            if may_manage.is_ok() && forget_place(change, account, client, &place)? {
                let subject = format!("client {client}");
                let detail = format!("{place} is approved no more");
                change.note(Some(account), Action::AppRevoked, &subject, &detail)?;
            }
            Ok(())
        })
    }
}

/// Whether the place was approved, and is no more, as no grant leads there any more.
fn forget_place(
    change: &Change<'_>,
    account: AccountId,
    client: i64,
    place: &str,
) -> Result<bool, Error> {
    let forgotten = change.transaction.execute(
        "DELETE FROM oauth_places WHERE account = ?1 AND client = ?2 AND place = ?3
             AND NOT EXISTS (
                 SELECT 1 FROM oauth_grants
                 WHERE account = ?1 AND client = ?2 AND place = ?3
                     AND revoked_at IS NULL AND expires_at > ?4)",
        (account.0, client, place, change.now.0),
    )?;
    Ok(forgotten > 0)
}

/// A grant that is good for something.
pub(super) struct Standing {
    pub id: i64,
    pub account: AccountId,
    pub person: i64,
    pub client: Client,
    /// The least of what was granted, what the client may have, and what the person's role allows.
    pub granted: Scopes,
}

/// The grant, unless it is over or the person is nothing in the account any more.
pub(super) fn standing(
    connection: &Connection,
    id: i64,
    now: Timestamp,
) -> Result<Option<Standing>, Error> {
    let found = connection
        .prepare_cached(
            "SELECT client, account, person, scopes FROM oauth_grants
             WHERE id = ?1 AND revoked_at IS NULL AND expires_at > ?2",
        )?
        .query_row((id, now.0), |row| {
            Ok((
                row.get::<_, i64>("client")?,
                AccountId(row.get("account")?),
                row.get::<_, i64>("person")?,
                row.get::<_, String>("scopes")?,
            ))
        })
        .optional()?;
    let Some((client, account, person, scopes)) = found else {
        return Ok(None);
    };
    let Some(role) = member::role_of(connection, account, person)? else {
        return Ok(None);
    };
    let client = client::find_any(connection, client)?;
    let granted = scopes_of(&scopes)?
        .intersection(client.scopes)
        .intersection(role.scopes());
    Ok(Some(Standing {
        id,
        account,
        person,
        client,
        granted,
    }))
}

/// Ends a grant with all its tokens, and tells why. One that was revoked before stays as it is.
pub(super) fn revoke(
    change: &Change<'_>,
    account: AccountId,
    id: i64,
    detail: &str,
) -> Result<(), Error> {
    let revoked = change.transaction.execute(
        "UPDATE oauth_grants SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
        (id, change.now.0),
    )?;
    // Nobody shall get the same successor again.
    change.transaction.execute(
        "UPDATE oauth_pairs SET seed = NULL WHERE grant_id = ?1 AND seed IS NOT NULL",
        [id],
    )?;
    if revoked > 0 {
        let subject = format!("app {id}");
        change.note(Some(account), Action::AppRevoked, &subject, detail)?;
    }
    Ok(())
}

/// Ends what a person has let in: in the account, or in every one. If he comes back, nothing that
/// he let in before comes with him.
pub(crate) fn revoke_of(
    change: &Change<'_>,
    person: i64,
    account: Option<AccountId>,
    detail: &str,
) -> Result<(), Error> {
    let grants: Vec<(i64, u32)> = change
        .transaction
        .prepare_cached(
            "SELECT id, account FROM oauth_grants
             WHERE person = ?1 AND account = coalesce(?2, account)
                 AND revoked_at IS NULL AND expires_at > ?3 ORDER BY id",
        )?
        .query_map(
            (person, account.map(|account| account.0), change.now.0),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .collect::<Result<_, _>>()?;
    for (id, account) in grants {
        revoke(change, AccountId(account), id, detail)?;
    }
    Ok(())
}

/// Revokes the oldest grants of the same client by the same person, until there is room for one.
pub(super) fn make_room(
    change: &Change<'_>,
    account: AccountId,
    person: i64,
    client: i64,
    most: u32,
) -> Result<(), Error> {
    let oldest: Vec<i64> = change
        .transaction
        .prepare_cached(
            "SELECT id FROM oauth_grants
             WHERE account = ?1 AND person = ?2 AND client = ?3
                 AND revoked_at IS NULL AND expires_at > ?4
             ORDER BY expires_at DESC, id DESC LIMIT -1 OFFSET ?5",
        )?
        .query_map((account.0, person, client, change.now.0, most - 1), |row| {
            row.get(0)
        })?
        .collect::<Result<_, _>>()?;
    for id in oldest {
        revoke(change, account, id, "newer ones took its place")?;
    }
    Ok(())
}

/// Writes when grants were last used.
pub(crate) fn write_uses(
    transaction: &Transaction<'_>,
    uses: &HashMap<i64, Timestamp>,
) -> Result<(), Error> {
    let mut statement = transaction.prepare_cached(
        "UPDATE oauth_grants SET last_used = max(coalesce(last_used, ?2), ?2) WHERE id = ?1",
    )?;
    for (grant, used) in uses {
        statement.execute((grant, used.0))?;
    }
    Ok(())
}

/// Erases the seeds of successors that may not be asked for again.
pub(crate) fn forget(connection: &Connection, now: Timestamp) -> Result<(), Error> {
    let oldest = now.plus(-GRACE).0;
    let is_there: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM oauth_pairs
                 WHERE seed IS NOT NULL AND replaced_at < ?1)",
        )?
        .query_row([oldest], |row| row.get(0))?;
    if is_there {
        connection.execute(
            "UPDATE oauth_pairs SET seed = NULL WHERE seed IS NOT NULL AND replaced_at < ?1",
            [oldest],
        )?;
    }
    Ok(())
}

pub(super) fn scopes_of(text: &str) -> Result<Scopes, Error> {
    text.parse()
        .map_err(|error| Error::Damaged(format!("a grant: {error}")))
}

fn grant(row: &Row<'_>) -> Result<Grant, Error> {
    Ok(Grant {
        id: row.get("id")?,
        account: AccountId(row.get("account")?),
        client: row.get("public_id")?,
        client_name: row.get("client_name")?,
        person: row.get("person")?,
        email: row.get("email")?,
        scopes: scopes_of(&row.get::<_, String>("scopes")?)?,
        place: row.get("place")?,
        created_at: Timestamp(row.get("created_at")?),
        last_used: row.get::<_, Option<i64>>("last_used")?.map(Timestamp),
        expires_at: Timestamp(row.get("expires_at")?),
    })
}
