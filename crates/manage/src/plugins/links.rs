//! Links of the old site, which plug-ins of all ages go on opening.
//!
//! `accesskey=` is the key of a share, `usr=` the number of an account; each page is asked for what
//! it needs once it is reached, so nothing is told here of whether there is such a thing.

use afsa_model::AccountId;

use crate::answer::Outcome;
use crate::call::Call;

/// Characters of a share's key.
const LONGEST_KEY: usize = 200;

/// Whatever showed figures.
pub(super) fn figures(call: &Call) -> Outcome {
    let key = call.query.get("accesskey");
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(is_plain) {
        return Ok(call.go(&format!("/share/{key}")));
    }
    to_account(call, "/figures")
}

/// Where links to figures are made.
pub(super) fn shares(call: &Call) -> Outcome {
    to_account(call, "/shares")
}

pub(super) fn settings(call: &Call) -> Outcome {
    to_account(call, "/settings")
}

pub(super) fn profile(call: &Call) -> Outcome {
    Ok(call.go("/manage/profile"))
}

/// Where a plan was bought: what the account has now.
pub(super) fn plan(call: &Call) -> Outcome {
    to_account(call, "")
}

/// What told of the reports: here the guide that shows what can be asked.
pub(super) fn reports(call: &Call) -> Outcome {
    Ok(call.go("/docs/guides/statistics.html"))
}

/// Whoever looked for help finds what is written.
pub(super) fn help(call: &Call) -> Outcome {
    Ok(call.go("/docs"))
}

/// A page of the account that the link names; the list of one's own where it names none.
fn to_account(call: &Call, page: &str) -> Outcome {
    let account: Option<AccountId> = call.query.get("usr").trim().parse().ok();
    Ok(match account {
        Some(account) => call.go(&format!("/manage/accounts/{account}{page}")),
        None => call.go("/manage"),
    })
}
