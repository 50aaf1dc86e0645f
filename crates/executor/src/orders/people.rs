//! What images know of the visitors who order.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use afsa_model::{Text, Timestamp, VisitorKey};
use afsa_segments::Table;
use afsa_store::{Dimension, StoreError, Value};
use afsa_visits::orders::{People, VisitSpan};

use super::exclusion;
use crate::bits::Bits;
use crate::image::{Amounts, Codes, Image, Instants, Layout, Loaded, Visitors};

/// A visit or other scene, by image (numbered through all shards) and position.
pub(crate) type Place = (usize, usize);

/// The hits that told a user, in step.
pub(crate) struct HitUsers {
    /// In `Hits`, ascending.
    rows: Vec<u32>,
    /// Codes of [`Dimension::UserId`].
    users: Vec<u32>,
    times: Vec<i64>,
    sequences: Vec<u64>,
    /// Whose each hit of no visit is, ascending, with its scene.
    lone: Vec<(VisitorKey, u32)>,
}

impl Loaded for HitUsers {
    fn bytes(&self) -> usize {
        self.rows.len() * 24 + self.lone.len() * size_of::<(VisitorKey, u32)>()
    }
}

impl Image {
    pub(crate) fn read_hit_users(&self) -> Result<HitUsers, StoreError> {
        let (layout, reader) = (self.layout()?, self.reader());
        let mut told = HitUsers {
            rows: Vec::new(),
            users: Vec::new(),
            times: Vec::new(),
            sequences: Vec::new(),
            lone: Vec::new(),
        };
        let Some(texts) = reader.texts(Table::Hits, "user_id")? else {
            return Ok(told);
        };
        let words = self.vocabulary().of(Dimension::UserId);
        let map = texts.codes(0..layout.hits, &mut words.write());
        let user = |row: &u32| texts.key(*row as usize).map_or(0, |key| map[key]);
        told.rows = (0..layout.hits as u32)
            .filter(|row| user(row) != 0)
            .collect();
        told.users = told.rows.iter().map(user).collect();
        let times = reader.times(Table::Hits, "time")?;
        let sequences = reader.sequences(Table::Hits, "sequence")?;
        let rows = || told.rows.iter().map(|row| *row as usize);
        let time = |row| times.as_ref().map_or(0, |times| times.value(row));
        let sequence = |row| sequences.as_ref().map_or(0, |it| it.value(row));
        told.times = rows().map(time).collect();
        told.sequences = rows().map(sequence).collect();
        let lone_visitors = self.lone_visitors()?;
        let scenes = (layout.visits as u32..).zip(&*lone_visitors);
        told.lone = scenes.map(|(scene, key)| (*key, scene)).collect();
        told.lone.sort_unstable();
        Ok(told)
    }

    /// The visits that carry a campaign parameter or a paid-click id.
    pub(crate) fn read_campaigns(&self) -> Result<Bits, StoreError> {
        const TOLD_BY: [&str; 7] = [
            "campaign",
            "campaign_source",
            "campaign_medium",
            "campaign_term",
            "campaign_content",
            "campaign_id",
            "click_id",
        ];
        let mut campaigns = Bits::zeros(self.layout()?.scenes());
        for name in TOLD_BY {
            let Some(texts) = self.reader().texts(Table::Visits, name)? else {
                continue;
            };
            let visits = 0..self.layout()?.visits;
            for visit in visits.filter(|visit| texts.get(*visit).is_some_and(|it| !it.is_empty())) {
                campaigns.set(visit);
            }
        }
        Ok(campaigns)
    }
}

/// One image's columns of visits.
struct Columns<'a> {
    image: &'a Image,
    layout: Arc<Layout>,
    visitors: Arc<Visitors>,
    starts: Arc<Instants>,
    durations: Arc<Amounts>,
    exclusions: Arc<Codes>,
    campaigns: Arc<Bits>,
}

impl Columns<'_> {
    fn is_dead(&self, scene: usize) -> bool {
        self.image.dead().is_some_and(|dead| dead.get(scene))
    }
}

/// The visitors of all images.
pub(crate) struct Everyone<'a> {
    images: Vec<Columns<'a>>,
    /// Loaded when the first purchase without a user asks; what could not be read is told after.
    users: OnceLock<Vec<Arc<HitUsers>>>,
    failed: Mutex<Option<StoreError>>,
}

impl<'a> Everyone<'a> {
    pub(crate) fn of(images: &[&'a Arc<Image>]) -> Result<Everyone<'a>, StoreError> {
        let columns = |image: &&'a Arc<Image>| {
            Ok(Columns {
                image,
                layout: image.layout()?,
                visitors: image.visitors()?,
                starts: image.starts()?,
                durations: image.durations()?,
                exclusions: image.exclusions()?,
                campaigns: image.campaigns()?,
            })
        };
        Ok(Everyone {
            images: images.iter().map(columns).collect::<Result<_, _>>()?,
            users: OnceLock::new(),
            failed: Mutex::default(),
        })
    }

    /// The visitor's living visits, by start.
    pub(crate) fn visits_of(&self, visitor: VisitorKey) -> Vec<(VisitSpan, Place)> {
        let mut found = Vec::new();
        self.visits_into(visitor, &mut found);
        found
    }

    /// Puts the visitor's living visits, by start, in place of what was found before.
    pub(crate) fn visits_into(&self, visitor: VisitorKey, found: &mut Vec<(VisitSpan, Place)>) {
        found.clear();
        for (number, columns) in self.images.iter().enumerate() {
            for visit in columns.visitors.visits_of(visitor) {
                if columns.is_dead(visit) {
                    continue;
                }
                let start = Timestamp(columns.starts.get(visit));
                let span = VisitSpan {
                    start,
                    end: start.plus(columns.durations.get(visit).unwrap_or(0)),
                    exclusion: exclusion(columns.exclusions.get(visit)),
                    has_campaign: columns.campaigns.get(visit),
                };
                found.push((span, (number, visit)));
            }
        }
        found.sort_by_key(|(span, _)| span.start);
    }

    /// What went wrong while hits were asked for their users.
    pub(crate) fn failure(&self) -> Result<(), StoreError> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.take().map_or(Ok(()), Err)
    }

    fn hit_users(&self) -> &[Arc<HitUsers>] {
        self.users.get_or_init(|| {
            let images = self.images.iter();
            let users: Result<Vec<_>, _> = images.map(|it| it.image.hit_users()).collect();
            users.unwrap_or_else(|error| {
                let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
                *failed = Some(error);
                Vec::new()
            })
        })
    }
}

impl People for Everyone<'_> {
    fn visits(&self, visitor: VisitorKey) -> Vec<VisitSpan> {
        let visits = self.visits_of(visitor);
        visits.into_iter().map(|(span, _)| span).collect()
    }

    fn user_by(&self, visitor: VisitorKey, time: Timestamp, sequence: u64) -> Text {
        let mut latest: Option<((i64, u64), u32)> = None;
        for (columns, users) in self.images.iter().zip(self.hit_users()) {
            if users.rows.is_empty() {
                continue;
            }
            let visits = columns.visitors.visits_of(visitor);
            let lone = users.lone.partition_point(|(key, _)| *key < visitor);
            let lone = users.lone[lone..]
                .iter()
                .take_while(|(key, _)| *key == visitor)
                .map(|(_, scene)| *scene as usize);
            let living = visits.chain(lone).filter(|scene| !columns.is_dead(*scene));
            for hits in living.map(|scene| columns.layout.hits_of(scene)) {
                let from = users
                    .rows
                    .partition_point(|row| (*row as usize) < hits.start);
                let here = users.rows[from..].iter();
                let here = here.take_while(|row| (**row as usize) < hits.end).count();
                for at in from..from + here {
                    let when = (users.times[at], users.sequences[at]);
                    let is_later = latest.is_none_or(|(known, _)| known < when);
                    if when <= (time.0, sequence) && is_later {
                        latest = Some((when, users.users[at]));
                    }
                }
            }
        }
        let (_, user) = latest?;
        let image = self.images.first()?.image;
        match image.vocabulary().of(Dimension::UserId).read().value(user) {
            Value::Text(user) => Some(user),
            _ => None,
        }
    }
}
