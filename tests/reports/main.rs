//! Reports in files: each format from one run, read by somebody else's parser, with every text that could break out of it.
//!
//! The run is a list of events ([`run`]), so that nothing in it depends on a machine; that the program writes such files is in
//! tests/org.

mod ci;
mod destinations;
mod formats;
mod hostile;
mod many;
mod run;
mod schema;
mod totals;
