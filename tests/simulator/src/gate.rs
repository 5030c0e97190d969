//! What every request passes on its way in and on its way out, whichever service it is for: it is counted, delayed, held or
//! made to fail. Services answer; they never look at this.
//!
//! Order is forced here instead of waited for: [`Gate::hold`] stops the next call of an operation until the test lets it go, and
//! [`Gate::on_write`] stops the n-th call that changes something, before or after it took effect, so that a test can kill the
//! program there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

/// One call as it arrived, once its caller is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Call {
    /// AWS's name of the operation, with ` (dry run)` after it for one of EC2's that changes nothing; for the Console the method and the route, such as `POST defenders/fargate.json`; for an image
    /// registry the method and `v2`, `manifests`, `blobs` or `registry token`.
    pub operation: String,
    /// The account the caller's key belongs to; empty for the Console and for registries.
    pub account: String,
    /// The Region of the signature's scope; empty for the Console and for registries.
    pub region: String,
    /// Whether it changes a customer's account.
    pub write: bool,
    /// What it is about, for people: `web/checkout`, `checkout:7`, `docker.io/library/httpd`; may be empty.
    pub subject: String,
}

/// What one call answers instead of doing its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// An error in the protocol of the service that was called.
    Error { status: u16, code: String, message: String },
    /// Exactly this, whatever the protocol.
    Raw { status: u16, headers: Vec<(String, String)>, body: String },
    /// The connection ends without an answer and nothing was done.
    NoAnswer,
    /// The work is done, and the connection ends without an answer.
    LostAnswer,
    /// The work is done, and only the first half of the body arrives.
    HalfAnswer,
}

impl Fault {
    /// Returns AWS's throttling answer. Source: Amazon ECS API Reference, Request throttling (read 2026-11).
    pub fn throttled() -> Self {
        Self::error(400, "ThrottlingException", "Rate exceeded")
    }

    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Error { status, code: code.to_owned(), message: message.to_owned() }
    }

    /// Returns an answer of this text, with no header but its content type.
    pub fn raw(status: u16, content_type: &str, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self::Raw { status, headers, body: body.to_owned() }
    }
}

/// Which calls of an operation a fault is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FaultRule {
    pub operation: String,
    /// `None` stands for every account.
    pub account: Option<String>,
    /// `None` stands for every Region.
    pub region: Option<String>,
    /// The first call it applies to, counted from 1 among the calls this rule matches.
    pub from: u64,
    /// The last one; `None` stands for all that follow.
    pub to: Option<u64>,
    pub fault: Fault,
}

/// Whom a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    Aws,
    Console,
    Registries,
}

/// Before or after the n-th write took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Before,
    After,
}

/// A place where a call waits for the test.
#[derive(Debug)]
pub struct Hold {
    reached: watch::Sender<bool>,
    released: Notify,
}

impl Hold {
    fn new() -> Arc<Self> {
        Arc::new(Self { reached: watch::Sender::new(false), released: Notify::new() })
    }

    /// Waits until a call has arrived here.
    pub async fn reached(&self) {
        let mut reached = self.reached.subscribe();
        // The sender lives in `self`, so that waiting cannot fail.
        let _ = reached.wait_for(|reached| *reached).await;
    }

    /// Lets the call go on, now or when it arrives.
    pub fn release(&self) {
        self.released.notify_one();
    }

    async fn wait(&self) {
        self.reached.send_replace(true);
        self.released.notified().await;
    }
}

#[derive(Default)]
struct State {
    latency: Duration,
    rules: Vec<(FaultRule, u64)>,
    holds: Vec<(String, Arc<Hold>)>,
    write_holds: Vec<(u64, Moment, Arc<Hold>)>,
    writes: u64,
    counts: BTreeMap<Call, u64>,
    throttled: BTreeMap<Call, u64>,
    by_operation_only: bool,
    peers: BTreeSet<(Server, std::net::SocketAddr)>,
}

impl State {
    /// Returns what a call is counted as.
    fn counted(&self, call: &Call) -> Call {
        if !self.by_operation_only {
            return call.clone();
        }
        let nobody = String::new;
        Call { operation: call.operation.clone(), write: call.write, account: nobody(), region: nobody(), subject: nobody() }
    }

    fn count(&mut self, call: &Call) {
        let call = self.counted(call);
        *self.counts.entry(call).or_default() += 1;
    }
}

/// The gate of one simulated world.
#[derive(Clone, Default)]
pub struct Gate(Arc<Mutex<State>>);

/// What [`Gate::enter`] found out; hand it back to [`Gate::leave`] once the work is done.
#[derive(Debug)]
pub struct Entered {
    /// What to answer instead of, or after, the work.
    pub fault: Option<Fault>,
    write: Option<u64>,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delays every call by this much.
    pub fn latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// Counts calls by their operation only, without where they are for and what they are about: memory does not grow with them.
    pub fn count_by_operation_only(&self) {
        self.state().by_operation_only = true;
    }

    pub fn fault(&self, rule: FaultRule) {
        self.state().rules.push((rule, 0));
    }

    /// Holds the next call of this operation.
    pub fn hold(&self, operation: &str) -> Arc<Hold> {
        let hold = Hold::new();
        self.state().holds.push((operation.to_owned(), Arc::clone(&hold)));
        hold
    }

    /// Holds the n-th write from now, counted from 1, before or after it took effect.
    pub fn on_write(&self, n: u64, moment: Moment) -> Arc<Hold> {
        let hold = Hold::new();
        let mut state = self.state();
        let n = state.writes + n;
        state.write_holds.push((n, moment, Arc::clone(&hold)));
        hold
    }

    /// Counts a call, delays it, holds it, and says how it must fail, if it must.
    pub async fn enter(&self, call: &Call) -> Entered {
        let (latency, hold, fault, write) = {
            let mut state = self.state();
            state.count(call);
            let write = call.write.then(|| {
                state.writes += 1;
                state.writes
            });
            let at = state.holds.iter().position(|(operation, _)| *operation == call.operation);
            let hold = at.map(|at| state.holds.remove(at).1);
            let mut fault = None;
            for (rule, seen) in &mut state.rules {
                let matches = rule.operation == call.operation
                    && rule.account.as_ref().is_none_or(|account| *account == call.account)
                    && rule.region.as_ref().is_none_or(|region| *region == call.region);
                if matches {
                    *seen += 1;
                    if fault.is_none() && *seen >= rule.from && rule.to.is_none_or(|to| *seen <= to) {
                        fault = Some(rule.fault.clone());
                    }
                }
            }
            (state.latency, hold, fault, write)
        };
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if let Some(hold) = hold {
            hold.wait().await;
        }
        self.wait_at_write(write, Moment::Before).await;
        Entered { fault, write }
    }

    /// Counts and delays a call that is answered as throttled. It does nothing, so that no hold and no fault is for it.
    pub async fn throttle(&self, call: &Call) {
        self.note_throttled(call);
        let latency = {
            let mut state = self.state();
            state.count(call);
            state.latency
        };
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
    }

    /// Notes that a call that came through here is answered as throttled.
    pub(crate) fn note_throttled(&self, call: &Call) {
        let mut state = self.state();
        let call = state.counted(call);
        *state.throttled.entry(call).or_default() += 1;
    }

    /// Holds a write that took effect before its answer is sent.
    pub async fn leave(&self, entered: &Entered) {
        self.wait_at_write(entered.write, Moment::After).await;
    }

    async fn wait_at_write(&self, write: Option<u64>, moment: Moment) {
        let hold = {
            let mut state = self.state();
            let at = state.write_holds.iter().position(|(n, at, _)| Some(*n) == write && *at == moment);
            at.map(|at| state.write_holds.remove(at).2)
        };
        if let Some(hold) = hold {
            hold.wait().await;
        }
    }

    /// Notes the address a request came from, so that connections can be counted.
    pub fn peer(&self, server: Server, peer: std::net::SocketAddr) {
        self.state().peers.insert((server, peer));
    }

    /// Returns how many TCP connections requests have come over.
    pub fn connections(&self) -> usize {
        self.state().peers.len()
    }

    /// Returns how many TCP connections requests have come over to one server.
    pub fn connections_to(&self, server: Server) -> usize {
        self.state().peers.iter().filter(|(to, _)| *to == server).count()
    }

    /// Returns every call so far and how often it was made, those included that were throttled.
    pub fn calls(&self) -> Calls {
        Calls(self.state().counts.clone())
    }

    /// Returns the calls so far that were answered as throttled, by AWS's own buckets or by the Console's capacity.
    pub fn throttled(&self) -> Calls {
        Calls(self.state().throttled.clone())
    }

    /// Forgets the calls counted so far; faults and holds stay.
    pub fn forget_calls(&self) {
        let mut state = self.state();
        state.counts.clear();
        state.throttled.clear();
        state.peers.clear();
    }
}

/// The calls of a run, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls(BTreeMap<Call, u64>);

impl Calls {
    fn sum(&self, wanted: impl Fn(&Call) -> bool) -> u64 {
        self.0.iter().filter(|(call, _)| wanted(call)).map(|(_, count)| count).sum()
    }

    /// Returns the calls of one operation, in all accounts and Regions.
    pub fn of(&self, operation: &str) -> u64 {
        self.sum(|call| call.operation == operation)
    }

    /// Returns the calls of one operation in one account and Region.
    pub fn of_at(&self, operation: &str, account: &str, region: &str) -> u64 {
        self.sum(|call| call.operation == operation && call.account == account && call.region == region)
    }

    /// Returns the calls that change a customer's account.
    pub fn writes(&self) -> u64 {
        self.sum(|call| call.write)
    }

    pub fn total(&self) -> u64 {
        self.sum(|_| true)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Call, u64)> {
        self.0.iter().map(|(call, count)| (call, *count))
    }
}
