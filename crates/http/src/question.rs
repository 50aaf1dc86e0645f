//! From fields to a question, and from a question to its finished answer.

use std::sync::Arc;

use afsa_accounts::Account;
use afsa_model::Timestamp;
use afsa_query::{
    Answer, Context, FaultKind, FilterNode, GoalConversions, Plan, QueryError, Request, Segment,
    Selection,
};
use afsa_store::{Activity, Goal, Snapshot};
use serde_json::{Map, Value};

use crate::authorized::Authorized;
use crate::fields::{Fields, Place};
use crate::filters;
use crate::problem::{Fault, Problem, Word};

/// Names of everything that a question may say, beside the report that it starts from.
pub(crate) const FIELDS: [&str; 17] = [
    "period",
    "from",
    "to",
    "timezone",
    "compare",
    "compare_from",
    "compare_to",
    "interval",
    "metrics",
    "dimensions",
    "filters",
    "segment",
    "order_by",
    "limit",
    "offset",
    "include",
    "traffic",
];

/// Of these the document says all that they may hold.
const LISTED: [&str; 10] = [
    "report",
    "period",
    "compare",
    "interval",
    "metrics",
    "dimensions",
    "limit",
    "offset",
    "include",
    "traffic",
];

/// An account's data at one moment with all that questions are understood by.
pub(crate) struct Subject {
    pub authorized: Authorized,
    pub account: Account,
    pub snapshot: Arc<dyn Snapshot>,
    pub activity: Activity,
    pub now: Timestamp,
    goals: Vec<Goal>,
}

/// A question that was understood and answered.
pub(crate) struct Answered {
    pub plan: Plan,
    pub answer: Answer,
}

impl Subject {
    pub(crate) fn of(authorized: Authorized, now: Timestamp) -> Result<Subject, Problem> {
        let account = authorized.account()?;
        let snapshot = authorized.snapshot()?;
        let activity = snapshot.activity()?;
        let goals = authorized.with_accounts(|accounts, id| accounts.goals(id))?;
        let goals = goals.iter().filter_map(understood_goal).collect();
        Ok(Subject {
            authorized,
            account,
            snapshot,
            activity,
            now,
            goals,
        })
    }

    /// Answers the question that the fields ask. Faults of fields and of what they mean are told
    /// together.
    pub(crate) fn answer(
        &self,
        mut fields: Fields<'_>,
        report: Option<&str>,
    ) -> Result<Answered, Problem> {
        let request = self.read(&mut fields, report);
        let plan = understood(afsa_query::plan(&request, &self.context()), fields)?;
        let answer = afsa_query::answer(&plan, &*self.snapshot)?;
        Ok(Answered { plan, answer })
    }

    /// Understands what the fields say of period, filters and traffic, for answers that are no
    /// table of metrics; with a comparison, if the operation knows such. Faults are told like those
    /// of a question.
    pub(crate) fn select(
        &self,
        mut fields: Fields<'_>,
        default_period: &str,
        compares: bool,
    ) -> Result<Selection, Problem> {
        let request = self.read_selection(&mut fields, default_period, compares);
        understood(afsa_query::select(&request, &self.context()), fields)
    }

    /// Answers a question that was made of a selection, with every row, whatever the bound for
    /// questions that are sent.
    pub(crate) fn table(&self, request: &Request) -> Result<Answered, Problem> {
        self.table_at(request, &Place::Parameters)
    }

    /// The same; faults of what the request took over as sent are told at that place.
    pub(crate) fn table_at(&self, request: &Request, place: &Place) -> Result<Answered, Problem> {
        let plan = afsa_query::plan(request, &self.context());
        let mut plan = understood_at(plan, Vec::new(), place)?;
        plan.limit = usize::MAX;
        let answer = afsa_query::answer(&plan, &*self.snapshot)?;
        Ok(Answered { plan, answer })
    }

    fn context(&self) -> Context<'_> {
        Context {
            settings: &self.account.settings,
            now: self.now,
            activity: self.activity,
            goals: &self.goals,
        }
    }

    fn read_selection(
        &self,
        fields: &mut Fields<'_>,
        default_period: &str,
        compares: bool,
    ) -> Request {
        let mut request = Request {
            period: fields.text("period"),
            from: fields.text("from"),
            to: fields.text("to"),
            timezone: fields.text("timezone"),
            filters: filter(fields, "filters"),
            segment: self.segment(fields),
            include: fields.texts("include"),
            traffic: fields.text("traffic"),
            ..Request::default()
        };
        if request.period.is_none() && request.from.is_none() && request.to.is_none() {
            request.period = Some(default_period.to_owned());
        }
        if compares {
            request.compare = fields.text("compare");
            request.compare_from = fields.text("compare_from");
            request.compare_to = fields.text("compare_to");
        }
        let words = request.include.iter().flatten();
        if words.clone().any(|word| word != "today") {
            let detail = "include can be nothing but today here";
            fields.fault("include", "unknown_value", detail, vec!["today".into()]);
            request.include = None;
        }
        request
    }

    fn read(&self, fields: &mut Fields<'_>, report: Option<&str>) -> Request {
        Request {
            report: report.map(str::to_owned),
            period: fields.text("period"),
            from: fields.text("from"),
            to: fields.text("to"),
            timezone: fields.text("timezone"),
            compare: fields.text("compare"),
            compare_from: fields.text("compare_from"),
            compare_to: fields.text("compare_to"),
            interval: fields.text("interval"),
            metrics: fields.texts("metrics"),
            dimensions: fields.texts("dimensions"),
            filters: filter(fields, "filters"),
            segment: self.segment(fields),
            order_by: fields.texts("order_by"),
            limit: fields.integer("limit"),
            offset: fields.integer("offset"),
            include: fields.texts("include"),
            traffic: fields.text("traffic"),
        }
    }

    /// The goal of this id, with what a conversion is worth.
    pub(crate) fn goal(&self, id: i64) -> Option<GoalConversions> {
        let found = self
            .authorized
            .with_accounts(|accounts, account| accounts.goal(account, id))
            .ok()?;
        Some(GoalConversions {
            goal: understood_goal(&found)?,
            value: found.value,
        })
    }

    fn segment(&self, fields: &mut Fields<'_>) -> Option<Segment> {
        let id = fields.text("segment")?;
        let number = id.parse().unwrap_or(0);
        let found = self
            .authorized
            .with_accounts(|accounts, account| accounts.segment(account, number));
        let filter = found.ok().and_then(|segment| {
            let value: Value = serde_json::from_str(&segment.filters).ok()?;
            filters::parse(&value, "").ok()
        });
        if filter.is_none() {
            let detail = format!("there is no segment {}", crate::fields::shown(&id));
            fields.fault_of_meaning("segment", "unknown_value", detail);
        }
        Some(Segment {
            id,
            filter: filter?,
        })
    }
}

/// What a request was understood as; else its faults and those of the fields that it was read from,
/// together.
fn understood<T>(outcome: Result<T, QueryError>, fields: Fields<'_>) -> Result<T, Problem> {
    let place = fields.place().clone();
    understood_at(outcome, fields.into_faults(), &place)
}

fn understood_at<T>(
    outcome: Result<T, QueryError>,
    mut faults: Vec<Fault>,
    place: &Place,
) -> Result<T, Problem> {
    match outcome {
        Ok(understood) if faults.is_empty() => Ok(understood),
        Ok(_) => Err(Problem::of_faults(faults)),
        Err(QueryError::Faults(found)) => {
            faults.extend(found.into_iter().map(|fault| placed(fault, place)));
            Err(Problem::of_faults(faults))
        }
        Err(other) => Err(other.into()),
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Problem {
        match error {
            QueryError::Faults(found) => {
                let place = Place::Body(String::new());
                let placed = found.into_iter().map(|fault| placed(fault, &place));
                Problem::of_faults(placed.collect())
            }
            QueryError::TooManyRows(_) | QueryError::TooManyCohorts(_) => {
                Problem::new(Word::Unprocessable, format!("{error}."))
            }
            QueryError::Store(error) => error.into(),
        }
    }
}

/// The question as it was understood: sent to `/v1/stats/query`, it gives the same.
pub(crate) fn echo(request: &Request) -> Value {
    let mut object = Map::new();
    let texts = [
        ("period", &request.period),
        ("from", &request.from),
        ("to", &request.to),
        ("timezone", &request.timezone),
        ("compare", &request.compare),
        ("compare_from", &request.compare_from),
        ("compare_to", &request.compare_to),
        ("interval", &request.interval),
        ("traffic", &request.traffic),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            object.insert(name.into(), text.as_str().into());
        }
    }
    for (name, list) in [
        ("metrics", &request.metrics),
        ("dimensions", &request.dimensions),
    ] {
        if let Some(list) = list {
            object.insert(name.into(), list.clone().into());
        }
    }
    if let Some(filter) = &request.filters {
        object.insert("filters".into(), filters::to_json(filter));
    }
    if let Some(segment) = &request.segment {
        object.insert("segment".into(), segment.id.as_str().into());
    }
    if let Some(order) = &request.order_by {
        object.insert("order_by".into(), order.clone().into());
    }
    for (name, number) in [("limit", request.limit), ("offset", request.offset)] {
        if let Some(number) = number {
            object.insert(name.into(), number.into());
        }
    }
    if let Some(include) = &request.include {
        object.insert("include".into(), include.clone().into());
    }
    object.into()
}

/// Reads a filter that is to be kept, and answers its text once it is known to mean something.
pub(crate) fn stored_filter(fields: &mut Fields<'_>, name: &'static str) -> Option<String> {
    let filter = filter(fields, name)?;
    match afsa_query::check_filter(&filter, name) {
        Ok(_) => Some(filters::to_json(&filter).to_string()),
        Err(QueryError::Faults(found)) => {
            for fault in found {
                let pointer = fault.pointer.clone();
                let parameter = None;
                fields.faults.push(Fault {
                    pointer: Some(pointer),
                    parameter,
                    is_meaning: true,
                    ..plain(fault)
                });
            }
            None
        }
        Err(other) => {
            fields.fault(name, "invalid_value", other.to_string(), Vec::new());
            None
        }
    }
}

fn filter(fields: &mut Fields<'_>, name: &'static str) -> Option<FilterNode> {
    let value = fields.value(name)?;
    let (prefix, parameter) = match fields.place() {
        Place::Parameters => (String::new(), Some(name.to_owned())),
        Place::Body(prefix) => (prefix.clone(), None),
    };
    let is_list = match value {
        Value::Array(parts) => !parts.is_empty(),
        Value::String(text) => text.trim_start().starts_with('['),
        _ => false,
    };
    match filters::parse(value, &format!("{prefix}/{name}")) {
        Ok(filter) => Some(filter),
        Err(found) => {
            let found = found.into_iter().map(|fault| Fault {
                parameter: parameter.clone(),
                // What is no list is of the wrong form; what stands in one is a filter or none.
                is_meaning: is_list,
                ..fault
            });
            fields.faults.extend(found);
            None
        }
    }
}

fn understood_goal(goal: &afsa_accounts::Goal) -> Option<Goal> {
    let value: Value = serde_json::from_str(&goal.matches).ok()?;
    let filter = filters::parse(&value, "").ok()?;
    match afsa_query::check_filter(&filter, "match") {
        Ok(filter) => Some(Goal {
            name: goal.name.as_str().into(),
            filter,
            once_per_visit: goal.once_per_visit,
        }),
        Err(error) => {
            tracing::warn!(goal = goal.id, %error, "a stored goal is left out");
            None
        }
    }
}

fn placed(fault: afsa_query::Fault, place: &Place) -> Fault {
    let (pointer, parameter) = match place {
        // Within a parameter there is somewhere to point to only in filters.
        Place::Parameters if fault.parameter == "filters" => (
            Some(fault.pointer.clone()),
            Some(fault.parameter.to_owned()),
        ),
        Place::Parameters => (None, Some(fault.parameter.to_owned())),
        Place::Body(prefix) => (Some(format!("{prefix}{}", fault.pointer)), None),
    };
    Fault {
        pointer,
        parameter,
        ..plain(fault)
    }
}

fn plain(fault: afsa_query::Fault) -> Fault {
    let error = match fault.kind {
        FaultKind::Invalid => "invalid_value",
        FaultKind::NoReading => "no_reading",
    };
    Fault {
        error: error.into(),
        detail: fault.detail,
        allowed: fault.allowed,
        is_meaning: fault.kind == FaultKind::NoReading || !LISTED.contains(&fault.parameter),
        ..Fault::default()
    }
}
