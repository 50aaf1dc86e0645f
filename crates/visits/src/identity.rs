//! Which visitor a hit belongs to.

use afsa_model::{AccountId, Timestamp, VisitorKey};

/// The key of a visitor who told a `visitor_id`.
pub fn visitor_key(account: AccountId, visitor_id: &str) -> VisitorKey {
    hashed("visitor", account, visitor_id.as_bytes())
}

/// The own key of a user, for hits that tell only a `user_id`.
pub fn user_key(account: AccountId, user_id: &str) -> VisitorKey {
    hashed("user", account, user_id.as_bytes())
}

fn hashed(kind: &str, account: AccountId, bytes: &[u8]) -> VisitorKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes());
    hasher.update(&account.0.to_be_bytes());
    hasher.update(bytes);
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    VisitorKey(u128::from_be_bytes(key).max(1))
}

/// Who was known as one user, from when on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserTimeline {
    /// (time, sequence, visitor) of every hit that told both a visitor and the user, ascending.
    /// Repetitions are kept: a late hit of another visitor may come between any two.
    known: Vec<(Timestamp, u64, VisitorKey)>,
}

impl UserTimeline {
    /// Notes that a hit told both; answers whether this changes who is known when.
    pub fn note(&mut self, time: Timestamp, sequence: u64, visitor: VisitorKey) -> bool {
        let at = self
            .known
            .partition_point(|(t, s, _)| (*t, *s) <= (time, sequence));
        let is_news = at == 0 || self.known[at - 1].2 != visitor;
        self.known.insert(at, (time, sequence, visitor));
        is_news
    }

    /// The visitor last known as the user at this time (a hit of the same instant counts).
    pub fn at(&self, time: Timestamp) -> Option<VisitorKey> {
        match self.known.partition_point(|(t, _, _)| *t <= time) {
            0 => None,
            after => Some(self.known[after - 1].2),
        }
    }

    /// Everyone who was ever known as the user, with repetitions.
    pub fn visitors(&self) -> impl Iterator<Item = VisitorKey> + '_ {
        self.known.iter().map(|(_, _, visitor)| *visitor)
    }
}
