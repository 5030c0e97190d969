//! Edits of YAML's block collections, whose items begin at one column, each in a line of its own.
//!
//! What is added at the end goes below the line in which the last item ends, so that a comment in that line stays there; what is
//! added elsewhere goes right before the next item. Comments with lines of their own stay, whatever is taken away around them.

use std::ops::Range;

use serde_json::Value;

use super::make::Splice;
use super::node::{Form, Kind, Node};
use super::style::{self, Style};
use super::write::{Block, Layout, Writer};
use super::{Document, comments, lines};

/// Edits one document in its own style.
pub(super) struct Blocks<'a> {
    pub document: &'a Document,
    pub style: &'a Style,
    pub writer: &'a Writer<'a>,
}

impl Blocks<'_> {
    fn text(&self) -> &str {
        self.document.text()
    }

    /// Returns where the line ends in which something ends.
    fn below(&self, at: usize) -> usize {
        lines::end(self.text(), at)
    }

    fn as_lines(&self, lines: &[String]) -> String {
        lines.iter().map(|line| format!("{}{line}", self.style.line_end)).collect()
    }

    /// Adds an item to a collection before the one with this index, or at the end.
    pub(super) fn insert(&self, parent: &Node, index: usize, key: Option<&str>, value: &Value) -> Vec<Splice> {
        let (text, items) = (self.text(), parent.items());
        let column = lines::column(text, parent.content);
        let mut added = self.writer.item(key, value, column);
        if key.is_none() && self.has_flow_elements(parent) {
            added = vec![format!("{}- {}", " ".repeat(column), self.writer.flow(value, &Layout::OneLine))];
        }
        let Some(next) = items.get(index) else {
            let end = items.last().map_or(parent.span.end, |last| last.span.end);
            return vec![Splice::insert(self.below(end), self.as_lines(&added))];
        };
        let (end, indentation) = (self.style.line_end, " ".repeat(column));
        let added = added.join(end).trim_start_matches(' ').to_owned();
        vec![Splice::insert(next.item_start(), format!("{added}{end}{indentation}"))]
    }

    fn has_flow_elements(&self, parent: &Node) -> bool {
        let is_short = |it: &Node| it.is_flow() && style::is_on_one_line(self.text(), it);
        parent.elements().iter().all(is_short)
    }

    /// Takes an item out of a collection. An only one leaves empty brackets.
    pub(super) fn remove(&self, parent: &Node, index: usize) -> Vec<Splice> {
        let (text, items) = (self.text(), parent.items());
        if items.len() == 1 {
            let brackets = if matches!(parent.kind, Kind::Array(_)) { "[]" } else { "{}" };
            return self.empty(parent, brackets);
        }
        if let Some(next) = items.get(index + 1) {
            let range = items[index].item_start()..next.item_start();
            let indentation = " ".repeat(lines::column(text, parent.content));
            let kept = self.comment_lines(range.clone()).into_iter();
            let text = kept.map(|line| format!("{}{}{indentation}", line.trim_start(), self.style.line_end)).collect();
            return vec![Splice { range, text }];
        }
        let range = self.below(items[index - 1].span.end)..self.below(items[index].span.end);
        let text = self.as_lines(&self.comment_lines(range.clone()));
        vec![Splice { range, text }]
    }

    /// Leaves brackets in the place of a block: behind its key, dash or tag.
    fn empty(&self, parent: &Node, brackets: &str) -> Vec<Splice> {
        let text = self.text();
        let lead = if parent.content > parent.span.start {
            parent.span.start + text[parent.span.start..parent.content].trim_end_matches(lines::BLANKS).len()
        } else {
            parent.lead.end
        };
        // A root has nothing before it; a block behind a dash begins in its line.
        if lead == parent.content || lines::is_same(text, lead, parent.content) {
            let range = parent.content..self.below(parent.span.end);
            let text = format!("{brackets}{}", self.as_lines(&self.comment_lines(range.clone())));
            return vec![Splice { range, text }];
        }
        // What stands before a comment between its tag and it.
        let lead = comments::within(self.document, parent.span.start.min(lead)..lead).first().map_or(lead, |comment| {
            parent.span.start + text[parent.span.start..comment.span.start].trim_end_matches(lines::BLANKS).len()
        });
        let range = self.below(lead)..self.below(parent.span.end);
        let kept = self.as_lines(&self.comment_lines(range.clone()));
        vec![Splice::insert(lead, format!(" {brackets}")), Splice { range, text: kept }]
    }

    /// Returns the lines of a part of the text that are nothing but comments, with their indentation.
    fn comment_lines(&self, range: Range<usize>) -> Vec<String> {
        let text = self.text();
        let found = comments::within(self.document, range).into_iter().filter(|comment| comment.has_own_line);
        found.map(|comment| text[lines::start(text, comment.span.start)..comment.span.end].to_owned()).collect()
    }

    /// Puts another value in the place of an item's. A comment behind the old one stays behind the new one, or its key.
    pub(super) fn set(&self, parent: &Node, node: &Node, value: &Value) -> Vec<Splice> {
        let text = self.text();
        let column = lines::column(text, parent.content);
        let is_element = matches!(parent.kind, Kind::Array(_));
        let is_alike = (value.is_array() && !node.elements().is_empty()) || (value.is_object() && !node.members().is_empty());
        let Block { inline, lines, is_nested } = if node.is_flow() && is_alike {
            Block::inline(self.writer.flow(value, &Layout::OneLine))
        } else if is_element {
            self.writer.behind_dash(value, column)
        } else {
            self.writer.behind_key(value, column)
        };
        let (lead, old) = (node.lead.end, node.span.clone());
        let is_beside = !old.is_empty() && lines::is_same(text, lead, old.start);
        // Where lines follow, the first one must begin where they do.
        let keeps_gap = is_beside && !is_nested;
        let gap = if is_element && is_nested { self.style.behind_dash - 1 } else { 1 };
        let gap = if keeps_gap || inline.is_empty() { 0 } else { gap };
        let inline = format!("{}{inline}", " ".repeat(gap));
        let range = match () {
            () if keeps_gap => old.clone(),
            () if is_beside || old.is_empty() => lead..old.end,
            () => self.below(lead)..old.end,
        };
        let below = self.as_lines(&self.comment_lines(range.clone())) + &self.as_lines(&lines);
        let below = Splice::insert(self.below(old.end), below);
        if !is_beside && !old.is_empty() {
            return vec![Splice::insert(lead, inline), Splice { range, text: String::new() }, below];
        }
        let indicator = if node.form == Form::BlockScalar { &text[old.start..self.below(old.start)] } else { "" };
        let comment = indicator.find(" #").map(|at| &indicator[at..]).unwrap_or_default();
        vec![Splice { range, text: format!("{inline}{comment}") }, below]
    }
}
