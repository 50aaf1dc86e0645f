//! Requests as plain data, before anything is checked.

/// A question as somebody asked it: what is `None` or empty takes its default.
///
/// ```
/// use afsa_query::Request;
/// let request = Request {
///     period: Some("7d".into()),
///     metrics: Some(vec!["visitors".into()]),
///     dimensions: Some(vec!["country".into()]),
///     ..Request::default()
/// };
/// # let _ = request;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The named report whose defaults hold.
    pub report: Option<String>,
    /// One of [`crate::PERIODS`]; not beside `from` and `to`.
    pub period: Option<String>,
    /// A date, or an instant as RFC 3339 has it.
    pub from: Option<String>,
    /// A date, included, or an instant, excluded.
    pub to: Option<String>,
    /// An IANA zone; the account's if `None`.
    pub timezone: Option<String>,
    /// The name of a [`crate::Comparison`]; not beside `compare_from` and `compare_to`.
    pub compare: Option<String>,
    pub compare_from: Option<String>,
    pub compare_to: Option<String>,
    /// The name of an [`crate::Interval`].
    pub interval: Option<String>,
    pub metrics: Option<Vec<String>>,
    pub dimensions: Option<Vec<String>>,
    /// Beside what a named report filters by itself.
    pub filters: Option<FilterNode>,
    pub segment: Option<Segment>,
    /// `visitors:desc`, `country:asc`, or a name alone.
    pub order_by: Option<Vec<String>>,
    pub limit: Option<i64>,
    pub offset: Option<i64>,
    /// `totals`, `total_rows`, `empty`, `today`.
    pub include: Option<Vec<String>>,
    /// One of [`crate::TRAFFICS`]: whose visits are asked for, `people` if `None`.
    pub traffic: Option<String>,
}

/// A stored filter, looked up by whoever asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub id: String,
    pub filter: FilterNode,
}

/// A filter as somebody wrote it. Whoever reads it bounds how deep it can be at all; how deep it may
/// be is checked here.
#[derive(Clone, Debug, PartialEq)]
pub enum FilterNode {
    And(Vec<FilterNode>),
    Or(Vec<FilterNode>),
    Not(Box<FilterNode>),
    VisitorHas(Box<FilterNode>),
    VisitorHasNot(Box<FilterNode>),
    Condition(FilterCondition),
}

/// `["is", "country", ["FR", "BE"], {"case_sensitive": false}]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterCondition {
    pub operator: String,
    /// The name of a dimension or a metric.
    pub field: String,
    /// What was sent alone is a list of one.
    pub values: Vec<Scalar>,
    /// `true` if `None`.
    pub case_sensitive: Option<bool>,
    /// `visit` (if `None`) or `hit`.
    pub scope: Option<String>,
}

/// A value in a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
}

impl FilterNode {
    /// `["is", field, values]`.
    pub fn is(field: &str, values: &[&str]) -> FilterNode {
        FilterNode::Condition(FilterCondition {
            operator: "is".to_owned(),
            field: field.to_owned(),
            values: values
                .iter()
                .map(|value| Scalar::Text((*value).to_owned()))
                .collect(),
            ..FilterCondition::default()
        })
    }

    /// `["is_set", field]`.
    pub fn is_set(field: &str) -> FilterNode {
        FilterNode::Condition(FilterCondition {
            operator: "is_set".to_owned(),
            field: field.to_owned(),
            ..FilterCondition::default()
        })
    }

    /// What both choose. The lists of an `and` are joined, so that nothing gets deeper than needed.
    pub(crate) fn and(self, other: FilterNode) -> FilterNode {
        let mut parts = match self {
            FilterNode::And(parts) => parts,
            single => vec![single],
        };
        match other {
            FilterNode::And(more) => parts.extend(more),
            single => parts.push(single),
        }
        FilterNode::And(parts)
    }
}
