//! What an OAuth client can find out by itself (RFC 8414).

use afsa_accounts::Scope;
use axum::http::Method;
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::operation::{Answer, BodyRule, Handler, Operation, PublicCall};
use crate::{reply, schemas};

pub(super) fn operations() -> Vec<Operation> {
    let example = metadata("https://stats.example.com");
    let properties: Vec<(String, Value)> = example
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let schema = match value {
                Value::Array(_) => schemas::texts(),
                Value::Bool(_) => json!({"type": "boolean"}),
                _ => schemas::text(),
            };
            (name.clone(), schema)
        })
        .collect();
    vec![Operation {
        id: "getAuthorizationServer",
        method: Method::GET,
        path: "/.well-known/oauth-authorization-server",
        tag: "OAuth 2",
        summary: "What an OAuth client can find out by itself",
        description: "Addresses and abilities of this authorisation server (RFC 8414).",
        parameters: Vec::new(),
        body: BodyRule::None,
        answer: Answer::json(
            "Addresses and abilities.",
            schemas::whole(properties.into_iter().collect()),
        ),
        words: Vec::new(),
        handler: Handler::Public(|call: PublicCall| {
            let metadata = metadata(&call.server.public_url);
            async move { Ok(reply::json(&metadata)) }.boxed()
        }),
    }]
}

fn metadata(issuer: &str) -> Value {
    let methods = ["client_secret_basic", "client_secret_post", "none"];
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/api/authorize"),
        "token_endpoint": format!("{issuer}/v1/token"),
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint": format!("{issuer}/v1/revoke"),
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint": format!("{issuer}/v1/introspect"),
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": Scope::ALL.map(Scope::name),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "ui_locales_supported": ["en", "fr"],
        "service_documentation": format!("{issuer}/docs/guides/oauth.html"),
    })
}
