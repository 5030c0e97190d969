//! Decisions: pure functions over plain data. No async, no SDK type, no clock, no environment, no log line.
//!
//! A run asks in this order: [`scope`] (where), [`service`] (may this one be touched), [`entrypoint`] (what must the Console be
//! asked), [`accept`] (what of its answer is taken), [`memory`] (what is written down). [`edit`] is the form all changes have,
//! [`defender`] holds every fact about the vendor. `tests/contract/layering.rs` holds this folder to the first sentence.

pub mod accept;
pub mod compare;
pub mod defender;
pub mod edit;
pub mod entrypoint;
pub mod memory;
pub mod policy;
pub mod redact;
pub mod retry;
pub mod scope;
pub mod service;
pub mod task_definition;

pub use accept::{Accepted, Refusal, accept};
pub use policy::Policy;
pub use scope::{Mode, Scope};
pub use service::{ServiceFacts, SkipReason};
pub use task_definition::TaskDefinition;
