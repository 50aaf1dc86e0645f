//! The type of a machine, by marks that its makers put into agent texts.

/// `desktop`, `smartphone`, `tablet`, `tv`, `console`, `wearable`, `other`; empty for no agent.
///
/// The first rule that fits decides. iPads that ask for desktop pages can't be told from
/// Macintoshes; Android without the word `Mobile` is a tablet, as its makers ask to be read.
pub(crate) fn device(agent: &str, family: &str, is_robot: bool) -> &'static str {
    if agent.is_empty() {
        return "";
    }
    if is_robot {
        return "other";
    }
    let has = |marks: &[&str]| marks.iter().any(|mark| agent.contains(mark));
    if has(&CONSOLE) {
        "console"
    } else if has(&WEARABLE) || is_samsung_watch(agent) {
        "wearable"
    } else if has(&TV) || is_fire_tv(agent) {
        "tv"
    } else if is_tablet(agent, family, &has) {
        "tablet"
    } else if has(&SMARTPHONE) {
        "smartphone"
    } else if has(&DESKTOP) {
        "desktop"
    } else {
        "other"
    }
}

const CONSOLE: [&str; 5] = [
    "PlayStation",
    "PLAYSTATION",
    "Xbox",
    "Nintendo",
    "Steam Deck",
];

const WEARABLE: [&str; 7] = [
    "watchOS",
    "Apple Watch",
    "Wear OS",
    "Android Wear",
    "WearOS",
    "Fitbit",
    "Galaxy Watch",
];

const TV: [&str; 31] = [
    "SmartTV",
    "Smart-TV",
    "Smart TV",
    "SMART-TV",
    "SMART TV",
    "HbbTV",
    "AppleTV",
    "Apple TV",
    "tvOS",
    "GoogleTV",
    "Google TV",
    "Android TV",
    "AndroidTV",
    "BRAVIA",
    "NetCast",
    "Web0S",
    "WebOS.TV",
    "webOS.TV",
    "Roku",
    "CrKey",
    "Viera",
    "VIERA",
    "Opera TV",
    "VIDAA",
    "DuneHD",
    "MiTV",
    "MIBOX",
    "MiBOX",
    "SHIELD Android TV",
    "TV Safari",
    "PhilipsTV",
];

const TABLET: [&str; 6] = [
    "iPad", "PlayBook", "Kindle", "Nexus 7", "Nexus 10", "TouchPad",
];

const SMARTPHONE: [&str; 19] = [
    "iPhone",
    "iPod",
    "Windows Phone",
    "IEMobile",
    "BlackBerry",
    "BB10",
    "Opera Mini",
    "Opera Mobi",
    "Symbian",
    "SymbOS",
    "Series60",
    "Series40",
    "J2ME",
    "MIDP",
    "KAIOS",
    "webOS",
    "Windows CE",
    "Mobile",
    "mobile",
];

const DESKTOP: [&str; 10] = [
    "Windows",
    "Macintosh",
    "Mac OS X",
    "Mac_PowerPC",
    "X11",
    "CrOS",
    "Linux",
    "FreeBSD",
    "OpenBSD",
    "SunOS",
];

fn is_tablet(agent: &str, family: &str, has: &dyn Fn(&[&str]) -> bool) -> bool {
    if family == "iPad" || has(&TABLET) {
        return true;
    }
    // Windows lists "Tablet PC" among its features: no sign of one.
    let is_android = has(&["Android"]) && !has(&["Windows NT", "X11"]);
    if is_android && has(&["Tablet", "tablet", "SM-T", "SM-X", "GT-P"]) {
        return true;
    }
    // Browsers say "Mobile" on phones; apps and the system's own library say neither.
    let is_browser = agent.starts_with("Mozilla/");
    is_android && is_browser && !has(&["Mobile", "mobile", "Opera Mini", "Opera Mobi"])
}

/// Samsung's watches are `SM-R` and digits.
fn is_samsung_watch(agent: &str) -> bool {
    agent
        .split("SM-R")
        .nth(1)
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Amazon's sticks and boxes are `AFT` and letters, as in `AFTMM Build/`.
fn is_fire_tv(agent: &str) -> bool {
    agent.split("; AFT").nth(1).is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit())
    })
}
