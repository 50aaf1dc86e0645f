//! Forms whose names nest in PHP's way: `actions[a][dimensions][0]=page`.

use serde_json::{Map, Value};

use crate::problem::{Fault, Problem, Word};

/// How forms are told from other bodies.
pub(crate) const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// Fields of one form.
const MOST_FIELDS: usize = 20_000;
/// Brackets of one name.
const DEEPEST: usize = 32;

/// The form as nested objects. An object whose names are 0, 1, 2 … is a list, as it was before
/// the form was made; so is one whose names are all empty (`list[]=a&list[]=b`).
pub(crate) fn parse(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    let mut root = Map::new();
    for (count, (name, value)) in form_urlencoded::parse(body).enumerate() {
        if count >= MOST_FIELDS {
            let detail = format!("A form may have at most {MOST_FIELDS} fields.");
            return Err(Problem::new(Word::InvalidRequest, detail));
        }
        let path = path_of(&name)?;
        insert(&mut root, &path, value.into_owned()).map_err(|()| {
            let name = crate::fields::shown(&name);
            let fault = Fault {
                error: "repeated".into(),
                detail: format!("{name} may be given once"),
                parameter: Some(name),
                ..Fault::default()
            };
            Problem::of_faults(vec![fault])
        })?;
    }
    Ok(root
        .into_iter()
        .map(|(name, value)| (name, with_lists(value)))
        .collect())
}

/// `a[b][c]` is a, b, c. A name without its closing bracket is taken as it stands.
fn path_of(name: &str) -> Result<Vec<&str>, Problem> {
    let Some((first, mut rest)) = name.split_once('[') else {
        return Ok(vec![name]);
    };
    let mut path = vec![first];
    while let Some((part, after)) = rest.split_once(']') {
        path.push(part);
        if path.len() > DEEPEST {
            let detail = format!("A form may nest at most {DEEPEST} deep.");
            return Err(Problem::new(Word::InvalidRequest, detail));
        }
        match after.strip_prefix('[') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(path),
            None => break,
        }
    }
    Ok(vec![name])
}

fn insert(object: &mut Map<String, Value>, path: &[&str], value: String) -> Result<(), ()> {
    let (name, rest) = path.split_first().ok_or(())?;
    let name = if name.is_empty() {
        object.len().to_string()
    } else {
        (*name).to_owned()
    };
    if rest.is_empty() {
        return match object.insert(name, Value::String(value)) {
            None => Ok(()),
            Some(_) => Err(()),
        };
    }
    match object
        .entry(name)
        .or_insert_with(|| Value::Object(Map::new()))
    {
        Value::Object(inner) => insert(inner, rest, value),
        _ => Err(()),
    }
}

fn with_lists(value: Value) -> Value {
    let Value::Object(object) = value else {
        return value;
    };
    let is_list = !object.is_empty()
        && object
            .keys()
            .enumerate()
            .all(|(index, name)| *name == index.to_string());
    let object = object
        .into_iter()
        .map(|(name, inner)| (name, with_lists(inner)));
    if is_list {
        object.map(|(_, inner)| inner).collect()
    } else {
        Value::Object(object.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_nest() {
        let check = |form: &str, expect: Value| {
            assert_eq!(
                Value::Object(parse(form.as_bytes()).unwrap()),
                expect,
                "{form}"
            );
        };
        check("", json!({}));
        check("a=1&b=x+y%20z", json!({"a": "1", "b": "x y z"}));
        check(
            "a[b][c]=1&a[b][d]=2",
            json!({"a": {"b": {"c": "1", "d": "2"}}}),
        );
        check("a%5B0%5D=x&a%5B1%5D=y", json!({"a": ["x", "y"]}));
        check("a[]=x&a[]=y", json!({"a": ["x", "y"]}));
        check("a[1]=x&a[0]=y", json!({"a": {"1": "x", "0": "y"}}));
        check("a[b=1", json!({"a[b": "1"}));
        check("a[b]c=1", json!({"a[b]c": "1"}));
        check("=1", json!({"0": "1"}));
        check(
            "f[0]=is&f[1]=country&f[2][0]=FR",
            json!({"f": ["is", "country", ["FR"]]}),
        );
    }

    #[test]
    fn nonsense_is_refused() {
        let refused = |form: &str| assert!(parse(form.as_bytes()).is_err(), "{form:.60}");
        refused("a=1&a=2");
        refused("a=1&a[b]=2");
        refused(&format!("a{}=1", "[x]".repeat(100)));
        refused(&"a[]=1&".repeat(MOST_FIELDS + 1));
    }
}
