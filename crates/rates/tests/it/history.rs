//! The bank's files, whole and spoiled.

use std::io::{Cursor, Write};

use afsa_rates::{History, LONGEST_TEXT, MOST_WARNINGS, RatesError, parse_ecb_history};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{FIRST, LATE, euro_rates};

const CSV: &str = "Date,USD,JPY,CYP,\n\
                   2026-10-30,1.1172,175.68,N/A,\n\
                   1999-01-04,1.1789,133.73,0.58231,\n";

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://example.com/gesmes" xmlns="http://example.com/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <Cube>
    <Cube time="2026-10-30"><Cube currency="USD" rate="1.1172"/><Cube currency='JPY' rate='175.68'></Cube></Cube>
    <Cube time='1999-01-04'>
      <Cube currency="USD" rate="1.1789"/>
      <Cube currency="JPY" rate="133.73"/>
      <Cube currency="CYP" rate="0.58231"/>
    </Cube>
  </Cube>
</gesmes:Envelope>
"#;

const QUOTES: [(&str, i32, i64); 5] = [
    ("CYP", FIRST, 582_310_000),
    ("JPY", FIRST, 133_730_000_000),
    ("JPY", LATE, 175_680_000_000),
    ("USD", FIRST, 1_178_900_000),
    ("USD", LATE, 1_117_200_000),
];

fn zipped(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn every_form_is_read() {
    let check = |name: &str, bytes: &[u8]| {
        let history = parse_ecb_history(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expect = History {
            rates: euro_rates(&QUOTES),
            warnings: Vec::new(),
            further_warnings: 0,
        };
        assert_eq!(history, expect, "{name}");
    };
    check("csv", CSV.as_bytes());
    check(
        "csv of Windows",
        format!("\u{feff}{}", CSV.replace('\n', "\r\n")).as_bytes(),
    );
    check("csv with blanks", CSV.replace(',', ", ").as_bytes());
    check("xml", XML.as_bytes());
    check("xml in one line", XML.replace('\n', "").as_bytes());
    for method in [CompressionMethod::Deflated, CompressionMethod::Stored] {
        check(
            "zip",
            &zipped(&[("eurofxref-hist.csv", CSV.as_bytes())], method),
        );
        let files: [(&str, &[u8]); 2] = [("readme.txt", b"Date,"), ("rates.XML", XML.as_bytes())];
        check("zip of two", &zipped(&files, method));
    }
}

#[test]
fn wrong_rows_are_named_and_the_others_taken() {
    let check = |text: &[u8], quotes: &[(&str, i32, i64)], warnings: &[&str]| {
        let history = parse_ecb_history(text).unwrap();
        let name = String::from_utf8_lossy(text);
        assert_eq!(history.rates, euro_rates(quotes), "{name}");
        let told: Vec<String> = history.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(told, warnings, "{name}");
    };
    let one = &[("USD", FIRST, 2_000_000_000)][..];
    check(
        b"Date,USD,US,EUR,JPY,\n1999-01-04,2,3,1,-4,\n",
        one,
        &[
            "line 1: \"US\" is no currency: three letters, such as USD",
            "line 1: EUR is the currency that the others are quoted in",
            "line 2 (1999-01-04): JPY: \"-4\" is no rate: a plain decimal number above 0",
        ],
    );
    check(
        b"Date,USD\n1999-01-04,2\n1999-13-04,2\n\n\xff\xfe,2\n2026-10-30",
        one,
        &[
            "line 3: \"1999-13-04\" is no date from 1900 to 2199: YYYY-MM-DD",
            "line 5: \"\u{fffd}\u{fffd}\" is no date from 1900 to 2199: YYYY-MM-DD",
            "line 6: 1 columns instead of 2",
        ],
    );
    check(
        b"<Cube><Cube time='1999-01-04'><Cube currency='USD' rate='2'/>\n\
          <Cube currency='JPY' rate='&x;'/><Cube currency='EUR' rate='1'/><Cube currency='JPY'/>\n\
          </Cube><Cube currency='JPY' rate='3'/>\n\
          <Cube time='soon'><Cube currency='JPY' rate='3'/></Cube></Cube>",
        one,
        &[
            "line 2 (1999-01-04): JPY: \"&x;\" is no rate: a plain decimal number above 0",
            "line 2 (1999-01-04): EUR is the currency that the others are quoted in",
            "line 3: \"\" is no date from 1900 to 2199: YYYY-MM-DD",
            "line 4: \"soon\" is no date from 1900 to 2199: YYYY-MM-DD",
        ],
    );
    check(
        b"<Cube time='1999-01-04'>\n<Cube currency='USD' rate='2'/>\n",
        one,
        &["line 3 (1999-01-04): the rest is no XML: \"it breaks off\""],
    );
    let cut_off = parse_ecb_history(
        b"<Cube time='1999-01-04'><Cube currency='USD' rate='2'/>\n<Cube currency='JPY' rate='13",
    )
    .unwrap();
    assert_eq!(cut_off.rates, euro_rates(one));
    assert_eq!(cut_off.warnings.len(), 1);
}

#[test]
fn warnings_are_bounded() {
    let text = format!(
        "Date,USD\n1999-01-04,2\n{}",
        "x,y\n".repeat(MOST_WARNINGS + 7)
    );
    let history = parse_ecb_history(text.as_bytes()).unwrap();
    assert_eq!(
        (history.warnings.len(), history.further_warnings),
        (MOST_WARNINGS, 7)
    );
}

#[test]
fn what_holds_no_rates_is_refused() {
    let check = |bytes: &[u8], expect: &str| {
        let error = parse_ecb_history(bytes).unwrap_err();
        assert!(error.to_string().starts_with(expect), "{error}");
    };
    check(b"", "neither the European");
    check(b"\0\x01\x02", "neither the European");
    check(b"{\"error\": 1}", "neither the European");
    check(b"Date,USD,\n", "no rate is in it");
    check(
        b"Date,USD,\n1,2,\n",
        "no rate is in it; line 2: \"1\" is no date",
    );
    check(
        b"<!doctype html><html><body><p>Busy<br></body>",
        "no rate is in it",
    );
    check(b"PK\x03\x04", "the archive of rates can't be read");
    check(
        &zipped(&[("a.txt", b"Date,USD\n")], CompressionMethod::Stored),
        "the archive of rates holds",
    );
    let whole = zipped(&[("a.csv", CSV.as_bytes())], CompressionMethod::Stored);
    check(
        &whole[..whole.len() / 2],
        "the archive of rates can't be read",
    );
    let mut flipped = whole.clone();
    let at = whole
        .windows(6)
        .position(|window| window == b"1.1172")
        .unwrap();
    flipped[at] = b'2';
    check(&flipped, "the archive of rates can't be read");
    let nested = zipped(&[("a.csv", &whole)], CompressionMethod::Deflated);
    check(&nested, "neither the European");
}

#[test]
fn sizes_are_bounded() {
    let mut large = CSV.as_bytes().to_vec();
    large.resize(LONGEST_TEXT + 1, b'\n');
    assert_eq!(parse_ecb_history(&large), Err(RatesError::TooLong));
    let bomb = zipped(&[("a.csv", &large)], CompressionMethod::Deflated);
    assert!(bomb.len() < 100_000);
    assert_eq!(parse_ecb_history(&bomb), Err(RatesError::TooLong));
    let wide = format!("Date{}\n", ",USD".repeat(500));
    let rows = format!("1999-01-04{}\n", ",1".repeat(500)).repeat(2_001);
    assert_eq!(
        parse_ecb_history((wide + &rows).as_bytes()),
        Err(RatesError::TooMany)
    );
    assert_eq!(
        parse_ecb_history(format!("Date{}\n", ",USD".repeat(1_000)).as_bytes()),
        Err(RatesError::UnknownForm)
    );
    let deep = parse_ecb_history("<Cube>".repeat(100_000).as_bytes()).unwrap_err();
    assert_eq!(
        deep.to_string(),
        "no rate is in it; line 1: the rest is no XML: \"elements lie too deep\""
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_ecb_history(&bytes);
    }

    /// One spoiled byte never makes more rates than the file had.
    #[test]
    fn no_spoiled_file_makes_it_panic(form in 0..3_usize, at in 0..2_000_usize, byte: u8, cut: bool) {
        let forms = [
            CSV.as_bytes().to_vec(),
            XML.as_bytes().to_vec(),
            zipped(&[("a.csv", CSV.as_bytes())], CompressionMethod::Deflated),
        ];
        let mut bytes = forms[form].clone();
        let at = at % bytes.len();
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        if let Ok(history) = parse_ecb_history(&bytes) {
            let found = history.rates.series().map(|(_, days)| days.len()).sum::<usize>();
            prop_assert!(found <= QUOTES.len(), "{found}");
        }
    }
}
