//! Who acts: the texts that open an account, told apart by how they begin.

use std::fmt;

use afsa_model::{AccountId, Timestamp};
use sha2::{Digest, Sha256};

use crate::oauth::ACCESS_PREFIX;
use crate::people::{look, share};
use crate::{Accounts, Error, Refusal, Scopes};

/// No text longer than this can be a credential, so none is hashed.
const TEXT_LENGTH: usize = 200;

/// Who acts: one account and what may be done in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Principal {
    pub account: AccountId,
    pub credential: Credential,
    pub scopes: Scopes,
}

/// What was shown, by the id that it is kept under. A credential is always of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// An API key.
    Key(i64),
    /// An access token of an app that a person let in.
    Token { grant: i64, client: i64 },
    /// A link that shows the account to whoever has it.
    Share(i64),
    /// What a page shows figures with to whoever is signed in.
    Look { person: i64, session: i64 },
}

impl fmt::Display for Credential {
    /// As logs name it: the kind and the ids.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credential::Key(id) => write!(formatter, "key {id}"),
            Credential::Token { grant, client } => {
                write!(formatter, "grant {grant} of client {client}")
            }
            Credential::Share(id) => write!(formatter, "share {id}"),
            Credential::Look { person, session } => {
                write!(formatter, "session {session} of person {person}")
            }
        }
    }
}

impl Accounts {
    /// Whose credential this is. Tables are searched for the text's hash, so how long it takes
    /// tells nothing of what is in them.
    pub fn authenticate(&self, text: &str, now: Timestamp) -> Result<Principal, Error> {
        if text.len() > TEXT_LENGTH {
            return Err(Refusal::Unknown.into());
        }
        if text.starts_with(share::TOKEN_PREFIX) {
            return self.authenticate_share(text, now);
        }
        if text.starts_with(look::TOKEN_PREFIX) {
            return self.authenticate_look(text, now);
        }
        if text.starts_with(ACCESS_PREFIX) {
            return self.authenticate_token(text, now);
        }
        self.authenticate_key(text, now)
    }
}

/// What is kept of a secret text. It is random, so nothing slower is needed to keep it from being
/// guessed.
pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
