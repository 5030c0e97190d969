//! The commands on files, end to end: the real binary, real files, and a simulated Console and organization.

mod checks;
mod embeds;
mod inspects;
mod registers;
mod round_trip;
mod support;
mod with_fleet;
