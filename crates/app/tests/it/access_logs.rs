//! Ten thousand lines of a real web server's log, against what goaccess makes of them.

use serde_json::Value;

use crate::program::Program;
use crate::shared_data;

#[test]
fn lines_robots_and_hits_agree_with_goaccess() {
    let (Some(log), Some(all), Some(people)) = (
        shared_data::file("access_logs/elastic_apache_logs.gz"),
        shared_data::json("access_logs/goaccess.json"),
        shared_data::json("access_logs/goaccess_nocrawl.json"),
    ) else {
        return;
    };
    let program = Program::new();
    let (account, key) = program.account(&[]);
    let printed = program.say(&[
        "import",
        log.to_str().unwrap(),
        "--format",
        "combined",
        "--account",
        &account,
    ]);
    // Every line that is valid there is valid here.
    assert_eq!(all["general"]["valid_requests"], 10_000);
    assert!(printed.contains("10,000 lines read"), "{printed}");
    assert!(printed.contains("0 duplicates, 0 rejected"), "{printed}");

    let server = program.serve();
    let record = server.get(&key, "/v1/imports/1");
    let reasons = record["reasons"].as_array().unwrap();
    let skipped = |reason: &str| {
        let found = reasons.iter().find(|known| known["reason"] == reason);
        found.map_or(0, |known| known["count"].as_u64().unwrap())
    };
    // goaccess counts 220 answers of 400 and above; 12 of them were to robots.txt or came for
    // other methods than GET, which are told apart before the status is looked at.
    let errors =
        goaccess_status(&all, "4xx Client Errors") + goaccess_status(&all, "5xx Server Errors");
    assert_eq!(errors, 220);
    assert_eq!(skipped("error"), 208);
    // goaccess has 609 answers of the three hundreds, 304 (still in the browser's cache) among
    // them: that is a page or a picture like any other here. 163 sent the browser elsewhere.
    assert_eq!(skipped("redirect"), 163);
    // goaccess has 418 distinct static files, by a list of endings; here an asset is also what is
    // no page by other endings (archives, sources), and each request for one is skipped.
    assert_eq!(skipped("asset"), 5_534);
    assert_eq!(skipped("feed"), 901);
    assert_eq!(skipped("method"), 48);
    assert_eq!(skipped("no_page"), 45);
    let taken = record["accepted"].as_u64().unwrap();
    assert_eq!(taken, 10_000 - 208 - 163 - 5_534 - 901 - 48 - 45);

    // What is taken is a page view of a person or of excluded traffic, and nothing else.
    let total = |traffic: &str| -> Value {
        let path = format!(
            "/v1/stats/query?from=2015-05-17&to=2015-05-20&metrics=pageviews,visits,visitors&traffic={traffic}"
        );
        server.get(&key, &path)["data"][0].clone()
    };
    let (ours, excluded) = (total("people"), total("excluded"));
    let count = |row: &Value, metric: &str| row[metric].as_u64().unwrap();
    eprintln!("people: {ours}; excluded: {excluded}");
    assert_eq!(
        count(&ours, "pageviews") + count(&excluded, "pageviews"),
        taken
    );

    // goaccess finds 1,805 requests of crawlers by its list. Ours names more programs (feed readers,
    // libraries, monitors) and takes who asks for robots.txt or is too hasty for one as well. goaccess
    // tells a page anew for each method and protocol version and its report ends after the most
    // frequent, so a page has at least as many views here, and at least as many of robots.
    let pages = |traffic: &str| {
        let path = format!(
            "/v1/stats/query?from=2015-05-17&to=2015-05-20&metrics=pageviews&dimensions=page&limit=1000&traffic={traffic}"
        );
        server.get(&key, &path)["data"].as_array().unwrap().clone()
    };
    let (of_people, of_excluded) = (pages("people"), pages("excluded"));
    let views = |rows: &[Value], page: &str| {
        rows.iter()
            .find(|row| row["page"] == page)
            .map_or(0, |row| count(row, "pageviews"))
    };
    for page in [
        "/projects/xdotool/",
        "/projects/xdotool/xdotool.xhtml",
        "/articles/dynamic-dns-with-dhcp/",
    ] {
        let ours = views(&of_people, page);
        let both = ours + views(&of_excluded, page);
        let (theirs_all, theirs_people) = (goaccess_hits(&all, page), goaccess_hits(&people, page));
        eprintln!("{page}: {ours} of {both} here, {theirs_people} of {theirs_all} there");
        assert!(both >= theirs_all, "{page}");
        assert!(both - ours >= theirs_all - theirs_people, "{page}");
    }
    // goaccess tells visitors by whole address, agent and day; we cut the address first, so a few
    // of its visitors fall together. Of its 1,675 people many only fetched assets or feeds.
    assert!(count(&ours, "visitors") < people["general"]["unique_visitors"].as_u64().unwrap());
}

fn goaccess_status(report: &Value, class: &str) -> u64 {
    let classes = report["status_codes"].as_array().unwrap();
    classes.iter().find(|known| known["data"] == class).unwrap()["hits"]
        .as_u64()
        .unwrap()
}

fn goaccess_hits(report: &Value, page: &str) -> u64 {
    let pages = report["requests"].as_array().unwrap();
    pages
        .iter()
        .filter(|known| known["data"] == page)
        .map(|known| known["hits"].as_u64().unwrap())
        .sum()
}
