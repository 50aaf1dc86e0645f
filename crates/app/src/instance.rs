//! A data folder opened: accounts, store, pipeline and imports, wired to each other.

use std::path::PathBuf;
use std::sync::Arc;

use afsa_accounts::Accounts;
use afsa_enrich::{Enricher, Places, Tables};
use afsa_ingest::{Clock, Imports, Keys, Pipeline};
use afsa_model::AccountId;
use afsa_store::Store;
use afsa_store_embedded::{EmbeddedStore, Options};

use crate::commands::CommandError;
use crate::config::Config;
use crate::rates::{RatesFile, zone_offsets};
use crate::wiring::{Directory, Keyring, Outside};

/// The country database that comes with the program (CC0 data of the regional registries).
static COUNTRIES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/countries.mmdb"));

pub struct Instance {
    pub accounts: Arc<Accounts>,
    pub rates: RatesFile,
    pub store: Arc<EmbeddedStore>,
    pub pipeline: Arc<Pipeline>,
    pub directory: Arc<Directory>,
    pub imports: Arc<Imports>,
    pub keyring: Arc<Keyring>,
    pub clock: Arc<dyn Clock>,
    pub outside: Outside,
    pub note_hits: NoteHits,
}

/// Notes that so many hits of an account were taken just now.
pub type NoteHits = Arc<dyn Fn(AccountId, u64) + Send + Sync>;

impl Instance {
    /// Opens the folder for reading and writing; only one process may have it open.
    pub fn open(config: &Config) -> Result<Instance, CommandError> {
        Instance::open_with(config, Outside::of_system())
    }

    /// The same, with another time and randomness than the system's.
    pub fn open_with(config: &Config, outside: Outside) -> Result<Instance, CommandError> {
        let accounts = open_accounts(config)?;
        let rates = RatesFile::new(config);
        accounts.use_zones(zone_offsets);
        rates.tell(&accounts)?;
        let clock: Arc<dyn Clock> = Arc::new(outside.clone());
        let store = Arc::new(EmbeddedStore::open(Options {
            memory: config.memory_bytes(),
            ..Options::new(store_folder(config))
        })?);
        for account in accounts.accounts()? {
            store.configure(account.id, &account.settings);
        }
        let keyring = Arc::new(Keyring::open(accounts.clone(), outside.clone())?);
        let keys: Arc<dyn Keys> = keyring.clone();
        let enricher = Arc::new(Enricher::new(Tables {
            places: places(config)?,
            ..Tables::shipped()?
        }));
        let pipeline = Arc::new(Pipeline::new(enricher, keys.clone()));
        let directory = Arc::new(Directory(accounts.clone()));
        let note_hits: NoteHits = Arc::new({
            let (accounts, clock) = (accounts.clone(), clock.clone());
            move |account, count| accounts.note_hits(account, clock.now(), count)
        });
        let imports = Arc::new(Imports::open(
            &config.data_dir,
            store.clone(),
            pipeline.clone(),
            directory.clone(),
            clock.clone(),
            keys,
            note_hits.clone(),
        )?);
        Ok(Instance {
            accounts,
            rates,
            store,
            pipeline,
            directory,
            imports,
            keyring,
            clock,
            outside,
            note_hits,
        })
    }

    /// Ends the jobs and writes what is in memory, so that the next start is quick.
    pub fn close(&self) -> Result<(), CommandError> {
        self.imports.close();
        self.accounts.write_notes(self.clock.now())?;
        self.store.maintain()?;
        Ok(())
    }
}

/// Folder of the store below the data folder.
pub fn store_folder(config: &Config) -> PathBuf {
    config.data_dir.join("store")
}

/// Opens the accounts alone: other processes may have them open too.
pub fn open_accounts(config: &Config) -> Result<Arc<Accounts>, CommandError> {
    std::fs::create_dir_all(&config.data_dir).map_err(|error| CommandError::File {
        what: format!(
            "the data folder {} can't be made",
            config.data_dir.display()
        ),
        error,
    })?;
    Ok(Arc::new(Accounts::open(
        &config.data_dir.join("accounts.sqlite"),
    )?))
}

fn places(config: &Config) -> Result<Places, CommandError> {
    let mut places = Places::default();
    match &config.place_database {
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|error| CommandError::File {
                what: format!("the place database {}", path.display()),
                error,
            })?;
            places.push(bytes)?;
        }
        None => places.push(COUNTRIES)?,
    }
    Ok(places)
}
