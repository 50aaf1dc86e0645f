//! Rates as text.

use afsa_rates::{ExchangeRates, LONGEST_TEXT, RatesError, from_text, shipped, to_text};
use proptest::prelude::*;

use crate::{FIRST, LATE, euro_rates};

#[test]
fn rates_are_written_by_date() {
    let rates = euro_rates(&[
        ("USD", LATE, 1_117_200_000),
        ("USD", FIRST, 1_178_900_000),
        ("JPY", FIRST, 133_730_000_000),
        ("KWD", FIRST, 1),
    ]);
    let text = "date,currency,quote\n\
                1999-01-04,JPY,133.73\n\
                1999-01-04,KWD,0.000000001\n\
                1999-01-04,USD,1.1789\n\
                2026-10-30,USD,1.1172\n";
    assert_eq!(to_text(&rates), text);
    assert_eq!(from_text("EUR", text), Ok(rates));
    assert_eq!(to_text(&ExchangeRates::default()), "date,currency,quote\n");
}

#[test]
fn what_people_type_is_taken() {
    let check = |text: &str, expect: &[(&str, i32, i64)]| {
        assert_eq!(from_text("EUR", text), Ok(euro_rates(expect)), "{text:?}");
    };
    check("", &[]);
    check("date,currency,quote", &[]);
    check("\u{feff}Date, Currency, Quote\r\n\r\n", &[]);
    check("1999-01-04,USD,2", &[("USD", FIRST, 2_000_000_000)]);
    check(
        " 1999-01-04 ,\tusd , 2.50 \r\n\n",
        &[("USD", FIRST, 2_500_000_000)],
    );
    check(
        "1999-01-04,USD,2\n1999-01-04,USD,3\n",
        &[("USD", FIRST, 3_000_000_000)],
    );
    check(
        "2026-10-30,USD,2\n1999-01-04,USD,3",
        &[("USD", FIRST, 3_000_000_000), ("USD", LATE, 2_000_000_000)],
    );
    let pounds = from_text("gbp", "1999-01-04,EUR,2").unwrap();
    assert_eq!(pounds.reference(), Some("GBP"));
    assert_eq!(pounds.converted(100, "GBP", "EUR", FIRST), Some(200));
}

#[test]
fn errors_name_the_line() {
    let check = |text: &str, expect: &str| {
        let error = from_text("EUR", text).unwrap_err();
        assert_eq!(error.to_string(), expect, "{text:?}");
    };
    let header = "date,currency,quote\n";
    check("1999-01-04,USD", "line 1: 2 columns instead of 3");
    check(
        &format!("{header}\n1999-01-04,USD,1,5"),
        "line 3: 4 columns instead of 3",
    );
    check(
        &format!("\n{header}"),
        "line 2: \"date\" is no date from 1900 to 2199: YYYY-MM-DD",
    );
    check(
        &format!("{header}1999-02-29,USD,1"),
        "line 2: \"1999-02-29\" is no date from 1900 to 2199: YYYY-MM-DD",
    );
    check(
        "1999-01-04,US$,1",
        "line 1: \"US$\" is no currency: three letters, such as USD",
    );
    check(
        "1999-01-04,USD,0",
        "line 1: USD: \"0\" is no rate: a plain decimal number above 0",
    );
    check(
        "1999-01-04,USD,1.0000000001",
        "line 1: USD: \"1.0000000001\" has more than 9 places after the point",
    );
    check(
        "1999-01-04,USD,9999999999",
        "line 1: USD: \"9999999999\" is above 9,223,372,036",
    );
    check(
        "1999-01-04,eur,1",
        "line 1: EUR is the currency that the others are quoted in",
    );
    assert_eq!(
        from_text("€", "").unwrap_err().to_string(),
        "\"€\" is no currency: three letters, such as USD"
    );
}

#[test]
fn size_is_bounded() {
    assert_eq!(
        from_text("EUR", &" ".repeat(LONGEST_TEXT + 1)),
        Err(RatesError::TooLong)
    );
    let rows = "1999-01-04,USD,1\n".repeat(1_000_001);
    assert_eq!(from_text("EUR", &rows), Err(RatesError::TooMany));
}

#[test]
fn all_that_is_shipped_goes_to_text_and_back() {
    let rates = shipped().unwrap();
    assert!(from_text("EUR", &to_text(&rates)).unwrap() == rates);
}

proptest! {
    #[test]
    fn any_rates_go_to_text_and_back(
        quotes in prop::collection::vec(("[A-Z]{3}", -25_567..84_006, 1..=i64::MAX), 0..40),
    ) {
        let mut rates = ExchangeRates::quoted_in("EUR");
        for (currency, day, quote) in quotes.iter().filter(|(currency, ..)| currency != "EUR") {
            rates.note(currency, *day, *quote);
        }
        prop_assert_eq!(from_text("EUR", &to_text(&rates)), Ok(rates));
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,80}|([0-9-]{8,11},[A-Z]{2,4},[0-9.]{0,22}\n?){0,4}") {
        if let Ok(rates) = from_text("EUR", &text) {
            prop_assert_eq!(from_text("EUR", &to_text(&rates)), Ok(rates));
        }
    }
}
