//! A JSON or YAML text that is edited as text: what an edit does not name stays byte for byte as it was.
//!
//! Key order, indentation, blanks, comments, line ends, a byte order mark and the last line end are the owner's. What is added is
//! written as what is around it, and cut out again at the same places. After every edit the text is read again and compared with
//! what the edit says; a text that then says anything else is never kept.
//!
//! [`node`] is the tree with its places in the text, [`json`] and [`yaml`] read it, [`make`] finds out what to cut, [`parts`] takes a
//! member out for that time, [`anchors`] knows what stands elsewhere too. [`flow`] cuts
//! inside brackets, [`block`] between lines, [`comments`] keeps what people wrote there. [`style`] is how a document looks,
//! [`write`](mod@write) gives new values that look, [`scalar`] knows the words of YAML, [`lines`] counts.

mod anchors;
mod block;
mod comments;
mod flow;
mod json;
mod lines;
mod make;
mod node;
mod parts;
mod scalar;
mod style;
mod substitutes;
mod write;
mod yaml;

use std::fmt;

use super::edit::{Edit, JsonPath};
use make::{Splice, spliced};
pub use node::{Kind, Member, Node};
pub use parts::Parts;
use style::Style;
pub use substitutes::{Substitute, Substitutes};

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    Json,
    Yaml,
}

/// A text and the tree of what it says.
#[derive(Clone)]
pub struct Document {
    text: String,
    syntax: Syntax,
    root: Node,
    /// What is added looks so; otherwise as what is there.
    style: Option<Box<Style>>,
}

impl Document {
    /// Reads a text: JSON where its first character is one that JSON begins with, `{` or `[`, YAML otherwise.
    ///
    /// # Errors
    ///
    /// When it is neither, when a key is twice in one object, or when YAML has a key that is no scalar, or not exactly one
    /// document.
    pub fn parse(text: &str) -> Result<Self, NotADocument> {
        let body = without_mark(text);
        let base = text.len() - body.len();
        let syntax = if body.trim_start().starts_with(['{', '[']) { Syntax::Json } else { Syntax::Yaml };
        let root = match syntax {
            Syntax::Json => json::read(body, base)?,
            Syntax::Yaml => yaml::read(body, base)?,
        };
        Ok(Self { text: text.to_owned(), syntax, root, style: None })
    }

    /// Returns how it is written.
    pub fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// Returns the text as it is now, with its byte order mark if it came with one.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the tree of the whole text.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Returns what stands at a place. Tags are no steps of their own.
    pub fn find(&self, at: &JsonPath) -> Option<&Node> {
        self.root.find(at)
    }

    /// Returns where a node of this document begins.
    pub fn position(&self, node: &Node) -> Position {
        let body = without_mark(&self.text);
        Position::of(body, node.span.start - (self.text.len() - body.len()))
    }

    /// Returns how a node of this document is written, its tag included.
    pub fn source(&self, node: &Node) -> &str {
        self.text.get(node.span()).unwrap_or_default()
    }

    /// Returns how a value is written, from right behind the colon (or dash) that leads to it to its end: `: [ ]` gives ` [ ]`. Where
    /// nothing is written, what follows in the line belongs to it, since that ends up inside of what is put there.
    pub fn raw(&self, at: &JsonPath) -> Option<&str> {
        let node = self.find(at).filter(|_| !at.steps().is_empty())?;
        let end = if node.span.is_empty() { self.behind_comment(node.span.end) } else { node.span.end };
        self.text.get(node.lead.end..end)
    }

    /// Returns where the line ends in which something ends, if nothing follows there but a comment; else where that something ends.
    fn behind_comment(&self, end: usize) -> usize {
        let line = lines::end(&self.text, end);
        let rest = self.text.get(end..line).unwrap_or_default().trim_start();
        if rest.starts_with('#') { line } else { end }
    }

    /// Makes one edit on the text. A member that is null may be added: it is filled.
    ///
    /// The edit's own `before` and `value` are not compared with the text. A list is replaced by taking away and adding between
    /// what the two begin and end with alike, an object member by member.
    ///
    /// # Errors
    ///
    /// When there is no such place, or something is there where something is to be added, or when the text could not be made to
    /// say exactly this. It is then as it was.
    pub fn edit(&mut self, edit: &Edit, substitutes: &Substitutes) -> Result<(), DoesNotFit> {
        self.edit_all(std::slice::from_ref(edit), substitutes)
    }

    /// Makes edits on the text, one after the other, as [`Document::edit`] does: all of them or none.
    ///
    /// # Errors
    ///
    /// As [`Document::edit`], for one of them.
    pub fn edit_all(&mut self, edits: &[Edit], substitutes: &Substitutes) -> Result<(), DoesNotFit> {
        *self = make::make(self, edits, substitutes).map_err(|(at, problem)| DoesNotFit { at, problem })?;
        Ok(())
    }

    /// Puts text as [`Document::raw`] gave it in the place of a value and of what stands between the colon and it.
    ///
    /// # Errors
    ///
    /// When there is no such place, or when the text would say something else in other places. It is then as it was.
    pub fn put_raw(&mut self, at: &JsonPath, raw: &str) -> Result<(), DoesNotFit> {
        let wrong = |problem| DoesNotFit { at: at.clone(), problem };
        let node = self.find(at).filter(|_| !at.steps().is_empty()).ok_or_else(|| wrong("there is no such place"))?;
        // What brings its comment along takes the place of that, wherever an edit has left it.
        let is_with_comment = raw.trim_start().starts_with('#');
        let end = if is_with_comment { self.behind_comment(node.span.end) } else { node.span.end };
        let splice = Splice { range: node.lead.end..end, text: raw.to_owned() };
        let after = spliced(self, vec![splice]).map_err(wrong)?;
        let rest = |document: &Self| parts::without(document.root.canonical(), document, at);
        let is_elsewhere_the_same = rest(self).is_some_and(|before| rest(&after) == Some(before));
        if !is_elsewhere_the_same {
            return Err(wrong("it would change what is around it"));
        }
        *self = after;
        Ok(())
    }
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Shows how much there is, never what it says: it may be secret.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({:?}, {} bytes)", self.syntax, self.text.len())
    }
}

/// A place in a text for people: both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    fn of(text: &str, offset: usize) -> Self {
        let before = &text[..offset.min(text.len())];
        let line_start = before.rfind('\n').map_or(0, |before| before + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A text that is neither JSON nor YAML as we edit it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {problem}")]
pub struct NotADocument {
    position: Position,
    problem: String,
}

impl NotADocument {
    fn new(position: Position, problem: impl Into<String>) -> Self {
        Self { position, problem: problem.into() }
    }

    /// Returns where it is wrong.
    pub fn position(&self) -> Position {
        self.position
    }
}

/// An edit that does not fit a text, which is left as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not edit the text at {at}: {problem}")]
pub struct DoesNotFit {
    at: JsonPath,
    problem: &'static str,
}

impl DoesNotFit {
    /// Returns the place that it is about.
    pub fn at(&self) -> &JsonPath {
        &self.at
    }

    /// Tells the same of the place below `to`, which it tells below `from`.
    #[must_use]
    pub fn moved(self, from: &JsonPath, to: &JsonPath) -> Self {
        Self { at: self.at.moved(from, to), ..self }
    }
}
