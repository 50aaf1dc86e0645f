//! Every operation × every way not to be allowed.

use afsa_accounts::{Actor, Scope, Scopes};
use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use crate::app::{App, NOW, all_but};
use crate::document::{Described, operations};

#[tokio::test]
async fn nobody_gets_in_who_is_not_let_in() {
    let app = App::new();
    let expired = app.key_until(app.account, Scopes::all(), Some(NOW));
    let revoked = app.key_with(app.account, Scopes::all());
    let revoked_id = app.accounts.keys(app.account).unwrap().last().unwrap().id;
    app.accounts
        .acting(Actor::CommandLine, NOW)
        .revoke_key(app.account, revoked_id)
        .unwrap();
    let foreign = app.key_with(app.other, Scopes::all());
    let mut visited = Vec::new();
    for operation in operations(app.account.0) {
        visited.push(operation.id.clone());
        if operation.is_protocol {
            let answer = app.send(request(&operation, &operation.path, None)).await;
            assert!(answer.status.is_client_error(), "{}", operation.id);
            continue;
        }
        let Some(scope) = &operation.scope else {
            let open = app.send(request(&operation, &operation.path, None)).await;
            assert!(
                open.status.is_success(),
                "{}: {}",
                operation.id,
                open.text()
            );
            continue;
        };
        let scope: Scope = scope.parse().unwrap();
        let narrow = app.key_with(app.account, all_but(scope));
        let credentials: [(Option<&str>, u16, &str); 5] = [
            (None, 401, "access_denied"),
            (Some("1-nonsense"), 401, "access_denied"),
            (Some(&expired), 401, "access_denied"),
            (Some(&revoked), 401, "access_denied"),
            (Some(&narrow), 403, "insufficient_scope"),
        ];
        for (credential, status, word) in credentials {
            let answer = app
                .send(request(&operation, &operation.path, credential))
                .await;
            let what = format!("{} {credential:?}", operation.id);
            assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text());
            if status == 401 {
                assert!(answer.headers.contains_key("www-authenticate"), "{what}");
            }
            let problem = answer.problem(status, word);
            assert!(problem.get("data").is_none(), "{what}");
        }
        // Another's account, in the path or as a parameter, whether it exists or not.
        let mut told: Vec<(Option<Value>, Vec<u8>)> = Vec::new();
        for account in ["1", "00000001", "99999999"] {
            let path = match operation.path.strip_prefix("/v1/accounts/1") {
                Some(rest) => format!("/v1/accounts/{account}{rest}"),
                None if takes_account_id(&operation) => {
                    format!("{}?account_id={account}", operation.path)
                }
                None => continue,
            };
            let answer = app.send(request(&operation, &path, Some(&foreign))).await;
            let mut problem = answer.problem(403, "forbidden");
            problem.as_object_mut().unwrap().remove("instance");
            told.push((None, problem.to_string().into_bytes()));
        }
        told.dedup();
        let is_bound = operation.path.starts_with("/v1/accounts/") || takes_account_id(&operation);
        assert_eq!(
            told.len(),
            usize::from(is_bound),
            "{}: {told:?}",
            operation.id
        );
    }
    let mut listed: Vec<String> = operations(1)
        .into_iter()
        .map(|operation| operation.id)
        .collect();
    listed.sort_unstable();
    visited.sort_unstable();
    assert_eq!(visited, listed);
    assert!(app.collector.batches.lock().unwrap().is_empty());
    assert!(app.collector.imports.lock().unwrap().is_empty());
    assert_eq!(app.accounts.goals(app.account).unwrap(), []);
}

#[tokio::test]
async fn a_batch_stays_in_its_account() {
    let app = App::new();
    for account in [
        serde_json::json!(2),
        serde_json::json!("00000002"),
        serde_json::json!("99999999"),
    ] {
        let body = serde_json::json!({"account_id": account, "actions": {}});
        app.post("/v1/stats/batch", body)
            .await
            .problem(403, "forbidden");
    }
    let body = serde_json::json!({"account_id": "1", "actions": {}});
    app.post("/v1/stats/batch", body).await.expect(200);
    let foreign = app.key_with(app.other, [Scope::StatsRead]);
    let form = format!("api_key={foreign}&account_id=1&actions[a][report]=pages");
    let request = Request::post("/v1/stats/batch")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    app.send(request).await.problem(403, "forbidden");
}

#[tokio::test]
async fn another_account_has_no_share_in_the_figures() {
    let app = App::new();
    let foreign = app.key_with(app.other, [Scope::StatsRead]);
    let path = "/v1/stats/query?metrics=visits&period=all";
    let own = app.get(path).await.expect(200).json();
    assert_eq!(own["data"][0]["visits"], 5, "{own}");
    let request = crate::app::request("GET", path, Some(&foreign), None);
    let others = app.send(request).await.expect(200).json();
    assert_eq!(others["data"][0]["visits"], 0, "{others}");
}

#[tokio::test]
async fn a_key_makes_no_key_that_can_do_more() {
    let app = App::new();
    let limited = app.key_with(app.account, [Scope::AccountWrite, Scope::StatsRead]);
    let make = |scopes: &str| {
        let body = serde_json::json!({"name": "More", "scopes": scopes});
        crate::app::request("POST", "/v1/accounts/1/keys", Some(&limited), Some(body))
    };
    app.send(make("stats:read,export:read"))
        .await
        .problem(403, "insufficient_scope");
    let made = app.send(make("stats:read")).await.expect(201).json();
    let key = made["key"].as_str().unwrap();
    app.send(crate::app::request(
        "GET",
        "/v1/stats/pages",
        Some(key),
        None,
    ))
    .await
    .expect(200);
}

fn takes_account_id(operation: &Described) -> bool {
    !operation.path.starts_with("/v1/accounts") && operation.id != "postBatch"
}

fn request(operation: &Described, path: &str, credential: Option<&str>) -> Request<Body> {
    let mut request = Request::builder()
        .method(operation.method.as_str())
        .uri(path);
    if let Some(credential) = credential {
        request = request.header("x-api-key", credential);
    }
    match &operation.body {
        None => request.body(Body::empty()).unwrap(),
        Some((media, example)) => {
            let request = request.header("content-type", media);
            request.body(Body::from(example.to_string())).unwrap()
        }
    }
}
