//! What shops set: own rates of exchange and names of the checkout's steps.

use serde_json::{Value, json};

use crate::app::App;

const RATES: &str = "/v1/accounts/1/exchange-rates";
const STEPS: &str = "/v1/accounts/1/checkout-steps";

fn rate(date: &str, currency: &str, quote: &str, reference: &str) -> Value {
    json!({"date": date, "currency": currency, "quote": quote, "reference": reference})
}

async fn listed(app: &App, parameters: &str) -> Value {
    app.get(&format!("{RATES}{parameters}"))
        .await
        .expect(200)
        .json()
}

#[tokio::test]
async fn own_rates_are_added_replaced_listed_and_deleted() {
    let app = App::new();
    let added = json!({"rates": [
        {"date": "2026-10-30", "currency": "usd", "quote": "1.1172"},
        {"date": "2026-10-29", "currency": "KWD", "quote": "0.3071", "reference": "USD"},
        {"date": "2026-10-29", "currency": "USD", "quote": "1.20"},
    ]});
    let answer = app.post(RATES, added).await.expect(200).json();
    assert_eq!(answer, json!({"accepted": 3}));
    let kept = [
        rate("2026-10-29", "USD", "1.2", "EUR"),
        rate("2026-10-29", "KWD", "0.3071", "USD"),
        rate("2026-10-30", "USD", "1.1172", "EUR"),
    ];
    let all = listed(&app, "").await;
    assert_eq!(all["data"], json!(kept));
    assert_eq!(
        all["meta"],
        json!({"total_rows": 3, "limit": 100, "offset": 0})
    );
    // The same date and currencies the other way round: the last one counts.
    let turned = json!({"rates": [rate("2026-10-30", "EUR", "0.9", "USD")]});
    app.post(RATES, turned).await.expect(200);
    let page = listed(&app, "?currency=eur&from=2026-10-01&limit=1&offset=1").await;
    assert_eq!(
        page["data"],
        json!([rate("2026-10-30", "EUR", "0.9", "USD")])
    );
    assert_eq!(page["meta"]["total_rows"], 2);
    let deleted = app
        .delete(&format!("{RATES}?currency=KWD&to=2026-10-29"))
        .await;
    assert_eq!(deleted.expect(200).json(), json!({"deleted": 1}));
    let one = json!({"rates": [rate("2026-01-01", "GBP", "0.85", "EUR")]});
    app.put(RATES, one.clone()).await.expect(200);
    assert_eq!(listed(&app, "").await["data"], one["rates"]);
    let none = app.put(RATES, json!({"rates": []})).await.expect(200);
    assert_eq!(none.json(), json!({"accepted": 0}));
    assert_eq!(listed(&app, "").await["meta"]["total_rows"], 0);
}

#[tokio::test]
async fn wrong_rates_are_named_by_row_and_field_and_none_is_taken() {
    let app = App::new();
    let rows = json!([
        rate("2026-10-30", "USD", "1.1172", "EUR"),
        rate("30.10.2026", "DOLLAR", "-1", "EU"),
        "USD",
        {"currency": "USD", "quote": "1", "Date": "2026-10-30"},
        rate("2026-10-30", "EUR", "1", "EUR"),
        {"date": ["2026-10-30"], "currency": "USD", "quote": "1"},
    ]);
    for method in ["POST", "PUT"] {
        let body = json!({"rates": rows});
        let request = crate::app::request(method, RATES, Some(&app.key), Some(body));
        let problem = app.send(request).await.problem(400, "invalid_request");
        let told: Vec<(&str, &str)> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| {
                (
                    fault["pointer"].as_str().unwrap(),
                    fault["error"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("/rates/1/date", "malformed"),
                ("/rates/1/currency", "malformed"),
                ("/rates/1/quote", "malformed"),
                ("/rates/1/reference", "malformed"),
                ("/rates/2", "wrong_type"),
                ("/rates/3/date", "missing"),
                ("/rates/3/Date", "unknown_parameter"),
                ("/rates/4/reference", "contradiction"),
                ("/rates/5/date", "wrong_type"),
            ]
        );
        assert_eq!(
            problem["errors"][2]["detail"],
            "rates/1/quote must be a plain decimal number above 0"
        );
    }
    let many = json!({"rates": vec![json!({}); 5_000]});
    let problem = app.post(RATES, many).await.problem(422, "unprocessable");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 100);
    for body in [json!({}), json!({"rates": null}), json!({"rates": {}})] {
        let problem = app.post(RATES, body).await.refused();
        assert_eq!(problem["errors"][0]["pointer"], "/rates");
    }
    for parameters in [
        "limit=0",
        "limit=10001",
        "offset=-1",
        "from=today",
        "to=2026-02-30",
        "currency=DOLLAR",
        "reference=EUR",
    ] {
        app.get(&format!("{RATES}?{parameters}")).await.refused();
    }
    app.delete(&format!("{RATES}?from=yesterday"))
        .await
        .problem(422, "unprocessable");
    assert_eq!(listed(&app, "").await["meta"]["total_rows"], 0);
}

#[tokio::test]
async fn rates_without_a_reference_are_in_the_accounts_currency() {
    let app = App::new();
    let body = json!({"rates": [{"date": "2026-10-30", "currency": "EUR", "quote": "0.9"}]});
    let problem = app.post(RATES, body.clone()).await;
    problem.problem(422, "unprocessable");
    let change = json!({"currency": "USD"});
    app.patch("/v1/accounts/1", change).await.expect(200);
    app.post(RATES, body).await.expect(200);
    // What a rate says doesn't change with the account's currency.
    let change = json!({"currency": "JPY"});
    app.patch("/v1/accounts/1", change).await.expect(200);
    assert_eq!(
        listed(&app, "").await["data"],
        json!([rate("2026-10-30", "EUR", "0.9", "USD")])
    );
}

#[tokio::test]
async fn steps_of_the_checkout_are_named_by_number() {
    let app = App::new();
    let create = async |number: Value, label: &str| {
        let body = json!({"number": number, "label": label});
        app.post(STEPS, body).await
    };
    let made = create(json!(2), "Payment").await.expect(201).json();
    assert_eq!(
        made,
        json!({"number": 2, "label": "Payment", "created_at": "2026-11-02T10:00:00Z"})
    );
    create(json!(0), "Cart").await.expect(201);
    create(json!(2), "Again").await.problem(409, "conflict");
    create(json!(-1), "Before")
        .await
        .problem(422, "unprocessable");
    create(json!("two"), "")
        .await
        .problem(400, "invalid_request");
    let step = |number: i64| format!("{STEPS}/{number}");
    assert_eq!(app.get(&step(2)).await.expect(200).json(), made);
    let moved = json!({"number": 3});
    app.patch(&step(2), moved).await.expect(200);
    app.get(&step(2)).await.problem(404, "not_found");
    app.patch(&step(3), json!({"number": 0}))
        .await
        .problem(409, "conflict");
    let list = app.get(STEPS).await.expect(200).json();
    let numbers: Vec<&Value> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| &step["number"])
        .collect();
    assert_eq!(numbers, [0, 3]);
    app.delete(&step(0)).await.expect(204);
    app.delete(&step(0)).await.problem(404, "not_found");
}
