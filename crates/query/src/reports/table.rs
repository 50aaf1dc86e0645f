//! Which reports there are.

use super::{Report, ReportFilter, Section};

const BASE: Report = Report {
    name: "",
    section: Section::Audience,
    description: "",
    period: None,
    interval: None,
    dimensions: &[],
    metrics: VISITS,
    filters: &[],
    order_by: &[],
};

const VISITS: &[&str] = &[
    "visitors",
    "visits",
    "pageviews",
    "pages_per_visit",
    "bounce_rate",
    "visit_duration",
];
const SHARES: &[&str] = &[
    "visitors",
    "visits",
    "pageviews",
    "bounce_rate",
    "percentage",
];
const EVENTS: &[&str] = &["events", "visits", "visitors"];
const SOURCES: &[&str] = &[
    "visitors",
    "visits",
    "pages_per_visit",
    "bounce_rate",
    "visit_duration",
    "conversion_rate",
    "revenue",
];
const SOLD: &[&str] = &[
    "product_revenue",
    "percentage",
    "units",
    "products_sold",
    "orders",
    "refunded_units",
    "product_refund_amount",
];
const PURCHASES: &[&str] = &[
    "orders",
    "percentage",
    "revenue",
    "average_order_value",
    "buyers",
];

/// A report that lists the values of a dimension.
const fn visits_by(
    name: &'static str,
    section: Section,
    dimensions: &'static [&'static str],
    metrics: &'static [&'static str],
    description: &'static str,
) -> Report {
    Report {
        name,
        section,
        dimensions,
        metrics,
        description,
        ..BASE
    }
}

/// A report of events of some categories.
const fn events_of(
    name: &'static str,
    filters: &'static [ReportFilter],
    dimensions: &'static [&'static str],
    description: &'static str,
) -> Report {
    Report {
        name,
        section: Section::Behaviour,
        dimensions,
        metrics: EVENTS,
        filters,
        description,
        ..BASE
    }
}

/// Every named report, in the order of the documentation.
#[rustfmt::skip]
pub static REPORTS: &[Report] = {
    use ReportFilter::{Hits, HitsThatAre, Visits};
    use Section::*;
    &[
        Report {
            name: "summary",
            metrics: &["visitors", "new_visitors", "visits", "pageviews", "pages_per_visit",
                "bounce_rate", "visit_duration", "events", "conversions"],
            description: "The figures of the whole period",
            ..BASE
        },
        Report {
            name: "visits",
            dimensions: &["time"],
            description: "Visits over time",
            ..BASE
        },
        Report {
            name: "realtime",
            period: Some("realtime"),
            interval: Some("minute"),
            dimensions: &["time"],
            metrics: &["visitors", "visits", "pageviews", "events"],
            description: "The last half hour, minute by minute",
            ..BASE
        },
        visits_by("visitors", Audience, &["visitor_type"], VISITS, "New and returning visitors"),
        Report {
            name: "loyalty",
            dimensions: &["visit_number"],
            order_by: &["visit_number:asc"],
            description: "Visits by how many-th visit of their visitor they are",
            ..BASE
        },
        Report {
            name: "recency",
            dimensions: &["days_since_last_visit"],
            order_by: &["days_since_last_visit:asc"],
            description: "Visits by how many days after the visit before of their visitor they began",
            ..BASE
        },
        visits_by("hours", Audience, &["hour_of_day"], VISITS, "Visits by hour of the day"),
        visits_by("weekdays", Audience, &["day_of_week"], VISITS, "Visits by day of the week"),
        Report {
            name: "pages",
            section: Content,
            dimensions: &["page"],
            metrics: &["pageviews", "unique_pageviews", "visitors", "time_on_page", "scroll_depth",
                "entries", "exits", "exit_rate"],
            description: "Pages that were viewed",
            ..BASE
        },
        visits_by("page_titles", Content, &["page_title"],
            &["pageviews", "unique_pageviews", "visitors", "time_on_page"],
            "Titles of pages that were viewed"),
        visits_by("entry_pages", Content, &["entry_page"],
            &["entries", "visitors", "pages_per_visit", "bounce_rate", "visit_duration"],
            "First pages of visits"),
        visits_by("exit_pages", Content, &["exit_page"],
            &["exits", "visitors", "pages_per_visit", "visit_duration"],
            "Last pages of visits"),
        visits_by("content_groups", Content, &["content_group1"],
            &["pageviews", "unique_pageviews", "visitors", "time_on_page"],
            "Groups of pages, as the site's first grouping has them"),
        visits_by("hostnames", Content, &["hostname"], VISITS, "Hosts of the site"),
        Report {
            name: "site_search",
            section: Content,
            dimensions: &["event_label"],
            metrics: EVENTS,
            filters: &[HitsThatAre("event_category", &["search", "site_search"])],
            description: "Words that were searched for on the site: labels of events of category \
                `search` or `site_search`",
            ..BASE
        },
        visits_by("channels", Acquisition, &["channel"], SOURCES, "Channels"),
        visits_by("sources", Acquisition, &["source"], SOURCES, "Sources"),
        Report {
            filters: &[Visits("referrer")],
            ..visits_by("referrers", Acquisition, &["referrer_host", "referrer"], SOURCES,
                "Pages that linked here")
        },
        Report {
            filters: &[Visits("search_engine")],
            ..visits_by("search_engines", Acquisition, &["search_engine"], SOURCES,
                "Search engines")
        },
        Report {
            filters: &[Visits("keyword")],
            ..visits_by("keywords", Acquisition, &["keyword"], SOURCES, "Words searched for")
        },
        Report {
            filters: &[Visits("social_network")],
            ..visits_by("social_networks", Acquisition, &["social_network"], SOURCES,
                "Social networks")
        },
        Report {
            filters: &[Visits("ai_assistant")],
            ..visits_by("ai_assistants", Acquisition, &["ai_assistant"], SOURCES,
                "AI assistants")
        },
        Report {
            filters: &[Visits("campaign")],
            ..visits_by("campaigns", Acquisition,
                &["campaign", "campaign_source", "campaign_medium"],
                &["visitors", "visits", "bounce_rate", "conversions", "conversion_rate",
                    "campaign_cost", "orders", "revenue", "net_revenue", "roas", "cost_per_order"],
                "Campaigns, with their cost and what it brought")
        },
        visits_by("continents", Place, &["continent"], SHARES, "Continents"),
        visits_by("countries", Place, &["country"], SHARES, "Countries"),
        visits_by("regions", Place, &["country", "region"], SHARES, "Regions"),
        visits_by("cities", Place, &["country", "region", "city"], SHARES, "Cities"),
        visits_by("languages", Place, &["language"], SHARES, "Languages"),
        visits_by("devices", Technology, &["device"], SHARES, "Kinds of machines"),
        visits_by("brands", Technology, &["device_brand"], SHARES, "Makers of machines"),
        visits_by("browsers", Technology, &["browser"], SHARES, "Browsers"),
        visits_by("browser_versions", Technology, &["browser", "browser_version"], SHARES,
            "Browsers by version"),
        visits_by("operating_systems", Technology, &["os"], SHARES, "Operating systems"),
        visits_by("screens", Technology, &["screen"], SHARES, "Sizes of screens"),
        events_of("events", &[], &["event_category", "event_action"], "Events"),
        events_of("clicks", &[HitsThatAre("event_category", &["click"])],
            &["event_action", "event_label"], "Clicks"),
        events_of("outbound_links",
            &[HitsThatAre("event_category", &["click"]),
                HitsThatAre("event_action", &["outbound"])],
            &["event_url"], "Links to other sites that were followed"),
        events_of("downloads", &[HitsThatAre("event_category", &["download"])],
            &["event_url"], "Files that were downloaded"),
        events_of("forms", &[HitsThatAre("event_category", &["form"])],
            &["event_label", "event_action"], "Forms opened, closed and sent"),
        events_of("videos", &[HitsThatAre("event_category", &["video"])],
            &["event_label", "event_action"], "Videos started, paused and stopped"),
        events_of("alerts", &[HitsThatAre("event_category", &["alert"])],
            &["event_label", "event_type"], "Alerts"),
        Report {
            name: "goals",
            section: Behaviour,
            dimensions: &["goal"],
            metrics: &["conversions", "visits", "visitors"],
            filters: &[Visits("goal")],
            description: "Goals that were met",
            ..BASE
        },
        visits_by("ecommerce", Ecommerce, &[],
            &["revenue", "net_revenue", "orders", "average_order_value", "units",
                "units_per_order", "products_sold", "ecommerce_conversion_rate",
                "revenue_per_visit", "revenue_per_visitor", "tax", "shipping", "discount",
                "refunds", "refund_amount", "cancelled_orders", "buyers", "new_buyers",
                "repeat_rate", "cart_abandonment_rate"],
            "The shop's figures of the whole period; with an interval, over time"),
        visits_by("orders", Ecommerce, &["order_id", "order_state"],
            &["revenue", "net_revenue", "tax", "shipping", "discount", "units", "products_sold",
                "refund_amount", "orders", "cancelled_orders"],
            "Orders by what was paid, cancelled ones last; also older ones of which something \
            was given back in the period"),
        visits_by("products", Ecommerce, &["product_sku", "product"],
            &["product_revenue", "units", "products_sold", "refunded_units",
                "product_refund_amount", "impressions", "clicks", "product_ctr", "detail_views",
                "cart_adds", "cart_removes", "cart_to_detail_rate", "buy_to_detail_rate"],
            "Products, from being seen in a list to being sent back"),
        visits_by("categories", Ecommerce, &["category"], SOLD,
            "Categories of what was sold; for their levels ask for the dimensions `category1` to \
            `category5`"),
        visits_by("brands_sold", Ecommerce, &["brand"], SOLD, "Brands of what was sold"),
        visits_by("variants", Ecommerce, &["product_sku", "product", "variant"], SOLD,
            "Variants of what was sold"),
        Report {
            filters: &[Hits("product_list")],
            ..visits_by("product_lists", Ecommerce, &["product_list"],
                &["impressions", "clicks", "product_ctr", "detail_views", "cart_adds"],
                "Lists that show products; for places in them ask for `list_position` too")
        },
        Report {
            filters: &[Visits("promotion")],
            ..visits_by("promotions", Ecommerce, &["promotion"],
                &["promotion_views", "promotion_clicks", "promotion_ctr", "orders", "revenue"],
                "Promotions, with what was ordered in visits that were shown them")
        },
        Report {
            filters: &[Hits("coupon")],
            ..visits_by("coupons", Ecommerce, &["coupon"],
                &["orders", "discount", "revenue", "net_revenue", "average_order_value",
                    "buyers", "new_buyers"],
                "Coupons that were redeemed; an order with several counts under each")
        },
        visits_by("affiliations", Ecommerce, &["affiliation"],
            &["revenue", "net_revenue", "orders", "average_order_value", "units", "refund_amount",
                "buyers", "new_buyers"],
            "Shops and partners that took orders"),
        visits_by("carts", Ecommerce, &["time"],
            &["carts", "abandoned_carts", "cart_abandonment_rate", "checkout_visits",
                "checkout_abandonment_rate", "cart_adds", "cart_removes", "orders"],
            "Carts and what became of them, over time"),
        visits_by("abandoned_carts", Ecommerce, &["exit_page"],
            &["abandoned_carts", "percentage", "carts", "cart_abandonment_rate",
                "checkout_visits", "checkout_abandonment_rate"],
            "Pages on which visits ended that left something in their cart; `channel`, `device` \
            and `user_id` tell whose they were"),
        visits_by("refunds", Ecommerce, &["order_id"],
            &["refund_amount", "percentage", "refunds", "refunded_units",
                "product_refund_amount"],
            "Orders of which something was given back in the period, of whatever day they are; \
            with an interval, over time; by `product_sku`, what came back"),
        visits_by("customers", Ecommerce, &["customer"],
            &["revenue", "net_revenue", "orders", "average_order_value", "units",
                "refund_amount", "lifetime_value"],
            "Who bought, with what they ever paid beside what they paid in the period"),
        visits_by("new_vs_repeat", Ecommerce, &["buyer_type"],
            &["revenue", "percentage", "net_revenue", "orders", "average_order_value",
                "units_per_order", "buyers", "lifetime_value", "days_to_purchase",
                "visits_to_purchase"],
            "First orders of customers against all later ones"),
        Report {
            order_by: &["purchase_days:asc"],
            ..visits_by("days_to_purchase", Ecommerce, &["purchase_days"], PURCHASES,
                "Orders by how many whole days lie between the visitor's first visit and them")
        },
        Report {
            order_by: &["purchase_visits:asc"],
            ..visits_by("visits_to_purchase", Ecommerce, &["purchase_visits"], PURCHASES,
                "Orders by in which visit of the visitor they were made")
        },
        Report {
            filters: &[Visits("campaign")],
            ..visits_by("campaign_revenue", Ecommerce,
                &["campaign", "campaign_source", "campaign_medium"],
                &["revenue", "net_revenue", "orders", "average_order_value",
                    "ecommerce_conversion_rate", "revenue_per_visit", "campaign_cost", "roas",
                    "cost_per_order", "new_buyers", "cost_per_new_buyer", "refund_amount"],
                "What campaigns sold, and what an order and a new customer by them cost")
        },
    ]
};
