//! Who reaches an account, and who is invited.

use afsa_accounts::people::{Member, Right, Role};
use maud::{Markup, html};

use super::parts::{Again, FIRST, moment, or_again, paged, paged_by, sure};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, fault, form};
use crate::letters;
use crate::words::Language;

pub(crate) fn show(call: &Call) -> Outcome {
    page(call, FIRST)
}

pub(crate) fn invite(call: &Call) -> Outcome {
    let account = call.account()?;
    let email = call.form.get("email").trim();
    call.site.take_letter(&call.peer, email)?;
    let outcome = role_of(call).and_then(|role| {
        let acting = call.acting()?;
        let created = acting.create_invitation(account.id, email, role, call.random())?;
        let link = call.link(&format!("/manage/invitation?token={}", created.text));
        let language = Language::of(&account.language).unwrap_or(call.language);
        let values = [
            ("name", call.person()?.name.as_str()),
            ("account", &account.name),
            ("link", &link),
        ];
        call.write(&letters::INVITATION, email, language, &values);
        Ok(call.go_saying(&address(call)?, "invited"))
    });
    or_again(outcome, |again| page(call, again))
}

pub(crate) fn change_role(call: &Call) -> Outcome {
    let role = role_of(call)?;
    let person = call.number("person")?;
    call.acting()?
        .change_role(call.account_id()?, person, role)?;
    Ok(call.go_saying(&address(call)?, "saved"))
}

pub(crate) fn ask_remove(call: &Call) -> Outcome {
    let is_self = call.person()?.id == call.number("person")?;
    if !is_self && !call.may(Right::ManageMembers) {
        return Err(Failure::Forbidden);
    }
    let member = call
        .site
        .accounts
        .member(call.account_id()?, call.number("person")?)?;
    let base = address(call)?;
    let text = call.say("members.remove_text", &[("name", &member.name)]);
    sure(call, "members.remove_title", &text, "members.remove", &base)
}

pub(crate) fn remove(call: &Call) -> Outcome {
    let person = call.number("person")?;
    call.acting()?.remove_member(call.account_id()?, person)?;
    let is_self = call.person()?.id == person && !call.person()?.is_operator;
    let next = if is_self {
        "/manage".to_owned()
    } else {
        address(call)?
    };
    Ok(call.go_saying(&next, "member_removed"))
}

pub(crate) fn ask_withdraw(call: &Call) -> Outcome {
    let accounts = &call.site.accounts;
    let invitation = accounts.invitation(call.account_id()?, call.number("invitation")?)?;
    let text = call.say("members.withdraw_text", &[("email", &invitation.email)]);
    let base = address(call)?;
    sure(
        call,
        "members.withdraw_title",
        &text,
        "members.withdraw",
        &base,
    )
}

pub(crate) fn withdraw(call: &Call) -> Outcome {
    let id = call.number("invitation")?;
    call.acting()?.withdraw_invitation(call.account_id()?, id)?;
    Ok(call.go_saying(&address(call)?, "withdrawn"))
}

fn address(call: &Call) -> Result<String, Failure> {
    Ok(format!("/manage/accounts/{}/members", call.account_id()?))
}

fn role_of(call: &Call) -> Result<Role, Failure> {
    let role = call.form.get("role").parse();
    role.map_err(|()| Failure::Invalid(vec![fault("role", "unknown_value", "is no role")]))
}

/// Roles that this person may give.
fn roles(call: &Call) -> Result<Vec<(String, String)>, Failure> {
    let own = call.role()?;
    let given = Role::ALL.into_iter().filter(|role| own.may_give(*role));
    Ok(given
        .map(|role| {
            let text = call.word("role", role.name());
            let means = call.word("role_hint", role.name());
            (role.name().to_owned(), format!("{text} – {means}"))
        })
        .collect())
}

fn page(call: &Call, (status, faults): Again<'_>) -> Outcome {
    let account = call.account()?;
    let base = address(call)?;
    let members = call.site.accounts.members(account.id)?;
    let invitations = call.site.accounts.invitations(account.id)?;
    let fields = Fields::new(call, faults);
    let title = call.t("side.members");
    let (shown, links) = paged(call, &members, &base);
    let (invited, more) = paged_by(call, "invited", &invitations, &base);
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("members.lead")) }
        (fields.summary())
        @if members.is_empty() {
            div.card.empty { p { (call.t("members.empty")) } }
        } @else {
        section.card {
            div.table { table.stack {
                thead { tr {
                    th { (call.t("field.your_name")) }
                    th { (call.t("home.role")) }
                    th { span.unseen { (call.t("list.actions")) } }
                } }
                tbody { @for member in shown { (row(call, member, &base)?) } }
            } }
            (links)
        }
        }
        @if !invitations.is_empty() {
            section.card {
                h2 { (call.t("members.invited")) }
                div.table { table.stack {
                    tbody {
                        @for invitation in invited {
                            tr {
                                td { (invitation.email) }
                                td { (call.word("role", invitation.role.name())) }
                                td {
                                    @if invitation.expires_at <= call.now {
                                        span.badge.bad { (call.t("list.expired")) }
                                    } @else {
                                        (call.t("list.until")) " "
                                        (moment(call, invitation.expires_at, Some(account)))
                                    }
                                }
                                td.actions {
                                    a.button.quiet.little
                                        href=(format!("{base}/invitations/{}/withdraw", invitation.id)) {
                                        (call.t("members.withdraw"))
                                        span.unseen { " " (invitation.email) }
                                    }
                                }
                            }
                        }
                    }
                } }
                (more)
            }
        }
        section.card {
            h2 { (call.t("members.invite")) }
            (form(call, &base, html! {
                (fields.input(Input {
                    name: "email",
                    label: "field.email",
                    kind: "email",
                    hint: Some("members.invite_hint"),
                    ..Input::default()
                }))
                (fields.select("role", "home.role", None, "viewer", &roles(call)?))
                button.button type="submit" { (call.t("members.invite_go")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}

fn row(call: &Call, member: &Member, base: &str) -> Result<Markup, Failure> {
    let own = call.role()?;
    let is_self = call.person()?.id == member.person;
    let may_change = own.may_give(member.role);
    let name = call.say("members.role_of", &[("name", &member.name)]);
    Ok(html! {
        tr {
            td {
                bdi { (member.name) }
                @if is_self { " " span.badge { (call.t("members.you")) } }
                span.small.muted { (member.email) }
            }
            td {
                @if may_change {
                    (form(call, &format!("{base}/{}", member.person), html! {
                        div.row {
                            select.short name="role" aria-label=(name) {
                                @for role in Role::ALL {
                                    @if own.may_give(role) {
                                        option value=(role.name()) selected[role == member.role] {
                                            (call.word("role", role.name()))
                                        }
                                    }
                                }
                            }
                            button.button.quiet.little type="submit" { (call.t("form.save")) }
                        }
                    }))
                } @else {
                    (call.word("role", member.role.name()))
                }
            }
            td.actions {
                @if may_change || is_self {
                    a.button.danger.little href=(format!("{base}/{}/remove", member.person)) {
                        @if is_self { (call.t("members.leave")) } @else { (call.t("members.remove")) }
                    }
                }
            }
        }
    })
}
