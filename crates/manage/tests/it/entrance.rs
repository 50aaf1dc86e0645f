use std::time::Duration;

use afsa_manage::SignUp;

use crate::app::{App, PASSWORD};

async fn sign_in(app: &App, email: &str, password: &str) -> crate::app::Answer {
    let form = [("email", email), ("password", password)];
    app.post("/manage/sign-in", None, &form).await
}

#[tokio::test]
async fn a_session_is_new_at_each_sign_in_and_over_when_signed_out() {
    let app = App::new();
    let first = sign_in(&app, "Operator@example.com", PASSWORD).await;
    assert_eq!(first.status, 303);
    let text = |answer: &crate::app::Answer| {
        let cookie = answer.cookies()[0].to_owned();
        assert!(cookie.starts_with("afsa_session=afsa_se_"), "{cookie}");
        cookie.split(['=', ';']).nth(1).unwrap().to_owned()
    };
    let second = sign_in(&app, "operator@example.com", PASSWORD).await;
    let (first, second) = (text(&first), text(&second));
    assert_ne!(first, second);
    assert_eq!(app.get("/manage", Some(&first)).await.status, 200);
    let out = app.post("/manage/sign-out", Some(&first), &[]).await;
    assert!(
        out.cookies()
            .iter()
            .any(|cookie| cookie.contains("Max-Age=0"))
    );
    assert_eq!(app.get("/manage", Some(&first)).await.status, 303);
    assert_eq!(app.get("/manage", Some(&second)).await.status, 200);
}

#[tokio::test]
async fn nobody_learns_who_is_there() {
    let app = App::new();
    let there = sign_in(&app, "operator@example.com", "wrong password").await;
    let nobody = sign_in(&app, "nobody@example.com", "wrong password").await;
    assert_eq!(
        (there.status, nobody.status),
        (422.try_into().unwrap(), 422.try_into().unwrap())
    );
    let blank = |text: &str| {
        // What differs is what was typed, and the proof that the form is from here.
        let text = text
            .replace("operator@", "someone@")
            .replace("nobody@", "someone@");
        let (before, after) = text.split_once("name=\"form_token\"").unwrap();
        let tokens = after
            .split("name=\"form_token\" value=\"")
            .map(|part| &part[44.min(part.len())..]);
        format!("{before}{}", tokens.collect::<String>()).len()
    };
    assert_eq!(blank(&there.text), blank(&nobody.text));
    for email in ["operator@example.com", "nobody@example.com"] {
        let answer = app.post("/manage/reset", None, &[("email", email)]).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text.contains("If somebody has this e-mail here"));
    }
    app.mailer.close();
    let letters = std::fs::read_dir(app.outbox.path()).unwrap().count();
    assert_eq!(letters, 1, "only to whom there is");
}

#[tokio::test]
async fn guesses_are_bounded_by_name_and_by_sender() {
    let app = App::new();
    for _ in 0..10 {
        let answer = sign_in(&app, "nobody@example.com", "wrong password").await;
        assert_eq!(answer.status, 422);
    }
    // However the name is written.
    let bounded = sign_in(&app, " NOBODY@example.com", "wrong password").await;
    assert_eq!(bounded.status, 429);
    assert_eq!(bounded.header("retry-after"), "60");
    // The sender has some tries left, for other names.
    for index in 0..9 {
        let email = format!("nobody{index}@example.com");
        assert_eq!(sign_in(&app, &email, "wrong password").await.status, 422);
    }
    assert_eq!(
        sign_in(&app, "operator@example.com", PASSWORD).await.status,
        429
    );
    *app.clock.0.lock().unwrap() += Duration::from_secs(60);
    assert_eq!(
        sign_in(&app, "operator@example.com", PASSWORD).await.status,
        303
    );
}

#[tokio::test]
async fn sign_up_is_as_open_as_it_is_said() {
    let check = async |rule: SignUp, expect: u16| {
        let app = App::at("http://stats.example.com", rule);
        let status = app.get("/manage/sign-up", None).await.status;
        assert_eq!(status, expect, "{rule}");
        let form = [
            ("name", "Eve"),
            ("email", "eve@example.com"),
            ("password", PASSWORD),
        ];
        let status = app.post("/manage/sign-up", None, &form).await.status;
        assert_eq!(status, expect, "{rule}");
        let found = app.accounts.person_by_email("eve@example.com").unwrap();
        assert_eq!(found.is_some(), expect == 200, "{rule}");
    };
    check(SignUp::Open, 200).await;
    check(SignUp::Invitation, 404).await;
    check(SignUp::Off, 404).await;
}

#[tokio::test]
async fn what_people_write_stays_text() {
    let app = App::new();
    let session = app.session_of("operator", None);
    let hostile = "\"><script>alert(1)</script>";
    let form = [("name", hostile), ("language", "en")];
    app.post("/manage/profile", Some(&session), &form).await;
    let page = app.get("/manage/profile", Some(&session)).await;
    assert!(!page.text.contains("<script"), "{}", page.text);
    assert!(page.text.contains("&lt;script&gt;"));
    let form = [
        ("name", hostile),
        ("url", hostile),
        ("timezone", hostile),
        ("currency", hostile),
    ];
    let page = app
        .post("/manage/accounts/new", Some(&session), &form)
        .await;
    assert_eq!(page.status, 422);
    assert!(!page.text.contains("<script"));
    assert_eq!(page.text.matches("aria-invalid=\"true\"").count(), 3);
}

#[tokio::test]
async fn pages_speak_as_they_are_asked() {
    let app = App::new();
    let check = async |path: &str, header: (&str, &str), expect: &str| {
        let request = axum::http::Request::get(path).header(header.0, header.1);
        let answer = app
            .send(request.body(axum::body::Body::empty()).unwrap())
            .await;
        assert!(answer.text.contains(expect), "{path} {header:?}");
    };
    let (english, french) = ("<h1>Sign in</h1>", "<h1>Se connecter</h1>");
    check("/manage/sign-in", ("accept-language", "fr-CA"), french).await;
    check("/manage/sign-in", ("accept-language", "de"), english).await;
    check("/manage/sign-in", ("cookie", "afsa_lang=fr"), french).await;
    check(
        "/manage/sign-in?lang=en",
        ("cookie", "afsa_lang=fr"),
        english,
    )
    .await;
    check(
        "/manage/sign-in",
        ("cookie", "afsa_theme=dark"),
        "data-theme=\"dark\"",
    )
    .await;
    check(
        "/manage/sign-in",
        ("cookie", "afsa_theme=\"x"),
        "<html lang=\"en\">",
    )
    .await;
}

#[tokio::test]
async fn a_slash_too_many_or_too_few_leads_to_the_page() {
    let app = App::new();
    let check = async |path: &str, (status, leads_to): (u16, &str)| {
        let answer = app.get(path, None).await;
        assert_eq!(answer.status, status, "{path}");
        let location = answer.headers.get("location");
        let location = location.map_or("", |location| location.to_str().unwrap());
        assert_eq!(location, leads_to, "{path}");
    };
    check("/manage/", (308, "/manage")).await;
    check("/manage/sign-in/?next=/", (308, "/manage/sign-in?next=/")).await;
    check("/manage//example.com//", (308, "/manage//example.com")).await;
    check("/manage//example.com", (404, "")).await;
    check("/api/authorize/?x=%2F", (308, "/api/authorize?x=%2F")).await;
    check("/v1/auth/00000001?x", (308, "/v1/auth/00000001/?x")).await;
    check("/share/afsa_sh_x/", (308, "/share/afsa_sh_x")).await;
    check(
        "/share/%2F%2Fexample.com/",
        (308, "/share/%2F%2Fexample.com"),
    )
    .await;
    check("/wordpress/signup/", (308, "/wordpress/signup")).await;
    let form = app.post("/api/authorize/", None, &[]).await;
    assert_eq!(form.status, 404, "no form goes on");
}

#[tokio::test]
async fn what_a_form_answered_is_left_for_the_page_above() {
    let app = App::new();
    let session = app.session_of("operator", None);
    let begin = "/manage/profile/second-factor/begin";
    let form = [("current", PASSWORD)];
    let shown = app.post(begin, Some(&session), &form).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    // In another language, by the foot of the page.
    let back = shown.value_after("name=\"back\" value=\"");
    let form = [("language", "fr"), ("back", back)];
    let chosen = app.post("/manage/preferences", Some(&session), &form).await;
    let mut path = chosen.header("location").to_owned();
    for _ in 0..2 {
        let page = app.get(&path, Some(&session)).await;
        if page.status == 200 {
            assert!(page.text.contains("lang=\"fr\"") && page.text.contains("facteur"));
            path = String::new();
            break;
        }
        path = page.header("location").to_owned();
    }
    assert_eq!(path, "", "no page is reached");
    let check = async |path: &str, expect: &str| {
        for session in [None, Some(&*session)] {
            let led = app.get(path, session).await;
            assert_eq!(
                (led.status.as_u16(), led.header("location")),
                (303, expect),
                "{path}"
            );
        }
    };
    check(begin, "/manage/profile/second-factor").await;
    check("/manage/profile/sessions/7/end", "/manage/profile").await;
    check("/manage/people/7/link", "/manage/people").await;
    check(
        "/manage/accounts/00000001/members/7?x=1",
        "/manage/accounts/00000001/members",
    )
    .await;
    check("/manage/preferences", "/manage").await;
    check("/manage/sign-out", "/manage").await;
}

#[tokio::test]
async fn a_message_is_shown_once_by_the_page_that_follows() {
    let app = App::new();
    let session = app.session_of("operator", None);
    let saved = |answer: &crate::app::Answer| answer.text.contains("Saved.");
    let ask = async |method: &str, path: &str| {
        let cookies = format!("afsa_session={session}; afsa_flash=saved");
        let request = axum::http::Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", cookies)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        app.send(request.body(axum::body::Body::empty()).unwrap())
            .await
    };
    let forgotten = "afsa_flash=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
    // Also where the page that follows can't be shown.
    for path in [
        "/manage/profile",
        "/manage/nothing",
        "/manage/accounts/00000099",
    ] {
        let page = ask("GET", path).await;
        assert!(saved(&page), "{path}");
        assert!(page.cookies().contains(&forgotten), "{path}");
    }
    // Not by what another form answers, nor by what only leads on.
    let refused = ask("POST", "/manage/profile").await;
    assert!(refused.status == 422 && !saved(&refused));
    assert!(!refused.cookies().contains(&forgotten));
    let led = ask("GET", "/manage/sign-out").await;
    assert!(led.status == 303 && !led.cookies().contains(&forgotten));
}
