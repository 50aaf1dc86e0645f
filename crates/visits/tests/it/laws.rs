//! What holds for any hits.

use afsa_model::{Hit, MINUTE};
use afsa_visits::{Rules, cut};
use proptest::prelude::*;

use crate::hits::{engagement, event, page_view, tagged};

fn any_hit() -> impl Strategy<Value = Hit> {
    (0..400_i64, 0..6_u8).prop_map(|(minute, kind)| {
        let time = minute * MINUTE;
        match kind {
            0 => event(time, false),
            1 => engagement(time, "/a", Some(1_000), None),
            2 => tagged(time, "x", ""),
            3 => tagged(time, "y", ""),
            _ => page_view(time, "/a"),
        }
    })
}

proptest! {
    #[test]
    fn arrival_order_is_nothing_and_no_hit_is_lost(
        mut hits in prop::collection::vec(any_hit(), 0..60),
        seed in any::<u64>(),
    ) {
        for (sequence, hit) in hits.iter_mut().enumerate() {
            hit.sequence = sequence as u64;
        }
        let rules = Rules { visit_timeout: 30 * MINUTE };
        let whole = cut(hits.clone(), rules);
        let mut shuffled = hits.clone();
        shuffled.sort_by_key(|hit| hit.sequence.wrapping_mul(seed | 1).rotate_left(17));
        prop_assert_eq!(&cut(shuffled, rules), &whole);

        let mut kept: Vec<u64> = whole.visits.iter().flat_map(|visit| &visit.hits)
            .chain(&whole.loose).map(|hit| hit.sequence).collect();
        kept.sort_unstable();
        prop_assert_eq!(kept, (0..hits.len() as u64).collect::<Vec<_>>());

        for visit in &whole.visits {
            prop_assert!(visit.hits[0].opens_visit());
            prop_assert!(visit.hits.windows(2).all(|pair| pair[0].time <= pair[1].time));
            let views = visit.hits.iter().filter(|hit| matches!(hit.kind, afsa_model::HitKind::PageView));
            prop_assert_eq!(views.count(), visit.page_views.len());
        }
        // Cutting a visit's own hits again gives the visit.
        for visit in &whole.visits {
            let again = cut(visit.hits.clone(), rules);
            prop_assert_eq!(again.visits.len(), 1);
            prop_assert_eq!(&again.visits[0], visit);
        }
    }
}
