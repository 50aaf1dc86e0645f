//! Colours and language, chosen at the foot of every page.

use afsa_accounts::people::PersonChange;

use crate::answer::Outcome;
use crate::call::{Call, Theme};
use crate::cookie::Keep;
use crate::words::Language;

/// Keeps the choice in a cookie, and the language of whoever is signed in with the person.
pub(crate) fn set(call: &Call) -> Outcome {
    let back = without_language(call.form.get("back"));
    let mut response = call.go(&back);
    if let Some(theme) = Theme::of(call.form.get("theme")) {
        let keep = match theme {
            Theme::System => Keep::Forget,
            _ => Keep::Year,
        };
        call.set_cookie(&mut response, "theme", theme.name(), keep);
    }
    if let Some(language) = Language::of(call.form.get("language")) {
        call.set_cookie(&mut response, "lang", language.tag(), Keep::Year);
        if let Ok(person) = call.person() {
            let change = PersonChange {
                language: Some(language.tag().to_owned()),
                ..PersonChange::default()
            };
            call.acting()?.change_person(person.id, &change)?;
        }
    }
    Ok(response)
}

/// An address that asks for a language would go on to ask for the old one.
fn without_language(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("lang="))
        .collect();
    if rest.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", rest.join("&"))
    }
}
