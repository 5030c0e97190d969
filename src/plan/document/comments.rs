//! Comments of YAML: where they are, so that they stay when what is around them goes.

use std::ops::Range;

use super::node::Node;
use super::{Document, Syntax, lines};

/// A comment, from its `#` to the end of its line.
pub(super) struct Comment {
    pub span: Range<usize>,
    /// Whether nothing else is in its line.
    pub has_own_line: bool,
}

/// Returns the comments that begin in a part of a document.
pub(super) fn within(document: &Document, range: Range<usize>) -> Vec<Comment> {
    let text = document.text();
    if document.syntax() == Syntax::Json || !text[range.clone()].contains('#') {
        return Vec::new();
    }
    let words = words(document.root());
    let mut found = Vec::new();
    let mut at = range.start;
    while let Some(length) = text[at..range.end].find('#') {
        at += length;
        let word = words.partition_point(|word| word.end <= at);
        if let Some(word) = words.get(word).filter(|word| word.start <= at) {
            at = word.end.min(range.end);
            continue;
        }
        let start = lines::start(text, at);
        if at == start || text[..at].ends_with(lines::BLANKS) {
            let end = lines::end(text, at);
            let has_own_line = text[start..at].trim_matches(lines::BLANKS).is_empty();
            found.push(Comment { span: at..end, has_own_line });
            at = end.min(range.end);
        } else {
            at += 1;
        }
    }
    found
}

/// Returns the spans of keys and scalars, in which `#` begins no comment, in the order of the text.
fn words(root: &Node) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    root.walk(&mut |node| {
        words.extend(node.members().iter().map(|member| member.key_span.clone()));
        if !node.is_collection() {
            words.push(node.span.clone());
        }
    });
    words.sort_by_key(|word| word.start);
    words
}
