//! The only way to send something to AWS: a token of AWS's own quota, then fresh credentials, then a place in flight, then the call,
//! repeated by kind of failure. Whoever waits for a token holds no place.
//!
//! The SDK's own retries are off. Its retry budget is shared by all clients of a service in a Region, so that a walk through many
//! accounts drains it and later throttles are not retried at all; and a call that waits in there would hold its place in flight.
//! (Seen with aws-smithy-runtime 1.16: `StandardRetryStrategy`'s token bucket, one per retry partition.)

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::access::Session;
use super::error::{AwsError, Kind};
use super::operations::{Effect, Operation};
use super::pace::Pacer;
use crate::ids::{AccountId, RegionName};
use crate::plan::bucket::Pace;
use crate::plan::retry::Patience;
use crate::progress::Progress;

/// Where a call goes, and as whom.
#[derive(Clone)]
pub(super) struct At {
    /// Nobody's, until AWS has told whose.
    pub(super) account: Option<AccountId>,
    pub(super) region: RegionName,
    /// The assumed role, or none for the caller's own credentials.
    pub(super) session: Option<Arc<Session>>,
}

impl At {
    fn account(&self) -> &str {
        self.account.as_ref().map_or("", AccountId::as_str)
    }
}

/// What reads from a connection, what waits for it to be idle, and what puts it back, one after the other.
/// Source: hyper-util 0.1, `client::legacy`.
const CONNECTION_TASKS: usize = 3;

/// That the turn of one call has come: a token of AWS's quota is taken for it.
#[derive(Debug)]
pub struct Turn(());

/// Bounds and repeats calls; one for the whole run.
#[derive(Debug)]
pub struct Calls {
    in_flight: Semaphore,
    pacer: Arc<Pacer>,
    patience: Patience,
    /// Where calls are counted.
    progress: Arc<Progress>,
    stop: CancellationToken,
}

impl Calls {
    /// Returns a sender with this bound on calls in flight, at this pace of so many times AWS's quotas.
    ///
    /// Throttling is waited out for nearly six minutes on average (40 tries of up to 20 s, half of that by jitter), because AWS's slowest bucket refills one token a second and the customer's
    /// own pipelines drink from it as well.
    pub fn new(
        in_flight: usize,
        (pace, scale): (Pace, u16),
        first_wait: Duration,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Self {
        let longest_wait = Duration::from_secs(20).min(first_wait.saturating_mul(40));
        let patience = Patience { throttled_tries: 40, unclear_tries: 4, first_wait, longest_wait };
        let pacer = Arc::new(Pacer::new(pace, scale));
        let asked = Arc::clone(&pacer);
        progress.ask_for_queues(move || asked.longest_queue());
        Self { in_flight: Semaphore::new(in_flight), pacer, patience, progress, stop }
    }

    /// Sends a call until it is answered, and returns its answer.
    ///
    /// # Errors
    ///
    /// When it failed in a way that trying again does not mend, was tried often enough, or the run is asked to stop.
    pub(super) async fn send<T, E, F>(&self, operation: &'static Operation, at: &At, call: impl Fn() -> F) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: Error + ProvideErrorMetadata + 'static,
    {
        self.send_from(None, operation, at, call).await
    }

    /// The same for a call whose first turn has come already.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub(super) async fn send_from<T, E, F>(
        &self,
        mut turn: Option<Turn>,
        operation: &'static Operation,
        at: &At,
        call: impl Fn() -> F,
    ) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: Error + ProvideErrorMetadata + 'static,
    {
        let mut tries = 0;
        loop {
            let error = match self.send_once(turn.take(), operation, at, &call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            tries += 1;
            if !self.waited(&error, tries).await {
                return Err(error.given_up());
            }
        }
    }

    /// Sends a call once, when its turn has come. Whoever must look at the world again before another try uses this, and
    /// [`waited`](Self::waited) between.
    ///
    /// # Errors
    ///
    /// When it failed, or the run is asked to stop and the call would change nothing anyway.
    pub(super) async fn send_once<T, E, F>(
        &self,
        turn: Option<Turn>,
        operation: &'static Operation,
        at: &At,
        call: &impl Fn() -> F,
    ) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: Error + ProvideErrorMetadata + 'static,
    {
        let answer = async {
            if turn.is_none() {
                self.turn(operation, at).await;
            }
            // Waiting may have taken long.
            if let Some(session) = &at.session {
                session.keep_fresh(self).await?;
            }
            // Taken last and given back before any wait, so that whoever waits holds no place.
            let _place = self.in_flight.acquire().await;
            self.progress.calls.add(1);
            let _unanswered = self.progress.unanswered.during();
            let started = Instant::now();
            // On the heap: the SDK's futures are large, and whoever waits for this would hold one inside of its own.
            let answer = Box::pin(call()).await;
            // The connection goes back to the pool when its own tasks have run; until then whoever had the place would open another one.
            for _ in 0..CONNECTION_TASKS {
                tokio::task::yield_now().await;
            }
            let (took_ms, ok) = (milliseconds(started.elapsed()), answer.is_ok());
            debug!(operation = operation.name, account = at.account(), region = %at.region, took_ms, ok, "called AWS");
            let answer = answer.map_err(|error| AwsError::from_sdk(operation, &error));
            if answer.as_ref().is_err_and(|error| error.kind() == Kind::Throttled) {
                self.progress.throttled.add(1);
            }
            if answer.as_ref().is_err_and(AwsError::tells_an_empty_bucket) {
                self.pacer.was_empty(operation.quota, at);
            }
            answer
        };
        if operation.effect != Effect::Read {
            return answer.await;
        }
        tokio::select! {
            biased;
            // A run that is asked to stop has half a minute, and what only reads needs no answer any more.
            () = self.stop.cancelled() => Err(AwsError::unusable(operation, "the run is stopping".to_owned())),
            answer = answer => answer,
        }
    }

    /// Waits for a token of AWS's quota. A run that is asked to stop does not wait: what is begun is finished, in whatever turn.
    pub(super) async fn turn(&self, operation: &Operation, at: &At) -> Turn {
        let wait = self.pacer.reserve(operation.quota, at);
        if !wait.is_zero() {
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        Turn(())
    }

    /// Waits for the turn of a call that begins something.
    ///
    /// # Errors
    ///
    /// When the run is asked to stop before it comes: it is not begun then.
    pub(super) async fn turn_to_begin(&self, operation: &'static Operation, at: &At) -> Result<Turn, AwsError> {
        let turn = self.turn(operation, at).await;
        if self.stop.is_cancelled() { Err(AwsError::not_sent(operation)) } else { Ok(turn) }
    }

    /// Waits before another try; returns false when there is to be none. `tries` counts the tries so far.
    pub(super) async fn waited(&self, error: &AwsError, tries: u32) -> bool {
        let wait = error.trouble().and_then(|trouble| self.patience.wait(trouble, tries, None, fastrand::f64()));
        let Some(wait) = wait else { return false };
        let (operation, wait_ms) = (error.operation(), milliseconds(wait));
        if tries == 1 {
            debug!(operation, wait_ms, "trying a call again");
        } else {
            warn!(operation, tries, wait_ms, "trying a call again");
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            // What AWS has not taken yet, it is not offered again.
            () = self.stop.cancelled() => false,
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
