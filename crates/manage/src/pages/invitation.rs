//! Accepting an invitation into an account.

use maud::html;

use crate::answer::Outcome;
use crate::call::Call;
use crate::fields::form;
use crate::site::SignUp;

pub(crate) fn show(call: &Call) -> Outcome {
    let token = call.query.get("token");
    let invitation = call.site.accounts.invitation_of(token, call.now)?;
    let account = call.site.accounts.account(invitation.account)?;
    let title = call.say("invitation.title", &[("account", &account.name)]);
    let role = call.word("role", invitation.role.name());
    let next = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", &call.target)
        .finish();
    let body = html! {
        h1 { (title) }
        p.lead { (call.say("invitation.lead", &[("email", &invitation.email), ("role", role)])) }
        div.card {
            @match &call.visitor {
                Some(visitor) if invitation.is_for(&visitor.person.email) => {
                    (form(call, "/manage/invitation", html! {
                        input type="hidden" name="token" value=(token);
                        button.button type="submit" { (call.t("invitation.go")) }
                    }))
                }
                Some(visitor) => {
                    p { (call.say("invitation.other", &[("email", &visitor.person.email)])) }
                }
                None => div.row {
                    a.button href=(format!("/manage/sign-in?{next}")) { (call.t("sign_in.go")) }
                    @if call.site.sign_up != SignUp::Off {
                        a.button.quiet href=(format!("/manage/sign-up?invitation={token}")) {
                            (call.t("sign_up.title"))
                        }
                    }
                },
            }
        }
    };
    Ok(call.page(&title, body))
}

pub(crate) fn accept(call: &Call) -> Outcome {
    let token = call.form.get("token");
    let account = call.site.accounts.invitation_of(token, call.now)?.account;
    call.acting()?.accept_invitation(token)?;
    Ok(call.go_saying(
        &format!("/manage/accounts/{account}"),
        "invitation_accepted",
    ))
}
