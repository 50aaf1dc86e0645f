//! Whether two answers, or two stores, are the same.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use afsa_model::{Hit, VisitorKey};
use regex::Regex;

use crate::{Groups, Question, Snapshot, StoreError, Value};

/// Differences listed at most.
const MOST_LINES: usize = 12;

/// Groups by key, those of nothing but 0 left out.
pub(super) type Normal = BTreeMap<Vec<Value>, Vec<i128>>;

/// Fails where a key comes twice, or the answer has another shape than the question.
pub(super) fn normal(groups: &Groups, question: &Question) -> Result<Normal, String> {
    let mut normal = Normal::new();
    if question.dimensions.is_empty() && groups.rows.len() != 1 {
        return Err(format!(
            "{} groups without dimensions instead of one",
            groups.rows.len()
        ));
    }
    for group in &groups.rows {
        if group.key.len() != question.dimensions.len()
            || group.numbers.len() != question.measures.len()
        {
            return Err(format!("a group of the wrong shape: {group:?}"));
        }
        let is_zero = group.numbers.iter().all(|number| *number == 0);
        let numbers = group.numbers.clone();
        if !is_zero && normal.insert(group.key.clone(), numbers).is_some() {
            return Err(format!("the group {:?} comes twice", group.key));
        }
    }
    Ok(normal)
}

/// Nothing where both are the same.
pub(super) fn difference(expected: &Normal, found: &Normal) -> Option<String> {
    if expected == found {
        return None;
    }
    let mut text = String::new();
    let mut lines = 0;
    let keys: std::collections::BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    for key in keys {
        let (right, wrong) = (expected.get(key), found.get(key));
        if right != wrong {
            lines += 1;
            if lines <= MOST_LINES {
                // Writing to a string doesn't fail.
                let _ = writeln!(text, "  {key:?}: expected {right:?}, found {wrong:?}");
            }
        }
    }
    let _ = write!(text, "  {lines} groups differ");
    Some(text)
}

/// Everything in a snapshot as sorted texts. Keys of visitors are left out, because backends make
/// those of fingerprints as they like, and sequences, of which only the order means something.
pub(super) fn contents(snapshot: &dyn Snapshot) -> Result<Vec<String>, StoreError> {
    let anonymous = |hit: &Hit| Hit {
        sequence: 0,
        visitor: VisitorKey::NOBODY,
        ..hit.clone()
    };
    let (mut visits, mut loose) = (Vec::new(), Vec::new());
    snapshot.for_each_visit(
        &mut |visit| {
            let mut visit = visit.clone();
            visit.visitor = VisitorKey::NOBODY;
            visit.hits = visit.hits.iter().map(anonymous).collect();
            visits.push(told(&visit));
        },
        &mut |hit| loose.push(format!("loose {}", told(&anonymous(hit)))),
    )?;
    visits.extend(loose);
    visits.sort();
    Ok(visits)
}

/// As text, without the fields that aren't told: they only hide those that are.
pub(super) fn told(thing: &impl std::fmt::Debug) -> String {
    static UNTOLD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\w+: None(, )?").ok());
    let text = format!("{thing:?}");
    match &*UNTOLD {
        Some(untold) => untold.replace_all(&text, "").into_owned(),
        None => text,
    }
}

/// The first thing that only one of the stores has.
pub(super) fn difference_of_contents(expected: &[String], found: &[String]) -> Option<String> {
    if expected == found {
        return None;
    }
    let lacking = expected.iter().find(|thing| !found.contains(thing));
    let surplus = found.iter().find(|thing| !expected.contains(thing));
    Some(format!(
        "read back {} visits and loose hits instead of {}\n  lacking: {lacking:?}\n  too many: {surplus:?}",
        found.len(),
        expected.len()
    ))
}
