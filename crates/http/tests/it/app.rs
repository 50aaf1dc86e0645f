//! An application over a store in memory, and callers that hold different credentials.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use afsa_accounts::people::{NewPerson, Person, Role};
use afsa_accounts::{AccountChange, Accounts, Actor, NewKey, Scope, Scopes};
use afsa_http::{
    Clock, CollectError, Collector, Demo, HitForm, Import, ImportForm, ImportState, Limits, Peer,
    Randomness, Receipt, RejectedHit, Services, Upload, router,
};
use afsa_model::{AccountId, Client, Hit, HitKind, PageContext, Timestamp, VisitorKey, text};
use afsa_store::conformance::draft::Draft;
use afsa_store::reference::ReferenceStore;
use afsa_store::{Arrival, Identity, Store};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use futures_util::future::BoxFuture;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::{promise, shop};

/// 2026-11-02T10:00:00Z, a Monday.
pub const NOW: Timestamp = Timestamp(1_793_613_600_000);

pub struct App {
    pub router: Router,
    pub accounts: Arc<Accounts>,
    pub collector: Arc<Notebook>,
    /// Has data.
    pub account: AccountId,
    /// Has none.
    pub other: AccountId,
    /// Of `account`, with every scope.
    pub key: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl App {
    pub fn new() -> App {
        App::with_limits(unlimited())
    }

    /// With a shop's orders beside the page views.
    pub fn of_shop() -> App {
        let arrivals = page_views().into_iter().chain(shop::arrivals());
        App::with(unlimited(), arrivals.collect(), None)
    }

    /// Whose first account has these hits and no others.
    pub fn of_hits(drafts: impl IntoIterator<Item = Draft>) -> App {
        let arrivals = drafts.into_iter().map(|draft| draft.0);
        App::with(unlimited(), arrivals.collect(), None)
    }

    pub fn with_limits(limits: Limits) -> App {
        App::with(limits, page_views(), None)
    }

    /// Whose first account everybody may look at with this token.
    pub fn of_demo(token: &str) -> App {
        let demo = Demo {
            account: AccountId(1),
            words: vec!["WPDEMO".into(), "PSHOPDEMO".into()],
            token: token.into(),
        };
        App::with(unlimited(), page_views(), Some(demo))
    }

    fn with(limits: Limits, arrivals: Vec<Arrival>, demo: Option<Demo>) -> App {
        let accounts = Arc::new(Accounts::in_memory().unwrap());
        let make = |name: &str| {
            let draft = AccountChange {
                name: Some(name.into()),
                url: Some("https://shop.example.com/".into()),
                timezone: Some("Europe/Paris".into()),
                ..AccountChange::default()
            };
            accounts
                .acting(Actor::CommandLine, NOW)
                .create_account(&draft)
                .unwrap()
                .id
        };
        let (account, other) = (make("First"), make("Other"));
        let store = ReferenceStore::new();
        for id in [account, other] {
            store.configure(id, &accounts.account(id).unwrap().settings);
        }
        store.submit(
            account,
            arrivals,
            Box::new(|outcome| drop(outcome.unwrap())),
        );
        let collector = Arc::new(Notebook::default());
        let services = Services {
            accounts: accounts.clone(),
            store: Arc::new(store),
            collector: collector.clone(),
            clock: Arc::new(Stopped),
            randomness: Arc::new(Counting::default()),
            is_trusted_proxy: Arc::new(|address: IpAddr| address.is_loopback()),
            limits,
            pages: Router::new(),
            demo,
            public_url: "https://stats.example.com".into(),
        };
        let router = router(services);
        let mut app = App {
            router,
            accounts,
            collector,
            account,
            other,
            key: String::new(),
        };
        app.key = app.key_with(account, Scopes::all());
        app
    }

    /// A new key of an account.
    pub fn key_with(&self, account: AccountId, scopes: impl Into<Scopes>) -> String {
        self.key_until(account, scopes.into(), None)
    }

    pub fn key_until(
        &self,
        account: AccountId,
        scopes: Scopes,
        expires_at: Option<Timestamp>,
    ) -> String {
        let count = self.accounts.keys(account).unwrap().len();
        let mut secret = [u8::try_from(account.0).unwrap(); 32];
        secret[1] = u8::try_from(count).unwrap();
        let key = NewKey {
            name: "test".into(),
            scopes,
            expires_at,
        };
        let created_at = NOW.plus(-1_000_000);
        self.accounts
            .acting(Actor::CommandLine, created_at)
            .create_key(account, &key, secret)
            .unwrap()
            .text
    }

    /// A new person, member of the account; the first of the installation is its operator.
    pub fn member(&self, email: &str, role: Role) -> Person {
        self.member_of(self.account, email, role)
    }

    /// The same, of this account.
    pub fn member_of(&self, account: AccountId, email: &str, role: Role) -> Person {
        let acting = self.accounts.acting(Actor::CommandLine, NOW);
        if !self.accounts.has_people().unwrap() {
            acting
                .create_person(&person("operator@example.com"))
                .unwrap();
        }
        let person = acting.create_person(&person(email)).unwrap();
        acting.add_member(account, person.id, role).unwrap();
        person
    }

    /// Answers as any client would be; the document must tell of such an answer.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        promise::check(method.as_str(), &path, head.status, &head.headers, &bytes);
        Answer {
            status: head.status,
            headers: head.headers,
            bytes,
        }
    }

    /// With the key of every scope.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, Some(&self.key), None)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(request("POST", path, Some(&self.key), Some(body)))
            .await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(request("PUT", path, Some(&self.key), Some(body)))
            .await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(request("PATCH", path, Some(&self.key), Some(body)))
            .await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(request("DELETE", path, Some(&self.key), None))
            .await
    }
}

fn person(email: &str) -> NewPerson {
    NewPerson {
        email: email.into(),
        name: "Somebody".into(),
        language: "en".into(),
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// The problem of a request that is not valid, or that is and means nothing.
    #[track_caller]
    pub fn refused(self) -> Value {
        match self.status.as_u16() {
            422 => self.problem(422, "unprocessable"),
            _ => self.problem(400, "invalid_request"),
        }
    }

    /// The problem, which must have this status and word.
    #[track_caller]
    pub fn problem(self, status: u16, word: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["error"], word, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["error_description"], problem["detail"]);
        problem
    }
}

pub fn request(method: &str, path: &str, key: Option<&str>, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    match body {
        None => request.body(Body::empty()).unwrap(),
        Some(body) => request
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap(),
    }
}

/// One for each scope but this.
pub fn all_but(scope: Scope) -> Scopes {
    Scope::ALL
        .into_iter()
        .filter(|other| *other != scope)
        .collect()
}

fn unlimited() -> Limits {
    Limits {
        requests: None,
        addresses: None,
        accounts: None,
        failures: None,
        ..Limits::default()
    }
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// Never the same bytes twice.
#[derive(Default)]
struct Counting(Mutex<u8>);

impl Randomness for Counting {
    fn bytes(&self) -> [u8; 32] {
        let mut count = self.0.lock().unwrap();
        *count = count.wrapping_add(1);
        [*count; 32].map(|byte| byte.wrapping_add(100))
    }
}

/// Three visitors: two from France, one from a country that looks like a formula.
fn page_views() -> Vec<Arrival> {
    let view = |visitor: u128, minutes_ago: i64, country: &str, page: &str| {
        let client = Client {
            country: text(country),
            ..Client::default()
        };
        let context = PageContext {
            has_location: true,
            page: text(page),
            ..PageContext::default()
        };
        let visitor = VisitorKey(visitor);
        Arrival {
            identity: Identity::Visitor(visitor),
            event: None,
            hit: Hit {
                time: NOW.plus(-minutes_ago * 60_000),
                sequence: 0,
                visitor,
                by_user: false,
                import: 0,
                exclusion: None,
                user: None,
                role: None,
                client: Arc::new(client),
                origin: None,
                page: Some(Arc::new(context)),
                custom: None,
                kind: HitKind::PageView,
            },
        }
    };
    let day = 24 * 60;
    vec![
        view(1, 2 * day, "FR", "/"),
        view(1, 2 * day - 1, "FR", "/pricing"),
        view(1, day, "FR", "/"),
        view(2, day, "FR", "/thanks"),
        view(3, day, "=1+1", "/"),
        view(1, 10, "FR", "/"),
    ]
}

/// Imports with the data that came for them.
type Ledger = Arc<Mutex<Vec<(AccountId, Import, Vec<u8>)>>>;

/// Notes what it is handed.
#[derive(Default)]
pub struct Notebook {
    pub batches: Mutex<Vec<(AccountId, Peer, HitForm, Bytes)>>,
    pub imports: Ledger,
    pub is_down: Mutex<bool>,
}

impl Collector for Notebook {
    fn collect(
        &self,
        account: AccountId,
        peer: Peer,
        form: HitForm,
        body: Bytes,
    ) -> BoxFuture<'_, Result<Receipt, CollectError>> {
        Box::pin(async move {
            if *self.is_down.lock().unwrap() {
                return Err(CollectError::Unavailable("the disk is full".into()));
            }
            assert!(!body.starts_with(b"?"), "a fault of the program's own");
            if body.starts_with(b"!") {
                return Err(CollectError::Unreadable("hits begin otherwise".into()));
            }
            self.batches
                .lock()
                .unwrap()
                .push((account, peer, form, body));
            let rejected = RejectedHit {
                index: 1,
                field: "type".into(),
                error: "missing".into(),
                detail: "a hit has a type".into(),
            };
            Ok(Receipt {
                accepted: 1,
                duplicates: 0,
                rejected: vec![rejected],
            })
        })
    }

    fn begin_import(
        &self,
        account: AccountId,
        form: ImportForm,
    ) -> Result<Box<dyn Upload>, CollectError> {
        let mut imports = self.imports.lock().unwrap();
        let import = Import {
            id: u32::try_from(imports.len() + 1).unwrap(),
            form,
            state: ImportState::Running,
            created_at: NOW,
            finished_at: None,
            read: 0,
            accepted: 0,
            duplicates: 0,
            rejected: 0,
            skipped: 0,
            progress: 0.0,
            error: None,
            reasons: Vec::new(),
        };
        imports.push((account, import.clone(), Vec::new()));
        Ok(Box::new(Page {
            imports: self.imports.clone(),
            id: import.id,
            finished: false,
        }))
    }

    fn import(&self, account: AccountId, id: u32) -> Result<Import, CollectError> {
        let imports = self.imports.lock().unwrap();
        let found = imports
            .iter()
            .find(|(of, import, _)| *of == account && import.id == id);
        found
            .map(|(_, import, _)| import.clone())
            .ok_or(CollectError::NoSuchImport)
    }

    fn imports(
        &self,
        account: AccountId,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Import>, u64), CollectError> {
        let imports = self.imports.lock().unwrap();
        let own = imports.iter().filter(|(of, ..)| *of == account);
        let own: Vec<Import> = own.map(|(_, import, _)| import.clone()).rev().collect();
        let total = own.len() as u64;
        Ok((
            own.into_iter()
                .skip(offset as usize)
                .take(limit as usize)
                .collect(),
            total,
        ))
    }

    fn undo_import(&self, account: AccountId, id: u32) -> Result<Import, CollectError> {
        let mut imports = self.imports.lock().unwrap();
        let found = imports
            .iter_mut()
            .find(|(of, import, _)| *of == account && import.id == id);
        let (_, import, _) = found.ok_or(CollectError::NoSuchImport)?;
        if import.state == ImportState::Failed {
            return Err(CollectError::Conflict(
                "it failed, nothing of it is stored".into(),
            ));
        }
        import.state = ImportState::Undone;
        Ok(import.clone())
    }

    fn is_ready(&self) -> bool {
        !*self.is_down.lock().unwrap()
    }
}

struct Page {
    imports: Ledger,
    id: u32,
    finished: bool,
}

impl Upload for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.starts_with(b"!") {
            return Err(io::Error::other("the disk is full"));
        }
        let mut imports = self.imports.lock().unwrap();
        imports[self.id as usize - 1].2.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Import, CollectError> {
        self.finished = true;
        Ok(self.imports.lock().unwrap()[self.id as usize - 1].1.clone())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if !self.finished {
            self.imports.lock().unwrap()[self.id as usize - 1].1.state = ImportState::Failed;
        }
    }
}
