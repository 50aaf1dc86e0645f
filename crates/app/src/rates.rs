//! Rates of exchange that all accounts share: those that the build carries, and over them those
//! that the installation was handed since, in `rates.csv` of the data folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use afsa_accounts::Accounts;
use afsa_model::{ExchangeRates, ZoneOffsets};
use afsa_query::Zone;
use afsa_rates::EURO;

use crate::commands::CommandError;
use crate::config::Config;

/// The installation's own file of rates, quoted in EUR.
pub struct RatesFile {
    path: PathBuf,
    /// Of what the accounts were told last.
    told: Mutex<Option<Stamp>>,
}

/// What shows that a file is another one: when it was written and how long it is; nothing of one
/// that isn't there.
type Stamp = Option<(SystemTime, u64)>;

impl RatesFile {
    pub fn new(config: &Config) -> RatesFile {
        RatesFile {
            path: config.data_dir.join("rates.csv"),
            told: Mutex::default(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands the accounts the rates as they are now, unless they have them already; says whether
    /// it did.
    ///
    /// Where the file can't be read, the accounts keep what they have, or get the build's own: a
    /// damaged table of rates is no reason to take no hits.
    pub fn tell(&self, accounts: &Accounts) -> Result<bool, CommandError> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.stamp();
        if *told == Some(stamp) {
            return Ok(false);
        }
        let is_first = told.replace(stamp).is_none();
        match self.all() {
            Ok(rates) => accounts.use_rates(Arc::new(rates)),
            Err(error) => {
                tracing::error!(%error, "rates of exchange could not be read");
                if !is_first {
                    return Ok(false);
                }
                accounts.use_rates(Arc::new(afsa_rates::shipped()?));
            }
        }
        Ok(true)
    }

    /// The build's rates with the file's over them.
    pub fn all(&self) -> Result<ExchangeRates, CommandError> {
        let shipped = afsa_rates::shipped()?;
        match self.read()? {
            None => Ok(shipped),
            Some(newer) => Ok(afsa_rates::merge(&shipped, &newer)?),
        }
    }

    /// What is in the file; `None` where there is none.
    pub fn read(&self) -> Result<Option<ExchangeRates>, CommandError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("can't be read", error)),
        };
        let rates = afsa_rates::from_text(EURO, &text)
            .map_err(|error| CommandError::Other(format!("{}: {error}", self.path.display())))?;
        Ok(Some(rates))
    }

    /// Changes the file as a whole: whoever reads it sees all of it as before or as after, also
    /// where the power fails. Changes wait for each other.
    pub fn change(
        &self,
        change: impl FnOnce(Option<ExchangeRates>) -> Result<ExchangeRates, CommandError>,
    ) -> Result<(), CommandError> {
        let written = |error| self.failed("can't be written", error);
        let lock = File::create(self.path.with_extension("lock")).map_err(written)?;
        lock.lock().map_err(written)?;
        let rates = change(self.read()?)?;
        let new = self.path.with_extension("csv.new");
        let mut file = File::create(&new).map_err(written)?;
        file.write_all(afsa_rates::to_text(&rates).as_bytes())
            .map_err(written)?;
        file.sync_all().map_err(written)?;
        fs::rename(&new, &self.path).map_err(written)?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(written)
    }

    fn stamp(&self) -> Stamp {
        let metadata = fs::metadata(&self.path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    }

    fn failed(&self, what: &str, error: io::Error) -> CommandError {
        CommandError::File {
            what: format!("{} {what}", self.path.display()),
            error,
        }
    }
}

/// Offsets of a zone at all times; those of UTC where it isn't known.
pub fn zone_offsets(name: &str) -> ZoneOffsets {
    Zone::by_name(name)
        .map(|zone| zone.all_offsets())
        .unwrap_or_default()
}
