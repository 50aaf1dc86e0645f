use afsa_accounts::people::{Role, Session};
use afsa_accounts::{Accounts, Credential, Error, Refusal, Scope, Scopes};
use afsa_model::{AccountId, HOUR, Timestamp};

use crate::persons::{sign_up, signed_in, with_operator};
use crate::{NOW, acting, draft};

/// A shop, another one that is nobody's, and a viewer of the first who is signed in.
struct Shop {
    accounts: Accounts,
    account: AccountId,
    viewer: i64,
    session: Session,
}

impl Shop {
    fn new() -> Shop {
        let (accounts, _) = with_operator();
        let account = acting(&accounts).create_account(&draft("Shop")).unwrap().id;
        acting(&accounts).create_account(&draft("Other")).unwrap();
        let viewer = sign_up(&accounts, "viewer@example.com").id;
        acting(&accounts)
            .add_member(account, viewer, Role::Viewer)
            .unwrap();
        let session = signed_in(&accounts, "viewer@example.com", 4).session;
        Shop {
            accounts,
            account,
            viewer,
            session,
        }
    }

    fn look(&self) -> String {
        let look = self
            .accounts
            .look(&self.session, self.account, NOW, [5; 32])
            .unwrap();
        assert!(look.token.starts_with("afsa_lo_"));
        assert_eq!(look.expires_at, NOW.plus(HOUR));
        look.token
    }

    fn refusal(&self, token: &str, at: Timestamp) -> Option<Refusal> {
        match self.accounts.authenticate(token, at) {
            Ok(_) => None,
            Err(Error::Refused(refusal)) => Some(refusal),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_look_reads_figures_of_one_account_and_nothing_else() {
    let shop = Shop::new();
    let principal = shop.accounts.authenticate(&shop.look(), NOW).unwrap();
    assert_eq!(principal.account, shop.account);
    assert_eq!(principal.scopes, Scopes::from([Scope::StatsRead]));
    let session = shop.session.id;
    assert_eq!(
        principal.credential,
        Credential::Look {
            person: shop.viewer,
            session
        }
    );
    let other = shop
        .accounts
        .look(&shop.session, AccountId(2), NOW, [6; 32]);
    assert!(matches!(other, Err(Error::NotAllowed)));
    let awaiting = Session {
        awaits_second_factor: true,
        ..shop.session.clone()
    };
    let half = shop.accounts.look(&awaiting, shop.account, NOW, [6; 32]);
    assert!(matches!(half, Err(Error::NotAllowed)));
}

#[test]
fn a_look_is_over_with_its_hour_session_person_or_membership() {
    let check = |end: &dyn Fn(&Shop), expect: Option<Refusal>| {
        let shop = Shop::new();
        let token = shop.look();
        end(&shop);
        assert_eq!(shop.refusal(&token, NOW.plus(HOUR - 1)), expect);
        assert!(shop.refusal(&token, NOW.plus(HOUR)).is_some());
    };
    check(&|_| (), None);
    check(
        &|shop| {
            shop.accounts
                .end_session(shop.viewer, shop.session.id)
                .unwrap()
        },
        Some(Refusal::Unknown),
    );
    check(
        &|shop| {
            let owner = acting(&shop.accounts);
            owner.remove_member(shop.account, shop.viewer).unwrap();
        },
        Some(Refusal::Revoked),
    );
    check(
        &|shop| {
            let owner = acting(&shop.accounts);
            owner.disable_person(shop.viewer).unwrap();
        },
        Some(Refusal::Unknown),
    );
    let shop = Shop::new();
    shop.accounts
        .end_session(shop.viewer, shop.session.id)
        .unwrap();
    let late = shop
        .accounts
        .look(&shop.session, shop.account, NOW, [6; 32]);
    assert!(matches!(late, Err(Error::Refused(Refusal::Expired))));
}
