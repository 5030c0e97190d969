//! Tables and properties over `src/plan`, the ids and the settings: everything the program decides without touching the world.
//!
//! A table is one array of `(name, input, expected)`, and the name reads as a sentence; a property holds for whatever
//! [`generate`] makes up. Read [`lossless`] first: it is the promise that matters most.

mod generate;
mod reflowing;
mod support;

mod accept;
mod accept_waas;
mod addresses;
mod asks;
mod brake;
mod bucket;
mod circle;
mod console_url;
mod coverage;
mod credentials;
mod descriptors;
mod diff;
mod document;
mod edit;
mod entrypoint;
mod env_file;
mod explain;
mod fit;
mod ids;
mod image;
mod limit;
mod live_view;
mod lossless;
mod memory;
mod network;
mod network_settings;
mod other_runs;
mod outdated;
mod pin;
mod questions;
mod redact;
mod refuse;
mod registry;
mod retry;
mod rollout;
mod same_content;
mod scope;
mod service;
mod settings;
mod shard;
mod sidecar;
mod skip_reasons;
mod speed;
mod strip;
mod task_definition;
mod turns;
mod verify;
mod watch;
mod window;
