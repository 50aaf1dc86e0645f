//! What a visit is said to be, worked out of its hits.

use std::sync::Arc;

use afsa_model::{
    Client, Hit, HitKind, Origin, PageViewMeasures, ProductAction, Text, Timestamp, Visit,
};

/// Makes the visit of these hits, which are sorted and not empty.
pub(crate) fn visit(hits: Vec<Hit>, end: Timestamp, origin: Arc<Origin>) -> Visit {
    let first = &hits[0];
    let page_of = |hit: &Hit| hit.page.as_ref().and_then(|page| page.page.clone());
    let is_page_view = |hit: &&Hit| matches!(hit.kind, HitKind::PageView);
    Visit {
        visitor: first.visitor,
        start: first.time,
        end,
        origin,
        client: client(&hits),
        hostname: hits
            .iter()
            .find_map(|hit| hit.page.as_ref().and_then(|page| page.hostname.clone())),
        user: hits.iter().rev().find_map(|hit| hit.user.clone()),
        role: hits.iter().rev().find_map(|hit| hit.role.clone()),
        entry_page: hits.iter().find(is_page_view).and_then(page_of),
        exit_page: hits.iter().rev().find(is_page_view).and_then(page_of),
        exclusion: first.exclusion,
        is_bounce: is_bounce(&hits),
        page_views: page_views(&hits),
        hits,
    }
}

/// Each field of the first hit that told it; the first hit's own client, shared, where the others
/// add nothing.
fn client(hits: &[Hit]) -> Arc<Client> {
    let first = &hits[0].client;
    let mut merged: Option<Client> = None;
    let mut previous = first;
    for hit in &hits[1..] {
        if Arc::ptr_eq(&hit.client, previous) {
            continue;
        }
        previous = &hit.client;
        if **previous == **first {
            continue;
        }
        let so_far = merged.as_ref().unwrap_or(first);
        let next = filled(so_far, previous);
        if next != *so_far {
            merged = Some(next);
        }
    }
    merged.map_or_else(|| first.clone(), Arc::new)
}

fn filled(client: &Client, by: &Client) -> Client {
    let either = |told: &Text, later: &Text| told.clone().or_else(|| later.clone());
    Client {
        country: either(&client.country, &by.country),
        region: either(&client.region, &by.region),
        city: either(&client.city, &by.city),
        continent: either(&client.continent, &by.continent),
        language: either(&client.language, &by.language),
        device: either(&client.device, &by.device),
        device_brand: either(&client.device_brand, &by.device_brand),
        device_model: either(&client.device_model, &by.device_model),
        browser: either(&client.browser, &by.browser),
        browser_version: either(&client.browser_version, &by.browser_version),
        os: either(&client.os, &by.os),
        os_version: either(&client.os_version, &by.os_version),
        screen: either(&client.screen, &by.screen),
        viewport: either(&client.viewport, &by.viewport),
        cms: either(&client.cms, &by.cms),
    }
}

fn is_bounce(hits: &[Hit]) -> bool {
    let changes_cart = |hit: &Hit| match &hit.kind {
        HitKind::Product(product) => {
            matches!(product.action, ProductAction::Add | ProductAction::Remove)
        }
        _ => false,
    };
    hits.iter().filter(|hit| hit.is_interactive()).count() == 1 && !hits.iter().any(changes_cart)
}

/// Time and depth of each page view: what engagement hits told, added to the latest page view at
/// their location (without a location: the latest page view); where none told a time, until the
/// next page view.
fn page_views(hits: &[Hit]) -> Vec<PageViewMeasures> {
    let mut measures: Vec<PageViewMeasures> = Vec::new();
    let mut seen: Vec<&Hit> = Vec::new();
    for hit in hits {
        match &hit.kind {
            HitKind::PageView => {
                seen.push(hit);
                measures.push(PageViewMeasures::default());
            }
            HitKind::Engagement(engagement) => {
                let Some(index) = seen.iter().rposition(|view| is_at_location_of(view, hit)) else {
                    continue;
                };
                let measure = &mut measures[index];
                if let Some(visible) = engagement.visible {
                    measure.time_on_page =
                        Some(measure.time_on_page.unwrap_or(0).saturating_add(visible));
                }
                measure.scroll_depth = measure.scroll_depth.max(engagement.scroll_depth);
            }
            _ => {}
        }
    }
    for (index, next) in seen.iter().enumerate().skip(1) {
        measures[index - 1]
            .time_on_page
            .get_or_insert(next.time.since(seen[index - 1].time));
    }
    measures
}

fn is_at_location_of(view: &Hit, engagement: &Hit) -> bool {
    let Some(told) = engagement.page.as_ref().filter(|page| page.has_location) else {
        return true;
    };
    view.page
        .as_ref()
        .is_some_and(|page| page.page == told.page && page.hostname == told.hostname)
}
