//! A dry run embeds for real, shows what would be done, and can change nothing.

use fargate_updater::aws::operations::{ALL, Effect, Role};
use fargate_updater::exit;
use simulator::iam::{Context, Policy, Request, Verdict};
use simulator::scenario::network::{APP_GROUP, NAT, NetworkAcl, PRIVATE_SUBNET, SecurityGroup};
use simulator::{Account, Org, World};

use crate::shop;
use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, updater};

/// Two services on one definition, one on another, behind a closed group and a closed ACL; one that is left alone.
fn org() -> Org {
    let only_https = |group: SecurityGroup| group.without_egress().egress("tcp", 443, 443, "0.0.0.0/0");
    let acl = |acl: NetworkAcl| acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0").allow_in(100, "-1", 0, 65535, "0.0.0.0/0");
    let shop = |account: Account| {
        let account = account.network(|vpc| {
            let vpc = vpc.group(APP_GROUP, only_https).acl("acl-private", acl);
            vpc.subnet(PRIVATE_SUBNET, |subnet| subnet.acl("acl-private"))
        });
        let account =
            account.service("web/one", "httpd.json").service("web/two", "httpd.json").service("web/three", "orders.json");
        account.service_with("web/skipped", "httpd.json", |service| service.launch_type("EC2"))
    };
    Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop)
}

async fn dry_run(world: &World) -> simulator::Finished {
    updater(world).env("DRY_RUN", "true").run().await
}

#[tokio::test]
async fn nothing_is_changed_and_a_real_run_then_does_what_was_shown() {
    let world = org().start().await;
    let before = world.snapshot();
    let run = dry_run(&world).await;
    expect_exit(&run, exit::DONE);
    assert_eq!(world.calls().writes(), 0, "{}", run.stdout);
    assert_eq!(world.snapshot(), before);
    assert!(run.stdout.contains("dry run: nothing is changed"), "{}", run.stdout);
    assert!(run.stdout.contains("Dry run: nothing was changed, and 3 services would be."), "{}", run.stdout);
    for service in ["web/one", "web/two"] {
        expect_told(&run, service, "planned", "httpd:1 would be replaced");
    }
    expect_told(&run, "web/skipped", "skipped", "it runs on EC2");
    // The Console was asked as a real run asks it: the sample, and each definition.
    assert_eq!(world.console().embeds().len(), 3);
    // What two definitions lack alike is shown once.
    for opening in [
        format!("+ network {APP_GROUP}: TCP 8084 out to 0.0.0.0/0"),
        "+ network acl-private: entry 110 out, TCP 8084 to 0.0.0.0/0".to_owned(),
    ] {
        assert_eq!(run.stdout.matches(&opening).count(), 1, "{opening}: {}", run.stdout);
    }

    let real = updater(&world).run().await;
    expect_exit(&real, exit::DONE);
    for service in ["web/one", "web/two", "web/three"] {
        expect_defender(&world, ACCOUNT, HOME, service);
    }
    let again = dry_run(&world).await;
    expect_exit(&again, exit::DONE);
    assert!(!again.stdout.contains("plan "), "nothing is left to do: {}", again.stdout);
}

#[tokio::test]
async fn the_assumed_role_may_read_and_nothing_else() {
    let world = org().start().await;
    expect_exit(&dry_run(&world).await, exit::DONE);
    let policies = world.session_policies();
    assert!(!policies.is_empty());
    for (account, policy) in policies {
        let policy = policy.unwrap_or_else(|| panic!("{account} was entered without a session policy"));
        assert!(policy.to_string().len() <= 2048, "AWS takes no longer one: {policy}");
        let policy = Policy::parse(&policy).expect("IAM takes it");
        let context = Context::default();
        let allows = |action: &str| Policy::judge([&policy], Request { action, resource: "*", context: &context });
        for operation in ALL.iter().filter(|operation| operation.role != Role::Master) {
            let allowed = operation.actions.iter().all(|action| allows(action) == Verdict::Allowed);
            assert_eq!(allowed, operation.effect == Effect::Read, "{} under {policy:?}", operation.name);
        }
    }
    // A run that writes is not narrowed.
    let world = org().start().await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    assert!(world.session_policies().iter().all(|(_, policy)| policy.is_none()));
}

#[tokio::test]
async fn the_difference_is_shown_by_name_and_no_secret_in_it() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/one", "orders.json")).start().await;
    let run = dry_run(&world).await;
    expect_exit(&run, exit::DONE);
    let plan: Vec<&str> = run.stdout.lines().skip_while(|line| !line.starts_with("plan ")).collect();
    let shown = plan.iter().take_while(|line| !line.starts_with("planned ")).map(|line| line.trim_end()).collect::<Vec<_>>();
    insta::assert_snapshot!(shown.join("\n").replace(&run_id(&run.stdout), "<run>"), @"
    plan          111122223333 us-east-1 orders:1 -> a new revision, for web/one
                    ~ containerDefinitions/orders/entryPoint: /usr/local/bin/orders -> /var/lib/twistlock/fargate/defender fargate entrypoint /usr/local/bin/orders
                    + containerDefinitions/orders/environment/TW_IMAGE_NAME
                    + containerDefinitions/orders/environment/TW_CONTAINER_NAME
                    + containerDefinitions/orders/environment/DEFENDER_TYPE
                    + containerDefinitions/orders/environment/FARGATE_TASK
                    + containerDefinitions/orders/environment/FILESYSTEM_MONITORING
                    + containerDefinitions/orders/volumesFrom/TwistlockDefender
                    + containerDefinitions/orders/dependsOn/TwistlockDefender
                    + containerDefinitions/orders/linuxParameters/capabilities/add: SYS_PTRACE
                    + containerDefinitions/TwistlockDefender (image registry-auth.twistlock.com/***/twistlock/defender:defender_34_03_138)
                    + tags/fargate-updater:source: orders:1
                    + tags/fargate-updater:defender-version: 34.03.138
                    + tags/fargate-updater:run-id: <run>
    ");
    for secret in world.console().definition().secrets() {
        assert!(!run.stdout.contains(&secret), "{secret}");
    }
}

fn run_id(stdout: &str) -> String {
    let line = stdout.lines().next().expect("a first line");
    line.split(' ').nth(1).expect("the run's id").to_owned()
}

#[tokio::test]
async fn an_upgrade_shows_what_differs_and_why() {
    let world = shop::org().start().await;
    shop::run(&world, shop::as_it_is).await;
    world.console().set_version("34.04.145");
    world.gate().forget_calls();
    let run = dry_run(&world).await;
    expect_exit(&run, exit::DONE);
    assert_eq!(world.calls().writes(), 0);
    expect_told(&run, "web/shop", "planned", "because it carries Defender 34.03.138, today's is 34.04.145");
    let image = "~ containerDefinitions/TwistlockDefender/image: registry-auth.twistlock.com/***/twistlock/defender:defender_34_03_138 -> \
                 registry-auth.twistlock.com/***/twistlock/defender:defender_34_04_145";
    assert!(run.stdout.contains(image), "{}", run.stdout);
    assert!(run.stdout.contains("Would be upgraded, and why"), "{}", run.stdout);
}

#[tokio::test]
async fn what_would_fail_fails_and_what_an_earlier_run_registered_is_named() {
    let nowhere = |account: Account| {
        let account = account.network(|vpc| vpc.nat(NAT, |nat| nat.state("failed")));
        account.service("web/one", "httpd.json")
    };
    let world = Org::new().account(ACCOUNT, nowhere).start().await;
    let run = dry_run(&world).await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, "web/one", "failed", "which is not available");

    // Killed between registering and updating.
    let world = Org::new().account(ACCOUNT, |account| account.service("web/one", "httpd.json")).start().await;
    let there = world.on_write(1, simulator::Moment::After);
    let mut running = updater(&world).start().await;
    there.reached().await;
    running.kill().await;
    running.wait().await;
    world.gate().forget_calls();
    let run = dry_run(&world).await;
    expect_exit(&run, exit::DONE);
    assert!(run.stdout.contains("httpd:1 -> httpd:2, for web/one"), "{}", run.stdout);
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn with_the_callers_own_credentials_there_is_no_writer_either() {
    let org = Org::new().without_policies().management(|account| account.service("web/one", "httpd.json"));
    let world = org.start().await;
    let run = updater(&world).args(["--dry-run", "--deployment-mode=single", "--assume-role=false"]).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/one", "planned", "httpd:1 would be replaced");
    assert_eq!(world.calls().writes(), 0);
}
