//! The simulated AWS: STS, Organizations, Secrets Manager, EC2, ECS, ECR and S3 on one address, in their own wire protocols.
//!
//! `server` is the way of a request through it, `state`, `stored` and `network` what it knows, `interfaces` what follows from that,
//! and `report` what tests see of it. One file or folder per service turns a checked request into an answer and does nothing else;
//! `errors` is every error there is, `auth` says who called, `throttling` whether too often, and `access` whether they may, by the
//! policies that [`crate::iam`] judges. Nothing
//! here agrees with an AWS SDK by sharing code with it, AWS's signing code excepted.

mod access;
mod auth;
mod cidr;
mod clock;
mod ec2;
mod ecr;
mod ecs;
mod errors;
mod interfaces;
mod metadata;
mod network;
mod network_way;
mod organizations;
mod pages;
mod reply;
mod report;
mod s3;
mod secrets_manager;
mod server;
mod state;
mod stored;
mod sts;
pub mod throttling;

#[cfg(test)]
pub(crate) mod http_tests;

pub use errors::{Row, Service, Source, table};

pub use ecs::defaults::as_ecs_stores;
pub use s3::StoredObject;

pub(crate) use ecr::{Pull, Registry as EcrRegistry};
pub(crate) use ecs::services::shown;
pub(crate) use ecs::task_definitions::{registrable, revision_of_arn};
pub(crate) use ecs::tasks::DefendedTask;
pub(crate) use server::Aws;
pub(crate) use state::{CALLER_KEY, CALLER_SECRET, State};
