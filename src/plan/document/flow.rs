//! Edits inside brackets: all of JSON, and the flow collections of YAML.
//!
//! What is added at the end goes right behind the last item, and what is added elsewhere right before the next one. Taking it
//! away again cuts at the same places, so that the two are each other's exact inverse.

use serde_json::Value;

use super::make::{Place, Splice};
use super::node::{Kind, Node};
use super::style::{self, Style, is_record, is_spread, is_strings};
use super::write::{Layout, Writer};
use super::{Document, comments, lines};

/// Edits one document in its own style.
pub(super) struct Flow<'a> {
    pub document: &'a Document,
    pub style: &'a Style,
    pub writer: &'a Writer<'a>,
}

impl Flow<'_> {
    fn text(&self) -> &str {
        self.document.text()
    }

    /// Adds an item to a collection before the one with this index, or at the end.
    pub(super) fn insert(&self, place: &Place<'_>, index: usize, key: Option<&str>, value: &Value) -> Vec<Splice> {
        let (text, parent, items) = (self.text(), place.parent, place.parent.items());
        let Some(first) = items.first() else { return vec![self.insert_first(place, key, value)] };
        let layout = self.layout(place, value, lines::indentation(text, first.item_start()));
        let item = self.item(place, key, value, &layout);
        let separator = self.separator(parent, index);
        match items.get(index) {
            Some(next) => vec![Splice::insert(next.item_start(), format!("{item}{separator}"))],
            None => vec![Splice::insert(items[items.len() - 1].span.end, format!("{separator}{item}"))],
        }
    }

    fn insert_first(&self, place: &Place<'_>, key: Option<&str>, value: &Value) -> Splice {
        let (text, parent) = (self.text(), place.parent);
        let inner = parent.content + 1..parent.span.end - 1;
        let outer = place.indented(lines::indentation(text, parent.content), &self.style.unit);
        let is_listed_on_one_line = parent.elements().is_empty()
            && matches!(parent.kind, Kind::Array(_))
            && ((value.is_string() && self.style.strings_on_one_line) || (is_record(value) && self.style.records_on_one_line));
        if !comments::within(self.document, inner.clone()).is_empty() {
            let item = self.item(place, key, value, &Layout::OneLine);
            return Splice::insert(inner.start, format!("{item} "));
        }
        if is_listed_on_one_line || !place.is_over_lines(text) {
            let item = self.item(place, key, value, &Layout::OneLine);
            let is_object = matches!(parent.kind, Kind::Object(_));
            let padding = if is_object { &self.style.object_padding } else { &self.style.list_padding };
            return Splice { range: inner, text: format!("{padding}{item}{padding}") };
        }
        let (end, indentation) = (self.style.line_end, format!("{outer}{}", self.style.unit));
        let layout = self.layout(place, value, &indentation);
        let item = self.item(place, key, value, &layout);
        Splice { range: inner, text: format!("{end}{indentation}{item}{end}{outer}") }
    }

    fn item(&self, place: &Place<'_>, key: Option<&str>, value: &Value, layout: &Layout) -> String {
        let value = self.writer.flow(value, layout);
        let Some(key) = key else { return value };
        let siblings = place.parent.members();
        let colon = siblings.iter().rev().find_map(|member| style::colon(self.text(), member));
        let colon = colon.filter(|colon| self.style.quotes_keys || colon.ends_with([' ', '\t']));
        format!("{}{}{value}", self.writer.key(key), colon.as_ref().unwrap_or(&self.style.colon))
    }

    fn separator(&self, parent: &Node, index: usize) -> String {
        let (text, items) = (self.text(), parent.items());
        let below = |item: &Node| format!(",{}{}", self.style.line_end, lines::indentation(text, item.item_start()));
        if is_spread(text, parent) {
            return below(items[0]);
        }
        let second = index.clamp(1, items.len().max(2) - 1);
        let Some(next) = items.get(second) else { return self.style.comma().to_owned() };
        let between = items[second - 1].span.end..next.item_start();
        if comments::within(self.document, between.clone()).is_empty() { text[between].to_owned() } else { below(next) }
    }

    /// Returns how a value is laid out that becomes an item of a collection.
    fn layout(&self, place: &Place<'_>, value: &Value, indentation: &str) -> Layout {
        let text = self.text();
        if !place.is_over_lines(text) {
            return Layout::OneLine;
        }
        let is_alike = |item: &&&Node| match item.kind {
            Kind::Object(_) => value.is_object(),
            Kind::Array(_) => value.is_array(),
            Kind::Scalar(_) => false,
        };
        let elements = place.parent.elements().iter().collect::<Vec<_>>();
        let sibling = elements.iter().rev().filter(|it| !it.items().is_empty()).find(is_alike);
        let is_on_one_line = match sibling {
            Some(sibling) => style::is_on_one_line(text, sibling),
            None if matches!(place.parent.kind, Kind::Array(_)) => is_record(value) && self.style.records_on_one_line,
            None => is_strings(value) && self.style.strings_on_one_line,
        };
        if is_on_one_line { Layout::OneLine } else { Layout::Lines(place.indented(indentation, &self.style.unit)) }
    }

    /// Takes an item out of a collection.
    pub(super) fn remove(&self, parent: &Node, index: usize) -> Vec<Splice> {
        let (text, items) = (self.text(), parent.items());
        let end = self.style.line_end;
        if items.len() == 1 {
            let inner = parent.content + 1..parent.span.end - 1;
            let outer = lines::indentation(text, parent.content);
            let kept = comments::within(self.document, inner.clone());
            let mut text: String =
                kept.iter().map(|it| format!("{end}{outer}{}{}", self.style.unit, &text[it.span.clone()])).collect();
            if !kept.is_empty() {
                // Some readers want even the bracket indented.
                text = format!("{text}{end}{outer}{}", self.style.unit);
            }
            return vec![Splice { range: inner, text }];
        }
        if let Some(next) = items.get(index + 1) {
            let range = items[index].item_start()..next.item_start();
            let indentation = lines::indentation(text, next.item_start());
            let kept = comments::within(self.document, range.clone()).into_iter().filter(|it| it.has_own_line);
            let text = kept.map(|it| format!("{}{end}{indentation}", &text[it.span])).collect();
            return vec![Splice { range, text }];
        }
        let range = items[index - 1].span.end..items[index].span.end;
        let indentation = lines::indentation(text, items[index].item_start());
        let mut kept = String::new();
        for comment in comments::within(self.document, range.clone()) {
            if lines::is_same(text, range.start, comment.span.start) {
                kept = format!(" {}", &text[comment.span]);
            } else if comment.has_own_line {
                kept = format!("{kept}{end}{indentation}{}", &text[comment.span]);
            }
        }
        let rest = text[range.end..lines::end(text, range.end)].trim_start();
        if !kept.is_empty() && !rest.is_empty() && !rest.starts_with('#') {
            kept = format!("{kept}{end}{}", lines::indentation(text, parent.content));
        }
        vec![Splice { range, text: kept }]
    }

    /// Puts another value in the place of an item's.
    pub(super) fn set(&self, place: &Place<'_>, node: &Node, value: &Value) -> Vec<Splice> {
        let text = self.text();
        let is_alike = (value.is_object() && !node.members().is_empty()) || (value.is_array() && !node.elements().is_empty());
        let layout = if is_alike && style::is_on_one_line(text, node) {
            Layout::OneLine
        } else {
            self.layout(place, value, lines::indentation(text, node.item_start()))
        };
        let gap = if node.span.is_empty() { " " } else { "" };
        vec![Splice { range: node.span.clone(), text: format!("{gap}{}", self.writer.flow(value, &layout)) }]
    }
}
