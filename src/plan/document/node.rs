//! The tree of a document: every value with its place in the text.

use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use super::super::edit::{JsonPath, Step};

/// One value of a document and where it is written.
#[derive(Clone)]
pub struct Node {
    /// A YAML tag as it is written, without its `!`: `Sub`. An alias `*x` is the tag `*x` on a null.
    pub tag: Option<String>,
    pub kind: Kind,
    /// From its tag or anchor to its end. A block scalar ends before its last line end.
    pub(super) span: Range<usize>,
    /// Where it begins behind its tag and anchor: at the bracket, the quote, the first key or dash.
    pub(super) content: usize,
    /// What leads to it: a member's key with its colon, an element's dash. Empty where nothing does.
    pub(super) lead: Range<usize>,
    pub(super) form: Form,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A collection in brackets.
    Flow,
    /// A mapping or sequence of YAML by indentation alone.
    Block,
    /// A single pair in a flow sequence: `[a: b]`.
    Pair,
    Scalar,
    /// `|` and `>`.
    BlockScalar,
}

/// What a node is.
#[derive(Clone)]
pub enum Kind {
    Object(Vec<Member>),
    Array(Vec<Node>),
    Scalar(Value),
}

/// A member of an object.
#[derive(Clone)]
pub struct Member {
    pub key: String,
    pub value: Node,
    pub(super) key_span: Range<usize>,
}

impl Member {
    /// Returns the bytes of the text that its key takes, quotes included.
    pub fn key_span(&self) -> Range<usize> {
        self.key_span.clone()
    }
}

impl Node {
    /// Returns the bytes of the text that it takes, its tag and anchor included.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Returns whether it is a collection written in brackets.
    pub fn is_flow(&self) -> bool {
        self.form == Form::Flow
    }

    /// Returns it as plain JSON, without tags.
    pub fn value(&self) -> Value {
        match &self.kind {
            Kind::Object(members) => {
                members.iter().map(|member| (member.key.clone(), member.value.value())).collect::<Map<_, _>>().into()
            }
            Kind::Array(elements) => elements.iter().map(Self::value).collect::<Vec<_>>().into(),
            Kind::Scalar(value) => value.clone(),
        }
    }

    /// Returns the value of a member, if this is an object that has it.
    pub fn member(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.value)
    }

    /// Returns an object's members; nothing else has any.
    pub fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Object(members) => members,
            _ => &[],
        }
    }

    /// Returns a list's elements; nothing else has any.
    pub fn elements(&self) -> &[Self] {
        match &self.kind {
            Kind::Array(elements) => elements,
            _ => &[],
        }
    }

    /// Returns what stands at a place below this one.
    pub fn find(&self, at: &JsonPath) -> Option<&Self> {
        at.steps().iter().try_fold(self, Self::step)
    }

    pub(super) fn step(&self, step: &Step) -> Option<&Self> {
        match step {
            Step::Key(key) => self.member(key),
            Step::Index(index) => self.elements().get(*index),
        }
    }

    /// Returns the values of an object's members, or a list's elements.
    pub(super) fn items(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Object(members) => members.iter().map(|member| &member.value).collect(),
            Kind::Array(elements) => elements.iter().collect(),
            Kind::Scalar(_) => Vec::new(),
        }
    }

    pub(super) fn is_collection(&self) -> bool {
        !matches!(self.kind, Kind::Scalar(_))
    }

    pub(super) fn is_null(&self) -> bool {
        self.tag.is_none() && matches!(self.kind, Kind::Scalar(Value::Null))
    }

    /// Returns where it begins as an item of its collection: at its key or dash, or itself.
    pub(super) fn item_start(&self) -> usize {
        self.lead.start.min(self.span.start)
    }

    /// Calls for this node and everything below it, in the order of the text.
    pub(super) fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        for item in self.items() {
            item.walk(visit);
        }
    }

    /// Returns it as plain JSON in which a tag is the function it is short for: `!Ref A` is `{"Ref": "A"}`.
    ///
    /// Source: AWS CloudFormation Template Reference, Intrinsic function reference (read 2026-11).
    pub fn canonical(&self) -> Value {
        let value = match &self.kind {
            Kind::Object(members) => {
                members.iter().map(|member| (member.key.clone(), member.value.canonical())).collect::<Map<_, _>>().into()
            }
            Kind::Array(elements) => elements.iter().map(Self::canonical).collect::<Vec<_>>().into(),
            Kind::Scalar(value) => value.clone(),
        };
        let Some(function) = self.function() else { return value };
        let value = match (function.as_str(), value) {
            // The only function whose short form says it otherwise.
            ("Fn::GetAtt", Value::String(text)) => match text.split_once('.') {
                Some((resource, attribute)) => vec![resource, attribute].into(),
                None => Value::String(text),
            },
            (_, value) => value,
        };
        Value::Object(Map::from_iter([(function, value)]))
    }

    /// Returns the long name of the function that its tag stands for. YAML's own tags (`!!str`) stand for none.
    pub fn function(&self) -> Option<String> {
        match self.tag.as_deref()? {
            tag @ ("Ref" | "Condition") => Some(tag.to_owned()),
            tag if tag.starts_with('*') => Some(tag.to_owned()),
            tag if tag.is_empty() || tag.starts_with('!') => None,
            tag => Some(format!("Fn::{tag}")),
        }
    }

    /// Returns the place in [`Node::canonical`] of this node that a place of this node becomes.
    pub(super) fn canonical_path(&self, at: &JsonPath) -> JsonPath {
        let (mut path, mut node) = (JsonPath::root(), Some(self));
        for step in at.steps() {
            if let Some(function) = node.and_then(Self::function) {
                path = path.key(&function);
            }
            path = match step {
                Step::Key(key) => path.key(key),
                Step::Index(index) => path.index(*index),
            };
            node = node.and_then(|node| node.step(step));
        }
        path
    }
}

/// Shows what it is and where, never values: they may be secrets.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Object(_) => "Object",
            Kind::Array(_) => "Array",
            Kind::Scalar(_) => "Scalar",
        };
        write!(f, "{kind}({:?})", self.span)
    }
}
