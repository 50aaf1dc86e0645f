//! The names of fields, object by object.

use std::borrow::Cow;

use super::value::{Record, Value};

/// Declares an object by its fields and their names, and what keeps the others, if anything does:
/// unknown fields are passed over in peace, as plug-ins send fields of their own.
macro_rules! record {
    (
        $(#[$doc:meta])* $name:ident { $($field:ident $key:literal),* $(,)? }
        $(else $others:ident: $kept:ty = $keep:path)?
    ) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(super) struct $name<'a> {
            $(pub $field: Value<'a>,)*
            $(pub $others: $kept,)?
        }

        impl<'a> Record<'a> for $name<'a> {
            fn set(&mut self, key: Cow<'a, str>, value: Value<'a>) {
                match &*key {
                    $($key => self.$field = value,)*
                    _unknown => { $($keep(&mut self.$others, _unknown, value);)? }
                }
            }
        }
    };
}

/// Fields that come in numbered families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbered {
    ContentGroup,
    Dimension,
    Metric,
}

impl Numbered {
    const ALL: [Numbered; 3] = [
        Numbered::ContentGroup,
        Numbered::Dimension,
        Numbered::Metric,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Numbered::ContentGroup => "content_group",
            Numbered::Dimension => "dimension",
            Numbered::Metric => "metric",
        }
    }

    /// The highest number of the family; its lowest is 1.
    fn count(self) -> u8 {
        match self {
            Numbered::ContentGroup => 5,
            Numbered::Dimension | Numbered::Metric => 20,
        }
    }

    fn of(key: &str) -> Option<(Numbered, u8)> {
        let (family, digits) = Numbered::ALL
            .into_iter()
            .find_map(|family| Some((family, key.strip_prefix(family.name())?)))?;
        // `dimension01` would be a second name of `dimension1`.
        if !matches!(
            digits.as_bytes(),
            [b'1'..=b'9'] | [b'1'..=b'9', b'0'..=b'9']
        ) {
            return None;
        }
        let number = digits.parse().ok()?;
        (number <= family.count()).then_some((family, number))
    }
}

record! {
    /// A hit of any type.
    Hit {
        hit_type "type",
        event_id "event_id",
        timestamp "timestamp",
        visitor_id "visitor_id",
        user_id "user_id",
        user_role "user_role",
        ip "ip",
        user_agent "user_agent",
        language "language",
        screen "screen",
        viewport "viewport",
        cms "cms",
        location "location",
        allow_anchor "allow_anchor",
        referrer "referrer",
        title "title",
        visible_seconds "visible_seconds",
        scroll_depth "scroll_depth",
        category "category",
        action "action",
        label "label",
        event_type "event_type",
        url "url",
        value "value",
        non_interaction "non_interaction",
        fatal "fatal",
        list "list",
        step "step",
        option "option",
        products "products",
        promotions "promotions",
        order "order",
        visitor "visitor",
    } else numbered: Vec<(Numbered, u8, Value<'a>)> = keep_numbered
}

fn keep_numbered<'a>(kept: &mut Vec<(Numbered, u8, Value<'a>)>, key: &str, value: Value<'a>) {
    if let Some((family, number)) = Numbered::of(key) {
        kept.retain(|(known, at, _)| (*known, *at) != (family, number));
        kept.push((family, number, value));
    }
}

record! {
    Order {
        id "id",
        affiliation "affiliation",
        currency "currency",
        coupon "coupon",
        customer "customer",
        revenue "revenue",
        revenue_net "revenue_net",
        revenue_tax "revenue_tax",
        shipping "shipping",
        shipping_net "shipping_net",
        shipping_tax "shipping_tax",
        tax "tax",
        coupon_value "coupon_value",
        state "state",
        status "status",
    }
}

record! {
    Product {
        id "id",
        name "name",
        brand "brand",
        category "category",
        variant "variant",
        coupon "coupon",
        list "list",
        currency "currency",
        price "price",
        quantity "quantity",
        position "position",
    }
}

record! {
    Promotion {
        id "id",
        name "name",
        creative "creative",
        position "position",
    }
}

/// The fields of a `visitor` object, whatever their names.
#[derive(Default)]
pub(super) struct Visitor<'a>(pub Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Record<'a> for Visitor<'a> {
    fn set(&mut self, key: Cow<'a, str>, value: Value<'a>) {
        self.0.push((key, value));
    }
}

impl<'a> Visitor<'a> {
    /// The value of a field; keys are matched in any case, as in the tracker.
    pub fn get(&self, name: &str) -> Value<'a> {
        let found = self
            .0
            .iter()
            .rfind(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or(Value::Null, |(_, value)| *value)
    }
}
