//! What members of an account may do: the one table of roles, rights and scopes.

use std::fmt;
use std::str::FromStr;

use crate::{Scope, Scopes};

/// What a person is in an account, from most to least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Owner,
    Admin,
    Editor,
    Viewer,
}

/// A kind of thing that a role may do or not. Reading figures is everybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// Goals, segments, steps of the checkout, own rates of exchange.
    EditThings,
    /// Name, site, zone, currency, privacy, retention, exclusions.
    ChangeSettings,
    /// API keys, shares, connected apps and where these may come back to.
    ManageAccess,
    /// Members and invitations; those of owners are for owners alone.
    ManageMembers,
    /// Who did what.
    ReadAudit,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Owner, Role::Admin, Role::Editor, Role::Viewer];

    /// The word that is shown, stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Admin => "admin",
            Role::Editor => "editor",
            Role::Viewer => "viewer",
        }
    }

    /// | | owner | admin | editor | viewer |
    /// | --- | --- | --- | --- | --- |
    /// | edit things | yes | yes | yes | – |
    /// | change settings, manage access, manage members, read the audit log | yes | yes | – | – |
    /// | make, change and remove owners | yes | – | – | – |
    pub fn may(self, right: Right) -> bool {
        match right {
            Right::EditThings => self <= Role::Editor,
            Right::ChangeSettings
            | Right::ManageAccess
            | Right::ManageMembers
            | Right::ReadAudit => self <= Role::Admin,
        }
    }

    /// What this role may do through the API, and thus let an app do for it:
    ///
    /// | | owner | admin | editor | viewer |
    /// | --- | --- | --- | --- | --- |
    /// | `account:read`, `stats:read` | yes | yes | yes | yes |
    /// | `visitors:read`, `orders:read`, `export:read`, `collect:write` | yes | yes | yes | – |
    /// | `account:write`, `visitors:write` | yes | yes | – | – |
    pub fn scopes(self) -> Scopes {
        let viewer = [Scope::AccountRead, Scope::StatsRead];
        match self {
            Role::Owner | Role::Admin => Scopes::all(),
            Role::Editor => viewer
                .into_iter()
                .chain([
                    Scope::VisitorsRead,
                    Scope::OrdersRead,
                    Scope::ExportRead,
                    Scope::CollectWrite,
                ])
                .collect(),
            Role::Viewer => viewer.into(),
        }
    }

    /// Whether this role may make somebody that, or take it from him.
    pub fn may_give(self, role: Role) -> bool {
        self.may(Right::ManageMembers) && self <= role
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(input: &str) -> Result<Role, ()> {
        Role::ALL
            .into_iter()
            .find(|role| role.name() == input)
            .ok_or(())
    }
}
