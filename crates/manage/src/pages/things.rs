//! What keys, apps and links have in common: a list with a form below it, a page for each, and a
//! page that shows a new one's secret.

use afsa_model::Timestamp;
use maud::{Markup, html};

use super::parts::{Again, moment, moment_or_never, paged};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, form};
use crate::once;

/// A kind of thing that an account has.
pub(super) struct Things {
    /// The last part of the list's address.
    pub path: &'static str,
    pub title: &'static str,
    pub lead: &'static str,
    pub empty: &'static str,
    pub create: &'static str,
    /// What stands above the list's columns, but for the last.
    pub heads: &'static [&'static str],
}

/// What the list tells of one.
pub(super) struct Row<'a> {
    pub id: i64,
    pub name: &'a str,
    /// Beside the name, and below it.
    pub badge: Option<&'static str>,
    pub below: Markup,
    /// What stands in the columns between the name and the last.
    pub cells: Vec<Markup>,
    /// `None`: it still opens something.
    pub over: Option<&'static str>,
}

impl Things {
    /// The address of the list.
    pub(super) fn address(&self, call: &Call) -> Result<String, Failure> {
        Ok(format!(
            "/manage/accounts/{}/{}",
            call.account_id()?,
            self.path
        ))
    }

    /// The list, what else there is to see, and the form that makes another one.
    pub(super) fn list<'t, T>(
        &self,
        call: &'t Call,
        (status, faults): Again<'_>,
        things: &'t [T],
        row: impl Fn(&'t T) -> Result<Row<'t>, Failure>,
        more: Markup,
        inputs: impl FnOnce(&Fields<'_>) -> Result<Markup, Failure>,
    ) -> Outcome {
        let base = self.address(call)?;
        let fields = Fields::new(call, faults);
        let title = call.t(self.title);
        let (shown, links) = paged(call, things, &base);
        let rows = shown
            .iter()
            .map(|thing| Ok(self.row(call, &row(thing)?, &base)))
            .collect::<Result<Vec<Markup>, Failure>>()?;
        let body = html! {
            h1 { (title) }
            p.lead { (call.t(self.lead)) }
            (fields.summary())
            @if things.is_empty() {
                div.card.empty { p { (call.t(self.empty)) } }
            } @else {
                section.card {
                    div.table { table.stack {
                        thead { tr {
                            @for head in self.heads { th { (call.t(head)) } }
                            th { span.unseen { (call.t("list.actions")) } }
                        } }
                        tbody { @for row in &rows { (row) } }
                    } }
                    (links)
                }
            }
            (more)
            section.card {
                h2 { (call.t(self.create)) }
                (form(call, &base, html! {
                    (once::field(call))
                    (inputs(&fields)?)
                    button.button type="submit" { (call.t(self.create)) }
                }))
            }
        };
        Ok(call.page_with(status, title, body))
    }

    fn row(&self, call: &Call, row: &Row<'_>, base: &str) -> Markup {
        html! {
            tr {
                td {
                    @if row.over.is_none() {
                        a href=(format!("{base}/{}", row.id)) { bdi { (row.name) } }
                    } @else {
                        bdi { (row.name) }
                    }
                    @if let Some(badge) = row.badge { " " span.badge { (call.t(badge)) } }
                    span.small.muted { (row.below) }
                }
                @for (cell, head) in row.cells.iter().zip(self.heads.iter().skip(1)) {
                    td data-label=(call.t(head)) { (cell) }
                }
                td.actions {
                    @if let Some(over) = row.over {
                        span.badge.bad { (call.t(over)) }
                    } @else {
                        a.button.quiet.little href=(format!("{base}/{}", row.id)) {
                            (call.t("list.change"))
                            span.unseen { " " (row.name) }
                        }
                    }
                }
            }
        }
    }

    /// One of them: its form, and what else may be done with it.
    pub(super) fn one(
        &self,
        call: &Call,
        (status, faults): Again<'_>,
        shown: &Shown<'_>,
        inputs: impl FnOnce(&Fields<'_>) -> Result<Markup, Failure>,
    ) -> Outcome {
        let base = self.address(call)?;
        let address = format!("{base}/{}", shown.id);
        let fields = Fields::new(call, faults);
        let body = html! {
            p.crumb { a href=(base) { (call.t(self.title)) } }
            h1 { bdi { (shown.name) } }
            (fields.summary())
            section.card {
                dl.facts { (shown.facts) }
                (form(call, &address, html! {
                    (inputs(&fields)?)
                    button.button type="submit" { (call.t("form.save")) }
                }))
            }
            section.card {
                div.row {
                    @for (path, label, class) in shown.acts {
                        a class=(format!("button {class}")) href=(format!("{address}/{path}")) {
                            (call.t(label))
                        }
                    }
                }
            }
        };
        Ok(call.page_with(status, shown.name, body))
    }

    /// Shows what is known only now.
    pub(super) fn made(&self, call: &Call, title: &'static str, body: Markup) -> Outcome {
        let title = call.t(title);
        let body = html! {
            h1 { (title) }
            div.card {
                (body)
                a.button href=(self.address(call)?) { (call.t("keys.kept")) }
            }
        };
        Ok(call.page(title, body))
    }

    /// Back to the list, where a form came that was taken before.
    pub(super) fn again(&self, call: &Call) -> Outcome {
        Ok(call.go_saying(&self.address(call)?, "made_already"))
    }
}

/// What a page of one thing shows beside its form.
pub(super) struct Shown<'a> {
    pub id: i64,
    pub name: &'a str,
    pub facts: Markup,
    /// Pages that ask whether something shall be done: path, label, class of the button.
    pub acts: &'a [(&'static str, &'static str, &'static str)],
}

/// Whether something opens nothing any more, and why.
pub(super) fn over(
    call: &Call,
    revoked_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
) -> Option<&'static str> {
    if revoked_at.is_some() {
        return Some("list.revoked");
    }
    let is_over = expires_at.is_some_and(|expiry| expiry <= call.now);
    is_over.then_some("list.expired")
}

/// A fact that is a moment.
pub(super) fn moment_fact(
    call: &Call,
    label: &'static str,
    at: Option<Timestamp>,
) -> Result<Markup, Failure> {
    let account = call.account()?;
    Ok(html! { dt { (call.t(label)) } dd { (moment_or_never(call, at, account)) } })
}

/// When something was made.
pub(super) fn made_at(call: &Call, at: Timestamp) -> Result<Markup, Failure> {
    Ok(moment(call, at, Some(call.account()?)))
}
