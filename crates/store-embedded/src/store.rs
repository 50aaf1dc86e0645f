//! The store as others see it.

use std::fs::{self, File, TryLockError};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use afsa_model::{AccountId, AccountSettings, Timestamp, VisitorKey};
use afsa_store::{
    Arrival, ImportSession, Reply, Snapshot, Store, StoreCondition, StoreError, Undo,
};

use crate::Options;
use crate::disk::{Disk, RealDisk};
use crate::engine::Engine;
use crate::error::{Context, Error};
use crate::import::{self, Session};
use crate::log::Finding;
use crate::remove::remove_before;
use crate::writer::{self, Queue};

/// A store in a folder of its own. Dropping it writes what waits and lets the folder go.
pub struct EmbeddedStore {
    engine: Arc<Engine>,
    queue: Arc<Queue>,
    writer: Mutex<Option<JoinHandle<()>>>,
    findings: Vec<Finding>,
    /// Held as long as the store is open.
    _lock: File,
}

impl EmbeddedStore {
    /// Opens the folder, reading the log behind the last flush. What is damaged is set apart and
    /// told by [`findings`](EmbeddedStore::findings); it doesn't keep the rest from being served.
    ///
    /// # Errors
    /// [`Error::Locked`] where another process has it open, [`Error::TooNew`] where a later
    /// version wrote it, or what the disk said.
    pub fn open(options: Options) -> Result<EmbeddedStore, Error> {
        EmbeddedStore::open_on(Arc::new(RealDisk), options)
    }

    pub(crate) fn open_on(disk: Arc<dyn Disk>, options: Options) -> Result<EmbeddedStore, Error> {
        let folder = options.folder.clone();
        fs::create_dir_all(&folder).context("make", &folder)?;
        let lock = lock(&folder)?;
        let opened = Engine::open(options, disk)?;
        let engine = Arc::new(opened.engine);
        let queue = Arc::new(Queue::default());
        let (thread_engine, thread_queue) = (engine.clone(), queue.clone());
        let next_frame = opened.next_frame;
        let writer = std::thread::Builder::new()
            .name("afsa-log".into())
            .spawn(move || writer::run(&thread_engine, &thread_queue, next_frame))
            .context("begin the writer of", &folder)?;
        Ok(EmbeddedStore {
            engine,
            queue,
            writer: Mutex::new(Some(writer)),
            findings: opened.findings,
            _lock: lock,
        })
    }

    /// What was found damaged when the store was opened, and of segments and event keys by now:
    /// these are looked at when they are first needed.
    pub fn findings(&self) -> Vec<Finding> {
        let accounts = self.engine.accounts();
        let met = accounts.iter().flat_map(|account| account.findings());
        self.findings.iter().cloned().chain(met).collect()
    }

    #[cfg(test)]
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a failed write keeps the store from taking hits until it is opened again.
    pub fn is_broken(&self) -> bool {
        self.engine.is_broken.load(Ordering::Acquire)
    }

    /// Takes no more hits and waits until those that wait are written. Questions go on.
    pub fn close(&self) {
        self.queue.close();
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writer) = writer
            && writer.join().is_err()
        {
            tracing::error!("the writer of the log had stopped");
        }
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock(folder: &std::path::Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .context("open", &path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked(folder.display().to_string())),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", &path, error)),
    }
}

impl Store for EmbeddedStore {
    fn configure(&self, account: AccountId, settings: &AccountSettings) {
        let account = self.engine.account(account);
        let mut state = account.state();
        if state.configure(settings) {
            state.shown.forget_view();
        }
    }

    fn submit(&self, account: AccountId, arrivals: Vec<Arrival>, reply: Reply) {
        if self.is_broken() {
            let problem = "an earlier write failed; a restart is needed".into();
            return reply(Err(StoreError::Unavailable(problem)));
        }
        self.queue.submit(account, arrivals, reply);
    }

    fn latest_activity(&self, account: AccountId, visitor: VisitorKey) -> Option<Timestamp> {
        self.engine.account(account).latest_activity(visitor)
    }

    fn begin_import(
        &self,
        account: AccountId,
        import: u32,
    ) -> Result<Box<dyn ImportSession>, StoreError> {
        let session = Session::begin(self.engine.clone(), self.engine.account(account), import)?;
        Ok(Box::new(session))
    }

    fn undo_import(&self, account: AccountId, import: u32) -> Result<Undo, StoreError> {
        Ok(import::undo(
            &self.engine,
            &self.engine.account(account),
            import,
        )?)
    }

    fn snapshot(&self, account: AccountId) -> Result<Arc<dyn Snapshot>, StoreError> {
        let account = self.engine.account(account);
        let view = account
            .state()
            .view(&self.engine.manifest, &self.engine.budget)?;
        Ok(view)
    }

    fn remove_before(&self, account: AccountId, before: Timestamp) -> Result<(), StoreError> {
        remove_before(&self.engine, &self.engine.account(account), before)?;
        Ok(())
    }

    fn maintain(&self) -> Result<(), StoreError> {
        self.engine.maintain()?;
        Ok(())
    }

    fn condition(&self) -> StoreCondition {
        StoreCondition {
            damaged_files: self.findings().len() as u64,
            refuses_hits: self.is_broken(),
        }
    }
}
