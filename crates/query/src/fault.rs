//! What is wrong with a request, all of it at once.

use afsa_store::StoreError;

/// One fault of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The parameter that is at fault.
    pub parameter: &'static str,
    /// Where in it, as a JSON pointer into the request: `/filters/1/2`.
    pub pointer: String,
    pub kind: FaultKind,
    /// What is wrong and what to do, for people.
    pub detail: String,
    /// What could stand there instead; empty where that cannot be listed.
    pub allowed: Vec<String>,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The value is not one that the parameter takes.
    Invalid,
    /// Each value is fine by itself; together they have no reading.
    NoReading,
}

/// Why a question got no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QueryError {
    #[error("{}", list(.0))]
    Faults(Vec<Fault>),
    /// The rows to fill in are more than a table may have.
    #[error("with empty rows the answer would have {0} rows, more than {MAX_FILLED_ROWS}")]
    TooManyRows(u128),
    /// Each month's cohort is followed through all that come after.
    #[error(
        "cohorts are told of at most {MAX_COHORTS} months, not of {0}; ask for a shorter period"
    )]
    TooManyCohorts(usize),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many rows `include=empty` may make.
pub const MAX_FILLED_ROWS: u128 = 1_000_000;

/// How many months cohorts are told of at once.
pub const MAX_COHORTS: usize = 120;

impl QueryError {
    /// Whether nothing is wrong but that the parts of the request have no reading together.
    pub fn has_no_reading(&self) -> bool {
        match self {
            QueryError::Faults(faults) => faults
                .iter()
                .all(|fault| fault.kind == FaultKind::NoReading),
            QueryError::TooManyRows(_) | QueryError::TooManyCohorts(_) => true,
            QueryError::Store(_) => false,
        }
    }
}

fn list(faults: &[Fault]) -> String {
    let details: Vec<&str> = faults.iter().map(|fault| fault.detail.as_str()).collect();
    details.join("; ")
}

/// Gathers faults, up to as many as anybody reads.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    const MOST: usize = 100;

    pub fn invalid(
        &mut self,
        parameter: &'static str,
        pointer: impl Into<String>,
        detail: impl Into<String>,
        allowed: Vec<String>,
    ) {
        self.push(Fault {
            parameter,
            pointer: pointer.into(),
            kind: FaultKind::Invalid,
            detail: detail.into(),
            allowed,
        });
    }

    pub fn no_reading(
        &mut self,
        parameter: &'static str,
        pointer: impl Into<String>,
        detail: impl Into<String>,
        allowed: Vec<String>,
    ) {
        self.push(Fault {
            parameter,
            pointer: pointer.into(),
            kind: FaultKind::NoReading,
            detail: detail.into(),
            allowed,
        });
    }

    /// A name that is none of those allowed; tells the nearest.
    pub fn unknown(
        &mut self,
        parameter: &'static str,
        pointer: impl Into<String>,
        what: &str,
        name: &str,
        allowed: Vec<String>,
    ) {
        if self.is_full() {
            return;
        }
        let hint = nearest(name, allowed.iter().map(String::as_str))
            .map(|nearest| format!("; did you mean `{nearest}`?"))
            .unwrap_or_default();
        let detail = format!("there is no {what} `{}`{hint}", shortened(name));
        self.invalid(parameter, pointer, detail, allowed);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }

    fn is_full(&self) -> bool {
        self.0.len() >= Faults::MOST
    }

    fn push(&mut self, fault: Fault) {
        if !self.is_full() {
            self.0.push(fault);
        }
    }
}

/// What is shown of a text that somebody sent.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 64;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The candidate that is the fewest typing errors away, if those are few for its length.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    if name.len() > 64 {
        return None;
    }
    let name: Vec<char> = name.to_lowercase().chars().collect();
    candidates
        .map(|candidate| (typing_errors(&name, candidate), candidate))
        .filter(|(errors, candidate)| *errors * 3 <= candidate.chars().count().max(3))
        .min_by_key(|(errors, _)| *errors)
        .map(|(_, candidate)| candidate)
}

/// Letters to add, drop or replace to get from one to the other.
fn typing_errors(name: &[char], candidate: &str) -> usize {
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (line, letter) in candidate.chars().flat_map(char::to_lowercase).enumerate() {
        let mut left = line + 1;
        let mut diagonal = line;
        let mut next = vec![left];
        for (above, other) in row.iter().skip(1).zip(name) {
            left = (diagonal + usize::from(letter != *other))
                .min(above + 1)
                .min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_what_was_meant() {
        let names = [
            "visits",
            "visitors",
            "pageviews",
            "bounce_rate",
            "page",
            "os",
        ];
        let check = |input: &str, expect: Option<&str>| {
            assert_eq!(nearest(input, names.into_iter()), expect, "{input:?}");
        };
        check("vistors", Some("visitors"));
        check("Visits", Some("visits"));
        check("page_views", Some("pageviews"));
        check("bouncerate", Some("bounce_rate"));
        check("pag", Some("page"));
        check("xyz", None);
        check("", None);
        check(&"v".repeat(10_000), None);
    }

    #[test]
    fn shows_no_more_than_a_line_of_what_was_sent() {
        assert_eq!(shortened("é"), "é");
        assert_eq!(shortened(&"é".repeat(1_000)).chars().count(), 65);
    }
}
