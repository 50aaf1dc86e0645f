//! Doing the steps of a world to a backend and to the reference, side by side.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};

use afsa_model::AccountId;

use super::Backend;
use super::compare::{self, Normal};
use super::world::{Action, Step, World};
use super::{pages, shops};
use crate::reference::ReferenceStore;
use crate::{Activity, Arrival, Outcome, Question, Snapshot, Store, StoreError};

/// What went well.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Played {
    pub questions: usize,
    pub answered: usize,
    pub groups: usize,
}

/// Does everything; `Err` tells the first difference.
pub(super) fn play(backend: &mut dyn Backend, world: &World) -> Result<Played, String> {
    let mut stage = Stage {
        tried: Some(backend.fresh()),
        reference: ReferenceStore::new(),
        right: HashMap::new(),
        held: Vec::new(),
        played: Played::default(),
    };
    stage.configure(world)?;
    for (number, step) in world.steps.iter().enumerate() {
        stage.step(backend, world, step).map_err(|difference| {
            format!("step {number}, account {}: {difference}", step.account)
        })?;
    }
    stage.look_at_held()?;
    Ok(stage.played)
}

/// Takes hits and waits until they are safe.
pub(super) fn submit(
    store: &dyn Store,
    account: AccountId,
    arrivals: Vec<Arrival>,
) -> Result<Vec<Outcome>, StoreError> {
    let (sender, receiver) = mpsc::channel();
    // Nobody listens any more only if this function is gone.
    let reply = move |outcomes| sender.send(outcomes).unwrap_or(());
    store.submit(account, arrivals, Box::new(reply));
    receiver
        .recv()
        .unwrap_or_else(|_| Err(StoreError::Internal("the reply was never called".into())))
}

struct Stage {
    /// `None` while it is being reopened.
    tried: Option<Arc<dyn Store>>,
    reference: ReferenceStore,
    /// The reference's snapshots, until something changes.
    right: HashMap<AccountId, Arc<dyn Snapshot>>,
    held: Vec<(Arc<dyn Snapshot>, Question, Normal)>,
    played: Played,
}

impl Stage {
    fn configure(&self, world: &World) -> Result<(), String> {
        for (account, settings) in &world.accounts {
            self.tried()?.configure(*account, settings);
            self.reference.configure(*account, settings);
        }
        Ok(())
    }

    fn tried(&self) -> Result<&dyn Store, String> {
        self.tried
            .as_deref()
            .ok_or_else(|| "no store is open".to_owned())
    }

    fn step(
        &mut self,
        backend: &mut dyn Backend,
        world: &World,
        step: &Step,
    ) -> Result<(), String> {
        let account = step.account;
        if changes(&step.action) {
            self.right.remove(&account);
        }
        match &step.action {
            Action::Submit(arrivals) => {
                self.both("submit", |store| submit(store, account, arrivals.clone()))
            }
            Action::Import {
                number,
                arrivals,
                finish,
            } => self.both("an import", |store| {
                import(store, account, *number, arrivals, *finish)
            }),
            Action::Undo(number) => {
                self.both("undo_import", |store| store.undo_import(account, *number))
            }
            Action::RemoveBefore(before) => self.both("remove_before", |store| {
                store.remove_before(account, *before)
            }),
            Action::Maintain => self
                .tried()?
                .maintain()
                .map_err(|error| format!("maintain: {error}")),
            Action::Reopen => self.reopen(backend, world),
            Action::Ask(question) => self.ask(account, question).map(|_| ()),
            Action::Hold(question) => {
                let snapshot = self.tried_snapshot(account)?;
                let expected = self.ask(account, question)?;
                self.held.push((snapshot, (**question).clone(), expected));
                Ok(())
            }
            Action::ReadAll => self.read_all(account),
        }
    }

    /// Does the same to both; both must say the same of it.
    fn both<T: PartialEq + std::fmt::Debug>(
        &self,
        what: &str,
        act: impl Fn(&dyn Store) -> Result<T, StoreError>,
    ) -> Result<(), String> {
        match (act(&self.reference), act(self.tried()?)) {
            (Ok(expected), Ok(found)) if expected == found => Ok(()),
            (Err(expected), Err(found))
                if std::mem::discriminant(&expected) == std::mem::discriminant(&found) =>
            {
                Ok(())
            }
            (expected, found) => Err(format!("{what} came to {found:?} instead of {expected:?}")),
        }
    }

    fn reopen(&mut self, backend: &mut dyn Backend, world: &World) -> Result<(), String> {
        self.look_at_held()?;
        let kept = self.tried.take();
        // A backend that can't be reopened goes on as it is; the others mustn't find it in use.
        drop(kept);
        match backend.reopen() {
            Some(store) => self.tried = Some(store),
            None => return Err("the backend gave no store back".into()),
        }
        self.configure(world)
    }

    fn look_at_held(&mut self) -> Result<(), String> {
        for (snapshot, question, expected) in std::mem::take(&mut self.held) {
            let found = answered(snapshot.as_ref(), &question)?;
            if let Some(difference) = compare::difference(&expected, &found) {
                return Err(format!(
                    "a held snapshot changed: {question:#?}\n{difference}"
                ));
            }
        }
        Ok(())
    }

    fn tried_snapshot(&self, account: AccountId) -> Result<Arc<dyn Snapshot>, String> {
        self.tried()?
            .snapshot(account)
            .map_err(|error| format!("snapshot: {error}"))
    }

    fn right_snapshot(&mut self, account: AccountId) -> Result<Arc<dyn Snapshot>, String> {
        if let Some(snapshot) = self.right.get(&account) {
            return Ok(snapshot.clone());
        }
        let snapshot = self
            .reference
            .snapshot(account)
            .map_err(|error| error.to_string())?;
        self.right.insert(account, snapshot.clone());
        Ok(snapshot)
    }

    fn ask(&mut self, account: AccountId, question: &Question) -> Result<Normal, String> {
        let expected = answered(self.right_snapshot(account)?.as_ref(), question)?;
        let found = answered(self.tried_snapshot(account)?.as_ref(), question)
            .map_err(|error| format!("{question:#?}\n{error}"))?;
        self.played.questions += 1;
        self.played.answered += usize::from(!expected.is_empty());
        self.played.groups += expected.len();
        if let Some(difference) = compare::difference(&expected, &found) {
            return Err(format!("{question:#?}\n{difference}"));
        }
        // A page is asked of a reference that makes all rows: one question in three is enough.
        if self.played.questions % 3 == 1 {
            self.ask_for_page(account, question)?;
        }
        // Orders and checkouts aren't asked by dimensions: one question in three is enough.
        if self.played.questions.is_multiple_of(3) {
            self.ask_of_shop(account, question)?;
        }
        Ok(expected)
    }

    fn ask_for_page(&mut self, account: AccountId, question: &Question) -> Result<(), String> {
        let (right, tried) = (self.right_snapshot(account)?, self.tried_snapshot(account)?);
        let number = self.played.questions;
        match pages::difference(right.as_ref(), tried.as_ref(), question, number) {
            Ok(None) => Ok(()),
            Ok(Some(difference)) => Err(format!("{question:#?}\n{difference}")),
            Err(error) => Err(format!("{question:#?}\n{error}")),
        }
    }

    fn ask_of_shop(&mut self, account: AccountId, question: &Question) -> Result<(), String> {
        let told = |snapshot: &dyn Snapshot| {
            shops::told(snapshot, question).map_err(|error| format!("{question:#?}\n{error}"))
        };
        let expected = told(self.right_snapshot(account)?.as_ref())?;
        let found = told(self.tried_snapshot(account)?.as_ref())?;
        match compare::difference_of_contents(&expected, &found) {
            None => Ok(()),
            Some(difference) => Err(format!("{question:#?}\norders: {difference}")),
        }
    }

    fn read_all(&mut self, account: AccountId) -> Result<(), String> {
        let (right, tried) = (self.right_snapshot(account)?, self.tried_snapshot(account)?);
        let read = |snapshot: &dyn Snapshot| {
            compare::contents(snapshot).map_err(|error| format!("for_each_visit: {error}"))
        };
        let difference =
            compare::difference_of_contents(&read(right.as_ref())?, &read(tried.as_ref())?);
        if let Some(difference) = difference {
            return Err(difference);
        }
        let activity = |snapshot: &dyn Snapshot| match snapshot.activity() {
            Ok(activity) => Ok(Activity {
                stored_bytes: 0,
                ..activity
            }),
            Err(error) => Err(format!("activity: {error}")),
        };
        let (expected, found) = (activity(right.as_ref())?, activity(tried.as_ref())?);
        if expected != found {
            return Err(format!("activity is {found:?} instead of {expected:?}"));
        }
        Ok(())
    }
}

fn changes(action: &Action) -> bool {
    match action {
        Action::Submit(_) | Action::Import { .. } | Action::Undo(_) | Action::RemoveBefore(_) => {
            true
        }
        Action::Maintain | Action::Reopen | Action::Ask(_) | Action::Hold(_) | Action::ReadAll => {
            false
        }
    }
}

fn answered(snapshot: &dyn Snapshot, question: &Question) -> Result<Normal, String> {
    let groups = snapshot
        .aggregate(question)
        .map_err(|error| format!("aggregate: {error}"))?;
    compare::normal(&groups, question)
}

fn import(
    store: &dyn Store,
    account: AccountId,
    number: u32,
    arrivals: &[Arrival],
    finish: bool,
) -> Result<Vec<Outcome>, StoreError> {
    let mut session = store.begin_import(account, number)?;
    let mut outcomes = Vec::new();
    for batch in arrivals.chunks(7) {
        outcomes.extend(session.push(batch.to_vec())?);
    }
    if finish {
        session.finish(&|_| {})?;
    }
    Ok(outcomes)
}
