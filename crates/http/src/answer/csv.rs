//! Tables as CSV (RFC 4180), safe to open in a spreadsheet.

use std::fmt::Write;

use afsa_query::{ColumnType, Figure, MetricUnit};
use afsa_store::Value as Key;

use super::figure::{digits_of, to_text};
use crate::question::Answered;

/// The rows below a line of names; of a comparison, `previous_…` and `change_…` stand last.
pub(crate) fn table(answered: &Answered) -> String {
    let answer = &answered.answer;
    let digits = digits_of(&answered.plan.currency);
    let units: Vec<MetricUnit> = answer
        .columns
        .iter()
        .filter_map(|column| match column.column_type {
            ColumnType::Metric(unit) => Some(unit),
            ColumnType::Dimension(_) => None,
        })
        .collect();
    let mut text = String::new();
    let mut names: Vec<String> = answer
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    if answered.plan.comparison.is_some() {
        let metrics = names
            .get(names.len() - units.len()..)
            .unwrap_or_default()
            .to_vec();
        names.extend(metrics.iter().map(|name| format!("previous_{name}")));
        names.extend(metrics.iter().map(|name| format!("change_{name}")));
    }
    write_line(&mut text, names.into_iter());
    let rates = vec![MetricUnit::Rate; units.len()];
    for row in &answer.rows {
        let figures = |figures: &[Figure], units: &[MetricUnit]| -> Vec<String> {
            figures
                .iter()
                .zip(units)
                .map(|(figure, unit)| to_text(*figure, *unit, digits))
                .collect()
        };
        let mut cells: Vec<String> = row.keys.iter().map(key_to_text).collect();
        cells.extend(figures(&row.values, &units));
        cells.extend(figures(row.previous.as_deref().unwrap_or_default(), &units));
        cells.extend(figures(row.change.as_deref().unwrap_or_default(), &rates));
        write_line(&mut text, cells.into_iter());
    }
    text
}

fn key_to_text(key: &Key) -> String {
    match key {
        Key::Text(text) => harmless(text),
        Key::Number(number) => number.to_string(),
        Key::Null => String::new(),
    }
}

/// What formulas begin with, in the wide forms of East Asian keyboards too.
const BEGIN_FORMULAS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// What begins a cell for one spreadsheet or another. In many countries semicolons part cells, and a
/// reader that takes them for separators finds the quotes of our cells misplaced, and minds neither
/// them nor what they hold together.
const SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];

/// What a spreadsheet would take for a formula gets an apostrophe before it, wherever a cell could
/// begin.
pub(super) fn harmless(text: &str) -> String {
    if !text.contains(BEGIN_FORMULAS) || is_number(text) {
        return text.to_owned();
    }
    let mut guarded = String::with_capacity(text.len() + 1);
    // Some skip what is blank before they look for a formula.
    if text.starts_with(SEPARATORS) {
        guarded.push('\'');
    }
    for piece in text.split_inclusive(SEPARATORS) {
        let told = piece.trim_end_matches(SEPARATORS);
        let begins_formula = told
            .trim_start_matches([' ', '"'])
            .starts_with(BEGIN_FORMULAS);
        if begins_formula && !is_number(told) {
            guarded.push('\'');
        }
        guarded.push_str(piece);
    }
    guarded
}

/// Digits with at most a sign and a point: not everything that a machine reads as a number.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    are_digits(whole) && are_digits(fraction)
}

pub(super) fn write_line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        if cell.contains(['"', ',', ';', '\t', '\r', '\n']) {
            let _ = write!(text, "\"{}\"", cell.replace('"', "\"\""));
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed() {
        let check = |input: &str, expect: &str| {
            let mut line = String::new();
            write_line(&mut line, [harmless(input)].into_iter());
            assert_eq!(line, format!("{expect}\r\n"), "{input:?}");
        };
        check("plain", "plain");
        check("", "");
        check("=1+1", "'=1+1");
        check("+33 1 23", "'+33 1 23");
        check("-12.50", "-12.50");
        check("+7", "+7");
        check("-1e5", "'-1e5");
        check("-", "'-");
        check("-.5", "'-.5");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "\"'\t'=1\"");
        check("\r=1", "\"'\r'=1\"");
        check("\n=1", "\"'\n'=1\"");
        check("\tplain", "\"\tplain\"");
        check("  =1", "'  =1");
        check("a = b", "a = b");
        check("＝1+1", "'＝1+1");
        check("＠SUM(1)", "'＠SUM(1)");
        check("a;=1+1;b", "\"a;'=1+1;b\"");
        check("a; -5; b-c", "\"a;' -5; b-c\"");
        check("a;-5", "\"a;-5\"");
        check("\"\n=1+1", "\"\"\"\n'=1+1\"");
        check("a;\"=1+1", "\"a;'\"\"=1+1\"");
        check("a,\"b\"\nc", "\"a,\"\"b\"\"\nc\"");
        check(
            "=HYPERLINK(\"x\",\"y\")",
            "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"",
        );
    }
}
