//! What was opened is closed again where nothing needs it, and a network that was opened and closed is as before, as data.

use std::collections::BTreeSet;

use fargate_updater::network::{CloseError, Closing};
use fargate_updater::plan::network::close::{ProtectedService, StillProtected};
use fargate_updater::plan::network::facts::TaskNetwork;
use fargate_updater::report::Style;
use serde_json::{Value, json};
use simulator::scenario::network::{DEFAULT_VPC, NetworkAcl, PRIVATE_SUBNET, PUBLIC_SUBNET, Vpc};
use simulator::{Account, Fault, Finished, Org, World};
use tokio_util::sync::CancellationToken;

use super::shared::{OTHER, OWNER};
use super::{ACL, GROUP, SERVICE, entries, noted, only_https, opened, rules_out, self_hosted, with_acl};
use crate::closing::{close_in, enter};
use crate::support::{ACCOUNT, HOME, expect_exit, updater};

const TEXT: Style = Style::Text { colour: false };

fn closed_acl(acl: NetworkAcl) -> NetworkAcl {
    acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0").allow_in(100, "tcp", 443, 443, "0.0.0.0/0")
}

/// A closed group, and closed ACLs of the tasks' subnet and of their NAT gateway's: what is opened is a rule, a way out and a way
/// back in the one, and a way out in the other.
fn closed_network(vpc: Vpc) -> Vpc {
    let vpc = with_acl(vpc.group(GROUP, only_https), closed_acl);
    let acl = |acl: NetworkAcl| {
        let acl = acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0").allow_out(200, "-1", -1, -1, "10.0.0.0/16");
        acl.allow_in(100, "-1", -1, -1, "0.0.0.0/0")
    };
    vpc.acl("acl-public", acl).subnet(PUBLIC_SUBNET, |subnet| subnet.acl("acl-public"))
}

/// Nothing has a Defender any more in these accounts, all of which were looked at.
fn nothing_in(accounts: &[&str]) -> StillProtected {
    let looked_at = accounts.iter().map(|account| account.parse().expect("an account")).collect();
    StillProtected { services: Vec::new(), looked_at }
}

/// What still has a Defender besides.
fn with(mut still: StillProtected, account: &str, subnet: &str, group: &str) -> StillProtected {
    let (subnets, security_groups) = (BTreeSet::from([subnet.into()]), BTreeSet::from([group.into()]));
    let network = TaskNetwork { subnets, security_groups, public_address: false };
    let account = account.parse().expect("an account");
    still.services.push(ProtectedService { account, name: SERVICE.to_owned(), network });
    still
}

/// Closes the home Region of an account, where AWS tells what was opened.
async fn close(world: &World, account: &str, still: &StillProtected, run: Option<&str>) -> (Closing, String) {
    let (closing, told) = crate::closing::close(world, account, still, run, true, TEXT).await;
    (closing.expect("AWS tells what was opened"), told)
}

/// Everything of EC2 that is in a world, in all accounts.
fn networks(world: &World) -> Vec<Value> {
    let snapshot = world.snapshot();
    let places = snapshot.as_object().expect("places by their names").iter();
    places.map(|(name, place)| json!([name, place["network"]])).collect()
}

fn run_id(run: &Finished) -> String {
    let line = run.stdout.lines().find_map(|line| line.strip_prefix("run ")).expect("the run says its id");
    line.split(' ').next().expect("a word").to_owned()
}

#[tokio::test]
async fn a_network_that_was_opened_and_closed_is_as_before_and_closing_again_does_nothing() {
    let world = self_hosted(closed_network).start().await;
    let before = networks(&world);
    assert!(before.iter().any(|place| place[1]["vpcs"].is_array()), "the network is not where it was: {before:?}");
    let run = updater(&world).run().await;
    expect_exit(&run, 0);
    assert_ne!(networks(&world), before);

    let (closing, told) = close(&world, ACCOUNT, &nothing_in(&[ACCOUNT]), None).await;
    assert!(closing.failed.is_empty() && closing.kept.is_empty(), "{closing:?}");
    assert_eq!(networks(&world), before);
    // What was told as opened is told as closed, word for word.
    let lines = |told: &str, word: &str| -> BTreeSet<String> {
        let lines = told.lines().filter(|line| line.starts_with(word));
        lines.map(|line| line[word.len()..].trim().split(", for ").next().expect("a text").to_owned()).collect()
    };
    assert!(opened(&run).len() == 4, "{}", run.stdout);
    assert_eq!(lines(&told, "closed  "), lines(&run.stdout, "opened  "), "{told}");
    assert_eq!(closing.closed.len(), opened(&run).len());
    assert!(told.contains("\nClosed\n  111122223333 us-east-1 "), "{told}");

    world.gate().forget_calls();
    let (again, told) = close(&world, ACCOUNT, &nothing_in(&[ACCOUNT]), None).await;
    assert!(again.closed.is_empty() && again.kept.is_empty() && again.failed.is_empty(), "{again:?}");
    assert!(!told.contains("closed"), "{told}");
    assert_eq!(world.calls().writes(), 0);
    assert_eq!(world.calls().of("DescribeNetworkInterfaces") + world.calls().of("DescribeSubnets"), 0, "nothing is open");
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_closed_and_may_not_close_it() {
    let world = self_hosted(closed_network).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, 0);
    let before = networks(&world);
    world.gate().forget_calls();
    let (closing, told) = crate::closing::close(&world, ACCOUNT, &nothing_in(&[ACCOUNT]), None, false, TEXT).await;
    let closing = closing.expect("a session that only reads may read this");
    assert_eq!(closing.closed.len(), opened(&run).len());
    assert!(closing.closed.iter().all(|closed| closed.planned));
    assert_eq!(told.lines().filter(|line| line.starts_with("to close      ")).count(), closing.closed.len(), "{told}");
    assert_eq!((world.calls().writes(), networks(&world)), (0, before));
}

#[tokio::test]
async fn what_a_service_with_a_defender_needs_stays_open_and_is_told_with_the_reason() {
    let world = self_hosted(closed_network).start().await;
    expect_exit(&updater(&world).run().await, 0);
    let before = networks(&world);
    let still = with(nothing_in(&[ACCOUNT]), ACCOUNT, PRIVATE_SUBNET, GROUP);
    world.gate().forget_calls();
    let (closing, told) = close(&world, ACCOUNT, &still, None).await;
    assert!(closing.closed.is_empty() && closing.failed.is_empty(), "{closing:?}");
    assert_eq!((world.calls().writes(), networks(&world)), (0, before));
    let whose = format!("because service {SERVICE} of account {ACCOUNT}");
    for (what, why) in [
        (GROUP, "carries the group and still has a Defender".to_owned()),
        (ACL, format!("runs in {PRIVATE_SUBNET} behind this ACL and still has a Defender")),
        ("acl-public", "runs in the same VPC, still has a Defender, and its way out may lead past this ACL".to_owned()),
    ] {
        let line = told.lines().find(|line| line.starts_with("kept open ") && line.contains(&format!("  {what}: ")));
        let line = line.unwrap_or_else(|| panic!("{what} is not told: {told}"));
        assert!(line.contains(&format!("{whose} {why}")), "{line}");
    }
    assert!(told.contains("\nKept open, and why\n"), "{told}");
}

#[tokio::test]
async fn with_a_run_only_what_that_run_opened_is_closed() {
    let shop = |account: Account| {
        let account = account.network(|vpc| with_acl(vpc.group("sg-one", only_https).group("sg-two", only_https), closed_acl));
        let account = account.service_with("one/app", "httpd.json", |it| it.network(&[PRIVATE_SUBNET], &["sg-one"]));
        account.service_with("two/app", "orders.json", |it| it.network(&[PRIVATE_SUBNET], &["sg-two"]))
    };
    let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop).start().await;
    let before = networks(&world);
    let one = updater(&world).env("CLUSTERS", format!("arn:aws:ecs:{HOME}:{ACCOUNT}:cluster/one")).run().await;
    expect_exit(&one, 0);
    let two = updater(&world).run().await;
    expect_exit(&two, 0);
    assert_eq!((opened(&one).len(), opened(&two).len()), (3, 1), "{}{}", one.stdout, two.stdout);

    let (closing, told) = close(&world, ACCOUNT, &nothing_in(&[ACCOUNT]), Some(&run_id(&two))).await;
    assert_eq!((closing.closed.len(), closing.kept.len()), (1, 3), "{closing:?}");
    assert!(told.contains(&format!("because run {} opened it, which is not the one to undo", run_id(&one))), "{told}");
    assert_eq!((rules_out(&world, ACCOUNT, "sg-one").len(), rules_out(&world, ACCOUNT, "sg-two").len()), (2, 1));
    assert_eq!(noted(&world, ACL), "out:110 in:110 run:RUN");

    let (closing, _) = close(&world, ACCOUNT, &nothing_in(&[ACCOUNT]), Some(&run_id(&one))).await;
    assert_eq!((closing.closed.len(), closing.kept.len()), (3, 0), "{closing:?}");
    assert_eq!(networks(&world), before);
}

#[tokio::test]
async fn the_owners_acl_is_closed_in_the_owners_account_when_no_participant_can_need_it() {
    let world = super::shared::org().start().await;
    let before = networks(&world);
    expect_exit(&updater(&world).run().await, 0);
    let all = [OWNER, ACCOUNT, OTHER];

    // One participant was not looked at; then one still has a Defender.
    let (closing, told) = close(&world, OWNER, &nothing_in(&[OWNER, ACCOUNT]), None).await;
    assert!(closing.closed.is_empty(), "{closing:?}");
    assert!(told.contains(&format!("because account {OTHER} may need it, and not all of its services")), "{told}");
    let still = with(nothing_in(&all), OTHER, "subnet-shared", "sg-two");
    let (closing, told) = close(&world, OWNER, &still, None).await;
    assert!(closing.closed.is_empty(), "{closing:?}");
    assert!(told.contains(&format!("service {SERVICE} of account {OTHER} runs in subnet-shared behind this ACL")), "{told}");

    // What is a participant's is closed there, and the owner's is not touched from there.
    for (account, group) in [(ACCOUNT, "sg-one"), (OTHER, "sg-two")] {
        let (closing, _) = close(&world, account, &nothing_in(&all), None).await;
        assert_eq!((closing.closed.len(), closing.kept.len(), closing.failed.len()), (1, 0, 0), "{closing:?}");
        assert_eq!(rules_out(&world, account, group), ["tcp 443-443 0.0.0.0/0"]);
    }
    assert_eq!(entries(&world, OWNER, "acl-shared").len(), 3);
    let (closing, _) = close(&world, OWNER, &nothing_in(&all), None).await;
    assert_eq!(closing.closed.len(), 1, "{closing:?}");
    assert_eq!(networks(&world), before);
}

#[tokio::test]
async fn what_somebody_else_closes_meanwhile_is_closed_and_what_they_changed_is_theirs() {
    let world = self_hosted(closed_network).start().await;
    let before = networks(&world);
    let run = updater(&world).run().await;
    expect_exit(&run, 0);
    let revoking = world.hold("RevokeSecurityGroupEgress");
    let still = nothing_in(&[ACCOUNT]);
    let closing = close(&world, ACCOUNT, &still, None);
    let meanwhile = async {
        revoking.reached().await;
        world.change_vpc(ACCOUNT, HOME, DEFAULT_VPC, |vpc| {
            vpc.group(GROUP, only_https).acl(ACL, |acl| closed_acl(acl.without_entries()))
        });
        revoking.release();
    };
    let ((closing, _), ()) = tokio::join!(closing, meanwhile);
    assert!(closing.failed.is_empty(), "{closing:?}");
    assert_eq!(closing.closed.len(), opened(&run).len());
    assert_eq!(networks(&world), before);

    let world = self_hosted(|vpc| with_acl(vpc, closed_acl)).start().await;
    expect_exit(&updater(&world).run().await, 0);
    let theirs = |acl: NetworkAcl| closed_acl(acl.without_entries()).deny_out(110, "tcp", 8000, 8999, "0.0.0.0/0");
    world.change_vpc(ACCOUNT, HOME, DEFAULT_VPC, |vpc| vpc.acl(ACL, theirs));
    let there = entries(&world, ACCOUNT, ACL);
    let (closing, told) = close(&world, ACCOUNT, &nothing_in(&[ACCOUNT]), None).await;
    assert!(closing.closed.is_empty() && closing.failed.is_empty(), "{closing:?}");
    assert!(told.contains(&format!("{ACL}: entry 110 out, because its owner has changed it")), "{told}");
    assert_eq!((entries(&world, ACCOUNT, ACL), noted(&world, ACL)), (there, Value::Null));
}

#[tokio::test]
async fn a_lost_answer_is_no_failure_and_a_refusal_keeps_nothing_else_open() {
    for operation in ["RevokeSecurityGroupEgress", "DeleteNetworkAclEntry", "DeleteTags"] {
        let world = self_hosted(closed_network).fault_at(operation, 1, Fault::LostAnswer).start().await;
        let before = networks(&world);
        expect_exit(&updater(&world).run().await, 0);
        let (closing, _) = close(&world, ACCOUNT, &nothing_in(&[ACCOUNT]), None).await;
        assert!(closing.failed.is_empty(), "{operation}: {closing:?}");
        assert_eq!(networks(&world), before, "{operation}");
    }
    for (action, rules, tag) in [
        ("ec2:RevokeSecurityGroupEgress", 2, Value::Null),
        ("ec2:DeleteNetworkAclEntry", 1, json!("out:110 in:110 run:RUN")),
        ("ec2:DeleteTags", 1, json!("out:110 in:110 run:RUN")),
    ] {
        let shop = |account: Account| account.network(closed_network).service(SERVICE, "httpd.json").deny(action);
        let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop).start().await;
        expect_exit(&updater(&world).run().await, 0);
        let (closing, told) = close(&world, ACCOUNT, &nothing_in(&[ACCOUNT]), None).await;
        assert!(!closing.failed.is_empty() && !closing.closed.is_empty(), "{action}: {told}");
        for error in &closing.failed {
            let hint = error.hint().expect("a hint");
            assert!(hint.contains(&format!("allow {action} in FargateUpdaterMemberPolicy")), "{error}: {hint}");
        }
        assert_eq!((rules_out(&world, ACCOUNT, GROUP).len(), noted(&world, ACL)), (rules, tag), "{action}");
    }
}

#[tokio::test]
async fn a_closing_that_is_stopped_finishes_what_it_is_at_and_the_next_one_goes_on() {
    let world = self_hosted(closed_network).start().await;
    let before = networks(&world);
    expect_exit(&updater(&world).run().await, 0);
    let stop = CancellationToken::new();
    let account = enter(&world, ACCOUNT, true, &stop).await;
    let deleting = world.hold("DeleteNetworkAclEntry");
    let still = nothing_in(&[ACCOUNT]);
    let closing = close_in(&world, &account, &still, None, stop.clone(), TEXT);
    let stopping = async {
        deleting.reached().await;
        stop.cancel();
        deleting.release();
    };
    let ((closing, _), ()) = tokio::join!(closing, stopping);
    let closing = closing.expect("it was read before");
    assert!(matches!(closing.failed.as_slice(), [CloseError::Stopping]), "{closing:?}");
    // The rule and one entry, which the tag names no more.
    assert_eq!(closing.closed.len(), 2, "{closing:?}");
    assert_eq!(noted(&world, ACL), "in:110 run:RUN");

    let (closing, _) = close(&world, ACCOUNT, &nothing_in(&[ACCOUNT]), None).await;
    assert!(closing.failed.is_empty(), "{closing:?}");
    assert_eq!(networks(&world), before);
}

#[tokio::test]
async fn what_cannot_be_read_is_said_with_the_permission() {
    let shop = |account: Account| account.network(closed_network).deny("ec2:DescribeSecurityGroupRules");
    let world = Org::new().account(ACCOUNT, shop).start().await;
    let (closing, _) = crate::closing::close(&world, ACCOUNT, &nothing_in(&[ACCOUNT]), None, true, TEXT).await;
    let error = closing.expect_err("it is denied");
    assert_eq!(error.to_string(), format!("could not find out what was opened in account {ACCOUNT} in {HOME}"));
    let hint = error.hint().expect("a hint");
    assert!(hint.starts_with("allow ec2:DescribeSecurityGroupRules in FargateUpdaterMemberPolicy"), "{hint}");
}
