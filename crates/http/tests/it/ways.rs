//! The ways not to be allowed: with nothing, with what nobody was given, and with what was good
//! once, is good elsewhere, or is good for something else.

use afsa_accounts::oauth::ClientChange;
use afsa_accounts::people::{Role, ShareChange};
use afsa_accounts::{Actor, Scope, Scopes};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::app::{App, NOW, all_but};
use crate::credentials::{Connection, Issuer};

const HOUR: i64 = 3_600_000;

/// A way not to be let in, with what is answered.
pub struct Way {
    pub what: String,
    pub headers: Vec<(&'static str, String)>,
    pub parameters: String,
    pub status: u16,
    pub word: &'static str,
}

impl Way {
    fn with_key(what: &str, key: &str, status: u16, word: &'static str) -> Way {
        Way {
            what: what.to_owned(),
            headers: vec![("x-api-key", key.to_owned())],
            parameters: String::new(),
            status,
            word,
        }
    }

    fn denied(what: &str, key: &str) -> Way {
        Way::with_key(what, key, 401, "access_denied")
    }

    fn narrow(what: &str, key: &str) -> Way {
        Way::with_key(what, key, 403, "insufficient_scope")
    }

    fn with_headers(what: &str, headers: &[(&'static str, &str)]) -> Way {
        let headers = headers.iter();
        Way {
            headers: headers
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            ..Way::denied(what, "")
        }
    }

    /// Every way to an operation that needs this scope, of the app's first account.
    pub fn all(issuer: &Issuer<'_>, scope: Scope) -> Vec<Way> {
        let mut ways = unknown(issuer.app);
        ways.extend(misplaced(issuer));
        ways.extend(keys(issuer.app, scope));
        ways.extend(tokens(issuer, scope));
        ways.extend(shares(issuer, scope));
        ways
    }
}

/// What nobody was given, of each kind of credential.
fn unknown(app: &App) -> Vec<Way> {
    let denied = Way::denied;
    let secret = app.key.split_once('-').unwrap().1;
    let mut ways = vec![
        Way::with_headers("none", &[]),
        denied("nonsense", "nonsense"),
        denied("an account and nothing else", "1-"),
        denied("long", &"1".repeat(10_000)),
        denied("unknown", "1-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        denied("the secret of another number", &format!("2-{secret}")),
        denied("a part of it", &app.key[..app.key.len() - 1]),
    ];
    for prefix in ["afsa_at_", "afsa_rt_", "afsa_st_", "afsa_sh_", "afsa_se_"] {
        let unknown = format!("{prefix}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        ways.push(denied(prefix, &unknown));
    }
    ways
}

/// A good key, and what opens the pages, where no credential is looked for; and two at once.
fn misplaced(issuer: &Issuer<'_>) -> Vec<Way> {
    let (app, key) = (issuer.app, &issuer.app.key);
    let session = issuer.session(app.account);
    let cookie = format!("afsa_session={session}");
    let basic = format!("Basic {}", STANDARD.encode(format!("{key}:")));
    let bearer = format!("Bearer {key}");
    let mut ways = vec![
        Way::denied("the session of a browser", &session),
        Way::with_headers("its cookie", &[("cookie", &cookie)]),
        Way::with_headers(
            "a key as a cookie",
            &[("cookie", &format!("api_key={key}"))],
        ),
        Way::with_headers("under another name", &[("x-auth-token", key)]),
        Way::with_headers("forwarded", &[("proxy-authorization", &bearer)]),
        Way::with_headers("as the name of a user", &[("authorization", &basic)]),
        Way {
            headers: vec![
                ("x-api-key", key.clone()),
                ("authorization", bearer.clone()),
            ],
            ..Way::with_key("two at once", "", 400, "invalid_request")
        },
    ];
    for header in ["Basic MTph", "Bearer", "Bearer  ", key] {
        ways.push(Way::with_headers(
            "another scheme",
            &[("authorization", header)],
        ));
    }
    for parameter in ["api_key", "access_token"] {
        ways.push(Way {
            headers: vec![("authorization", bearer.clone())],
            parameters: format!("{parameter}={key}"),
            ..Way::with_key("header and parameter", "", 400, "invalid_request")
        });
    }
    ways.push(Way {
        parameters: format!("key={key}"),
        ..Way::with_headers("as another parameter", &[])
    });
    ways
}

fn keys(app: &App, scope: Scope) -> Vec<Way> {
    let expired = app.key_until(app.account, Scopes::all(), Some(NOW));
    let revoked = app.key_with(app.account, Scopes::all());
    let revoked_id = app.accounts.keys(app.account).unwrap().last().unwrap().id;
    let acting = app.accounts.acting(Actor::CommandLine, NOW);
    acting.revoke_key(app.account, revoked_id).unwrap();
    let mut ways = vec![
        Way::denied("expired key", &expired),
        Way::denied("revoked key", &revoked),
        Way::narrow(
            "key of all scopes but one",
            &app.key_with(app.account, all_but(scope)),
        ),
    ];
    for other in Scope::ALL.into_iter().filter(|other| *other != scope) {
        ways.push(Way::narrow(
            other.name(),
            &app.key_with(app.account, [other]),
        ));
    }
    ways
}

/// Tokens of apps that were let in, after something has happened.
fn tokens(issuer: &Issuer<'_>, scope: Scope) -> Vec<Way> {
    let account = issuer.app.account;
    let accounts = &issuer.app.accounts;
    let acting = issuer.acting(NOW);
    let after = |happens: &dyn Fn(&Connection)| {
        let connection = issuer.connect(account, Scopes::all(), NOW);
        happens(&connection);
        connection.pair.access
    };
    let good = issuer.connect(account, Scopes::all(), NOW);
    let narrow = issuer.connect(account, all_but(scope), NOW);
    let expired = issuer.connect(account, Scopes::all(), NOW.plus(-HOUR));
    let ended = after(&|of| {
        accounts
            .revoke_token(&of.client, &of.pair.access, NOW)
            .unwrap()
    });
    let given_up = after(&|of| {
        accounts
            .revoke_token(&of.client, &of.pair.refresh, NOW)
            .unwrap()
    });
    let disconnected = after(&|of| acting.revoke_grant(account, of.pair.grant).unwrap());
    let deleted = after(&|of| acting.delete_client(account, of.client.id).unwrap());
    let removed = after(&|of| acting.remove_member(account, of.person).unwrap());
    let disabled = after(&|of| drop(acting.disable_person(of.person).unwrap()));
    let stolen = {
        // A refresh token that comes again after its time of grace ends all that came of it.
        let connection = issuer.connect(account, Scopes::all(), NOW.plus(-HOUR / 2));
        let next = issuer.refresh(&connection, NOW.plus(-HOUR / 4)).unwrap();
        assert_eq!(issuer.refresh(&connection, NOW), None);
        next.access
    };
    let narrowed = after(&|of| {
        let fewer = ClientChange {
            scopes: Some(all_but(scope)),
            ..ClientChange::default()
        };
        acting.update_client(account, of.client.id, &fewer).unwrap();
    });
    let denied = Way::denied;
    let invalid = |what, token: &str| Way::with_key(what, token, 401, "invalid_token");
    let mut ways = vec![
        invalid("expired token", &expired.pair.access),
        invalid("token that its app has ended", &ended),
        denied("token whose refresh token its app has ended", &given_up),
        denied("token of a disconnected app", &disconnected),
        denied("token of a deleted app", &deleted),
        denied("token of who was removed", &removed),
        denied("token of who was disabled", &disabled),
        denied("token whose refresh token came again", &stolen),
        denied("refresh token", &good.pair.refresh),
        denied("code", &good.code),
        denied("an app's name", &good.client.public_id),
        denied("an app's secret", &good.client_secret),
        Way::narrow("token of all scopes but one", &narrow.pair.access),
        Way::narrow("token of an app that may less now", &narrowed),
    ];
    for role in [Role::Viewer, Role::Editor] {
        if !role.scopes().contains(scope) {
            let sunk = after(&|of| drop(acting.change_role(account, of.person, role).unwrap()));
            ways.push(Way::narrow("token of who is less now", &sunk));
        }
    }
    ways
}

/// What was opened by links, after something has happened.
fn shares(issuer: &Issuer<'_>, scope: Scope) -> Vec<Way> {
    let account = issuer.app.account;
    let acting = issuer.acting(NOW);
    let denied = Way::denied;
    let link = issuer.share(account, None);
    let short = issuer.share(account, Some(NOW));
    let revoked = issuer.share(account, None);
    let of_revoked = issuer.open(&revoked, NOW);
    acting.revoke_share(account, revoked.id).unwrap();
    let locked = issuer.share(account, None);
    let of_unlocked = issuer.open(&locked, NOW);
    let password = ShareChange {
        password: Some(Some("open sesame".into())),
        ..ShareChange::default()
    };
    acting
        .update_share(account, locked.id, &password, [7; 32])
        .unwrap();
    let mut ways = vec![
        denied("share's key", &link.key),
        denied("share that is over", &issuer.open(&short, NOW.plus(-1))),
        denied("opened an hour ago", &issuer.open(&link, NOW.plus(-HOUR))),
        denied("share that was removed", &of_revoked),
        denied("share with a password since", &of_unlocked),
    ];
    if scope != Scope::StatsRead {
        ways.push(Way::narrow("share", &issuer.open(&link, NOW)));
    }
    ways
}
