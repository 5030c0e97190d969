//! Tables and properties over `src/plan/network`: what stands between a service's tasks and the Console, and what is opened.
//!
//! A case of a table starts from [`support::Facts::new`], in which nothing stands in the way, and takes something away. Read
//! [`against_brute_force`] first: it holds the judgement to an evaluator that shares no line with it.

mod against_brute_force;
mod arbitrary;
mod brute_force;
mod support;

mod acl;
mod acl_numbers;
mod chosen;
mod close;
mod close_calls;
mod destination;
mod endpoints;
mod family;
mod gateways;
mod group;
mod nat;
mod ranges;
mod read_first;
mod registry;
mod route;
mod several;
mod shared;
mod tag;
