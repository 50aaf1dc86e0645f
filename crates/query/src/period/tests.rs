use super::*;
use afsa_model::HOUR;

/// A Sunday noon in universal time.
const NOW: &str = "2026-11-22T12:00:00Z";

fn instant(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn resolved(zone: &str, now: &str, asked: &Asked) -> Result<String, Vec<crate::Fault>> {
    let zone = Zone::by_name(zone).unwrap();
    let activity = Activity {
        first_hit: Some(instant("2024-02-29T23:30:00Z")),
        last_hit: Some(instant("2026-11-20T08:00:00Z")),
        ..Activity::default()
    };
    let clock = Clock {
        now: instant(now),
        zone: &zone,
        activity,
    };
    let mut faults = Faults::default();
    let span = clock.period(asked, &mut faults);
    if !faults.is_empty() {
        return Err(faults.into_vec());
    }
    let span = span.unwrap();
    let whole = if span.days.is_some() {
        "days"
    } else {
        "instants"
    };
    Ok(format!(
        "{} {} {whole}",
        zone.format(span.range.from),
        zone.format(span.range.to)
    ))
}

fn named(zone: &str, now: &str, period: &str, include_today: bool) -> String {
    let asked = Asked {
        period: Some(period),
        from: None,
        to: None,
        include_today,
    };
    resolved(zone, now, &asked).unwrap()
}

#[test]
fn every_word_has_its_period() {
    let check = |period: &str, expect: &str| {
        assert_eq!(
            named("Europe/Paris", NOW, period, false),
            expect,
            "{period}"
        );
    };
    check(
        "realtime",
        "2026-11-22T12:30:00+01:00 2026-11-22T13:00:00+01:00 instants",
    );
    check(
        "24h",
        "2026-11-21T13:00:00+01:00 2026-11-22T13:00:00+01:00 instants",
    );
    check(
        "today",
        "2026-11-22T00:00:00+01:00 2026-11-23T00:00:00+01:00 days",
    );
    check(
        "yesterday",
        "2026-11-21T00:00:00+01:00 2026-11-22T00:00:00+01:00 days",
    );
    check(
        "7d",
        "2026-11-15T00:00:00+01:00 2026-11-22T00:00:00+01:00 days",
    );
    check(
        "28d",
        "2026-10-25T00:00:00+02:00 2026-11-22T00:00:00+01:00 days",
    );
    check(
        "30d",
        "2026-10-23T00:00:00+02:00 2026-11-22T00:00:00+01:00 days",
    );
    check(
        "90d",
        "2026-08-24T00:00:00+02:00 2026-11-22T00:00:00+01:00 days",
    );
    check(
        "week",
        "2026-11-16T00:00:00+01:00 2026-11-23T00:00:00+01:00 days",
    );
    check(
        "month",
        "2026-11-01T00:00:00+01:00 2026-11-23T00:00:00+01:00 days",
    );
    check(
        "quarter",
        "2026-10-01T00:00:00+02:00 2026-11-23T00:00:00+01:00 days",
    );
    check(
        "year",
        "2026-01-01T00:00:00+01:00 2026-11-23T00:00:00+01:00 days",
    );
    check(
        "last_week",
        "2026-11-09T00:00:00+01:00 2026-11-16T00:00:00+01:00 days",
    );
    check(
        "last_month",
        "2026-10-01T00:00:00+02:00 2026-11-01T00:00:00+01:00 days",
    );
    check(
        "last_quarter",
        "2026-07-01T00:00:00+02:00 2026-10-01T00:00:00+02:00 days",
    );
    check(
        "last_year",
        "2025-01-01T00:00:00+01:00 2026-01-01T00:00:00+01:00 days",
    );
    check(
        "6mo",
        "2026-05-22T00:00:00+02:00 2026-11-22T00:00:00+01:00 days",
    );
    check(
        "12mo",
        "2025-11-22T00:00:00+01:00 2026-11-22T00:00:00+01:00 days",
    );
    check(
        "all",
        "2024-03-01T00:00:00+01:00 2026-11-21T00:00:00+01:00 days",
    );
    for period in PERIODS {
        named("Asia/Kathmandu", NOW, period, false);
    }
}

#[test]
fn zones_have_their_own_days() {
    let check = |zone: &str, now: &str, period: &str, expect: &str| {
        assert_eq!(named(zone, now, period, false), expect, "{zone} {period}");
    };
    check(
        "America/New_York",
        "2026-11-02T03:00:00Z",
        "today",
        "2026-11-01T00:00:00-04:00 2026-11-02T00:00:00-05:00 days",
    );
    check(
        "America/New_York",
        "2026-03-09T03:00:00Z",
        "today",
        "2026-03-08T00:00:00-05:00 2026-03-09T00:00:00-04:00 days",
    );
    check(
        "Asia/Kathmandu",
        "2026-11-22T18:15:00Z",
        "yesterday",
        "2026-11-22T00:00:00+05:45 2026-11-23T00:00:00+05:45 days",
    );
    check(
        "Africa/Cairo",
        "2026-04-24T10:00:00Z",
        "today",
        "2026-04-24T01:00:00+03:00 2026-04-25T00:00:00+03:00 days",
    );
    check(
        "America/Sao_Paulo",
        "2018-11-05T10:00:00Z",
        "yesterday",
        "2018-11-04T01:00:00-02:00 2018-11-05T00:00:00-02:00 days",
    );
    // 30 December 2011 never was in Samoa.
    check(
        "Pacific/Apia",
        "2012-01-02T00:00:00Z",
        "7d",
        "2011-12-26T00:00:00-10:00 2012-01-02T00:00:00+14:00 days",
    );
    check(
        "UTC",
        "2026-08-31T12:00:00Z",
        "6mo",
        "2026-02-28T00:00:00+00:00 2026-08-31T00:00:00+00:00 days",
    );
}

#[test]
fn today_is_added_where_the_period_ends_yesterday() {
    let check = |period: &str, expect: &str| {
        assert_eq!(named("UTC", NOW, period, true), expect, "{period}");
    };
    check(
        "7d",
        "2026-11-15T00:00:00+00:00 2026-11-23T00:00:00+00:00 days",
    );
    check(
        "12mo",
        "2025-11-22T00:00:00+00:00 2026-11-23T00:00:00+00:00 days",
    );
    check(
        "month",
        "2026-11-01T00:00:00+00:00 2026-11-23T00:00:00+00:00 days",
    );
    for period in [
        "yesterday",
        "last_week",
        "last_month",
        "last_quarter",
        "last_year",
    ] {
        let asked = Asked {
            period: Some(period),
            from: None,
            to: None,
            include_today: true,
        };
        let faults = resolved("UTC", NOW, &asked).unwrap_err();
        assert_eq!(faults[0].parameter, "include", "{period}");
    }
}

#[test]
fn dates_and_instants_make_periods() {
    let check = |from: &str, to: &str, expect: &str| {
        let asked = Asked {
            period: None,
            from: Some(from),
            to: Some(to),
            include_today: false,
        };
        assert_eq!(
            resolved("Europe/Paris", NOW, &asked).unwrap(),
            expect,
            "{from} {to}"
        );
    };
    check(
        "2026-10-25",
        "2026-10-25",
        "2026-10-25T00:00:00+02:00 2026-10-26T00:00:00+01:00 days",
    );
    check(
        "2026-10-25T00:00:00+02:00",
        "2026-10-25T23:00:00Z",
        "2026-10-25T00:00:00+02:00 2026-10-26T00:00:00+01:00 days",
    );
    check(
        "2026-10-25T02:30:00+02:00",
        "2026-10-25",
        "2026-10-25T02:30:00+02:00 2026-10-26T00:00:00+01:00 instants",
    );
    check(
        "2026-10-25",
        "2026-10-25T00:00:00.001Z",
        "2026-10-25T00:00:00+02:00 2026-10-25T02:00:00.001+02:00 instants",
    );
}

#[test]
fn faults_name_their_parameter() {
    let check = |period: Option<&str>, from: Option<&str>, to: Option<&str>, expect: &[&str]| {
        let asked = Asked {
            period,
            from,
            to,
            include_today: false,
        };
        let faults = resolved("Europe/Paris", NOW, &asked).unwrap_err();
        let parameters: Vec<&str> = faults.iter().map(|fault| fault.parameter).collect();
        assert_eq!(parameters, expect, "{period:?} {from:?} {to:?}");
    };
    check(Some("fortnight"), None, None, &["period"]);
    check(Some(""), None, None, &["period"]);
    check(
        Some("7d"),
        Some("2026-01-01"),
        Some("2026-01-02"),
        &["period"],
    );
    check(None, Some("2026-01-01"), None, &["to"]);
    check(None, None, Some("2026-01-01"), &["from"]);
    check(None, Some("2026-01-02"), Some("2026-01-01"), &["to"]);
    check(
        None,
        Some("2026-01-01T00:00:00Z"),
        Some("2026-01-01T00:00:00Z"),
        &["to"],
    );
    check(None, Some("yesterday"), Some("2026-02-30"), &["from", "to"]);
    check(
        None,
        Some("2026-01-01T00:00:00"),
        Some("20260101"),
        &["from", "to"],
    );
    check(
        None,
        Some("0001-01-01"),
        Some("9999-12-31"),
        &["from", "to"],
    );
    check(
        None,
        Some("2026-01-01T00:00:00Z[Europe/Paris]"),
        Some("é"),
        &["from", "to"],
    );
}

#[test]
fn comparisons_are_checked() {
    let zone = Zone::by_name("Europe/Paris").unwrap();
    let clock = Clock {
        now: instant(NOW),
        zone: &zone,
        activity: Activity::default(),
    };
    let from = instant("2026-11-01T10:00:00Z");
    let span = Span::of_instants(from, from.plus(HOUR), &zone);
    let check = |compare: Option<&str>, from: Option<&str>, to: Option<&str>, expect: &str| {
        let mut faults = Faults::default();
        let compared = clock.comparison(&span, compare, from, to, &mut faults);
        let shown = match faults.into_vec().first() {
            Some(fault) => fault.parameter.to_owned(),
            None => compared.map_or("none".to_owned(), |span| zone.format(span.range.from)),
        };
        assert_eq!(shown, expect, "{compare:?} {from:?} {to:?}");
    };
    check(None, None, None, "none");
    check(
        Some("previous_period"),
        None,
        None,
        "2026-11-01T10:00:00+01:00",
    );
    check(
        Some("previous_period_match_day_of_week"),
        None,
        None,
        "2026-10-25T11:00:00+01:00",
    );
    check(
        Some("year_over_year"),
        None,
        None,
        "2025-11-01T11:00:00+01:00",
    );
    check(
        None,
        Some("2026-10-01"),
        Some("2026-10-02"),
        "2026-10-01T00:00:00+02:00",
    );
    check(Some("last_week"), None, None, "compare");
    check(Some("year_over_year"), Some("2026-10-01"), None, "compare");
    check(None, Some("2026-10-01"), None, "compare_to");
    check(None, None, Some("2026-10-01"), "compare_from");
    check(None, Some("2026-10-03"), Some("2026-10-02"), "compare_to");
}

#[test]
fn a_clock_that_is_centuries_off_makes_no_period_of_centuries() {
    for now in [Timestamp::MIN, Timestamp(i64::MIN / 2), Timestamp::MAX] {
        let zone = Zone::by_name("Europe/Paris").unwrap();
        let activity = Activity {
            first_hit: Some(now),
            ..Activity::default()
        };
        let clock = Clock {
            now,
            zone: &zone,
            activity,
        };
        for period in PERIODS {
            let asked = Asked {
                period: Some(period),
                from: None,
                to: None,
                include_today: false,
            };
            clock.period(&asked, &mut Faults::default());
        }
    }
}
