//! Every operation of the API, one module for each group.

mod accounts;
mod attribution;
mod batch;
mod carts;
mod checkout;
mod checkout_steps;
mod collect;
mod customers;
mod exchange_rates;
mod goals;
mod imports;
mod keys;
mod listed;
mod oauth;
mod orders;
mod people;
mod products;
mod segments;
mod selecting;
mod stats;
mod stored;
mod system;

pub(crate) use stats::unit_name;

use afsa_accounts::{CheckoutStep, Goal, Segment};
use axum::http::Method;
use serde_json::{Value, json};

use crate::operation::{Answer, BodyRule, Handler, Operation, Parameter};
use stored::Naming;

/// (name, description), in the order of the document.
pub(crate) const TAGS: [(&str, &str); 8] = [
    ("System", "What the server says of itself."),
    ("Accounts", "Accounts and their settings."),
    (
        "Account things",
        "Goals, segments, steps of the checkout, own rates of exchange and keys of an account.",
    ),
    (
        "People",
        "Members, invitations, shares for people without any, and who did what.",
    ),
    (
        "OAuth 2",
        "Tokens for apps, the apps themselves, and what people let them do.",
    ),
    ("Statistics", "Questions about what was collected."),
    ("Orders and products", "What was bought, one by one."),
    ("Collecting", "Hits, live and as imports of history."),
];

pub(crate) fn all() -> Vec<Operation> {
    let mut all = system::operations();
    all.extend(accounts::operations());
    all.extend(stored::operations::<Goal>());
    all.extend(stored::operations::<Segment>());
    all.extend(stored::operations::<CheckoutStep>());
    all.extend(exchange_rates::operations());
    all.extend(keys::operations());
    all.extend(oauth::operations());
    all.extend(people::operations());
    all.extend(stats::operations());
    all.extend(batch::operations());
    all.extend(attribution::operations());
    all.extend(checkout::operations());
    all.extend(customers::operations());
    all.extend(orders::operations());
    all.extend(products::operations());
    all.extend(carts::operations());
    all.extend(collect::operations());
    all.extend(imports::operations());
    all
}

/// The schemas of operations that describe their own.
pub(crate) fn schemas() -> Vec<(String, Value)> {
    let mut all = orders::schemas();
    all.extend(products::schemas());
    all.extend(carts::schemas());
    all.extend(attribution::schemas());
    all.extend(checkout::schemas());
    all.extend(customers::schemas());
    all.extend(oauth::schemas());
    all.extend(people::schemas());
    all
}

fn account_id_in_path() -> Parameter {
    Parameter::in_path(
        "account_id",
        "The number of the account, with or without leading zeros.",
        crate::schemas::account_id(),
        "00000001",
    )
}

fn account_id_in_query() -> Parameter {
    Parameter::in_query(
        "account_id",
        "The account; needed only where a credential reaches several.",
        crate::schemas::account_id(),
        "00000001",
    )
}

fn id_in_path(description: &'static str) -> Parameter {
    Parameter::in_path(
        "id",
        description,
        json!({"type": "integer", "format": "int64", "minimum": 1}),
        1,
    )
}

/// An operation in an account, without a body.
fn in_account(
    tag: &'static str,
    [id, summary, description]: Naming,
    method: Method,
    path: &'static str,
    answer: Answer,
    handler: Handler,
) -> Operation {
    Operation {
        id,
        method,
        path,
        tag,
        summary,
        description,
        parameters: vec![account_id_in_path()],
        body: BodyRule::None,
        answer,
        words: Vec::new(),
        handler,
    }
}
