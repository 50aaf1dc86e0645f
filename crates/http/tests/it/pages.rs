use axum::body::Body;
use axum::http::Request;

use crate::app::{Answer, App};

#[tokio::test]
async fn the_reference_loads_nothing_from_elsewhere() {
    let app = App::new();
    // From one page to all that it leads to.
    let mut pages = vec!["/docs".to_owned()];
    let mut next = 0;
    while let Some(path) = pages.get(next).cloned() {
        next += 1;
        let page = app.get(&path).await.expect(200);
        assert!(!page.bytes.is_empty(), "{path}");
        if page.headers["content-type"] != "text/html; charset=utf-8" {
            continue;
        }
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
        let text = page.text();
        assert!(
            !text.contains("<script>") && !text.contains("style="),
            "{path}: nothing stands inline"
        );
        let links = text
            .split(" href=\"")
            .flat_map(|part| part.split(" src=\""))
            .skip(1)
            .filter_map(|part| part.split('"').next())
            .filter(|link| !link.starts_with("data:"));
        for link in links {
            // The one way out: where Rust comes from, which nobody loads.
            if link == "https://www.rust-lang.org/" {
                continue;
            }
            assert!(link.starts_with('/'), "{path}: {link}");
            let link = link.split('#').next().unwrap().to_owned();
            if !pages.contains(&link) {
                pages.push(link);
            }
        }
    }
    assert!(pages.len() >= 14, "{pages:?}");
    let script = app.get("/docs/assets/docs.js").await.text();
    assert!(script.contains("/assets/openapi/v1/afsa.json"));
}

#[tokio::test]
async fn the_document_is_served_as_it_is_checked_in() {
    let app = App::new();
    let served = app
        .get("/assets/openapi/v1/afsa.json")
        .await
        .expect(200)
        .json();
    assert_eq!(served, afsa_http::openapi_document());
}

#[tokio::test]
async fn every_problem_has_its_place_on_the_page() {
    let app = App::new();
    let page = app.get("/docs/problems.html").await.expect(200).text();
    let document = afsa_http::openapi_document();
    let words = document["components"]["schemas"]["Problem"]["properties"]["error"]["enum"].clone();
    for word in words.as_array().unwrap() {
        assert!(page.contains(&format!("id={word}")), "{word}");
    }
}

#[tokio::test]
async fn headers_protect_every_answer() {
    let app = App::of_shop();
    let check = |path: &str, answer: &Answer| {
        let header = |name: &str| {
            let value = answer.headers.get(name);
            value
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert!(!header("x-request-id").is_empty(), "{path}");
        let policy = header("content-security-policy");
        let is_strict = policy.starts_with("default-src 'none'")
            && policy.contains("frame-ancestors 'none'")
            && !policy.contains("unsafe");
        assert!(is_strict, "{path}: {policy:?}");
        if !path.starts_with("/docs") {
            assert!(!header("content-type").starts_with("text/html"), "{path}");
        }
    };
    let mut visited = 0;
    for operation in crate::document::operations(app.account.0) {
        if operation.method != "GET" {
            continue;
        }
        for key in [None, Some(app.key.as_str())] {
            let request = crate::app::request("GET", &operation.path, key, None);
            let answer = app.send(request).await;
            check(&operation.path, &answer);
            let is_private = operation.scope.is_some();
            let cached = answer.headers.get("cache-control");
            let is_kept = cached.is_none_or(|cached| cached != "no-store");
            assert!(!(is_private && is_kept), "{}", operation.path);
            visited += 1;
        }
    }
    for path in [
        "/",
        "/docs",
        "/docs/",
        "/docs/problems.html",
        "/nowhere",
        "/%FF",
    ] {
        let answer = app.get(path).await;
        check(&format!("/docs{path}"), &answer);
        visited += 1;
    }
    assert!(visited > 50, "{visited}");
}

#[tokio::test]
async fn people_find_their_pages_and_programs_something_to_read() {
    let app = App::new();
    let check = async |path: &str, accept: &str, expect: &str| {
        let request = Request::get(path).header("accept", accept);
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        let answer = answer.expect(307);
        assert_eq!(answer.headers["location"], expect, "{path} {accept}");
    };
    check("/", "text/html,application/xhtml+xml,*/*;q=0.8", "/manage").await;
    check("/", "*/*", "/docs").await;
    check("/", "application/json", "/docs").await;
    check("/?lostpass=1", "text/html", "/manage/reset").await;
    check("/?lostpass=1", "*/*", "/manage/reset").await;
    check("/?lostpass=0&x=//evil.example.com", "text/html", "/manage").await;
}

#[tokio::test]
async fn any_page_may_use_the_api_but_not_read_our_pages() {
    let app = App::new();
    let ask = async |method: &str, path: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("origin", "https://shop.example.com")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization");
        app.send(request.body(Body::empty()).unwrap()).await
    };
    let preflight = ask("OPTIONS", "/v1/stats/query").await.expect(200);
    assert_eq!(preflight.headers["access-control-allow-origin"], "*");
    let allowed = preflight.headers["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(
        allowed.contains("authorization") && allowed.contains("x-api-key"),
        "{allowed}"
    );
    let refused = ask("GET", "/v1/accounts").await.expect(401);
    assert_eq!(refused.headers["access-control-allow-origin"], "*");
    // What the API tells in headers, scripts can read.
    let exposed = refused.headers["access-control-expose-headers"]
        .to_str()
        .unwrap();
    for header in [
        "link",
        "ratelimit",
        "retry-after",
        "content-disposition",
        "www-authenticate",
    ] {
        assert!(exposed.split(',').any(|it| it == header), "{header}");
    }
    let page = ask("GET", "/docs").await.expect(200);
    assert!(!page.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn long_answers_are_compressed_for_those_who_can_read_it() {
    let app = App::new();
    for encoding in ["gzip", "br", "zstd"] {
        let request =
            Request::get("/assets/openapi/v1/afsa.json").header("accept-encoding", encoding);
        let answer = app
            .send(request.body(Body::empty()).unwrap())
            .await
            .expect(200);
        assert_eq!(answer.headers["content-encoding"], encoding);
    }
}

#[tokio::test]
async fn plug_ins_find_the_dashboard_where_they_look_for_it() {
    let app = App::new();
    let mut paths = Vec::new();
    for folder in ["current", "v2"] {
        for name in ["d3.min.js", "c3.min.js", "chart.engine.js", "dashboard.js"] {
            paths.push((
                format!("/assets/js/common/{folder}/{name}"),
                "text/javascript",
            ));
        }
    }
    for theme in ["common", "wordpress", "prestashop"] {
        paths.push((
            format!("/assets/css/{theme}/current/packed.css"),
            "text/css",
        ));
    }
    for (path, media) in paths {
        // Plug-ins add a version, so that browsers load it anew after an update.
        let request = Request::get(format!("{path}?ver=2.20")).body(Body::empty());
        let answer = app.send(request.unwrap()).await.expect(200);
        let headers = &answer.headers;
        assert_eq!(
            headers["content-type"],
            format!("{media}; charset=utf-8"),
            "{path}"
        );
        assert_eq!(
            headers["cross-origin-resource-policy"], "cross-origin",
            "{path}"
        );
        assert!(!answer.bytes.is_empty(), "{path}");
    }
    let script = app.get("/assets/js/common/v2/dashboard.js").await.text();
    for banned in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
    ] {
        assert!(!script.contains(banned), "{banned} makes code of text");
    }
}
