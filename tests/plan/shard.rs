//! Shares of an organization: every account belongs to exactly one, whatever version of the program asks.

use fargate_updater::ids::AccountId;
use fargate_updater::plan::Scope;
use fargate_updater::plan::scope::Mode;
use fargate_updater::plan::shard::Shard;
use proptest::prelude::*;

use crate::generate;

fn account(number: u64) -> AccountId {
    format!("{number:012}").parse().expect("an account")
}

#[test]
fn shares_are_counted_from_zero() {
    for text in ["0/1", "0/4", "3/4", " 1 / 2 "] {
        assert_eq!(text.parse::<Shard>().expect(text).to_string(), text.replace(' ', ""));
    }
    let cases = [
        ("4/4", "the last one is 3/4"),
        ("1/0", "such as 0/4"),
        ("2", "such as 0/4"),
        ("-1/4", "such as 0/4"),
        ("a/b", "such as 0/4"),
        ("1/2/3", "such as 0/4"),
    ];
    for (text, told) in cases {
        let problem = text.parse::<Shard>().expect_err(text).to_string();
        assert!(problem.contains(told), "{text}: {problem}");
    }
}

#[test]
fn an_account_belongs_to_the_same_share_in_every_version() {
    // Worked out apart from the program. What was true once must stay so: a run of another version walks the other shares.
    let cases = [(111_122_223_333, 16, 0), (222_233_334_444, 16, 7), (123_456_789_012, 16, 11), (111_122_223_333, 3, 0)];
    for (number, of, index) in cases {
        let holding: Vec<u32> =
            (0..of).filter(|index| Shard::new(*index, of).expect("a share").holds(&account(number))).collect();
        assert_eq!(holding, [index], "{number} of {of}");
    }
}

#[test]
fn accounts_that_are_alike_are_spread() {
    for of in [2, 3, 4, 7, 16, 100] {
        let mut held = vec![0_u32; of as usize];
        for number in 0..10_000 {
            let shard = (0..of).find(|index| Shard::new(*index, of).expect("a share").holds(&account(100_000_000_000 + number)));
            held[shard.expect("some share") as usize] += 1;
        }
        let even = 10_000.0 / f64::from(of);
        let (least, most) = (held.iter().min().expect("some"), held.iter().max().expect("some"));
        assert!(f64::from(*least) > even * 0.6 && f64::from(*most) < even * 1.4, "{of}: {least} to {most} of {even}");
    }
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn every_account_is_walked_by_exactly_one_share(number in 0_u64..1_000_000_000_000, of in 1_u32..500) {
        let scope = |index| Scope { shard: Shard::new(index, of).expect("a share"), ..Scope::everything(Mode::Organization) };
        let account = account(number);
        prop_assert_eq!((0..of).filter(|index| scope(*index).walks(&account)).count(), 1);
        prop_assert!((0..of).all(|index| scope(index).includes_account(&account)), "it is in the scope of all");
    }
}
