//! The simulated Compute Console: the routes of Prisma Cloud Compute that the program under test calls, with the embedding of the
//! Defender as the published artefacts show it.
//!
//! No byte-exact capture of a Console's answer to `POST defenders/fargate.json` is public for 22.12 or later. So what is doubtful
//! is behind a switch of [`Console`], what differs between releases is a [`Profile`], and every refusal says in [`errors`]
//! whether its status and text are documented or ours. A client that passes under one setting only has learnt the simulator, not
//! the Console.
//!
//! Read `embed` for what happens to a task definition, `running` for what happens to a request.

mod address;
mod answer;
mod defended;
mod defenders;
mod definition;
mod embed;
pub mod errors;
pub mod faults;
mod images;
mod known_fields;
mod line;
mod parameters;
mod profile;
mod registry;
mod routes;
mod running;
mod session;
mod tamper;

#[cfg(test)]
mod http_tests;
#[cfg(test)]
mod tests;

pub use defenders::Defender;
pub use definition::{Capacity, Console, Extraction, MissingEntrypoint};
pub use images::{Image, RegistryImage};
pub use profile::Profile;
pub use running::{Embed, Received, RunningConsole};

pub(crate) use images::ImageName;
