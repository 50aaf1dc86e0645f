//! Takes the country database from the npm package that carries it.

use std::path::Path;
use std::{env, fs, process};

const DATABASE: &str =
    "../../node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";

fn main() {
    println!("cargo::rerun-if-changed={DATABASE}");
    let Some(folder) = env::var_os("OUT_DIR") else {
        println!("cargo::error=OUT_DIR is not set");
        process::exit(1);
    };
    if let Err(error) = fs::copy(DATABASE, Path::new(&folder).join("countries.mmdb")) {
        println!("cargo::error=the country database can't be read ({error}): run `npm ci` first");
        process::exit(1);
    }
}
