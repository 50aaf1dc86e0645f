//! Accounts and where they are kept.

use std::str::FromStr;
use std::sync::Arc;

use afsa_model::{AccountId, AccountSettings, AddressPolicy, HOUR, MINUTE, Timestamp};
use rusqlite::{OptionalExtension, Row, named_params};

use crate::people::audit::{changes, told};
use crate::people::{Action, Right, Role, member};
use crate::{AccountChange, Accounts, Acting, Actor, Error};

/// A site or shop with everything that its owner can set.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    /// The site's address, with scheme.
    pub url: String,
    /// Of the account's mails and pages: `en`, `fr` or another BCP 47 tag.
    pub language: String,
    pub created_at: Timestamp,
    pub plan: Plan,
    pub ecommerce: EcommerceLevel,
    /// What decides how hits become figures, zone and currency among it.
    pub settings: AccountSettings,
}

/// What the account may use, as existing shop plug-ins want to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub id: u32,
    pub name: String,
    pub trial: bool,
    pub start: Timestamp,
    /// `None`: without end.
    pub end: Option<Timestamp>,
}

/// How much a shop tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EcommerceLevel {
    /// The site sells nothing.
    Off,
    Limited,
    Basic,
    #[default]
    Advanced,
}

impl EcommerceLevel {
    pub const ALL: [EcommerceLevel; 4] = [
        EcommerceLevel::Off,
        EcommerceLevel::Limited,
        EcommerceLevel::Basic,
        EcommerceLevel::Advanced,
    ];

    /// The word that is shown, stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            EcommerceLevel::Off => "off",
            EcommerceLevel::Limited => "limited",
            EcommerceLevel::Basic => "basic",
            EcommerceLevel::Advanced => "advanced",
        }
    }
}

impl FromStr for EcommerceLevel {
    type Err = ();

    fn from_str(input: &str) -> Result<EcommerceLevel, ()> {
        EcommerceLevel::ALL
            .into_iter()
            .find(|level| level.name() == input)
            .ok_or(())
    }
}

impl Accounts {
    /// Every account, by number.
    pub fn accounts(&self) -> Result<Vec<Account>, Error> {
        let connection = self.read();
        let mut statement = connection.prepare_cached("SELECT * FROM accounts ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut accounts = Vec::new();
        while let Some(row) = rows.next()? {
            accounts.push(self.completed(&connection, kept(row)?)?);
        }
        Ok(accounts)
    }

    /// The address of every account's site, as its owner tells it.
    pub fn site_addresses(&self) -> Result<Vec<String>, Error> {
        let connection = self.read();
        let mut statement = connection.prepare_cached("SELECT url FROM accounts")?;
        let addresses = statement.query_map([], |row| row.get(0))?;
        Ok(addresses.collect::<Result<_, _>>()?)
    }

    pub fn account(&self, id: AccountId) -> Result<Account, Error> {
        let connection = self.read();
        self.completed(&connection, find(&connection, id)?)
    }
}

impl Acting<'_> {
    /// Makes an account, whose owner is the person who acts. Name and address are needed,
    /// everything else has a default.
    pub fn create_account(&self, draft: &AccountChange) -> Result<Account, Error> {
        let now = self.now;
        let blank = Account {
            id: AccountId(0),
            name: String::new(),
            url: String::new(),
            language: "en".into(),
            created_at: now,
            // Shop plug-ins show everything for plan 4.
            plan: Plan {
                id: 4,
                name: "Self-hosted".into(),
                trial: false,
                start: now,
                end: None,
            },
            ecommerce: EcommerceLevel::default(),
            settings: AccountSettings::default(),
        };
        let mut account = draft.applied_to(&blank)?;
        let account = self.change(|change| {
            if matches!(change.actor, Actor::Key(_) | Actor::App(_) | Actor::Share(_)) {
                return Err(Error::NotAllowed);
            }
            change.transaction.execute(
                "INSERT INTO accounts (name, url, timezone, currency, language, created_at, plan_id,
                     plan_name, plan_trial, plan_start, plan_end, ecommerce_level,
                     dropped_address_bytes, visit_timeout, order_window, kept_parameters,
                     internal_hosts, excluded_addresses, excluded_roles, retention_months)
                 VALUES ('', '', '', '', '', ?1, 0, '', 0, 0, NULL, '', 0, 0, 0, '', '', '', '', NULL)",
                [now.0],
            )?;
            let number = change.transaction.last_insert_rowid();
            account.id = AccountId(u32::try_from(number).map_err(|_| damaged("account id"))?);
            store(change.transaction, &account)?;
            let detail = told(&account.fields()[..2]);
            change.note(Some(account.id), Action::AccountCreated, SUBJECT, &detail)?;
            if let Actor::Person(person) = change.actor {
                member::insert(change, account.id, person, Role::Owner)?;
            }
            Ok(account)
        })?;
        self.accounts.account(account.id)
    }

    /// Changes what the change names, all or nothing.
    pub fn update_account(&self, id: AccountId, wanted: &AccountChange) -> Result<Account, Error> {
        self.change_in(id, Right::ChangeSettings, |change| {
            let before = find(change.transaction, id)?.account;
            let account = wanted.applied_to(&before)?;
            store(change.transaction, &account)?;
            let detail = changes(&before.fields(), &account.fields());
            if detail.is_empty() {
                return Ok(());
            }
            change.note(Some(id), Action::SettingsChanged, SUBJECT, &detail)
        })?;
        self.accounts.account(id)
    }

    /// Changes the plan, which is the operator's to say, not the account's.
    pub fn set_plan(&self, id: AccountId, plan: Plan) -> Result<Account, Error> {
        self.change_in(id, Right::ChangeSettings, |change| {
            change.require_operator()?;
            let before = find(change.transaction, id)?.account;
            let detail = format!("{} → {}", before.plan.name, plan.name);
            store(change.transaction, &Account { plan, ..before })?;
            change.note(Some(id), Action::PlanChanged, SUBJECT, &detail)
        })?;
        self.accounts.account(id)
    }
}

/// Of entries of the audit log that are about the account itself.
const SUBJECT: &str = "account";

impl Account {
    /// What the audit log tells of it.
    fn fields(&self) -> [(&'static str, String); 14] {
        let settings = &self.settings;
        let list = |values: &[Arc<str>]| values.join(", ");
        let months = settings.retention_months.map(|months| months.to_string());
        [
            ("name", self.name.clone()),
            ("url", self.url.clone()),
            ("timezone", settings.timezone.to_string()),
            ("currency", settings.currency.to_string()),
            ("language", self.language.clone()),
            ("ecommerce", self.ecommerce.name().to_owned()),
            (
                "dropped_address_bytes",
                settings.address_policy.dropped_bytes.to_string(),
            ),
            (
                "visit_timeout_minutes",
                (settings.visit_timeout / MINUTE).to_string(),
            ),
            (
                "order_window_hours",
                (settings.order_window / HOUR).to_string(),
            ),
            ("kept_parameters", list(&settings.kept_parameters)),
            ("internal_hosts", list(&settings.internal_hosts)),
            ("excluded_addresses", list(&settings.excluded_addresses)),
            ("excluded_roles", list(&settings.excluded_roles)),
            (
                "retention_months",
                months.unwrap_or_else(|| "for ever".into()),
            ),
        ]
    }
}

/// An account as it is kept: the offsets of its zone and its rates are missing.
pub(crate) struct Kept {
    pub account: Account,
    /// How often its own rates were changed.
    pub rates_version: i64,
}

fn find(connection: &rusqlite::Connection, id: AccountId) -> Result<Kept, Error> {
    let mut statement = connection.prepare_cached("SELECT * FROM accounts WHERE id = ?1")?;
    let found = statement
        .query_row([id.0], |row| Ok(kept(row)))
        .optional()?;
    found.unwrap_or(Err(Error::NoSuchAccount(id)))
}

pub(crate) fn kept(row: &Row<'_>) -> Result<Kept, Error> {
    Ok(Kept {
        account: account(row)?,
        rates_version: row.get("own_rates")?,
    })
}

fn account(row: &Row<'_>) -> Result<Account, Error> {
    let level: String = row.get("ecommerce_level")?;
    Ok(Account {
        id: AccountId(row.get("id")?),
        name: row.get("name")?,
        url: row.get("url")?,
        language: row.get("language")?,
        created_at: Timestamp(row.get("created_at")?),
        plan: Plan {
            id: row.get("plan_id")?,
            name: row.get("plan_name")?,
            trial: row.get("plan_trial")?,
            start: Timestamp(row.get("plan_start")?),
            end: row.get::<_, Option<i64>>("plan_end")?.map(Timestamp),
        },
        ecommerce: level.parse().map_err(|()| damaged("level of e-commerce"))?,
        settings: AccountSettings {
            timezone: row.get::<_, String>("timezone")?.into(),
            currency: row.get::<_, String>("currency")?.into(),
            visit_timeout: row.get("visit_timeout")?,
            order_window: row.get("order_window")?,
            kept_parameters: lines(&row.get::<_, String>("kept_parameters")?),
            internal_hosts: lines(&row.get::<_, String>("internal_hosts")?),
            excluded_addresses: lines(&row.get::<_, String>("excluded_addresses")?),
            excluded_roles: lines(&row.get::<_, String>("excluded_roles")?),
            retention_months: row.get("retention_months")?,
            address_policy: AddressPolicy {
                dropped_bytes: row.get("dropped_address_bytes")?,
            },
            ..AccountSettings::default()
        },
    })
}

fn store(connection: &rusqlite::Connection, account: &Account) -> Result<(), Error> {
    let settings = &account.settings;
    let mut statement = connection.prepare_cached(
        "UPDATE accounts SET name = :name, url = :url, timezone = :timezone, currency = :currency,
             language = :language, plan_id = :plan_id, plan_name = :plan_name,
             plan_trial = :plan_trial, plan_start = :plan_start, plan_end = :plan_end,
             ecommerce_level = :ecommerce_level, dropped_address_bytes = :dropped_address_bytes,
             visit_timeout = :visit_timeout, order_window = :order_window,
             kept_parameters = :kept_parameters, internal_hosts = :internal_hosts,
             excluded_addresses = :excluded_addresses, excluded_roles = :excluded_roles,
             retention_months = :retention_months
         WHERE id = :id",
    )?;
    statement.execute(named_params! {
        ":id": account.id.0,
        ":name": account.name,
        ":url": account.url,
        ":timezone": &*settings.timezone,
        ":currency": &*settings.currency,
        ":language": account.language,
        ":plan_id": account.plan.id,
        ":plan_name": account.plan.name,
        ":plan_trial": account.plan.trial,
        ":plan_start": account.plan.start.0,
        ":plan_end": account.plan.end.map(|end| end.0),
        ":ecommerce_level": account.ecommerce.name(),
        ":dropped_address_bytes": settings.address_policy.dropped_bytes,
        ":visit_timeout": settings.visit_timeout,
        ":order_window": settings.order_window,
        ":kept_parameters": settings.kept_parameters.join("\n"),
        ":internal_hosts": settings.internal_hosts.join("\n"),
        ":excluded_addresses": settings.excluded_addresses.join("\n"),
        ":excluded_roles": settings.excluded_roles.join("\n"),
        ":retention_months": settings.retention_months,
    })?;
    Ok(())
}

fn lines(text: &str) -> Vec<Arc<str>> {
    text.lines().map(Arc::from).collect()
}

fn damaged(what: &str) -> Error {
    Error::Damaged(format!("an unreadable {what}"))
}
