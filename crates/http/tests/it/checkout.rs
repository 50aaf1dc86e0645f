use serde_json::{Value, json};

use crate::app::App;

#[tokio::test]
async fn steps_are_told_in_order() {
    let app = App::of_shop();
    let named = json!({"number": 2, "label": "Payment"});
    app.post("/v1/accounts/1/checkout-steps", named)
        .await
        .expect(201);
    let path = "/v1/stats/checkout?from=2026-09-01&to=2026-09-30&compare=previous_period";
    let answer = app.get(path).await.expect(200).json();
    assert_eq!(
        answer["totals"],
        json!({
            "visits": 2, "ordered": 1, "completion_rate": 0.5,
            "previous": {"visits": 0, "ordered": 0, "completion_rate": null},
        })
    );
    let nothing = json!({
        "visits": 0, "entries": 0, "returns": 0, "continued": 0, "dropouts": 0,
        "dropout_rate": null, "options": [],
    });
    assert_eq!(
        answer["data"],
        json!([
            {
                "step": 1, "label": null, "visits": 2, "entries": 2, "returns": 1, "continued": 1,
                "dropouts": 1, "dropout_rate": 0.5, "options": [], "previous": nothing,
            },
            {
                "step": 2, "label": "Payment", "visits": 2, "entries": 0, "returns": 0, "continued": 2,
                "dropouts": 0, "dropout_rate": 0,
                "options": [{"option": "card", "visits": 1}, {"option": "invoice", "visits": 1}],
                "previous": nothing,
            },
        ])
    );
    assert_eq!(answer["meta"]["compare_to"], "2026-09-01T00:00:00+02:00");
}

#[tokio::test]
async fn filters_and_periods_choose_visits() {
    let app = App::of_shop();
    let check = async |parameters: &str, visits: u64| {
        let path = format!("/v1/stats/checkout?{parameters}");
        let answer = app.get(&path).await.expect(200).json();
        assert_eq!(answer["totals"]["visits"], visits, "{parameters}");
        assert!(
            answer["data"]
                .as_array()
                .unwrap()
                .iter()
                .all(|row| row.get("previous").is_none())
        );
    };
    check("period=all", 2).await;
    check("period=30d", 0).await;
    check("period=all&traffic=excluded", 0).await;
    check("period=all&filters=[%22is%22,%22channel%22,%22Email%22]", 1).await;
    let empty = app.get("/v1/stats/checkout").await.expect(200).json();
    assert_eq!(empty["data"], json!([]));
    assert_eq!(empty["totals"]["completion_rate"], Value::Null);
    app.get("/v1/stats/checkout?limit=3")
        .await
        .problem(400, "invalid_request");
}

#[tokio::test]
async fn steps_are_written_as_tables() {
    let app = App::of_shop();
    let named = json!({"number": 2, "label": "=Payment, or \"cash\""});
    app.post("/v1/accounts/1/checkout-steps", named)
        .await
        .expect(201);
    let path = "/v1/stats/checkout?from=2026-09-01&to=2026-09-30";
    let csv = app.get(&format!("{path}&format=csv")).await.expect(200);
    assert_eq!(
        csv.text(),
        "step,label,visits,entries,returns,continued,dropouts,dropout_rate\r\n\
         1,,2,2,1,1,1,0.5\r\n\
         2,\"'=Payment, or \"\"cash\"\"\",2,0,0,2,0,0\r\n"
    );
    let compared = format!("{path}&compare=previous_period&format=csv");
    let csv = app.get(&compared).await.expect(200).text();
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].ends_with("dropout_rate,previous_visits,previous_entries,previous_returns,previous_continued,previous_dropouts,previous_dropout_rate"));
    assert!(lines[1].ends_with("0.5,0,0,0,0,0,"), "{}", lines[1]);
    let lines = app.get(&format!("{path}&format=ndjson")).await.expect(200);
    let rows: Vec<Value> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let json = app.get(path).await.expect(200).json();
    assert_eq!(Value::from(rows), json["data"]);
}
