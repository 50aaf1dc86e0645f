//! The table of pages: what there is, and whom each page is for.

use afsa_accounts::people::Right::{ChangeSettings, ManageAccess, ManageMembers, ReadAudit};

use crate::authorize;
use crate::pages::{
    account, apps, audit, clients, code, confirm, figures, home, invitation, keys, members, people,
    preferences, profile, reset, second_factor, settings, setup, shares, sign_in, sign_up,
};
use crate::routes::Access::{Anybody, May, Member, Operator, Person};
use crate::routes::{Route, act, form, page};

/// A page of an account.
macro_rules! of_account {
    ($rest:literal) => {
        concat!("/manage/accounts/{account_id}", $rest)
    };
}

#[rustfmt::skip]
pub(crate) const ROUTES: &[Route] = &[
    // Getting in.
    form("/manage/setup", "manage_setup", Anybody, setup::show, setup::set_up),
    form("/manage/sign-in", "manage_sign_in", Anybody, sign_in::show, sign_in::sign_in),
    form("/manage/sign-in/code", "manage_code", Anybody, code::show, code::tell),
    act("/manage/sign-out", "manage_sign_out", Anybody, sign_in::sign_out),
    form("/manage/sign-up", "manage_sign_up", Anybody, sign_up::show, sign_up::sign_up),
    form("/manage/reset", "manage_reset", Anybody, reset::show, reset::request),
    form("/manage/reset/choose", "manage_reset_choose", Anybody, reset::choose, reset::set),
    Route {
        path: "/manage/invitation",
        name: "manage_invitation",
        show: Some((Anybody, invitation::show)),
        take: Some((Person, invitation::accept)),
    },
    act("/manage/preferences", "manage_preferences", Anybody, preferences::set),
    // Letting apps in.
    form("/api/authorize", "authorize", Person, authorize::show, authorize::decide),
    form("/v1/auth/{account_id}/", "authorize", Person, authorize::show, authorize::decide),
    // A person's own.
    page("/manage", "manage_home", Person, home::show),
    form("/manage/confirm", "manage_confirm", Person, confirm::show, confirm::confirm),
    act("/manage/confirm/send", "manage_confirm_send", Person, confirm::send),
    form("/manage/profile", "manage_profile", Person, profile::show, profile::change),
    form("/manage/profile/password", "manage_password", Person, profile::show_password, profile::change_password),
    form("/manage/profile/email", "manage_email", Person, confirm::show_change, confirm::request_change),
    form("/manage/profile/email/take", "manage_email_take", Person, confirm::show_take, confirm::take),
    act("/manage/profile/sessions/end-others", "manage_sessions", Person, profile::end_others),
    act("/manage/profile/sessions/{session}/end", "manage_sessions", Person, profile::end_session),
    page("/manage/profile/second-factor", "manage_second_factor", Person, second_factor::show),
    act("/manage/profile/second-factor/begin", "manage_second_factor", Person, second_factor::begin),
    act("/manage/profile/second-factor/confirm", "manage_second_factor", Person, second_factor::confirm),
    act("/manage/profile/second-factor/renew", "manage_second_factor", Person, second_factor::renew),
    act("/manage/profile/second-factor/disable", "manage_second_factor", Person, second_factor::disable),
    form("/manage/profile/apps/{grant}/disconnect", "manage_own_apps", Person, apps::ask_disconnect, apps::disconnect),
    page("/manage/api/keys", "manage_keys", Person, keys::choose_keys),
    page("/manage/api/clients", "manage_clients", Person, keys::choose_clients),
    form("/manage/accounts/new", "manage_account_new", Person, home::show_create, home::create),
    // The installation's.
    form("/manage/people", "manage_people", Operator, people::show, people::create),
    act("/manage/people/{person}/link", "manage_people_link", Operator, people::send_link),
    form("/manage/people/{person}/disable", "manage_people_disable", Operator, people::ask_disable, people::disable),
    act("/manage/people/{person}/enable", "manage_people_enable", Operator, people::enable),
    form("/manage/people/{person}/second-factor/remove", "manage_people_factor", Operator, people::ask_drop_second_factor, people::drop_second_factor),
    form("/manage/audit", "manage_audit", Operator, audit::show_installation, audit::verify_installation),
    // An account's.
    page(of_account!(""), "manage_account", Member, account::show),
    page(of_account!("/figures"), "manage_figures", Member, figures::show),
    page(of_account!("/snippet"), "manage_snippet", Member, account::snippet),
    form(of_account!("/settings"), "manage_settings", May(ChangeSettings), settings::show_site, settings::set_site),
    form(of_account!("/privacy"), "manage_privacy", May(ChangeSettings), settings::show_privacy, settings::set_privacy),
    form(of_account!("/exclusions"), "manage_exclusions", May(ChangeSettings), settings::show_exclusions, settings::set_exclusions),
    form(of_account!("/members"), "manage_members", May(ManageMembers), members::show, members::invite),
    act(of_account!("/members/{person}"), "manage_members", May(ManageMembers), members::change_role),
    form(of_account!("/members/{person}/remove"), "manage_members_remove", Member, members::ask_remove, members::remove),
    form(of_account!("/members/invitations/{invitation}/withdraw"), "manage_invitations", May(ManageMembers), members::ask_withdraw, members::withdraw),
    form(of_account!("/keys"), "manage_keys", May(ManageAccess), keys::show, keys::create),
    form(of_account!("/keys/{key}"), "manage_keys_change", May(ManageAccess), keys::show_one, keys::change),
    form(of_account!("/keys/{key}/revoke"), "manage_keys_revoke", May(ManageAccess), keys::ask_revoke, keys::revoke),
    form(of_account!("/clients"), "manage_clients", May(ManageAccess), clients::show, clients::create),
    form(of_account!("/clients/{client}"), "manage_clients_change", May(ManageAccess), clients::show_one, clients::change),
    form(of_account!("/clients/{client}/secret"), "manage_clients_secret", May(ManageAccess), clients::ask_rotate, clients::rotate),
    form(of_account!("/clients/{client}/delete"), "manage_clients_delete", May(ManageAccess), clients::ask_delete, clients::delete),
    form(of_account!("/clients/apps/{grant}/disconnect"), "manage_apps", May(ManageAccess), clients::ask_disconnect, clients::disconnect),
    form(of_account!("/shares"), "manage_shares", May(ManageAccess), shares::show, shares::create),
    form(of_account!("/shares/{share}"), "manage_shares_change", May(ManageAccess), shares::show_one, shares::change),
    form(of_account!("/shares/{share}/revoke"), "manage_shares_revoke", May(ManageAccess), shares::ask_revoke, shares::revoke),
    form(of_account!("/audit"), "manage_audit", May(ReadAudit), audit::show, audit::verify),
];
