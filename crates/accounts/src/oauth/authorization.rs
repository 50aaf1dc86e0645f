//! From a person's yes to the first pair of tokens.

use afsa_model::{AccountId, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::grant;
use super::token::{self, TokenPair};
use super::{
    CODE_LIFE, Challenge, Client, ClientKind, IDLE_LIFE, PLUGIN_CODE_LIFE, RedirectAddress,
    TokenRefusal, client,
};
use crate::acting::{Acting, Actor, Change};
use crate::people::{Action, Right};
use crate::{Accounts, Error, Scopes, opaque};

const PREFIX: &str = "afsa_co_";
/// Grants of one client by one person in one account; with one more the oldest is revoked.
const MOST_GRANTS: u32 = 50;
/// Places of one account that are approved for one client.
const MOST_PLACES: u32 = 200;

/// What a person has said yes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Authorization {
    pub client: i64,
    pub account: AccountId,
    /// As the request named it.
    pub redirect: RedirectAddress,
    pub scopes: Scopes,
    pub challenge: Option<Challenge>,
}

/// What a client brings to get its tokens.
#[derive(Clone, Copy, Debug)]
pub struct CodeExchange<'a> {
    pub code: &'a str,
    /// The same text as in the request for authorisation.
    pub redirect: &'a str,
    pub verifier: Option<&'a str>,
}

impl Accounts {
    /// Whether a plug-in's codes for this account may be sent there.
    pub fn is_approved_place(
        &self,
        account: AccountId,
        client: i64,
        redirect: &RedirectAddress,
    ) -> Result<bool, Error> {
        is_approved(&self.read(), account, client, &redirect.place())
    }

    /// The person's role in the account as it bounds what he may grant: nothing where he has none.
    pub fn grantable(&self, account: AccountId, person: i64) -> Result<Scopes, Error> {
        Ok(self
            .role(account, person)?
            .map_or(Scopes::default(), |role| role.scopes()))
    }

    /// Turns a code into the first tokens of its grant. `random` is fresh.
    ///
    /// # Errors
    /// [`TokenRefusal::Grant`] for whatever is wrong with the code; see the rules of the module.
    pub fn exchange_code(
        &self,
        client: &Client,
        exchange: CodeExchange<'_>,
        random: [u8; 32],
        now: Timestamp,
    ) -> Result<TokenPair, Error> {
        let refused = |why| Err(TokenRefusal::Grant(why).into());
        let Some(hash) = opaque::hash_of_sent(PREFIX, exchange.code) else {
            return refused("the code is not known");
        };
        let acting = self.acting(Actor::System, now);
        // What the code's own client presents uses it up even if it is refused: that is written
        // before the refusal is told.
        let outcome = acting.change(|change| {
            let Some(issued) = find_code(change.transaction, hash, client.id)? else {
                return Ok(Err("the code is not known"));
            };
            if issued.used_at.is_some() {
                let detail = "its code came a second time";
                grant::revoke(change, issued.account, issued.grant, detail)?;
                return Ok(Err(
                    "the code was used before; everything that came of it is revoked",
                ));
            }
            change.transaction.execute(
                "UPDATE oauth_grants SET code_used_at = ?2 WHERE id = ?1",
                (issued.grant, now.0),
            )?;
            if let Err(why) = issued.check(&exchange, now) {
                grant::revoke(change, issued.account, issued.grant, why)?;
                return Ok(Err(why));
            }
            let Some(standing) = grant::standing(change.transaction, issued.grant, now)? else {
                return Ok(Err("the person may grant nothing in this account any more"));
            };
            change.transaction.execute(
                "UPDATE oauth_grants SET expires_at = ?2 WHERE id = ?1",
                (issued.grant, now.plus(IDLE_LIFE).0),
            )?;
            let scopes = standing.granted;
            Ok(Ok(token::issue(
                change,
                &standing,
                scopes,
                &random,
                exchange.code,
            )?))
        })?;
        outcome.map_err(|why| TokenRefusal::Grant(why).into())
    }
}

impl Acting<'_> {
    /// Lets an app into an account, and answers the code that its client exchanges for tokens. For
    /// a plug-in the place is approved by that, which takes the right to manage access.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] unless a person acts who is a member of the account and whose role
    /// allows some of the scopes; or whose client may not have people sent there.
    pub fn authorize(
        &self,
        authorization: &Authorization,
        code: [u8; 32],
    ) -> Result<String, Error> {
        let Actor::Person(person) = self.actor() else {
            return Err(Error::NotAllowed);
        };
        let account = authorization.account;
        self.change(|change| {
            let Some(role) = change.role(account)? else {
                return Err(Error::NotAllowed);
            };
            let client = client::find_any(change.transaction, authorization.client)?;
            let redirect = &authorization.redirect;
            let scopes = authorization
                .scopes
                .intersection(role.scopes())
                .intersection(client.scopes);
            let is_unproven = client.needs_pkce() && authorization.challenge.is_none();
            if client.redirect(redirect.as_str()).is_none() || scopes.is_empty() || is_unproven {
                return Err(Error::NotAllowed);
            }
            if client.kind == ClientKind::Plugin {
                approve(change, account, &client, &redirect.place())?;
            }
            grant::make_room(change, account, person, client.id, MOST_GRANTS)?;
            let text = opaque::text(PREFIX, code);
            let life = match client.kind {
                ClientKind::Plugin => PLUGIN_CODE_LIFE,
                _ => CODE_LIFE,
            };
            let expires_at = change.now.plus(life);
            change.transaction.execute(
                "INSERT INTO oauth_grants (client, account, person, scopes, place, created_at,
                     expires_at, code_hash, code_expires_at, redirect, challenge)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7, ?9, ?10)",
                (
                    client.id,
                    account.0,
                    person,
                    scopes.to_string(),
                    redirect.place(),
                    change.now.0,
                    expires_at.0,
                    opaque::hash(&text),
                    redirect.as_str(),
                    authorization.challenge.as_ref().map(Challenge::as_str),
                ),
            )?;
            let grant = change.transaction.last_insert_rowid();
            let detail = format!("{}: {scopes}; {}", client.name, redirect.place());
            change.note(
                Some(account),
                Action::AppConnected,
                &format!("app {grant}"),
                &detail,
            )?;
            Ok(text)
        })
    }
}

/// A code as it was issued.
struct Issued {
    grant: i64,
    account: AccountId,
    redirect: String,
    challenge: Option<String>,
    expires_at: Timestamp,
    used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl Issued {
    fn check(&self, exchange: &CodeExchange<'_>, now: Timestamp) -> Result<(), &'static str> {
        if self.revoked_at.is_some() {
            return Err("what the code stands for was revoked");
        }
        if self.expires_at <= now {
            return Err("the code has expired");
        }
        if self.redirect != exchange.redirect {
            return Err("redirect_uri is not the one that the code was asked for with");
        }
        let challenge = self.challenge.as_deref().and_then(Challenge::parse);
        match (challenge, exchange.verifier) {
            (None, None) => Ok(()),
            // Who takes the challenge out of a request must not get away with it (RFC 9700, 2.1.1).
            (None, Some(_)) => Err("the code was asked for without a code_challenge"),
            (Some(_), None) => Err("code_verifier is missing"),
            (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
            (Some(_), Some(_)) => Err("code_verifier does not meet the code_challenge"),
        }
    }
}

fn find_code(
    connection: &Connection,
    hash: [u8; 32],
    client: i64,
) -> Result<Option<Issued>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM oauth_grants WHERE code_hash = ?1 AND client = ?2")?;
    let found = statement.query_row((hash, client), |row| {
        Ok(Issued {
            grant: row.get("id")?,
            account: AccountId(row.get("account")?),
            redirect: row.get("redirect")?,
            challenge: row.get("challenge")?,
            expires_at: Timestamp(row.get("code_expires_at")?),
            used_at: row.get("code_used_at")?,
            revoked_at: row.get("revoked_at")?,
        })
    });
    Ok(found.optional()?)
}

fn is_approved(
    connection: &Connection,
    account: AccountId,
    client: i64,
    place: &str,
) -> Result<bool, Error> {
    let found = connection
        .prepare_cached(
            "SELECT 1 FROM oauth_places WHERE account = ?1 AND client = ?2 AND place = ?3",
        )?
        .query_row((account.0, client, place), |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

fn approve(
    change: &Change<'_>,
    account: AccountId,
    client: &Client,
    place: &str,
) -> Result<(), Error> {
    if is_approved(change.transaction, account, client.id, place)? {
        return Ok(());
    }
    change.require(account, Right::ManageAccess)?;
    crate::error::unless_too_many(
        change.transaction,
        "SELECT count(*) FROM oauth_places WHERE account = ?1 AND client = ?2",
        (account.0, client.id),
        "approved shop",
        MOST_PLACES,
    )?;
    change.transaction.execute(
        "INSERT INTO oauth_places (account, client, place, approved_at) VALUES (?1, ?2, ?3, ?4)",
        (account.0, client.id, place, change.now.0),
    )?;
    let subject = format!("client {}", client.id);
    change.note(Some(account), Action::ShopApproved, &subject, place)
}
