use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use afsa_http::{HitForm, ImportForm, ImportState, Limits};
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use serde_json::json;

use crate::app::App;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_batch_reaches_the_collector_whole() {
    let app = App::new();
    let text = r#"{"hits":[{"type":"pageview"},{}]}"#;
    let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
    for (encoding, body) in [
        ("identity", text.as_bytes().to_vec()),
        ("gzip", gzip(text)),
        ("zstd", zstd),
    ] {
        let request = Request::post("/v1/collect?account_id=1")
            .header("x-api-key", &app.key)
            .header("content-type", "application/json")
            .header("content-encoding", encoding)
            .body(Body::from(body))
            .unwrap();
        let answer = app.send(request).await.expect(200).json();
        assert_eq!(answer["accepted"], 1);
        let rejected =
            json!({"index": 1, "field": "type", "error": "missing", "detail": "a hit has a type"});
        assert_eq!(answer["rejected"], json!([rejected]));
    }
    let request = Request::post("/v1/collect")
        .header("x-api-key", &app.key)
        .header("content-type", "application/x-ndjson; charset=utf-8")
        .body(Body::from("{}\n"))
        .unwrap();
    app.send(request).await.expect(200);
    let batches = app.collector.batches.lock().unwrap();
    assert_eq!(batches.len(), 4);
    for (account, _, form, bytes) in batches.iter().take(3) {
        assert_eq!(
            (*account, *form, &bytes[..]),
            (app.account, HitForm::Json, text.as_bytes())
        );
    }
    assert_eq!(batches[3].2, HitForm::NdJson);
}

#[tokio::test]
async fn the_sender_is_who_a_trusted_proxy_says() {
    let app = App::new();
    let check = async |connected: &str, forwarded: Option<&str>, expect: &str| {
        let connected: SocketAddr = connected.parse().unwrap();
        let mut request = Request::post("/v1/collect")
            .header("x-api-key", &app.key)
            .extension(ConnectInfo(connected));
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        app.send(request.body(Body::from("{}")).unwrap())
            .await
            .expect(200);
        let batches = app.collector.batches.lock().unwrap();
        let expect: IpAddr = expect.parse().unwrap();
        assert_eq!(
            batches.last().unwrap().1.address,
            Some(expect),
            "{connected} {forwarded:?}"
        );
    };
    check("198.51.100.7:1", None, "198.51.100.7").await;
    check("198.51.100.7:1", Some("203.0.113.9"), "198.51.100.7").await;
    check("127.0.0.1:1", Some("203.0.113.9"), "203.0.113.9").await;
    check(
        "127.0.0.1:1",
        Some("1.1.1.1, 203.0.113.9, 127.0.0.2"),
        "203.0.113.9",
    )
    .await;
    check("127.0.0.1:1", Some("nonsense"), "127.0.0.1").await;
    check("[::ffff:198.51.100.7]:1", None, "198.51.100.7").await;
}

#[tokio::test]
async fn nothing_is_acknowledged_that_was_not_taken() {
    let app = App::new();
    app.post("/v1/collect", json!("!")).await.expect(200);
    let request = |body: &'static str, media: &'static str| {
        Request::post("/v1/collect")
            .header("x-api-key", &app.key)
            .header("content-type", media)
            .body(Body::from(body))
            .unwrap()
    };
    app.send(request("!", "application/json"))
        .await
        .problem(400, "invalid_request");
    app.send(request("{}", "image/png"))
        .await
        .problem(415, "unsupported_media_type");
    *app.collector.is_down.lock().unwrap() = true;
    let answer = app.send(request("{}", "application/json")).await;
    assert_eq!(answer.headers["retry-after"], "1");
    let problem = answer.problem(503, "overloaded");
    assert!(!problem.to_string().contains("disk"), "{problem}");
    app.get("/health/ready").await.problem(503, "overloaded");
    app.get("/health/live").await.expect(200);
}

#[tokio::test]
async fn bodies_are_bounded() {
    let app = App::with_limits(Limits {
        body_bytes: 1_000,
        requests: None,
        ..Limits::default()
    });
    let bomb = gzip(&" ".repeat(100_000));
    assert!(bomb.len() < 1_000);
    let request = Request::post("/v1/collect")
        .header("x-api-key", &app.key)
        .header("content-encoding", "gzip")
        .body(Body::from(bomb))
        .unwrap();
    app.send(request).await.problem(413, "payload_too_large");
    let long = json!({"metrics": ["x".repeat(2_000)]});
    app.post("/v1/stats/query", long)
        .await
        .problem(413, "payload_too_large");
}

#[tokio::test]
async fn an_import_is_streamed_and_followed() {
    let app = App::with_limits(Limits {
        body_bytes: 10,
        requests: None,
        ..Limits::default()
    });
    let parts: Vec<Result<Bytes, std::io::Error>> = (0..100)
        .map(|number| Ok(Bytes::from(format!("line {number}\n"))))
        .collect();
    let request = Request::post("/v1/imports?format=combined")
        .header("x-api-key", &app.key)
        .body(Body::from_stream(futures_util::stream::iter(parts)))
        .unwrap();
    let import = app.send(request).await.expect(202).json();
    assert_eq!(import["state"], "running");
    assert_eq!(import["format"], "combined");
    {
        let imports = app.collector.imports.lock().unwrap();
        assert_eq!(imports[0].1.form, ImportForm::Combined);
        assert_eq!(
            imports[0].2.iter().filter(|byte| **byte == b'\n').count(),
            100
        );
    }
    let one = format!("/v1/imports/{}", import["id"]);
    assert_eq!(app.get(&one).await.expect(200).json(), import);
    assert_eq!(app.delete(&one).await.expect(200).json()["state"], "undone");
    let list = app.get("/v1/imports?limit=1").await.expect(200).json();
    assert_eq!(
        list["meta"],
        json!({"total_rows": 1, "limit": 1, "offset": 0})
    );
    app.get("/v1/imports?limit=0&offset=-1")
        .await
        .problem(400, "invalid_request");
    let request = Request::post("/v1/imports?format=xml").header("x-api-key", &app.key);
    app.send(request.body(Body::empty()).unwrap())
        .await
        .problem(400, "invalid_request");
}

#[tokio::test]
async fn an_import_cut_off_has_failed() {
    let app = App::new();
    let parts = [
        Ok(Bytes::from("half a li")),
        Err(std::io::Error::other("connection reset")),
    ];
    let request = Request::post("/v1/imports")
        .header("x-api-key", &app.key)
        .body(Body::from_stream(futures_util::stream::iter(parts)))
        .unwrap();
    app.send(request).await.problem(400, "invalid_request");
    assert_eq!(
        app.collector.imports.lock().unwrap()[0].1.state,
        ImportState::Failed
    );
    app.delete("/v1/imports/1").await.problem(409, "conflict");
    let request = Request::post("/v1/imports").header("x-api-key", &app.key);
    app.send(request.body(Body::from("!full")).unwrap())
        .await
        .problem(503, "overloaded");
    assert_eq!(
        app.collector.imports.lock().unwrap()[1].1.state,
        ImportState::Failed
    );
}

#[tokio::test]
async fn an_import_that_cannot_be_taken_says_why() {
    let app = App::new();
    let check = async |name: &str, value: &str, body: &'static str, status, word: &str| {
        let request = Request::post("/v1/imports")
            .header("x-api-key", &app.key)
            .header(name, value)
            .body(Body::from(body))
            .unwrap();
        app.send(request).await.problem(status, word);
    };
    let form = "multipart/form-data; boundary=x";
    check("content-type", form, "{}", 415, "unsupported_media_type").await;
    check(
        "content-encoding",
        "br",
        "{}",
        415,
        "unsupported_media_type",
    )
    .await;
    assert!(app.collector.imports.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let app = App::with_limits(Limits {
        body_bytes: 100,
        import_bytes: 100,
        ..Limits::default()
    });
    // Whoever read this body would wait for ever.
    let unread = || Body::from_stream(futures_util::stream::pending::<std::io::Result<Bytes>>());
    for path in ["/v1/collect", "/v1/stats/query", "/v1/imports"] {
        let request = Request::post(path)
            .header("x-api-key", &app.key)
            .header("content-type", "application/json")
            .header("content-length", "101")
            .body(unread())
            .unwrap();
        let answer = app.send(request).await;
        assert_eq!(answer.headers["connection"], "close", "{path}");
        answer.problem(413, "payload_too_large");
    }
    assert!(app.collector.imports.lock().unwrap().is_empty());
    let grows = || futures_util::stream::repeat_with(|| std::io::Result::Ok(Bytes::from("{}")));
    for path in ["/v1/collect", "/v1/imports"] {
        let request = Request::post(path)
            .header("x-api-key", &app.key)
            .body(Body::from_stream(grows()))
            .unwrap();
        app.send(request).await.problem(413, "payload_too_large");
    }
    let state = app.collector.imports.lock().unwrap()[0].1.state;
    assert_eq!(state, ImportState::Failed);
}

#[tokio::test]
async fn so_many_imports_come_in_at_a_time() {
    let app = App::with_limits(Limits {
        uploads: 2,
        ..Limits::default()
    });
    let (begun, mut has_begun) = tokio::sync::mpsc::channel::<()>(1);
    let (finish, may_finish) = tokio::sync::oneshot::channel::<()>();
    let slow = futures_util::stream::once(async move {
        begun.send(()).await.unwrap();
        may_finish.await.unwrap();
        Ok::<_, std::io::Error>(Bytes::from("{}"))
    });
    let upload = |key: &str, body: Body| {
        let request = Request::post("/v1/imports").header("x-api-key", key);
        request.body(body).unwrap()
    };
    let other_key = app.key_with(app.other, [afsa_accounts::Scope::CollectWrite]);
    let first = app.send(upload(&app.key, Body::from_stream(slow)));
    let others = async {
        has_begun.recv().await.unwrap();
        let refused = app.send(upload(&app.key, Body::from("{}"))).await;
        assert_eq!(refused.headers["retry-after"], "30");
        refused.problem(503, "overloaded");
        app.send(upload(&other_key, Body::from("{}")))
            .await
            .expect(202);
        finish.send(()).unwrap();
    };
    let (first, ()) = tokio::join!(first, others);
    first.expect(202);
    app.send(upload(&app.key, Body::from("{}")))
        .await
        .expect(202);
}

#[tokio::test]
async fn a_silent_sender_is_not_waited_for() {
    let app = App::with_limits(Limits {
        body_time: Duration::from_millis(1),
        ..Limits::default()
    });
    let silence = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    let request = Request::post("/v1/imports")
        .header("x-api-key", &app.key)
        .body(Body::from_stream(silence))
        .unwrap();
    app.send(request).await.problem(400, "invalid_request");
    let silence = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    let request = Request::post("/v1/collect")
        .header("x-api-key", &app.key)
        .body(Body::from_stream(silence))
        .unwrap();
    app.send(request).await.problem(400, "invalid_request");
}
