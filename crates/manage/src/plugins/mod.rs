//! What the published plug-ins of shops open in a browser: signing up from a shop, the links of the
//! old site, the switch for one's own visits, and figures shown by a link.

mod links;
mod own_visits;
mod share;
mod sign_up;

use afsa_accounts::oauth::{ClientKind, RedirectAddress};

use crate::routes::Access::{Anybody, Person};
use crate::routes::{Route, form, page};

#[rustfmt::skip]
pub(crate) const ROUTES: &[Route] = &[
    form("/wordpress/signup", "shop_sign_up", Person, sign_up::show, sign_up::take),
    form("/prestashop/signup", "shop_sign_up", Person, sign_up::show, sign_up::take),
    page("/removeme.php", "own_visits", Anybody, own_visits::switch),
    form("/share/{key}", "share", Anybody, share::show, share::open),
    page("/dashboard.php", "old_link", Anybody, links::figures),
    page("/rightnow.php", "old_link", Anybody, links::figures),
    page("/lastvisitors.php", "old_link", Anybody, links::figures),
    page("/heatmaps.php", "old_link", Anybody, links::figures),
    page("/keywords_monitoring.php", "old_link", Anybody, links::figures),
    page("/edpdf.php", "old_link", Anybody, links::figures),
    page("/accesskeys.php", "old_link", Anybody, links::shares),
    page("/edaccounts.php", "old_link", Anybody, links::settings),
    page("/edprofile.php", "old_link", Anybody, links::profile),
    page("/pricing.php", "old_link", Anybody, links::plan),
    page("/contact.html", "old_link", Anybody, links::help),
    page("/articles/web-statistics-reports/", "old_link", Anybody, links::reports),
];

/// An address of a shop that a browser may be sent to; as strictly read as those of plug-ins that
/// ask to be let in.
fn address(text: &str) -> Option<RedirectAddress> {
    RedirectAddress::parse(text, ClientKind::Plugin).ok()
}
