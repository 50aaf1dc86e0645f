//! Rates of exchange that an account tells by itself.

use afsa_accounts::{Acting, Error, OwnRateChoice, OwnRateDraft, Scope};
use afsa_model::{AccountId, OwnRate, day_text, parse_day, quote_text};
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::account_id_in_path;
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation, Parameter};
use crate::problem::{Problem, Word};
use crate::{reply, schemas};

const MOST_LISTED: i64 = 10_000;

pub(crate) fn operations() -> Vec<Operation> {
    let base = |id, method, summary, description, handler| Operation {
        id,
        method,
        path: "/v1/accounts/{account_id}/exchange-rates",
        tag: "Account things",
        summary,
        description,
        parameters: vec![account_id_in_path()],
        body: BodyRule::None,
        answer: Answer::empty(""),
        words: Vec::new(),
        handler,
    };
    let taking = |operation: Operation| Operation {
        body: BodyRule::Document {
            schema: schemas::reference("ExchangeRateBatch"),
            example: json!({"rates": [{"date": "2026-10-30", "currency": "USD", "quote": "1.1172"}]}),
            or_form: false,
        },
        answer: Answer::json(
            "How many rates were taken.",
            schemas::reference("AcceptedExchangeRates"),
        ),
        words: vec![Word::Conflict],
        ..operation
    };
    vec![
        Operation {
            parameters: [account_id_in_path()]
                .into_iter()
                .chain(choice_parameters())
                .chain(page_parameters())
                .collect(),
            answer: Answer::json("The rates.", schemas::reference("ExchangeRateList")),
            ..base(
                "listExchangeRates",
                Method::GET,
                "List own rates of exchange",
                "The rates that the account tells by itself, by date. Those of the European \
                 Central Bank, which come with the program, are not among them.",
                Handler::Account(Scope::AccountRead, |call| list(call).boxed()),
            )
        },
        taking(base(
            "addExchangeRates",
            Method::POST,
            "Add own rates of exchange",
            "Keeps these rates beside those that are there; all of them or, where one cannot be \
             accepted, none. Of one date and two currencies the last one counts, before the \
             European Central Bank's. All orders, past ones too, are converted anew.",
            Handler::Account(Scope::AccountWrite, |call| {
                take(call, |acting, account, rates| {
                    acting.add_own_rates(account, rates)
                })
                .boxed()
            }),
        )),
        taking(base(
            "replaceExchangeRates",
            Method::PUT,
            "Replace own rates of exchange",
            "Keeps these rates and forgets all others of the account's own.",
            Handler::Account(Scope::AccountWrite, |call| {
                take(call, |acting, account, rates| {
                    acting.replace_own_rates(account, rates)
                })
                .boxed()
            }),
        )),
        Operation {
            parameters: [account_id_in_path()]
                .into_iter()
                .chain(choice_parameters())
                .collect(),
            answer: Answer::json(
                "How many rates were deleted.",
                schemas::reference("DeletedExchangeRates"),
            ),
            ..base(
                "deleteExchangeRates",
                Method::DELETE,
                "Delete own rates of exchange",
                "Forgets those of a currency or of some days; without a parameter, all of them. \
                 What they decided is decided by the European Central Bank's again.",
                Handler::Account(Scope::AccountWrite, |call| delete(call).boxed()),
            )
        },
    ]
}

fn choice_parameters() -> [Parameter; 3] {
    let date = || json!({"type": "string", "format": "date"});
    [
        Parameter::in_query(
            "currency",
            "Only rates of this currency, quoted or as reference.",
            json!({"type": "string", "pattern": "^[A-Za-z]{3}$"}),
            "USD",
        ),
        Parameter::in_query("from", "The first day.", date(), "2026-10-01"),
        Parameter::in_query("to", "The last day.", date(), "2026-10-31"),
    ]
}

fn page_parameters() -> [Parameter; 2] {
    [
        Parameter::in_query(
            "limit",
            "How many to list.",
            json!({"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": 100}),
            100,
        ),
        Parameter::in_query(
            "offset",
            "How many to leave out before.",
            json!({"type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 0}),
            0,
        ),
    ]
}

async fn list(call: Call) -> Result<Response, Problem> {
    let mut fields = call.parameter_fields();
    let choice = choice(&mut fields);
    let limit = whole(&mut fields, "limit", 100, 1..=MOST_LISTED);
    let offset = whole(&mut fields, "offset", 0, 0..=i64::from(u32::MAX));
    fields.finish()?;
    let authorized = call.authorized.clone();
    let reading = move || {
        authorized
            .with_accounts(|accounts, account| accounts.own_rates(account, &choice, limit, offset))
    };
    let (rates, total) = call.server.gate.run(&call.server.limits, reading).await?;
    Ok(reply::json(&json!({
        "data": rates.iter().map(to_json).collect::<Vec<_>>(),
        "meta": {"total_rows": total, "limit": limit, "offset": offset},
    })))
}

async fn take(
    call: Call,
    keep: fn(&Acting<'_>, AccountId, &[OwnRate]) -> Result<(), Error>,
) -> Result<Response, Problem> {
    let authorized = call.authorized.clone();
    let now = call.now;
    let document = call.document().clone();
    // Reading a long list takes its time too.
    let taking = move || {
        let rates = rates(&document, &authorized.account()?.settings.currency)?;
        authorized.change_settings(now, |acting, account| keep(acting, account, &rates))?;
        Ok(rates.len())
    };
    let accepted = call.server.gate.run(&call.server.limits, taking).await?;
    Ok(reply::json(&json!({"accepted": accepted})))
}

async fn delete(call: Call) -> Result<Response, Problem> {
    let mut fields = call.parameter_fields();
    let choice = choice(&mut fields);
    fields.finish()?;
    let authorized = call.authorized.clone();
    let now = call.now;
    let deleting = move || {
        authorized.change_settings(now, |acting, account| {
            acting.delete_own_rates(account, &choice)
        })
    };
    let deleted = call.server.gate.run(&call.server.limits, deleting).await?;
    Ok(reply::json(&json!({"deleted": deleted})))
}

/// Every rate of the body, or every fault of every row.
fn rates(body: &Value, reference: &str) -> Result<Vec<OwnRate>, Problem> {
    let mut fields = Fields::of_body(body)?;
    let rates = fields.rows("rates", |row| {
        let draft = OwnRateDraft {
            date: row.text("date"),
            currency: row.text("currency"),
            quote: row.text("quote"),
            reference: row.text("reference"),
        };
        match draft.rate(reference) {
            Ok(rate) => Some(rate),
            Err(faults) => {
                row.refuse_by_rules(faults);
                None
            }
        }
    });
    if rates.is_none() && fields.faults.is_empty() {
        let detail = "rates must be a list of rates";
        fields.fault("rates", "missing", detail, Vec::new());
    }
    fields.finish()?;
    Ok(rates.into_iter().flatten().flatten().collect())
}

fn choice(fields: &mut Fields<'_>) -> OwnRateChoice {
    let currency = fields.text("currency");
    let is_code = |text: &String| text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic());
    if currency.as_ref().is_some_and(|text| !is_code(text)) {
        let detail = "currency must be the code of a currency, three letters such as USD";
        fields.fault("currency", "malformed", detail, Vec::new());
    }
    OwnRateChoice {
        currency,
        from: day(fields, "from"),
        to: day(fields, "to"),
    }
}

fn day(fields: &mut Fields<'_>, name: &'static str) -> Option<i32> {
    let text = fields.text(name)?;
    let day = parse_day(&text);
    if day.is_none() {
        let detail = format!("{name} must be a date from 1900 to 2199, such as 2026-10-30");
        fields.fault_of_meaning(name, "malformed", detail);
    }
    day
}

fn whole(
    fields: &mut Fields<'_>,
    name: &'static str,
    default: u32,
    bounds: std::ops::RangeInclusive<i64>,
) -> u32 {
    let Some(number) = fields.integer(name) else {
        return default;
    };
    match u32::try_from(number) {
        Ok(fit) if bounds.contains(&number) => fit,
        _ => {
            let (least, most) = (bounds.start(), bounds.end());
            let detail = format!("{name} must lie between {least} and {most}");
            fields.fault(name, "out_of_range", detail, Vec::new());
            default
        }
    }
}

fn to_json(rate: &OwnRate) -> Value {
    json!({
        "date": day_text(rate.day),
        "currency": &*rate.currency,
        "quote": quote_text(rate.quote),
        "reference": &*rate.reference,
    })
}
