use std::net::SocketAddr;

use afsa_http::{Limits, RatePolicy};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use serde_json::json;

use crate::app::{App, request};
use crate::document::Schemas;

#[tokio::test]
async fn problems_are_json_whatever_is_accepted() {
    let app = App::new();
    let schemas = Schemas::new();
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    let check = async |request: Request<Body>, status: u16, word: &str| {
        let path = request.uri().path().to_owned();
        let problem = app.send(request).await.problem(status, word);
        assert_eq!(problem["instance"], path);
        assert_eq!(problem["type"], format!("/docs/problems.html#{word}"));
        schemas.check(&schema, &problem, word);
    };
    let with_accept = |path: &str| {
        let mut request = request("GET", path, Some(&app.key), None);
        request
            .headers_mut()
            .insert("accept", "text/html".parse().unwrap());
        request
    };
    check(with_accept("/nowhere"), 404, "not_found").await;
    check(with_accept("/v1/nowhere"), 404, "not_found").await;
    check(with_accept("/v1/stats/pages/more"), 404, "not_found").await;
    check(with_accept("/v1/stats/pages?x=1"), 400, "invalid_request").await;
    check(with_accept("/v1/accounts?x=1"), 400, "invalid_request").await;
    check(with_accept("/v1?x=1"), 400, "invalid_request").await;
    check(with_accept("/v1/stats/%ff"), 400, "invalid_request").await;
    check(
        request("PUT", "/v1/accounts/1", Some(&app.key), None),
        405,
        "method_not_allowed",
    )
    .await;
    check(
        request("POST", "/v1/stats/query", Some(&app.key), Some(json!([]))),
        400,
        "invalid_request",
    )
    .await;
    check(
        request("POST", "/v1/stats/query", Some(&app.key), None),
        400,
        "invalid_request",
    )
    .await;
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let app = App::new();
    let answer = app
        .send(request("PUT", "/v1/accounts/1", Some(&app.key), None))
        .await;
    assert_eq!(answer.headers["allow"], "GET, PATCH");
}

#[tokio::test]
async fn syntax_errors_tell_where_they_are() {
    let app = App::new();
    let post = |body: String, media: &str| {
        Request::post("/v1/stats/query")
            .header("x-api-key", &app.key)
            .header("content-type", media)
            .body(Body::from(body))
            .unwrap()
    };
    let json = "application/json";
    let problem = app
        .send(post("{\n  \"metrics\": [,]\n}".into(), json))
        .await;
    let problem = problem.problem(400, "invalid_request");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("line 2 column 15"),
        "{problem}"
    );
    app.send(post("[".repeat(100_000), json))
        .await
        .problem(400, "invalid_request");
    app.send(post("{\"metrics\": \"\u{fffd}".into(), json))
        .await
        .problem(400, "invalid_request");
    app.send(post("{}".into(), "text/xml"))
        .await
        .problem(415, "unsupported_media_type");
    app.send(post("{}".into(), "application/json; charset=utf-8"))
        .await
        .expect(200);
}

#[tokio::test]
async fn what_stands_twice_is_refused_and_named() {
    let app = App::new();
    let send = async |path: &str, media: &str, body: &str| {
        let request = Request::post(path)
            .header("x-api-key", &app.key)
            .header("content-type", media)
            .body(Body::from(body.to_owned()))
            .unwrap();
        app.send(request).await
    };
    let names = |problem: &serde_json::Value, place: &str, expect: &str| {
        let fault = &problem["errors"][0];
        assert_eq!(fault["error"], "repeated", "{problem}");
        assert_eq!(fault[place], expect, "{problem}");
    };
    let json = "application/json";
    let query = r#"{"metrics": ["visits"], "period": "7d", "period": "30d"}"#;
    let refused = send("/v1/stats/query", json, query).await;
    names(
        &refused.problem(400, "invalid_request"),
        "pointer",
        "/period",
    );
    let filter = r#"{"metrics": ["visits"],
        "filters": ["is", "page", ["/"], {"scope": "hit", "scope": "hit"}]}"#;
    let refused = send("/v1/stats/query", json, filter).await;
    let place = "/filters/3/scope";
    names(&refused.problem(400, "invalid_request"), "pointer", place);
    let batch = r#"{"actions": {"a": {"report": "pages"}, "a": {"report": "summary"}}}"#;
    let refused = send("/v1/stats/batch", json, batch).await;
    names(
        &refused.problem(400, "invalid_request"),
        "pointer",
        "/actions/a",
    );
    let change = r#"{"name": "A", "name": "B"}"#;
    let goals = format!("/v1/accounts/{}/goals", app.account);
    let refused = send(&goals, json, change).await;
    names(&refused.problem(400, "invalid_request"), "pointer", "/name");
    let form = "application/x-www-form-urlencoded";
    let refused = send(
        "/v1/stats/batch",
        form,
        "actions[a][limit]=1&actions[a][limit]=2",
    )
    .await;
    let refused = refused.problem(400, "invalid_request");
    names(&refused, "parameter", "actions[a][limit]");
    let refused = app.get("/v1/stats/pages?limit=1&limit=2").await;
    names(
        &refused.problem(400, "invalid_request"),
        "parameter",
        "limit",
    );
    let options =
        "%5B%22is%22,%22page%22,%5B%22/%22%5D,%7B%22scope%22:%22hit%22,%22scope%22:1%7D%5D";
    let refused = app.get(&format!("/v1/stats/pages?filters={options}")).await;
    names(&refused.problem(422, "unprocessable"), "pointer", place);
    // An action in base64url: {"report":"pages","report":"pages"}.
    let action = "actions[a]=eyJyZXBvcnQiOiJwYWdlcyIsInJlcG9ydCI6InBhZ2VzIn0";
    let answer = send("/v1/stats/batch", form, action)
        .await
        .expect(200)
        .json();
    names(
        &answer["performed_actions"]["a"],
        "pointer",
        "/actions/a/report",
    );
}

#[tokio::test]
async fn credentials_come_in_four_ways_and_one_at_a_time() {
    let app = App::new();
    let key = &app.key;
    for path in [
        format!("/v1/accounts?api_key={key}"),
        format!("/v1/accounts?access_token={key}"),
    ] {
        app.send(request("GET", &path, None, None))
            .await
            .expect(200);
        app.send(request("GET", &path, Some(key), None))
            .await
            .problem(400, "invalid_request");
    }
    let with_header = Request::get("/v1/accounts").header("x-api-key", key);
    app.send(with_header.body(Body::empty()).unwrap())
        .await
        .expect(200);
    let basic = Request::get("/v1/accounts").header("authorization", "Basic eDp5");
    app.send(basic.body(Body::empty()).unwrap())
        .await
        .problem(401, "access_denied");
    let twice = format!("/v1/accounts?api_key={key}&api_key={key}");
    app.send(request("GET", &twice, None, None))
        .await
        .problem(400, "invalid_request");
}

#[tokio::test]
async fn rates_are_bounded_and_told() {
    let app = App::with_limits(Limits {
        requests: Some(RatePolicy::a_minute(2)),
        addresses: Some(RatePolicy::a_minute(60)),
        accounts: Some(RatePolicy::a_minute(3)),
        ..Limits::default()
    });
    let first = app.get("/v1/accounts").await.expect(200);
    assert_eq!(
        first.headers["ratelimit-policy"],
        "\"address\";q=60;w=60, \"credential\";q=2;w=60, \"account\";q=3;w=60"
    );
    assert_eq!(
        first.headers["ratelimit"],
        "\"address\";r=59;t=1, \"credential\";r=1;t=30, \"account\";r=2;t=20"
    );
    app.get("/v1/stats/pages?wrong=1").await.expect(400);
    let refused = app.get("/v1/accounts").await;
    assert_eq!(refused.headers["retry-after"], "30");
    assert_eq!(
        refused.headers["ratelimit"],
        "\"address\";r=57;t=1, \"credential\";r=0;t=30"
    );
    refused.problem(429, "rate_limited");
    // Another credential has requests of its own, but the account has no more than these.
    let other = app.key_with(app.account, [afsa_accounts::Scope::AccountRead]);
    let ask = async |key: &str| {
        let request = request("GET", "/v1/accounts", Some(key), None);
        app.send(request).await
    };
    ask(&other).await.expect(200);
    let refused = ask(&other).await;
    assert_eq!(refused.headers["retry-after"], "20");
    refused.problem(429, "rate_limited");
    let foreign = app.key_with(app.other, [afsa_accounts::Scope::AccountRead]);
    ask(&foreign).await.expect(200);
    app.post("/v1/collect", json!({})).await.expect(200);
}

#[tokio::test]
async fn an_address_has_so_many_requests_whoever_it_says_it_is() {
    let app = App::with_limits(Limits {
        addresses: Some(RatePolicy::a_minute(3)),
        ..Limits::default()
    });
    let ask = async |from: &str, path: &str, credential: Option<&str>| {
        let mut request = request("GET", path, credential, None);
        let from: SocketAddr = from.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(from));
        app.send(request).await
    };
    let (first, second) = ("[2001:db8::1]:1", "[2001:db8::2:0:0:2]:1");
    let key = Some(app.key.as_str());
    ask(first, "/v1/accounts", None).await.expect(401);
    ask(second, "/v1/accounts", Some("1-guess"))
        .await
        .expect(401);
    ask(first, "/v1/accounts", key).await.expect(200);
    let refused = ask(second, "/v1/accounts", key).await;
    assert_eq!(refused.headers["ratelimit"], "\"address\";r=0;t=20");
    refused.problem(429, "rate_limited");
    // What needs no credential is not counted, and neighbours are not slowed.
    ask(first, "/v1", None).await.expect(200);
    ask("[2001:db8:0:1::1]:1", "/v1/accounts", key)
        .await
        .expect(200);
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_nobody_else() {
    let app = App::with_limits(Limits {
        failures: Some(RatePolicy::a_minute(2)),
        ..Limits::default()
    });
    let ask = async |from: &str, credential: Option<&str>| {
        let mut request = request("GET", "/v1/accounts", credential, None);
        let from: SocketAddr = from.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(from));
        app.send(request).await
    };
    let (guesser, wrong) = ("198.51.100.7:1", Some("1-guess"));
    for _ in 0..2 {
        ask(guesser, wrong).await.problem(401, "access_denied");
    }
    let refused = ask(guesser, wrong).await;
    assert_eq!(refused.headers["retry-after"], "30");
    refused.problem(429, "rate_limited");
    // Who shows nothing is counted too; who has a key is not slowed; others have their own count.
    ask(guesser, None).await.problem(429, "rate_limited");
    ask(guesser, Some(&app.key)).await.expect(200);
    ask("203.0.113.9:1", wrong)
        .await
        .problem(401, "access_denied");
    // Whoever holds an address of IPv6 holds its whole network.
    for address in ["[2001:db8::1]:1", "[2001:db8::2:0:0:2]:1"] {
        ask(address, wrong).await.problem(401, "access_denied");
    }
    ask("[2001:db8::ffff:0:0:3]:1", wrong)
        .await
        .problem(429, "rate_limited");
    ask("[2001:db8:0:1::1]:1", wrong)
        .await
        .problem(401, "access_denied");
    // A connection from a trusted proxy counts for whom it names.
    let mut proxied = request("GET", "/v1/accounts", wrong, None);
    let proxy: SocketAddr = "127.0.0.1:1".parse().unwrap();
    proxied.extensions_mut().insert(ConnectInfo(proxy));
    let headers = proxied.headers_mut();
    headers.insert("x-forwarded-for", "198.51.100.7".parse().unwrap());
    app.send(proxied).await.problem(429, "rate_limited");
}

#[tokio::test]
async fn request_ids_come_back() {
    let app = App::new();
    let ask = async |id: &str| {
        let request = Request::get("/v1")
            .header("x-request-id", id)
            .body(Body::empty())
            .unwrap();
        app.send(request).await.headers["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(ask("abc-123").await, "abc-123");
    for hostile in ["a b", "<script>", &"x".repeat(200), ""] {
        let id = ask(hostile).await;
        assert!(
            id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{id}"
        );
    }
}

#[tokio::test]
async fn requests_are_counted() {
    let app = App::new();
    app.get("/v1/stats/pages").await.expect(200);
    app.get("/v1/nowhere/%22%0a").await;
    let text = app.get("/metrics").await.expect(200).text();
    assert!(
        text.contains(r#"_count{operation="getReport",status="200"} 1"#),
        "{text}"
    );
    assert!(
        text.contains(r#"_count{operation="other",status="404"} 1"#),
        "{text}"
    );
}

#[tokio::test]
async fn a_panic_is_a_problem_and_no_more() {
    let app = App::new();
    let request = || {
        Request::post("/v1/collect")
            .header("x-api-key", &app.key)
            .body(Body::from("?"))
            .unwrap()
    };
    let answer = app.send(request()).await;
    assert!(answer.headers.contains_key("x-request-id"));
    let problem = answer.problem(500, "internal");
    assert!(!problem.to_string().contains("program"), "{problem}");
    app.post("/v1/collect", json!({})).await.expect(200);
}

#[tokio::test]
async fn a_form_is_bounded_before_its_sender_is_known() {
    let app = App::new();
    let form = |length: usize| {
        Request::post("/v1/stats/batch")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("x".repeat(length)))
            .unwrap()
    };
    app.send(form(2 << 20))
        .await
        .problem(413, "payload_too_large");
    app.send(form(1 << 19)).await.problem(401, "access_denied");
}
