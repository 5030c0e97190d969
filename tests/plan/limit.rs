//! How many requests a Console is sent at once, held against Consoles that can do different things.

use std::time::Duration;

use fargate_updater::plan::limit::Limit;

const QUICK: Duration = Duration::from_millis(60);

/// A Console that works on so many requests at once and lets others stand in line, as far as there is room for them.
struct Console {
    at_once: usize,
    in_line: usize,
    /// What one takes, in milliseconds, by its number.
    takes: fn(u64) -> u64,
}

impl Console {
    /// Sends it so many requests one after the other, as many at once as the limit lets. Returns how many were refused, and how many
    /// milliseconds all of it took.
    fn serve(&self, limit: &mut Limit, requests: u64) -> (u64, u64) {
        let (mut now, mut refused, mut sent) = (0_u64, 0, 0);
        // When each of those that are worked on is free again; and what is under way: when it is answered, and when it was sent.
        let mut free = vec![0_u64; self.at_once];
        let mut under_way: Vec<(u64, u64)> = Vec::new();
        while sent < requests || !under_way.is_empty() {
            while sent < requests && under_way.len() < limit.now() {
                sent += 1;
                if under_way.len() >= self.at_once + self.in_line {
                    refused += 1;
                    limit.was_busy(under_way.len() + 1);
                    now += 1;
                    continue;
                }
                let place = (0..free.len()).min_by_key(|place| free[*place]).expect("a place");
                free[place] = free[place].max(now) + (self.takes)(sent);
                under_way.push((free[place], now));
            }
            let Some(first) = (0..under_way.len()).min_by_key(|at| under_way[*at]) else { continue };
            let together = under_way.len();
            let (answered, since) = under_way.swap_remove(first);
            now = now.max(answered);
            limit.answered(Duration::from_millis(answered - since), together);
        }
        (refused, now)
    }
}

const ALIKE: fn(u64) -> u64 = |_| 60;

/// Most take five times as long as the others.
const UNLIKE: fn(u64) -> u64 = |number| if number * 7 % 10 < 3 { 50 } else { 250 };

#[test]
fn a_console_that_can_do_more_is_asked_for_more_up_to_the_most() {
    for takes in [ALIKE, UNLIKE] {
        let mut limit = Limit::new(4, 64);
        Console { at_once: 1000, in_line: 0, takes }.serve(&mut limit, 300);
        assert_eq!(limit.now(), 64);
    }
}

#[test]
fn a_console_is_kept_busy_and_its_line_short() {
    for takes in [ALIKE, UNLIKE] {
        for at_once in [1, 2, 5, 20, 40] {
            let mut limit = Limit::new(4, 64);
            let console = Console { at_once, in_line: 1000, takes };
            console.serve(&mut limit, 1000);
            let (_, took) = console.serve(&mut limit, 2000);
            let work: u64 = (1..=2000).map(takes).sum();
            let least = work / u64::try_from(at_once).expect("few");
            assert!(took <= least * 11 / 10, "{at_once}: {took} ms, {least} at least; {} at once", limit.now());
            assert!(limit.now() <= (10 * at_once).max(8), "{at_once}: {} is too many", limit.now());
        }
    }
}

#[test]
fn a_console_that_says_that_it_is_busy_is_asked_for_less() {
    let mut limit = Limit::new(4, 64);
    let (refused, _) = Console { at_once: 10, in_line: 2, takes: ALIKE }.serve(&mut limit, 3000);
    assert!((6..=13).contains(&limit.now()), "{}", limit.now());
    assert!(refused < 3000 / 20, "{refused}");
}

#[test]
fn a_console_whose_answers_differ_is_not_taken_for_a_slow_one() {
    let mut limit = Limit::new(4, 16);
    let rarely_quick: fn(u64) -> u64 = |number| if number.is_multiple_of(20) { 10 } else { 300 };
    Console { at_once: 1000, in_line: 0, takes: rarely_quick }.serve(&mut limit, 3000);
    assert!(limit.now() > 1, "{}", limit.now());
}

#[test]
fn one_refusal_of_many_that_were_sent_together_counts_once() {
    let mut limit = Limit::new(64, 64);
    for _ in 0..64 {
        limit.was_busy(64);
    }
    assert_eq!(limit.now(), 44, "70% of 64");
    limit.was_busy(44);
    assert_eq!(limit.now(), 31);
}

#[test]
fn one_request_can_always_be_sent() {
    let mut limit = Limit::new(0, 0);
    for under_way in [1, 1, 1] {
        limit.was_busy(under_way);
        assert_eq!(limit.now(), 1);
    }
    limit.answered(QUICK, 1);
    assert_eq!(limit.now(), 1);
}

#[test]
fn a_console_that_has_become_slower_is_not_taken_for_busy_for_ever() {
    let mut limit = Limit::new(4, 16);
    (0..200).for_each(|_| limit.answered(QUICK, 16));
    assert_eq!(limit.now(), 16);
    (0..2000).for_each(|_| limit.answered(QUICK * 10, 16));
    assert_eq!(limit.now(), 16);
}

#[test]
fn what_is_not_used_up_does_not_grow() {
    let mut limit = Limit::new(4, 64);
    (0..100).for_each(|_| limit.answered(QUICK, 1));
    assert_eq!(limit.now(), 4);
}
