//! Apps and what they are let do: the rules of the module, one by one.

use afsa_accounts::oauth::{
    ACCESS_LIFE, Authorization, CODE_LIFE, Challenge, Client, ClientChange, ClientKind,
    CodeExchange, CreatedClient, GRACE, IDLE_LIFE, NewClient, PLUGIN_CODE_LIFE, PLUGIN_SLACK,
    TokenKind, TokenPair, TokenRefusal,
};
use afsa_accounts::people::{Action, NewPerson, Role};
use afsa_accounts::{Account, Accounts, Actor, Credential, Error, Refusal, Scope, Scopes};
use afsa_model::{AccountId, DAY, SECOND, Timestamp};

use crate::{NOW, acting, draft, with_account};

const REDIRECT: &str = "https://app.example.com/callback?tenant=1";
const SHOP: &str = "http://shop.example.com/wp-admin/admin.php?page=afsa&afsa_action=link";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Somebody in an account, and apps to let in.
struct World {
    accounts: Accounts,
    account: Account,
    person: i64,
    app: CreatedClient,
    site: CreatedClient,
    random: u8,
}

impl World {
    fn new() -> World {
        World::of(with_account(), Role::Owner)
    }

    fn of((accounts, account): (Accounts, Account), role: Role) -> World {
        // The first of all is the operator, who may do everything everywhere.
        member(&accounts, account.id, "operator@example.com", Role::Owner);
        let person = member(&accounts, account.id, "owner@example.com", role);
        let make = |kind, random| {
            let new = NewClient {
                name: "An app".into(),
                kind,
                redirects: vec![REDIRECT.into()],
                scopes: Scopes::all(),
            };
            let acting = acting(&accounts);
            acting
                .create_client(account.id, &new, [random; 32], [random + 1; 32])
                .unwrap()
        };
        let (app, site) = (
            make(ClientKind::Public, 1),
            make(ClientKind::Confidential, 3),
        );
        World {
            account,
            person,
            app,
            site,
            random: 10,
            accounts,
        }
    }

    fn fresh(&mut self) -> [u8; 32] {
        self.random += 1;
        [self.random; 32]
    }

    fn plugin(&self) -> Client {
        let found = self.accounts.client_named("afsa_wordpress_plugin").unwrap();
        found.unwrap()
    }

    fn authorization(&self, client: &Client, redirect: &str) -> Authorization {
        Authorization {
            client: client.id,
            account: self.account.id,
            redirect: client.redirect(redirect).unwrap(),
            scopes: client.scopes,
            challenge: (client.kind == ClientKind::Public).then(challenge),
        }
    }

    fn code(&mut self, client: &Client, redirect: &str) -> String {
        let authorization = self.authorization(client, redirect);
        self.code_for(&authorization).unwrap()
    }

    fn code_for(&mut self, authorization: &Authorization) -> Result<String, Error> {
        let random = self.fresh();
        let acting = self.accounts.acting(Actor::Person(self.person), NOW);
        acting.authorize(authorization, random)
    }

    fn exchange(
        &mut self,
        client: &Client,
        code: &str,
        redirect: &str,
    ) -> Result<TokenPair, Error> {
        let random = self.fresh();
        let exchange = CodeExchange {
            code,
            redirect,
            verifier: (client.kind == ClientKind::Public).then_some(VERIFIER),
        };
        self.accounts.exchange_code(client, exchange, random, NOW)
    }

    fn pair(&mut self, client: &Client) -> TokenPair {
        let redirect = match client.kind {
            ClientKind::Plugin => SHOP,
            _ => REDIRECT,
        };
        let code = self.code(client, redirect);
        self.exchange(client, &code, redirect).unwrap()
    }

    /// What the audit log says of apps that were revoked, the latest first.
    fn revoked(&self) -> Vec<String> {
        let account = Some(self.account.id);
        let entries = self.accounts.audit(account, Default::default(), 1_000);
        let of_apps = entries.unwrap().into_iter();
        of_apps
            .filter(|entry| entry.action == Action::AppRevoked.name())
            .map(|entry| format!("{}: {}", entry.subject, entry.detail))
            .collect()
    }

    fn refresh(&mut self, client: &Client, token: &str, at: Timestamp) -> Result<TokenPair, Error> {
        let random = self.fresh();
        self.accounts.refresh(client, token, None, random, at)
    }

    /// What the access token may do, or why nothing.
    fn scopes(&self, pair: &TokenPair, at: Timestamp) -> Result<Scopes, Refusal> {
        match self.accounts.authenticate(&pair.access, at) {
            Ok(principal) => Ok(principal.scopes),
            Err(Error::Refused(refusal)) => Err(refusal),
            Err(other) => panic!("{other}"),
        }
    }
}

fn challenge() -> Challenge {
    Challenge::parse(CHALLENGE).unwrap()
}

fn member(accounts: &Accounts, account: AccountId, email: &str, role: Role) -> i64 {
    let new = NewPerson {
        email: email.into(),
        name: "Somebody".into(),
        language: "en".into(),
    };
    let person = acting(accounts).create_person(&new).unwrap().id;
    acting(accounts).add_member(account, person, role).unwrap();
    person
}

fn grant_refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> &'static str {
    match outcome {
        Err(Error::Token(TokenRefusal::Grant(why))) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_code_becomes_tokens_of_its_account() {
    let mut world = World::new();
    for client in [
        world.app.client.clone(),
        world.site.client.clone(),
        world.plugin(),
    ] {
        let pair = world.pair(&client);
        assert!(pair.access.starts_with("afsa_at_") && pair.refresh.starts_with("afsa_rt_"));
        let principal = world.accounts.authenticate(&pair.access, NOW).unwrap();
        assert_eq!(principal.account, world.account.id);
        let credential = Credential::Token {
            grant: pair.grant,
            client: client.id,
        };
        assert_eq!(principal.credential, credential);
        assert_eq!(principal.scopes, client.scopes);
        // A refresh token opens nothing by itself.
        assert!(world.accounts.authenticate(&pair.refresh, NOW).is_err());
    }
    assert_eq!(
        world.accounts.grants(world.account.id, NOW).unwrap().len(),
        3
    );
}

#[test]
fn a_second_exchange_of_a_code_revokes_what_came_of_the_first() {
    let mut world = World::new();
    let app = world.app.client.clone();
    let code = world.code(&app, REDIRECT);
    let pair = world.exchange(&app, &code, REDIRECT).unwrap();
    assert!(grant_refusal(world.exchange(&app, &code, REDIRECT)).contains("used before"));
    assert_eq!(world.scopes(&pair, NOW), Err(Refusal::Revoked));
    grant_refusal(world.refresh(&app, &pair.refresh, NOW));
    assert_eq!(world.accounts.grants(world.account.id, NOW).unwrap(), []);
}

#[test]
fn fifty_exchanges_of_one_code_at_once_give_one_pair_and_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let accounts = Accounts::open(&path).unwrap();
    let account = acting(&accounts).create_account(&draft("First")).unwrap();
    let mut world = World::of((accounts, account), Role::Owner);
    let client = world.plugin();
    let code = world.code(&client, SHOP);
    // Two processes, as far as SQLite can tell.
    let other = Accounts::open(&path).unwrap();
    let outcomes: Vec<Result<TokenPair, Error>> = std::thread::scope(|scope| {
        let exchange = |n: u8| {
            let (accounts, client, code) = (&world.accounts, &client, &code);
            let accounts = if n.is_multiple_of(2) {
                accounts
            } else {
                &other
            };
            scope.spawn(move || {
                let exchange = CodeExchange {
                    code,
                    redirect: SHOP,
                    verifier: None,
                };
                accounts.exchange_code(client, exchange, [n; 32], NOW)
            })
        };
        let threads: Vec<_> = (0..50).map(exchange).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let pairs: Vec<&TokenPair> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().ok())
        .collect();
    assert_eq!(pairs.len(), 1);
    assert_eq!(world.scopes(pairs[0], NOW), Err(Refusal::Revoked));
    for outcome in outcomes.iter().filter(|outcome| outcome.is_err()) {
        assert!(
            matches!(outcome, Err(Error::Token(TokenRefusal::Grant(_)))),
            "{outcome:?}"
        );
    }
}

#[test]
fn twenty_refreshes_of_one_token_at_once_give_the_same_pair() {
    let mut world = World::new();
    let client = world.plugin();
    let pair = world.pair(&client);
    let pairs: Vec<TokenPair> = std::thread::scope(|scope| {
        let refresh = |n: u8| {
            let (accounts, client, pair) = (&world.accounts, &client, &pair);
            let at = NOW.plus(i64::from(n) * SECOND);
            scope.spawn(move || accounts.refresh(client, &pair.refresh, None, [n; 32], at))
        };
        let threads: Vec<_> = (0..20).map(refresh).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap().unwrap())
            .collect()
    });
    assert!(pairs.iter().all(|other| *other == pairs[0]));
    assert_ne!(pairs[0].refresh, pair.refresh);
    // Both access tokens are good, and the chain goes on from the one successor.
    assert_eq!(world.scopes(&pair, NOW), Ok(client.scopes));
    assert_eq!(world.scopes(&pairs[0], NOW), Ok(client.scopes));
    world
        .refresh(&client, &pairs[0].refresh, NOW.plus(30 * SECOND))
        .unwrap();
}

#[test]
fn a_used_refresh_token_gives_the_same_for_a_minute_and_then_ends_all() {
    let mut world = World::new();
    let app = world.app.client.clone();
    let first = world.pair(&app);
    let second = world.refresh(&app, &first.refresh, NOW).unwrap();
    // Even when the successor was used meanwhile: the answer may have been lost twice.
    let third = world
        .refresh(&app, &second.refresh, NOW.plus(SECOND))
        .unwrap();
    let late = NOW.plus(GRACE);
    assert_eq!(world.refresh(&app, &first.refresh, late).unwrap(), second);
    assert!(world.scopes(&third, late).is_ok());
    let too_late = late.plus(1);
    assert!(grant_refusal(world.refresh(&app, &first.refresh, too_late)).contains("revoked"));
    for pair in [&first, &second, &third] {
        assert_eq!(world.scopes(pair, too_late), Err(Refusal::Revoked));
        grant_refusal(world.refresh(&app, &pair.refresh, too_late));
    }
}

#[test]
fn seeds_are_erased_when_nobody_may_ask_again() {
    let mut world = World::new();
    let app = world.app.client.clone();
    let first = world.pair(&app);
    world.refresh(&app, &first.refresh, NOW).unwrap();
    let after = NOW.plus(GRACE + 1);
    world.accounts.write_notes(after).unwrap();
    // A clock that goes back doesn't bring the successor back.
    assert!(grant_refusal(world.refresh(&app, &first.refresh, NOW)).contains("revoked"));
}

#[test]
fn what_a_code_is_bound_to() {
    let bad_verifiers = [None, Some(""), Some("wrong"), Some(CHALLENGE)];
    for verifier in bad_verifiers {
        let mut world = World::new();
        let app = world.app.client.clone();
        let code = world.code(&app, REDIRECT);
        let exchange = |verifier| CodeExchange {
            code: &code,
            redirect: REDIRECT,
            verifier,
        };
        let outcome = world
            .accounts
            .exchange_code(&app, exchange(verifier), [1; 32], NOW);
        assert!(
            grant_refusal(outcome).contains("code_verifier"),
            "{verifier:?}"
        );
        // It is used up by that.
        let right = world
            .accounts
            .exchange_code(&app, exchange(Some(VERIFIER)), [2; 32], NOW);
        assert!(grant_refusal(right).contains("used before"));
        assert!(world.revoked()[0].contains("code_verifier"));
    }
    for redirect in [
        "",
        "https://app.example.com/callback",
        "https://app.example.com/callback?tenant=1&",
        "https://APP.example.com/callback?tenant=1",
    ] {
        let mut world = World::new();
        let site = world.site.client.clone();
        let code = world.code(&site, REDIRECT);
        assert!(grant_refusal(world.exchange(&site, &code, redirect)).contains("redirect_uri"));
    }
    // Without a challenge in the request a verifier shows that somebody took it out.
    let mut world = World::new();
    let plugin = world.plugin();
    let code = world.code(&plugin, SHOP);
    let exchange = CodeExchange {
        code: &code,
        redirect: SHOP,
        verifier: Some(VERIFIER),
    };
    let outcome = world
        .accounts
        .exchange_code(&plugin, exchange, [1; 32], NOW);
    assert!(grant_refusal(outcome).contains("without a code_challenge"));
    // A plug-in that begins with one has to end with it.
    let mut authorization = world.authorization(&plugin, SHOP);
    authorization.challenge = Some(challenge());
    let code = world.code_for(&authorization).unwrap();
    assert!(grant_refusal(world.exchange(&plugin, &code, SHOP)).contains("missing"));
}

#[test]
fn another_client_gets_nothing_and_harms_nothing() {
    let mut world = World::new();
    let (app, site) = (world.app.client.clone(), world.site.client.clone());
    let code = world.code(&app, REDIRECT);
    assert!(grant_refusal(world.exchange(&site, &code, REDIRECT)).contains("not known"));
    let pair = world.exchange(&app, &code, REDIRECT).unwrap();
    grant_refusal(world.refresh(&site, &pair.refresh, NOW));
    world
        .accounts
        .revoke_token(&site, &pair.refresh, NOW)
        .unwrap();
    world
        .accounts
        .revoke_token(&site, &pair.access, NOW)
        .unwrap();
    assert!(world.scopes(&pair, NOW).is_ok());
    world.refresh(&app, &pair.refresh, NOW).unwrap();
}

#[test]
fn everything_ends_in_time() {
    let mut world = World::new();
    let plugin = world.plugin();
    for (client, redirect, life, slack) in [
        (world.app.client.clone(), REDIRECT, CODE_LIFE, 0),
        (plugin, SHOP, PLUGIN_CODE_LIFE, PLUGIN_SLACK),
    ] {
        let late_exchange = |world: &mut World, at: i64| {
            let code = world.code(&client, redirect);
            let exchange = CodeExchange {
                code: &code,
                redirect,
                verifier: (client.kind == ClientKind::Public).then_some(VERIFIER),
            };
            let random = world.fresh();
            world
                .accounts
                .exchange_code(&client, exchange, random, NOW.plus(at))
        };
        assert!(late_exchange(&mut world, life - 1).is_ok());
        assert!(grant_refusal(late_exchange(&mut world, life)).contains("expired"));
        let pair = world.pair(&client);
        let ends = NOW.plus(ACCESS_LIFE + slack);
        assert!(world.scopes(&pair, ends.plus(-1)).is_ok());
        // The app is told to get another one, not that all is lost.
        assert_eq!(world.scopes(&pair, ends), Err(Refusal::TokenExpired));
        assert!(
            grant_refusal(world.refresh(&client, &pair.refresh, NOW.plus(IDLE_LIFE)))
                .contains("expired")
        );
        assert_eq!(
            world.scopes(&pair, NOW.plus(IDLE_LIFE)),
            Err(Refusal::Revoked)
        );
        let kept = world.pair(&client);
        let at = NOW.plus(IDLE_LIFE - 1);
        let next = world.refresh(&client, &kept.refresh, at).unwrap();
        world.accounts.forget_ended_grants(at.plus(DAY)).unwrap();
        world
            .refresh(&client, &next.refresh, at.plus(IDLE_LIFE - 1))
            .unwrap();
    }
}

#[test]
fn a_token_does_no_more_than_the_person_may_now() {
    let mut world = World::new();
    let app = world.app.client.clone();
    let pair = world.pair(&app);
    let steps = [
        (Role::Editor, Role::Editor.scopes()),
        (
            Role::Viewer,
            Scopes::from([Scope::AccountRead, Scope::StatsRead]),
        ),
        (Role::Admin, Scopes::all()),
    ];
    for (role, expect) in steps {
        acting(&world.accounts)
            .change_role(world.account.id, world.person, role)
            .unwrap();
        assert_eq!(world.scopes(&pair, NOW), Ok(expect), "{role}");
    }
    let narrow = ClientChange {
        scopes: Some([Scope::StatsRead].into()),
        ..ClientChange::default()
    };
    acting(&world.accounts)
        .update_client(world.account.id, app.id, &narrow)
        .unwrap();
    assert_eq!(world.scopes(&pair, NOW), Ok([Scope::StatsRead].into()));
    acting(&world.accounts)
        .remove_member(world.account.id, world.person)
        .unwrap();
    assert_eq!(world.scopes(&pair, NOW), Err(Refusal::Revoked));
    grant_refusal(world.refresh(&app, &pair.refresh, NOW));
    // A viewer grants what he may himself, and what he granted before stays away.
    acting(&world.accounts)
        .add_member(world.account.id, world.person, Role::Viewer)
        .unwrap();
    assert_eq!(world.scopes(&pair, NOW), Err(Refusal::Revoked));
    grant_refusal(world.refresh(&app, &pair.refresh, NOW));
    let pair = world.pair(&app);
    assert_eq!(pair.scopes, [Scope::StatsRead].into());
    // Disabled people have granted nothing.
    acting(&world.accounts)
        .disable_person(world.person)
        .unwrap();
    assert_eq!(world.scopes(&pair, NOW), Err(Refusal::Revoked));
    // Nothing comes back with whoever comes back.
    acting(&world.accounts).enable_person(world.person).unwrap();
    assert_eq!(world.scopes(&pair, NOW), Err(Refusal::Revoked));
    let grants = world.accounts.grants(world.account.id, NOW).unwrap();
    assert_eq!(grants, Vec::new());
}

#[test]
fn a_refresh_may_ask_for_fewer_scopes_and_not_for_more() {
    let mut world = World::new();
    let site = world.site.client.clone();
    let mut authorization = world.authorization(&site, REDIRECT);
    authorization.scopes = [Scope::StatsRead, Scope::AccountRead].into();
    let code = world.code_for(&authorization).unwrap();
    let first = world.exchange(&site, &code, REDIRECT).unwrap();
    let refresh = |token: &str, scopes: Option<Scopes>| {
        world.accounts.refresh(&site, token, scopes, [9; 32], NOW)
    };
    let more: Scopes = [Scope::StatsRead, Scope::ExportRead].into();
    let refused = refresh(&first.refresh, Some(more));
    assert!(matches!(refused, Err(Error::Token(TokenRefusal::Scope))));
    let fewer: Scopes = [Scope::StatsRead].into();
    let second = refresh(&first.refresh, Some(fewer)).unwrap();
    assert_eq!(world.scopes(&second, NOW), Ok(fewer));
    // The successor is one: asked for again it is the same, or nothing.
    assert_eq!(refresh(&first.refresh, Some(fewer)).unwrap(), second);
    assert!(refresh(&first.refresh, Some(authorization.scopes)).is_err());
    let third = world
        .accounts
        .refresh(&site, &second.refresh, None, [8; 32], NOW)
        .unwrap();
    assert_eq!(third.scopes, authorization.scopes);
}

#[test]
fn revoking() {
    let mut world = World::new();
    let app = world.app.client.clone();
    let pair = world.pair(&app);
    world
        .accounts
        .revoke_token(&app, &pair.access, NOW)
        .unwrap();
    assert_eq!(world.scopes(&pair, NOW), Err(Refusal::TokenExpired));
    let next = world.refresh(&app, &pair.refresh, NOW).unwrap();
    for nothing in ["", "x", "afsa_at_x", "afsa_rt_x"] {
        world.accounts.revoke_token(&app, nothing, NOW).unwrap();
    }
    world
        .accounts
        .revoke_token(&app, &next.refresh, NOW)
        .unwrap();
    assert_eq!(world.scopes(&next, NOW), Err(Refusal::Revoked));
    // By a person: his own, or whoever may manage access; others' accounts not at all.
    let pair = world.pair(&app);
    let viewer = member(
        &world.accounts,
        world.account.id,
        "v@example.com",
        Role::Viewer,
    );
    let revoke = |actor, account| {
        world
            .accounts
            .acting(actor, NOW)
            .revoke_grant(account, pair.grant)
    };
    assert!(matches!(
        revoke(Actor::Person(viewer), world.account.id),
        Err(Error::NotAllowed)
    ));
    assert!(matches!(
        revoke(Actor::App(pair.grant), world.account.id),
        Err(Error::NotAllowed)
    ));
    let stranger = acting(&world.accounts)
        .create_account(&draft("Other"))
        .unwrap();
    assert!(matches!(
        revoke(Actor::Key(1), stranger.id),
        Err(Error::NotFound { .. })
    ));
    // Whoever let an app in finds it, wherever that was, until it is over.
    let found = |person| {
        let grants = world.accounts.grants_by(person, NOW).unwrap();
        let told = grants.iter().map(|grant| (grant.id, grant.account));
        told.collect::<Vec<_>>()
    };
    assert_eq!(found(world.person), [(pair.grant, world.account.id)]);
    assert_eq!(found(viewer), []);
    revoke(Actor::Person(world.person), world.account.id).unwrap();
    assert_eq!(found(world.person), []);
    assert_eq!(world.scopes(&pair, NOW), Err(Refusal::Revoked));
}

#[test]
fn clients_go_with_what_they_were_granted() {
    let mut world = World::new();
    let site = world.site.client.clone();
    let pair = world.pair(&site);
    acting(&world.accounts)
        .delete_client(world.account.id, site.id)
        .unwrap();
    assert_eq!(world.scopes(&pair, NOW), Err(Refusal::Unknown));
    assert!(
        world
            .accounts
            .client_named(&site.public_id)
            .unwrap()
            .is_none()
    );
    let audit = world
        .accounts
        .audit(Some(world.account.id), Default::default(), 10)
        .unwrap();
    assert_eq!(audit[0].action, Action::ClientDeleted.name());
    // The installation's own belong to nobody.
    let plugin = world.plugin();
    assert!(
        acting(&world.accounts)
            .delete_client(world.account.id, plugin.id)
            .is_err()
    );
}

#[test]
fn who_a_client_is() {
    let world = World::new();
    let (app, site) = (&world.app, &world.site);
    let secret = site.secret.as_deref().unwrap();
    assert_eq!(app.secret, None);
    let check = |id: &str, secret: Option<&str>, expect: bool| {
        let outcome = world.accounts.authenticate_client(id, secret);
        assert_eq!(outcome.is_ok(), expect, "{id} {secret:?}");
        assert!(matches!(
            outcome,
            Ok(_) | Err(Error::Token(TokenRefusal::Client))
        ));
    };
    check(&site.client.public_id, Some(secret), true);
    check(&site.client.public_id, None, false);
    check(&site.client.public_id, Some(""), false);
    check(&site.client.public_id, Some(&secret[1..]), false);
    check(&app.client.public_id, None, true);
    check(&app.client.public_id, Some(secret), false);
    check("afsa_wordpress_plugin", None, true);
    check("afsa_wordpress_plugin", Some("x"), false);
    check("afsa_prestashop_plugin", None, true);
    check("nobody", None, false);
    check("nobody", Some(""), false);
    let rotated = acting(&world.accounts)
        .rotate_client_secret(world.account.id, site.client.id, [77; 32])
        .unwrap();
    check(&site.client.public_id, Some(secret), false);
    check(&site.client.public_id, rotated.secret.as_deref(), true);
    let none =
        acting(&world.accounts).rotate_client_secret(world.account.id, app.client.id, [1; 32]);
    assert!(matches!(none, Err(Error::Invalid(_))));
}

#[test]
fn what_a_client_may_be() {
    let (accounts, account) = with_account();
    let good = NewClient {
        name: "An app".into(),
        kind: ClientKind::Public,
        redirects: vec![REDIRECT.into()],
        scopes: [Scope::StatsRead].into(),
    };
    let check = |new: NewClient, expect: &[&str]| {
        let faults = match acting(&accounts).create_client(account.id, &new, [1; 32], [2; 32]) {
            Err(Error::Invalid(faults)) => faults,
            other => panic!("{other:?}"),
        };
        let told: Vec<String> = faults
            .iter()
            .map(|f| format!("{} {}", f.field, f.error))
            .collect();
        assert_eq!(told, expect, "{new:?}");
    };
    check(
        NewClient {
            name: " ".into(),
            ..good.clone()
        },
        &["name missing"],
    );
    check(
        NewClient {
            name: "moc.live\u{202E}".into(),
            ..good.clone()
        },
        &["name malformed"],
    );
    check(
        NewClient {
            scopes: Scopes::default(),
            ..good.clone()
        },
        &["scopes missing"],
    );
    check(
        NewClient {
            redirects: vec![],
            ..good.clone()
        },
        &["redirect_uris missing"],
    );
    check(
        NewClient {
            redirects: vec![SHOP.into(), "https://a@b.example/".into()],
            ..good.clone()
        },
        &["redirect_uris malformed", "redirect_uris malformed"],
    );
    check(
        NewClient {
            redirects: vec![REDIRECT.into(), REDIRECT.into()],
            ..good.clone()
        },
        &["redirect_uris repeated"],
    );
    check(
        NewClient {
            redirects: (0..21).map(|n| format!("https://x.example/{n}")).collect(),
            ..good.clone()
        },
        &["redirect_uris too_long"],
    );
    check(
        NewClient {
            kind: ClientKind::Plugin,
            ..good
        },
        &["type unknown_value"],
    );
}

#[test]
fn a_shop_is_approved_by_who_manages_access() {
    for (role, expect) in [
        (Role::Owner, true),
        (Role::Admin, true),
        (Role::Editor, false),
        (Role::Viewer, false),
    ] {
        let mut world = World::of(with_account(), role);
        let plugin = world.plugin();
        let authorization = world.authorization(&plugin, SHOP);
        assert_eq!(world.code_for(&authorization).is_ok(), expect, "{role}");
        let approved = |account: AccountId, redirect: &str| {
            let redirect = plugin.redirect(redirect).unwrap();
            world
                .accounts
                .is_approved_place(account, plugin.id, &redirect)
                .unwrap()
        };
        assert_eq!(approved(world.account.id, SHOP), expect);
        // Queries may differ; nothing else may.
        assert_eq!(
            approved(
                world.account.id,
                "http://SHOP.example.com:80/wp-admin/admin.php?x"
            ),
            expect
        );
        for other in [
            "https://shop.example.com/wp-admin/admin.php",
            "http://shop.example.com/wp-admin/",
            "http://shop.example.com:81/wp-admin/admin.php",
            "http://shop.example.com.evil.example/wp-admin/admin.php",
        ] {
            assert!(!approved(world.account.id, other), "{other}");
        }
        assert!(!approved(AccountId(2), SHOP));
        // From then on members without that right may connect the same shop.
        if expect {
            let viewer = member(
                &world.accounts,
                world.account.id,
                "v@example.com",
                Role::Viewer,
            );
            let viewers = world.accounts.acting(Actor::Person(viewer), NOW);
            viewers.authorize(&authorization, [99; 32]).unwrap();
            // A shop stays approved as long as a plug-in is connected there, whoever connected it.
            let owners = world.accounts.acting(Actor::Person(world.person), NOW);
            owners.revoke_grant(world.account.id, 1).unwrap();
            assert!(approved(world.account.id, SHOP));
            viewers.revoke_grant(world.account.id, 2).unwrap();
            assert!(
                approved(world.account.id, SHOP),
                "not a viewer's to withdraw"
            );
            owners.revoke_grant(world.account.id, 2).unwrap();
            assert!(!approved(world.account.id, SHOP));
            assert!(world.revoked()[0].ends_with("/wp-admin/admin.php is approved no more"));
            assert!(viewers.authorize(&authorization, [98; 32]).is_err());
        }
    }
}

#[test]
fn nobody_grants_what_is_not_his() {
    let mut world = World::new();
    let other = acting(&world.accounts)
        .create_account(&draft("Other"))
        .unwrap();
    let app = world.app.client.clone();
    let good = world.authorization(&app, REDIRECT);
    let refused = |world: &mut World, authorization: Authorization| {
        let outcome = world.code_for(&authorization);
        assert!(
            matches!(outcome, Err(Error::NotAllowed | Error::NoSuchAccount(_))),
            "{outcome:?}"
        );
    };
    refused(
        &mut world,
        Authorization {
            account: other.id,
            ..good.clone()
        },
    );
    refused(
        &mut world,
        Authorization {
            account: AccountId(99),
            ..good.clone()
        },
    );
    refused(
        &mut world,
        Authorization {
            scopes: Scopes::default(),
            ..good.clone()
        },
    );
    refused(
        &mut world,
        Authorization {
            challenge: None,
            ..good.clone()
        },
    );
    let elsewhere = world.plugin().redirect("https://evil.example/").unwrap();
    refused(
        &mut world,
        Authorization {
            redirect: elsewhere,
            ..good.clone()
        },
    );
    for actor in [
        Actor::Key(1),
        Actor::App(1),
        Actor::CommandLine,
        Actor::System,
    ] {
        let outcome = world.accounts.acting(actor, NOW).authorize(&good, [5; 32]);
        assert!(matches!(outcome, Err(Error::NotAllowed)), "{actor}");
    }
}

#[test]
fn what_is_told_of_a_token() {
    let mut world = World::new();
    let app = world.app.client.clone();
    let first = world.pair(&app);
    let state = |text: &str, at| world.accounts.token_state(text, at).unwrap();
    let access = state(&first.access, NOW).unwrap();
    assert_eq!(
        (access.kind, access.account, access.person),
        (TokenKind::Access, world.account.id, world.person)
    );
    assert_eq!(access.expires_at, NOW.plus(ACCESS_LIFE));
    assert_eq!(state(&first.refresh, NOW).unwrap().kind, TokenKind::Refresh);
    assert_eq!(state(&first.access, NOW.plus(ACCESS_LIFE)), None);
    for nothing in ["", "x", "afsa_at_x", &first.access[1..]] {
        assert_eq!(state(nothing, NOW), None);
    }
    world
        .accounts
        .refresh(&app, &first.refresh, None, [9; 32], NOW)
        .unwrap();
    assert_eq!(
        world.accounts.token_state(&first.refresh, NOW).unwrap(),
        None
    );
}

#[test]
fn grants_of_one_person_do_not_pile_up() {
    let mut world = World::new();
    let app = world.app.client.clone();
    let first = world.pair(&app);
    for _ in 0..50 {
        world.pair(&app);
    }
    assert_eq!(world.scopes(&first, NOW), Err(Refusal::Revoked));
    let grants = world.accounts.grants(world.account.id, NOW).unwrap();
    assert_eq!(grants.len(), 50);
    // Nothing ends that isn't told.
    let told = format!("app {}: newer ones took its place", first.grant);
    assert_eq!(world.revoked(), [told]);
}

#[test]
fn texts_are_nowhere_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(&folder.path().join("accounts.sqlite")).unwrap();
    let account = acting(&accounts).create_account(&draft("First")).unwrap();
    let mut world = World::of((accounts, account), Role::Owner);
    let site = world.site.client.clone();
    let code = world.code(&site, REDIRECT);
    let first = world.exchange(&site, &code, REDIRECT).unwrap();
    let second = world.refresh(&site, &first.refresh, NOW).unwrap();
    let secret = world.site.secret.clone().unwrap();
    let texts = [
        code,
        first.access,
        first.refresh,
        second.access,
        second.refresh,
        secret,
    ];
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for text in &texts {
            let secret = text.as_bytes().get("afsa_at_".len()..).unwrap();
            assert!(
                !bytes.windows(secret.len()).any(|window| window == secret),
                "{text:.8}"
            );
        }
    }
}
