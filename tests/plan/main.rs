//! Tables and properties over `src/plan`, the ids and the settings: everything the program decides without touching the world.
//!
//! A table is one array of `(name, input, expected)`, and the name reads as a sentence; a property holds for whatever
//! [`generate`] makes up. Read [`lossless`] first: it is the promise that matters most.

mod generate;
mod support;

mod accept;
mod accept_waas;
mod console_url;
mod edit;
mod entrypoint;
mod env_file;
mod ids;
mod lossless;
mod memory;
mod questions;
mod redact;
mod refuse;
mod retry;
mod same_content;
mod scope;
mod service;
mod settings;
mod skip_reasons;
mod task_definition;
