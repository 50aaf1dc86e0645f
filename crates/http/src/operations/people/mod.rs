//! Who may do what in an account, and what was done: members, invitations, shares, the audit log.

mod audit;
mod invitations;
mod members;
mod shares;

use axum::http::Method;
use serde_json::Value;

use super::account_id_in_path;
use crate::operation::{Answer, BodyRule, Handler, Operation};

pub(super) fn operations() -> Vec<Operation> {
    let mut all = members::operations();
    all.extend(invitations::operations());
    all.extend(shares::operations());
    all.extend(audit::operations());
    all
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    let mut all = members::schemas();
    all.extend(invitations::schemas());
    all.extend(shares::schemas());
    all.extend(audit::schemas());
    all
}

/// An operation in an account, without a body.
fn operation(
    [id, summary, description]: [&'static str; 3],
    method: Method,
    path: &'static str,
    answer: Answer,
    handler: Handler,
) -> Operation {
    Operation {
        id,
        method,
        path,
        tag: "People",
        summary,
        description,
        parameters: vec![account_id_in_path()],
        body: BodyRule::None,
        answer,
        words: Vec::new(),
        handler,
    }
}
