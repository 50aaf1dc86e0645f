use std::sync::LazyLock;

use super::*;

static ORIGINS: LazyLock<Origins> =
    LazyLock::new(|| Origins::new(Sources::shipped().expect("the tables are fit")));

fn find(location: &str, referrer: &str, internal: &[&str]) -> Option<Found> {
    let internal: Vec<Box<str>> = internal.iter().map(|host| (*host).into()).collect();
    let location = (!location.is_empty()).then(|| Address::split(location));
    ORIGINS.find(
        location.as_ref(),
        Some(referrer).filter(|text| !text.is_empty()),
        &internal,
    )
}

fn origin(query: &str, referrer: &str) -> Origin {
    let location = format!("https://shop.example.com/page?{query}");
    Origin::clone(&find(&location, referrer, &[]).unwrap().origin)
}

#[test]
fn every_rule_of_the_channels_decides() {
    // Query of the location, referrer, channel, source ("" is none).
    let cases = [
        // Direct.
        ("", "", "Direct", ""),
        ("id=7&q=shop", "", "Direct", ""),
        ("", "https://shop.example.com/", "Direct", ""),
        ("", "https://www.example.com/x", "Direct", ""),
        ("", "about:blank", "Direct", ""),
        ("", "-", "Direct", ""),
        ("", "null", "Direct", ""),
        ("utm_source=&utm_medium=", "", "Direct", ""),
        (
            "utm_source=(direct)&utm_medium=(none)",
            "",
            "Direct",
            "(direct)",
        ),
        ("utm_source=(direct)", "", "Direct", "(direct)"),
        ("fbclid=x", "", "Direct", ""),
        ("utm_calc=cpc&utm_cost=1", "", "Direct", ""),
        // Cross-network goes before all that is paid.
        (
            "utm_source=google&utm_medium=cpc&utm_campaign=My+Cross-Network+1",
            "",
            "Cross-network",
            "google",
        ),
        (
            "utm_campaign=cross-network",
            "https://example.org/",
            "Cross-network",
            "example.org",
        ),
        // Paid Shopping: a shop, or a campaign that is called so.
        (
            "utm_source=amazon&utm_medium=cpc",
            "",
            "Paid Shopping",
            "amazon",
        ),
        (
            "utm_source=ebay.de&utm_medium=ppc",
            "",
            "Paid Shopping",
            "ebay.de",
        ),
        (
            "utm_source=Google+Shopping&utm_medium=cpc",
            "",
            "Paid Shopping",
            "Google Shopping",
        ),
        (
            "utm_source=google&utm_medium=cpc&utm_campaign=shopping",
            "",
            "Paid Shopping",
            "google",
        ),
        (
            "utm_source=bing&utm_medium=cpc&utm_campaign=eshop",
            "",
            "Paid Shopping",
            "bing",
        ),
        (
            "utm_source=bing&utm_medium=cpc&utm_campaign=workshop",
            "",
            "Paid Search",
            "bing",
        ),
        (
            "utm_source=x9&utm_medium=paid&utm_campaign=SHOP",
            "",
            "Paid Shopping",
            "x9",
        ),
        // Paid Search.
        (
            "utm_source=google&utm_medium=cpc",
            "",
            "Paid Search",
            "google",
        ),
        (
            "utm_source=Google&utm_medium=CPC",
            "",
            "Paid Search",
            "Google",
        ),
        (
            "utm_source=google.com&utm_medium=cpc",
            "",
            "Paid Search",
            "google.com",
        ),
        ("utm_source=bing&utm_medium=ppc", "", "Paid Search", "bing"),
        (
            "utm_source=duckduckgo&utm_medium=paidsearch",
            "",
            "Paid Search",
            "duckduckgo",
        ),
        (
            "utm_source=yandex&utm_medium=retargeting",
            "",
            "Paid Search",
            "yandex",
        ),
        (
            "utm_source=google&utm_medium=cpm",
            "",
            "Paid Search",
            "google",
        ),
        (
            "utm_medium=cpc",
            "https://www.google.de/",
            "Paid Search",
            "google",
        ),
        (
            "utm_source=seznam.cz&utm_medium=paid",
            "",
            "Paid Search",
            "seznam.cz",
        ),
        ("gclid=x", "", "Paid Search", "google"),
        (
            "gclid=x",
            "https://www.google.com/",
            "Paid Search",
            "google",
        ),
        ("gclid=x&utm_source=google", "", "Paid Search", "google"),
        (
            "gclid=x&utm_source=google&utm_medium=organic",
            "",
            "Paid Search",
            "google",
        ),
        ("gclid=x", "https://example.org/", "Paid Search", "google"),
        ("gbraid=x", "", "Paid Search", "google"),
        ("wbraid=x", "", "Paid Search", "google"),
        ("dclid=x", "", "Paid Search", "google"),
        ("GCLID=x", "", "Paid Search", "google"),
        ("msclkid=x", "", "Paid Search", "bing"),
        (
            "msclkid=x&utm_source=bing&utm_medium=product_sync",
            "",
            "Paid Search",
            "bing",
        ),
        ("yclid=x", "", "Paid Search", "yandex"),
        (
            "gclid=x&utm_source=newsletter&utm_medium=email",
            "",
            "Email",
            "newsletter",
        ),
        ("gclid=", "", "Direct", ""),
        // Paid Social.
        (
            "utm_source=facebook&utm_medium=cpc",
            "",
            "Paid Social",
            "facebook",
        ),
        (
            "utm_source=fb&utm_medium=paid_social",
            "",
            "Paid Social",
            "fb",
        ),
        ("utm_source=ig&utm_medium=paid", "", "Paid Social", "ig"),
        (
            "utm_source=l.facebook.com&utm_medium=cpc",
            "",
            "Paid Social",
            "l.facebook.com",
        ),
        ("ttclid=x", "", "Paid Social", "tiktok"),
        ("twclid=x", "https://t.co/", "Paid Social", "twitter"),
        ("li_fat_id=x", "", "Paid Social", "linkedin"),
        (
            "utm_medium=cpc",
            "https://www.linkedin.com/",
            "Paid Social",
            "linkedin",
        ),
        // Paid Video.
        (
            "utm_source=youtube&utm_medium=cpv-cpc",
            "",
            "Paid Video",
            "youtube",
        ),
        (
            "utm_source=youtube.com&utm_medium=paid",
            "",
            "Paid Video",
            "youtube.com",
        ),
        (
            "utm_source=twitch.tv&utm_medium=cpc",
            "",
            "Paid Video",
            "twitch.tv",
        ),
        ("utm_source=vimeo&utm_medium=ppc", "", "Paid Video", "vimeo"),
        // Display.
        ("utm_source=x9&utm_medium=display", "", "Display", "x9"),
        ("utm_source=x9&utm_medium=banner", "", "Display", "x9"),
        ("utm_source=x9&utm_medium=expandable", "", "Display", "x9"),
        ("utm_source=x9&utm_medium=interstitial", "", "Display", "x9"),
        ("utm_source=x9&utm_medium=CPM", "", "Display", "x9"),
        (
            "utm_source=google&utm_medium=display",
            "",
            "Display",
            "google",
        ),
        // Paid Other.
        ("utm_source=x9&utm_medium=cpc", "", "Paid Other", "x9"),
        (
            "utm_source=x9&utm_medium=paid-anything",
            "",
            "Paid Other",
            "x9",
        ),
        (
            "utm_source=chatgpt.com&utm_medium=cpc",
            "",
            "Paid Other",
            "chatgpt.com",
        ),
        ("utm_source=x9&utm_medium=unpaid", "", "Unassigned", "x9"),
        ("utm_medium=cpc", "", "Paid Other", ""),
        // Organic Shopping.
        (
            "",
            "https://www.amazon.com/dp/1",
            "Organic Shopping",
            "amazon.com",
        ),
        (
            "",
            "https://www.ebay.co.uk/",
            "Organic Shopping",
            "ebay.co.uk",
        ),
        (
            "utm_source=x9&utm_campaign=shop",
            "",
            "Organic Shopping",
            "x9",
        ),
        (
            "utm_source=x9&utm_medium=email&utm_campaign=shopping",
            "",
            "Organic Shopping",
            "x9",
        ),
        // Organic Social.
        (
            "",
            "https://l.facebook.com/l.php",
            "Organic Social",
            "facebook",
        ),
        (
            "",
            "https://www.instagram.com/",
            "Organic Social",
            "instagram",
        ),
        ("", "https://t.co/x", "Organic Social", "twitter"),
        ("", "https://out.reddit.com/", "Organic Social", "reddit"),
        (
            "",
            "android-app://com.linkedin.android/",
            "Organic Social",
            "linkedin",
        ),
        (
            "fbclid=x",
            "https://m.facebook.com/",
            "Organic Social",
            "facebook",
        ),
        (
            "utm_source=x9&utm_medium=social",
            "",
            "Organic Social",
            "x9",
        ),
        (
            "utm_source=x9&utm_medium=Social-Network",
            "",
            "Organic Social",
            "x9",
        ),
        (
            "utm_source=x9&utm_medium=social+media",
            "",
            "Organic Social",
            "x9",
        ),
        ("utm_source=x9&utm_medium=sm", "", "Organic Social", "x9"),
        ("utm_source=pinterest", "", "Organic Social", "pinterest"),
        // Organic Video.
        ("", "https://www.youtube.com/", "Organic Video", "youtube"),
        ("", "https://youtu.be/x", "Organic Video", "youtube"),
        ("", "https://player.vimeo.com/", "Organic Video", "vimeo"),
        (
            "utm_source=x9&utm_medium=some-video-ad",
            "",
            "Organic Video",
            "x9",
        ),
        // AI Assistant.
        ("", "https://chatgpt.com/", "AI Assistant", "chatgpt"),
        ("utm_source=chatgpt.com", "", "AI Assistant", "chatgpt.com"),
        (
            "utm_source=chatgpt.com",
            "https://chatgpt.com/",
            "AI Assistant",
            "chatgpt.com",
        ),
        (
            "",
            "https://www.perplexity.ai/",
            "AI Assistant",
            "perplexity",
        ),
        ("", "https://claude.ai/chat/1", "AI Assistant", "claude"),
        ("", "https://gemini.google.com/", "AI Assistant", "gemini"),
        (
            "",
            "https://copilot.microsoft.com/",
            "AI Assistant",
            "copilot",
        ),
        // Organic Search.
        ("", "https://www.google.com/", "Organic Search", "google"),
        (
            "",
            "https://www.google.co.jp/search?q=x",
            "Organic Search",
            "google",
        ),
        ("", "https://www.bing.com/", "Organic Search", "bing"),
        (
            "",
            "https://duckduckgo.com/",
            "Organic Search",
            "duckduckgo",
        ),
        ("", "https://search.brave.com/", "Organic Search", "brave"),
        ("", "https://www.ecosia.org/", "Organic Search", "ecosia"),
        ("", "https://m.baidu.com/s", "Organic Search", "baidu"),
        (
            "",
            "android-app://com.google.android.googlequicksearchbox/",
            "Organic Search",
            "google",
        ),
        (
            "utm_source=x9&utm_medium=organic",
            "",
            "Organic Search",
            "x9",
        ),
        ("utm_source=google", "", "Organic Search", "google"),
        (
            "srsltid=x",
            "https://www.google.com/",
            "Organic Search",
            "google",
        ),
        // Email.
        ("utm_source=x9&utm_medium=email", "", "Email", "x9"),
        ("utm_source=x9&utm_medium=E-Mail", "", "Email", "x9"),
        ("utm_source=x9&utm_medium=e_mail", "", "Email", "x9"),
        ("utm_source=e+mail&utm_medium=x9", "", "Email", "e mail"),
        ("utm_source=email", "", "Email", "email"),
        (
            "utm_source=x9&utm_medium=newsletter",
            "",
            "Unassigned",
            "x9",
        ),
        // Affiliates.
        ("utm_source=x9&utm_medium=affiliate", "", "Affiliates", "x9"),
        (
            "utm_source=x9&utm_medium=affiliates",
            "",
            "Unassigned",
            "x9",
        ),
        // Referral.
        (
            "",
            "https://example.org/blog?x=1#y",
            "Referral",
            "example.org",
        ),
        ("", "http://www.example.org/", "Referral", "example.org"),
        (
            "",
            "https://example.org:8080/",
            "Referral",
            "example.org:8080",
        ),
        (
            "",
            "https://mail.google.com/",
            "Referral",
            "mail.google.com",
        ),
        ("", "https://192.0.2.7/", "Referral", "192.0.2.7"),
        (
            "utm_campaign=spring",
            "https://example.org/",
            "Referral",
            "example.org",
        ),
        ("utm_source=x9&utm_medium=referral", "", "Referral", "x9"),
        ("utm_source=x9&utm_medium=app", "", "Referral", "x9"),
        ("utm_source=x9&utm_medium=link", "", "Referral", "x9"),
        // Audio, SMS, push.
        ("utm_source=x9&utm_medium=audio", "", "Audio", "x9"),
        ("utm_source=x9&utm_medium=sms", "", "SMS", "x9"),
        ("utm_source=sms&utm_medium=x9", "", "SMS", "sms"),
        ("utm_source=x9&utm_medium=webpush", "", "Mobile Push", "x9"),
        (
            "utm_source=x9&utm_medium=mobile-app",
            "",
            "Mobile Push",
            "x9",
        ),
        (
            "utm_source=x9&utm_medium=notification-1",
            "",
            "Mobile Push",
            "x9",
        ),
        (
            "utm_source=firebase&utm_medium=x9",
            "",
            "Mobile Push",
            "firebase",
        ),
        // Unassigned.
        ("utm_source=x9", "", "Unassigned", "x9"),
        ("utm_medium=x9", "", "Unassigned", ""),
        ("utm_campaign=spring", "", "Unassigned", ""),
        (
            "utm_source=x9",
            "https://www.google.com/",
            "Unassigned",
            "x9",
        ),
    ];
    assert!(cases.len() >= 100);
    for (query, referrer, channel, source) in cases {
        let found = origin(query, referrer);
        let found = [&found.channel, &found.source].map(|text| text.as_deref().unwrap_or(""));
        assert_eq!(found, [channel, source], "?{query} from {referrer:?}");
    }
}

#[test]
fn an_origin_holds_all_that_was_told() {
    let found = origin(
        "utm_source=News&utm_medium=Email&utm_campaign=A%26B&utm_term=t&utm_content=c&utm_id=7\
         &utm_calc=cpc&utm_cost=0.2&msclkid=M1",
        "HTTPS://User@WWW.Google.DE:443/search?q=Ball#top",
    );
    let expect = Origin {
        channel: text("Email"),
        source: text("News"),
        referrer: text("https://www.google.de/search"),
        referrer_host: text("www.google.de"),
        search_engine: None,
        keyword: text("Ball"),
        social_network: None,
        ai_assistant: None,
        campaign: text("A&B"),
        campaign_source: text("News"),
        campaign_medium: text("Email"),
        campaign_term: text("t"),
        campaign_content: text("c"),
        campaign_id: text("7"),
        click_id_name: text("msclkid"),
        click_id: text("M1"),
        cost_method: text("cpc"),
        cost: "0.2".parse().ok(),
    };
    assert_eq!(found, expect);
    assert!(found.has_campaign());
}

#[test]
fn each_source_is_of_one_kind() {
    let check = |query: &str, referrer: &str, expect: [&str; 3]| {
        let found = origin(query, referrer);
        let found = [
            &found.search_engine,
            &found.social_network,
            &found.ai_assistant,
        ];
        let found = found.map(|text| text.as_deref().unwrap_or(""));
        assert_eq!(found, expect, "{query} {referrer}");
    };
    check("", "https://www.google.com/", ["Google", "", ""]);
    check("", "https://www.facebook.com/", ["", "Facebook", ""]);
    check("", "https://x.com/i/grok/share", ["", "", "Grok"]);
    check("", "https://x.com/someone", ["", "Twitter", ""]);
    check("", "https://www.youtube.com/", ["", "", ""]);
    check("", "https://example.org/", ["", "", ""]);
    check("utm_source=fb", "", ["", "fb", ""]);
    check("utm_source=google&utm_medium=cpc", "", ["Google", "", ""]);
    check("gclid=1", "", ["Google", "", ""]);
}

#[test]
fn own_hosts_are_no_referrers() {
    let check = |location: &str, referrer: &str, internal: &[&str], expect: Option<&str>| {
        let found = find(location, referrer, internal);
        let host = found
            .as_ref()
            .map(|found| found.origin.referrer_host.as_deref().unwrap_or(""));
        assert_eq!(host, expect, "{location} {referrer}");
    };
    check(
        "https://a.example.com/",
        "https://b.example.com/",
        &[],
        Some(""),
    );
    check(
        "https://a.example.com/",
        "https://example.org/",
        &[],
        Some("example.org"),
    );
    check(
        "https://a.example.com/",
        "https://pay.example.org/",
        &["example.org"],
        Some(""),
    );
    check(
        "https://a.example.com/",
        "https://notexample.org/",
        &["example.org"],
        Some("notexample.org"),
    );
    check(
        "https://a.github.io/",
        "https://b.github.io/",
        &[],
        Some("b.github.io"),
    );
    check(
        "http://localhost:3000/",
        "http://localhost:4000/",
        &[],
        Some(""),
    );
    check("", "https://example.org/", &[], Some("example.org"));
    check("", "https://example.org/", &["example.org"], Some(""));
    check("", "", &[], None);
    check(
        "/only/a/path",
        "https://example.org/",
        &[],
        Some("example.org"),
    );
}

#[test]
fn an_untagged_hit_shares_its_origin_and_spam_is_told() {
    let one = find("https://example.com/", "", &[]).unwrap();
    let other = find("https://example.com/x?y=z", "https://www.example.com/", &[]).unwrap();
    assert!(Arc::ptr_eq(&one.origin, &other.origin));
    assert!(!one.spam);
    assert!(
        find("https://example.com/", "https://free.semalt.com/x", &[])
            .unwrap()
            .spam
    );
    let noted = origin("fbclid=F", "");
    assert_eq!(noted.click_id_name.as_deref(), Some("fbclid"));
    assert!(!noted.has_campaign());
}

#[test]
fn nothing_that_is_sent_breaks_it() {
    let parts = [
        "https://",
        "//",
        "?",
        "#",
        "&",
        "=",
        "%",
        "%f",
        "@",
        ":",
        "[",
        "]",
        "\\",
        "é",
        "💥",
        "utm_source",
        "gclid",
        "..",
        "www.",
        "google.",
        "\0",
        " ",
        "%00",
        "%ff",
        "/",
        "co.uk",
    ];
    // Every sequence of three parts, at both places.
    for one in parts {
        for two in parts {
            for three in parts {
                let text = format!("{one}{two}{three}");
                find(&text, &text, &["example.com"]);
                find(&format!("https://{text}"), &format!("https://{text}"), &[]);
                page(&Address::split(&text), &["utm_source".into()], true);
            }
        }
    }
    let long = "https://a.".repeat(20_000);
    find(&long, &long, &[]);
    let dots = format!("https://{}", "a.".repeat(20_000));
    find(&dots, &dots, &["a"]);
}
