//! One run changes no more services than it may, and the next ones go on until all are done.

use fargate_updater::exit;
use serde_json::Value;
use simulator::scenario::Definition;
use simulator::scenario::network::{APP_GROUP, SecurityGroup};
use simulator::{Account, Finished, Org, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, updater};

const OTHER: &str = "222233334444";

/// A definition of its own family.
fn family(name: &str) -> Value {
    let mut definition = Definition::from("httpd.json").load();
    definition["family"] = name.into();
    definition
}

/// Two services on one definition in one account, and three on three in another.
fn org() -> Org {
    let shop = |account: Account| account.service("web/one", "httpd.json").service("web/two", "httpd.json");
    let pay = |account: Account| {
        let account = account.service("pay/a", family("a")).service("pay/b", family("b"));
        account.service("pay/c", family("c"))
    };
    Org::new().account(ACCOUNT, shop).account(OTHER, pay)
}

async fn run(world: &World, most: &str) -> Finished {
    world.gate().forget_calls();
    updater(world).env("MAX_CHANGES", most).run().await
}

fn told(run: &Finished, outcome: &str) -> usize {
    run.stdout.lines().filter(|line| line.starts_with(&format!("{outcome} "))).count()
}

#[tokio::test]
async fn what_one_run_leaves_the_next_one_does() {
    let world = org().start().await;
    for (done, left) in [(2, 3), (2, 1)] {
        let run = run(&world, "2").await;
        expect_exit(&run, exit::NOT_ALL);
        assert_eq!((told(&run, "protected"), told(&run, "not attempted")), (done, left), "{}", run.stdout);
        assert_eq!(world.calls().of("UpdateService"), done as u64, "{}", run.stdout);
        let why = "it would be changed, and one run changes 2 at most (MAX_CHANGES); the next run goes on";
        assert_eq!(run.stdout.matches(why).count(), left, "{}", run.stdout);
    }
    let last = run(&world, "2").await;
    expect_exit(&last, exit::DONE);
    assert_eq!((told(&last, "protected"), told(&last, "up to date")), (1, 4), "{}", last.stdout);
    for (account, place) in [(ACCOUNT, "web/one"), (ACCOUNT, "web/two"), (OTHER, "pay/a"), (OTHER, "pay/b"), (OTHER, "pay/c")] {
        expect_defender(&world, account, HOME, place);
    }
}

/// The revision that the first service was moved to is there for the second.
#[tokio::test]
async fn services_of_one_definition_are_parted_and_share_its_revision() {
    let shop = |account: Account| account.service("web/one", "httpd.json").service("web/two", "httpd.json");
    let world = Org::new().account(ACCOUNT, shop).start().await;
    expect_exit(&run(&world, "1").await, exit::NOT_ALL);
    assert_eq!((world.calls().of("RegisterTaskDefinition"), world.calls().of("UpdateService")), (1, 1));
    expect_exit(&run(&world, "1").await, exit::DONE);
    assert_eq!((world.calls().of("RegisterTaskDefinition"), world.calls().of("UpdateService")), (0, 1));
    for place in ["web/one", "web/two"] {
        expect_defender(&world, ACCOUNT, HOME, place);
    }
}

#[tokio::test]
async fn nothing_is_opened_or_registered_for_what_is_left() {
    let only_https = |group: SecurityGroup| group.without_egress().egress("tcp", 443, 443, "0.0.0.0/0");
    let closed = move |account: Account| account.network(|vpc| vpc.group(APP_GROUP, only_https));
    let shop = move |account: Account| closed(account).service("web/a", family("a"));
    let pay = move |account: Account| closed(account).service("pay/a", family("a"));
    let org = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop).account(OTHER, pay);
    let world = org.start().await;
    expect_exit(&run(&world, "1").await, exit::NOT_ALL);
    let calls = world.calls();
    assert_eq!((calls.of("AuthorizeSecurityGroupEgress"), calls.of("RegisterTaskDefinition")), (1, 1));
}

/// What fails before it is moved leaves its change to others.
#[tokio::test]
async fn a_service_that_is_not_moved_takes_no_change_from_others() {
    let shop = |account: Account| account.service("web/one", "httpd.json").deny("ecs:RegisterTaskDefinition");
    let pay = |account: Account| account.service("pay/a", family("a"));
    let world = Org::new().account(ACCOUNT, shop).account(OTHER, pay).start().await;
    // One after the other, so that whoever is denied has given its change back.
    let run = updater(&world).env("MAX_CHANGES", "1").args(["--services-kept=1", "--regions-walked=1"]).run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert_eq!((told(&run, "failed"), told(&run, "not attempted")), (1, 0), "{}", run.stdout);
    expect_defender(&world, OTHER, HOME, "pay/a");
}

#[tokio::test]
async fn machines_are_told_why_a_service_was_not_attempted() {
    let world = org().start().await;
    let run = updater(&world).env("MAX_CHANGES", "4").env("LOG_FORMAT", "json").run().await;
    let lines: Vec<Value> = run.lines().into_iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let left: Vec<&Value> = lines.iter().filter(|line| line["message"] == "service not attempted").collect();
    assert_eq!(left.len(), 1, "{}", run.stdout);
    assert_eq!((&left[0]["reason"], &left[0]["level"]), (&Value::from("max-changes"), &Value::from("warn")));
    assert_eq!(lines.last().expect("a last line")["complete"], false, "not all is done");
}

#[tokio::test]
async fn a_dry_run_shows_as_many_as_a_run_would_change() {
    let world = org().start().await;
    let run = updater(&world).env("MAX_CHANGES", "4").env("DRY_RUN", "true").run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert_eq!((told(&run, "planned"), told(&run, "not attempted")), (4, 1), "{}", run.stdout);
}
