//! The published PHP clients, by real PHP: what it makes of forms and of answers.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::program::{Program, Server, skip};

/// PHP with curl, if it is installed.
fn has_php() -> bool {
    let is_there = Command::new("php")
        .args(["-r", "exit(function_exists('curl_init') ? 0 : 1);"])
        .status()
        .is_ok_and(|status| status.success());
    if !is_there {
        skip("php-cli and php-curl are not installed: the clients of shops were not tried");
    }
    is_there
}

/// What a client of a shop makes of these fields, and of the answer.
fn post(server: &Server, client: &str, fields: &Value) -> Value {
    let mut php = Command::new("php")
        .args(["-d", "max_input_vars=1000", "-d", "display_errors=stderr"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/php/shop.php"))
        .arg(client)
        .arg(format!("{}/v1/stats/batch", server.address))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = php.stdin.take().unwrap();
    input
        .write_all(json!({"fields": fields}).to_string().as_bytes())
        .unwrap();
    drop(input);
    let output = php.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{client}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// The same action in one field.
fn encoded(action: &Value) -> Value {
    URL_SAFE_NO_PAD.encode(action.to_string()).into()
}

/// What PHP makes of a value: `{}` and `[]` are one, and names 0, 1, 2 … are none.
fn through_php(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(through_php).collect(),
        Value::Object(object) => {
            let is_list = object
                .keys()
                .enumerate()
                .all(|(at, name)| *name == at.to_string());
            if is_list {
                object.values().map(through_php).collect()
            } else {
                let entries = object.iter();
                Value::Object(
                    entries
                        .map(|(name, inner)| (name.clone(), through_php(inner)))
                        .collect(),
                )
            }
        }
        other => other.clone(),
    }
}

struct Shop {
    _program: Program,
    server: Server,
    key: String,
}

/// An account with customers and products, some of whose names no form leaves alone.
fn shop() -> Shop {
    let program = Program::new();
    let (_, key) = program.account(&[]);
    let server = program.serve();
    let view = |visitor: &str, user: &str, path: &str| {
        json!({
            "type": "pageview", "visitor_id": visitor, "user_id": user,
            "location": format!("https://shop.example.com{path}"), "title": HOSTILE,
        })
    };
    let bought = json!({
        "type": "purchase", "visitor_id": "b", "location": "https://shop.example.com/thanks",
        "order": {"id": "A-1", "revenue": "30.00", "currency": "EUR"},
        "products": [{"id": "007", "name": "Mug", "price": "15", "quantity": 2}],
    });
    let hits = json!({"hits": [view("a", "17", "/"), view("b", "0x1", "/it's"), view("c", "17", "/"), bought]});
    let (status, receipt) = server.request(&key, "POST", "/v1/collect", Some(&hits));
    assert_eq!(
        (status, &receipt["accepted"]),
        (200, &json!(4)),
        "{receipt}"
    );
    Shop {
        _program: program,
        server,
        key,
    }
}

/// Everything that forms lose or change on their way through shops.
const HOSTILE: &str = r#"it's a "C:\dir" <b>50%20off</b>  +=&[x]"#;

fn actions() -> Vec<(&'static str, Value)> {
    let today = |question: Value| {
        let mut question = question;
        question["from"] = "2020-01-01".into();
        question["to"] = "2100-01-01".into();
        question
    };
    vec![
        ("account_infos:1", json!({"action": "account_infos"})),
        ("0", today(json!({"report": "summary"}))),
        ("1", today(json!({"report": "products"}))),
        (
            "users",
            json!({"query": today(json!({
                "metrics": ["visits"], "dimensions": ["user_id"],
            }))}),
        ),
        (
            "hostile",
            json!({"query": today(json!({
                "metrics": ["pageviews"], "dimensions": ["page_title"],
                "filters": ["is", "page_title", [HOSTILE], {"case_sensitive": true}],
            }))}),
        ),
        ("empty", json!({})),
        ("wrong", json!({"report": "nothing"})),
    ]
}

#[test]
fn an_action_in_one_field_arrives_whole_through_every_client() {
    if !has_php() {
        return;
    }
    let shop = shop();
    let named = |encode: &dyn Fn(&Value) -> Value| -> Map<String, Value> {
        let actions = actions().into_iter();
        actions
            .map(|(uid, action)| (uid.to_owned(), encode(&action)))
            .collect()
    };
    let body = json!({"actions": named(&Value::clone)});
    let (_, plain) = shop
        .server
        .request(&shop.key, "POST", "/v1/stats/batch", Some(&body));
    let expected = settled(through_php(&plain));
    let seen = &expected["performed_actions"];
    assert_eq!(seen["hostile"]["data"][0]["page_title"], HOSTILE, "{seen}");
    for (client, credential) in [
        ("wordpress", json!({"api_key": shop.key})),
        (
            "wordpress",
            json!({"access_token": shop.key, "client_id": "afsa_wordpress_plugin"}),
        ),
        ("guzzle", json!({"api_key": shop.key})),
        (
            "guzzle",
            json!({"access_token": shop.key, "client_id": "afsa_prestashop_plugin", "client_api": "1.0.7"}),
        ),
    ] {
        let mut fields = credential;
        fields["actions"] = named(&encoded).into();
        fields["context"] = json!({"visitors": ["17"], "products": []});
        fields["account_id"] = "00000001".into();
        fields["own_field"] = "of a page's hook".into();
        let report = post(&shop.server, client, &fields);
        assert_eq!(report["status"], 200, "{client}: {report}");
        assert_eq!(settled(report["answer"].clone()), expected, "{client}");
        assert_eq!(report["account"], "8 00000001 4", "{client}");
        let custom = json!({"user_id": "17,0x1", "product_sku": "007"});
        assert_eq!(report["custom"], custom, "{client}");
    }
}

/// An answer without what differs from one moment to the next.
fn settled(mut answer: Value) -> Value {
    let performed = match &mut answer["performed_actions"] {
        Value::Object(actions) => actions.values_mut().collect(),
        Value::Array(actions) => actions.iter_mut().collect(),
        _ => Vec::new(),
    };
    for action in performed {
        if let Some(meta) = action.get_mut("meta").and_then(Value::as_object_mut) {
            meta.remove("as_of");
        }
        if let Some(usage) = action.get_mut("usage").and_then(Value::as_object_mut) {
            usage.remove("stored_bytes");
        }
    }
    answer
}

#[test]
fn nested_fields_say_the_same_where_shops_leave_them_alone() {
    if !has_php() {
        return;
    }
    let shop = shop();
    let query = json!({"query": {
        "metrics": ["visits"], "dimensions": ["page"], "from": "2020-01-01", "to": "2100-01-01",
        "filters": ["and", ["is", "page", ["/it's", "/"], {"case_sensitive": false}], ["gt", "visits", [1]],
            ["not", ["or", ["is", "page", ["/x"]], ["not", ["is_set", "page"]]]]],
        "limit": 10, "include": ["totals"],
    }});
    let body = json!({"actions": {"a": query}});
    let (_, plain) = shop
        .server
        .request(&shop.key, "POST", "/v1/stats/batch", Some(&body));
    let expected = settled(plain)["performed_actions"]["a"]["data"].clone();
    assert_eq!(expected, json!([{"page": "/", "visits": 2}]));
    let check = |client: &str, action: Value| {
        let fields = json!({"api_key": shop.key, "actions": {"a": action}});
        let report = post(&shop.server, client, &fields);
        let answer = &report["answer"]["performed_actions"]["a"];
        assert_eq!(answer["data"], expected, "{client}: {report}");
    };
    check("guzzle", query.clone());
    // JSON in a field, whose quotes WordPress puts backslashes before.
    check("guzzle", query.to_string().into());
    check("wordpress", query.to_string().into());
    let mut filters_as_text = query.clone();
    filters_as_text["query"]["filters"] = query["query"]["filters"].to_string().into();
    check("guzzle", filters_as_text.clone());
    check("wordpress", filters_as_text);
}

#[test]
fn fifty_large_actions_are_not_cut_in_silence() {
    if !has_php() {
        return;
    }
    let shop = shop();
    let pages: Vec<String> = (0..20).map(|page| format!("/{page}")).collect();
    let action = json!({"report": "pages", "filters": ["is", "page", pages]});
    let fields = |count: usize, form: &dyn Fn(&Value) -> Value| {
        let actions = (0..count).map(|at| (format!("widget:{at}"), form(&action)));
        json!({"api_key": shop.key, "actions": actions.collect::<Map<_, _>>()})
    };
    let answered = |report: &Value| {
        report["answer"]["performed_actions"]
            .as_object()
            .unwrap()
            .len()
    };
    for client in ["wordpress", "guzzle"] {
        let report = post(&shop.server, client, &fields(50, &encoded));
        assert_eq!(answered(&report), 50, "{client}");
        let actions = report["answer"]["performed_actions"].as_object().unwrap();
        let is_whole =
            |action: &Value| action["query"]["filters"][2].as_array().unwrap().len() == 20;
        assert!(actions.values().all(is_whole), "{client}");
        let too_many = post(&shop.server, client, &fields(51, &encoded));
        assert_eq!(too_many["status"], 400, "{client}: {too_many}");
        assert_eq!(too_many["answer"]["error"], "invalid_request", "{client}");
    }
    // What the one field is for: PHP hands on 1,000 fields and says nothing of the others.
    assert!(answered(&post(&shop.server, "guzzle", &fields(50, &Value::clone))) < 50);
    assert_eq!(
        answered(&post(&shop.server, "uncut", &fields(50, &Value::clone))),
        50
    );
}

#[test]
fn a_failure_of_the_whole_is_json_and_no_5xx() {
    if !has_php() {
        return;
    }
    let shop = shop();
    let action = json!({"a": encoded(&json!({"report": "summary"}))});
    let check = |fields: Value, status: u16, error: &str| {
        for client in ["wordpress", "guzzle"] {
            let report = post(&shop.server, client, &fields);
            assert_eq!(report["status"], status, "{client} {fields}: {report}");
            assert_eq!(report["answer"]["error"], error, "{client} {fields}");
            assert!(
                report["answer"]["error_description"].is_string(),
                "{client}"
            );
        }
    };
    check(
        json!({"api_key": "1-nonsense", "actions": action}),
        401,
        "access_denied",
    );
    check(
        json!({"access_token": "gone", "client_id": "afsa_wordpress_plugin", "actions": action}),
        401,
        "access_denied",
    );
    check(json!({"actions": action}), 401, "access_denied");
    check(json!({"api_key": shop.key}), 400, "invalid_request");
    check(
        json!({"api_key": shop.key, "actions": {}}),
        400,
        "invalid_request",
    );
    check(
        json!({"api_key": shop.key, "actions": "x"}),
        400,
        "invalid_request",
    );
    check(
        json!({"api_key": shop.key, "account_id": "2", "actions": action}),
        403,
        "forbidden",
    );
}
