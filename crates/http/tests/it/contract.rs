//! Every operation, asked with the examples of the document, answers as the document says.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::app::App;
use crate::document::{Schemas, operations};

#[tokio::test]
async fn examples_are_answered_as_described() {
    let app = App::of_shop();
    let schemas = Schemas::new();
    // Things for examples to name.
    let base = format!("/v1/accounts/{}", app.account.0);
    let goal = json!({"name": "First", "match": ["is", "page", ["/thanks"]]});
    app.post(&format!("{base}/goals"), goal).await.expect(201);
    let segment = json!({"name": "First", "filters": ["is", "country", ["FR"]]});
    app.post(&format!("{base}/segments"), segment)
        .await
        .expect(201);
    let key = app.key.clone();
    let spare = json!({"name": "Spare", "scopes": ["stats:read"]});
    let spare = app
        .post(&format!("{base}/keys"), spare)
        .await
        .expect(201)
        .json();
    let upload = Request::post("/v1/imports").header("x-api-key", &key);
    let first = upload.body(Body::from("{}\n")).unwrap();
    app.send(first).await.expect(202);

    let mut operations = operations(app.account.0);
    // What takes things away comes last.
    operations.sort_by_key(|operation| operation.method == "DELETE");
    for operation in operations {
        // They are asked by forms, and for a grant that a person has to give.
        if operation.is_protocol || operation.id == "revokeGrant" {
            continue;
        }
        let path = match operation.id.as_str() {
            "getKey" | "updateKey" | "revokeKey" => format!("{base}/keys/{}", spare["id"]),
            // The examples' own are of the demonstration.
            "getOrder" => "/v1/orders/A-1001".to_owned(),
            "getProduct" => "/v1/products/ball".to_owned(),
            _ => operation.path.clone(),
        };
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
