//! A request on its way to a page: who asks, in which language, for what.

use std::collections::HashMap;
use std::sync::Arc;

use afsa_accounts::people::{Person, Right, Role, Session};
use afsa_accounts::{Account, Acting, Actor};
use afsa_http::Peer;
use afsa_model::{AccountId, Timestamp};

use crate::failure::Failure;
use crate::form::Form;
use crate::site::Site;
use crate::words::Language;

/// Everything that a page may want to know of a request.
pub(crate) struct Call {
    pub site: Arc<Site>,
    pub now: Timestamp,
    pub peer: Peer,
    pub language: Language,
    pub theme: Theme,
    /// Who is signed in.
    pub visitor: Option<Visitor>,
    /// A session that is good for nothing but to tell a code.
    pub awaiting: Option<Session>,
    /// The text of the session, whichever kind it is.
    pub session_text: Option<String>,
    /// What this browser's forms prove themselves with.
    pub form_secret: String,
    /// Whether the browser has to be told that secret first.
    pub is_form_secret_new: bool,
    /// What stood in the path's placeholders.
    pub path: HashMap<String, String>,
    /// Path and query as they were asked for.
    pub target: String,
    pub query: Form,
    pub form: Form,
    /// The account that the page is of, and what the person is there.
    pub membership: Option<(Account, Role)>,
    /// The message that the page before left for this one.
    pub flash: Option<&'static str>,
}

/// Somebody with a session.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub person: Person,
    pub session: Session,
}

/// How pages look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system says.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

impl Call {
    /// The message of a key.
    pub(crate) fn t(&self, key: &'static str) -> &'static str {
        self.language.t(key)
    }

    /// The message of a key with what stands for its `{names}`.
    pub(crate) fn say(&self, key: &'static str, values: &[(&str, &str)]) -> String {
        self.language.say(key, values)
    }

    /// The message that belongs to a word of a kind: `role.owner`.
    pub(crate) fn word<'a>(&self, kind: &str, word: &'a str) -> &'a str {
        let found = self.language.find(&format!("{kind}.{word}"));
        found.unwrap_or(word)
    }

    /// Who is signed in; routes for persons are only run with one.
    pub(crate) fn person(&self) -> Result<&Person, Failure> {
        let visitor = self.visitor.as_ref().ok_or(Failure::Forbidden)?;
        Ok(&visitor.person)
    }

    pub(crate) fn session(&self) -> Result<&Session, Failure> {
        let visitor = self.visitor.as_ref().ok_or(Failure::Forbidden)?;
        Ok(&visitor.session)
    }

    /// To change something as the person who is signed in.
    pub(crate) fn acting(&self) -> Result<Acting<'_>, Failure> {
        let actor = Actor::Person(self.person()?.id);
        Ok(self.site.accounts.acting(actor, self.now))
    }

    /// The account of the page; routes of accounts are only run with one.
    pub(crate) fn account(&self) -> Result<&Account, Failure> {
        let (account, _) = self.membership.as_ref().ok_or(Failure::NotFound)?;
        Ok(account)
    }

    pub(crate) fn account_id(&self) -> Result<AccountId, Failure> {
        Ok(self.account()?.id)
    }

    pub(crate) fn role(&self) -> Result<Role, Failure> {
        let (_, role) = self.membership.as_ref().ok_or(Failure::NotFound)?;
        Ok(*role)
    }

    pub(crate) fn may(&self, right: Right) -> bool {
        self.role().is_ok_and(|role| role.may(right))
    }

    /// A number that stands in the path.
    pub(crate) fn number(&self, name: &str) -> Result<i64, Failure> {
        let text = self.path.get(name).ok_or(Failure::NotFound)?;
        text.parse().map_err(|_| Failure::NotFound)
    }

    /// Which page of a list is asked for, from 1.
    pub(crate) fn page_number(&self, name: &str) -> usize {
        let asked = self.query.get(name).parse().unwrap_or(1);
        usize::clamp(asked, 1, 1_000_000)
    }

    pub(crate) fn random(&self) -> [u8; 32] {
        self.site.randomness.bytes()
    }

    /// What the browser calls itself.
    pub(crate) fn agent(&self) -> &str {
        self.peer.user_agent.as_deref().unwrap_or_default()
    }

    /// The address of a page as other programs and letters need it.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}{path}", self.site.address)
    }
}
