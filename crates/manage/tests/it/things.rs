use afsa_accounts::oauth::{Authorization, CodeExchange};
use afsa_accounts::people::{NewPerson, Role};
use afsa_accounts::{AccountChange, Actor, Scope, Scopes};

use crate::app::{Answer, App, NOW};

const BACK: &str = "https://app.example.com/back";

/// A session of the operator, and the account's pages.
fn operator(app: &App) -> (String, String) {
    let session = app.session_of("operator", None);
    (session, format!("/manage/accounts/{}", app.account))
}

fn is_led_to(answer: &Answer, expect: &str) {
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.header("location"), expect);
}

#[tokio::test]
async fn a_key_is_renamed() {
    let app = App::new();
    let (session, base) = operator(&app);
    let keys = format!("{base}/keys");
    let form = [("name", "First"), ("scopes", "stats:read")];
    app.post(&keys, Some(&session), &form).await;
    let one = format!("{keys}/1");
    let page = app.get(&one, Some(&session)).await;
    assert!(page.text.contains("value=\"First\"") && page.text.contains("stats:read"));
    let current = format!("<a href=\"{keys}\" aria-current=\"true\">");
    assert_eq!(page.text.matches("aria-current").count(), 1);
    assert!(page.text.contains(&current), "{}", page.text);
    let refused = app.post(&one, Some(&session), &[("name", " ")]).await;
    assert_eq!(refused.status, 422);
    let renamed = app.post(&one, Some(&session), &[("name", "Second")]).await;
    is_led_to(&renamed, &keys);
    assert_eq!(app.accounts.key(app.account, 1).unwrap().name, "Second");
    app.post(&format!("{one}/revoke"), Some(&session), &[])
        .await;
    assert_eq!(app.get(&one, Some(&session)).await.status, 404);
}

#[tokio::test]
async fn a_client_is_changed_and_gets_another_secret() {
    let app = App::new();
    let (session, base) = operator(&app);
    let clients = format!("{base}/clients");
    let make = async |kind: &str| {
        let form = [
            ("name", "App"),
            ("type", kind),
            ("redirect_uris", BACK),
            ("scopes", "stats:read"),
        ];
        app.post(&clients, Some(&session), &form).await
    };
    let made = make("confidential").await;
    let id = made.value_after("data-secret=\"client-id\">").to_owned();
    let first = made
        .value_after("data-secret=\"client-secret\">")
        .to_owned();
    make("public").await;

    // The installation's plug-ins come first.
    let page = app.get(&format!("{clients}/3"), Some(&session)).await;
    assert!(page.text.contains(BACK) && page.text.contains("value=\"stats:read\" checked"));
    let wrong = [
        ("name", "App"),
        ("redirect_uris", "http://app.example.com/"),
    ];
    let refused = app
        .post(&format!("{clients}/3"), Some(&session), &wrong)
        .await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.text.matches("<p class=\"fault\"").count(), 2);
    let form = [
        ("name", "Renamed"),
        (
            "redirect_uris",
            "https://app.example.com/other\r\n\r\nhttp://127.0.0.1/cb",
        ),
        ("scopes", "stats:read"),
        ("scopes", "orders:read"),
    ];
    is_led_to(
        &app.post(&format!("{clients}/3"), Some(&session), &form)
            .await,
        &clients,
    );
    let client = app.accounts.client(app.account, 3).unwrap();
    assert_eq!(client.name, "Renamed");
    assert_eq!(
        client.redirects,
        ["https://app.example.com/other", "http://127.0.0.1/cb"]
    );
    assert_eq!(
        client.scopes,
        Scopes::from([Scope::StatsRead, Scope::OrdersRead])
    );

    let secret = format!("{clients}/3/secret");
    assert_eq!(app.get(&secret, Some(&session)).await.status, 200);
    let rotated = app.post(&secret, Some(&session), &[]).await;
    let second = rotated.value_after("data-secret=\"client-secret\">");
    let is_right = |secret: &str| app.accounts.authenticate_client(&id, Some(secret)).is_ok();
    assert!(is_right(second) && !is_right(&first));
    // A public one has none.
    let none = format!("{clients}/4/secret");
    assert_eq!(app.get(&none, Some(&session)).await.status, 404);
    assert_eq!(app.post(&none, Some(&session), &[]).await.status, 404);
}

#[tokio::test]
async fn a_share_is_changed() {
    let app = App::new();
    let (session, base) = operator(&app);
    let shares = format!("{base}/shares");
    let form = [
        ("name", "Press"),
        ("password", "open sesame please"),
        ("expires", "7"),
    ];
    app.post(&shares, Some(&session), &form).await;
    let share = || app.accounts.share(app.account, 1).unwrap();
    let before = share();
    assert!(before.has_password && before.expires_at.is_some());
    let check = async |form: &[(&str, &str)], has_password: bool, expires: bool| {
        let answer = app.post(&format!("{shares}/1"), Some(&session), form).await;
        is_led_to(&answer, &shares);
        let now = share();
        assert_eq!(
            (now.has_password, now.expires_at.is_some()),
            (has_password, expires),
            "{form:?}"
        );
    };
    // What is left alone stays.
    check(
        &[("name", "Papers"), ("password", ""), ("expires", "kept")],
        true,
        true,
    )
    .await;
    assert_eq!(
        (share().name.as_str(), share().expires_at),
        ("Papers", before.expires_at)
    );
    check(&[("name", "Papers"), ("expires", "")], true, false).await;
    check(
        &[("name", "Papers"), ("open", "yes"), ("expires", "30")],
        false,
        true,
    )
    .await;
    check(
        &[
            ("name", "Papers"),
            ("password", "another password"),
            ("expires", "kept"),
        ],
        true,
        true,
    )
    .await;
    let short = [("name", "Papers"), ("password", "short")];
    let refused = app
        .post(&format!("{shares}/1"), Some(&session), &short)
        .await;
    assert!(refused.status == 422 && !refused.text.contains("short\""));
    app.post(&format!("{shares}/1/revoke"), Some(&session), &[])
        .await;
    let late = app
        .post(&format!("{shares}/1"), Some(&session), &[("name", "x")])
        .await;
    assert_eq!(late.status, 404);
}

#[tokio::test]
async fn nothing_grave_is_done_before_it_was_asked_about() {
    let app = App::new();
    let (session, base) = operator(&app);
    let acting = app.accounts.acting(Actor::Person(1), NOW);
    let form = [("name", "Key"), ("scopes", "stats:read")];
    app.post(&format!("{base}/keys"), Some(&session), &form)
        .await;
    app.post(
        &format!("{base}/shares"),
        Some(&session),
        &[("name", "Share")],
    )
    .await;
    let form = [
        ("name", "App"),
        ("type", "confidential"),
        ("redirect_uris", BACK),
        ("scopes", "stats:read"),
    ];
    app.post(&format!("{base}/clients"), Some(&session), &form)
        .await;
    let client = app.accounts.client(app.account, 3).unwrap();
    let authorization = Authorization {
        client: client.id,
        account: app.account,
        redirect: client.redirect(BACK).unwrap(),
        scopes: client.scopes,
        challenge: None,
    };
    let code = acting.authorize(&authorization, [90; 32]).unwrap();
    let exchange = CodeExchange {
        code: &code,
        redirect: BACK,
        verifier: None,
    };
    let exchanged = app.accounts.exchange_code(&client, exchange, [92; 32], NOW);
    exchanged.unwrap();
    acting
        .create_invitation(app.account, "eve@example.com", Role::Viewer, [91; 32])
        .unwrap();
    app.session_of("member", Some(Role::Viewer));
    let other = NewPerson {
        email: "gone@example.com".into(),
        name: "Gone".into(),
        language: "en".into(),
    };
    let other = acting.create_person(&other).unwrap().id;

    let grant = app.accounts.grants(app.account, NOW).unwrap()[0].id;
    let member = app.accounts.members(app.account).unwrap()[1].person;
    let asked = [
        (format!("{base}/keys/1/revoke"), "Key"),
        (format!("{base}/shares/1/revoke"), "Share"),
        (format!("{base}/clients/apps/{grant}/disconnect"), "App"),
        (format!("{base}/clients/3/secret"), "App"),
        (
            format!("{base}/members/invitations/1/withdraw"),
            "eve@example.com",
        ),
        (format!("{base}/members/{member}/remove"), "member"),
        (
            format!("/manage/people/{other}/disable"),
            "gone@example.com",
        ),
        (format!("{base}/clients/3/delete"), "App"),
    ];
    let state = || {
        let accounts = &app.accounts;
        (
            accounts
                .audit(Some(app.account), Default::default(), 1)
                .unwrap()[0]
                .id,
            accounts.audit(None, Default::default(), 1).unwrap()[0].id,
        )
    };
    for (path, name) in &asked {
        let before = state();
        let page = app.get(path, Some(&session)).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text.contains(name), "{path} says what it is about");
        assert!(page.text.contains(&format!("action=\"{path}\"")), "{path}");
        assert_eq!(state(), before, "{path} only asks");
        let done = app.post(path, Some(&session), &[]).await;
        assert!(
            done.status == 303 || done.status == 200,
            "{path}: {}",
            done.status
        );
        assert_ne!(state(), before, "{path} was done and written down");
    }
}

#[tokio::test]
async fn a_long_list_of_accounts_is_shown_in_parts_and_searched() {
    let app = App::new();
    let session = app.session_of("operator", None);
    for number in 2..=60 {
        let draft = AccountChange {
            name: Some(format!("Site {number} & <b>")),
            url: Some(format!("https://site{number}.example.com/")),
            ..AccountChange::default()
        };
        app.accounts
            .acting(Actor::CommandLine, NOW)
            .create_account(&draft)
            .unwrap();
    }
    let check = async |path: &str, tiles: usize, expect: &str| {
        let page = app.get(path, Some(&session)).await;
        assert_eq!(page.text.matches("class=\"tile\"").count(), tiles, "{path}");
        assert!(page.text.contains(expect), "{path}: {expect}");
    };
    check("/manage", 25, "/manage?page=2\"").await;
    check("/manage?page=3", 10, "site60.example.com").await;
    check("/manage?page=99999", 10, "/manage?page=2\"").await;
    check("/manage?page=-1", 25, "Page 1 of 3").await;
    check("/manage?q=SITE47", 1, "value=\"SITE47\"").await;
    check("/manage?q=site", 25, "/manage?q=site&amp;page=2\"").await;
    check(
        "/manage?q=%22%3E%3Cscript%3E",
        0,
        "value=\"&quot;&gt;&lt;script&gt;\"",
    )
    .await;
    check("/manage/api/keys?q=47", 1, "/manage/accounts/00000047/keys").await;
    check("/manage/api/clients", 25, "role=\"search\"").await;
}

#[tokio::test]
async fn the_audit_log_is_followed_when_it_is_asked_for() {
    let app = App::new();
    let (session, base) = operator(&app);
    for path in [format!("{base}/audit"), "/manage/audit".to_owned()] {
        let page = app.get(&path, Some(&session)).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            !page.text.contains("Verified") && page.text.contains("operator"),
            "{path}"
        );
        let told = app.post(&path, Some(&session), &[]).await;
        assert!(
            told.status == 200 && told.text.contains("Verified"),
            "{}",
            told.text
        );
    }
}

#[tokio::test]
async fn each_list_of_a_page_is_shown_in_parts_of_its_own() {
    let app = App::new();
    let (session, base) = operator(&app);
    let acting = app.accounts.acting(Actor::Person(1), NOW);
    for number in 0..30 {
        let email = format!("guest{number}@example.com");
        acting
            .create_invitation(app.account, &email, Role::Viewer, [100 + number; 32])
            .unwrap();
    }
    let check = async |query: &str, shown: &str, hidden: &str| {
        let path = format!("{base}/members{query}");
        let page = app.get(&path, Some(&session)).await.text;
        assert!(page.contains(shown) && !page.contains(hidden), "{query}");
        assert!(page.contains("operator@example.com"), "{query}");
    };
    check("", "guest24@", "guest25@").await;
    check("?invited=2", "guest25@", "guest24@").await;
    check("?invited=99&page=99", "guest29@", "guest24@").await;
}
