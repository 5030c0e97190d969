//! The outputs that a template declares.

use serde_json::Value;

use super::declared::{check_keys, check_logical_id, object, string};
use super::expression::{Expression, Reader};
use super::problem::{Path, Problem};

/// An output's description has at most 1,024 bytes.
/// Source: AWS CloudFormation Template Reference, Outputs (read 2026-11).
const MAX_DESCRIPTION_BYTES: usize = 1024;

/// An output.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub(super) condition: Option<String>,
    pub(super) value: Expression,
    /// The name under which other stacks import it.
    pub(super) export: Option<Expression>,
}

impl Output {
    /// Reads an output.
    pub(super) fn read(reader: Reader<'_>, name: &str, value: &Value, path: &Path) -> Result<Self, Problem> {
        check_logical_id(name, path)?;
        let map = object(value, path)?;
        check_keys(map, &["Description", "Condition", "Value", "Export"], path)?;
        if let Some(description) = map.get("Description") {
            let path = path.key("Description");
            if string(description, &path)?.len() > MAX_DESCRIPTION_BYTES {
                return path.problem(format!("an output's description has at most {MAX_DESCRIPTION_BYTES} bytes"));
            }
        }
        let Some(value) = map.get("Value") else { return path.problem("an output needs a Value") };
        let export = map.get("Export").map(|export| Self::read_export(reader, export, &path.key("Export"))).transpose()?;
        Ok(Self {
            condition: map.get("Condition").map(|name| reader.condition(name, &path.key("Condition"))).transpose()?,
            value: reader.read(value, &path.key("Value"))?,
            export,
        })
    }

    fn read_export(reader: Reader<'_>, value: &Value, path: &Path) -> Result<Expression, Problem> {
        let map = object(value, path)?;
        check_keys(map, &["Name"], path)?;
        let Some(name) = map.get("Name") else { return path.problem("an export needs a Name") };
        let name = reader.read(name, &path.key("Name"))?;
        let mut resources = std::collections::BTreeSet::new();
        name.add_resources(&mut resources);
        // Source: AWS CloudFormation Template Reference, Outputs, Export (read 2026-11).
        if resources.is_empty() { Ok(name) } else { path.key("Name").problem("the name of an export cannot refer to a resource") }
    }
}
