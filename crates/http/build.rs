//! Puts the files of the interactive reference where the crate can embed them, and the recorded
//! examples of the API's document, as one.

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
    let manifest = Path::new(&manifest);
    let package = manifest.join("../../node_modules/swagger-ui-dist");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let out = Path::new(&out);
    for file in FILES {
        let source = package.join(file);
        println!("cargo::rerun-if-changed={}", source.display());
        if let Err(error) = fs::copy(&source, out.join(file)) {
            println!(
                "cargo::error={file} of the npm package swagger-ui-dist cannot be read ({error}): \
                 run `npm ci` in the root of the workspace"
            );
        }
    }
    let examples = manifest.join("../../openapi/examples");
    println!("cargo::rerun-if-changed={}", examples.display());
    if let Err(error) = gather(&examples, &out.join("examples.json")) {
        println!("cargo::error=openapi/examples cannot be read: {error}");
    }
}

/// Writes one JSON object with the files of a folder by their names.
fn gather(folder: &Path, into: &Path) -> std::io::Result<()> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            parts.push(format!("\"{name}\": {}", fs::read_to_string(&path)?));
        }
    }
    parts.sort();
    fs::write(into, format!("{{{}}}", parts.join(",")))
}
