//! Parts of forms: each field with its label, its hint and what is wrong with it.

use afsa_accounts::FieldFault;
use maud::{Markup, html};

use crate::call::Call;
use crate::forgery;

/// A form that is sent by POST, with the proof that it is from here.
pub(crate) fn form(call: &Call, action: &str, body: Markup) -> Markup {
    html! {
        form method="post" action=(action) {
            input type="hidden" name=(forgery::FIELD) value=(forgery::token(&call.form_secret));
            (body)
        }
    }
}

/// A field of one line.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    /// As the API names it, where it does.
    pub name: &'static str,
    /// The message that is its label.
    pub label: &'static str,
    pub kind: &'static str,
    /// What stands in it before anything was sent.
    pub value: &'a str,
    /// The message below it.
    pub hint: Option<&'static str>,
    pub autocomplete: &'static str,
    pub is_required: bool,
    pub is_short: bool,
    /// Whether the page begins here.
    pub is_first: bool,
    /// What may be chosen from, beside what may be written.
    pub list: Option<&'static str>,
}

impl Default for Input<'_> {
    fn default() -> Self {
        Input {
            name: "",
            label: "",
            kind: "text",
            value: "",
            hint: None,
            autocomplete: "off",
            is_required: true,
            is_short: false,
            is_first: false,
            list: None,
        }
    }
}

/// The fields of one form, some of which may have been refused.
pub(crate) struct Fields<'a> {
    call: &'a Call,
    faults: &'a [FieldFault],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(call: &'a Call, faults: &'a [FieldFault]) -> Fields<'a> {
        Fields { call, faults }
    }

    /// What was sent, or what is there where nothing was.
    fn value<'v>(&'v self, name: &str, value: &'v str) -> &'v str {
        if self.call.form.has(name) {
            self.call.form.get(name)
        } else {
            value
        }
    }

    /// Says at the head of a form that something is to be mended.
    pub(crate) fn summary(&self) -> Markup {
        html! {
            @if !self.faults.is_empty() {
                div.note.bad role="alert" { p { (self.call.t("form.faults")) } }
            }
        }
    }

    pub(crate) fn input(&self, input: Input<'_>) -> Markup {
        let is_secret = input.kind == "password";
        let value = if is_secret {
            ""
        } else {
            self.value(input.name, input.value)
        };
        let code = (input.autocomplete == "one-time-code").then_some("numeric");
        html! {
            div.field {
                label for=(input.name) { (self.call.t(input.label)) }
                input #(input.name) name=(input.name) type=(input.kind) value=(value)
                    .short[input.is_short] .code[code.is_some()]
                    autocomplete=(input.autocomplete) required[input.is_required]
                    inputmode=[code] list=[input.list]
                    spellcheck="false" autofocus[input.is_first]
                    aria-invalid=[self.invalid(input.name)]
                    aria-describedby=[self.described(input.name, input.hint)];
                (self.below(input.name, input.hint))
            }
        }
    }

    /// Some lines, one entry on each.
    pub(crate) fn lines(
        &self,
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        lines: &str,
    ) -> Markup {
        html! {
            div.field {
                label for=(name) { (self.call.t(label)) }
                textarea #(name) name=(name) rows="4" spellcheck="false"
                    aria-invalid=[self.invalid(name)]
                    aria-describedby=[self.described(name, Some(hint))] {
                    // A browser drops the first line break.
                    "\n" (self.value(name, lines))
                }
                (self.below(name, Some(hint)))
            }
        }
    }

    /// One of some values, each with what is shown for it.
    pub(crate) fn select(
        &self,
        name: &'static str,
        label: &'static str,
        hint: Option<&'static str>,
        value: &str,
        choices: &[(String, String)],
    ) -> Markup {
        let chosen = self.value(name, value);
        html! {
            div.field {
                label for=(name) { (self.call.t(label)) }
                select #(name) name=(name)
                    aria-invalid=[self.invalid(name)]
                    aria-describedby=[self.described(name, hint)] {
                    @for (value, shown) in choices {
                        option value=(value) selected[value == chosen] { (shown) }
                    }
                }
                (self.below(name, hint))
            }
        }
    }

    /// Any of some values: each with what is shown for it and what it means.
    pub(crate) fn checks(
        &self,
        name: &'static str,
        label: &'static str,
        chosen: &[&str],
        choices: &[(String, String, String)],
    ) -> Markup {
        let was_sent = self.call.form.has(forgery::FIELD) || self.call.form.has(name);
        let is_chosen = |value: &str| {
            if was_sent {
                self.call.form.values(name).any(|sent| sent == value)
            } else {
                chosen.contains(&value)
            }
        };
        html! {
            fieldset aria-describedby=[self.described(name, None)] {
                legend.legend { (self.call.t(label)) }
                @for (value, shown, hint) in choices {
                    @let id = format!("{name}-{value}");
                    div.check {
                        input #(id) type="checkbox" name=(name) value=(value)
                            checked[is_chosen(value)];
                        label for=(id) { (shown) }
                        @if !hint.is_empty() { p.hint { (hint) } }
                    }
                }
                (self.below(name, None))
            }
        }
    }

    fn fault(&self, name: &str) -> Option<String> {
        let fault = self.faults.iter().find(|fault| fault.field == name)?;
        Some(told(self.call, fault))
    }

    fn invalid(&self, name: &str) -> Option<&'static str> {
        self.faults
            .iter()
            .any(|fault| fault.field == name)
            .then_some("true")
    }

    fn described(&self, name: &str, hint: Option<&str>) -> Option<String> {
        let hint = hint.map(|_| format!("{name}-hint"));
        let fault = self.invalid(name).map(|_| format!("{name}-fault"));
        let both: Vec<String> = fault.into_iter().chain(hint).collect();
        (!both.is_empty()).then(|| both.join(" "))
    }

    fn below(&self, name: &str, hint: Option<&'static str>) -> Markup {
        html! {
            @if let Some(fault) = self.fault(name) {
                p.fault id=(format!("{name}-fault")) { (fault) }
            }
            @if let Some(hint) = hint {
                p.hint id=(format!("{name}-hint")) { (self.call.t(hint)) }
            }
        }
    }
}

/// What is wrong with a field, in the reader's language: said of this field, else of any, else as
/// the accounts say it.
fn told(call: &Call, fault: &FieldFault) -> String {
    let FieldFault {
        field,
        error,
        detail,
    } = fault;
    let message = call
        .language
        .find(&format!("fault.{field}.{error}"))
        .or_else(|| call.language.find(&format!("fault.{error}")));
    // Of lists the entry is named first that can't be taken.
    let entry = detail
        .strip_prefix('"')
        .and_then(|rest| rest.split_once("\" must"))
        .map(|(entry, _)| entry);
    match (message, entry) {
        (Some(message), Some(entry)) => format!("{entry:?}: {message}"),
        (Some(message), None) => message.to_owned(),
        (None, _) => detail.clone(),
    }
}

/// A field that the page itself refuses.
pub(crate) fn fault(field: &'static str, error: &'static str, detail: &str) -> FieldFault {
    FieldFault {
        field,
        error,
        detail: detail.to_owned(),
    }
}
