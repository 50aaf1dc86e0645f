//! Credentials as people come by them: apps that were let in, links that were opened, sessions.

use std::cell::Cell;

use afsa_accounts::oauth::{
    Authorization, Client, ClientKind, CodeExchange, CreatedClient, NewClient, TokenPair,
};
use afsa_accounts::people::{Purpose, Role, ShareChange, ShareOpening, SignIn};
use afsa_accounts::{Acting, Actor, Scopes};
use afsa_model::{AccountId, Timestamp};

use crate::app::{App, NOW};

const REDIRECT: &str = "https://app.example.com/callback";

/// Hands them out.
pub struct Issuer<'a> {
    pub app: &'a App,
    count: Cell<u32>,
}

/// An app, the person who let it in, and what it got.
pub struct Connection {
    pub person: i64,
    pub client: Client,
    pub client_secret: String,
    pub code: String,
    pub pair: TokenPair,
}

/// A link to an account's figures.
pub struct Link {
    pub id: i64,
    pub key: String,
}

impl<'a> Issuer<'a> {
    pub fn new(app: &'a App) -> Issuer<'a> {
        // The first person of an installation is its operator, whom nothing is kept from.
        app.member("first@example.com", Role::Viewer);
        Issuer {
            app,
            count: Cell::new(0),
        }
    }

    /// Never the same bytes twice.
    fn random(&self) -> [u8; 32] {
        self.count.set(self.count.get() + 1);
        let mut bytes = [200; 32];
        bytes[..4].copy_from_slice(&self.count.get().to_be_bytes());
        bytes
    }

    pub fn acting(&self, at: Timestamp) -> Acting<'_> {
        self.app.accounts.acting(Actor::CommandLine, at)
    }

    /// An owner of the account lets in an app, which gets its tokens at that moment.
    pub fn connect(&self, account: AccountId, scopes: Scopes, at: Timestamp) -> Connection {
        let email = format!("person{}@example.com", self.count.get());
        let person = self.app.member_of(account, &email, Role::Owner).id;
        let new = NewClient {
            name: "An app".into(),
            kind: ClientKind::Confidential,
            redirects: vec![REDIRECT.into()],
            scopes: Scopes::all(),
        };
        let created = self
            .acting(at)
            .create_client(account, &new, self.random(), self.random());
        let CreatedClient { client, secret } = created.unwrap();
        let authorization = Authorization {
            client: client.id,
            account,
            redirect: client.redirect(REDIRECT).unwrap(),
            scopes,
            challenge: None,
        };
        let accounts = &self.app.accounts;
        let code = accounts
            .acting(Actor::Person(person), at)
            .authorize(&authorization, self.random())
            .unwrap();
        let exchange = CodeExchange {
            code: &code,
            redirect: REDIRECT,
            verifier: None,
        };
        let pair = accounts.exchange_code(&client, exchange, self.random(), at);
        Connection {
            person,
            client,
            client_secret: secret.unwrap(),
            pair: pair.unwrap(),
            code,
        }
    }

    pub fn refresh(&self, connection: &Connection, at: Timestamp) -> Option<TokenPair> {
        let (client, refresh) = (&connection.client, &connection.pair.refresh);
        let accounts = &self.app.accounts;
        accounts
            .refresh(client, refresh, None, self.random(), at)
            .ok()
    }

    /// A link that was made yesterday.
    pub fn share(&self, account: AccountId, expires_at: Option<Timestamp>) -> Link {
        let draft = ShareChange {
            name: Some("A link".into()),
            expires_at: Some(expires_at),
            ..ShareChange::default()
        };
        let yesterday = NOW.plus(-86_400_000);
        let made =
            self.acting(yesterday)
                .create_share(account, &draft, self.random(), self.random());
        let made = made.unwrap();
        Link {
            id: made.share.id,
            key: made.text,
        }
    }

    /// What a link gives to whoever opens it at that moment.
    pub fn open(&self, link: &Link, at: Timestamp) -> String {
        let accounts = &self.app.accounts;
        match accounts.open_share(&link.key, None, at, self.random()) {
            Ok(ShareOpening::Opened(opened)) => opened.token,
            other => panic!("{other:?}"),
        }
    }

    /// What the browser holds of an owner of the account who is signed in.
    pub fn session(&self, account: AccountId) -> String {
        let email = format!("person{}@example.com", self.count.get());
        let person = self.app.member_of(account, &email, Role::Owner).id;
        let (accounts, password) = (&self.app.accounts, "correct horse battery");
        let token = self
            .acting(NOW)
            .invite_to_choose_password(person, Purpose::Welcome, self.random())
            .unwrap();
        accounts
            .reset_password(&token, password, self.random(), NOW)
            .unwrap();
        match accounts.sign_in(&email, password, "a browser", self.random(), NOW) {
            Ok(SignIn::SignedIn(session)) => session.text,
            other => panic!("{other:?}"),
        }
    }
}
