//! Members of an account and their roles.

use afsa_accounts::people::{Member, Role};
use afsa_accounts::{Accounts, Scope};
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::operation;
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation, Parameter};
use crate::operations::account_id_in_path;
use crate::operations::stored::{all_of, gone_from, one_of, write};
use crate::problem::{Problem, Word};
use crate::reply;
use crate::schemas::{instant, list_of, pair, reference, sayings_with, text, whole, with, words};

const ALL: &str = "/v1/accounts/{account_id}/members";
const ONE: &str = "/v1/accounts/{account_id}/members/{id}";

pub(super) fn operations() -> Vec<Operation> {
    let one = || Answer::json("The member.", reference("Member"));
    let of_one = || {
        let schema = json!({"type": "integer", "format": "int64", "minimum": 1});
        let id = Parameter::in_path("id", "The id of the person.", schema, 2);
        vec![account_id_in_path(), id]
    };
    vec![
        operation(
            [
                "listMembers",
                "List members",
                "The people of the account with their roles. The operator of the installation \
                 reaches every account without being listed.",
            ],
            Method::GET,
            ALL,
            Answer::json("The members.", list_of("Member")),
            Handler::Account(Scope::AccountRead, |call| {
                all_of(call, Accounts::members, to_json).boxed()
            }),
        ),
        Operation {
            parameters: of_one(),
            ..operation(
                ["getMember", "Read a member", "The person and his role."],
                Method::GET,
                ONE,
                one(),
                Handler::Account(Scope::AccountRead, |call| {
                    one_of(call, Accounts::member, to_json).boxed()
                }),
            )
        },
        Operation {
            parameters: of_one(),
            body: BodyRule::Document {
                schema: reference("MemberChange"),
                example: json!({"role": "editor"}),
                or_form: false,
            },
            words: vec![Word::Conflict],
            ..operation(
                [
                    "updateMember",
                    "Change a member's role",
                    "A credential does here what an admin may: it neither makes owners nor changes \
                     them, which owners do on the pages. It gives a role only if it has all of \
                     that role's scopes; an app gives none.",
                ],
                Method::PATCH,
                ONE,
                one(),
                Handler::Account(Scope::AccountWrite, |call| update(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            words: vec![Word::Conflict],
            ..operation(
                [
                    "removeMember",
                    "Remove a member",
                    "The person no longer reaches the account; owners are removed by owners on the \
                     pages, and an app removes nobody. Keys of the account stay.",
                ],
                Method::DELETE,
                ONE,
                Answer::empty("The person is no member any more."),
                Handler::Account(Scope::AccountWrite, |call| {
                    gone_from(call, |acting, account, id| {
                        acting.remove_member(account, id)
                    })
                    .boxed()
                }),
            )
        },
    ]
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    vec![
        pair(
            "Member",
            whole(json!({
                "id": with(
                    json!({"type": "integer", "format": "int64"}),
                    "description",
                    "The id of the person.",
                ),
                "email": text(),
                "name": text(),
                "role": role(),
                "since": instant(),
            })),
        ),
        pair(
            "MemberChange",
            sayings_with(json!({"role": role()}), &["role"]),
        ),
    ]
}

/// What a person is in an account.
pub(super) fn role() -> Value {
    words(&Role::ALL.map(Role::name))
}

/// The role that a body names, which is needed.
pub(super) fn role_of(fields: &mut Fields<'_>) -> Role {
    let role = fields.word("role", &Role::ALL.map(Role::name));
    let is_told = fields
        .faults
        .iter()
        .any(|fault| fault.pointer.as_deref() == Some("/role"));
    if role.is_none() && !is_told {
        let allowed = Role::ALL.map(|role| role.name().to_owned()).to_vec();
        fields.fault("role", "missing", "role must not be empty", allowed);
    }
    role.unwrap_or(Role::Viewer)
}

/// Whoever may do less than the role doesn't get at the rest by making somebody that.
pub(super) fn refuse_greater(call: &Call, role: Role) -> Result<(), Problem> {
    let detail = "A credential can give a role only if it has all scopes of that role itself.";
    call.authorized.require_own(role.scopes(), detail)
}

async fn update(call: Call) -> Result<Response, Problem> {
    let person = call.id("id")?;
    let mut fields = Fields::of_body(call.document())?;
    let role = role_of(&mut fields);
    fields.finish()?;
    refuse_greater(&call, role)?;
    let member = write(call, move |acting, account| {
        acting.change_role(account, person, role)
    })
    .await?;
    Ok(reply::json(&to_json(&member)))
}

fn to_json(member: &Member) -> Value {
    json!({
        "id": member.person,
        "email": member.email,
        "name": member.name,
        "role": member.role.name(),
        "since": reply::instant(member.since),
    })
}
