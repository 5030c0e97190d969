//! AWS's token buckets: the burst at once, then exactly the refill, and a share of both left to others.

use std::time::{Duration, Instant};

use fargate_updater::plan::bucket::{Bucket, Buckets, FEW, Limit, Pace};
use proptest::prelude::*;

use crate::generate;

fn pace(text: &str) -> Pace {
    text.parse().expect("a pace")
}

#[test]
fn a_pace_is_a_percentage() {
    let cases = [("80", "80%"), ("80%", "80%"), (" 1 % ", "1%"), ("100", "100%")];
    for (text, shown) in cases {
        assert_eq!(pace(text).to_string(), shown, "{text:?}");
    }
    for text in ["0", "101", "-1", "0.8", "fast", "", "%"] {
        let problem = text.parse::<Pace>().expect_err(text).to_string();
        assert!(problem.contains("from 1 to 100"), "{problem}");
    }
}

#[test]
fn a_pace_takes_its_share_of_burst_and_refill() {
    let cases = [
        ("registrations", "80", (20, 1), Limit { burst: 16.0, refill: 0.8 }),
        ("all of it", "100", (20, 1), Limit { burst: 20.0, refill: 1.0 }),
        ("one call can always be made", "1", (20, 1), Limit { burst: 1.0, refill: 0.01 }),
    ];
    for (name, share, published, limit) in cases {
        assert_eq!(pace(share).of(published), limit, "{name}");
    }
}

#[test]
fn the_burst_is_spent_at_once_and_then_the_refill() {
    let start = Instant::now();
    let seconds = Duration::from_secs;
    let mut bucket = Bucket::full(Limit { burst: 3.0, refill: 0.5 }, start);
    assert!(bucket.is_full(start));
    for _ in 0..3 {
        assert_eq!(bucket.reserve(start), Duration::ZERO);
    }
    assert_eq!(bucket.reserve(start), seconds(2), "one token in two seconds");
    assert_eq!(bucket.reserve(start), seconds(4), "behind the one that waits already");
    assert_eq!(bucket.reserve(start + seconds(4)), seconds(2));
    assert_eq!(bucket.reserve(start + seconds(9)), Duration::ZERO, "one has come back");
    assert!(!bucket.is_full(start + seconds(10)));
    assert!(bucket.is_full(start + seconds(60)));
    assert_eq!(bucket.reserve(start + seconds(60)), Duration::ZERO);
}

#[test]
fn the_longest_queue_is_that_whose_last_call_waits_longest() {
    let start = Instant::now();
    let mut buckets = Buckets::default();
    let (slow, fast) = (Limit { burst: 1.0, refill: 0.5 }, Limit { burst: 1.0, refill: 20.0 });
    assert!(buckets.longest_queue(start).is_none(), "nobody has called");
    for _ in 0..5 {
        buckets.of("fast", fast, start).reserve(start);
    }
    buckets.of("slow", slow, start).reserve(start);
    assert_eq!(buckets.longest_queue(start).map(|(key, _)| *key), Some("fast"), "nobody waits for the slow one");
    for _ in 0..2 {
        buckets.of("slow", slow, start).reserve(start);
    }
    let longest =
        |now: Instant| buckets.longest_queue(now).map(|(key, bucket)| (*key, bucket.longest_wait(now), bucket.a_second()));
    assert_eq!(longest(start), Some(("slow", Duration::from_secs(4), 0.5)));
    assert_eq!(longest(start + Duration::from_secs(1)), Some(("slow", Duration::from_secs(3), 0.5)));
    assert_eq!(longest(start + Duration::from_secs(4)), None);
}

#[test]
fn what_aws_says_about_its_bucket_counts_more_than_ours() {
    let start = Instant::now();
    let mut bucket = Bucket::full(Limit { burst: 10.0, refill: 1.0 }, start);
    bucket.was_empty(start);
    assert_eq!(bucket.reserve(start), Duration::from_secs(1), "somebody else has drunk it");
    bucket.was_empty(start);
    assert_eq!(bucket.reserve(start), Duration::from_secs(2), "who waits already is not counted again");
}

#[test]
fn buckets_that_are_full_again_are_forgotten() {
    let mut now = Instant::now();
    let limit = Limit { burst: 50.0, refill: 20.0 };
    let mut buckets = Buckets::default();
    for account in 0..100 * FEW {
        buckets.of(account, limit, now).reserve(now);
        now += Duration::from_millis(1);
        assert!(buckets.kept() <= FEW, "a token is back after 50 ms");
    }
    let mut buckets = Buckets::default();
    for account in 0..10 * FEW {
        buckets.of(account, limit, now).reserve(now);
    }
    assert_eq!(buckets.kept(), 10 * FEW, "none is full again");
    assert_eq!(buckets.of(0, limit, now).reserve(now), Duration::ZERO);
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn no_stretch_of_time_sees_more_calls_than_burst_and_refill(
        burst in 1_u32..20,
        refill in 1_u32..20,
        gaps in prop::collection::vec(0_u64..500, 1..60),
    ) {
        let start = Instant::now();
        let limit = Limit { burst: f64::from(burst), refill: f64::from(refill) };
        let mut bucket = Bucket::full(limit, start);
        let (mut now, mut made) = (start, Vec::new());
        for gap in gaps {
            now += Duration::from_millis(gap);
            made.push(now + bucket.reserve(now));
        }
        prop_assert!(made.is_sorted(), "whoever comes first is served first");
        for (first, from) in made.iter().enumerate() {
            for (last, to) in made.iter().enumerate().skip(first) {
                let allowed = limit.burst + limit.refill * (*to - *from).as_secs_f64();
                // Durations are whole nanoseconds.
                prop_assert!((last - first + 1) as f64 <= allowed + 1e-6);
            }
        }
    }
}
