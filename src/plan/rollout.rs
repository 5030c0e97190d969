//! Can a service's deployment settings carry out a roll-out at all, and at what price? Plain numbers in, an answer out.

/// How many tasks a service has, and how ECS may replace them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tasks {
    pub desired: u32,
    pub running: u32,
    /// What has to go on running during a deployment, as a percentage of the desired tasks; nothing, if ECS does not replace them
    /// by percentages (blue/green, linear and canary deployments).
    pub percents: Option<Percents>,
}

/// The percentages of a rolling deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percents {
    pub minimum_healthy: u32,
    pub maximum: u32,
}

/// ECS's own for services that run as many tasks as they are told.
/// Source: Amazon ECS API Reference, DeploymentConfiguration (read 2026-11).
impl Default for Percents {
    fn default() -> Self {
        Self { minimum_healthy: 100, maximum: 200 }
    }
}

impl Percents {
    /// Returns how many of so many tasks have to go on running, and how many may run at most.
    fn of(self, desired: u64) -> (u64, u64) {
        let (minimum, maximum) = (u64::from(self.minimum_healthy), u64::from(self.maximum));
        ((desired * minimum).div_ceil(100), desired * maximum / 100)
    }
}

/// What becomes of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deployable {
    Yes,
    /// No task runs, and none is replaced.
    NothingRuns,
    /// Every old task may be stopped before a new one is there.
    WithDowntime,
    /// ECS may neither start a task more nor stop one, and waits for good.
    Never,
}

/// How many tasks a deployment starts beside those that run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extra {
    /// So many have to be there before the first old one may stop.
    pub needed: u64,
    /// So many ECS would start at once.
    pub most: u64,
}

impl Tasks {
    /// Returns what a deployment would come to.
    ///
    /// ECS rounds the minimum up and the maximum down to whole tasks.
    /// Source: Amazon ECS API Reference, DeploymentConfiguration, `minimumHealthyPercent` and `maximumPercent` (read 2026-11).
    pub fn deployable(&self) -> Deployable {
        if self.desired == 0 {
            return Deployable::NothingRuns;
        }
        let Some(percents) = self.percents else { return Deployable::Yes };
        let desired = u64::from(self.desired);
        let (has_to_run, may_run) = percents.of(desired);
        match (may_run > desired, has_to_run) {
            (true, _) => Deployable::Yes,
            (false, 0) => Deployable::WithDowntime,
            (false, has_to_run) if has_to_run < desired => Deployable::Yes,
            (false, _) => Deployable::Never,
        }
    }

    /// Returns how many tasks a deployment starts beside those that run.
    ///
    /// Where ECS may stop a task first, it needs no room for another; blue/green and the like have all new tasks run beside the old.
    /// Source: Amazon ECS Developer Guide, "Amazon ECS blue/green deployments" (from memory).
    pub fn extra(&self) -> Extra {
        let desired = u64::from(self.desired);
        let Some(percents) = self.percents else { return Extra { needed: desired, most: desired } };
        let (has_to_run, may_run) = percents.of(desired);
        let most = may_run.saturating_sub(desired);
        let needed = if has_to_run < desired { 0 } else { most.min(1) };
        Extra { needed, most }
    }

    /// Returns whether tasks are missing, for whatever reason: a roll-out would be judged by what is none of its doing.
    pub fn are_missing(&self) -> bool {
        self.running < self.desired
    }
}
