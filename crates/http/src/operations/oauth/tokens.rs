//! Tokens: handed out for codes and refresh tokens, ended, and told about.

use afsa_accounts::oauth::{ClientKind, CodeExchange, TokenKind, TokenPair};
use afsa_accounts::{Credential, Principal, Scope, Scopes};
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::operation::{Answer, BodyRule, Handler, Operation};
use crate::problem::Problem;
use crate::protocol::{ProtocolCall, ProtocolOutcome, Refused};
use crate::rate::RateHeaders;
use crate::{reply, schemas};

pub(super) fn operations() -> Vec<Operation> {
    let base = |id, path, summary, description, run| Operation {
        id,
        method: Method::POST,
        path,
        tag: "OAuth 2",
        summary,
        description,
        parameters: Vec::new(),
        body: BodyRule::Form {
            schema: schemas::reference("TokenRequest"),
            example: json!({
                "grant_type": "refresh_token",
                "refresh_token": "afsa_rt_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE",
                "client_id": "afsa_wordpress_plugin",
            }),
        },
        answer: Answer::json("Tokens.", schemas::reference("Tokens")).with_example(json!({
            "access_token": "afsa_at_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE",
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": "afsa_rt_cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmE",
            "scope": "account:read stats:read",
            "account_id": "00000003",
        })),
        words: Vec::new(),
        handler: Handler::Protocol(run),
    };
    const TOKEN: &str = "For a code or a refresh token (RFC 6749). A code is taken once: coming a \
        second time, it ends everything that came of it. A refresh token is replaced whenever it \
        is used; sent again within 60 seconds it gives the very same tokens again, later it ends \
        everything that was granted with it.";
    let token: fn(ProtocolCall) -> ProtocolOutcome = |call| token(call).boxed();
    let one_token = |example: Value| BodyRule::Form {
        schema: schemas::reference("TokenToTell"),
        example,
    };
    let example = json!({
        "token": "afsa_rt_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE",
        "client_id": "afsa_wordpress_plugin",
    });
    vec![
        base("createToken", "/v1/token", "Get tokens", TOKEN, token),
        base(
            "createTokenToo",
            "/api/token/",
            "Get tokens, at an older address",
            TOKEN,
            token,
        ),
        Operation {
            body: one_token(example.clone()),
            answer: Answer::json(
                "It opens nothing, whether or not it did before.",
                json!({"type": "object"}),
            )
            .with_example(json!({})),
            ..base(
                "revokeToken",
                "/v1/revoke",
                "End a token",
                "By the client that it was made for (RFC 7009). With a refresh token everything \
                 ends that was granted with it, with an access token that alone.",
                |call| revoke(call).boxed(),
            )
        },
        Operation {
            body: one_token(example),
            answer: Answer::json(
                "What it is good for, or that it is good for nothing.",
                schemas::reference("TokenState"),
            )
            .with_example(json!({"active": false})),
            ..base(
                "introspectToken",
                "/v1/introspect",
                "Ask about a token",
                "What a token is good for (RFC 7662): confidential clients may ask about their \
                 own, and API keys and tokens with the scope `account:read` about those of their \
                 account. Of all others nothing is told but that they are not active.",
                |call| introspect(call).boxed(),
            )
        },
    ]
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    let text = schemas::text;
    let seconds = || json!({"type": "integer", "format": "int64", "minimum": 0});
    let client = json!({
        "client_id": text(),
        "client_secret": schemas::with(text(), "description", "Of confidential clients that don't send it by Basic."),
    });
    let with_client = |mut properties: Value| {
        if let (Some(all), Some(client)) = (properties.as_object_mut(), client.as_object()) {
            all.extend(client.clone());
        }
        properties
    };
    let optional = |names: &[&str], mut schema: Value| {
        schema["required"] = names.iter().map(|name| Value::from(*name)).collect();
        schema
    };
    vec![
        schemas::pair(
            "TokenRequest",
            optional(
                &["grant_type"],
                schemas::parts(with_client(json!({
                    "grant_type": schemas::words(&["authorization_code", "refresh_token"]),
                    "code": text(),
                    "redirect_uri": schemas::with(text(), "description", "The same text as in the request for authorisation."),
                    "code_verifier": text(),
                    "refresh_token": text(),
                    "scope": schemas::with(text(), "description", "With a refresh token: fewer scopes for this access token."),
                }))),
            ),
        ),
        schemas::pair(
            "Tokens",
            schemas::whole(json!({
                "access_token": text(),
                "token_type": schemas::words(&["Bearer"]),
                "expires_in": schemas::with(seconds(), "description", "Seconds that the access token is good for."),
                "refresh_token": text(),
                "scope": schemas::with(text(), "description", "What was granted, separated by blanks."),
                "account_id": schemas::with(text(), "description", "The account that it is for."),
            })),
        ),
        schemas::pair(
            "TokenToTell",
            optional(
                &["token"],
                schemas::parts(with_client(json!({
                    "token": text(),
                    "token_type_hint": schemas::with(text(), "description", "Not needed: tokens tell by themselves what they are."),
                }))),
            ),
        ),
        schemas::pair(
            "TokenState",
            optional(
                &["active"],
                schemas::parts(json!({
                    "active": {"type": "boolean"},
                    "scope": text(),
                    "client_id": text(),
                    "token_type": schemas::words(&["Bearer", "refresh_token"]),
                    "exp": seconds(),
                    "iat": seconds(),
                    "sub": schemas::with(text(), "description", "The number of the person who granted it."),
                    "iss": text(),
                    "account_id": text(),
                })),
            ),
        ),
    ]
}

async fn token(call: ProtocolCall) -> Result<Response, Refused> {
    let client = call.client().await?;
    let (now, random) = (call.now, call.server.backends.random_bytes());
    let pair = match call.needed("grant_type")?.as_str() {
        "authorization_code" => {
            let code = call.needed("code")?;
            let redirect = call.needed("redirect_uri")?;
            let verifier = call.parameter("code_verifier");
            call.step(move |accounts| {
                let exchange = CodeExchange {
                    code: &code,
                    redirect: &redirect,
                    verifier: verifier.as_deref(),
                };
                accounts.exchange_code(&client, exchange, random, now)
            })
            .await?
        }
        "refresh_token" => {
            let token = call.needed("refresh_token")?;
            let scopes = scopes(&call)?;
            take_rate(&call, token.clone(), client.id).await?;
            call.step(move |accounts| accounts.refresh(&client, &token, scopes, random, now))
                .await?
        }
        _ => {
            let known = "grant_type must be authorization_code or refresh_token";
            return Err(Refused::new("unsupported_grant_type", known));
        }
    };
    let credential = Credential::Token {
        grant: pair.grant,
        client: pair.client,
    };
    let mut response = reply::json(&answer(&pair, call.now.0));
    response.extensions_mut().insert(Principal {
        account: pair.account,
        credential,
        scopes: pair.scopes,
    });
    Ok(response)
}

/// A client that refreshes again and again is slowed like one that asks again and again.
async fn take_rate(call: &ProtocolCall, token: String, client: i64) -> Result<(), Refused> {
    let grant = call
        .step(move |accounts| accounts.grant_of_refresh(&token))
        .await?;
    let Some(grant) = grant else {
        return Ok(());
    };
    let credential = Credential::Token { grant, client };
    let elapsed = call.server.clock.elapsed();
    let taken = call
        .server
        .request_rates
        .take(credential, elapsed, &mut RateHeaders::default());
    Ok(taken.map_err(Problem::from)?)
}

fn answer(pair: &TokenPair, now: i64) -> Value {
    json!({
        "access_token": pair.access,
        "token_type": "Bearer",
        "expires_in": ((pair.expires_at.0 - now) / 1_000).max(0),
        "refresh_token": pair.refresh,
        "scope": pair.scopes.to_string(),
        "account_id": pair.account.to_string(),
    })
}

fn scopes(call: &ProtocolCall) -> Result<Option<Scopes>, Refused> {
    let Some(text) = call.parameter("scope") else {
        return Ok(None);
    };
    match text.parse() {
        Ok(scopes) => Ok(Some(scopes)),
        Err(_) => Err(Refused::new("invalid_scope", "a scope is not known")),
    }
}

async fn revoke(call: ProtocolCall) -> Result<Response, Refused> {
    let client = call.client().await?;
    let (token, now) = (call.needed("token")?, call.now);
    call.step(move |accounts| accounts.revoke_token(&client, &token, now))
        .await?;
    Ok(reply::json(&json!({})))
}

async fn introspect(call: ProtocolCall) -> Result<Response, Refused> {
    let (client, principal) = if call.names_client() {
        let client = call.client().await?;
        if client.kind != ClientKind::Confidential {
            let alone = afsa_accounts::oauth::TokenRefusal::Client;
            return Err(afsa_accounts::Error::from(alone).into());
        }
        (Some(client.public_id), None)
    } else {
        (None, Some(call.principal(Scope::AccountRead).await?))
    };
    let (token, now) = (call.needed("token")?, call.now);
    let state = call
        .step(move |accounts| accounts.token_state(&token, now))
        .await?;
    let may_know = |state: &afsa_accounts::oauth::TokenState| match (&client, principal) {
        (Some(client), _) => state.client == *client,
        (None, Some(principal)) => state.account == principal.account,
        (None, None) => false,
    };
    let Some(state) = state.filter(may_know) else {
        return Ok(reply::json(&json!({"active": false})));
    };
    let kind = match state.kind {
        TokenKind::Access => "Bearer",
        TokenKind::Refresh => "refresh_token",
    };
    Ok(reply::json(&json!({
        "active": true,
        "scope": state.scopes.to_string(),
        "client_id": state.client,
        "token_type": kind,
        "exp": state.expires_at.0 / 1_000,
        "iat": state.issued_at.0 / 1_000,
        "sub": state.person.to_string(),
        "iss": call.server.public_url,
        "account_id": state.account.to_string(),
    })))
}
