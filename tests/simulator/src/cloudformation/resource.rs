//! The resources that a template declares.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::declared::{check_keys, object, string};
use super::expression::{Expression, Reader};
use super::problem::{Path, Problem};

/// CreationPolicy and UpdatePolicy are for types that are not known in here.
/// Source: AWS CloudFormation Template Reference, Resource attributes.
const ATTRIBUTES: [&str; 7] =
    ["Type", "Properties", "Condition", "DependsOn", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"];

/// A resource, as the template declares it.
#[derive(Clone, Debug)]
pub(super) struct Declaration {
    pub(super) kind: String,
    pub(super) condition: Option<String>,
    pub(super) depends_on: BTreeSet<String>,
    pub(super) properties: Expression,
    pub(super) metadata: Expression,
    pub(super) deletion_policy: String,
    pub(super) update_replace_policy: String,
}

impl Declaration {
    /// Reads a declaration, whose name and type are declared already.
    pub(super) fn read(reader: Reader<'_>, kind: &str, value: &Value, path: &Path) -> Result<Self, Problem> {
        let map = object(value, path)?;
        check_keys(map, &ATTRIBUTES, path)?;
        let condition = map.get("Condition").map(|name| reader.condition(name, &path.key("Condition"))).transpose()?;
        Ok(Self {
            kind: kind.to_owned(),
            condition,
            depends_on: depends_on(reader, map, path)?,
            properties: read_map(reader, map, "Properties", path)?,
            metadata: read_map(reader, map, "Metadata", path)?,
            // Source: AWS CloudFormation Template Reference, DeletionPolicy and UpdateReplacePolicy attributes.
            // Databases and volumes, which are not known in here, have snapshots too.
            deletion_policy: policy(map, "DeletionPolicy", &["Delete", "Retain", "RetainExceptOnCreate"], path)?,
            update_replace_policy: policy(map, "UpdateReplacePolicy", &["Delete", "Retain"], path)?,
        })
    }

    /// Returns the resources that this one names or refers to.
    pub(super) fn needs(&self) -> BTreeSet<String> {
        let mut found = self.depends_on.clone();
        self.properties.add_resources(&mut found);
        self.metadata.add_resources(&mut found);
        found
    }
}

fn depends_on(reader: Reader<'_>, map: &Map<String, Value>, path: &Path) -> Result<BTreeSet<String>, Problem> {
    let path = path.key("DependsOn");
    let names = match map.get("DependsOn") {
        None => Vec::new(),
        Some(Value::Array(names)) => names.iter().enumerate().map(|(at, name)| (name, path.item(at))).collect(),
        Some(name) => vec![(name, path.clone())],
    };
    let names = names.into_iter().map(|(name, path)| {
        let name = string(name, &path)?;
        let is_there = reader.declared.resources.contains_key(name);
        if is_there { Ok(name.to_owned()) } else { path.problem(format!("there is no resource {name}")) }
    });
    names.collect()
}

fn read_map(reader: Reader<'_>, map: &Map<String, Value>, name: &str, path: &Path) -> Result<Expression, Problem> {
    let Some(value) = map.get(name) else { return Ok(Expression::Map(Vec::new())) };
    match reader.read(value, &path.key(name))? {
        map @ Expression::Map(_) => Ok(map),
        _ => path.key(name).problem("this is no map"),
    }
}

fn policy(map: &Map<String, Value>, name: &str, known: &[&str], path: &Path) -> Result<String, Problem> {
    let Some(value) = map.get(name) else { return Ok("Delete".to_owned()) };
    let path = path.key(name);
    let policy = string(value, &path)?;
    if known.contains(&policy) {
        Ok(policy.to_owned())
    } else {
        path.problem(format!("{policy} is none of {}", known.join(", ")))
    }
}
