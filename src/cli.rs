//! The command line and the variables, exactly as typed: nothing is worked out here, [`crate::settings`] does that.
//!
//! Every variable has a flag of the same name, passwords excepted: a command line is no place for them. Values are texts until
//! they are checked, so that all mistakes can be told at once.

mod files;
mod used;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use files::{
    CheckArguments, CheckFormat, Definitions, EmbedArguments, FileCommand, InAndOut, InspectArguments, OutputForm, StripArguments,
};

/// What `--help` says below the options.
const AFTER_HELP: &str = "\
Environment or --env-file only, because a command line is no place for passwords:
  PCC_PASS            password or secret key of PCC_USER
  DOCKER_PASS         password of DOCKER_USER
  DOCKER_AUTH_CONFIG  Docker's auths as JSON or in base64: credentials for any other image registry
AWS credentials and Region come from where the AWS CLI finds them: AWS_PROFILE, SSO, a role, AWS_REGION.
RUST_LOG sets how much is told on stderr: warn by default, debug for every AWS and Console call.

Exit codes:
  0  every service in scope is protected, or skipped for a reason
  1  a bug of ours
  2  bad flags or settings
  3  the run finished or was interrupted, and something in scope failed or was not attempted
  4  could not start: credentials, secret, Console, Organizations";

/// The same for `undo`.
const AFTER_HELP_OF_UNDO: &str = "\
AWS credentials and Region come from where the AWS CLI finds them: AWS_PROFILE, SSO, a role, AWS_REGION.
RUST_LOG sets how much is told on stderr: warn by default, debug for every AWS call.

Exit codes:
  0  every service in scope is undone, or skipped for a reason
  1  a bug of ours
  2  bad flags or settings
  3  it finished or was interrupted, and something in scope failed or was not attempted
  4  could not start: credentials, Organizations";

/// Puts Prisma Cloud's App-Embedded Defender into every ECS Fargate service of an AWS Organization.
///
/// Without a command it does one run: every account, Region, cluster and service in scope, once.
#[derive(Debug, Parser)]
#[command(name = "fargate-updater", version, after_help = AFTER_HELP, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub given: Given,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Returns the command line as it is parsed: what all options have in common is said here, once.
pub fn command() -> clap::Command {
    let command = Cli::command().mut_args(|argument| {
        // The value of a variable may be a secret, and `--help` is pasted into tickets.
        let argument = argument.hide_env_values(true).global(true);
        let is_boolean = argument.get_value_names().is_some_and(|names| names.iter().any(|name| name == "BOOL"));
        if is_boolean {
            // `--fips-enabled` alone means true.
            return argument.num_args(0..=1).require_equals(true).default_missing_value("true");
        }
        argument
    });
    used::only_what_is_used(command)
}

/// Returns the names of the variables that a command makes something of.
pub fn variables_of(name: &str) -> BTreeSet<String> {
    used::variables_of(&Cli::command(), name)
}

impl Cli {
    /// Parses arguments and environment.
    ///
    /// # Errors
    ///
    /// When they are no command line of ours; also for `--help` and `--version`, which clap tells as errors.
    pub fn try_from_arguments(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::from_arg_matches(&command().try_get_matches_from(arguments)?)
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Protects every service in scope, once; the same as no command.
    #[command(after_help = AFTER_HELP)]
    Run,
    /// Takes the Defenders that this program put there out again, in the same scope, and remembers that; needs no Console.
    #[command(after_help = AFTER_HELP_OF_UNDO)]
    Undo,
    #[command(flatten)]
    OnFiles(FileCommand),
    /// Prints the AWS permissions that a run needs, as IAM policies; needs no settings and calls nobody.
    Permissions,
}

/// The settings as they were given. Empty means unset.
#[derive(Clone, Default, Args)]
pub struct Given {
    /// Read settings from this file too, one NAME=VALUE a line; flags and the environment win, other names are ignored.
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,

    /// Secrets Manager secret that holds PCC_URL, PCC_USER and PCC_PASS.
    #[arg(long, env = "PCC_SECRET", value_name = "NAME_OR_ARN", help_heading = "Console")]
    pub pcc_secret: Option<String>,

    /// Path to Console, as shown under Manage > System > Utilities; instead of PCC_SECRET.
    #[arg(long, env = "PCC_URL", value_name = "URL", help_heading = "Console")]
    pub pcc_url: Option<String>,

    /// User or access key id of the Console; its password is read from PCC_PASS only.
    #[arg(long, env = "PCC_USER", value_name = "USER", help_heading = "Console")]
    pub pcc_user: Option<String>,

    /// Name the Defenders connect to, one of the names in the Console's certificate [default: the host of PCC_URL].
    #[arg(long, env = "PCC_SAN", value_name = "HOST", help_heading = "Console")]
    pub pcc_san: Option<String>,

    /// Certificates in PEM, or a file with them, of the authority that signed a self-hosted Console's certificate.
    #[arg(long, env = "PCC_CA_BUNDLE", value_name = "PEM_OR_FILE", help_heading = "Console")]
    pub pcc_ca_bundle: Option<String>,

    /// The Console's project.
    #[arg(long, env = "PCC_PROJECT", value_name = "NAME", help_heading = "Console")]
    pub pcc_project: Option<String>,

    /// File-system monitoring [default: false].
    #[arg(long, env = "FS_MONITOR", value_name = "BOOL", help_heading = "Defender")]
    pub fs_monitor: Option<String>,

    /// FIPS mode of the Defender [default: false].
    #[arg(long, env = "FIPS_ENABLED", value_name = "BOOL", help_heading = "Defender")]
    pub fips_enabled: Option<String>,

    /// Extra container port for WAAS, added to the first container under the Defender that has port mappings.
    #[arg(long, env = "WAAS_PORT", value_name = "PORT", help_heading = "Defender")]
    pub waas_port: Option<String>,

    /// Where the Defender's image is mirrored; {account}, {region} and {version} (such as 34_03_138) are filled in.
    #[arg(long, env = "DEFENDER_IMAGE", value_name = "IMAGE", help_heading = "Defender")]
    pub defender_image: Option<String>,

    /// Secret that ECS pulls DEFENDER_IMAGE with; {account} and {region} are filled in.
    #[arg(long, env = "DEFENDER_IMAGE_PULL_SECRET", value_name = "NAME_OR_ARN", help_heading = "Defender")]
    pub defender_image_pull_secret: Option<String>,

    /// What starts the Defender's program in images without a shell.
    #[arg(long, env = "INTERPRETER", value_name = "PATH", help_heading = "Defender")]
    pub interpreter: Option<String>,

    /// Registry type for images whose entry point the Console must look up [default: aws, for ECR only].
    #[arg(long, env = "REGISTRY_TYPE", value_name = "TYPE", help_heading = "Defender")]
    pub registry_type: Option<String>,

    /// The Console's credential for that registry [default: the account id of the image's ECR host].
    #[arg(long, env = "CREDENTIAL_ID", value_name = "ID", help_heading = "Defender")]
    pub credential_id: Option<String>,

    /// Replace Defenders that are older, or not as they would be embedded today; unprotected services are protected either way [default: true].
    #[arg(long, env = "UPGRADE", value_name = "BOOL", help_heading = "Defender")]
    pub upgrade: Option<String>,

    /// Replace every Defender, today's included, at each run [default: false].
    #[arg(long, env = "REEMBED", value_name = "BOOL", help_heading = "Defender")]
    pub reembed: Option<String>,

    /// Embed into ARM64 tasks too, for which the vendor lists no support [default: false].
    #[arg(long, env = "ALLOW_ARM64", value_name = "BOOL", help_heading = "Defender")]
    pub allow_arm64: Option<String>,

    /// Where a container's tag names another image by now, put the digest that runs into the revision [default: false].
    #[arg(long, env = "PIN_IMAGES", value_name = "BOOL", help_heading = "Defender")]
    pub pin_images: Option<String>,

    /// User for Docker Hub, to read images' entry points there; its password is read from DOCKER_PASS only.
    #[arg(long, env = "DOCKER_USER", value_name = "USER", help_heading = "Image registries")]
    pub docker_user: Option<String>,

    /// ORG for every account of the organization, SINGLE for the caller's own [default: ORG].
    #[arg(long, env = "DEPLOYMENT_MODE", value_name = "MODE", help_heading = "Scope")]
    pub deployment_mode: Option<String>,

    /// Only these accounts, separated by commas [default: all].
    #[arg(long, env = "ACCOUNTS", value_name = "IDS", help_heading = "Scope")]
    pub accounts: Option<String>,

    /// Not these accounts, separated by commas.
    #[arg(long, env = "EXCLUDE_ACCOUNTS", value_name = "IDS", help_heading = "Scope")]
    pub exclude_accounts: Option<String>,

    /// Only accounts in these organizational units and the units below them, separated by commas [default: all].
    #[arg(long, env = "ORGANIZATIONAL_UNITS", value_name = "IDS", help_heading = "Scope")]
    pub organizational_units: Option<String>,

    /// Only these Regions, separated by commas [default: all that an account has enabled].
    #[arg(long, env = "REGIONS", value_name = "NAMES", help_heading = "Scope")]
    pub regions: Option<String>,

    /// Only these clusters, by ARN, separated by commas [default: all].
    #[arg(long, env = "CLUSTERS", value_name = "ARNS", help_heading = "Scope")]
    pub clusters: Option<String>,

    /// Member role to assume in each account [default: FargateDeployMember].
    #[arg(long, env = "ROLE_NAME", value_name = "NAME", help_heading = "Access")]
    pub role_name: Option<String>,

    /// What the member roles' trust policies ask for as sts:ExternalId.
    #[arg(long, env = "EXTERNAL_ID", value_name = "ID", help_heading = "Access")]
    pub external_id: Option<String>,

    /// false uses the caller's own credentials; only with DEPLOYMENT_MODE=SINGLE [default: true].
    #[arg(long, env = "ASSUME_ROLE", value_name = "BOOL", help_heading = "Access")]
    pub assume_role: Option<String>,

    /// patch opens what keeps tasks from the Console; check opens nothing, and a service that needs something opened fails; off leaves networks alone [default: patch].
    #[arg(long, env = "NETWORK", value_name = "MODE", help_heading = "Network")]
    pub network: Option<String>,

    /// Blocks of addresses that the Console is in, separated by commas; otherwise its name says where it is, and 0.0.0.0/0 is opened.
    #[arg(long, env = "CONSOLE_CIDRS", value_name = "CIDRS", help_heading = "Network")]
    pub console_cidrs: Option<String>,

    /// Change nothing: say what would be changed, and how [default: false].
    #[arg(long, env = "DRY_RUN", value_name = "BOOL", help_heading = "Run")]
    pub dry_run: Option<String>,

    /// Most services that one run changes; the rest is not attempted, and the next run goes on with it.
    #[arg(long, env = "MAX_CHANGES", value_name = "COUNT", help_heading = "Run")]
    pub max_changes: Option<String>,

    /// Change nothing, look at this one service only, and tell all that is known of it and why it ends as it does; a flag only, no variable.
    #[arg(long, value_name = "SERVICE_ARN", help_heading = "Run")]
    pub explain: Option<String>,

    /// Go on without being asked: at a terminal, a run that would write shows its scope and asks first; a flag only, no variable.
    #[arg(long, help_heading = "Run")]
    pub yes: bool,

    /// Follow each roll-out until it has won or lost; false starts it and goes on [default: true].
    #[arg(long, env = "WAIT", value_name = "BOOL", help_heading = "Roll-outs")]
    pub wait: Option<String>,

    /// Longest that a roll-out is waited for, besides the service's own bake time, such as 90s or 15m [default: 15m].
    #[arg(long, env = "WAIT_TIMEOUT", value_name = "DURATION", help_heading = "Roll-outs")]
    pub wait_timeout: Option<String>,

    /// Most roll-outs under way in an account's Region at once [default: 5].
    #[arg(long, env = "ROLLOUTS", value_name = "COUNT", help_heading = "Roll-outs")]
    pub rollouts: Option<String>,

    /// Put a service back to what it ran before if its roll-out fails; only with WAIT [default: true].
    #[arg(long, env = "ROLLBACK", value_name = "BOOL", help_heading = "Roll-outs")]
    pub rollback: Option<String>,

    /// Finish the first so many services, spread over accounts, before any other is started; a failure among them ends the run.
    #[arg(long, env = "CANARY", value_name = "COUNT", help_heading = "Roll-outs")]
    pub canary: Option<String>,

    /// Roll-outs that may fail, a number or a percentage such as 20%, before nothing new is started [default: 10].
    #[arg(long, env = "MAX_FAILURES", value_name = "COUNT_OR_PERCENT", help_heading = "Roll-outs")]
    pub max_failures: Option<String>,

    /// Try again what was rolled back or undone before [default: false].
    #[arg(long, env = "RETRY_FAILED", value_name = "BOOL", help_heading = "Roll-outs")]
    pub retry_failed: Option<String>,

    /// What is done about a service that its owner puts back to the revision before: reprotect it at each run, or report it [default: reprotect twice, then report].
    #[arg(long, env = "REVERTED", value_name = "ACTION", help_heading = "Roll-outs")]
    pub reverted: Option<String>,

    /// When the roll-outs are over, ask the Console how many of the tasks show a connected Defender; only with WAIT [default: true].
    #[arg(long, env = "VERIFY", value_name = "BOOL", help_heading = "Roll-outs")]
    pub verify: Option<String>,

    /// Share of AWS's request quotas that a run takes, in percent; the rest is left to the accounts' own pipelines [default: 80%].
    #[arg(long, env = "PACE", value_name = "PERCENT", help_heading = "Speed")]
    pub pace: Option<String>,

    /// Most calls to AWS in flight at once [default: 64].
    #[arg(long, env = "CONCURRENCY", value_name = "COUNT", help_heading = "Speed")]
    pub concurrency: Option<String>,

    /// Walk one share of the accounts only, such as 0/4 to 3/4 for four runs side by side; their number is counted from 0.
    #[arg(long, env = "SHARD", value_name = "I/N", help_heading = "Speed")]
    pub shard: Option<String>,

    /// How many shares there are, when this one's number is in AWS_BATCH_JOB_ARRAY_INDEX, as in a Batch array job.
    #[arg(long, env = "SHARDS", value_name = "COUNT", help_heading = "Speed")]
    pub shards: Option<String>,

    /// With undo: only services on what this run registered, and only what it opened, by the id at the beginning of its report.
    #[arg(long, env = "RUN_ID", value_name = "ID", help_heading = "Undo")]
    pub run_id: Option<String>,

    /// With undo: leave open what was opened in networks [default: false].
    #[arg(long, env = "KEEP_NETWORK", value_name = "BOOL", help_heading = "Undo")]
    pub keep_network: Option<String>,

    /// text for people, json for one JSON object a line, auto for text on a terminal and json elsewhere [default: auto].
    #[arg(long, env = "LOG_FORMAT", value_name = "FORMAT", help_heading = "Output")]
    pub log_format: Option<String>,

    /// Files, or objects in S3 (s3://BUCKET/KEY), to write a report to when the run is over, separated by commas; each in the format of its ending: .json, .csv, .md, .html or .xml (JUnit).
    #[arg(long, env = "REPORT", value_name = "FILES", help_heading = "Output")]
    pub report: Option<String>,

    /// Tell only what was changed, what failed and what to look at, and the end; at a terminal without the live view [default: false].
    #[arg(long, env = "QUIET", value_name = "BOOL", help_heading = "Output")]
    pub quiet: Option<String>,

    /// Tell of each service and place by itself, those that are up to date or left alone too [default: false].
    #[arg(long, env = "VERBOSE", value_name = "BOOL", help_heading = "Output")]
    pub verbose: Option<String>,

    /// Write a line of metrics for CloudWatch at the end, where lines are JSON: six custom metrics, which AWS charges for [default: false].
    #[arg(long, env = "METRICS", value_name = "BOOL", help_heading = "Output")]
    pub metrics: Option<String>,

    /// How many times AWS's published quotas are; tests make them so large that nobody waits.
    #[arg(long, value_name = "TIMES", hide = true, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub quota_scale: u16,

    /// Most account-Regions that are walked at once.
    #[arg(long, value_name = "COUNT", hide = true, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub regions_walked: u16,

    /// Most services that are known and not done with; with 1 it is one account-Region after the other.
    #[arg(long, value_name = "COUNT", hide = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub services_kept: Option<u32>,

    /// Age in milliseconds at which a service's description is refreshed before the service is changed; tests make it zero.
    #[arg(long, value_name = "MILLISECONDS", hide = true, default_value_t = 30_000)]
    pub look_again_after_ms: u32,

    /// How much longer reports may be uploaded once the run is asked to stop, in milliseconds; tests make it short.
    #[arg(long, value_name = "MILLISECONDS", hide = true, default_value_t = 10_000)]
    pub upload_grace_ms: u32,

    /// Wait between two looks at a roll-out in milliseconds; tests make it short.
    #[arg(long, value_name = "MILLISECONDS", hide = true, default_value_t = 10_000)]
    pub watch_every_ms: u32,

    /// Wait between two lines that say how far the run is, in milliseconds; tests make it short.
    #[arg(long, value_name = "MILLISECONDS", hide = true, default_value_t = 60_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub heartbeat_every_ms: u32,

    /// Age in milliseconds from which a task should show its Defender; tests make it zero.
    #[arg(long, value_name = "MILLISECONDS", hide = true, default_value_t = 120_000)]
    pub connects_after_ms: u32,

    /// Longest wait in milliseconds for the youngest tasks to be so old; tests make it short.
    #[arg(long, value_name = "MILLISECONDS", hide = true, default_value_t = 120_000)]
    pub verify_wait_ms: u32,

    /// Address that stands for all image registries, by their names as paths below it, over plain HTTP; for tests.
    #[arg(long, value_name = "ADDRESS", hide = true)]
    pub registries_at: Option<String>,

    /// Addresses that the Console's name stands for, separated by commas, or `none`; for tests, which ask no name server.
    #[arg(long, value_name = "ADDRESSES", hide = true)]
    pub console_addresses: Option<String>,

    /// Asks although this is no terminal; for tests.
    #[arg(long, hide = true)]
    pub ask: bool,

    /// Longest wait before the second try of a call, in milliseconds; tests make it short.
    #[arg(long, value_name = "MILLISECONDS", hide = true, default_value_t = 500)]
    pub first_wait_ms: u32,
}

/// Shows nothing: the URL may hold a user and a password.
impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Given")
    }
}
