//! What stops a run: failures among many roll-outs, and the canaries before all others.

use fargate_updater::ids::AccountId;
use fargate_updater::plan::brake::{Canaries, MostFailures};
use proptest::prelude::*;

use crate::support::id;

#[test]
fn failures_are_a_number_or_a_share() {
    let cases = [
        ("10", 9, 9, false),
        ("10", 10, 200, true),
        (" 1 ", 1, 1, true),
        ("20%", 1, 1, false),
        ("20%", 2, 9, false),
        ("20%", 2, 10, true),
        ("20%", 1, 10, false),
        ("20%", 19, 100, false),
        ("100 %", 10, 10, true),
        ("1%", 0, 500, false),
    ];
    for (text, failed, ended, expected) in cases {
        let most: MostFailures = text.parse().expect(text);
        assert_eq!(most.reached(failed, ended), expected, "{text}: {failed} of {ended}");
    }
    for text in ["", "0", "-1", "0%", "101%", "a few", "5.5%"] {
        let problem = text.parse::<MostFailures>().expect_err(text);
        assert!(problem.contains("give 1 or more, or a percentage such as 20%"), "{problem}");
    }
}

fn account(number: u64) -> AccountId {
    id(&format!("{:012}", 111_122_223_333 + number))
}

#[test]
fn canaries_are_spread_over_accounts() {
    let (one, other) = (account(1), account(2));
    let mut canaries = Canaries::new(3);
    assert!(canaries.may_start(&one));
    assert!(canaries.start(&one));
    assert!(!canaries.may_start(&one), "it had one, and that is under way");
    assert!(canaries.may_start(&other), "it had none");
    assert!(canaries.start(&other));
    canaries.waits(&one);
    canaries.end(&one, true);
    assert!(!canaries.may_start(&one), "the other is under way");
    canaries.end(&other, true);
    canaries.waits(&account(3));
    assert!(!canaries.may_start(&one), "the third had none");
    canaries.waits_no_more(&account(3));
    assert!(canaries.may_start(&one), "nobody else waits");
    assert!(canaries.start(&one));
    assert!(!canaries.may_start(&account(4)), "three are as many as are wanted");
    canaries.end(&one, false);
    assert!(canaries.may_start(&account(4)), "it came to nothing");
    canaries.start(&account(4));
    canaries.end(&account(4), true);
    assert!(canaries.are_over() && canaries.may_start(&one) && !canaries.start(&one));
}

proptest! {
    /// Whatever comes in whatever order, as long as what is under way ends: somebody may always start, nobody is one too many, and
    /// everything starts in the end.
    #[test]
    fn canaries_never_stand_still(wanted in 0_usize..6, accounts in proptest::collection::vec(0_u64..4, 1..20), chance in any::<u64>()) {
        let mut canaries = Canaries::new(wanted);
        let mut waiting: Vec<AccountId> = accounts.iter().map(|number| account(*number)).collect();
        waiting.iter().for_each(|account| canaries.waits(account));
        let (mut under_way, mut ended, mut chance) = (Vec::new(), 0, chance);
        while !waiting.is_empty() {
            let may: Vec<usize> = (0..waiting.len()).filter(|at| canaries.may_start(&waiting[*at])).collect();
            prop_assert!(!may.is_empty() || !under_way.is_empty(), "nobody may start, and nothing is under way");
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let starts = under_way.is_empty() || (!may.is_empty() && chance >> 63 == 0);
            if starts {
                let account = waiting.remove(may[usize::try_from(chance >> 8).unwrap_or(0) % may.len()]);
                canaries.waits_no_more(&account);
                if canaries.start(&account) {
                    under_way.push(account);
                } else {
                    prop_assert!(ended >= wanted, "others start when every canary has ended");
                }
            } else {
                canaries.end(&under_way.remove(0), true);
                ended += 1;
            }
            prop_assert!(ended + under_way.len() <= wanted.max(ended));
        }
    }
}
