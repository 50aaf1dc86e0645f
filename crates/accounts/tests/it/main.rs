//! The accounts at their border: a file is opened, changed, opened again.

mod accounts;
mod audit;
mod keys;
mod looks;
mod members;
mod oauth;
mod persons;
mod rates;
mod second_factor;
mod secrets;
mod shares;
mod stored_things;
mod usage;

use afsa_accounts::{Account, AccountChange, Accounts, Acting, Actor};
use afsa_model::Timestamp;

const NOW: Timestamp = Timestamp(1_793_000_000_000);

fn with_account() -> (Accounts, Account) {
    let accounts = Accounts::in_memory().unwrap();
    let account = acting(&accounts).create_account(&draft("First")).unwrap();
    (accounts, account)
}

/// Whoever has the data folder, now.
fn acting(accounts: &Accounts) -> Acting<'_> {
    accounts.acting(Actor::CommandLine, NOW)
}

fn draft(name: &str) -> AccountChange {
    AccountChange {
        name: Some(name.into()),
        url: Some("https://shop.example.com/".into()),
        ..AccountChange::default()
    }
}
