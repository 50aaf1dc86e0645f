//! Letting apps in and out, by hand.

use afsa_accounts::oauth::{Authorization, Challenge, ClientKind, CodeExchange, NewClient};
use afsa_accounts::people::Role;
use afsa_accounts::{Actor, Scope, Scopes};

use crate::app::{Answer, App, NOW, encoded};

const BACK: &str = "https://app.example.com/back";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An app of the account, by its number and its public id.
fn new_client(app: &App) -> (i64, String) {
    let new = NewClient {
        name: "Board".into(),
        kind: ClientKind::Public,
        redirects: vec![BACK.into()],
        scopes: Scopes::from([Scope::StatsRead]),
    };
    let acting = app.accounts.acting(Actor::CommandLine, NOW);
    let made = acting.create_client(app.account, &new, [80; 32], [81; 32]);
    let client = made.unwrap().client;
    (client.id, client.public_id)
}

/// The address that an app leads to, with more parameters of its own.
fn asked(client: &str, more: &[(&str, &str)]) -> String {
    let mut query = vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", BACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    query.extend_from_slice(more);
    format!("/api/authorize?{}", encoded(&query))
}

async fn allow(app: &App, session: &str, path: &str) -> Answer {
    let form = [("decision", "allow"), ("scopes", "stats:read")];
    app.post(path, Some(session), &form).await
}

#[tokio::test]
async fn a_parameter_without_a_value_is_as_if_it_were_not_there() {
    let app = App::new();
    let (_, client) = new_client(&app);
    let session = app.session_of("viewer", Some(Role::Viewer));
    let empty = [
        ("state", ""),
        ("scope", ""),
        ("response_mode", ""),
        ("account_id", ""),
    ];
    let path = asked(&client, &empty);
    let back = allow(&app, &session, &path).await;
    assert_eq!(back.status, 303, "{}", back.text);
    assert!(!back.header("location").contains("state="));
    // Whoever has several accounts chooses one, and comes on.
    let acting = app.accounts.acting(Actor::CommandLine, NOW);
    let draft = afsa_accounts::AccountChange {
        name: Some("Another".into()),
        url: Some("https://another.example.com/".into()),
        ..Default::default()
    };
    acting.create_account(&draft).unwrap();
    let operator = app.session_of("operator", None);
    for more in [&empty[..], &[("state", "a+b c/é=")]] {
        let choice = app.get(&asked(&client, more), Some(&operator)).await;
        assert_eq!(choice.status, 200);
        let tile = choice.value_after("class=\"tile\" href=\"");
        let page = app.get(&tile.replace("&amp;", "&"), Some(&operator)).await;
        assert!(
            page.text.contains("data-scope=\"stats:read\""),
            "{}",
            page.text
        );
        let back = allow(&app, &operator, &tile.replace("&amp;", "&")).await;
        let kept = back
            .header("location")
            .contains("&state=a%2Bb%20c%2F%C3%A9%3D&");
        assert_eq!(kept, more.len() == 1, "{}", back.header("location"));
    }
}

#[tokio::test]
async fn whoever_let_an_app_in_lets_it_out_again() {
    let app = App::new();
    let (id, public_id) = new_client(&app);
    let viewer = app.session_of("viewer", Some(Role::Viewer));
    let other = app.session_of("other", Some(Role::Viewer));
    let person = app.accounts.person_by_email("viewer@example.com");
    let person = person.unwrap().unwrap().id;
    let client = app.accounts.client(app.account, id).unwrap();
    let authorization = Authorization {
        client: id,
        account: app.account,
        redirect: client.redirect(BACK).unwrap(),
        scopes: client.scopes,
        challenge: Challenge::parse(CHALLENGE),
    };
    let acting = app.accounts.acting(Actor::Person(person), NOW);
    let code = acting.authorize(&authorization, [90; 32]).unwrap();
    let profile = "/manage/profile";
    let page = app.get(profile, Some(&viewer)).await;
    assert!(!page.text.contains("Board"), "only a code was given");
    let exchange = CodeExchange {
        code: &code,
        redirect: BACK,
        verifier: Some(VERIFIER),
    };
    let pair = app.accounts.exchange_code(&client, exchange, [91; 32], NOW);
    let pair = pair.unwrap();
    assert_eq!(public_id, client.public_id);

    let page = app.get(profile, Some(&viewer)).await;
    let path = format!("{profile}/apps/{}/disconnect", pair.grant);
    assert!(
        page.text.contains(&format!("href=\"{path}\"")),
        "{}",
        page.text
    );
    assert!(page.text.contains("Board") && page.text.contains(BACK));
    // Nobody else sees it there, nor ends it.
    let page = app.get(profile, Some(&other)).await;
    assert!(!page.text.contains("Board"));
    for wrong in [
        &path,
        "/manage/profile/apps/0/disconnect",
        "/manage/profile/apps/x/disconnect",
    ] {
        assert_eq!(app.get(wrong, Some(&other)).await.status, 404, "{wrong}");
        assert_eq!(
            app.post(wrong, Some(&other), &[]).await.status,
            404,
            "{wrong}"
        );
    }
    assert!(app.accounts.authenticate(&pair.access, NOW).is_ok());
    let sure = app.get(&path, Some(&viewer)).await;
    assert!(sure.text.contains("Board") && sure.text.contains("Shop"));
    assert!(app.accounts.authenticate(&pair.access, NOW).is_ok());
    let done = app.post(&path, Some(&viewer), &[]).await;
    assert_eq!(
        (done.status.as_u16(), done.header("location")),
        (303, profile)
    );
    assert!(app.accounts.authenticate(&pair.access, NOW).is_err());
    let page = app.get(profile, Some(&viewer)).await;
    assert!(!page.text.contains("Board"));
    assert_eq!(app.post(&path, Some(&viewer), &[]).await.status, 404);
}
