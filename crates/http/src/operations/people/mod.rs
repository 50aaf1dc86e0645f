//! Who may do what in an account, and what was done: members, invitations, shares, the audit log.

mod audit;
mod invitations;
mod members;
mod shares;

use axum::http::Method;
use serde_json::Value;

use super::in_account;
use super::stored::Naming;
use crate::operation::{Answer, Handler, Operation};

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

/// An operation on the people of an account.
fn operation(
    naming: Naming,
    method: Method,
    path: &'static str,
    answer: Answer,
    handler: Handler,
) -> Operation {
    in_account("People", naming, method, path, answer, handler)
}
