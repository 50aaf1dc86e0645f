//! Hits as they happen.

use afsa_accounts::Scope;
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::json;

use super::account_id_in_query;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation, Received};
use crate::problem::{Problem, Word};
use crate::{CollectError, HitForm, reply, schemas};

pub(crate) fn operations() -> Vec<Operation> {
    vec![Operation {
        id: "collectHits",
        method: Method::POST,
        path: "/v1/collect",
        tag: "Collecting",
        summary: "Send hits",
        description: "Takes up to 1,000 hits as JSON, or as lines of JSON. Good hits are taken and \
            bad ones named. A 2xx means that every accepted hit is safe on disk; after a 503 the \
            same may be sent again, and where hits carry an event_id they count once however often \
            they come. Bodies may be compressed with gzip or zstd.",
        parameters: vec![account_id_in_query()],
        body: BodyRule::Hits {
            schema: schemas::reference("HitBatch"),
            example: json!({"hits": [{
                "type": "pageview",
                "event_id": "0192f7a0-1",
                "visitor_id": "v-1",
                "location": "https://shop.example.com/",
                "title": "Home",
            }]}),
        },
        answer: Answer::json("What became of the hits.", schemas::reference("Receipt")),
        words: vec![Word::Unprocessable],
        handler: Handler::Account(Scope::CollectWrite, |call| collect(call).boxed()),
    }]
}

async fn collect(call: Call) -> Result<Response, Problem> {
    let Received::Hits { media, bytes } = call.body else {
        return Err(Problem::internal("a batch of hits without a body"));
    };
    let form = match media.as_deref() {
        None | Some("application/json" | "text/plain") => HitForm::Json,
        Some("application/x-ndjson" | "application/ndjson" | "application/jsonl") => {
            HitForm::NdJson
        }
        Some(_) => {
            let detail = "The body must be application/json or application/x-ndjson.";
            return Err(Problem::new(Word::UnsupportedMediaType, detail));
        }
    };
    let (collector, account) = call.authorized.collector();
    let receipt = collector
        .collect(account, call.peer, form, bytes)
        .await
        .inspect_err(|error| {
            if let CollectError::Unavailable(why) = error {
                call.server.refusals.note(call.server.clock.elapsed(), why);
            }
        })?;
    let rejected: Vec<_> = receipt
        .rejected
        .iter()
        .map(|hit| {
            json!({
                "index": hit.index,
                "field": hit.field,
                "error": hit.error,
                "detail": hit.detail,
            })
        })
        .collect();
    Ok(reply::json(&json!({
        "accepted": receipt.accepted,
        "duplicates": receipt.duplicates,
        "rejected": rejected,
    })))
}

impl From<CollectError> for Problem {
    fn from(error: CollectError) -> Problem {
        match error {
            CollectError::Unreadable(why) => Problem::new(Word::InvalidRequest, why),
            CollectError::TooMany(most) => {
                let detail = format!("A batch may hold at most {most} hits.");
                Problem::new(Word::PayloadTooLarge, detail)
            }
            CollectError::Unavailable(_) => {
                Problem::overloaded("Nothing was taken; the same may be sent again.")
            }
            CollectError::NoSuchImport => {
                Problem::new(Word::NotFound, "There is no such import in this account.")
            }
            CollectError::Conflict(why) => Problem::new(Word::Conflict, why),
            CollectError::Failed(why) => Problem::internal(why),
        }
    }
}
