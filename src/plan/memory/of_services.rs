//! What stands on services: what must not be tried again, and how often one was moved away from the same revision.

use super::{LEFT_ALONE_TAG, PROTECTED_TAG, named};
use crate::ids::TaskDefinitionArn;

/// Why a service must not be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftAlone {
    RolledBack,
    Undone,
}

/// Reads the tag of a service that must not be tried again: `rolled-back checkout:7 34.03.138`.
///
/// It holds only for the revision and the Defender it names: a new one of either is a new try. `undone checkout:7` names no Defender, and
/// holds for every one.
pub fn left_alone<'a>(
    tags: impl IntoIterator<Item = (&'a str, &'a str)>,
    task_definition: &TaskDefinitionArn,
    version: Option<&str>,
) -> Option<LeftAlone> {
    let value = tags.into_iter().find(|(key, _)| *key == LEFT_ALONE_TAG)?.1;
    let mut words = value.split(' ');
    let kind = match words.next()? {
        "rolled-back" => LeftAlone::RolledBack,
        "undone" => LeftAlone::Undone,
        _ => return None,
    };
    let same_revision = words.next() == Some(named(task_definition).as_str());
    let same_version = match words.next() {
        None => kind == LeftAlone::Undone,
        Some(word) => word == version.unwrap_or("unknown"),
    };
    (same_revision && same_version).then_some(kind)
}

/// Returns whether a roll-out that began at this revision was taken back on a service, with whatever Defender.
pub fn was_rolled_back<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, source: &TaskDefinitionArn) -> bool {
    let Some((_, value)) = tags.into_iter().find(|(key, _)| *key == LEFT_ALONE_TAG) else { return false };
    let mut words = value.split(' ');
    words.next() == Some("rolled-back") && words.next() == Some(named(source).as_str())
}

/// Returns what is written on a service that must not be tried again: `rolled-back checkout:7 34.03.138`, or `undone checkout:7`, which
/// holds for every Defender: somebody wanted none.
pub fn leave_alone(why: LeftAlone, task_definition: &TaskDefinitionArn, version: Option<&str>) -> String {
    match why {
        LeftAlone::RolledBack => format!("rolled-back {} {}", named(task_definition), version.unwrap_or("unknown")),
        LeftAlone::Undone => format!("undone {}", named(task_definition)),
    }
}

/// Returns how often a service was moved away from this revision by us, and is back on it.
pub fn times_protected<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, source: &TaskDefinitionArn) -> u32 {
    let Some((_, value)) = tags.into_iter().find(|(key, _)| *key == PROTECTED_TAG) else { return 0 };
    let (revision, times) = value.split_once(' ').unwrap_or((value, ""));
    if revision == named(source) { times.parse().unwrap_or(0) } else { 0 }
}

/// Returns what is written on a service that we moved away from this revision in vain.
pub fn not_protected(source: &TaskDefinitionArn) -> String {
    format!("{} 0", named(source))
}

/// Returns what is written on a service that is moved away from this revision once more.
pub fn protected_again<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, source: &TaskDefinitionArn) -> String {
    format!("{} {}", named(source), times_protected(tags, source).saturating_add(1))
}
