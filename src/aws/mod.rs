//! AWS, and the only place that names an aws-sdk crate. It touches the world and decides nothing.
//!
//! [`operations`] is the table of everything we send, [`call`] the only way to send it, at the pace of `pace`, [`access`] as whom. The other files are
//! a service each: what is asked, and what of the answer is passed on. [`error`] is what goes wrong.

pub mod access;
pub mod call;
pub mod connections;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod error;
pub mod metadata;
pub mod operations;
pub mod organizations;
mod pace;
mod pages;
mod raw;
pub mod s3;
pub mod secrets;
pub mod tasks;

pub use access::{AccessError, Account, Aws, MemberRole};
pub use call::Calls;
pub use ec2::{Ec2Reader, Ec2Writer};
pub use ecr::RegistryToken;
pub use ecs::{EcsReader, EcsWriter};
pub use error::AwsError;
pub use tasks::TaskReader;
