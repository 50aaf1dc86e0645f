//! How visits go through the checkout.

use afsa_model::text;
use afsa_visits::checkout::{CheckoutAction, CheckoutFunnel};

use CheckoutAction::{Choice, Step};

/// Visits, each with its actions and whether it ended in an order.
fn funnel(visits: &[(&[CheckoutAction], bool)]) -> CheckoutFunnel {
    let mut whole = CheckoutFunnel::default();
    let mut parts = CheckoutFunnel::default();
    for (actions, ordered) in visits {
        whole.add(actions.iter().cloned(), *ordered);
        let mut part = CheckoutFunnel::default();
        part.add(actions.iter().cloned(), *ordered);
        parts.absorb(part);
    }
    assert_eq!(whole, parts, "parts don't add up");
    whole
}

fn step(number: u32) -> CheckoutAction {
    Step(Some(number), None)
}

/// (step, visits, entries, returns, dropouts)
fn told(funnel: &CheckoutFunnel) -> Vec<(u32, u64, u64, u64, u64)> {
    let steps = funnel.steps.iter();
    steps
        .map(|(number, step)| {
            (
                *number,
                step.visits,
                step.entries,
                step.returns,
                step.dropouts,
            )
        })
        .collect()
}

#[test]
fn visits_are_counted_at_each_step_and_where_they_leave() {
    let funnel = funnel(&[
        (&[step(1), step(2), step(3)], true),
        (&[step(1), step(2)], false),
        (&[step(1)], false),
        (&[step(2), step(3)], true),
        (&[], false),
    ]);
    assert_eq!((funnel.visits, funnel.ordered), (4, 2));
    let expect = [(1, 3, 3, 0, 1), (2, 3, 1, 0, 1), (3, 2, 0, 0, 0)];
    assert_eq!(told(&funnel), expect);
}

#[test]
fn coming_back_is_counted_and_a_reload_is_not() {
    let there_and_back = [
        step(1),
        step(1),
        step(2),
        step(1),
        step(1),
        step(2),
        step(1),
    ];
    let funnel = funnel(&[(&there_and_back, false)]);
    assert_eq!(told(&funnel), [(1, 1, 1, 2, 1), (2, 1, 0, 1, 0)]);
}

#[test]
fn a_checkout_without_steps_is_a_visit_without_any() {
    let funnel = funnel(&[
        (&[Step(None, text("card"))], false),
        (&[Choice(Some(1), text("card"))], false),
    ]);
    assert_eq!((funnel.visits, funnel.ordered), (1, 0));
    assert_eq!(told(&funnel), []);
}

#[test]
fn the_option_told_last_counts_also_after_the_fact() {
    let options = |actions: &[CheckoutAction]| {
        let funnel = funnel(&[(actions, true)]);
        let steps = funnel.steps.into_iter();
        steps
            .flat_map(|(number, step)| {
                let options = step.options.into_iter();
                options.map(move |(option, visits)| (number, option.to_string(), visits))
            })
            .collect::<Vec<_>>()
    };
    let one = |number: u32, option: &str| vec![(number, option.to_owned(), 1)];
    assert_eq!(options(&[Step(Some(1), text("card"))]), one(1, "card"));
    assert_eq!(
        options(&[Step(Some(1), text("card")), Choice(Some(1), text("cash"))]),
        one(1, "cash")
    );
    assert_eq!(
        options(&[step(1), Choice(None, text("cash"))]),
        one(1, "cash")
    );
    assert_eq!(
        options(&[step(1), step(2), Choice(Some(1), text("cash"))]),
        one(1, "cash")
    );
    assert_eq!(
        options(&[Step(Some(1), text("card")), step(1)]),
        one(1, "card")
    );
    assert_eq!(options(&[step(1), Choice(Some(7), text("cash"))]), []);
    assert_eq!(options(&[Choice(Some(1), text("cash")), step(1)]), []);
}
