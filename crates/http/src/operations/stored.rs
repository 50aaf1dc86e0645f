//! Things that an account keeps and that are listed, made, read, changed and deleted alike.

use afsa_accounts::{Accounts, Acting, Error, Scope};
use afsa_model::AccountId;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{account_id_in_path, in_account};
use crate::operation::{Answer, BodyRule, Call, Handler, Operation, Parameter};
use crate::problem::{Problem, Word};
use crate::{reply, schemas};

/// One kind of thing: what it is called, and how it is read, kept and shown.
pub(super) trait Stored: Sized + Send + 'static {
    /// What a new one shall be, or what is to change of one.
    type Change: Send + 'static;

    const NAMES: Names;
    const STEPS: Steps<Self, Self::Change>;

    fn change_example() -> Value;
    fn change(body: &Value, is_new: bool) -> Result<Self::Change, Problem>;
    fn to_json(&self) -> Result<Value, Problem>;
}

/// The steps on the accounts' file.
pub(super) struct Steps<Thing, Change> {
    pub list: fn(&Accounts, AccountId) -> Result<Vec<Thing>, Error>,
    pub find: fn(&Accounts, AccountId, i64) -> Result<Thing, Error>,
    pub create: fn(&Acting<'_>, AccountId, &Change) -> Result<Thing, Error>,
    pub update: fn(&Acting<'_>, AccountId, i64, &Change) -> Result<Thing, Error>,
    pub delete: fn(&Acting<'_>, AccountId, i64) -> Result<(), Error>,
}

/// What the document calls a kind of thing.
pub(super) struct Names {
    /// The path of all and the path of one.
    pub paths: [&'static str; 2],
    /// Names of its schema and of the one of its changes; that of a new one begins with `New`.
    pub schemas: [&'static str; 2],
    pub id: IdNaming,
    /// What is answered: one, all.
    pub answers: [&'static str; 2],
    pub list: Naming,
    pub create: Naming,
    pub read: Naming,
    pub update: Naming,
    pub delete: Naming,
}

/// The placeholder in the path of one.
pub(super) struct IdNaming {
    pub name: &'static str,
    pub description: &'static str,
    pub least: u32,
}

impl IdNaming {
    /// A number that the server gave.
    pub(super) const fn given(description: &'static str) -> IdNaming {
        IdNaming {
            name: "id",
            description,
            least: 1,
        }
    }

    fn parameter(&self) -> Parameter {
        let schema = json!({"type": "integer", "format": "int64", "minimum": self.least});
        Parameter::in_path(self.name, self.description, schema, 1)
    }
}

/// Id, summary and description of an operation.
pub(super) type Naming = [&'static str; 3];

pub(super) fn operations<T: Stored>() -> Vec<Operation> {
    let Names {
        paths: [all, one],
        schemas: [schema, change_schema],
        id: id_naming,
        answers: [answers_one, answers_all],
        list: list_names,
        create: create_names,
        read: read_names,
        update: update_names,
        delete: delete_names,
    } = T::NAMES;
    let base = |method, path, naming: Naming, handler| {
        let answer = Answer::json(answers_one, schemas::reference(schema));
        in_account("Account things", naming, method, path, answer, handler)
    };
    let of_one = || vec![account_id_in_path(), id_naming.parameter()];
    let new_schema = format!("New{schema}");
    let body = |schema: &str| BodyRule::Document {
        schema: schemas::reference(schema),
        example: T::change_example(),
        or_form: false,
    };
    let reading = |run| Handler::Account(Scope::AccountRead, run);
    let writing = |run| Handler::Account(Scope::AccountWrite, run);
    let created =
        Answer::json(answers_one, schemas::reference(schema)).with_status(StatusCode::CREATED);
    vec![
        Operation {
            answer: Answer::json(answers_all, schemas::list_of(schema)),
            ..base(
                Method::GET,
                all,
                list_names,
                reading(|call| list::<T>(call).boxed()),
            )
        },
        Operation {
            body: body(&new_schema),
            answer: created,
            words: vec![Word::Conflict],
            ..base(
                Method::POST,
                all,
                create_names,
                writing(|call| create::<T>(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            ..base(
                Method::GET,
                one,
                read_names,
                reading(|call| read::<T>(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            body: body(change_schema),
            words: vec![Word::Conflict],
            ..base(
                Method::PATCH,
                one,
                update_names,
                writing(|call| update::<T>(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            answer: Answer::empty("It is gone."),
            ..base(
                Method::DELETE,
                one,
                delete_names,
                writing(|call| delete::<T>(call).boxed()),
            )
        },
    ]
}

async fn list<T: Stored>(call: Call) -> Result<Response, Problem> {
    let things = call.authorized.with_accounts(T::STEPS.list)?;
    let things = things
        .iter()
        .map(T::to_json)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(reply::json(&json!({"data": things})))
}

async fn read<T: Stored>(call: Call) -> Result<Response, Problem> {
    let id = call.id(T::NAMES.id.name)?;
    let thing = call
        .authorized
        .with_accounts(|accounts, account| (T::STEPS.find)(accounts, account, id))?;
    Ok(reply::json(&thing.to_json()?))
}

async fn create<T: Stored>(call: Call) -> Result<Response, Problem> {
    let draft = T::change(call.document(), true)?;
    let thing = write(call, move |acting, account| {
        (T::STEPS.create)(acting, account, &draft)
    });
    let answer = reply::json(&thing.await?.to_json()?);
    Ok(reply::with_status(StatusCode::CREATED, answer))
}

async fn update<T: Stored>(call: Call) -> Result<Response, Problem> {
    let id = call.id(T::NAMES.id.name)?;
    let change = T::change(call.document(), false)?;
    let thing = write(call, move |acting, account| {
        (T::STEPS.update)(acting, account, id, &change)
    });
    Ok(reply::json(&thing.await?.to_json()?))
}

async fn delete<T: Stored>(call: Call) -> Result<Response, Problem> {
    let id = call.id(T::NAMES.id.name)?;
    write(call, move |acting, account| {
        (T::STEPS.delete)(acting, account, id)
    })
    .await?;
    Ok(reply::empty())
}

/// Answers every thing of the account.
pub(super) async fn all_of<T>(
    call: Call,
    list: impl FnOnce(&Accounts, AccountId) -> Result<Vec<T>, Error>,
    to_json: fn(&T) -> Value,
) -> Result<Response, Problem> {
    let things = call.authorized.with_accounts(list)?;
    let things: Vec<Value> = things.iter().map(to_json).collect();
    Ok(reply::json(&json!({"data": things})))
}

/// Answers the one that the path names by `id`.
pub(super) async fn one_of<T>(
    call: Call,
    find: impl FnOnce(&Accounts, AccountId, i64) -> Result<T, Error>,
    to_json: fn(&T) -> Value,
) -> Result<Response, Problem> {
    let id = call.id("id")?;
    let thing = call
        .authorized
        .with_accounts(|accounts, account| find(accounts, account, id))?;
    Ok(reply::json(&to_json(&thing)))
}

/// Takes the one away that the path names by `id`.
pub(super) async fn gone_from<T: Send + 'static>(
    call: Call,
    take: fn(&Acting<'_>, AccountId, i64) -> Result<T, Error>,
) -> Result<Response, Problem> {
    let id = call.id("id")?;
    write(call, move |acting, account| take(acting, account, id)).await?;
    Ok(reply::empty())
}

/// Runs a step that waits for the disk where that holds nobody up.
pub(super) async fn write<T: Send + 'static>(
    call: Call,
    step: impl FnOnce(&Acting<'_>, AccountId) -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    let authorized = call.authorized.clone();
    let now = call.now;
    let writing = move || authorized.change(now, step);
    call.server.gate.run(&call.server.limits, writing).await
}
