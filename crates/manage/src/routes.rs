//! What a route is: a path, whom its page and its form are for, and what they do.

use afsa_accounts::people::Right;

use crate::answer::Outcome;
use crate::call::Call;
use crate::{plugins, table};

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

pub(crate) type Run = fn(&Call) -> Outcome;

/// What stands under a path: a page, what its form does, or both.
pub(crate) struct Route {
    pub path: &'static str,
    /// As it is called in the log and the metrics.
    pub name: &'static str,
    pub show: Option<(Access, Run)>,
    pub take: Option<(Access, Run)>,
}

/// Something to read.
pub(crate) const fn page(
    path: &'static str,
    name: &'static str,
    access: Access,
    show: Run,
) -> Route {
    Route {
        path,
        name,
        show: Some((access, show)),
        take: None,
    }
}

/// A form, and what it does.
pub(crate) const fn form(
    path: &'static str,
    name: &'static str,
    access: Access,
    show: Run,
    take: Run,
) -> Route {
    Route {
        path,
        name,
        show: Some((access, show)),
        take: Some((access, take)),
    }
}

/// What the form of another page does.
pub(crate) const fn act(
    path: &'static str,
    name: &'static str,
    access: Access,
    take: Run,
) -> Route {
    Route {
        path,
        name,
        show: None,
        take: Some((access, take)),
    }
}

/// Every page, those that only plug-ins lead to among them.
pub(crate) fn every() -> impl Iterator<Item = &'static Route> {
    table::ROUTES.iter().chain(plugins::ROUTES)
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
    every()
        .flat_map(|route| {
            [("GET", &route.show), ("POST", &route.take)]
                .into_iter()
                .filter_map(|(method, found)| {
                    found.as_ref().map(|(access, _)| PageRoute {
                        method,
                        path: route.path,
                        access: access.name(),
                    })
                })
        })
        .collect()
}

impl Access {
    fn name(self) -> &'static str {
        match self {
            Access::Anybody => "anybody",
            Access::Person => "person",
            Access::Operator => "operator",
            Access::Member => "member",
            Access::May(Right::EditThings) => "edit_things",
            Access::May(Right::ChangeSettings) => "change_settings",
            Access::May(Right::ManageAccess) => "manage_access",
            Access::May(Right::ManageMembers) => "manage_members",
            Access::May(Right::ReadAudit) => "read_audit",
        }
    }
}
