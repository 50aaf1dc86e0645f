//! The table of pages: what there is, and whom each page is for.

use afsa_accounts::people::Right;
use axum::routing::MethodFilter;

use crate::answer::Outcome;
use crate::call::Call;
use crate::pages;

/// Whom a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody, signed in or not.
    Anybody,
    /// Whoever is signed in.
    Person,
    /// The operator of the installation.
    Operator,
    /// Members of the account that the path names.
    Member,
    /// Members whose role has this right.
    May(Right),
}

/// A page, or what a form of it does.
pub(crate) struct Route {
    pub is_post: bool,
    pub path: &'static str,
    /// As it is called in the log and the metrics.
    pub name: &'static str,
    pub access: Access,
    pub run: fn(&Call) -> Outcome,
}

impl Route {
    pub(crate) fn filter(&self) -> MethodFilter {
        if self.is_post {
            MethodFilter::POST
        } else {
            MethodFilter::GET
        }
    }
}

/// What tests walk over: method, path, and who is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRoute {
    pub method: &'static str,
    pub path: &'static str,
    /// `anybody`, `person`, `operator`, `member` or the right that is asked for.
    pub access: &'static str,
}

/// Every page that there is.
pub fn page_routes() -> Vec<PageRoute> {
    all()
        .iter()
        .map(|route| PageRoute {
            method: if route.is_post { "POST" } else { "GET" },
            path: route.path,
            access: match route.access {
                Access::Anybody => "anybody",
                Access::Person => "person",
                Access::Operator => "operator",
                Access::Member => "member",
                Access::May(Right::EditThings) => "edit_things",
                Access::May(Right::ChangeSettings) => "change_settings",
                Access::May(Right::ManageAccess) => "manage_access",
                Access::May(Right::ManageMembers) => "manage_members",
                Access::May(Right::ReadAudit) => "read_audit",
            },
        })
        .collect()
}

const fn get(
    path: &'static str,
    name: &'static str,
    access: Access,
    run: fn(&Call) -> Outcome,
) -> Route {
    Route {
        is_post: false,
        path,
        name,
        access,
        run,
    }
}

const fn post(
    path: &'static str,
    name: &'static str,
    access: Access,
    run: fn(&Call) -> Outcome,
) -> Route {
    Route {
        is_post: true,
        path,
        name,
        access,
        run,
    }
}

pub(crate) fn all() -> &'static [Route] {
    use Access::{Anybody, Person};
    use pages::{home, preferences, sign_in};
    const ROUTES: &[Route] = &[
        get("/manage", "manage_home", Person, home::show),
        get("/manage/sign-in", "manage_sign_in", Anybody, sign_in::show),
        post(
            "/manage/sign-in",
            "manage_sign_in",
            Anybody,
            sign_in::sign_in,
        ),
        post(
            "/manage/sign-out",
            "manage_sign_out",
            Anybody,
            sign_in::sign_out,
        ),
        post(
            "/manage/preferences",
            "manage_preferences",
            Anybody,
            preferences::set,
        ),
    ];
    ROUTES
}
