//! An account at a glance, and how hits get into it.

use afsa_accounts::people::Right;
use maud::html;

use super::home::hits_today;
use super::parts::{moment, number};
use crate::answer::Outcome;
use crate::call::Call;

pub(crate) fn show(call: &Call) -> Outcome {
    let account = call.account()?;
    let base = format!("/manage/accounts/{}", account.id);
    let settings = &account.settings;
    let today = hits_today(call, account)?;
    let body = html! {
        h1 { bdi { (account.name) } }
        p.lead { a href=(account.url) rel="noreferrer" { (account.url) } }
        @if today == 0 {
            div.note { p {
                (call.t("account.silent")) " "
                a href=(format!("{base}/snippet")) { (call.t("account.silent_go")) }
            } }
        }
        p { a.button href=(format!("{base}/figures")) { (call.t("account.figures")) } }
        section.card {
            dl.facts {
                dt { (call.t("account.number")) } dd { code { (account.id) } }
                dt { (call.t("home.hits_today")) } dd { (number(call, today)) }
                dt { (call.t("settings.timezone")) } dd { (settings.timezone) }
                dt { (call.t("settings.currency")) } dd { (settings.currency) }
                dt { (call.t("account.created")) } dd { (moment(call, account.created_at, Some(account))) }
                dt { (call.t("home.role")) } dd { (call.word("role", call.role()?.name())) }
            }
        }
        section.card {
            h2 { (call.t("account.programs")) }
            p { (call.t("account.programs_lead")) }
            div.row {
                @if call.may(Right::ManageAccess) {
                    a.button.quiet href=(format!("{base}/keys")) { (call.t("keys.title")) }
                    a.button.quiet href=(format!("{base}/clients")) { (call.t("clients.title")) }
                }
                a.button.quiet href="/docs" { (call.t("account.reference")) }
            }
        }
    };
    Ok(call.page(&account.name, body))
}

pub(crate) fn snippet(call: &Call) -> Outcome {
    let account = call.account()?;
    let title = call.t("side.snippet");
    let address = &call.site.address;
    let script = format!(
        "<script>\n\
         (function(i,s,o,g,r,a,m){{i['AfsAnalyticsObject']=r;i[r]=i[r]||function(){{\n\
         (i[r].q=i[r].q||[]).push(arguments)}},i[r].l=1*new Date();a=s.createElement(o),\n\
         m=s.getElementsByTagName(o)[0];a.async=1;a.src=g;m.parentNode.insertBefore(a,m)\n\
         }})(window,document,'script','{address}/js/analytics.js','aa');\n\
         aa('create', '{id}', 'auto');\n\
         aa('send', 'pageview');\n\
         </script>",
        id = account.id
    );
    let curl = format!(
        "curl -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' \\\n  \
         {address}/v1/collect -d '\n  {{\"hits\": [{{\"type\": \"pageview\", \
         \"visitor_id\": \"v-1\", \"location\": \"{}\"}}]}}'",
        account.url.replace('\'', "%27")
    );
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("snippet.lead")) }
        section.card {
            h2 { (call.t("snippet.page")) }
            p { (call.t("snippet.page_lead")) }
            p.hint { (call.t("snippet.page_soon")) }
            pre tabindex="0" { code { (script) } }
        }
        section.card {
            h2 { (call.t("snippet.server")) }
            p { (call.t("snippet.server_lead")) }
            pre tabindex="0" { code { (curl) } }
            @if call.may(Right::ManageAccess) {
                p { a href=(format!("/manage/accounts/{}/keys", account.id)) { (call.t("snippet.key")) } }
            }
        }
    };
    Ok(call.page(title, body))
}
