//! Stores in folders that live as long as a test.

use std::sync::{Arc, mpsc};

use afsa_model::AccountId;
use afsa_store::conformance::Backend;
use afsa_store::conformance::draft::Draft;
use afsa_store::{Outcome, Store, StoreError};
use afsa_store_embedded::{EmbeddedStore, Options};
use tempfile::TempDir;

/// Sends hits and waits for what becomes of them.
pub fn submit(
    store: &EmbeddedStore,
    account: AccountId,
    drafts: Vec<Draft>,
) -> Result<Vec<Outcome>, StoreError> {
    let (sender, receiver) = mpsc::channel();
    let arrivals = drafts.into_iter().map(|draft| draft.0).collect();
    let reply = move |outcomes| sender.send(outcomes).unwrap();
    store.submit(account, arrivals, Box::new(reply));
    receiver.recv().unwrap()
}

/// Opens a store with these changes to its options.
pub struct InFolder {
    pub folder: TempDir,
    pub change: fn(&mut Options),
}

impl InFolder {
    pub fn new(change: fn(&mut Options)) -> InFolder {
        InFolder {
            folder: tempfile::tempdir().unwrap(),
            change,
        }
    }

    pub fn open(&self) -> Arc<EmbeddedStore> {
        let mut options = Options::new(self.folder.path());
        (self.change)(&mut options);
        Arc::new(EmbeddedStore::open(options).unwrap())
    }
}

impl Backend for InFolder {
    fn fresh(&mut self) -> Arc<dyn Store> {
        self.folder = tempfile::tempdir().unwrap();
        self.open()
    }

    fn reopen(&mut self) -> Option<Arc<dyn Store>> {
        Some(self.open())
    }
}
