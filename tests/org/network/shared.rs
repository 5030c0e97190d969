//! Subnets that another account shares: groups are the participant's, the ACL is the owner's.

use simulator::{Account, Org};

use super::{SERVICE, entries, expect_blocked, notes, only_https, rules_out};
use crate::support::{ACCOUNT, expect_exit, updater};

/// Owns the VPC; runs nothing.
pub(super) const OWNER: &str = "222233334444";
/// Another participant.
pub(super) const OTHER: &str = "333344445555";

fn owner(account: Account) -> Account {
    account.vpc("vpc-shared", |vpc| {
        let vpc = vpc
            .acl("acl-shared", |acl| acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0").allow_in(100, "-1", 0, 65535, "0.0.0.0/0"));
        let vpc = vpc.routes("rtb-shared", |table| table.route("0.0.0.0/0", "tgw-1"));
        vpc.subnet("subnet-shared", |subnet| {
            let subnet = subnet.cidr("10.0.1.0/24").acl("acl-shared").routes("rtb-shared");
            subnet.shared_with(ACCOUNT).shared_with(OTHER)
        })
    })
}

fn participant(group: &'static str) -> impl Fn(Account) -> Account {
    move |account| {
        let account = account.vpc("vpc-shared", |vpc| vpc.owned_by(OWNER).group(group, only_https));
        account.service_with(SERVICE, "httpd.json", |service| service.network(&["subnet-shared"], &[group]))
    }
}

pub(super) fn org() -> Org {
    let org = Org::new().console(|console| console.self_hosted()).account(OWNER, owner);
    org.account(ACCOUNT, participant("sg-one")).account(OTHER, participant("sg-two"))
}

#[tokio::test]
async fn the_owners_acl_is_opened_once_for_all_participants_in_the_owners_account() {
    let world = org().start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, 0);
    assert_eq!(
        entries(&world, OWNER, "acl-shared"),
        ["out 100 allow tcp 443-443 0.0.0.0/0", "out 110 allow tcp 8084-8084 0.0.0.0/0", "in 100 allow all 0.0.0.0/0"]
    );
    assert_eq!(world.calls().of("CreateNetworkAclEntry"), 1);
    assert_eq!(rules_out(&world, ACCOUNT, "sg-one").len(), 2);
    assert_eq!(rules_out(&world, OTHER, "sg-two").len(), 2);
    let told = format!("opened        {OWNER} us-east-1 vpc-shared  acl-shared: entry 110 out, TCP 8084 to 0.0.0.0/0");
    assert!(run.stdout.contains(&told), "{}", run.stdout);
}

#[tokio::test]
async fn an_owner_outside_of_this_runs_scope_is_reported_and_nothing_is_opened() {
    let world = org().start().await;
    let run = updater(&world).env("ACCOUNTS", ACCOUNT).run().await;
    let why = format!("acl-shared denies connections to the Console (127.0.0.1, TCP 8084), and belongs to account {OWNER}");
    expect_blocked(&world, &run, &why, &format!("let this run into account {OWNER} too"));
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn an_owner_that_lets_nobody_in_is_reported_too_and_an_open_acl_needs_no_owner() {
    let locked = |account: Account| owner(account).without_member_role();
    let org = || Org::new().console(|console| console.self_hosted()).account(ACCOUNT, participant("sg-one"));
    let world = org().account(OWNER, locked).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, 3);
    assert!(run.stdout.contains(&format!("belongs to account {OWNER}, where this run may not change it")), "{}", run.stdout);
    assert!(world.registered().is_empty());

    let open = |account: Account| {
        owner(account).vpc("vpc-shared", |vpc| vpc.acl("acl-shared", |acl| acl.allow_out(90, "-1", 0, 65535, "0.0.0.0/0")))
    };
    let world = org().account(OWNER, open).start().await;
    let run = updater(&world).env("ACCOUNTS", ACCOUNT).run().await;
    assert!(notes(&run).contains("transit gateway tgw-1"), "{}", run.stdout);
}
