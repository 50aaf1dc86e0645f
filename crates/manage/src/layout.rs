//! What stands around every page.

use afsa_accounts::Account;
use afsa_accounts::people::{Right, Role};
use maud::{DOCTYPE, Markup, html};

use crate::assets::{ICON_PATH, STYLE_ADDRESS};
use crate::call::{Call, Theme};
use crate::fields::form;
use crate::words::Language;

pub(crate) fn page(call: &Call, title: &str, body: &Markup) -> Markup {
    let theme = match call.theme {
        Theme::System => None,
        theme => Some(theme.name()),
    };
    html! {
        (DOCTYPE)
        html lang=(call.language.tag()) data-theme=[theme] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · afsa" }
                link rel="icon" type="image/svg+xml" href=(ICON_PATH);
                link rel="stylesheet" href=(*STYLE_ADDRESS);
            }
            body {
                a.skip href="#content" { (call.t("layout.skip")) }
                (top(call))
                main #content tabindex="-1" class=[main_class(call)] {
                    (flash(call))
                    @match &call.membership {
                        Some((account, role)) => div.columns {
                            (side(call, account, *role))
                            div { (body) }
                        },
                        None => (body),
                    }
                }
                (foot(call))
            }
        }
    }
}

/// Pages of people who aren't signed in are one narrow column.
fn main_class(call: &Call) -> Option<&'static str> {
    let is_narrow = call.visitor.is_none();
    is_narrow.then_some("narrow")
}

fn flash(call: &Call) -> Markup {
    html! {
        @if let Some(message) = call.flash {
            div.note.good role="status" { p { (message) } }
        }
    }
}

fn is_at(call: &Call, path: &str) -> Option<&'static str> {
    let at = call.target.split('?').next().unwrap_or_default();
    (at == path).then_some("page")
}

/// Of pages that belong to another one: a key's to the list of keys.
fn is_within(call: &Call, path: &str) -> Option<&'static str> {
    let rest = call.target.strip_prefix(path)?;
    rest.starts_with('/').then_some("true")
}

fn top(call: &Call) -> Markup {
    html! {
        header.top {
            div.top-inner {
                a.brand href="/manage" {
                    img src=(ICON_PATH) alt="" width="26" height="26";
                    "afsa"
                }
                @if let Some(visitor) = &call.visitor {
                    nav aria-label=(call.t("layout.main")) {
                        a href="/manage" aria-current=[is_at(call, "/manage")] {
                            (call.t("layout.accounts"))
                        }
                        @if visitor.person.is_operator {
                            a href="/manage/people" aria-current=[is_at(call, "/manage/people")] {
                                (call.t("layout.people"))
                            }
                            a href="/manage/audit" aria-current=[is_at(call, "/manage/audit")] {
                                (call.t("side.audit"))
                            }
                        }
                        a href="/docs" { (call.t("layout.docs")) }
                    }
                    div.person {
                        a.plain.name href="/manage/profile"
                            aria-current=[is_at(call, "/manage/profile")] {
                            (visitor.person.name)
                        }
                        (form(call, "/manage/sign-out", html! {
                            button.plain type="submit" { (call.t("layout.sign_out")) }
                        }))
                    }
                } @else {
                    nav.person aria-label=(call.t("layout.main")) {
                        a href="/docs" { (call.t("layout.docs")) }
                    }
                }
            }
        }
    }
}

fn side(call: &Call, account: &Account, role: Role) -> Markup {
    let base = format!("/manage/accounts/{}", account.id);
    let pages = [
        ("", "side.overview", None),
        ("/figures", "side.figures", None),
        ("/settings", "side.settings", Some(Right::ChangeSettings)),
        ("/privacy", "side.privacy", Some(Right::ChangeSettings)),
        (
            "/exclusions",
            "side.exclusions",
            Some(Right::ChangeSettings),
        ),
        ("/snippet", "side.snippet", None),
        ("/members", "side.members", Some(Right::ManageMembers)),
        ("/keys", "keys.title", Some(Right::ManageAccess)),
        ("/clients", "clients.title", Some(Right::ManageAccess)),
        ("/shares", "side.shares", Some(Right::ManageAccess)),
        ("/audit", "side.audit", Some(Right::ReadAudit)),
    ];
    html! {
        nav.side aria-label=(account.name) {
            ul {
                li.of { bdi { (account.name) } }
                @for (path, label, right) in pages {
                    @if right.is_none_or(|right| role.may(right)) {
                        @let address = format!("{base}{path}");
                        @let within = (!path.is_empty()).then(|| is_within(call, &address)).flatten();
                        @let current = is_at(call, &address).or(within);
                        li { a href=(address) aria-current=[current] { (call.t(label)) } }
                    }
                }
            }
        }
    }
}

fn foot(call: &Call) -> Markup {
    let back = html! { input type="hidden" name="back" value=(call.target); };
    html! {
        footer {
            div.foot-inner {
                span.first { "afsa " (env!("CARGO_PKG_VERSION")) }
                (form(call, "/manage/preferences", html! {
                    (back)
                    span.unseen { (call.t("layout.theme")) }
                    @for theme in Theme::ALL {
                        button.choice type="submit" name="theme" value=(theme.name())
                            aria-pressed=(if theme == call.theme { "true" } else { "false" }) {
                            (call.word("theme", theme.name()))
                        }
                    }
                }))
                (form(call, "/manage/preferences", html! {
                    (back)
                    span.unseen { (call.t("layout.language")) }
                    @for language in Language::ALL {
                        button.choice type="submit" name="language" value=(language.tag())
                            lang=(language.tag())
                            aria-pressed=(if language == call.language { "true" } else { "false" }) {
                            (language.own_name())
                        }
                    }
                }))
            }
        }
    }
}
