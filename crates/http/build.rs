//! Puts the files of the interactive reference where the crate can embed them.

use std::path::Path;
use std::{env, fs};

const FILES: [&str; 4] = [
    "swagger-ui-bundle.js",
    "swagger-ui.css",
    "LICENSE",
    "NOTICE",
];

fn main() {
    // Asked for when it runs: a build cache may hand over a script compiled in another folder.
    let manifest = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let package = Path::new(&manifest).join("../../node_modules/swagger-ui-dist");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    for file in FILES {
        let source = package.join(file);
        println!("cargo::rerun-if-changed={}", source.display());
        if let Err(error) = fs::copy(&source, Path::new(&out).join(file)) {
            println!(
                "cargo::error={file} of the npm package swagger-ui-dist cannot be read ({error}): \
                 run `npm ci` in the root of the workspace"
            );
        }
    }
}
