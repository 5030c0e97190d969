//! What the benchmark is told on its command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::scenarios::Scenario;

const USAGE: &str = "usage: benchmark [options]
  --only NAME        scenarios whose name has this in it; may be given more than once
  --list             the names of all scenarios
  --program PATH     measure this program instead of building one
  --latency-ms N     how long each call takes [default: 60]
  --no-throttling    let AWS throttle nothing
  --tags             name images by their tags: what runs is then asked of ECS, which is not in the minimum [default: by digest]
  --concurrency N    passed to the program, and what its connections are held against [default: 64, not passed]
  --pace PERCENT     passed to the program, and its share of AWS's buckets in the lower bound [default: 80, not passed]
  --with ARGUMENT    passed to the program as it is; may be given more than once";

/// The program's own default of CONCURRENCY.
const CONCURRENCY: u64 = 64;

/// The program's own default of PACE, in percent.
const PACE: f64 = 80.0;

/// Source: the issue this benchmark is from: 60 ms for each call.
const LATENCY: Duration = Duration::from_millis(60);

/// The command line.
#[derive(Debug)]
pub(crate) struct Arguments {
    only: Vec<String>,
    pub(crate) list: bool,
    pub(crate) program: Option<PathBuf>,
    pub(crate) latency: Duration,
    pub(crate) throttling: bool,
    /// Whether task definitions name images by their tags.
    pub(crate) tags: bool,
    concurrency: Option<u64>,
    pace: Option<f64>,
    with: Vec<String>,
}

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// When it is none of ours, with how to use it.
    pub(crate) fn parse(given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            only: Vec::new(),
            list: false,
            program: None,
            latency: LATENCY,
            throttling: true,
            tags: false,
            concurrency: None,
            pace: None,
            with: Vec::new(),
        };
        let mut given = given;
        while let Some(word) = given.next() {
            let (flag, joined) = match word.split_once('=') {
                Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
                None => (word, None),
            };
            let mut value = || joined.clone().or_else(|| given.next()).ok_or_else(|| format!("{flag} takes a value\n{USAGE}"));
            match flag.as_str() {
                "--list" => arguments.list = true,
                "--no-throttling" => arguments.throttling = false,
                "--tags" => arguments.tags = true,
                "--only" => arguments.only.push(value()?),
                "--program" => arguments.program = Some(value()?.into()),
                "--latency-ms" => arguments.latency = Duration::from_millis(number(&flag, &value()?)?),
                "--concurrency" => arguments.concurrency = Some(number(&flag, &value()?)?),
                "--pace" => arguments.pace = Some(number(&flag, &value()?)?),
                "--with" => arguments.with.push(value()?),
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(arguments)
    }

    /// Returns whether a scenario is to be measured.
    pub(crate) fn wants(&self, scenario: &Scenario) -> bool {
        self.only.is_empty() || scenario.names().any(|name| self.only.iter().any(|part| name.contains(part.as_str())))
    }

    /// Returns the most calls to AWS that the program has in flight.
    pub(crate) fn concurrency(&self) -> u64 {
        self.concurrency.unwrap_or(CONCURRENCY)
    }

    /// Returns the share of AWS's buckets that the program spends; `None` when AWS does not throttle.
    pub(crate) fn pace(&self) -> Option<f64> {
        self.throttling.then(|| self.pace.unwrap_or(PACE) / 100.0)
    }

    /// Returns what the program is told besides what its scenario says.
    pub(crate) fn for_the_program(&self) -> Vec<String> {
        let concurrency = self.concurrency.map(|number| format!("--concurrency={number}"));
        let pace = self.pace.map(|percent| format!("--pace={percent}"));
        concurrency.into_iter().chain(pace).chain(self.with.iter().cloned()).collect()
    }
}

fn number<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{flag} takes a number, not {value}\n{USAGE}"))
}
