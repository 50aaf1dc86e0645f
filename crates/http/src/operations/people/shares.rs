//! Shares of an account, and opening one.

use afsa_accounts::people::{OpenedShare, Share, ShareChange, ShareOpening};
use afsa_accounts::{Accounts, Scope, Scopes};
use afsa_model::{SECOND, Timestamp};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::operation;
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation, PublicCall};
use crate::operations::stored::{all_of, gone_from, one_of, write};
use crate::operations::{account_id_in_path, id_in_path};
use crate::problem::{Fault, Problem, Word};
use crate::reply;
use crate::schemas::{
    count, instant, list_of, nullable, pair, reference, sayings, sayings_with, text, whole, with,
};

const ALL: &str = "/v1/accounts/{account_id}/shares";
const ONE: &str = "/v1/accounts/{account_id}/shares/{id}";

pub(super) fn operations() -> Vec<Operation> {
    let of_one = || vec![account_id_in_path(), id_in_path("The id of the share.")];
    let one = || Answer::json("The share.", reference("Share"));
    let body = |name| BodyRule::Document {
        schema: reference(name),
        example: json!({"name": "For the agency", "expires_at": "2099-01-01T00:00:00Z"}),
        or_form: false,
    };
    vec![
        operation(
            [
                "listShares",
                "List shares",
                "Links that show the account's figures to whoever has them, also expired and \
                 revoked ones; never their keys.",
            ],
            Method::GET,
            ALL,
            Answer::json("The shares.", list_of("Share")),
            Handler::Account(Scope::AccountRead, |call| {
                all_of(call, Accounts::shares, to_json).boxed()
            }),
        ),
        Operation {
            body: body("NewShare"),
            words: vec![Word::Conflict],
            answer: Answer::json(
                "The share with its key, which is shown this once.",
                reference("CreatedShare"),
            )
            .with_status(StatusCode::CREATED),
            ..operation(
                [
                    "createShare",
                    "Create a share",
                    "The key goes into a link as `accesskey`. It opens figures only, none of \
                     settings, visitors or orders, and may ask for a password.",
                ],
                Method::POST,
                ALL,
                one(),
                Handler::Account(Scope::AccountWrite, |call| create(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            ..operation(
                ["getShare", "Read a share", "What is kept of the share."],
                Method::GET,
                ONE,
                one(),
                Handler::Account(Scope::AccountRead, |call| {
                    one_of(call, Accounts::share, to_json).boxed()
                }),
            )
        },
        Operation {
            parameters: of_one(),
            body: body("ShareChange"),
            ..operation(
                [
                    "updateShare",
                    "Change a share",
                    "Changes the fields that are sent; null takes the password or the expiry \
                     away. A new password shuts what the one before has opened.",
                ],
                Method::PATCH,
                ONE,
                one(),
                Handler::Account(Scope::AccountWrite, |call| update(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            answer: Answer::empty("It opens nothing any more."),
            ..operation(
                [
                    "revokeShare",
                    "Revoke a share",
                    "What was opened with it is shut at once. The share stays in the list, so that \
                     it can be seen when it was revoked.",
                ],
                Method::DELETE,
                ONE,
                one(),
                Handler::Account(Scope::AccountWrite, |call| {
                    gone_from(call, |acting, account, id| acting.revoke_share(account, id)).boxed()
                }),
            )
        },
        Operation {
            parameters: Vec::new(),
            body: BodyRule::Document {
                schema: reference("ShareOpening"),
                example: json!({"accesskey": "afsa_sh_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE"}),
                or_form: false,
            },
            words: vec![Word::AccessDenied, Word::RateLimited, Word::Overloaded],
            ..operation(
                [
                    "openShare",
                    "Open a share",
                    "Gives whoever has a share's key, and its password where it has one, a token \
                     that reads the figures of its account for an hour. Ten wrong passwords shut \
                     the share for a quarter of an hour.",
                ],
                Method::POST,
                "/v1/shares/open",
                Answer::json(
                    "The token, to be sent as any credential.",
                    reference("OpenedShare"),
                )
                .with_example(opened_example()),
                Handler::Public(|call| open(call).boxed()),
            )
        },
    ]
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    let share = json!({
        "id": {"type": "integer", "format": "int64"},
        "name": text(),
        "has_password": {"type": "boolean"},
        "created_at": instant(),
        "expires_at": nullable(instant()),
        "revoked_at": nullable(instant()),
        "last_used_at": nullable(instant()),
    });
    let key = with(text(), "description", "The key, shown this once.");
    let change = json!({
        "name": text(),
        "password": with(
            nullable(text()),
            "description",
            "At least 10 characters and at most 200 bytes; null for none.",
        ),
        "expires_at": nullable(instant()),
    });
    vec![
        pair("Share", whole(share.clone())),
        pair("CreatedShare", whole(with(share, "key", key))),
        pair("NewShare", sayings_with(change.clone(), &["name"])),
        pair("ShareChange", sayings(change)),
        pair(
            "ShareOpening",
            sayings_with(
                json!({"accesskey": text(), "password": text()}),
                &["accesskey"],
            ),
        ),
        pair(
            "OpenedShare",
            whole(json!({
                "account_id": {"type": "string", "pattern": "^[0-9]{8}$"},
                "access_token": text(),
                "token_type": {"type": "string", "enum": ["Bearer"]},
                "expires_in": with(count(), "description", "Seconds."),
                "scope": text(),
            })),
        ),
    ]
}

async fn create(call: Call) -> Result<Response, Problem> {
    let draft = change(call.document(), true, call.now)?;
    refuse_greater(&call)?;
    let (secret, salt) = (
        call.authorized.random_bytes(),
        call.authorized.random_bytes(),
    );
    let created = write(call, move |acting, account| {
        acting.create_share(account, &draft, secret, salt)
    })
    .await?;
    let mut answer = to_json(&created.share);
    answer["key"] = created.text.into();
    Ok(reply::with_status(
        StatusCode::CREATED,
        reply::json(&answer),
    ))
}

async fn update(call: Call) -> Result<Response, Problem> {
    let id = call.id("id")?;
    let wanted = change(call.document(), false, call.now)?;
    refuse_greater(&call)?;
    let salt = call.authorized.random_bytes();
    let share = write(call, move |acting, account| {
        acting.update_share(account, id, &wanted, salt)
    })
    .await?;
    Ok(reply::json(&to_json(&share)))
}

/// Whoever may not see the figures doesn't get at them by making a share.
fn refuse_greater(call: &Call) -> Result<(), Problem> {
    let detail = "A credential can share figures only if it has the scope stats:read itself.";
    let shown = Scopes::from([Scope::StatsRead]);
    call.authorized.require_own(shown, detail)
}

async fn open(call: PublicCall) -> Result<Response, Problem> {
    let mut fields = Fields::of_body(call.document())?;
    let key = fields.text("accesskey");
    let password = fields.text("password");
    if fields.faults.is_empty() && key.is_none() {
        let detail = "accesskey must be the key of a share";
        fields.fault("accesskey", "missing", detail, Vec::new());
    }
    fields.finish()?;
    let key = key.unwrap_or_default();
    let (server, now) = (call.server.clone(), call.now);
    let opening = move || server.backends.open_share(&key, password.as_deref(), now);
    let opening = call.server.gate.run(&call.server.limits, opening).await?;
    match opening {
        ShareOpening::Opened(opened) => Ok(reply::private(reply::json(&opened_json(&opened, now)))),
        ShareOpening::NeedsPassword => Err(refused("missing", "The share asks for a password.")),
        ShareOpening::WrongPassword => Err(refused("wrong", "The password is another one.")),
        ShareOpening::Locked => {
            let detail = "Too many passwords were wrong; the next is looked at in 15 minutes.";
            Err(Problem::new(Word::RateLimited, detail)
                .with_header(RETRY_AFTER, HeaderValue::from_static("900")))
        }
    }
}

fn refused(error: &str, detail: &str) -> Problem {
    let fault = Fault {
        pointer: Some("/password".into()),
        error: error.into(),
        detail: detail.into(),
        ..Fault::default()
    };
    Problem {
        faults: vec![fault],
        ..Problem::access_denied(detail)
    }
}

fn change(body: &Value, is_new: bool, now: Timestamp) -> Result<ShareChange, Problem> {
    let mut fields = Fields::of_body(body)?;
    let name = fields.text("name");
    let password = match fields.given("password") {
        Some(Value::Null) => Some(None),
        _ => fields.text("password").map(Some),
    };
    let expires_at = match fields.given("expires_at") {
        Some(Value::Null) => Some(None),
        _ => fields.instant("expires_at").map(Some),
    };
    let change = ShareChange {
        name,
        password,
        expires_at,
    };
    fields.finish_with(change.faults(is_new, now))?;
    Ok(change)
}

fn to_json(share: &Share) -> Value {
    json!({
        "id": share.id,
        "name": share.name,
        "has_password": share.has_password,
        "created_at": reply::instant(share.created_at),
        "expires_at": reply::optional_instant(share.expires_at),
        "revoked_at": reply::optional_instant(share.revoked_at),
        "last_used_at": reply::optional_instant(share.last_used),
    })
}

fn opened_json(opened: &OpenedShare, now: Timestamp) -> Value {
    json!({
        "account_id": opened.account.to_string(),
        "access_token": opened.token,
        "token_type": "Bearer",
        "expires_in": (opened.expires_at.0 - now.0) / SECOND,
        "scope": opened.scopes.to_string(),
    })
}

fn opened_example() -> Value {
    json!({
        "account_id": "00000003",
        "access_token": "afsa_st_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE",
        "token_type": "Bearer",
        "expires_in": 3_600,
        "scope": "stats:read",
    })
}
