//! Plans as text, for logs, tests and people who wonder.

use std::fmt;

use afsa_store::{Condition, ConditionScope, Filter, Question, Test, Traffic};

use crate::filter::{FigureTest, Having};
use crate::plan::{OrderBy, OrderTerm, Plan};

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titled = [
            ("rows", Some(&self.questions.rows)),
            ("totals", self.questions.totals.as_ref()),
            ("previous rows", self.questions.previous_rows.as_ref()),
            ("previous totals", self.questions.previous_totals.as_ref()),
        ];
        for (title, question) in titled {
            let Some(question) = question else { continue };
            writeln!(formatter, "{title}")?;
            self.write_question(question, formatter)?;
        }
        let metrics: Vec<&str> = self.metrics.iter().map(|metric| metric.name).collect();
        writeln!(formatter, "show {}", metrics.join(", "))?;
        for (_, having) in &self.having {
            writeln!(formatter, "having {having}")?;
        }
        if !self.order.is_empty() {
            let terms: Vec<String> = self.order.iter().map(|term| self.term(term)).collect();
            writeln!(formatter, "order {}", terms.join(", "))?;
        }
        let empty = if self.include.empty {
            ", empty ones too"
        } else {
            ""
        };
        writeln!(
            formatter,
            "rows {} to {}{empty}",
            self.offset,
            self.offset + self.limit
        )
    }
}

impl Plan {
    fn write_question(
        &self,
        question: &Question,
        formatter: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let measures: Vec<String> = question
            .measures
            .iter()
            .map(|measure| format!("{measure:?}"))
            .collect();
        writeln!(formatter, "  measure {}", measures.join(", "))?;
        if !question.dimensions.is_empty() {
            let dimensions: Vec<String> = question
                .dimensions
                .iter()
                .map(ToString::to_string)
                .collect();
            writeln!(formatter, "  by {}", dimensions.join(", "))?;
        }
        let (from, to) = (question.range.from, question.range.to);
        writeln!(
            formatter,
            "  from {} to {}",
            self.zone.format(from),
            self.zone.format(to)
        )?;
        for (index, starts) in question.time_axes.iter().enumerate() {
            let first = starts
                .first()
                .map(|first| self.zone.format(*first))
                .unwrap_or_default();
            writeln!(
                formatter,
                "  time#{index}: {} buckets from {first}",
                starts.len()
            )?;
        }
        if !question.zone.0.is_empty() {
            writeln!(formatter, "  clock of {}", self.zone.name())?;
        }
        for goal in &question.goals {
            let how_often = if goal.once_per_visit {
                " once a visit"
            } else {
                ""
            };
            writeln!(
                formatter,
                "  goal {:?}{how_often}: {}",
                goal.name,
                Shown(&goal.filter)
            )?;
        }
        if question.traffic == Traffic::Excluded {
            writeln!(formatter, "  of excluded traffic")?;
        }
        match &question.filter {
            Some(filter) => writeln!(formatter, "  where {}", Shown(filter)),
            None => Ok(()),
        }
    }

    fn term(&self, term: &OrderTerm) -> String {
        let name = match &term.by {
            OrderBy::Dimension(index) => self
                .dimensions
                .get(*index)
                .map(ToString::to_string)
                .unwrap_or_default(),
            OrderBy::Metric(metric, _) => metric.name.to_owned(),
        };
        if term.descending {
            format!("{name} descending")
        } else {
            name
        }
    }
}

impl fmt::Display for Having {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = if self.negated { "not " } else { "" };
        write!(formatter, "{not}{} ", self.metric.name)?;
        match &self.test {
            FigureTest::Is(values) => {
                let values: Vec<String> = values
                    .iter()
                    .map(|value| value.to_f64().to_string())
                    .collect();
                write!(formatter, "is {}", values.join(" or "))
            }
            FigureTest::Between(least, most) => bounds(
                formatter,
                ("at least", least.map(|least| least.to_f64())),
                ("at most", most.map(|most| most.to_f64())),
            ),
            FigureTest::Above(bound) => write!(formatter, "above {}", bound.to_f64()),
            FigureTest::Below(bound) => write!(formatter, "below {}", bound.to_f64()),
            FigureTest::IsSet => formatter.write_str("is set"),
        }
    }
}

/// A filter, to be printed.
struct Shown<'a>(&'a Filter);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Filter::And(parts) => joined(parts, " and ", formatter),
            Filter::Or(parts) => joined(parts, " or ", formatter),
            Filter::Not(part) => write!(formatter, "not ({})", Shown(part)),
            Filter::VisitorHas(part) => write!(formatter, "visitor has ({})", Shown(part)),
            Filter::Condition(condition) => write_condition(condition, formatter),
        }
    }
}

fn joined(parts: &[Filter], word: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let parts: Vec<String> = parts.iter().map(|part| Shown(part).to_string()).collect();
    write!(formatter, "({})", parts.join(word))
}

fn write_condition(condition: &Condition, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let not = if condition.negated { "not " } else { "" };
    write!(formatter, "{not}{} ", condition.dimension)?;
    let mut is_text = true;
    match &condition.test {
        Test::Is(values) => write!(formatter, "is {values:?}")?,
        Test::Contains(values) => write!(formatter, "contains {values:?}")?,
        Test::StartsWith(values) => write!(formatter, "starts with {values:?}")?,
        Test::EndsWith(values) => write!(formatter, "ends with {values:?}")?,
        Test::Matches(values) => write!(formatter, "matches {values:?}")?,
        number_or_any => {
            is_text = false;
            match number_or_any {
                Test::NumberIs(values) => write!(formatter, "is {values:?}")?,
                Test::NumberBetween { least, most } => {
                    bounds(formatter, ("at least", *least), ("at most", *most))?;
                }
                Test::NumberBeyond { above, below } => {
                    bounds(formatter, ("above", *above), ("below", *below))?;
                }
                _ => formatter.write_str("is set")?,
            }
        }
    }
    if is_text && !condition.case_sensitive {
        formatter.write_str(" in any case")?;
    }
    match condition.scope {
        ConditionScope::Visit => Ok(()),
        ConditionScope::Hit => formatter.write_str(" in the hit"),
    }
}

fn bounds(
    formatter: &mut fmt::Formatter<'_>,
    low: (&str, Option<f64>),
    high: (&str, Option<f64>),
) -> fmt::Result {
    let shown: Vec<String> = [low, high]
        .into_iter()
        .filter_map(|(word, bound)| Some(format!("{word} {}", bound?)))
        .collect();
    formatter.write_str(&shown.join(" and "))
}
