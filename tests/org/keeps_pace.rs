//! As fast as AWS's quotas allow and no faster, with few calls, few connections, and a Console that is asked for what it can do.

use std::time::Duration;

use fargate_updater::exit;
use fargate_updater::journey::{OpenRegion, Seen};
use fargate_updater::plan::ServiceFacts;
use simulator::{Account, Org, Program, World};
use tokio_util::sync::CancellationToken;

use crate::closing::enter;
use crate::support::{ACCOUNT, HOME, expect_exit, one_container, updater};

const EMBED: &str = "POST defenders/fargate.json";

/// An account with so many services in one cluster, each with a definition of its own.
fn busy(account: Account, services: usize) -> Account {
    (1..=services).fold(account, |account, number| {
        account.service(&format!("web/service-{number}"), one_container(&format!("service-{number}")))
    })
}

#[tokio::test]
async fn whoever_keeps_the_pace_is_not_throttled() {
    // At 80% sixteen registrations are let through at once, and the others when their turn comes.
    let world = Org::new().throttled_as_aws_throttles().account(ACCOUNT, |account| busy(account, 18)).start().await;
    let program = Program::new(env!("CARGO_BIN_EXE_fargate-updater")).in_world(&world).env("LOG_FORMAT", "text");
    let run = program.args(["--watch-every-ms=1", "--wait=false"]).run().await;
    expect_exit(&run, exit::DONE);
    assert!(run.stdout.contains("18 services seen, 2 accounts in scope: 18 protected"), "{}", run.stdout);
    assert_eq!((world.registered().len(), world.gate().throttled().total()), (18, 0));
}

#[tokio::test]
async fn a_run_needs_no_more_calls_than_it_must() {
    let furnish = |account: Account| busy(account, 12).region("eu-west-1", |region| region).region("eu-west-2", |region| region);
    let accounts = [ACCOUNT, "222233334444", "333344445555"];
    let org = accounts.iter().fold(Org::new().without_empty_pages(), |org, id| org.account(id, furnish));
    let world = org.start().await;
    let run = updater(&world).env("WAIT", "false").env("NETWORK", "off").run().await;
    expect_exit(&run, exit::DONE);
    let calls = world.calls();
    // Four accounts are walked, of which three have Regions without clusters and the fourth has nothing at all.
    let least = [
        ("GetSecretValue", 1),
        ("ListAccounts", 1),
        ("AssumeRole", 4),
        ("DescribeRegions", 4),
        ("ListClusters", 3 * 3 + 1),
        ("DescribeClusters", 3),
        ("ListServices", 3),
        ("DescribeServices", 3 * 2),
        ("DescribeTaskDefinition", 3 * (12 + 12)),
        ("RegisterTaskDefinition", 3 * 12),
        ("UpdateService", 3 * 12),
        ("TagResource", 3 * 12),
        // Which images run: all tasks of a cluster together.
        ("ListTasks", 3),
        ("DescribeTasks", 3),
        // Each definition once however many accounts have it, and the sample.
        (EMBED, 12 + 1),
    ];
    for (operation, least) in least {
        assert_eq!(calls.of(operation), least, "{operation}");
    }
    world.gate().forget_calls();
    let run = updater(&world).env("WAIT", "false").env("NETWORK", "off").run().await;
    expect_exit(&run, exit::DONE);
    let calls = world.calls();
    assert_eq!((calls.of("DescribeTaskDefinition"), calls.of(EMBED), calls.writes()), (3 * 12, 1, 0), "the second time");
}

#[tokio::test]
async fn connections_are_no_more_than_calls_in_flight() {
    let world = Org::new().latency(Duration::from_millis(5)).account(ACCOUNT, |account| busy(account, 30)).start().await;
    let run = updater(&world).env("CONCURRENCY", "4").run().await;
    expect_exit(&run, exit::DONE);
    let connections = world.gate().connections_to(simulator::Server::Aws);
    assert!((1..=4).contains(&connections), "{connections}");
}

#[tokio::test]
async fn a_console_that_can_do_little_is_not_driven_into_failures() {
    let org = Org::new().console(|console| console.capacity(2, 1, 1)).account(ACCOUNT, |account| busy(account, 40));
    let world = org.start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    assert!(run.stdout.contains("40 protected"), "{}", run.stdout);
    assert_eq!(world.console().embeds().len(), 41, "what was refused for want of room was not embedded");
}

/// Opens the home Region of an account with the library itself, and describes its services.
async fn opened(world: &World) -> (OpenRegion, Vec<ServiceFacts>) {
    let account = enter(world, ACCOUNT, false, &CancellationToken::new()).await;
    let open = OpenRegion::new(account, HOME.parse().expect("a Region"), 5);
    let services = open.reader.every_service().await.expect("they can be read");
    world.gate().forget_calls();
    (open, services)
}

#[tokio::test]
async fn services_that_come_next_are_looked_at_together() {
    let world = Org::new().account(ACCOUNT, |account| busy(account, 25)).start().await;
    let (open, services) = opened(&world).await;
    let hour = Duration::from_secs(3600);
    let next = |from: usize| -> Vec<_> { services[from..].iter().map(|it| (it.cluster.clone(), it.arn.clone())).collect() };
    for (number, service) in services.iter().enumerate() {
        let (_, seen) = open.look_again(vec![service.clone()], &next(number + 1), hour).await;
        assert!(matches!(&seen[..], [(before, Seen::Now(now))] if before.arn == service.arn && now.arn == service.arn));
    }
    assert_eq!(world.calls().of("DescribeServices"), 3, "25 services by ten");
    // What was seen beforehand is for one look, and only for so long.
    let (_, seen) = open.look_again(vec![services[3].clone()], &[], hour).await;
    assert!(matches!(&seen[..], [(_, Seen::Now(_))]));
    open.look_again(vec![services[4].clone()], &next(5), Duration::ZERO).await;
    open.look_again(vec![services[5].clone()], &next(6), Duration::ZERO).await;
    assert_eq!(world.calls().of("DescribeServices"), 6);
}

#[tokio::test]
async fn a_crowded_cluster_is_asked_about_as_a_whole_only_when_that_is_no_more_calls() {
    // 311 tasks: four calls list them all, and four describe them.
    let crowded = |account: Account| {
        let account = busy(account, 11);
        account.service_with("web/crowd", one_container("crowd"), |service| service.desired_count(300).running_count(300))
    };
    let asked = |world: &World| (world.calls().of("ListTasks"), world.calls().of("DescribeTasks"));
    let world = Org::new().account(ACCOUNT, crowded).start().await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    let (listed, described) = asked(&world);
    assert_eq!((listed, described), (3 + 4, 3 + 4), "three services by themselves, and then all that are left together");
}
