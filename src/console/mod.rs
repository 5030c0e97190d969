//! The Compute Console, and the only place that names reqwest. It touches the world and decides nothing.
//!
//! [`embed`] is what the Console is asked for, `defenders` which of them are connected, `login` the token, `wire` how requests are
//! sent and answers judged, `slots` how many at once, `tls` whose certificates are trusted, [`error`] what goes wrong.

mod address;
mod defenders;
mod embed;
mod error;
mod login;
mod slots;
mod tls;
mod wire;

pub use address::{ConsoleUrl, NEWEST_API, UrlProblem, api_of};
pub use defenders::DEFENDERS_PAGE;
pub use embed::{Console, ConsoleOptions, Scan};
pub use error::{ConsoleError, What};
pub use tls::{BadCaBundle, CaBundle};
pub use wire::Waiting;
