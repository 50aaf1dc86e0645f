//! The crate as its users see it: whole hits in, whole answers out.

use std::sync::{Arc, LazyLock};

use afsa_enrich::{AccountRules, Enricher, Input, Note, Tables};
use afsa_model::{AccountSettings, AddressPolicy, Exclusion};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

static ENRICHER: LazyLock<Enricher> =
    LazyLock::new(|| Enricher::new(Tables::shipped().expect("the tables are fit")));

fn rules() -> AccountRules {
    let settings = AccountSettings {
        kept_parameters: vec!["id".into()],
        internal_hosts: vec!["https://*.Pay.example.org/".into()],
        excluded_addresses: vec!["192.0.2.0/28".into(), "2001:db8::/32".into()],
        excluded_roles: vec!["administrator".into()],
        address_policy: AddressPolicy { dropped_bytes: 2 },
        ..AccountSettings::default()
    };
    let (rules, errors) = AccountRules::new(&settings);
    assert!(errors.is_empty());
    rules
}

#[test]
fn a_page_view_is_enriched_as_a_whole() {
    let title: Arc<str> = "A ball".into();
    let enriched = ENRICHER.enrich(
        &rules(),
        &Input {
            agent: Some(FIREFOX),
            language: Some("fr-fr,fr;q=0.9"),
            screen: Some("1920x1080"),
            viewport: Some("1200x800"),
            cms: Some("wordpress"),
            location: Some("https://Shop.example.com/balls/?id=7&utm_source=x&utm_calc=cpm#top"),
            referrer: Some("https://eu.pay.example.org/"),
            title: Some(&title),
            ..Input::default()
        },
    );
    let client = &enriched.client;
    assert_eq!(client.browser.as_deref(), Some("Firefox"));
    assert_eq!(client.browser_version.as_deref(), Some("128"));
    assert_eq!(client.os.as_deref(), Some("Linux"));
    assert_eq!(client.device.as_deref(), Some("desktop"));
    assert_eq!(client.language.as_deref(), Some("fr-FR"));
    assert_eq!(client.cms.as_deref(), Some("wordpress"));
    let page = enriched.page.unwrap();
    assert!(page.has_location);
    assert_eq!(page.hostname.as_deref(), Some("shop.example.com"));
    assert_eq!(page.page.as_deref(), Some("/balls/?id=7"));
    assert!(Arc::ptr_eq(page.title.as_ref().unwrap(), &title));
    let origin = enriched.origin.unwrap();
    assert_eq!(origin.source.as_deref(), Some("x"));
    assert_eq!(origin.referrer, None);
    assert_eq!(enriched.note, Some(Note::CostPerThousand));
    assert_eq!(enriched.exclusion, None);
}

#[test]
fn a_hit_that_tells_nothing_gets_nothing() {
    for empty in [None, Some(""), Some("  ")] {
        let enriched = ENRICHER.enrich(
            &rules(),
            &Input {
                language: empty,
                screen: empty,
                cms: empty,
                location: empty,
                referrer: empty,
                role: empty,
                ..Input::default()
            },
        );
        assert_eq!(*enriched.client, Default::default());
        assert_eq!((enriched.origin, enriched.page), (None, None));
        assert_eq!((enriched.exclusion, enriched.note), (None, None));
    }
}

#[test]
fn a_title_alone_is_a_page_without_location() {
    let title: Arc<str> = "A ball".into();
    let page = ENRICHER
        .enrich(
            &rules(),
            &Input {
                title: Some(&title),
                ..Input::default()
            },
        )
        .page;
    let page = page.unwrap();
    assert!(!page.has_location);
    assert_eq!((&page.page, &page.hostname), (&None, &None));
}

#[test]
fn the_first_reason_keeps_a_hit_apart() {
    let robot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let spam = "https://semalt.com/";
    let person = Input {
        agent: Some(FIREFOX),
        location: Some("/"),
        ..Input::default()
    };
    let check = |input: Input<'_>, expect: Option<Exclusion>| {
        assert_eq!(
            ENRICHER.enrich(&rules(), &input).exclusion,
            expect,
            "{input:?}"
        );
    };
    let address = |text: &str| text.parse().ok();
    check(person, None);
    check(
        Input {
            agent: None,
            ..person
        },
        None,
    );
    check(
        Input {
            agent: Some(""),
            ..person
        },
        Some(Exclusion::Robot),
    );
    check(
        Input {
            is_robot: true,
            ..person
        },
        Some(Exclusion::Robot),
    );
    check(
        Input {
            agent: Some(robot),
            referrer: Some(spam),
            ..person
        },
        Some(Exclusion::Robot),
    );
    check(
        Input {
            referrer: Some(spam),
            ..person
        },
        Some(Exclusion::ReferrerSpam),
    );
    check(
        Input {
            agent: Some("kube-probe/1.27"),
            ..person
        },
        Some(Exclusion::Monitor),
    );
    // The policy zeroes two bytes, yet the account's own network is known by all four.
    check(
        Input {
            address: address("192.0.2.15"),
            ..person
        },
        Some(Exclusion::OwnPeople),
    );
    check(
        Input {
            address: address("192.0.2.16"),
            ..person
        },
        None,
    );
    check(
        Input {
            address: address("2001:db8::1"),
            ..person
        },
        Some(Exclusion::OwnPeople),
    );
    check(
        Input {
            role: Some("administrator"),
            ..person
        },
        Some(Exclusion::OwnPeople),
    );
    check(
        Input {
            role: Some("customer"),
            ..person
        },
        None,
    );
    let own = Input {
        is_own: true,
        agent: Some(robot),
        ..person
    };
    check(own, Some(Exclusion::OwnPeople));
}

#[test]
fn equal_clients_are_one_and_different_ones_are_not() {
    let rules = rules();
    let input = Input {
        agent: Some(FIREFOX),
        screen: Some("1x1"),
        ..Input::default()
    };
    let one = ENRICHER.enrich(&rules, &input).client;
    let same = ENRICHER
        .enrich(
            &rules,
            &Input {
                location: Some("/x"),
                ..input
            },
        )
        .client;
    assert!(Arc::ptr_eq(&one, &same));
    let other = ENRICHER
        .enrich(
            &rules,
            &Input {
                screen: Some("2x2"),
                ..input
            },
        )
        .client;
    assert_ne!(one, other);
    // Values don't slip from one field into the next.
    let viewport = Input {
        screen: None,
        viewport: Some("1x1"),
        ..input
    };
    assert_ne!(ENRICHER.enrich(&rules, &viewport).client, one);
}

#[test]
fn threads_agree() {
    let rules = rules();
    let agents: Vec<String> = (0..3_000).map(|n| format!("{FIREFOX}{n}")).collect();
    let enrich = |agent: &String| {
        let input = Input {
            agent: Some(agent),
            location: Some("/"),
            ..Input::default()
        };
        ENRICHER.enrich(&rules, &input).client
    };
    let expect: Vec<_> = agents.iter().map(enrich).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (agent, expect) in agents.iter().zip(&expect) {
                    assert_eq!(enrich(agent), *expect);
                }
            });
        }
    });
}
