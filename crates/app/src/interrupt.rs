//! Ctrl-C while a command works: once asks it to end in good order, twice ends it.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Status of a program that was interrupted, as shells have it.
pub const STATUS: u8 = 130;

/// Whether to go on, asked by whoever works.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Default)]
struct State {
    is_asked: AtomicBool,
    /// Stopping in good order is not possible any more.
    is_ending: AtomicBool,
}

impl Interrupt {
    /// Listens for SIGINT and SIGTERM from now on, for as long as the program runs.
    pub fn listen() -> io::Result<Interrupt> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = Interrupt::default();
        let asked = interrupt.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let (mut interrupts, mut terminations) = {
            let _within = runtime.enter();
            (
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
            )
        };
        std::thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    loop {
                        tokio::select! {
                            _ = interrupts.recv() => {}
                            _ = terminations.recv() => {}
                        }
                        asked.ask();
                    }
                });
            })?;
        Ok(interrupt)
    }

    pub fn is_asked(&self) -> bool {
        self.0.is_asked.load(Ordering::Acquire)
    }

    /// Tells that the work can only end by itself now, or be given up.
    pub fn note_ending(&self) {
        self.0.is_ending.store(true, Ordering::Release);
    }

    /// Tells that other work begins.
    pub fn note_beginning(&self) {
        self.0.is_ending.store(false, Ordering::Release);
    }

    fn ask(&self) {
        let was_asked = self.0.is_asked.swap(true, Ordering::AcqRel);
        let mut told = io::stderr();
        if was_asked {
            let _ = writeln!(
                told,
                "afsa: given up; what was not done is not kept, see afsa import --list"
            );
            std::process::exit(i32::from(STATUS));
        }
        if self.0.is_ending.load(Ordering::Acquire) {
            let _ = writeln!(
                told,
                "afsa: everything is read and is being written; once more gives it up"
            );
        }
    }
}
