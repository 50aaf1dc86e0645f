//! Who visits, with what and from where: shares as the web has them, roughly.

/// A browser as it tells itself, with the screen that goes with it.
pub struct Agent {
    pub user_agent: &'static str,
    pub screen: &'static str,
}

macro_rules! agents {
    ($(($weight:literal, $screen:literal, $user_agent:literal)),* $(,)?) => {
        &[$(($weight, Agent { screen: $screen, user_agent: $user_agent })),*]
    };
}

pub const AGENTS: &[(u32, Agent)] = agents![
    (
        160,
        "1920x1080",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
    ),
    (
        60,
        "1536x864",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
    ),
    (
        55,
        "1920x1080",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
    ),
    (
        40,
        "2560x1440",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"
    ),
    (
        70,
        "1440x900",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
    ),
    (
        55,
        "1440x900",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15"
    ),
    (
        15,
        "1440x900",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0"
    ),
    (
        20,
        "1920x1080",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
    ),
    (
        12,
        "1920x1080",
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
    ),
    (
        120,
        "390x844",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
    ),
    (
        50,
        "430x932",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
    ),
    (
        25,
        "390x844",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.46 Mobile/15E148 Safari/604.1"
    ),
    (
        90,
        "412x915",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
    ),
    (
        30,
        "360x800",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
    ),
    (
        18,
        "412x892",
        "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
    ),
    (
        22,
        "360x780",
        "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
    ),
    (
        18,
        "820x1180",
        "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1"
    ),
    (
        6,
        "800x1280",
        "Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"
    ),
    (
        10,
        "1536x864",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 OPR/125.0.0.0"
    ),
    (
        6,
        "412x915",
        "Mozilla/5.0 (Android 14; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0"
    ),
];

/// A robot or two, as every log has them.
pub const ROBOTS: &[(u32, &str)] = &[
    (
        5,
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ),
    (
        3,
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    ),
    (
        2,
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    ),
];

/// Language and the first two bytes of addresses that the registries gave to the country.
pub struct Country {
    pub language: &'static str,
    pub network: (u8, u8),
}

const fn country(language: &'static str, first: u8, second: u8) -> Country {
    Country {
        language,
        network: (first, second),
    }
}

pub const COUNTRIES: &[(u32, Country)] = &[
    (300, country("fr-FR", 90, 12)),
    (110, country("de-DE", 84, 160)),
    (90, country("en-GB", 86, 128)),
    (140, country("en-US", 73, 20)),
    (45, country("es-ES", 83, 40)),
    (45, country("it-IT", 79, 20)),
    (40, country("nl-NL", 84, 80)),
    (60, country("fr-BE", 81, 240)),
    (25, country("de-CH", 83, 76)),
    (20, country("pl-PL", 83, 8)),
    (15, country("sv-SE", 78, 72)),
    (14, country("pt-PT", 85, 240)),
    (20, country("pt-BR", 177, 32)),
    (25, country("en-CA", 70, 48)),
    (18, country("ja-JP", 126, 16)),
    (15, country("en-AU", 101, 160)),
    (20, country("en-IN", 117, 192)),
    (8, country("da-DK", 80, 160)),
    (7, country("fi-FI", 84, 248)),
    (8, country("cs-CZ", 90, 176)),
];

/// How a visit came: its referrer and the query of its first page.
pub struct Arrival {
    pub referrer: &'static str,
    pub query: &'static str,
}

const fn arrival(referrer: &'static str, query: &'static str) -> Arrival {
    Arrival { referrer, query }
}

pub const ARRIVALS: &[(u32, Arrival)] = &[
    (300, arrival("", "")),
    (300, arrival("https://www.google.com/", "")),
    (40, arrival("https://www.google.fr/", "")),
    (40, arrival("https://www.bing.com/", "")),
    (18, arrival("https://duckduckgo.com/", "")),
    (12, arrival("https://www.ecosia.org/search?q=oak+lamp", "")),
    (45, arrival("https://www.google.com/", "?gclid=")),
    (
        30,
        arrival(
            "",
            "?utm_source=newsletter&utm_medium=email&utm_campaign=autumn",
        ),
    ),
    (
        14,
        arrival(
            "",
            "?utm_source=newsletter&utm_medium=email&utm_campaign=winter",
        ),
    ),
    (
        28,
        arrival(
            "https://l.facebook.com/",
            "?utm_source=facebook&utm_medium=paid_social&utm_campaign=lamps&utm_calc=cpc&utm_cost=0.32",
        ),
    ),
    (24, arrival("https://www.facebook.com/", "")),
    (30, arrival("https://l.instagram.com/", "")),
    (16, arrival("https://www.pinterest.com/pin/83921/", "")),
    (10, arrival("https://www.youtube.com/", "")),
    (9, arrival("https://www.reddit.com/r/interiors/", "")),
    (16, arrival("https://chatgpt.com/", "")),
    (6, arrival("https://www.perplexity.ai/", "")),
    (18, arrival("https://partner.example.org/review/lamps", "")),
    (
        12,
        arrival(
            "https://blog.example.net/rooms",
            "?utm_source=blog&utm_medium=affiliate&utm_campaign=partners&utm_calc=cps&utm_cost=4",
        ),
    ),
    (7, arrival("https://news.ycombinator.com/", "")),
];
