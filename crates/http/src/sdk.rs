//! The page on generated clients: how they are made, programs that use them, and how each operation
//! is called.

use std::fmt::Write;

use crate::guides::framed;
use crate::operation::{BodyRule, Operation};

pub(crate) const PATH: &str = "/docs/api/swagger/sdk/";

const TEXT: &str = include_str!("../pages/sdk.html");

/// (language, a program that the tests run)
const PROGRAMS: [(&str, &str); 3] = [
    ("Python", include_str!("../../../tests/clients/smoke.py")),
    (
        "TypeScript",
        include_str!("../../../tests/clients/smoke.ts"),
    ),
    ("PHP", include_str!("../../../tests/clients/smoke.php")),
];

pub(crate) fn page() -> String {
    let mut text = String::from(TEXT);
    for (language, program) in PROGRAMS {
        let _ = write!(
            text,
            "<h2>{language}</h2>\n<pre>{}</pre>\n",
            escaped(program)
        );
    }
    text.push_str(
        "<h2>Every operation</h2>\n<table>\n<tr><th>operation</th><th>Python</th>\
         <th>TypeScript</th><th>PHP</th></tr>\n",
    );
    for operation in Operation::all() {
        let [python, typescript, php] = calls(&operation);
        let _ = writeln!(
            text,
            "<tr><td>{}<br><code>{} {}</code></td><td><code>{}</code></td>\
             <td><code>{}</code></td><td><code>{}</code></td></tr>",
            escaped(operation.summary),
            operation.method,
            escaped(operation.path),
            escaped(&python),
            escaped(&typescript),
            escaped(&php),
        );
    }
    text.push_str("</table>\n");
    framed(PATH, "Generated clients", &text)
}

/// How an operation is called in each language, with what it can't do without.
fn calls(operation: &Operation) -> [String; 3] {
    let class = class_of(operation.tag);
    let mut names: Vec<String> = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.is_required)
        .map(|parameter| parameter.name.to_owned())
        .collect();
    names.extend(body_name(&operation.body));
    let id = operation.id;
    let python = names.iter().map(|name| snake(name)).collect::<Vec<_>>();
    let typescript = names.iter().map(|name| camel(name)).collect::<Vec<_>>();
    let php = names.iter().map(|name| format!("${}", snake(name)));
    let braced = match typescript.as_slice() {
        [] => String::new(),
        names => format!("{{ {} }}", names.join(", ")),
    };
    [
        format!("{class}(client).{}({})", snake(id), python.join(", ")),
        format!("new {class}(configuration).{id}({braced})"),
        format!(
            "(new Afsa\\Api\\{class}($http, $configuration))->{id}({})",
            php.collect::<Vec<_>>().join(", ")
        ),
    ]
}

/// What the generator calls the body: by its schema.
fn body_name(body: &BodyRule) -> Option<String> {
    match body {
        BodyRule::Document { schema, .. } | BodyRule::Hits { schema, .. } => {
            let name = schema["$ref"].as_str()?.rsplit('/').next()?;
            Some(name.to_owned())
        }
        BodyRule::Upload => Some("body".to_owned()),
        BodyRule::None | BodyRule::Form { .. } => None,
    }
}

fn class_of(tag: &str) -> String {
    let words = tag.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.map(capital).chain(["Api".to_owned()]).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// `getReport` and `NewGoal` as Python has them.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// `account_id` and `NewGoal` as TypeScript has them.
fn camel(name: &str) -> String {
    let joined: String = name.split('_').map(capital).collect();
    let mut letters = joined.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_called_as_the_generator_names_them() {
        let check = |id: &str, expect: [&str; 3]| {
            let all = Operation::all();
            let operation = all.iter().find(|operation| operation.id == id).unwrap();
            assert_eq!(calls(operation), expect);
        };
        check(
            "getReport",
            [
                "StatisticsApi(client).get_report(report)",
                "new StatisticsApi(configuration).getReport({ report })",
                "(new Afsa\\Api\\StatisticsApi($http, $configuration))->getReport($report)",
            ],
        );
        check(
            "createGoal",
            [
                "AccountThingsApi(client).create_goal(account_id, new_goal)",
                "new AccountThingsApi(configuration).createGoal({ accountId, newGoal })",
                "(new Afsa\\Api\\AccountThingsApi($http, $configuration))->createGoal($account_id, $new_goal)",
            ],
        );
        check(
            "listOrders",
            [
                "OrdersAndProductsApi(client).list_orders()",
                "new OrdersAndProductsApi(configuration).listOrders()",
                "(new Afsa\\Api\\OrdersAndProductsApi($http, $configuration))->listOrders()",
            ],
        );
    }
}
