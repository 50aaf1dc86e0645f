//! What an account calls the steps of its checkout.

use afsa_accounts::{Accounts, CheckoutStep, CheckoutStepChange};
use serde_json::{Value, json};

use super::stored::{IdNaming, Names, Steps, Stored};
use crate::fields::Fields;
use crate::problem::Problem;
use crate::reply;

impl Stored for CheckoutStep {
    type Change = CheckoutStepChange;

    const NAMES: Names = Names {
        paths: [
            "/v1/accounts/{account_id}/checkout-steps",
            "/v1/accounts/{account_id}/checkout-steps/{number}",
        ],
        schemas: ["CheckoutStep", "CheckoutStepChange"],
        id: IdNaming {
            name: "number",
            description: "The number of the step, as hits tell it.",
            least: 0,
        },
        answers: ["The step.", "The steps."],
        list: [
            "listCheckoutSteps",
            "List the steps of the checkout",
            "What the account calls the steps of its checkout, by number.",
        ],
        create: [
            "createCheckoutStep",
            "Name a step of the checkout",
            "Gives a label to the number that hits tell of a step.",
        ],
        read: [
            "getCheckoutStep",
            "Read a step of the checkout",
            "The step with its label.",
        ],
        update: [
            "updateCheckoutStep",
            "Change a step of the checkout",
            "Changes the fields that are sent; another number must be free.",
        ],
        delete: [
            "deleteCheckoutStep",
            "Delete a step of the checkout",
            "The step is known by its number alone again; what was collected stays.",
        ],
    };

    const STEPS: Steps<CheckoutStep, CheckoutStepChange> = Steps {
        list: Accounts::checkout_steps,
        find: Accounts::checkout_step,
        create: |acting, account, draft| acting.create_checkout_step(account, draft),
        update: |acting, account, id, change| acting.update_checkout_step(account, id, change),
        delete: |acting, account, id| acting.delete_checkout_step(account, id),
    };

    fn change_example() -> Value {
        json!({"number": 1, "label": "Address"})
    }

    fn change(body: &Value, is_new: bool) -> Result<CheckoutStepChange, Problem> {
        let mut fields = Fields::of_body(body)?;
        let change = CheckoutStepChange {
            number: fields.integer("number"),
            label: fields.text("label"),
        };
        fields.finish_with(change.faults(is_new))?;
        Ok(change)
    }

    fn to_json(&self) -> Result<Value, Problem> {
        Ok(json!({
            "number": self.number,
            "label": self.label,
            "created_at": reply::instant(self.created_at),
        }))
    }
}
