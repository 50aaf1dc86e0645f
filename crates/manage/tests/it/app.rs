//! Pages over accounts in memory, and people with different roles.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use afsa_accounts::people::{NewPerson, Role, SignIn};
use afsa_accounts::{AccountChange, Accounts, Actor};
use afsa_http::{Clock, Randomness};
use afsa_mail::{Carrier, Mailer};
use afsa_manage::{Pages, SignUp, router};
use afsa_model::{AccountId, Timestamp};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// 2026-11-02T10:00:00Z, a Monday.
pub const NOW: Timestamp = Timestamp(1_793_613_600_000);
pub const PASSWORD: &str = "correct horse battery";

pub struct App {
    pub router: Router,
    pub accounts: Arc<Accounts>,
    pub mailer: Arc<Mailer>,
    pub outbox: tempfile::TempDir,
    pub clock: Arc<Hands>,
    pub account: AccountId,
    random: Arc<Counting>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl App {
    /// With an operator, who owns one account.
    pub fn new() -> App {
        App::at("http://stats.example.com", SignUp::Open)
    }

    pub fn at(address: &str, sign_up: SignUp) -> App {
        let accounts = Arc::new(Accounts::in_memory().unwrap());
        let outbox = tempfile::tempdir().unwrap();
        let carrier = Carrier::folder(outbox.path());
        let elapsed = Arc::new(|| Duration::ZERO);
        let mailer = Arc::new(Mailer::new(carrier, "afsa@example.com", elapsed).unwrap());
        let clock = Arc::new(Hands::default());
        let random = Arc::new(Counting::default());
        let router = router(Pages {
            accounts: accounts.clone(),
            mailer: mailer.clone(),
            clock: clock.clone(),
            randomness: random.clone(),
            address: address.into(),
            sign_up,
        });
        let token = accounts.setup_token(random.bytes(), NOW).unwrap();
        let operator = person("operator");
        accounts
            .set_up(&token, &operator, PASSWORD, random.bytes(), NOW)
            .unwrap();
        let draft = AccountChange {
            name: Some("Shop".into()),
            url: Some("https://shop.example.com/".into()),
            ..AccountChange::default()
        };
        let acting = accounts.acting(Actor::Person(1), NOW);
        let account = acting.create_account(&draft).unwrap().id;
        App {
            router,
            accounts,
            mailer,
            outbox,
            clock,
            account,
            random,
        }
    }

    /// Makes a person, as a member if a role is given, and answers the text of a session.
    pub fn session_of(&self, name: &str, role: Option<Role>) -> String {
        let random = || self.random.bytes();
        if name != "operator" {
            let made = self
                .accounts
                .sign_up(&person(name), PASSWORD, random(), NOW)
                .unwrap();
            if let Some(role) = role {
                let acting = self.accounts.acting(Actor::CommandLine, NOW);
                acting.add_member(self.account, made.id, role).unwrap();
            }
        }
        let email = person(name).email;
        match self.accounts.sign_in(&email, PASSWORD, "", random(), NOW) {
            Ok(SignIn::SignedIn(session)) => session.text,
            other => panic!("{other:?}"),
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub async fn get(&self, path: &str, session: Option<&str>) -> Answer {
        let mut request = Request::get(path);
        if let Some(session) = session {
            request = request.header("cookie", format!("afsa_session={session}"));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// The whole text of every letter that was written so far. No more are taken after.
    pub fn letters(&self) -> Vec<String> {
        self.mailer.close();
        let files = std::fs::read_dir(self.outbox.path()).unwrap();
        files
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
            .map(|text| text.replace("=\r\n", "").replace("=3D", "="))
            .collect()
    }

    /// As a browser sends a form of the server's own page.
    pub async fn post(&self, path: &str, session: Option<&str>, form: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        if let Some(session) = session {
            request = request.header("cookie", format!("afsa_session={session}"));
        }
        self.send(request.body(Body::from(encoded(form))).unwrap())
            .await
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// What stands in a hidden field or an attribute of the page.
    pub fn value_after(&self, mark: &str) -> &str {
        let rest = self.text.split(mark).nth(1);
        let rest = rest.unwrap_or_else(|| panic!("no {mark} in {}", self.text));
        rest.split(['"', '<']).next().unwrap()
    }

    pub fn cookies(&self) -> Vec<&str> {
        let cookies = self.headers.get_all("set-cookie").iter();
        cookies.map(|cookie| cookie.to_str().unwrap()).collect()
    }
}

pub fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

fn person(name: &str) -> NewPerson {
    NewPerson {
        email: format!("{name}@example.com"),
        name: name.into(),
        language: "en".into(),
    }
}

/// A clock that is put on by hand.
#[derive(Default)]
pub struct Hands(pub Mutex<Duration>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        let passed = self.elapsed().as_millis();
        NOW.plus(i64::try_from(passed).unwrap())
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

/// Never the same bytes twice.
#[derive(Default)]
struct Counting(AtomicU8);

impl Randomness for Counting {
    fn bytes(&self) -> [u8; 32] {
        [self.0.fetch_add(1, Ordering::Relaxed); 32]
    }
}
