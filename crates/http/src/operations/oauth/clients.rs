//! OAuth clients of an account: apps that it makes known, for whichever accounts let them in.

use afsa_accounts::oauth::{Client, ClientChange, ClientKind, CreatedClient, NewClient};
use afsa_accounts::{Accounts, Scope, Scopes};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation, Parameter};
use crate::operations::stored::{all_of, gone_from, one_of, write};
use crate::operations::{account_id_in_path, id_in_path, in_account};
use crate::problem::{Problem, Word};
use crate::{reply, schemas};

const KINDS: [&str; 2] = ["public", "confidential"];

pub(super) fn operations() -> Vec<Operation> {
    let base = |id, method, path, summary, description, handler| {
        let answer = Answer::json("The client.", schemas::reference("OAuthClient"));
        in_account(
            "OAuth 2",
            [id, summary, description],
            method,
            path,
            answer,
            handler,
        )
    };
    // The first two are the plug-ins' of every installation.
    let id = || Parameter {
        example: 3.into(),
        ..id_in_path("The id of the client.")
    };
    let of_one = || vec![account_id_in_path(), id()];
    let with_secret = |description| {
        let schema = schemas::reference("CreatedOAuthClient");
        Answer::json(description, schema)
    };
    const ALL: &str = "/v1/accounts/{account_id}/clients";
    const ONE: &str = "/v1/accounts/{account_id}/clients/{id}";
    vec![
        Operation {
            answer: Answer::json("The clients.", schemas::list_of("OAuthClient")),
            ..base(
                "listClients",
                Method::GET,
                ALL,
                "List OAuth clients",
                "The apps that this account has made; never their secrets.",
                Handler::Account(Scope::AccountRead, |call| {
                    all_of(call, Accounts::clients, to_json).boxed()
                }),
            )
        },
        Operation {
            body: BodyRule::Document {
                schema: schemas::reference("NewOAuthClient"),
                example: json!({
                    "name": "Reports by mail",
                    "type": "confidential",
                    "redirect_uris": ["https://app.example.com/callback"],
                    "scopes": ["account:read", "stats:read"],
                }),
                or_form: false,
            },
            answer: with_secret("The client; its secret, if it has one, is shown this once.")
                .with_status(StatusCode::CREATED),
            words: vec![Word::Conflict],
            ..base(
                "createClient",
                Method::POST,
                ALL,
                "Create an OAuth client",
                "A confidential client runs on a server and has a secret; a public one runs where \
                 others could read a secret, has none, and must use PKCE. Redirect addresses are \
                 https, http on a loopback address (on any port there), or a scheme of a native \
                 app with a dot in it; no fragment, no user, no wildcard. An app may not make apps.",
                Handler::Account(Scope::AccountWrite, |call| create(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            ..base(
                "getClient",
                Method::GET,
                ONE,
                "Read an OAuth client",
                "What is kept of the client.",
                Handler::Account(Scope::AccountRead, |call| {
                    one_of(call, Accounts::client, to_json).boxed()
                }),
            )
        },
        Operation {
            parameters: of_one(),
            body: BodyRule::Document {
                schema: schemas::reference("OAuthClientChange"),
                example: json!({"name": "Reports by mail, new"}),
                or_form: false,
            },
            ..base(
                "updateClient",
                Method::PATCH,
                ONE,
                "Change an OAuth client",
                "Changes the fields that are sent. Scopes that are taken away are gone for tokens \
                 that are out already.",
                Handler::Account(Scope::AccountWrite, |call| update(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            answer: Answer::empty("It is gone, with everything that it was granted."),
            ..base(
                "deleteClient",
                Method::DELETE,
                ONE,
                "Delete an OAuth client",
                "All its tokens end with it, in every account.",
                Handler::Account(Scope::AccountWrite, |call| {
                    gone_from(call, |acting, account, id| {
                        acting.delete_client(account, id)
                    })
                    .boxed()
                }),
            )
        },
        Operation {
            parameters: of_one(),
            answer: with_secret("The client with its new secret, which is shown this once."),
            // A public client has none.
            words: vec![Word::Unprocessable],
            ..base(
                "rotateClientSecret",
                Method::POST,
                "/v1/accounts/{account_id}/clients/{id}/secret",
                "Give an OAuth client another secret",
                "The secret before counts no more from then on. Only confidential clients have one.",
                Handler::Account(Scope::AccountWrite, |call| rotate(call).boxed()),
            )
        },
    ]
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    let id = json!({"type": "integer", "format": "int64"});
    let scopes = || json!({"type": "array", "items": schemas::words(&Scope::ALL.map(Scope::name))});
    let client = json!({
        "id": id,
        "client_id": schemas::with(schemas::text(), "description", "What the app calls itself in requests."),
        "name": schemas::text(),
        "type": schemas::words(&KINDS),
        "redirect_uris": schemas::texts(),
        "scopes": scopes(),
        "created_at": schemas::instant(),
    });
    let mut created = client.clone();
    created["client_secret"] = schemas::nullable(schemas::with(
        schemas::text(),
        "description",
        "Shown this once; null for public clients.",
    ));
    vec![
        schemas::pair("OAuthClient", schemas::whole(client)),
        schemas::pair("CreatedOAuthClient", schemas::whole(created)),
        schemas::pair(
            "NewOAuthClient",
            schemas::sayings_with(
                json!({
                    "name": schemas::text(),
                    "type": schemas::words(&KINDS),
                    "redirect_uris": schemas::texts(),
                    "scopes": scopes(),
                }),
                &["name", "type", "redirect_uris", "scopes"],
            ),
        ),
        schemas::pair(
            "OAuthClientChange",
            schemas::sayings(json!({
                "name": schemas::text(),
                "redirect_uris": schemas::texts(),
                "scopes": scopes(),
            })),
        ),
    ]
}

async fn create(call: Call) -> Result<Response, Problem> {
    let mut fields = Fields::of_body(call.document())?;
    let given = Given::read(&mut fields);
    let kind: Option<ClientKind> = fields.word("type", &KINDS);
    if kind.is_none() && fields.value("type").is_none() {
        let detail = "type must be public or confidential";
        fields.fault("type", "missing", detail, KINDS.map(str::to_owned).to_vec());
    }
    let new = NewClient {
        name: given.name.unwrap_or_default(),
        kind: kind.unwrap_or(ClientKind::Public),
        redirects: given.redirects.unwrap_or_default(),
        scopes: given.scopes.unwrap_or_default(),
    };
    fields.finish_with(new.faults())?;
    let random = [
        call.authorized.random_bytes(),
        call.authorized.random_bytes(),
    ];
    let created = write(call, move |acting, account| {
        let [id, secret] = random;
        acting.create_client(account, &new, id, secret)
    })
    .await?;
    let answer = reply::json(&created_to_json(&created));
    Ok(reply::with_status(StatusCode::CREATED, answer))
}

async fn update(call: Call) -> Result<Response, Problem> {
    let id = call.id("id")?;
    let mut fields = Fields::of_body(call.document())?;
    let given = Given::read(&mut fields);
    let change = ClientChange {
        name: given.name,
        redirects: given.redirects,
        scopes: given.scopes,
    };
    let kind = call
        .authorized
        .with_accounts(|accounts, account| accounts.client(account, id))?
        .kind;
    fields.finish_with(change.faults(kind))?;
    let client = write(call, move |acting, account| {
        acting.update_client(account, id, &change)
    })
    .await?;
    Ok(reply::json(&to_json(&client)))
}

async fn rotate(call: Call) -> Result<Response, Problem> {
    let id = call.id("id")?;
    let secret = call.authorized.random_bytes();
    let rotated = write(call, move |acting, account| {
        acting.rotate_client_secret(account, id, secret)
    })
    .await?;
    Ok(reply::json(&created_to_json(&rotated)))
}

/// What may be said of a new client and of a change.
struct Given {
    name: Option<String>,
    redirects: Option<Vec<String>>,
    scopes: Option<Scopes>,
}

impl Given {
    fn read(fields: &mut Fields<'_>) -> Given {
        Given {
            name: fields.text("name"),
            redirects: fields.texts("redirect_uris"),
            scopes: fields.scopes("scopes"),
        }
    }
}

fn created_to_json(created: &CreatedClient) -> Value {
    let mut answer = to_json(&created.client);
    answer["client_secret"] = created.secret.clone().into();
    answer
}

fn to_json(client: &Client) -> Value {
    json!({
        "id": client.id,
        "client_id": client.public_id,
        "name": client.name,
        "type": client.kind.name(),
        "redirect_uris": client.redirects,
        "scopes": client.scopes.iter().map(Scope::name).collect::<Vec<_>>(),
        "created_at": reply::instant(client.created_at),
    })
}
