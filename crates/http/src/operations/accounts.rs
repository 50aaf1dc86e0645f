//! Accounts and their settings.

use afsa_accounts::{Account, AccountChange, EcommerceLevel, Scope};
use afsa_model::{HOUR, MINUTE, TimeRange, Timestamp};
use afsa_store::Activity;
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::account_id_in_path;
use crate::authorized::Authorized;
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation};
use crate::problem::{Problem, Word};
use crate::question::Subject;
use crate::{reply, schemas};

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            id: "listAccounts",
            method: Method::GET,
            path: "/v1/accounts",
            tag: "Accounts",
            summary: "List accounts",
            description: "The accounts that the credential reaches.",
            parameters: Vec::new(),
            body: BodyRule::None,
            answer: Answer::json("The accounts.", schemas::list_of("Account")),
            words: Vec::new(),
            handler: Handler::Account(Scope::AccountRead, |call| list(call).boxed()),
        },
        Operation {
            id: "getAccount",
            method: Method::GET,
            path: "/v1/accounts/{account_id}",
            tag: "Accounts",
            summary: "Read an account",
            description: "The account with its settings and how much it holds.",
            parameters: vec![account_id_in_path()],
            body: BodyRule::None,
            answer: Answer::json("The account.", schemas::reference("Account")),
            words: Vec::new(),
            handler: Handler::Account(Scope::AccountRead, |call| read(call).boxed()),
        },
        Operation {
            id: "updateAccount",
            method: Method::PATCH,
            path: "/v1/accounts/{account_id}",
            tag: "Accounts",
            summary: "Change an account",
            description: "Changes the fields that are sent and leaves the others as they are; all \
                of them or, where one cannot be accepted, none.",
            parameters: vec![account_id_in_path()],
            body: BodyRule::Document {
                schema: schemas::reference("AccountChange"),
                example: json!({"timezone": "Europe/Paris", "settings": {"visit_timeout_minutes": 45}}),
                or_form: false,
            },
            answer: Answer::json("The account as it is now.", schemas::reference("Account")),
            words: vec![Word::Conflict],
            handler: Handler::Account(Scope::AccountWrite, |call| update(call).boxed()),
        },
    ]
}

async fn list(call: Call) -> Result<Response, Problem> {
    let account = call.authorized.account()?;
    Ok(reply::json(
        &json!({"data": [with_usage(call, &account).await?]}),
    ))
}

async fn read(call: Call) -> Result<Response, Problem> {
    let account = call.authorized.account()?;
    Ok(reply::json(&with_usage(call, &account).await?))
}

async fn update(call: Call) -> Result<Response, Problem> {
    let change = change(call.document(), &call.authorized.account()?)?;
    let authorized = call.authorized.clone();
    let now = call.now;
    let changing =
        move || authorized.change_settings(now, |acting, id| acting.update_account(id, &change));
    let account = call.server.gate.run(&call.server.limits, changing).await?;
    Ok(reply::json(&with_usage(call, &account).await?))
}

fn change(body: &Value, account: &Account) -> Result<AccountChange, Problem> {
    let mut fields = Fields::of_body(body)?;
    let mut change = AccountChange {
        name: fields.text("name"),
        url: fields.text("url"),
        timezone: fields.text("timezone"),
        currency: fields.text("currency"),
        language: fields.text("language"),
        ..AccountChange::default()
    };
    fields.within("ecommerce", |ecommerce| {
        let levels = EcommerceLevel::ALL.map(EcommerceLevel::name);
        let is_enabled = ecommerce.truth("enabled");
        let level = ecommerce.word("level", &levels);
        let is_off = level.map(|level| level == EcommerceLevel::Off);
        if is_enabled.is_some() && is_enabled == is_off {
            let detail = "level is off where enabled is false, and only there";
            ecommerce.fault_of_meaning("level", "contradiction", detail);
        }
        change.ecommerce = match is_enabled {
            Some(false) => Some(EcommerceLevel::Off),
            Some(true) if account.ecommerce == EcommerceLevel::Off => {
                level.or(Some(EcommerceLevel::default()))
            }
            _ => level,
        };
    });
    fields.within("privacy", |privacy| {
        change.dropped_address_bytes = privacy.integer("dropped_address_bytes");
    });
    fields.within("settings", |settings| {
        change.visit_timeout_minutes = settings.integer("visit_timeout_minutes");
        change.order_window_hours = settings.integer("order_window_hours");
        change.kept_parameters = settings.texts("kept_parameters");
        change.internal_hosts = settings.texts("internal_hosts");
        change.excluded_addresses = settings.texts("excluded_addresses");
        change.excluded_roles = settings.texts("excluded_roles");
        change.retention_months = match settings.given("retention_months") {
            Some(Value::Null) => Some(None),
            _ => settings.integer("retention_months").map(Some),
        };
    });
    fields.finish_with(change.faults(account))?;
    Ok(change)
}

/// The account as an action of a batch tells it: for clients that read `id` and `plan` at its top.
pub(crate) fn infos(subject: &Subject) -> Result<Value, Problem> {
    let Subject {
        account,
        snapshot,
        now,
        authorized,
        ..
    } = subject;
    let usage = Usage::of(authorized, &**snapshot, account, *now)?;
    let mut infos = to_json(account, &usage);
    if let Value::Object(infos) = &mut infos
        && !authorized.principal().scopes.contains(Scope::AccountRead)
    {
        // Whoever may only ask for figures learns nothing of how they are made.
        infos.retain(|name, _| !matches!(name.as_str(), "privacy" | "settings" | "usage"));
    }
    Ok(infos)
}

/// The account with what the store knows of it.
async fn with_usage(call: Call, account: &Account) -> Result<Value, Problem> {
    let Call {
        authorized,
        now,
        server,
        ..
    } = call;
    let asked = account.clone();
    let working_out = move || {
        let snapshot = authorized.snapshot()?;
        Usage::of(&authorized, &*snapshot, &asked, now)
    };
    let usage = server.gate.run(&server.limits, working_out).await?;
    Ok(to_json(account, &usage))
}

/// How much an account holds and sends, its days and months beginning in its own zone.
struct Usage {
    activity: Activity,
    /// Hits that arrived since midnight, of whatever time they tell.
    hits_today: u64,
    hits_this_month: u64,
    /// Visits that began since then.
    visits_this_month: u64,
}

impl Usage {
    fn of(
        authorized: &Authorized,
        snapshot: &dyn afsa_store::Snapshot,
        account: &Account,
        now: Timestamp,
    ) -> Result<Usage, Problem> {
        let (today, this_month) = beginnings(account, now);
        let until = now.plus(1);
        let hits_since =
            |from| authorized.with_accounts(|accounts, id| accounts.hits_since(id, from, until));
        Ok(Usage {
            activity: snapshot.activity()?,
            hits_today: hits_since(today)?,
            hits_this_month: hits_since(this_month)?,
            visits_this_month: visits_between(snapshot, this_month, until)?,
        })
    }
}

fn visits_between(
    snapshot: &dyn afsa_store::Snapshot,
    from: Timestamp,
    to: Timestamp,
) -> Result<u64, Problem> {
    let range = TimeRange { from, to };
    let question = afsa_store::Question {
        range: range.into(),
        measures: vec![afsa_store::Measure::Visits],
        ..afsa_store::Question::default()
    };
    let groups = snapshot.aggregate(&question)?;
    let number = groups
        .rows
        .first()
        .and_then(|row| row.numbers.first())
        .copied();
    Ok(number
        .and_then(|number| u64::try_from(number).ok())
        .unwrap_or(0))
}

/// When today and this month began in the account's zone; UTC's where the zone is not known.
fn beginnings(account: &Account, now: Timestamp) -> (Timestamp, Timestamp) {
    let zone =
        jiff::tz::TimeZone::get(&account.settings.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let Ok(here) = jiff::Timestamp::from_millisecond(now.0).map(|at| at.to_zoned(zone)) else {
        return (now, now);
    };
    let instant = |start: Result<jiff::Zoned, jiff::Error>| {
        start.map_or(now, |start| Timestamp(start.timestamp().as_millisecond()))
    };
    let month = here.first_of_month().and_then(|first| first.start_of_day());
    (instant(here.start_of_day()), instant(month))
}

fn to_json(account: &Account, usage: &Usage) -> Value {
    let settings = &account.settings;
    let activity = usage.activity;
    json!({
        "id": account.id.to_string(),
        "number": account.id.0,
        "name": account.name,
        "url": account.url,
        "timezone": &*settings.timezone,
        "currency": &*settings.currency,
        "language": account.language,
        "created_at": reply::instant(account.created_at),
        "first_hit_at": reply::optional_instant(activity.first_hit),
        "last_hit_at": reply::optional_instant(activity.last_hit),
        "plan": plan_to_json(account),
        "ecommerce": {
            "enabled": account.ecommerce != EcommerceLevel::Off,
            "level": account.ecommerce.name(),
        },
        "privacy": {"dropped_address_bytes": settings.address_policy.dropped_bytes},
        "settings": {
            "visit_timeout_minutes": settings.visit_timeout / MINUTE,
            "order_window_hours": settings.order_window / HOUR,
            "kept_parameters": texts(&settings.kept_parameters),
            "internal_hosts": texts(&settings.internal_hosts),
            "excluded_addresses": texts(&settings.excluded_addresses),
            "excluded_roles": texts(&settings.excluded_roles),
            "retention_months": settings.retention_months,
        },
        "usage": {
            "hits_today": usage.hits_today,
            "hits_this_month": usage.hits_this_month,
            "visits_this_month": usage.visits_this_month,
            "hits": activity.hits,
            "visits": activity.visits,
            "stored_bytes": activity.stored_bytes,
        },
    })
}

/// Shop plug-ins read the plan themselves, and take its dates as text.
fn plan_to_json(account: &Account) -> Value {
    json!({
        "id": account.plan.id,
        "name": account.plan.name,
        "trial": account.plan.trial,
        "start_date": reply::instant(account.plan.start),
        "end_date": reply::optional_instant(account.plan.end),
    })
}

fn texts(list: &[std::sync::Arc<str>]) -> Vec<&str> {
    list.iter().map(|text| &**text).collect()
}
