//! The shortest time in which a run can do its work: what binds it, and for how long.
//!
//! Of everything that takes time by itself, the longest: each bucket of AWS's in the largest account and Region, which starts full; the
//! pages of ListAccounts, which come one after the other; the Console; and the calls that are in flight at once. Roll-outs that are
//! waited for come after all of that.

use std::time::Duration;

use super::Size;
use super::calls::{Kind, calls, in_a_region};
use crate::aws::throttling::{Limit, ecs_limit, sts_limit};

/// From the first call about an account to the last one about one of its services, when nothing is waited for: the role, the Regions,
/// clusters, services, a task definition, embedding, and registering; what comes after that overlaps with other services.
const ROUND_TRIPS: u32 = 7;

/// The operations of ECS's whose buckets are spent from, one for each bucket, with the others that share it.
const BUCKETS: [&[&str]; 6] = [
    &["RegisterTaskDefinition"],
    &["UpdateService"],
    &["DescribeTaskDefinition"],
    &["DescribeServices", "ListServices"],
    &["ListClusters", "DescribeClusters"],
    &["TagResource"],
];

/// What a run has to work with.
#[derive(Clone, Copy, Debug)]
pub struct Means {
    /// How long each call takes.
    pub latency: Duration,
    /// The share of AWS's buckets that it spends; `None` when AWS does not throttle.
    pub pace: Option<f64>,
    /// Calls to AWS in flight at once.
    pub concurrency: u64,
    /// How many task definitions the Console embeds in a second; `None` when any number.
    pub embeds_a_second: Option<f64>,
    /// How long it is between two looks at a roll-out.
    pub between_looks: Duration,
}

/// A lower bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    pub seconds: f64,
    /// What takes that long.
    pub by: String,
    /// Whether that is one of AWS's own buckets.
    pub is_quota: bool,
}

/// Returns the shortest time in which a run can do its work.
pub fn time(size: &Size, means: &Means) -> Bound {
    let least = calls(size);
    let latency = means.latency.as_secs_f64();
    let round_trips = latency * f64::from(ROUND_TRIPS);
    let mut bounds = vec![Bound { seconds: round_trips, by: format!("{ROUND_TRIPS} round trips"), is_quota: false }];
    let mut other = |seconds: f64, by: &str| bounds.push(Bound { seconds, by: by.to_owned(), is_quota: false });
    other(least.of("ListAccounts") as f64 * latency, "pages of ListAccounts");
    other(least.to(Kind::Aws) as f64 * latency / means.concurrency.max(1) as f64, "calls in flight");
    if let Some(rate) = means.embeds_a_second {
        other(least.of("POST defenders/fargate.json") as f64 / rate, "the Console");
    }
    if let Some(pace) = means.pace {
        let quota = |limit: Limit, calls: u64, by: &str| {
            let waits = limit.share(pace).seconds_for(calls);
            Bound { seconds: waits + if waits > 0.0 { round_trips } else { 0.0 }, by: by.to_owned(), is_quota: true }
        };
        bounds.push(quota(sts_limit(), least.of("AssumeRole"), "AssumeRole"));
        let region = in_a_region(size);
        for operations in BUCKETS {
            let spent = operations.iter().map(|operation| region.of(operation)).sum();
            let limit = operations.first().and_then(|operation| ecs_limit(operation));
            bounds.extend(limit.map(|limit| quota(limit, spent, &operations.join(" and "))));
        }
    }
    let longest = bounds.into_iter().reduce(|longest, bound| if bound.seconds > longest.seconds { bound } else { longest });
    let mut bound = longest.unwrap_or(Bound { seconds: 0.0, by: String::new(), is_quota: false });
    if let Some(roll_outs) = size.roll_outs.filter(|_| size.changes() > 0) {
        bound.seconds += (size.waves() * roll_outs.looks) as f64 * means.between_looks.as_secs_f64();
        bound.by.push_str(", then roll-outs");
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::least::RollOuts;

    const MEANS: Means = Means {
        latency: Duration::from_millis(60),
        pace: Some(0.8),
        concurrency: 64,
        embeds_a_second: None,
        between_looks: Duration::from_millis(150),
    };

    const ONE_REGION: Size =
        Size { accounts: 1, regions: 1, used_regions: 1, services: 500, is_protected: false, roll_outs: None };

    #[test]
    fn the_longest_term_binds() {
        let small = Size { accounts: 40, regions: 3, used_regions: 3, services: 5, ..ONE_REGION };
        let tiny = Size { services: 5, ..ONE_REGION };
        let waits = Size { roll_outs: Some(RollOuts { looks: 6, at_once: 5 }), ..tiny };
        let two_waves = Size { roll_outs: Some(RollOuts { looks: 6, at_once: 3 }), ..tiny };
        let unthrottled = Means { pace: None, ..MEANS };
        let slow_console = Means { embeds_a_second: Some(10.0), ..MEANS };
        let many = Means { concurrency: 10_000, ..MEANS };
        let wide = Size { accounts: 10_000, services: 0, used_regions: 0, ..ONE_REGION };
        let cases = [
            ("D - 16 at 0.8 a second", ONE_REGION, MEANS, (500.0 - 16.0) / 0.8 + 0.42, "RegisterTaskDefinition"),
            ("in the burst only the way is left", tiny, MEANS, 0.42, "7 round trips"),
            ("roll-outs come on top", waits, MEANS, 0.42 + 0.9, "7 round trips, then roll-outs"),
            ("wave by wave", two_waves, MEANS, 0.42 + 1.8, "7 round trips, then roll-outs"),
            ("one in flight after the other", small, MEANS, calls(&small).to(Kind::Aws) as f64 * 0.06 / 64.0, "calls in flight"),
            (
                "nothing throttles",
                ONE_REGION,
                unthrottled,
                calls(&ONE_REGION).to(Kind::Aws) as f64 * 0.06 / 64.0,
                "calls in flight",
            ),
            ("a slow Console", small, slow_console, 60.1, "the Console"),
            ("many accounts and no end of calls in flight", wide, many, 30.0, "pages of ListAccounts"),
        ];
        for (name, size, means, seconds, by) in cases {
            let bound = time(&size, &means);
            assert!((bound.seconds - seconds).abs() < 1e-9, "{name}: {bound:?} instead of {seconds}");
            assert_eq!(bound.by, by, "{name}");
            assert_eq!(bound.is_quota, by.starts_with("Register"), "{name}");
        }
    }

    #[test]
    fn a_larger_share_takes_less_time() {
        let whole = time(&ONE_REGION, &Means { pace: Some(1.0), ..MEANS });
        assert!((whole.seconds - 480.42).abs() < 1e-9, "{whole:?}");
    }
}
