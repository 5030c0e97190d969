//! Every image registry there is, on one address: the OCI distribution API for whoever wants to know what an image runs.
//!
//! A registry's host is the first part of the path: `/registry.example.test/v2/team/app/manifests/1` is what
//! `https://registry.example.test/v2/team/app/manifests/1` is elsewhere. A registry the scenario does not name is there as well,
//! open to anybody and empty. Images here are not known to the Console, and the other way round.
//!
//! `definition` is the scenario's data, `content` the manifests and configurations made of it, `access` who may pull, and
//! `running` the way of a request. Layers cannot be pulled: they are named and are not there.
//! Source: OCI Distribution Specification; distribution/distribution, docs/spec/auth/token.

mod access;
mod answer;
mod content;
mod definition;
pub mod faults;
mod name;
mod running;

#[cfg(test)]
mod http_tests;

pub use definition::{Access, Image, Registry, Variant};

pub(crate) use name::whole_name;
pub(crate) use running::Registries;
