//! The names that a template declares, and how its parts are taken out of the document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::parameter::Parameter;
use super::problem::{Path, Problem};

/// The pseudo parameters that are known.
/// Source: AWS CloudFormation Template Reference, Pseudo parameters reference (read 2026-11).
pub(super) const PSEUDO_PARAMETERS: [&str; 7] =
    ["AWS::AccountId", "AWS::NoValue", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"];

/// The pseudo parameter that takes away what it stands for.
pub(super) const NO_VALUE: &str = "AWS::NoValue";

/// What the rest of a template may refer to.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared {
    pub(super) parameters: BTreeMap<String, Parameter>,
    /// The mapping, its first key, its second key.
    pub(super) mappings: BTreeMap<String, BTreeMap<String, Map<String, Value>>>,
    pub(super) conditions: BTreeSet<String>,
    /// The type of each resource.
    pub(super) resources: BTreeMap<String, String>,
    /// Whether the template has the transform AWS::LanguageExtensions.
    pub(super) has_language_extensions: bool,
}

impl Declared {
    /// Reads a Mappings section.
    ///
    /// Source: AWS CloudFormation Template Reference, Mappings: two levels of names, then a string or a list of
    /// them.
    pub(super) fn read_mappings(&mut self, section: &Map<String, Value>, path: &Path) -> Result<(), Problem> {
        for (name, mapping) in section {
            let path = path.key(name);
            check_logical_id(name, &path)?;
            let mut levels = BTreeMap::new();
            for (first, level) in object(mapping, &path)? {
                let path = path.key(first);
                check_mapping_key(first, &path)?;
                let level = object(level, &path)?;
                for (second, value) in level {
                    let path = path.key(second);
                    check_mapping_key(second, &path)?;
                    let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
                    if !is_scalar(value) && !value.as_array().is_some_and(|items| items.iter().all(is_scalar)) {
                        return path.problem("a mapping leads to a string or a list of strings");
                    }
                }
                levels.insert(first.clone(), level.clone());
            }
            self.mappings.insert(name.clone(), levels);
        }
        Ok(())
    }
}

/// Returns a map, which must be one.
pub(super) fn object<'a>(value: &'a Value, path: &Path) -> Result<&'a Map<String, Value>, Problem> {
    value.as_object().map_or_else(|| path.problem("this is no map"), Ok)
}

/// Returns a list, which must be one.
pub(super) fn array<'a>(value: &'a Value, path: &Path) -> Result<&'a [Value], Problem> {
    value.as_array().map_or_else(|| path.problem("this is no list"), |items| Ok(items.as_slice()))
}

/// Returns a string, which must be one that no function makes.
pub(super) fn string<'a>(value: &'a Value, path: &Path) -> Result<&'a str, Problem> {
    value.as_str().map_or_else(|| path.problem("this is no string"), Ok)
}

/// Returns a string, number or Boolean as a string, as CloudFormation takes it wherever it wants a string.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Refuses keys that are not among these.
pub(super) fn check_keys(map: &Map<String, Value>, known: &[&str], path: &Path) -> Result<(), Problem> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => path.key(key).problem(format!("this is not known here; what is: {}", known.join(", "))),
        None => Ok(()),
    }
}

/// Logical names are alphanumeric and have at most 255 characters.
/// Source: AWS CloudFormation Template Reference, Resources; User Guide, quotas (read 2026-11).
pub(super) fn check_logical_id(name: &str, path: &Path) -> Result<(), Problem> {
    let is_fine = (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_fine { Ok(()) } else { path.problem("a logical name has 1 to 255 letters and digits, and nothing else") }
}

fn check_mapping_key(name: &str, path: &Path) -> Result<(), Problem> {
    let is_fine =
        (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    if is_fine { Ok(()) } else { path.problem("a key of a mapping has 1 to 255 letters, digits, hyphens and dots") }
}
