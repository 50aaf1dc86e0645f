//! Places of addresses, from MaxMind databases.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::LazyLock;

use maxminddb::Reader;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::EnrichError;
use crate::table::rows;

/// Where an address is. Texts are borrowed from the database; empty is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place<'a> {
    /// ISO 3166-1 alpha-2, upper case.
    pub country: &'a str,
    /// The name in English where the table has one, else its ISO 3166-2 code.
    pub region: &'a str,
    /// The name in English.
    pub city: &'a str,
    /// Two letters: AF, AN, AS, EU, NA, OC, SA.
    pub continent: &'a str,
}

/// Databases, asked in their order; the first that knows the country answers.
#[derive(Default)]
pub struct Places {
    readers: Vec<Reader<Cow<'static, [u8]>>>,
}

impl Places {
    /// Adds a database: MaxMind's own schema (nested) or that of ip-location-db (flat), of
    /// countries or cities, of IPv4, IPv6 or both.
    pub fn push(&mut self, mmdb: impl Into<Cow<'static, [u8]>>) -> Result<(), EnrichError> {
        let unreadable = |error: maxminddb::MaxMindDbError| EnrichError::Places(error.to_string());
        let reader = Reader::from_source(mmdb.into()).map_err(unreadable)?;
        // The first record tells a database of something else, which would never answer.
        let mut records = reader.networks(Default::default()).map_err(unreadable)?;
        let holds_places = records
            .by_ref()
            .take(64)
            .filter_map(|found| found.ok()?.decode::<Record<'_>>().ok().flatten())
            .any(|record| !record.place().country.is_empty());
        if !holds_places {
            return Err(EnrichError::Places("it has no countries".to_owned()));
        }
        drop(records);
        self.readers.push(reader);
        Ok(())
    }

    /// The place of an address; nothing is known of private and unlisted ones.
    pub fn find(&self, address: IpAddr) -> Place<'_> {
        let address = address.to_canonical();
        self.readers
            .iter()
            .filter_map(|reader| {
                reader
                    .lookup(address)
                    .ok()?
                    .decode::<Record<'_>>()
                    .ok()
                    .flatten()
            })
            .map(|record| record.place())
            .find(|place| !place.country.is_empty())
            .unwrap_or_default()
    }
}

/// The continent of a country; empty where the country is none.
pub fn continent(country: &str) -> &'static str {
    /// By both letters of the code.
    static CONTINENTS: LazyLock<[&str; 26 * 26]> = LazyLock::new(|| {
        let mut continents = [""; 26 * 26];
        for mut row in rows(include_str!("../tables/continents.tsv")) {
            let (continent, countries) = (row.cell(), row.cell());
            for index in countries.split(' ').filter_map(index_of) {
                continents[index] = continent;
            }
        }
        continents
    });
    index_of(country).map_or("", |index| CONTINENTS[index])
}

fn index_of(country: &str) -> Option<usize> {
    let [first, second] = country.as_bytes() else {
        return None;
    };
    let letter = |byte: &u8| byte.is_ascii_uppercase().then(|| usize::from(byte - b'A'));
    Some(letter(first)? * 26 + letter(second)?)
}

/// A record of either schema: what is a map in one is a text of another name in the other.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Record<'a> {
    #[serde(borrow)]
    country: Named<'a>,
    #[serde(borrow)]
    registered_country: Named<'a>,
    #[serde(borrow)]
    continent: Named<'a>,
    #[serde(borrow)]
    subdivisions: First<'a>,
    #[serde(borrow)]
    city: Named<'a>,
    country_code: &'a str,
    state1: &'a str,
}

impl<'a> Record<'a> {
    fn place(&self) -> Place<'a> {
        let codes = [
            self.country.code,
            self.country_code,
            self.registered_country.code,
        ];
        let country = codes
            .into_iter()
            .find(|code| is_country(code))
            .unwrap_or("");
        let region = [
            self.subdivisions.0.name,
            self.subdivisions.0.code,
            self.state1,
        ];
        let told = self.continent.code;
        Place {
            country,
            region: region
                .into_iter()
                .find(|region| !region.is_empty())
                .unwrap_or(""),
            // Some tables tell the district in brackets; a city is one city.
            city: self.city.name.split(" (").next().unwrap_or(""),
            continent: if told.is_empty() {
                continent(country)
            } else {
                told
            },
        }
    }
}

fn is_country(code: &str) -> bool {
    index_of(code).is_some() && code != "ZZ"
}

/// A thing with a name: a text, or a map of codes and names by language.
#[derive(Clone, Copy, Default)]
struct Named<'a> {
    code: &'a str,
    name: &'a str,
}

impl<'de: 'a, 'a> Deserialize<'de> for Named<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named<'a>, D::Error> {
        deserializer.deserialize_any(NamedVisitor)
    }
}

struct NamedVisitor;

impl<'de> Visitor<'de> for NamedVisitor {
    type Value = Named<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name, or a map of code and names")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Named<'de>, E> {
        Ok(Named { code: "", name })
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Named<'de>, M::Error> {
        let mut named = Named::default();
        while let Some(key) = map.next_key::<&str>()? {
            match key {
                "iso_code" | "code" => named.code = map.next_value()?,
                "names" => named.name = map.next_value::<English<'de>>()?.en,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(named)
    }
}

#[derive(Deserialize)]
struct English<'a> {
    #[serde(default)]
    en: &'a str,
}

/// The first of a list: a country's largest division that the address lies in.
#[derive(Clone, Copy, Default)]
struct First<'a>(Named<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for First<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<First<'a>, D::Error> {
        deserializer.deserialize_seq(FirstVisitor)
    }
}

struct FirstVisitor;

impl<'de> Visitor<'de> for FirstVisitor {
    type Value = First<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of divisions")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<First<'de>, S::Error> {
        let first = list.next_element()?.unwrap_or_default();
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(First(first))
    }
}

#[cfg(test)]
mod tests;
