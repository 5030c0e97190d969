//! From what was given to what it means: every setting checked, every mistake told at once.
//!
//! Settings come in groups, because later commands need only some of them. A flag wins over the environment, the environment over
//! `--env-file`. Nothing is read from the current directory by itself: a planted file must not redirect a tool with this much
//! power. This is the last code that looks at the environment, the AWS SDK's own variables excepted.

mod explain;
mod groups;
mod network;
mod reader;
mod registries;
mod reports;
mod roll_outs;
mod run;
mod speed;
mod verify;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

use crate::cli::{self, FileCommand, Given};
use crate::console::{CaBundle, ConsoleUrl, UrlProblem};
use crate::plan::policy::Policy;
use crate::plan::scope::Scope;

pub use network::NetworkSettings;
use reader::Reader;
use registries::{DOCKER_AUTH_CONFIG, DOCKER_PASSWORD};
pub use registries::{FromSecret, RegistryTexts};
pub use reports::{OF_CI_SYSTEMS, ReportSettings, TEMPORARY};
pub use roll_outs::RollOutSettings;
pub use speed::SpeedSettings;
pub use verify::VerifySettings;

/// The password of the Console's user.
pub const PASSWORD: &str = "PCC_PASS";

/// The settings that have no flag: they hold passwords.
pub const WITHOUT_FLAG: [&str; 3] = [PASSWORD, DOCKER_PASSWORD, DOCKER_AUTH_CONFIG];

/// Where ECS tells a task about itself. ECS sets it in every container; nobody else has to.
/// Source: Amazon ECS Developer Guide, "Amazon ECS task metadata endpoint version 4 for tasks on Fargate" (read 2026-11).
pub const TASK_METADATA: &str = "ECS_CONTAINER_METADATA_URI_V4";

/// Everything a run needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    pub console: ConsoleSettings,
    pub scope: Scope,
    pub policy: Policy,
    pub network: NetworkSettings,
    pub roll_outs: RollOutSettings,
    /// How it is verified that Defenders are connected, if it is (`VERIFY`).
    pub verify: Option<VerifySettings>,
    pub run: RunSettings,
}

/// Everything a run needs to know that takes Defenders out again.
#[derive(Clone, Debug)]
pub struct UndoSettings {
    pub scope: Scope,
    pub roll_outs: RollOutSettings,
    pub run: RunSettings,
    /// The run that is undone; all of them, if none is named (`RUN_ID`).
    pub run_id: Option<String>,
    /// Whether what was opened in networks stays open (`KEEP_NETWORK`).
    pub keep_network: bool,
}

/// What a run is to do.
#[derive(Clone, Debug)]
pub enum Task {
    Protect(Box<Settings>),
    Undo(Box<UndoSettings>),
}

impl Task {
    pub fn run(&self) -> &RunSettings {
        match self {
            Self::Protect(settings) => &settings.run,
            Self::Undo(settings) => &settings.run,
        }
    }

    pub fn run_mut(&mut self) -> &mut RunSettings {
        match self {
            Self::Protect(settings) => &mut settings.run,
            Self::Undo(settings) => &mut settings.run,
        }
    }
}

/// How the Console is reached.
#[derive(Clone, Debug)]
pub struct ConsoleSettings {
    pub access: ConsoleAccess,
    /// The name Defenders connect to, if it is not the Console's host.
    pub defenders_connect_to: Option<String>,
    /// Who may have signed its certificate, besides those that the machine trusts.
    pub authorities: Option<CaBundle>,
    /// The project that is asked, where it has several.
    pub project: Option<String>,
}

/// Where the Console's address and credentials come from.
#[derive(Clone, Debug)]
pub enum ConsoleAccess {
    /// The name or ARN of a secret.
    Secret(String),
    Given {
        url: ConsoleUrl,
        user: SecretString,
        password: SecretString,
    },
}

/// How the run itself is done.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// Credentials for image registries, as far as they are not in the Console's secret.
    pub registries: RegistryTexts,
    /// Stands for all image registries, for tests.
    pub registries_at: Option<String>,
    /// Whether nothing is changed.
    pub dry_run: bool,
    /// Most services that are changed.
    pub max_changes: Option<usize>,
    /// Whether the question whether to go on is answered already.
    pub yes: bool,
    /// Whether somebody is there who can be asked.
    pub at_terminal: bool,
    /// Where the task that this program runs in learns which one it is, if it runs in one.
    pub task_metadata: Option<String>,
    pub role_name: String,
    /// What the trust policies of member roles ask for.
    pub external_id: Option<String>,
    pub assume_role: bool,
    pub speed: SpeedSettings,
    /// The longest wait before the second try of a call.
    pub first_wait: Duration,
    /// How much longer reports may be uploaded, once the run is asked to stop.
    pub upload_grace: Duration,
    /// Older descriptions of a service are refreshed before it is changed.
    pub look_again_after: Duration,
    pub format: Format,
    pub reports: ReportSettings,
    pub verbosity: Verbosity,
    /// Whether the end is told to CloudWatch as metrics.
    pub metrics: bool,
    /// Between two lines that say how far the run is, where nobody sees the view of it.
    pub heartbeat: Duration,
}

impl RunSettings {
    /// Returns whether the run asks before it begins: it would write, and there is somebody who has not said yes.
    pub fn asks(&self) -> bool {
        self.at_terminal && !self.yes && !self.dry_run
    }
}

/// How the run is told on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
    /// Text on a terminal, JSON elsewhere.
    Auto,
}

impl Format {
    /// Reads LOG_FORMAT as far as it can be read: what it is unless all settings can be used.
    pub fn given(text: Option<&str>) -> Self {
        match text.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            Some("text") => Self::Text,
            Some("json") => Self::Json,
            _ => Self::Auto,
        }
    }
}

/// How much is told one by one; the end of a run counts everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// What was changed, what failed and what should be looked at.
    Quiet,
    /// Where the run begins from and how far it is, too.
    #[default]
    Normal,
    /// Every service and place.
    Verbose,
}

/// One setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub setting: String,
    /// What is wrong and what is accepted, without a secret in it.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.text)
    }
}

/// Every setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = self.0.len();
        writeln!(f, "error: {many} {} cannot be used", if many == 1 { "setting" } else { "settings" })?;
        self.0.iter().try_for_each(|problem| writeln!(f, "  {problem}"))
    }
}

impl std::error::Error for Problems {}

impl Settings {
    /// Works out what was given.
    ///
    /// `environment` reads the variables that have no flag: [`WITHOUT_FLAG`], and what ECS says to its tasks
    /// and CI systems to their steps.
    ///
    /// # Errors
    ///
    /// Every setting that cannot be used, at once.
    pub fn from_given(given: Given, environment: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        Reader::default().settings(given, environment)
    }

    /// Works out what was given for a command on files. What it makes nothing of is passed over, whatever is wrong with it.
    ///
    /// # Errors
    ///
    /// Every setting that cannot be used, at once.
    pub fn for_files(
        command: &FileCommand,
        given: Given,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Problems> {
        // It is about a service.
        let given = Given { explain: None, ..given };
        Reader::of(cli::variables_of(command.name())).settings(given, environment)
    }
}

impl Reader {
    fn settings(mut self, given: Given, environment: impl Fn(&str) -> Option<String>) -> Result<Settings, Problems> {
        let reader = &mut self;
        if let Some(path) = &given.env_file {
            reader.read_file(path);
        }
        if reader.text("RUN_ID", given.run_id.clone()).is_some() {
            let text = "it says what undo takes back, and a run protects; give it to undo only: fargate-updater undo --run-id ID";
            reader.problem("RUN_ID", text.to_owned());
        }
        let console = reader.console(&given, environment(PASSWORD));
        let with_secret = matches!(&console, Some(ConsoleSettings { access: ConsoleAccess::Secret(_), .. }));
        let (password, auth_config) = (environment(DOCKER_PASSWORD), environment(DOCKER_AUTH_CONFIG));
        let registries = reader.registries(given.docker_user.clone(), password, auth_config, with_secret);
        let mut scope = reader.scope(&given, &environment);
        scope.service = reader.explained(given.explain.as_deref(), &scope);
        let policy = reader.policy(&given);
        let network = reader.network(&given);
        let roll_outs = reader.roll_outs(&given);
        let verify = reader.verify(&given);
        let mut run = reader.run(given, scope.mode, registries, &environment);
        run.dry_run |= scope.service.is_some();
        match (console, self.problems.is_empty()) {
            (Some(console), true) => Ok(Settings { console, scope, policy, network, roll_outs, verify, run }),
            _ => Err(Problems(self.problems)),
        }
    }
}

impl UndoSettings {
    /// Works out what was given for taking Defenders out again, which needs no Console.
    ///
    /// # Errors
    ///
    /// Every setting that cannot be used, at once.
    pub fn from_given(given: Given, environment: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader::default();
        if let Some(path) = &given.env_file {
            reader.read_file(path);
        }
        let scope = reader.scope(&given, &environment);
        if given.explain.is_some() {
            reader.problem("--explain", "it tells what a run would do, and does not go with undo".to_owned());
        }
        let roll_outs = reader.roll_outs(&given);
        let run_id = reader.text("RUN_ID", given.run_id.clone()).map(|run| run.trim().to_owned());
        let keep_network = reader.boolean("KEEP_NETWORK", given.keep_network.clone(), false);
        let run = reader.run(given, scope.mode, RegistryTexts::default(), &environment);
        if reader.problems.is_empty() {
            Ok(Self { scope, roll_outs, run, run_id, keep_network })
        } else {
            Err(Problems(reader.problems))
        }
    }
}

/// Returns the names of the variables that are ours.
pub fn variable_names() -> BTreeSet<String> {
    let command = cli::command();
    let with_flags = command.get_arguments().filter_map(|argument| Some(argument.get_env()?.to_string_lossy().into_owned()));
    with_flags.chain(WITHOUT_FLAG.map(str::to_owned)).collect()
}

/// Returns why a text is not the Console's address, and what to give instead; the text itself may hold a password.
pub fn not_a_console(problem: UrlProblem) -> String {
    format!("{problem}; give the Path to Console, such as https://us-east1.cloud.twistlock.com/us-9-000000001")
}
