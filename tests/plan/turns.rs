//! Which job goes next: the longest queue first, families apart, and nobody held up by somebody else's queue.

use fargate_updater::plan::turns::Turns;
use proptest::prelude::*;

use crate::generate;

type Queues = Turns<&'static str, &'static str, u32>;

/// Jobs of families of their own.
fn jobs(numbers: std::ops::Range<u32>) -> impl Iterator<Item = (Option<&'static str>, u32)> {
    numbers.map(|number| (None, number))
}

fn next(turns: &mut Queues) -> Option<(&'static str, u32)> {
    turns.begin_next().map(|(place, _, job)| (place, job))
}

#[test]
fn the_longest_queue_comes_first() {
    let mut turns = Queues::new(10);
    turns.add(&"short", jobs(0..1));
    turns.add(&"long", jobs(10..13));
    assert_eq!(next(&mut turns), Some(("long", 10)));
    assert_eq!(next(&mut turns), Some(("long", 11)));
    turns.add(&"longest", jobs(20..22));
    assert_eq!(next(&mut turns), Some(("longest", 20)));
    // What is left is one of each, and it does not matter whose turn is first.
    let mut rest: Vec<_> = std::iter::from_fn(|| next(&mut turns)).collect();
    rest.sort_unstable();
    assert_eq!(rest, [("long", 12), ("longest", 21), ("short", 0)]);
}

#[test]
fn a_queue_has_so_many_jobs_under_way_and_leaves_the_rest_to_others() {
    let mut turns = Queues::new(2);
    turns.add(&"long", jobs(0..100));
    turns.add(&"short", jobs(200..201));
    let taken: Vec<_> = std::iter::from_fn(|| next(&mut turns)).collect();
    assert_eq!(taken, [("long", 0), ("long", 1), ("short", 200)]);
    assert!(!turns.is_ready() && !turns.is_idle());
    assert!(turns.end(&"short", None), "it was the last one of its place");
    assert!(!turns.end(&"long", None));
    assert_eq!(next(&mut turns), Some(("long", 2)));
    assert_eq!(turns.waiting(&"long").count(), 97);
}

#[test]
fn two_jobs_of_a_family_do_not_overlap() {
    let mut turns = Queues::new(10);
    turns.add(&"here", [(Some("shop"), 1), (Some("shop"), 2), (Some("blog"), 3)]);
    turns.add(&"there", [(Some("shop"), 4)]);
    let taken: Vec<_> = std::iter::from_fn(|| next(&mut turns)).collect();
    assert_eq!(taken, [("here", 1), ("here", 3), ("there", 4)]);
    assert!(!turns.is_ready());
    turns.end(&"here", Some(&"blog"));
    assert!(!turns.is_ready(), "another family is over");
    turns.end(&"there", Some(&"shop"));
    assert!(!turns.is_ready(), "it is another family in another Region");
    turns.end(&"here", Some(&"shop"));
    assert_eq!(next(&mut turns), Some(("here", 2)));
}

#[test]
fn what_waits_can_be_taken_away_and_what_is_under_way_ends() {
    let mut turns = Queues::new(1);
    turns.add(&"here", jobs(0..3));
    turns.add(&"there", jobs(5..6));
    assert_eq!(next(&mut turns), Some(("here", 0)));
    assert_eq!(turns.drain(), [1, 2, 5]);
    assert!(!turns.is_ready() && !turns.is_idle() && turns.begin_next().is_none());
    assert!(turns.end(&"here", None) && turns.is_idle());
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn every_job_comes_once_and_bounds_are_kept(
        added in prop::collection::vec((0_usize..4, 0_usize..3), 1..80),
        lanes in 1_usize..4,
        choices in prop::collection::vec(any::<prop::sample::Index>(), 400),
    ) {
        const PLACES: [&str; 4] = ["a", "b", "c", "d"];
        const FAMILIES: [&str; 3] = ["x", "y", "z"];
        let mut turns = Queues::new(lanes);
        for (number, (place, family)) in added.iter().enumerate() {
            turns.add(&PLACES[*place], [(Some(FAMILIES[*family]), u32::try_from(number).expect("few"))]);
        }
        let (mut under_way, mut seen): (Vec<(&str, &str)>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut choices = choices.iter();
        while !turns.is_idle() {
            while let Some((place, family, job)) = turns.begin_next() {
                let family = family.expect("a family");
                prop_assert!(!under_way.contains(&(place, family)), "{place} {family} overlaps");
                under_way.push((place, family));
                prop_assert!(under_way.iter().filter(|(at, _)| *at == place).count() <= lanes);
                seen.push(job);
            }
            prop_assert!(!under_way.is_empty(), "whatever waits gets its turn");
            let over = choices.next().map_or(0, |choice| choice.index(under_way.len()));
            let (place, family) = under_way.swap_remove(over);
            turns.end(&place, Some(&family));
        }
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..u32::try_from(added.len()).expect("few")).collect::<Vec<_>>());
    }
}
