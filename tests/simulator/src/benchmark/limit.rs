//! A quarter of a core: a control group of the kernel's where one can be made, else a process that is stopped three quarters of the
//! time.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use simulator::Program;

/// Microseconds of a core in each period.
const QUOTA: &str = "25000";

const PERIOD: &str = "100000";

/// Joins the control group before the program begins.
const JOIN: &str = r#"echo $$ > "$0" && exec "$@""#;

/// Stops and continues a process, 25 ms in 100, until it is gone.
const DUTY: &str = r#"while kill -CONT "$0" 2>/dev/null; do sleep 0.025; kill -STOP "$0" 2>/dev/null; sleep 0.075; done"#;

/// How a program is kept to a quarter of a core.
#[derive(Debug)]
pub(crate) enum Limit {
    /// In this control group, which is removed again.
    Group(PathBuf),
    /// On one core, by signals.
    Signals,
    /// Not at all.
    Nothing,
}

/// Somebody who stops and continues a process.
#[derive(Debug)]
pub(crate) struct Duty(Child);

impl Drop for Duty {
    fn drop(&mut self) {
        // It ends by itself once the process is gone; whether it was ended earlier is all the same.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        if let Self::Group(folder) = self {
            // An empty group that stays behind does nothing.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

impl Limit {
    /// Returns the best way there is on this machine.
    pub(crate) fn of_a_quarter() -> Self {
        let name = format!("fargate-updater-benchmark-{}", std::process::id());
        let first = [("cpu.cfs_period_us", PERIOD), ("cpu.cfs_quota_us", QUOTA)];
        if let Some(folder) = group(&Path::new("/sys/fs/cgroup/cpu").join(&name), &first) {
            return Self::Group(folder);
        }
        let second = format!("{QUOTA} {PERIOD}");
        if let Some(folder) = group(&Path::new("/sys/fs/cgroup").join(&name), &[("cpu.max", &second)]) {
            return Self::Group(folder);
        }
        let has_taskset = Command::new("taskset").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if has_taskset.is_ok_and(|status| status.success()) { Self::Signals } else { Self::Nothing }
    }

    /// Returns the program, to be started within the limit.
    pub(crate) fn program(limit: Option<&Self>, program: &Path) -> Program {
        match limit {
            Some(Self::Group(folder)) => Program::new("/bin/sh").args(["-c", JOIN]).arg(folder.join("cgroup.procs")).arg(program),
            Some(Self::Signals) => Program::new("taskset").args(["-c", "0"]).arg(program),
            Some(Self::Nothing) | None => Program::new(program),
        }
    }

    /// Holds a process to the limit from now on, if that has to be done from outside.
    pub(crate) fn hold(&self, process: u32) -> Option<Duty> {
        let Self::Signals = self else { return None };
        let mut duty = Command::new("sh");
        duty.args(["-c", DUTY, &process.to_string()]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        duty.spawn().ok().map(Duty)
    }

    /// Tells how it is done, or that it is not.
    pub(crate) fn told(&self) -> Result<String, String> {
        match self {
            Self::Group(_) => Ok("by a control group of 25 ms in 100".to_owned()),
            Self::Signals => Ok("by signals, 25 ms in 100 on one core".to_owned()),
            Self::Nothing => Err("the CPU could not be limited on this machine".to_owned()),
        }
    }
}

/// Makes a control group with these settings; `None` when that is not possible here.
fn group(folder: &Path, settings: &[(&str, &str)]) -> Option<PathBuf> {
    std::fs::create_dir(folder).ok()?;
    // Only what the kernel put there is a setting: a folder elsewhere would take a file of any name.
    let set = |file: &str, value: &str| OpenOptions::new().write(true).open(folder.join(file))?.write_all(value.as_bytes());
    let made = settings.iter().try_for_each(|(file, value)| set(file, value));
    if made.is_err() {
        let _ = std::fs::remove_dir(folder);
        return None;
    }
    Some(folder.to_owned())
}
