//! What images run and which digests they have, each read once, however many tasks of however many accounts run it.
//!
//! An image that one account may read is known to all. That one account may not read it says nothing about another, so that a
//! failure counts for whoever it happened to: for the rest of the run when asking again would change nothing, else for those who
//! were waiting for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::access::{Access, Credentials, Identity, Puller};
use super::client::{self, Read};
use super::error::{ImageError, What, Whose};
use super::reach::OutOfReach;
use crate::aws::AwsError;
use crate::plan::credentials::RegistryLogins;
use crate::plan::image::{Platform, Runs, registry_of};
use crate::plan::retry::Patience;

/// Most images that are read at once: registries may be slow, and those reads must not keep AWS waiting.
const PLACES: usize = 16;

/// What is known of more images than this is forgotten, and read again if it is asked for: an organization may have any number.
const IMAGES_KEPT: usize = 10_000;

/// How images are read.
pub struct Reading {
    pub logins: RegistryLogins,
    /// Stands for all registries, for tests.
    pub at: Option<String>,
    /// The longest wait before the second try.
    pub first_wait: Duration,
    pub stop: CancellationToken,
}

/// Reads images.
pub struct Images {
    access: Access,
    at: Option<String>,
    patience: Patience,
    places: Semaphore,
    stop: CancellationToken,
    runs: Kept<Runs>,
    digests: Kept<String>,
    platform_digests: Kept<Option<String>>,
    out_of_reach: OutOfReach,
}

/// What is read of an image.
type Part<T> = for<'a> fn(&'a Read, Platform) -> BoxFuture<'a, Result<T, What>>;

/// What was found out about images, each for a platform.
struct Kept<T> {
    part: Part<T>,
    /// Whether a service would fail without it, so that a registry is asked again that was out of reach.
    is_needed: bool,
    images: SyncMutex<HashMap<(String, Platform), Shared<T>>>,
}

impl<T> Kept<T> {
    fn of(part: Part<T>, is_needed: bool) -> Self {
        Self { part, is_needed, images: SyncMutex::default() }
    }
}

/// Whoever holds it reads; the others wait and take what was found out.
type Shared<T> = Arc<Mutex<Known<T>>>;

/// What is known of one image.
struct Known<T> {
    found: Option<T>,
    failures: HashMap<Identity, (Instant, ImageError)>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { found: None, failures: HashMap::new() }
    }
}

impl Images {
    pub fn new(reading: Reading) -> Self {
        let Reading { logins, at, first_wait, stop } = reading;
        let longest_wait = Duration::from_secs(5).min(first_wait.saturating_mul(10));
        let patience = Patience { throttled_tries: 4, unclear_tries: 2, first_wait, longest_wait };
        Self {
            access: Access::new(logins),
            at,
            patience,
            places: Semaphore::new(PLACES),
            stop,
            runs: Kept::of(|read, platform| Box::pin(read.runs(platform)), true),
            digests: Kept::of(|read, _| Box::pin(read.digest()), false),
            platform_digests: Kept::of(|read, platform| Box::pin(read.platform_digest(platform)), false),
            out_of_reach: OutOfReach::default(),
        }
    }

    /// Returns what an image runs on a platform.
    ///
    /// # Errors
    ///
    /// When its registry cannot be reached, does not let the puller in, or holds no such image.
    pub async fn runs(&self, image: &str, platform: Platform, puller: &Puller<'_>) -> Result<Runs, ImageError> {
        self.once(&self.runs, image, platform, puller).await
    }

    /// Returns the digest that an image's name stands for: the index's, if it names an index.
    ///
    /// # Errors
    ///
    /// As [`runs`](Self::runs); a registry that was out of reach a moment ago is not asked.
    pub async fn digest(&self, image: &str, platform: Platform, puller: &Puller<'_>) -> Result<String, ImageError> {
        self.once(&self.digests, image, platform, puller).await
    }

    /// Returns the digest of the image for a platform, where a name stands for an index.
    ///
    /// # Errors
    ///
    /// As [`digest`](Self::digest).
    pub async fn platform_digest(
        &self,
        image: &str,
        platform: Platform,
        puller: &Puller<'_>,
    ) -> Result<Option<String>, ImageError> {
        self.once(&self.platform_digests, image, platform, puller).await
    }

    /// Reads something of an image, unless somebody has.
    async fn once<T: Clone>(
        &self,
        kept: &Kept<T>,
        image: &str,
        platform: Platform,
        puller: &Puller<'_>,
    ) -> Result<T, ImageError> {
        let asked = Instant::now();
        let known = {
            let mut known = kept.images.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= IMAGES_KEPT {
                // Those that are being read are kept.
                known.retain(|_, shared| Arc::strong_count(shared) > 1);
            }
            Arc::clone(known.entry((image.to_owned(), platform)).or_default())
        };
        let mut known = known.lock().await;
        if let Some(found) = &known.found {
            return Ok(found.clone());
        }
        let identity = puller.identity(image);
        if let Some((failed, error)) = known.failures.get(&identity)
            && (error.what().lasts() || *failed >= asked)
        {
            return Err(error.clone());
        }
        if let Some(what) = self.out_of_reach.of(image).filter(|_| !kept.is_needed) {
            return Err(failed(image, puller, what, Whose::Nobody, None));
        }
        match self.read(image, platform, puller, kept.part).await {
            Ok(found) => {
                known.found = Some(found.clone());
                Ok(found)
            }
            Err(error) => {
                self.out_of_reach.note(&error);
                known.failures.insert(identity, (Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn read<T>(&self, image: &str, platform: Platform, puller: &Puller<'_>, part: Part<T>) -> Result<T, ImageError> {
        let mut tries = 0;
        loop {
            let error = tokio::select! {
                biased;
                // Nothing that is read changes anything, so that a run that is asked to stop can let go at once.
                () = self.stop.cancelled() => failed(image, puller, What::Stopping, Whose::Nobody, None),
                read = self.read_once(image, platform, puller, part) => match read {
                    Ok(found) => return Ok(found),
                    Err(error) => error,
                },
            };
            tries += 1;
            let wait = error.trouble().and_then(|trouble| self.patience.wait(trouble, tries, None, fastrand::f64()));
            let Some(wait) = wait else { return Err(error) };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.stop.cancelled() => return Err(error),
            }
        }
    }

    async fn read_once<T>(&self, image: &str, platform: Platform, puller: &Puller<'_>, part: Part<T>) -> Result<T, ImageError> {
        let Credentials { login, whose, secret_problem } = self.access.credentials(image, puller).await;
        let login = login.map_err(|what| failed(image, puller, what, whose, secret_problem.clone()))?;
        let _place = self.places.acquire().await;
        let started = Instant::now();
        let read = match client::open(image, login.as_ref(), self.at.as_deref()) {
            Ok(opened) => part(&opened, platform).await,
            Err(what) => Err(what),
        };
        let (took_ms, ok) = (u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), read.is_ok());
        debug!(registry = registry_of(image), login = ?whose, took_ms, ok, "read an image");
        read.map_err(|what| failed(image, puller, what, whose, secret_problem))
    }
}

fn failed(image: &str, puller: &Puller<'_>, what: What, whose: Whose, secret_problem: Option<AwsError>) -> ImageError {
    ImageError { image: image.to_owned(), what, whose, secret_problem, account: puller.account.map(|account| account.id.clone()) }
}
