//! How a document is written: what new text is to look like.

use serde_json::Value;

use super::lines;
use super::node::{Form, Kind, Node};
use super::{Document, Syntax};

/// The habits of a document, found from the first place that shows each.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub syntax: Syntax,
    pub line_end: &'static str,
    /// One level of indentation inside brackets.
    pub unit: String,
    /// What stands between a key in brackets and its value.
    pub colon: String,
    /// What stands inside the brackets of an object, or a list, on one line.
    pub object_padding: String,
    pub list_padding: String,
    /// Whether keys in brackets are quoted, as JSON's are.
    pub quotes_keys: bool,
    /// Whether lists of strings, and objects of nothing but scalars in lists, are on one line although others are not.
    pub strings_on_one_line: bool,
    pub records_on_one_line: bool,
    /// One level of a block mapping, and how much deeper than their key or dash the dashes of a sequence and its values are.
    pub mapping: usize,
    pub dashes: usize,
    pub behind_dash: usize,
}

impl Style {
    pub(super) fn of(document: &Document) -> Self {
        let text = document.text();
        let (mut units, mut colons) = (Vec::new(), Vec::new());
        let (mut objects, mut lists) = (Vec::new(), Vec::new());
        let (mut strings, mut records) = (Vec::new(), Vec::new());
        let (mut mapping, mut dashes, mut behind_dash) = (Vec::new(), Vec::new(), Vec::new());
        let mut keys = Vec::new();
        document.root().walk(&mut |node| {
            let Some(first) = node.items().first().map(|item| item.item_start()) else { return };
            if node.is_flow() {
                let inner = &text[node.content + 1..first];
                let is_object = matches!(node.kind, Kind::Object(_));
                if is_spread(text, node) {
                    let (outer, inner) = (lines::indentation(text, node.content), lines::indentation(text, first));
                    units.extend(inner.strip_prefix(outer).map(str::to_owned));
                } else if is_on_one_line(text, node) {
                    (if is_object { &mut objects } else { &mut lists }).push(inner.to_owned());
                }
                keys.extend(node.members().first().map(|member| text[member.key_span.start..].starts_with('"')));
                colons.extend(node.members().iter().filter_map(|member| colon(text, member)));
            }
            let is_flat = |node: &Node| node.is_flow() && node.items().iter().all(|item| !item.is_collection());
            if is_flat(node) && is_strings(&node.value()) {
                strings.push(is_on_one_line(text, node));
            }
            let flat = node.elements().iter().filter(|it| is_flat(it) && is_record(&it.value()));
            records.extend(flat.map(|it| is_on_one_line(text, it)));
            if node.form == Form::Block {
                let own = lines::column(text, node.content);
                for item in node.items().iter().filter(|item| item.form == Form::Block) {
                    let column = lines::column(text, item.content);
                    let found = match (&node.kind, &item.kind) {
                        (Kind::Object(_), Kind::Object(_)) => &mut mapping,
                        (Kind::Object(_), _) => &mut dashes,
                        _ => &mut behind_dash,
                    };
                    found.extend(column.checked_sub(own));
                }
            }
        });
        let first = |found: Vec<String>, default: &str| found.into_iter().next().unwrap_or_else(|| default.to_owned());
        let default_unit = if units.is_empty() { "  " } else { "" };
        let dashes = dashes.first().copied();
        let mapping = mapping.first().copied().filter(|unit| *unit > 0);
        let quotes_keys = document.syntax() == Syntax::Json || keys.first().copied().unwrap_or(false);
        // A word needs a blank behind its colon.
        let colons = colons.into_iter().filter(|colon| quotes_keys || colon.ends_with([' ', '\t'])).collect();
        let has_all = |found: &[bool]| !found.is_empty() && found.iter().all(|it| *it);
        Self {
            syntax: document.syntax(),
            line_end: if text.split_inclusive('\n').next().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" },
            unit: first(units.into_iter().filter(|unit| !unit.is_empty()).collect(), default_unit),
            colon: first(colons, ": "),
            object_padding: first(objects, ""),
            list_padding: first(lists, ""),
            quotes_keys,
            strings_on_one_line: has_all(&strings),
            records_on_one_line: has_all(&records),
            mapping: mapping.or(dashes.filter(|deeper| *deeper > 0)).unwrap_or(2),
            dashes: dashes.unwrap_or_else(|| mapping.unwrap_or(2)),
            behind_dash: behind_dash.first().copied().filter(|width| *width > 1).unwrap_or(2),
        }
    }

    /// Returns what separates items on one line.
    pub(super) fn comma(&self) -> &'static str {
        if self.colon.ends_with([' ', '\t']) { ", " } else { "," }
    }
}

/// Returns what stands between a member's key and its value, unless that is more than a colon and blanks.
pub(super) fn colon(text: &str, member: &super::Member) -> Option<String> {
    let colon = text.get(member.key_span.end..member.value.span.start)?;
    let is_usual = colon.contains(':') && colon.chars().all(|c| [':', ' ', '\t'].contains(&c));
    is_usual.then(|| colon.to_owned())
}

/// Returns whether the items of a collection in brackets begin below its bracket.
pub(super) fn is_spread(text: &str, node: &Node) -> bool {
    let end = node.items().first().map_or(node.span.end, |item| item.item_start());
    text[node.content..end].contains('\n')
}

/// Returns whether there is no line end in a node.
pub(super) fn is_on_one_line(text: &str, node: &Node) -> bool {
    node.form != Form::Block && !text[node.content..node.span.end].contains('\n')
}

/// Returns whether a value is a list of strings, with one at least.
pub(super) fn is_strings(value: &Value) -> bool {
    value.as_array().is_some_and(|elements| !elements.is_empty() && elements.iter().all(Value::is_string))
}

/// Returns whether a value is an object of nothing but scalars, with one at least.
pub(super) fn is_record(value: &Value) -> bool {
    let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
    value.as_object().is_some_and(|members| !members.is_empty() && members.values().all(is_scalar))
}
