//! The table of pages: what there is, and whom each page is for.

use afsa_accounts::people::Right;
use axum::routing::MethodFilter;

use crate::answer::Outcome;
use crate::call::Call;
use crate::{authorize, pages, plugins};

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
    every()
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

pub(crate) const fn get(
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

pub(crate) const fn post(
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

/// Every page, those that only plug-ins lead to among them.
pub(crate) fn every() -> impl Iterator<Item = &'static Route> {
    all().iter().chain(plugins::ROUTES)
}

fn all() -> &'static [Route] {
    use Access::{Anybody, May, Member, Operator, Person};
    use Right::{ChangeSettings, ManageAccess, ManageMembers, ReadAudit};
    use pages::{
        account, audit, clients, code, confirm, home, invitation, keys, members, people,
        preferences, profile, reset, second_factor, settings, setup, shares, sign_in, sign_up,
    };
    const ROUTES: &[Route] = &[
        get("/manage", "manage_home", Person, home::show),
        get("/manage/setup", "manage_setup", Anybody, setup::show),
        post("/manage/setup", "manage_setup", Anybody, setup::set_up),
        get("/api/authorize", "authorize", Person, authorize::show),
        post("/api/authorize", "authorize", Person, authorize::decide),
        get(
            "/v1/auth/{account_id}/",
            "authorize",
            Person,
            authorize::show,
        ),
        post(
            "/v1/auth/{account_id}/",
            "authorize",
            Person,
            authorize::decide,
        ),
        get("/manage/sign-in", "manage_sign_in", Anybody, sign_in::show),
        post(
            "/manage/sign-in",
            "manage_sign_in",
            Anybody,
            sign_in::sign_in,
        ),
        get("/manage/sign-in/code", "manage_code", Anybody, code::show),
        post("/manage/sign-in/code", "manage_code", Anybody, code::tell),
        post(
            "/manage/sign-out",
            "manage_sign_out",
            Anybody,
            sign_in::sign_out,
        ),
        get("/manage/sign-up", "manage_sign_up", Anybody, sign_up::show),
        post(
            "/manage/sign-up",
            "manage_sign_up",
            Anybody,
            sign_up::sign_up,
        ),
        get("/manage/reset", "manage_reset", Anybody, reset::show),
        post("/manage/reset", "manage_reset", Anybody, reset::request),
        get(
            "/manage/reset/choose",
            "manage_reset_choose",
            Anybody,
            reset::choose,
        ),
        post(
            "/manage/reset/choose",
            "manage_reset_choose",
            Anybody,
            reset::set,
        ),
        get("/manage/confirm", "manage_confirm", Person, confirm::show),
        post(
            "/manage/confirm",
            "manage_confirm",
            Person,
            confirm::confirm,
        ),
        post(
            "/manage/confirm/send",
            "manage_confirm_send",
            Person,
            confirm::send,
        ),
        get(
            "/manage/invitation",
            "manage_invitation",
            Anybody,
            invitation::show,
        ),
        post(
            "/manage/invitation",
            "manage_invitation",
            Person,
            invitation::accept,
        ),
        post(
            "/manage/preferences",
            "manage_preferences",
            Anybody,
            preferences::set,
        ),
        get("/manage/profile", "manage_profile", Person, profile::show),
        post("/manage/profile", "manage_profile", Person, profile::change),
        get(
            "/manage/profile/password",
            "manage_password",
            Person,
            profile::show_password,
        ),
        post(
            "/manage/profile/password",
            "manage_password",
            Person,
            profile::change_password,
        ),
        get(
            "/manage/profile/email",
            "manage_email",
            Person,
            confirm::show_change,
        ),
        post(
            "/manage/profile/email",
            "manage_email",
            Person,
            confirm::request_change,
        ),
        get(
            "/manage/profile/email/take",
            "manage_email_take",
            Person,
            confirm::show_take,
        ),
        post(
            "/manage/profile/email/take",
            "manage_email_take",
            Person,
            confirm::take,
        ),
        post(
            "/manage/profile/sessions/end-others",
            "manage_sessions",
            Person,
            profile::end_others,
        ),
        post(
            "/manage/profile/sessions/{session}/end",
            "manage_sessions",
            Person,
            profile::end_session,
        ),
        get(
            "/manage/profile/second-factor",
            "manage_second_factor",
            Person,
            second_factor::show,
        ),
        post(
            "/manage/profile/second-factor/begin",
            "manage_second_factor",
            Person,
            second_factor::begin,
        ),
        post(
            "/manage/profile/second-factor/confirm",
            "manage_second_factor",
            Person,
            second_factor::confirm,
        ),
        post(
            "/manage/profile/second-factor/renew",
            "manage_second_factor",
            Person,
            second_factor::renew,
        ),
        post(
            "/manage/profile/second-factor/disable",
            "manage_second_factor",
            Person,
            second_factor::disable,
        ),
        get("/manage/people", "manage_people", Operator, people::show),
        post("/manage/people", "manage_people", Operator, people::create),
        post(
            "/manage/people/{person}/link",
            "manage_people_link",
            Operator,
            people::send_link,
        ),
        post(
            "/manage/people/{person}/disable",
            "manage_people_disable",
            Operator,
            people::disable,
        ),
        post(
            "/manage/people/{person}/enable",
            "manage_people_enable",
            Operator,
            people::enable,
        ),
        post(
            "/manage/people/{person}/second-factor/remove",
            "manage_people_factor",
            Operator,
            people::drop_second_factor,
        ),
        get("/manage/api/keys", "manage_keys", Person, keys::choose_keys),
        get(
            "/manage/api/clients",
            "manage_clients",
            Person,
            keys::choose_clients,
        ),
        get(
            "/manage/accounts/new",
            "manage_account_new",
            Person,
            home::show_create,
        ),
        post(
            "/manage/accounts/new",
            "manage_account_new",
            Person,
            home::create,
        ),
        get(
            "/manage/accounts/{account_id}",
            "manage_account",
            Member,
            account::show,
        ),
        get(
            "/manage/accounts/{account_id}/snippet",
            "manage_snippet",
            Member,
            account::snippet,
        ),
        get(
            "/manage/accounts/{account_id}/settings",
            "manage_settings",
            May(ChangeSettings),
            settings::show_site,
        ),
        post(
            "/manage/accounts/{account_id}/settings",
            "manage_settings",
            May(ChangeSettings),
            settings::set_site,
        ),
        get(
            "/manage/accounts/{account_id}/privacy",
            "manage_privacy",
            May(ChangeSettings),
            settings::show_privacy,
        ),
        post(
            "/manage/accounts/{account_id}/privacy",
            "manage_privacy",
            May(ChangeSettings),
            settings::set_privacy,
        ),
        get(
            "/manage/accounts/{account_id}/exclusions",
            "manage_exclusions",
            May(ChangeSettings),
            settings::show_exclusions,
        ),
        post(
            "/manage/accounts/{account_id}/exclusions",
            "manage_exclusions",
            May(ChangeSettings),
            settings::set_exclusions,
        ),
        get(
            "/manage/accounts/{account_id}/members",
            "manage_members",
            May(ManageMembers),
            members::show,
        ),
        post(
            "/manage/accounts/{account_id}/members",
            "manage_members",
            May(ManageMembers),
            members::invite,
        ),
        post(
            "/manage/accounts/{account_id}/members/{person}",
            "manage_members",
            May(ManageMembers),
            members::change_role,
        ),
        get(
            "/manage/accounts/{account_id}/members/{person}/remove",
            "manage_members_remove",
            Member,
            members::ask_remove,
        ),
        post(
            "/manage/accounts/{account_id}/members/{person}/remove",
            "manage_members_remove",
            Member,
            members::remove,
        ),
        post(
            "/manage/accounts/{account_id}/members/invitations/{invitation}/withdraw",
            "manage_invitations",
            May(ManageMembers),
            members::withdraw,
        ),
        get(
            "/manage/accounts/{account_id}/shares",
            "manage_shares",
            May(ManageAccess),
            shares::show,
        ),
        post(
            "/manage/accounts/{account_id}/shares",
            "manage_shares",
            May(ManageAccess),
            shares::create,
        ),
        get(
            "/manage/accounts/{account_id}/shares/{share}/revoke",
            "manage_shares_revoke",
            May(ManageAccess),
            shares::ask_revoke,
        ),
        post(
            "/manage/accounts/{account_id}/shares/{share}/revoke",
            "manage_shares_revoke",
            May(ManageAccess),
            shares::revoke,
        ),
        get(
            "/manage/accounts/{account_id}/keys",
            "manage_keys",
            May(ManageAccess),
            keys::show,
        ),
        post(
            "/manage/accounts/{account_id}/keys",
            "manage_keys",
            May(ManageAccess),
            keys::create,
        ),
        get(
            "/manage/accounts/{account_id}/keys/{key}/revoke",
            "manage_keys_revoke",
            May(ManageAccess),
            keys::ask_revoke,
        ),
        post(
            "/manage/accounts/{account_id}/keys/{key}/revoke",
            "manage_keys_revoke",
            May(ManageAccess),
            keys::revoke,
        ),
        get(
            "/manage/accounts/{account_id}/clients",
            "manage_clients",
            May(ManageAccess),
            clients::show,
        ),
        post(
            "/manage/accounts/{account_id}/clients",
            "manage_clients",
            May(ManageAccess),
            clients::create,
        ),
        get(
            "/manage/accounts/{account_id}/clients/{client}/delete",
            "manage_clients_delete",
            May(ManageAccess),
            clients::ask_delete,
        ),
        post(
            "/manage/accounts/{account_id}/clients/{client}/delete",
            "manage_clients_delete",
            May(ManageAccess),
            clients::delete,
        ),
        post(
            "/manage/accounts/{account_id}/clients/apps/{grant}/disconnect",
            "manage_apps",
            May(ManageAccess),
            clients::disconnect,
        ),
        get(
            "/manage/accounts/{account_id}/audit",
            "manage_audit",
            May(ReadAudit),
            audit::show,
        ),
    ];
    ROUTES
}
