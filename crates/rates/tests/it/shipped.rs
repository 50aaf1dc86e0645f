//! The build's own table, by hard facts and by the file that it was made of.

use std::collections::BTreeSet;
use std::path::PathBuf;

use afsa_rates::{ExchangeRates, parse_ecb_history, shipped};

/// What one euro cost, in units of 10⁻⁹.
fn quote(rates: &ExchangeRates, currency: &str, day: i32) -> Option<i128> {
    rates.converted(1_000_000_000, "EUR", currency, day)
}

#[test]
fn known_rates_are_exact() {
    let rates = shipped().unwrap();
    let check = |day: i32, currency: &str, expect: Option<i128>| {
        assert_eq!(quote(&rates, currency, day), expect, "{currency} on {day}");
    };
    check(10_594, "USD", None);
    // 1999-01-04, the first day of the euro's markets.
    check(10_595, "USD", Some(1_178_900_000));
    check(10_595, "JPY", Some(133_730_000_000));
    check(10_595, "GBP", Some(711_100_000));
    check(10_595, "TRL", Some(372_274_000_000_000));
    // Saturday 1999-01-09 takes Friday's.
    check(10_600, "USD", quote(&rates, "USD", 10_599));
    // 2005-01-03: a new lira began, the old one's series had ended.
    check(12_786, "TRL", Some(1_836_200_000_000_000));
    check(12_786, "TRY", Some(1_815_000_000));
    check(12_786, "XXX", None);
}

#[test]
fn former_currencies_keep_their_fixed_rates() {
    let rates = shipped().unwrap();
    // Days: 1998-12-31, then 1 January of 2001, 2007, 2008, 2009, 2011, 2014, 2015, 2023, 2026.
    for (currency, fixed_on, expect) in [
        ("ATS", 10_591, 13_760_300_000),
        ("BEF", 10_591, 40_339_900_000),
        ("DEM", 10_591, 1_955_830_000),
        ("ESP", 10_591, 166_386_000_000),
        ("FIM", 10_591, 5_945_730_000),
        ("FRF", 10_591, 6_559_570_000),
        ("IEP", 10_591, 787_564_000),
        ("ITL", 10_591, 1_936_270_000_000),
        ("LUF", 10_591, 40_339_900_000),
        ("NLG", 10_591, 2_203_710_000),
        ("PTE", 10_591, 200_482_000_000),
        ("GRD", 11_323, 340_750_000_000),
        ("SIT", 13_514, 239_640_000_000),
        ("CYP", 13_879, 585_274_000),
        ("MTL", 13_879, 429_300_000),
        ("SKK", 14_245, 30_126_000_000),
        ("EEK", 14_975, 15_646_600_000),
        ("LVL", 16_071, 702_804_000),
        ("LTL", 16_436, 3_452_800_000),
        ("HRK", 19_358, 7_534_500_000),
        ("BGN", 20_454, 1_955_830_000),
    ] {
        assert_eq!(
            quote(&rates, currency, fixed_on),
            Some(expect),
            "{currency}"
        );
        assert_eq!(
            quote(&rates, currency, 40_000),
            Some(expect),
            "{currency} for ever"
        );
        let day_before = quote(&rates, currency, fixed_on - 1);
        let is_market_rate = fixed_on > 11_323;
        assert_eq!(day_before.is_some(), is_market_rate, "{currency} before");
    }
}

#[test]
fn currencies_and_their_days_are_sound() {
    let rates = shipped().unwrap();
    assert_eq!(rates.reference(), Some("EUR"));
    // The bank's 41 and the 12 that were fixed before its series began or that it leaves out.
    assert_eq!(rates.series().count(), 53);
    for (currency, days) in rates.series() {
        assert!(days.is_sorted_by(|one, next| one.0 < next.0), "{currency}");
        assert!(days.iter().all(|(_, quote)| *quote > 0), "{currency}");
    }
}

/// Every quote of the bank's file up to the table's last day, and no other.
#[test]
fn the_table_is_the_banks_file() {
    let Some(bytes) = shared("ecb/eurofxref-hist.zip") else {
        return;
    };
    let raw = parse_ecb_history(&bytes).unwrap();
    assert_eq!((raw.warnings.len(), raw.further_warnings), (0, 0));
    let rates = shipped().unwrap();
    let last = rates
        .series()
        .filter_map(|(_, days)| days.last())
        .map(|(day, _)| *day)
        .max();
    let all = |rates: &ExchangeRates, but_fixed: bool| -> BTreeSet<(String, i32, i64)> {
        let fixed = [
            10_591, 11_323, 13_514, 13_879, 14_245, 14_975, 16_071, 16_436, 19_358, 20_454,
        ];
        rates
            .series()
            .flat_map(|(code, days)| days.iter().map(move |(day, quote)| (code, *day, *quote)))
            .filter(|(_, day, _)| Some(*day) <= last && !(but_fixed && fixed.contains(day)))
            .map(|(code, day, quote)| (code.to_owned(), day, quote))
            .collect()
    };
    let (expect, found) = (all(&raw.rates, false), all(&rates, true));
    assert!(expect.len() > 200_000);
    assert!(
        expect == found,
        "{:?}",
        expect
            .symmetric_difference(&found)
            .take(9)
            .collect::<Vec<_>>()
    );
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn shared(file: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("AFSA_TEST_DATA")
        .map(PathBuf::from)
        .unwrap_or_else(|| {
            PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"))
        });
    let path = folder.join(file);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!(
            "SKIPPED: {} is missing; tools/ecb_rates.py --keep puts it there, AFSA_TEST_DATA \
             names the folder of all such data",
            path.display()
        );
    }
    bytes
}
