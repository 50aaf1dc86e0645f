//! Messages in the languages that pages speak.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// A language that pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    #[default]
    English,
    French,
}

type Messages = HashMap<String, String>;

static ENGLISH: LazyLock<Messages> = LazyLock::new(|| read(include_str!("../messages/en.toml")));
static FRENCH: LazyLock<Messages> = LazyLock::new(|| read(include_str!("../messages/fr.toml")));

impl Language {
    pub(crate) const ALL: [Language; 2] = [Language::English, Language::French];

    /// As it is kept and sent.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::French => "fr",
        }
    }

    /// As its speakers call it.
    pub(crate) fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::French => "Français",
        }
    }

    /// By its tag or that of one of its regions.
    pub(crate) fn of(tag: &str) -> Option<Language> {
        let primary = tag.trim().split('-').next()?;
        Language::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// What a browser prefers of the languages there are.
    pub(crate) fn accepted(headers: &HeaderMap) -> Option<Language> {
        let accepted = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
        let mut best: Option<(f32, Language)> = None;
        for choice in accepted.split(',').take(32) {
            let (tag, quality) = choice.split_once(";q=").unwrap_or((choice, "1"));
            let quality = quality.trim().parse::<f32>().unwrap_or(0.0);
            if let Some(language) = Language::of(tag)
                && quality > best.map_or(0.0, |(other, _)| other)
            {
                best = Some((quality, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// The message of a key, which a test holds to be there.
    pub(crate) fn t(self, key: &'static str) -> &'static str {
        self.find(key).unwrap_or(key)
    }

    /// The message of a key that is put together, if there is one.
    pub(crate) fn find(self, key: &str) -> Option<&'static str> {
        let messages = match self {
            Language::English => &*ENGLISH,
            Language::French => &*FRENCH,
        };
        messages.get(key).map(String::as_str)
    }

    /// The message of a key with what stands for its `{names}`.
    pub(crate) fn say(self, key: &'static str, values: &[(&str, &str)]) -> String {
        fill(self.t(key), values)
    }
}

/// Puts values in the places of their `{names}`; what a value holds is left alone.
fn fill(message: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(message.len() + 32);
    let mut rest = message;
    while let Some((before, (name, after))) = rest
        .split_once('{')
        .and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        text.push_str(before);
        let value = values.iter().find(|(of, _)| *of == name);
        text.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// Tables become prefixes: `[sign_in] title` is `sign_in.title`.
fn read(text: &str) -> Messages {
    let mut messages = Messages::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        flatten(&table, "", &mut messages);
    }
    messages
}

fn flatten(table: &toml::Table, prefix: &str, into: &mut Messages) {
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => flatten(inner, &format!("{prefix}{name}."), into),
            toml::Value::String(text) => {
                into.insert(format!("{prefix}{name}"), text.clone());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn places(message: &str) -> BTreeSet<&str> {
        let parts = message.split('{').skip(1);
        parts.filter_map(|part| part.split('}').next()).collect()
    }

    #[test]
    fn both_languages_say_the_same_things() {
        let keys = |messages: &Messages| messages.keys().cloned().collect::<BTreeSet<_>>();
        let missing: Vec<_> = keys(&ENGLISH)
            .symmetric_difference(&keys(&FRENCH))
            .cloned()
            .collect();
        assert_eq!(missing, Vec::<String>::new());
        assert!(!ENGLISH.is_empty());
        for (key, english) in ENGLISH.iter() {
            assert_eq!(places(english), places(&FRENCH[key]), "{key}");
            assert!(!english.trim().is_empty() && !FRENCH[key].trim().is_empty());
        }
    }

    fn sources(folder: &Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                into.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn every_message_is_there_and_used() {
        let mut texts = Vec::new();
        sources(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut texts,
        );
        let mut asked = BTreeSet::new();
        let mut prefixes = Vec::new();
        for text in &texts {
            for literal in text.split('"').skip(1) {
                let is_key = literal.split('.').count() > 1
                    && literal.bytes().all(|b| {
                        b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.".contains(&b)
                    });
                if is_key && ENGLISH.contains_key(literal) {
                    asked.insert(literal.to_owned());
                }
                if let Some((prefix, _)) = literal.split_once(".{") {
                    prefixes.push(format!("{prefix}."));
                }
            }
            for rest in text.split(".word(\"").skip(1) {
                prefixes.push(format!("{}.", rest.split('"').next().unwrap()));
            }
            for call in [".t(\"", ".say(\"", ".say(\n"] {
                for rest in text.split(call).skip(1) {
                    let key = rest.trim_start_matches([' ', '\n', '"']);
                    let key = key.split('"').next().unwrap();
                    if key.contains(['{', '(', ' ']) {
                        continue;
                    }
                    assert!(ENGLISH.contains_key(key), "there is no message {key}");
                }
            }
        }
        let unused: Vec<_> = ENGLISH
            .keys()
            .filter(|key| !asked.contains(*key))
            .filter(|key| !prefixes.iter().any(|prefix| key.starts_with(prefix)))
            .collect();
        assert_eq!(unused, Vec::<&String>::new(), "nobody says these");
    }

    #[test]
    fn what_browsers_prefer() {
        let check = |accepted: &str, expect: Option<Language>| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, accepted.parse().unwrap());
            assert_eq!(Language::accepted(&headers), expect, "{accepted}");
        };
        check("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", Some(Language::French));
        check("de, en;q=0.3, fr;q=0.7", Some(Language::French));
        check("en-GB,en;q=0.9,fr;q=0.8", Some(Language::English));
        check("de", None);
        check("fr;q=0", None);
        check("", None);
    }

    #[test]
    fn values_are_taken_as_they_are() {
        assert_eq!(
            fill("{a} and {b}", &[("a", "{b}"), ("b", "2")]),
            "{b} and 2"
        );
        assert_eq!(fill("a {b", &[("b", "1")]), "a {b");
    }
}
