//! Lists that may be long: a part of them from the store, and a field to search them.

use afsa_accounts::people::{Membership, MembershipChoice};
use afsa_accounts::{Listed, Part};
use maud::{Markup, html};

use super::parts::{PAGE, page_links};
use crate::call::Call;
use crate::failure::Failure;

/// Characters that are searched for.
const LONGEST: usize = 200;

/// The part of a list that is shown, and how it was chosen.
pub(crate) struct Found<T> {
    pub rows: Vec<T>,
    pub is_searched: bool,
    total: usize,
    page: usize,
}

/// Asks for what the address of the page names: `q` and `page`.
pub(crate) fn found<T>(
    call: &Call,
    list: impl Fn(&str, Part) -> Result<Listed<T>, afsa_accounts::Error>,
) -> Result<Found<T>, Failure> {
    let text = searched_for(call);
    let limit = u32::try_from(PAGE).unwrap_or(u32::MAX);
    let asked = |page: usize| {
        let before = u32::try_from(page - 1).unwrap_or(u32::MAX);
        let offset = before.saturating_mul(limit);
        list(&text, Part { offset, limit })
    };
    let mut page = call.page_number("page");
    let mut listed = asked(page)?;
    let pages = (listed.total as usize).div_ceil(PAGE).max(1);
    // Behind the end stands the last page.
    if page > pages {
        page = pages;
        listed = asked(page)?;
    }
    Ok(Found {
        rows: listed.rows,
        is_searched: !text.is_empty(),
        total: listed.total as usize,
        page,
    })
}

/// The accounts that a person reaches.
pub(crate) fn accounts(
    call: &Call,
    choice: MembershipChoice<'_>,
) -> Result<Found<Membership>, Failure> {
    let person = call.person()?.id;
    found(call, |search, part| {
        let choice = MembershipChoice {
            search,
            part,
            ..choice
        };
        call.site.accounts.accounts_of(person, &choice)
    })
}

fn searched_for(call: &Call) -> String {
    call.query.get("q").trim().chars().take(LONGEST).collect()
}

impl<T> Found<T> {
    /// Whether the list has nothing at all, not just nothing of what is searched for.
    pub(crate) fn is_none(&self) -> bool {
        self.rows.is_empty() && !self.is_searched
    }

    /// The field, where there is enough to search.
    pub(crate) fn field(&self, call: &Call) -> Markup {
        let text = searched_for(call);
        html! {
            @if self.is_searched || self.total > PAGE {
                form.search method="get" action=(path(call)) role="search" {
                    // What else the address says is needed to come here again.
                    @for (name, value) in call.query.others(&["q", "page"]) {
                        input type="hidden" name=(name) value=(value);
                    }
                    label.unseen for="q" { (call.t("list.search")) }
                    input #q type="search" name="q" value=(text) maxlength=(LONGEST)
                        placeholder=(call.t("list.search")) autocomplete="off";
                    button.button.quiet type="submit" { (call.t("list.search_go")) }
                }
                @if self.rows.is_empty() {
                    p.muted role="status" { (call.t("list.nothing")) }
                }
            }
        }
    }

    pub(crate) fn links(&self, call: &Call) -> Markup {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(call.query.others(&["page"]));
        let address = match query.finish() {
            query if query.is_empty() => format!("{}?page=", path(call)),
            query => format!("{}?{query}&page=", path(call)),
        };
        page_links(call, &address, self.page, self.total.div_ceil(PAGE))
    }
}

fn path(call: &Call) -> &str {
    call.target.split('?').next().unwrap_or_default()
}
