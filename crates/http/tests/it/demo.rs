use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::app::{Answer, App, request};
use crate::document;

const TOKEN: &str = "fixed-demo-token";

async fn batch(app: &App, fields: &str) -> Answer {
    let request = Request::post("/v1/stats/batch")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!(
            "{fields}&actions[a][report]=summary&actions[a][period]=all"
        )))
        .unwrap();
    app.send(request).await
}

#[tokio::test]
async fn the_demonstration_goes_by_its_words_and_its_token() {
    let app = App::of_demo(TOKEN);
    let own = batch(&app, &format!("api_key={}", app.key))
        .await
        .expect(200)
        .json();
    let visits = &own["performed_actions"]["a"]["data"][0]["visits"];
    assert!(visits.as_i64().unwrap() > 0);
    for name in ["WPDEMO", "PSHOPDEMO", "0", "00000000", "1", "00000001"] {
        for credential in ["api_key", "client_id=afsa_wordpress_plugin&access_token"] {
            let fields = format!("account_id={name}&{credential}={TOKEN}");
            let shown = batch(&app, &fields).await.expect(200).json();
            assert_eq!(
                &shown["performed_actions"]["a"]["data"][0]["visits"], visits,
                "{fields}"
            );
        }
    }
    let account = app
        .send(request("GET", "/v1/accounts/WPDEMO", Some(TOKEN), None))
        .await
        .expect(200);
    assert_eq!(account.json()["id"], "00000001");
    batch(&app, &format!("account_id=2&api_key={TOKEN}"))
        .await
        .problem(403, "forbidden");
    batch(&app, &format!("account_id=OTHER&api_key={TOKEN}"))
        .await
        .problem(400, "invalid_request");
    // The words alone open nothing, and nothing is meant by 0 elsewhere.
    batch(&app, "account_id=WPDEMO")
        .await
        .problem(401, "access_denied");
    batch(&app, "api_key=WPDEMO")
        .await
        .problem(401, "access_denied");
    batch(&app, &format!("account_id=0&api_key={}", app.key))
        .await
        .problem(400, "invalid_request");
    let foreign = app.key_with(app.other, [afsa_accounts::Scope::StatsRead]);
    batch(&app, &format!("account_id=WPDEMO&api_key={foreign}"))
        .await
        .problem(403, "forbidden");
}

#[tokio::test]
async fn without_a_demonstration_its_words_mean_nothing() {
    let app = App::new();
    batch(&app, &format!("api_key={TOKEN}"))
        .await
        .problem(401, "access_denied");
    batch(&app, &format!("account_id=WPDEMO&api_key={}", app.key))
        .await
        .problem(400, "invalid_request");
}

#[tokio::test]
async fn everybody_may_read_the_figures_and_nothing_else() {
    let app = App::of_demo(TOKEN);
    let mut allowed = Vec::new();
    for operation in document::operations(1) {
        if operation.scope.is_none() {
            continue;
        }
        let body = operation
            .body
            .map(|(_, example)| example)
            .unwrap_or(Value::Null);
        let body = (operation.method != "GET").then_some(body);
        let answer = app
            .send(request(
                &operation.method,
                &operation.path,
                Some(TOKEN),
                body,
            ))
            .await;
        if answer.status == 403 {
            continue;
        }
        let scope = operation.scope.unwrap();
        let is_reading = operation.method == "GET" || operation.id == "postBatch";
        let is_figures =
            scope == "stats:read" || ["listAccounts", "getAccount"].contains(&&*operation.id);
        assert!(
            is_reading && is_figures,
            "{} {}",
            operation.id,
            answer.text()
        );
        allowed.push(operation.id);
    }
    for id in ["getReport", "getQuery", "postBatch", "getAccount"] {
        assert!(allowed.iter().any(|it| it == id), "{id}: {allowed:?}");
    }
    assert_eq!(
        app.send(request(
            "PATCH",
            "/v1/accounts/1",
            Some(TOKEN),
            Some(json!({"name": "x"}))
        ))
        .await
        .status,
        403
    );
}
