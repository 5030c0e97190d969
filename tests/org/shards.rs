//! An organization shared by several runs: each account is walked by one of them, and none is left out.

use std::collections::BTreeSet;

use fargate_updater::exit;
use futures::future::join_all;
use simulator::{Account, Org, Program, World};

use crate::support::{accounts_entered, expect_defender, expect_exit, one_container, updater};

const ACCOUNTS: usize = 23;

fn id(number: usize) -> String {
    format!("{}", 555_500_000_000_usize + number)
}

async fn many_accounts() -> World {
    let furnish = |account: Account| account.service("web/shop", one_container("shop"));
    (1..=ACCOUNTS).fold(Org::new(), |org, number| org.account(&id(number), furnish)).start().await
}

#[tokio::test]
async fn shares_side_by_side_protect_every_account_once() {
    for shared in ["SHARD", "AWS_BATCH_JOB_ARRAY_INDEX"] {
        let world = many_accounts().await;
        let share = |index: usize| -> Program {
            match shared {
                "SHARD" => updater(&world).env("SHARD", format!("{index}/3")),
                _ => updater(&world).env("SHARDS", "3").env("AWS_BATCH_JOB_ARRAY_INDEX", index.to_string()),
            }
        };
        let runs = join_all((0..3).map(|index| share(index).run())).await;
        for run in &runs {
            expect_exit(run, exit::DONE);
        }
        for number in 1..=ACCOUNTS {
            expect_defender(&world, &id(number), "us-east-1", "web/shop");
        }
        let entered = accounts_entered(&world);
        let distinct: BTreeSet<&String> = entered.iter().collect();
        assert_eq!((entered.len(), distinct.len()), (ACCOUNTS + 1, ACCOUNTS + 1), "each once, the management account too");
        assert_eq!((world.registered().len(), world.updates().len()), (ACCOUNTS, ACCOUNTS));
    }
}

#[tokio::test]
async fn a_share_without_an_account_has_nothing_to_do() {
    let world = Org::new().start().await;
    let runs = join_all((0..2).map(|index| updater(&world).env("SHARD", format!("{index}/2")).run())).await;
    for run in &runs {
        expect_exit(run, exit::DONE);
        assert!(run.stdout.contains("No service was seen"), "{}", run.stdout);
    }
    assert_eq!(accounts_entered(&world).len(), 1);
}

#[tokio::test]
async fn an_account_that_is_named_and_missing_is_told_by_one_share() {
    let world = many_accounts().await;
    let share =
        |index: usize| updater(&world).env("SHARD", format!("{index}/3")).env("ACCOUNTS", format!("{},999988887777", id(1)));
    let runs = join_all((0..3).map(|index| share(index).run())).await;
    let telling = runs.iter().filter(|run| run.stdout.contains("could not walk account 999988887777"));
    assert_eq!(telling.count(), 1);
    let failing = runs.iter().filter(|run| run.exit_code == Some(exit::NOT_ALL.into()));
    assert_eq!(failing.count(), 1);
}
