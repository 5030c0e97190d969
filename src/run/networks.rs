//! What a run does about networks: where the Console is in them, and what is said of it at the beginning.

use crate::network::addresses_of;
use crate::plan::network::Mode;
use crate::plan::network::destination::{ConsoleTarget, host_and_port};
use crate::settings::NetworkSettings;

/// Returns where tasks have to reach the Console.
pub(super) async fn console_target(settings: &NetworkSettings, ws_address: &str) -> ConsoleTarget {
    let resolved = match (&settings.console_addresses, &settings.console_blocks, settings.mode) {
        (Some(addresses), ..) => addresses.clone(),
        (None, Some(_), _) | (None, None, Mode::Off) => Vec::new(),
        (None, None, _) => addresses_of(host_and_port(ws_address).0).await,
    };
    ConsoleTarget::new(ws_address, settings.console_blocks.clone(), resolved)
}

/// Returns what is done about networks, for machines and for people.
pub(super) fn told_of_networks(settings: &NetworkSettings) -> (&'static str, String) {
    match (settings.mode, &settings.console_blocks) {
        (Mode::Off, _) => ("off", "are left alone and not judged (NETWORK=off)".to_owned()),
        (Mode::Check, _) => ("check", "are judged and not opened (NETWORK=check)".to_owned()),
        (Mode::Patch, Some(blocks)) => {
            let blocks: Vec<String> = blocks.iter().map(ToString::to_string).collect();
            ("patch", format!("are opened where they are closed, to {}", blocks.join(", ")))
        }
        (Mode::Patch, None) => {
            ("patch", "are opened where they are closed, to every address (CONSOLE_CIDRS says less)".to_owned())
        }
    }
}
