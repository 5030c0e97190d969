//! Something goes wrong in between: nothing is opened twice, half of a way is not opened, and the next run goes on.

use simulator::scenario::network::{DEFAULT_VPC, NetworkAcl, SecurityGroup};
use simulator::{Account, Fault, Moment, Org};

use super::{ACL, GROUP, SERVICE, entries, expect_blocked, noted, notes, only_https, opened, rules_out, self_hosted, with_acl};
use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, kill_at_write, updater};

fn only_https_out(acl: NetworkAcl) -> NetworkAcl {
    acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0").allow_in(100, "-1", 0, 65535, "0.0.0.0/0")
}

fn closed() -> Org {
    self_hosted(|vpc| with_acl(vpc.group(GROUP, only_https), only_https_out))
}

#[tokio::test]
async fn a_run_that_is_killed_while_it_opens_is_finished_by_the_next_and_nothing_is_there_twice() {
    // A rule, a note, an entry, a registration, an update.
    for write in 1..=5 {
        for moment in [Moment::Before, Moment::After] {
            let case = format!("killed {moment:?} write {write}");
            let world = closed().start().await;
            kill_at_write(&world, updater(&world), write, moment).await;

            let next = updater(&world).run().await;
            expect_exit(&next, 0);
            expect_defender(&world, ACCOUNT, HOME, SERVICE);
            assert_eq!(rules_out(&world, ACCOUNT, GROUP), ["tcp 443-443 0.0.0.0/0", "tcp 8084-8084 0.0.0.0/0"], "{case}");
            let entries = entries(&world, ACCOUNT, ACL);
            assert_eq!(entries.iter().filter(|entry| entry.contains("8084")).count(), 1, "{case}: {entries:?}");
            assert_eq!(noted(&world, ACL), "out:110 run:RUN", "{case}");
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_no_failure_and_no_second_rule() {
    for operation in ["AuthorizeSecurityGroupEgress", "CreateNetworkAclEntry"] {
        let world = closed().fault_at(operation, 1, Fault::LostAnswer).start().await;
        let run = updater(&world).run().await;
        assert_eq!(notes(&run), "", "{operation}");
        assert_eq!(rules_out(&world, ACCOUNT, GROUP).len(), 2, "{operation}");
        assert_eq!(entries(&world, ACCOUNT, ACL).len(), 3, "{operation}");
        assert_eq!(opened(&run).len(), 2, "{operation}: what was opened is told: {}", run.stdout);
    }
}

/// One block that is there has AWS refuse them all; the others are opened one by one, and each is told, even if not all have room.
#[tokio::test]
async fn a_block_that_somebody_lets_out_to_meanwhile_keeps_no_other_closed_and_hides_none_that_is_opened() {
    let blocks = ["203.0.113.10/32", "203.0.113.20/32", "203.0.113.30/32"];
    for (limit, told) in [(60, 3), (3, 2)] {
        let world = self_hosted(|vpc| vpc.group(GROUP, |group| only_https(group).egress_limit(limit))).start().await;
        let adding = world.hold("AuthorizeSecurityGroupEgress");
        let running = updater(&world).env("CONSOLE_CIDRS", blocks.join(",")).start().await;
        adding.reached().await;
        let theirs = |group: SecurityGroup| group.egress("tcp", 8084, 8084, blocks[0]);
        world.change_vpc(ACCOUNT, HOME, DEFAULT_VPC, |vpc| vpc.group(GROUP, theirs));
        adding.release();
        let run = running.wait().await;
        let lines = opened(&run);
        assert_eq!(lines.len(), told, "{}", run.stdout);
        assert_eq!(lines.iter().filter(|line| line.contains("(sgr-")).count(), told - 1, "theirs has no id of ours: {lines:#?}");
        assert_eq!(rules_out(&world, ACCOUNT, GROUP).len(), 1 + told, "{limit}");
        if told == blocks.len() {
            expect_exit(&run, 0);
            expect_defender(&world, ACCOUNT, HOME, SERVICE);
        } else {
            expect_exit(&run, 3);
            assert!(run.stdout.contains("no security group that the rule may go into has room"), "{}", run.stdout);
            assert_eq!(world.calls().of("RegisterTaskDefinition"), 0);
        }
    }
}

#[tokio::test]
async fn half_of_a_way_is_not_opened_when_the_other_half_is_denied() {
    for action in ["ec2:CreateNetworkAclEntry", "ec2:CreateTags", "ec2:AuthorizeSecurityGroupEgress"] {
        let shop = |account: Account| {
            let account = account.network(|vpc| with_acl(vpc.group(GROUP, only_https), only_https_out));
            account.deny(action).service(SERVICE, "httpd.json")
        };
        let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop).start().await;
        let run = updater(&world).run().await;
        expect_blocked(&world, &run, "could not open ", &format!("allow {action} in FargateUpdaterMemberPolicy"));
        assert_eq!(world.calls().writes(), 0, "{action}");
        assert_eq!(rules_out(&world, ACCOUNT, GROUP), ["tcp 443-443 0.0.0.0/0"], "{action}");
        assert_eq!(noted(&world, ACL), serde_json::Value::Null, "{action}");
    }
}

#[tokio::test]
async fn a_number_that_somebody_takes_meanwhile_is_left_to_them() {
    type Edit = fn(NetworkAcl) -> NetworkAcl;
    let theirs: [(Edit, &str, &str); 2] = [
        (|acl| acl.deny_out(110, "udp", 53, 53, "0.0.0.0/0"), "out 110 deny udp 53-53 0.0.0.0/0", "out:120 run:RUN"),
        // With what they added there is nothing left to open.
        (|acl| acl.allow_out(110, "tcp", 8000, 8999, "0.0.0.0/0"), "out 110 allow tcp 8000-8999 0.0.0.0/0", ""),
    ];
    for (edit, told, ours) in theirs {
        let world = self_hosted(|vpc| with_acl(vpc, only_https_out)).start().await;
        let creating = world.hold("CreateNetworkAclEntry");
        let running = updater(&world).start().await;
        creating.reached().await;
        world.change_vpc(ACCOUNT, HOME, DEFAULT_VPC, |vpc| vpc.acl(ACL, edit));
        creating.release();
        let run = running.wait().await;
        assert_eq!(notes(&run), "");
        let entries = entries(&world, ACCOUNT, ACL);
        assert!(entries.contains(&told.to_owned()), "{entries:#?}");
        let added = "out 120 allow tcp 8084-8084 0.0.0.0/0".to_owned();
        assert_eq!(entries.contains(&added), !ours.is_empty(), "{entries:#?}");
        assert_eq!(noted(&world, ACL), ours);
    }
}

#[tokio::test]
async fn a_full_acl_fails_the_service_and_says_so() {
    let world = self_hosted(|vpc| with_acl(vpc, |acl| only_https_out(acl).entry_limit(1))).start().await;
    let run = updater(&world).run().await;
    expect_blocked(&world, &run, "acl-private has no room for another entry", "take an entry out of it");
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_opens_nothing_new() {
    let world = closed().start().await;
    let reading = world.hold("DescribeNetworkInterfaces");
    let running = updater(&world).start().await;
    reading.reached().await;
    running.terminate().await;
    while !running.stdout_so_far().contains("SIGTERM") {
        tokio::task::yield_now().await;
    }
    reading.release();
    let run = running.wait().await;
    expect_exit(&run, 3);
    assert_eq!(world.calls().writes(), 0, "{}", run.stdout);
    assert!(run.stdout.contains("not attempted"), "{}", run.stdout);
}
