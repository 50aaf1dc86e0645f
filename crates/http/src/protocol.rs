//! Operations that speak OAuth: a form comes in, clients show who they are in its ways, and what
//! goes wrong is told as RFC 6749 (5.2) wants it. Parameters that nobody knows are ignored there,
//! as it demands; none may stand twice.
//!
//! Published clients fail for good at a status above 499, so there is none here.

use std::collections::HashMap;
use std::sync::Arc;

use afsa_accounts::oauth::{Client, TokenRefusal};
use afsa_accounts::{Accounts, Principal, Scope};
use afsa_model::Timestamp;
use axum::body::Body;
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, HeaderName, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, request};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use serde_json::json;

use crate::observe::Trace;
use crate::operation::Operation;
use crate::problem::{Problem, Word};
use crate::rate::RateHeaders;
use crate::server::Server;
use crate::{Limits, Peer, body, credential, dispatch, form, reply};

pub(crate) const FORM: &str = form::MEDIA_TYPE;
/// Bytes of a form.
const LONGEST_FORM: usize = 64 << 10;
/// Fields of a form.
const MOST_FIELDS: usize = 100;

pub(crate) type ProtocolOutcome = BoxFuture<'static, Result<Response, Refused>>;

/// A request of a client.
#[derive(Clone)]
pub(crate) struct ProtocolCall {
    pub server: Arc<Server>,
    pub now: Timestamp,
    pub peer: Peer,
    pub headers: HeaderMap,
    /// Parameters that have a value: one without is as if it were not there.
    pub form: Arc<HashMap<String, String>>,
}

/// Why a client doesn't get what it asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refused {
    error: &'static str,
    description: String,
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Words of [`Refused`], for the document.
pub(crate) const WORDS: [&str; 9] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "invalid_token",
    "insufficient_scope",
    "unsupported_grant_type",
    "rate_limited",
    "temporarily_unavailable",
];

/// Answers a request, whatever comes.
pub(crate) async fn answer(
    server: Arc<Server>,
    operation: &Operation,
    run: fn(ProtocolCall) -> ProtocolOutcome,
    head: request::Parts,
    body: Body,
    trace: &mut Trace,
) -> Response {
    let outcome = match read(server, operation, head, body).await {
        Ok(call) => run(call).await,
        Err(refused) => Err(refused),
    };
    let mut response = outcome.unwrap_or_else(Refused::into_response);
    if let Some(known) = response.extensions_mut().remove::<Principal>() {
        trace.account = Some(known.account);
        trace.credential = Some(known.credential);
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

async fn read(
    server: Arc<Server>,
    operation: &Operation,
    head: request::Parts,
    body: Body,
) -> Result<ProtocolCall, Refused> {
    let peer = head.extensions.get::<Peer>().cloned().unwrap_or_default();
    let mut unsaid = RateHeaders::default();
    dispatch::take_address(&server, operation, &peer, &mut unsaid)?;
    let media = body::media_type(&head.headers);
    if media.is_some_and(|media| media != FORM) {
        return Err(Refused::request(format!("the body must be {FORM}")));
    }
    let limits = Limits {
        body_bytes: server.limits.body_bytes.min(LONGEST_FORM),
        ..server.limits.clone()
    };
    let bytes = body::read(&head.headers, body, &limits).await?;
    Ok(ProtocolCall {
        now: server.clock.now(),
        peer,
        form: Arc::new(parameters(&bytes)?),
        headers: head.headers,
        server,
    })
}

/// The parameters, none of which may stand twice.
fn parameters(bytes: &[u8]) -> Result<HashMap<String, String>, Refused> {
    let mut form = HashMap::new();
    for (count, (name, value)) in form_urlencoded::parse(bytes).enumerate() {
        if count >= MOST_FIELDS {
            let most = format!("a form has at most {MOST_FIELDS} fields");
            return Err(Refused::request(most));
        }
        if form.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(Refused::request("a parameter stands twice"));
        }
    }
    form.retain(|_, value| !value.is_empty());
    Ok(form)
}

impl ProtocolCall {
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.form.get(name).cloned()
    }

    pub(crate) fn needed(&self, name: &str) -> Result<String, Refused> {
        self.parameter(name)
            .ok_or_else(|| Refused::request(format!("{name} is missing")))
    }

    /// The client that asks, which has shown that it is itself: by Basic or in the form, but not
    /// by both. Clients without a secret may send an empty one.
    pub(crate) async fn client(&self) -> Result<Client, Refused> {
        let (id, secret) = self.client_credentials()?;
        let client = self
            .step(move |accounts| accounts.authenticate_client(&id, secret.as_deref()))
            .await?;
        Ok(client)
    }

    fn client_credentials(&self) -> Result<(String, Option<String>), Refused> {
        let in_form = self.parameter("client_secret");
        let named = self.parameter("client_id");
        let mut values = self.headers.get_all(AUTHORIZATION).iter();
        let (id, secret) = match (values.next(), values.next()) {
            (None, _) => {
                let missing = "client_id is missing, and there is no Authorization";
                let id = named.ok_or_else(|| Refused::client(missing))?;
                return Ok((id, in_form));
            }
            (Some(value), None) => basic(value).ok_or_else(|| {
                Refused::client("Authorization must be Basic with the client's id and secret")
            })?,
            (Some(_), Some(_)) => return Err(Refused::request("Authorization stands twice")),
        };
        if in_form.is_some() {
            let twice = "the client's secret stands in Authorization and in the form";
            return Err(Refused::request(twice));
        }
        if named.is_some_and(|named| named != id) {
            return Err(Refused::request(
                "Authorization and client_id name different clients",
            ));
        }
        Ok((id, Some(secret).filter(|secret| !secret.is_empty())))
    }

    /// Whether a client is to show who it is, and not an API key or a token.
    pub(crate) fn names_client(&self) -> bool {
        let is_bearer = |value: &HeaderValue| {
            let scheme = value.as_bytes().get(..7).unwrap_or_default();
            scheme.eq_ignore_ascii_case(b"bearer ")
        };
        !self.headers.get_all(AUTHORIZATION).iter().any(is_bearer)
            && !self.headers.contains_key("x-api-key")
    }

    /// The account whose credential came, if it has this scope.
    pub(crate) async fn principal(&self, scope: Scope) -> Result<Principal, Refused> {
        let credential = credential::find(&self.headers, &[])?.unwrap_or_default();
        let now = self.now;
        let principal = self
            .step(move |accounts| accounts.authenticate(&credential, now))
            .await?;
        if principal.scopes.contains(scope) {
            Ok(principal)
        } else {
            Err(Refused {
                error: "insufficient_scope",
                status: StatusCode::FORBIDDEN,
                ..Refused::request(format!("this needs the scope {scope}"))
            })
        }
    }

    /// Runs a step on the accounts where its waiting for the disk holds nobody up. Secrets, codes
    /// and tokens that aren't known are counted by the sender's address; whoever holds good ones is
    /// never told to wait for that.
    pub(crate) async fn step<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Accounts) -> Result<T, afsa_accounts::Error> + Send + 'static,
    ) -> Result<T, Refused> {
        let backends = self.server.backends.clone();
        let running = move || Ok(backends.with_oauth(step));
        let outcome = self.server.gate.run(&self.server.limits, running).await?;
        let refused = match outcome {
            Ok(value) => return Ok(value),
            Err(error) => Refused::from(error),
        };
        let is_attempt = ["invalid_client", "invalid_grant", "invalid_token"];
        if is_attempt.contains(&refused.error) {
            dispatch::take_failure(&self.server, &self.peer)?;
        }
        Err(refused)
    }
}

/// The id and the secret of `Basic`, percent-encoded or not.
fn basic(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = value.to_str().ok()?.trim().split_once(' ')?;
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |part: &str| {
        let pair = form_urlencoded::parse(part.as_bytes()).next();
        pair.map(|(name, _)| name.into_owned()).unwrap_or_default()
    };
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| (decoded(id), decoded(secret)))
}

impl Refused {
    pub(crate) fn request(description: impl Into<String>) -> Refused {
        Refused::new("invalid_request", description)
    }

    pub(crate) fn new(error: &'static str, description: impl Into<String>) -> Refused {
        Refused {
            error,
            description: description.into(),
            status: StatusCode::BAD_REQUEST,
            headers: Vec::new(),
        }
    }

    fn client(description: impl Into<String>) -> Refused {
        Refused {
            status: StatusCode::UNAUTHORIZED,
            headers: vec![(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"afsa\", charset=\"UTF-8\""),
            )],
            ..Refused::new("invalid_client", description)
        }
    }

    fn token(description: impl Into<String>) -> Refused {
        Refused {
            status: StatusCode::UNAUTHORIZED,
            headers: vec![(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"afsa\", error=\"invalid_token\""),
            )],
            ..Refused::new("invalid_token", description)
        }
    }

    fn into_response(self) -> Response {
        let answer = json!({"error": self.error, "error_description": self.description});
        let mut response = reply::with_status(self.status, reply::json(&answer));
        response.headers_mut().extend(self.headers);
        response
    }
}

/// What the rest of the API would tell, in words of OAuth and below 500.
impl From<Problem> for Refused {
    fn from(problem: Problem) -> Refused {
        let kept = [RETRY_AFTER, CONNECTION, WWW_AUTHENTICATE];
        let headers = problem.headers.into_iter();
        let headers = headers.filter(|(name, _)| kept.contains(name)).collect();
        let (error, status) = match problem.word {
            Word::RateLimited => ("rate_limited", problem.word.status()),
            Word::AccessDenied | Word::InvalidToken => ("invalid_token", problem.word.status()),
            Word::Internal | Word::Overloaded => {
                ("temporarily_unavailable", StatusCode::BAD_REQUEST)
            }
            word => ("invalid_request", word.status()),
        };
        Refused {
            error,
            description: problem.detail,
            status,
            headers,
        }
    }
}

impl From<afsa_accounts::Error> for Refused {
    fn from(error: afsa_accounts::Error) -> Refused {
        use afsa_accounts::Error;
        match error {
            Error::Token(TokenRefusal::Client) => Refused::client(TokenRefusal::Client.to_string()),
            Error::Token(TokenRefusal::Grant(why)) => Refused::new("invalid_grant", why),
            Error::Token(TokenRefusal::Scope) => {
                Refused::new("invalid_scope", TokenRefusal::Scope.to_string())
            }
            Error::Refused(_) => Refused::token("the credential opens nothing"),
            other => Problem::from(other).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_read_with_and_without_percents() {
        let check = |header: &str, expect: Option<(&str, &str)>| {
            let read = basic(&HeaderValue::from_str(header).unwrap());
            let read = read.as_ref().map(|(id, secret)| (&**id, &**secret));
            assert_eq!(read, expect, "{header}");
        };
        let of = |text: &str| format!("Basic {}", STANDARD.encode(text));
        check(&of("a:b"), Some(("a", "b")));
        check(&of("a:"), Some(("a", "")));
        check(&of("a%3Ab:c%2Bd:e"), Some(("a:b", "c+d:e")));
        check(
            &of("afsa_cl_-x_:afsa_cs_-y_"),
            Some(("afsa_cl_-x_", "afsa_cs_-y_")),
        );
        check("basic YTpi", Some(("a", "b")));
        for wrong in [
            &*of("a"),
            "Basic",
            "Basic !",
            "Bearer YTpi",
            "",
            "Basic //79OmI=",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn no_parameter_stands_twice() {
        assert_eq!(parameters(b"a=1&b=&c=x+y").unwrap().len(), 2);
        for twice in ["a=1&a=1", "a=&a=1", "%61=1&a=2"] {
            assert!(parameters(twice.as_bytes()).is_err(), "{twice}");
        }
        assert!(parameters("a".repeat(MOST_FIELDS * 2).as_bytes()).is_ok());
        let many: String = (0..=MOST_FIELDS).map(|n| format!("n{n}=1&")).collect();
        assert!(parameters(many.as_bytes()).is_err());
    }
}
