//! Which settings a command makes something of. Its help shows those.
//!
//! Every command takes all settings, so that one environment or file serves all of them; a page of flags that do nothing here would
//! hide the few that do.

use std::collections::BTreeSet;

use clap::{Arg, Command};

use crate::settings::WITHOUT_FLAG;

/// What a Defender is made with, which files are as much about as services are.
const OF_A_DEFENDER: [&str; 3] = ["Console", "Defender", "Image registries"];

/// What only a run that protects makes something of, of the groups that undo has a use for too.
const OF_A_RUN: [&str; 5] = ["explain", "retry_failed", "reverted", "verify", "metrics"];

/// Of what a Defender is made with, what matters to who puts one in and not to who looks at one.
const OF_EMBEDDING: [&str; 5] = ["upgrade", "reembed", "registry_type", "credential_id", "docker_user"];

/// What `--register` and `--update` make something of.
const OF_REGISTERING: [&str; 4] = ["dry_run", "wait", "wait_timeout", "rollback"];

/// Leaves out of each command's help what it makes nothing of.
pub(super) fn only_what_is_used(command: Command) -> Command {
    let settings: Vec<Arg> = command.get_arguments().cloned().collect();
    command.mut_subcommands(|subcommand| {
        let name = subcommand.get_name().to_owned();
        // What a command has of its own stands in the way of what it would get from the program.
        let own = settings.iter().cloned().map(|setting| match uses(&name, &setting) {
            true => setting,
            false => setting.hide(true),
        });
        subcommand.args(own)
    })
}

/// Returns the names of the variables that a command of a program makes something of.
pub(super) fn variables_of(program: &Command, command: &str) -> BTreeSet<String> {
    let used = program.get_arguments().filter(|setting| uses(command, setting));
    let with_flags = used.filter_map(|setting| Some(setting.get_env()?.to_string_lossy().into_owned()));
    let without = WITHOUT_FLAG.into_iter().filter(|name| command != "check" || !name.starts_with("DOCKER_"));
    with_flags.chain(without.map(str::to_owned)).collect()
}

/// Returns whether a command makes something of a setting.
fn uses(command: &str, setting: &Arg) -> bool {
    let (heading, id) = (setting.get_help_heading(), setting.get_id().as_str());
    let is_of_a_defender = heading.is_some_and(|heading| OF_A_DEFENDER.contains(&heading));
    // What runs is seen of a service only.
    let is_of_a_file = (is_of_a_defender && id != "pin_images") || id == "env_file";
    match command {
        "run" => heading != Some("Undo"),
        "undo" => !is_of_a_defender && heading != Some("Network") && !OF_A_RUN.contains(&id),
        "embed" => is_of_a_file || OF_REGISTERING.contains(&id) || id == "quiet",
        // It looks at no image.
        "check" => is_of_a_file && !OF_EMBEDDING.contains(&id),
        "inspect" => is_of_a_file || ["role_name", "external_id"].contains(&id),
        // They ask nobody.
        "strip" | "permissions" => false,
        _ => true,
    }
}
