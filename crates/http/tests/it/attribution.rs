use serde_json::{Value, json};

use crate::app::App;

/// September, with every order of the shop.
fn asked(more: Value) -> Value {
    let mut question = json!({"from": "2026-09-01", "to": "2026-09-30"});
    for (name, value) in more.as_object().unwrap() {
        question[name] = value.clone();
    }
    question
}

#[tokio::test]
async fn models_stand_beside_each_other() {
    let app = App::of_shop();
    let question = asked(json!({"models": ["first", "last", "last_non_direct", "linear"]}));
    let answer = app
        .post("/v1/stats/attribution", question)
        .await
        .expect(200)
        .json();
    let orders = |model: &str| -> Vec<(Value, Value)> {
        let rows = answer["data"].as_array().unwrap().iter();
        rows.map(|row| {
            (
                row["channel"].clone(),
                row["models"][model]["orders"].clone(),
            )
        })
        .collect()
    };
    // A-1001 came by mail and then by search, A-1003 directly after both, the dollars by nothing.
    assert_eq!(
        orders("first"),
        [
            (json!("Email"), json!(2)),
            (Value::Null, json!(1)),
            (json!("Direct"), json!(0)),
            (json!("Paid Search"), json!(0)),
        ]
    );
    assert_eq!(orders("last")[2], (json!("Direct"), json!(1)));
    assert_eq!(orders("last")[3], (json!("Paid Search"), json!(1)));
    assert_eq!(
        orders("last_non_direct")[3],
        (json!("Paid Search"), json!(2))
    );
    let email = &answer["data"][0]["models"]["linear"];
    assert_eq!(email["orders"], 5.0 / 6.0);
    assert_eq!(email["revenue"], "18.08");
    assert_eq!(answer["totals"]["orders"], 3);
    let plain = "/v1/stats/query?metrics=orders,revenue,net_revenue&from=2026-09-01&to=2026-09-30";
    let plain = app.get(plain).await.expect(200).json();
    for figure in ["orders", "revenue", "net_revenue"] {
        assert_eq!(
            answer["totals"][figure], plain["data"][0][figure],
            "{figure}"
        );
    }
}

#[tokio::test]
async fn options_are_read_and_echoed() {
    let app = App::of_shop();
    let question = asked(json!({
        "model": "time_decay",
        "dimensions": ["campaign_source", "campaign"],
        "lookback_days": "all",
        "half_life_days": 3,
        "filters": ["is", "campaign", ["autumn"]],
        "limit": 1,
    }));
    let answer = app
        .post("/v1/stats/attribution", question)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["data"].as_array().unwrap().len(), 1);
    assert_eq!(answer["meta"]["total_rows"], 2);
    assert_eq!(answer["data"][0]["campaign"], "autumn");
    assert_eq!(answer["query"]["lookback_days"], "all");
    assert_eq!(answer["query"]["models"], json!(["time_decay"]));
    let mut echo = answer["query"].clone();
    echo["limit"] = 1.into();
    let again = app
        .post("/v1/stats/attribution", echo)
        .await
        .expect(200)
        .json();
    assert_eq!(again, answer);
    // A day before A-1003, 40 days ago, no visit began: nothing of it is owed to one.
    let question = asked(json!({"lookback_days": 1, "from": "2026-09-22"}));
    let answer = app
        .post("/v1/stats/attribution", question)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["data"][0]["channel"], Value::Null);
    let csv = app
        .post(
            "/v1/stats/attribution?format=csv",
            asked(json!({"model": "first"})),
        )
        .await
        .expect(200);
    assert_eq!(
        csv.text().lines().next().unwrap(),
        "channel,first_orders,first_revenue,first_net_revenue,first_share"
    );
    assert!(csv.text().contains("Email,2,37.33,"), "{}", csv.text());
}

#[tokio::test]
async fn conversions_of_a_goal_stand_in_place_of_orders() {
    let app = App::of_shop();
    let goals = "/v1/accounts/1/goals";
    let goal = json!({"name": "Two", "match": ["is", "order_id", ["A-1001", "A-1003"]]});
    let made = app.post(goals, goal).await.expect(201).json();
    let question = asked(json!({"models": ["first", "linear"], "goal": made["id"]}));
    let path = "/v1/stats/attribution";
    let answer = app.post(path, question.clone()).await.expect(200).json();
    assert_eq!(answer["query"]["goal"], made["id"]);
    let nothing_of_value = json!({"conversions": 2, "value": null, "share": 1});
    assert_eq!(answer["totals"], nothing_of_value);
    let email = &answer["data"][0];
    assert_eq!(email["channel"], "Email");
    assert_eq!(email["models"]["first"], nothing_of_value);
    assert_eq!(email["models"]["linear"]["conversions"], 5.0 / 6.0);
    let again = app.post(path, answer["query"].clone()).await.expect(200);
    assert_eq!(again.json(), answer);

    let one = format!("{goals}/{}", made["id"]);
    app.patch(&one, json!({"value": "1.5"})).await.expect(200);
    let valued = app.post(path, question.clone()).await.expect(200).json();
    assert_eq!(valued["totals"]["value"], "3.00");
    assert_eq!(valued["data"][0]["models"]["linear"]["value"], "1.25");
    let mut as_csv = question.clone();
    as_csv["format"] = "csv".into();
    let csv = app.post(path, as_csv).await.expect(200);
    let head = "channel,first_conversions,first_value,first_share,linear_conversions,linear_value,linear_share";
    assert_eq!(csv.text().lines().next().unwrap(), head);

    app.delete(&one).await.expect(204);
    let gone = app.post(path, question).await.refused();
    assert_eq!(gone["errors"][0]["pointer"], "/goal");
    let no_number = app.post(path, json!({"goal": "x"})).await.refused();
    assert_eq!(no_number["errors"][0]["pointer"], "/goal");
}

#[tokio::test]
async fn faults_are_told_with_what_would_be_allowed() {
    let app = App::of_shop();
    let check = async |question: Value, pointers: &[&str]| {
        let answer = app.post("/v1/stats/attribution", question.clone()).await;
        let problem = answer.refused();
        let faults = problem["errors"].as_array().unwrap().iter();
        let mut found: Vec<&str> = faults
            .map(|fault| fault["pointer"].as_str().unwrap())
            .collect();
        found.sort_unstable();
        assert_eq!(found, pointers, "{question}: {problem:#}");
    };
    check(
        json!({
            "models": ["best"], "dimensions": ["page"], "lookback_days": 0,
            "half_life_days": 1000, "limit": "x", "metrics": ["orders"], "compare": "year_over_year",
        }),
        &[
            "/compare",
            "/dimensions",
            "/half_life_days",
            "/limit",
            "/lookback_days",
            "/metrics",
            "/models",
        ],
    )
    .await;
    check(json!({"model": "first", "models": ["last"]}), &["/model"]).await;
    check(json!({"models": []}), &["/models"]).await;
    check(json!({"dimensions": []}), &["/dimensions"]).await;
    let five = ["channel", "source", "country", "device", "os"];
    check(json!({"dimensions": five}), &["/dimensions"]).await;
    check(
        json!({"dimensions": ["channel", "channel"]}),
        &["/dimensions"],
    )
    .await;
    check(json!({"lookback_days": "forever"}), &["/lookback_days"]).await;
    check(
        json!({"filters": ["is", "nothing", ["x"]]}),
        &["/filters/1"],
    )
    .await;
    app.post("/v1/stats/attribution", json!([]))
        .await
        .problem(400, "invalid_request");
    app.get("/v1/stats/attribution")
        .await
        .problem(405, "method_not_allowed");
}
