//! Each task takes an address: a service whose subnets have none for the tasks that its roll-out starts is left before anything is
//! opened or registered for it, and one that would be short of them is warned about.

use fargate_updater::exit;
use simulator::scenario::network::{APP_GROUP, DEFAULT_VPC, PRIVATE_SUBNET};
use simulator::{Account, Org, Service};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, updater};

/// An organization of one service in a subnet of eleven addresses.
fn small(edit: impl FnOnce(Service) -> Service) -> Org {
    let network = |account: Account| {
        account.network(|vpc| {
            vpc.subnet(PRIVATE_SUBNET, |subnet| subnet.cidr("10.0.0.0/28")).group(APP_GROUP, |it| it.without_egress())
        })
    };
    Org::new().account(ACCOUNT, |account| network(account).service_with("web/one", "httpd.json", edit))
}

type Edit = fn(Service) -> Service;

#[tokio::test]
async fn a_service_without_addresses_for_its_roll_out_is_left_alone() {
    let cases: [(&str, Edit, &str); 3] = [
        (
            "none is free",
            |it| it.desired_count(11),
            "its subnet subnet-0123456789abcdef0 has no free address, and its deployment has to start 1 task",
        ),
        ("no task may stop first", |it| it.desired_count(11).percents(100, 110), "has no free address"),
        (
            "blue/green",
            |it| it.desired_count(6).strategy("BLUE_GREEN"),
            "has 5 free addresses, and its deployment has to start 6 tasks",
        ),
    ];
    for (name, edit, text) in cases {
        let world = small(edit).start().await;
        let run = updater(&world).run().await;
        expect_exit(&run, exit::DONE);
        expect_told(&run, "web/one", "skipped", text);
        assert_eq!(world.calls().writes(), 0, "{name}: nothing is opened either");
    }
}

#[tokio::test]
async fn a_service_with_addresses_for_a_part_of_it_goes_on_with_a_warning() {
    let cases: [(&str, Edit, Option<&str>); 5] = [
        ("one is free", |it| it.desired_count(10), Some("has 1 free address, and ECS would start 10 tasks")),
        (
            "none, and one may stop first",
            |it| it.desired_count(11).percents(90, 200),
            Some("has no free address, and ECS would start 11"),
        ),
        ("as many as are needed", |it| it.desired_count(5), None),
        ("none more is started", |it| it.desired_count(11).percents(50, 100), None),
        ("blue/green with room", |it| it.desired_count(5).strategy("BLUE_GREEN"), None),
    ];
    for (name, edit, warning) in cases {
        let world = small(edit).start().await;
        let run = updater(&world).run().await;
        expect_exit(&run, exit::DONE);
        expect_defender(&world, ACCOUNT, HOME, "web/one");
        match warning {
            Some(text) => {
                assert!(run.stdout.contains(&format!("warning: its subnet {PRIVATE_SUBNET} {text}")), "{name}: {}", run.stdout)
            }
            None => assert!(!run.stdout.contains("free address"), "{name}: {}", run.stdout),
        }
        assert_eq!(world.calls().of("DescribeSubnets"), 1, "{name}");
    }
}

#[tokio::test]
async fn a_run_that_keeps_away_from_networks_does_not_count() {
    let world = small(|it| it.desired_count(11)).start().await;
    let run = updater(&world).env("NETWORK", "off").env("WAIT", "false").run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/one", "protected", "httpd:1 -> httpd:2");
    assert_eq!(world.calls().of("DescribeSubnets"), 0);
}

#[tokio::test]
async fn a_service_that_runs_todays_defender_is_not_counted() {
    let world = small(|it| it.desired_count(11)).start().await;
    world.change_vpc(ACCOUNT, HOME, DEFAULT_VPC, |vpc| vpc.group(APP_GROUP, |it| it.egress("tcp", 443, 443, "0.0.0.0/0")));
    expect_exit(&updater(&world).env("NETWORK", "off").run().await, exit::DONE);
    expect_told(&updater(&world).run().await, "web/one", "up to date", "httpd:2");
}

#[tokio::test]
async fn a_subnet_that_another_account_shares_counts_with_all_who_are_in_it() {
    let (owner, other) = ("222233334444", "333344445555");
    let shared = |account: Account| {
        account.vpc("vpc-shared", |vpc| {
            let vpc = vpc.routes("rtb-shared", |table| table.route("0.0.0.0/0", "tgw-1"));
            vpc.subnet("subnet-shared", |subnet| {
                subnet.cidr("10.0.1.0/28").routes("rtb-shared").shared_with(ACCOUNT).shared_with(other)
            })
        })
    };
    let participant = |group: &'static str, tasks: u64| {
        move |account: Account| {
            let account = account.vpc("vpc-shared", |vpc| vpc.owned_by(owner).group(group, |group| group));
            account.service_with("web/one", "httpd.json", |it| it.network(&["subnet-shared"], &[group]).desired_count(tasks))
        }
    };
    let org =
        Org::new().account(owner, shared).account(ACCOUNT, participant("sg-one", 3)).account(other, participant("sg-two", 8));
    let world = org.start().await;
    let run = updater(&world).env("ACCOUNTS", ACCOUNT).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/one", "skipped", "its subnet subnet-shared has no free address");
}
