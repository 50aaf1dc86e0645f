//! The thread that letters are carried by.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, SinglePart};

use crate::{Carrier, Error};

/// Letters that may wait.
const MOST_WAITING: usize = 1_000;
/// How long after each failure the next attempt comes; after the last the letter is given up.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(60 * 60),
];

/// Time that never goes back, from any start.
pub type Elapsed = Arc<dyn Fn() -> Duration + Send + Sync>;

/// A message of plain text to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// An e-mail address alone.
    pub to: String,
    pub subject: String,
    pub text: String,
    pub date: SystemTime,
    /// Random; it goes into the Message-ID and into the name of a file.
    pub id: [u8; 16],
}

/// What went wrong last, and has not gone right since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// When the letter was written that could not be carried.
    pub date: SystemTime,
    /// What the mail server or the file system said; names no person.
    pub what: String,
}

/// Takes letters and carries them away.
pub struct Mailer {
    from: Mailbox,
    outbox: Option<std::path::PathBuf>,
    queue: Mutex<Option<SyncSender<Waiting>>>,
    worker: Mutex<Option<JoinHandle<()>>>,
    trouble: Arc<Mutex<Option<Trouble>>>,
}

struct Waiting {
    message: Message,
    name: String,
    date: SystemTime,
    failures: usize,
    due: Duration,
}

/// Whether letters can be sent to this text.
pub fn is_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}

/// Whether letters can be from this: an address, or a name and an address in `<>`.
pub fn is_sender(text: &str) -> bool {
    mailbox(text).is_ok()
}

impl Mailer {
    /// `from` is what recipients see: `afsa <afsa@example.com>` or an address alone.
    pub fn new(carrier: Carrier, from: &str, elapsed: Elapsed) -> Result<Mailer, Error> {
        let from = mailbox(from)?;
        let outbox = carrier.outbox().map(Path::to_owned);
        let (queue, arriving) = sync_channel(MOST_WAITING);
        let trouble = Arc::new(Mutex::default());
        let round = Round {
            carrier,
            elapsed,
            trouble: trouble.clone(),
            waiting: Vec::new(),
        };
        let worker = std::thread::spawn(move || round.run(&arriving));
        Ok(Mailer {
            from,
            outbox,
            queue: Mutex::new(Some(queue)),
            worker: Mutex::new(Some(worker)),
            trouble,
        })
    }

    /// Takes a letter; whether it arrives is known later.
    pub fn send(&self, letter: Letter) -> Result<(), Error> {
        let id: String = letter.id.iter().map(|byte| format!("{byte:02x}")).collect();
        let sent = letter.date.duration_since(SystemTime::UNIX_EPOCH);
        let name = format!("{:013}-{id}", sent.unwrap_or_default().as_millis());
        let message = Message::builder()
            .from(self.from.clone())
            .to(mailbox(&letter.to)?)
            .subject(letter.subject)
            .date(letter.date)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .singlepart(
                SinglePart::builder()
                    .header(ContentType::TEXT_PLAIN)
                    .body(letter.text),
            )?;
        let waiting = Waiting {
            message,
            name,
            date: letter.date,
            failures: 0,
            due: Duration::ZERO,
        };
        match lock(&self.queue).as_ref() {
            None => Err(Error::Closed),
            Some(queue) => queue.try_send(waiting).map_err(|error| match error {
                TrySendError::Full(_) => Error::Full,
                TrySendError::Disconnected(_) => Error::Closed,
            }),
        }
    }

    /// The latest failure, until a later letter was carried.
    pub fn trouble(&self) -> Option<Trouble> {
        lock(&self.trouble).clone()
    }

    /// The folder that letters are written to where there is no mail server.
    pub fn outbox(&self) -> Option<&Path> {
        self.outbox.as_deref()
    }

    /// Carries what has just come, gives up what waits for another attempt, and ends.
    pub fn close(&self) {
        drop(lock(&self.queue).take());
        if let Some(worker) = lock(&self.worker).take() {
            let _ = worker.join();
        }
    }
}

impl Drop for Mailer {
    fn drop(&mut self) {
        self.close();
    }
}

struct Round {
    carrier: Carrier,
    elapsed: Elapsed,
    trouble: Arc<Mutex<Option<Trouble>>>,
    waiting: Vec<Waiting>,
}

impl Round {
    fn run(mut self, arriving: &Receiver<Waiting>) {
        loop {
            let now = (self.elapsed)();
            let next = self.waiting.iter().map(|letter| letter.due).min();
            let arrived = match next {
                None => arriving.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => arriving.recv_timeout(due.saturating_sub(now)),
            };
            match arrived {
                Ok(letter) => self.attempt(letter),
                Err(RecvTimeoutError::Timeout) => self.attempt_due(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if !self.waiting.is_empty() {
            let letters = self.waiting.len();
            tracing::error!(letters, "letters are given up: the server stops");
        }
    }

    fn attempt_due(&mut self) {
        let now = (self.elapsed)();
        let all = std::mem::take(&mut self.waiting);
        for letter in all {
            if letter.due <= now {
                self.attempt(letter);
            } else {
                self.waiting.push(letter);
            }
        }
    }

    /// Neither the recipient nor the text is logged.
    fn attempt(&mut self, mut letter: Waiting) {
        let error = match self.carrier.carry(&letter.message, &letter.name) {
            Ok(()) => {
                *lock(&self.trouble) = None;
                return;
            }
            Err(error) => error,
        };
        *lock(&self.trouble) = Some(Trouble {
            date: letter.date,
            what: without_addresses(&error.to_string()),
        });
        let pause = PAUSES.get(letter.failures).filter(|_| !error.is_final());
        letter.failures += 1;
        let attempts = letter.failures;
        let error = without_addresses(&error.to_string());
        match pause {
            Some(pause) if self.waiting.len() < MOST_WAITING => {
                tracing::warn!(
                    error,
                    attempts,
                    seconds = pause.as_secs(),
                    "a letter has to wait"
                );
                letter.due = (self.elapsed)() + *pause;
                self.waiting.push(letter);
            }
            _ => tracing::error!(error, attempts, "a letter is given up"),
        }
    }
}

/// Mail servers like to repeat whom a letter was for.
fn without_addresses(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let is_address = word.contains('@');
        if is_address { "…" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn mailbox(text: &str) -> Result<Mailbox, Error> {
    text.parse().map_err(|_| Error::Address {
        address: text.to_owned(),
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
