//! Goals of an account.

use afsa_accounts::{Accounts, Goal, GoalChange};
use afsa_model::Decimal;
use serde_json::{Value, json};

use super::stored::{IdNaming, Names, Steps, Stored};
use crate::fields::Fields;
use crate::problem::Problem;
use crate::{question, reply};

impl Stored for Goal {
    type Change = GoalChange;

    const NAMES: Names = Names {
        paths: [
            "/v1/accounts/{account_id}/goals",
            "/v1/accounts/{account_id}/goals/{id}",
        ],
        schemas: ["Goal", "GoalChange"],
        id: IdNaming::given("The id of the goal."),
        answers: ["The goal.", "The goals."],
        list: [
            "listGoals",
            "List goals",
            "What the account counts as conversions.",
        ],
        create: [
            "createGoal",
            "Create a goal",
            "A goal counts from now on for all time, also for what was collected before.",
        ],
        read: [
            "getGoal",
            "Read a goal",
            "The goal with the filter that it matches.",
        ],
        update: [
            "updateGoal",
            "Change a goal",
            "Changes the fields that are sent.",
        ],
        delete: [
            "deleteGoal",
            "Delete a goal",
            "Its conversions are in no figure any more.",
        ],
    };

    const STEPS: Steps<Goal, GoalChange> = Steps {
        list: Accounts::goals,
        find: Accounts::goal,
        create: |acting, account, draft| acting.create_goal(account, draft),
        update: |acting, account, id, change| acting.update_goal(account, id, change),
        delete: |acting, account, id| acting.delete_goal(account, id),
    };

    fn change_example() -> Value {
        json!({"name": "Sign-up", "match": ["is", "page", ["/thanks"]], "once_per_visit": true})
    }

    fn change(body: &Value, is_new: bool) -> Result<GoalChange, Problem> {
        let mut fields = Fields::of_body(body)?;
        let change = GoalChange {
            name: fields.text("name"),
            once_per_visit: fields.truth("once_per_visit"),
            matches: question::stored_filter(&mut fields, "match"),
            value: value(&mut fields),
        };
        fields.finish_with(change.faults(is_new))?;
        Ok(change)
    }

    fn to_json(&self) -> Result<Value, Problem> {
        let matches: Value = serde_json::from_str(&self.matches).map_err(Problem::internal)?;
        Ok(json!({
            "id": self.id,
            "name": self.name,
            "match": matches,
            "value": self.value.map(|value| value.to_string()),
            "once_per_visit": self.once_per_visit,
            "created_at": reply::instant(self.created_at),
        }))
    }
}

/// A decimal; null takes the value away.
fn value(fields: &mut Fields<'_>) -> Option<Option<Decimal>> {
    if fields.given("value")?.is_null() {
        return Some(None);
    }
    match fields.text("value")?.parse::<Decimal>() {
        Ok(value) => Some(Some(value)),
        Err(error) => {
            let detail = format!("value is {error}");
            fields.fault_of_meaning("value", "malformed", detail);
            None
        }
    }
}
