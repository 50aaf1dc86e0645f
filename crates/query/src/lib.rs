//! From a request as plain data to a checked plan, and from what a backend answers to a finished
//! table.
//!
//! A [`Request`] names [metrics](METRICS), dimensions, a period, filters. [`plan`] checks it, tells
//! every [`Fault`] at once, and makes a [`Plan`] of it: a few [`Question`](afsa_store::Question)s
//! to a backend and what to do with their answers. [`Plan::finish`] makes the [`Answer`] of them:
//! rates, comparison, order, pages. [`answer`] does both on a snapshot. Nothing here reads a clock
//! or knows a format: `now` is an argument, and figures stay exact [`Fraction`]s.
//!
//! What is no table of metrics starts from a [`Selection`], the same period, filters and traffic
//! without metrics: [`attribution()`] shares its orders out among the visits before them,
//! [`cohorts()`] and [`rfm()`] group its customers, [`carts()`] follows its carts, [`product_facts`] tells what products are.
//!
//! What the definitions leave open is answered so:
//!
//! - An `interval` asks for time: where no dimension of time is named, `time` comes first.
//! - Without dimensions there is one row, also where nothing was; only rows of a breakdown are left
//!   out.
//! - Totals and shares are of everything that the filters choose; conditions on metrics choose rows
//!   of it and leave the whole as it is.
//! - `include=empty` lists every bucket, hour and weekday, and of other dimensions each value that
//!   a visit of the period has or that something was counted for.
//! - Two instants that are the starts of days in the zone are whole days.
//! - `today` is added to periods of N days or months, changes nothing in those that run up to today,
//!   and has no reading beside those that ended.
//!
//! ```
//! use afsa_model::{AccountSettings, Timestamp};
//! use afsa_query::{Context, Request, plan};
//!
//! let settings = AccountSettings::default();
//! let context = Context {
//!     settings: &settings,
//!     now: Timestamp(1_790_000_000_000),
//!     activity: Default::default(),
//!     goals: &[],
//! };
//! let request = Request { report: Some("countries".into()), ..Request::default() };
//! let plan = plan(&request, &context).unwrap();
//! assert_eq!(plan.columns()[0].name, "country");
//!
//! let wrong = Request { metrics: Some(vec!["vistors".into()]), ..Request::default() };
//! let error = afsa_query::plan(&wrong, &context).unwrap_err();
//! assert_eq!(error.to_string(), "there is no metric `vistors`; did you mean `visitors`?");
//! ```

mod answer;
mod attribution;
mod axis;
mod carts;
mod catalogue;
mod check;
mod cohorts;
mod exchange;
mod fault;
mod fill;
mod filter;
mod fraction;
mod order;
mod period;
mod plan;
mod print;
mod products;
mod reports;
mod request;
mod rfm;
mod selection;
mod span;
mod zone;

pub use answer::{Answer, Answers, Row, answer};
pub use attribution::{
    Attributing, Attribution, AttributionRow, Credit, GoalConversions, Model, attribution, days,
};
pub use axis::{Axis, Bucket, Interval, MAX_BUCKETS};
pub use carts::{CartFacts, CartMoment, CartState, HeldItem, cart_facts, carts};
pub use catalogue::{Breakdown, DimensionType, Formula, METRICS, Metric, MetricUnit, Scope};
pub use check::{
    Context, DEFAULT_LIMIT, DEFAULT_METRICS, INCLUDES, MAX_DIMENSIONS, MAX_LIMIT, MAX_METRICS,
    TRAFFICS, plan,
};
pub use cohorts::{Cohort, CohortMonth, cohorts};
pub use fault::{Fault, FaultKind, MAX_COHORTS, MAX_FILLED_ROWS, QueryError};
pub use filter::{
    MAX_CONDITIONS, MAX_DEPTH, MAX_EXPRESSIONS, MAX_VALUE_LENGTH, MAX_VALUES, check_filter,
};
pub use fraction::{Figure, Fraction};
pub use period::{DEFAULT_PERIOD, PERIODS};
pub use plan::{Column, ColumnType, Include, Plan, Questions};
pub use products::{ProductFacts, SoldFor, product_facts};
pub use reports::{REPORTS, Report, ReportFilter, Section};
pub use request::{FilterCondition, FilterNode, Request, Scalar, Segment};
pub use rfm::{Rfm, RfmGroup, RfmSums, Scores, rfm};
pub use selection::{Compared, Selection, select};
pub use span::Comparison;
pub use zone::Zone;
