//! Imports of history.

use std::str::FromStr;

use afsa_accounts::Scope;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

use super::{account_id_in_query, id_in_path};
use crate::authorized::Authorized;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation, Parameter, Received};
use crate::problem::{Problem, Word};
use crate::{Import, ImportForm, ImportState, Limits, body, reply, schemas};

const FORMS: [&str; 2] = ["ndjson", "combined"];
const MOST_LISTED: i64 = 1_000;
/// Parts of a body that may wait for the disk.
const PARTS_WAITING: usize = 16;

pub(crate) fn operations() -> Vec<Operation> {
    let base = |id, method, path, summary, description, handler| Operation {
        id,
        method,
        path,
        tag: "Collecting",
        summary,
        description,
        parameters: vec![account_id_in_query()],
        body: BodyRule::None,
        answer: Answer::json("The import.", schemas::reference("Import")),
        words: Vec::new(),
        handler,
    };
    // The first import is what the demonstration is made of.
    let id = || Parameter {
        example: 2.into(),
        ..id_in_path("The id of the import.")
    };
    let of_one = || vec![id(), account_id_in_query()];
    vec![
        Operation {
            parameters: vec![
                account_id_in_query(),
                Parameter::in_query(
                    "limit",
                    "How many to list.",
                    json!({"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": 100}),
                    100,
                ),
                Parameter::in_query(
                    "offset",
                    "How many to leave out before.",
                    json!({"type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 0}),
                    0,
                ),
            ],
            answer: Answer::json("The imports.", schemas::reference("ImportList")),
            ..base(
                "listImports",
                Method::GET,
                "/v1/imports",
                "List imports",
                "The account's imports, newest first.",
                Handler::Account(Scope::CollectWrite, |call| list(call).boxed()),
            )
        },
        Operation {
            parameters: vec![
                account_id_in_query(),
                Parameter::in_query(
                    "format",
                    "How the data is written: a hit as JSON on each line, or lines of a web server's log.",
                    json!({"type": "string", "enum": FORMS, "default": "ndjson"}),
                    "ndjson",
                ),
            ],
            body: BodyRule::Upload,
            answer: Answer::json(
                "Everything was received; the import goes on by itself.",
                schemas::reference("Import"),
            )
            .with_status(StatusCode::ACCEPTED),
            ..base(
                "createImport",
                Method::POST,
                "/v1/imports",
                "Import history",
                "Takes hits of any age in any order, plain or compressed with gzip or zstd. Ask for \
                 the import's state until it is done: then everything is in the figures at once.",
                Handler::Account(Scope::CollectWrite, |call| create(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            ..base(
                "getImport",
                Method::GET,
                "/v1/imports/{id}",
                "Read an import",
                "How far the import has come, and what of it was not taken.",
                Handler::Account(Scope::CollectWrite, |call| read(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            words: vec![Word::Conflict],
            ..base(
                "undoImport",
                Method::DELETE,
                "/v1/imports/{id}",
                "Undo an import",
                "Takes every hit of the import out again.",
                Handler::Account(Scope::CollectWrite, |call| undo(call).boxed()),
            )
        },
    ]
}

impl FromStr for ImportForm {
    type Err = ();

    fn from_str(input: &str) -> Result<ImportForm, ()> {
        match input {
            "ndjson" => Ok(ImportForm::NdJson),
            "combined" => Ok(ImportForm::Combined),
            _ => Err(()),
        }
    }
}

async fn list(call: Call) -> Result<Response, Problem> {
    let mut fields = call.parameter_fields();
    fields.given("account_id");
    let limit = fields.integer("limit").unwrap_or(100);
    let offset = fields.integer("offset").unwrap_or(0);
    if !(1..=MOST_LISTED).contains(&limit) {
        let detail = format!("limit must lie between 1 and {MOST_LISTED}");
        fields.fault("limit", "out_of_range", detail, Vec::new());
    }
    if !(0..=i64::from(u32::MAX)).contains(&offset) {
        let detail = format!("offset must lie between 0 and {}", u32::MAX);
        fields.fault("offset", "out_of_range", detail, Vec::new());
    }
    fields.finish()?;
    let authorized = call.authorized.clone();
    let reading = move || {
        let (collector, account) = authorized.collector();
        Ok(collector.imports(account, limit as u32, offset as u32)?)
    };
    let (imports, total) = call.server.gate.run(&call.server.limits, reading).await?;
    Ok(reply::json(&json!({
        "data": imports.iter().map(to_json).collect::<Vec<_>>(),
        "meta": {"total_rows": total, "limit": limit, "offset": offset},
    })))
}

async fn create(call: Call) -> Result<Response, Problem> {
    let form = {
        let mut fields = call.parameter_fields();
        fields.given("account_id");
        let form = fields.word("format", &FORMS);
        fields.finish()?;
        form.unwrap_or(ImportForm::NdJson)
    };
    let Received::Upload(mut body) = call.body else {
        return Err(Problem::internal("an import without a body"));
    };
    if body.is_end_stream() {
        let detail = "The body is empty: send the data itself.";
        return Err(Problem::new(Word::InvalidRequest, detail));
    }
    let limits = &call.server.limits;
    body::check_length(&call.headers, limits.import_bytes)?;
    // Parts go to one thread that writes them, which may fall behind by a few and no more: a slow
    // disk slows the sender down, it fills no memory.
    let (parts, waiting) = tokio::sync::mpsc::channel::<Bytes>(PARTS_WAITING);
    let (end, ended) = tokio::sync::oneshot::channel::<End>();
    let authorized = call.authorized.clone();
    let account = authorized.principal().account;
    let Some(upload) = call.server.uploads.begin(account) else {
        let detail = "Too many imports are coming in; send it again in a while.";
        let patience = HeaderValue::from_static("30");
        return Err(Problem::overloaded(detail).with_header(RETRY_AFTER, patience));
    };
    let writing = tokio::task::spawn_blocking(move || {
        // Its place is free again when its thread is, not when its sender has gone.
        let _upload = upload;
        spool(&authorized, form, waiting, ended)
    });
    // Where the thread has given up, it says why.
    let _ = end.send(pass_on(&mut body, &parts, limits).await);
    drop(parts);
    let import = writing.await.map_err(Problem::internal)??;
    Ok(reply::with_status(
        StatusCode::ACCEPTED,
        reply::json(&to_json(&import)),
    ))
}

/// How the data of an import came to its end.
enum End {
    Whole,
    CutOff,
    TooLarge { limit: u64 },
}

/// A sender may take his time, but not be silent for longer than a body may take.
async fn pass_on(body: &mut Body, parts: &Sender<Bytes>, limits: &Limits) -> End {
    let limit = limits.import_bytes;
    let mut left = limit;
    loop {
        match tokio::time::timeout(limits.body_time, body.frame()).await {
            Ok(None) => return End::Whole,
            Ok(Some(Ok(frame))) => {
                let Ok(bytes) = frame.into_data() else {
                    continue;
                };
                match left.checked_sub(bytes.len() as u64) {
                    Some(rest) => left = rest,
                    None => return End::TooLarge { limit },
                }
                if parts.send(bytes).await.is_err() {
                    return End::CutOff;
                }
            }
            Ok(Some(Err(_))) | Err(_) => return End::CutOff,
        }
    }
}

fn spool(
    authorized: &Authorized,
    form: ImportForm,
    mut parts: tokio::sync::mpsc::Receiver<Bytes>,
    ended: tokio::sync::oneshot::Receiver<End>,
) -> Result<Import, Problem> {
    let (collector, account) = authorized.collector();
    let mut upload = collector
        .begin_import(account, form)
        .inspect_err(|error| tracing::warn!(?error, "an import could not be begun"))?;
    while let Some(part) = parts.blocking_recv() {
        if let Err(error) = upload.write(&part) {
            tracing::error!(%error, "an import could not be spooled");
            return Err(Problem::overloaded(
                "The import could not be stored; send it again later.",
            ));
        }
    }
    match ended.blocking_recv() {
        Ok(End::Whole) => Ok(upload.finish()?),
        Ok(End::TooLarge { limit }) => Err(body::too_large(limit)),
        Ok(End::CutOff) | Err(_) => {
            Err(Problem::new(Word::InvalidRequest, "The body was cut off."))
        }
    }
}

async fn read(call: Call) -> Result<Response, Problem> {
    let import = on_import(call, |collector, account, id| collector.import(account, id)).await?;
    Ok(reply::json(&to_json(&import)))
}

async fn undo(call: Call) -> Result<Response, Problem> {
    let import = on_import(call, |collector, account, id| {
        collector.undo_import(account, id)
    })
    .await?;
    Ok(reply::json(&to_json(&import)))
}

async fn on_import(
    call: Call,
    step: fn(
        &dyn crate::Collector,
        afsa_model::AccountId,
        u32,
    ) -> Result<Import, crate::CollectError>,
) -> Result<Import, Problem> {
    let id = u32::try_from(call.id("id")?).map_err(|_| crate::CollectError::NoSuchImport)?;
    let Call {
        authorized, server, ..
    } = call;
    let work = move || {
        let (collector, account) = authorized.collector();
        Ok(step(collector, account, id)?)
    };
    server.gate.run(&server.limits, work).await
}

fn to_json(import: &Import) -> Value {
    let state = match import.state {
        ImportState::Running => "running",
        ImportState::Done => "done",
        ImportState::Failed => "failed",
        ImportState::Undone => "undone",
    };
    let reasons: Vec<Value> = import
        .reasons
        .iter()
        .map(|reason| {
            json!({
                "reason": reason.reason,
                "count": reason.count,
                "first_line": reason.first_line,
                "detail": reason.detail,
            })
        })
        .collect();
    json!({
        "id": import.id,
        "format": match import.form {
            ImportForm::NdJson => "ndjson",
            ImportForm::Combined => "combined",
        },
        "state": state,
        "created_at": reply::instant(import.created_at),
        "finished_at": reply::optional_instant(import.finished_at),
        "read": import.read,
        "accepted": import.accepted,
        "duplicates": import.duplicates,
        "rejected": import.rejected,
        "skipped": import.skipped,
        "progress": import.progress,
        "error": import.error,
        "reasons": reasons,
    })
}
