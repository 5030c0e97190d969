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

/// What the tag says of a service that we protected: `checkout:7 2`, or `checkout:7 2 checkout:8` while it is not known what became of
/// a move away from checkout:8.
struct Moved<'a> {
    source: &'a str,
    times: u32,
    unseen: Option<&'a str>,
}

impl<'a> Moved<'a> {
    fn read(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let (_, value) = tags.into_iter().find(|(key, _)| *key == PROTECTED_TAG)?;
        let mut words = value.split(' ');
        Some(Self {
            source: words.next()?,
            times: words.next().and_then(|times| times.parse().ok()).unwrap_or(0),
            unseen: words.next(),
        })
    }

    fn text(&self) -> String {
        let Self { source, times, .. } = self;
        self.unseen.map_or_else(|| format!("{source} {times}"), |unseen| format!("{source} {times} {unseen}"))
    }
}

/// Returns how often a service was moved away from this revision by us, and is back on it.
pub fn times_protected<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, source: &TaskDefinitionArn) -> u32 {
    Moved::read(tags).filter(|moved| moved.source == named(source)).map_or(0, |moved| moved.times)
}

/// Returns what is written on a service that is moved away from this unprotected revision once more, with or without its end in sight.
pub fn protected_again<'a>(
    tags: impl IntoIterator<Item = (&'a str, &'a str)>,
    source: &TaskDefinitionArn,
    is_seen: bool,
) -> String {
    let (name, times) = (named(source), times_protected(tags, source).saturating_add(1));
    Moved { source: &name, times, unseen: (!is_seen).then_some(&name) }.text()
}

/// Returns what is written on a service that is put back to this revision because that was asked for, if it counts moves away from it:
/// its owner has not put it back.
pub fn counted_anew<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, source: &TaskDefinitionArn) -> Option<String> {
    let moved = Moved::read(tags).filter(|moved| moved.source == named(source) && moved.times > 0)?;
    Some(Moved { times: 0, ..moved }.text())
}

/// Returns what is written on a service that is moved away from a revision of ours, and not seen to arrive.
pub fn upgraded_unseen<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, from: &TaskDefinitionArn) -> String {
    let from = named(from);
    let before = Moved::read(tags).unwrap_or(Moved { source: &from, times: 0, unseen: None });
    Moved { unseen: Some(&from), ..before }.text()
}

/// Returns whether we moved a service away from this revision and do not know what became of that.
pub fn was_not_seen<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, from: &TaskDefinitionArn) -> bool {
    Moved::read(tags).is_some_and(|moved| moved.unseen == Some(&named(from)))
}

/// Returns what is written on such a service once it is known to be back: it does not count as protected.
pub fn gone_back<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, from: &TaskDefinitionArn) -> String {
    let name = named(from);
    let Moved { source, times, .. } = Moved::read(tags).unwrap_or(Moved { source: &name, times: 0, unseen: None });
    let times = if source == name { times.saturating_sub(1) } else { times };
    Moved { source, times, unseen: None }.text()
}
