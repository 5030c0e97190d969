//! A simulated AWS Organization, a simulated Compute Console and simulated image registries, spoken to over HTTP on loopback.
//!
//! A scenario is plain data ([`Org`]); started, it is a [`World`] that speaks the wire protocols of STS, Organizations, Secrets
//! Manager, ECS, EC2, ECR and S3, the Console's and that of registries; afterwards the same world is asked what became of it. Of EC2 there
//! are the Regions and the network of tasks: subnets, groups, ACLs, routes and what they lead to. Read [`scenario`] first.
//!
//! Apart from worlds, [`cloudformation`] tells what a stack of a template would hold.
//!
//! There is no AWS SDK in here: the program under test brings the real one, and this crate must not agree with it by accident.

mod argv;
pub mod aws;
pub mod cloudformation;
pub mod console;
mod forwarder;
pub mod gate;
pub mod iam;
pub mod installation;
pub mod least;
pub mod registry;
mod response;
pub mod runner;
pub mod scenario;
#[cfg(test)]
mod test_reply;
pub mod world;

pub use argv::{argv, unwrapped};
pub use aws::{StoredObject, as_ecs_stores};
pub use console::Console;
pub use forwarder::Forwarder;
pub use gate::{Call, Calls, Fault, FaultRule, Gate, Hold, Moment, Server};
pub use registry::Registry;
pub use runner::{Finished, Program, Running};
pub use scenario::{Account, Org, Region, Service};
pub use world::World;
