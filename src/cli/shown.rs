//! Which settings the help of a command shows: those that it makes something of.
//!
//! Every command takes all settings, so that one environment or file serves all of them; a page of flags that do nothing here would
//! hide the few that do.

use clap::{Arg, Command};

/// What a Defender is made with, which files are as much about as services are.
const OF_A_DEFENDER: [&str; 3] = ["Console", "Defender", "Image registries"];

/// What only a run that protects makes something of, of the groups that undo has a use for too.
const OF_A_RUN: [&str; 4] = ["explain", "retry_failed", "reverted", "verify"];

/// Leaves out of each command's help what it makes nothing of.
pub(super) fn only_what_is_used(command: Command) -> Command {
    let settings: Vec<Arg> = command.get_arguments().cloned().collect();
    command.mut_subcommands(|subcommand| {
        let name = subcommand.get_name().to_owned();
        let unused = settings.iter().filter(|setting| !uses(&name, setting)).cloned();
        // What a command has of its own stands in the way of what it would get from the program.
        subcommand.args(unused.map(|setting| setting.hide(true)))
    })
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
        "embed" => is_of_a_file || ["wait", "wait_timeout", "rollback", "quiet"].contains(&id),
        "check" => is_of_a_file,
        "inspect" => is_of_a_file || ["role_name", "external_id"].contains(&id),
        // They ask nobody.
        "strip" | "permissions" => false,
        _ => true,
    }
}
