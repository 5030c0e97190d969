//! What `--explain` tells of a service's network, and whom it asks for that.

use fargate_updater::exit;
use simulator::scenario::network::{APP_GROUP, MAIN_ROUTES, NetworkAcl, PRIVATE_SUBNET, RouteTable as Routes, SecurityGroup};
use simulator::{Account, Org};

use super::{expect_fact, expect_looked_only, explaining, org};
use crate::support::{ACCOUNT, accounts_entered, expect_exit, one_container};

#[tokio::test]
async fn a_closed_network_is_told_with_what_would_be_opened_or_what_is_in_the_way() {
    let closed = |account: Account| {
        let only_https = |group: SecurityGroup| group.without_egress().egress("tcp", 443, 443, "0.0.0.0/0");
        account.network(|vpc| vpc.group(APP_GROUP, only_https)).service("web/shop", one_container("shop"))
    };
    let world = org(closed).console(|console| console.self_hosted()).start().await;
    let run = explaining(&world, "web/shop").run().await;
    expect_exit(&run, exit::DONE);
    expect_looked_only(&world, &run);
    let opening = format!("{APP_GROUP}: TCP 8084 out to 0.0.0.0/0");
    expect_fact(&run, "Its network", "groups", &format!("{APP_GROUP}: lets out TCP 443 to 0.0.0.0/0"));
    expect_fact(&run, "Its network", "to console", "127.0.0.1, TCP 8084: closed, and would be opened");
    expect_fact(&run, "Its network", "to registry", "TCP 443: reachable");
    expect_fact(&run, "Its network", "to open", &opening);
    expect_fact(&run, "Its network", "so", "what is missing would be opened first");
    expect_fact(&run, "Outcome", "outcome", "planned");

    let run = explaining(&world, "web/shop").env("NETWORK", "check").run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_fact(&run, "Its network", "so", "it fails: something would have to be opened, and NETWORK is check");
    expect_fact(&run, "Outcome", "way out", "set NETWORK=patch to have it opened");

    let nowhere = |account: Account| {
        let routes = |table: Routes| table.without_route("0.0.0.0/0");
        account.network(|vpc| vpc.routes(MAIN_ROUTES, routes)).service("web/shop", one_container("shop"))
    };
    let world = org(nowhere).start().await;
    let run = explaining(&world, "web/shop").run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_looked_only(&world, &run);
    expect_fact(&run, "Its network", "to console", "blocked");
    expect_fact(&run, "Its network", "to registry", "blocked");
    expect_fact(&run, "Its network", "obstacles", &format!("{MAIN_ROUTES} of {PRIVATE_SUBNET} has no route to the Console"));
    expect_fact(&run, "Its network", "so", "it fails: what is in the way is not ours to open");
    expect_fact(&run, "Outcome", "stage", "network");
    expect_fact(&run, "Outcome", "way out", "add the route");

    let run = explaining(&world, "web/shop").env("NETWORK", "off").run().await;
    expect_exit(&run, exit::DONE);
    expect_fact(&run, "Its network", "so", "it is left alone and not judged, because NETWORK is off");
}

/// What a run would do depends on whom it may enter: the owner of a shared subnet is entered here as it would be then.
#[tokio::test]
async fn the_owner_of_a_shared_subnet_is_entered_if_it_is_in_scope_and_for_that_alone() {
    const OWNER: &str = "222233334444";
    let owner = |account: Account| {
        let closed =
            |acl: NetworkAcl| acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0").allow_in(100, "-1", 0, 65535, "0.0.0.0/0");
        account.service("web/beside", "httpd.json").vpc("vpc-shared", |vpc| {
            let vpc = vpc.acl("acl-shared", closed).routes("rtb-shared", |table| table.route("0.0.0.0/0", "tgw-1"));
            vpc.subnet("subnet-shared", |it| it.cidr("10.0.1.0/24").acl("acl-shared").routes("rtb-shared").shared_with(ACCOUNT))
        })
    };
    let participant = |account: Account| {
        let account = account.vpc("vpc-shared", |vpc| vpc.owned_by(OWNER).group("sg-one", |group| group));
        account.service_with("web/shop", one_container("shop"), |it| it.network(&["subnet-shared"], &["sg-one"]))
    };
    let org = || Org::new().console(|it| it.self_hosted()).account(OWNER, owner).account(ACCOUNT, participant);
    let world = org().start().await;
    let run = explaining(&world, "web/shop").run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!((world.calls().writes(), accounts_entered(&world)), (0, vec![ACCOUNT.to_owned(), OWNER.to_owned()]));
    assert_eq!(world.calls().of("DescribeServices"), 1, "nothing of the owner's own is looked at");
    expect_fact(
        &run,
        "Its network",
        "subnets",
        &format!("subnet-shared: 10.0.1.0/24, acl-shared, rtb-shared, shared by account {OWNER}"),
    );
    expect_fact(&run, "Its network", "to open", "acl-shared: entry 110 out, TCP 8084 to 0.0.0.0/0");
    expect_fact(&run, "Its network", "cannot be seen", "transit gateway tgw-1");

    let world = org().start().await;
    let run = explaining(&world, "web/shop").env("ACCOUNTS", ACCOUNT).run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert_eq!((world.calls().writes(), accounts_entered(&world)), (0, vec![ACCOUNT.to_owned()]));
    expect_fact(&run, "Its network", "to console", "blocked");
    expect_fact(&run, "Its network", "obstacles", &format!("belongs to account {OWNER}, where this run may not change it"));
}
