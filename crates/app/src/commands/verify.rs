//! `afsa verify`.

use std::io::Write;

use afsa_accounts::people::verify_audits;
use afsa_store_embedded::{open_for_reading, verify, verify_database};

use super::CommandError;
use crate::config::Config;
use crate::instance::store_folder;

/// Files of SQLite beside the store.
const DATABASES: [&str; 2] = ["accounts.sqlite", "imports.sqlite"];

/// Reads every stored file and compares it with what was written. Writes nothing, so it works on a
/// copy that is mounted read-only.
pub fn run(config: &Config, out: &mut dyn Write) -> Result<(), CommandError> {
    let mut findings = Vec::new();
    for name in DATABASES {
        findings.extend(verify_database(&config.data_dir.join(name)));
    }
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    // What SQLite cannot read says nothing of who did what.
    let audit = match findings.is_empty() {
        true => verify_audit(config, out)?,
        false => Audit::default(),
    };
    let report = verify(&store_folder(config))?;
    for finding in &report.findings {
        writeln!(out, "{finding}")?;
    }
    writeln!(
        out,
        "{}, {} entries of the audit log, {} segments with {} hits, {} runs of event keys and {} \
         log files were checked",
        DATABASES.join(", "),
        audit.entries,
        report.segments,
        report.hits,
        report.event_runs,
        report.log_files
    )?;
    let count = findings.len() + audit.findings + report.findings.len();
    if count == 0 {
        writeln!(out, "everything is as it was written")?;
        return Ok(());
    }
    Err(CommandError::Other(format!("{count} findings")))
}

#[derive(Default)]
struct Audit {
    entries: u64,
    findings: usize,
}

/// Follows the chains of the audit log, each from its first entry to its last.
fn verify_audit(config: &Config, out: &mut dyn Write) -> Result<Audit, CommandError> {
    let path = config.data_dir.join("accounts.sqlite");
    let mut audit = Audit::default();
    for (account, state) in verify_audits(&open_for_reading(&path)?)? {
        audit.entries += state.entries;
        if let Some(fault) = state.fault {
            audit.findings += 1;
            let whose = match account {
                Some(account) => format!("of account {account}"),
                None => "of the installation".to_owned(),
            };
            writeln!(
                out,
                "accounts.sqlite: audit log {whose}: entry {} {}",
                fault.entry, fault.what
            )?;
        }
    }
    Ok(audit)
}
