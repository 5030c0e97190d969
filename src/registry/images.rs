//! What images run, each read once a run, however many tasks of however many accounts run it.
//!
//! An image that one account may read is known to all. That one account may not read it says nothing about another, so that a
//! failure counts for whoever it happened to: for the rest of the run when asking again would change nothing, else for those who
//! were waiting for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::access::{Access, Credentials, Identity, Puller};
use super::client;
use super::error::{ImageError, What, Whose};
use crate::aws::AwsError;
use crate::plan::credentials::RegistryLogins;
use crate::plan::image::{Platform, Runs, registry_of};
use crate::plan::retry::Patience;

/// Most images that are read at once: registries may be slow, and those reads must not keep AWS waiting.
const PLACES: usize = 16;

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
    known: SyncMutex<HashMap<(String, Platform), Shared>>,
}

/// Whoever holds it reads; the others wait and take what was found out.
type Shared = Arc<Mutex<Known>>;

/// What is known of one image.
#[derive(Default)]
struct Known {
    runs: Option<Runs>,
    failures: HashMap<Identity, (Instant, ImageError)>,
}

impl Images {
    pub fn new(reading: Reading) -> Self {
        let Reading { logins, at, first_wait, stop } = reading;
        let longest_wait = Duration::from_secs(5).min(first_wait.saturating_mul(10));
        let patience = Patience { throttled_tries: 4, unclear_tries: 2, first_wait, longest_wait };
        let (access, known) = (Access::new(logins), SyncMutex::default());
        Self { access, at, patience, places: Semaphore::new(PLACES), stop, known }
    }

    /// Returns what an image runs on a platform.
    ///
    /// # Errors
    ///
    /// When its registry cannot be reached, does not let the puller in, or holds no such image.
    pub async fn runs(&self, image: &str, platform: Platform, puller: &Puller<'_>) -> Result<Runs, ImageError> {
        let asked = Instant::now();
        let known = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry((image.to_owned(), platform)).or_default())
        };
        let mut known = known.lock().await;
        if let Some(runs) = &known.runs {
            return Ok(runs.clone());
        }
        let identity = puller.identity(image);
        if let Some((failed, error)) = known.failures.get(&identity)
            && (error.what().lasts() || *failed >= asked)
        {
            return Err(error.clone());
        }
        match self.read(image, platform, puller).await {
            Ok(runs) => {
                known.runs = Some(runs.clone());
                Ok(runs)
            }
            Err(error) => {
                known.failures.insert(identity, (Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn read(&self, image: &str, platform: Platform, puller: &Puller<'_>) -> Result<Runs, ImageError> {
        let mut tries = 0;
        loop {
            let error = tokio::select! {
                biased;
                // Nothing that is read changes anything, so that a run that is asked to stop can let go at once.
                () = self.stop.cancelled() => failed(image, puller, What::Stopping, Whose::Nobody, None),
                read = self.read_once(image, platform, puller) => match read {
                    Ok(runs) => return Ok(runs),
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

    async fn read_once(&self, image: &str, platform: Platform, puller: &Puller<'_>) -> Result<Runs, ImageError> {
        let Credentials { login, whose, secret_problem } = self.access.credentials(image, puller).await;
        let login = login.map_err(|what| failed(image, puller, what, whose, secret_problem.clone()))?;
        let _place = self.places.acquire().await;
        let started = Instant::now();
        let read = client::read(image, platform, login.as_ref(), self.at.as_deref()).await;
        let (took_ms, ok) = (u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), read.is_ok());
        debug!(registry = registry_of(image), login = ?whose, took_ms, ok, "read an image");
        read.map_err(|what| failed(image, puller, what, whose, secret_problem))
    }
}

fn failed(image: &str, puller: &Puller<'_>, what: What, whose: Whose, secret_problem: Option<AwsError>) -> ImageError {
    ImageError { image: image.to_owned(), what, whose, secret_problem, account: puller.account.id.clone() }
}
