//! What all pages share.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use afsa_accounts::Accounts;
use afsa_http::{Clock, Peer, Randomness, RateLimiter, RatePolicy, bucket};
use afsa_mail::Mailer;
use axum::Router;

use crate::failure::Failure;
use crate::{dispatch, once};

/// Everything that the pages stand on.
pub struct Pages {
    pub accounts: Arc<Accounts>,
    pub mailer: Arc<Mailer>,
    pub clock: Arc<dyn Clock>,
    pub randomness: Arc<dyn Randomness>,
    /// Where browsers reach the server: scheme and host, without a slash at the end. Links in mails
    /// begin with it, never with what a request says of itself.
    pub address: String,
    pub sign_up: SignUp,
}

/// Who may become a person of the installation by himself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUp {
    /// Everybody who confirms an e-mail.
    Open,
    /// Whoever a member has invited.
    #[default]
    Invitation,
    /// Nobody; the operator makes persons.
    Off,
}

impl SignUp {
    pub const ALL: [SignUp; 3] = [SignUp::Open, SignUp::Invitation, SignUp::Off];

    /// The word of the configuration.
    pub fn name(self) -> &'static str {
        match self {
            SignUp::Open => "open",
            SignUp::Invitation => "invitation",
            SignUp::Off => "off",
        }
    }
}

impl fmt::Display for SignUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for SignUp {
    type Err = ();

    fn from_str(input: &str) -> Result<SignUp, ()> {
        SignUp::ALL
            .into_iter()
            .find(|rule| rule.name() == input)
            .ok_or(())
    }
}

/// Every page, with all that goes around it.
pub fn router(pages: Pages) -> Router {
    dispatch::router(Arc::new(Site::new(pages)))
}

/// Shared by all requests.
pub(crate) struct Site {
    pub accounts: Arc<Accounts>,
    pub mailer: Arc<Mailer>,
    pub clock: Arc<dyn Clock>,
    pub randomness: Arc<dyn Randomness>,
    pub address: String,
    pub is_https: bool,
    pub sign_up: SignUp,
    pub taken: once::Taken,
    tries: Tries,
}

/// How often something may be tried that a stranger could guess, or that sends letters.
struct Tries {
    guesses_of_sender: RateLimiter<u64>,
    guesses_of_name: RateLimiter<u64>,
    letters_of_sender: RateLimiter<u64>,
    letters_of_name: RateLimiter<u64>,
}

impl Site {
    fn new(pages: Pages) -> Site {
        let policy = |name, quota, minutes: u64| {
            let window = Duration::from_secs(minutes * 60);
            RateLimiter::new(name, Some(RatePolicy { quota, window }))
        };
        Site {
            is_https: pages.address.starts_with("https://"),
            address: pages.address.trim_end_matches('/').to_owned(),
            accounts: pages.accounts,
            mailer: pages.mailer,
            clock: pages.clock,
            randomness: pages.randomness,
            sign_up: pages.sign_up,
            taken: once::Taken::default(),
            tries: Tries {
                guesses_of_sender: policy("guesses", 20, 5),
                guesses_of_name: policy("guesses", 10, 10),
                letters_of_sender: policy("letters", 10, 60),
                letters_of_name: policy("letters", 5, 60),
            },
        }
    }

    /// Counts a try to guess a secret, by who sends it and by whom it is about.
    pub(crate) fn take_guess(&self, peer: &Peer, about: &str) -> Result<(), Failure> {
        let tries = &self.tries;
        self.take(
            peer,
            about,
            &tries.guesses_of_sender,
            &tries.guesses_of_name,
        )
    }

    /// Counts a try to guess a secret that is told apart from all others by itself, so that there is
    /// no name to bound: tries at one would shut out whoever has another.
    pub(crate) fn take_guess_of_sender(&self, peer: &Peer) -> Result<(), Failure> {
        let of_sender = &self.tries.guesses_of_sender;
        of_sender
            .allow(peer.bucket(), self.clock.elapsed())
            .map_err(|seconds| Failure::TooMany { seconds })
    }

    /// What was counted was no guess: whoever knows is not counted, however many come from one
    /// place.
    pub(crate) fn guessed_right(&self, peer: &Peer, about: Option<&str>) {
        let tries = &self.tries;
        tries.guesses_of_sender.give_back(&peer.bucket());
        if let Some(about) = about {
            tries.guesses_of_name.give_back(&named(about));
        }
    }

    /// Counts a wish for a letter, by who sends it and by whom it is for.
    pub(crate) fn take_letter(&self, peer: &Peer, to: &str) -> Result<(), Failure> {
        let tries = &self.tries;
        self.take(peer, to, &tries.letters_of_sender, &tries.letters_of_name)
    }

    fn take(
        &self,
        peer: &Peer,
        about: &str,
        of_sender: &RateLimiter<u64>,
        of_name: &RateLimiter<u64>,
    ) -> Result<(), Failure> {
        let elapsed = self.clock.elapsed();
        of_sender
            .allow(peer.bucket(), elapsed)
            .and_then(|()| of_name.allow(named(about), elapsed))
            .map_err(|seconds| Failure::TooMany { seconds })
    }
}

/// What tries are counted by that are about the same, however it is written.
fn named(about: &str) -> u64 {
    bucket(&about.trim().to_lowercase())
}
