//! The second factor: an app that makes codes, and recovery codes for when it is lost.

use afsa_accounts::people::{Code, TotpEnrolment};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use qrcode::QrCode;
use qrcode::render::svg;

use super::parts::{Again, FIRST, current_field, or_again, own_password};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, fault, form};

pub(crate) fn show(call: &Call) -> Outcome {
    page(call, FIRST)
}

/// Makes a secret and shows it; it counts once a code of it was told. Whoever has got hold of a
/// session alone must not put his own second factor before the password.
pub(crate) fn begin(call: &Call) -> Outcome {
    let person = call.person()?;
    call.site.take_guess(&call.peer, &person.email)?;
    let outcome = (|| {
        own_password(call)?;
        let enrolment = call.acting()?.begin_totp(person.id, call.random())?;
        enrolment_page(call, FIRST, &enrolment)
    })();
    or_again(outcome, |again| page(call, again))
}

/// Who was signed in by the password alone has to come again: all other sessions are over.
pub(crate) fn confirm(call: &Call) -> Outcome {
    let person = guessing(call)?;
    let code = call.form.get("code");
    let told = call.acting()?.confirm_totp(person, code, call.random())?;
    if let Code::Right(_) = told {
        let accounts = &call.site.accounts;
        accounts.end_other_sessions(person, call.session()?.id)?;
    }
    let enrolment = TotpEnrolment {
        secret: call.form.get("secret").to_owned(),
        address: call.form.get("address").to_owned(),
    };
    let outcome = codes_or_fault(call, told, "second_factor.others_over");
    or_again(outcome, |again| enrolment_page(call, again, &enrolment))
}

pub(crate) fn renew(call: &Call) -> Outcome {
    let person = guessing(call)?;
    let code = call.form.get("code");
    let acting = call.acting()?;
    let told = acting.renew_recovery_codes(person, code, call.random())?;
    let outcome = codes_or_fault(call, told, "second_factor.renewed");
    or_again(outcome, |again| page(call, again))
}

pub(crate) fn disable(call: &Call) -> Outcome {
    let person = guessing(call)?;
    let code = call.form.get("code");
    let told = call.acting()?.disable_second_factor(person, code)?;
    let outcome = right(told).map(|()| call.go_saying("/manage/profile", "second_factor_off"));
    or_again(outcome, |again| page(call, again))
}

/// Counts a try to guess a code of the person who is signed in.
fn guessing(call: &Call) -> Result<i64, Failure> {
    let person = call.person()?.id;
    call.site
        .take_guess(&call.peer, &format!("code {person}"))?;
    Ok(person)
}

fn right<T>(told: Code<T>) -> Result<T, Failure> {
    let refuse = |error| Err(Failure::Invalid(vec![fault("code", error, "")]));
    match told {
        Code::Right(value) => Ok(value),
        Code::Wrong => refuse("wrong"),
        Code::Locked => refuse("locked"),
    }
}

/// Shows recovery codes, which are never shown again.
fn codes_or_fault(call: &Call, told: Code<Vec<String>>, also: &'static str) -> Outcome {
    let codes = right(told)?;
    let title = call.t("second_factor.codes_title");
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("second_factor.codes_lead")) }
        div.card {
            ul.codes { @for code in &codes { li { (code) } } }
            p.muted { (call.t(also)) }
            a.button href="/manage/profile" { (call.t("second_factor.kept")) }
        }
    };
    Ok(call.page(title, body))
}

fn code_field(fields: &Fields<'_>, hint: &'static str) -> Markup {
    fields.input(Input {
        name: "code",
        label: "field.code",
        hint: Some(hint),
        autocomplete: "one-time-code",
        ..Input::default()
    })
}

/// An image within the page: its address would have to hold the secret.
fn picture(address: &str) -> Option<String> {
    let code = QrCode::new(address.as_bytes()).ok()?;
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(224, 224)
        .quiet_zone(true)
        .build();
    Some(format!(
        "data:image/svg+xml;base64,{}",
        STANDARD.encode(image)
    ))
}

fn enrolment_page(call: &Call, (status, faults): Again<'_>, enrolment: &TotpEnrolment) -> Outcome {
    let fields = Fields::new(call, faults);
    let title = call.t("second_factor.begin_title");
    let body = html! {
        p.crumb { a href="/manage/profile" { (call.t("profile.title")) } }
        h1 { (title) }
        p.lead { (call.t("second_factor.begin_lead")) }
        (fields.summary())
        div.card {
            @if let Some(picture) = picture(&enrolment.address) {
                img.qr src=(picture) alt=(call.t("second_factor.qr")) width="224" height="224";
            }
            p { (call.t("second_factor.typed")) }
            code.secret data-secret="totp" { (enrolment.secret) }
            (form(call, "/manage/profile/second-factor/confirm", html! {
                input type="hidden" name="secret" value=(enrolment.secret);
                input type="hidden" name="address" value=(enrolment.address);
                (code_field(&fields, "second_factor.hint"))
                button.button type="submit" { (call.t("second_factor.confirm")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}

fn page(call: &Call, (status, faults): Again<'_>) -> Outcome {
    let person = call.person()?;
    let fields = Fields::new(call, faults);
    let title = call.t("second_factor.title");
    let body = html! {
        p.crumb { a href="/manage/profile" { (call.t("profile.title")) } }
        h1 { (title) }
        p.lead { (call.t("second_factor.lead")) }
        (fields.summary())
        @if person.has_second_factor {
            @let left = call.site.accounts.recovery_codes_left(person.id)?.to_string();
            div.card {
                p { (call.say("second_factor.left", &[("codes", &left)])) }
                (form(call, "/manage/profile/second-factor/renew", html! {
                    (code_field(&fields, "code.hint"))
                    div.row {
                        button.button.quiet type="submit" { (call.t("second_factor.renew")) }
                        button.button.danger type="submit"
                            formaction="/manage/profile/second-factor/disable" {
                            (call.t("second_factor.disable"))
                        }
                    }
                }))
            }
        } @else if person.confirmed_at.is_none() {
            div.card {
                p { (call.t("second_factor.confirm_first")) }
                (form(call, "/manage/confirm/send", html! {
                    button.button.quiet type="submit" { (call.t("confirm.again")) }
                }))
            }
        } @else {
            div.card {
                (form(call, "/manage/profile/second-factor/begin", html! {
                    (current_field(&fields, false))
                    button.button type="submit" { (call.t("second_factor.begin")) }
                }))
            }
        }
    };
    Ok(call.page_with(status, title, body))
}
