//! API keys of an account.

use afsa_accounts::{Accounts, ApiKey, NewKey, Scope};
use afsa_model::Timestamp;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::stored::{all_of, gone_from, one_of, write};
use super::{account_id_in_path, id_in_path, in_account};
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation, Parameter};
use crate::problem::{Problem, Word};
use crate::{reply, schemas};

pub(crate) fn operations() -> Vec<Operation> {
    let base = |id, method, path, summary, description, handler| {
        let answer = Answer::json("The key.", schemas::reference("Key"));
        in_account(
            "Account things",
            [id, summary, description],
            method,
            path,
            answer,
            handler,
        )
    };
    // The first key is the one that made the others.
    let id = || Parameter {
        example: 2.into(),
        ..id_in_path("The id of the key.")
    };
    let of_one = || vec![account_id_in_path(), id()];
    const ALL: &str = "/v1/accounts/{account_id}/keys";
    const ONE: &str = "/v1/accounts/{account_id}/keys/{id}";
    vec![
        Operation {
            answer: Answer::json("The keys.", schemas::list_of("Key")),
            ..base(
                "listKeys",
                Method::GET,
                ALL,
                "List API keys",
                "All keys, also expired and revoked ones; never their secrets.",
                Handler::Account(Scope::AccountRead, |call| {
                    all_of(call, Accounts::keys, to_json).boxed()
                }),
            )
        },
        Operation {
            body: BodyRule::Document {
                schema: schemas::reference("NewKey"),
                example: json!({"name": "Reporting", "scopes": ["stats:read"]}),
                or_form: false,
            },
            answer: Answer::json(
                "The key with its text, which is shown this once.",
                schemas::reference("CreatedKey"),
            )
            .with_status(StatusCode::CREATED),
            words: vec![Word::Conflict],
            ..base(
                "createKey",
                Method::POST,
                ALL,
                "Create an API key",
                "The new key may have no scope that the credential in use lacks.",
                Handler::Account(Scope::AccountWrite, |call| create(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            ..base(
                "getKey",
                Method::GET,
                ONE,
                "Read an API key",
                "What is kept of the key.",
                Handler::Account(Scope::AccountRead, |call| {
                    one_of(call, Accounts::key, to_json).boxed()
                }),
            )
        },
        Operation {
            parameters: of_one(),
            body: BodyRule::Document {
                schema: schemas::reference("KeyChange"),
                example: json!({"name": "Reporting, old"}),
                or_form: false,
            },
            ..base(
                "updateKey",
                Method::PATCH,
                ONE,
                "Rename an API key",
                "Only the name can be changed.",
                Handler::Account(Scope::AccountWrite, |call| update(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            answer: Answer::empty("It opens nothing any more."),
            ..base(
                "revokeKey",
                Method::DELETE,
                ONE,
                "Revoke an API key",
                "The key stays in the list, so that it can be seen when it was revoked.",
                Handler::Account(Scope::AccountWrite, |call| {
                    gone_from(call, |acting, account, id| acting.revoke_key(account, id)).boxed()
                }),
            )
        },
    ]
}

async fn create(call: Call) -> Result<Response, Problem> {
    let new = new_key(call.document(), call.now)?;
    let own_alone = "A credential can make keys of its own scopes only.";
    call.authorized.require_own(new.scopes, own_alone)?;
    let secret = call.authorized.random_bytes();
    let created = write(call, move |acting, account| {
        acting.create_key(account, &new, secret)
    })
    .await?;
    let mut answer = to_json(&created.key);
    answer["key"] = created.text.into();
    Ok(reply::with_status(
        StatusCode::CREATED,
        reply::json(&answer),
    ))
}

async fn update(call: Call) -> Result<Response, Problem> {
    let id = call.id("id")?;
    let mut fields = Fields::of_body(call.document())?;
    let name = fields.text("name");
    fields.finish()?;
    let key = write(call, move |acting, account| match &name {
        Some(name) => acting.rename_key(account, id, name),
        None => acting.accounts().key(account, id),
    })
    .await?;
    Ok(reply::json(&to_json(&key)))
}

fn new_key(body: &Value, now: Timestamp) -> Result<NewKey, Problem> {
    let mut fields = Fields::of_body(body)?;
    let name = fields.text("name").unwrap_or_default();
    let expires_at = fields.instant("expires_at");
    let scopes = fields.scopes("scopes").unwrap_or_default();
    let new = NewKey {
        name,
        scopes,
        expires_at,
    };
    fields.finish_with(new.faults(now))?;
    Ok(new)
}

fn to_json(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes.iter().map(Scope::name).collect::<Vec<_>>(),
        "created_at": reply::instant(key.created_at),
        "expires_at": reply::optional_instant(key.expires_at),
        "revoked_at": reply::optional_instant(key.revoked_at),
        "last_used_at": reply::optional_instant(key.last_used),
    })
}
