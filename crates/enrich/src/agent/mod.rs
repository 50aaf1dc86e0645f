//! What an agent text says of the program and the machine.

mod device;
mod robots;

use std::borrow::Cow;

use afsa_model::{Exclusion, Text, text};
use ua_parser::{
    Extractor, device as device_rules, os as system_rules, user_agent as browser_rules,
};

use crate::EnrichError;
use crate::table::{Row, rows};
use device::device;
pub use robots::Robots;

/// What is known of an agent. Families are those of the uap-core rules, `Other` being nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AgentInfo {
    pub browser: Text,
    /// `17.4`; a minor version of 0 is left out (`120`).
    pub browser_version: Text,
    pub os: Text,
    /// In the same form.
    pub os_version: Text,
    /// `desktop`, `smartphone`, `tablet`, `tv`, `console`, `wearable` or `other`.
    pub device: Text,
    pub device_brand: Text,
    pub device_model: Text,
    /// [`Exclusion::Robot`], [`Exclusion::Monitor`] or none.
    pub exclusion: Option<Exclusion>,
}

/// Reads agent texts. Building takes tens of milliseconds, reading one about twenty microseconds:
/// whoever reads many keeps the answers.
pub struct Agents {
    rules: Extractor<'static>,
    robots: Robots,
}

/// Longer texts are read up to here: no browser's is, and the time to read is bounded.
const LONGEST: usize = 1_024;

impl Agents {
    /// The rules that come with the crate.
    pub fn shipped() -> Result<Agents, EnrichError> {
        let rules = ua_parser::Regexes {
            user_agent_parsers: rows(include_str!("../../tables/browsers.tsv"))
                .map(browser)
                .collect(),
            os_parsers: rows(include_str!("../../tables/systems.tsv"))
                .map(system)
                .collect(),
            device_parsers: rows(include_str!("../../tables/devices.tsv"))
                .map(machine)
                .collect(),
        };
        let rules = Extractor::try_from(rules).map_err(|error| EnrichError::Table {
            table: "browsers, systems or devices",
            reason: error.to_string(),
        })?;
        Ok(Agents {
            rules,
            robots: Robots::shipped()?,
        })
    }

    /// Reads one agent text. An empty one is a robot's: every browser sends something.
    pub fn read(&self, agent: &str) -> AgentInfo {
        let agent = shortened(agent);
        let (browser, system, machine) = self.rules.extract(agent);
        let family = machine.as_ref().map_or("", |machine| &*machine.device);
        let exclusion = self
            .robots
            .find(agent)
            .or((family == "Spider").then_some(Exclusion::Robot));
        AgentInfo {
            browser: browser.as_ref().and_then(|browser| known(&browser.family)),
            browser_version: browser
                .as_ref()
                .and_then(|browser| version(browser.major, browser.minor)),
            os: system.as_ref().and_then(|system| known(&system.os)),
            os_version: system
                .as_ref()
                .and_then(|system| version(system.major.as_deref(), system.minor.as_deref())),
            device: text(device(agent, family, exclusion.is_some())),
            device_brand: machine
                .as_ref()
                .and_then(|machine| brand(machine.brand.as_deref()?)),
            device_model: machine.as_ref().and_then(model),
            exclusion,
        }
    }
}

fn known(family: &str) -> Text {
    if family == "Other" {
        None
    } else {
        text(family.trim())
    }
}

fn version(major: Option<&str>, minor: Option<&str>) -> Text {
    let major = major.filter(|major| !major.is_empty())?;
    let is_number = major.bytes().all(|byte| byte.is_ascii_digit());
    match minor.filter(|minor| is_number && !minor.is_empty() && *minor != "0") {
        Some(minor) => Some(format!("{major}.{minor}").into()),
        None => text(major),
    }
}

/// The rules call makers that they don't know `Generic…`, and robots' `Spider`.
fn brand(brand: &str) -> Text {
    if brand.starts_with("Generic") || brand == "Spider" {
        None
    } else {
        text(brand.trim())
    }
}

fn model(machine: &device_rules::ValueRef<'_>) -> Text {
    let model = machine.model.as_deref()?.trim();
    // Chrome says "K" on every Android device since it stopped to tell the model.
    let is_placeholder = matches!(model, "K" | "Smartphone" | "Feature Phone" | "Tablet");
    let is_robot = machine.brand.as_deref() == Some("Spider");
    if is_placeholder || is_robot {
        None
    } else {
        text(model)
    }
}

fn shortened(agent: &str) -> &str {
    let mut end = agent.len().min(LONGEST);
    while !agent.is_char_boundary(end) {
        end -= 1;
    }
    agent.get(..end).unwrap_or("")
}

fn browser(mut row: Row) -> browser_rules::Parser<'static> {
    let (regex, _flag) = (row.cell(), row.cell());
    browser_rules::Parser {
        regex: unbounded(regex),
        family_replacement: replacement(&mut row),
        v1_replacement: replacement(&mut row),
        v2_replacement: replacement(&mut row),
        v3_replacement: replacement(&mut row),
        v4_replacement: replacement(&mut row),
    }
}

fn system(mut row: Row) -> system_rules::Parser<'static> {
    let (regex, _flag) = (row.cell(), row.cell());
    system_rules::Parser {
        regex: unbounded(regex),
        os_replacement: replacement(&mut row),
        os_v1_replacement: replacement(&mut row),
        os_v2_replacement: replacement(&mut row),
        os_v3_replacement: replacement(&mut row),
        os_v4_replacement: replacement(&mut row),
    }
}

fn machine(mut row: Row) -> device_rules::Parser<'static> {
    let (regex, flag) = (row.cell(), row.cell());
    device_rules::Parser {
        regex: unbounded(regex),
        regex_flag: (flag == "i").then_some(device_rules::Flag::IgnoreCase),
        device_replacement: replacement(&mut row),
        brand_replacement: replacement(&mut row),
        model_replacement: replacement(&mut row),
    }
}

/// Without the upper bounds of long repetitions of classes. The tables have them to spare engines that
/// backtrack; agents are cut at [`LONGEST`] and this engine's time is linear in the text, while
/// every count is a state that takes memory.
fn unbounded(regex: &'static str) -> Cow<'static, str> {
    let mut rest = regex;
    let mut whole = String::with_capacity(regex.len());
    while let Some((before, bound)) = rest.split_once('{') {
        whole.push_str(before);
        rest = bound;
        let Some((counts, after)) = bound.split_once('}') else {
            whole.push('{');
            continue;
        };
        let is_class = whole.ends_with(']');
        let sign = match counts.split_once(',') {
            Some(("0", most)) if is_class && most.len() > 1 => '*',
            Some(("1", most)) if is_class && most.len() > 1 => '+',
            _ => {
                whole.push('{');
                continue;
            }
        };
        whole.push(sign);
        rest = after;
    }
    whole.push_str(rest);
    whole.into()
}

fn replacement(row: &mut Row) -> Option<Cow<'static, str>> {
    row.filled().map(Cow::Borrowed)
}

#[cfg(test)]
mod tests;
