//! One setting at a time: as given, else from the file; and what is wrong with it is kept until all are read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

use super::{Problem, variable_names};

/// Reads settings one by one and collects what is wrong with them.
#[derive(Default)]
pub(super) struct Reader {
    /// The names that count; all, if there is none.
    only: Option<BTreeSet<String>>,
    file: BTreeMap<String, String>,
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    /// Reads these settings and passes over all others, whatever is wrong with them.
    pub(super) fn of(names: BTreeSet<String>) -> Self {
        Self { only: Some(names), ..Self::default() }
    }

    fn counts(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(name))
    }

    pub(super) fn problem(&mut self, setting: &str, text: String) {
        self.problems.push(Problem { setting: setting.to_owned(), text });
    }

    /// Reads lines of `NAME=VALUE`: blank lines and `#` comments are passed over, a leading `export` and one pair of quotes round
    /// the value are taken off, and nothing in a value is replaced, because passwords hold every character there is.
    pub(super) fn read_file(&mut self, path: &Path) {
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
    pub(super) fn text(&mut self, name: &str, given: Option<String>) -> Option<String> {
        let set = |text: &String| !text.trim().is_empty() && self.counts(name);
        given.filter(set).or_else(|| self.file.get(name).cloned().filter(set))
    }

    pub(super) fn boolean(&mut self, name: &str, given: Option<String>, default: bool) -> bool {
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

    /// Returns a number of things, one at least.
    pub(super) fn count(&mut self, name: &str, given: Option<String>) -> Option<usize> {
        let text = self.text(name, given)?;
        let count = text.trim().parse().ok().filter(|count| *count > 0);
        if count.is_none() {
            self.problem(name, format!("{text:?} is no number; give 1 or more, or leave it out"));
        }
        count
    }

    /// Returns a duration, such as `15m` or `1h 30m`.
    pub(super) fn duration(&mut self, name: &str, given: Option<String>) -> Option<Duration> {
        let text = self.text(name, given)?;
        let parsed = text.trim().parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
        let duration = parsed.filter(|duration| !duration.is_zero());
        if duration.is_none() {
            self.problem(name, format!("{text:?} is no duration; give a number with its unit, such as 90s, 15m or 1h"));
        }
        duration
    }

    /// Returns a comma-separated list; one that holds only commas or blanks is a mistake, never "everything".
    pub(super) fn list<T: FromStr<Err: fmt::Display> + Ord>(&mut self, name: &str, given: Option<String>) -> Option<BTreeSet<T>> {
        if !self.counts(name) {
            return None;
        }
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
}
