//! How fast a run is, and which share of the organization is its own.

use super::reader::Reader;
use crate::cli::Given;
use crate::plan::bucket::Pace;
use crate::plan::shard::Shard;

/// Names the child of an array job that this is, counted from 0. AWS Batch sets it, and nobody else should.
/// Source: AWS Batch User Guide, "Array jobs" (read 2026-11).
const BATCH_INDEX: &str = "AWS_BATCH_JOB_ARRAY_INDEX";

/// Chosen by measurement, with the simulator's 200 accounts in 17 Regions at 60 ms a call on two cores: 32 take twice as long for no less
/// CPU time a call, and 128 come to 1.6 times the bound instead of 1.1, because one core is busy then.
const CONCURRENCY: usize = 64;

/// How fast a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpeedSettings {
    /// How much of AWS's quotas it takes (`PACE`).
    pub pace: Pace,
    /// Most calls to AWS in flight at once (`CONCURRENCY`).
    pub concurrency: usize,
    /// How many times AWS's published quotas are; one, outside of tests.
    pub quota_scale: u16,
    /// Most account-Regions that are walked at once.
    pub regions_walked: usize,
    /// Most services that are known and not done with, if that is given.
    services_kept: Option<u32>,
}

impl SpeedSettings {
    /// Returns how many services may be known and not done with, in a run that follows roll-outs or in one that does not.
    ///
    /// What waits longer than half a minute for its turn has to be looked at again; a run that does not follow roll-outs does some hundred
    /// services a second. Roll-outs take minutes, and as many as possible should be under way at once.
    pub fn most_services_kept(&self, follows: bool) -> u32 {
        self.services_kept.unwrap_or(if follows { 10_000 } else { 3_000 })
    }
}

impl Reader {
    pub(super) fn speed(&mut self, given: &Given) -> SpeedSettings {
        let pace = match self.text("PACE", given.pace.clone()).map(|text| text.parse()) {
            None => Pace::default(),
            Some(Ok(pace)) => pace,
            Some(Err(problem)) => {
                self.problem("PACE", format!("{problem}"));
                Pace::default()
            }
        };
        let concurrency = self.count("CONCURRENCY", given.concurrency.clone()).unwrap_or(CONCURRENCY);
        SpeedSettings {
            pace,
            concurrency,
            quota_scale: given.quota_scale,
            regions_walked: given.regions_walked.into(),
            services_kept: given.services_kept,
        }
    }

    /// Reads which accounts are this run's (`SHARD`, `SHARDS`).
    pub(super) fn shard(&mut self, given: &Given, environment: &impl Fn(&str) -> Option<String>) -> Shard {
        let shard = self.text("SHARD", given.shard.clone());
        let shards = self.count("SHARDS", given.shards.clone());
        let whole = Shard::whole();
        match (shard, shards) {
            (None, None) => whole,
            (Some(shard), shards) => match shard.parse::<Shard>() {
                Ok(shard) if shards.is_none_or(|shards| u32::try_from(shards) == Ok(shard.count())) => shard,
                Ok(_) => {
                    self.problem("SHARDS", format!("it contradicts SHARD ({}); give one of them", shard.trim()));
                    whole
                }
                Err(problem) => {
                    self.problem("SHARD", problem.to_string());
                    whole
                }
            },
            (None, Some(shards)) => {
                let index = environment(BATCH_INDEX).filter(|text| !text.trim().is_empty());
                let Some(index) = index else {
                    let text = format!(
                        "it says how many shares there are and not which one this is: give SHARD, such as 0/{shards}, or set {BATCH_INDEX}"
                    );
                    self.problem("SHARDS", text);
                    return whole;
                };
                match format!("{}/{shards}", index.trim()).parse() {
                    Ok(shard) => shard,
                    Err(_) => {
                        let text = format!(
                            "{BATCH_INDEX} is {index:?}, and with {shards} shares it counts from 0 to {}; SHARDS must be the size of the array job",
                            shards - 1
                        );
                        self.problem("SHARDS", text);
                        whole
                    }
                }
            }
        }
    }
}
