//! Pairs of texts as one text: a pair a line, key and value divided by a tab, with `\\`, `\t` and
//! `\n` standing for what would be mistaken.

use std::sync::Arc;

type Pair = (Arc<str>, Arc<str>);

/// `None` for no pairs.
pub(crate) fn join(pairs: &[Pair]) -> Option<String> {
    if pairs.is_empty() {
        return None;
    }
    let mut joined = String::new();
    for (index, (key, value)) in pairs.iter().enumerate() {
        if index > 0 {
            joined.push('\n');
        }
        escape(key, &mut joined);
        joined.push('\t');
        escape(value, &mut joined);
    }
    Some(joined)
}

fn escape(text: &str, into: &mut String) {
    for character in text.chars() {
        match character {
            '\\' => into.push_str("\\\\"),
            '\t' => into.push_str("\\t"),
            '\n' => into.push_str("\\n"),
            _ => into.push(character),
        }
    }
}

/// The pairs of a joined text. A line without a tab is a key with an empty value.
pub(crate) fn split(joined: &str) -> Vec<Pair> {
    let pair = |line: &str| {
        let (key, value) = line.split_once('\t').unwrap_or((line, ""));
        (unescape(key), unescape(value))
    };
    joined.split('\n').map(pair).collect()
}

fn unescape(text: &str) -> Arc<str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('t') => plain.push('\t'),
                Some('n') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => {}
            },
            _ => plain.push(character),
        }
    }
    plain.into()
}
