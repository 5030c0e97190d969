//! Services whose turn did not come, told together at the end: with a bound on changes, a large fleet has thousands of them, and they end
//! all for the same reason. Where each service is told by itself, they are too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::Value;

use super::json::{Fields, line, object, service_fields};
use super::standing::many;
use super::text::{YELLOW, paint, place_of};
use crate::events::{ServiceId, Unattempted};

/// So many are named for each reason, the first in the order of their places; the rest is counted.
const NAMED: usize = 10;

/// Such services, by the word for why. It grows with reasons, and not with services.
#[derive(Debug, Default)]
pub struct NotAttempted(BTreeMap<&'static str, Left>);

#[derive(Debug)]
struct Left {
    /// Why, in a sentence.
    text: String,
    services: usize,
    first: BTreeSet<ServiceId>,
}

impl Left {
    fn left_out(&self) -> usize {
        self.services - self.first.len()
    }
}

impl NotAttempted {
    pub(super) fn add(&mut self, service: &ServiceId, why: Unattempted) {
        let new = || Left { text: why.to_string(), services: 0, first: BTreeSet::new() };
        let left = self.0.entry(why.code()).or_insert_with(new);
        left.services += 1;
        left.first.insert(service.clone());
        if left.first.len() > NAMED {
            left.first.pop_last();
        }
    }

    /// Tells people.
    ///
    /// # Errors
    ///
    /// When the writer fails.
    pub(super) fn text(&self, colour: bool, writer: &mut impl Write) -> io::Result<()> {
        for left in self.0.values() {
            let word = paint(&format!("{:<13}", "not attempted"), YELLOW, colour);
            writeln!(writer, "{word} {}: {}", many(left.services as u64, "service"), left.text)?;
            left.first.iter().try_for_each(|service| writeln!(writer, "{:13} {}", "", place_of(service)))?;
            if let more @ 1.. = left.left_out() {
                writeln!(writer, "{:13} and {more} more", "")?;
            }
        }
        Ok(())
    }

    /// Tells machines.
    ///
    /// # Errors
    ///
    /// When the writer fails.
    pub(super) fn json(&self, writer: &mut impl Write) -> io::Result<()> {
        self.0.iter().try_for_each(|(code, left)| {
            let first: Vec<Value> = left.first.iter().map(|service| object(service_fields(service))).collect();
            let fields: Fields = vec![
                ("level", "warn".into()),
                ("message", "services not attempted".into()),
                ("services", left.services.into()),
                ("reason", (*code).into()),
                ("text", left.text.as_str().into()),
                ("first", first.into()),
                ("left_out", left.left_out().into()),
            ];
            line(fields, writer)
        })
    }
}
