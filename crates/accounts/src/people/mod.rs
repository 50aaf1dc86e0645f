//! People: who they are, what they may do in which account, and what they did.
//!
//! A [`Person`] proves himself by a password and, if he wants, a second factor, and holds a
//! [`Session`] from then on. In an account he is a [`Member`] with a [`Role`], from which his
//! [`Right`]s and the scopes follow that he may give. Who is none comes by an [`Invitation`];
//! who shall only look, by a [`Share`]. A [`Look`] shows figures on a page of his own. What was done stands in chains of [`AuditEntry`]s.
//!
//! ```
//! use afsa_accounts::people::{NewPerson, Role, SignIn};
//! use afsa_accounts::{AccountChange, Accounts, Actor};
//! use afsa_model::Timestamp;
//!
//! let now = Timestamp(1_760_000_000_000);
//! let accounts = Accounts::in_memory()?;
//! let link = accounts.setup_token([1; 32], now)?;
//! let owner = NewPerson {
//!     email: "ada@example.com".into(),
//!     name: "Ada".into(),
//!     language: "en".into(),
//! };
//! let ada = accounts.set_up(&link, &owner, "correct horse", [2; 32], now)?;
//! let shop = AccountChange {
//!     name: Some("A shop".into()),
//!     url: Some("https://shop.example.com/".into()),
//!     ..AccountChange::default()
//! };
//! let shop = accounts.acting(Actor::Person(ada.id), now).create_account(&shop)?;
//! assert_eq!(accounts.role(shop.id, ada.id)?, Some(Role::Owner));
//! let outcome = accounts.sign_in("ADA@example.com", "correct horse", "Browser", [3; 32], now)?;
//! assert!(matches!(outcome, SignIn::SignedIn(_)));
//! # Ok::<(), afsa_accounts::Error>(())
//! ```

mod action;
pub(crate) mod audit;
mod chain;
mod invitation;
pub(crate) mod look;
pub(crate) mod member;
mod password;
mod person;
mod role;
mod second_factor;
mod session;
pub(crate) mod share;
mod token;

pub use action::Action;
pub use audit::{AuditChoice, AuditEntry};
pub use chain::{AuditFault, AuditState, verify_audits};
pub use invitation::{CreatedInvitation, Invitation};
pub use look::Look;
pub use member::{Member, Membership, MembershipChoice};
pub(crate) use password::Hashing;
pub use password::password_faults;
pub use person::{NewPerson, Person, PersonChange, email_faults};
pub use role::{Right, Role};
pub use second_factor::{Code, SecondFactor, TotpEnrolment};
pub(crate) use session::write_seen;
pub use session::{NewSession, Session, SignIn};
pub use share::{CreatedShare, OpenedShare, Share, ShareChange, ShareOpening};
pub use token::{Purpose, Token};
