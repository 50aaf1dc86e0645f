//! The values that orders, their rows and their refunds have, and what they add to measures.

use std::sync::Arc;

use afsa_model::{DAY, Decimal, OrderState, Product};
use afsa_store::{Dimension, Kind, Measure};

use super::PartOrders;
use super::amounts::Exact;
use super::columns::{Coupons, OrderAmounts};
use super::facts::{Facts, Money};
use super::gather::ToldOrders;
use super::texts::TextColumn;
use crate::image::{Amounts, Codes, Numbered, Thing, Vocabulary, category_level};
use crate::names::{LatestNames, ToldName};

/// The codes of a dimension for each thing of this kind, in the order of its table. A refund has
/// what its order has.
pub(super) fn codes(
    orders: &PartOrders,
    thing: Thing,
    dimension: Dimension,
    vocabulary: &Vocabulary,
) -> Codes {
    let facts = orders.facts();
    let is_of_rows = matches!(thing, Thing::OrderRow | Thing::RefundRow);
    let codes: Vec<u32> = match (thing, dimension) {
        (Thing::OrderRow, Dimension::Coupon) => row_coupons(facts, vocabulary),
        (Thing::RefundRow, Dimension::Coupon) => {
            let of_orders = of_orders(orders, dimension, vocabulary);
            let words = vocabulary.of(dimension);
            let mut words = words.write();
            refund_rows(facts, |order, row| {
                let own = row.coupon.as_ref().map(|coupon| words.code_of_text(coupon));
                own.unwrap_or(of_orders[order])
            })
        }
        (Thing::OrderRow, _) if dimension.kind() == Kind::ProductRow => {
            of_rows(facts, dimension, &mut vocabulary.of(dimension).write())
        }
        (Thing::RefundRow, _) if dimension.kind() == Kind::ProductRow => {
            let words = vocabulary.of(dimension);
            let mut words = words.write();
            refund_rows(facts, |_, row| of_product(row, dimension, &mut words))
        }
        _ => {
            let of_orders = of_orders(orders, dimension, vocabulary);
            if thing == Thing::Order {
                of_orders
            } else if is_of_rows || thing == Thing::Refund {
                let order_of = orders.table(thing).order_of.iter();
                order_of.map(|order| of_orders[*order as usize]).collect()
            } else {
                Vec::new()
            }
        }
    };
    Codes::collect(codes.iter().copied().max().unwrap_or(0), codes.into_iter())
}

/// By order, what the column of its source has for the hit of its purchase.
fn by_hit<'a>(
    facts: &'a Facts,
    column: impl Fn(&'a ToldOrders) -> Option<&'a TextColumn>,
    words: &mut Numbered,
) -> Vec<u32> {
    let sources: Vec<_> = facts
        .sources()
        .iter()
        .map(|told| column(told).map(|column| (column, column.codes(words))))
        .collect();
    let code = |order| {
        let (source, hit) = facts.told_by(order);
        let column = sources[source].as_ref();
        column.map_or(0, |(column, codes)| codes[column.key(hit)])
    };
    (0..facts.len()).map(code).collect()
}

/// Values of orders as such and of the hits that told their purchases.
fn of_orders(orders: &PartOrders, dimension: Dimension, vocabulary: &Vocabulary) -> Vec<u32> {
    let facts = orders.facts();
    let words = vocabulary.of(dimension);
    let mut words = words.write();
    let words = &mut *words;
    let mut numbers = |numbers: &mut dyn Iterator<Item = Option<i64>>| {
        let code = |number: Option<i64>| number.map_or(0, |number| words.code_of_number(number));
        numbers.map(code).collect()
    };
    match dimension {
        Dimension::PurchaseDays => {
            return numbers(&mut facts.since_first_visit().map(|it| Some(it? / DAY)));
        }
        Dimension::PurchaseVisits => return numbers(&mut facts.visits_so_far()),
        Dimension::Customer => {
            return (0..facts.len())
                .map(|order| facts.customer(order).code)
                .collect();
        }
        _ => {}
    }
    match dimension {
        Dimension::OrderId => by_hit(facts, |told| Some(&told.id), words),
        Dimension::Affiliation => by_hit(facts, |told| Some(&told.affiliation), words),
        Dimension::Currency => by_hit(facts, |told| Some(&told.currency), words),
        Dimension::Page => by_hit(facts, |told| Some(&told.page), words),
        Dimension::PageTitle => by_hit(facts, |told| Some(&told.title), words),
        Dimension::Coupon => by_hit(facts, |told| Some(&told.coupon), words),
        Dimension::ContentGroup(number) => {
            let at = usize::from(number).wrapping_sub(1);
            by_hit(facts, |told| told.content_groups.get(at), words)
        }
        Dimension::Custom(number) => {
            let at = usize::from(number).wrapping_sub(1);
            by_hit(facts, |told| told.dimensions.get(at), words)
        }
        Dimension::OrderState => {
            let [pending, completed, cancelled] =
                ["pending", "completed", "cancelled"].map(|state| words.code_of_text(state));
            let state = |order| match facts.state(order) {
                OrderState::Pending => pending,
                OrderState::Completed => completed,
                OrderState::Cancelled => cancelled,
            };
            (0..facts.len()).map(state).collect()
        }
        Dimension::BuyerType => {
            let [first, later] = ["new", "repeat"].map(|buyer| words.code_of_text(buyer));
            let buyer = |order| {
                if orders.first().get(order) {
                    first
                } else {
                    later
                }
            };
            (0..facts.len()).map(buyer).collect()
        }
        _ => vec![0; facts.len()],
    }
}

/// What the product rows of an image's orders have themselves.
struct RowCodes<'a> {
    told: &'a ToldOrders,
    column: Option<(&'a TextColumn, Vec<u32>)>,
    /// Where the column has nothing.
    or_else: Option<(&'a TextColumn, Vec<u32>)>,
}

impl<'a> RowCodes<'a> {
    fn of(told: &'a ToldOrders, dimension: Dimension, words: &mut Numbered) -> RowCodes<'a> {
        let items = &told.items;
        let column = match dimension {
            Dimension::ProductSku => Some(&items.id),
            Dimension::Brand => Some(&items.brand),
            Dimension::Category | Dimension::CategoryLevel(_) => Some(&items.category),
            Dimension::Variant => Some(&items.variant),
            Dimension::ProductList => Some(&items.list),
            _ => None,
        };
        let mut codes = |column: &'a TextColumn| {
            let codes = match dimension {
                Dimension::CategoryLevel(level) => column.map(|category| {
                    category_level(category, level).map_or(0, |name| words.code_of_text(name))
                }),
                _ => column.codes(words),
            };
            (column, codes)
        };
        RowCodes {
            told,
            column: column.map(&mut codes),
            // What tells products apart is the id, else the name.
            or_else: (dimension == Dimension::ProductSku).then(|| codes(&items.name)),
        }
    }

    fn get(&self, row: usize) -> u32 {
        let get = |column: &Option<(&TextColumn, Vec<u32>)>| {
            let (column, codes) = column.as_ref()?;
            Some(column.key(row))
                .filter(|key| *key > 0)
                .map(|key| codes[key])
        };
        get(&self.column)
            .or_else(|| get(&self.or_else))
            .unwrap_or(0)
    }
}

fn of_rows(facts: &Facts, dimension: Dimension, words: &mut Numbered) -> Vec<u32> {
    let sources = facts.sources().iter();
    let sources: Vec<RowCodes> = sources
        .map(|told| RowCodes::of(told, dimension, words))
        .collect();
    let mut codes = Vec::with_capacity(facts.row_amounts().len());
    for order in 0..facts.len() {
        let (source, hit) = facts.told_by(order);
        let source = &sources[source];
        let rows = source.told.items.of(hit);
        if dimension == Dimension::ListPosition {
            let position = |row| source.told.items.position(row);
            let code = |number: Option<i64>| number.map_or(0, |it| words.code_of_number(it));
            codes.extend(rows.map(position).map(code));
        } else {
            codes.extend(rows.map(|row| source.get(row)));
        }
    }
    codes
}

/// The coupon of each row: its own, else its order's.
fn row_coupons(facts: &Facts, vocabulary: &Vocabulary) -> Vec<u32> {
    let mut codes = Vec::with_capacity(facts.row_amounts().len());
    each_coupons(facts, vocabulary, |of_order, rows| {
        codes.extend(rows.map(|own| if own == 0 { of_order } else { own }));
    });
    codes
}

/// Gives the code of each order's own coupon, and those of its rows.
fn each_coupons(
    facts: &Facts,
    vocabulary: &Vocabulary,
    mut each: impl FnMut(u32, &mut dyn Iterator<Item = u32>),
) {
    let words = vocabulary.of(Dimension::Coupon);
    let mut words = words.write();
    let sources = facts.sources().iter();
    let sources: Vec<_> = sources
        .map(|told| {
            let of_order = told.coupon.codes(&mut words);
            (told, of_order, told.items.coupon.codes(&mut words))
        })
        .collect();
    for order in 0..facts.len() {
        let (source, hit) = facts.told_by(order);
        let (told, of_orders, of_rows) = &sources[source];
        let items = &told.items;
        let mut rows = items.of(hit).map(|row| of_rows[items.coupon.key(row)]);
        each(of_orders[told.coupon.key(hit)], &mut rows);
    }
}

pub(super) fn coupons(facts: &Facts, vocabulary: &Vocabulary) -> Coupons {
    let mut coupons = Coupons {
        starts: vec![0],
        codes: Vec::new(),
    };
    let mut codes: Vec<u32> = Vec::new();
    each_coupons(facts, vocabulary, |of_order, rows| {
        codes.clear();
        codes.push(of_order);
        codes.extend(rows);
        codes.retain(|code| *code != 0);
        codes.sort_unstable();
        codes.dedup();
        if codes.is_empty() {
            codes.push(0);
        }
        coupons.codes.extend_from_slice(&codes);
        coupons.starts.push(coupons.codes.len() as u32);
    });
    coupons
}

/// What each row of refunds has, given with its order.
fn refund_rows(facts: &Facts, mut code: impl FnMut(usize, &Product) -> u32) -> Vec<u32> {
    let mut codes = Vec::new();
    for order in 0..facts.len() {
        for refund in &facts.refunds()[facts.refunds_of(order)] {
            codes.extend(refund.rows.iter().map(|row| code(order, row)));
        }
    }
    codes
}

/// Values of the row itself.
fn of_product(row: &Product, dimension: Dimension, words: &mut Numbered) -> u32 {
    let text = match dimension {
        Dimension::ProductSku => row.sku().map(|sku| &**sku),
        Dimension::Brand => row.brand.as_deref(),
        Dimension::Category => row.category.as_deref(),
        Dimension::CategoryLevel(level) => row
            .category
            .as_ref()
            .and_then(|category| category_level(category, level)),
        Dimension::Variant => row.variant.as_deref(),
        Dimension::ProductList => row.list.as_deref(),
        Dimension::ListPosition => {
            return row
                .position
                .map_or(0, |position| words.code_of_number(position.into()));
        }
        _ => None,
    };
    text.map_or(0, |text| words.code_of_text(text))
}

/// The last name of each product in the rows of the orders, people's and excluded ones'.
pub(super) fn told_names(orders: &PartOrders, vocabulary: &Vocabulary) -> Vec<ToldName> {
    let facts = orders.facts();
    let skus = orders.codes(Thing::OrderRow, Dimension::ProductSku, vocabulary, None);
    let words = vocabulary.of(Dimension::Product);
    let mut words = words.write();
    let sources: Vec<Vec<u32>> = facts
        .sources()
        .iter()
        .map(|told| told.items.name.codes(&mut words))
        .collect();
    let mut told = LatestNames::default();
    for order in 0..facts.len() {
        let (time, sequence) = facts.moment(order);
        let is_excluded = facts.is_excluded(order);
        let (source, hit) = facts.told_by(order);
        let (items, names) = (&facts.sources()[source].items, &sources[source]);
        let rows = facts.rows_of(order).zip(items.of(hit));
        for (at, (row, item)) in (0..).zip(rows) {
            let (sku, name) = (skus.get(row), names[items.name.key(item)]);
            if sku != 0 && name != 0 {
                told.note(ToldName {
                    sku,
                    is_excluded,
                    when: (time.0, sequence, at),
                    name,
                });
            }
        }
    }
    told.into_names()
}

/// What the things that a measure counts add to it.
pub(super) fn amounts(orders: &PartOrders, measure: Measure) -> OrderAmounts {
    use Measure::*;
    let facts = orders.facts();
    let money = |money: Money| OrderAmounts::Money(facts.money(money).clone());
    let sums = |amounts: &mut dyn Iterator<Item = Option<i128>>| {
        OrderAmounts::Money(Arc::new(Exact::collect(amounts)))
    };
    let numbers = |amounts: Amounts| OrderAmounts::Numbers(Arc::new(amounts));
    let refunds = facts.refunds().iter();
    match measure {
        Revenue => money(Money::Revenue),
        Tax => money(Money::Tax),
        Shipping => money(Money::Shipping),
        ShippingNet => money(Money::ShippingNet),
        Discount => money(Money::Discount),
        ProductRevenue => OrderAmounts::Money(facts.row_amounts().clone()),
        NewBuyers => OrderAmounts::These(orders.first_orders().clone()),
        DaysToPurchase | DaysToPurchaseKnown => {
            numbers(Amounts::collect(facts.since_first_visit()))
        }
        VisitsToPurchase | VisitsToPurchaseKnown => {
            numbers(Amounts::collect(facts.visits_so_far()))
        }
        DaysSinceCampaign | DaysSinceCampaignKnown => {
            numbers(Amounts::collect(facts.since_campaign()))
        }
        Units => {
            let pieces = |order: usize| {
                let (told, hit) = facts.told(order);
                told.items.of(hit).map(|row| Some(told.items.pieces(row)))
            };
            numbers(Amounts::collect((0..facts.len()).flat_map(pieces)))
        }
        RefundAmount => sums(&mut refunds.map(|refund| refund.amount)),
        RefundedUnits => {
            let rows = refunds.flat_map(|refund| &refund.rows);
            let pieces = |row: &Product| Some(row.quantity.unwrap_or(Decimal::ZERO).micros());
            numbers(Amounts::collect(rows.map(pieces)))
        }
        ProductRefundAmount => {
            sums(&mut refunds.flat_map(|refund| refund.row_amounts.iter().copied()))
        }
        _ => numbers(Amounts::Nothing),
    }
}
