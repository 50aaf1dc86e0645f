//! Every operation, asked with the examples of the document, answers as the document says.

use afsa_accounts::people::Role;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::app::App;
use crate::document::{Described, Schemas, operations};

/// Things for examples to name.
pub struct Things {
    base: String,
    spare_key: Value,
    share: Value,
}

impl Things {
    /// The operation's path, naming one of them.
    pub fn path(&self, operation: &Described) -> String {
        let base = &self.base;
        match operation.id.as_str() {
            "getKey" | "updateKey" | "revokeKey" => format!("{base}/keys/{}", self.spare_key["id"]),
            "getImport" | "undoImport" => "/v1/imports/1".to_owned(),
            // The examples' own are of the demonstration.
            "getOrder" => "/v1/orders/A-1001".to_owned(),
            "getProduct" => "/v1/products/ball".to_owned(),
            _ => operation.path.clone(),
        }
    }
}

pub async fn with_things(app: &App) -> Things {
    let base = format!("/v1/accounts/{}", app.account.0);
    let goal = json!({"name": "First", "match": ["is", "page", ["/thanks"]]});
    app.post(&format!("{base}/goals"), goal).await.expect(201);
    let segment = json!({"name": "First", "filters": ["is", "country", ["FR"]]});
    app.post(&format!("{base}/segments"), segment)
        .await
        .expect(201);
    let spare = json!({"name": "Spare", "scopes": ["stats:read"]});
    let spare_key = app.post(&format!("{base}/keys"), spare).await.expect(201);
    let share = json!({"name": "First"});
    let share = app.post(&format!("{base}/shares"), share).await.expect(201);
    app.member("member@example.com", Role::Viewer);
    let upload = Request::post("/v1/imports").header("x-api-key", &app.key);
    let first = upload.body(Body::from("{}\n")).unwrap();
    app.send(first).await.expect(202);
    Things {
        base,
        spare_key: spare_key.json(),
        share: share.json(),
    }
}

#[tokio::test]
async fn examples_are_answered_as_described() {
    let app = App::of_shop();
    let schemas = Schemas::new();
    let things = with_things(&app).await;
    let key = app.key.clone();
    let mut operations = operations(app.account.0);
    // What takes things away comes last.
    operations.sort_by_key(|operation| operation.method == "DELETE");
    for operation in operations {
        // They are asked by forms, and for a grant that a person has to give.
        if operation.is_protocol || operation.id == "revokeGrant" {
            continue;
        }
        let path = things.path(&operation);
        let mut request = Request::builder()
            .method(operation.method.as_str())
            .uri(path);
        if operation.scope.is_some() {
            request = request.header("x-api-key", &key);
        }
        let body = match &operation.body {
            None => Body::empty(),
            Some((media, example)) => {
                request = request.header("content-type", media);
                let mut example = example.clone();
                if operation.id == "openShare" {
                    example["accesskey"] = things.share["key"].clone();
                }
                if operation.id.starts_with("update") && example.get("name").is_some() {
                    // The example's own name went to what was created by it.
                    example["name"] = "Changed".into();
                }
                Body::from(example.to_string())
            }
        };
        let answer = app.send(request.body(body).unwrap()).await;
        let described = &operation.responses[answer.status.as_str()];
        assert!(
            answer.status.is_success(),
            "{}: {}",
            operation.id,
            answer.text()
        );
        assert!(
            described.is_object(),
            "{} answers {}",
            operation.id,
            answer.status
        );
        let Some(content) = described["content"].as_object() else {
            assert!(answer.bytes.is_empty(), "{}", operation.id);
            continue;
        };
        let media = answer.headers["content-type"].to_str().unwrap();
        let media = media.split(';').next().unwrap();
        let schema = &content[media]["schema"];
        if media == "application/json" {
            schemas.check(schema, &answer.json(), &operation.id);
        }
    }
}
