//! The binary: configuration, wiring and sub-commands. `afsa serve` is the whole product.

mod collector;
mod commands;
mod config;
mod instance;
mod interrupt;
mod rates;
#[cfg(test)]
mod recording;
mod wiring;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::CommandError;
use config::{Config, ConfigFlags, LogFormat};

// Hits are many small texts; this allocator is quicker with them than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Self-hosted web and e-commerce analytics.
#[derive(Parser)]
#[command(name = "afsa", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Takes hits and answers questions over HTTP.
    Serve {
        #[command(flatten)]
        config: ConfigFlags,
        /// Prints the configuration in force as TOML, and ends.
        #[arg(long)]
        print_config: bool,
    },
    /// Brings history in from files, and takes it out again.
    Import {
        #[command(flatten)]
        config: ConfigFlags,
        #[command(flatten)]
        import: commands::import::ImportCommand,
    },
    /// Makes, lists and changes accounts.
    Accounts {
        #[command(subcommand)]
        command: commands::accounts::AccountsCommand,
        #[command(flatten)]
        config: ConfigFlags,
    },
    /// Makes, lists and revokes API keys.
    Keys {
        #[command(subcommand)]
        command: commands::keys::KeysCommand,
        #[command(flatten)]
        config: ConfigFlags,
    },
    /// Makes, lists and disables people, and lets them choose a new password.
    People {
        #[command(subcommand)]
        command: commands::people::PeopleCommand,
        #[command(flatten)]
        config: ConfigFlags,
    },
    /// Takes newer rates of exchange, shows them, and keeps own ones of an account.
    Rates {
        #[command(subcommand)]
        command: commands::rates::RatesCommand,
        #[command(flatten)]
        config: ConfigFlags,
    },
    /// Starts a server with a demonstration account full of data.
    Demo {
        #[command(flatten)]
        config: ConfigFlags,
        /// Visits to make up.
        #[arg(long, default_value_t = 60_000)]
        visits: u64,
    },
    /// Checks every stored file against its checksums, and the audit log against its hashes.
    Verify {
        #[command(flatten)]
        config: ConfigFlags,
    },
    /// Prints the OpenAPI document.
    Openapi,
}

fn main() -> ExitCode {
    // The allocator asks for huge pages, of which the kernel clears and keeps two megabytes where
    // some kilobytes are meant. Where it can't be told so, more memory is all that it costs.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let arguments = Arguments::parse();
    let mut out = std::io::stdout();
    match run(arguments.command, &mut out) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough.
        Err(CommandError::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "afsa: {error}");
            match error {
                CommandError::Interrupted(_) => ExitCode::from(interrupt::STATUS),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn run(command: Command, out: &mut dyn Write) -> Result<(), CommandError> {
    match command {
        Command::Serve {
            config,
            print_config,
        } => {
            let config = Config::resolve(&config)?;
            if print_config {
                write!(out, "{config}")?;
                return Ok(());
            }
            start_logging(&config);
            commands::serve::run(&config, out)
        }
        Command::Import { config, import } => {
            let config = Config::resolve(&config)?;
            start_logging(&config);
            commands::import::run(import, &config, out)
        }
        Command::Accounts { command, config } => {
            commands::accounts::run(command, &Config::resolve(&config)?, out)
        }
        Command::Keys { command, config } => {
            commands::keys::run(command, &Config::resolve(&config)?, out)
        }
        Command::People { command, config } => {
            commands::people::run(command, &Config::resolve(&config)?, out)
        }
        Command::Rates { command, config } => {
            commands::rates::run(command, &Config::resolve(&config)?, out)
        }
        Command::Demo { mut config, visits } => {
            config
                .data_dir
                .get_or_insert_with(|| PathBuf::from("afsa-demo"));
            let config = Config::resolve(&config)?;
            start_logging(&config);
            commands::demo::run(&config, visits, out)
        }
        Command::Verify { config } => commands::verify::run(&Config::resolve(&config)?, out),
        Command::Openapi => {
            writeln!(out, "{:#}", afsa_http::openapi_document())?;
            Ok(())
        }
    }
}

/// Logs go to standard error; what a command has to say, to standard output.
fn start_logging(config: &Config) {
    let filter = tracing_subscriber::EnvFilter::new(&config.log_level);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Json => builder.json().init(),
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
    }
}
