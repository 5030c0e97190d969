//! Reading JSON into a tree: strictly, without comments or trailing commas.

use std::collections::HashSet;
use std::ops::Range;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;

use super::node::{Form, Kind, Member, Node};
use super::{NotADocument, Position};

/// Reads a text that begins at `base` of the document (behind its byte order mark).
pub(super) fn read(text: &str, base: usize) -> Result<Node, NotADocument> {
    // It tells what is wrong better than the parser that knows the ranges, and is as strict as the standard.
    serde_json::from_str::<Value>(text).map_err(|error| not_json(text, &error))?;
    let options = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let ast = parse_to_ast(text, &CollectOptions::default(), &options);
    let ast = ast.map_err(|error| wrong(text, error.range().start, "this is no JSON"))?;
    let value = ast.value.ok_or_else(|| wrong(text, 0, "there is nothing in it"))?;
    Reader { text, base }.node(&value, None)
}

fn wrong(text: &str, offset: usize, problem: impl Into<String>) -> NotADocument {
    NotADocument::new(Position::of(text, offset), problem)
}

fn not_json(text: &str, error: &serde_json::Error) -> NotADocument {
    let line_start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let offset = text.floor_char_boundary(line_start + error.column().saturating_sub(1));
    let told = error.to_string();
    let problem = told.rsplit_once(" at line ").map_or(told.as_str(), |(problem, _)| problem);
    wrong(text, offset, format!("this is no JSON: {problem}"))
}

struct Reader<'a> {
    text: &'a str,
    base: usize,
}

impl Reader<'_> {
    fn node(&self, value: &ast::Value<'_>, lead: Option<Range<usize>>) -> Result<Node, NotADocument> {
        let range = value.range();
        let (kind, form) = match value {
            ast::Value::Object(object) => (Kind::Object(self.members(&object.properties)?), Form::Flow),
            ast::Value::Array(array) => {
                let elements = array.elements.iter().map(|element| self.node(element, None));
                (Kind::Array(elements.collect::<Result<_, _>>()?), Form::Flow)
            }
            _ => (Kind::Scalar(self.scalar(range.start..range.end)?), Form::Scalar),
        };
        let span = range.start + self.base..range.end + self.base;
        let lead = lead.unwrap_or(span.start..span.start);
        Ok(Node { tag: None, kind, content: span.start, span, lead, form })
    }

    fn members(&self, properties: &[ast::ObjectProp<'_>]) -> Result<Vec<Member>, NotADocument> {
        let mut seen = HashSet::new();
        let mut members = Vec::with_capacity(properties.len());
        for property in properties {
            let name = property.name.range();
            let Value::String(key) = self.scalar(name.start..name.end)? else {
                return Err(wrong(self.text, name.start, "a key is a string"));
            };
            if !seen.insert(key.clone()) {
                return Err(wrong(self.text, name.start, "this key is in its object twice"));
            }
            // Only blanks and the colon stand between the two.
            let colon = self.text[name.end..].find(':').map_or(name.end, |at| name.end + at + 1);
            let value = self.node(&property.value, Some(name.start + self.base..colon + self.base))?;
            members.push(Member { key, value, key_span: name.start + self.base..name.end + self.base });
        }
        Ok(members)
    }

    fn scalar(&self, range: Range<usize>) -> Result<Value, NotADocument> {
        let start = range.start;
        serde_json::from_str(&self.text[range]).map_err(|_| wrong(self.text, start, "this is no JSON"))
    }
}
