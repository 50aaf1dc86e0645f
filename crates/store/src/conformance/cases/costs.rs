//! What campaigns cost, by what they are paid for.

use std::sync::Arc;

use afsa_model::{Exclusion, OrderState, Origin, text};

use super::{Case, ONE, ask, case, hit, is, is_not};
use crate::Dimension::{
    self, Campaign, CampaignContent, CampaignId, Country, OrderId, Page, ProductSku,
};
use crate::Measure::*;
use crate::conformance::draft::{Draft, decimal, product};
use crate::{Question, Traffic};

/// Costs are told by the location, so the hit comes with a campaign.
fn paid(draft: Draft, method: &str, cost: &str) -> Draft {
    campaign(draft, |origin| {
        origin.campaign = text("spring");
        origin.cost_method = text(method);
        origin.cost = decimal(cost);
    })
}

fn campaign(draft: Draft, change: impl FnOnce(&mut Origin)) -> Draft {
    let mut origin = draft.0.hit.origin.as_deref().cloned().unwrap_or_default();
    change(&mut origin);
    draft.hit(|hit| hit.origin = Some(Arc::new(origin)))
}

fn purchase(minute: i64, number: u64, id: &str, revenue: &str) -> Draft {
    Draft::purchase(minute, number, id, vec![]).revenue(revenue)
}

pub(super) fn cases() -> Vec<Case> {
    [visits(), lump_sums(), orders()].concat()
}

fn visits() -> Vec<Case> {
    let view = Draft::page_view;
    vec![
        case(
            "each visit costs what its own origin tells of a click",
            [
                paid(view(0, 1, "/"), "cpc", "0.25"),
                paid(view(5, 1, "/"), "cpc", "9"),
                view(100, 1, "/"),
                paid(view(0, 2, "/"), "cpc", "0.000001"),
                paid(view(0, 3, "/"), "cpm", "7"),
                paid(view(0, 4, "/"), "cpc", ""),
                paid(view(0, 5, "/"), "cpc", "0.5").excluded(Exclusion::Robot),
            ],
        )
        .expect(
            ask(&[VisitCost, OrderCost, Visits], &[]),
            &[(&[], &[ONE / 4 + ONE / 1_000_000, 0, 5])],
        )
        .expect(ask(&[VisitCost], &[]).within(50, 200), &[(&[], &[0])])
        .expect(
            Question {
                traffic: Traffic::Excluded,
                ..ask(&[VisitCost], &[])
            },
            &[(&[], &[ONE / 2])],
        ),
        case(
            "a click costs under each page that its visit viewed",
            [
                paid(view(0, 1, "/a").country("FR"), "cpc", "2"),
                view(1, 1, "/b"),
                view(2, 1, "/a"),
                paid(view(0, 2, "/a").country("DE"), "cpc", "3"),
            ],
        )
        .expect(
            ask(&[VisitCost, Visits], &[Page]),
            &[(&["/a"], &[5 * ONE, 2]), (&["/b"], &[2 * ONE, 1])],
        )
        .expect(
            ask(&[VisitCost], &[]).only(is_not(Page, &["/b"])),
            &[(&[], &[3 * ONE])],
        )
        .expect(
            ask(&[VisitCost], &[Country]).only(hit(is(Page, &["/b"]))),
            &[(&["FR"], &[2 * ONE])],
        ),
    ]
}

fn lump_sums() -> Vec<Case> {
    let view = Draft::page_view;
    vec![
        case(
            "a campaign is paid as a whole once in each row where it has a visit",
            [
                paid(view(0, 1, "/a").country("FR"), "total", "100"),
                view(1, 1, "/b"),
                paid(view(0, 2, "/a").country("DE"), "total", "100"),
                paid(view(100, 2, "/a").country("DE"), "total", "100"),
                paid(view(0, 3, "/a").country("DE"), "cpc", "1"),
            ],
        )
        .expect(ask(&[VisitCost, Visits], &[]), &[(&[], &[101 * ONE, 4])])
        .expect(
            ask(&[VisitCost, Visitors], &[Country]),
            &[(&["FR"], &[100 * ONE, 1]), (&["DE"], &[101 * ONE, 2])],
        )
        .expect(
            ask(&[VisitCost], &[Page]),
            &[(&["/a"], &[101 * ONE]), (&["/b"], &[100 * ONE])],
        )
        .expect(
            ask(&[VisitCost, Visitors], &[Country]).within(50, 200),
            &[(&["DE"], &[100 * ONE, 1])],
        )
        .expect(
            ask(&[VisitCost], &[Country]).only(is(Country, &["FR"])),
            &[(&["FR"], &[100 * ONE])],
        ),
        case(
            "campaigns are told apart by source, medium, name, id and cost, by nothing else",
            [
                paid(view(0, 1, "/"), "total", "1"),
                paid(view(0, 2, "/"), "total", "2"),
                campaign(paid(view(0, 3, "/"), "total", "1"), |origin| {
                    origin.campaign_source = text("news");
                }),
                campaign(paid(view(0, 4, "/"), "total", "1"), |origin| {
                    origin.campaign_medium = text("news");
                }),
                campaign(paid(view(0, 5, "/"), "total", "1"), |origin| {
                    origin.campaign_id = text("7");
                }),
                campaign(paid(view(0, 6, "/"), "total", "1"), |origin| {
                    origin.campaign = text("Spring");
                }),
                campaign(paid(view(0, 7, "/"), "total", "1"), |origin| {
                    origin.campaign_content = text("big");
                    origin.campaign_term = text("ball");
                    origin.source = text("elsewhere");
                }),
            ],
        )
        .expect(ask(&[VisitCost], &[]), &[(&[], &[7 * ONE])])
        .expect(
            ask(&[VisitCost], &[Campaign]),
            &[(&["spring"], &[6 * ONE]), (&["Spring"], &[ONE])],
        )
        .expect(
            ask(&[VisitCost], &[CampaignContent]),
            &[(&["∅"], &[7 * ONE]), (&["big"], &[ONE])],
        )
        .expect(
            ask(&[VisitCost], &[CampaignId]),
            &[(&["∅"], &[6 * ONE]), (&["7"], &[ONE])],
        ),
        case(
            "a whole campaign that an import brought is the one that goes on live",
            [
                paid(view(0, 1, "/"), "total", "10"),
                paid(view(0, 2, "/"), "total", "10"),
            ],
        )
        .imported([
            paid(view(-100, 1, "/"), "total", "10"),
            paid(view(-100, 3, "/"), "total", "10"),
        ])
        .expect(ask(&[VisitCost, Visits], &[]), &[(&[], &[10 * ONE, 4])]),
    ]
}

fn orders() -> Vec<Case> {
    let view = Draft::page_view;
    vec![
        case(
            "each order costs what the origin of its visit tells, cancelled ones nothing",
            [
                paid(view(0, 1, "/").country("FR"), "cps", "3"),
                purchase(1, 1, "o1", "100"),
                purchase(2, 1, "o2", "50"),
                purchase(3, 1, "o3", "50"),
                Draft::order_status(4, 1, "o3", OrderState::Cancelled),
                view(0, 2, "/").country("DE"),
                purchase(1, 2, "o4", "70"),
                purchase(0, 3, "o5", "80"),
            ],
        )
        .expect(
            ask(&[OrderCost, VisitCost, Orders], &[]),
            &[(&[], &[6 * ONE, 0, 4])],
        )
        .expect(
            ask(&[OrderCost, Orders], &[Country]),
            &[
                (&["FR"], &[6 * ONE, 2]),
                (&["DE"], &[0, 1]),
                (&["∅"], &[0, 1]),
            ],
        )
        .expect(
            ask(&[OrderCost, Orders], &[Dimension::OrderState]),
            &[(&["completed"], &[6 * ONE, 4])],
        ),
        case(
            "an order belongs to the campaign of its visit, not to an earlier one",
            [
                paid(view(0, 1, "/"), "cps", "3"),
                view(100, 1, "/"),
                purchase(101, 1, "o", "10"),
            ],
        )
        .expect(ask(&[OrderCost, Orders], &[]), &[(&[], &[0, 1])]),
        case(
            "orders cost at their own moment, and by their products",
            [
                paid(view(0, 1, "/"), "cps", "3"),
                Draft::purchase(
                    10,
                    1,
                    "o",
                    vec![product("Ball", "1", "1"), product("Frisbee", "2", "1")],
                ),
            ],
        )
        .expect(ask(&[OrderCost], &[]).within(5, 20), &[(&[], &[3 * ONE])])
        .expect(ask(&[OrderCost], &[]).within(0, 5), &[(&[], &[0])])
        .expect(
            ask(&[OrderCost], &[ProductSku]),
            &[(&["Ball"], &[3 * ONE]), (&["Frisbee"], &[3 * ONE])],
        ),
        case(
            "a per cent of the revenue is rounded for each order, half away from zero",
            [
                // 0.00005 % of 0.000001 is half of the smallest unit.
                paid(view(0, 1, "/"), "cpspercent", "0.00005"),
                purchase(1, 1, "o1", "0.000001"),
                purchase(2, 1, "o2", "0.000001"),
                purchase(3, 1, "o3", "-0.000001"),
                paid(view(0, 2, "/"), "cpspercent", "0.000049"),
                purchase(1, 2, "o4", "0.000001"),
                paid(view(0, 3, "/"), "cpspercent", "12.5"),
                purchase(1, 3, "o5", "80"),
            ],
        )
        .expect(ask(&[OrderCost], &[]), &[(&[], &[10 * ONE + 1])])
        .expect(
            ask(&[OrderCost], &[]).only(hit(is(OrderId, &["o1", "o2"]))),
            &[(&[], &[2])],
        ),
        case(
            "a per cent of money that isn't known is nothing",
            [
                paid(view(0, 1, "/"), "cpspercent", "10"),
                purchase(1, 1, "o1", "80").order(|order| order.currency = text("USD")),
                paid(view(0, 2, "/"), "cps", "10"),
                purchase(1, 2, "o2", "80").order(|order| order.currency = text("USD")),
            ],
        )
        .expect(
            ask(&[OrderCost, Orders, Revenue], &[]),
            &[(&[], &[10 * ONE, 2, 0])],
        ),
    ]
}
