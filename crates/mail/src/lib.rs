//! E-mail: plain text to one person, over SMTP or into a folder.
//!
//! A [`Letter`] is handed to a [`Mailer`], which takes it at once and carries it away on a thread of
//! its own, so nobody waits for a mail server. What can't be delivered is tried again, at last
//! logged, and told by [`Mailer::trouble`]. Without a mail server letters are written as `.eml` files
//! into a folder, where the operator (or a test) finds them.
//!
//! Time comes in as arguments: the date of a letter with it, the time between attempts by a
//! [`Elapsed`].
//!
//! ```
//! use afsa_mail::{Carrier, Letter, Mailer};
//! use std::{sync::Arc, time::{Duration, UNIX_EPOCH}};
//! # fn example(folder: std::path::PathBuf) -> Result<(), afsa_mail::Error> {
//! let mailer = Mailer::new(Carrier::folder(folder), "afsa <afsa@example.com>", Arc::new(|| Duration::ZERO))?;
//! mailer.send(Letter {
//!     to: "ann@example.com".into(),
//!     subject: "Hello".into(),
//!     text: "Welcome.\n".into(),
//!     date: UNIX_EPOCH,
//!     id: [7; 16],
//! })?;
//! mailer.close();
//! # Ok(())
//! # }
//! ```

mod carrier;
mod error;
mod mailer;

pub use carrier::Carrier;
pub use error::Error;
pub use mailer::{Elapsed, Letter, Mailer, Trouble, is_address, is_sender};
