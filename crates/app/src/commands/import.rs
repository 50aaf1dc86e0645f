//! `afsa import`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use afsa_ingest::{Format, ImportRecord, ImportState, Tally, import};
use afsa_model::AccountId;
use clap::Args;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::CommandError;
use crate::config::Config;
use crate::instance::Instance;
use crate::interrupt::Interrupt;

#[derive(Args)]
pub struct ImportCommand {
    /// Files to import, plain, gzip or zstd; `-` reads standard input.
    #[arg(required_unless_present_any = ["undo", "list"])]
    files: Vec<PathBuf>,
    /// Account that the hits belong to.
    #[arg(long)]
    account: AccountId,
    /// What the lines are: `ndjson` (one hit each, as POST /v1/collect takes them) or `combined`
    /// (web server logs in common, combined or vhost-combined form).
    #[arg(long, default_value = "ndjson")]
    format: Format,
    /// Takes a finished import out of the figures again.
    #[arg(long, value_name = "IMPORT", conflicts_with_all = ["files", "list"])]
    undo: Option<u32>,
    /// Lists the account's imports, newest first.
    #[arg(long, conflicts_with = "files")]
    list: bool,
}

pub fn run(
    command: ImportCommand,
    config: &Config,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    // A name that is wrong should not show only after hours of importing the others.
    for path in command.files.iter().filter(|path| path.as_os_str() != "-") {
        if !path.is_file() {
            let problem = if path.exists() {
                "is no file"
            } else {
                "isn't there"
            };
            let message = format!("{} {problem}; nothing was imported", path.display());
            return Err(CommandError::Other(message));
        }
    }
    let instance = Instance::open(config)?;
    instance.accounts.account(command.account)?;
    if let Some(id) = command.undo {
        let record = instance.imports.undo(command.account, id)?;
        writeln!(out, "import {id} is {}", record.state.word())?;
    } else if command.list {
        list(&instance, command.account, out)?;
    }
    let interrupt = Interrupt::listen()?;
    let mut failures = Vec::new();
    for (index, path) in command.files.iter().enumerate() {
        let record = import_file(&instance, &command, path, &interrupt)?;
        print_record(path, command.account, &record, out)?;
        if interrupt.is_asked() {
            instance.close()?;
            let is_kept = record.state == ImportState::Done;
            return Err(interrupted(&command.files, index, is_kept));
        }
        let took_nothing = record.read > 0 && record.read == record.rejected;
        if record.state != ImportState::Done || took_nothing {
            failures.push(path.display().to_string());
        }
    }
    instance.close()?;
    if !failures.is_empty() {
        return Err(CommandError::Other(format!(
            "not imported: {}",
            failures.join(", ")
        )));
    }
    Ok(())
}

/// What came of an import that was asked to stop, and what is left to do.
fn interrupted(files: &[PathBuf], index: usize, is_kept: bool) -> CommandError {
    let name = |path: &PathBuf| path.display().to_string();
    let at = files.get(index).map(name).unwrap_or_default();
    let kept = if is_kept {
        format!("{at} is imported whole")
    } else {
        format!("nothing of {at} is kept")
    };
    let left: Vec<String> = files
        .iter()
        .skip(index + usize::from(is_kept))
        .map(name)
        .collect();
    let next = if left.is_empty() {
        "nothing is left to do".to_owned()
    } else {
        format!("to go on, import again: {}", left.join(" "))
    };
    CommandError::Interrupted(format!("interrupted: {kept}; {next}"))
}

fn import_file(
    instance: &Instance,
    command: &ImportCommand,
    path: &PathBuf,
    interrupt: &Interrupt,
) -> Result<ImportRecord, CommandError> {
    interrupt.note_beginning();
    let unreadable = |error: io::Error| CommandError::File {
        what: format!("{} can't be read", path.display()),
        error,
    };
    let is_standard_input = path.as_os_str() == "-";
    let (input, length): (Box<dyn Read + Send>, Option<u64>) = if is_standard_input {
        (Box::new(io::stdin()), None)
    } else {
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        (Box::new(file), Some(length))
    };
    let read = AtomicU64::new(0);
    let counted = Counted {
        input,
        read: &read,
        interrupt,
    };
    let mut input = import::decompressed(counted).map_err(unreadable)?;
    let bar = progress_bar(length);
    let progress = |tally: &Tally, fraction: Option<f64>| match fraction {
        None => {
            bar.set_position(read.load(Ordering::Relaxed));
            let hits = HumanCount(tally.accepted + tally.duplicates);
            let rate = tally.read as f64 / bar.elapsed().as_secs_f64().max(0.001);
            bar.set_message(format!("{hits} hits, {} lines/s", HumanCount(rate as u64)));
        }
        Some(fraction) => {
            interrupt.note_ending();
            bar.set_message(format!("cutting visits, {:.0} %", fraction * 100.0));
        }
    };
    let record =
        instance
            .imports
            .run_here(command.account, command.format, input.as_mut(), &progress)?;
    bar.finish_and_clear();
    Ok(record)
}

/// Shown on a terminal only; scripts get the lines at the end.
fn progress_bar(length: Option<u64>) -> ProgressBar {
    let bar = match length {
        Some(length) => ProgressBar::new(length),
        None => ProgressBar::no_length(),
    };
    let style = match length {
        Some(_) => ProgressStyle::with_template(
            "{elapsed_precise} [{bar:30}] {bytes}/{total_bytes}, {eta} left, {msg}",
        ),
        None => ProgressStyle::with_template("{elapsed_precise} {spinner} {bytes} {msg}"),
    };
    if let Ok(style) = style {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Counts the bytes that were read, as the file has them, until it is asked to stop.
struct Counted<'a> {
    input: Box<dyn Read + Send>,
    read: &'a AtomicU64,
    interrupt: &'a Interrupt,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.interrupt.is_asked() {
            return Err(io::Error::other("interrupted"));
        }
        let length = self.input.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

fn print_record(
    path: &std::path::Path,
    account: AccountId,
    record: &ImportRecord,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "{}: import {}: {}",
        path.display(),
        record.id,
        record.state.word()
    )?;
    if let Some(error) = &record.error {
        writeln!(out, "  {error}")?;
    }
    writeln!(
        out,
        "  {} lines read, {} hits taken, {} duplicates, {} rejected, {} skipped",
        HumanCount(record.read),
        HumanCount(record.accepted),
        HumanCount(record.duplicates),
        HumanCount(record.rejected),
        HumanCount(record.skipped)
    )?;
    let seconds = record
        .finished_at
        .map(|finished| finished.since(record.created_at) as f64 / 1_000.0)
        .filter(|seconds| *seconds > 0.0);
    if let Some(seconds) = seconds {
        let rate = HumanCount((record.read as f64 / seconds) as u64);
        writeln!(out, "  {seconds:.1} s, {rate} lines a second")?;
    }
    for reason in &record.reasons {
        let detail = if reason.detail.is_empty() {
            String::new()
        } else {
            format!(" ({})", reason.detail)
        };
        writeln!(
            out,
            "  {} × {}, first in line {}{detail}",
            HumanCount(reason.count),
            reason.reason,
            reason.first_line
        )?;
    }
    if record.read > 0 && record.read == record.rejected {
        writeln!(
            out,
            "  every line was rejected: is it {}?",
            record.format.word()
        )?;
    } else if record.state == ImportState::Done && record.accepted > 0 {
        writeln!(
            out,
            "  to take it out again: afsa import --undo {} --account {account}",
            record.id
        )?;
    }
    Ok(())
}

fn list(instance: &Instance, account: AccountId, out: &mut dyn Write) -> Result<(), CommandError> {
    let (records, total) = instance.imports.list(account, 100, 0)?;
    if records.is_empty() {
        writeln!(out, "No imports yet.")?;
    }
    for record in &records {
        writeln!(
            out,
            "{}  {}  {}  {} hits",
            record.id,
            record.state.word(),
            record.format.word(),
            HumanCount(if record.state == ImportState::Done {
                record.accepted
            } else {
                0
            })
        )?;
    }
    if total > records.len() as u64 {
        writeln!(out, "and {} older ones", total - records.len() as u64)?;
    }
    Ok(())
}
