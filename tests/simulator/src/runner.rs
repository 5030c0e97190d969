//! Runs the program under test as a child process that sees nothing of the machine it runs on.
//!
//! Nobody's AWS profile, proxy, log level or Console may reach a test, and no test may reach them: the environment is emptied and
//! built anew, home, working directory and where temporary files go are temporary, standard input is empty unless a test says otherwise. The runner never waits for time to pass; its
//! only clock is a watchdog that kills a program which hangs, and says so.

mod finished;
mod process;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

pub use finished::Finished;
pub use process::Running;

/// Longer than any run in a test; it only ever ends one that hangs.
const WATCHDOG: Duration = Duration::from_secs(120);

/// One run of the program, not yet started.
#[derive(Debug)]
#[must_use = "a program does nothing until it is run or started"]
pub struct Program {
    executable: PathBuf,
    arguments: Vec<OsString>,
    variables: BTreeMap<OsString, OsString>,
    files: Vec<(PathBuf, Vec<u8>)>,
    input: Input,
    watchdog: Duration,
    kept: usize,
}

/// What a program reads from standard input.
#[derive(Clone, Debug)]
enum Input {
    /// This, and then its end.
    Text(Vec<u8>),
    /// Nothing, and no end as long as the program runs: somebody who does not answer.
    Silence,
}

/// Where a program lives while it runs; both disappear with the last [`Finished`] or [`Running`] that knows them.
#[derive(Debug)]
pub(crate) struct Places {
    home: TempDir,
    working_directory: TempDir,
}

impl Places {
    fn new() -> Self {
        let directory = || tempfile::tempdir().expect("a temporary directory can be created");
        Self { home: directory(), working_directory: directory() }
    }

    pub(crate) fn working_directory(&self) -> &Path {
        self.working_directory.path()
    }
}

impl Program {
    /// Takes the executable by path: `env!("CARGO_BIN_EXE_fargate-updater")`.
    pub fn new(executable: impl Into<PathBuf>) -> Self {
        let mut variables = BTreeMap::new();
        // Without it a program without credentials asks the metadata service of whatever machine this is, and waits.
        variables.insert(OsString::from("AWS_EC2_METADATA_DISABLED"), OsString::from("true"));
        variables.insert(OsString::from("NO_COLOR"), OsString::from("1"));
        // Needed to find programs that credential_process and the like name; it says nothing about who runs the tests.
        variables.extend(std::env::var_os("PATH").map(|path| (OsString::from("PATH"), path)));
        Self {
            executable: executable.into(),
            arguments: Vec::new(),
            variables,
            files: Vec::new(),
            input: Input::Text(Vec::new()),
            watchdog: WATCHDOG,
            kept: usize::MAX,
        }
    }

    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable; the last call for a name wins.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Takes a variable away again, one that [`Program::in_world`] or [`Program::new`] set included.
    pub fn without_env(mut self, name: impl Into<OsString>) -> Self {
        self.variables.remove(&name.into());
        self
    }

    /// Points the program at a simulated world: by variables, and at its image registries by an argument, for which there is no
    /// variable. Nobody's Defenders are waited for at the end of a run, but by who says `VERIFY=true`.
    pub fn in_world(mut self, world: &crate::World) -> Self {
        self.variables.extend(world.environment().into_iter().map(|(name, value)| (name.into(), value.into())));
        self.env("VERIFY", "false").arg(format!("--registries-at={}", world.registries_at()))
    }

    /// Puts a file into the working directory; folders in its name are created.
    pub fn file(mut self, name: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.into(), contents.into()));
        self
    }

    /// Gives the program this to read, and then the end of its input.
    pub fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Text(text.into());
        self
    }

    /// Gives the program nothing to read and no end of it: it waits for as long as it wants an answer.
    pub fn silent_input(mut self) -> Self {
        self.input = Input::Silence;
        self
    }

    /// Lets the program run for so long before the watchdog ends it.
    pub fn at_most(mut self, duration: Duration) -> Self {
        self.watchdog = duration;
        self
    }

    /// Keeps only the end of each output, of about this many bytes.
    pub fn keeps_the_end(mut self, bytes: usize) -> Self {
        self.kept = bytes;
        self
    }

    /// Runs the program to its end.
    pub async fn run(self) -> Finished {
        self.start().await.wait().await
    }

    /// Starts the program and returns at once, for tests that kill it or send it signals.
    ///
    /// # Panics
    ///
    /// When the program cannot be started at all; no test has anything to say about that.
    pub async fn start(self) -> Running {
        let places = Places::new();
        for (name, contents) in &self.files {
            let path = places.working_directory().join(name);
            let folder = path.parent().unwrap_or_else(|| places.working_directory());
            std::fs::create_dir_all(folder).expect("a folder in the working directory can be created");
            std::fs::write(&path, contents).expect("a file in the working directory can be written");
        }
        let mut command = tokio::process::Command::new(&self.executable);
        command
            .args(&self.arguments)
            .env_clear()
            .env("HOME", places.home.path())
            .env("TMPDIR", places.home.path())
            .envs(&self.variables);
        command.current_dir(places.working_directory());
        Running::start(command, self.input, Arc::new(places), self.watchdog, self.kept)
    }
}
