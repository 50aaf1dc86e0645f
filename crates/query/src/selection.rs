//! What a request chooses, for answers that are no table of metrics: orders, checkouts, customers.

use std::sync::Arc;

use afsa_model::{TimeRange, Timestamp};
use afsa_store::{Question, Snapshot, Traffic};

use crate::check::{Context, plan};
use crate::exchange;
use crate::fault::{Faults, QueryError};
use crate::plan::Plan;
use crate::request::Request;
use crate::zone::Zone;

/// A period, a filter and whose visits, understood by the rules of every question.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The request with every relative word resolved: selected again, at whatever time, it gives
    /// the same.
    pub request: Request,
    pub zone: Zone,
    /// ISO 4217 code of what money is told in.
    pub currency: Arc<str>,
    pub now: Timestamp,
    pub range: TimeRange,
    /// The range and filter as a backend takes them, without measures.
    pub question: Question,
    pub comparison: Option<Compared>,
    plan: Plan,
}

/// What a selection is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    pub range: TimeRange,
    pub question: Question,
}

/// Understands the period, filters and traffic of a request; what it says of metrics, dimensions,
/// order and pages is not looked at. Everything that is wrong is told at once, as
/// [`QueryError::Faults`].
pub fn select(request: &Request, context: &Context) -> Result<Selection, QueryError> {
    // Orders stand in for whatever is made of the selection: all of it depends on their money.
    let chosen = Request {
        report: None,
        interval: None,
        metrics: Some(vec![
            "orders".into(),
            "revenue".into(),
            "refund_amount".into(),
        ]),
        dimensions: None,
        order_by: None,
        limit: None,
        offset: None,
        ..request.clone()
    };
    let plan = plan(&chosen, context)?;
    if !plan.having.is_empty() {
        let mut faults = Faults::default();
        let detail = "conditions on metrics choose rows of a table; here is none that they could \
                      choose of";
        faults.no_reading("filters", "/filters", detail, Vec::new());
        return Err(QueryError::Faults(faults.into_vec()));
    }
    let question = |question: &Question| Question {
        measures: Vec::new(),
        ..question.clone()
    };
    let previous = plan.comparison.zip(plan.questions.previous_rows.as_ref());
    Ok(Selection {
        request: Request {
            metrics: None,
            dimensions: None,
            order_by: None,
            limit: None,
            offset: None,
            include: None,
            ..plan.request.clone()
        },
        zone: plan.zone.clone(),
        currency: plan.currency.clone(),
        now: plan.now,
        range: plan.range,
        question: question(&plan.questions.rows),
        comparison: previous.map(|(range, previous)| Compared {
            range,
            question: question(previous),
        }),
        plan,
    })
}

impl Selection {
    /// Whose visits are chosen.
    pub fn traffic(&self) -> Traffic {
        self.question.traffic
    }

    /// What whoever reads figures of the selection has to know beside them: above all, whose money
    /// is left out because no rate is known.
    pub fn warnings(&self, snapshot: &dyn Snapshot) -> Result<Vec<String>, QueryError> {
        let mut warnings = self.plan.warnings.clone();
        warnings.extend(exchange::warnings(&self.plan, snapshot)?);
        warnings.extend(snapshot.warnings());
        Ok(warnings)
    }
}
