//! What a command on a file remembers, and where: in Docker labels of the Defender's own container.
//!
//! A file may hold containers and nothing else, so that there is no place for tags in it; the Defender's container is in every file
//! that has one, and takes its labels along when it is taken out. What a run writes into tags is written here under the same names,
//! and read by runs as well.
//! Source: Amazon ECS API Reference, ContainerDefinition, `dockerLabels` (read 2026-11).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Record, is_ours};
use crate::plan::defender;
use crate::plan::edit::{Change, Edit, JsonPath};
use crate::plan::task_definition::{Protected, TaskDefinition};

/// The label that holds [`Before`].
const BEFORE_LABEL: &str = "fargate-updater:before";

/// How a file wrote what embedding fills and what said nothing until then, such as ` [ ]` for `web/environment`: the text behind the
/// colon. A definition does not tell an empty list from none, and a file does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Before(pub BTreeMap<String, String>);

impl Before {
    /// Reads what a command wrote down when it put a Defender in.
    pub fn of<Stage>(definition: &TaskDefinition<Stage>) -> Self {
        let sidecar = defender::sidecar_in(definition);
        let label = sidecar.and_then(|sidecar| sidecar.labels().find(|(key, _)| *key == BEFORE_LABEL));
        // Somebody's own words in it say nothing that we could use.
        Self(label.and_then(|(_, value)| serde_json::from_str(value).ok()).unwrap_or_default())
    }
}

fn is_our_label(key: &str) -> bool {
    key == BEFORE_LABEL || is_ours(key)
}

/// Returns what writes a record on the Defender's container of a definition; nothing, when there is nothing to remember.
pub fn labelled(definition: &TaskDefinition<Protected>, record: &Record, before: &Before) -> Change {
    let mut labels: Vec<(String, String)> = record.tags();
    if !before.0.is_empty() {
        // Texts have a form in JSON, whatever they are.
        labels.push((BEFORE_LABEL.to_owned(), serde_json::to_string(&before.0).unwrap_or_default()));
    }
    let mut change = Change::default();
    let place = definition.containers().position(|container| container.name() == defender::CONTAINER_NAME);
    let (Some(index), false) = (place, labels.is_empty()) else { return change };
    let sidecar = JsonPath::root().key("containerDefinitions").index(index);
    let at = sidecar.key("dockerLabels");
    let labels = labels.into_iter().map(|(key, value)| (key, Value::from(value)));
    match at.find(definition.json()).and_then(Value::as_object) {
        Some(theirs) => {
            let new = labels.filter(|(key, _)| !theirs.contains_key(key));
            change.extend(new.map(|(key, value)| Edit::add(at.key(&key), value)));
        }
        None => change.push(Edit::add(at, Value::Object(labels.collect::<Map<_, _>>()))),
    }
    change
}

/// Returns a container without our labels; its owner's stay.
pub fn without_labels(container: &Value) -> Value {
    let mut container = container.clone();
    let Value::Object(members) = &mut container else { return container };
    let Some(Value::Object(labels)) = members.get_mut("dockerLabels") else { return container };
    let before = labels.len();
    labels.retain(|key, _| !is_our_label(key));
    if labels.is_empty() && before > 0 {
        members.shift_remove("dockerLabels");
    }
    container
}
