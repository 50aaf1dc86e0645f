//! People: who they are, what they may do in which account, and what they did.

mod action;
pub(crate) mod audit;
mod chain;
mod invitation;
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
pub use member::{Member, Membership};
pub(crate) use password::Hashing;
pub use password::password_faults;
pub use person::{NewPerson, Person, PersonChange, email_faults};
pub use role::{Right, Role};
pub use second_factor::{Code, SecondFactor, TotpEnrolment};
pub(crate) use session::write_seen;
pub use session::{NewSession, Session, SignIn};
pub use share::{CreatedShare, OpenedShare, Share, ShareChange, ShareOpening};
pub use token::{Purpose, Token};
