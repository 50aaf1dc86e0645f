//! From visits to columns.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use afsa_model::{
    Client, Cut, Hit, HitKind, OrderFields, Origin, PageViewMeasures, Product, Promotion,
    Timestamp, Visit, VisitorKey,
};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::builders::{Build, Put};
use crate::layout::{
    Building, ClientColumns, Columns, HitColumns, ItemColumns, OriginColumns, VisitColumns,
};
use crate::tables::{Summary, Tables};
use crate::{SegmentError, Table, pairs};

/// Codes of the `kind` column.
pub(crate) mod kind {
    pub const PAGE_VIEW: u8 = 1;
    pub const EVENT: u8 = 2;
    pub const ENGAGEMENT: u8 = 3;
    pub const PRODUCT: u8 = 4;
    pub const PURCHASE: u8 = 5;
    pub const REFUND: u8 = 6;
    pub const ORDER_STATUS: u8 = 7;
    pub const VISITOR: u8 = 8;
    pub const TIMING: u8 = 9;
    pub const EXCEPTION: u8 = 10;
}

/// Codes of the `item` column.
pub(crate) mod item {
    pub const PRODUCT: u8 = 1;
    pub const PROMOTION: u8 = 2;
}

/// More rows than this no table takes: row numbers, and the differences of any two, are then
/// 32-bit numbers for whoever reads them.
const MOST_ROWS: usize = i32::MAX as usize;

/// Turns the visits and loose hits of visitors, strictly ascending by key, into columns. Only
/// [`VisitorKey::NOBODY`] may come several times: his hits are in no order.
///
/// Every field is kept as it is, with two exceptions, both without meaning: a
/// [`Custom`](afsa_model::Custom) without values is no custom at all, and its numbers outside of
/// 1–20 are dropped. Visits and hits are taken to be their visitor's, in the order that
/// [`Cut`] promises.
///
/// # Errors
/// [`SegmentError::Unsorted`] where a key isn't above the one before, and
/// [`SegmentError::TooLarge`] where a table or a column has no room left.
pub fn encode(cuts: impl IntoIterator<Item = (VisitorKey, Cut)>) -> Result<Tables, SegmentError> {
    let mut encoder = Encoder::default();
    let mut loose = Vec::new();
    let mut previous: Option<VisitorKey> = None;
    for (visitor, cut) in cuts {
        let is_nobody_again = visitor == VisitorKey::NOBODY && previous == Some(VisitorKey::NOBODY);
        if let Some(previous) = previous.filter(|previous| *previous >= visitor)
            && !is_nobody_again
        {
            return Err(SegmentError::Unsorted {
                previous: previous.0,
                visitor: visitor.0,
            });
        }
        previous = Some(visitor);
        for visit in &cut.visits {
            encoder.visit(visitor, visit)?;
        }
        if !is_nobody_again && (!cut.visits.is_empty() || !cut.loose.is_empty()) {
            encoder.summary.visitors += 1;
        }
        if !cut.loose.is_empty() {
            loose.push((visitor, cut.loose));
        }
    }
    for (visitor, hits) in loose {
        for hit in &hits {
            encoder.loose(visitor, hit)?;
        }
    }
    encoder.finish()
}

#[derive(Default)]
struct Encoder {
    visits: VisitColumns<Building>,
    hits: HitColumns<Building>,
    items: ItemColumns<Building>,
    clients: ClientColumns<Building>,
    origins: OriginColumns<Building>,
    client_rows: Distinct<Client>,
    origin_rows: Distinct<Origin>,
    hit_count: usize,
    item_count: usize,
    visit_count: usize,
    imports: BTreeSet<u32>,
    last_import: Option<u32>,
    summary: Summary,
}

impl Encoder {
    fn visit(&mut self, visitor: VisitorKey, visit: &Visit) -> Result<(), SegmentError> {
        let row = self.visit_count;
        let number = row_number(Table::Visits, row)?;
        let columns = &mut self.visits;
        columns.visitor.set(row, visitor.0);
        columns.start.set(row, visit.start.0);
        columns.end.set(row, visit.end.0);
        columns
            .first_hit
            .set(row, row_number(Table::Hits, self.hit_count)?);
        columns
            .hits
            .set(row, row_number(Table::Hits, visit.hits.len())?);
        if let Some(exclusion) = visit.exclusion {
            columns.exclusion.set(row, exclusion as u8);
            self.summary.has_excluded = true;
        }
        columns.is_bounce.set(row, visit.is_bounce);
        columns.origin.put(row, &visit.origin);
        columns.client.put(row, &visit.client);
        columns.hostname.put(row, &visit.hostname);
        columns.entry_page.put(row, &visit.entry_page);
        columns.exit_page.put(row, &visit.exit_page);
        columns.user_id.put(row, &visit.user);
        columns.user_role.put(row, &visit.role);
        self.visit_count += 1;

        let summary = &mut self.summary;
        widen(
            &mut summary.first_start,
            &mut summary.last_start,
            visit.start,
        );
        widen(&mut summary.first_end, &mut summary.last_end, visit.end);

        let mut measures = visit.page_views.iter();
        for hit in &visit.hits {
            let measures = match hit.kind {
                HitKind::PageView => measures.next().copied(),
                _ => None,
            };
            self.hits.visit.set(self.hit_count, number);
            self.hit(hit, Some(&visit.client), measures.unwrap_or_default())?;
        }
        Ok(())
    }

    fn loose(&mut self, visitor: VisitorKey, hit: &Hit) -> Result<(), SegmentError> {
        self.hits.visitor.set(self.hit_count, visitor.0);
        self.summary.loose += 1;
        self.hit(hit, None, PageViewMeasures::default())
    }

    fn hit(
        &mut self,
        hit: &Hit,
        client_of_visit: Option<&Arc<Client>>,
        measures: PageViewMeasures,
    ) -> Result<(), SegmentError> {
        let row = self.hit_count;
        row_number(Table::Hits, row)?;
        let columns = &mut self.hits;
        columns.time.set(row, hit.time.0);
        columns.sequence.set(row, hit.sequence);
        columns.by_user.set(row, hit.by_user);
        columns.import.set(row, hit.import);
        if self.last_import != Some(hit.import) {
            self.last_import = Some(hit.import);
            self.imports.insert(hit.import);
        }
        columns
            .exclusion
            .put(row, &hit.exclusion.map(|exclusion| exclusion as u8));
        columns.user_id.put(row, &hit.user);
        columns.user_role.put(row, &hit.role);
        if client_of_visit.is_none_or(|client| *client != hit.client) {
            let columns = &mut self.clients;
            let put = |row, client: &Client| columns.put(row, client);
            self.hits
                .client
                .set(row, self.client_rows.row(&hit.client, put)?);
        }
        if let Some(origin) = &hit.origin {
            let columns = &mut self.origins;
            let put = |row, origin: &Origin| columns.put(row, origin);
            self.hits
                .origin
                .set(row, self.origin_rows.row(origin, put)?);
        }
        self.page(row, hit);
        self.kind(row, hit, measures)?;
        let summary = &mut self.summary;
        widen(&mut summary.first_hit, &mut summary.last_hit, hit.time);
        self.hit_count += 1;
        Ok(())
    }

    fn page(&mut self, row: usize, hit: &Hit) {
        let columns = &mut self.hits;
        if let Some(page) = &hit.page {
            columns.has_location.set(row, page.has_location);
            columns.hostname.put(row, &page.hostname);
            columns.page.put(row, &page.page);
            columns.page_title.put(row, &page.title);
            for (column, group) in columns.content_group.iter_mut().zip(&page.content_groups) {
                column.put(row, group);
            }
        }
        if let Some(custom) = &hit.custom {
            let index = |number: u8| usize::from(number).wrapping_sub(1);
            for (number, value) in &custom.dimensions {
                if let Some(column) = columns.dimension.get_mut(index(*number)) {
                    column.set(row, value);
                }
            }
            for (number, value) in &custom.metrics {
                if let Some(column) = columns.metric.get_mut(index(*number)) {
                    column.put(row, &Some(*value));
                }
            }
        }
    }

    fn kind(
        &mut self,
        row: usize,
        hit: &Hit,
        measures: PageViewMeasures,
    ) -> Result<(), SegmentError> {
        let columns = &mut self.hits;
        let kind = match &hit.kind {
            HitKind::PageView => {
                columns.time_on_page.put(row, &measures.time_on_page);
                columns.scroll_depth.put(row, &measures.scroll_depth);
                kind::PAGE_VIEW
            }
            HitKind::Event(event) => {
                columns.event_category.put(row, &event.category);
                columns.event_action.put(row, &event.action);
                columns.event_label.put(row, &event.label);
                columns.event_type.put(row, &event.event_type);
                columns.event_url.put(row, &event.url);
                columns.event_value.put(row, &event.value);
                columns.non_interaction.set(row, event.non_interaction);
                kind::EVENT
            }
            HitKind::Engagement(engagement) => {
                columns.visible.put(row, &engagement.visible);
                columns.scroll.put(row, &engagement.scroll_depth);
                kind::ENGAGEMENT
            }
            HitKind::Product(product) => {
                columns.product_action.set(row, product.action as u8);
                columns.list.put(row, &product.list);
                columns.checkout_step.put(row, &product.step);
                columns.checkout_option.put(row, &product.option);
                self.products(row, &product.products)?;
                self.promotions(row, &product.promotions)?;
                kind::PRODUCT
            }
            HitKind::Purchase(purchase) => {
                self.order(row, &purchase.order);
                self.products(row, &purchase.products)?;
                kind::PURCHASE
            }
            HitKind::Refund(refund) => {
                self.order(row, &refund.order);
                self.products(row, &refund.products)?;
                kind::REFUND
            }
            HitKind::OrderStatus(status) => {
                self.order(row, &status.order);
                kind::ORDER_STATUS
            }
            HitKind::Visitor(visitor) => {
                if let Some(joined) = pairs::join(&visitor.fields) {
                    columns.visitor_fields.set(row, &joined.into());
                }
                kind::VISITOR
            }
            HitKind::Timing(said) | HitKind::Exception(said) => {
                columns.event_category.put(row, &said.category);
                columns.event_action.put(row, &said.action);
                columns.event_label.put(row, &said.label);
                columns.event_value.put(row, &said.value);
                columns.non_interaction.set(row, said.fatal);
                match hit.kind {
                    HitKind::Timing(_) => kind::TIMING,
                    _ => kind::EXCEPTION,
                }
            }
        };
        self.hits.kind.set(row, kind);
        Ok(())
    }

    fn order(&mut self, row: usize, order: &OrderFields) {
        self.hits.order.put(row, order);
        self.hits
            .order_state
            .put(row, &order.state.map(|state| state as u8));
    }

    fn products(&mut self, hit: usize, products: &[Product]) -> Result<(), SegmentError> {
        for product in products {
            let row = self.item(hit, item::PRODUCT)?;
            self.items.product.put(row, product);
        }
        Ok(())
    }

    fn promotions(&mut self, hit: usize, promotions: &[Promotion]) -> Result<(), SegmentError> {
        for promotion in promotions {
            let row = self.item(hit, item::PROMOTION)?;
            self.items.product.id.put(row, &promotion.id);
            self.items.product.name.put(row, &promotion.name);
            self.items.creative.put(row, &promotion.creative);
            self.items.promotion_position.put(row, &promotion.position);
        }
        Ok(())
    }

    fn item(&mut self, hit: usize, item: u8) -> Result<usize, SegmentError> {
        let row = self.item_count;
        row_number(Table::Items, row)?;
        self.items.hit.set(row, row_number(Table::Hits, hit)?);
        self.items.item.set(row, item);
        self.item_count += 1;
        Ok(row)
    }

    fn finish(mut self) -> Result<Tables, SegmentError> {
        self.summary.visits = self.visit_count as u64;
        self.summary.hits = self.hit_count as u64;
        self.summary.items = self.item_count as u64;
        self.summary.imports = self.imports.into_iter().collect();
        Ok(Tables::new(
            [
                columns(Table::Visits, self.visits, self.visit_count)?,
                columns(Table::Hits, self.hits, self.hit_count)?,
                columns(Table::Items, self.items, self.item_count)?,
                columns(Table::Clients, self.clients, self.client_rows.kept.len())?,
                columns(Table::Origins, self.origins, self.origin_rows.kept.len())?,
            ],
            self.summary,
        ))
    }
}

fn columns(table: Table, built: impl Build, rows: usize) -> Result<(Columns, usize), SegmentError> {
    let mut columns = Columns::new(format!("{table} in memory"));
    built.finish("", rows, &mut columns)?;
    Ok((columns, rows))
}

fn row_number(table: Table, row: usize) -> Result<u32, SegmentError> {
    if row >= MOST_ROWS {
        return Err(SegmentError::TooLarge(format!("rows of {table}")));
    }
    Ok(row as u32)
}

fn widen(first: &mut Option<Timestamp>, last: &mut Option<Timestamp>, time: Timestamp) {
    *first = Some(first.map_or(time, |first| first.min(time)));
    *last = Some(last.map_or(time, |last| last.max(time)));
}

/// Distinct records in the order of their rows.
struct Distinct<T> {
    kept: Vec<Arc<T>>,
    rows: HashTable<u32>,
    hasher: DefaultHashBuilder,
    last: Option<(Arc<T>, u32)>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Distinct<T> {
        Distinct {
            kept: Vec::new(),
            rows: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            last: None,
        }
    }
}

impl<T: Hash + Eq> Distinct<T> {
    /// The row of the record, which is handed to `put` where it is new.
    fn row(&mut self, record: &Arc<T>, put: impl FnOnce(usize, &T)) -> Result<u32, SegmentError> {
        if let Some((last, row)) = &self.last
            && last == record
        {
            return Ok(*row);
        }
        let Distinct {
            kept, rows, hasher, ..
        } = self;
        let hash = hasher.hash_one(record);
        let is_same = |row: &u32| kept.get(*row as usize).is_some_and(|kept| kept == record);
        let row = match rows.find(hash, is_same) {
            Some(row) => *row,
            None => {
                let row = kept.len();
                if row >= MOST_ROWS {
                    return Err(SegmentError::TooLarge("distinct clients or origins".into()));
                }
                put(row, record);
                kept.push(record.clone());
                rows.insert_unique(hash, row as u32, |row| {
                    kept.get(*row as usize)
                        .map_or(0, |kept| hasher.hash_one(kept))
                });
                row as u32
            }
        };
        self.last = Some((record.clone(), row));
        Ok(row)
    }
}
