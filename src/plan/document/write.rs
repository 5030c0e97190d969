//! New values as text: in brackets, or as blocks of YAML.

use serde_json::Value;

use super::style::{Style, is_record, is_strings};
use super::substitutes::Substitutes;
use super::{Syntax, scalar};

/// Where a new value in brackets goes.
#[derive(Clone)]
pub(super) enum Layout {
    OneLine,
    /// Over lines, the last of which begins with this.
    Lines(String),
}

/// Writes values in the style of a document.
pub(super) struct Writer<'a> {
    pub style: &'a Style,
    pub substitutes: &'a Substitutes,
}

/// A value in block style: what follows its key or dash, and the lines below that.
pub(super) struct Block {
    pub inline: String,
    pub lines: Vec<String>,
    /// Whether it is a mapping or sequence without brackets.
    pub is_nested: bool,
}

impl Block {
    /// Returns a value that takes no lines of its own.
    pub(super) fn inline(text: String) -> Self {
        Self { inline: text, lines: Vec::new(), is_nested: false }
    }
}

impl Writer<'_> {
    /// Returns a value in brackets, or a scalar.
    pub(super) fn flow(&self, value: &Value, layout: &Layout) -> String {
        if let Some(substitute) = self.substitutes.get(value) {
            return match (&substitute.source, self.style.syntax) {
                (Some(source), Syntax::Yaml) => source.clone(),
                (_, Syntax::Yaml) => self.flow(&substitute.full, &Layout::OneLine),
                (_, Syntax::Json) => self.flow(&substitute.full, layout),
            };
        }
        match value {
            Value::Object(members) => {
                let is_one =
                    |value: &Value| (is_strings(value) && self.style.strings_on_one_line) || matches!(layout, Layout::OneLine);
                let items = members.iter().map(|(key, value)| {
                    let inner = if is_one(value) { Layout::OneLine } else { self.inside(layout) };
                    format!("{}{}{}", self.key(key), self.style.colon, self.flow(value, &inner))
                });
                self.brackets(['{', '}'], &self.style.object_padding, items.collect(), layout)
            }
            Value::Array(elements) => {
                let items = elements.iter().map(|element| {
                    let is_one = is_record(element) && self.style.records_on_one_line;
                    self.flow(element, &if is_one { Layout::OneLine } else { self.inside(layout) })
                });
                self.brackets(['[', ']'], &self.style.list_padding, items.collect(), layout)
            }
            Value::String(text) if self.style.syntax == Syntax::Yaml && !self.style.quotes_keys => scalar::write(text, true),
            Value::String(text) => scalar::quoted(text),
            other => other.to_string(),
        }
    }

    /// Returns the key of a member in brackets.
    pub(super) fn key(&self, key: &str) -> String {
        if self.style.quotes_keys { scalar::quoted(key) } else { scalar::write(key, true) }
    }

    fn inside(&self, layout: &Layout) -> Layout {
        match layout {
            Layout::OneLine => Layout::OneLine,
            Layout::Lines(indentation) => Layout::Lines(format!("{indentation}{}", self.style.unit)),
        }
    }

    fn brackets(&self, [open, close]: [char; 2], padding: &str, items: Vec<String>, layout: &Layout) -> String {
        if items.is_empty() {
            return format!("{open}{close}");
        }
        match layout {
            Layout::OneLine => format!("{open}{padding}{}{padding}{close}", items.join(self.style.comma())),
            Layout::Lines(indentation) => {
                let end = self.style.line_end;
                let inner = format!("{end}{indentation}{}", self.style.unit);
                format!("{open}{inner}{}{end}{indentation}{close}", items.join(&format!(",{inner}")))
            }
        }
    }

    /// Returns a value in block style behind the key of a mapping whose keys are at a column.
    pub(super) fn behind_key(&self, value: &Value, column: usize) -> Block {
        if let Some(inline) = self.inline(value) {
            return Block::inline(inline);
        }
        let column = column + if value.is_array() { self.style.dashes } else { self.style.mapping };
        Block { inline: String::new(), lines: self.lines(value, column), is_nested: true }
    }

    /// Returns a value in block style behind a dash at a column.
    pub(super) fn behind_dash(&self, value: &Value, column: usize) -> Block {
        if let Some(inline) = self.inline(value) {
            return Block::inline(inline);
        }
        let mut lines = self.lines(value, column + self.style.behind_dash);
        let inline = lines.remove(0).trim_start().to_owned();
        Block { inline, lines, is_nested: true }
    }

    /// Returns the lines of an element of a sequence, or of a member of a mapping, at a column.
    pub(super) fn item(&self, key: Option<&str>, value: &Value, column: usize) -> Vec<String> {
        let indentation = " ".repeat(column);
        let (lead, block) = match key {
            Some(key) => (format!("{}:", scalar::write(key, false)), self.behind_key(value, column)),
            None => ("-".to_owned(), self.behind_dash(value, column)),
        };
        let gap = match block.is_nested {
            true if key.is_some() => String::new(),
            true => " ".repeat(self.style.behind_dash - 1),
            false => " ".to_owned(),
        };
        let mut lines = vec![format!("{indentation}{lead}{gap}{}", block.inline)];
        lines.extend(block.lines);
        lines
    }

    fn inline(&self, value: &Value) -> Option<String> {
        let is_block = self.substitutes.get(value).is_none()
            && (value.as_array().is_some_and(|it| !it.is_empty()) || value.as_object().is_some_and(|it| !it.is_empty()));
        match value {
            _ if is_block => None,
            Value::String(text) if self.substitutes.get(value).is_none() => Some(scalar::write(text, false)),
            _ => Some(self.flow(value, &Layout::OneLine)),
        }
    }

    fn lines(&self, value: &Value, column: usize) -> Vec<String> {
        match value {
            Value::Object(members) => members.iter().flat_map(|(key, value)| self.item(Some(key), value, column)).collect(),
            Value::Array(elements) => elements.iter().flat_map(|element| self.item(None, element, column)).collect(),
            _ => Vec::new(),
        }
    }
}
