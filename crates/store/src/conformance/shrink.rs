//! Making a world that shows a difference smaller, while it still shows one.

use super::Backend;
use super::play::play;
use super::world::{Action, Step, World};
use crate::{Filter, Question};

/// Worlds tried at most.
const MOST_TRIES: usize = 400;

/// A smaller world, and what differs in it.
pub(super) fn smallest(
    backend: &mut dyn Backend,
    world: World,
    difference: String,
) -> (World, String) {
    let mut best = (world, difference);
    let mut tries = 0;
    let mut attempt = |candidate: World, best: &mut (World, String)| {
        tries += 1;
        if tries > MOST_TRIES {
            return false;
        }
        match play(backend, &candidate) {
            Err(difference) => {
                *best = (candidate, difference);
                true
            }
            Ok(_) => false,
        }
    };
    let mut chunk = pieces(&best.0).div_ceil(2);
    while chunk > 0 {
        let before = pieces(&best.0);
        let mut from = 0;
        while from < pieces(&best.0) {
            let candidate = without(&best.0, from, from + chunk);
            if !attempt(candidate, &mut best) {
                from += chunk;
            }
        }
        // What was needed for something that is gone by now can go too.
        if chunk > 1 || pieces(&best.0) == before {
            chunk /= 2;
        }
    }
    while simpler(&best.0)
        .into_iter()
        .any(|candidate| attempt(candidate, &mut best))
    {}
    best
}

/// Hits, and steps that have none.
fn pieces(world: &World) -> usize {
    world.steps.iter().map(pieces_of).sum()
}

fn pieces_of(step: &Step) -> usize {
    match &step.action {
        Action::Submit(arrivals) | Action::Import { arrivals, .. } => arrivals.len(),
        _ => 1,
    }
}

fn without(world: &World, from: usize, to: usize) -> World {
    let mut number = 0;
    let mut steps = Vec::new();
    for step in &world.steps {
        let first = number;
        number += pieces_of(step);
        let stays = |place: usize| !(from..to).contains(&(first + place));
        let mut step = step.clone();
        let is_left = match &mut step.action {
            Action::Submit(arrivals) | Action::Import { arrivals, .. } => {
                let mut place = 0;
                arrivals.retain(|_| {
                    place += 1;
                    stays(place - 1)
                });
                !arrivals.is_empty()
            }
            _ => stays(0),
        };
        steps.extend(is_left.then_some(step));
    }
    World {
        accounts: world.accounts.clone(),
        steps,
    }
}

/// The world with one question made simpler, each way.
fn simpler(world: &World) -> Vec<World> {
    let mut worlds = Vec::new();
    for (place, step) in world.steps.iter().enumerate() {
        let (Action::Ask(question) | Action::Hold(question)) = &step.action else {
            continue;
        };
        for question in simpler_questions(question) {
            let mut world = world.clone();
            world.steps[place].action = Action::Ask(Box::new(question));
            worlds.push(world);
        }
    }
    worlds
}

fn simpler_questions(question: &Question) -> Vec<Question> {
    let mut simpler = Vec::new();
    let mut add = |change: &dyn Fn(&mut Question)| {
        let mut changed = question.clone();
        change(&mut changed);
        simpler.push(changed);
    };
    if question.measures.len() > 1 {
        for place in 0..question.measures.len() {
            add(&|question| {
                question.measures.remove(place);
            });
        }
    }
    for place in 0..question.dimensions.len() {
        add(&|question| {
            question.dimensions.remove(place);
        });
    }
    for place in 0..question.goals.len() {
        add(&|question| {
            question.goals.remove(place);
        });
    }
    if let Some(filter) = &question.filter {
        add(&|question| question.filter = None);
        for part in simpler_filters(filter) {
            add(&|question| question.filter = Some(part.clone()));
        }
    }
    simpler
}

fn simpler_filters(filter: &Filter) -> Vec<Filter> {
    let in_list = |parts: &[Filter], made: fn(Vec<Filter>) -> Filter| {
        let mut filters = parts.to_vec();
        for place in 0..parts.len() {
            let mut fewer = parts.to_vec();
            fewer.remove(place);
            filters.push(made(fewer));
            for part in simpler_filters(&parts[place]) {
                let mut changed = parts.to_vec();
                changed[place] = part;
                filters.push(made(changed));
            }
        }
        filters
    };
    let within = |part: &Filter, made: fn(Box<Filter>) -> Filter| {
        let inner = simpler_filters(part)
            .into_iter()
            .map(|part| made(Box::new(part)));
        std::iter::once(part.clone()).chain(inner).collect()
    };
    match filter {
        Filter::And(parts) => in_list(parts, Filter::And),
        Filter::Or(parts) => in_list(parts, Filter::Or),
        Filter::Not(part) => within(part, Filter::Not),
        Filter::VisitorHas(part) => within(part, Filter::VisitorHas),
        Filter::Condition(_) => Vec::new(),
    }
}
