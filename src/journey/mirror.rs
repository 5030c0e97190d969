//! Is the Defender's image where `DEFENDER_IMAGE` says? A task whose sidecar cannot be pulled never starts.

use std::convert::Infallible;

use super::{Job, JourneyError, World};
use crate::once::Recent;
use crate::plan::TaskDefinition;
use crate::plan::defender;
use crate::plan::image::Platform;
use crate::plan::task_definition::Registrable;
use crate::registry::{ImageError, Puller};

/// Images by name, each looked for once as long as it is among the last that were asked for, and the error of one that is certainly missing.
pub type Mirrors = Recent<String, Option<Box<ImageError>>, Infallible>;

/// So many images are kept of those that were asked for last.
const KEPT: usize = 1024;

/// Returns a memory without images yet.
pub fn mirrors() -> Mirrors {
    Mirrors::keeping(KEPT)
}

/// Makes sure that the image that is filled in for the job's account and Region is there.
///
/// Only an image that is certainly missing is a reason to stop. One that we may not read, or whose registry cannot be reached from
/// here, may well be there for the task, which pulls it with another role and from another network.
pub(super) async fn check(job: &Job, world: &World, definition: &TaskDefinition<Registrable>) -> Result<(), JourneyError> {
    let (account, region) = (&job.open.account, &job.open.region);
    let asked = world.today.asked_image(&account.id, region);
    // The vendor's own registry has a token in its path, and needs no look.
    let Some(image) = asked.filter(|image| *image == defender::public_image(image)) else { return Ok(()) };
    let secret = world.policy.pull_secret_in(&account.id, region);
    let puller = Puller { account: Some(account), region, secret: secret.as_deref() };
    let look = async {
        let looked = world.images.runs(&image, Platform::of(definition), &puller).await;
        Ok(looked.err().filter(ImageError::is_certainly_missing).map(Box::new))
    };
    match world.mirrors.get(image.clone(), look).await {
        Ok(Some(source)) => Err(JourneyError::NoDefenderImage { image, source }),
        Ok(None) => Ok(()),
        Err(never) => match never {},
    }
}
