//! Tokens over HTTP: forms in, answers as the RFCs have them. What the page for consent does by
//! hand here is [`Door`]'s.

use afsa_accounts::oauth::{
    Authorization, Challenge, ClientChange, ClientKind, CreatedClient, NewClient,
};
use afsa_accounts::people::{NewPerson, Role};
use afsa_accounts::{Actor, Scopes};
use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{Answer, App, NOW, request};
use crate::document::Schemas;

const REDIRECT: &str = "https://app.example.com/callback";
const SHOP: &str = "http://shop.example.com/wp-admin/admin.php?page=afsa";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const PLUGIN: &str = "afsa_wordpress_plugin";

/// An app with clients, and a person who lets them in.
struct Door {
    app: App,
    person: i64,
    site: CreatedClient,
    native: CreatedClient,
}

impl Door {
    fn new() -> Door {
        Door::of(App::new())
    }

    fn of(app: App) -> Door {
        let acting = app.accounts.acting(Actor::CommandLine, NOW);
        let new = NewPerson {
            email: "owner@example.com".into(),
            name: "Owner".into(),
            language: "en".into(),
        };
        let person = acting.create_person(&new).unwrap().id;
        acting.add_member(app.account, person, Role::Owner).unwrap();
        let make = |kind, random| {
            let new = NewClient {
                name: "An app".into(),
                kind,
                redirects: vec![REDIRECT.into()],
                scopes: Scopes::all(),
            };
            acting
                .create_client(app.account, &new, [random; 32], [random + 1; 32])
                .unwrap()
        };
        let (site, native) = (
            make(ClientKind::Confidential, 1),
            make(ClientKind::Public, 3),
        );
        Door {
            app,
            person,
            site,
            native,
        }
    }

    fn secret(&self) -> &str {
        self.site.secret.as_deref().unwrap()
    }

    /// What the person's yes gives the client.
    fn code(&self, client: &str, redirect: &str, random: u8) -> String {
        let client = self.app.accounts.client_named(client).unwrap().unwrap();
        let authorization = Authorization {
            client: client.id,
            account: self.app.account,
            redirect: client.redirect(redirect).unwrap(),
            scopes: Scopes::all(),
            challenge: client
                .needs_pkce()
                .then(|| Challenge::parse(CHALLENGE).unwrap()),
        };
        let acting = self.app.accounts.acting(Actor::Person(self.person), NOW);
        acting.authorize(&authorization, [random; 32]).unwrap()
    }

    async fn post(&self, path: &str, form: &str, basic: Option<(&str, &str)>) -> Answer {
        let mut request =
            Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        if let Some((id, secret)) = basic {
            let encoded = STANDARD.encode(format!("{id}:{secret}"));
            request = request.header("authorization", format!("Basic {encoded}"));
        }
        let answer = self
            .app
            .send(request.body(Body::from(form.to_owned())).unwrap())
            .await;
        assert!(answer.status.as_u16() < 500, "{}", answer.text());
        assert_eq!(answer.headers["cache-control"], "no-store", "{path} {form}");
        assert_eq!(
            answer.headers["content-type"], "application/json",
            "{path} {form}"
        );
        answer
    }

    /// Tokens of a plug-in, which needs nothing but its name.
    async fn tokens(&self, random: u8) -> Value {
        let code = self.code(PLUGIN, SHOP, random);
        let form = format!(
            "grant_type=authorization_code&client_id={PLUGIN}&client_api=2.20&code={code}&redirect_uri={}",
            encoded(SHOP)
        );
        self.post("/v1/token", &form, None).await.expect(200).json()
    }

    async fn refresh(&self, tokens: &Value) -> Answer {
        let token = tokens["refresh_token"].as_str().unwrap();
        let form = format!(
            "grant_type=refresh_token&client_id={PLUGIN}&client_api=2.20&refresh_token={token}"
        );
        self.post("/api/token/", &form, None).await
    }

    async fn reads(&self, tokens: &Value) -> Answer {
        let token = tokens["access_token"].as_str();
        self.app
            .send(request("GET", "/v1/stats/pages", token, None))
            .await
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn refused(answer: Answer, status: u16, error: &str) -> Value {
    let answer = answer.expect(status);
    assert_eq!(
        status == 401,
        answer.headers.contains_key("www-authenticate")
    );
    let told = answer.json();
    assert_eq!(told["error"], error, "{told}");
    assert_eq!(told.as_object().unwrap().len(), 2, "{told}");
    // The characters that RFC 6749 (5.2) leaves.
    let description = told["error_description"].as_str().unwrap();
    assert!(
        description
            .bytes()
            .all(|b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\'),
        "{told}"
    );
    told
}

#[tokio::test]
async fn a_plug_in_from_code_to_revocation() {
    let door = Door::new();
    let schemas = Schemas::new();
    let tokens = door.tokens(1).await;
    schemas.check(
        &json!({"$ref": "#/components/schemas/Tokens"}),
        &tokens,
        "tokens",
    );
    assert_eq!(tokens["expires_in"], 3_600);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["account_id"], "00000001");
    assert_eq!(
        tokens["scope"],
        "account:read stats:read visitors:read orders:read"
    );
    door.reads(&tokens).await.expect(200);
    // As the plug-in asks: a form with its name and the token.
    let form = format!(
        "client_id={PLUGIN}&access_token={}&actions[a][action]=account_infos",
        tokens["access_token"].as_str().unwrap()
    );
    let ask = async |form: String| {
        let batch = Request::post("/v1/stats/batch")
            .header("content-type", "application/x-www-form-urlencoded");
        door.app.send(batch.body(Body::from(form)).unwrap()).await
    };
    let batch = ask(form.clone()).await.expect(200).json();
    assert_eq!(batch["performed_actions"]["a"]["id"], "00000001");
    // Under another's name the token is no good, and not thrown away either.
    for other in ["afsa_prestashop_plugin", "nobody", ""] {
        let form = form.replace(PLUGIN, other);
        let problem = ask(form).await.problem(400, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], "/client_id", "{other}");
    }
    ask(form).await.expect(200);
    // What isn't granted isn't there.
    let key = tokens["access_token"].as_str();
    let denied = door
        .app
        .send(request("GET", "/v1/export/visits", key, None))
        .await;
    assert_ne!(denied.status, 200);
    let denied = door
        .app
        .send(request("GET", "/v1/imports", key, None))
        .await;
    let challenge = denied.headers["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    denied.problem(403, "insufficient_scope");
    assert_eq!(
        challenge,
        "Bearer realm=\"afsa\", error=\"insufficient_scope\", scope=\"collect:write\""
    );
    let next = door.refresh(&tokens).await.expect(200).json();
    assert_eq!(door.refresh(&tokens).await.expect(200).json(), next);
    door.reads(&next).await.expect(200);
    let grants = door
        .app
        .get("/v1/accounts/1/grants")
        .await
        .expect(200)
        .json();
    schemas.check(
        &json!({"$ref": "#/components/schemas/Grant"}),
        &grants["data"][0],
        "grant",
    );
    assert_eq!(grants["data"][0]["client_id"], PLUGIN);
    let form = format!(
        "token={}&client_id={PLUGIN}",
        next["refresh_token"].as_str().unwrap()
    );
    door.post("/v1/revoke", &form, None).await.expect(200);
    door.post("/v1/revoke", &form, None).await.expect(200);
    let gone = door.reads(&next).await;
    assert_eq!(
        gone.headers["www-authenticate"],
        "Bearer realm=\"afsa\", error=\"invalid_token\""
    );
    gone.problem(401, "access_denied");
    refused(door.refresh(&next).await, 400, "invalid_grant");
}

#[tokio::test]
async fn clients_show_who_they_are_in_one_way() {
    let door = Door::new();
    let (id, secret) = (door.site.client.public_id.clone(), door.secret().to_owned());
    let form = "token=afsa_rt_x";
    let id_secret = format!("{form}&client_id={id}&client_secret={secret}");
    let check = async |form: &str, basic: Option<(&str, &str)>, expect: Option<&str>| {
        let answer = door.post("/v1/revoke", form, basic).await;
        match expect {
            None => drop(answer.expect(200)),
            Some("invalid_client") => drop(refused(answer, 401, "invalid_client")),
            Some(error) => drop(refused(answer, 400, error)),
        }
    };
    check(form, Some((&id, &secret)), None).await;
    check(&id_secret, None, None).await;
    check(
        &format!("{form}&client_id={id}"),
        Some((&id, &secret)),
        None,
    )
    .await;
    // PrestaShop's module sends Basic with an empty secret.
    check(form, Some((PLUGIN, "")), None).await;
    check(&format!("{form}&client_id={PLUGIN}"), None, None).await;
    check(
        &format!("{form}&client_id={PLUGIN}&client_secret="),
        None,
        None,
    )
    .await;
    check(&id_secret, Some((&id, &secret)), Some("invalid_request")).await;
    check(
        &format!("{form}&client_id={PLUGIN}"),
        Some((&id, &secret)),
        Some("invalid_request"),
    )
    .await;
    check(form, None, Some("invalid_client")).await;
    check(form, Some((&id, "")), Some("invalid_client")).await;
    check(form, Some((&id, "wrong")), Some("invalid_client")).await;
    check(form, Some(("nobody", &secret)), Some("invalid_client")).await;
    check(form, Some((PLUGIN, &secret)), Some("invalid_client")).await;
    check(
        &format!("{form}&client_id={id}"),
        None,
        Some("invalid_client"),
    )
    .await;
    check(
        &format!("client_id={PLUGIN}"),
        None,
        Some("invalid_request"),
    )
    .await;
}

#[tokio::test]
async fn nonsense_is_refused_in_the_words_of_oauth() {
    let door = Door::new();
    let plugin = format!("client_id={PLUGIN}");
    let check = async |form: &str, error: &str| {
        for path in ["/v1/token", "/api/token/"] {
            refused(door.post(path, form, None).await, 400, error);
        }
    };
    check(&plugin, "invalid_request").await;
    check(&format!("{plugin}&grant_type="), "invalid_request").await;
    check(
        &format!("{plugin}&grant_type=password&username=a&password=b"),
        "unsupported_grant_type",
    )
    .await;
    check(
        &format!("{plugin}&grant_type=client_credentials"),
        "unsupported_grant_type",
    )
    .await;
    check(
        &format!("{plugin}&grant_type=authorization_code"),
        "invalid_request",
    )
    .await;
    check(
        &format!("{plugin}&grant_type=authorization_code&code=x"),
        "invalid_request",
    )
    .await;
    check(
        &format!("{plugin}&grant_type=authorization_code&code=x&redirect_uri=y"),
        "invalid_grant",
    )
    .await;
    check(
        &format!("{plugin}&grant_type=refresh_token"),
        "invalid_request",
    )
    .await;
    check(
        &format!("{plugin}&grant_type=refresh_token&refresh_token=x"),
        "invalid_grant",
    )
    .await;
    check(
        &format!("{plugin}&grant_type=refresh_token&refresh_token=x&scope=stats:read+nonsense"),
        "invalid_scope",
    )
    .await;
    check(
        &format!("{plugin}&grant_type=refresh_token&refresh_token=x&refresh_token=x"),
        "invalid_request",
    )
    .await;
    check(
        &format!("{plugin}&{plugin}&grant_type=refresh_token&refresh_token=x"),
        "invalid_request",
    )
    .await;
    check(
        &format!("{plugin}&anything=1&anything=2"),
        "invalid_request",
    )
    .await;
    let bytes = door.post("/v1/token", "\u{0}=%ff&%zz", None).await;
    refused(bytes, 401, "invalid_client");
}

#[tokio::test]
async fn what_nobody_knows_is_ignored_and_a_query_counts_for_nothing() {
    let door = Door::new();
    let tokens = door.tokens(1).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let form = format!(
        "grant_type=refresh_token&client_id={PLUGIN}&refresh_token={token}&foo=bar&resource=x"
    );
    door.post("/v1/token?foo=bar&client_id=else", &form, None)
        .await
        .expect(200);
    let in_query = format!("/v1/token?{form}");
    refused(door.post(&in_query, "", None).await, 401, "invalid_client");
    // Only forms are forms.
    for media in [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
    ] {
        let request = Request::post("/v1/token").header("content-type", media);
        let body =
            json!({"grant_type": "refresh_token", "client_id": PLUGIN, "refresh_token": token});
        let answer = door
            .app
            .send(request.body(Body::from(body.to_string())).unwrap())
            .await;
        refused(answer, 400, "invalid_request");
    }
    let huge = format!("{form}&x={}", "x".repeat(100_000));
    refused(
        door.post("/v1/token", &huge, None).await,
        413,
        "invalid_request",
    );
}

#[tokio::test]
async fn an_expired_access_token_does_not_make_a_shop_throw_away_its_tokens() {
    let door = Door::new();
    let client = door.app.accounts.client_named(PLUGIN).unwrap().unwrap();
    let hours_ago = |milliseconds: i64| NOW.plus(-3_600_000 - milliseconds);
    let tokens_of = |at: afsa_model::Timestamp, random: u8| {
        let authorization = Authorization {
            client: client.id,
            account: door.app.account,
            redirect: client.redirect(SHOP).unwrap(),
            scopes: Scopes::all(),
            challenge: None,
        };
        let acting = door.app.accounts.acting(Actor::Person(door.person), at);
        let code = acting.authorize(&authorization, [random; 32]).unwrap();
        let exchange = afsa_accounts::oauth::CodeExchange {
            code: &code,
            redirect: SHOP,
            verifier: None,
        };
        let pair = door
            .app
            .accounts
            .exchange_code(&client, exchange, [random + 100; 32], at)
            .unwrap();
        json!({"access_token": pair.access, "refresh_token": pair.refresh})
    };
    let slow_clock = tokens_of(hours_ago(119_000), 1);
    door.reads(&slow_clock).await.expect(200);
    let expired = tokens_of(hours_ago(121_000), 2);
    door.reads(&expired).await.problem(401, "invalid_token");
    door.refresh(&expired).await.expect(200);
}

#[tokio::test]
async fn who_may_ask_about_a_token() {
    let door = Door::new();
    let schemas = Schemas::new();
    let tokens = door.tokens(1).await;
    let access = tokens["access_token"].as_str().unwrap();
    let own = {
        let code = door.code(&door.site.client.public_id, REDIRECT, 2);
        let form = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={}",
            encoded(REDIRECT)
        );
        let basic = (&*door.site.client.public_id, door.secret());
        door.post("/v1/token", &form, Some(basic))
            .await
            .expect(200)
            .json()
    };
    let own = own["access_token"].as_str().unwrap();
    let site = Some((&*door.site.client.public_id, door.secret()));
    let told = door
        .post("/v1/introspect", &format!("token={own}"), site)
        .await
        .expect(200)
        .json();
    schemas.check(
        &json!({"$ref": "#/components/schemas/TokenState"}),
        &told,
        "state",
    );
    assert_eq!(told["active"], true);
    assert_eq!(told["client_id"], *door.site.client.public_id);
    assert_eq!(told["iss"], "https://stats.example.com");
    assert_eq!(
        told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(),
        3_600
    );
    let inactive = json!({"active": false});
    for token in [access, "afsa_at_x", "x"] {
        let told = door
            .post("/v1/introspect", &format!("token={token}"), site)
            .await
            .expect(200)
            .json();
        assert_eq!(told, inactive);
    }
    // A public client can't show that it is itself.
    refused(
        door.post(
            "/v1/introspect",
            &format!("token={access}&client_id={PLUGIN}"),
            None,
        )
        .await,
        401,
        "invalid_client",
    );
    let by_key = async |key: &str, token: &str| {
        let request = Request::post("/v1/introspect")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", format!("Bearer {key}"));
        door.app
            .send(request.body(Body::from(format!("token={token}"))).unwrap())
            .await
    };
    assert_eq!(
        by_key(&door.app.key, access).await.expect(200).json()["account_id"],
        "00000001"
    );
    assert_eq!(by_key(access, own).await.expect(200).json()["active"], true);
    let foreign = door.app.key_with(door.app.other, Scopes::all());
    assert_eq!(by_key(&foreign, access).await.expect(200).json(), inactive);
    let narrow = door
        .app
        .key_with(door.app.account, [afsa_accounts::Scope::StatsRead]);
    refused(by_key(&narrow, access).await, 403, "insufficient_scope");
    refused(by_key("1-x", access).await, 401, "invalid_token");
}

#[tokio::test]
async fn guessing_is_slowed_and_whoever_holds_a_token_is_not() {
    let limits = afsa_http::Limits {
        failures: Some(afsa_http::RatePolicy::a_minute(5)),
        ..afsa_http::Limits::default()
    };
    let door = Door::of(App::with_limits(limits));
    let tokens = door.tokens(1).await;
    let guess = async |n: usize| {
        let form = format!("grant_type=refresh_token&client_id={PLUGIN}&refresh_token=afsa_rt_{n}");
        door.post("/v1/token", &form, None).await
    };
    for n in 0..5 {
        refused(guess(n).await, 400, "invalid_grant");
    }
    let slowed = guess(5).await;
    assert!(slowed.headers.contains_key("retry-after"));
    refused(slowed, 429, "rate_limited");
    let basic = Some((&*door.site.client.public_id, "wrong"));
    refused(
        door.post("/v1/revoke", "token=x", basic).await,
        429,
        "rate_limited",
    );
    door.refresh(&tokens).await.expect(200);
}

#[tokio::test]
async fn the_server_tells_what_it_can() {
    let door = Door::new();
    let request = Request::get("/.well-known/oauth-authorization-server")
        .body(Body::empty())
        .unwrap();
    let told = door.app.send(request).await.expect(200).json();
    assert_eq!(told["issuer"], "https://stats.example.com");
    assert_eq!(told["authorization_response_iss_parameter_supported"], true);
    assert_eq!(told["code_challenge_methods_supported"], json!(["S256"]));
    for name in [
        "token_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
    ] {
        let path = told[name]
            .as_str()
            .unwrap()
            .strip_prefix("https://stats.example.com")
            .unwrap();
        refused(door.post(path, "", None).await, 401, "invalid_client");
    }
}

#[tokio::test]
async fn an_app_makes_nothing_that_outlives_it() {
    let door = Door::new();
    let code = door.code(&door.native.client.public_id, REDIRECT, 2);
    let form = format!(
        "grant_type=authorization_code&code={code}&code_verifier={VERIFIER}&client_id={}&redirect_uri={}",
        door.native.client.public_id,
        encoded(REDIRECT)
    );
    let tokens = door.post("/v1/token", &form, None).await.expect(200).json();
    assert_eq!(tokens["scope"], Scopes::all().to_string());
    let token = tokens["access_token"].as_str();
    let key = json!({"name": "Mine", "scopes": ["stats:read"]});
    let client = json!({"name": "Mine", "type": "public", "redirect_uris": [REDIRECT], "scopes": ["stats:read"]});
    let site = door.site.client.id;
    let share = json!({"name": "Mine"});
    let guest = json!({"email": "guest@example.com", "role": "admin"});
    let viewer = door.app.member("viewer@example.com", Role::Viewer).id;
    let member = format!("/v1/accounts/1/members/{viewer}");
    let raised = Some(json!({"role": "admin"}));
    for (method, path, body) in [
        ("POST", "/v1/accounts/1/keys".to_owned(), Some(key)),
        ("POST", "/v1/accounts/1/shares".to_owned(), Some(share)),
        ("POST", "/v1/accounts/1/invitations".to_owned(), Some(guest)),
        ("PATCH", member.clone(), raised),
        ("DELETE", member, None),
        ("POST", "/v1/accounts/1/clients".to_owned(), Some(client)),
        (
            "POST",
            format!("/v1/accounts/1/clients/{site}/secret"),
            None,
        ),
        (
            "PATCH",
            format!("/v1/accounts/1/clients/{site}"),
            Some(json!({"name": "Mine"})),
        ),
        ("DELETE", format!("/v1/accounts/1/clients/{site}"), None),
    ] {
        door.app
            .send(request(method, &path, token, body))
            .await
            .problem(403, "forbidden");
    }
    assert_eq!(
        door.app.accounts.client(door.app.account, site).unwrap(),
        door.site.client
    );
}

#[tokio::test]
async fn clients_are_made_changed_and_deleted_by_their_account() {
    let door = Door::new();
    let other = door.app.key_with(door.app.other, Scopes::all());
    let site = door.site.client.id;
    let path = format!("/v1/accounts/2/clients/{site}");
    door.app
        .send(request("GET", &path, Some(&other), None))
        .await
        .problem(404, "not_found");
    door.app
        .send(request("DELETE", &path, Some(&other), None))
        .await
        .problem(404, "not_found");
    // The plug-ins belong to nobody.
    door.app
        .get("/v1/accounts/1/clients/1")
        .await
        .problem(404, "not_found");
    let bad = json!({"name": "", "type": "plugin", "redirect_uris": ["http://shop.example.com/", "https://shop.tld@evil.example/"], "scopes": ["nonsense"], "else": 1});
    let problem = door
        .app
        .post("/v1/accounts/1/clients", bad)
        .await
        .problem(400, "invalid_request");
    let told: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    for pointer in ["/name", "/type", "/redirect_uris", "/scopes", "/else"] {
        assert!(told.contains(&pointer), "{problem}");
    }
    let narrow = ClientChange {
        scopes: Some([afsa_accounts::Scope::StatsRead].into()),
        ..ClientChange::default()
    };
    door.app
        .accounts
        .acting(Actor::CommandLine, NOW)
        .update_client(door.app.account, site, &narrow)
        .unwrap();
    let listed = door.app.get("/v1/accounts/1/clients").await.expect(200);
    assert!(!listed.text().contains(door.secret()));
    assert_eq!(listed.json()["data"].as_array().unwrap().len(), 2);
}
