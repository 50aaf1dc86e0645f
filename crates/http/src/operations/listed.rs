//! Operations that answer a listing: each is a route of its own, and an action of a batch.

use afsa_accounts::Scope;
use axum::http::HeaderValue;
use axum::http::header::LINK;
use axum::response::Response;
use serde_json::{Map, Value};

use super::{attribution, carts, checkout, customers, orders, products};
use crate::answer::{Format, Listing};
use crate::fields::Fields;
use crate::operation::Call;
use crate::problem::Problem;
use crate::question::Subject;

/// Reads the fields, which stand in a query, a body or an action, and lists what they ask for. The
/// format says how the rows will be written, which may change what they hold.
type Find = fn(&Subject, Fields<'_>, Format) -> Result<Listing, Problem>;

/// An operation that answers a listing.
pub(super) struct Listed {
    /// What an action of a batch calls it.
    pub name: &'static str,
    pub path: &'static str,
    pub scope: Scope,
    pub find: Find,
}

/// Every one of them.
pub(super) const ALL: [&Listed; 7] = [
    &orders::LIST,
    &products::LIST,
    &carts::LIST,
    &checkout::FUNNEL,
    &attribution::ATTRIBUTION,
    &customers::COHORTS,
    &customers::RFM,
];

impl Listed {
    pub(super) fn named(name: &str) -> Option<&'static Listed> {
        ALL.into_iter().find(|listed| listed.name == name)
    }

    /// Answers a request whose query asks.
    pub(super) async fn answer(&'static self, call: Call) -> Result<Response, Problem> {
        let server = call.server.clone();
        let answering = move || {
            let mut fields = call.parameter_fields();
            fields.given("account_id");
            let format = Listing::format(&mut fields);
            let format = format.unwrap_or_else(|| Format::accepted(&call.headers));
            let subject = Subject::of(call.authorized.clone(), call.now)?;
            let listing = (self.find)(&subject, fields, format)?;
            let next = listing.next_cursor();
            let link = next.and_then(|next| next_link(self.path, &call.parameters, next));
            let mut response = listing.response(format)?;
            if let Some(link) = link {
                response.headers_mut().insert(LINK, link);
            }
            Ok(response)
        };
        server.gate.run(&server.limits, answering).await
    }

    /// Answers an action of a batch with the document that the operation would answer alone.
    pub(super) fn perform(&self, subject: &Subject, fields: Fields<'_>) -> Result<Value, Problem> {
        if !subject.authorized.principal().scopes.contains(self.scope) {
            return Err(Problem::insufficient_scope(self.scope));
        }
        Ok((self.find)(subject, fields, Format::Json)?.document())
    }
}

/// The address of the next page (RFC 8288), which asks for the same.
pub(super) fn next_link(
    path: &str,
    parameters: &Map<String, Value>,
    cursor: &str,
) -> Option<HeaderValue> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters.iter().filter(|(name, _)| *name != "cursor") {
        query.append_pair(name, value.as_str().unwrap_or_default());
    }
    query.append_pair("cursor", cursor);
    let link = format!("<{path}?{}>; rel=\"next\"", query.finish());
    HeaderValue::try_from(link).ok()
}
