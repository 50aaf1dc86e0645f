//! Access tokens and refresh tokens.

use afsa_model::{AccountId, DAY, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, OptionalExtension};
use sha2::Sha256;

use super::grant::{self, Standing, scopes_of};
use super::{ACCESS_LIFE, Client, ClientKind, GRACE, IDLE_LIFE, PLUGIN_SLACK, TokenRefusal};
use crate::acting::{Actor, Change};
use crate::{Accounts, Credential, Error, Principal, Refusal, Scopes, opaque};

pub(crate) const ACCESS_PREFIX: &str = "afsa_at_";
const REFRESH_PREFIX: &str = "afsa_rt_";
/// How long a replaced refresh token is known for one, so that its use revokes the grant.
const REPLACED_KEPT: i64 = 30 * DAY;
/// And how many of a grant, however often it is refreshed.
const MOST_PAIRS: u32 = 1_000;

/// What a client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPair {
    pub access: String,
    pub refresh: String,
    /// Of the access token.
    pub scopes: Scopes,
    pub expires_at: Timestamp,
    pub account: AccountId,
    pub grant: i64,
    pub client: i64,
}

/// Which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Access,
    Refresh,
}

/// A token that is good for something, as whoever may ask is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenState {
    pub kind: TokenKind,
    /// Public id of the client.
    pub client: String,
    pub account: AccountId,
    pub person: i64,
    pub scopes: Scopes,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Accounts {
    /// The grant that a refresh token is of, whatever has become of either.
    pub fn grant_of_refresh(&self, text: &str) -> Result<Option<i64>, Error> {
        let Some(hash) = opaque::hash_of_sent(REFRESH_PREFIX, text) else {
            return Ok(None);
        };
        let pair = find(&self.read(), BY_REFRESH, hash)?;
        Ok(pair.map(|pair| pair.grant))
    }

    /// Replaces a refresh token by the next pair, or answers the same again that replaced it less
    /// than [`GRACE`] ago. `scopes` may ask for fewer than were granted, for the access token
    /// alone. `seed` is random.
    pub fn refresh(
        &self,
        client: &Client,
        text: &str,
        scopes: Option<Scopes>,
        seed: [u8; 32],
        now: Timestamp,
    ) -> Result<TokenPair, Error> {
        let Some(hash) = opaque::hash_of_sent(REFRESH_PREFIX, text) else {
            return Err(UNKNOWN.into());
        };
        let outcome = self.acting(Actor::System, now).change(|change| {
            let Some(pair) = find(change.transaction, BY_REFRESH, hash)? else {
                return Ok(Err(UNKNOWN));
            };
            let Some(standing) = grant::standing(change.transaction, pair.grant, now)? else {
                return Ok(Err(UNKNOWN));
            };
            // Another client's token is nothing to this one, and no harm to that.
            if standing.client.id != client.id {
                return Ok(Err(UNKNOWN));
            }
            if let Some(replaced_at) = pair.replaced_at {
                return again(change, &standing, &pair, replaced_at, scopes, text);
            }
            let scopes = match scopes {
                Some(scopes) if standing.granted.includes(scopes) && !scopes.is_empty() => scopes,
                Some(_) => return Ok(Err(TokenRefusal::Scope)),
                None => standing.granted,
            };
            change.transaction.execute(
                "UPDATE oauth_pairs SET replaced_at = ?2, seed = ?3 WHERE id = ?1",
                (pair.id, now.0, seed),
            )?;
            change.transaction.execute(
                "UPDATE oauth_grants SET expires_at = ?2, last_used = ?3 WHERE id = ?1",
                (pair.grant, now.plus(IDLE_LIFE).0, now.0),
            )?;
            forget_old(change, pair.grant)?;
            Ok(Ok(issue(change, &standing, scopes, &seed, text)?))
        })?;
        Ok(outcome?)
    }

    /// Ends a token of the client: with a refresh token the whole grant, with an access token that
    /// alone. Whatever else is told changes nothing (RFC 7009).
    pub fn revoke_token(&self, client: &Client, text: &str, now: Timestamp) -> Result<(), Error> {
        let (by, hash) = match (hash_of_access(text), hash_of_refresh(text)) {
            (Some(hash), _) => (BY_ACCESS, hash),
            (_, Some(hash)) => (BY_REFRESH, hash),
            (None, None) => return Ok(()),
        };
        self.acting(Actor::System, now).change(|change| {
            let Some(pair) = find(change.transaction, by, hash)? else {
                return Ok(());
            };
            let Some(standing) = grant::standing(change.transaction, pair.grant, now)? else {
                return Ok(());
            };
            if standing.client.id != client.id {
                return Ok(());
            }
            if by == BY_ACCESS {
                change.transaction.execute(
                    "UPDATE oauth_pairs SET access_expires_at = 0 WHERE id = ?1",
                    [pair.id],
                )?;
            } else {
                grant::revoke(change, standing.account, pair.grant, "by the app itself")?;
            }
            Ok(())
        })
    }

    /// What a token is good for, if for anything.
    pub fn token_state(&self, text: &str, now: Timestamp) -> Result<Option<TokenState>, Error> {
        let (by, hash) = match (hash_of_access(text), hash_of_refresh(text)) {
            (Some(hash), _) => (BY_ACCESS, hash),
            (_, Some(hash)) => (BY_REFRESH, hash),
            (None, None) => return Ok(None),
        };
        let connection = self.read();
        let Some(pair) = find(&connection, by, hash)? else {
            return Ok(None);
        };
        let Some(standing) = grant::standing(&connection, pair.grant, now)? else {
            return Ok(None);
        };
        let (kind, scopes, expires_at) = if by == BY_ACCESS {
            if pair.access_ends(&standing.client) <= now {
                return Ok(None);
            }
            let scopes = pair.scopes.intersection(standing.granted);
            (TokenKind::Access, scopes, pair.access_expires_at)
        } else {
            if pair.replaced_at.is_some() {
                return Ok(None);
            }
            let ends = pair.issued_at.plus(IDLE_LIFE);
            (TokenKind::Refresh, standing.granted, ends)
        };
        Ok(Some(TokenState {
            kind,
            client: standing.client.public_id,
            account: standing.account,
            person: standing.person,
            scopes,
            issued_at: pair.issued_at,
            expires_at,
        }))
    }

    pub(crate) fn authenticate_token(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<Principal, Error> {
        let Some(hash) = hash_of_access(text) else {
            return Err(Refusal::Unknown.into());
        };
        let (pair, standing) = {
            let connection = self.read();
            let Some(pair) = find(&connection, BY_ACCESS, hash)? else {
                return Err(Refusal::Unknown.into());
            };
            let standing = grant::standing(&connection, pair.grant, now)?;
            (pair, standing)
        };
        let Some(standing) = standing else {
            return Err(Refusal::Revoked.into());
        };
        // The app can get another one, so it must not be told that all is lost.
        if pair.access_ends(&standing.client) <= now {
            return Err(Refusal::TokenExpired.into());
        }
        self.note_grant_use(standing.id, now);
        Ok(Principal {
            account: standing.account,
            credential: Credential::Token {
                grant: standing.id,
                client: standing.client.id,
            },
            scopes: pair.scopes.intersection(standing.granted),
        })
    }
}

const UNKNOWN: TokenRefusal =
    TokenRefusal::Grant("the refresh token is not known, or has expired, or was revoked");
const BY_ACCESS: &str = "SELECT * FROM oauth_pairs WHERE access_hash = ?1";
const BY_REFRESH: &str = "SELECT * FROM oauth_pairs WHERE refresh_hash = ?1";

/// Issues the pair that follows on `parent`: a code, or the refresh token before.
pub(super) fn issue(
    change: &Change<'_>,
    standing: &Standing,
    scopes: Scopes,
    seed: &[u8; 32],
    parent: &str,
) -> Result<TokenPair, Error> {
    let access = descendant(ACCESS_PREFIX, seed, parent);
    let refresh = descendant(REFRESH_PREFIX, seed, parent);
    let expires_at = change.now.plus(ACCESS_LIFE);
    change.transaction.execute(
        "INSERT INTO oauth_pairs (grant_id, access_hash, refresh_hash, scopes, issued_at,
             access_expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            standing.id,
            opaque::hash(&access),
            opaque::hash(&refresh),
            scopes.to_string(),
            change.now.0,
            expires_at.0,
        ),
    )?;
    Ok(TokenPair {
        access,
        refresh,
        scopes,
        expires_at,
        account: standing.account,
        grant: standing.id,
        client: standing.client.id,
    })
}

/// The pair that replaced this one, or the end of the grant if that was too long ago.
fn again(
    change: &Change<'_>,
    standing: &Standing,
    pair: &Pair,
    replaced_at: Timestamp,
    scopes: Option<Scopes>,
    text: &str,
) -> Result<Result<TokenPair, TokenRefusal>, Error> {
    let seed = pair.seed.filter(|_| change.now.0 - replaced_at.0 <= GRACE);
    let Some(seed) = seed else {
        let detail = "a refresh token came again that was replaced";
        grant::revoke(change, standing.account, standing.id, detail)?;
        return Ok(Err(TokenRefusal::Grant(
            "the refresh token was used before; everything that was granted with it is revoked",
        )));
    };
    let access = descendant(ACCESS_PREFIX, &seed, text);
    let Some(successor) = find(change.transaction, BY_ACCESS, opaque::hash(&access))? else {
        return Err(Error::Damaged("the successor of a token is gone".into()));
    };
    if scopes.is_some_and(|scopes| scopes != successor.scopes) {
        return Ok(Err(TokenRefusal::Scope));
    }
    Ok(Ok(TokenPair {
        access,
        refresh: descendant(REFRESH_PREFIX, &seed, text),
        scopes: successor.scopes,
        expires_at: successor.access_expires_at,
        account: standing.account,
        grant: standing.id,
        client: standing.client.id,
    }))
}

/// The text of a token that follows on another's: whoever has the one and the seed can make it
/// again, and nobody else.
fn descendant(prefix: &str, seed: &[u8; 32], parent: &str) -> String {
    // A key shorter than a block is filled up with zeros.
    let mut key = [0; 64];
    key[..32].copy_from_slice(seed);
    let mut mac = Hmac::<Sha256>::new(&key.into());
    mac.update(prefix.as_bytes());
    mac.update(parent.as_bytes());
    opaque::text(prefix, mac.finalize().into_bytes().into())
}

fn forget_old(change: &Change<'_>, grant: i64) -> Result<(), Error> {
    change.transaction.execute(
        "DELETE FROM oauth_pairs WHERE grant_id = ?1 AND replaced_at < ?2",
        (grant, change.now.plus(-REPLACED_KEPT).0),
    )?;
    change.transaction.execute(
        "DELETE FROM oauth_pairs WHERE id IN (
             SELECT id FROM oauth_pairs WHERE grant_id = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)",
        (grant, MOST_PAIRS),
    )?;
    Ok(())
}

struct Pair {
    id: i64,
    grant: i64,
    scopes: Scopes,
    issued_at: Timestamp,
    access_expires_at: Timestamp,
    replaced_at: Option<Timestamp>,
    seed: Option<[u8; 32]>,
}

impl Pair {
    /// When the access token is taken no more.
    fn access_ends(&self, client: &Client) -> Timestamp {
        match client.kind {
            ClientKind::Plugin => self.access_expires_at.plus(PLUGIN_SLACK),
            _ => self.access_expires_at,
        }
    }
}

fn find(connection: &Connection, by: &str, hash: [u8; 32]) -> Result<Option<Pair>, Error> {
    let found = connection
        .prepare_cached(by)?
        .query_row([hash], |row| {
            let pair = Pair {
                id: row.get("id")?,
                grant: row.get("grant_id")?,
                scopes: Scopes::default(),
                issued_at: Timestamp(row.get("issued_at")?),
                access_expires_at: Timestamp(row.get("access_expires_at")?),
                replaced_at: row.get::<_, Option<i64>>("replaced_at")?.map(Timestamp),
                seed: row.get("seed")?,
            };
            Ok((pair, row.get::<_, String>("scopes")?))
        })
        .optional()?;
    let Some((pair, scopes)) = found else {
        return Ok(None);
    };
    let scopes = scopes_of(&scopes)?;
    Ok(Some(Pair { scopes, ..pair }))
}

fn hash_of_access(text: &str) -> Option<[u8; 32]> {
    opaque::hash_of_sent(ACCESS_PREFIX, text)
}

fn hash_of_refresh(text: &str) -> Option<[u8; 32]> {
    opaque::hash_of_sent(REFRESH_PREFIX, text)
}
