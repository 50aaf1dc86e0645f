//! What a key allows.

use std::fmt;
use std::str::FromStr;

/// One thing that a key may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    AccountRead,
    AccountWrite,
    StatsRead,
    VisitorsRead,
    VisitorsWrite,
    OrdersRead,
    ExportRead,
    CollectWrite,
}

impl Scope {
    pub const ALL: [Scope; 8] = [
        Scope::AccountRead,
        Scope::AccountWrite,
        Scope::StatsRead,
        Scope::VisitorsRead,
        Scope::VisitorsWrite,
        Scope::OrdersRead,
        Scope::ExportRead,
        Scope::CollectWrite,
    ];

    /// The name that is shown, stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Scope::AccountRead => "account:read",
            Scope::AccountWrite => "account:write",
            Scope::StatsRead => "stats:read",
            Scope::VisitorsRead => "visitors:read",
            Scope::VisitorsWrite => "visitors:write",
            Scope::OrdersRead => "orders:read",
            Scope::ExportRead => "export:read",
            Scope::CollectWrite => "collect:write",
        }
    }

    /// What it allows, for whoever is asked to allow it.
    pub fn purpose(self) -> &'static str {
        match self {
            Scope::AccountRead => "Read the account and its settings.",
            Scope::AccountWrite => "Change the account, its settings and what it keeps.",
            Scope::StatsRead => "Read statistics.",
            Scope::VisitorsRead => "Read visits and visitors one by one.",
            Scope::VisitorsWrite => "Delete visitors.",
            Scope::OrdersRead => "Read orders, products and customers one by one.",
            Scope::ExportRead => "Export everything that was collected.",
            Scope::CollectWrite => "Send hits and import history.",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The text names no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scope; known are {known}", known = Scope::ALL.map(Scope::name).join(", "))]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(input: &str) -> Result<Scope, UnknownScope> {
        Scope::ALL
            .into_iter()
            .find(|scope| scope.name() == input)
            .ok_or_else(|| UnknownScope(input.to_owned()))
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope there is.
    pub fn all() -> Scopes {
        Scopes::from(Scope::ALL)
    }

    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether every scope of `other` is in this set.
    pub fn includes(self, other: Scopes) -> bool {
        self.0 & other.0 == other.0
    }

    /// The scopes that are in both sets.
    pub fn intersection(self, other: Scopes) -> Scopes {
        Scopes(self.0 & other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Scopes {
        Scopes(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl<const N: usize> From<[Scope; N]> for Scopes {
    fn from(scopes: [Scope; N]) -> Scopes {
        scopes.into_iter().collect()
    }
}

impl fmt::Display for Scopes {
    /// Names separated by blanks, as OAuth writes them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(scope.name())?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    /// Reads names separated by blanks.
    fn from_str(input: &str) -> Result<Scopes, UnknownScope> {
        input.split_ascii_whitespace().map(str::parse).collect()
    }
}
