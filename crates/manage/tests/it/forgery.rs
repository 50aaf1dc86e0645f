use axum::body::Body;
use axum::http::Request;

use crate::app::{App, encoded};

#[tokio::test]
async fn forms_of_other_sites_are_not_taken() {
    let app = App::new();
    let session = app.session_of("operator", None);
    let page = app.get("/manage/profile", Some(&session)).await.text;
    let token = page
        .split("name=\"form_token\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    let check = async |headers: &[(&str, &str)], token: &str, is_taken: bool| {
        let form = [("name", "Eve"), ("language", "en"), ("form_token", token)];
        let mut request = Request::post("/manage/profile")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("host", "127.0.0.1:8080")
            .header("cookie", format!("afsa_session={session}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(encoded(&form))).unwrap();
        let expect = if is_taken { 303 } else { 403 };
        let answer = app.send(request).await;
        assert_eq!(answer.status, expect, "{headers:?} {token}");
    };
    check(&[("sec-fetch-site", "same-origin")], "", true).await;
    for site in ["cross-site", "same-site", "none", "SAME-ORIGIN", ""] {
        // Whoever tells on itself is believed, whatever else it brings.
        let own = ("origin", "http://stats.example.com");
        check(&[("sec-fetch-site", site), own], &token, false).await;
    }
    check(&[("origin", "http://stats.example.com")], "", true).await;
    check(&[("origin", "http://127.0.0.1:8080")], "", true).await;
    for origin in [
        "https://evil.example.com",
        "http://stats.example.com.evil.example",
        "http://stats.example.com:81",
        "http://127.0.0.1",
    ] {
        check(&[("origin", origin)], &token, false).await;
    }
    check(&[], &token, true).await;
    check(&[("origin", "null")], &token, true).await;
    for wrong in ["", "x", &token[1..]] {
        check(&[], wrong, false).await;
        check(&[("origin", "null")], wrong, false).await;
    }
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let app = App::new();
    for next in [
        "https://evil.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com/",
        "/\t/evil.example.com/",
        "javascript:alert(1)",
        "evil",
        "",
    ] {
        let form = [
            ("email", "operator@example.com"),
            ("password", crate::app::PASSWORD),
            ("next", next),
        ];
        // The bound on guesses is of no matter here.
        *app.clock.0.lock().unwrap() += std::time::Duration::from_secs(300);
        let answer = app.post("/manage/sign-in", None, &form).await;
        assert_eq!(answer.header("location"), "/manage", "{next:?}");
        let answer = app
            .post(
                "/manage/preferences",
                None,
                &[("theme", "dark"), ("back", next)],
            )
            .await;
        assert_eq!(answer.header("location"), "/manage", "{next:?}");
    }
}
