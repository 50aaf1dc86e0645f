//! Invitations to an account.

use afsa_accounts::people::Invitation;
use afsa_accounts::{Accounts, Scope};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::members::{refuse_greater, role, role_of};
use super::operation;
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation};
use crate::operations::stored::{all_of, gone_from, one_of, write};
use crate::operations::{account_id_in_path, id_in_path};
use crate::problem::{Problem, Word};
use crate::reply;
use crate::schemas::{instant, list_of, pair, reference, sayings_with, text, whole, with};

const ALL: &str = "/v1/accounts/{account_id}/invitations";
const ONE: &str = "/v1/accounts/{account_id}/invitations/{id}";

pub(super) fn operations() -> Vec<Operation> {
    let of_one = || {
        vec![
            account_id_in_path(),
            id_in_path("The id of the invitation."),
        ]
    };
    vec![
        operation(
            [
                "listInvitations",
                "List invitations",
                "Invitations that nobody has accepted yet, also those that have expired.",
            ],
            Method::GET,
            ALL,
            Answer::json("The invitations.", list_of("Invitation")),
            Handler::Account(Scope::AccountRead, |call| {
                all_of(call, Accounts::invitations, to_json).boxed()
            }),
        ),
        Operation {
            body: BodyRule::Document {
                schema: reference("NewInvitation"),
                example: json!({"email": "ada@example.com", "role": "editor"}),
                or_form: false,
            },
            words: vec![Word::Conflict],
            ..operation(
                [
                    "createInvitation",
                    "Invite somebody",
                    "No mail is sent: hand the person the link `/manage/invitation?token=…` with \
                     the token of the answer. It is good for seven days and for whoever has this \
                     e-mail; a new invitation replaces the one before. Owners are invited by \
                     owners on the pages. A credential gives a role only if it has all of that \
                     role's scopes; an app invites nobody.",
                ],
                Method::POST,
                ALL,
                Answer::json(
                    "The invitation with its token, which is shown this once.",
                    reference("CreatedInvitation"),
                )
                .with_status(StatusCode::CREATED),
                Handler::Account(Scope::AccountWrite, |call| create(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            ..operation(
                [
                    "getInvitation",
                    "Read an invitation",
                    "What is kept of the invitation.",
                ],
                Method::GET,
                ONE,
                Answer::json("The invitation.", reference("Invitation")),
                Handler::Account(Scope::AccountRead, |call| {
                    one_of(call, Accounts::invitation, to_json).boxed()
                }),
            )
        },
        Operation {
            parameters: of_one(),
            ..operation(
                [
                    "withdrawInvitation",
                    "Withdraw an invitation",
                    "Its link opens nothing any more.",
                ],
                Method::DELETE,
                ONE,
                Answer::empty("It is gone."),
                Handler::Account(Scope::AccountWrite, |call| {
                    gone_from(call, |acting, account, id| {
                        acting.withdraw_invitation(account, id)
                    })
                    .boxed()
                }),
            )
        },
    ]
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    let invitation = json!({
        "id": {"type": "integer", "format": "int64"},
        "email": text(),
        "role": role(),
        "created_at": instant(),
        "expires_at": instant(),
    });
    let token = with(text(), "description", "For the link, shown this once.");
    vec![
        pair("Invitation", whole(invitation.clone())),
        pair("CreatedInvitation", whole(with(invitation, "token", token))),
        pair(
            "NewInvitation",
            sayings_with(json!({"email": text(), "role": role()}), &["email", "role"]),
        ),
    ]
}

async fn create(call: Call) -> Result<Response, Problem> {
    let mut fields = Fields::of_body(call.document())?;
    let email = fields.text("email").unwrap_or_default();
    let role = role_of(&mut fields);
    fields.finish_with(afsa_accounts::people::email_faults(&email))?;
    refuse_greater(&call, role)?;
    let secret = call.authorized.random_bytes();
    let created = write(call, move |acting, account| {
        acting.create_invitation(account, &email, role, secret)
    })
    .await?;
    let mut answer = to_json(&created.invitation);
    answer["token"] = created.text.into();
    Ok(reply::with_status(
        StatusCode::CREATED,
        reply::json(&answer),
    ))
}

fn to_json(invitation: &Invitation) -> Value {
    json!({
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role.name(),
        "created_at": reply::instant(invitation.created_at),
        "expires_at": reply::instant(invitation.expires_at),
    })
}
