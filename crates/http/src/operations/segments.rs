//! Segments of an account: filters kept under a name.

use afsa_accounts::{Accounts, Segment, SegmentChange};
use serde_json::{Value, json};

use super::stored::{IdNaming, Names, Steps, Stored};
use crate::fields::Fields;
use crate::problem::Problem;
use crate::{question, reply};

impl Stored for Segment {
    type Change = SegmentChange;

    const NAMES: Names = Names {
        paths: [
            "/v1/accounts/{account_id}/segments",
            "/v1/accounts/{account_id}/segments/{id}",
        ],
        schemas: ["Segment", "SegmentChange"],
        id: IdNaming::given("The id of the segment."),
        answers: ["The segment.", "The segments."],
        list: [
            "listSegments",
            "List segments",
            "The filters that the account keeps.",
        ],
        create: [
            "createSegment",
            "Create a segment",
            "Keeps a filter, so that questions can name it by its id.",
        ],
        read: [
            "getSegment",
            "Read a segment",
            "The segment with its filter.",
        ],
        update: [
            "updateSegment",
            "Change a segment",
            "Changes the fields that are sent.",
        ],
        delete: [
            "deleteSegment",
            "Delete a segment",
            "Questions that name it are refused from now on.",
        ],
    };

    const STEPS: Steps<Segment, SegmentChange> = Steps {
        list: Accounts::segments,
        find: Accounts::segment,
        create: |acting, account, draft| acting.create_segment(account, draft),
        update: |acting, account, id, change| acting.update_segment(account, id, change),
        delete: |acting, account, id| acting.delete_segment(account, id),
    };

    fn change_example() -> Value {
        json!({"name": "From France", "filters": ["is", "country", ["FR"]]})
    }

    fn change(body: &Value, is_new: bool) -> Result<SegmentChange, Problem> {
        let mut fields = Fields::of_body(body)?;
        let change = SegmentChange {
            name: fields.text("name"),
            filters: question::stored_filter(&mut fields, "filters"),
        };
        fields.finish_with(change.faults(is_new))?;
        Ok(change)
    }

    fn to_json(&self) -> Result<Value, Problem> {
        let filters: Value = serde_json::from_str(&self.filters).map_err(Problem::internal)?;
        Ok(json!({
            "id": self.id,
            "name": self.name,
            "filters": filters,
            "created_at": reply::instant(self.created_at),
        }))
    }
}
