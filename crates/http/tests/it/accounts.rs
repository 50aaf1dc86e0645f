use afsa_model::HOUR;
use serde_json::{Value, json};

use crate::app::{App, NOW, request};

#[tokio::test]
async fn an_account_is_read_by_its_number_with_or_without_zeros() {
    let app = App::new();
    let account = app.get("/v1/accounts/00000001").await.expect(200).json();
    assert_eq!(app.get("/v1/accounts/1").await.json(), account);
    assert_eq!(
        app.get("/v1/accounts").await.json(),
        json!({"data": [account]})
    );
    assert_eq!(account["id"], "00000001");
    assert_eq!(account["number"], 1);
    assert_eq!(account["plan"]["id"], 4);
    assert_eq!(account["first_hit_at"], "2026-10-31T10:00:00Z");
    assert_eq!(account["last_hit_at"], "2026-11-02T09:50:00Z");
    assert_eq!(account["usage"]["visits_this_month"], 4);
    for malformed in ["0", "123456789", "x", "%2e%2e"] {
        app.get(&format!("/v1/accounts/{malformed}"))
            .await
            .problem(400, "invalid_request");
    }
}

#[tokio::test]
async fn hits_are_counted_by_the_days_of_the_account() {
    let app = App::new();
    // Midnight in Paris, of today and of the first of the month.
    let (today, month) = (NOW.plus(-11 * HOUR), NOW.plus(-35 * HOUR));
    for (at, hits) in [
        (NOW, 1),
        (today, 20),
        (today.plus(-1), 300),
        (month, 4_000),
        (month.plus(-1), 50_000),
    ] {
        app.accounts.note_hits(app.account, at, hits);
    }
    app.accounts.note_hits(app.other, NOW, 600_000);
    let check = async |zone: &str, hits_today: u64, hits_this_month: u64| {
        let change = json!({"timezone": zone});
        let account = app.patch("/v1/accounts/1", change).await.expect(200).json();
        let usage = &account["usage"];
        assert_eq!(usage["hits_today"], hits_today, "{zone}: {usage}");
        assert_eq!(usage["hits_this_month"], hits_this_month, "{zone}: {usage}");
        let names: Vec<&String> = usage.as_object().unwrap().keys().collect();
        let expect = [
            "hits_today",
            "hits_this_month",
            "visits_this_month",
            "hits",
            "visits",
            "stored_bytes",
        ];
        assert_eq!(names, expect);
    };
    check("Europe/Paris", 21, 4_321).await;
    check("UTC", 1, 321).await;
    check("Asia/Kathmandu", 321, 54_321).await;
    app.accounts.write_notes(NOW).unwrap();
    check("Europe/Paris", 21, 4_321).await;
}

#[tokio::test]
async fn changes_are_all_or_nothing() {
    let app = App::new();
    let change = json!({
        "currency": "JPY",
        "ecommerce": {"enabled": false},
        "privacy": {"dropped_address_bytes": 4},
        "settings": {"visit_timeout_minutes": 45, "retention_months": 12},
    });
    let changed = app.patch("/v1/accounts/1", change).await.expect(200).json();
    assert_eq!(changed["currency"], "JPY");
    assert_eq!(
        changed["ecommerce"],
        json!({"enabled": false, "level": "off"})
    );
    assert_eq!(changed["settings"]["visit_timeout_minutes"], 45);
    let change = json!({
        "name": "Kept",
        "timezone": "Mars/Olympus",
        "settings": {"visit_timeout_minutes": 1, "excluded_addresses": ["x"]},
    });
    let problem = app
        .patch("/v1/accounts/1", change)
        .await
        .problem(422, "unprocessable");
    let pointers: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers,
        [
            "/timezone",
            "/settings/visit_timeout_minutes",
            "/settings/excluded_addresses"
        ]
    );
    let unknown = json!({"nmae": "x", "settings": {"visit_timeout": "30"}});
    let problem = app
        .patch("/v1/accounts/1", unknown)
        .await
        .problem(400, "invalid_request");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
    assert_eq!(app.get("/v1/accounts/1").await.json(), changed);
    let endless = json!({"settings": {"retention_months": null}});
    let endless = app
        .patch("/v1/accounts/1", endless)
        .await
        .expect(200)
        .json();
    assert_eq!(endless["settings"]["retention_months"], json!(null));
}

#[tokio::test]
async fn a_changed_zone_is_in_the_next_answer() {
    let app = App::new();
    app.patch("/v1/accounts/1", json!({"timezone": "asia/tokyo"}))
        .await
        .expect(200);
    let answer = app.get("/v1/stats/visits").await.expect(200).json();
    assert_eq!(answer["meta"]["timezone"], "Asia/Tokyo");
}

#[tokio::test]
async fn goals_count_conversions() {
    let app = App::new();
    let goals = "/v1/accounts/1/goals";
    let goal = json!({"name": "Thanked", "match": ["is", "page", ["/thanks"]], "value": "2.5"});
    let made = app.post(goals, goal.clone()).await.expect(201).json();
    assert_eq!(made["value"], "2.5");
    app.post(goals, goal).await.problem(409, "conflict");
    let path = "/v1/stats/query?metrics=conversions&period=all";
    assert_eq!(
        app.get(path).await.expect(200).json()["data"][0]["conversions"],
        1
    );
    let one = format!("{goals}/{}", made["id"]);
    let changed = app
        .patch(&one, json!({"value": null}))
        .await
        .expect(200)
        .json();
    assert_eq!(changed["value"], json!(null));
    assert_eq!(changed["name"], "Thanked");
    app.delete(&one).await.expect(204);
    app.get(&one).await.problem(404, "not_found");
    assert_eq!(
        app.get(path).await.expect(200).json()["data"][0]["conversions"],
        0
    );
}

#[tokio::test]
async fn filters_are_checked_before_they_are_kept() {
    let app = App::new();
    let check = async |filter: serde_json::Value, pointer: &str| {
        let body = json!({"name": "x", "filters": filter});
        let problem = app.post("/v1/accounts/1/segments", body).await.refused();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    };
    check(json!({}), "/filters").await;
    check(json!(["is", "nothing", ["x"]]), "/filters/1").await;
    check(
        json!(["and", ["is", "page", ["x"]], ["matches", "page", ["("]]]),
        "/filters/2/2",
    )
    .await;
    check(json!(null), "/filters").await;
    assert_eq!(
        app.get("/v1/accounts/1/segments").await.json(),
        json!({"data": []})
    );
}

#[tokio::test]
async fn things_have_numbers_for_ids() {
    let app = App::new();
    for id in ["x", "0", "-1", "99999999999999999999", "1.5", "99"] {
        for kind in ["goals", "segments", "keys"] {
            let path = format!("/v1/accounts/1/{kind}/{id}");
            app.get(&path).await.problem(404, "not_found");
            app.delete(&path).await.problem(404, "not_found");
        }
        app.get(&format!("/v1/imports/{id}"))
            .await
            .problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_key_is_shown_once_and_revoked() {
    let app = App::new();
    let new = json!({"name": "Reader", "scopes": ["stats:read"], "expires_at": "2027-01-01T00:00:00+01:00"});
    let made = app
        .post("/v1/accounts/1/keys", new)
        .await
        .expect(201)
        .json();
    let key = made["key"].as_str().unwrap().to_owned();
    assert_eq!(made["expires_at"], "2026-12-31T23:00:00Z");
    let ask = || crate::app::request("GET", "/v1/stats/pages", Some(&key), None);
    app.send(ask()).await.expect(200);
    let one = format!("/v1/accounts/1/keys/{}", made["id"]);
    let kept = app.get(&one).await.expect(200);
    assert!(!kept.text().contains(key.split_once('-').unwrap().1));
    assert_eq!(kept.json()["last_used_at"], "2026-11-02T10:00:00Z");
    app.delete(&one).await.expect(204);
    let problem = app.send(ask()).await.problem(401, "access_denied");
    assert_eq!(problem["detail"], "The credential was revoked.");
    assert_eq!(
        app.get(&one).await.json()["revoked_at"],
        "2026-11-02T10:00:00Z"
    );
    let wrong = json!({"name": "", "scopes": ["stats:everything"], "expires_at": "tomorrow"});
    let problem = app
        .post("/v1/accounts/1/keys", wrong)
        .await
        .problem(400, "invalid_request");
    assert_eq!(pointers(&problem), ["/expires_at", "/scopes", "/name"]);
}

#[tokio::test]
async fn what_cannot_be_read_and_what_breaks_a_rule_are_told_together() {
    let app = App::new();
    let check = async |method: &str, path: &str, body: Value, expect: &[&str]| {
        let path = format!("/v1/accounts/1{path}");
        let request = request(method, &path, Some(&app.key), Some(body));
        let problem = app.send(request).await.refused();
        assert_eq!(pointers(&problem), expect, "{path} {problem}");
    };
    let change = json!({
        "timezone": "Mars/Olympus",
        "settings": {"visit_timeout_minutes": [], "order_window_hours": 0, "what": 1},
    });
    let expect = [
        "/settings/visit_timeout_minutes",
        "/settings/what",
        "/timezone",
        "/settings/order_window_hours",
    ];
    check("PATCH", "", change, &expect).await;
    let goal = json!({"once_per_visit": "perhaps"});
    check(
        "POST",
        "/goals",
        goal,
        &["/once_per_visit", "/name", "/match"],
    )
    .await;
    let segment = json!({"name": {}, "filters": ["is", "page", [[]]]});
    check("POST", "/segments", segment, &["/name", "/filters/2/0"]).await;
    let pages: Vec<String> = (0..50).map(|page| format!("{page:2000}")).collect();
    let segment = json!({"nmae": "x", "filters": ["is", "page", pages]});
    let expect = ["/nmae", "/name", "/filters"];
    check("POST", "/segments", segment, &expect).await;
    check("POST", "/keys", json!({}), &["/name", "/scopes"]).await;
    app.post(
        "/v1/accounts/1/goals",
        json!({"name": "A", "match": ["is", "page", ["/"]]}),
    )
    .await
    .expect(201);
    let nameless = json!({"name": " ", "value": "much"});
    check("PATCH", "/goals/1", nameless, &["/value", "/name"]).await;
}

#[tokio::test]
async fn a_problem_is_not_much_longer_than_its_cause() {
    let app = App::new();
    let check = async |method: &str, path: &str, body: Value| {
        let length = body.to_string().len();
        let request = request(method, path, Some(&app.key), Some(body));
        let answer = app.send(request).await;
        assert!(answer.bytes.len() < length + 100_000, "{path}");
        let problem = answer.refused();
        assert_eq!(problem["errors"].as_array().unwrap().len(), 100, "{path}");
    };
    let names = || (0..20_000).map(|number| number.to_string());
    let scopes: Vec<String> = names().collect();
    let keys = "/v1/accounts/1/keys";
    check("POST", keys, json!({"name": "x", "scopes": scopes})).await;
    let fields: serde_json::Map<String, Value> = names().map(|name| (name, 1.into())).collect();
    check("PATCH", "/v1/accounts/1", fields.into()).await;
    let mut filter = vec![json!("and")];
    filter.extend(names().map(|_| json!(["is", "nothing", ["x"]])));
    let segment = json!({"name": "x", "filters": filter});
    check("POST", "/v1/accounts/1/segments", segment).await;
    let mut filter = vec![json!("and")];
    filter.extend(names().map(|_| json!([])));
    let segment = json!({"name": "x", "filters": filter});
    check("POST", "/v1/accounts/1/segments", segment).await;
    let excluded = json!({"settings": {"excluded_addresses": ["x".repeat(50_000)]}});
    let problem = app.patch("/v1/accounts/1", excluded).await;
    assert!(problem.expect(422).bytes.len() < 1_000);
}

#[tokio::test]
async fn switching_ecommerce_keeps_what_it_can() {
    let app = App::new();
    let check = async |change: Value, expect: Value| {
        let body = json!({"ecommerce": change});
        let changed = app.patch("/v1/accounts/1", body).await.expect(200).json();
        assert_eq!(changed["ecommerce"], expect, "{change}");
    };
    let at = |level: &str| json!({"enabled": level != "off", "level": level});
    check(json!({"level": "basic"}), at("basic")).await;
    check(json!({"enabled": true}), at("basic")).await;
    check(json!({"enabled": false}), at("off")).await;
    check(json!({"enabled": true}), at("advanced")).await;
    check(json!({"enabled": true, "level": "limited"}), at("limited")).await;
    check(at("off"), at("off")).await;
    for contradiction in [
        json!({"enabled": false, "level": "basic"}),
        json!({"enabled": true, "level": "off"}),
    ] {
        let body = json!({"ecommerce": contradiction});
        let problem = app.patch("/v1/accounts/1", body).await;
        let problem = problem.problem(422, "unprocessable");
        assert_eq!(pointers(&problem), ["/ecommerce/level"]);
    }
}

fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect()
}
