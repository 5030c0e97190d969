//! One service, as every format tells it: the fields of the JSON report, the columns of the CSV.

use serde::{Deserialize, Serialize};

use super::totals::Totals;
use crate::events::{NOT_CONNECTED_HINT, Outcome, Protection, ServiceEnded, versions};
use crate::ids::TaskDefinitionArn;
use crate::plan::explain::after_skipped;
use crate::plan::verify::Connections;

/// A service at the end of a run. What is not known is null, never guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub account: String,
    /// What Organizations calls it, if that was asked.
    pub account_name: Option<String>,
    pub region: String,
    pub cluster: String,
    pub service: String,
    pub outcome: String,
    /// What it is left with: the word of a [`Protection`].
    pub protection: String,
    /// The word for why: a skip reason, a reason to replace a Defender, a reason not to attempt it.
    pub reason: Option<String>,
    /// The same in a sentence; of a failure, its first cause.
    pub text: Option<String>,
    pub stage: Option<String>,
    pub causes: Vec<String>,
    /// What its owner, or whoever runs the program, can do about it.
    pub hint: Option<String>,
    pub task_definition_before: Option<String>,
    pub task_definition_after: Option<String>,
    /// A version, or `none`.
    pub defender_before: Option<String>,
    pub defender_after: Option<String>,
    pub roll_out: Option<String>,
    /// Tasks whose Defenders were looked for in the Console.
    pub tasks: Option<u32>,
    /// How many of them show a connected one; nothing as long as that is unknown of one of them.
    pub defenders_connected: Option<u32>,
    pub findings: Vec<Noted>,
}

/// Something worth knowing beside an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    pub code: String,
    pub text: String,
    /// Whether somebody should look.
    pub warning: bool,
}

impl Row {
    /// Takes what a service ended as, in a run of which so much is known.
    pub fn new(ended: &ServiceEnded, totals: &Totals) -> Self {
        let ServiceEnded { service, outcome, findings } = ended;
        let undoes = totals.run.undoes;
        let (before, after) = versions(outcome, totals.run.defender_version.as_deref(), undoes);
        let mut row = Self {
            account: service.account.to_string(),
            region: service.region.to_string(),
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            protection: Protection::of(outcome, undoes).code().to_owned(),
            defender_before: before.told(),
            defender_after: after.told(),
            ..Self::default()
        };
        row.findings = findings
            .iter()
            .map(|finding| Noted { code: finding.code().to_owned(), text: finding.to_string(), warning: finding.is_warning() })
            .collect();
        row.ended(outcome);
        if moves_nothing(outcome) {
            row.task_definition_before = service.task_definition.as_ref().map(TaskDefinitionArn::short);
            row.task_definition_after.clone_from(&row.task_definition_before);
        } else if let Outcome::Failed(_) = &**outcome {
            // Whether it was put back is told in its causes.
            row.task_definition_before = service.task_definition.as_ref().map(TaskDefinitionArn::short);
        }
        row
    }

    fn ended(&mut self, outcome: &Outcome) {
        let (mut because, mut moved, mut roll) = (None, (None, None), None);
        let word = match outcome {
            Outcome::Protected { from, to, roll_out } => {
                (moved, roll) = ((Some(from), Some(to)), Some(roll_out));
                "protected"
            }
            Outcome::Upgraded { from, to, why, roll_out } => {
                (moved, roll) = ((Some(from), Some(to)), Some(roll_out));
                because = Some((why.code(), why.sentence()));
                "upgraded"
            }
            Outcome::Undone { from, to, roll_out } => {
                (moved, roll) = ((Some(from), Some(to)), Some(roll_out));
                "undone"
            }
            Outcome::Planned { from, why } => {
                moved = (Some(from), None);
                because = why.as_ref().map(|why| (why.code(), why.sentence()));
                "planned"
            }
            Outcome::UpToDate { task_definition } => {
                moved = (Some(task_definition), Some(task_definition));
                "up-to-date"
            }
            Outcome::Skipped(reason) => {
                because = Some((reason.code(), reason.sentence()));
                self.hint = Some(after_skipped(reason));
                "skipped"
            }
            Outcome::Failed(failure) => {
                self.stage = Some(failure.stage.code().to_owned());
                self.causes = failure.causes.clone();
                self.hint.clone_from(&failure.hint);
                self.text = failure.causes.first().cloned();
                "failed"
            }
            Outcome::NotAttempted(why) => {
                because = Some((why.code(), why.to_string()));
                "not-attempted"
            }
        };
        self.outcome = word.to_owned();
        if let Some((code, sentence)) = because {
            (self.reason, self.text) = (Some(code.to_owned()), Some(sentence));
        }
        self.task_definition_before = moved.0.map(|it| it.short());
        self.task_definition_after = moved.1.map(|it| it.short());
        self.roll_out = roll.map(|it| it.code().to_owned());
    }

    /// Returns the row with what is known only at the end: what its account is called, and whose Defenders are connected.
    #[must_use]
    pub(super) fn named(mut self, totals: &Totals) -> Self {
        self.account_name = totals.name_of(&self.account).map(str::to_owned);
        if let Some(connections) = totals.connections_of(&self) {
            self.verified(connections);
        }
        self
    }

    fn verified(&mut self, connections: &Connections) {
        self.tasks = connections.tasks();
        self.defenders_connected = connections.why_unknown.is_none().then_some(connections.connected);
        let (code, warning) = match &connections.why_unknown {
            _ if connections.missing > 0 => ("not-connected", true),
            Some(why) => (why.code(), false),
            None => return,
        };
        self.findings.push(Noted { code: code.to_owned(), text: connections.to_string(), warning });
        if warning && self.hint.is_none() {
            self.hint = Some(NOT_CONNECTED_HINT.to_owned());
        }
    }
}

fn moves_nothing(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Skipped(_) | Outcome::NotAttempted(_))
}
