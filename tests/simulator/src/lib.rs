//! A simulated AWS Organization and a simulated Compute Console, spoken to over HTTP on loopback.
//!
//! A scenario is plain data ([`Org`]); started, it is a [`World`] that speaks the wire protocols of STS, Organizations, Secrets
//! Manager, ECS and EC2, and the Console's; afterwards the same world is asked what became of it. Read [`scenario`] first.
//!
//! There is no AWS SDK in here: the program under test brings the real one, and this crate must not agree with it by accident.

pub mod aws;
pub mod console;
pub mod gate;
pub mod runner;
pub mod scenario;
pub mod world;

pub use console::Console;
pub use gate::{Call, Calls, Fault, FaultRule, Gate, Hold, Moment};
pub use runner::{Finished, Program, Running};
pub use scenario::{Account, Org, Region, Service};
pub use world::World;
