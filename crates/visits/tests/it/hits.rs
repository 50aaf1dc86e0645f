//! Short ways to write hits.

use std::sync::Arc;

use afsa_model::{
    Engagement, Event, Hit, HitKind, Origin, PageContext, ProductAction, ProductHit, Timestamp,
    VisitorKey, text,
};

/// A hit of visitor 1 at this many milliseconds, of this kind, without page or origin.
pub fn hit(time: i64, kind: HitKind) -> Hit {
    Hit {
        time: Timestamp(time),
        sequence: 0,
        visitor: VisitorKey(1),
        by_user: false,
        import: 0,
        exclusion: None,
        user: None,
        role: None,
        client: Arc::default(),
        origin: None,
        page: None,
        custom: None,
        kind,
    }
}

pub fn page_view(time: i64, page: &str) -> Hit {
    Hit {
        page: Some(page_context(page)),
        origin: Some(Arc::default()),
        ..hit(time, HitKind::PageView)
    }
}

pub fn event(time: i64, non_interaction: bool) -> Hit {
    hit(
        time,
        HitKind::Event(Box::new(Event {
            non_interaction,
            ..Event::default()
        })),
    )
}

pub fn engagement(time: i64, page: &str, visible: Option<i64>, scroll_depth: Option<u8>) -> Hit {
    let kind = HitKind::Engagement(Engagement {
        visible,
        scroll_depth,
    });
    Hit {
        page: (!page.is_empty()).then(|| page_context(page)),
        ..hit(time, kind)
    }
}

pub fn product(time: i64, action: ProductAction) -> Hit {
    hit(
        time,
        HitKind::Product(Box::new(ProductHit {
            action,
            list: None,
            step: None,
            option: None,
            products: Vec::new(),
            promotions: Vec::new(),
        })),
    )
}

/// A page view that a campaign brought.
pub fn tagged(time: i64, source: &str, click_id: &str) -> Hit {
    let origin = Origin {
        campaign_source: text(source),
        click_id_name: text(if click_id.is_empty() { "" } else { "gclid" }),
        click_id: text(click_id),
        ..Origin::default()
    };
    Hit {
        origin: Some(Arc::new(origin)),
        ..page_view(time, "/")
    }
}

fn page_context(page: &str) -> Arc<PageContext> {
    Arc::new(PageContext {
        has_location: true,
        page: text(page),
        ..PageContext::default()
    })
}
