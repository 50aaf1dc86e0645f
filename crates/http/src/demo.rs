//! An account that everybody may look at: shop plug-ins offer it before they are connected.

use afsa_accounts::{Credential, Principal, Scope, Scopes};
use afsa_model::AccountId;
use axum::http::Method;

use crate::operation::Operation;

/// The demonstration is like a share, only that it is in no table: numbers of shares begin at 1.
const CREDENTIAL: Credential = Credential::Share(0);

/// The account that everybody may look at.
///
/// Its token is no secret: plug-ins carry it with them. Whoever shows it may ask for statistics, and
/// read the account itself, by GET and in batches; nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demo {
    pub account: AccountId,
    /// What plug-ins call the account in place of its number.
    pub words: Vec<String>,
    /// What plug-ins show as their key or access token.
    pub token: String,
}

impl Demo {
    /// Who acts, if this text is the demonstration's token.
    pub(crate) fn principal(&self, text: &str) -> Option<Principal> {
        (text == self.token).then_some(Principal {
            account: self.account,
            credential: CREDENTIAL,
            scopes: Scopes::from([Scope::StatsRead, Scope::AccountRead]),
        })
    }

    /// The account, if this text stands for it. One plug-in says 0 where it means the demonstration.
    pub(crate) fn account_called(&self, text: &str, principal: Principal) -> Option<AccountId> {
        let is_word = self.words.iter().any(|word| word == text);
        let is_zero = !text.is_empty() && text.bytes().all(|byte| byte == b'0');
        (is_word || (is_zero && is_shown(principal))).then_some(self.account)
    }
}

/// Whether somebody only looks at the demonstration.
pub(crate) fn is_shown(principal: Principal) -> bool {
    principal.credential == CREDENTIAL
}

/// Whether everybody may do this. What is kept of an account beside its figures — keys, members,
/// shares — is not for everybody, though it is read with the same scope.
pub(crate) fn allows(operation: &Operation) -> bool {
    match operation.scope() {
        Some(Scope::StatsRead) => operation.method == Method::GET || operation.id == "postBatch",
        Some(Scope::AccountRead) => matches!(operation.id, "listAccounts" | "getAccount"),
        _ => false,
    }
}
