//! Decisions: pure functions over plain data. No async, no SDK type, no clock, no environment, no log line.
//!
//! A run asks in this order: [`scope`] (where), [`service`] (may this one be touched), [`outdated`] (is its Defender today's),
//! [`strip`] (the one it has, taken away), [`pin`] (is the application's image the one that runs), [`entrypoint`] (what its containers run), [`question`] (what the Console is asked),
//! [`accept`] (what of its answer is taken), [`memory`] (what is written down), [`fit`] (does ECS take the result, has the task
//! room for it), [`addresses`] (have its subnets room for more tasks), [`watch`] (what became of the roll-out), [`brake`] (may the
//! next one start), [`verify`] (whose Defenders are connected). Before it begins, [`other_runs`] says whether it is alone. [`bucket`], [`limit`], [`retry`] and [`window`] say when a call may be made, [`shard`] which accounts are a run's. [`explain`] tells one service's owner all of that.
//! [`document`] is a file that is edited as text, [`forms`] the task definitions in it.
//! [`edit`] is the form all changes have, [`defender`] holds every fact about the vendor. `tests/contract/layering.rs` holds this
//! folder to the first sentence.

pub mod accept;
pub mod addresses;
pub mod brake;
pub mod bucket;
pub mod circle;
pub mod compare;
pub mod consent;
pub mod credentials;
pub mod defender;
pub mod descriptors;
pub mod diff;
pub mod document;
pub mod edit;
pub mod entrypoint;
pub mod explain;
pub mod fit;
pub mod forms;
pub mod image;
pub mod limit;
pub mod memory;
pub mod network;
pub mod newest;
pub mod other_runs;
pub mod outdated;
pub mod pin;
pub mod policy;
pub mod question;
pub mod redact;
pub mod retry;
pub mod rollout;
pub mod scope;
pub mod service;
pub mod shard;
mod sidecar;
mod skip_reason;
pub mod strip;
pub mod task_definition;
pub mod template;
pub mod turns;
pub mod verify;
pub mod waas;
pub mod watch;
pub mod window;

pub use accept::{Accepted, Embedding, Refusal, accept};
pub use entrypoint::Selection;
pub use outdated::{Measure, Outdated};
pub use policy::Policy;
pub use scope::{Mode, Scope};
pub use service::ServiceFacts;
pub use skip_reason::SkipReason;
pub use task_definition::TaskDefinition;
