//! What we remember, and where: in tags, since there is no state file.
//!
//! On a revision of ours stand its source, the Defender's version and the run that made it; on a service, what must not be tried
//! again. Owners opt out with a tag as well. Values use only the characters that ECS allows in tags (letters, digits, spaces and
//! `+ - = . _ : / @`; Amazon ECS Developer Guide, "Tag restrictions").

use serde_json::{Value, json};

use super::edit::{Change, Edit, JsonPath};
use super::task_definition::{Registrable, TaskDefinition};
use crate::ids::TaskDefinitionArn;

/// An owner's tag: leave this service, cluster or task definition alone.
pub const SKIP_TAG: &str = "fargate-updater:skip";
/// On a service: `rolled-back` or `undone`, the revision and the Defender it is about.
pub const LEFT_ALONE_TAG: &str = "fargate-updater:left-alone";
/// On our revisions: the revision it was made from.
pub const SOURCE_TAG: &str = "fargate-updater:source";
/// On our revisions: the Defender's version.
pub const VERSION_TAG: &str = "fargate-updater:defender-version";
/// On our revisions: the run that registered it.
pub const RUN_TAG: &str = "fargate-updater:run-id";

/// A resource has at most 50 tags.
/// Source: Amazon ECS Developer Guide, "Tag restrictions".
const MOST_TAGS: usize = 50;

/// A tag's value has at most 256 characters, and a family may have 255.
/// Source: Amazon ECS Developer Guide, "Tag restrictions"; RegisterTaskDefinition, `family`.
const LONGEST_VALUE: usize = 256;

/// Returns whether an owner's tags say that we are to keep away: any value but false, no and 0.
pub fn opts_out<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
    let says_no = |value: &str| matches!(value.trim().to_ascii_lowercase().as_str(), "false" | "no" | "0");
    tags.into_iter().any(|(key, value)| key == SKIP_TAG && !says_no(value))
}

/// Why a service must not be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftAlone {
    RolledBack,
    Undone,
}

/// Reads the tag of a service that must not be tried again: `rolled-back checkout:7 34.03.138`.
///
/// It holds only for the revision and the Defender it names: a new one of either is a new try.
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
    let same_revision = words.next() == Some(task_definition.short().as_str());
    let same_version = words.next() == Some(version.unwrap_or("unknown"));
    (same_revision && same_version).then_some(kind)
}

/// What we write on a revision that we register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub source: TaskDefinitionArn,
    pub version: Option<String>,
    pub run_id: String,
}

/// Returns the edits that put our tags on a revision: a tag of ours that is there already is replaced, others are the owner's.
///
/// When there would be more than 50 tags, ours are left out: the owner's matter more.
pub fn remember(definition: &TaskDefinition<Registrable>, origin: &Origin) -> Change {
    let version = origin.version.as_deref().unwrap_or("unknown");
    let mut source = origin.source.short();
    if source.len() > LONGEST_VALUE {
        // The longest families leave no room for a number; the family is the revision's own, and the number says enough.
        source = origin.source.revision().to_string();
    }
    let ours = [(SOURCE_TAG, source.as_str()), (VERSION_TAG, version), (RUN_TAG, origin.run_id.as_str())];
    let existing: Vec<&Value> = definition.json().get("tags").and_then(Value::as_array).into_iter().flatten().collect();
    let place_of = |key: &str| existing.iter().position(|tag| tag.get("key").and_then(Value::as_str) == Some(key));
    let new = ours.iter().filter(|(key, _)| place_of(key).is_none()).count();
    if existing.len() + new > MOST_TAGS {
        return Change::default();
    }
    let tags = JsonPath::root().key("tags");
    let mut change = Change::default();
    let mut length = existing.len();
    if definition.json().get("tags").is_none() {
        change.push(Edit::add(tags.clone(), json!([])));
    }
    for (key, value) in ours {
        let after = json!({"key": key, "value": value});
        if let Some(index) = place_of(key) {
            change.push(Edit::Replace { at: tags.index(index), before: existing[index].clone(), after });
        } else {
            change.push(Edit::add(tags.index(length), after));
            length += 1;
        }
    }
    change
}
