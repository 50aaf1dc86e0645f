//! Links that show an account to whoever has them.

use afsa_accounts::people::{Share, ShareChange};
use maud::{Markup, html};

use super::parts::{Again, FIRST, chosen_expiry, expiry_field, moment_or_never, or_again, sure};
use super::things::{Row, Shown, Things, made_at, moment_fact, over};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input};
use crate::once;

const SHARES: Things = Things {
    path: "shares",
    title: "side.shares",
    lead: "shares.lead",
    empty: "shares.empty",
    create: "shares.create",
    heads: &["field.name", "list.used", "field.expires"],
};

pub(crate) fn show(call: &Call) -> Outcome {
    page(call, FIRST)
}

pub(crate) fn create(call: &Call) -> Outcome {
    if !once::is_first(call) {
        return SHARES.again(call);
    }
    or_again(attempt(call), |again| page(call, again))
}

fn attempt(call: &Call) -> Outcome {
    let account = call.account_id()?;
    let acting = call.acting()?;
    let created = acting.create_share(account, &wanted(call), call.random(), call.random())?;
    let link = call.link(&format!("/share/{}", created.text));
    let body = html! {
        p { (call.t("shares.once")) }
        span.legend { bdi { (created.share.name) } }
        code.secret data-secret="share" { (link) }
        p.muted { (call.t("shares.api")) " " code { "POST /v1/shares/open" } }
    };
    SHARES.made(call, "shares.created", body)
}

/// What the form says of a link, a new one or one that is there.
fn wanted(call: &Call) -> ShareChange {
    let password = match call.form.get("password") {
        "" if call.form.has("open") => Some(None),
        "" => None,
        password => Some(Some(password.to_owned())),
    };
    ShareChange {
        name: Some(call.form.get("name").to_owned()),
        password,
        expires_at: chosen_expiry(call),
    }
}

pub(crate) fn show_one(call: &Call) -> Outcome {
    one(call, FIRST)
}

pub(crate) fn change(call: &Call) -> Outcome {
    let outcome = (|| {
        let id = share(call)?.id;
        let acting = call.acting()?;
        acting.update_share(call.account_id()?, id, &wanted(call), call.random())?;
        Ok(call.go_saying(&SHARES.address(call)?, "saved"))
    })();
    or_again(outcome, |again| one(call, again))
}

pub(crate) fn ask_revoke(call: &Call) -> Outcome {
    let share = share(call)?;
    let text = call.say("shares.revoke_text", &[("name", &share.name)]);
    let base = SHARES.address(call)?;
    sure(call, "shares.revoke_title", &text, "keys.revoke", &base)
}

pub(crate) fn revoke(call: &Call) -> Outcome {
    let id = call.number("share")?;
    call.acting()?.revoke_share(call.account_id()?, id)?;
    Ok(call.go_saying(&SHARES.address(call)?, "share_revoked"))
}

fn share(call: &Call) -> Result<Share, Failure> {
    let id = call.number("share")?;
    let share = call.site.accounts.share(call.account_id()?, id)?;
    // What was revoked stays so, whatever is changed of it.
    if share.revoked_at.is_some() {
        return Err(Failure::NotFound);
    }
    Ok(share)
}

fn page(call: &Call, again: Again<'_>) -> Outcome {
    let account = call.account()?;
    let mut shares = call.site.accounts.shares(account.id)?;
    shares.reverse();
    shares.sort_by_key(|share| share.revoked_at.is_some());
    let inputs = |fields: &Fields<'_>| {
        Ok(html! {
            (name_field(fields, ""))
            (password_field(fields, "shares.password_hint"))
            (expiry_field(call, fields, None))
        })
    };
    SHARES.list(
        call,
        again,
        &shares,
        |share| row(call, share),
        html! {},
        inputs,
    )
}

fn row<'a>(call: &Call, share: &'a Share) -> Result<Row<'a>, Failure> {
    let account = call.account()?;
    Ok(Row {
        id: share.id,
        name: &share.name,
        badge: share.has_password.then_some("shares.has_password"),
        below: made_at(call, share.created_at)?,
        cells: vec![
            moment_or_never(call, share.last_used, account),
            moment_or_never(call, share.expires_at, account),
        ],
        over: over(call, share.revoked_at, share.expires_at),
    })
}

fn one(call: &Call, again: Again<'_>) -> Outcome {
    let share = share(call)?;
    let shown = Shown {
        id: share.id,
        name: &share.name,
        facts: moment_fact(call, "list.used", share.last_used)?,
        acts: &[("revoke", "keys.revoke", "danger")],
    };
    SHARES.one(call, again, &shown, |fields| {
        let open = (
            "yes".into(),
            call.t("shares.open").to_owned(),
            String::new(),
        );
        Ok(html! {
            (name_field(fields, &share.name))
            (password_field(fields, if share.has_password {
                "shares.password_kept"
            } else {
                "shares.password_hint"
            }))
            @if share.has_password { (fields.checks("open", "shares.has_password", &[], &[open])) }
            (expiry_field(call, fields, Some(share.expires_at)))
        })
    })
}

fn name_field(fields: &Fields<'_>, value: &str) -> Markup {
    fields.input(Input {
        name: "name",
        label: "field.name",
        value,
        hint: Some("shares.name_hint"),
        ..Input::default()
    })
}

fn password_field(fields: &Fields<'_>, hint: &'static str) -> Markup {
    fields.input(Input {
        name: "password",
        label: "shares.password",
        kind: "password",
        hint: Some(hint),
        autocomplete: "new-password",
        is_required: false,
        ..Input::default()
    })
}
