//! How many requests a Console is sent at once, held against Consoles that can do different things.

use std::time::Duration;

use fargate_updater::plan::limit::Limit;

const QUICK: Duration = Duration::from_millis(60);

/// A Console that works on so many requests at once and lets the others stand in line, as far as there is room for them.
struct Console {
    at_once: usize,
    in_line: usize,
}

impl Console {
    /// Answers a round of requests that are sent together, and returns how many were answered.
    fn round(&self, limit: &mut Limit) -> usize {
        let sent = limit.now();
        let answered = sent.min(self.at_once + self.in_line);
        let turns = u32::try_from(answered.div_ceil(self.at_once)).expect("few");
        // Those that come first are answered first; on average an answer takes half of the time that the last one takes.
        for number in 0..answered {
            let turn = u32::try_from(number / self.at_once).expect("few") + 1;
            limit.answered(QUICK * turn.min(turns), sent);
        }
        for _ in answered..sent {
            limit.was_busy(sent);
        }
        answered
    }
}

#[test]
fn a_console_that_can_do_more_is_asked_for_more_up_to_the_most() {
    let mut limit = Limit::new(4, 64);
    let console = Console { at_once: 1000, in_line: 0 };
    let rounds = (1..)
        .take_while(|_| {
            console.round(&mut limit);
            limit.now() < 64
        })
        .count()
        + 1;
    assert!(rounds <= 6, "it doubles: {rounds}");
    console.round(&mut limit);
    assert_eq!(limit.now(), 64);
}

#[test]
fn a_console_is_kept_busy_and_its_line_short() {
    for at_once in [1, 2, 5, 20, 40] {
        let mut limit = Limit::new(4, 64);
        let console = Console { at_once, in_line: 1000 };
        for _ in 0..200 {
            console.round(&mut limit);
        }
        assert!(limit.now() >= at_once, "{at_once}: {} is too few", limit.now());
        assert!(limit.now() <= 6 * at_once, "{at_once}: {} is too many", limit.now());
    }
}

#[test]
fn a_console_that_says_that_it_is_busy_is_asked_for_less() {
    let mut limit = Limit::new(4, 64);
    let console = Console { at_once: 10, in_line: 0 };
    let (mut sent, mut answered) = (0, 0);
    for _ in 0..300 {
        sent += limit.now();
        answered += console.round(&mut limit);
    }
    assert!((6..=12).contains(&limit.now()), "{}", limit.now());
    assert!(f64::from(u32::try_from(sent - answered).expect("few")) < f64::from(u32::try_from(sent).expect("few")) * 0.05);
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
    (0..100).for_each(|_| limit.answered(QUICK, 16));
    assert_eq!(limit.now(), 16);
    (0..600).for_each(|_| limit.answered(QUICK * 10, 16));
    assert_eq!(limit.now(), 16);
}

#[test]
fn what_is_not_used_up_does_not_grow() {
    let mut limit = Limit::new(4, 64);
    (0..100).for_each(|_| limit.answered(QUICK, 1));
    assert_eq!(limit.now(), 4);
}
