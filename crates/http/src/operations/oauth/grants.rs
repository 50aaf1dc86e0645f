//! Apps that people let into an account.

use afsa_accounts::Scope;
use afsa_accounts::oauth::Grant;
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::operation::{Answer, Call, Handler, Operation};
use crate::operations::stored::gone_from;
use crate::operations::{account_id_in_path, id_in_path, in_account};
use crate::problem::Problem;
use crate::{reply, schemas};

pub(super) fn operations() -> Vec<Operation> {
    let base = |id, method, path, summary, description, answer, handler| {
        in_account(
            "OAuth 2",
            [id, summary, description],
            method,
            path,
            answer,
            handler,
        )
    };
    vec![
        base(
            "listGrants",
            Method::GET,
            "/v1/accounts/{account_id}/grants",
            "List connected apps",
            "Each time that a person let an app into the account and that still counts.",
            Answer::json("The connected apps.", schemas::list_of("Grant"))
                .with_example(json!({"data": [example()]})),
            Handler::Account(Scope::AccountRead, |call| list(call).boxed()),
        ),
        Operation {
            parameters: vec![
                account_id_in_path(),
                id_in_path("The id of the connected app."),
            ],
            ..base(
                "revokeGrant",
                Method::DELETE,
                "/v1/accounts/{account_id}/grants/{id}",
                "Disconnect an app",
                "All tokens that came of this one time open nothing any more.",
                Answer::empty("It is disconnected."),
                Handler::Account(Scope::AccountWrite, |call| {
                    gone_from(call, |acting, account, id| acting.revoke_grant(account, id)).boxed()
                }),
            )
        },
    ]
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    let id = json!({"type": "integer", "format": "int64"});
    vec![schemas::pair(
        "Grant",
        schemas::whole(json!({
            "id": id,
            "client_id": schemas::text(),
            "client_name": schemas::text(),
            "person": schemas::with(schemas::text(), "description", "E-mail of the person who let it in."),
            "scopes": {"type": "array", "items": schemas::words(&Scope::ALL.map(Scope::name))},
            "redirect_uri": schemas::with(schemas::text(), "description", "Where the person was sent back to, without the query."),
            "created_at": schemas::instant(),
            "last_used_at": schemas::nullable(schemas::instant()),
            "expires_at": schemas::with(schemas::instant(), "description", "Unless it is refreshed before."),
        })),
    )]
}

async fn list(call: Call) -> Result<Response, Problem> {
    let now = call.now;
    let grants = call
        .authorized
        .with_accounts(|accounts, account| accounts.grants(account, now))?;
    let grants: Vec<Value> = grants.iter().map(to_json).collect();
    Ok(reply::json(&json!({"data": grants})))
}

fn to_json(grant: &Grant) -> Value {
    json!({
        "id": grant.id,
        "client_id": grant.client,
        "client_name": grant.client_name,
        "person": grant.email,
        "scopes": grant.scopes.iter().map(Scope::name).collect::<Vec<_>>(),
        "redirect_uri": grant.place,
        "created_at": reply::instant(grant.created_at),
        "last_used_at": reply::optional_instant(grant.last_used),
        "expires_at": reply::instant(grant.expires_at),
    })
}

fn example() -> Value {
    json!({
        "id": 1,
        "client_id": "afsa_wordpress_plugin",
        "client_name": "AFS Analytics for WordPress",
        "person": "owner@example.com",
        "scopes": ["account:read", "stats:read", "visitors:read", "orders:read"],
        "redirect_uri": "https://shop.example.com/wp-admin/admin.php",
        "created_at": "2026-10-01T08:00:00Z",
        "last_used_at": "2026-11-02T10:00:00Z",
        "expires_at": "2027-01-31T10:00:00Z",
    })
}
