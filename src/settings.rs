//! From what was given to what it means: every setting checked, every mistake told at once.
//!
//! Settings come in groups, because later commands need only some of them. A flag wins over the environment, the environment over
//! `--env-file`. Nothing is read from the current directory by itself: a planted file must not redirect a tool with this much
//! power. This is the last code that looks at the environment, the AWS SDK's own variables excepted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

use crate::cli::{self, Given};
use crate::console::ConsoleUrl;
use crate::plan::policy::Policy;
use crate::plan::scope::{Mode, Scope};

/// The one setting that has no flag.
pub const PASSWORD: &str = "PCC_PASS";

/// Everything a run needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    pub console: ConsoleSettings,
    pub scope: Scope,
    pub policy: Policy,
    pub run: RunSettings,
}

/// How the Console is reached.
#[derive(Clone, Debug)]
pub struct ConsoleSettings {
    pub access: ConsoleAccess,
    /// The name Defenders connect to, if it is not the Console's host.
    pub defenders_connect_to: Option<String>,
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
    pub role_name: String,
    pub assume_role: bool,
    pub calls_in_flight: usize,
    pub regions_open: usize,
    /// The longest wait before the second try of a call.
    pub first_wait: Duration,
    /// Older descriptions of a service are refreshed before it is changed.
    pub look_again_after: Duration,
    pub format: Format,
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

/// One setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub setting: String,
    /// What is wrong and what is accepted, without a secret in it.
    pub text: String,
}

/// Every setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = self.0.len();
        writeln!(f, "error: {many} {} cannot be used", if many == 1 { "setting" } else { "settings" })?;
        self.0.iter().try_for_each(|problem| writeln!(f, "  {}: {}", problem.setting, problem.text))
    }
}

impl std::error::Error for Problems {}

impl Settings {
    /// Works out what was given.
    ///
    /// `environment` reads the one variable that has no flag.
    ///
    /// # Errors
    ///
    /// Every setting that cannot be used, at once.
    pub fn from_given(given: Given, environment: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader::default();
        if let Some(path) = &given.env_file {
            reader.read_file(path);
        }
        let console = reader.console(&given, environment(PASSWORD));
        let scope = reader.scope(&given);
        let policy = reader.policy(&given);
        let role_name = reader.text("ROLE_NAME", given.role_name).unwrap_or_else(|| "FargateDeployMember".to_owned());
        let of_a_role = |character: char| character.is_ascii_alphanumeric() || "_+=,.@-/".contains(character);
        if !role_name.chars().all(of_a_role) {
            reader
                .problem("ROLE_NAME", format!("{role_name:?} is not the name of an IAM role; give the name alone, not its ARN"));
        }
        let assume_role = reader.boolean("ASSUME_ROLE", given.assume_role, true);
        if !assume_role && scope.mode == Mode::Organization {
            let text = "false works only with DEPLOYMENT_MODE=SINGLE: other accounts cannot be reached without their member role";
            reader.problem("ASSUME_ROLE", text.to_owned());
        }
        let format = match reader.text("LOG_FORMAT", given.log_format).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            None | Some("auto") => Format::Auto,
            Some("text") => Format::Text,
            Some("json") => Format::Json,
            Some(other) => {
                reader.problem("LOG_FORMAT", format!("{other:?} is not a format; give text, json or auto"));
                Format::Auto
            }
        };
        let run = RunSettings {
            format,
            role_name,
            assume_role,
            calls_in_flight: given.calls_in_flight.into(),
            regions_open: given.regions_open.into(),
            first_wait: Duration::from_millis(given.first_wait_ms.into()),
            look_again_after: Duration::from_millis(given.look_again_after_ms.into()),
        };
        match (console, reader.problems.is_empty()) {
            (Some(console), true) => Ok(Self { console, scope, policy, run }),
            _ => Err(Problems(reader.problems)),
        }
    }
}

/// Returns the names of the variables that are ours.
pub fn variable_names() -> BTreeSet<String> {
    let command = cli::command();
    let with_flags = command.get_arguments().filter_map(|argument| Some(argument.get_env()?.to_string_lossy().into_owned()));
    with_flags.chain([PASSWORD.to_owned()]).collect()
}

/// Reads settings one by one and collects what is wrong with them.
#[derive(Default)]
struct Reader {
    file: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

impl Reader {
    fn problem(&mut self, setting: &str, text: String) {
        self.problems.push(Problem { setting: setting.to_owned(), text });
    }

    /// Reads lines of `NAME=VALUE`: blank lines and `#` comments are passed over, a leading `export` and one pair of quotes round
    /// the value are taken off, and nothing in a value is replaced, because passwords hold every character there is.
    fn read_file(&mut self, path: &Path) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.problem("--env-file", format!("could not read {}: {error}", path.display())),
        };
        let ours = variable_names();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, value)) = line.strip_prefix("export ").unwrap_or(line).split_once('=') else {
                // The line is not shown: it may be the second half of a password.
                self.problem("--env-file", format!("line {} of {} is not NAME=VALUE", number + 1, path.display()));
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            if name.is_empty() {
                self.problem("--env-file", format!("line {} of {} is not NAME=VALUE", number + 1, path.display()));
            }
            let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
            if ours.contains(name) {
                self.file.insert(name.to_owned(), quoted.unwrap_or(value).to_owned());
            }
        }
    }

    /// Returns a setting's text: as given, else from the file. Empty means unset in both.
    fn text(&mut self, name: &str, given: Option<String>) -> Option<String> {
        let set = |text: &String| !text.trim().is_empty();
        given.filter(set).or_else(|| self.file.get(name).cloned().filter(set))
    }

    fn boolean(&mut self, name: &str, given: Option<String>, default: bool) -> bool {
        let Some(text) = self.text(name, given) else { return default };
        match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "y" | "on" => true,
            "0" | "false" | "no" | "n" | "off" => false,
            _ => {
                self.problem(name, format!("{text:?} is neither yes nor no; give true or false (also 1/0, yes/no, y/n, on/off)"));
                default
            }
        }
    }

    /// Returns a comma-separated list; one that holds only commas or blanks is a mistake, never "everything".
    fn list<T: FromStr<Err: fmt::Display> + Ord>(&mut self, name: &str, given: Option<String>) -> Option<BTreeSet<T>> {
        let text = match given {
            Some(text) if !text.is_empty() => text,
            _ => self.file.get(name).filter(|text| !text.is_empty())?.clone(),
        };
        let mut items = BTreeSet::new();
        let mut any = false;
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            any = true;
            match item.parse::<T>() {
                Ok(item) => {
                    items.insert(item);
                }
                Err(error) => self.problem(name, error.to_string()),
            }
        }
        if !any {
            self.problem(name, format!("{text:?} names nothing; leave it out for all"));
        }
        Some(items)
    }

    fn console(&mut self, given: &Given, password: Option<String>) -> Option<ConsoleSettings> {
        let before = self.problems.len();
        let secret = self.text("PCC_SECRET", given.pcc_secret.clone());
        let secret = secret.filter(|name| {
            let right = name.len() <= 2048 && name.chars().all(|it| it.is_ascii_alphanumeric() || "/_+=.@:!-".contains(it));
            if !right {
                // Not shown: ECS can put the secret's content in the place of its name, with `secrets` instead of `environment`.
                let text = "it is not the name or ARN of a secret; give the name, not what the secret holds";
                self.problem("PCC_SECRET", text.to_owned());
            }
            right
        });
        let url = self.text("PCC_URL", given.pcc_url.clone());
        let user = self.text("PCC_USER", given.pcc_user.clone());
        let password = self.text(PASSWORD, password);
        let defenders_connect_to = self.text("PCC_SAN", given.pcc_san.clone());
        let of_a_host = |character: char| character.is_ascii_alphanumeric() || ".-_".contains(character);
        if let Some(name) = defenders_connect_to.as_ref().filter(|name| !name.chars().all(of_a_host)) {
            // Not shown when it looks like a URL, which may hold a password.
            let shown = if name.contains(['@', '/', ':']) { "it".to_owned() } else { format!("{name:?}") };
            self.problem("PCC_SAN", format!("{shown} is not a host name; give it without scheme, port and path"));
        }
        let url_given = url.is_some();
        let url = url.and_then(|url| match ConsoleUrl::parse(&url) {
            Ok(url) => Some(url),
            Err(problem) => {
                self.problem("PCC_URL", not_a_console(problem));
                None
            }
        });
        let access = match (secret, url_given, url, user, password) {
            (Some(secret), false, None, None, None) => Some(ConsoleAccess::Secret(secret)),
            (Some(_), ..) => {
                let text = "it is given together with PCC_URL, PCC_USER or PCC_PASS; give the secret, or all three of the others";
                self.problem("PCC_SECRET", text.to_owned());
                None
            }
            (None, _, Some(url), Some(user), Some(password)) => {
                Some(ConsoleAccess::Given { url, user: user.into(), password: password.into() })
            }
            (None, false, None, None, None) if before == self.problems.len() => {
                let text = "no Console is given; name the secret that holds PCC_URL, PCC_USER and PCC_PASS, or give all three";
                self.problem("PCC_SECRET", text.to_owned());
                None
            }
            (None, url_given, _, user, password) => {
                let missing = [("PCC_URL", !url_given), ("PCC_USER", user.is_none()), (PASSWORD, password.is_none())];
                for (name, _) in missing.into_iter().filter(|(_, missing)| *missing) {
                    let text = "it is missing; PCC_URL, PCC_USER and PCC_PASS are needed together, unless PCC_SECRET is given";
                    self.problem(name, text.to_owned());
                }
                None
            }
        };
        Some(ConsoleSettings { access: access?, defenders_connect_to })
    }

    fn scope(&mut self, given: &Given) -> Scope {
        let mode = match self.text("DEPLOYMENT_MODE", given.deployment_mode.clone()) {
            None => Mode::Organization,
            Some(text) if text.trim().eq_ignore_ascii_case("ORG") => Mode::Organization,
            Some(text) if text.trim().eq_ignore_ascii_case("SINGLE") => Mode::Single,
            Some(text) => {
                self.problem("DEPLOYMENT_MODE", format!("{text:?} is not a mode; give ORG or SINGLE"));
                Mode::Organization
            }
        };
        let scope = Scope {
            mode,
            accounts: self.list("ACCOUNTS", given.accounts.clone()),
            excluded_accounts: self.list("EXCLUDE_ACCOUNTS", given.exclude_accounts.clone()).unwrap_or_default(),
            regions: self.list("REGIONS", given.regions.clone()),
            clusters: self.list("CLUSTERS", given.clusters.clone()),
            units: self.list("ORGANIZATIONAL_UNITS", given.organizational_units.clone()),
        };
        for cluster in scope.clusters.iter().flatten().filter(|cluster| !scope.reaches(cluster)) {
            let text = format!("{cluster} is not in the accounts and Regions that ACCOUNTS, EXCLUDE_ACCOUNTS and REGIONS leave");
            self.problems.push(Problem { setting: "CLUSTERS".to_owned(), text });
        }
        if mode == Mode::Single && scope.units.is_some() {
            let text = "it has no meaning with DEPLOYMENT_MODE=SINGLE, which walks the caller's own account only";
            self.problem("ORGANIZATIONAL_UNITS", text.to_owned());
        }
        scope
    }

    fn policy(&mut self, given: &Given) -> Policy {
        let waas_port = self.text("WAAS_PORT", given.waas_port.clone()).and_then(|text| {
            let port = text.trim().parse::<u16>().ok().filter(|port| *port > 0);
            if port.is_none() {
                self.problem("WAAS_PORT", format!("{text:?} is not a port; give a number from 1 to 65535"));
            }
            port
        });
        Policy {
            file_system_monitoring: self.boolean("FS_MONITOR", given.fs_monitor.clone(), false),
            fips: self.boolean("FIPS_ENABLED", given.fips_enabled.clone(), false),
            waas_port,
            upgrade: self.boolean("UPGRADE", given.upgrade.clone(), true),
            allow_arm64: self.boolean("ALLOW_ARM64", given.allow_arm64.clone(), false),
            registry_type: self.text("REGISTRY_TYPE", given.registry_type.clone()).unwrap_or_else(|| "aws".to_owned()),
            credential_id: self.text("CREDENTIAL_ID", given.credential_id.clone()),
        }
    }
}

/// Returns why a text is not the Console's address, and what to give instead; the text itself may hold a password.
pub fn not_a_console(problem: crate::console::UrlProblem) -> String {
    format!("{problem}; give the Path to Console, such as https://us-east1.cloud.twistlock.com/us-9-000000001")
}
