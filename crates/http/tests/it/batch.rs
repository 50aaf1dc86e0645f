use afsa_accounts::Scope;
use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::app::App;

async fn form(app: &App, form: String) -> crate::app::Answer {
    let request = Request::post("/v1/stats/batch")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    app.send(request).await
}

#[tokio::test]
async fn each_action_answers_as_it_would_alone() {
    let app = App::new();
    let body = json!({"actions": {
        "pages": {"report": "pages", "period": "7d", "include": ["today"]},
        "query": {"query": {"metrics": ["visits"], "dimensions": ["country"], "period": "all"}},
        "wrong": {"report": "pages", "limit": -1},
        "nonsense": {"do": "something"},
        "no object": 7,
        "account_infos:1": [],
        "me": {"action": "account_infos"},
    }});
    let answer = app.post("/v1/stats/batch", body).await.expect(200).json();
    let performed = &answer["performed_actions"];
    assert_eq!(performed.as_object().unwrap().len(), 7);
    let alone = app
        .get("/v1/stats/pages?period=7d&include=today")
        .await
        .json();
    assert_eq!(performed["pages"], alone);
    let alone = app
        .get("/v1/stats/query?metrics=visits&dimensions=country&period=all")
        .await;
    assert_eq!(performed["query"], alone.json());
    for name in ["wrong", "nonsense", "no object"] {
        assert_eq!(performed[name]["error"], "invalid_request", "{name}");
        let pointer = performed[name]["errors"][0]["pointer"].as_str().unwrap();
        assert!(
            pointer.starts_with(&format!("/actions/{name}")),
            "{pointer}"
        );
    }
    let account = app.get("/v1/accounts/1").await.json();
    assert_eq!(performed["me"], account);
    assert_eq!(performed["account_infos:1"], account);
}

#[tokio::test]
async fn forms_say_the_same_in_three_ways() {
    let app = App::new();
    let action = json!({"query": {
        "metrics": ["visits"],
        "dimensions": ["page"],
        "filters": ["is", "page", ["/pricing"]],
        "period": "all",
    }});
    let body = json!({"actions": {"a": action}});
    let expected = app.post("/v1/stats/batch", body).await.expect(200).json();
    assert_eq!(expected["performed_actions"]["a"]["data"][0]["visits"], 1);
    let key = &app.key;
    for encoded in [
        URL_SAFE.encode(action.to_string()),
        URL_SAFE_NO_PAD.encode(action.to_string()),
    ] {
        let answer = form(&app, format!("api_key={key}&actions[a]={encoded}"))
            .await
            .expect(200);
        assert_eq!(answer.json(), expected);
    }
    let nested = "actions[a][query][metrics][0]=visits&actions[a][query][dimensions]=page\
        &actions[a][query][filters][0]=is&actions[a][query][filters][1]=page\
        &actions[a][query][filters][2][0]=/pricing&actions[a][query][period]=all";
    let answer = form(
        &app,
        format!("{nested}&client_id=x&access_token={key}&account_id=1"),
    )
    .await;
    assert_eq!(answer.expect(200).json(), expected);
    let garbage = form(&app, format!("api_key={key}&actions[a]=%00garbage"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        garbage["performed_actions"]["a"]["error"],
        "invalid_request"
    );
}

#[tokio::test]
async fn a_failure_of_the_whole_is_told_as_old_clients_read_it() {
    let app = App::new();
    let problem = form(&app, "api_key=1-x&actions[a][report]=pages".into()).await;
    let problem = problem.problem(401, "access_denied");
    assert!(problem["error_description"].is_string());
    let key = app.key.clone();
    let both = format!("api_key={key}&access_token={key}&actions[a][report]=pages");
    form(&app, both).await.problem(400, "invalid_request");
    form(&app, format!("api_key={key}"))
        .await
        .problem(400, "invalid_request");
    form(&app, format!("api_key[x]={key}"))
        .await
        .problem(400, "invalid_request");
}

#[tokio::test]
async fn fifty_actions_and_no_more() {
    let app = App::new();
    let actions = |count: usize| -> Value {
        let actions = (0..count).map(|uid| (uid.to_string(), json!({"report": "summary"})));
        json!({"actions": actions.collect::<serde_json::Map<_, _>>()})
    };
    let answer = app
        .post("/v1/stats/batch", actions(50))
        .await
        .expect(200)
        .json();
    let performed = answer["performed_actions"].as_object().unwrap();
    assert_eq!(performed.len(), 50);
    assert!(
        performed
            .values()
            .all(|action| action["data"][0]["visits"].is_number())
    );
    let problem = app
        .post("/v1/stats/batch", actions(51))
        .await
        .problem(400, "invalid_request");
    assert_eq!(problem["errors"][0]["pointer"], "/actions");
}

#[tokio::test]
async fn whoever_may_only_ask_learns_no_settings() {
    let app = App::new();
    let key = app.key_with(app.account, [Scope::StatsRead]);
    let answer = form(&app, format!("api_key={key}&actions[account_infos:x][a]=1")).await;
    assert_eq!(
        answer.expect(200).json()["performed_actions"]["account_infos:x"]["error"],
        "invalid_request"
    );
    let answer = form(
        &app,
        format!("api_key={key}&actions[x][action]=account_infos"),
    )
    .await;
    let infos = answer.expect(200).json()["performed_actions"]["x"].clone();
    assert_eq!(infos["id"], "00000001");
    assert_eq!(infos["plan"]["id"], 4);
    assert!(infos.get("settings").is_none() && infos.get("usage").is_none());
}

#[tokio::test]
async fn lists_are_actions_and_answer_as_they_would_alone() {
    let app = App::of_shop();
    let check = async |action: &str, path: &str, parameters: Value| {
        let mut asked = parameters.clone();
        asked["action"] = action.into();
        let alone = if action == "attribution" {
            app.post(path, parameters).await
        } else {
            let mut query = form_urlencoded::Serializer::new(String::new());
            for (name, value) in parameters.as_object().unwrap() {
                let text = value.as_str().map(str::to_owned);
                query.append_pair(name, &text.unwrap_or_else(|| value.to_string()));
            }
            app.get(&format!("{path}?{}", query.finish())).await
        };
        let alone = alone.expect(200).json();
        assert!(!alone["data"].as_array().unwrap().is_empty(), "{action}");
        let body = json!({"actions": {"one": asked}});
        let batch = app.post("/v1/stats/batch", body).await.expect(200).json();
        assert_eq!(batch["performed_actions"]["one"], alone, "{action}");
        // A form knows texts only.
        let texts = URL_SAFE.encode(asked.to_string());
        let batch = form(&app, format!("api_key={}&actions[one]={texts}", app.key)).await;
        let batch = batch.expect(200).json();
        assert_eq!(batch["performed_actions"]["one"], alone, "{action}");
    };
    let chosen = json!({"filters": ["is", "campaign", ["autumn"]]});
    check("orders", "/v1/orders", chosen).await;
    // There is a next page, which `next_cursor` names.
    check("orders", "/v1/orders", json!({"limit": 1})).await;
    check("orders", "/v1/orders", json!({"state": "completed"})).await;
    let all = json!({"period": "all"});
    let ordered = json!({"period": "all", "limit": 1, "order_by": "units"});
    check("products", "/v1/products", ordered).await;
    check("carts", "/v1/carts", all.clone()).await;
    let compared = json!({
        "from": "2026-09-01", "to": "2026-09-30", "compare": "previous_period",
    });
    check("checkout", "/v1/stats/checkout", compared).await;
    let models = json!({"period": "all", "models": ["first", "linear"], "lookback_days": 30});
    check("attribution", "/v1/stats/attribution", models).await;
    check("cohorts", "/v1/stats/customers/cohorts", all.clone()).await;
    check("rfm", "/v1/stats/customers/rfm", all).await;
}

#[tokio::test]
async fn faults_of_lists_are_told_at_their_action() {
    let app = App::of_shop();
    let check = async |action: Value, status: u16, error: &str, pointer: &str| {
        let body = json!({"actions": {"a/b": action, "good": {"report": "summary"}}});
        let answer = app.post("/v1/stats/batch", body).await.expect(200).json();
        let performed = &answer["performed_actions"];
        assert!(performed["good"]["data"].is_array());
        let problem = &performed["a/b"];
        assert_eq!(problem["status"], status, "{action}: {problem}");
        assert_eq!(problem["errors"][0]["error"], error, "{action}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{action}");
    };
    let at = |field: &str| format!("/actions/a~1b/{field}");
    let wrong = json!({"action": "orders", "state": "lost"});
    check(wrong, 400, "unknown_value", &at("state")).await;
    let csv = json!({"action": "carts", "format": "csv"});
    check(csv, 400, "unknown_parameter", &at("format")).await;
    let other = json!({"action": "orders", "account_id": "00000002"});
    check(other, 400, "unknown_parameter", &at("account_id")).await;
    let compared = json!({"action": "rfm", "compare": "previous_period"});
    check(compared, 400, "unknown_parameter", &at("compare")).await;
    let products = json!({"action": "products", "order_by": "nothing"});
    check(products, 422, "invalid_value", &at("order_by/0")).await;
    let cursor = json!({"action": "carts", "cursor": "x"});
    check(cursor, 422, "invalid_value", &at("cursor")).await;
    let model = json!({"action": "attribution", "model": "best"});
    check(model, 400, "unknown_value", &at("model")).await;
    let unknown = json!({"action": "customers"});
    check(unknown, 400, "unknown_value", "/actions/a~1b").await;
}

#[tokio::test]
async fn an_action_needs_the_scope_of_its_operation() {
    let app = App::of_shop();
    let key = app.key_with(app.account, [Scope::StatsRead]);
    let names = [
        "orders",
        "products",
        "carts",
        "checkout",
        "attribution",
        "cohorts",
        "rfm",
    ];
    let actions = names.map(|name| format!("&actions[{name}][action]={name}"));
    let answer = form(&app, format!("api_key={key}{}", actions.concat())).await;
    let performed = answer.expect(200).json()["performed_actions"].clone();
    for name in names {
        let lacks = ["orders", "products", "carts"].contains(&name);
        if lacks {
            assert_eq!(performed[name]["error"], "insufficient_scope", "{name}");
            assert!(performed[name].get("data").is_none(), "{name}");
        } else {
            assert!(performed[name]["data"].is_array(), "{name}");
        }
    }
}
