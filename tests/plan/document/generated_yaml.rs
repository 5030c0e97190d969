//! YAML of any content, in block and flow style with comments: what is added and taken away again leaves no trace.

use proptest::prelude::*;
use serde_json::Value;

use super::generated_json::{Choices, adding_leaves_no_trace, choices, roots, values};
use super::parts::parts_are_as_the_whole;
use super::support::document;

/// How one generated document is written.
struct Way {
    unit: usize,
    dashes: usize,
    behind_dash: usize,
}

fn scalar(value: &Value) -> String {
    match value {
        // As the YAML specification has it, but for what JSON does not escape.
        Value::String(text) => {
            let is_odd =
                |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
            let json = Value::from(text.as_str()).to_string();
            json.chars().map(|c| if is_odd(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect()
        }
        other => other.to_string(),
    }
}

fn flow(value: &Value, choices: &mut Choices, column: usize) -> String {
    let (open, close, items) = match value {
        Value::Object(members) => {
            let items =
                members.iter().map(|(key, value)| format!("{}: {}", scalar(&key.as_str().into()), flow(value, choices, column)));
            ("{", "}", items.collect::<Vec<_>>())
        }
        Value::Array(elements) => ("[", "]", elements.iter().map(|element| flow(element, choices, column)).collect()),
        other => return scalar(other),
    };
    let below = format!("\n{}", " ".repeat(column + 1));
    let blanks = ["", " ", "  ", &below];
    let mut text = open.to_owned() + blanks[choices.next(4)];
    for (index, item) in items.iter().enumerate() {
        text += if index > 0 { "," } else { "" };
        text = text + blanks[choices.next(4)] + item;
    }
    text + blanks[choices.next(4)] + close
}

fn comment(choices: &mut Choices) -> &'static str {
    ["", "", "", " # c", "  # é: \"x\" - y"][choices.next(5)]
}

fn comment_line(choices: &mut Choices, column: usize) -> String {
    match choices.next(8) {
        0 => format!("{}# - a line: of its own\n", " ".repeat(column)),
        1 => "\n".to_owned(),
        _ => String::new(),
    }
}

/// Returns the lines of a value below its key, or what stands behind it.
fn value_text(value: &Value, way: &Way, column: usize, parent: usize, choices: &mut Choices) -> String {
    let is_empty = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty);
    match value {
        Value::Array(_) | Value::Object(_) if !is_empty && choices.next(4) > 0 => {
            format!("{}\n{}", comment(choices), block(value, way, column, choices))
        }
        Value::Null if choices.next(2) == 0 => format!("{}\n", comment(choices)),
        Value::String(text) if choices.next(2) == 0 && is_literal(text) => {
            let (kept, cut) = (text.trim_end_matches('\n'), text.ends_with('\n'));
            let indentation = " ".repeat(parent + 2);
            let lines = kept.split('\n').map(|line| format!("{indentation}{line}\n")).collect::<String>();
            format!(" |{}{}\n{lines}", if cut { "" } else { "-" }, comment(choices))
        }
        _ => format!(" {}{}\n", flow(value, choices, parent + 1), comment(choices)),
    }
}

fn is_literal(text: &str) -> bool {
    let lines = text.strip_suffix('\n').unwrap_or(text);
    !lines.is_empty()
        && lines.split('\n').all(|line| {
            !line.is_empty()
                && !line.starts_with([' ', '\t'])
                && line.chars().all(|c| c == ' ' || c.is_alphanumeric() || c.is_ascii_punctuation())
                && !line.trim().is_empty()
        })
}

fn block(value: &Value, way: &Way, column: usize, choices: &mut Choices) -> String {
    let indentation = " ".repeat(column);
    let mut text = String::new();
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                text += &comment_line(choices, column);
                let deeper = column + if value.is_array() { way.dashes } else { way.unit };
                let value = value_text(value, way, deeper, column, choices);
                text.extend([format!("{indentation}{}:{value}", scalar(&key.as_str().into()))]);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                text += &comment_line(choices, column);
                let deeper = column + way.behind_dash;
                let is_nested =
                    element.as_array().is_some_and(|it| !it.is_empty()) || element.as_object().is_some_and(|it| !it.is_empty());
                if is_nested && choices.next(2) == 0 {
                    // The first line of what is nested stands behind the dash, unless it is a comment.
                    let nested = block(element, way, deeper, choices);
                    match nested.trim_start_matches(' ') {
                        inner if inner.starts_with(['#', '\n']) => text.extend([format!("{indentation}-\n{nested}")]),
                        inner => text.extend([format!("{indentation}-{}{inner}", " ".repeat(way.behind_dash - 1))]),
                    }
                } else {
                    text.extend([format!("{indentation}-{}", value_text(element, way, deeper, column, choices))]);
                }
            }
        }
        _ => {}
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn yaml_comes_back(
        root in roots(),
        (unit, dashes, behind_dash) in (1_usize..5, 0_usize..5, 2_usize..5),
        is_windows in any::<bool>(),
        added in prop::collection::vec(values(), 1..6),
        mut choices in choices(),
    ) {
        let text = block(&root, &Way { unit, dashes, behind_dash }, 0, &mut choices);
        let text = text + ["", "# the end\n", "# the end"][choices.next(3)];
        let text = if is_windows { text.replace('\n', "\r\n") } else { text };
        prop_assert_eq!(document(&text).root().value(), root, "{}", text);
        parts_are_as_the_whole(&text, added.clone(), &mut choices);
        adding_leaves_no_trace(&text, added, &mut choices);
    }
}
