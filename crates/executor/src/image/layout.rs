//! Reading what is not a dimension: where things lie, when they were, whose they are.

use afsa_model::VisitorKey;
use afsa_segments::{ColumnSource, Table};
use afsa_store::StoreError;
use arrow_array::Array;

use crate::bits::Bits;

use super::columns::Loaded;
use super::{
    Amounts, Codes, Image, Instants, Moments, NO_ROW, Offsets, Reader, Texts, Thing, Things,
    Visitors, damaged,
};

/// Where the hits of each scene lie.
pub(crate) struct Layout {
    pub(crate) visits: usize,
    /// The row of the first hit of no visit; these reach to the end.
    pub(crate) loose_from: usize,
    /// The first hit of each visit, and the end.
    pub(crate) first_hits: Vec<u32>,
    pub(crate) hits: usize,
}

impl Layout {
    pub(super) fn read(source: &dyn ColumnSource) -> Result<Layout, StoreError> {
        let reader = Reader(source);
        let (visits, hits) = (source.rows(Table::Visits), source.rows(Table::Hits));
        if hits >= NO_ROW as usize || visits >= NO_ROW as usize {
            return Err(StoreError::TooLarge(format!("{hits} hits in one part")));
        }
        let first_hit = reader.numbers(Table::Visits, "first_hit")?;
        let counts = reader.numbers(Table::Visits, "hits")?;
        let mut first_hits = Vec::with_capacity(visits + 1);
        let mut end = 0;
        if let (Some(first_hit), Some(counts)) = (&first_hit, &counts) {
            for (first, count) in first_hit.values().iter().zip(counts.values()) {
                if *first as usize != end {
                    return Err(damaged(
                        Table::Visits,
                        "first_hit",
                        "does not follow the hits",
                    ));
                }
                first_hits.push(*first);
                end += *count as usize;
            }
        } else if visits > 0 {
            return Err(damaged(Table::Visits, "first_hit", "is missing"));
        }
        if end > hits {
            return Err(damaged(Table::Visits, "hits", "reaches past the hits"));
        }
        first_hits.push(end as u32);
        Ok(Layout {
            visits,
            loose_from: end,
            first_hits,
            hits,
        })
    }

    pub(crate) fn scenes(&self) -> usize {
        self.visits + self.hits - self.loose_from
    }

    /// The rows in `Hits` of a scene.
    pub(crate) fn hits_of(&self, scene: usize) -> std::ops::Range<usize> {
        self.first_hit(scene)..self.first_hit(scene + 1)
    }

    /// The first hit of a scene; of the one past the last, the end.
    pub(crate) fn first_hit(&self, scene: usize) -> usize {
        match scene.checked_sub(self.visits) {
            Some(lone) => self.loose_from + lone,
            None => self.first_hits[scene] as usize,
        }
    }

    /// How many things each scene has, where `kept` says which hits are one.
    fn count<'a>(
        &'a self,
        kept: impl Fn(usize) -> u32 + Clone + 'a,
    ) -> impl Iterator<Item = u32> + Clone + 'a {
        (0..self.scenes()).map(move |scene| self.hits_of(scene).map(&kept).sum())
    }
}

impl Loaded for Layout {
    fn bytes(&self) -> usize {
        self.first_hits.len() * 4
    }
}

impl Loaded for Instants {
    fn bytes(&self) -> usize {
        self.bytes()
    }
}

impl Loaded for Moments {
    fn bytes(&self) -> usize {
        self.bytes()
    }
}

impl Loaded for Amounts {
    fn bytes(&self) -> usize {
        self.bytes()
    }
}

impl Loaded for Codes {
    fn bytes(&self) -> usize {
        self.bytes()
    }
}

impl Loaded for Bits {
    fn bytes(&self) -> usize {
        self.bytes()
    }
}

impl Loaded for Things {
    fn bytes(&self) -> usize {
        self.bytes()
    }
}

impl Loaded for Vec<VisitorKey> {
    fn bytes(&self) -> usize {
        self.len() * 16
    }
}

/// `kind` of page views, events and product actions, as the layout numbers them.
const PAGE_VIEW: u8 = 1;
const EVENT: u8 = 2;
const PRODUCT: u8 = 4;
/// `item` of products and promotions.
const ITEM_PRODUCT: u8 = 1;
const ITEM_PROMOTION: u8 = 2;

impl Image {
    pub(super) fn read_starts(&self) -> Result<Instants, StoreError> {
        let layout = self.layout()?;
        let mut starts = Vec::with_capacity(layout.scenes());
        if layout.visits > 0 {
            let column = self.reader().times(Table::Visits, "start")?;
            let column = column.ok_or_else(|| damaged(Table::Visits, "start", "is missing"))?;
            starts.extend_from_slice(column.values());
        }
        if layout.hits > layout.loose_from {
            let column = self.reader().times(Table::Hits, "time")?;
            let column = column.ok_or_else(|| damaged(Table::Hits, "time", "is missing"))?;
            starts.extend_from_slice(&column.values()[layout.loose_from..]);
        }
        Ok(Instants::from_values(starts))
    }

    pub(super) fn read_durations(&self) -> Result<Amounts, StoreError> {
        let layout = self.layout()?;
        let starts = self.reader().times(Table::Visits, "start")?;
        let ends = self.reader().times(Table::Visits, "end")?;
        let (Some(starts), Some(ends)) = (starts, ends) else {
            return Ok(Amounts::Nothing);
        };
        let lone = std::iter::repeat_n(None, layout.scenes() - layout.visits);
        let visits = starts.values().iter().zip(ends.values());
        Ok(Amounts::collect(
            visits
                .map(|(start, end)| Some(end.saturating_sub(*start)))
                .chain(lone),
        ))
    }

    pub(super) fn read_exclusions(&self) -> Result<Codes, StoreError> {
        let layout = self.layout()?;
        let visits = self.reader().small(Table::Visits, "exclusion")?;
        let hits = self.reader().small(Table::Hits, "exclusion")?;
        let number = |scene: usize| {
            let (column, row) = match scene.checked_sub(layout.visits) {
                None => (&visits, scene),
                Some(lone) => (&hits, layout.loose_from + lone),
            };
            // A number of 0 would be no exclusion, yet it was written as one.
            let valid = column.as_ref().filter(|column| column.is_valid(row));
            valid.map_or(0, |column| u32::from(column.value(row)).max(1))
        };
        let scenes = layout.scenes();
        let greatest = (0..scenes).map(number).max().unwrap_or(0);
        Ok(Codes::collect(greatest, (0..scenes).map(number)))
    }

    pub(super) fn read_excluded(&self) -> Result<Bits, StoreError> {
        let exclusions = self.exclusions()?;
        Ok(Bits::from_fn(exclusions.len(), |scene| {
            exclusions.get(scene) != 0
        }))
    }

    pub(super) fn read_bounces(&self) -> Result<Bits, StoreError> {
        let layout = self.layout()?;
        let column = self.reader().flags(Table::Visits, "is_bounce")?;
        Ok(Bits::from_fn(layout.scenes(), |scene| {
            scene < layout.visits
                && column
                    .as_ref()
                    .is_some_and(|it| it.is_valid(scene) && it.value(scene))
        }))
    }

    pub(super) fn read_visitors(&self) -> Result<Visitors, StoreError> {
        let layout = self.layout()?;
        let Some(column) = self.reader().keys(Table::Visits, "visitor")? else {
            if layout.visits > 0 {
                return Err(damaged(Table::Visits, "visitor", "is missing"));
            }
            return Ok(Visitors::from_keys(0, std::iter::empty()));
        };
        let keys = (0..layout.visits).map(|visit| visitor_key(column.value(visit)));
        let visitors = Visitors::from_keys(layout.visits, keys);
        if !visitors.keys.is_sorted_by(|one, other| one < other) {
            return Err(damaged(Table::Visits, "visitor", "is not ascending"));
        }
        Ok(visitors)
    }

    pub(super) fn read_lone_visitors(&self) -> Result<Vec<VisitorKey>, StoreError> {
        let layout = self.layout()?;
        let column = self.reader().keys(Table::Hits, "visitor")?;
        let key = |hit: usize| match &column {
            Some(column) if column.is_valid(hit) => visitor_key(column.value(hit)),
            _ => VisitorKey::NOBODY,
        };
        Ok((layout.loose_from..layout.hits).map(key).collect())
    }

    pub(super) fn read_things(&self, thing: Thing) -> Result<Things, StoreError> {
        let layout = self.layout()?;
        let scenes = layout.scenes();
        match thing {
            Thing::Scene => Ok(Things {
                offsets: Offsets::from_counts(scenes, std::iter::repeat_n(1, scenes)),
                rows: Vec::new(),
                hit_rows: Vec::new(),
                len: scenes,
            }),
            Thing::Hit => Ok(Things {
                offsets: Offsets::from_counts(
                    scenes,
                    (0..scenes).map(|scene| layout.hits_of(scene).len() as u32),
                ),
                rows: Vec::new(),
                hit_rows: Vec::new(),
                len: layout.hits,
            }),
            Thing::PageView => self.hits_of_kind(&layout, PAGE_VIEW),
            Thing::Event => self.hits_of_kind(&layout, EVENT),
            Thing::Product => self.items_of_kind(&layout, ITEM_PRODUCT),
            Thing::Promotion => self.items_of_kind(&layout, ITEM_PROMOTION),
            Thing::Order | Thing::OrderRow | Thing::Refund | Thing::RefundRow => Ok(Things {
                offsets: Offsets::from_counts(scenes, std::iter::empty()),
                rows: Vec::new(),
                hit_rows: Vec::new(),
                len: 0,
            }),
        }
    }

    fn hits_of_kind(&self, layout: &Layout, kind: u8) -> Result<Things, StoreError> {
        let kinds = self.reader().small(Table::Hits, "kind")?;
        let kinds: &[u8] = kinds.as_ref().map_or(&[], |kinds| kinds.values());
        let count = |hit: usize| u32::from(kinds.get(hit) == Some(&kind));
        let rows: Vec<u32> = (0..layout.hits as u32)
            .filter(|hit| kinds.get(*hit as usize) == Some(&kind))
            .collect();
        Ok(Things {
            offsets: Offsets::from_counts(layout.scenes(), layout.count(count)),
            len: rows.len(),
            rows,
            hit_rows: Vec::new(),
        })
    }

    /// Products or promotions of product actions; for products also each action without any that
    /// tells a list, step or option.
    fn items_of_kind(&self, layout: &Layout, item: u8) -> Result<Things, StoreError> {
        let kinds = self.reader().small(Table::Hits, "kind")?;
        let kinds: &[u8] = kinds.as_ref().map_or(&[], |kinds| kinds.values());
        let items = self.reader().small(Table::Items, "item")?;
        let hits = self.reader().numbers(Table::Items, "hit")?;
        let items: &[u8] = items.as_ref().map_or(&[], |items| items.values());
        let hits: &[u32] = hits.as_ref().map_or(&[], |hits| hits.values());
        if !hits.is_sorted() {
            return Err(damaged(Table::Items, "hit", "is not ascending"));
        }
        let lists = self.reader().texts(Table::Hits, "list")?;
        let options = self.reader().texts(Table::Hits, "checkout_option")?;
        let steps = self.reader().numbers(Table::Hits, "checkout_step")?;
        let tells_of_itself = |hit: usize| {
            let told = |texts: &Option<Texts>| {
                texts
                    .as_ref()
                    .and_then(|texts| texts.get(hit))
                    .is_some_and(|text| !text.is_empty())
            };
            told(&lists) || told(&options) || steps.as_ref().is_some_and(|it| it.is_valid(hit))
        };
        let (mut rows, mut hit_rows) = (Vec::new(), Vec::new());
        let mut at = 0;
        for hit in (0..layout.hits as u32).filter(|hit| kinds.get(*hit as usize) == Some(&PRODUCT))
        {
            while hits.get(at).is_some_and(|of| *of < hit) {
                at += 1;
            }
            let before = rows.len();
            while hits.get(at) == Some(&hit) {
                if items.get(at) == Some(&item) {
                    rows.push(at as u32);
                    hit_rows.push(hit);
                }
                at += 1;
            }
            if item == ITEM_PRODUCT && rows.len() == before && tells_of_itself(hit as usize) {
                rows.push(NO_ROW);
                hit_rows.push(hit);
            }
        }
        let mut counts = vec![0_u32; layout.scenes()];
        let mut scene = 0;
        for hit in &hit_rows {
            while layout.first_hit(scene + 1) <= *hit as usize {
                scene += 1;
            }
            counts[scene] += 1;
        }
        Ok(Things {
            offsets: Offsets::from_counts(layout.scenes(), counts.iter().copied()),
            len: rows.len(),
            rows,
            hit_rows,
        })
    }

    pub(super) fn read_moments(&self, thing: Thing) -> Result<Moments, StoreError> {
        let things = self.things(thing)?;
        let starts = self.starts()?;
        let scenes = self.layout()?.scenes();
        let times = self.reader().times(Table::Hits, "time")?;
        let times: &[i64] = times.as_ref().map_or(&[], |times| times.values());
        let hit_rows = if things.hit_rows.is_empty() {
            &things.rows
        } else {
            &things.hit_rows
        };
        let pairs = (0..scenes).flat_map(|scene| {
            let start = starts.get(scene);
            things.offsets.of(scene).map(move |row| {
                let hit = hit_rows.get(row).map_or(row, |hit| *hit as usize);
                (start, times.get(hit).copied().unwrap_or(start))
            })
        });
        Ok(Moments::collect(pairs))
    }

    pub(super) fn read_actions(&self, thing: Thing) -> Result<Codes, StoreError> {
        let things = self.things(thing)?;
        let actions = self.reader().small(Table::Hits, "product_action")?;
        let actions: &[u8] = actions.as_ref().map_or(&[], |actions| actions.values());
        let action = |(row, hit): (&u32, &u32)| match actions.get(*hit as usize) {
            Some(action) if *row != NO_ROW => u32::from(*action),
            _ => 0,
        };
        let rows = things.rows.iter().zip(&things.hit_rows);
        Ok(Codes::collect(u32::from(u8::MAX), rows.map(action)))
    }

    pub(super) fn read_time_on_page(&self) -> Result<Amounts, StoreError> {
        let things = self.things(Thing::PageView)?;
        let Some(column) = self.reader().times(Table::Hits, "time_on_page")? else {
            return Ok(Amounts::Nothing);
        };
        let rows = things.rows.iter().map(|row| *row as usize);
        Ok(Amounts::collect(rows.map(|row| {
            column.is_valid(row).then(|| column.value(row))
        })))
    }

    pub(super) fn read_scroll_depth(&self) -> Result<Amounts, StoreError> {
        let things = self.things(Thing::PageView)?;
        let Some(column) = self.reader().small(Table::Hits, "scroll_depth")? else {
            return Ok(Amounts::Nothing);
        };
        let rows = things.rows.iter().map(|row| *row as usize);
        let value = |row: usize| column.is_valid(row).then(|| i64::from(column.value(row)));
        Ok(Amounts::collect(rows.map(value)))
    }
}

/// A key from its 16 bytes; of any other length, nobody's.
fn visitor_key(bytes: &[u8]) -> VisitorKey {
    VisitorKey(<[u8; 16]>::try_from(bytes).map_or(0, u128::from_be_bytes))
}
