//! What must not or cannot be protected is left as it is, and the report says why in one sentence.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::scenario::Definition;
use simulator::{Account, Console, Finished, Org, Program, Service, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, expect_untouched, one_container, updater};

type Edit = fn(Service) -> Service;

/// Returns a service's definition as an earlier run, against this Console, has left it.
fn protected_by(console: &Console, family: &str) -> Value {
    let mut definition = console.protect(&one_container(family), "127.0.0.1");
    for container in definition["containerDefinitions"].as_array_mut().expect("containers") {
        // The Console answers a null where the application logs nowhere; ECS takes none.
        container.as_object_mut().expect("a container").retain(|_, value| !value.is_null());
    }
    definition
}

/// Returns a protected definition whose install bundle comes from a secret of the owner's.
fn with_the_owners_bundle() -> Value {
    let mut definition = protected_by(&Console::new(), "own-bundle");
    let sidecar = &mut definition["containerDefinitions"][1];
    let variables = sidecar["environment"].as_array_mut().expect("variables");
    variables.retain(|variable| variable["name"] != "INSTALL_BUNDLE");
    let secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:bundle-AbCdEf";
    sidecar["secrets"] = json!([{ "name": "INSTALL_BUNDLE", "valueFrom": secret }]);
    definition
}

fn with_tag(mut definition: Value, key: &str, value: &str) -> Value {
    definition["tags"] = json!([{ "key": key, "value": value }]);
    definition
}

/// Returns an older protected definition with a copy of its Defender beside it.
fn with_a_second_defender() -> Value {
    let mut definition = older("two-defenders");
    let mut second = definition["containerDefinitions"][1].clone();
    second["name"] = json!("another");
    definition["containerDefinitions"].as_array_mut().expect("containers").push(second);
    definition
}

fn older(family: &str) -> Value {
    protected_by(&Console::new().version("33.01.137"), family)
}

/// Runs the program where nothing is to be done, and checks that nothing was.
async fn run_and_expect_nothing_done(world: &World, edit: impl FnOnce(Program) -> Program) -> Finished {
    let before = world.services();
    let run = edit(updater(world)).run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(world.registered(), Vec::<Value>::new());
    assert_eq!(world.calls().writes(), 0);
    assert_eq!(world.console().embeds().len(), 1, "the Console was asked for its sample only");
    for service in before {
        expect_untouched(world, service.task_definition(), &service.account, &service.region, &service.place);
    }
    run
}

fn unedited(service: Service) -> Service {
    service
}

/// Every reason there is but those that need a setting or a cluster of their own.
fn left_alone() -> Vec<(&'static str, Definition, Edit, &'static str)> {
    let httpd = || Definition::from("httpd.json");
    let code_deploy = "its deployment controller is CODE_DEPLOY, which does not take a task definition from UpdateService";
    let external = "its deployment controller is EXTERNAL, which does not take a task definition from UpdateService";
    let express = "it is an Express Mode service: ECS writes its task definition, and an update from outside would be undone";
    let old_platform = "its platform version is 1.3.0, and the Defender needs 1.4.0 or later (SYS_PTRACE)";
    let arm64 = "its tasks run on ARM64, which the vendor does not list; ALLOW_ARM64=true embeds all the same";
    let nothing_to_wrap = "each of its containers is a log router or left out by the tag fargate-updater:skip-containers";
    let own_bundle = "its owner manages this Defender, whose INSTALL_BUNDLE comes from a secret of theirs";
    vec![
        ("ec2", httpd(), |s| s.launch_type("EC2"), "it runs on EC2, not on Fargate"),
        ("anywhere", httpd(), |s| s.launch_type("EXTERNAL"), "it runs on EXTERNAL, not on Fargate"),
        ("managed", httpd(), |s| s.launch_type("MANAGED_INSTANCES"), "it runs on MANAGED_INSTANCES, not on Fargate"),
        ("own-hosts", httpd(), |s| s.capacity_provider("own-hosts", Some(1)), "it runs on own-hosts, not on Fargate"),
        ("express", httpd(), Service::express_mode, express),
        ("blue-green", httpd(), |s| s.deployment_controller("CODE_DEPLOY"), code_deploy),
        ("task-sets", httpd(), |s| s.deployment_controller("EXTERNAL"), external),
        ("windows", "windows.json".into(), unedited, "its tasks run Windows, for which the vendor has no App-Embedded Defender"),
        ("arm64", "arm64.json".into(), unedited, arm64),
        ("old-platform", httpd(), |s| s.platform_version("1.3.0"), old_platform),
        ("draining", httpd(), |s| s.status("DRAINING"), "the service is DRAINING, not ACTIVE"),
        ("inactive", httpd(), |s| s.status("INACTIVE"), "the service is INACTIVE, not ACTIVE"),
        (
            "opted-out",
            httpd(),
            |s| s.tag("fargate-updater:skip", "ask the shop team"),
            "the tag fargate-updater:skip on the service says so",
        ),
        (
            "opted-out-by-definition",
            with_tag(one_container("opted-out"), "fargate-updater:skip", "true").into(),
            unedited,
            "the tag fargate-updater:skip on the task definition says so",
        ),
        ("all-left-out", "httpd.json".into(), |s| s.tag("fargate-updater:skip-containers", "httpd"), nothing_to_wrap),
        ("two-defenders", with_a_second_defender().into(), unedited, "more than one of its containers is a Defender"),
        (
            "stuck",
            one_container("stuck").into(),
            Service::stuck_deploying,
            "its owner's deployment is still in progress; the next run comes back to it",
        ),
        (
            "rolled-back",
            one_container("rolled-back").into(),
            |s| s.tag("fargate-updater:left-alone", "rolled-back rolled-back:1 34.03.138"),
            "this was rolled back before (tag fargate-updater:left-alone on the service)",
        ),
        (
            "undone",
            one_container("undone").into(),
            |s| s.tag("fargate-updater:left-alone", "undone undone:1 34.03.138"),
            "its protection was undone (tag fargate-updater:left-alone on the service)",
        ),
        (
            "ten-containers",
            "ten_containers.json".into(),
            unedited,
            "its task definition has ten containers already, as many as ECS allows",
        ),
        ("other-agent", "other_agent.json".into(), unedited, "its entry point is wrapped by another agent (Sysdig)"),
        ("own-bundle", with_the_owners_bundle().into(), unedited, own_bundle),
    ]
}

#[tokio::test]
async fn each_reason_to_leave_a_service_alone_is_told_and_nothing_is_touched() {
    let services = left_alone();
    let with_all = |account: Account| {
        services.iter().fold(account, |account, (name, definition, edit, _)| {
            account.service_with(&format!("all/{name}"), definition.clone(), edit)
        })
    };
    let world = Org::new().account(ACCOUNT, with_all).start().await;
    let run = run_and_expect_nothing_done(&world, |program| program).await;
    for (name, _, _, sentence) in &services {
        expect_told(&run, &format!("all/{name}"), "skipped", sentence);
    }
    let skipped = format!("{0} services seen, 2 accounts in scope: {0} skipped", services.len());
    assert!(run.stdout.contains(&skipped), "{}", run.stdout);
}

#[tokio::test]
async fn a_tag_on_a_cluster_leaves_all_of_it_alone_and_no_other() {
    let world = Org::new()
        .account(ACCOUNT, |account| {
            account
                .service("lab/one", "httpd.json")
                .service("lab/two", "orders.json")
                .cluster_tag("lab", "fargate-updater:skip", "yes")
                .service("web/shop", "two_containers.json")
                .cluster_tag("web", "fargate-updater:skip", "false")
        })
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    for service in ["lab/one", "lab/two"] {
        expect_told(&run, service, "skipped", "the tag fargate-updater:skip on the cluster says so");
    }
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    assert_eq!(world.registered().len(), 1);
}

/// The tag comes before the deployment: the service is neither waited for nor looked at again.
#[tokio::test]
async fn a_service_that_is_deploying_in_a_cluster_that_opted_out_stays_left_alone() {
    let world = Org::new()
        .account(ACCOUNT, |account| {
            account.service_with("lab/one", "httpd.json", Service::deploying).cluster_tag("lab", "fargate-updater:skip", "yes")
        })
        .start()
        .await;
    let run = run_and_expect_nothing_done(&world, |program| program).await;
    expect_told(&run, "lab/one", "skipped", "the tag fargate-updater:skip on the cluster says so");
    assert_eq!(world.calls().of("DescribeServices"), 1);
}

#[tokio::test]
async fn an_older_defender_stays_when_upgrades_are_off_and_the_reason_is_another() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/older", older("older"))).start().await;
    let run = run_and_expect_nothing_done(&world, |program| program.env("UPGRADE", "false")).await;
    let sentence = "it carries Defender 33.01.137, today's is 34.03.138, and UPGRADE is false";
    expect_told(&run, "web/older", "skipped", sentence);
}

#[tokio::test]
async fn arm64_is_protected_once_it_is_allowed() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/graviton", "arm64.json")).start().await;
    let run = updater(&world).env("ALLOW_ARM64", "true").run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/graviton", "protected", "arm64:1 -> arm64:2");
    expect_defender(&world, ACCOUNT, HOME, "web/graviton");
}

#[tokio::test]
async fn todays_defender_is_seen_wherever_its_container_stands_and_whatever_it_is_called() {
    let today = Console::new();
    let first = protected_by(&today.clone().order_sidecar_first(), "first");
    let mut renamed = protected_by(&today, "renamed");
    renamed["containerDefinitions"][1]["name"] = json!("runtime-protection");
    renamed["containerDefinitions"][0]["dependsOn"][0]["containerName"] = json!("runtime-protection");
    renamed["containerDefinitions"][0]["volumesFrom"][0]["sourceContainer"] = json!("runtime-protection");
    let world = Org::new()
        .account(ACCOUNT, |account| {
            account.service("web/first", first).service("web/last", protected_by(&today, "last")).service("web/renamed", renamed)
        })
        .start()
        .await;
    let run = run_and_expect_nothing_done(&world, |program| program).await;
    for family in ["first", "last", "renamed"] {
        expect_told(&run, &format!("web/{family}"), "up to date", &format!("{family}:1"));
    }
}

/// The tag holds for the revision and the Defender it names; a new one of either is a new try.
#[tokio::test]
async fn a_left_alone_tag_about_another_revision_or_defender_holds_nothing_back() {
    let tagged = |value: &'static str| move |service: Service| service.tag("fargate-updater:left-alone", value);
    let world = Org::new()
        .account(ACCOUNT, |account| {
            account.service_with("web/code", one_container("code"), tagged("rolled-back code:7 34.03.138")).service_with(
                "web/defender",
                one_container("defender"),
                tagged("rolled-back defender:1 33.01.137"),
            )
        })
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    for service in ["web/code", "web/defender"] {
        expect_defender(&world, ACCOUNT, HOME, service);
    }
}
