//! Making an edit: which places of the text change, and whether the text then says what the edit says.

use std::ops::Range;

use serde_json::{Map, Value};

use super::super::edit::{Edit, JsonPath, Step};
use super::block::Blocks;
use super::flow::Flow;
use super::node::{Form, Kind, Node};
use super::style::Style;
use super::substitutes::Substitutes;
use super::write::Writer;
use super::{Document, comments, lines};

/// A part of the text and what stands there instead.
pub(super) struct Splice {
    pub range: Range<usize>,
    pub text: String,
}

impl Splice {
    pub(super) fn insert(at: usize, text: String) -> Self {
        Self { range: at..at, text }
    }
}

/// A collection that is edited, and what it is in.
pub(super) struct Place<'a> {
    pub parent: &'a Node,
    outer: Option<&'a Node>,
    /// The column of the block that brackets are in: their lines must be deeper.
    block: Option<usize>,
}

impl Place<'_> {
    /// Returns whether what is in brackets here is spread over lines. Empty brackets are as those around them.
    pub(super) fn is_over_lines(&self, text: &str) -> bool {
        let is_over_lines = |node: &Node| node.is_flow() && text[node.content..node.span.end].contains('\n');
        is_over_lines(self.parent) || (self.parent.items().is_empty() && self.outer.is_some_and(is_over_lines))
    }

    /// Returns what lines in brackets begin with, which is `indentation` unless the block around them asks for more.
    pub(super) fn indented(&self, indentation: &str, unit: &str) -> String {
        match self.block {
            Some(column) if indentation.chars().count() <= column => {
                format!("{}{}", " ".repeat(column), if unit.is_empty() { " " } else { unit })
            }
            _ => indentation.to_owned(),
        }
    }
}

type Problem = &'static str;

const NOWHERE: Problem = "there is no such place";
pub(super) const UNREADABLE: Problem = "the way it is written leaves no room for this";

/// Returns the document with edits made, one after the other, or the place of the one that does not fit.
pub(super) fn make(before: &Document, edits: &[Edit], substitutes: &Substitutes) -> Result<Document, (JsonPath, Problem)> {
    let mut expected = before.root().canonical();
    let mut draft = Draft {
        document: before.clone(),
        style: before.style.as_deref().map_or_else(|| Style::of(before), Style::clone),
        substitutes,
    };
    for edit in edits {
        let made = expect(&mut expected, draft.document.root(), edit, substitutes).and_then(|()| draft.make(edit));
        made.map_err(|problem| (edit.at().clone(), problem))?;
    }
    let after = draft.document;
    let is_as_said = after.root().canonical() == expected;
    if is_as_said && keeps_comments(before, &after) {
        return Ok(after);
    }
    Err((edits.first().map(|edit| edit.at().clone()).unwrap_or_default(), UNREADABLE))
}

/// Returns whether every comment that had a line of its own is still there.
fn keeps_comments(before: &Document, after: &Document) -> bool {
    let all = |document: &Document| comments::within(document, 0..document.text().len());
    let kept = all(after).into_iter().map(|comment| &after.text()[comment.span]).collect::<Vec<_>>();
    let mut lines = all(before).into_iter().filter(|comment| comment.has_own_line);
    lines.all(|line| kept.iter().any(|comment| comment.starts_with(&before.text()[line.span.clone()])))
}

/// Makes an edit on what the document is to say, which is what its tree says now.
fn expect(root: &mut Value, tree: &Node, edit: &Edit, substitutes: &Substitutes) -> Result<(), Problem> {
    let at = tree.canonical_path(edit.at());
    let here = at.find(root).cloned();
    let edit = match (edit, here) {
        (Edit::Add { value, .. }, Some(here)) if here.is_null() && ends_in_key(&at) => {
            Edit::Replace { at, before: here, after: substitutes.expand(value) }
        }
        (Edit::Add { value, place, .. }, _) => Edit::Add { at, value: substitutes.expand(value), place: *place },
        (Edit::Replace { after, .. }, Some(before)) => Edit::Replace { at, before, after: substitutes.expand(after) },
        (Edit::Remove { place, .. }, Some(value)) => Edit::Remove { at, value, place: *place },
        (_, None) => return Err(NOWHERE),
    };
    edit.apply(root).map_err(|error| error.problem())
}

fn ends_in_key(at: &JsonPath) -> bool {
    matches!(at.steps().last(), Some(Step::Key(_)))
}

/// A document under one edit, which may take several cuts.
struct Draft<'a> {
    document: Document,
    /// As it was before, so that what is added does not count.
    style: Style,
    substitutes: &'a Substitutes,
}

impl Draft<'_> {
    fn make(&mut self, edit: &Edit) -> Result<(), Problem> {
        match edit {
            Edit::Add { at, value, .. } if ends_in_key(at) && self.document.find(at).is_some_and(Node::is_null) => {
                self.set(at, value)
            }
            Edit::Add { at, value, place } => self.insert(at, *place, value),
            Edit::Replace { at, after, .. } => self.replace(at, after),
            Edit::Remove { at, .. } => self.remove(at),
        }
    }

    /// Makes one cut: `cut` returns it for the collection that holds a place.
    fn cut(
        &mut self,
        at: &JsonPath,
        cut: impl FnOnce(&Place<'_>, &Flow<'_>, &Blocks<'_>) -> Result<Vec<Splice>, Problem>,
    ) -> Result<(), Problem> {
        let (_, parents) = at.steps().split_last().ok_or("the whole document cannot be edited")?;
        let root = self.document.root();
        let (mut outer, mut parent, mut block) = (None, root, None);
        for step in parents {
            if parent.form == Form::Block {
                block = Some(lines::column(self.document.text(), parent.content));
            }
            outer = Some(parent);
            parent = parent.step(step).ok_or(NOWHERE)?;
        }
        if parent.form == Form::Pair {
            return Err("a pair without braces is not edited");
        }
        let (document, style) = (&self.document, &self.style);
        let writer = Writer { style, substitutes: self.substitutes };
        let flow = Flow { document, style, writer: &writer };
        let blocks = Blocks { document, style, writer: &writer };
        let splices = cut(&Place { parent, outer, block }, &flow, &blocks)?;
        self.document = spliced(&self.document, splices)?;
        Ok(())
    }

    fn insert(&mut self, at: &JsonPath, position: Option<usize>, value: &Value) -> Result<(), Problem> {
        let step = at.steps().last().cloned().ok_or(NOWHERE)?;
        self.cut(at, |place, flow, blocks| {
            let count = place.parent.items().len();
            let (key, index) = match (&step, &place.parent.kind) {
                (Step::Key(key), Kind::Object(_)) => (Some(key.as_str()), position.unwrap_or(count).min(count)),
                (Step::Index(index), Kind::Array(_)) if *index <= count => (None, *index),
                _ => return Err(NOWHERE),
            };
            Ok(if place.parent.is_flow() {
                flow.insert(place, index, key, value)
            } else {
                blocks.insert(place.parent, index, key, value)
            })
        })
    }

    fn remove(&mut self, at: &JsonPath) -> Result<(), Problem> {
        let step = at.steps().last().cloned().ok_or(NOWHERE)?;
        self.cut(at, |place, flow, blocks| {
            let index = match &step {
                Step::Key(key) => place.parent.members().iter().position(|member| member.key == *key),
                Step::Index(index) => Some(*index).filter(|index| *index < place.parent.elements().len()),
            };
            let index = index.ok_or(NOWHERE)?;
            Ok(if place.parent.is_flow() { flow.remove(place.parent, index) } else { blocks.remove(place.parent, index) })
        })
    }

    fn set(&mut self, at: &JsonPath, value: &Value) -> Result<(), Problem> {
        let step = at.steps().last().cloned().ok_or(NOWHERE)?;
        self.cut(at, |place, flow, blocks| {
            let node = place.parent.step(&step).ok_or(NOWHERE)?;
            Ok(if place.parent.is_flow() { flow.set(place, node, value) } else { blocks.set(place.parent, node, value) })
        })
    }

    /// Changes as little of a value as makes it another: what the two have in common stays as it is written.
    fn replace(&mut self, at: &JsonPath, after: &Value) -> Result<(), Problem> {
        let node = self.document.find(at).ok_or(NOWHERE)?.clone();
        if node.canonical() == self.substitutes.expand(after) {
            return Ok(());
        }
        match (&node.kind, after) {
            (Kind::Object(_), Value::Object(members)) if node.tag.is_none() => self.replace_members(at, &node, members),
            (Kind::Array(elements), Value::Array(after)) if node.tag.is_none() => self.replace_elements(at, elements, after),
            _ => self.set(at, after),
        }
    }

    fn replace_members(&mut self, at: &JsonPath, node: &Node, after: &Map<String, Value>) -> Result<(), Problem> {
        for (index, (key, value)) in after.iter().enumerate() {
            if node.member(key).is_some() {
                self.replace(&at.key(key), value)?;
                continue;
            }
            let next = after.keys().skip(index + 1).find(|key| node.member(key).is_some());
            let members = self.document.find(at).ok_or(NOWHERE)?.members();
            let place = next.and_then(|next| members.iter().position(|member| member.key == *next));
            self.insert(&at.key(key), place, value)?;
        }
        for member in node.members().iter().rev().filter(|member| !after.contains_key(&member.key)) {
            self.remove(&at.key(&member.key))?;
        }
        Ok(())
    }

    fn replace_elements(&mut self, at: &JsonPath, before: &[Node], after: &[Value]) -> Result<(), Problem> {
        let is_same = |(node, value): &(&Node, &Value)| node.canonical() == self.substitutes.expand(value);
        let start = before.iter().zip(after).take_while(is_same).count();
        let (before, after) = (&before[start..], &after[start..]);
        let end = before.iter().rev().zip(after.iter().rev()).take_while(is_same).count();
        let (before, after) = (&before[..before.len() - end], &after[..after.len() - end]);
        for (index, value) in after.iter().enumerate() {
            let at = at.index(start + index);
            if index < before.len() { self.replace(&at, value)? } else { self.insert(&at, None, value)? }
        }
        for index in (after.len()..before.len()).rev() {
            self.remove(&at.index(start + index))?;
        }
        Ok(())
    }
}

/// Returns a document with parts of its text changed.
pub(super) fn spliced(document: &Document, mut splices: Vec<Splice>) -> Result<Document, Problem> {
    let old = document.text();
    // The sort is stable: what is put in at one place stays in order.
    splices.sort_by_key(|splice| splice.range.start);
    let (mut text, mut at) = (String::with_capacity(old.len()), 0);
    for splice in splices {
        text.push_str(old.get(at..splice.range.start).ok_or(UNREADABLE)?);
        text.push_str(&splice.text);
        at = splice.range.end;
    }
    text.push_str(&old[at..]);
    let mut after = Document::parse(&text).ok().filter(|after| after.syntax() == document.syntax()).ok_or(UNREADABLE)?;
    after.style = document.style.clone();
    Ok(after)
}
