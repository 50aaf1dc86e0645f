//! Who was known as which user, and when.

use afsa_model::{Timestamp, VisitorKey};

use crate::codec::{DecodeError, Reader, put_i64, put_u64};

/// A moment in an account: time, then arrival.
pub(crate) type Moment = (Timestamp, u64);

/// What is known of one user of an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Person {
    /// The user's own key, where hits came that told nothing but the user.
    pub own: Option<VisitorKey>,
    /// Ascending; neighbours are of different visitors.
    runs: Vec<Run>,
}

/// From its first to its last moment every hit that told both was this visitor's.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    first: Moment,
    last: Moment,
    visitor: VisitorKey,
}

/// What noting a hit has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// Nobody is known at any moment who wasn't.
    Same,
    Changed,
    /// The moment lies within another visitor's run: only all hits of everyone who was ever known
    /// as the user can tell where it divides.
    Unclear,
}

impl Person {
    /// From every moment at which a hit told both, in any order.
    pub fn of(own: Option<VisitorKey>, mut links: Vec<(Moment, VisitorKey)>) -> Person {
        links.sort_unstable();
        let mut runs: Vec<Run> = Vec::new();
        for (moment, visitor) in links {
            match runs.last_mut() {
                Some(run) if run.visitor == visitor => run.last = moment,
                _ => runs.push(Run {
                    first: moment,
                    last: moment,
                    visitor,
                }),
            }
        }
        Person { own, runs }
    }

    /// Notes a hit that told both the visitor and the user.
    pub fn note(&mut self, moment: Moment, visitor: VisitorKey) -> Noted {
        let after = self.runs.partition_point(|run| run.first <= moment);
        if let Some(run) = after
            .checked_sub(1)
            .and_then(|before| self.runs.get_mut(before))
        {
            if run.visitor == visitor {
                run.last = run.last.max(moment);
                return Noted::Same;
            }
            if moment < run.last {
                return Noted::Unclear;
            }
        }
        match self.runs.get_mut(after) {
            Some(run) if run.visitor == visitor => run.first = moment,
            _ => self.runs.insert(
                after,
                Run {
                    first: moment,
                    last: moment,
                    visitor,
                },
            ),
        }
        Noted::Changed
    }

    /// Notes what another knows. The outcome is the least certain of all.
    pub fn note_all(&mut self, other: &Person) -> Noted {
        let mut outcome = Noted::Same;
        self.own = self.own.or(other.own);
        for run in &other.runs {
            for moment in [run.first, run.last] {
                match self.note(moment, run.visitor) {
                    Noted::Same => {}
                    Noted::Changed if outcome == Noted::Same => outcome = Noted::Changed,
                    Noted::Changed => {}
                    Noted::Unclear => return Noted::Unclear,
                }
            }
            // Another visitor's run between the two ends divides this one.
            let between = self.runs.iter().filter(|known| {
                known.visitor != run.visitor && known.first < run.last && known.last > run.first
            });
            if between.count() > 0 {
                return Noted::Unclear;
            }
        }
        outcome
    }

    /// The visitor last known as the user at this time (a hit of the same instant counts).
    pub fn at(&self, time: Timestamp) -> Option<VisitorKey> {
        let after = self.runs.partition_point(|run| run.first.0 <= time);
        after
            .checked_sub(1)
            .and_then(|before| self.runs.get(before))
            .map(|run| run.visitor)
    }

    /// Everyone who was ever known as the user, with repetitions.
    pub fn visitors(&self) -> impl Iterator<Item = VisitorKey> + '_ {
        self.runs.iter().map(|run| run.visitor)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(17 + self.runs.len() * 40);
        out.push(u8::from(self.own.is_some()));
        if let Some(own) = self.own {
            out.extend_from_slice(&own.0.to_be_bytes());
        }
        put_u64(&mut out, self.runs.len() as u64);
        for run in &self.runs {
            for (time, sequence) in [run.first, run.last] {
                put_i64(&mut out, time.0);
                put_u64(&mut out, sequence);
            }
            out.extend_from_slice(&run.visitor.0.to_be_bytes());
        }
        out
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Person, DecodeError> {
        let mut reader = Reader::new(bytes);
        let own = match reader.u8()? {
            0 => None,
            1 => Some(VisitorKey(reader.u128()?)),
            _ => return Err(reader.error("unknown tag of a person")),
        };
        let mut runs = Vec::new();
        for _ in 0..reader.count()? {
            let first = (Timestamp(reader.i64()?), reader.u64()?);
            let last = (Timestamp(reader.i64()?), reader.u64()?);
            runs.push(Run {
                first,
                last,
                visitor: VisitorKey(reader.u128()?),
            });
        }
        Ok(Person { own, runs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_same_in_whatever_order_it_is_told() {
        let check = |told: &[(i64, u128)], expect: &[(i64, Option<u128>)]| {
            let links = |told: &[(i64, u128)]| {
                let link = |(time, key): &(i64, u128)| {
                    ((Timestamp(*time), *time as u64), VisitorKey(*key))
                };
                told.iter().map(link).collect::<Vec<_>>()
            };
            let whole = Person::of(None, links(told));
            for turn in 0..told.len() {
                let mut turned = told.to_vec();
                turned.rotate_left(turn);
                let mut person = Person::default();
                let clear = links(&turned)
                    .into_iter()
                    .all(|(moment, visitor)| person.note(moment, visitor) != Noted::Unclear);
                if clear {
                    assert_eq!(person, whole, "{turned:?}");
                }
                for (time, visitor) in expect {
                    assert_eq!(
                        whole.at(Timestamp(*time)),
                        visitor.map(VisitorKey),
                        "{time}"
                    );
                }
            }
            assert_eq!(Person::from_bytes(&whole.to_bytes()), Ok(whole));
        };
        check(&[], &[(5, None)]);
        check(&[(5, 1)], &[(4, None), (5, Some(1)), (6, Some(1))]);
        check(
            &[(1, 1), (5, 1), (9, 2)],
            &[(0, None), (8, Some(1)), (9, Some(2))],
        );
        check(
            &[(1, 1), (3, 2), (5, 1)],
            &[(2, Some(1)), (4, Some(2)), (6, Some(1))],
        );
    }

    #[test]
    fn says_when_it_cannot_tell() {
        let mut person = Person::default();
        let at = |time: i64| (Timestamp(time), 0);
        assert_eq!(person.note(at(1), VisitorKey(1)), Noted::Changed);
        assert_eq!(person.note(at(9), VisitorKey(1)), Noted::Same);
        assert_eq!(person.note(at(5), VisitorKey(2)), Noted::Unclear);
        assert_eq!(person.note(at(10), VisitorKey(2)), Noted::Changed);
    }
}
