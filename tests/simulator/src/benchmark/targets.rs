//! What has to come out, target by target.
//!
//! A target that is about every run names those that miss it, and one about certain runs is not judged when they were not measured.

use std::io::{self, Write};

use crate::arguments::Arguments;
use crate::child::Measured;
use crate::scenarios::names;

/// A figure, and what it may be at most.
struct Figure {
    of: &'static str,
    is: f64,
    at_most: f64,
}

/// A target: what it says, how many digits its figures have, and the figures.
struct Target {
    says: &'static str,
    digits: usize,
    figures: Vec<Figure>,
}

/// Writes a line for each target.
///
/// # Errors
///
/// When the writer fails.
pub(crate) fn tell(rows: &[Measured], arguments: &Arguments, out: &mut impl Write) -> io::Result<()> {
    for target in targets(rows, arguments) {
        writeln!(out, "- {}: {}", target.says, target.told())?;
    }
    Ok(())
}

impl Figure {
    fn is_missed(&self) -> bool {
        // What is no number meets nothing.
        self.is.is_nan() || self.is > self.at_most
    }

    fn told(&self, digits: usize) -> String {
        format!("{:.digits$} in {}", self.is, self.of)
    }
}

impl Target {
    fn told(&self) -> String {
        let missed: Vec<String> =
            self.figures.iter().filter(|figure| figure.is_missed()).map(|figure| figure.told(self.digits)).collect();
        if !missed.is_empty() {
            return format!("missed ({})", missed.join("; "));
        }
        let nearest = self.figures.iter().max_by(|one, other| (one.is / one.at_most).total_cmp(&(other.is / other.at_most)));
        nearest.map_or_else(|| "not measured".to_owned(), |figure| format!("met (at most {})", figure.told(self.digits)))
    }
}

fn targets(rows: &[Measured], arguments: &Arguments) -> Vec<Target> {
    let named = |name: &str| rows.iter().find(|row| row.name == name);
    let every = |at_most: &dyn Fn(&Measured) -> f64, is: &dyn Fn(&Measured) -> f64| -> Vec<Figure> {
        rows.iter().map(|row| Figure { of: row.name, is: is(row), at_most: at_most(row) }).collect()
    };
    let some = |wanted: &[&str], at_most: f64, is: &dyn Fn(&Measured) -> f64| -> Vec<Figure> {
        let rows = wanted.iter().filter_map(|name| named(name));
        rows.map(|row| Figure { of: row.name, is: is(row), at_most }).collect()
    };
    let compared = |large: &str, small: &str, at_most: f64, is: &dyn Fn(&Measured) -> f64| -> Vec<Figure> {
        let pair = named(large).zip(named(small));
        pair.into_iter().map(|(large, small)| Figure { of: large.name, is: is(large) / is(small), at_most }).collect()
    };
    let concurrency = arguments.concurrency() as f64;
    let is_limited = named(names::QUARTER).is_some_and(|row| matches!(row.limited, Some(Ok(_))));
    let quarter = if is_limited { compared(names::QUARTER, names::SMALL, 2.0, &|row| row.seconds) } else { Vec::new() };
    vec![
        Target { says: "calls <= 1.02 x the minimum", digits: 4, figures: every(&|_| 1.02, &Measured::calls_ratio) },
        Target { says: "throttled calls <= 1%", digits: 2, figures: every(&|_| 1.0, &|row| row.throttled_share() * 100.0) },
        Target {
            says: "failures 0, and every service done",
            digits: 0,
            figures: every(&|_| 0.0, &|row| {
                let missing = row.size.all_services().saturating_sub(row.done()).max(row.undone());
                missing.max(u64::from(!row.is_whole())) as f64
            }),
        },
        Target {
            says: "AssumeRole calls = accounts, by how many it is not",
            digits: 0,
            figures: every(&|_| 0.0, &|row| row.calls.of("AssumeRole").abs_diff(row.size.accounts) as f64),
        },
        Target {
            says: "connections to AWS <= CONCURRENCY",
            digits: 0,
            figures: every(&|_| concurrency, &|row| row.connections_to_aws as f64),
        },
        Target {
            says: "wall time <= 1.25 x the bound, 500 definitions in one account-Region",
            digits: 2,
            figures: some(&[names::DEFINITIONS], 1.25, &Measured::time_ratio),
        },
        Target {
            says: "wall time <= 1.25 x the bound, 200 x 4 x 25 with an unlimited Console",
            digits: 2,
            figures: some(&[names::MIDDLE], 1.25, &Measured::time_ratio),
        },
        Target { says: "CPU <= 0.6 s per 1,000 calls", digits: 2, figures: every(&|_| 0.6, &Measured::cpu_per_thousand) },
        Target {
            says: "peak RSS <= 96 MiB at 2,000 x 17",
            digits: 0,
            figures: some(&[names::WIDEST], 96.0, &|row| row.peak_mib),
        },
        Target {
            says: "peak RSS at 2,000 x 17 <= 1.3 x that at 200 x 17",
            digits: 2,
            figures: compared(names::WIDEST, names::WIDE, 1.3, &|row| row.peak_mib),
        },
        Target {
            says: "a walk of 10,000 accounts stays flat: peak RSS <= 1.3 x that at 200 x 17",
            digits: 2,
            figures: compared(names::LARGEST, names::WIDE, 1.3, &|row| row.peak_mib),
        },
        Target { says: "in a quarter of a core <= 2 x the time without a limit", digits: 2, figures: quarter },
    ]
}
