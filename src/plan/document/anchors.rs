//! Anchors of YAML: what is written once, and stands wherever an alias names it.

use super::node::Node;
use super::{Document, lines};

impl Document {
    /// Returns an alias that stands for a node, wherever in the document that is.
    pub fn alias_of(&self, node: &Node) -> Option<&Node> {
        let before = self.text().get(node.span.start..node.content)?;
        let anchors: Vec<&str> = before.split(lines::BLANKS).filter_map(|word| word.strip_prefix('&')).collect();
        let mut found = None;
        if !anchors.is_empty() {
            self.root().walk(&mut |other| {
                let name = other.tag.as_deref().and_then(|tag| tag.strip_prefix('*'));
                if found.is_none() && name.is_some_and(|name| anchors.contains(&name)) {
                    found = Some(other);
                }
            });
        }
        found
    }

    /// Returns a node and all that it is in, from the root on.
    pub fn around(&self, node: &Node) -> Vec<&Node> {
        let mut found = Vec::new();
        self.root().walk(&mut |other| {
            if other.span.start <= node.span.start && node.span.end <= other.span.end && other.is_collection() {
                found.push(other);
            }
        });
        found
    }
}
