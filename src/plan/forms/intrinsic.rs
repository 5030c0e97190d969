//! CloudFormation's functions: told from values, and given a placeholder that stands for them where ECS takes a text.
//!
//! Source: AWS CloudFormation User Guide, "Intrinsic function reference" (read 2026-11).

use serde_json::Value;

use crate::plan::document::{Document, Kind, Node, Substitute};
use crate::plan::memory::fingerprint;

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

/// What a member is called that brings others along: one of YAML, one of CloudFormation.
/// Sources: yaml.org, "Merge Key Language-Independent Type for YAML"; AWS CloudFormation User Guide, `Fn::Transform` (read 2026-11).
const BRINGS_OTHERS: [&str; 2] = ["<<", "Fn::Transform"];

/// Returns the member of an object that brings others along which nobody sees here.
pub(super) fn brought_into(node: &Node) -> Option<(&str, &Node)> {
    let member = node.members().iter().find(|member| BRINGS_OTHERS.contains(&member.key.as_str()))?;
    Some((member.key.as_str(), &member.value))
}

/// Returns the first alias or merge of YAML below a node, and what it is.
pub(super) fn alias_in(node: &Node) -> Option<(&'static str, &Node)> {
    if node.function().is_some_and(|function| function.starts_with(ALIAS)) {
        return Some(("a YAML alias", node));
    }
    if let Some(merge) = node.member(BRINGS_OTHERS[0]) {
        return Some(("a YAML merge", merge));
    }
    let members = node.members().iter().map(|member| &member.value);
    members.chain(node.elements()).find_map(alias_in)
}

/// Returns whether what stands here is only known once the stack is made, as another text than the one that is written: a dynamic
/// reference is a text, and stays one.
pub(super) fn is_function(node: &Node) -> bool {
    name_of(node).is_some() && !matches!((&node.kind, &node.tag), (Kind::Scalar(Value::String(_)), None))
}

/// Returns the text that stands for a function while a definition is looked at: the same for the same function, so that what the Console
/// repeats is found to be the same. It may be a container's name as well.
pub(super) fn placeholder(node: &Node) -> String {
    format!("{PLACEHOLDER}{}", fingerprint(&[node.canonical().to_string()]))
}

/// What placeholders begin with; it may stand in any name.
const PLACEHOLDER: &str = "cloudformation-";

/// Returns whether a text stands for a function.
pub(super) fn is_placeholder(text: &str) -> bool {
    let is_hash = |hash: &str| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.strip_prefix(PLACEHOLDER).is_some_and(is_hash)
}

/// Returns what is written in the place of a placeholder: the function as it stands in the template.
pub(super) fn substitute(document: &Document, node: &Node) -> Substitute {
    let source = document.source(node);
    // What a block says on one line means that at the beginning of a line only: `Ref: Image`.
    let stands_anywhere = node.is_flow() || matches!(node.kind, Kind::Scalar(_));
    let is_usable = stands_anywhere && !source.contains(['\n', '\r']);
    Substitute { full: node.canonical(), source: is_usable.then(|| source.to_owned()) }
}
