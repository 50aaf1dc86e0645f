//! One part of an account's data as columns in memory.

mod budget;
mod codes;
mod columns;
mod costs;
mod dimensions;
mod layout;
mod moments;
mod read;
mod things;
mod visitors;
mod vocabulary;

use std::sync::{Arc, OnceLock};

use afsa_model::{TimeRange, VisitorKey};
use afsa_segments::ColumnSource;
use afsa_store::{Dimension, StoreError, Traffic};

pub use budget::Budget;
pub(crate) use budget::Pinned;
pub(crate) use codes::{Amounts, Codes};
pub(crate) use columns::{ColumnKey, Loaded, Shelf};
pub(crate) use costs::{Costs, LumpSum, LumpSums};
pub(crate) use dimensions::category_level;
pub(crate) use layout::Layout;
pub(crate) use moments::{Instants, Moments};
pub(crate) use read::{Reader, Texts, damaged};
pub(crate) use things::{NO_ROW, Offsets, Thing, Things};
pub(crate) use visitors::{LastVisits, Ranks, Visitors, days_within, with_patches};
pub use vocabulary::Vocabulary;
pub(crate) use vocabulary::{Numbered, Words};

use crate::bits::Bits;
use crate::names::Names;
use crate::orders::{CartSteps, HitUsers};

/// A choice of rows: whose traffic, under which filter (as its text), and what of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SelectionKey {
    pub(crate) chosen: Chosen,
    pub(crate) traffic: Traffic,
    pub(crate) filter: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Chosen {
    /// Scenes of any time.
    Scenes,
    /// Visits that began in the range.
    Visits(TimeRange),
    /// Scenes that lie in the range, and those that lie partly in it.
    Inside(TimeRange),
    /// Things whose moment lies in the range.
    Things(Thing, TimeRange),
    /// Of no rows: what living rows of all traffic called their products last.
    Names,
}

/// A dashboard asks of two ranges under one filter; a few of them fit.
const MOST_SELECTIONS: usize = 64;

/// The visits of a segment or of hot memory, sorted by visitor and start, with their hits.
///
/// Columns are read from the source when first needed, turned into codes and plain numbers, and
/// kept as long as the [`Budget`] has room. An image may be used from many threads.
pub struct Image {
    source: Arc<dyn ColumnSource>,
    vocabulary: Arc<Vocabulary>,
    columns: Arc<Shelf<ColumnKey>>,
    /// Choices of rows, which know the dead.
    selections: Arc<Shelf<SelectionKey>>,
    budget: Arc<Budget>,
    /// Scenes to skip.
    dead: Option<Bits>,
    ranks: OnceLock<Arc<Ranks>>,
    days: OnceLock<Arc<Codes>>,
}

/// When the first and the last thing of an image happened, in milliseconds since 1970.
pub(crate) struct Span {
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// How long the longest visit lasted.
    pub(crate) longest: i64,
}

impl Loaded for Span {
    fn bytes(&self) -> usize {
        size_of::<Span>()
    }
}

impl Image {
    /// An image of all rows of the source but the dead ones, given by row of `Visits` and, for
    /// hits of no visit, by row of `Hits`. Reads nothing unless there are dead rows.
    ///
    /// All images of an account must share one vocabulary.
    ///
    /// # Errors
    /// If the source can't be read.
    pub fn new(
        source: Arc<dyn ColumnSource>,
        dead_visits: &[u32],
        dead_loose: &[u32],
        vocabulary: &Arc<Vocabulary>,
        budget: &Arc<Budget>,
    ) -> Result<Image, StoreError> {
        let living = Image {
            source,
            vocabulary: vocabulary.clone(),
            columns: Shelf::new(budget, usize::MAX),
            selections: Shelf::new(budget, MOST_SELECTIONS),
            budget: budget.clone(),
            dead: None,
            ranks: OnceLock::new(),
            days: OnceLock::new(),
        };
        living.with_dead(dead_visits, dead_loose)
    }

    /// The same image with other dead rows; what is loaded is shared.
    ///
    /// # Errors
    /// If the source can't be read.
    pub fn with_dead(&self, visits: &[u32], loose: &[u32]) -> Result<Image, StoreError> {
        let dead = if visits.is_empty() && loose.is_empty() {
            None
        } else {
            let layout = self.layout()?;
            let mut dead = Bits::zeros(layout.scenes());
            for visit in visits {
                if (*visit as usize) < layout.visits {
                    dead.set(*visit as usize);
                }
            }
            for hit in loose {
                if let Some(lone) = (*hit as usize).checked_sub(layout.loose_from) {
                    dead.set(layout.visits + lone);
                }
            }
            Some(dead)
        };
        Ok(Image {
            source: self.source.clone(),
            vocabulary: self.vocabulary.clone(),
            columns: self.columns.clone(),
            selections: Shelf::new(&self.budget, MOST_SELECTIONS),
            budget: self.budget.clone(),
            dead,
            ranks: OnceLock::new(),
            days: OnceLock::new(),
        })
    }

    /// Whether both were made of one source, whichever of its rows are dead.
    pub(crate) fn has_same_rows(&self, other: &Image) -> bool {
        Arc::ptr_eq(&self.columns, &other.columns)
    }

    /// Bytes of columns that are loaded now.
    pub fn memory(&self) -> usize {
        self.columns.bytes()
            + self.selections.bytes()
            + self.dead.as_ref().map_or(0, Bits::bytes)
            + self.ranks.get().map_or(0, |ranks| ranks.bytes())
            + self.days.get().map_or(0, |days| days.bytes())
    }

    /// Lets all loaded columns go; they are read again when needed.
    pub fn release(&self) {
        self.columns.release();
        self.selections.release();
    }

    pub(crate) fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    pub(crate) fn dead(&self) -> Option<&Bits> {
        self.dead.as_ref()
    }

    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Rows that questions chose, kept for the next that choose the same.
    pub(crate) fn selections(&self) -> &Shelf<SelectionKey> {
        &self.selections
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader(&*self.source)
    }

    /// Where the hits of each scene lie.
    pub(crate) fn layout(&self) -> Result<Arc<Layout>, StoreError> {
        self.columns
            .get(ColumnKey::Layout, || Layout::read(&*self.source))
    }

    /// When each scene began.
    pub(crate) fn starts(&self) -> Result<Arc<Instants>, StoreError> {
        self.columns.get(ColumnKey::Starts, || self.read_starts())
    }

    /// The first and last moment of anything in a visit, and of hits of no visit.
    pub(crate) fn span(&self) -> Result<Arc<Span>, StoreError> {
        self.columns.get(ColumnKey::Span, || {
            let (starts, durations) = (self.starts()?, self.durations()?);
            let scenes = self.layout()?.scenes();
            let end = |scene| {
                let duration: i64 = durations.get(scene).unwrap_or(0);
                starts.get(scene).saturating_add(duration)
            };
            Ok(Span {
                first: (0..scenes)
                    .map(|scene| starts.get(scene))
                    .min()
                    .unwrap_or(i64::MAX),
                last: (0..scenes).map(end).max().unwrap_or(i64::MIN),
                longest: (0..scenes)
                    .filter_map(|scene| durations.get(scene))
                    .fold(0, i64::max),
            })
        })
    }

    /// Milliseconds that each visit lasted; nothing for other scenes.
    pub(crate) fn durations(&self) -> Result<Arc<Amounts>, StoreError> {
        self.columns
            .get(ColumnKey::Durations, || self.read_durations())
    }

    /// The scenes that an exclusion keeps out of the figures.
    pub(crate) fn excluded(&self) -> Result<Arc<Bits>, StoreError> {
        self.columns
            .get(ColumnKey::Excluded, || self.read_excluded())
    }

    /// The exclusion of each scene as its number, 0 for none.
    pub(crate) fn exclusions(&self) -> Result<Arc<Codes>, StoreError> {
        self.columns
            .get(ColumnKey::Exclusions, || self.read_exclusions())
    }

    /// Who told which user, hit by hit.
    pub(crate) fn hit_users(&self) -> Result<Arc<HitUsers>, StoreError> {
        self.columns
            .get(ColumnKey::HitUsers, || self.read_hit_users())
    }

    /// The visits that a campaign brought.
    pub(crate) fn campaigns(&self) -> Result<Arc<Bits>, StoreError> {
        self.columns
            .get(ColumnKey::Campaigns, || self.read_campaigns())
    }

    /// What visits did about buying.
    pub(crate) fn cart_steps(&self) -> Result<Arc<CartSteps>, StoreError> {
        self.columns
            .get(ColumnKey::CartSteps, || self.read_cart_steps())
    }

    /// What the products of product actions are called.
    pub(crate) fn named_products(&self, names: &Names) -> Result<Arc<Codes>, StoreError> {
        let key = ColumnKey::Named(names.version());
        self.columns.get(key, || {
            let skus = self.codes(Thing::Product, Dimension::ProductSku)?;
            Ok(names.codes(&skus))
        })
    }

    /// The scenes that have things of this kind.
    pub(crate) fn inhabited(&self, thing: Thing) -> Result<Arc<Bits>, StoreError> {
        self.columns.get(ColumnKey::Inhabited(thing), || {
            let things = self.things(thing)?;
            let offsets = &things.offsets;
            Ok(match offsets.inhabited() {
                Some(inhabited) => inhabited.clone(),
                None => Bits::from_fn(offsets.scenes(), |scene| offsets.any(scene)),
            })
        })
    }

    pub(crate) fn bounces(&self) -> Result<Arc<Bits>, StoreError> {
        self.columns.get(ColumnKey::Bounces, || self.read_bounces())
    }

    pub(crate) fn visitors(&self) -> Result<Arc<Visitors>, StoreError> {
        self.columns
            .get(ColumnKey::Visitors, || self.read_visitors())
    }

    /// Whose each hit of no visit is, by order of scenes.
    pub(crate) fn lone_visitors(&self) -> Result<Arc<Vec<VisitorKey>>, StoreError> {
        self.columns
            .get(ColumnKey::LoneVisitors, || self.read_lone_visitors())
    }

    pub(crate) fn things(&self, thing: Thing) -> Result<Arc<Things>, StoreError> {
        self.columns
            .get(ColumnKey::Things(thing), || self.read_things(thing))
    }

    /// When each thing was. Not of scenes, which have their starts.
    pub(crate) fn moments(&self, thing: Thing) -> Result<Arc<Moments>, StoreError> {
        self.columns
            .get(ColumnKey::Moments(thing), || self.read_moments(thing))
    }

    /// The product action of each product or promotion, as its number; 0 where none is named.
    pub(crate) fn actions(&self, thing: Thing) -> Result<Arc<Codes>, StoreError> {
        self.columns
            .get(ColumnKey::Actions(thing), || self.read_actions(thing))
    }

    /// The codes of a dimension that the things have themselves.
    pub(crate) fn codes(
        &self,
        thing: Thing,
        dimension: Dimension,
    ) -> Result<Arc<Codes>, StoreError> {
        self.columns.get(ColumnKey::Codes(thing, dimension), || {
            self.read_codes(thing, dimension)
        })
    }

    /// Milliseconds that each page view was visible.
    pub(crate) fn time_on_page(&self) -> Result<Arc<Amounts>, StoreError> {
        self.columns
            .get(ColumnKey::TimeOnPage, || self.read_time_on_page())
    }

    /// Per cent of each page view that were seen.
    pub(crate) fn scroll_depth(&self) -> Result<Arc<Amounts>, StoreError> {
        self.columns
            .get(ColumnKey::ScrollDepth, || self.read_scroll_depth())
    }

    /// What the campaign of each visit is paid for, and its price.
    pub(crate) fn costs(&self) -> Result<Arc<Costs>, StoreError> {
        self.columns.get(ColumnKey::Costs, || self.read_costs())
    }

    /// What each visit cost that was paid by the click, in millionths of the currency.
    pub(crate) fn click_costs(&self) -> Result<Arc<Amounts>, StoreError> {
        self.columns
            .get(ColumnKey::ClickCosts, || self.read_click_costs())
    }

    /// The campaigns that are paid as a whole.
    pub(crate) fn lump_sums(&self) -> Result<Arc<LumpSums>, StoreError> {
        self.columns
            .get(ColumnKey::LumpSums, || self.read_lump_sums())
    }

    /// The days since the visit before of each visit's visitor, among those of this image.
    pub(crate) fn days(&self) -> Result<Arc<Codes>, StoreError> {
        if let Some(days) = self.days.get() {
            return Ok(days.clone());
        }
        let days = Arc::new(days_within(
            &*self.visitors()?,
            &*self.starts()?,
            self.layout()?.scenes(),
            &*self.excluded()?,
            self.dead.as_ref(),
            &mut self.vocabulary.of(Dimension::DaysSinceLastVisit).write(),
        ));
        Ok(self.days.get_or_init(|| days).clone())
    }

    /// Which visit of its visitor each visit is, among those of this image.
    pub(crate) fn ranks(&self) -> Result<Arc<Ranks>, StoreError> {
        if let Some(ranks) = self.ranks.get() {
            return Ok(ranks.clone());
        }
        let ranks = Arc::new(Ranks::within(
            &*self.visitors()?,
            self.layout()?.scenes(),
            &*self.excluded()?,
            self.dead.as_ref(),
        ));
        Ok(self.ranks.get_or_init(|| ranks).clone())
    }
}
