//! Reading the fields of what was sent, gathering every fault on the way.

use std::str::FromStr;

use afsa_accounts::{FieldFault, Scope, Scopes};
use afsa_model::Timestamp;
use serde_json::{Map, Value};

use crate::problem::{Fault, MOST_FAULTS, Problem, Word};

/// Where the fields stand, which decides how faults name them.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Query or flat form: faults name a `parameter`.
    Parameters,
    /// A body, at this JSON Pointer: faults carry a `pointer`.
    Body(String),
}

/// An object whose fields are read one by one. What nobody asked for is a fault.
///
/// Texts stand for numbers, truths and lists where what was sent knows nothing else: in queries, in
/// forms, and in what a form has gone through on its way.
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    place: Place,
    known: Vec<&'static str>,
    is_tolerated: fn(&str) -> bool,
    knows_texts_only: bool,
    pub(crate) faults: Vec<Fault>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(object: &'a Map<String, Value>, place: Place) -> Fields<'a> {
        let knows_texts_only = matches!(place, Place::Parameters);
        Fields {
            object,
            place,
            known: Vec::new(),
            is_tolerated: |_| false,
            knows_texts_only,
            faults: Vec::new(),
        }
    }

    /// The same, of a body that may have been a form before.
    pub(crate) fn of_texts(object: &'a Map<String, Value>, place: Place) -> Fields<'a> {
        Fields {
            knows_texts_only: true,
            ..Fields::new(object, place)
        }
    }

    /// The fields of a body, which must be an object.
    pub(crate) fn of_body(body: &'a Value) -> Result<Fields<'a>, Problem> {
        match body {
            Value::Object(object) => Ok(Fields::new(object, Place::Body(String::new()))),
            _ => Err(Problem::new(
                Word::InvalidRequest,
                "The body must be a JSON object.",
            )),
        }
    }

    /// The field as it was sent; null counts as not sent.
    pub(crate) fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.given(name).filter(|value| !value.is_null())
    }

    /// The field as it was sent, null included.
    pub(crate) fn given(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.object.get(name)
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) if self.knows_texts_only => Some(number.to_string()),
            _ => self.wrong(name, "must be a text"),
        }
    }

    pub(crate) fn integer(&mut self, name: &'static str) -> Option<i64> {
        let number = match self.value(name)? {
            Value::Number(number) => whole(number),
            Value::String(text) if self.knows_texts_only => text.trim().parse().ok(),
            _ => None,
        };
        number.or_else(|| self.wrong(name, "must be a whole number"))
    }

    pub(crate) fn truth(&mut self, name: &'static str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(truth) => Some(*truth),
            Value::String(text) if self.knows_texts_only => match text.as_str() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => self.wrong(name, "must be true or false"),
            },
            _ => self.wrong(name, "must be true or false"),
        }
    }

    /// A list of texts, or texts separated by commas.
    pub(crate) fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        match self.value(name)? {
            Value::String(text) if self.knows_texts_only => Some(
                text.split(',')
                    .map(|part| part.trim().to_owned())
                    .filter(|part| !part.is_empty())
                    .collect(),
            ),
            Value::Array(entries) => {
                let texts = entries
                    .iter()
                    .map(|entry| entry.as_str().map(str::to_owned))
                    .collect();
                match texts {
                    Some(texts) => Some(texts),
                    None => self.wrong(name, "must be a list of texts"),
                }
            }
            _ => self.wrong(name, "must be a list of texts"),
        }
    }

    /// A list of scopes.
    pub(crate) fn scopes(&mut self, name: &'static str) -> Option<Scopes> {
        let texts = self.texts(name)?;
        let mut scopes = Vec::new();
        for text in &texts {
            match text.parse::<Scope>() {
                Ok(scope) => scopes.push(scope),
                Err(error) => {
                    let allowed = Scope::ALL.map(|scope| scope.name().to_owned()).to_vec();
                    let detail = format!("{:?} is no scope", shown(&error.0));
                    self.fault(name, "unknown_value", detail, allowed);
                }
            }
        }
        Some(scopes.into_iter().collect())
    }

    /// One of some words.
    pub(crate) fn word<T: FromStr>(&mut self, name: &'static str, allowed: &[&str]) -> Option<T> {
        let text = self.text(name)?;
        match text.parse() {
            Ok(word) => Some(word),
            Err(_) => {
                let detail = format!("{name} must be one of {}", allowed.join(", "));
                let allowed = allowed.iter().map(|word| (*word).to_owned()).collect();
                self.fault(name, "unknown_value", detail, allowed);
                None
            }
        }
    }

    /// An instant in RFC 3339.
    pub(crate) fn instant(&mut self, name: &'static str) -> Option<Timestamp> {
        let text = self.text(name)?;
        match text.parse::<jiff::Timestamp>() {
            Ok(instant) => Some(Timestamp(instant.as_millisecond())),
            Err(_) => self.wrong(name, "must be an instant such as 2026-10-25T02:00:00Z"),
        }
    }

    /// An object within, read by `read`.
    pub(crate) fn within(&mut self, name: &'static str, read: impl FnOnce(&mut Fields<'a>)) {
        match self.value(name) {
            None => {}
            Some(Value::Object(object)) => {
                let mut inner = Fields::new(object, Place::Body(self.pointer(name)));
                inner.knows_texts_only = self.knows_texts_only;
                read(&mut inner);
                inner.refuse_unknown();
                self.faults.append(&mut inner.faults);
            }
            Some(_) => {
                self.wrong::<()>(name, "must be an object");
            }
        }
    }

    /// A list of objects, each read by `read`. Reading ends where enough faults were noted.
    pub(crate) fn rows<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Fields<'a>) -> T,
    ) -> Option<Vec<T>> {
        let Value::Array(entries) = self.value(name)? else {
            return self.wrong(name, "must be a list of objects");
        };
        let mut rows = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            if self.faults.len() >= MOST_FAULTS {
                break;
            }
            let pointer = format!("{}/{index}", self.pointer(name));
            let Value::Object(object) = entry else {
                self.faults.push(Fault {
                    pointer: Some(pointer),
                    error: "wrong_type".into(),
                    detail: format!("{name}/{index} must be an object"),
                    ..Fault::default()
                });
                continue;
            };
            let mut row = Fields::new(object, Place::Body(pointer));
            row.knows_texts_only = self.knows_texts_only;
            rows.push(read(&mut row));
            row.refuse_unknown();
            self.faults.append(&mut row.faults);
        }
        Some(rows)
    }

    /// Notes what the rules of the accounts say of the fields that could be read, each told by its
    /// place.
    pub(crate) fn refuse_by_rules(&mut self, rules: Vec<FieldFault>) {
        for rule in rules {
            let pointer = self.pointer(rule.field);
            let is_told = |fault: &Fault| fault.pointer.as_deref() == Some(&*pointer);
            if !self.faults.iter().any(is_told) {
                let detail = format!("{} {}", pointer.trim_start_matches('/'), rule.detail);
                self.fault_of_meaning(rule.field, rule.error, detail);
            }
        }
    }

    /// Notes a fault of a field.
    pub(crate) fn fault(
        &mut self,
        name: &str,
        error: &str,
        detail: impl Into<String>,
        allowed: Vec<String>,
    ) {
        if self.faults.len() >= MOST_FAULTS {
            return;
        }
        let mut fault = Fault {
            error: error.into(),
            detail: detail.into(),
            allowed,
            ..Fault::default()
        };
        match &self.place {
            Place::Parameters => fault.parameter = Some(name.to_owned()),
            Place::Body(_) => fault.pointer = Some(self.pointer(name)),
        }
        self.faults.push(fault);
    }

    /// Notes that a field is of the right form, and means nothing.
    pub(crate) fn fault_of_meaning(&mut self, name: &str, error: &str, detail: impl Into<String>) {
        let known = self.faults.len();
        self.fault(name, error, detail, Vec::new());
        for fault in self.faults.iter_mut().skip(known) {
            fault.is_meaning = true;
        }
    }

    /// From now on fields of these names may be there though nobody asked for them.
    pub(crate) fn tolerate(&mut self, is_tolerated: fn(&str) -> bool) {
        self.is_tolerated = is_tolerated;
    }

    /// Notes a fault for each field that nobody asked for.
    pub(crate) fn refuse_unknown(&mut self) {
        let unknown: Vec<&'a String> = self
            .object
            .keys()
            .filter(|name| !self.known.contains(&name.as_str()) && !(self.is_tolerated)(name))
            .take(MOST_FAULTS)
            .collect();
        for name in unknown {
            let allowed = self.known.iter().map(|known| (*known).to_owned()).collect();
            self.fault(
                name,
                "unknown_parameter",
                format!("{} is not known here", shown(name)),
                allowed,
            );
        }
    }

    /// Where the fields stand.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// All faults, those of unknown fields among them.
    pub(crate) fn into_faults(mut self) -> Vec<Fault> {
        self.refuse_unknown();
        self.faults
    }

    /// All faults, those of unknown fields among them, as one problem.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        refused(self.into_faults())
    }

    /// The same, with what the rules of the accounts say of the fields that could be read. Of a
    /// field that could not, only that is told.
    pub(crate) fn finish_with(mut self, rules: Vec<FieldFault>) -> Result<(), Problem> {
        self.refuse_unknown();
        for fault in rules.into_iter().map(Fault::from) {
            let field = fault.pointer.as_deref().unwrap_or_default();
            let is_told = self.faults.iter().any(|told| {
                let within = told.pointer.as_deref().unwrap_or_default();
                let rest = within.strip_prefix(field);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            if !is_told {
                self.faults.push(fault);
            }
        }
        refused(self.faults)
    }

    fn wrong<T>(&mut self, name: &str, rule: &str) -> Option<T> {
        self.fault(name, "wrong_type", format!("{name} {rule}"), Vec::new());
        None
    }

    fn pointer(&self, name: &str) -> String {
        let prefix = match &self.place {
            Place::Parameters => "",
            Place::Body(prefix) => prefix,
        };
        format!("{prefix}/{}", name.replace('~', "~0").replace('/', "~1"))
    }
}

fn refused(faults: Vec<Fault>) -> Result<(), Problem> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::of_faults(faults))
    }
}

/// JSON knows one kind of number: `3.0` is whole.
fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let value = number.as_f64()?;
        let is_exact = value.fract() == 0.0 && value.abs() < 9e15;
        is_exact.then_some(value as i64)
    })
}

/// What a sender chose, cut to a length that may be repeated to him.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_stand_for_what_is_wanted() {
        let body =
            json!({"n": "12", "t": "1", "list": "a, b,,c", "at": "2026-10-25T02:00:00+02:00"});
        let object = body.as_object().unwrap();
        let mut fields = Fields::of_texts(object, Place::Body(String::new()));
        assert_eq!(fields.integer("n"), Some(12));
        assert_eq!(fields.truth("t"), Some(true));
        assert_eq!(
            fields.texts("list"),
            Some(vec!["a".into(), "b".into(), "c".into()])
        );
        assert_eq!(fields.instant("at"), Some(Timestamp(1_792_886_400_000)));
        assert_eq!(fields.text("absent"), None);
        assert_eq!(fields.finish(), Ok(()));
        // In JSON each stands for itself.
        let mut fields = Fields::of_body(&body).unwrap();
        assert_eq!(fields.integer("n"), None);
        assert_eq!(fields.truth("t"), None);
        assert_eq!(fields.texts("list"), None);
        assert_eq!(fields.faults.len(), 3);
    }

    #[test]
    fn every_fault_is_gathered_and_named() {
        let body = json!({"n": 1.5, "t": "maybe", "list": [1], "in/ner": {"x": []}, "else": 1});
        let mut fields = Fields::of_body(&body).unwrap();
        fields.integer("n");
        fields.truth("t");
        fields.texts("list");
        fields.within("in/ner", |inner| {
            inner.text("x");
        });
        let problem = fields.finish().unwrap_err();
        let told: Vec<(&str, &str)> = problem
            .faults
            .iter()
            .map(|fault| {
                (
                    fault.pointer.as_deref().unwrap_or("-"),
                    fault.error.as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("/n", "wrong_type"),
                ("/t", "wrong_type"),
                ("/list", "wrong_type"),
                ("/in~1ner/x", "wrong_type"),
                ("/else", "unknown_parameter"),
            ]
        );
    }
}
