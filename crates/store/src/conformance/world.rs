//! What is done to a store, step by step.

use std::fmt;

use afsa_model::{
    AccountId, AccountSettings, DAY, ExchangeRates, HOUR, MINUTE, QUOTE_SCALE, Timestamp,
};

use super::Suite;
use super::compare;
use super::draft::MONDAY;
use super::questions::{self, Words};
use super::rng::Rng;
use super::traffic::{self, Profile};
use crate::reference::Reference;
use crate::{Arrival, Identity, Question};

#[derive(Clone, Debug)]
pub(super) struct World {
    pub accounts: Vec<(AccountId, AccountSettings)>,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    pub account: AccountId,
    pub action: Action,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    Submit(Vec<Arrival>),
    /// Pushed arrivals one batch; dropped without an end unless `finish`.
    Import {
        number: u32,
        arrivals: Vec<Arrival>,
        finish: bool,
    },
    Undo(u32),
    RemoveBefore(Timestamp),
    Maintain,
    Reopen,
    Ask(Box<Question>),
    /// Takes a snapshot and asks it now and again later.
    Hold(Box<Question>),
    /// Reads everything back.
    ReadAll,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {}",
            self.account,
            compare::told(&self.action)
        )
    }
}

pub(super) fn make(seed: u64, suite: &Suite) -> World {
    let mut rng = Rng::new(seed);
    let mut accounts = Vec::new();
    let mut strands = Vec::new();
    for (number, people) in [(1, 12), (2, 2)] {
        let account = AccountId(number);
        let settings = AccountSettings {
            visit_timeout: *rng.pick(&[5, 30, 30, 240]) * MINUTE,
            order_window: *rng.pick(&[HOUR, DAY, 3 * DAY]),
            zone: questions::zone(&mut rng),
            rates: rates(&mut rng).into(),
            ..AccountSettings::default()
        };
        let profile = Profile {
            visit_timeout: settings.visit_timeout,
            people: rng.between(1, people) as u64,
            plain_identities: rng.percent(25),
            excluded: *rng.pick(&[0, 0, 30]),
            is_shop: rng.percent(40),
        };
        // Most questions go to the first account; the other mustn't shine through.
        let questions = if number == 1 {
            suite.questions - suite.questions / 8
        } else {
            suite.questions / 8
        };
        let actions = strand(&mut rng, suite, account, &settings, profile, questions);
        strands.push(
            actions
                .into_iter()
                .map(move |action| Step { account, action })
                .collect(),
        );
        accounts.push((account, settings));
    }
    World {
        accounts,
        steps: merged(&mut rng, strands),
    }
}

/// Of the dollar on some days; of the yen now and then.
fn rates(rng: &mut Rng) -> ExchangeRates {
    let mut rates = ExchangeRates::quoted_in("EUR");
    let monday = i32::try_from(MONDAY.0 / DAY).unwrap_or(0);
    for day in -1..4 {
        let quote = rng.between(QUOTE_SCALE / 2, 2 * QUOTE_SCALE);
        if rng.percent(50) {
            rates.note("USD", monday + day, quote);
        }
        if rng.percent(10) {
            rates.note("JPY", monday + day, 160 * quote);
        }
    }
    rates
}

/// The actions of several accounts, each account's in their order.
fn merged(rng: &mut Rng, strands: Vec<Vec<Step>>) -> Vec<Step> {
    let mut order: Vec<usize> = Vec::new();
    for (strand, steps) in strands.iter().enumerate() {
        order.extend(std::iter::repeat_n(strand, steps.len()));
    }
    rng.shuffle(&mut order);
    let mut strands: Vec<_> = strands.into_iter().map(Vec::into_iter).collect();
    order
        .into_iter()
        .filter_map(|strand| strands[strand].next())
        .collect()
}

/// Everything that happens to one account.
fn strand(
    rng: &mut Rng,
    suite: &Suite,
    account: AccountId,
    settings: &AccountSettings,
    profile: Profile,
    questions: usize,
) -> Vec<Action> {
    let arrivals = traffic::arrivals(rng, profile);
    let words = Words::of(
        &Reference::new(account, &numbered(&arrivals), settings),
        &arrivals,
    );
    let mut actions = deliveries(rng, suite, arrivals);
    if profile.plain_identities && rng.percent(60) {
        let before = MONDAY.plus(rng.between(0, 4 * 24) * HOUR);
        let place = rng.below(actions.len() + 1);
        actions.insert(place, Action::RemoveBefore(before));
    }
    let mut all = Vec::new();
    let early = questions / 4;
    for asked in 0..early {
        let question = Box::new(questions::question(rng, &words));
        let place = rng.below(actions.len() + 1);
        let hold = asked % 4 == 0;
        actions.insert(
            place,
            if hold {
                Action::Hold(question)
            } else {
                Action::Ask(question)
            },
        );
    }
    for action in actions {
        all.push(action);
        if rng.percent(15) {
            all.push(Action::Maintain);
        }
        if rng.percent(7) {
            all.push(Action::Reopen);
        }
        if rng.percent(3) {
            all.push(Action::ReadAll);
        }
    }
    all.push(Action::ReadAll);
    for _ in early..questions {
        all.push(Action::Ask(Box::new(questions::question(rng, &words))));
    }
    all
}

/// The arrivals as if they had come in this order, for looking at their values.
fn numbered(arrivals: &[Arrival]) -> Vec<Arrival> {
    let mut numbered = arrivals.to_vec();
    for (sequence, arrival) in (1..).zip(&mut numbered) {
        arrival.hit.sequence = sequence;
    }
    numbered
}

fn deliveries(rng: &mut Rng, suite: &Suite, mut arrivals: Vec<Arrival>) -> Vec<Action> {
    if rng.percent(80) {
        rng.shuffle(&mut arrivals);
    }
    repeat_some(rng, &mut arrivals);
    if suite.cookieless_in_order {
        put_cookieless_in_order(&mut arrivals);
    }
    let imported_share = *rng.pick(&[0, 10, 50]);
    let is_cookieless = |arrival: &Arrival| matches!(arrival.identity, Identity::Cookieless { .. });
    let (imported, live): (Vec<_>, Vec<_>) = arrivals.into_iter().partition(|arrival| {
        let may = !(suite.cookieless_in_order && is_cookieless(arrival));
        matches!(arrival.identity, Identity::Fingerprint(_)) || may && rng.percent(imported_share)
    });
    let mut actions = Vec::new();
    let mut rest = live.as_slice();
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(rest.len().min(1 + rng.below(20)));
        actions.push(Action::Submit(batch.to_vec()));
        rest = later;
    }
    let parts = 1 + rng.below(3);
    let part = imported.len().div_ceil(parts).max(1);
    for (number, arrivals) in (1..).zip(imported.chunks(part)) {
        import(rng, number, arrivals, &mut actions);
    }
    actions
}

/// Puts an import somewhere; it may be given up and begun anew, or be undone and come live or by
/// another import.
fn import(rng: &mut Rng, number: u32, arrivals: &[Arrival], actions: &mut Vec<Action>) {
    let import = |number: u32, finish: bool| Action::Import {
        number,
        arrivals: arrivals.to_vec(),
        finish,
    };
    let mut sequel = Vec::new();
    if rng.percent(20) {
        sequel.push(import(100 + number, false));
    }
    sequel.push(import(number, true));
    if rng.percent(30) {
        sequel.push(Action::Undo(number));
        if rng.percent(60) {
            sequel.push(import(200 + number, true));
        }
    }
    let mut place = 0;
    for action in sequel {
        place += rng.below(actions.len() + 1 - place);
        actions.insert(place, action);
        place += 1;
    }
}

/// Sends some a second time, now and then with the same event key and something else.
fn repeat_some(rng: &mut Rng, arrivals: &mut Vec<Arrival>) {
    for _ in 0..arrivals.len() / 10 {
        let mut again = rng.pick(arrivals).clone();
        if again.event.is_none() {
            continue;
        }
        if rng.percent(30) {
            again.hit.time = again.hit.time.plus(MINUTE);
            again.hit.page = None;
        }
        let place = rng.below(arrivals.len() + 1);
        arrivals.insert(place, again);
    }
}

fn put_cookieless_in_order(arrivals: &mut [Arrival]) {
    let places: Vec<usize> = (0..arrivals.len())
        .filter(|place| matches!(arrivals[*place].identity, Identity::Cookieless { .. }))
        .collect();
    let mut cookieless: Vec<Arrival> = places
        .iter()
        .map(|place| arrivals[*place].clone())
        .collect();
    cookieless.sort_by_key(|arrival| arrival.hit.time);
    for (place, arrival) in places.into_iter().zip(cookieless) {
        arrivals[place] = arrival;
    }
}
