//! The conditions of a statement.
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys" (read 2026-11).

use serde_json::Value;

use super::Context;
use super::pattern::{arn_matches, matches};

/// One key of one operator, with the values that it is compared with.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    operator: Operator,
    quantity: Quantity,
    /// Whether a key that is not there is taken to match.
    if_exists: bool,
    key: String,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    StringEquals,
    StringNotEquals,
    StringLike,
    StringNotLike,
    /// `ArnEquals` and `ArnLike` are the same.
    ArnLike,
    Bool,
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    /// The key has one value.
    One,
    /// Each value that the key has; none at all are all, too.
    ForAllValues,
    ForAnyValue,
}

/// Reads the element `Condition` of a statement.
pub(super) fn parse(element: &Value) -> Result<Vec<Condition>, String> {
    let operators = element.as_object().ok_or("Condition is no object")?;
    if operators.is_empty() {
        return Err("Condition is empty".to_owned());
    }
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let keys = keys.as_object().filter(|keys| !keys.is_empty()).ok_or(format!("{name} holds no keys"))?;
        let (quantity, rest) = match name.split_once(':') {
            None => (Quantity::One, name.as_str()),
            Some(("ForAllValues", rest)) => (Quantity::ForAllValues, rest),
            Some(("ForAnyValue", rest)) => (Quantity::ForAnyValue, rest),
            Some((other, _)) => return Err(format!("{other} is not known")),
        };
        let (rest, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |rest| (rest, true));
        let operator = match rest {
            "StringEquals" => Operator::StringEquals,
            "StringNotEquals" => Operator::StringNotEquals,
            "StringLike" => Operator::StringLike,
            "StringNotLike" => Operator::StringNotLike,
            "ArnEquals" | "ArnLike" => Operator::ArnLike,
            "Bool" => Operator::Bool,
            "Null" => Operator::Null,
            other => return Err(format!("the condition operator {other} is not known")),
        };
        for (key, values) in keys {
            let values = super::policy::texts(values).ok_or(format!("{key} is compared with something that is no text"))?;
            conditions.push(Condition { operator, quantity, if_exists, key: key.clone(), values });
        }
    }
    Ok(conditions)
}

impl Condition {
    /// Returns whether it holds.
    pub(super) fn holds(&self, context: &Context) -> bool {
        let found = context.values(&self.key);
        if self.operator == Operator::Null {
            let is_missing = if found.is_none() { "true" } else { "false" };
            return self.values.iter().any(|value| value == is_missing);
        }
        let Some(found) = found else {
            let negated = matches!(self.operator, Operator::StringNotEquals | Operator::StringNotLike);
            return self.if_exists || negated || self.quantity == Quantity::ForAllValues;
        };
        match self.quantity {
            Quantity::One => found.len() == 1 && self.compare(&found[0], context),
            Quantity::ForAllValues => found.iter().all(|one| self.compare(one, context)),
            Quantity::ForAnyValue => found.iter().any(|one| self.compare(one, context)),
        }
    }

    fn compare(&self, found: &str, context: &Context) -> bool {
        let mut values = self.values.iter().filter_map(|value| filled(value, context));
        match self.operator {
            Operator::StringEquals => values.any(|value| value == found),
            Operator::StringNotEquals => values.all(|value| value != found),
            Operator::StringLike => values.any(|value| matches(&value, found)),
            Operator::StringNotLike => values.all(|value| !matches(&value, found)),
            Operator::ArnLike => values.any(|value| arn_matches(&value, found)),
            Operator::Bool => values.any(|value| value.eq_ignore_ascii_case(found)),
            Operator::Null => false,
        }
    }
}

/// Fills in the policy variables of a value; `None` if one of them has no value, and then nothing equals it.
/// Source: IAM User Guide, "IAM policy elements: Variables and tags" (read 2026-11).
fn filled(value: &str, context: &Context) -> Option<String> {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}')?;
        let [one] = context.values(name)? else { return None };
        text.push_str(before);
        text.push_str(one);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}
