//! Robots that no agent gives away: judged by how fast a client without cookies asks for pages.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use afsa_model::{MINUTE, Timestamp};

/// More page views than this within one minute are no person's.
pub const MOST_PAGE_VIEWS_A_MINUTE: u32 = 120;

/// A client found out stays a robot for this long after its last hit (milliseconds).
const REMEMBERED: i64 = 60 * MINUTE;

/// Clients remembered at most; when full, those of minutes gone by are forgotten first.
const MOST_CLIENTS: usize = 100_000;

/// Counts the page views of cookieless clients by minute of their own time.
///
/// Clients with a `visitor_id` or `user_id` are never judged: they ran the site's code or were
/// sent by its server. What a client sent before it was found out stays as it is.
#[derive(Default)]
pub(crate) struct Behaviour {
    clients: Mutex<HashMap<u128, Client>>,
}

struct Client {
    minute: i64,
    page_views: u32,
    robot_until: Timestamp,
}

impl Behaviour {
    /// Notes a page view (or a finding that the client is a robot) and tells whether the client
    /// counts as a robot.
    pub fn note(&self, client: u128, time: Timestamp, is_found_out: bool) -> bool {
        let minute = time.0.div_euclid(MINUTE);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MOST_CLIENTS && !clients.contains_key(&client) {
            clients.retain(|_, known| known.minute >= minute || known.robot_until > time);
            if clients.len() >= MOST_CLIENTS {
                clients.clear();
            }
        }
        let known = clients.entry(client).or_insert(Client {
            minute,
            page_views: 0,
            robot_until: Timestamp::MIN,
        });
        if known.minute != minute {
            (known.minute, known.page_views) = (minute, 0);
        }
        known.page_views += 1;
        let is_robot =
            is_found_out || known.page_views > MOST_PAGE_VIEWS_A_MINUTE || time < known.robot_until;
        if is_robot {
            known.robot_until = known.robot_until.max(time.plus(REMEMBERED));
        }
        is_robot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn haste_gives_robots_away() {
        let behaviour = Behaviour::default();
        let limit = i64::from(MOST_PAGE_VIEWS_A_MINUTE);
        for at in 0..limit {
            assert!(!behaviour.note(1, Timestamp(at), false));
        }
        assert!(
            !behaviour.note(1, Timestamp(MINUTE), false),
            "another minute"
        );
        for at in 1..limit {
            assert!(!behaviour.note(1, Timestamp(MINUTE + at), false));
        }
        assert!(behaviour.note(1, Timestamp(MINUTE + limit), false));
        assert!(
            behaviour.note(1, Timestamp(3 * MINUTE), false),
            "it stays one"
        );
        assert!(
            !behaviour.note(2, Timestamp(3 * MINUTE), false),
            "another client"
        );
        assert!(
            !behaviour.note(1, Timestamp(100 * MINUTE), false),
            "until it paused"
        );
        assert!(
            behaviour.note(2, Timestamp(3 * MINUTE), true),
            "or was found out otherwise"
        );
    }
}
