//! Image registries, and the only place that names oci-client. It reads what an image runs and which digest it has, and decides nothing.
//!
//! [`images`] is what is asked for, each image once; `access` is whose credentials a registry is asked with; `client` one read
//! over the wire; [`error`] what goes wrong, and `reach` which registries are out of reach. Which image of an index is meant, and
//! what becomes of ENTRYPOINT and CMD, is decided in [`crate::plan::image`] and [`crate::plan::entrypoint`].

mod access;
mod client;
mod error;
mod images;
mod reach;

pub use access::Puller;
pub use error::{ImageError, What, Whose};
pub use images::{Images, Reading};
