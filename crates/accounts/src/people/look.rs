//! Looks: what a page hands to the browser of whoever is signed in, so that it can ask for figures.

use afsa_model::{AccountId, HOUR, Timestamp};
use rusqlite::OptionalExtension;

use super::member::role_of;
use super::session::Session;
use crate::acting::Actor;
use crate::{Accounts, Credential, Error, Principal, Refusal, Scope, Scopes, opaque};

pub(crate) const TOKEN_PREFIX: &str = "afsa_lo_";
const LIFETIME: i64 = HOUR;
/// Looks of a session at a time; with one more the one that ends first is over.
const MOST: u32 = 100;

/// A short-lived credential that reads the figures of one account, for a person who may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// `afsa_lo_…`.
    pub token: String,
    pub expires_at: Timestamp,
}

impl Accounts {
    /// Lets the browser of a session ask for an account's figures for an hour, as long as the
    /// session lasts and the person is something there. `random` is random.
    pub fn look(
        &self,
        session: &Session,
        account: AccountId,
        now: Timestamp,
        random: [u8; 32],
    ) -> Result<Look, Error> {
        let person = session.person;
        self.acting(Actor::Person(person), now).change(|change| {
            if session.awaits_second_factor || change.role(account)?.is_none() {
                return Err(Error::NotAllowed);
            }
            change
                .transaction
                .execute("DELETE FROM looks WHERE expires_at <= ?1", [now.0])?;
            change.transaction.execute(
                "DELETE FROM looks WHERE hash IN (
                     SELECT hash FROM looks WHERE session = ?1
                     ORDER BY expires_at DESC LIMIT -1 OFFSET ?2)",
                (session.id, MOST - 1),
            )?;
            let token = opaque::text(TOKEN_PREFIX, random);
            let expires_at = now.plus(LIFETIME);
            // Nothing is written for a session that has ended meanwhile.
            let written = change.transaction.execute(
                "INSERT INTO looks (hash, session, account, expires_at)
                 SELECT ?1, id, ?3, ?4 FROM sessions WHERE id = ?2",
                (opaque::hash(&token), session.id, account.0, expires_at.0),
            )?;
            if written == 0 {
                return Err(Refusal::Expired.into());
            }
            Ok(Look { token, expires_at })
        })
    }

    /// Whose look this is.
    pub(crate) fn authenticate_look(&self, text: &str, now: Timestamp) -> Result<Principal, Error> {
        let connection = self.read();
        let found = connection
            .prepare_cached(
                "SELECT sessions.id, person, account, expires_at
                 FROM looks JOIN sessions ON sessions.id = session WHERE looks.hash = ?1",
            )?
            .query_row([opaque::hash(text)], |row| {
                let ends = Timestamp(row.get(3)?);
                Ok((row.get(0)?, row.get(1)?, AccountId(row.get(2)?), ends))
            })
            .optional()?;
        let (session, person, account, expires_at) = found.ok_or(Refusal::Unknown)?;
        if expires_at <= now {
            return Err(Refusal::Expired.into());
        }
        // He may have been disabled, or taken out of the account, since.
        if role_of(&connection, account, person)?.is_none() {
            return Err(Refusal::Revoked.into());
        }
        Ok(Principal {
            account,
            credential: Credential::Look { person, session },
            scopes: Scopes::from([Scope::StatsRead]),
        })
    }
}
