//! What the containers run that do not say it: asked of their images' registries first, then of what an earlier run filled in, then
//! of the Console's scans. What is left the Console has to look up while it embeds.

use futures::future::try_join_all;

use super::error::{Missed, NobodyKnows, NotFound};
use super::{Bare, Found, Job, Journey, JourneyError, World};
use crate::console::Scan;
use crate::plan::entrypoint::{self, Entries, Entry, Silent};
use crate::plan::explain::SourcesSaid;
use crate::plan::image::Platform;
use crate::plan::pin::Pins;
use crate::registry::{Puller, What};

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

impl Journey<'_> {
    /// Finds out what the silent containers run, and of those that are pinned what that image does.
    pub(super) async fn entry_points(&self, found: &Found, bare: &Bare, pins: &Pins) -> Result<EntryPoints, JourneyError> {
        let platform = Platform::of(&bare.definition);
        let mut silent = entrypoint::silent(&bare.definition, &found.selection);
        for silent in &mut silent {
            if let Some(image) = pins.image_of(&silent.container) {
                image.clone_into(&mut silent.image);
            }
        }
        let found = try_join_all(silent.iter().map(|silent| self.entry_point(silent, platform, bare))).await?;
        let mut entry_points = EntryPoints::default();
        for (silent, (entry, missed)) in silent.into_iter().zip(found) {
            entry_points.missed.extend(missed.map(|not_found| (silent.container.clone(), not_found)));
            entry_points.entries.insert(silent.container, entry);
        }
        Ok(entry_points)
    }

    async fn entry_point(
        &self,
        silent: &Silent,
        platform: Platform,
        bare: &Bare,
    ) -> Result<(Entry, Option<NotFound>), JourneyError> {
        let mut said = SourcesSaid::default();
        let found = find_one(silent, platform, self.job, self.world, bare, &mut said).await;
        if let Some(notes) = &self.notes {
            notes.entry_point(silent, &said, found.as_ref().ok().map(|(entry, _)| entry));
        }
        found
    }
}

async fn find_one(
    silent: &Silent,
    platform: Platform,
    job: &Job,
    world: &World,
    bare: &Bare,
    said: &mut SourcesSaid,
) -> Result<(Entry, Option<NotFound>), JourneyError> {
    let earlier = bare.stripped.earlier.get(&silent.container);
    if let Some(entry) = earlier.and_then(|earlier| Entry::from_command_alone(silent, earlier)) {
        return Ok((entry, None));
    }
    let failed = |not_found| JourneyError::EntryPoint { source: NobodyKnows::unasked(&silent.container, not_found) };
    let (account, region) = (&job.open.account, &job.open.region);
    let puller = Puller { account, region, secret: silent.pull_secret.as_deref() };
    let error = match world.images.runs(&silent.image, platform, &puller).await {
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
    let (scanned, scan) = match world.console.scan(&silent.image).await {
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
    let lookup = entrypoint::lookup(&silent.image, scanned, &world.policy);
    Ok((Entry::Asked(lookup), Some(NotFound { registry: Some(error), scan })))
}
