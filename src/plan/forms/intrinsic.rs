//! CloudFormation's functions: told from values, and given a placeholder that stands for them where ECS takes a text.
//!
//! Source: AWS CloudFormation User Guide, "Intrinsic function reference" (read 2026-11).

use serde_json::Value;

use crate::plan::document::{Document, Kind, Node, Substitute};

/// What an alias of YAML is called by its tag.
const ALIAS: &str = "*";

/// Returns the name of the function that stands here: `Fn::Sub`, `Ref`; or that of a YAML alias, which stands for something else as well.
pub(super) fn name_of(node: &Node) -> Option<String> {
    if let Some(function) = node.function() {
        return Some(if function.starts_with(ALIAS) { "a YAML alias".to_owned() } else { function });
    }
    match &node.kind {
        Kind::Object(members) => match members.as_slice() {
            [one] if one.key == "Ref" || one.key.starts_with("Fn::") => Some(one.key.clone()),
            _ => None,
        },
        Kind::Scalar(Value::String(text)) if text.contains("{{resolve:") => Some("a dynamic reference".to_owned()),
        _ => None,
    }
}

/// Returns whether what stands here is only known once the stack is made, as another text than the one that is written: a dynamic
/// reference is a text, and stays one.
pub(super) fn is_function(node: &Node) -> bool {
    name_of(node).is_some() && !matches!((&node.kind, &node.tag), (Kind::Scalar(Value::String(_)), None))
}

/// Returns the text that stands for a function while a definition is looked at: the same for the same function, so that what the Console
/// repeats is found to be the same. It may be a container's name as well.
pub(super) fn placeholder(node: &Node) -> String {
    // FNV-1a, 64 bits, as for what is remembered.
    let text = node.canonical().to_string();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("cloudformation-{hash:016x}")
}

/// Returns what is written in the place of a placeholder: the function as it stands in the template.
pub(super) fn substitute(document: &Document, node: &Node) -> Substitute {
    let source = document.source(node);
    Substitute { full: node.canonical(), source: (!source.contains(['\n', '\r'])).then(|| source.to_owned()) }
}
