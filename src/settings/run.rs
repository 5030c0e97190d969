//! How the run itself is done, whatever it does.

use std::time::Duration;

use super::reader::Reader;
use super::{Format, RegistryTexts, RunSettings, TASK_METADATA, Verbosity};
use crate::cli::Given;
use crate::plan::scope::Mode;

impl Reader {
    pub(super) fn run(
        &mut self,
        given: Given,
        mode: Mode,
        registries: RegistryTexts,
        environment: &impl Fn(&str) -> Option<String>,
    ) -> RunSettings {
        let speed = self.speed(&given);
        let role_name = self.text("ROLE_NAME", given.role_name).unwrap_or_else(|| "FargateDeployMember".to_owned());
        let of_a_role = |character: char| character.is_ascii_alphanumeric() || "_+=,.@-/".contains(character);
        if !role_name.chars().all(of_a_role) {
            self.problem("ROLE_NAME", format!("{role_name:?} is not the name of an IAM role; give the name alone, not its ARN"));
        }
        let external_id = self.text("EXTERNAL_ID", given.external_id);
        if external_id.as_deref().is_some_and(|id| !is_external_id(id)) {
            self.problem("EXTERNAL_ID", "it has 2 to 1224 characters, each a letter, a digit or one of +=,.@:/_-".to_owned());
        }
        let max_changes = self.count("MAX_CHANGES", given.max_changes);
        let dry_run = self.boolean("DRY_RUN", given.dry_run, false);
        let assume_role = self.boolean("ASSUME_ROLE", given.assume_role, true);
        if !assume_role && mode == Mode::Organization {
            let text = "false works only with DEPLOYMENT_MODE=SINGLE: other accounts cannot be reached without their member role";
            self.problem("ASSUME_ROLE", text.to_owned());
        }
        let format = match self.text("LOG_FORMAT", given.log_format).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            None | Some("auto") => Format::Auto,
            Some("text") => Format::Text,
            Some("json") => Format::Json,
            Some(other) => {
                self.problem("LOG_FORMAT", format!("{other:?} is not a format; give text, json or auto"));
                Format::Auto
            }
        };
        let reports = self.reports(given.report, environment);
        let quiet = self.boolean("QUIET", given.quiet, false);
        let verbose = self.boolean("VERBOSE", given.verbose, false);
        let verbosity = match (quiet, verbose) {
            (false, false) => Verbosity::Normal,
            (true, false) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (true, true) => {
                self.problem("QUIET", "it says less, and VERBOSE says more; give one of them".to_owned());
                Verbosity::Normal
            }
        };
        let metrics = self.boolean("METRICS", given.metrics, false);
        RunSettings {
            reports,
            registries,
            registries_at: given.registries_at,
            format,
            verbosity,
            metrics,
            heartbeat: Duration::from_millis(given.heartbeat_every_ms.into()),
            dry_run,
            max_changes,
            yes: given.yes,
            at_terminal: given.ask,
            task_metadata: environment(TASK_METADATA).filter(|address| !address.trim().is_empty()),
            role_name,
            external_id,
            assume_role,
            speed,
            first_wait: Duration::from_millis(given.first_wait_ms.into()),
            upload_grace: Duration::from_millis(given.upload_grace_ms.into()),
            look_again_after: Duration::from_millis(given.look_again_after_ms.into()),
        }
    }
}

/// Source: AWS STS API Reference, AssumeRole, `ExternalId` (read 2026-11).
fn is_external_id(text: &str) -> bool {
    let fits = |character: char| character.is_ascii_alphanumeric() || "+=,.@:/_-".contains(character);
    (2..=1224).contains(&text.len()) && text.chars().all(fits)
}
