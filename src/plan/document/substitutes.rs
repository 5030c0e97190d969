//! Strings that stand for a piece of source, such as a function of CloudFormation, in values that are to be written.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What is written in the place of a token.
#[derive(Clone)]
pub struct Substitute {
    /// The long form, `{"Fn::Sub": "x"}`, which is what it means and what JSON gets.
    pub full: Value,
    /// What YAML gets, on one line: `!Sub "x"`. The long form without it.
    pub source: Option<String>,
}

/// Substitutes by token. A string of a value that is the token, and no longer than it, is replaced.
#[derive(Clone, Default)]
pub struct Substitutes(BTreeMap<String, Substitute>);

impl Substitutes {
    /// Has a token stand for something from now on.
    pub fn insert(&mut self, token: String, substitute: Substitute) {
        self.0.insert(token, substitute);
    }

    /// Returns a text for people with what each token in it stands for.
    pub fn told_in(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (token, substitute)| {
            let told = || substitute.source.clone().unwrap_or_else(|| substitute.full.to_string());
            if text.contains(token.as_str()) { text.replace(token.as_str(), &told()) } else { text }
        })
    }

    /// Returns what a value that is a token stands for.
    pub(super) fn get(&self, value: &Value) -> Option<&Substitute> {
        self.0.get(value.as_str()?)
    }

    /// Returns a value with every token in it in its long form.
    pub(super) fn expand(&self, value: &Value) -> Value {
        if let Some(substitute) = self.get(value) {
            return substitute.full.clone();
        }
        match value {
            Value::Object(members) => {
                Value::Object(members.iter().map(|(key, value)| (key.clone(), self.expand(value))).collect::<Map<_, _>>())
            }
            Value::Array(elements) => elements.iter().map(|element| self.expand(element)).collect::<Vec<_>>().into(),
            _ => value.clone(),
        }
    }
}
