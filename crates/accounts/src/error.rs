//! What can go wrong.

use afsa_model::AccountId;

/// Why something could not be done with the accounts.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Every fault of the fields given, never an empty list.
    #[error("{} field(s) cannot be accepted", .0.len())]
    Invalid(Vec<FieldFault>),
    #[error("no account {0}")]
    NoSuchAccount(AccountId),
    /// There is no such thing in this account.
    #[error("no {kind} {id}")]
    NotFound { kind: &'static str, id: i64 },
    /// The account has something of this kind and name already.
    #[error("a {kind} named {name:?} exists already")]
    NameTaken { kind: &'static str, name: String },
    /// The account has as many things of this kind as it may.
    #[error("an account may have at most {most} {kind}s")]
    TooMany { kind: &'static str, most: u32 },
    /// A key, a token, a session or a link that opens nothing.
    #[error("the credential was refused: {0}")]
    Refused(#[from] Refusal),
    /// An app gets no token.
    #[error("the app was refused: {0}")]
    Token(#[from] crate::oauth::TokenRefusal),
    /// Whoever acts may not do this: by his role, or because it is somebody else's.
    #[error("this may not be done by whoever acts")]
    NotAllowed,
    #[error("account {0} would be left without an owner")]
    LastOwner(AccountId),
    /// Nobody can sign up before the installation has its operator.
    #[error("the installation has no operator yet")]
    NotSetUp,
    /// Too many passwords are being checked; the same may be tried again.
    #[error("too many passwords are being checked at once")]
    Busy,
    /// The file was written by a newer version of this program.
    #[error("the accounts are of version {found}, this program knows {known}")]
    TooNew { found: usize, known: usize },
    /// What a column holds could not have been written by this program.
    #[error("damaged accounts: {0}")]
    Damaged(String),
    #[error("the accounts cannot be reached: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Why a credential opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("unknown")]
    Unknown,
    #[error("expired")]
    Expired,
    /// An access token whose app can get another one.
    #[error("an access token that has expired")]
    TokenExpired,
    #[error("revoked")]
    Revoked,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// The field's path as the program's interfaces name it: `name`, `settings.internal_hosts`.
    pub field: &'static str,
    /// A fixed word: `missing`, `too_short`, `too_long`, `malformed`, `unknown_value`, `out_of_range`,
    /// `contradiction`.
    pub error: &'static str,
    /// A sentence that says what would be accepted.
    pub detail: String,
}

/// Counts what an account has of a kind before one more is made.
pub(crate) fn unless_too_many(
    connection: &rusqlite::Connection,
    count: &str,
    parameters: impl rusqlite::Params,
    kind: &'static str,
    most: u32,
) -> Result<(), Error> {
    let there: i64 = connection
        .prepare_cached(count)?
        .query_row(parameters, |row| row.get(0))?;
    if there < i64::from(most) {
        Ok(())
    } else {
        Err(Error::TooMany { kind, most })
    }
}

/// Tells a name that is in use from other failures of a write.
pub(crate) fn unless_taken(
    written: rusqlite::Result<usize>,
    kind: &'static str,
    name: &str,
) -> Result<(), Error> {
    match written {
        Ok(_) => Ok(()),
        Err(rusqlite::Error::SqliteFailure(failure, _))
            if matches!(
                failure.extended_code,
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                    | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            ) =>
        {
            Err(Error::NameTaken {
                kind,
                name: name.to_owned(),
            })
        }
        Err(error) => Err(error.into()),
    }
}
