//! Why there is no page, or not the one that was asked for.

use afsa_accounts::{Error, FieldFault};
use axum::http::StatusCode;

/// What ends a page early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is nothing here, or nothing for this person: which, isn't told.
    NotFound,
    /// The person may see that it is there, but not do this.
    Forbidden,
    /// The form came from another site's page, or from one that is too old.
    Forged,
    /// A link that was used, has expired or never was.
    DeadLink,
    /// The body is no form, or too large.
    Unreadable,
    /// Too often; the next try is taken after so many seconds.
    TooMany {
        seconds: u64,
    },
    /// Too many passwords are being checked.
    Busy,
    /// The form has to be shown again with these.
    Invalid(Vec<FieldFault>),
    /// What else the accounts refuse, as a message.
    Refused(&'static str),
    Internal(String),
}

impl Failure {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Failure::NotFound => StatusCode::NOT_FOUND,
            Failure::Forbidden | Failure::Forged => StatusCode::FORBIDDEN,
            Failure::DeadLink => StatusCode::GONE,
            Failure::Unreadable => StatusCode::BAD_REQUEST,
            Failure::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Failure::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Failure::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Failure::Refused(_) => StatusCode::CONFLICT,
            Failure::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The messages of its page: `error.<this>.title` and `error.<this>.text`.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Failure::NotFound => "not_found",
            Failure::Forbidden => "forbidden",
            Failure::Forged => "forged",
            Failure::DeadLink => "dead_link",
            Failure::Unreadable | Failure::Invalid(_) => "unreadable",
            Failure::TooMany { .. } => "too_many",
            Failure::Busy => "busy",
            Failure::Refused(_) => "refused",
            Failure::Internal(_) => "internal",
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Invalid(faults) => Failure::Invalid(faults),
            Error::NoSuchAccount(_) | Error::NotFound { .. } => Failure::NotFound,
            Error::NotAllowed | Error::NotSetUp => Failure::Forbidden,
            Error::NameTaken { .. } => Failure::Refused("refused.name_taken"),
            Error::TooMany { .. } => Failure::Refused("refused.too_many"),
            Error::LastOwner(_) => Failure::Refused("refused.last_owner"),
            Error::Refused(_) | Error::Token(_) => Failure::DeadLink,
            Error::Busy => Failure::Busy,
            Error::TooNew { .. } | Error::Damaged(_) | Error::Database(_) => {
                Failure::Internal(error.to_string())
            }
        }
    }
}
