use afsa_accounts::people::{Right, Role};
use afsa_manage::{PageRoute, page_routes};

use crate::app::App;

/// What the table says of a route, spelled out a second time.
fn may(route: &PageRoute, role: Role) -> bool {
    match route.access {
        "edit_things" => role.may(Right::EditThings),
        "change_settings" | "manage_access" | "manage_members" | "read_audit" => {
            role <= Role::Admin
        }
        _ => true,
    }
}

#[tokio::test]
async fn every_page_is_closed_to_whom_it_is_not_for() {
    let app = App::new();
    let operator = app.session_of("operator", None);
    let stranger = app.session_of("stranger", None);
    let members = Role::ALL.map(|role| (role, app.session_of(role.name(), Some(role))));
    let mut tried = 0;
    for route in page_routes() {
        let path: Vec<&str> = route
            .path
            .split('/')
            .map(|part| match part {
                "{account_id}" => "00000001",
                // The owner.
                "{person}" => "3",
                part if part.starts_with('{') => "77",
                part => part,
            })
            .collect();
        let path = path.join("/");
        let ask = async |session: Option<&str>| match route.method {
            "GET" => app.get(&path, session).await,
            _ => app.post(&path, session, &[]).await,
        };
        let told = format!("{} {path}", route.method);
        if route.access == "anybody" {
            continue;
        }
        tried += 1;
        for wrong in [None, Some("afsa_se_wrong"), Some("")] {
            let answer = ask(wrong).await;
            assert_eq!(answer.status, 303, "{told} without a session");
            let to = answer.header("location");
            assert!(to.starts_with("/manage/sign-in"), "{told}: {to}");
            assert!(!answer.text.contains("Shop"), "{told}");
        }
        if route.access == "person" {
            continue;
        }
        // Whoever is nothing here learns nothing: not even that it is there.
        let answer = ask(Some(&stranger)).await;
        assert_eq!(answer.status, 404, "{told} by a stranger");
        if route.access == "operator" {
            for (role, session) in &members {
                assert_eq!(ask(Some(session)).await.status, 404, "{told} by {role}");
            }
            continue;
        }
        for (role, session) in &members {
            let is_open = may(&route, *role);
            if !is_open {
                assert_eq!(ask(Some(session)).await.status, 403, "{told} by {role}");
            } else if route.method == "GET" && !path.contains("/77") {
                let status = ask(Some(session)).await.status;
                let is_right = status == 200 || (status == 403 && path.ends_with("/remove"));
                assert!(is_right, "{told} by {role}: {status}");
            }
        }
        if route.method == "GET" && !path.contains("/77") && !path.ends_with("/remove") {
            assert_eq!(ask(Some(&operator)).await.status, 200, "{told}");
        }
        // Another account is no more there than one that isn't.
        let other = path.replace("00000001", "00000099");
        let answer = match route.method {
            "GET" => app.get(&other, Some(&members[0].1)).await,
            _ => app.post(&other, Some(&members[0].1), &[]).await,
        };
        assert_eq!(answer.status, 404, "{told} of another account");
    }
    assert!(tried > 50, "only {tried} pages were tried");
}

#[tokio::test]
async fn every_answer_is_armoured() {
    let app = App::at("https://stats.example.com", afsa_manage::SignUp::Open);
    for path in [
        "/manage",
        "/manage/sign-in",
        "/manage/nothing",
        "/manage/reset/choose?token=x",
    ] {
        let answer = app.get(path, None).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        assert!(answer.header("permissions-policy").contains("camera=()"));
        assert!(!answer.text.contains("<script") && !answer.text.contains("style="));
        for cookie in answer.cookies() {
            let is_tight = cookie.starts_with("__Host-afsa_")
                && cookie.contains("; HttpOnly; SameSite=Lax")
                && cookie.ends_with("; Secure");
            assert!(is_tight, "{path}: {cookie}");
        }
    }
}
