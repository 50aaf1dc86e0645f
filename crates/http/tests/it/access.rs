//! Every operation × every way not to be allowed.

use std::collections::HashMap;

use afsa_accounts::people::Role;
use afsa_accounts::{Scope, Scopes};
use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use crate::app::{Answer, App, NOW};
use crate::credentials::Issuer;
use crate::document::{Described, operations};
use crate::ways::Way;

/// What only the account's own may read: its name, paths of its pages, names of its things.
const OWN: [&str; 4] = ["First", "/pricing", "/thanks", "A-1001"];

#[tokio::test]
async fn nobody_gets_in_who_is_not_let_in() {
    let app = App::of_shop();
    let base = format!("/v1/accounts/{}", app.account.0);
    let goal = serde_json::json!({"name": "First", "match": ["is", "page", ["/thanks"]]});
    app.post(&format!("{base}/goals"), goal).await.expect(201);
    let segment = serde_json::json!({"name": "First", "filters": ["is", "country", ["FR"]]});
    let segments = format!("{base}/segments");
    app.post(&segments, segment).await.expect(201);
    let state = async || {
        let mut state = Vec::new();
        for things in [
            "goals",
            "segments",
            "checkout-steps",
            "exchange-rates",
            "members",
            "invitations",
            "shares",
        ] {
            let things = app.get(&format!("{base}/{things}")).await.expect(200);
            state.push(things.text());
        }
        let account = app.accounts.account(app.account).unwrap();
        state.push(format!("{account:?}"));
        state
    };
    let issuer = Issuer::new(&app);
    // Whatever is made to try with is made before.
    let mut ways: HashMap<Scope, Vec<Way>> = HashMap::new();
    for scope in Scope::ALL {
        ways.insert(scope, Way::all(&issuer, scope));
    }
    let before = state().await;
    let mut visited = Vec::new();
    for operation in operations(app.account.0) {
        visited.push(operation.id.clone());
        if operation.is_protocol {
            let answer = app.send(request(&operation, &operation.path, &[])).await;
            assert!(answer.status.is_client_error(), "{}", operation.id);
            continue;
        }
        if operation.id == "openShare" {
            // Open to everybody who has a key, which the example is not.
            let answer = app.send(request(&operation, &operation.path, &[])).await;
            answer.problem(401, "access_denied");
            continue;
        }
        let Some(scope) = &operation.scope else {
            continue;
        };
        let scope: Scope = scope.parse().unwrap();
        for way in &ways[&scope] {
            let what = format!("{} by {}", operation.id, way.what);
            let separator = if way.parameters.is_empty() { "" } else { "?" };
            let path = format!("{}{separator}{}", operation.path, way.parameters);
            let answer = app.send(request(&operation, &path, &way.headers)).await;
            assert_eq!(
                answer.status.as_u16(),
                way.status,
                "{what}: {}",
                answer.text()
            );
            if way.status == 401 {
                assert!(answer.headers.contains_key("www-authenticate"), "{what}");
            }
            tells_nothing(&answer, &what);
            answer.problem(way.status, way.word);
        }
    }
    assert_eq!(state().await, before);
    let mut listed: Vec<String> = operations(1)
        .into_iter()
        .map(|operation| operation.id)
        .collect();
    listed.sort_unstable();
    visited.sort_unstable();
    assert_eq!(visited, listed);
    assert!(app.collector.batches.lock().unwrap().is_empty());
    assert!(app.collector.imports.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_open_needs_no_credential() {
    let app = App::new();
    let open: Vec<Described> = operations(app.account.0)
        .into_iter()
        .filter(|operation| operation.scope.is_none() && operation.method == "GET")
        .collect();
    assert!(open.len() >= 5);
    for operation in open {
        let answer = app.send(request(&operation, &operation.path, &[])).await;
        assert!(
            answer.status.is_success(),
            "{}: {}",
            operation.id,
            answer.text()
        );
    }
}

#[tokio::test]
async fn another_account_is_forbidden_whether_it_exists_or_not() {
    let app = App::of_shop();
    let foreigners = foreigners(&Issuer::new(&app));
    let mut visited = 0;
    for operation in operations(app.account.0) {
        if operation.scope.is_none() {
            continue;
        }
        // In the path, as a parameter, in the body.
        let mut told: Vec<String> = Vec::new();
        let named = ["1", "00000001", "3", "99999999"];
        let tries = foreigners
            .iter()
            .flat_map(|foreign| named.map(|account| (foreign, account)));
        for (foreign, account) in tries {
            let foreign = [("x-api-key", foreign.clone())];
            let mut requests = Vec::new();
            if let Some(rest) = operation.path.strip_prefix("/v1/accounts/1") {
                let path = format!("/v1/accounts/{account}{rest}");
                requests.push(request(&operation, &path, &foreign));
            }
            if takes_account_id(&operation) {
                let path = format!("{}?account_id={account}", operation.path);
                requests.push(request(&operation, &path, &foreign));
            }
            if let Some((media, Value::Object(mut body))) = operation.body.clone()
                && media == "application/json"
                && !operation.path.starts_with("/v1/accounts")
                // A batch of hits names no account: it is the credential's own.
                && operation.id != "collectHits"
            {
                body.insert("account_id".into(), account.into());
                let naming = Described {
                    body: Some((media, Value::Object(body))),
                    ..operation.clone()
                };
                requests.push(request(&naming, &operation.path, &foreign));
            }
            for request in requests {
                let answer = app.send(request).await;
                tells_nothing(&answer, &operation.id);
                let mut problem = answer.problem(403, "forbidden");
                problem.as_object_mut().unwrap().remove("instance");
                told.push(problem.to_string());
            }
        }
        visited += usize::from(!told.is_empty());
        told.dedup();
        let is_bound = operation.path.starts_with("/v1/accounts/")
            || takes_account_id(&operation)
            || operation.id == "postBatch";
        assert_eq!(
            told.len(),
            usize::from(is_bound),
            "{}: {told:?}",
            operation.id
        );
    }
    assert!(visited > 40, "{visited}");
    assert!(app.accounts.goals(app.account).unwrap().is_empty());
}

#[tokio::test]
async fn ids_of_anothers_things_name_nothing() {
    let app = App::of_shop();
    let things = crate::contract::with_things(&app).await;
    let issuer = Issuer::new(&app);
    issuer.connect(app.account, Scopes::all(), NOW);
    let own = format!("/v1/accounts/{}", app.account.0);
    let foreigners = foreigners(&issuer);
    let mut visited = 0;
    for operation in operations(app.account.0) {
        let path = things.path(&operation);
        // What has a placeholder beside the account's names something.
        let is_one = operation.template.replace("{account_id}", "").contains('{');
        if operation.scope.is_none() || !is_one || operation.id == "getReport" {
            continue;
        }
        let path = path.replace(&own, &format!("/v1/accounts/{}", app.other.0));
        let (folder, id) = path.trim_end_matches("/secret").rsplit_once('/').unwrap();
        let nothing = path.replace(&format!("{folder}/{id}"), &format!("{folder}/987654"));
        for (index, foreign) in foreigners.iter().enumerate() {
            let foreign = [("x-api-key", foreign.clone())];
            let answer = app.send(request(&operation, &path, &foreign)).await;
            tells_nothing(&answer, &operation.id);
            // The same as of what is nowhere.
            let of_nothing = app.send(request(&operation, &nothing, &foreign)).await;
            let plain = |answer: &Answer, id: &str| {
                let mut told = answer.json();
                told.as_object_mut().unwrap().remove("instance");
                told.to_string().replace(&format!(" {id}"), " …")
            };
            assert_eq!(plain(&answer, id), plain(&of_nothing, "987654"));
            // A key may look for it; apps and shares may do less.
            if index == 0 {
                answer.problem(404, "not_found");
            } else {
                assert!([403, 404].contains(&answer.status.as_u16()), "{path}");
            }
        }
        visited += 1;
    }
    assert!(visited > 12, "{visited}");
}

/// No byte of the account is in an answer to somebody else.
fn tells_nothing(answer: &Answer, what: &str) {
    let text = answer.text();
    for own in OWN {
        // What the sender named himself, in the path, comes back as such.
        let rest = text.split("\"instance\"").next().unwrap_or_default();
        let told = rest.replace("There is no order A-1001", "");
        assert!(!told.contains(own), "{what}: {text}");
    }
}

#[tokio::test]
async fn a_batch_stays_in_its_account() {
    let app = App::new();
    for account in [
        serde_json::json!(2),
        serde_json::json!("00000002"),
        serde_json::json!("99999999"),
    ] {
        let body = serde_json::json!({"account_id": account, "actions": {}});
        app.post("/v1/stats/batch", body)
            .await
            .problem(403, "forbidden");
    }
    let body = serde_json::json!({"account_id": "1", "actions": {}});
    app.post("/v1/stats/batch", body).await.expect(200);
    let foreign = app.key_with(app.other, [Scope::StatsRead]);
    let form = format!("api_key={foreign}&account_id=1&actions[a][report]=pages");
    let request = Request::post("/v1/stats/batch")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    app.send(request).await.problem(403, "forbidden");
}

#[tokio::test]
async fn another_account_has_no_share_in_the_figures() {
    let app = App::new();
    let foreign = app.key_with(app.other, [Scope::StatsRead]);
    let path = "/v1/stats/query?metrics=visits&period=all";
    let own = app.get(path).await.expect(200).json();
    assert_eq!(own["data"][0]["visits"], 5, "{own}");
    let request = crate::app::request("GET", path, Some(&foreign), None);
    let others = app.send(request).await.expect(200).json();
    assert_eq!(others["data"][0]["visits"], 0, "{others}");
}

#[tokio::test]
async fn a_key_makes_no_key_that_can_do_more() {
    let app = App::new();
    let limited = app.key_with(app.account, [Scope::AccountWrite, Scope::StatsRead]);
    let make = |scopes: &str| {
        let scopes: Vec<&str> = scopes.split(',').collect();
        let body = serde_json::json!({"name": "More", "scopes": scopes});
        crate::app::request("POST", "/v1/accounts/1/keys", Some(&limited), Some(body))
    };
    app.send(make("stats:read,export:read"))
        .await
        .problem(403, "insufficient_scope");
    let made = app.send(make("stats:read")).await.expect(201).json();
    let key = made["key"].as_str().unwrap();
    app.send(crate::app::request(
        "GET",
        "/v1/stats/pages",
        Some(key),
        None,
    ))
    .await
    .expect(200);
}

#[tokio::test]
async fn a_key_makes_nobody_what_can_do_more() {
    let app = App::new();
    let viewer = app.member("viewer@example.com", Role::Viewer).id;
    let ask = async |scopes: &[Scope], method, path: &str, role: &str| {
        let key = app.key_with(app.account, scopes.iter().copied().collect::<Scopes>());
        let mut body = serde_json::json!({"role": role});
        if method == "POST" {
            body["email"] = "new@example.com".into();
        }
        app.send(crate::app::request(method, path, Some(&key), Some(body)))
            .await
    };
    let blind = [Scope::AccountRead, Scope::AccountWrite];
    let seeing = [Scope::AccountRead, Scope::AccountWrite, Scope::StatsRead];
    let member = format!("/v1/accounts/1/members/{viewer}");
    for (method, path) in [
        ("POST", "/v1/accounts/1/invitations"),
        ("PATCH", member.as_str()),
    ] {
        for (scopes, role) in [
            (&blind[..], "viewer"),
            (&seeing, "editor"),
            (&seeing, "admin"),
        ] {
            ask(scopes, method, path, role)
                .await
                .problem(403, "insufficient_scope");
        }
        let answer = ask(&seeing, method, path, "viewer").await;
        assert!(answer.status.is_success(), "{}", answer.text());
    }
}

/// What is good for everything in the other account, of each kind.
fn foreigners(issuer: &Issuer<'_>) -> Vec<String> {
    let app = issuer.app;
    let share = issuer.share(app.other, None);
    vec![
        app.key_with(app.other, Scopes::all()),
        issuer.connect(app.other, Scopes::all(), NOW).pair.access,
        issuer.open(&share, NOW),
    ]
}

fn takes_account_id(operation: &Described) -> bool {
    !operation.path.starts_with("/v1/accounts") && operation.id != "postBatch"
}

fn request(operation: &Described, path: &str, headers: &[(&'static str, String)]) -> Request<Body> {
    let mut request = Request::builder()
        .method(operation.method.as_str())
        .uri(path);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    match &operation.body {
        None => request.body(Body::empty()).unwrap(),
        Some((media, example)) => {
            let request = request.header("content-type", media);
            request.body(Body::from(example.to_string())).unwrap()
        }
    }
}
