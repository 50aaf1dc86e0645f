//! The one way from a request to a handler: credential, rate, leave, parameters, body.

use std::collections::HashMap;
use std::sync::Arc;

use afsa_accounts::Principal;
use afsa_model::{AccountId, Timestamp};
use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, request};
use axum::response::Response;
use serde_json::{Map, Value};

use crate::observe::Trace;
use crate::operation::{BodyRule, Call, Handler, Operation, PublicCall, Received};
use crate::problem::{Fault, MOST_FAULTS, Problem, Word};
use crate::rate::RateHeaders;
use crate::server::Server;
use crate::{Limits, Peer, body, credential, demo, fields, form, protocol};

const FORM: &str = form::MEDIA_TYPE;
/// Bytes of a form, which is read before its sender is known.
const LONGEST_FORM: usize = 1 << 20;

/// Answers a request to an operation, whatever comes.
pub(crate) async fn dispatch(
    server: Arc<Server>,
    operation: &Operation,
    path: RawPathParams,
    request: Request,
) -> Response {
    let instance = request.uri().path().to_owned();
    let mut trace = Trace {
        operation: operation.id,
        account: None,
        credential: None,
    };
    let mut rates = RateHeaders::default();
    let outcome = answer(server, operation, path, request, &mut trace, &mut rates).await;
    let mut response = outcome.unwrap_or_else(|problem| problem.into_response(&instance));
    for (name, value) in rates.into_map() {
        if let Some(name) = name {
            response.headers_mut().entry(name).or_insert(value);
        }
    }
    if operation.scope().is_some() {
        let private = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .entry(CACHE_CONTROL)
            .or_insert(private);
    }
    response.extensions_mut().insert(trace);
    response
}

async fn answer(
    server: Arc<Server>,
    operation: &Operation,
    path: RawPathParams,
    request: Request,
    trace: &mut Trace,
    rates: &mut RateHeaders,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    if let Handler::Protocol(run) = operation.handler {
        return Ok(protocol::answer(server, operation, run, head, body, trace).await);
    }
    let mut query = Query::of(&head.uri);
    let path: HashMap<String, String> = path
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let peer = head.extensions.get::<Peer>().cloned().unwrap_or_default();
    take_address(&server, operation, &peer, rates)?;
    let run = match operation.handler {
        Handler::Public(run) => {
            let (_, faults) = query.checked(operation);
            refuse(faults)?;
            let call = PublicCall {
                now: server.clock.now(),
                body: receive(&server, operation, &head.headers, body).await?,
                server: server.clone(),
            };
            return match run(call).await {
                // A key that opens nothing, though it came in the body.
                Err(problem) if problem.word == Word::AccessDenied => {
                    Err(take_failure(&server, &peer).err().unwrap_or(problem))
                }
                outcome => outcome,
            };
        }
        Handler::Protocol(_) => return Err(Problem::internal("answered above")),
        Handler::Account(_, run) | Handler::Question(_, run) => run,
    };
    // A form may carry the credential, so it has to be read before anything is known of its
    // sender; other bodies are left alone until he was let in.
    let (form, body) = form_of(&server, operation, &head, body).await?;
    let form = form
        .map(|form| query.credentials_out_of(form))
        .transpose()?;
    let now = server.clock.now();
    let principal = credential::find(&head.headers, &query.credentials)
        .and_then(|credential| authenticate(&server, credential.as_deref(), now))
        .map_err(|problem| match problem.word {
            Word::AccessDenied => take_failure(&server, &peer).err().unwrap_or(problem),
            _ => problem,
        })?;
    (trace.account, trace.credential) = (Some(principal.account), Some(principal.credential));
    take_rate(&server, operation, principal, rates)?;
    if demo::is_shown(principal) && !demo::allows(operation) {
        let detail = "The demonstration may be looked at, and nothing else.";
        return Err(Problem::new(Word::Forbidden, detail));
    }
    let named = |value| named_account(&server, principal, value);
    let (parameters, faults) = query.checked(operation);
    let mut asked = Vec::from_iter(named(
        path.get("account_id").map(|id| Value::from(id.as_str())),
    )?);
    asked.extend(named(parameters.get("account_id").cloned())?);
    asked.extend(named(
        form.as_ref()
            .and_then(|form| form.get("account_id"))
            .cloned(),
    )?);
    let Some(scope) = operation.scope() else {
        return Err(Problem::internal("no scope"));
    };
    let authorized = server.backends.authorize(principal, scope, &asked)?;
    let is_question = matches!(operation.handler, Handler::Question(..));
    if !is_question {
        refuse(faults.clone())?;
    }
    let received = match form {
        Some(form) => Received::Document(Value::Object(form)),
        None => receive(&server, operation, &head.headers, body).await?,
    };
    if let Received::Document(document) = &received {
        let named = named(document.get("account_id").cloned())?;
        server
            .backends
            .authorize(principal, scope, named.as_slice())?;
    }
    let call = Call {
        peer,
        server,
        authorized,
        now,
        path,
        parameters,
        faults,
        body: received,
        headers: head.headers,
    };
    run(call).await
}

fn refuse(faults: Vec<Fault>) -> Result<(), Problem> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::of_faults(faults))
    }
}

/// The parameters of a query, credentials apart.
struct Query {
    parameters: Vec<(String, String)>,
    credentials: Vec<String>,
}

impl Query {
    fn of(uri: &Uri) -> Query {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let (credentials, parameters): (Vec<_>, Vec<_>) = pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .partition(|(name, _)| credential::PARAMETERS.contains(&name.as_str()));
        let credentials = credentials.into_iter().map(|(_, value)| value).collect();
        Query {
            parameters,
            credentials,
        }
    }

    /// The parameters that the operation knows, and a fault for each other and each repetition.
    fn checked(&mut self, operation: &Operation) -> (Map<String, Value>, Vec<Fault>) {
        let known: Vec<&str> = operation
            .parameters
            .iter()
            .filter(|parameter| !parameter.in_path)
            .map(|parameter| parameter.name)
            .collect();
        let mut parameters = Map::new();
        let mut faults = Vec::new();
        for (name, value) in self.parameters.drain(..) {
            let shown = fields::shown(&name);
            let mut fault = |error: &str, detail: String, allowed: &[&str]| {
                if faults.len() >= MOST_FAULTS {
                    return;
                }
                faults.push(Fault {
                    parameter: Some(shown.clone()),
                    error: error.into(),
                    detail,
                    allowed: allowed.iter().map(|name| (*name).to_owned()).collect(),
                    ..Fault::default()
                });
            };
            if !known.contains(&name.as_str()) {
                fault(
                    "unknown_parameter",
                    format!("{shown} is not known here"),
                    &known,
                );
            } else if parameters.contains_key(&name) {
                fault("repeated", format!("{shown} may be given once"), &[]);
            } else {
                parameters.insert(name, Value::String(value));
            }
        }
        (parameters, faults)
    }

    fn credentials_out_of(
        &mut self,
        mut form: Map<String, Value>,
    ) -> Result<Map<String, Value>, Problem> {
        for name in credential::PARAMETERS {
            match form.shift_remove(name) {
                None => {}
                Some(Value::String(credential)) => self.credentials.push(credential),
                Some(_) => {
                    let detail = format!("{name} must be a text.");
                    return Err(Problem::new(Word::InvalidRequest, detail));
                }
            }
        }
        Ok(form)
    }
}

/// Counts a request by its sender's address, before anything else is known of him. Hits are left
/// out: a shop sends those of all its visitors from one address.
pub(crate) fn take_address(
    server: &Server,
    operation: &Operation,
    peer: &Peer,
    rates: &mut RateHeaders,
) -> Result<(), Problem> {
    let is_hits = matches!(operation.body, BodyRule::Hits { .. });
    // What is read without a credential costs little.
    let is_page = operation.scope().is_none() && operation.method == Method::GET;
    if is_hits || is_page {
        return Ok(());
    }
    let elapsed = server.clock.elapsed();
    Ok(server.address_rates.take(peer.network(), elapsed, rates)?)
}

fn take_rate(
    server: &Server,
    operation: &Operation,
    principal: Principal,
    rates: &mut RateHeaders,
) -> Result<(), Problem> {
    let elapsed = server.clock.elapsed();
    let credential = principal.credential;
    if let BodyRule::Hits { .. } = operation.body {
        return Ok(server.collecting_rates.take(credential, elapsed, rates)?);
    }
    // Of the demonstration there are many holders, who are told apart by their addresses alone.
    if demo::is_shown(principal) {
        return Ok(());
    }
    server.request_rates.take(credential, elapsed, rates)?;
    Ok(server
        .account_rates
        .take(principal.account, elapsed, rates)?)
}

/// Counts a request without a credential that opens something.
pub(crate) fn take_failure(server: &Server, peer: &Peer) -> Result<(), Problem> {
    let elapsed = server.clock.elapsed();
    let mut unsaid = RateHeaders::default();
    let taken = server
        .failure_rates
        .take(peer.network(), elapsed, &mut unsaid);
    taken.map_err(|refused| Problem {
        detail: "Too many requests from this address without a credential that opens anything."
            .into(),
        ..refused.into()
    })
}

/// Who holds this credential.
fn authenticate(
    server: &Server,
    credential: Option<&str>,
    now: Timestamp,
) -> Result<Principal, Problem> {
    let of_demo = server.demo.as_ref().zip(credential);
    match of_demo.and_then(|(demo, text)| demo.principal(text)) {
        Some(principal) => Ok(principal),
        None => server.backends.authenticate(credential, now),
    }
}

/// The account that a value names, if it names one.
fn named_account(
    server: &Server,
    principal: Principal,
    value: Option<Value>,
) -> Result<Option<AccountId>, Problem> {
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    let demo = server.demo.as_ref();
    if let Some(account) = demo.and_then(|demo| demo.account_called(&text, principal)) {
        return Ok(Some(account));
    }
    let account = text.parse().map_err(|error| {
        let fault = Fault {
            parameter: Some("account_id".into()),
            error: "malformed".into(),
            detail: format!("account_id: {error}"),
            ..Fault::default()
        };
        Problem::of_faults(vec![fault])
    })?;
    Ok(Some(account))
}

async fn form_of(
    server: &Server,
    operation: &Operation,
    head: &request::Parts,
    body: Body,
) -> Result<(Option<Map<String, Value>>, Body), Problem> {
    let is_form = matches!(operation.body, BodyRule::Document { or_form: true, .. })
        && body::media_type(&head.headers).as_deref() == Some(FORM);
    if !is_form {
        return Ok((None, body));
    }
    let body_bytes = server.limits.body_bytes.min(LONGEST_FORM);
    let limits = Limits {
        body_bytes,
        ..server.limits.clone()
    };
    let bytes = body::read(&head.headers, body, &limits).await?;
    Ok((Some(form::parse(&bytes)?), Body::empty()))
}

async fn receive(
    server: &Server,
    operation: &Operation,
    headers: &HeaderMap,
    body: Body,
) -> Result<Received, Problem> {
    let media = body::media_type(headers);
    match &operation.body {
        BodyRule::None | BodyRule::Form { .. } => Ok(Received::Nothing),
        BodyRule::Upload => {
            body::check_encoding(headers)?;
            if media.is_some_and(|media| media.starts_with("multipart/")) {
                let detail = "Send the data itself as the body, not a form that holds it.";
                return Err(Problem::new(Word::UnsupportedMediaType, detail));
            }
            Ok(Received::Upload(body))
        }
        BodyRule::Hits { .. } => {
            let bytes = body::read(headers, body, &server.limits).await?;
            Ok(Received::Hits { media, bytes })
        }
        BodyRule::Document { or_form, .. } => {
            let is_json = media
                .as_deref()
                .is_none_or(|media| media == "application/json" || media.ends_with("+json"));
            if !is_json {
                let form = if *or_form {
                    format!(" or {FORM}")
                } else {
                    String::new()
                };
                let detail = format!("The body must be application/json{form}.");
                return Err(Problem::new(Word::UnsupportedMediaType, detail));
            }
            let bytes = body::read(headers, body, &server.limits).await?;
            Ok(Received::Document(body::json(&bytes)?))
        }
    }
}
