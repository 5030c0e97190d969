//! End to end: the real binary against a simulated organization and a simulated Console, one file per promise.
//!
//! Nothing in here sleeps or measures time. Order is forced by the simulator (`hold`, `on_write`); what became of the organization
//! is asked of the same world the program ran in. tests/README.md says how to add a promise.

#[path = "../closing/mod.rs"]
mod closing;
mod shop;
mod support;

mod asks_first;
mod console_down;
mod consoles;
mod dry_run_writes_nothing;
mod ends_where_it_began;
mod entry_points;
mod explains;
mod free_addresses;
mod keeps_pace;
mod keeps_secrets;
mod killed;
mod leaves_alone;
mod max_changes;
mod network;
mod new_images;
mod newest;
mod one_account_fails;
mod one_run;
mod owners_go_first;
mod paginates;
mod preflight;
mod protects;
mod real_registry;
mod registries;
mod report_files;
mod reports;
mod reports_in_s3;
mod rolls_out;
mod scope;
mod second_run_is_quiet;
mod shards;
mod stacks;
mod stops_after_failures;
mod stops_on_sigterm;
mod takes_only_embedding;
mod tells_how_far;
mod tells_little;
mod throttled;
mod undoes;
mod upgrade_reasons;
mod upgrades;
mod verifies;
mod way_back;
