//! What strangers might try at the pages, by name.

use std::net::IpAddr;
use std::time::Duration;

use afsa_accounts::Actor;
use afsa_accounts::people::{Role, ShareChange};
use afsa_http::Peer;
use afsa_manage::SignUp;
use axum::body::Body;
use axum::http::Request;
use totp_rs::{Builder, Secret};

use crate::app::{Answer, App, NOW, PASSWORD, encoded};

const FORM: &str = "application/x-www-form-urlencoded";

impl App {
    /// The same form from somewhere else.
    async fn post_from(&self, address: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path)
            .header("content-type", FORM)
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(encoded(form)))
            .unwrap();
        let address: IpAddr = address.parse().unwrap();
        let peer = Peer {
            address: Some(address),
            user_agent: None,
        };
        request.extensions_mut().insert(peer);
        self.send(request).await
    }

    fn pass(&self, seconds: u64) {
        *self.clock.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

#[tokio::test]
async fn one_stranger_does_not_shut_the_way_back_for_everybody() {
    let app = App::new();
    for number in 0..40 {
        let path = format!("/manage/reset/choose?token=guess{number}");
        app.get(&path, None).await;
    }
    assert_eq!(
        app.get("/manage/reset/choose?token=x", None).await.status,
        429
    );
    let form = [("token", "afsa_ot_other"), ("password", PASSWORD)];
    let other = app
        .post_from("192.0.2.7", "/manage/reset/choose", &form)
        .await;
    assert_eq!(other.status, 410, "his link is looked at");
}

#[tokio::test]
async fn a_crowd_that_knows_the_password_of_a_share_is_let_in() {
    let app = App::new();
    let share = ShareChange {
        name: Some("Press".into()),
        password: Some(Some("open sesame please".into())),
        ..ShareChange::default()
    };
    let acting = app.accounts.acting(Actor::CommandLine, NOW);
    let link = acting
        .create_share(app.account, &share, [70; 32], [71; 32])
        .unwrap()
        .text;
    let path = format!("/share/{link}");
    for number in 1..=30 {
        let form = [("password", "open sesame please")];
        let opened = app
            .post_from(&format!("192.0.2.{number}"), &path, &form)
            .await;
        assert_eq!(opened.status, 200, "{number}");
    }
    // Also from one place.
    for _ in 1..=30 {
        let form = [("password", "open sesame please")];
        let opened = app.post_from("192.0.2.1", &path, &form).await;
        assert_eq!(opened.status, 200);
    }
    let mut refused = 0;
    for number in 1..=30 {
        let form = [("password", "guess")];
        let answer = app
            .post_from(&format!("198.51.100.{number}"), &path, &form)
            .await;
        refused += u32::from(answer.status == 429);
    }
    assert_eq!(refused, 20, "ten guesses from wherever they come");
}

#[tokio::test]
async fn an_office_that_signs_in_from_one_address_is_not_taken_for_guessers() {
    let app = App::new();
    let form = [("email", "operator@example.com"), ("password", PASSWORD)];
    for _ in 0..30 {
        let answer = app.post_from("192.0.2.1", "/manage/sign-in", &form).await;
        assert_eq!(answer.status, 303);
    }
    // What is right doesn't make up for what is wrong.
    let mut looked_at = 0;
    for number in 0..40 {
        let guess = format!("guess number {number}");
        let wrong = [
            ("email", "viewer@example.com"),
            ("password", guess.as_str()),
        ];
        let answer = app.post_from("192.0.2.1", "/manage/sign-in", &wrong).await;
        looked_at += u32::from(answer.status == 422);
        app.post_from("192.0.2.1", "/manage/sign-in", &form).await;
    }
    assert_eq!(looked_at, 10);
}

#[tokio::test]
async fn a_secret_is_shown_once_however_often_its_page_is_loaded() {
    let app = App::new();
    let session = app.session_of("operator", None);
    let base = format!("/manage/accounts/{}", app.account);
    let check = async |list: &str, form: &[(&str, &str)], secret: &str| {
        let page = app.get(list, Some(&session)).await;
        let once = page.value_after("name=\"once\" value=\"").to_owned();
        let mut form = form.to_vec();
        form.push(("once", &once));
        let made = app.post(list, Some(&session), &form).await;
        assert_eq!(made.status, 200, "{}", made.text);
        assert!(made.text.contains(secret), "{list}");
        assert_eq!(made.header("cache-control"), "no-store");
        let again = app.post(list, Some(&session), &form).await;
        assert_eq!(again.status, 303, "{list}");
        assert!(!again.text.contains(secret));
        assert!(
            again
                .cookies()
                .iter()
                .any(|cookie| cookie.contains("made_already"))
        );
    };
    let key = [("name", "Key"), ("scopes", "stats:read")];
    check(&format!("{base}/keys"), &key, "data-secret=\"key\"").await;
    check(
        &format!("{base}/shares"),
        &[("name", "Share")],
        "data-secret=\"share\"",
    )
    .await;
    let client = [
        ("name", "App"),
        ("type", "confidential"),
        ("redirect_uris", "https://app.example.com/back"),
        ("scopes", "stats:read"),
    ];
    check(
        &format!("{base}/clients"),
        &client,
        "data-secret=\"client-secret\"",
    )
    .await;
    check(
        &format!("{base}/clients/3/secret"),
        &[],
        "data-secret=\"client-secret\"",
    )
    .await;
    assert_eq!(app.accounts.keys(app.account).unwrap().len(), 1);
    assert_eq!(app.accounts.shares(app.account).unwrap().len(), 1);
    assert_eq!(app.accounts.clients(app.account).unwrap().len(), 1);
}

#[tokio::test]
async fn a_form_that_was_refused_may_be_mended_and_sent_again() {
    let app = App::new();
    let session = app.session_of("operator", None);
    let keys = format!("/manage/accounts/{}/keys", app.account);
    let page = app.get(&keys, Some(&session)).await;
    let once = page.value_after("name=\"once\" value=\"").to_owned();
    let refused = app
        .post(&keys, Some(&session), &[("name", "Key"), ("once", &once)])
        .await;
    assert_eq!(refused.status, 422);
    let next = refused.value_after("name=\"once\" value=\"").to_owned();
    let form = [
        ("name", "Key"),
        ("scopes", "stats:read"),
        ("once", next.as_str()),
    ];
    assert_eq!(app.post(&keys, Some(&session), &form).await.status, 200);
}

#[tokio::test]
async fn links_in_letters_lead_here_whatever_host_is_asked() {
    let app = App::new();
    let request = Request::post("/manage/reset")
        .header("content-type", FORM)
        .header("sec-fetch-site", "same-origin")
        .header("host", "evil.example.org")
        .header("x-forwarded-host", "evil.example.org")
        .header("forwarded", "host=evil.example.org;proto=https")
        .header("x-forwarded-proto", "https");
    let form = encoded(&[("email", "operator@example.com")]);
    let answer = app.send(request.body(Body::from(form)).unwrap()).await;
    assert_eq!(answer.status, 200);
    let letters = app.letters();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("http://stats.example.com/manage/reset/choose?token=afsa_ot_"));
    assert!(!letters[0].contains("evil.example.org"), "{}", letters[0]);
}

#[tokio::test]
async fn letters_take_no_headers_from_strangers() {
    let app = App::new();
    let session = app.session_of("operator", None);
    let inject = "Eve\r\nBcc: all@example.org\r\n\r\nFORGED";
    let form = |email| [("name", inject), ("email", email), ("password", PASSWORD)];
    for email in [
        "eve@example.com",
        "eve@example.com\r\nBcc: all@example.org",
        "eve@example.com, all@example.org",
        "<all@example.org> eve@example.com",
        "\"eve\r\nBcc: all@example.org\"@example.com",
    ] {
        app.post("/manage/sign-up", None, &form(email)).await;
        app.post("/manage/reset", None, &[("email", email)]).await;
        let members = format!("/manage/accounts/{}/members", app.account);
        let invite = [("email", email), ("role", "viewer")];
        app.post(&members, Some(&session), &invite).await;
        app.pass(3_600);
    }
    let site = format!("/manage/accounts/{}/settings", app.account);
    let renamed = [
        ("name", inject),
        ("url", "https://shop.example.com/"),
        ("timezone", "UTC"),
        ("currency", "EUR"),
        ("settings.visit_timeout_minutes", "30"),
        ("settings.order_window_hours", "24"),
    ];
    app.post(&site, Some(&session), &renamed).await;
    let members = format!("/manage/accounts/{}/members", app.account);
    let invite = [("email", "bob@example.com"), ("role", "viewer")];
    app.post(&members, Some(&session), &invite).await;
    let letters = app.letters();
    assert!(letters.len() >= 2, "{}", letters.len());
    for letter in letters {
        let (head, _) = letter.split_once("\r\n\r\n").unwrap();
        let names: Vec<String> = head
            .lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap().to_lowercase())
            .collect();
        assert!(!names.contains(&"bcc".to_owned()), "{head}");
        assert_eq!(
            names.iter().filter(|name| *name == "to").count(),
            1,
            "{head}"
        );
        assert!(!head.contains("all@example.org"), "{head}");
    }
}

#[tokio::test]
async fn strangers_write_nobody_letters() {
    let app = App::new();
    let lure = "You won, see https://evil.example.org/prize";
    let form = [
        ("name", lure),
        ("email", "victim@example.com"),
        ("password", PASSWORD),
    ];
    let signed_up = app.post("/manage/sign-up", None, &form).await;
    assert_eq!(signed_up.status, 200, "{}", signed_up.text);
    // Known by now, under that name.
    app.post("/manage/sign-up", None, &form).await;
    let reset = [("email", "victim@example.com")];
    app.post("/manage/reset", None, &reset).await;
    let eve = app.session_of("eve", None);
    let named = [("name", lure), ("language", "en")];
    let renamed = app.post("/manage/profile", Some(&eve), &named).await;
    assert_eq!(renamed.status, 303, "{}", renamed.text);
    let change = [("email", "another@example.com"), ("current", PASSWORD)];
    app.post("/manage/profile/email", Some(&eve), &change).await;
    let letters = app.letters();
    assert_eq!(letters.len(), 5, "and one to the e-mail that eve has");
    for letter in letters {
        assert!(!letter.contains("evil.example.org"), "{letter}");
        assert!(letter.contains("Hello,"), "{letter}");
    }
}

#[tokio::test]
async fn nobody_makes_accounts_by_way_of_a_shop_who_may_not_here() {
    let check = async |rule: SignUp, who: &str, role: Option<Role>, may: bool| {
        let app = App::at("http://stats.example.com", rule);
        let session = app.session_of(who, role);
        let wish = encoded(&[
            ("siteurl", "https://mugs.example.com/"),
            ("afsa_return_url", "https://mugs.example.com/admin"),
            ("afsa_state", "s"),
        ]);
        let path = format!("/wordpress/signup?{wish}");
        let page = app.get(&path, Some(&session)).await;
        assert_eq!(page.text.contains("value=\"new\""), may, "{rule} {who}");
        let form = [("account", "new"), ("name", "Mugs")];
        let answer = app.post(&path, Some(&session), &form).await;
        let expect = if may { 200 } else { 403 };
        assert_eq!(answer.status, expect, "{rule} {who}");
        let count = app.accounts.accounts().unwrap().len();
        assert_eq!(count, if may { 2 } else { 1 }, "{rule} {who}");
    };
    check(SignUp::Invitation, "operator", None, true).await;
    check(SignUp::Invitation, "viewer", Some(Role::Viewer), false).await;
    check(SignUp::Invitation, "admin", Some(Role::Admin), false).await;
    check(SignUp::Off, "stranger", None, false).await;
    // Who hasn't shown that his e-mail is his.
    check(SignUp::Open, "stranger", None, false).await;
}

#[tokio::test]
async fn a_session_that_was_foisted_is_not_the_one_that_is_signed_in() {
    let app = App::new();
    let foisted = app.session_of("eve", None);
    let form = [("email", "operator@example.com"), ("password", PASSWORD)];
    let answer = app.post("/manage/sign-in", Some(&foisted), &form).await;
    let cookies = answer.cookies();
    let given = cookies
        .iter()
        .find(|cookie| cookie.starts_with("afsa_session="))
        .unwrap();
    assert!(!given.contains(&foisted), "{given}");
    let page = app.get("/manage/profile", Some(&foisted)).await;
    assert!(!page.text.contains("operator@example.com"));
    // A text of one's own making opens nothing either.
    let made_up = "afsa_se_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(app.get("/manage/profile", Some(made_up)).await.status, 303);
}

/// The code that an app shows at this moment.
fn code(app: &App, secret: &str) -> String {
    use afsa_http::Clock;
    let seconds = u64::try_from(app.clock.now().0 / 1_000).unwrap();
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    totp.generate(seconds).to_string()
}

/// The operator with a second factor: its secret and the recovery codes.
async fn with_second_factor(app: &App) -> (String, Vec<String>) {
    let session = app.session_of("operator", None);
    let begin = "/manage/profile/second-factor/begin";
    let page = app
        .post(begin, Some(&session), &[("current", PASSWORD)])
        .await;
    let secret = page.value_after("data-secret=\"totp\">").to_owned();
    let confirm = "/manage/profile/second-factor/confirm";
    let told = code(app, &secret);
    let page = app.post(confirm, Some(&session), &[("code", &told)]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(page.header("cache-control"), "no-store");
    let codes = page.text.split("<ul class=\"codes\">").nth(1).unwrap();
    let codes = codes.split("</ul>").next().unwrap().split("<li>").skip(1);
    let codes: Vec<String> = codes.map(|code| code.replace("</li>", "")).collect();
    assert_eq!(codes.len(), 10);
    (secret, codes)
}

/// The text of a session that waits for a code.
async fn password_told(app: &App) -> String {
    let form = [("email", "operator@example.com"), ("password", PASSWORD)];
    let answer = app.post("/manage/sign-in", None, &form).await;
    assert!(
        answer
            .header("location")
            .starts_with("/manage/sign-in/code")
    );
    let cookie = answer.cookies()[0].to_owned();
    cookie.split(['=', ';']).nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_stolen_session_gets_no_second_factor_and_is_over_with_one() {
    let app = App::new();
    let stolen = app.session_of("operator", None);
    let begin = "/manage/profile/second-factor/begin";
    for password in ["", "guess", "guess again"] {
        let answer = app
            .post(begin, Some(&stolen), &[("current", password)])
            .await;
        assert_eq!(answer.status, 422);
        assert!(!answer.text.contains("data-secret"), "{password}");
    }
    with_second_factor(&app).await;
    assert_eq!(app.get("/manage/profile", Some(&stolen)).await.status, 303);
}

#[tokio::test]
async fn nobody_is_signed_in_or_out_by_another_site() {
    let app = App::new();
    let session = app.session_of("operator", None);
    let sign_in = [("email", "operator@example.com"), ("password", PASSWORD)];
    let pages: [(&str, &[(&str, &str)]); 4] = [
        ("/manage/sign-in", &sign_in),
        ("/manage/sign-out", &[]),
        ("/manage/preferences", &[("theme", "dark")]),
        ("/manage/reset", &[("email", "operator@example.com")]),
    ];
    for (path, form) in pages {
        for (header, value) in [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example.org"),
            ("x-nothing", "said"),
        ] {
            let request = Request::post(path)
                .header("content-type", FORM)
                .header("cookie", format!("afsa_session={session}"))
                .header(header, value);
            let answer = app
                .send(request.body(Body::from(encoded(form))).unwrap())
                .await;
            assert_eq!(answer.status, 403, "{path} {header}");
            let is_changed = answer
                .cookies()
                .iter()
                .any(|cookie| cookie.contains("session") || cookie.contains("theme"));
            assert!(!is_changed, "{path} {header}: {:?}", answer.cookies());
        }
    }
    assert_eq!(app.get("/manage", Some(&session)).await.status, 200);
    assert!(app.letters().is_empty());
}

#[tokio::test]
async fn codes_count_once() {
    let app = App::new();
    let (secret, recovery) = with_second_factor(&app).await;
    let tell = async |code: &str| {
        let waiting = password_told(&app).await;
        // Half a session opens nothing.
        assert_eq!(app.get("/manage/profile", Some(&waiting)).await.status, 303);
        let form = [("code", code)];
        let answer = app
            .post("/manage/sign-in/code", Some(&waiting), &form)
            .await;
        if answer.status == 303 {
            // And is over once it was good for something.
            let again = app
                .post("/manage/sign-in/code", Some(&waiting), &form)
                .await;
            assert_eq!(again.header("location"), "/manage/sign-in");
        }
        answer.status.as_u16()
    };
    let used = code(&app, &secret);
    assert_eq!(tell(&used).await, 422, "the code that switched it on");
    app.pass(60);
    let present = code(&app, &secret);
    assert_eq!(tell(&present).await, 303);
    assert_eq!(tell(&present).await, 422, "the same a second time");
    assert_eq!(tell(&recovery[0]).await, 303);
    app.pass(600);
    assert_eq!(
        tell(&recovery[0]).await,
        422,
        "a recovery code a second time"
    );
    assert_eq!(
        tell(&recovery[1].to_uppercase().replace('-', " ")).await,
        303
    );
}

#[tokio::test]
async fn codes_are_guessed_by_nobody() {
    let app = App::new();
    let (secret, recovery) = with_second_factor(&app).await;
    let mut waiting = password_told(&app).await;
    let mut looked_at = 0;
    for number in 0..40 {
        if number % 8 == 7 {
            waiting = password_told(&app).await;
        }
        let form = [("code", format!("{number:06}"))];
        let form = form.each_ref().map(|(name, code)| (*name, code.as_str()));
        let answer = app
            .post_from_session("/manage/sign-in/code", &waiting, &form, number)
            .await;
        looked_at += u32::from(answer.status == 422);
        app.pass(20);
    }
    assert!(looked_at <= 10, "{looked_at} guesses were looked at");
    let right = code(&app, &secret);
    for told in [right.as_str(), &recovery[0]] {
        let form = [("code", told)];
        let answer = app
            .post_from_session("/manage/sign-in/code", &waiting, &form, 99)
            .await;
        assert_eq!(answer.status, 429, "not even the right one");
    }
}

impl App {
    /// From an address of its own each time, so that only the name bounds it.
    async fn post_from_session(
        &self,
        path: &str,
        session: &str,
        form: &[(&str, &str)],
        number: u8,
    ) -> Answer {
        let mut request = Request::post(path)
            .header("content-type", FORM)
            .header("sec-fetch-site", "same-origin")
            .header("cookie", format!("afsa_session={session}"))
            .body(Body::from(encoded(form)))
            .unwrap();
        let address = IpAddr::from([198, 51, 100, number]);
        let peer = Peer {
            address: Some(address),
            user_agent: None,
        };
        request.extensions_mut().insert(peer);
        self.send(request).await
    }
}
