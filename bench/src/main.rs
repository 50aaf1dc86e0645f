//! Measures the real binary on a generated year: `afsa-bench --visits 10000000`.
//!
//! It writes the hits to a compressed file, imports them with `afsa import`, starts `afsa serve`
//! and asks the dashboard's questions over HTTP. Every figure is printed as `name: value`.

// A measuring program prints, and reads the clock.
#![allow(clippy::print_stdout, clippy::disallowed_methods)]

mod dashboard;
mod hits;
mod program;
mod shop;

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;

/// Import rate, dashboard times, memory and bytes a hit, on generated traffic.
#[derive(Parser)]
pub(crate) struct Arguments {
    /// Visits of the one account, spread over 365 days; about five hits each.
    #[arg(long, default_value_t = 1_000_000)]
    visits: u64,
    /// Measures a shop of so many orders, of five products each, instead.
    #[arg(long)]
    orders: Option<u64>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Pages and products of the made-up shop.
    #[arg(long, default_value_t = 5_000)]
    pages: u32,
    #[arg(long, default_value_t = 500)]
    products: u32,
    /// Warm dashboards to measure.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// The program to measure; by default the one beside this.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Folder for data; kept afterwards if named, and reused if it has the hits already.
    #[arg(long)]
    folder: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let program = program::Program::find(&arguments)?;
    let folder = match &arguments.folder {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("afsa-bench-{}", std::process::id())),
    };
    std::fs::create_dir_all(&folder)?;

    let (what, size) = match arguments.orders {
        Some(orders) => ("shop", orders),
        None => ("hits", arguments.visits),
    };
    let file = folder.join(format!("{what}-{size}-{}.ndjson.zst", arguments.seed));
    let lines = match arguments.orders {
        Some(orders) => shop::write_if_missing(&file, orders, arguments.seed)?,
        None => hits::write_if_missing(&file, &arguments)?,
    };
    println!("hits: {lines}");
    println!("hits_file_bytes: {}", std::fs::metadata(&file)?.len());

    let data = folder.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let key = program.create_account(&data)?;
    let started = Instant::now();
    program.import(&data, &file)?;
    let seconds = started.elapsed().as_secs_f64();
    println!("import_seconds: {seconds:.1}");
    println!("import_hits_per_second: {:.0}", lines as f64 / seconds);
    let bytes = program::folder_bytes(&data.join("store"))?;
    println!("stored_bytes: {bytes}");
    println!("stored_bytes_per_hit: {:.1}", bytes as f64 / lines as f64);

    let started = Instant::now();
    let server = program.serve(&data)?;
    println!(
        "start_milliseconds: {:.0}",
        started.elapsed().as_secs_f64() * 1_000.0
    );
    println!("idle_memory_megabytes: {:.0}", server.resident_megabytes()?);
    match arguments.orders {
        Some(orders) => dashboard::measure_shop(&server, &key, arguments.rounds, orders)?,
        None => dashboard::measure(&server, &key, arguments.rounds)?,
    }
    println!("memory_megabytes: {:.0}", server.resident_megabytes()?);
    println!("peak_memory_megabytes: {:.0}", server.peak_megabytes()?);
    drop(server);
    if arguments.folder.is_none() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}
