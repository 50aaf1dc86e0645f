//! The checkout as a funnel: how far visits came, where they came in, came back and left.

use std::collections::BTreeMap;
use std::sync::Arc;

use afsa_model::Text;

/// Something that a visit told of its checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckoutAction {
    /// A checkout action, of a step if it names one, with the option chosen there.
    Step(Option<u32>, Text),
    /// An option told after the fact: of the step that it names, else of the latest one.
    Choice(Option<u32>, Text),
}

/// What became of the checkouts of many visits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckoutFunnel {
    /// Visits with a checkout action.
    pub visits: u64,
    /// Those whose visitor ordered after it, until the order window's end.
    pub ordered: u64,
    /// By number.
    pub steps: BTreeMap<u32, CheckoutStep>,
}

/// One step of the checkout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckoutStep {
    /// Visits that came to the step.
    pub visits: u64,
    /// Visits whose first step it was.
    pub entries: u64,
    /// How often visits came back to it from another step.
    pub returns: u64,
    /// Visits whose last step it was and whose visitor didn't order.
    pub dropouts: u64,
    /// Visits by the option that they told last for the step.
    pub options: BTreeMap<Arc<str>, u64>,
}

impl CheckoutFunnel {
    /// Adds a visit: its actions by time, and whether its visitor ordered after the first checkout
    /// action. Nothing happens if none of them is one.
    ///
    /// The same step told again with none between is one stay in it.
    pub fn add(&mut self, actions: impl IntoIterator<Item = CheckoutAction>, ordered: bool) {
        let mut walk = Walk::default();
        for action in actions {
            match action {
                CheckoutAction::Step(step, option) => walk.step(step, option, self),
                CheckoutAction::Choice(step, option) => walk.choose(step, option),
            }
        }
        if !walk.has_checkout {
            return;
        }
        self.visits += 1;
        self.ordered += u64::from(ordered);
        for (step, option) in walk.chosen {
            let told = self.steps.entry(step).or_default();
            told.visits += 1;
            if let Some(option) = option {
                *told.options.entry(option).or_default() += 1;
            }
        }
        if let Some(last) = walk.current.filter(|_| !ordered) {
            self.steps.entry(last).or_default().dropouts += 1;
        }
    }

    /// Adds what another part of the visits came to.
    pub fn absorb(&mut self, other: CheckoutFunnel) {
        self.visits += other.visits;
        self.ordered += other.ordered;
        for (number, step) in other.steps {
            let sum = self.steps.entry(number).or_default();
            sum.visits += step.visits;
            sum.entries += step.entries;
            sum.returns += step.returns;
            sum.dropouts += step.dropouts;
            for (option, visits) in step.options {
                *sum.options.entry(option).or_default() += visits;
            }
        }
    }
}

/// One visit's way through the steps.
#[derive(Default)]
struct Walk {
    has_checkout: bool,
    current: Option<u32>,
    /// The steps that it came to, with the option told last.
    chosen: BTreeMap<u32, Text>,
}

impl Walk {
    fn step(&mut self, step: Option<u32>, option: Text, funnel: &mut CheckoutFunnel) {
        self.has_checkout = true;
        let Some(step) = step else {
            return self.choose(None, option);
        };
        if self.current != Some(step) {
            let told = funnel.steps.entry(step).or_default();
            told.entries += u64::from(self.current.is_none());
            told.returns += u64::from(self.chosen.contains_key(&step));
            self.current = Some(step);
        }
        let chosen = self.chosen.entry(step).or_default();
        if option.is_some() {
            *chosen = option;
        }
    }

    /// An option of a step that the visit never came to says nothing.
    fn choose(&mut self, step: Option<u32>, option: Text) {
        let step = step.or(self.current);
        if let Some(chosen) = step.and_then(|step| self.chosen.get_mut(&step))
            && option.is_some()
        {
            *chosen = option;
        }
    }
}
