use serde_json::{Value, json};

use crate::app::App;

const SUMMER: &str = "from=2026-08-01&to=2026-09-30";

fn states(answer: &Value) -> Vec<&str> {
    let carts = answer["data"].as_array().unwrap().iter();
    carts.map(|cart| cart["state"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn carts_are_told_with_every_change() {
    let app = App::of_shop();
    let answer = app
        .get(&format!("/v1/carts?{SUMMER}"))
        .await
        .expect(200)
        .json();
    assert_eq!(states(&answer), ["ordered", "abandoned"]);
    let abandoned = &answer["data"][1];
    let change = |time: &str, action: &str, quantity: i64, pieces: i64, value: &str| {
        json!({
            "time": time, "action": action, "sku": "ball", "name": "Ball", "variant": "red",
            "quantity": quantity, "price": "3.50", "currency": "EUR", "order_id": null,
            "pieces": pieces, "value": value,
        })
    };
    let [first, last] = [&abandoned["first_change"], &abandoned["last_change"]];
    let changes = json!([
        change(first.as_str().unwrap(), "add", 5, 5, "17.50"),
        change(last.as_str().unwrap(), "remove", 1, 4, "14.00"),
    ]);
    assert_eq!(abandoned["changes"], changes);
    let content = json!([
        {"sku": "ball", "name": "Ball", "variant": "red", "quantity": 4, "value": "14.00"},
    ]);
    assert_eq!(abandoned["content"], content);
    assert_eq!(abandoned["value"], "14.00");
    assert_eq!(abandoned["pieces"], 4);
    assert_eq!(abandoned["channel"], "Email");
    assert_eq!(abandoned["country"], "DE");
    let ordered = &answer["data"][0];
    assert_eq!(ordered["changes"][1]["action"], "order");
    assert_eq!(ordered["changes"][1]["order_id"], "A-1001");
    assert_eq!(ordered["changes"][1]["value"], "0.00");
    assert_eq!(ordered["value"], "17.50");
    assert_eq!(ordered["campaign"], "autumn");
}

#[tokio::test]
async fn as_many_are_listed_as_questions_count() {
    let app = App::of_shop();
    let path = format!("/v1/stats/query?{SUMMER}&metrics=carts,abandoned_carts");
    let counted = app.get(&path).await.expect(200).json();
    assert_eq!(
        counted["data"][0],
        json!({"carts": 2, "abandoned_carts": 1})
    );
    let check = async |parameters: &str, expect: &[&str]| {
        let path = format!("/v1/carts?{SUMMER}&{parameters}");
        let answer = app.get(&path).await.expect(200).json();
        assert_eq!(states(&answer), expect, "{parameters}");
    };
    check("state=abandoned", &["abandoned"]).await;
    check("state=ordered", &["ordered"]).await;
    check("state=emptied", &[]).await;
    check(
        "filters=[%22is%22,%22channel%22,%22Email%22]",
        &["abandoned"],
    )
    .await;
    check("filters=[%22is%22,%22brand%22,%22Fly%22]", &["ordered"]).await;
}

#[tokio::test]
async fn pages_follow_each_other() {
    let app = App::of_shop();
    for state in ["", "&state=ordered", "&state=abandoned"] {
        let mut path = format!("/v1/carts?{SUMMER}&limit=1{state}");
        let mut seen = Vec::new();
        for _ in 0..5 {
            let answer = app.get(&path).await.expect(200).json();
            seen.extend(states(&answer).into_iter().map(str::to_owned));
            let Some(next) = answer["meta"]["next_cursor"].as_str() else {
                break;
            };
            path = format!("/v1/carts?{SUMMER}&limit=1{state}&cursor={next}");
        }
        let expect: &[&str] = match state {
            "" => &["ordered", "abandoned"],
            "&state=ordered" => &["ordered"],
            _ => &["abandoned"],
        };
        assert_eq!(seen, expect, "{state}");
    }
}

#[tokio::test]
async fn carts_come_as_tables() {
    let app = App::of_shop();
    let path = format!("/v1/carts?{SUMMER}&state=abandoned&format=csv");
    let csv = app.get(&path).await.expect(200).text();
    let mut lines = csv.split("\r\n");
    assert_eq!(
        lines.next().unwrap(),
        "visitor,start,state,first_change,last_change,products,pieces,value,user_id,channel,source,\
         campaign_medium,campaign,entry_page,country,device"
    );
    let row = lines.next().unwrap();
    assert!(
        row.ends_with(",1,4,14.00,,Email,newsletter,,,/balls,DE,smartphone"),
        "{row}"
    );
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = App::of_shop();
    let path = "/v1/carts?state=lost&limit=0&cursor=!&period=never";
    let problem = app.get(path).await.problem(400, "invalid_request");
    let named: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["parameter"].as_str().unwrap())
        .collect();
    for parameter in ["state", "limit", "cursor", "period"] {
        assert!(named.contains(&parameter), "{parameter}: {named:?}");
    }
}
