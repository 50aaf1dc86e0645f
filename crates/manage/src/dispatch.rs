//! The one way from a request to a page: session, forgery, role, work.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use afsa_accounts::Error;
use afsa_accounts::people::Role;
use afsa_http::{PageName, Peer};
use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::{BodyExt, Limited};

use crate::answer::secure;
use crate::call::{Call, Theme, Visitor};
use crate::cookie::{self, Keep};
use crate::failure::Failure;
use crate::form::Form;
use crate::routes::{Access, Route, every};
use crate::site::Site;
use crate::words::Language;
use crate::{assets, forgery};

/// Bytes of a form.
const LONGEST_FORM: usize = 256 << 10;
/// How long a form may take to come.
const PATIENCE: Duration = Duration::from_secs(20);
const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn router(site: Arc<Site>) -> Router {
    let mut router = Router::new();
    for route in every() {
        let handler =
            move |State(site): State<Arc<Site>>, path: RawPathParams, request: Request| {
                answer(site, Some(route), path, request)
            };
        let methods = match &route.take {
            Some(_) => get(handler).post(handler),
            None => get(handler),
        };
        router = router.route(route.path, methods);
    }
    let nothing_here = |State(site): State<Arc<Site>>, path: RawPathParams, request: Request| {
        answer(site, None, path, request)
    };
    // Below /manage nothing else is served than pages.
    for route in every().filter(|route| !route.path.starts_with("/manage")) {
        router = router.route(&other_slash(route.path), any(nothing_here));
    }
    router
        .route("/manage/", any(nothing_here))
        .route("/manage/{*rest}", any(nothing_here))
        .route(assets::STYLE_PATH, get(assets::style))
        .route(assets::ICON_PATH, get(assets::icon))
        .with_state(site)
}

async fn answer(
    site: Arc<Site>,
    route: Option<&'static Route>,
    path: RawPathParams,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let path = path
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let is_post = head.method == Method::POST;
    if let Some(there) = page_meant(&head.uri).filter(|_| route.is_none() && !is_post) {
        let mut response = Redirect::permanent(&there).into_response();
        secure(response.headers_mut(), site.is_https);
        return response;
    }
    let form = if is_post {
        read_form(&head.headers, body).await
    } else {
        Ok(Form::default())
    };
    let is_https = site.is_https;
    let name = route.map_or("page", |route| route.name);
    // Pages read files, write them and hash passwords.
    let work = tokio::task::spawn_blocking(move || run(site, route, &head, path, form));
    let mut response = work.await.unwrap_or_else(|_| {
        let mut response = Response::new(Body::from("The page failed; please try again.\n"));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    });
    secure(response.headers_mut(), is_https);
    response.extensions_mut().insert(PageName(name));
    response
}

/// A path with a slash at its end, or without it.
fn other_slash(path: &str) -> String {
    match path.trim_end_matches('/') {
        trimmed if trimmed == path => format!("{path}/"),
        trimmed => trimmed.to_owned(),
    }
}

/// The address of the page where only the slashes at the end of the path are others than asked for.
fn page_meant(address: &Uri) -> Option<String> {
    let path = address.path();
    let other = other_slash(path);
    let query = address.query().map(|query| format!("?{query}"));
    let is_meant = path.ends_with('/') || every().any(|route| fits(route.path, &other));
    is_meant.then(|| format!("{other}{}", query.unwrap_or_default()))
}

fn run(
    site: Arc<Site>,
    route: Option<&'static Route>,
    head: &axum::http::request::Parts,
    path: HashMap<String, String>,
    form: Result<Form, Failure>,
) -> Response {
    let is_post = head.method == Method::POST;
    let (mut call, known) = begin(site, head, path);
    // A message is for the page that a form led to, not for what another form answers.
    if is_post {
        call.flash = None;
    }
    let outcome = (|| {
        known?;
        let route = route.ok_or(Failure::NotFound)?;
        let found = if is_post { route.take } else { route.show };
        let Some((access, run)) = found else {
            return Ok(call.go(page_above(head.uri.path())));
        };
        call.form = form?;
        let is_own = || {
            let address = &call.site.address;
            forgery::is_own(&head.headers, address, &call.form, &call.form_secret)
        };
        if is_post && !is_own() {
            return Err(Failure::Forged);
        }
        if let Some(elsewhere) = admit(&mut call, access, is_post)? {
            return Ok(elsewhere);
        }
        run(&call)
    })();
    let mut response = outcome.unwrap_or_else(|failure| call.failed(&failure));
    let is_page = response.status() != StatusCode::SEE_OTHER;
    if is_page && call.flash.is_some() {
        call.set_cookie(&mut response, "flash", "", Keep::Forget);
    }
    if call.is_form_secret_new && response.status() != StatusCode::SEE_OTHER {
        call.set_cookie(&mut response, "form", &call.form_secret, Keep::Session);
    }
    if let Some(language) = Language::of(call.query.get("lang")) {
        call.set_cookie(&mut response, "lang", language.tag(), Keep::Year);
    }
    response
}

/// The page that an address stands below which only takes a form. What the form answered may have
/// been a page, and whoever reads that in another language or asks for it again comes by GET.
fn page_above(path: &str) -> &str {
    let is_page = |path: &str| {
        let pages = every().filter(|route| route.show.is_some());
        pages.map(|route| route.path).any(|page| fits(page, path))
    };
    let mut above = path;
    while let Some((rest, _)) = above.rsplit_once('/') {
        above = rest;
        if is_page(above) {
            return above;
        }
    }
    "/manage"
}

/// Whether a path is one of those that a route's path stands for.
fn fits(route: &str, path: &str) -> bool {
    let (mut parts, mut steps) = (route.split('/'), path.split('/'));
    loop {
        match (parts.next(), steps.next()) {
            (None, None) => return true,
            (Some(part), Some(step)) if part == step || part.starts_with('{') => {}
            _ => return false,
        }
    }
}

/// Lets the person in, or says where to go first. No page is reached past it.
fn admit(call: &mut Call, access: Access, is_post: bool) -> Result<Option<Response>, Failure> {
    if access == Access::Anybody {
        return Ok(None);
    }
    let Some(visitor) = &call.visitor else {
        let is_set_up = call.site.accounts.has_people()?;
        let page = if is_set_up { "sign-in" } else { "setup" };
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("next", &call.target)
            .finish();
        let next = if is_post || !is_set_up || call.target == "/manage" {
            String::new()
        } else {
            format!("?{query}")
        };
        return Ok(Some(call.go(&format!("/manage/{page}{next}"))));
    };
    let person = visitor.person.clone();
    match access {
        Access::Anybody | Access::Person => {}
        Access::Operator if person.is_operator => {}
        Access::Operator => return Err(Failure::NotFound),
        Access::Member | Access::May(_) => {
            let text = call.path.get("account_id").ok_or(Failure::NotFound)?;
            let id = text.parse().map_err(|_| Failure::NotFound)?;
            let role = call.site.accounts.role(id, person.id)?;
            // Whether there is such an account is nobody's business but its members'.
            let role = role.ok_or(Failure::NotFound)?;
            let account = call.site.accounts.account(id)?;
            call.membership = Some((account, role));
            if !access.is_open_to(role) {
                return Err(Failure::Forbidden);
            }
        }
    }
    Ok(None)
}

impl Access {
    fn is_open_to(self, role: Role) -> bool {
        match self {
            Access::May(right) => role.may(right),
            _ => true,
        }
    }
}

/// Who asks, in which language and colours.
fn begin(
    site: Arc<Site>,
    head: &axum::http::request::Parts,
    path: HashMap<String, String>,
) -> (Call, Result<(), Failure>) {
    let headers = &head.headers;
    let is_https = site.is_https;
    let find = |purpose: &str| cookie::find(headers, &cookie::name(purpose, is_https));
    let query = Form::parse(head.uri.query().unwrap_or_default().as_bytes());
    let language = Language::of(query.get("lang"))
        .or_else(|| find("lang").and_then(Language::of))
        .or_else(|| Language::accepted(headers));
    let is_secret = |text: &&str| text.len() == 43 && text.bytes().all(|b| b.is_ascii_graphic());
    let known_secret = find("form").filter(is_secret).map(str::to_owned);
    let target = head.uri.path_and_query();
    let mut call = Call {
        now: site.clock.now(),
        peer: head.extensions.get::<Peer>().cloned().unwrap_or_default(),
        language: language.unwrap_or_default(),
        theme: find("theme").and_then(Theme::of).unwrap_or_default(),
        visitor: None,
        awaiting: None,
        session_text: None,
        is_form_secret_new: known_secret.is_none(),
        form_secret: known_secret
            .unwrap_or_else(|| URL_SAFE_NO_PAD.encode(site.randomness.bytes())),
        path,
        target: target.map_or_else(|| "/manage".to_owned(), ToString::to_string),
        query,
        form: Form::default(),
        membership: None,
        flash: find("flash")
            .and_then(|key| language.unwrap_or_default().find(&format!("flash.{key}"))),
        site,
    };
    let Some(text) = find("session").map(str::to_owned) else {
        return (call, Ok(()));
    };
    let session = match call.site.accounts.session(&text, call.now) {
        Ok(session) => session,
        Err(Error::Refused(_)) => return (call, Ok(())),
        Err(error) => return (call, Err(error.into())),
    };
    // Forms of a session are good as long as it is.
    call.form_secret.clone_from(&text);
    call.is_form_secret_new = false;
    call.session_text = Some(text);
    if session.awaits_second_factor {
        call.awaiting = Some(session);
        return (call, Ok(()));
    }
    match call.site.accounts.person(session.person) {
        Ok(person) => {
            let spoken = Language::of(call.query.get("lang"));
            call.language = spoken
                .or_else(|| Language::of(&person.language))
                .unwrap_or(call.language);
            let key = find("flash").map(|key| format!("flash.{key}"));
            call.flash = key.and_then(|key| call.language.find(&key));
            call.visitor = Some(Visitor { person, session });
            (call, Ok(()))
        }
        Err(error) => (call, Err(error.into())),
    }
}

async fn read_form(headers: &HeaderMap, body: Body) -> Result<Form, Failure> {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|media| media.to_str().ok())
        .and_then(|media| media.split(';').next());
    if !media.is_some_and(|media| media.trim().eq_ignore_ascii_case(FORM)) {
        return Err(Failure::Unreadable);
    }
    let whole = Limited::new(body, LONGEST_FORM).collect();
    match tokio::time::timeout(PATIENCE, whole).await {
        Ok(Ok(body)) => Ok(Form::parse(&body.to_bytes())),
        _ => Err(Failure::Unreadable),
    }
}
