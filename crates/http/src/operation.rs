//! What an operation is: the one description from which routes and document are made.

use std::collections::HashMap;
use std::sync::Arc;

use afsa_accounts::Scope;
use afsa_model::Timestamp;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use crate::authorized::Authorized;
use crate::fields::{Fields, Place};
use crate::problem::{Fault, Problem, Word};
use crate::protocol::{ProtocolCall, ProtocolOutcome};
use crate::server::Server;
use crate::{Peer, body, form, operations};

/// One operation of the API.
pub(crate) struct Operation {
    /// Unique; clients generated from the document call it by this name.
    pub id: &'static str,
    pub method: Method,
    /// With placeholders in braces.
    pub path: &'static str,
    pub tag: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    /// Those of the path included. Any other is refused.
    pub parameters: Vec<Parameter>,
    pub body: BodyRule,
    pub answer: Answer,
    /// Words beside those that every operation of its kind may answer with.
    pub words: Vec<Word>,
    pub handler: Handler,
}

/// A parameter of path or query.
pub(crate) struct Parameter {
    pub name: &'static str,
    pub in_path: bool,
    pub is_required: bool,
    pub description: &'static str,
    pub schema: Value,
    pub example: Value,
}

/// What an operation takes as its body.
pub(crate) enum BodyRule {
    None,
    /// A JSON object; as a form too if `or_form`.
    Document {
        schema: Value,
        example: Value,
        or_form: bool,
    },
    /// A form, of which the handler sees to what is in it.
    Form {
        schema: Value,
        example: Value,
    },
    /// A batch of hits.
    Hits {
        schema: Value,
        example: Value,
    },
    /// Data of any size, streamed.
    Upload,
}

/// What an operation answers when all goes well.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub description: &'static str,
    /// (media type, schema); none for an empty answer. Examples are recorded.
    pub media: Vec<(&'static str, Value)>,
    /// Where none can be recorded: what an app is told that a person let in on a page, what only a
    /// share's key opens, and the document, which would be in itself.
    pub example: Option<Value>,
}

/// Who may call an operation, and what runs then.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Anybody.
    Public(fn(PublicCall) -> Outcome),
    /// Clients of OAuth, by its own rules.
    Protocol(fn(ProtocolCall) -> ProtocolOutcome),
    /// Whoever holds a credential with the scope, in the account that it belongs to.
    Account(Scope, fn(Call) -> Outcome),
    /// The same; the handler tells the faults of parameters together with its own.
    Question(Scope, fn(Call) -> Outcome),
}

pub(crate) type Outcome = BoxFuture<'static, Result<Response, Problem>>;

/// A request that needs no leave.
pub(crate) struct PublicCall {
    pub server: Arc<Server>,
    pub now: Timestamp,
    pub body: Received,
}

impl PublicCall {
    /// The document that was sent.
    pub(crate) fn document(&self) -> &Value {
        self.body.document()
    }
}

/// A request that was let in.
pub(crate) struct Call {
    pub server: Arc<Server>,
    pub authorized: Authorized,
    pub now: Timestamp,
    pub peer: Peer,
    pub headers: HeaderMap,
    /// Values of the path's placeholders.
    pub path: HashMap<String, String>,
    /// The parameters that the operation knows.
    pub parameters: Map<String, Value>,
    /// Faults of parameters that it doesn't know, for handlers that tell them with their own.
    pub faults: Vec<Fault>,
    pub body: Received,
}

/// A body as its rule wants it.
pub(crate) enum Received {
    Nothing,
    Document(Value),
    Hits { media: Option<String>, bytes: Bytes },
    Upload(Body),
}

impl Received {
    fn document(&self) -> &Value {
        match self {
            Received::Document(document) => document,
            _ => &Value::Null,
        }
    }
}

impl Call {
    /// The document that was sent.
    pub(crate) fn document(&self) -> &Value {
        self.body.document()
    }

    /// Whether the document came as a form, whose values are texts.
    pub(crate) fn is_form(&self) -> bool {
        body::media_type(&self.headers).as_deref() == Some(form::MEDIA_TYPE)
    }

    /// Reads the parameters; faults found before come first.
    pub(crate) fn parameter_fields(&self) -> Fields<'_> {
        let mut fields = Fields::new(&self.parameters, Place::Parameters);
        fields.faults.extend(self.faults.iter().cloned());
        fields
    }

    /// The number that names a thing in the path. What is no number names nothing.
    pub(crate) fn id(&self, name: &str) -> Result<i64, Problem> {
        let text = self.path.get(name).map(String::as_str).unwrap_or_default();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().ok_or_else(|| {
            let detail = format!("{} is no id of anything here.", crate::fields::shown(text));
            Problem::new(Word::NotFound, detail)
        })
    }
}

impl Parameter {
    pub(crate) fn in_path(
        name: &'static str,
        description: &'static str,
        schema: Value,
        example: impl Into<Value>,
    ) -> Parameter {
        let example = example.into();
        Parameter {
            name,
            in_path: true,
            is_required: true,
            description,
            schema,
            example,
        }
    }

    pub(crate) fn in_query(
        name: &'static str,
        description: &'static str,
        schema: Value,
        example: impl Into<Value>,
    ) -> Parameter {
        let example = example.into();
        Parameter {
            name,
            in_path: false,
            is_required: false,
            description,
            schema,
            example,
        }
    }
}

impl Answer {
    /// A JSON answer.
    pub(crate) fn json(description: &'static str, schema: Value) -> Answer {
        Answer {
            status: StatusCode::OK,
            description,
            media: vec![("application/json", schema)],
            example: None,
        }
    }

    pub(crate) fn empty(description: &'static str) -> Answer {
        Answer {
            status: StatusCode::NO_CONTENT,
            description,
            media: Vec::new(),
            example: None,
        }
    }

    pub(crate) fn with_example(self, example: Value) -> Answer {
        Answer {
            example: Some(example),
            ..self
        }
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Answer {
        Answer { status, ..self }
    }
}

impl Operation {
    /// The scope that a credential needs, if one is needed.
    pub(crate) fn scope(&self) -> Option<Scope> {
        match self.handler {
            Handler::Public(_) | Handler::Protocol(_) => None,
            Handler::Account(scope, _) | Handler::Question(scope, _) => Some(scope),
        }
    }

    /// Every operation, in the order of the document.
    pub(crate) fn all() -> Vec<Operation> {
        operations::all()
    }
}
