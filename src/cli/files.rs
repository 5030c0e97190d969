//! What the commands on files take besides the settings.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What `--help` says below the options of a command on files that asks the Console.
const AFTER_HELP: &str = "\
Environment or --env-file only: PCC_PASS, and where images are looked up DOCKER_PASS and DOCKER_AUTH_CONFIG.
AWS credentials and Region come from where the AWS CLI finds them, where AWS is needed at all.
Settings that only other commands use are taken too, and passed over.

Exit codes:
  0  done; for check, every definition carries today's Defender
  1  a bug of ours
  2  a file, flag or setting cannot be used
  3  it could not be done; for check, a definition does not carry today's Defender
  4  the Console or AWS cannot be reached";

/// The same for one that asks nobody.
const AFTER_HELP_OF_STRIP: &str = "\
Exit codes:
  0  done
  1  a bug of ours
  2  a file or flag cannot be used
  3  it could not be done";

/// What to do with files.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum FileCommand {
    /// Puts today's Defender into a task definition file or a CloudFormation template, and leaves all else in it byte for byte.
    #[command(after_help = AFTER_HELP)]
    Embed(EmbedArguments),
    /// Says of files whether they carry today's Defender: exit code 0 if all of them do, 3 if not.
    #[command(after_help = AFTER_HELP)]
    Check(CheckArguments),
    /// Takes the Defender out of a file again, the inverse of embed; needs no Console.
    #[command(after_help = AFTER_HELP_OF_STRIP)]
    Strip(StripArguments),
    /// Tells of one task definition, in a file or by its ARN, whether it is protected and what embed would do.
    #[command(after_help = AFTER_HELP)]
    Inspect(InspectArguments),
}

impl FileCommand {
    /// Returns the word for it on a command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Embed(_) => "embed",
            Self::Check(_) => "check",
            Self::Strip(_) => "strip",
            Self::Inspect(_) => "inspect",
        }
    }

    /// Returns whether a word of a command line is one of these commands.
    pub fn is_called(word: &OsStr) -> bool {
        word.to_str().is_some_and(<Self as Subcommand>::has_subcommand)
    }
}

/// Which definitions of a file are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Definitions {
    /// Family of a list of containers, which does not say it; the Defender's App ID is called after it [default: that of the Defender in it, else the first container's name].
    #[arg(long, value_name = "NAME")]
    pub family: Option<String>,

    /// The file is a CloudFormation template, and it is a mistake if it is none; a template is recognised without this too.
    #[arg(long)]
    pub cloudformation: bool,

    /// Only this task definition of a template, by its logical id; may be given several times.
    #[arg(long, value_name = "LOGICAL_ID")]
    pub resource: Vec<String>,
}

/// What form a file comes out in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputForm {
    /// The form it came in.
    Same,
    /// What register-task-definition takes: without what only describe-task-definition tells.
    Register,
}

/// What is read and what is written.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct InAndOut {
    /// Task definition in JSON or YAML, the list of its containers, or CloudFormation template; - for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: PathBuf,

    /// Write here and not to standard output; may be FILE itself.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub definitions: Definitions,
}

/// `embed`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct EmbedArguments {
    #[command(flatten)]
    pub files: InAndOut,

    /// Form of the output [default: same; register for what describe-task-definition printed, if it comes from standard input].
    #[arg(long, value_name = "FORM")]
    pub form: Option<OutputForm>,

    /// Register the definition with ECS too, and print the ARN of its revision; the definition itself goes to --output only.
    #[arg(long)]
    pub register: bool,

    /// Register it and move this service to it, with WAIT until that is done; may be given several times.
    #[arg(long, value_name = "CLUSTER/SERVICE")]
    pub update: Vec<String>,
}

/// `check`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct CheckArguments {
    /// Files as for embed; - for standard input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    #[command(flatten)]
    pub definitions: Definitions,

    /// How it is told: text for people, github for annotations in GitHub Actions, sarif for code scanning.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: CheckFormat,
}

/// How `check` is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    Text,
    Github,
    Sarif,
}

/// `strip`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct StripArguments {
    #[command(flatten)]
    pub files: InAndOut,

    /// Form of the output.
    #[arg(long, value_name = "FORM", default_value = "same")]
    pub form: OutputForm,
}

/// `inspect`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct InspectArguments {
    /// ARN of a task definition, or a file as for embed; - for standard input.
    #[arg(value_name = "ARN_OR_FILE", default_value = "-")]
    pub of: String,

    #[command(flatten)]
    pub definitions: Definitions,
}
