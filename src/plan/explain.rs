//! Why a service ends as it does, told in parts: what was seen, and what is decided by it. Only for whoever asks (`--explain`).
//!
//! Facts have fixed names, so that machines find them; sentences are made here from plain data, and nothing is decided here that
//! is not decided elsewhere. No part holds a value of an environment, and a Defender's image is told with its token masked.

mod definition;
mod network;
mod service;
mod way_out;

pub use definition::{Registered, SourcesSaid, console, definition, differences, entry_point, fit, newest};
pub use network::{Looked, network, not_judged};
pub use service::{asked, service, turn};
pub use way_out::{after_planned, after_skipped};

/// What a part is about, in the order in which a journey comes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    Asked,
    Service,
    TaskDefinition,
    Turn,
    EntryPoint,
    Console,
    Differences,
    Fit,
    Network,
    Newest,
    Outcome,
}

impl Section {
    /// Every section, in their order.
    pub const ALL: [Self; 11] = [
        Self::Asked,
        Self::Service,
        Self::TaskDefinition,
        Self::Turn,
        Self::EntryPoint,
        Self::Console,
        Self::Differences,
        Self::Fit,
        Self::Network,
        Self::Newest,
        Self::Outcome,
    ];

    /// Returns a fixed word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Service => "service",
            Self::TaskDefinition => "task-definition",
            Self::Turn => "turn",
            Self::EntryPoint => "entry-point",
            Self::Console => "console",
            Self::Differences => "differences",
            Self::Fit => "fit",
            Self::Network => "network",
            Self::Newest => "newest-revision",
            Self::Outcome => "outcome",
        }
    }

    /// Returns the title for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Asked => "Who is asked",
            Self::Service => "The service",
            Self::TaskDefinition => "Its task definition",
            Self::Turn => "Its turn",
            Self::EntryPoint => "An entry point",
            Self::Console => "The Console's answer",
            Self::Differences => "What would differ",
            Self::Fit => "Whether it fits",
            Self::Network => "Its network",
            Self::Newest => "The family's newest revision",
            Self::Outcome => "Outcome",
        }
    }
}

/// One part of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub section: Section,
    pub facts: Vec<Fact>,
    pub decision: Decision,
}

/// Something that was seen: its name, in words that underscores join, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: &'static str,
    pub told: Told,
}

/// What a fact is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    One(String),
    Each(Vec<String>),
}

/// What follows from a part, as a sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    GoesOn(String),
    /// Nothing that comes after it was looked at.
    Ends(String),
}

impl Decision {
    /// Returns the sentence.
    pub fn text(&self) -> &str {
        match self {
            Self::GoesOn(text) | Self::Ends(text) => text,
        }
    }
}

/// Returns a fact that is one text.
pub fn one(name: &'static str, text: impl Into<String>) -> Fact {
    Fact { name, told: Told::One(text.into()) }
}

/// Returns a fact that is a list.
pub fn each(name: &'static str, texts: impl IntoIterator<Item = String>) -> Fact {
    Fact { name, told: Told::Each(texts.into_iter().collect()) }
}

/// Returns words as they stand in a definition, in one text.
fn words(words: &[impl AsRef<str>]) -> String {
    words.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ")
}
