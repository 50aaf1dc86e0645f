//! What goes wrong, as RFC 9457 problems: one closed table of words and statuses.

use afsa_accounts::Scope;
use afsa_store::StoreError;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

/// The fixed word of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    InvalidRequest,
    AccessDenied,
    InvalidToken,
    Forbidden,
    InsufficientScope,
    NotFound,
    MethodNotAllowed,
    Conflict,
    PayloadTooLarge,
    UnsupportedMediaType,
    Unprocessable,
    RateLimited,
    Internal,
    Overloaded,
}

impl Word {
    pub(crate) const ALL: [Word; 14] = [
        Word::InvalidRequest,
        Word::AccessDenied,
        Word::InvalidToken,
        Word::Forbidden,
        Word::InsufficientScope,
        Word::NotFound,
        Word::MethodNotAllowed,
        Word::Conflict,
        Word::PayloadTooLarge,
        Word::UnsupportedMediaType,
        Word::Unprocessable,
        Word::RateLimited,
        Word::Internal,
        Word::Overloaded,
    ];

    pub(crate) fn text(self) -> &'static str {
        self.row().0
    }

    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn title(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Word::InvalidRequest => ("invalid_request", 400, "The request is not valid"),
            Word::AccessDenied => ("access_denied", 401, "No valid credential"),
            Word::InvalidToken => ("invalid_token", 401, "The access token has expired"),
            Word::Forbidden => ("forbidden", 403, "Not allowed for this credential"),
            Word::InsufficientScope => ("insufficient_scope", 403, "The credential lacks a scope"),
            Word::NotFound => ("not_found", 404, "There is no such thing"),
            Word::MethodNotAllowed => ("method_not_allowed", 405, "The method is not allowed here"),
            Word::Conflict => ("conflict", 409, "In conflict with what is there"),
            Word::PayloadTooLarge => ("payload_too_large", 413, "The body is too large"),
            Word::UnsupportedMediaType => (
                "unsupported_media_type",
                415,
                "The body is of a kind that is not understood",
            ),
            Word::Unprocessable => ("unprocessable", 422, "Well-formed, but without a meaning"),
            Word::RateLimited => ("rate_limited", 429, "Too many requests"),
            Word::Internal => ("internal", 500, "The server failed"),
            Word::Overloaded => ("overloaded", 503, "The server is busy"),
        }
    }
}

/// Faults that one problem tells: enough to learn from, and no answer much longer than its request.
pub(crate) const MOST_FAULTS: usize = 100;

/// One fault of what was sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fault {
    /// JSON Pointer into the body.
    pub pointer: Option<String>,
    /// Name of a parameter.
    pub parameter: Option<String>,
    pub error: String,
    pub detail: String,
    /// What would be accepted, where that can be listed.
    pub allowed: Vec<String>,
    /// Whether the form is as the document says, and only what it means can't be.
    pub is_meaning: bool,
}

impl Fault {
    pub(crate) fn to_json(&self) -> Value {
        let mut object = Map::new();
        if let Some(pointer) = &self.pointer {
            object.insert("pointer".into(), pointer.as_str().into());
        }
        if let Some(parameter) = &self.parameter {
            object.insert("parameter".into(), parameter.as_str().into());
        }
        object.insert("error".into(), self.error.as_str().into());
        object.insert("detail".into(), self.detail.as_str().into());
        if !self.allowed.is_empty() {
            object.insert("allowed".into(), self.allowed.clone().into());
        }
        object.into()
    }
}

impl From<afsa_accounts::FieldFault> for Fault {
    fn from(fault: afsa_accounts::FieldFault) -> Fault {
        Fault {
            pointer: Some(format!("/{}", fault.field.replace('.', "/"))),
            error: fault.error.into(),
            detail: format!("{} {}", fault.field, fault.detail),
            is_meaning: true,
            ..Fault::default()
        }
    }
}

/// Why a request is not answered as hoped.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    pub word: Word,
    /// For the sender: never holds what only the operator may know.
    pub detail: String,
    pub faults: Vec<Fault>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub(crate) fn new(word: Word, detail: impl Into<String>) -> Problem {
        Problem {
            word,
            detail: detail.into(),
            faults: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Of faults, which must not be none: the request is not valid, or it is and means nothing.
    pub(crate) fn of_faults(mut faults: Vec<Fault>) -> Problem {
        let word = if faults.iter().all(|fault| fault.is_meaning) {
            Word::Unprocessable
        } else {
            Word::InvalidRequest
        };
        faults.truncate(MOST_FAULTS);
        let detail = match faults.as_slice() {
            [only] => only.detail.clone(),
            several => format!(
                "{} things are wrong with the request, see errors",
                several.len()
            ),
        };
        Problem {
            word,
            detail,
            faults,
            headers: Vec::new(),
        }
    }

    /// The cause is logged here; the sender learns only that it was not his fault.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Problem {
        tracing::error!(%cause, "request failed");
        Problem::new(
            Word::Internal,
            "Something failed that should not; it has been logged.",
        )
    }

    pub(crate) fn access_denied(detail: impl Into<String>) -> Problem {
        let challenge = HeaderValue::from_static("Bearer realm=\"afsa\"");
        Problem::new(Word::AccessDenied, detail).with_header(WWW_AUTHENTICATE, challenge)
    }

    /// Names the scope as RFC 6750 wants it.
    pub(crate) fn insufficient_scope(scope: Scope) -> Problem {
        let detail = format!("This needs the scope {scope}, which the credential lacks.");
        let challenge =
            format!("Bearer realm=\"afsa\", error=\"insufficient_scope\", scope=\"{scope}\"");
        let problem = Problem::new(Word::InsufficientScope, detail);
        match HeaderValue::try_from(challenge) {
            Ok(challenge) => problem.with_header(WWW_AUTHENTICATE, challenge),
            Err(_) => problem,
        }
    }

    /// The same for every account that a credential doesn't reach, existing or not.
    pub(crate) fn forbidden() -> Problem {
        Problem::new(
            Word::Forbidden,
            "The credential does not reach this account.",
        )
    }

    pub(crate) fn overloaded(detail: impl Into<String>) -> Problem {
        Problem::new(Word::Overloaded, detail)
            .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Problem {
        self.headers.push((name, value));
        self
    }

    /// `instance` is the path of the request, without its parameters.
    pub(crate) fn to_json(&self, instance: Option<&str>) -> Value {
        let mut object = json!({
            "type": format!("/docs/problems.html#{}", self.word.text()),
            "title": self.word.title(),
            "status": self.word.status().as_u16(),
            "detail": self.detail,
        });
        if let Some(instance) = instance {
            object["instance"] = instance.into();
        }
        object["error"] = self.word.text().into();
        object["error_description"] = self.detail.as_str().into();
        if !self.faults.is_empty() {
            object["errors"] = self.faults.iter().map(Fault::to_json).collect();
        }
        object
    }

    pub(crate) fn into_response(self, instance: &str) -> Response {
        let mut response = Response::new(Body::from(self.to_json(Some(instance)).to_string()));
        *response.status_mut() = self.word.status();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        response
    }
}

impl From<afsa_accounts::Error> for Problem {
    fn from(error: afsa_accounts::Error) -> Problem {
        use afsa_accounts::{Error, Refusal};
        match error {
            Error::Invalid(faults) => {
                let faults = faults.into_iter().map(Fault::from).collect();
                Problem::of_faults(faults)
            }
            Error::NoSuchAccount(_) => Problem::forbidden(),
            Error::NotAllowed => Problem::new(
                Word::Forbidden,
                "The credential may not do this: what concerns owners is for owners on the pages.",
            ),
            Error::LastOwner(_) | Error::NotSetUp => {
                Problem::new(Word::Conflict, format!("{error}."))
            }
            Error::Busy => Problem::overloaded("Nothing was done; the same may be sent again."),
            Error::NotFound { kind, id } => Problem::new(
                Word::NotFound,
                format!("There is no {kind} {id} in this account."),
            ),
            Error::NameTaken { .. } | Error::TooMany { .. } => {
                Problem::new(Word::Conflict, format!("{error}."))
            }
            Error::Refused(refusal) => {
                let (word, detail) = match refusal {
                    Refusal::Unknown => (Word::AccessDenied, "The credential is not known."),
                    Refusal::Expired => (Word::AccessDenied, "The credential has expired."),
                    Refusal::Revoked => (Word::AccessDenied, "The credential was revoked."),
                    Refusal::TokenExpired => (
                        Word::InvalidToken,
                        "The access token has expired; the refresh token gives another one.",
                    ),
                };
                let challenge = "Bearer realm=\"afsa\", error=\"invalid_token\"";
                Problem::new(word, detail)
                    .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
            }
            Error::Token(refusal) => Problem::new(
                Word::InvalidRequest,
                format!("The app was refused: {refusal}."),
            ),
            Error::TooNew { .. } | Error::Damaged(_) | Error::Database(_) => {
                Problem::internal(error)
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        match error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "store unavailable");
                Problem::overloaded("Nothing was taken; the same may be sent again.")
            }
            StoreError::TooLarge(_) => Problem::new(
                Word::Unprocessable,
                "The question needs more memory than it may use; ask for fewer dimensions or a shorter period.",
            ),
            StoreError::NoSuchImport => Problem::new(Word::NotFound, "There is no such import."),
            other => Problem::internal(other),
        }
    }
}
