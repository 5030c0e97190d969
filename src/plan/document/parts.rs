//! A document that is edited in parts: a member that can be read by itself is a document of its own for that time, so that what an edit
//! costs does not grow with what is around it.

use std::ops::Range;

use serde_json::Value;

use super::super::edit::{JsonPath, Step};
use super::make::{Splice, UNREADABLE, spliced};
use super::node::{Form, Node};
use super::style::Style;
use super::{Document, DoesNotFit, Syntax, lines};

/// A document, and what of it is edited by itself at present.
pub struct Parts {
    whole: Document,
    parts: Vec<Part>,
}

/// A member of a document that is edited by itself.
struct Part {
    at: JsonPath,
    /// Where it was taken from.
    range: Range<usize>,
    document: Document,
    /// Where the member is in that.
    inside: JsonPath,
    /// The blanks in front of it, which are there for its indentation alone.
    padding: usize,
}

impl Parts {
    /// Begins to edit a document. All that is added looks as the document does now.
    pub fn of(mut document: Document) -> Self {
        document.style = Some(Box::new(Style::of(&document)));
        Self { whole: document, parts: Vec::new() }
    }

    /// Returns the document that a member is to be edited in, and where it is there: its part, or the whole if it cannot be read by
    /// itself.
    ///
    /// # Errors
    ///
    /// When what was edited before cannot be put back.
    pub fn with(&mut self, at: &JsonPath) -> Result<(&mut Document, JsonPath), DoesNotFit> {
        let known = self.parts.iter().position(|part| part.at == *at);
        let Some(index) = known.or_else(|| self.taken(at)) else {
            // The places of parts would move.
            self.put_back()?;
            return Ok((&mut self.whole, at.clone()));
        };
        let part = &mut self.parts[index];
        Ok((&mut part.document, part.inside.clone()))
    }

    /// Returns the whole document with all that was edited in it.
    ///
    /// # Errors
    ///
    /// When the parts do not make up what they say, each by itself.
    pub fn into_whole(mut self) -> Result<Document, DoesNotFit> {
        self.put_back()?;
        self.whole.style = None;
        Ok(self.whole)
    }

    fn put_back(&mut self) -> Result<(), DoesNotFit> {
        let parts = std::mem::take(&mut self.parts);
        let Some(first) = parts.first() else { return Ok(()) };
        match self.with_all(&parts) {
            Some(after) => self.whole = after,
            None => {
                // The one that does not fit alone.
                let wrong = parts.iter().find(|part| self.with_all(std::slice::from_ref(part)).is_none());
                return Err(DoesNotFit { at: wrong.unwrap_or(first).at.clone(), problem: UNREADABLE });
            }
        }
        Ok(())
    }

    /// Returns the whole with parts as they are now, if it then says what each of them says and elsewhere what it said before.
    fn with_all(&self, parts: &[Part]) -> Option<Document> {
        let new = |part: &Part| Splice { range: part.range.clone(), text: part.document.text()[part.padding..].to_owned() };
        let after = spliced(&self.whole, parts.iter().map(new).collect()).ok()?;
        let says_the_same = |part: &Part| {
            let member = part.document.find(&part.inside).map(Node::canonical);
            member.is_some() && after.find(&part.at).map(Node::canonical) == member
        };
        let rest = |document: &Document| {
            parts.iter().try_fold(document.root().canonical(), |rest, part| without(rest, document, &part.at))
        };
        let is_elsewhere_the_same = rest(&self.whole).is_some_and(|before| rest(&after) == Some(before));
        (is_elsewhere_the_same && parts.iter().all(says_the_same)).then_some(after)
    }

    fn taken(&mut self, at: &JsonPath) -> Option<usize> {
        let part = self.take(at)?;
        self.parts.push(part);
        Some(self.parts.len() - 1)
    }

    /// Takes a member out, if it can be read by itself: what is in brackets in JSON, and the lines of a block in YAML.
    fn take(&self, at: &JsonPath) -> Option<Part> {
        let text = self.whole.text();
        let Step::Key(key) = at.steps().last()? else { return None };
        let node =
            self.whole.find(at).filter(|node| node.is_collection() && node.tag.is_none() && node.content == node.span.start)?;
        let (range, padding, inside) = match self.whole.syntax() {
            Syntax::Json => (node.span(), lines::indentation(text, node.content), JsonPath::root()),
            Syntax::Yaml => (self.lines_of(at)?, "", JsonPath::root().key(key)),
        };
        let mut document = Document::parse(&format!("{padding}{}", &text[range.clone()])).ok()?;
        document.style = self.whole.style.clone();
        let is_whole = document.syntax() == self.whole.syntax()
            && document.find(&inside).is_some_and(|member| member.canonical() == node.canonical());
        is_whole.then(|| Part { at: at.clone(), range, document, inside, padding: padding.len() })
    }

    /// Returns the lines of a member of YAML's blocks, up to the next member of any.
    fn lines_of(&self, at: &JsonPath) -> Option<Range<usize>> {
        let text = self.whole.text();
        let (mut node, mut end) = (self.whole.root(), text.len());
        for step in at.steps() {
            let child = node.step(step).filter(|_| node.form == Form::Block)?;
            let next = node.items().into_iter().map(Node::item_start).find(|start| *start >= child.span.end);
            end = next.map_or(end, |next| lines::start(text, next));
            node = child;
        }
        let start = lines::start(text, node.item_start());
        let is_own_line = text[start..node.item_start()].chars().all(|blank| blank == ' ');
        (node.form == Form::Block && is_own_line && start < end).then_some(start..end)
    }
}

/// Returns what a document says, but for one member.
pub(super) fn without(mut value: Value, document: &Document, at: &JsonPath) -> Option<Value> {
    let at = document.root().canonical_path(at);
    *value.pointer_mut(&at.to_string())? = Value::Null;
    Some(value)
}
