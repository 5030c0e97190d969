//! Is the Defender's image where `DEFENDER_IMAGE` says? A task whose sidecar cannot be pulled never starts.

use std::convert::Infallible;

use super::{JourneyError, Maker, Place};
use crate::once::Recent;
use crate::plan::TaskDefinition;
use crate::plan::defender;
use crate::plan::image::Platform;
use crate::plan::task_definition::Registrable;
use crate::registry::ImageError;

/// Images by name, each looked for once as long as it is among the last that were asked for, and the error of one that is certainly missing.
pub type Mirrors = Recent<String, Option<Box<ImageError>>, Infallible>;

/// So many images are kept of those that were asked for last.
const KEPT: usize = 1024;

/// Returns a memory without images yet.
pub fn mirrors() -> Mirrors {
    Mirrors::keeping(KEPT)
}

/// Makes sure that the image that is filled in for the definition's account and Region is there.
///
/// Only an image that is certainly missing is a reason to stop. One that we may not read, or whose registry cannot be reached from
/// here, may well be there for the task, which pulls it with another role and from another network.
pub(super) async fn check(
    maker: &Maker<'_>,
    mirrors: &Mirrors,
    definition: &TaskDefinition<Registrable>,
) -> Result<(), JourneyError> {
    let Place { id, region, .. } = maker.place;
    let asked = maker.today.asked_image(id, region);
    // The vendor's own registry has a token in its path, and needs no look.
    let Some(image) = asked.filter(|image| *image == defender::public_image(image)) else { return Ok(()) };
    let secret = maker.policy.pull_secret_in(id, region);
    let puller = maker.puller(secret.as_deref());
    let look = async {
        let looked = maker.images.runs(&image, Platform::of(definition), &puller).await;
        Ok(looked.err().filter(ImageError::is_certainly_missing).map(Box::new))
    };
    match mirrors.get(image.clone(), look).await {
        Ok(Some(source)) => Err(JourneyError::NoDefenderImage { image, source }),
        Ok(None) => Ok(()),
        Err(never) => match never {},
    }
}
