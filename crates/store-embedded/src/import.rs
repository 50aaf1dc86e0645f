//! Taking history, and taking it out again.

use std::path::PathBuf;
use std::sync::Arc;

use afsa_model::VisitorKey;
use afsa_store::{Arrival, EventKey, Identity, ImportSession, Outcome, StoreError, Undo};
use hashbrown::{HashMap, HashSet};

use crate::account::Account;
use crate::disk::{remove_file, remove_folder};
use crate::engine::Engine;
use crate::error::Error;
use crate::events::{KeysOfImport, Run, is_in};
use crate::hot::PartId;
use crate::merge::nobody_of;
use crate::part::{Part, hits_of_cut};
use crate::rewrite::{Also, Rewrite};

/// An import under way.
pub(crate) struct Session {
    engine: Arc<Engine>,
    account: Arc<Account>,
    import: u32,
    /// `None` once it is finishing.
    rewrite: Option<Rewrite>,
    folder: PathBuf,
    keys: KeysOfImport,
    /// Runs that were there from the beginning: no key that was taken is in them.
    known_runs: HashSet<u64>,
}

impl Session {
    pub fn begin(
        engine: Arc<Engine>,
        account: Arc<Account>,
        import: u32,
    ) -> Result<Session, Error> {
        {
            let mut imports = account.imports();
            if imports.finished.contains(&import) {
                return Err(Error::ImportExists(import));
            }
            if import == 0 || imports.under_way.contains(&import) {
                return Err(Error::Unfit(format!("import {import} is 0 or under way")));
            }
            imports.under_way.push(import);
        }
        let name = format!("{}-{import}", account.id);
        let begun = Rewrite::begin(&engine, &name);
        if begun.is_err() {
            account.imports().under_way.retain(|other| *other != import);
        }
        let rewrite = begun?;
        let known_runs = account.events().runs().iter().map(|run| run.id).collect();
        Ok(Session {
            folder: rewrite.folder(),
            rewrite: Some(rewrite),
            known_runs,
            engine,
            account,
            import,
            keys: KeysOfImport::default(),
        })
    }

    fn take(&mut self, mut arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, Error> {
        let Some(rewrite) = &mut self.rewrite else {
            return Err(Error::Unfit("the import is finished".into()));
        };
        let events = arrivals.iter().filter_map(|arrival| arrival.event);
        let known = self.account.events().known(events);
        // Keys are looked up apart from the rest, so that the processor can wait for many of
        // these random places of memory at once.
        let is_double = |arrival: &Arrival| match arrival.event {
            Some(event) => self.keys.is_double(event, &known),
            None => Ok(false),
        };
        let doubles: Vec<bool> = arrivals.iter().map(is_double).collect::<Result<_, _>>()?;
        let mut outcomes = Vec::with_capacity(arrivals.len());
        for (arrival, is_double) in arrivals.iter_mut().zip(doubles) {
            if is_double {
                outcomes.push(Outcome::Duplicate);
                continue;
            }
            arrival.hit.sequence = self.account.next_sequence();
            arrival.hit.import = self.import;
            arrival.hit.by_user = matches!(arrival.identity, Identity::User(_));
            arrival.hit.visitor = VisitorKey::NOBODY;
            rewrite.put(arrival)?;
            outcomes.push(Outcome::Accepted);
        }
        if self.keys.are_many() {
            self.write_keys()?;
        }
        Ok(outcomes)
    }

    fn write_keys(&mut self) -> Result<(), Error> {
        let keys = self.keys.drain();
        if keys.is_empty() {
            return Ok(());
        }
        let run = self
            .engine
            .write_keys(self.import, keys.len(), keys.into_iter().map(Ok))?;
        self.keys.add_run(run);
        Ok(())
    }

    fn complete(&mut self, progress: &dyn Fn(f64)) -> Result<(), Error> {
        let Some(rewrite) = self.rewrite.take() else {
            return Err(Error::Unfit("the import is finished".into()));
        };
        self.write_keys()?;
        let account = self.account.clone();
        let _maintenance = account.maintain();
        // From here on live hits with one of the import's keys are refused for the moment, so
        // that those that came before decide, and none can come between.
        account.events().set_undecided(self.keys.runs().to_vec());
        let undecided = Undecided(&account);
        self.engine.flush(&account)?;
        let since = {
            let events = account.events();
            let runs = events.runs().iter();
            let since = runs.filter(|run| !self.known_runs.contains(&run.id));
            since.cloned().collect::<Vec<_>>()
        };
        // A hit may have become durable between the flush and now: then its key is among the
        // newest, and it counts as the first.
        let is_double =
            |event: EventKey| Ok(is_in(&since, event)? || account.events().is_newest(event));
        let also = Also {
            added_import: Some(self.import),
            // From here on a change of the manifest may speak of them.
            added_runs: self.keys.take_runs(),
            ..Also::default()
        };
        rewrite.finish(
            &self.engine,
            &account,
            HashMap::new(),
            &HashSet::new(),
            &is_double,
            also,
            progress,
        )?;
        drop(undecided);
        account.imports().finished.push(self.import);
        self.engine.tidy(&account);
        Ok(())
    }
}

/// Lets hits with the import's keys in again.
struct Undecided<'a>(&'a Account);

impl Drop for Undecided<'_> {
    fn drop(&mut self) {
        self.0.events().set_undecided(Vec::new());
    }
}

impl ImportSession for Session {
    fn push(&mut self, arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, StoreError> {
        Ok(self.take(arrivals)?)
    }

    fn finish(mut self: Box<Self>, progress: &dyn Fn(f64)) -> Result<(), StoreError> {
        Ok(self.complete(progress)?)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.rewrite = None;
        let disk = &*self.engine.disk;
        remove_folder(disk, &self.folder);
        for run in self.keys.runs() {
            remove_file(disk, &run.path);
        }
        self.account
            .imports()
            .under_way
            .retain(|other| *other != self.import);
    }
}

/// Takes every hit of the import out, with its event keys, and cuts the visits of its visitors
/// anew without them.
pub(crate) fn undo(engine: &Engine, account: &Account, import: u32) -> Result<Undo, Error> {
    let _maintenance = account.maintain();
    if import == 0 || !account.imports().finished.contains(&import) {
        return Err(Error::NoSuchImport);
    }
    engine.flush(account)?;
    let parts: Vec<Part> = account.state().parts.clone();
    if let Some(damaged) = parts.iter().find(|part| !part.is_sound()) {
        return Err(Error::damaged(
            &damaged.shared.folder,
            "an import cannot be undone without it",
        ));
    }
    let Concerned {
        mut visitors,
        users,
        parts_of_nobody,
    } = concerned(&parts, import)?;
    let mut owns: HashMap<Arc<str>, Option<VisitorKey>> = HashMap::new();
    for user in &users {
        let person = engine
            .manifest
            .person(account.id, user)?
            .unwrap_or_default();
        visitors.extend(person.visitors().chain(person.own));
        owns.insert(user.clone(), person.own);
    }
    let mut visitors: Vec<VisitorKey> = visitors.into_iter().collect();
    visitors.sort_unstable();
    let mut rewrite = Rewrite::begin(engine, &format!("{}-{import}-undo", account.id))?;
    let mut pulled: HashMap<PartId, HashSet<VisitorKey>> = HashMap::new();
    let mut undone = Undo::default();
    for part in &parts {
        let mut here = Vec::new();
        for visitor in &visitors {
            if !part.is_dead(*visitor) && part.may_hold(*visitor)? {
                here.push(*visitor);
            }
        }
        for (_, hits) in part.hits_of(&here)? {
            for hit in hits {
                if hit.import == import {
                    undone.hits += 1;
                    continue;
                }
                match hit.user.as_ref().and_then(|user| owns.get(user)) {
                    None => rewrite.put_stored(hit)?,
                    Some(own) => {
                        let identity = match own {
                            Some(own) if hit.by_user => Identity::User(*own),
                            _ if hit.visitor == VisitorKey::NOBODY => Identity::Nobody,
                            _ => Identity::Visitor(hit.visitor),
                        };
                        rewrite.put(&Arrival {
                            identity,
                            event: None,
                            hit,
                        })?;
                    }
                }
            }
        }
        if parts_of_nobody.contains(&part.row.id) {
            for cut in nobody_of(part) {
                for hit in cut?.loose {
                    match hit.import == import {
                        true => undone.hits += 1,
                        false => rewrite.put_stored(hit)?,
                    }
                }
            }
            here.push(VisitorKey::NOBODY);
        }
        pulled.insert(part.row.id, here.into_iter().collect());
    }
    let removed: Vec<Arc<Run>> = {
        let events = account.events();
        events
            .runs()
            .iter()
            .filter(|run| run.import == import)
            .cloned()
            .collect()
    };
    let also = Also {
        removed_import: Some(import),
        removed_runs: removed.iter().map(|run| run.id).collect(),
        ..Also::default()
    };
    let anew: HashSet<Arc<str>> = users;
    rewrite.finish(
        engine,
        account,
        pulled,
        &anew,
        &|_| Ok(false),
        also,
        &|_| {},
    )?;
    account.imports().finished.retain(|other| *other != import);
    for run in removed {
        remove_file(&*engine.disk, &run.path);
    }
    engine.tidy(account);
    Ok(undone)
}

/// Whom undoing an import concerns.
#[derive(Default)]
struct Concerned {
    /// Who has hits of it, but for nobody.
    visitors: HashSet<VisitorKey>,
    /// Of whom it told who they are.
    users: HashSet<Arc<str>>,
    /// Where hits of nobody are its own.
    parts_of_nobody: HashSet<PartId>,
}

fn concerned(parts: &[Part], import: u32) -> Result<Concerned, Error> {
    let mut concerned = Concerned::default();
    for part in parts
        .iter()
        .filter(|part| part.row.imports.contains(&import))
    {
        for item in part.shared.segment()?.cuts() {
            let (visitor, cut) = item?;
            if part.is_dead(visitor) {
                continue;
            }
            for hit in hits_of_cut(part.without_removed(cut)) {
                if hit.import != import {
                    continue;
                }
                if visitor == VisitorKey::NOBODY {
                    concerned.parts_of_nobody.insert(part.row.id);
                    continue;
                }
                concerned.visitors.insert(visitor);
                if !hit.by_user {
                    concerned.users.extend(hit.user);
                }
            }
        }
    }
    Ok(concerned)
}
