//! Letting an app in: what it asks for is checked, a person says yes or no and goes back to it.
//!
//! The page is shown each time. Published plug-ins don't look at the state that comes back, so a
//! person's press of a button is all that stands between another site's link and a connection; and
//! whoever runs a public client is never known for sure (RFC 6749, 10.2).
//!
//! What is wrong with a request is shown here and sent back to nobody: apps are made by whoever has
//! an account, and a link of theirs must not lead a person on by itself (RFC 9700, 4.11.2); and a
//! plug-in that comes back without a code starts over, for ever.

use afsa_accounts::oauth::{Authorization, Challenge, Client, ClientKind, RedirectAddress};
use afsa_accounts::people::{Membership, MembershipChoice, Right, Role};
use afsa_accounts::{Account, Part, Scope, Scopes};
use axum::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use maud::{Markup, html};

use crate::answer::{Outcome, POLICY};
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::form;
use crate::pages::search;

/// Bytes of a state.
const LONGEST_STATE: usize = 4_000;
/// Parameters that mean something here; none may stand twice.
const PARAMETERS: [&str; 9] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "account_id",
];

/// What an app asks for, checked.
struct Asked {
    client: Client,
    redirect: RedirectAddress,
    scopes: Scopes,
    state: Option<String>,
    challenge: Option<Challenge>,
}

/// Why a request is not put before a person, as a message.
struct Refused(&'static str);

pub(crate) fn show(call: &Call) -> Outcome {
    answer(call, |asked, account, role| {
        Ok(consent(call, asked, account, role))
    })
}

pub(crate) fn decide(call: &Call) -> Outcome {
    answer(call, |asked, account, role| {
        let shown: Scopes = call.form.get("scopes").parse().unwrap_or_default();
        let scopes = asked.grantable(role);
        match call.form.get("decision") {
            // What is granted is what was shown; where that has changed, it is shown anew.
            "allow" if shown == scopes => {
                let authorization = Authorization {
                    client: asked.client.id,
                    account: account.id,
                    redirect: asked.redirect.clone(),
                    scopes,
                    challenge: asked.challenge.clone(),
                };
                let code = call.acting()?.authorize(&authorization, call.random())?;
                Ok(asked.back(call, &[("code", &code)]))
            }
            "deny" => {
                let mut answer = vec![("error", "access_denied")];
                if asked.client.kind == ClientKind::Plugin {
                    answer.push(("noredir", "1"));
                }
                Ok(asked.back(call, &answer))
            }
            _ => Ok(consent(call, asked, account, role)),
        }
    })
}

/// Checks what is asked and for which account, and runs the rest if all is well.
fn answer(call: &Call, rest: impl FnOnce(&Asked, &Account, Role) -> Outcome) -> Outcome {
    let asked = match Asked::read(call)? {
        Ok(asked) => asked,
        Err(refused) => return Ok(refused.page(call)),
    };
    let Some(membership) = chosen(call)? else {
        return chooser(call, &asked);
    };
    let Some(Membership { account, role }) = membership else {
        return Ok(Refused("authorize.no_account").page(call));
    };
    if asked.grantable(role).is_empty() {
        return Ok(Refused("authorize.nothing").page(call));
    }
    let client = &asked.client;
    if client.kind == ClientKind::Plugin
        && !role.may(Right::ManageAccess)
        && !call
            .site
            .accounts
            .is_approved_place(account.id, client.id, &asked.redirect)?
    {
        return Ok(Refused("authorize.not_approved").page(call));
    }
    rest(&asked, &account, role)
}

impl Asked {
    fn read(call: &Call) -> Result<Result<Asked, Refused>, Failure> {
        let query = &call.query;
        let refused = |why| Ok(Err(Refused(why)));
        if PARAMETERS.iter().any(|name| query.values(name).count() > 1) {
            return refused("authorize.repeated");
        }
        let Some(client) = call.site.accounts.client_named(query.get("client_id"))? else {
            return refused("authorize.unknown_client");
        };
        let Some(redirect) = client.redirect(query.get("redirect_uri")) else {
            return refused("authorize.unknown_redirect");
        };
        if query.get("response_type") != "code" {
            return refused("authorize.response_type");
        }
        if !matches!(query.get("response_mode"), "" | "query") {
            return refused("authorize.response_mode");
        }
        // A parameter without a value is as if it were not there (RFC 6749, 3.1).
        let state = Some(query.get("state").to_owned()).filter(|state| !state.is_empty());
        if state
            .as_ref()
            .is_some_and(|state| state.len() > LONGEST_STATE)
        {
            return refused("authorize.state");
        }
        let scopes = match query.get("scope") {
            "" => client.scopes,
            text => match text.parse::<Scopes>() {
                Ok(scopes) if client.scopes.includes(scopes) && !scopes.is_empty() => scopes,
                _ => return refused("authorize.scope"),
            },
        };
        let challenge = match (
            query.get("code_challenge"),
            query.get("code_challenge_method"),
        ) {
            ("", "") if !client.needs_pkce() => None,
            ("", "") => return refused("authorize.needs_pkce"),
            (text, "S256") => match Challenge::parse(text) {
                Some(challenge) => Some(challenge),
                None => return refused("authorize.challenge"),
            },
            _ => return refused("authorize.challenge"),
        };
        Ok(Ok(Asked {
            client,
            redirect,
            scopes,
            state,
            challenge,
        }))
    }

    /// What somebody of this role can let the app do of what it asks for.
    fn grantable(&self, role: Role) -> Scopes {
        self.scopes.intersection(role.scopes())
    }

    /// Back to the app, with the answer, its state, and who answers (RFC 9207).
    fn back(&self, call: &Call, answer: &[(&str, &str)]) -> Response {
        let mut answer = answer.to_vec();
        if let Some(state) = &self.state {
            answer.push(("state", state));
        }
        answer.push(("iss", &call.site.address));
        let mut response = Response::default();
        *response.status_mut() = StatusCode::SEE_OTHER;
        if let Ok(location) = HeaderValue::try_from(self.redirect.with_answer(&answer)) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }

    /// Browsers hold what follows on a form to where forms may be sent: here, also to the app.
    fn policy(&self) -> Option<HeaderValue> {
        let origin = self.redirect.origin();
        // A source can't be an IPv6 address, so its scheme has to do.
        let source = match origin.split_once("://[") {
            Some((scheme, _)) => format!("{scheme}:"),
            None => origin,
        };
        let policy = POLICY.replace(
            "form-action 'self'",
            &format!("form-action 'self' {source}"),
        );
        HeaderValue::try_from(policy).ok()
    }
}

impl Refused {
    fn page(&self, call: &Call) -> Response {
        let body = html! {
            h1 { (call.t("authorize.refused")) }
            div.note.bad role="alert" { p { (call.t(self.0)) } }
            p.muted { (call.t("authorize.refused_hint")) }
            p { a.button href="/manage" { (call.t("error.home")) } }
        };
        call.page_with(StatusCode::BAD_REQUEST, call.t("authorize.refused"), body)
    }
}

/// The account that is named by the path or the query, or the only one there is: `None` if one has
/// to be chosen first, `Some(None)` if it is not the person's.
fn chosen(call: &Call) -> Result<Option<Option<Membership>>, Failure> {
    let named = call.path.get("account_id").map(String::as_str);
    let named = named.or_else(|| call.query.text("account_id"));
    let person = call.person()?.id;
    let Some(named) = named else {
        let part = Part {
            offset: 0,
            limit: 2,
        };
        let choice = MembershipChoice {
            part,
            ..MembershipChoice::default()
        };
        let mut memberships = call.site.accounts.accounts_of(person, &choice)?.rows;
        return Ok(match memberships.len() {
            0 => Some(None),
            1 => Some(memberships.pop()),
            _ => None,
        });
    };
    let Ok(id) = named.parse() else {
        return Ok(Some(None));
    };
    // Whether there is such an account is nobody's business but its members'.
    let Some(role) = call.site.accounts.role(id, person)? else {
        return Ok(Some(None));
    };
    let account = call.site.accounts.account(id)?;
    Ok(Some(Some(Membership { account, role })))
}

fn chooser(call: &Call, asked: &Asked) -> Outcome {
    let found = search::accounts(call, MembershipChoice::default())?;
    let path = call.target.split('?').next().unwrap_or_default();
    // One that was named without a value would stand there twice.
    let asked_for = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(call.query.others(&["account_id"]))
        .finish();
    let body = html! {
        h1 { (call.t("authorize.choose")) }
        p.lead { (call.say("authorize.choose_lead", &[("app", &asked.client.name)])) }
        (found.field(call))
        ul.tiles {
            @for membership in &found.rows {
                @let account = &membership.account;
                li {
                    a.tile href=(format!("{path}?{asked_for}&account_id={}", account.id)) {
                        strong { bdi { (account.name) } }
                        span.muted.small { (account.url) }
                    }
                }
            }
        }
        (found.links(call))
    };
    Ok(call.page(call.t("authorize.choose"), body))
}

fn consent(call: &Call, asked: &Asked, account: &Account, role: Role) -> Response {
    let client = &asked.client;
    let scopes = asked.grantable(role);
    let origin = asked.redirect.origin();
    let title = call.say("authorize.title", &[("app", &client.name)]);
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("authorize.lead")) }
        div.card {
            dl.facts {
                dt { (call.t("authorize.account")) }
                dd { strong { bdi { (account.name) } } " " span.muted { (account.id) } }
                dt { (call.t("authorize.app")) }
                dd { bdi { (client.name) } " " code { (client.public_id) } }
                dt { (call.t("authorize.back_to")) }
                dd { code #origin { (origin) } }
            }
            h2 { (call.t("authorize.scopes")) }
            ul #scopes {
                @for scope in scopes.iter() {
                    li data-scope=(scope.name()) { (purpose(call, scope)) }
                }
            }
            @if scopes != asked.scopes {
                p.hint { (call.t("authorize.narrowed")) }
            }
            (warnings(call, asked, account))
            (form(call, &call.target, html! {
                input type="hidden" name="scopes" value=(scopes);
                p.row {
                    button.button type="submit" name="decision" value="allow" {
                        (call.t("authorize.allow"))
                    }
                    button.button.quiet type="submit" name="decision" value="deny" {
                        (call.t("authorize.deny"))
                    }
                }
            }))
        }
        p.muted.small { (call.t("authorize.revocable")) }
    };
    let mut response = call.page(&title, body);
    if let Some(policy) = asked.policy() {
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn warnings(call: &Call, asked: &Asked, account: &Account) -> Markup {
    let host = asked.redirect.host();
    let is_plugin = asked.client.kind == ClientKind::Plugin;
    let is_elsewhere = is_plugin && host.is_none_or(|host| !is_of_site(host, &account.url));
    let is_clear = is_plugin && asked.redirect.origin().starts_with("http:");
    html! {
        @if is_elsewhere {
            div.note.warn {
                p { (call.say("authorize.elsewhere", &[("site", &account.url)])) }
            }
        }
        @if is_clear {
            div.note.warn { p { (call.t("authorize.in_clear")) } }
        }
    }
}

/// Whether the host is the site's own, but for `www.` before either.
fn is_of_site(host: &str, url: &str) -> bool {
    let bare = |host: &str| host.trim_start_matches("www.").to_ascii_lowercase();
    let authority = url.split('/').nth(2).unwrap_or_default();
    let site = authority.split(':').next().unwrap_or_default();
    !site.is_empty() && bare(site) == bare(host)
}

/// What a scope allows, in words.
fn purpose(call: &Call, scope: Scope) -> &'static str {
    call.t(match scope {
        Scope::AccountRead => "authorize.account_read",
        Scope::AccountWrite => "authorize.account_write",
        Scope::StatsRead => "authorize.stats_read",
        Scope::VisitorsRead => "authorize.visitors_read",
        Scope::VisitorsWrite => "authorize.visitors_write",
        Scope::OrdersRead => "authorize.orders_read",
        Scope::ExportRead => "authorize.export_read",
        Scope::CollectWrite => "authorize.collect_write",
    })
}
