//! What operations on selections have in common: their parameters, what their answers are about,
//! and how they show money and moments.

use std::borrow::Cow;

use afsa_model::Timestamp;
use afsa_query::{Figure, Fraction, MetricUnit, Selection, Zone};
use serde_json::{Map, Value, json};

use crate::answer::{digits_of, figure_to_json};
use crate::fields::Fields;
use crate::problem::{Problem, Word};
use crate::question::{self, Subject};
use crate::reply;

/// Units of money in one of a currency, and of quantity in a piece.
const ONE: i128 = 1_000_000_000_000;

/// How money and moments are told.
#[derive(Clone)]
pub(crate) struct Telling {
    pub zone: Zone,
    /// Of the account's currency.
    digits: u32,
}

impl Telling {
    pub(crate) fn of(selection: &Selection) -> Telling {
        Telling {
            zone: selection.zone.clone(),
            digits: digits_of(&selection.currency),
        }
    }

    /// 10⁻¹² of the account's currency; null where no rate is known.
    pub(crate) fn money(&self, amount: impl Into<Option<i128>>) -> Value {
        let amount: Option<i128> = amount.into();
        self.money_figure(amount.and_then(|amount| Fraction::new(amount, ONE)))
    }

    pub(crate) fn money_figure(&self, figure: Figure) -> Value {
        figure_to_json(figure, MetricUnit::Money, self.digits)
    }

    pub(crate) fn moment(&self, at: Timestamp) -> Value {
        self.zone.format(at).into()
    }
}

/// 10⁻¹² of a currency by its code, with the digits that it has.
pub(crate) fn money_in(currency: &str, amount: i128) -> Value {
    let code = currency.to_ascii_uppercase();
    figure_to_json(
        Fraction::new(amount, ONE),
        MetricUnit::Money,
        digits_of(&code),
    )
}

/// 10⁻¹² of a piece.
pub(crate) fn quantity(amount: i128) -> Value {
    number(Fraction::new(amount, ONE))
}

pub(crate) fn number(figure: Figure) -> Value {
    figure_to_json(figure, MetricUnit::Number, 0)
}

/// `meta` of an answer that is made of a selection.
pub(crate) fn meta(
    subject: &Subject,
    selection: &Selection,
) -> Result<Map<String, Value>, Problem> {
    let zone = &selection.zone;
    let meta = json!({
        "account_id": subject.account.id.to_string(),
        "from": zone.format(selection.range.from),
        "to": zone.format(selection.range.to),
        "timezone": zone.name(),
        "currency": &*selection.currency,
        "as_of": reply::instant(selection.now),
        "warnings": selection.warnings(&*subject.snapshot)?,
    });
    match meta {
        Value::Object(meta) => Ok(meta),
        _ => Ok(Map::new()),
    }
}

/// The selection as it was understood.
pub(crate) fn echo(selection: &Selection) -> Map<String, Value> {
    match question::echo(&selection.request) {
        Value::Object(echo) => echo,
        _ => Map::new(),
    }
}

/// How many things a page has.
pub(crate) fn limit(fields: &mut Fields<'_>, most: i64) -> usize {
    let limit = fields.integer("limit").unwrap_or(100);
    if !(1..=most).contains(&limit) {
        let detail = format!("limit must lie between 1 and {most}");
        fields.fault("limit", "out_of_range", detail, Vec::new());
    }
    usize::try_from(limit).unwrap_or(0)
}

/// Where the last page ended, as `read` makes it out of the cursor.
pub(crate) fn cursor<T>(
    fields: &mut Fields<'_>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let text = fields.text("cursor")?;
    let cursor = read(&text);
    if cursor.is_none() {
        let detail = "cursor is next_cursor of the page before, as it stands";
        fields.fault_of_meaning("cursor", "invalid_value", detail);
    }
    cursor
}

/// A thing of the path that isn't there.
pub(crate) fn no_such(what: &str, id: &str) -> Problem {
    let detail = format!("There is no {what} {}.", crate::fields::shown(id));
    Problem::new(Word::NotFound, detail)
}

/// A fault of a field that names what would be allowed.
pub(crate) fn unknown_word(
    fields: &mut Fields<'_>,
    name: &'static str,
    word: &str,
    allowed: impl IntoIterator<Item = impl Into<Cow<'static, str>>>,
) {
    let allowed: Vec<String> = allowed
        .into_iter()
        .map(|word| word.into().into_owned())
        .collect();
    let detail = format!("{name} can't be {}", crate::fields::shown(word));
    fields.fault(name, "unknown_value", detail, allowed);
}
