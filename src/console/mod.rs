//! The Compute Console, and the only place that names reqwest. It touches the world and decides nothing.
//!
//! [`embed`] is what the Console is asked for, `login` the token, `wire` how requests are sent and answers judged, [`error`] what
//! goes wrong.

mod address;
mod embed;
mod error;
mod login;
mod wire;

pub use address::{ConsoleUrl, UrlProblem};
pub use embed::Console;
pub use error::{ConsoleError, What};
pub use wire::Waiting;
