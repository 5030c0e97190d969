//! Which images the tasks of a deployment run: what their tags named when it began, whatever they name afterwards.
//! Source: Amazon ECS Developer Guide, "Container image resolution"; Amazon ECS API Reference, Container, `imageDigest` (read 2026-11).

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::state::State;
use super::task_definitions::revision_of_arn;
use crate::registry;

/// Returns the digests of a revision's images, by the names of its containers. An image that no registry has gets none: its tasks run
/// all the same, and nobody can tell what.
pub(in super::super) fn digests(state: &State, task_definition: &str) -> BTreeMap<String, String> {
    let revision = revision_of_arn(state, task_definition);
    let containers = revision.and_then(|it| it.definition.get("containerDefinitions")).and_then(Value::as_array);
    let digest = |container: &Value| {
        let (name, image) = (container.get("name")?.as_str()?, container.get("image")?.as_str()?);
        let digest = match image.split_once('@') {
            Some((_, digest)) => digest,
            None => state.images.get(&registry::whole_name(image))?,
        };
        Some((name.to_owned(), digest.to_owned()))
    };
    containers.into_iter().flatten().filter_map(digest).collect()
}

impl State {
    /// Has a tag name another image from now on.
    pub(crate) fn move_tag(&mut self, full_name: &str, digest: String) {
        self.images.insert(registry::whole_name(full_name), digest);
    }
}
