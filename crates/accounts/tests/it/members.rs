use afsa_accounts::people::{AuditChoice, Member, MembershipChoice, Person, Right, Role};
use afsa_accounts::{
    AccountChange, Accounts, Actor, Error, GoalChange, NewKey, Part, Refusal, Scope, Scopes,
};
use afsa_model::{AccountId, DAY};

use crate::persons::{sign_up, with_operator};
use crate::{NOW, acting, draft};

/// An account with a member of each role.
struct Team {
    accounts: Accounts,
    account: AccountId,
    operator: Person,
    owner: Person,
    admin: Person,
    editor: Person,
    viewer: Person,
    stranger: Person,
}

impl Team {
    fn new() -> Team {
        let (accounts, operator) = with_operator();
        let person = |name: &str| sign_up(&accounts, &format!("{name}@example.com"));
        let [owner, admin, editor, viewer, stranger] =
            ["owner", "admin", "editor", "viewer", "stranger"].map(person);
        let by_owner = accounts.acting(Actor::Person(owner.id), NOW);
        let account = by_owner.create_account(&draft("First")).unwrap().id;
        for (person, role) in [
            (&admin, Role::Admin),
            (&editor, Role::Editor),
            (&viewer, Role::Viewer),
        ] {
            acting(&accounts)
                .add_member(account, person.id, role)
                .unwrap();
        }
        Team {
            accounts,
            account,
            operator,
            owner,
            admin,
            editor,
            viewer,
            stranger,
        }
    }

    fn actors(&self) -> [(&'static str, Actor); 8] {
        [
            ("operator", Actor::Person(self.operator.id)),
            ("owner", Actor::Person(self.owner.id)),
            ("admin", Actor::Person(self.admin.id)),
            ("editor", Actor::Person(self.editor.id)),
            ("viewer", Actor::Person(self.viewer.id)),
            ("stranger", Actor::Person(self.stranger.id)),
            ("key", Actor::Key(1)),
            ("share", Actor::Share(1)),
        ]
    }
}

fn is_refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> bool {
    match outcome {
        Ok(_) => false,
        Err(Error::NotAllowed) => true,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn what_each_may_change() {
    type Attempt = fn(&Accounts, Actor, AccountId) -> bool;
    let edit: Attempt = |accounts, actor, account| {
        let goal = GoalChange {
            name: Some(format!("By {actor}")),
            matches: Some("[]".into()),
            ..GoalChange::default()
        };
        !is_refused(accounts.acting(actor, NOW).create_goal(account, &goal))
    };
    let settings: Attempt = |accounts, actor, account| {
        let change = AccountChange {
            name: Some(format!("By {actor}")),
            ..AccountChange::default()
        };
        !is_refused(accounts.acting(actor, NOW).update_account(account, &change))
    };
    let access: Attempt = |accounts, actor, account| {
        let key = NewKey {
            name: "key".into(),
            scopes: Scopes::from([Scope::StatsRead]),
            expires_at: None,
        };
        let mut secret = [7; 32];
        secret[0] = u8::try_from(actor.to_string().len()).unwrap();
        secret[1] = actor.to_string().bytes().last().unwrap();
        !is_refused(
            accounts
                .acting(actor, NOW)
                .create_key(account, &key, secret),
        )
    };
    let invite_admin: Attempt = |accounts, actor, account| {
        let acting = accounts.acting(actor, NOW);
        let secret = [actor.to_string().bytes().last().unwrap(); 32];
        !is_refused(acting.create_invitation(account, "new@example.com", Role::Admin, secret))
    };
    let invite_owner: Attempt = |accounts, actor, account| {
        let acting = accounts.acting(actor, NOW);
        let secret = [actor.to_string().bytes().last().unwrap() + 100; 32];
        !is_refused(acting.create_invitation(account, "new@example.com", Role::Owner, secret))
    };
    let team = Team::new();
    let check = |what: &str, attempt: Attempt, expect: &[&str]| {
        let may: Vec<&str> = team
            .actors()
            .into_iter()
            .filter(|(_, actor)| attempt(&team.accounts, *actor, team.account))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(may, expect, "{what}");
    };
    check(
        "goals",
        edit,
        &["operator", "owner", "admin", "editor", "key"],
    );
    check("settings", settings, &["operator", "owner", "admin", "key"]);
    check("keys", access, &["operator", "owner", "admin", "key"]);
    check(
        "admins",
        invite_admin,
        &["operator", "owner", "admin", "key"],
    );
    check("owners", invite_owner, &["operator", "owner"]);
    // What isn't there is to people like what isn't theirs.
    let nowhere = AccountId(99);
    let by_stranger = team.accounts.acting(Actor::Person(team.stranger.id), NOW);
    assert!(is_refused(
        by_stranger.update_account(nowhere, &AccountChange::default())
    ));
}

#[test]
fn roles_and_their_scopes() {
    let scopes = |role: Role| role.scopes().to_string();
    assert_eq!(Role::Owner.scopes(), Scopes::all());
    assert_eq!(Role::Admin.scopes(), Scopes::all());
    assert_eq!(
        scopes(Role::Editor),
        "account:read stats:read visitors:read orders:read export:read collect:write"
    );
    assert_eq!(scopes(Role::Viewer), "account:read stats:read");
    for (more, less) in Role::ALL.iter().zip(&Role::ALL[1..]) {
        assert!(more.scopes().includes(less.scopes()), "{more} {less}");
        for right in [Right::EditThings, Right::ChangeSettings, Right::ReadAudit] {
            assert!(more.may(right) || !less.may(right), "{more} {less}");
        }
    }
    for role in Role::ALL {
        assert_eq!(role.to_string().parse(), Ok(role));
        assert!(Role::Owner.may_give(role));
        assert_eq!(Role::Admin.may_give(role), role != Role::Owner);
        assert!(!Role::Editor.may_give(role));
    }
}

#[test]
fn who_changes_whose_role() {
    let team = Team::new();
    let change = |by: &Person, of: &Person, role: Role| {
        let acting = team.accounts.acting(Actor::Person(by.id), NOW);
        acting.change_role(team.account, of.id, role)
    };
    assert!(is_refused(change(&team.admin, &team.owner, Role::Viewer)));
    assert!(is_refused(change(&team.admin, &team.editor, Role::Owner)));
    assert!(is_refused(change(&team.admin, &team.admin, Role::Owner)));
    assert!(is_refused(change(&team.editor, &team.viewer, Role::Editor)));
    assert!(is_refused(change(&team.viewer, &team.viewer, Role::Owner)));
    assert!(is_refused(change(
        &team.stranger,
        &team.viewer,
        Role::Viewer
    )));
    assert_eq!(
        change(&team.admin, &team.viewer, Role::Admin).unwrap().role,
        Role::Admin
    );
    assert!(matches!(
        change(&team.owner, &team.owner, Role::Admin),
        Err(Error::LastOwner(_))
    ));
    assert_eq!(
        change(&team.owner, &team.admin, Role::Owner).unwrap().role,
        Role::Owner
    );
    assert_eq!(
        change(&team.owner, &team.owner, Role::Viewer).unwrap().role,
        Role::Viewer
    );
    assert!(matches!(
        change(&team.admin, &team.stranger, Role::Viewer),
        Err(Error::NotFound { kind: "member", .. })
    ));
}

#[test]
fn members_go_but_not_the_last_owner() {
    let team = Team::new();
    let remove = |by: &Person, of: &Person| {
        let acting = team.accounts.acting(Actor::Person(by.id), NOW);
        acting.remove_member(team.account, of.id)
    };
    assert!(is_refused(remove(&team.admin, &team.owner)));
    assert!(is_refused(remove(&team.editor, &team.viewer)));
    assert!(is_refused(remove(&team.stranger, &team.viewer)));
    assert!(is_refused(remove(&team.stranger, &team.stranger)));
    remove(&team.viewer, &team.viewer).unwrap();
    remove(&team.admin, &team.editor).unwrap();
    assert!(matches!(
        remove(&team.owner, &team.owner),
        Err(Error::LastOwner(_))
    ));
    let by_command = acting(&team.accounts).remove_member(team.account, team.owner.id);
    assert!(matches!(by_command, Err(Error::LastOwner(_))));
    let left = team.accounts.members(team.account).unwrap();
    let left: Vec<i64> = left.iter().map(|member: &Member| member.person).collect();
    assert_eq!(left, [team.owner.id, team.admin.id]);
    let editor = Actor::Person(team.editor.id);
    let still = team
        .accounts
        .acting(editor, NOW)
        .delete_goal(team.account, 1);
    assert!(is_refused(still));
}

#[test]
fn two_owners_cannot_go_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    for round in 0..10 {
        let team = Team::new();
        let promote = team.accounts.acting(Actor::Person(team.owner.id), NOW);
        promote
            .change_role(team.account, team.admin.id, Role::Owner)
            .unwrap();
        let path = path.with_extension(round.to_string());
        team.accounts.back_up(&path).unwrap();
        let gone = std::thread::scope(|scope| {
            let leave = |person: i64| {
                let (path, account) = (&path, team.account);
                scope.spawn(move || {
                    let accounts = Accounts::open(path).unwrap();
                    let acting = accounts.acting(Actor::Person(person), NOW);
                    match person % 2 {
                        0 => acting.remove_member(account, person).is_ok(),
                        _ => acting.change_role(account, person, Role::Viewer).is_ok(),
                    }
                })
            };
            let both = [leave(team.owner.id), leave(team.admin.id)];
            both.map(|it| it.join().unwrap())
        });
        assert_eq!(gone.iter().filter(|gone| **gone).count(), 1, "{gone:?}");
        let members = Accounts::open(&path)
            .unwrap()
            .members(team.account)
            .unwrap();
        let owners = members.iter().filter(|member| member.role == Role::Owner);
        assert_eq!(owners.count(), 1);
    }
}

#[test]
fn accounts_of_a_person() {
    let team = Team::new();
    let other = acting(&team.accounts)
        .create_account(&draft("Other"))
        .unwrap()
        .id;
    let of = |person: &Person| -> Vec<(u32, Role)> {
        let all = MembershipChoice::default();
        let all = team.accounts.accounts_of(person.id, &all).unwrap();
        assert_eq!(all.total as usize, all.rows.len());
        all.rows
            .iter()
            .map(|it| (it.account.id.0, it.role))
            .collect()
    };
    let first = team.account.0;
    assert_eq!(
        of(&team.operator),
        [(first, Role::Owner), (other.0, Role::Owner)]
    );
    assert_eq!(of(&team.owner), [(first, Role::Owner)]);
    assert_eq!(of(&team.viewer), [(first, Role::Viewer)]);
    assert_eq!(of(&team.stranger), []);
    let role = |person: &Person| team.accounts.role(team.account, person.id).unwrap();
    assert_eq!(role(&team.editor), Some(Role::Editor));
    assert_eq!(role(&team.stranger), None);
    acting(&team.accounts)
        .disable_person(team.editor.id)
        .unwrap();
    assert_eq!(role(&team.editor), None);
    let again = acting(&team.accounts).add_member(team.account, team.viewer.id, Role::Admin);
    assert!(matches!(
        again,
        Err(Error::NameTaken { kind: "member", .. })
    ));
    let by_key = team.accounts.acting(Actor::Key(1), NOW);
    assert!(is_refused(by_key.add_member(
        team.account,
        team.stranger.id,
        Role::Viewer
    )));
    assert!(is_refused(by_key.create_account(&draft("By key"))));
}

#[test]
fn some_of_many_accounts() {
    let team = Team::new();
    for number in 2..=40 {
        let name = if number == 7 {
            "Éditions d'Été"
        } else {
            "One of many"
        };
        let made = acting(&team.accounts).create_account(&draft(name)).unwrap();
        assert_eq!(made.id.0, number);
        if number % 2 == 0 {
            let viewer = team.viewer.id;
            acting(&team.accounts)
                .add_member(made.id, viewer, Role::Admin)
                .unwrap();
        }
    }
    let check = |person: &Person, choice: MembershipChoice<'_>, expect: (&[u32], u32)| {
        let found = team.accounts.accounts_of(person.id, &choice).unwrap();
        let ids: Vec<u32> = found.rows.iter().map(|it| it.account.id.0).collect();
        assert_eq!((ids.as_slice(), found.total), expect, "{choice:?}");
    };
    let part = |offset, limit| MembershipChoice {
        part: Part { offset, limit },
        ..Default::default()
    };
    check(&team.operator, part(0, 3), (&[1, 2, 3], 40));
    check(&team.operator, part(39, 3), (&[40], 40));
    check(&team.operator, part(40, 3), (&[], 40));
    check(&team.viewer, part(0, 3), (&[1, 2, 4], 21));
    let of_right = MembershipChoice {
        right: Some(Right::ManageAccess),
        ..part(0, 2)
    };
    check(&team.viewer, of_right, (&[2, 4], 20));
    let search = |search| MembershipChoice {
        search,
        ..part(0, 2)
    };
    check(&team.operator, search(" éditions D'ÉTÉ "), (&[7], 1));
    check(&team.viewer, search("éditions"), (&[], 0));
    check(&team.operator, search("MANY"), (&[2, 3], 38));
    check(&team.operator, search("00000009"), (&[9], 1));
    check(&team.operator, search("9"), (&[9], 1));
    check(&team.operator, search("%"), (&[], 0));
    check(&team.operator, search("' OR 1=1 --"), (&[], 0));
    check(&team.stranger, search(""), (&[], 0));
}

#[test]
fn persons_by_a_part_of_name_or_email() {
    let team = Team::new();
    let check = |text: &str, expect: &[&str]| {
        let part = Part {
            offset: 0,
            limit: 2,
        };
        let found = team.accounts.persons_called(text, part).unwrap();
        let emails: Vec<&str> = found.rows.iter().map(|it| it.email.as_str()).collect();
        assert_eq!(emails, expect, "{text}");
        found.total
    };
    let all = check("", &[&team.operator.email, &team.owner.email]);
    assert_eq!(all as usize, team.accounts.persons().unwrap().len());
    assert_eq!(
        check(&team.viewer.email.to_uppercase(), &[&team.viewer.email]),
        1
    );
    assert_eq!(check("nobody at all", &[]), 0);
}

#[test]
fn an_invitation_is_for_one_person_and_seven_days() {
    let team = Team::new();
    let by_admin = team.accounts.acting(Actor::Person(team.admin.id), NOW);
    let invite = |email: &str, role: Role, secret: u8| {
        by_admin.create_invitation(team.account, email, role, [secret; 32])
    };
    let accept = |person: &Person, text: &str, later: i64| {
        let acting = team
            .accounts
            .acting(Actor::Person(person.id), NOW.plus(later));
        acting.accept_invitation(text)
    };
    assert!(matches!(
        invite("nonsense", Role::Viewer, 1),
        Err(Error::Invalid(_))
    ));
    assert!(matches!(
        invite("EDITOR@example.com", Role::Viewer, 1),
        Err(Error::NameTaken { kind: "member", .. })
    ));
    let old = invite("stranger@example.com", Role::Viewer, 2).unwrap();
    let new = invite("Stranger@Example.com", Role::Editor, 3).unwrap();
    assert_eq!(
        team.accounts.invitations(team.account).unwrap(),
        std::slice::from_ref(&new.invitation)
    );
    let unknown = |outcome| matches!(outcome, Err(Error::Refused(Refusal::Unknown)));
    assert!(unknown(accept(&team.stranger, &old.text, 0)));
    assert!(unknown(accept(&team.stranger, "afsa_in_nonsense", 0)));
    // Forwarded, it lets nobody else in; nor does who made it accept it.
    assert!(is_refused(accept(&team.operator, &new.text, 0)));
    let by_key = team.accounts.acting(Actor::Key(1), NOW);
    assert!(is_refused(by_key.accept_invitation(&new.text)));
    assert!(matches!(
        accept(&team.stranger, &new.text, 7 * DAY),
        Err(Error::Refused(Refusal::Expired))
    ));
    let shown = team.accounts.invitation_of(&new.text, NOW).unwrap();
    assert_eq!((shown.role, shown.account), (Role::Editor, team.account));
    let member = accept(&team.stranger, &new.text, 7 * DAY - 1).unwrap();
    assert_eq!(
        (member.person, member.role),
        (team.stranger.id, Role::Editor)
    );
    assert!(unknown(accept(&team.stranger, &new.text, 0)));
    assert_eq!(team.accounts.invitations(team.account).unwrap(), []);
}

#[test]
fn an_invitation_is_withdrawn() {
    let team = Team::new();
    let other = acting(&team.accounts)
        .create_account(&draft("Other"))
        .unwrap()
        .id;
    let by = |actor: Actor| team.accounts.acting(actor, NOW);
    let owners = by(Actor::Person(team.owner.id))
        .create_invitation(team.account, "new@example.com", Role::Owner, [1; 32])
        .unwrap();
    let id = owners.invitation.id;
    assert!(is_refused(
        by(Actor::Person(team.admin.id)).withdraw_invitation(team.account, id)
    ));
    assert!(is_refused(
        by(Actor::Key(1)).withdraw_invitation(team.account, id)
    ));
    assert!(matches!(
        acting(&team.accounts).withdraw_invitation(other, id),
        Err(Error::NotFound { .. })
    ));
    by(Actor::Person(team.owner.id))
        .withdraw_invitation(team.account, id)
        .unwrap();
    let person = sign_up(&team.accounts, "new@example.com");
    let late = by(Actor::Person(person.id)).accept_invitation(&owners.text);
    assert!(matches!(late, Err(Error::Refused(Refusal::Unknown))));
}

#[test]
fn an_invitation_accepted_by_two_at_once_is_accepted_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let team = Team::new();
    let created = acting(&team.accounts)
        .create_invitation(team.account, "stranger@example.com", Role::Viewer, [1; 32])
        .unwrap();
    team.accounts.back_up(&path).unwrap();
    let accepted = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|_| {
                let (path, text, person) = (&path, &created.text, team.stranger.id);
                scope.spawn(move || {
                    let accounts = Accounts::open(path).unwrap();
                    let acting = accounts.acting(Actor::Person(person), NOW);
                    acting.accept_invitation(text).is_ok()
                })
            })
            .collect();
        runs.into_iter()
            .map(|run| run.join().unwrap())
            .filter(|ok| *ok)
            .count()
    });
    assert_eq!(accepted, 1);
    let accounts = Accounts::open(&path).unwrap();
    let told = accounts
        .audit(Some(team.account), AuditChoice::default(), 100)
        .unwrap();
    let accepted = told
        .iter()
        .filter(|entry| entry.action == "invitation.accepted");
    assert_eq!(accepted.count(), 1);
}
