//! Reading YAML into a tree, by the events of a parser and the text between them.

use std::collections::HashSet;
use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput};
use serde_json::Value;

use super::node::{Form, Kind, Member, Node};
use super::{NotADocument, Position, lines, scalar};

/// How deep collections may be nested, as in JSON.
const DEEPEST: usize = 128;

/// Reads a text that begins at `base` of the document (behind its byte order mark).
pub(super) fn read(text: &str, base: usize) -> Result<Node, NotADocument> {
    let offsets = text.char_indices().map(|(offset, _)| offset).chain([text.len()]).collect();
    let mut reader = Reader { text, offsets, events: Parser::new_from_str(text) };
    reader.next()?; // The start of the stream.
    let (Event::DocumentStart(_), start) = reader.next()? else {
        return Err(reader.wrong(0, "there is nothing in it"));
    };
    let first = reader.offset(start.end);
    let mut root = reader.node(first..first, 0, Inside::Block)?;
    reader.next()?; // The end of the document.
    match reader.next()? {
        (Event::StreamEnd, _) => {}
        (_, span) => return Err(reader.wrong(reader.offset(span.start), "a second document begins here; one is expected")),
    }
    root.lead = root.span.start..root.span.start;
    shift(&mut root, base);
    Ok(root)
}

fn shift(node: &mut Node, base: usize) {
    if base == 0 {
        return;
    }
    let moved = |range: &Range<usize>| range.start + base..range.end + base;
    (node.span, node.lead, node.content) = (moved(&node.span), moved(&node.lead), node.content + base);
    match &mut node.kind {
        Kind::Object(members) => {
            for member in members {
                member.key_span = moved(&member.key_span);
                shift(&mut member.value, base);
            }
        }
        Kind::Array(elements) => elements.iter_mut().for_each(|element| shift(element, base)),
        Kind::Scalar(_) => {}
    }
}

/// What a value stands in.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Block,
    Flow,
}

struct Reader<'a> {
    text: &'a str,
    /// The byte at which each character begins: the parser counts characters.
    offsets: Vec<usize>,
    events: Parser<'a, StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), NotADocument> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                // Its words may quote a character.
                let told = error.info().split('`').next().unwrap_or_default().trim_end();
                Err(self.wrong(self.offset(*error.marker()), format!("this is no YAML: {told}")))
            }
            None => Err(self.wrong(self.text.len(), "this is no YAML: it ends too early")),
        }
    }

    fn offset(&self, marker: Marker) -> usize {
        self.offsets.get(marker.index()).copied().unwrap_or(self.text.len())
    }

    fn wrong(&self, offset: usize, problem: impl Into<String>) -> NotADocument {
        NotADocument::new(Position::of(self.text, offset), problem)
    }

    /// Reads a value that `lead` leads to. What is of no length, and so nowhere, is taken to stand right behind that.
    fn node(&mut self, lead: Range<usize>, depth: usize, inside: Inside) -> Result<Node, NotADocument> {
        let (event, span) = self.next()?;
        self.node_of(event, span, lead, depth, inside)
    }

    fn node_of(
        &mut self,
        event: Event<'a>,
        marks: Span,
        lead: Range<usize>,
        depth: usize,
        inside: Inside,
    ) -> Result<Node, NotADocument> {
        let mut span = self.offset(marks.start)..self.offset(marks.end);
        if depth > DEEPEST {
            return Err(self.wrong(span.start, "collections are nested too deeply here"));
        }
        match event {
            Event::Alias(_) => {
                span.end = end_of_word(self.text, span.start, span.end);
                let tag = Some(self.text[span.clone()].to_owned());
                Ok(Node { tag, kind: Kind::Scalar(Value::Null), content: span.start, span, lead, form: Form::Scalar })
            }
            Event::Scalar(text, style, ..) => {
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                if is_block {
                    // The event is about the lines below the indicator.
                    let start = lines::skip(self.text, lead.end);
                    span = start..end_of_block_scalar(self.text, start, span.end);
                }
                let Properties { tag, end, content } = Properties::read(self.text, span.start, span.end);
                let is_nothing = style == ScalarStyle::Plain && text.is_empty();
                if is_nothing && end == span.start {
                    span = lead.end..lead.end;
                } else if is_nothing {
                    span.end = end;
                } else if !is_block {
                    span.end = end_of_word(self.text, content, span.end);
                }
                let is_plain =
                    style == ScalarStyle::Plain && tag.as_deref().is_none_or(|tag| tag.starts_with('!') && tag != "!str");
                let value = if is_plain { scalar::resolve(&text) } else { Value::String(text.into_owned()) };
                let form = if is_block { Form::BlockScalar } else { Form::Scalar };
                Ok(Node { tag, kind: Kind::Scalar(value), content: content.max(span.start).min(span.end), span, lead, form })
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                let Properties { tag, end, mut content } = Properties::read(self.text, span.start, self.text.len());
                let form = match inside {
                    // The event of a block collection ends where its first item begins.
                    _ if self.text[content..].starts_with(['[', '{']) && span.end > content => Form::Flow,
                    Inside::Flow => Form::Pair,
                    Inside::Block => Form::Block,
                };
                if form == Form::Block && end == span.start {
                    // The event of a sequence whose dashes are at their key's column begins behind the first of them.
                    content = lines::skip_comments(self.text, lead.end);
                    span.start = content;
                }
                let (kind, end) = if matches!(event, Event::MappingStart(..)) {
                    let (members, end) = self.members(content, depth, form)?;
                    (Kind::Object(members), end)
                } else {
                    let (elements, end) = self.elements(content, depth, form)?;
                    (Kind::Array(elements), end)
                };
                Ok(Node { tag, kind, span: span.start..end, content, lead, form })
            }
            _ => Err(self.wrong(span.start, "this is no YAML: a value is expected")),
        }
    }

    fn members(&mut self, content: usize, depth: usize, form: Form) -> Result<(Vec<Member>, usize), NotADocument> {
        let (mut members, mut end) = (Vec::<Member>::new(), content);
        let mut seen = HashSet::new();
        let inside = inside(form);
        loop {
            let (event, span) = self.next()?;
            let mut key_span = self.offset(span.start)..self.offset(span.end);
            let key = match event {
                Event::MappingEnd if form == Form::Flow => return Ok((members, self.end_of_brackets(key_span.start))),
                Event::MappingEnd => return Ok((members, end)),
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(self.wrong(key_span.start, "a key is a word or a string")),
            };
            if !seen.insert(key.clone()) {
                return Err(self.wrong(key_span.start, "this key is in its mapping twice"));
            }
            let content = Properties::read(self.text, key_span.start, key_span.end).content;
            key_span.end = end_of_word(self.text, content, key_span.end);
            let colon = lines::skip_comments(self.text, key_span.end);
            let colon = if self.text[colon..].starts_with(':') { colon + 1 } else { key_span.end };
            let value = self.node(key_span.start..colon, depth + 1, inside)?;
            end = value.span.end.max(colon);
            members.push(Member { key, value, key_span });
        }
    }

    /// Returns where a flow collection ends whose end the parser tells from a last comma on.
    fn end_of_brackets(&self, start: usize) -> usize {
        let at = lines::skip_comments(self.text, start);
        let at = if self.text[at..].starts_with(',') { lines::skip_comments(self.text, at + 1) } else { at };
        (at + 1).min(self.text.len())
    }

    fn elements(&mut self, content: usize, depth: usize, form: Form) -> Result<(Vec<Node>, usize), NotADocument> {
        let (mut elements, mut end) = (Vec::new(), content);
        loop {
            let (event, span) = self.next()?;
            let start = self.offset(span.start);
            match event {
                Event::SequenceEnd if form == Form::Flow => return Ok((elements, self.end_of_brackets(start))),
                Event::SequenceEnd => return Ok((elements, end)),
                _ => {}
            }
            let lead = if form == Form::Flow {
                start..start
            } else {
                let dash = lines::skip_comments(self.text, end);
                dash..(dash + 1).min(self.text.len())
            };
            let mut element = self.node_of(event, span, lead, depth + 1, inside(form))?;
            if form == Form::Flow {
                element.lead = element.span.start..element.span.start;
            }
            end = element.span.end;
            elements.push(element);
        }
    }
}

fn inside(form: Form) -> Inside {
    if form == Form::Block { Inside::Block } else { Inside::Flow }
}

/// Tags and anchors before a value.
struct Properties {
    tag: Option<String>,
    /// Where they end.
    end: usize,
    /// Where the value begins behind them.
    content: usize,
}

impl Properties {
    /// Reads those that stand at a place.
    fn read(text: &str, start: usize, limit: usize) -> Self {
        let mut found = Self { tag: None, end: start, content: start };
        while text[found.content..limit].starts_with(['&', '!']) {
            let rest = &text[found.content..limit];
            let length = rest.find(|c: char| lines::BLANKS.contains(&c) || ",[]{}".contains(c)).unwrap_or(rest.len());
            if let Some(written) = rest[..length].strip_prefix('!') {
                found.tag = Some(written.to_owned());
            }
            found.end = found.content + length;
            found.content = lines::skip_comments(text, found.end).min(limit);
        }
        found
    }
}

/// Returns where a scalar ends that is no block: the parser takes the blanks and the comment behind a quote for a part of it.
fn end_of_word(text: &str, start: usize, end: usize) -> usize {
    let word = &text[start..end];
    let Some(quote) = word.chars().next().filter(|quote| ['"', '\''].contains(quote)) else {
        return start + word.trim_end_matches(lines::BLANKS).len();
    };
    let mut rest = word.char_indices().skip(1).peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' if quote == '"' => drop(rest.next()),
            '\'' if quote == '\'' && rest.next_if(|(_, next)| *next == '\'').is_some() => {}
            _ if c == quote => return start + at + 1,
            _ => {}
        }
    }
    end
}

/// Returns where the last line with something in it ends; where every line end counts (`|+`), the last line.
fn end_of_block_scalar(text: &str, start: usize, end: usize) -> usize {
    let header = text[start..lines::end(text, start)].split('#').next().unwrap_or_default();
    // One without lines ends with its header.
    let body = &text[start..end.max(lines::end(text, start))];
    let is_kept = header.rsplit(['|', '>']).next().is_some_and(|indicators| indicators.contains('+'));
    let body = if is_kept {
        // The event may reach into the blanks of the line below.
        let last = body.rfind('\n').map_or(0, |end| end + 1);
        let body = if body[last..].trim_matches(lines::BLANKS).is_empty() { &body[..last] } else { body };
        let body = body.strip_suffix('\n').unwrap_or(body);
        body.strip_suffix('\r').unwrap_or(body)
    } else {
        body.trim_end_matches(lines::BLANKS)
    };
    start + body.len()
}
