//! Random questions in the words of a world.

use std::sync::Arc;

use afsa_model::{DAY, HOUR, MINUTE, TimeRange, Timestamp, ZoneOffsets};

use super::draft::MONDAY;
use super::rng::Rng;
use crate::reference::Reference;
use crate::{
    Arrival, Condition, ConditionScope, Dimension, Filter, Goal, Identity, Measure, Question, Test,
    Traffic, Value,
};

/// What a world has values of.
pub(super) struct Words {
    dimensions: Vec<Dimension>,
    /// Distinct values by dimension, in the order of `dimensions`.
    values: Vec<Vec<Value>>,
}

impl Words {
    pub fn of(world: &Reference, arrivals: &[Arrival]) -> Words {
        let are_known_keys = !arrivals
            .iter()
            .any(|arrival| matches!(arrival.identity, Identity::Fingerprint(_)));
        // Numbered dimensions that no random hit tells are asked for by one of their kind.
        let is_told = |dimension: &Dimension| match dimension {
            Dimension::Custom(number) => matches!(number, 1 | 2 | 3 | 20),
            // The keys of those who are told by fingerprints are each backend's own.
            Dimension::Customer => are_known_keys,
            _ => true,
        };
        let dimensions: Vec<Dimension> = Dimension::all().into_iter().filter(is_told).collect();
        let values = dimensions
            .iter()
            .map(|dimension| match dimension {
                Dimension::Goal => vec![Value::Text(goal_name(0)), Value::Text(goal_name(1))],
                told => world.values_of(*told),
            })
            .collect();
        Words { dimensions, values }
    }

    fn values_of(&self, dimension: Dimension) -> &[Value] {
        let place = self.dimensions.iter().position(|known| *known == dimension);
        place
            .and_then(|place| self.values.get(place))
            .map_or(&[], Vec::as_slice)
    }
}

pub(super) fn question(rng: &mut Rng, words: &Words) -> Question {
    let range = range(rng);
    let time_axes: Vec<Arc<[Timestamp]>> =
        (0..rng.below(3)).map(|_| time_axis(rng, range)).collect();
    let goals: Vec<Goal> = (0..rng.below(4))
        .map(|number| goal(rng, words, number))
        .collect();
    let measures = (0..rng.between(2, 6))
        .map(|_| *rng.pick(&Measure::ALL))
        .collect();
    let mut dimensions: Vec<Dimension> = Vec::new();
    for _ in 0..*rng.pick(&[0, 1, 1, 1, 2, 2, 2, 3, 3, 4]) {
        let dimension = match rng.below(10) {
            0 if !time_axes.is_empty() => Dimension::Time(rng.below(time_axes.len()) as u8),
            // These join by the most particular rules.
            1 => *rng.pick(&[
                Dimension::Page,
                Dimension::Custom(1),
                Dimension::EventCategory,
            ]),
            2 => *rng.pick(&[Dimension::ProductSku, Dimension::Coupon, Dimension::Goal]),
            _ => *rng.pick(&words.dimensions),
        };
        if !dimensions.contains(&dimension) {
            dimensions.push(dimension);
        }
    }
    let depth = *rng.pick(&[0, 0, 0, 1, 1, 2, 3, 4]);
    Question {
        range: range.into(),
        measures,
        dimensions,
        filter: rng.percent(60).then(|| filter(rng, words, depth, true)),
        time_axes,
        zone: zone(rng),
        goals,
        traffic: if rng.percent(85) {
            Traffic::People
        } else {
            Traffic::Excluded
        },
    }
}

/// Often through the midst of visits.
fn range(rng: &mut Rng) -> TimeRange {
    if rng.percent(30) {
        return TimeRange::ALL;
    }
    let step = *rng.pick(&[1, MINUTE, HOUR, DAY]);
    let mut moment = || {
        let moment = rng.between(-DAY, 5 * DAY);
        MONDAY.plus(moment.div_euclid(step) * step)
    };
    let (one, other) = (moment(), moment());
    TimeRange {
        from: one.min(other),
        to: one.max(other),
    }
}

fn time_axis(rng: &mut Rng, range: TimeRange) -> Arc<[Timestamp]> {
    let width = *rng.pick(&[10 * MINUTE, HOUR, 6 * HOUR, DAY]);
    let inner = (0..rng.below(12) as i64).map(|bucket| MONDAY.plus(DAY + bucket * width));
    let later = inner.filter(|start| *start > range.from);
    std::iter::once(range.from).chain(later).collect()
}

pub(super) fn zone(rng: &mut Rng) -> ZoneOffsets {
    let mut offset = || *rng.pick(&[0, 3_600, 7_200, -12_600, 20_700, -36_000]);
    let changes = [
        (MONDAY.plus(-DAY), offset()),
        (MONDAY.plus(DAY + HOUR), offset()),
    ];
    let count = rng.below(3);
    ZoneOffsets(changes[..count].into())
}

fn goal(rng: &mut Rng, words: &Words, number: usize) -> Goal {
    let depth = rng.below(3);
    Goal {
        name: goal_name(number),
        filter: filter(rng, words, depth, false),
        once_per_visit: rng.percent(50),
    }
}

fn goal_name(number: usize) -> Arc<str> {
    format!("goal {number}").into()
}

fn filter(rng: &mut Rng, words: &Words, depth: usize, with_visitors: bool) -> Filter {
    let part = |rng: &mut Rng| filter(rng, words, depth.saturating_sub(1), with_visitors);
    if depth == 0 {
        return Filter::Condition(condition(rng, words));
    }
    match rng.below(8) {
        0 | 1 => Filter::And((0..rng.below(3)).map(|_| part(rng)).collect()),
        2..=4 => Filter::Or((0..rng.below(5)).map(|_| part(rng)).collect()),
        5 => Filter::Not(Box::new(part(rng))),
        6 if with_visitors => Filter::VisitorHas(Box::new(part(rng))),
        _ => Filter::Condition(condition(rng, words)),
    }
}

fn condition(rng: &mut Rng, words: &Words) -> Condition {
    let dimension = *rng.pick(&words.dimensions);
    let values = words.values_of(dimension);
    let test = if rng.percent(12) {
        Test::IsSet
    } else if dimension.is_number() {
        number_test(rng, values)
    } else {
        text_test(rng, values)
    };
    Condition {
        dimension,
        test,
        negated: rng.percent(45),
        scope: if rng.percent(30) {
            ConditionScope::Hit
        } else {
            ConditionScope::Visit
        },
        case_sensitive: rng.percent(70),
    }
}

fn number_test(rng: &mut Rng, values: &[Value]) -> Test {
    let mut number = || match values {
        [] => rng.between(0, 3),
        values => match rng.pick(values) {
            Value::Number(number) => *number,
            _ => 1,
        },
    };
    let (one, other) = (number(), number());
    let (least, most) = (one.min(other) as f64, one.max(other) as f64);
    match rng.below(5) {
        0 => Test::NumberIs(vec![one, other]),
        1 => Test::NumberBetween {
            least: Some(least),
            most: Some(most),
        },
        2 => Test::NumberBetween {
            least: Some(least + 0.5),
            most: None,
        },
        3 => Test::NumberBeyond {
            above: Some(least),
            below: None,
        },
        _ => Test::NumberBeyond {
            above: None,
            below: Some(most),
        },
    }
}

fn text_test(rng: &mut Rng, values: &[Value]) -> Test {
    let mut texts: Vec<Arc<str>> = (0..rng.between(1, 2))
        .map(|_| some_text(rng, values))
        .collect();
    let test = rng.below(6);
    if test >= 2 {
        for text in &mut texts {
            *text = piece(rng, text);
        }
    }
    match test {
        0 | 1 => Test::Is(texts),
        2 => Test::Contains(texts),
        3 => Test::StartsWith(texts),
        4 => Test::EndsWith(texts),
        _ => Test::Matches(texts.iter().map(|text| pattern(rng, text)).collect()),
    }
}

fn some_text(rng: &mut Rng, values: &[Value]) -> Arc<str> {
    let text: Arc<str> = match values {
        [] => "nothing".into(),
        values => match rng.pick(values) {
            Value::Text(text) => text.clone(),
            _ => "".into(),
        },
    };
    match rng.below(10) {
        0 => text.to_uppercase().into(),
        1 => "no such value".into(),
        _ => text,
    }
}

/// A few of the text's characters, perhaps none.
fn piece(rng: &mut Rng, text: &str) -> Arc<str> {
    let characters: Vec<char> = text.chars().collect();
    let from = rng.below(characters.len().min(3) + 1);
    let length = rng.below(4);
    characters
        .iter()
        .skip(from)
        .take(length)
        .collect::<String>()
        .into()
}

fn pattern(rng: &mut Rng, piece: &str) -> Arc<str> {
    let plain = regex::escape(piece);
    match rng.below(4) {
        0 => format!("^{plain}"),
        1 => format!("{plain}$"),
        2 => format!("{plain}|^.$"),
        _ => plain,
    }
    .into()
}
