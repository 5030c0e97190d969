//! What a person is shown of the settings before a run that writes: where it goes, and what decides how much it changes.

use crate::plan::network;
use crate::plan::policy::Reverted;
use crate::plan::scope::{Mode, Scope};
use crate::settings::{RollOutSettings, Settings, UndoSettings};

/// Of a longer list so many are named; the rest is counted.
const NAMED: usize = 20;

/// Returns the settings that are shown, by their names and in their order. None of them holds a secret.
pub fn settings(settings: &Settings) -> Vec<(&'static str, String)> {
    let Settings { policy, network, run, .. } = settings;
    let mut shown = scope(&settings.scope);
    let cidrs = network.console_blocks.as_ref().map(|blocks| list(blocks.iter()));
    shown.extend([
        ("NETWORK", word(network.mode).to_owned()),
        ("CONSOLE_CIDRS", cidrs.unwrap_or_else(|| "not given".to_owned())),
        ("UPGRADE", policy.upgrade.to_string()),
        ("REEMBED", policy.reembed.to_string()),
        ("PIN_IMAGES", policy.pin_images.to_string()),
        ("MAX_CHANGES", run.max_changes.map_or_else(|| "not given".to_owned(), |most| most.to_string())),
        ("ASSUME_ROLE", run.assume_role.to_string()),
    ]);
    shown.extend(roll_outs(&settings.roll_outs));
    if settings.roll_outs.wait {
        shown.push(("VERIFY", settings.verify.is_some().to_string()));
    }
    if run.assume_role {
        shown.push(("ROLE_NAME", run.role_name.clone()));
    }
    shown
}

/// The same for a run that takes Defenders out again.
pub fn undo_settings(settings: &UndoSettings) -> Vec<(&'static str, String)> {
    let UndoSettings { scope: of, roll_outs: outs, run, run_id, keep_network } = settings;
    let mut shown = vec![("UNDO", run_id.clone().unwrap_or_else(|| "every run".to_owned()))];
    shown.extend(scope(of));
    shown.extend([
        ("KEEP_NETWORK", keep_network.to_string()),
        ("MAX_CHANGES", run.max_changes.map_or_else(|| "not given".to_owned(), |most| most.to_string())),
        ("ASSUME_ROLE", run.assume_role.to_string()),
    ]);
    shown.extend(roll_outs(outs));
    if run.assume_role {
        shown.push(("ROLE_NAME", run.role_name.clone()));
    }
    shown
}

fn roll_outs(roll_outs: &RollOutSettings) -> Vec<(&'static str, String)> {
    let RollOutSettings { wait, timeout, at_once, rolls_back, canaries, most_failures, .. } = *roll_outs;
    let mut shown = vec![("WAIT", wait.to_string())];
    if wait {
        let timeout =
            jiff::SignedDuration::try_from(timeout).map_or_else(|_| "forever".to_owned(), |timeout| format!("{timeout:#}"));
        let canaries = if canaries == 0 { "not given".to_owned() } else { canaries.to_string() };
        shown.extend([
            ("WAIT_TIMEOUT", timeout),
            ("ROLLOUTS", at_once.to_string()),
            ("ROLLBACK", rolls_back.to_string()),
            ("CANARY", canaries),
        ]);
    }
    shown.push(("MAX_FAILURES", most_failures.to_string()));
    shown
}

/// Returns the settings that decide what becomes of one service, those that have a default first. None of them holds a secret; of
/// names that stand for one, and of those that may hold one by mistake, it is only told that they are given.
pub fn deciding(settings: &Settings) -> Vec<(&'static str, String)> {
    let Settings { policy, network, console, .. } = settings;
    let mode = word(network.mode).to_owned();
    let mut shown = vec![
        ("NETWORK", mode),
        ("UPGRADE", policy.upgrade.to_string()),
        ("REEMBED", policy.reembed.to_string()),
        ("ALLOW_ARM64", policy.allow_arm64.to_string()),
        ("FS_MONITOR", policy.file_system_monitoring.to_string()),
        ("FIPS_ENABLED", policy.fips.to_string()),
    ];
    let given = |is_given: bool| is_given.then(|| "given".to_owned());
    let others = [
        ("RETRY_FAILED", policy.retry_failed.then(|| "true".to_owned())),
        ("REVERTED", reverted(policy.reverted).map(str::to_owned)),
        ("PIN_IMAGES", policy.pin_images.then(|| "true".to_owned())),
        ("WAAS_PORT", policy.waas_port.map(|port| port.to_string())),
        ("CONSOLE_CIDRS", network.console_blocks.as_ref().map(|blocks| list(blocks.iter()))),
        ("DEFENDER_IMAGE", given(policy.defender_image.is_some())),
        ("DEFENDER_IMAGE_PULL_SECRET", given(policy.defender_image_pull_secret.is_some())),
        ("INTERPRETER", policy.interpreter.clone()),
        ("REGISTRY_TYPE", policy.registry_type.clone()),
        ("CREDENTIAL_ID", given(policy.credential_id.is_some())),
        ("PCC_SAN", given(console.defenders_connect_to.is_some())),
        ("PCC_PROJECT", console.project.clone()),
    ];
    shown.extend(others.into_iter().filter_map(|(name, value)| Some((name, value?))));
    shown
}

fn reverted(reverted: Reverted) -> Option<&'static str> {
    match reverted {
        Reverted::Twice => None,
        Reverted::Reprotect => Some("reprotect"),
        Reverted::Report => Some("report"),
    }
}

fn word(mode: network::Mode) -> &'static str {
    match mode {
        network::Mode::Patch => "patch",
        network::Mode::Check => "check",
        network::Mode::Off => "off",
    }
}

fn scope(scope: &Scope) -> Vec<(&'static str, String)> {
    let all = match scope.mode {
        Mode::Organization => "every account of the organization",
        Mode::Single => "the caller's own (DEPLOYMENT_MODE=SINGLE)",
    };
    let accounts = scope.accounts.as_ref().map(|accounts| list(accounts.iter()));
    let mut shown = vec![("ACCOUNTS", accounts.unwrap_or_else(|| all.to_owned()))];
    if !scope.excluded_accounts.is_empty() {
        shown.push(("EXCLUDE_ACCOUNTS", list(scope.excluded_accounts.iter())));
    }
    if let Some(units) = &scope.units {
        shown.push(("ORGANIZATIONAL_UNITS", list(units.iter().map(|unit| unit.as_str()))));
    }
    let regions = scope.regions.as_ref().map(|regions| list(regions.iter()));
    let clusters = scope.clusters.as_ref().map(|clusters| list(clusters.iter()));
    if !scope.shard.is_whole() {
        shown.push(("SHARD", format!("{} of these accounts, counted from 0", scope.shard)));
    }
    shown.push(("REGIONS", regions.unwrap_or_else(|| "all that an account has enabled".to_owned())));
    shown.push(("CLUSTERS", clusters.unwrap_or_else(|| "all".to_owned())));
    shown
}

/// Returns a list in one line.
fn list(items: impl ExactSizeIterator<Item = impl ToString>) -> String {
    let more = items.len().saturating_sub(NAMED);
    let named: Vec<String> = items.take(NAMED).map(|item| item.to_string()).collect();
    if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
}
