//! Members, invitations, shares and the audit log over HTTP.

use afsa_accounts::people::Role;
use afsa_accounts::{Actor, Scope};
use afsa_http::{Limits, RatePolicy};
use serde_json::{Value, json};
use std::time::Duration;

use crate::app::{Answer, App, NOW, request};

#[tokio::test]
async fn members_are_listed_changed_and_removed() {
    let app = App::new();
    let owner = app.member("owner@example.com", Role::Owner);
    let ada = app.member("ada@example.com", Role::Viewer);
    let all = app.get("/v1/accounts/1/members").await.expect(200).json();
    let emails: Vec<&str> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["email"].as_str().unwrap())
        .collect();
    assert_eq!(emails, ["owner@example.com", "ada@example.com"]);
    let one = format!("/v1/accounts/1/members/{}", ada.id);
    let changed = app.patch(&one, json!({"role": "admin"})).await.expect(200);
    assert_eq!(changed.json()["role"], "admin");
    assert_eq!(app.get(&one).await.json(), changed.json());
    // A key makes no owner and unmakes none.
    app.patch(&one, json!({"role": "owner"}))
        .await
        .problem(403, "forbidden");
    let of_owner = format!("/v1/accounts/1/members/{}", owner.id);
    app.patch(&of_owner, json!({"role": "viewer"}))
        .await
        .problem(403, "forbidden");
    app.delete(&of_owner).await.problem(403, "forbidden");
    app.delete(&one).await.expect(204);
    app.delete(&one).await.problem(404, "not_found");
    app.get(&one).await.problem(404, "not_found");
    // Members of another account are none of this one.
    let foreign = app.key_with(app.other, [Scope::AccountRead]);
    let others = request("GET", "/v1/accounts/2/members", Some(&foreign), None);
    let others = app.send(others).await.expect(200).json();
    assert_eq!(others, json!({"data": []}));
}

#[tokio::test]
async fn wrong_bodies_are_told_field_by_field() {
    let app = App::new();
    let ada = app.member("ada@example.com", Role::Viewer);
    let member = format!("/v1/accounts/1/members/{}", ada.id);
    // What isn't of the form that the document tells is 400, what means nothing in it 422.
    let told = |answer: Answer| -> Vec<(String, String)> {
        let problem = match answer.status.as_u16() {
            422 => answer.problem(422, "unprocessable"),
            _ => answer.problem(400, "invalid_request"),
        };
        let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
        let faults = problem["errors"].as_array().unwrap();
        let tell = |fault| (text(fault, "pointer"), text(fault, "error"));
        faults.iter().map(tell).collect()
    };
    let check = async |method: &str, path: &str, body: Value, expect: &[(&str, &str)]| {
        let answer = app.send(request(method, path, Some(&app.key), Some(body.clone())));
        let found = told(answer.await);
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(found, expect, "{method} {path} {body}");
    };
    check("PATCH", &member, json!({}), &[("/role", "missing")]).await;
    let boss = json!({"role": "boss", "rank": 1});
    let expect = [("/role", "unknown_value"), ("/rank", "unknown_parameter")];
    check("PATCH", &member, boss, &expect).await;
    check(
        "PATCH",
        &member,
        json!({"role": []}),
        &[("/role", "wrong_type")],
    )
    .await;
    let invitations = "/v1/accounts/1/invitations";
    let expect = [("/role", "missing"), ("/email", "missing")];
    check("POST", invitations, json!({}), &expect).await;
    let nonsense = json!({"email": "nonsense\r\nBcc: x@example.com", "role": "viewer"});
    check("POST", invitations, nonsense, &[("/email", "malformed")]).await;
    let shares = "/v1/accounts/1/shares";
    check("POST", shares, json!({}), &[("/name", "missing")]).await;
    let share = json!({"name": "x", "password": "short", "expires_at": "2020-01-01T00:00:00Z"});
    let expect = [("/password", "too_short"), ("/expires_at", "out_of_range")];
    check("POST", shares, share, &expect).await;
    let share = json!({"name": "x", "expires_at": "tomorrow"});
    check("POST", shares, share, &[("/expires_at", "wrong_type")]).await;
    check(
        "POST",
        "/v1/shares/open",
        json!({}),
        &[("/accesskey", "missing")],
    )
    .await;
    let both = json!({"accesskey": 1, "pass": "x"});
    let expect = [("/accesskey", "wrong_type"), ("/pass", "unknown_parameter")];
    check("POST", "/v1/shares/open", both, &expect).await;
    for body in [json!([]), json!("x"), json!(null)] {
        app.post("/v1/shares/open", body)
            .await
            .problem(400, "invalid_request");
    }
    let audit = async |query: &str, parameter: &str, status: u16, word: &str| {
        let answer = app.get(&format!("/v1/accounts/1/audit?{query}")).await;
        let problem = answer.problem(status, word);
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{query}");
    };
    audit("action=key.stolen", "action", 400, "invalid_request").await;
    audit("limit=0", "limit", 400, "invalid_request").await;
    audit("limit=1001", "limit", 400, "invalid_request").await;
    audit("cursor=x", "cursor", 422, "unprocessable").await;
    audit("before=3", "before", 400, "invalid_request").await;
}

#[tokio::test]
async fn an_invitation_shows_its_token_once() {
    let app = App::new();
    app.member("member@example.com", Role::Viewer);
    let invite = async |email: &str, role: &str| {
        let body = json!({"email": email, "role": role});
        app.post("/v1/accounts/1/invitations", body).await
    };
    invite("Member@example.com", "admin")
        .await
        .problem(409, "conflict");
    invite("new@example.com", "owner")
        .await
        .problem(403, "forbidden");
    let created = invite("new@example.com", "editor").await.expect(201).json();
    let token = created["token"].as_str().unwrap();
    assert!(token.starts_with("afsa_in_"));
    assert_eq!(created["expires_at"], "2026-11-09T10:00:00Z");
    let listed = app.get("/v1/accounts/1/invitations").await.expect(200);
    assert!(!listed.text().contains(token));
    assert_eq!(listed.json()["data"][0]["id"], created["id"]);
    // The person it is for accepts it, which only he can.
    let person = app.accounts.acting(Actor::CommandLine, NOW).create_person(
        &afsa_accounts::people::NewPerson {
            email: "new@example.com".into(),
            name: "New".into(),
            language: "fr".into(),
        },
    );
    let person = app.accounts.acting(Actor::Person(person.unwrap().id), NOW);
    assert_eq!(person.accept_invitation(token).unwrap().role, Role::Editor);
    let listed = app.get("/v1/accounts/1/invitations").await.json();
    assert_eq!(listed, json!({"data": []}));
    let another = invite("another@example.com", "viewer").await.json();
    let one = format!("/v1/accounts/1/invitations/{}", another["id"]);
    assert_eq!(app.get(&one).await.json()["email"], "another@example.com");
    app.delete(&one).await.expect(204);
    app.delete(&one).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_share_opens_figures_and_nothing_else() {
    let app = App::new();
    let body = json!({"name": "Agency", "password": "open sesame", "expires_at": null});
    let created = app
        .post("/v1/accounts/1/shares", body)
        .await
        .expect(201)
        .json();
    let key = created["key"].as_str().unwrap();
    let one = format!("/v1/accounts/1/shares/{}", created["id"]);
    assert!(app.get(&one).await.expect(200).json().get("key").is_none());
    let open = async |password: Value| {
        let body = json!({"accesskey": key, "password": password});
        app.send(request("POST", "/v1/shares/open", None, Some(body)))
            .await
    };
    let asked = open(Value::Null).await.problem(401, "access_denied");
    assert_eq!(asked["errors"][0]["error"], "missing");
    let wrong = open("open barley".into())
        .await
        .problem(401, "access_denied");
    assert_eq!(wrong["errors"][0]["error"], "wrong");
    let opened = open("open sesame".into()).await.expect(200);
    assert_eq!(opened.headers["cache-control"], "no-store");
    let opened = opened.json();
    assert_eq!(opened["expires_in"], 3_600);
    assert_eq!(opened["scope"], "stats:read");
    assert_eq!(opened["account_id"], "00000001");
    let token = opened["access_token"].as_str().unwrap();
    let ask =
        async |method: &str, path: &str| app.send(request(method, path, Some(token), None)).await;
    ask("GET", "/v1/stats/pages").await.expect(200);
    ask("GET", "/v1/stats/pages?account_id=2")
        .await
        .problem(403, "forbidden");
    for path in [
        "/v1/accounts",
        "/v1/accounts/1/shares",
        "/v1/orders",
        "/v1/accounts/1/audit",
    ] {
        ask("GET", path).await.problem(403, "insufficient_scope");
    }
    // The key is no credential itself.
    app.send(request("GET", "/v1/stats/pages", Some(key), None))
        .await
        .problem(401, "access_denied");
    let used = app.get(&one).await.json();
    assert_eq!(used["last_used_at"], "2026-11-02T10:00:00Z");
    let freed = json!({"password": null, "name": "Everybody"});
    let freed = app.patch(&one, freed).await.expect(200).json();
    assert_eq!(
        (&freed["has_password"], &freed["name"]),
        (&json!(false), &json!("Everybody"))
    );
    ask("GET", "/v1/stats/pages")
        .await
        .problem(401, "access_denied");
    let reopened = open(Value::Null).await.expect(200).json();
    app.delete(&one).await.expect(204);
    open(Value::Null).await.problem(401, "access_denied");
    let token = reopened["access_token"].as_str().unwrap();
    app.send(request("GET", "/v1/stats/pages", Some(token), None))
        .await
        .problem(401, "access_denied");
    assert_ne!(app.get(&one).await.json()["revoked_at"], Value::Null);
}

#[tokio::test]
async fn guesses_at_shares_are_bounded_by_share_and_by_address() {
    let app = App::new();
    let body = json!({"name": "Agency", "password": "open sesame"});
    let created = app
        .post("/v1/accounts/1/shares", body)
        .await
        .expect(201)
        .json();
    let open = async |password: &str| {
        let body = json!({"accesskey": created["key"], "password": password});
        app.send(request("POST", "/v1/shares/open", None, Some(body)))
            .await
    };
    for _ in 0..10 {
        open("open barley").await.problem(401, "access_denied");
    }
    let locked = open("open sesame").await;
    assert_eq!(locked.headers["retry-after"], "900");
    locked.problem(429, "rate_limited");
    let app = App::with_limits(Limits {
        failures: Some(RatePolicy {
            quota: 3,
            window: Duration::from_secs(60),
        }),
        ..Limits::default()
    });
    let guess = async || {
        let body = json!({"accesskey": "afsa_sh_nonsense"});
        app.send(request("POST", "/v1/shares/open", None, Some(body)))
            .await
    };
    for _ in 0..3 {
        guess().await.problem(401, "access_denied");
    }
    guess().await.problem(429, "rate_limited");
}

#[tokio::test]
async fn nobody_shares_figures_that_he_may_not_see() {
    let app = App::new();
    let blind = app.key_with(app.account, [Scope::AccountRead, Scope::AccountWrite]);
    let share = Some(json!({"name": "Agency"}));
    app.send(request(
        "POST",
        "/v1/accounts/1/shares",
        Some(&blind),
        share,
    ))
    .await
    .problem(403, "insufficient_scope");
}

#[tokio::test]
async fn the_audit_log_tells_who_did_what() {
    let app = App::new();
    app.patch("/v1/accounts/1", json!({"currency": "JPY"}))
        .await
        .expect(200);
    let goal = json!({"name": "Thanks", "match": ["is", "page", ["/thanks"]]});
    app.post("/v1/accounts/1/goals", goal).await.expect(201);
    let log = app.get("/v1/accounts/1/audit").await.expect(200).json();
    let words: Vec<&str> = log["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        words,
        [
            "goal.created",
            "settings.changed",
            "key.created",
            "account.created"
        ]
    );
    let changed = &log["data"][1];
    assert_eq!(changed["detail"], "currency: EUR → JPY");
    assert_eq!(changed["actor"], json!({"type": "key", "id": 1}));
    assert_eq!(
        log["data"][3]["actor"],
        json!({"type": "command_line", "id": null})
    );
    // By pages, each linked to the next.
    let page = app
        .get("/v1/accounts/00000001/audit?limit=3")
        .await
        .expect(200);
    let link = page.headers["link"].to_str().unwrap().to_owned();
    assert_eq!(page.json()["meta"]["next_cursor"], "2");
    assert!(link.starts_with("</v1/accounts/00000001/audit?"), "{link}");
    assert!(
        link.contains("limit=3") && link.contains("cursor=2"),
        "{link}"
    );
    let next = app
        .get("/v1/accounts/1/audit?limit=3&cursor=2")
        .await
        .json();
    assert_eq!(next["data"][0]["action"], "account.created");
    assert_eq!(next["meta"]["next_cursor"], Value::Null);
    let keys = app
        .get("/v1/accounts/1/audit?action=key.created")
        .await
        .json();
    assert_eq!(keys["data"].as_array().unwrap().len(), 1);
    let state = app
        .get("/v1/accounts/1/audit/verify")
        .await
        .expect(200)
        .json();
    assert_eq!(state["is_whole"], true);
    assert_eq!(state["entries"], 4);
    assert_eq!(state["head"], log["data"][0]["hash"]);
    assert_eq!(state["fault"], Value::Null);
    // Reading settings is not enough to read who changed them.
    let reader = app.key_with(app.account, [Scope::AccountRead, Scope::StatsRead]);
    app.send(request("GET", "/v1/accounts/1/audit", Some(&reader), None))
        .await
        .problem(403, "insufficient_scope");
}
