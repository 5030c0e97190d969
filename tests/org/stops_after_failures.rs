//! A bad day stays small: the first roll-outs are watched alone, and after too many failures nothing new is started.

use std::collections::BTreeSet;

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::{Account, Finished, Org, World};

use crate::support::{ACCOUNT, HOME, expect_exit, lines_about, one_container, updater};

const BAD: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/bad:1.0";

/// A definition of its own family, whose program does not run behind a Defender if it is to be bad.
fn definition(family: &str, is_bad: bool) -> Value {
    let mut definition = one_container(family);
    if is_bad {
        definition["containerDefinitions"][0]["image"] = json!(BAD);
    }
    definition
}

/// Each third service of 200 is bad.
fn fleet() -> Org {
    let all = |account: Account| {
        (0..200).fold(account, |account, n| {
            account.service(&format!("web/shop-{n:03}"), definition(&format!("shop-{n:03}"), n % 3 == 0))
        })
    };
    Org::new().account(ACCOUNT, all).image_fails_behind_defender(BAD, 1)
}

fn with_outcome(run: &Finished, outcome: &str) -> usize {
    run.stdout.lines().filter(|line| line.starts_with(&format!("{outcome} "))).count()
}

/// Checks that whoever is not protected runs what it ran, and that nothing was registered for whoever was not attempted.
fn expect_rest_untouched(world: &World, run: &Finished) {
    for n in 0..200 {
        let service = format!("web/shop-{n:03}");
        let lines = lines_about(run, &service);
        assert_eq!(lines.len(), 1, "{service} is told of in {lines:#?}");
        let runs = world.service(ACCOUNT, HOME, &service).task_definition_arn().to_owned();
        assert_eq!(runs.ends_with(":2"), lines[0].starts_with("protected"), "{service} runs {runs}: {}", lines[0]);
        if lines[0].starts_with("not attempted") {
            assert_eq!(world.revisions(ACCOUNT, HOME, &format!("shop-{n:03}")).len(), 1, "{service}");
        }
    }
}

#[tokio::test]
async fn after_ten_failures_nothing_new_is_started() {
    let world = fleet().start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    let (failed, rest) = (with_outcome(&run, "failed"), with_outcome(&run, "not attempted"));
    // What was under way when the tenth failed goes on to its end: five at most, that one among them.
    assert!((10..=14).contains(&failed), "{failed} failed");
    assert!(rest > 140, "{rest} were not attempted");
    assert!(
        run.stdout.contains("as many roll-outs failed as may, and nothing new is started (MAX_FAILURES 10)"),
        "{}",
        run.stdout
    );
    expect_rest_untouched(&world, &run);
}

#[tokio::test]
async fn a_share_of_failures_stops_a_run_too() {
    let world = fleet().start().await;
    let run = updater(&world).env("MAX_FAILURES", "25%").run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(run.stdout.contains("nothing new is started (MAX_FAILURES 25%)"), "{}", run.stdout);
    assert!(with_outcome(&run, "not attempted") > 150, "{}", run.stdout);
    expect_rest_untouched(&world, &run);
}

#[tokio::test]
async fn a_run_that_may_fail_often_goes_on() {
    let world = fleet().start().await;
    let run = updater(&world).env("MAX_FAILURES", "100").run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert_eq!((with_outcome(&run, "failed"), with_outcome(&run, "protected")), (67, 133));
    expect_rest_untouched(&world, &run);
}

const ACCOUNTS: [&str; 4] = ["111122223333", "222233334444", "333344445555", "444455556666"];

/// Four accounts with three services each.
fn four_accounts(is_bad: bool) -> Org {
    let org = ACCOUNTS.iter().fold(Org::new(), |org, id| {
        let services = |account: Account| {
            (0..3).fold(account, |account, n| {
                account.service(&format!("web/{n}-of-{id}"), definition(&format!("shop-{n}"), is_bad))
            })
        };
        org.account(id, services)
    });
    org.image_fails_behind_defender(BAD, 1)
}

fn accounts_changed(world: &World) -> BTreeSet<String> {
    world
        .updates()
        .iter()
        .map(|update| update["cluster"].as_str().and_then(|arn| arn.split(':').nth(4)).unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn a_canary_that_fails_ends_the_run() {
    let world = four_accounts(true).start().await;
    let run = updater(&world).env("CANARY", "1").run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(run.stdout.contains("12 services seen, 5 accounts in scope: 1 failed, 11 not attempted"), "{}", run.stdout);
    assert!(run.stdout.contains("one of the first roll-outs failed, and nothing else is started (CANARY)"), "{}", run.stdout);
    assert_eq!((world.registered().len(), world.updates().len()), (1, 1));
    assert_eq!(world.calls().of("StopServiceDeployment"), 1, "there and back again");
}

#[tokio::test]
async fn canaries_are_spread_over_accounts_and_watched_before_all_others() {
    let world = four_accounts(false).start().await;
    let updating = world.hold("UpdateService");
    let running = updater(&world).env("CANARY", "4").start().await;
    updating.reached().await;
    updating.release();
    let run = running.wait().await;
    expect_exit(&run, exit::DONE);
    assert!(run.stdout.contains("12 services seen, 5 accounts in scope: 12 protected"), "{}", run.stdout);
    let first: BTreeSet<String> = {
        let updates = world.updates();
        let account =
            |update: &Value| update["cluster"].as_str().and_then(|arn| arn.split(':').nth(4)).unwrap_or_default().to_owned();
        updates.iter().take(4).map(account).collect()
    };
    assert_eq!(first.len(), 4, "one in each account");
    assert_eq!(accounts_changed(&world).len(), 4);
}

#[tokio::test]
async fn nothing_else_is_started_while_a_canary_is_under_way() {
    let org = ACCOUNTS.iter().fold(Org::new(), |org, id| {
        let service = |account: Account| account.service_with("web/shop", "httpd.json", |it| it.looks_to_start(10_000));
        org.account(id, service)
    });
    let world = org.start().await;
    let run = updater(&world).env("CANARY", "1").env("WAIT_TIMEOUT", "30ms").env("ROLLBACK", "false").run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert_eq!((with_outcome(&run, "failed"), with_outcome(&run, "not attempted")), (1, 3), "{}", run.stdout);
    assert_eq!((world.updates().len(), world.registered().len()), (1, 1));
}

#[tokio::test]
async fn only_as_many_roll_outs_are_under_way_as_may() {
    let all = |account: Account| {
        (0..8).fold(account, |account, n| {
            account
                .service_with(&format!("web/shop-{n}"), definition(&format!("shop-{n}"), false), |it| it.looks_to_start(10_000))
        })
    };
    let world = Org::new().account(ACCOUNT, all).start().await;
    let run = updater(&world)
        .env("ROLLOUTS", "2")
        .env("WAIT_TIMEOUT", "15ms")
        .env("MAX_FAILURES", "1")
        .env("ROLLBACK", "false")
        .run()
        .await;
    expect_exit(&run, exit::NOT_ALL);
    // Two hang until the first of them has failed, and then nothing new is started.
    assert_eq!((with_outcome(&run, "failed"), with_outcome(&run, "not attempted")), (2, 6), "{}", run.stdout);
    assert_eq!((world.updates().len(), world.registered().len()), (2, 2));
}
