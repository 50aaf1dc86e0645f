//! The page that a location names.

use std::borrow::Cow;
use std::sync::Arc;

use super::campaign::is_campaign_parameter;
use super::parameters::{parameters, query_of_anchor};
use crate::address::Address;

/// The `page` of a location: the path as sent with the parameters that the account keeps, in the
/// order of the address. With `allow_anchor` query and anchor stay, all but the campaign's.
pub(crate) fn page<'a>(
    location: &Address<'a>,
    kept: &[Arc<str>],
    allow_anchor: bool,
) -> Cow<'a, str> {
    let nothing_kept = !allow_anchor && (kept.is_empty() || location.query.is_empty());
    if nothing_kept {
        return Cow::Borrowed(location.path);
    }
    let is_kept = |name: &str| kept.iter().any(|kept| **kept == *name);
    let stays = |name: &str| is_kept(name) || (allow_anchor && !is_campaign_parameter(name));
    let mut page = String::with_capacity(location.path.len() + location.query.len() + 1);
    page.push_str(location.path);
    push_parameters(&mut page, '?', location.query, &stays);
    if allow_anchor && !location.anchor.is_empty() {
        push_anchor(&mut page, location.anchor, &stays);
    }
    Cow::Owned(page)
}

fn push_anchor(page: &mut String, anchor: &str, stays: &dyn Fn(&str) -> bool) {
    let query = query_of_anchor(anchor);
    let before = anchor.strip_suffix(query).unwrap_or(anchor);
    let path = before.strip_suffix('?').unwrap_or(before);
    if path.is_empty() && query.is_empty() {
        return;
    }
    let length_before = page.len();
    page.push('#');
    page.push_str(path);
    let opener = if before.ends_with('?') {
        Some('?')
    } else {
        None
    };
    let length_of_path = page.len();
    match opener {
        Some(opener) => push_parameters(page, opener, query, stays),
        None => {
            push_parameters(page, '&', query, stays);
            // The anchor is nothing but parameters: the first needs no sign before it.
            if page.len() > length_of_path {
                page.remove(length_of_path);
            }
        }
    }
    // A lone # says nothing.
    if page.len() == length_before + 1 {
        page.truncate(length_before);
    }
}

fn push_parameters(page: &mut String, opener: char, query: &str, stays: &dyn Fn(&str) -> bool) {
    let mut separator = opener;
    for parameter in parameters(query) {
        if stays(&parameter.name()) {
            page.push(separator);
            page.push_str(parameter.raw);
            separator = '&';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_the_account_keeps() {
        let check = |location: &str, kept: &str, allow_anchor: bool, expect: &str| {
            let kept: Vec<Arc<str>> = kept.split_whitespace().map(Arc::from).collect();
            let location = Address::split(location);
            assert_eq!(page(&location, &kept, allow_anchor), expect, "{location:?}");
        };
        let full = "https://example.com/a%20b/?id=7&utm_source=x&q=z%20&gclid=1&id=8#top";
        check(full, "", false, "/a%20b/");
        check(full, "q id", false, "/a%20b/?id=7&q=z%20&id=8");
        check(full, "ID", false, "/a%20b/");
        check(full, "utm_source", false, "/a%20b/?utm_source=x");
        check(full, "", true, "/a%20b/?id=7&q=z%20&id=8#top");
        check(full, "gclid", true, "/a%20b/?id=7&q=z%20&gclid=1&id=8#top");
        check("https://example.com", "id", false, "/");
        check("https://example.com/?&&id&=&id=", "id", false, "/?id&id=");
        check("https://example.com/?%69d=1", "id", false, "/?%69d=1");
        check("https://example.com/#utm_source=x&a=1", "", true, "/#a=1");
        check("https://example.com/#utm_source=x", "", true, "/");
        check("https://example.com/#?UTM_source=x", "", true, "/");
        check(
            "https://example.com/#/route?utm_id=x&a=1",
            "",
            true,
            "/#/route?a=1",
        );
        check("https://example.com/#", "", true, "/");
        check("/only/path?x=1", "x", false, "/only/path?x=1");
        check("", "x", true, "");
    }
}
