//! Registries that could not be reached a moment ago. A digest is worth a warning and not a wait, so that one of these is not asked for
//! another so soon; what a container runs is worth asking again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::{ImageError, What};
use crate::plan::image::registry_of;

/// How long a registry is not asked.
const OUT_OF_REACH_FOR: Duration = Duration::from_secs(60);

/// Registries by their names, when they could not be reached, and why.
#[derive(Default)]
pub(super) struct OutOfReach(Mutex<HashMap<String, (Instant, What)>>);

impl OutOfReach {
    /// Returns why an image's registry is not asked now.
    pub(super) fn of(&self, image: &str) -> Option<What> {
        let registries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, what) = registries.get(registry_of(image))?;
        (since.elapsed() < OUT_OF_REACH_FOR).then(|| what.clone())
    }

    /// Keeps in mind that a registry could not be reached, if that is what went wrong.
    pub(super) fn note(&self, error: &ImageError) {
        if let What::Unreachable { .. } = error.what {
            let mut registries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            registries.insert(registry_of(&error.image).to_owned(), (Instant::now(), error.what.clone()));
        }
    }
}
