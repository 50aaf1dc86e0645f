//! Every line of the guides that can be pasted, pasted: against the demonstration.

use std::process::Command;

use crate::program::{Program, skip};

const GUIDES: [(&str, &str); 9] = [
    (
        "quick-start",
        include_str!("../../../http/pages/guides/quick-start.html"),
    ),
    ("keys", include_str!("../../../http/pages/guides/keys.html")),
    (
        "oauth",
        include_str!("../../../http/pages/guides/oauth.html"),
    ),
    (
        "statistics",
        include_str!("../../../http/pages/guides/statistics.html"),
    ),
    (
        "orders",
        include_str!("../../../http/pages/guides/orders.html"),
    ),
    (
        "batch",
        include_str!("../../../http/pages/guides/batch.html"),
    ),
    (
        "rates",
        include_str!("../../../http/pages/guides/rates.html"),
    ),
    (
        "errors",
        include_str!("../../../http/pages/guides/errors.html"),
    ),
    (
        "importing",
        include_str!("../../../http/pages/guides/importing.html"),
    ),
];

/// The lines to try, with the status that they are to be answered with.
fn tries(guide: &str) -> Vec<(String, String)> {
    let blocks = guide.split("<pre class=\"try\"").skip(1);
    blocks
        .map(|block| {
            let (attributes, rest) = block.split_once('>').unwrap();
            let status = attributes.split('"').nth(1).unwrap_or("200").to_owned();
            let (lines, _) = rest.split_once("</pre>").unwrap();
            let lines = lines.replace("&lt;", "<").replace("&gt;", ">");
            (lines.replace("&amp;", "&"), status)
        })
        .collect()
}

#[test]
fn what_the_guides_show_works_when_pasted() {
    if Command::new("curl").arg("--version").output().is_err() {
        return skip("there is no curl");
    }
    let program = Program::new();
    let (server, key) = program.demo();
    let mut tried = 0;
    for (name, guide) in GUIDES {
        assert_eq!(
            guide.matches("curl ").count(),
            guide.matches("<pre class=\"try\"").count() + guide.matches("<pre>curl ").count(),
            "{name}: lines that nobody tries"
        );
        for (lines, status) in tries(guide) {
            // As pasted, but for what tells the status of the answer.
            let script = format!(
                "set -e\ncurl() {{ command curl -sS -w '\\n%{{http_code}}' \"$@\"; }}\n{lines}"
            );
            let output = Command::new("sh")
                .args(["-c", &script])
                .current_dir(program.folder())
                .env("AFSA", &server.address)
                .env("KEY", &key)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                said.ends_with(&format!("\n{status}")),
                "{name}: {lines}\n{said}{told}"
            );
            tried += 1;
        }
    }
    assert!(tried >= 32, "{tried}");
}
