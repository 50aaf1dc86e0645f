//! What the published plug-ins of shops open in a browser: signing up from a shop, the links of the
//! old site, the switch for one's own visits, and figures shown by a link.

mod links;
mod own_visits;
mod share;
mod sign_up;

use afsa_accounts::oauth::{ClientKind, RedirectAddress};

use crate::routes::{Access, Route, get, post};

pub(crate) const ROUTES: &[Route] = &[
    get(
        "/wordpress/signup",
        "shop_sign_up",
        Access::Person,
        sign_up::show,
    ),
    post(
        "/wordpress/signup",
        "shop_sign_up",
        Access::Person,
        sign_up::take,
    ),
    get(
        "/prestashop/signup",
        "shop_sign_up",
        Access::Person,
        sign_up::show,
    ),
    post(
        "/prestashop/signup",
        "shop_sign_up",
        Access::Person,
        sign_up::take,
    ),
    get(
        "/removeme.php",
        "own_visits",
        Access::Anybody,
        own_visits::switch,
    ),
    get("/share/{key}", "share", Access::Anybody, share::show),
    post("/share/{key}", "share", Access::Anybody, share::open),
    get(
        "/dashboard.php",
        "old_link",
        Access::Anybody,
        links::figures,
    ),
    get("/rightnow.php", "old_link", Access::Anybody, links::figures),
    get(
        "/lastvisitors.php",
        "old_link",
        Access::Anybody,
        links::figures,
    ),
    get("/heatmaps.php", "old_link", Access::Anybody, links::figures),
    get(
        "/keywords_monitoring.php",
        "old_link",
        Access::Anybody,
        links::figures,
    ),
    get("/edpdf.php", "old_link", Access::Anybody, links::figures),
    get(
        "/accesskeys.php",
        "old_link",
        Access::Anybody,
        links::shares,
    ),
    get(
        "/edaccounts.php",
        "old_link",
        Access::Anybody,
        links::settings,
    ),
    get(
        "/edprofile.php",
        "old_link",
        Access::Anybody,
        links::profile,
    ),
    get(
        "/pricing.php",
        "old_link",
        Access::Anybody,
        links::documents,
    ),
    get(
        "/contact.html",
        "old_link",
        Access::Anybody,
        links::documents,
    ),
    get(
        "/articles/web-statistics-reports/",
        "old_link",
        Access::Anybody,
        links::documents,
    ),
];

/// An address of a shop that a browser may be sent to; as strictly read as those of plug-ins that
/// ask to be let in.
fn address(text: &str) -> Option<RedirectAddress> {
    RedirectAddress::parse(text, ClientKind::Plugin).ok()
}
