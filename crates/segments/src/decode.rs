//! From columns back to visits.

use std::ops::Range;
use std::sync::Arc;

use afsa_model::{
    Client, Custom, Decimal, Engagement, Event, Exclusion, Hit, HitKind, OrderFields, OrderState,
    OrderStatus, PageContext, PageViewMeasures, Product, ProductAction, ProductHit, Promotion,
    Purchase, Refund, Timestamp, TimingOrException, Visit, VisitorFields, VisitorKey,
};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, UInt32Array};

use crate::encode::{item, kind};
use crate::layout::{ClientColumns, HitColumns, ItemColumns, OriginColumns, Reading, VisitColumns};
use crate::readers::{Load, Take};
use crate::rows::RowSource;
use crate::{SegmentError, Table, pairs};

/// Decodes ranges of rows. What ranges share is read once.
pub(crate) struct Decoder<'a> {
    source: &'a dyn RowSource,
    clients: Records<ClientColumns<Reading>>,
    origins: Records<OriginColumns<Reading>>,
    /// For each item the row of its hit, ascending.
    hits_of_items: UInt32Array,
}

/// A table of distinct records, each allocated when it is first asked for.
struct Records<C: Take> {
    columns: C,
    made: Vec<Option<Arc<C::Value>>>,
}

impl<C: Load + Take> Records<C> {
    fn read(source: &dyn RowSource, table: Table) -> Result<Records<C>, SegmentError> {
        let rows = source.rows(table);
        let columns = source.read(table, 0..rows, None)?;
        Ok(Records {
            columns: C::load("", &columns)?,
            made: vec![None; rows],
        })
    }

    fn get(&mut self, row: u32) -> Option<Arc<C::Value>> {
        let row = row as usize;
        let made = self.made.get_mut(row)?;
        Some(
            made.get_or_insert_with(|| Arc::new(self.columns.take(row)))
                .clone(),
        )
    }
}

impl<'a> Decoder<'a> {
    pub fn new(source: &'a dyn RowSource) -> Result<Decoder<'a>, SegmentError> {
        let rows = source.rows(Table::Items);
        let items = source.read(Table::Items, 0..rows, Some(&["hit"]))?;
        let hits_of_items = match items.get("hit") {
            Some(array) => array
                .as_primitive_opt::<UInt32Type>()
                .filter(|array| array.null_count() == 0)
                .ok_or_else(|| items.mistyped("hit"))?
                .clone(),
            None if rows == 0 => UInt32Array::from(Vec::<u32>::new()),
            None => return Err(items.damaged("column hit is missing")),
        };
        Ok(Decoder {
            source,
            clients: Records::read(source, Table::Clients)?,
            origins: Records::read(source, Table::Origins)?,
            hits_of_items,
        })
    }

    /// The visits of these rows.
    pub fn visits(&mut self, rows: Range<usize>) -> Result<Vec<Visit>, SegmentError> {
        let columns = self.source.read(Table::Visits, rows.clone(), None)?;
        let visits = VisitColumns::<Reading>::load("", &columns)?;
        let hits_of = |row: usize| -> Option<Range<usize>> {
            let first = visits.first_hit.take(row)? as usize;
            Some(first..first + visits.hits.take(row)? as usize)
        };
        let first = hits_of(0).map_or(0, |hits| hits.start);
        let end = hits_of(rows.len().wrapping_sub(1)).map_or(first, |hits| hits.end);
        let mut hits = self.hits(first..end.max(first))?;
        let mut decoded = Vec::with_capacity(rows.len());
        for row in 0..rows.len() {
            let missing = || {
                columns.damaged(format!(
                    "row {}: a value is missing or unknown",
                    rows.start + row
                ))
            };
            let visitor = VisitorKey(visits.visitor.take(row).ok_or_else(missing)?);
            let client = Arc::new(visits.client.take(row));
            let mut visit = Visit {
                visitor,
                start: Timestamp(visits.start.take(row).ok_or_else(missing)?),
                end: Timestamp(visits.end.take(row).ok_or_else(missing)?),
                origin: Arc::new(visits.origin.take(row)),
                client: client.clone(),
                hostname: visits.hostname.take(row),
                user: visits.user_id.take(row),
                role: visits.user_role.take(row),
                entry_page: visits.entry_page.take(row),
                exit_page: visits.exit_page.take(row),
                exclusion: known(visits.exclusion.take(row), exclusion).ok_or_else(missing)?,
                is_bounce: visits.is_bounce.take(row).ok_or_else(missing)?,
                hits: Vec::new(),
                page_views: Vec::new(),
            };
            let of_visit = hits_of(row).ok_or_else(missing)?;
            if of_visit.start != hits.next_row() {
                return Err(columns.damaged(format!(
                    "row {}: hits are not those after the visit before",
                    rows.start + row
                )));
            }
            visit.hits.reserve_exact(of_visit.len().min(hits.left()));
            for _ in of_visit {
                let (hit, measures) = self.hit(&mut hits, visitor, Some(&client))?;
                visit.hits.push(hit);
                visit.page_views.extend(measures);
            }
            decoded.push(visit);
        }
        Ok(decoded)
    }

    /// The loose hits of these rows.
    pub fn loose(&mut self, rows: Range<usize>) -> Result<Vec<Hit>, SegmentError> {
        let mut hits = self.hits(rows.clone())?;
        let mut decoded = Vec::with_capacity(rows.len());
        for _ in rows {
            let visitor = hits.columns.visitor.take(hits.next);
            let visitor = VisitorKey(visitor.ok_or_else(|| hits.damaged("visitor is missing"))?);
            decoded.push(self.hit(&mut hits, visitor, None)?.0);
        }
        Ok(decoded)
    }

    /// Reads hits and the items that belong to them.
    fn hits(&self, rows: Range<usize>) -> Result<HitRows, SegmentError> {
        let columns = self.source.read(Table::Hits, rows.clone(), None)?;
        let hits = HitColumns::load("", &columns)?;
        let items = self.hits_of_items.values();
        let first = items.partition_point(|hit| (*hit as usize) < rows.start);
        let end = first + items[first..].partition_point(|hit| (*hit as usize) < rows.end);
        let item_columns = self.source.read(Table::Items, first..end, None)?;
        Ok(HitRows {
            path: columns.damaged(""),
            next: 0,
            items: ItemColumns::load("", &item_columns)?,
            next_item: 0,
            item_count: end - first,
            columns: hits,
            rows,
        })
    }

    fn hit(
        &mut self,
        hits: &mut HitRows,
        visitor: VisitorKey,
        client_of_visit: Option<&Arc<Client>>,
    ) -> Result<(Hit, Option<PageViewMeasures>), SegmentError> {
        let row = hits.next;
        if row >= hits.rows.len() {
            return Err(hits.damaged("there are fewer hits than visits count"));
        }
        let columns = &hits.columns;
        let client = match (columns.client.take(row), client_of_visit) {
            (Some(client), _) => self.clients.get(client),
            (None, Some(client)) => Some(client.clone()),
            (None, None) => None,
        };
        let Some(client) = client else {
            return Err(hits.damaged("its client is missing"));
        };
        let origin = columns
            .origin
            .take(row)
            .map(|origin| self.origins.get(origin));
        if origin.as_ref().is_some_and(Option::is_none) {
            return Err(hits.damaged("its origin is missing"));
        }
        let missing = || hits.damaged("a value is missing or unknown");
        let code = columns.kind.take(row).ok_or_else(missing)?;
        let hit = Hit {
            time: Timestamp(columns.time.take(row).ok_or_else(missing)?),
            sequence: columns.sequence.take(row).ok_or_else(missing)?,
            visitor,
            by_user: columns.by_user.take(row).ok_or_else(missing)?,
            import: columns.import.take(row).ok_or_else(missing)?,
            exclusion: known(columns.exclusion.take(row), exclusion).ok_or_else(missing)?,
            user: columns.user_id.take(row),
            role: columns.user_role.take(row),
            client,
            origin: origin.flatten(),
            page: hits.page(),
            custom: hits.custom(),
            kind: hits.kind(code)?,
        };
        let columns = &hits.columns;
        let measures = (code == kind::PAGE_VIEW).then(|| PageViewMeasures {
            time_on_page: columns.time_on_page.take(row),
            scroll_depth: columns.scroll_depth.take(row),
        });
        hits.next += 1;
        Ok((hit, measures))
    }
}

/// Hits of a range of rows, with their items, to be taken in order.
struct HitRows {
    /// An error that knows the path.
    path: SegmentError,
    columns: HitColumns<Reading>,
    rows: Range<usize>,
    /// Counted from the range's start.
    next: usize,
    items: ItemColumns<Reading>,
    next_item: usize,
    item_count: usize,
}

impl HitRows {
    fn next_row(&self) -> usize {
        self.rows.start + self.next
    }

    fn left(&self) -> usize {
        self.rows.len().saturating_sub(self.next)
    }

    fn damaged(&self, problem: &str) -> SegmentError {
        match &self.path {
            SegmentError::Damaged { path, .. } => SegmentError::Damaged {
                path: path.clone(),
                problem: format!("row {}: {problem}", self.next_row()),
            },
            other => other.clone(),
        }
    }

    fn page(&self) -> Option<Arc<PageContext>> {
        let (columns, row) = (&self.columns, self.next);
        let has_location = columns.has_location.take(row)?;
        Some(Arc::new(PageContext {
            has_location,
            hostname: columns.hostname.take(row),
            page: columns.page.take(row),
            title: columns.page_title.take(row),
            content_groups: columns
                .content_group
                .each_ref()
                .map(|group| group.take(row)),
        }))
    }

    fn custom(&self) -> Option<Box<Custom>> {
        let (columns, row) = (&self.columns, self.next);
        let mut custom = Custom::default();
        for (number, column) in (1..).zip(&columns.dimension) {
            custom
                .dimensions
                .extend(column.take(row).map(|value| (number, value)));
        }
        for (number, column) in (1..).zip(&columns.metric) {
            let value: Option<Decimal> = column.take(row);
            custom.metrics.extend(value.map(|value| (number, value)));
        }
        (custom != Custom::default()).then(|| Box::new(custom))
    }

    fn kind(&mut self, code: u8) -> Result<HitKind, SegmentError> {
        let (columns, row) = (&self.columns, self.next);
        Ok(match code {
            kind::PAGE_VIEW => HitKind::PageView,
            kind::EVENT => HitKind::Event(Box::new(Event {
                category: columns.event_category.take(row),
                action: columns.event_action.take(row),
                label: columns.event_label.take(row),
                event_type: columns.event_type.take(row),
                url: columns.event_url.take(row),
                value: columns.event_value.take(row),
                non_interaction: columns.non_interaction.take(row).unwrap_or_default(),
            })),
            kind::ENGAGEMENT => HitKind::Engagement(Engagement {
                visible: columns.visible.take(row),
                scroll_depth: columns.scroll.take(row),
            }),
            kind::PRODUCT => HitKind::Product(Box::new(self.product_hit()?)),
            kind::PURCHASE => HitKind::Purchase(Box::new(Purchase {
                order: self.order()?,
                products: self.take_items()?.0,
            })),
            kind::REFUND => HitKind::Refund(Box::new(Refund {
                order: self.order()?,
                products: self.take_items()?.0,
            })),
            kind::ORDER_STATUS => HitKind::OrderStatus(Box::new(OrderStatus {
                order: self.order()?,
            })),
            kind::VISITOR => {
                let fields = columns.visitor_fields.take(row);
                let fields = fields
                    .map(|fields| pairs::split(&fields))
                    .unwrap_or_default();
                HitKind::Visitor(Box::new(VisitorFields { fields }))
            }
            kind::TIMING => HitKind::Timing(Box::new(self.timing_or_exception())),
            kind::EXCEPTION => HitKind::Exception(Box::new(self.timing_or_exception())),
            other => return Err(self.damaged(&format!("there is no kind {other}"))),
        })
    }

    fn product_hit(&mut self) -> Result<ProductHit, SegmentError> {
        let (columns, row) = (&self.columns, self.next);
        let action = columns.product_action.take(row).and_then(product_action);
        let action = action.ok_or_else(|| self.damaged("its product action is missing"))?;
        let list = columns.list.take(row);
        let step = columns.checkout_step.take(row);
        let option = columns.checkout_option.take(row);
        let (products, promotions) = self.take_items()?;
        Ok(ProductHit {
            action,
            list,
            step,
            option,
            products,
            promotions,
        })
    }

    fn order(&self) -> Result<OrderFields, SegmentError> {
        let (columns, row) = (&self.columns, self.next);
        let mut order = columns.order.take(row);
        let state = known(columns.order_state.take(row), order_state);
        order.state = state.ok_or_else(|| self.damaged("its order has an unknown state"))?;
        Ok(order)
    }

    fn timing_or_exception(&self) -> TimingOrException {
        let (columns, row) = (&self.columns, self.next);
        TimingOrException {
            category: columns.event_category.take(row),
            action: columns.event_action.take(row),
            label: columns.event_label.take(row),
            value: columns.event_value.take(row),
            fatal: columns.non_interaction.take(row).unwrap_or_default(),
        }
    }

    fn take_items(&mut self) -> Result<(Vec<Product>, Vec<Promotion>), SegmentError> {
        let hit = self.next_row();
        let (mut products, mut promotions) = (Vec::new(), Vec::new());
        while self.next_item < self.item_count {
            let row = self.next_item;
            // Items of hits that can have none would block the way; they are passed over.
            match self.items.hit.take(row) {
                Some(owner) if owner as usize > hit => break,
                Some(owner) if (owner as usize) < hit => {
                    self.next_item += 1;
                    continue;
                }
                _ => {}
            }
            match self.items.item.take(row) {
                Some(item::PRODUCT) => products.push(self.items.product.take(row)),
                Some(item::PROMOTION) => promotions.push(Promotion {
                    id: self.items.product.id.take(row),
                    name: self.items.product.name.take(row),
                    creative: self.items.creative.take(row),
                    position: self.items.promotion_position.take(row),
                }),
                _ => return Err(self.damaged("an item of it is of no known kind")),
            }
            self.next_item += 1;
        }
        Ok((products, promotions))
    }
}

/// What a code stands for: `None` where nobody knows, `Some(None)` where there is none.
fn known<T>(code: Option<u8>, meaning: impl Fn(u8) -> Option<T>) -> Option<Option<T>> {
    match code {
        Some(code) => meaning(code).map(Some),
        None => Some(None),
    }
}

fn product_action(code: u8) -> Option<ProductAction> {
    use ProductAction::*;
    [
        Impression,
        Click,
        Detail,
        Add,
        Remove,
        Checkout,
        CheckoutOption,
        PromotionView,
        PromotionClick,
    ]
    .into_iter()
    .find(|action| *action as u8 == code)
}

fn order_state(code: u8) -> Option<OrderState> {
    [
        OrderState::Pending,
        OrderState::Completed,
        OrderState::Cancelled,
    ]
    .into_iter()
    .find(|state| *state as u8 == code)
}

fn exclusion(code: u8) -> Option<Exclusion> {
    use Exclusion::*;
    [Robot, Monitor, ReferrerSpam, OwnPeople, Behaviour]
        .into_iter()
        .find(|exclusion| *exclusion as u8 == code)
}
