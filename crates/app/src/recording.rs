//! The examples of the API's document, recorded: every operation is asked of a demonstration that
//! is the same each time, with the system's clock and randomness left out.
//!
//! `UPDATE=1 cargo test -p afsa recording` writes `openapi/examples/` anew.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use afsa_accounts::people::{NewPerson, Role};
use afsa_accounts::{Actor, NewKey, Scopes};
use afsa_http::Services;
use afsa_model::Timestamp;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use crate::commands::{demo, serve};
use crate::config::Config;
use crate::instance::Instance;
use crate::wiring::Outside;

/// 2026-11-02T10:00:00Z, a Monday.
const NOW: Timestamp = Timestamp(1_793_613_600_000);
const VISITS: u64 = 4_000;

/// What is asked beside the path, where an operation needs to be asked something to be of use as
/// an example, in each of the forms that it answers in.
const ASKED: [(&str, &[&str]); 16] = [
    ("listExchangeRates", &["currency=USD&limit=2"]),
    (
        "getReport",
        &[
            "period=30d&compare=previous_period&limit=3&include=totals,total_rows",
            "period=30d&limit=3&format=csv",
            "period=30d&limit=3&format=ndjson",
        ],
    ),
    (
        "getQuery",
        &[
            "period=12mo&metrics=visitors,visits,revenue&dimensions=channel,device&limit=3",
            "period=12mo&metrics=visitors,visits,revenue&dimensions=channel,device&limit=3&format=csv",
            "period=12mo&metrics=visitors,visits,revenue&dimensions=channel,device&limit=3&format=ndjson",
        ],
    ),
    ("postQuery", &["", "format=csv", "format=ndjson"]),
    (
        "getCheckout",
        &[
            "period=30d&compare=previous_period",
            "period=30d&format=csv",
            "period=30d&format=ndjson",
        ],
    ),
    ("postAttribution", &["", "format=csv", "format=ndjson"]),
    (
        "getCustomerCohorts",
        &[
            "from=2026-09-01&to=2026-10-31",
            "from=2026-09-01&to=2026-10-31&format=csv",
            "from=2026-09-01&to=2026-10-31&format=ndjson",
        ],
    ),
    (
        "getCustomerRfm",
        &[
            "period=6mo",
            "period=6mo&format=csv",
            "period=6mo&format=ndjson",
        ],
    ),
    (
        "listOrders",
        &[
            "period=30d&limit=2",
            "period=30d&limit=2&format=csv",
            "period=30d&limit=2&format=ndjson",
        ],
    ),
    ("getOrder", &[""]),
    (
        "listCarts",
        &[
            "period=30d&limit=2",
            "period=30d&limit=2&format=csv",
            "period=30d&limit=2&format=ndjson",
        ],
    ),
    (
        "listProducts",
        &[
            "period=30d&limit=2",
            "period=30d&limit=2&format=csv",
            "period=30d&limit=2&format=ndjson",
        ],
    ),
    ("getProduct", &["period=30d&interval=week"]),
    ("listImports", &["limit=2"]),
    ("collectHits", &[""]),
    ("createImport", &["format=ndjson"]),
];

/// Answers that are no example: the document itself, which would be in itself, what an app is told
/// that a person let in on a page, and what only the key of a share opens.
const LEFT_OUT: [&str; 8] = [
    "getOpenApiDocument",
    "createToken",
    "createTokenToo",
    "revokeToken",
    "introspectToken",
    "listGrants",
    "revokeGrant",
    "openShare",
];

struct Stopped;

impl afsa_http::Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// The same bytes in every run, never twice in one.
#[derive(Default)]
struct Counting(Mutex<u64>);

impl Counting {
    /// Goes on far behind whatever was drawn until now, which differs from run to run where
    /// something is waited for.
    fn leave_behind(&self) {
        let mut count = self.0.lock().unwrap();
        *count = count.next_multiple_of(1 << 20);
    }
}

impl afsa_http::Randomness for Counting {
    fn bytes(&self) -> [u8; 32] {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        let mut bytes = [0; 32];
        // Neighbours look nothing alike, as secrets do.
        for (index, byte) in bytes.iter_mut().enumerate() {
            let mixed = (*count * 31 + index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *byte = mixed.to_be_bytes()[0];
        }
        bytes
    }
}

/// The demonstration behind its routes, and a key of it.
struct Demonstration {
    router: Router,
    key: String,
    randomness: Arc<Counting>,
    // Removed with the last use of what is in it.
    instance: Arc<Instance>,
    _folder: tempfile::TempDir,
}

impl Demonstration {
    fn new() -> Demonstration {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: folder.path().to_owned(),
            ..Config::default()
        };
        let randomness = Arc::new(Counting::default());
        let outside = Outside {
            clock: Arc::new(Stopped),
            randomness: randomness.clone(),
        };
        let instance = Arc::new(Instance::open_with(&config, outside).unwrap());
        let account = demo::fill(&instance, VISITS, NOW, &mut Vec::new()).unwrap();
        afsa_store::Store::maintain(instance.store.as_ref()).unwrap();
        let key = NewKey {
            name: "Demonstration shop".into(),
            scopes: Scopes::all(),
            expires_at: None,
        };
        let secret = instance.outside.randomness.bytes();
        let acting = instance.accounts.acting(Actor::System, NOW);
        let key = acting.create_key(account, &key, secret);
        // The first person of an installation is its operator, the second the one to tell of.
        let person = |email: &str, name: &str| {
            let person = NewPerson {
                email: email.into(),
                name: name.into(),
                language: "en".into(),
            };
            acting.create_person(&person).unwrap().id
        };
        person("operator@example.com", "Operator");
        let grace = person("grace@example.com", "Grace Hopper");
        acting.add_member(account, grace, Role::Admin).unwrap();
        let collector = serve::collector(&instance);
        let services: Services =
            serve::services(&instance, &collector, &config, "https://stats.example.com");
        Demonstration {
            router: afsa_http::router(services),
            key: key.unwrap().text,
            randomness,
            instance,
            _folder: folder,
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<(&str, Bytes)>) -> Answered {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.key));
        if let Some((media, _)) = &body {
            request = request.header("content-type", *media);
        }
        let body = body.map_or(Body::empty(), |(_, bytes)| Body::from(bytes));
        let response = self
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await;
        let (head, body) = response.unwrap().into_parts();
        let media = head
            .headers
            .get("content-type")
            .map(|media| media.to_str().unwrap());
        Answered {
            status: head.status.as_u16(),
            media: media.and_then(|media| Some(media.split(';').next()?.to_owned())),
            bytes: body.collect().await.unwrap().to_bytes(),
        }
    }
}

struct Answered {
    status: u16,
    media: Option<String>,
    bytes: Bytes,
}

/// One operation of the document, as it is asked.
struct Asked {
    id: String,
    method: String,
    path: String,
    body: Option<(String, Value)>,
}

impl Asked {
    fn all() -> Vec<Asked> {
        let document = afsa_http::openapi_document();
        let mut all = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let mut filled = path.clone();
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let name = parameter["name"].as_str().unwrap();
                    let value = match &parameter["example"] {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    filled = filled.replace(&format!("{{{name}}}"), &value);
                }
                let content = operation["requestBody"]["content"].as_object();
                let body = content.and_then(|content| content.iter().next());
                all.push(Asked {
                    id: operation["operationId"].as_str().unwrap().into(),
                    method: method.to_uppercase(),
                    path: filled,
                    body: body.map(|(media, body)| (media.clone(), body["example"].clone())),
                });
            }
        }
        // What makes things comes first, so that there is something to read; what takes them away
        // comes last.
        all.sort_by_key(|asked| match asked.method.as_str() {
            // Before there are requests to count.
            _ if asked.id == "getMetrics" => 0,
            _ if asked.id.starts_with("create") || asked.id.starts_with("add") => 1,
            "DELETE" => 3,
            _ => 2,
        });
        all
    }

    fn sent(&self) -> Option<(&str, Bytes)> {
        self.body.as_ref().map(|(media, example)| {
            let text = match example {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (media.as_str(), text.into())
        })
    }

    async fn record(&self, demonstration: &Demonstration) -> Map<String, Value> {
        let asked = ASKED.iter().find(|(id, _)| *id == self.id);
        let queries = asked.map_or(&[""][..], |(_, queries)| queries);
        let mut recorded = Map::new();
        for query in queries {
            let separator = if query.is_empty() { "" } else { "?" };
            let path = format!("{}{separator}{query}", self.path);
            let answered = demonstration.ask(&self.method, &path, self.sent()).await;
            let text = String::from_utf8(answered.bytes.to_vec()).unwrap();
            assert!((200..300).contains(&answered.status), "{}: {text}", self.id);
            let Some(media) = answered.media else {
                continue;
            };
            let value = match media.as_str() {
                "application/json" => serde_json::from_str(&text).unwrap(),
                _ => Value::from(text),
            };
            let request = format!("{} {path}", self.method);
            recorded.insert(media, json!({"request": request, "answer": value}));
        }
        recorded
    }
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../openapi/examples"
    ))
}

/// Waits until no import is under way: what they answer then is the same each time.
async fn rest(demonstration: &Demonstration) {
    loop {
        let imports = demonstration.ask("GET", "/v1/imports", None).await;
        let imports: Value = serde_json::from_slice(&imports.bytes).unwrap();
        let mut states = imports["data"].as_array().unwrap().iter();
        if states.all(|import| import["state"] != "running") {
            demonstration.randomness.leave_behind();
            return;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

#[tokio::test]
async fn examples_are_what_the_demonstration_answers() {
    let demonstration = Demonstration::new();
    let mut texts = BTreeMap::new();
    for asked in Asked::all() {
        if LEFT_OUT.contains(&asked.id.as_str()) {
            continue;
        }
        let recorded = asked.record(&demonstration).await;
        if asked.id == "createImport" {
            rest(&demonstration).await;
        }
        if !recorded.is_empty() {
            let text = serde_json::to_string_pretty(&recorded).unwrap();
            texts.insert(format!("{}.json", asked.id), format!("{text}\n"));
        }
    }
    demonstration.instance.close().unwrap();
    let folder = folder();
    let kept: BTreeMap<String, String> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .map(|entry| {
            let entry = entry.unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        })
        .collect();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for name in kept.keys().filter(|name| !texts.contains_key(*name)) {
            std::fs::remove_file(folder.join(name)).unwrap();
        }
        for (name, text) in &texts {
            // A file that stays as it is makes nothing to be built anew.
            if kept.get(name) != Some(text) {
                std::fs::write(folder.join(name), text).unwrap();
            }
        }
        return;
    }
    let other: Vec<&String> = texts
        .iter()
        .filter(|(name, text)| kept.get(*name) != Some(text))
        .map(|(name, _)| name)
        .chain(kept.keys().filter(|name| !texts.contains_key(*name)))
        .collect();
    assert!(
        other.is_empty(),
        "openapi/examples is out of date, `make examples` writes it anew: {other:?}"
    );
}
