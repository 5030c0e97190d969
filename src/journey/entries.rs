//! What the containers run that do not say it: asked of their images' registries first, then of what an earlier run filled in, then
//! of the Console's scans. What is left the Console has to look up while it embeds.

use super::error::{Missed, NobodyKnows, NotFound};
use super::maker::Maker;
use super::{Bare, JourneyError};
use crate::console::Scan;
use crate::plan::entrypoint::{self, Entries, Entry, Silent};
use crate::plan::explain::SourcesSaid;
use crate::plan::image::Platform;
use crate::registry::What;

/// What was found out about the silent containers.
#[derive(Debug, Default)]
pub(super) struct EntryPoints {
    pub(super) entries: Entries,
    /// Why the Console has to look the others up.
    pub(super) missed: Missed,
}

impl EntryPoints {
    /// Returns why the Console had to look up the entry points of these containers.
    pub(super) fn missed_of(&self, containers: &[String]) -> Missed {
        let missed = self.missed.iter().filter(|(container, _)| containers.contains(container));
        missed.map(|(container, not_found)| (container.clone(), not_found.clone())).collect()
    }
}

/// Finds out what one silent container runs, or how the Console is to look that up and why it has to.
pub(super) async fn find_one(
    silent: &Silent,
    platform: Platform,
    maker: &Maker<'_>,
    bare: &Bare,
) -> Result<(Entry, Option<NotFound>), JourneyError> {
    let mut said = SourcesSaid::default();
    let found = ask_for_one(silent, platform, maker, bare, &mut said).await;
    if let Some(notes) = maker.notes {
        notes.entry_point(silent, &said, found.as_ref().ok().map(|(entry, _)| entry));
    }
    found
}

async fn ask_for_one(
    silent: &Silent,
    platform: Platform,
    maker: &Maker<'_>,
    bare: &Bare,
    said: &mut SourcesSaid,
) -> Result<(Entry, Option<NotFound>), JourneyError> {
    let earlier = bare.stripped.earlier.get(&silent.container);
    if let Some(entry) = earlier.and_then(|earlier| Entry::from_command_alone(silent, earlier)) {
        return Ok((entry, None));
    }
    let failed = |not_found| JourneyError::EntryPoint { source: NobodyKnows::unasked(&silent.container, not_found) };
    let puller = maker.puller(silent.pull_secret.as_deref());
    let error = match maker.images.runs(&silent.image, platform, &puller).await {
        // Nobody can know more than the image: if it says nothing, and the container neither, there is nothing to run.
        Ok(runs) => {
            let entry = Entry::from_image(silent, &runs).map(|entry| (entry, None));
            said.image = Some(Ok(runs));
            return entry.ok_or_else(|| failed(NotFound { registry: None, scan: "" }));
        }
        Err(error) if matches!(error.what(), What::Stopping) => {
            return Err(failed(NotFound { registry: Some(error), scan: "nothing else was asked" }));
        }
        Err(error) => error,
    };
    said.image = Some(Err(error.to_string()));
    let from_earlier = earlier.and_then(|earlier| Entry::from_earlier_revision(silent, earlier));
    said.earlier_revision = Some(from_earlier.is_some());
    if let Some(entry) = from_earlier {
        return Ok((entry, None));
    }
    let (scanned, scan) = match maker.console.scan(&silent.image).await {
        Ok(Scan::Joined(joined)) => match Entry::from_scan(silent, &joined) {
            Some(entry) => {
                said.scan = Some("the Console knows ENTRYPOINT and CMD, in one list");
                return Ok((entry, None));
            }
            None => (true, "the Console's scan joins ENTRYPOINT and CMD"),
        },
        Ok(Scan::None) => (false, "the Console has not scanned it"),
        Ok(Scan::NotAllowed) => (false, "the Console's user may not see its scans"),
        Err(_) => (false, "the Console does not tell whether it has scanned it"),
    };
    said.scan = Some(scan);
    let lookup = entrypoint::lookup(&silent.image, scanned, maker.policy);
    Ok((Entry::Asked(lookup), Some(NotFound { registry: Some(error), scan })))
}
