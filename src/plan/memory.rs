//! What we remember, and where: in tags, since there is no state file.
//!
//! On a revision of ours stand its source, the Defender's version and the run that made it, and what nobody can see on it: which
//! entry points were filled in, and what of that which embedding adds was there before. On a service stands what must not be tried
//! again. Owners opt out with a tag as well. Values use only the characters that ECS allows in tags (letters, digits, spaces and
//! `+ - = . _ : / @`; Amazon ECS Developer Guide, "Tag restrictions").

mod labels;
mod of_services;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::defender;
use super::edit::{Change, Edit, JsonPath};
use super::task_definition::{Container, Registrable, TaskDefinition};
use crate::ids::TaskDefinitionArn;

pub use labels::{Before, labelled, without_labels};
pub use of_services::{
    LeftAlone, counted_anew, gone_back, leave_alone, left_alone, protected_again, times_protected, upgraded_unseen, was_not_seen,
    was_rolled_back,
};

/// An owner's tag: leave this service, cluster or task definition alone.
pub const SKIP_TAG: &str = "fargate-updater:skip";
/// An owner's tag on a service or a task definition: the containers to leave out, separated by blanks.
pub const SKIP_CONTAINERS_TAG: &str = "fargate-updater:skip-containers";
/// On a service: `rolled-back` or `undone`, the revision and the Defender it is about.
pub const LEFT_ALONE_TAG: &str = "fargate-updater:left-alone";
/// On a service: the revision that it ran unprotected, how often we moved it away from that one, and the revision that we moved it away
/// from last if we did not see the end of that.
pub const PROTECTED_TAG: &str = "fargate-updater:protected";
/// On our revisions: the revision it was made from.
pub const SOURCE_TAG: &str = "fargate-updater:source";
/// On our revisions: the Defender's version.
pub const VERSION_TAG: &str = "fargate-updater:defender-version";
/// On our revisions: the run that registered it.
pub const RUN_TAG: &str = "fargate-updater:run-id";

/// On our revisions: the family's newest one when it was registered, if that holds newer code and belongs on top again.
pub const NEWEST_TAG: &str = "fargate-updater:newest";

/// On our revisions that no service was moved to: the one that they were registered on top of.
pub const ON_TOP_OF_TAG: &str = "fargate-updater:on-top-of";

/// On our revisions: what was filled in, such as `web/entryPoint=85944171f73967e8`.
pub const FILLED_TAG: &str = "fargate-updater:filled";
/// On our revisions: what was its owner's before embedding would have added it, such as `web/SYS_PTRACE`.
pub const THEIRS_TAG: &str = "fargate-updater:theirs";
/// On our revisions: the WAAS port that was added, such as `web/8080`.
pub const WAAS_PORT_TAG: &str = "fargate-updater:waas-port";
/// On our revisions: variables that the Console added and that we do not know by name, such as `web/TW_NEW`.
pub const VARIABLES_TAG: &str = "fargate-updater:variables";
/// On our revisions: the images that were named by the digests that ran, such as `web/85944171f73967e8`.
pub const PINNED_TAG: &str = "fargate-updater:pinned";
/// On our revisions: the volumes that the Console added.
pub const VOLUMES_TAG: &str = "fargate-updater:volumes";

/// On what we opened: the run, on a rule of a security group; the numbers of our entries and their runs, such as
/// `out:110 in:120 run:20261121T130806Z-glaq`, on a network ACL.
pub const OPENED_TAG: &str = "fargate-updater:opened";
/// What a rule of a security group that we added says of itself.
/// At most 255 letters, digits, spaces and a few signs. Source: Amazon EC2 API Reference, IpRange, `Description` (from memory).
pub const RULE_DESCRIPTION: &str = "Defender to the Prisma Cloud Console, opened by fargate-updater";

/// Tags that hold lists; one that needs more room goes on in `…-2`, `…-3`.
const LISTS: [&str; 6] = [FILLED_TAG, THEIRS_TAG, WAAS_PORT_TAG, VARIABLES_TAG, VOLUMES_TAG, PINNED_TAG];

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

/// Returns the containers that an owner's tags leave out. Names are letters, digits, hyphens and underscores; all else separates.
/// Source: Amazon ECS API Reference, `ContainerDefinition`, `name` (read 2026-11).
pub fn skipped_containers<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeSet<String> {
    let value = tags.into_iter().find(|(key, _)| *key == SKIP_CONTAINERS_TAG).map_or("", |(_, value)| value);
    let of_a_name = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    value.split(|character| !of_a_name(character)).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Returns `family:revision`, or the number alone for the longest families, which leave no room for it: a service's revisions are of
/// one family as a rule, and the number says enough.
fn named(task_definition: &TaskDefinitionArn) -> String {
    let short = task_definition.short();
    if short.len() > LONGEST_VALUE / 2 { task_definition.revision().to_string() } else { short }
}

/// Returns the revision that one of ours was made from, if its tags say.
pub fn source_of<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, ours: &TaskDefinitionArn) -> Option<TaskDefinitionArn> {
    sibling_in(tags, SOURCE_TAG, ours)
}

fn sibling_in<'a>(
    tags: impl IntoIterator<Item = (&'a str, &'a str)>,
    key: &str,
    ours: &TaskDefinitionArn,
) -> Option<TaskDefinitionArn> {
    let (_, value) = tags.into_iter().find(|(name, _)| *name == key)?;
    let number = value.rsplit(':').next()?.parse().ok()?;
    Some(ours.sibling(number))
}

/// What we write on a revision that we register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub source: TaskDefinitionArn,
    pub version: Option<String>,
    pub run_id: String,
}

/// What nobody can see on a protected revision, each as a container and what of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// [`ENTRY_POINT`], [`JOINED`] or [`COMMAND`], which the container did not say, with a fingerprint of what was put there: what
    /// its owner has changed since is its owner's.
    filled: BTreeSet<Item>,
    /// A variable or a capability that embedding adds where it is not.
    pub theirs: BTreeSet<Item>,
    /// The WAAS port that was added.
    pub waas_port: Option<Item>,
    /// Variables that were added, where their names do not tell.
    pub variables: BTreeSet<Item>,
    /// The volumes that the Console added.
    pub volumes: BTreeSet<String>,
    /// Images that a digest was put behind, with a fingerprint of the whole name: what its owner has changed since is its owner's.
    pinned: BTreeSet<Item>,
}

/// An entry point that was filled in.
pub const ENTRY_POINT: &str = "entryPoint";
/// An entry point that was filled in with ENTRYPOINT and CMD of its image in one list.
pub const JOINED: &str = "joined";
/// A command that was filled in.
pub const COMMAND: &str = "command";

/// A container, and what of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    container: String,
    pub what: String,
}

/// So much of a container's name is written down: 255 characters are allowed, and a tag's value has to hold more than the name.
const LONGEST_NAME: usize = 200;

impl Item {
    pub fn new(container: &str, what: &str) -> Self {
        Self { container: container.chars().take(LONGEST_NAME).collect(), what: what.to_owned() }
    }

    fn parse(text: &str) -> Option<Self> {
        let (container, what) = text.split_once('/')?;
        Some(Self::new(container, what))
    }

    fn text(&self) -> String {
        format!("{}/{}", self.container, self.what)
    }

    /// Returns whether this is about a container.
    pub fn is_of(&self, container: &str) -> bool {
        container.chars().take(LONGEST_NAME).eq(self.container.chars())
    }
}

impl Record {
    /// Reads what is written down about a definition: on itself by a run, on its Defender's container by a command on a file.
    pub fn of<Stage>(definition: &TaskDefinition<Stage>) -> Self {
        let labels = defender::sidecar_in(definition).into_iter().flat_map(|sidecar| sidecar.labels());
        Self::read(definition.tags().chain(labels))
    }

    /// Reads what an earlier run wrote down.
    pub fn read<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut record = Self::default();
        for (key, value) in tags {
            let items = || value.split(' ').filter_map(Item::parse);
            match list_of(key) {
                Some(FILLED_TAG) => record.filled.extend(items()),
                Some(THEIRS_TAG) => record.theirs.extend(items()),
                Some(WAAS_PORT_TAG) => record.waas_port = items().next(),
                Some(VARIABLES_TAG) => record.variables.extend(items()),
                Some(PINNED_TAG) => record.pinned.extend(items()),
                Some(VOLUMES_TAG) => {
                    record.volumes.extend(value.split(' ').filter(|name| !name.is_empty()).map(str::to_owned));
                }
                _ => {}
            }
        }
        record
    }

    /// Writes down that something of a container was filled in, and with which words.
    pub fn fill(&mut self, container: &str, what: &str, words: &[impl AsRef<str>]) {
        self.filled.insert(Item::new(container, &format!("{what}={}", fingerprint(words))));
    }

    /// Returns whether these words of a container were filled in, and are not its owner's.
    pub fn has_filled(&self, container: &str, what: &str, words: &[impl AsRef<str>]) -> bool {
        self.filled.contains(&Item::new(container, &format!("{what}={}", fingerprint(words))))
    }

    /// Writes down that a digest was put behind the name of a container's image, which is this now.
    pub fn pin(&mut self, container: &str, image: &str) {
        self.pinned.insert(Item::new(container, &fingerprint(&[image])));
    }

    /// Returns the name that its owner gave to a container's image: without the digest that was put behind it, if one was.
    pub fn own_image<'a>(&self, container: Container<'a>) -> &'a str {
        let image = container.image();
        let is_pinned = || self.pinned.contains(&Item::new(container.name(), &fingerprint(&[image])));
        image.rsplit_once('@').filter(|_| is_pinned()).map_or(image, |(own, _)| own)
    }

    /// Returns whether something of a container was its owner's.
    pub fn is_theirs(&self, container: &str, what: &str) -> bool {
        self.theirs.contains(&Item::new(container, what))
    }

    /// Returns the tags that hold it, as many for each list as it needs.
    fn tags(&self) -> Vec<(String, String)> {
        let texts = |items: &BTreeSet<Item>| items.iter().map(Item::text).collect::<Vec<_>>();
        let waas_port = self.waas_port.iter().map(Item::text).collect();
        let volumes = self.volumes.iter().cloned().collect();
        let lists = [texts(&self.filled), texts(&self.theirs), waas_port, texts(&self.variables), volumes, texts(&self.pinned)];
        let packed = LISTS.iter().zip(lists).flat_map(|(tag, items)| {
            let numbered = |number: usize| if number == 0 { (*tag).to_owned() } else { format!("{tag}-{}", number + 1) };
            packed(&items).into_iter().enumerate().map(move |(number, value)| (numbered(number), value)).collect::<Vec<_>>()
        });
        packed.collect()
    }
}

/// Returns a short text that differs for different words, the same in every release: FNV-1a, 64 bits.
/// Source: draft-eastlake-fnv, "The FNV Non-Cryptographic Hash Algorithm".
pub(super) fn fingerprint(words: &[impl AsRef<str>]) -> String {
    // Each word ends with a byte that is in no word.
    let bytes = words.iter().flat_map(|word| word.as_ref().bytes().chain([0xff]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// Joins texts into as few values as hold them.
fn packed(items: &[String]) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for item in items {
        match values.last_mut() {
            Some(value) if value.len() + 1 + item.len() <= LONGEST_VALUE => {
                value.push(' ');
                value.push_str(item);
            }
            _ => values.push(item.clone()),
        }
    }
    values
}

/// Returns the list that a tag is a part of: `fargate-updater:filled-2` goes on with `fargate-updater:filled`.
fn list_of(key: &str) -> Option<&'static str> {
    let goes_on = |rest: &str| rest.is_empty() || rest.strip_prefix('-').is_some_and(|number| number.parse::<u32>().is_ok());
    LISTS.into_iter().find(|list| key.strip_prefix(list).is_some_and(goes_on))
}

/// Returns whether we write this tag on our revisions, and nobody else.
pub fn is_ours(key: &str) -> bool {
    [SOURCE_TAG, VERSION_TAG, RUN_TAG, NEWEST_TAG, ON_TOP_OF_TAG].contains(&key) || list_of(key).is_some()
}

/// Returns whether this tag tells of the run that registered a revision, and not of the revision.
pub fn is_of_one_run(key: &str) -> bool {
    [RUN_TAG, NEWEST_TAG, ON_TOP_OF_TAG].contains(&key)
}

/// Returns whether a run registered a revision.
pub fn is_of_run<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, run_id: &str) -> bool {
    tags.into_iter().any(|(key, value)| key == RUN_TAG && value == run_id)
}

/// Returns whether a revision was made for this version of the Defender.
pub fn is_for<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, version: Option<&str>) -> bool {
    tags.into_iter().any(|(key, value)| key == VERSION_TAG && value == version.unwrap_or("unknown"))
}

/// Returns whether tags say that a revision, or what it was copied from, is of our making.
pub fn is_of_ours<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
    tags.into_iter().any(|(key, _)| [SOURCE_TAG, RUN_TAG].contains(&key))
}

/// Returns what notes on a revision another one of its family: [`NEWEST_TAG`] or [`ON_TOP_OF_TAG`]. Where the owner's tags leave no room
/// nothing is noted.
pub fn note<Stage>(revision: &TaskDefinition<Stage>, key: &'static str, other: &TaskDefinitionArn) -> Change {
    let tags = revision.json().get("tags").and_then(Value::as_array);
    let existing = tags.map_or(&[][..], Vec::as_slice);
    let (at, after) = (JsonPath::root().key("tags"), json!({"key": key, "value": named(other)}));
    let mut change = Change::default();
    // Copied from a revision of ours, by us or by its owner.
    if let Some(place) = existing.iter().position(|tag| tag.get("key").and_then(Value::as_str) == Some(key)) {
        change.push(Edit::Replace { at: at.index(place), before: existing[place].clone(), after });
        return change;
    }
    if existing.len() >= MOST_TAGS {
        return change;
    }
    if tags.is_none() {
        change.push(Edit::add(at.clone(), json!([])));
    }
    change.push(Edit::add(at.index(existing.len()), after));
    change
}

/// Returns the revision that belongs on top of one of ours, if its tags say.
pub fn newest_of<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, ours: &TaskDefinitionArn) -> Option<TaskDefinitionArn> {
    sibling_in(tags, NEWEST_TAG, ours)
}

/// Returns the revision that one of ours was registered on top of, if its tags say.
pub fn on_top_of<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, ours: &TaskDefinitionArn) -> Option<TaskDefinitionArn> {
    sibling_in(tags, ON_TOP_OF_TAG, ours)
}

/// Returns whether a definition has room for the tags that tell which images were pinned: without them nobody could undo it.
pub fn has_room_for_pins(definition: &TaskDefinition<Registrable>, record: &Record) -> bool {
    let theirs = definition.tags().filter(|(key, _)| !is_ours(key)).count();
    theirs + pinned_in(&record.tags()).len() <= MOST_TAGS
}

fn pinned_in(tags: &[(String, String)]) -> Vec<(String, String)> {
    tags.iter().filter(|(key, _)| list_of(key) == Some(PINNED_TAG)).cloned().collect()
}

/// The edits that put our tags on a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    pub change: Change,
    /// Whether some had to be left out.
    pub left_out: bool,
}

/// Returns what puts our tags on a revision: a tag of ours that is there already is replaced, others are the owner's.
///
/// When there would be more than 50 tags, ours are left out, because the owner's matter more: first those that tell where the
/// revision comes from, then all but the pinned images, which would never be found again, then all.
pub fn remember(definition: &TaskDefinition<Registrable>, origin: &Origin, record: &Record) -> Memory {
    let version = origin.version.as_deref().unwrap_or("unknown");
    let mut source = origin.source.short();
    if source.len() > LONGEST_VALUE {
        // The longest families leave no room for a number; the family is the revision's own, and the number says enough.
        source = origin.source.revision().to_string();
    }
    let record = record.tags();
    let origin = [(SOURCE_TAG, source.as_str()), (VERSION_TAG, version), (RUN_TAG, origin.run_id.as_str())];
    let origin = origin.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let whole = [record.clone(), origin.to_vec()].concat();
    let existing: Vec<&Value> = definition.json().get("tags").and_then(Value::as_array).into_iter().flatten().collect();
    let place_of = |key: &str| existing.iter().position(|tag| tag.get("key").and_then(Value::as_str) == Some(key));
    let fits =
        |ours: &[(String, String)]| existing.len() + ours.iter().filter(|(key, _)| place_of(key).is_none()).count() <= MOST_TAGS;
    let (left_out, pinned) = (!fits(&whole), pinned_in(&record));
    let ours = [whole, record, pinned].into_iter().find(|ours| fits(ours)).unwrap_or_default();
    let tags = JsonPath::root().key("tags");
    let mut change = Change::default();
    if ours.is_empty() {
        return Memory { change, left_out };
    }
    let mut length = existing.len();
    if definition.json().get("tags").is_none() {
        change.push(Edit::add(tags.clone(), json!([])));
    }
    for (key, value) in ours {
        let after = json!({"key": key, "value": value});
        if let Some(index) = place_of(&key) {
            change.push(Edit::Replace { at: tags.index(index), before: existing[index].clone(), after });
        } else {
            change.push(Edit::add(tags.index(length), after));
            length += 1;
        }
    }
    Memory { change, left_out }
}
