//! Letters: what they say, and handing them over.

use afsa_accounts::people::{Person, Purpose};
use afsa_mail::Letter;

use crate::call::Call;
use crate::words::Language;

/// A kind of letter, by the messages of its subject and its text.
pub(crate) struct Kind {
    subject: &'static str,
    text: &'static str,
}

const fn kind(subject: &'static str, text: &'static str) -> Kind {
    Kind { subject, text }
}

// Nobody is greeted by a name that a stranger may have given him, with an address of his own in it:
// whoever signs up with another's e-mail writes him no letter.

/// Confirms an e-mail.
const CONFIRM: Kind = kind("mail.confirm_subject", "mail.confirm_text");
/// To whoever signs up with an e-mail that is known.
const THERE: Kind = kind("mail.there_subject", "mail.there_text");
const RESET: Kind = kind("mail.reset_subject", "mail.reset_text");
const WELCOME: Kind = kind("mail.welcome_subject", "mail.welcome_text");
/// To the new e-mail, and to the old one.
pub(crate) const CHANGE: Kind = kind("mail.change_subject", "mail.change_text");
pub(crate) const CHANGING: Kind = kind("mail.change_subject", "mail.changing_text");
pub(crate) const INVITATION: Kind = kind("mail.invitation_subject", "mail.invitation_text");

impl Call {
    /// To somebody who has told his e-mail; following the page's link shows that it is his.
    pub(crate) fn ask_to_confirm(&self, person: &Person, page: &str) {
        let link = self.link(page);
        self.write(&CONFIRM, &person.email, self.language, &[("link", &link)]);
    }

    /// To whoever has this e-mail already.
    pub(crate) fn tell_who_is_there(&self, person: &Person) {
        self.write_to(&THERE, person, "/manage/reset");
    }

    /// A link to choose a password.
    pub(crate) fn send_password_link(&self, person: &Person, purpose: Purpose, token: &str) {
        let kind = match purpose {
            Purpose::Welcome => &WELCOME,
            _ => &RESET,
        };
        self.write_to(kind, person, &format!("/manage/reset/choose?token={token}"));
    }

    /// In the person's own language.
    fn write_to(&self, kind: &Kind, person: &Person, page: &str) {
        let language = Language::of(&person.language).unwrap_or_default();
        let link = self.link(page);
        let values = [("name", person.name.as_str()), ("link", &link)];
        self.write(kind, &person.email, language, &values);
    }

    /// Hands a letter over. A mailer that takes none is told in the log and on the operator's pages;
    /// whoever asked for the letter learns the same as ever.
    pub(crate) fn write(&self, kind: &Kind, to: &str, language: Language, values: &[(&str, &str)]) {
        let mut id = [0; 16];
        for (into, from) in id.iter_mut().zip(self.random()) {
            *into = from;
        }
        let since = std::time::Duration::from_millis(u64::try_from(self.now.0).unwrap_or(0));
        let letter = Letter {
            to: to.to_owned(),
            subject: language.say(kind.subject, values),
            text: language.say(kind.text, values),
            date: std::time::UNIX_EPOCH + since,
            id,
        };
        if let Err(error) = self.site.mailer.send(letter) {
            let error = error.to_string().replace(to, "…");
            tracing::error!(error, "a letter could not be handed over");
        }
    }
}
