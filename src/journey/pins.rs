//! Would a roll-out bring another image than the one that runs, because its tag was moved meanwhile? What runs is asked of ECS, what
//! the tag names of its registry. What cannot be found out keeps nothing from going on.

use futures::future::join_all;

use super::{Bare, Found, Journey, OpenRegion};
use crate::events::Finding;
use crate::plan::image::Platform;
use crate::plan::memory::{Record, has_room_for_pins};
use crate::plan::pin::{self, Digests, Pins, Running, Tagged};
use crate::plan::service::ServiceFacts;
use crate::registry::{ImageError, Puller};

/// What is to be known of the images that a roll-out starts.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Images that the revision names by what runs.
    pub(super) pins: Pins,
    pub(super) findings: Vec<Finding>,
}

/// The digest of an image that runs, and of the one that its tag names by now.
struct Moved {
    runs: String,
    named: String,
}

impl Journey<'_> {
    /// Compares what runs with what the tags name now, and decides which images are pinned.
    ///
    /// One service is asked what it runs. Where images are to be pinned each service is: the revision is for all of
    /// them, and must not take newer code away from one.
    pub(super) async fn pins(&self, found: &Found, bare: &Bare) -> Kept {
        let tagged = pin::by_tag(&bare.definition);
        let with_tasks = self.open.iter().filter(|service| service.tasks.running > 0);
        let asked: Vec<&ServiceFacts> = with_tasks.take(if self.pins_images() { usize::MAX } else { 1 }).collect();
        if tagged.is_empty() || asked.is_empty() {
            return Kept::default();
        }
        let (digests, error) = self.digests(found, &asked).await;
        let platform = Platform::of(&bare.definition);
        let mut kept = Kept::default();
        for tagged in tagged {
            let running = Running::of(&tagged.container, digests.iter().map(Option::as_ref));
            let unknown = match self.moved(&tagged, &running, platform).await {
                Ok(Some(moved)) => {
                    self.keep(&tagged, &running, moved, bare, &mut kept).await;
                    None
                }
                Ok(None) if running.whole => None,
                Ok(None) => Some(error.clone().unwrap_or_else(|| pin::UNSEEN.to_owned())),
                Err(error) => Some(error.to_string()),
            };
            if let Some(why) = unknown.filter(|_| self.pins_images()) {
                kept.findings.push(Finding::NotPinned { container: tagged.container, image: tagged.image, why });
            }
        }
        kept
    }

    fn pins_images(&self) -> bool {
        self.world.policy.pin_images
    }

    /// Returns what each service runs, and why one of them does not tell.
    async fn digests(&self, found: &Found, asked: &[&ServiceFacts]) -> (Vec<Option<Digests>>, Option<String>) {
        let OpenRegion { running, tasks, .. } = &*self.job.open;
        let listed = join_all(asked.iter().map(async |service| match self.pins_images() {
            // What is pinned must be what runs now, and not a while ago.
            true => tasks.running(service.cluster.as_str(), service.arn.name()).await,
            false => running.of(service, tasks).await,
        }))
        .await;
        let mut why = None;
        let digests = listed.into_iter().map(|tasks| match tasks {
            Ok(tasks) => Some(pin::newest(tasks, &found.arn)),
            Err(error) => {
                why = Some(format!("its tasks cannot be seen: {error}"));
                None
            }
        });
        (digests.collect(), why)
    }

    /// Asks the registry what a tag names now, and returns it if that is not what runs.
    async fn moved(&self, tagged: &Tagged, running: &Running, platform: Platform) -> Result<Option<Moved>, ImageError> {
        if running.digests.is_empty() {
            return Ok(None);
        }
        let (puller, images) = (self.puller(tagged), &self.world.images);
        let named = images.digest(&tagged.image, platform, &puller).await?;
        if running.other_than(&[&named]).is_none() {
            return Ok(None);
        }
        let of_platform = images.platform_digest(&tagged.image, platform, &puller).await?;
        let either: Vec<&str> = [Some(named.as_str()), of_platform.as_deref()].into_iter().flatten().collect();
        let runs = running.other_than(&either).map(str::to_owned);
        Ok(runs.map(|runs| Moved { runs, named }))
    }

    fn puller<'a>(&'a self, tagged: &'a Tagged) -> Puller<'a> {
        let OpenRegion { account, region, .. } = &*self.job.open;
        Puller { account: Some(account), region, secret: tagged.pull_secret.as_deref() }
    }

    /// Pins an image if that is wanted and possible, and says what becomes of it.
    async fn keep(&self, tagged: &Tagged, running: &Running, moved: Moved, bare: &Bare, kept: &mut Kept) {
        let Moved { runs, named } = moved;
        let (container, image) = (tagged.container.clone(), tagged.image.clone());
        let pinned = if self.pins_images() { Some(self.pin(tagged, running, bare, &kept.pins).await) } else { None };
        match pinned {
            Some(Ok(pins)) => {
                kept.pins = pins;
                kept.findings.push(Finding::PinnedImage { container, image, runs, named });
            }
            Some(Err(why)) => {
                let new = Finding::NewImage { container: container.clone(), image: image.clone(), runs, named };
                kept.findings.extend([new, Finding::NotPinned { container, image, why }]);
            }
            None => kept.findings.push(Finding::NewImage { container, image, runs, named }),
        }
    }

    /// Returns the pins with one more, or why it cannot be made.
    async fn pin(&self, tagged: &Tagged, running: &Running, bare: &Bare, pins: &Pins) -> Result<Pins, String> {
        let digest = running.one()?;
        let mut pins = pins.clone();
        pins.add(tagged, digest);
        let mut record = Record::default();
        pins.remember(&mut record);
        if !has_room_for_pins(&bare.definition, &record) {
            return Err("the task definition has no room for the tag that would remember it".to_owned());
        }
        // What no tag names any more may have been cleaned up, and no new task could start with it.
        let whole = pin::pinned(&tagged.image, digest);
        let there = self.world.images.digest(&whole, Platform::of(&bare.definition), &self.puller(tagged)).await;
        there.map(|_| pins).map_err(|error| error.to_string())
    }
}
