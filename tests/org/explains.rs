//! `--explain ARN` looks at one service, changes nothing, and tells all that is known of it, in the order in which it is decided.

mod network;
mod settings;

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::scenario::network::PRIVATE_SUBNET;
use simulator::{Account, Finished, Moment, Org, Program, Service, World};

use crate::support::{ACCOUNT, HOME, accounts_entered, expect_exit, one_container, updater};

/// The image of a container that says nothing.
const WORKER: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/worker:1.0";

fn arn(place: &str) -> String {
    format!("arn:aws:ecs:{HOME}:{ACCOUNT}:service/{place}")
}

fn explaining(world: &World, place: &str) -> Program {
    updater(world).arg("--explain").arg(arn(place))
}

fn cluster(name: &str) -> String {
    format!("arn:aws:ecs:{HOME}:{ACCOUNT}:cluster/{name}")
}

/// Forgets what was called so far: what comes is another run.
fn again(world: World) -> World {
    world.gate().forget_calls();
    world
}

/// Two accounts, so that there is another one to keep out of, with one service in the first and others beside it.
fn org(account: impl FnOnce(Account) -> Account) -> Org {
    let beside = |account: Account| account.service("web/beside", "httpd.json").service("lab/next-door", "httpd.json");
    Org::new().account(ACCOUNT, |it| account(beside(it))).account("222233334444", |it| it.service("web/shop", "httpd.json"))
}

/// Checks that nothing was written and nothing was looked at but the one service.
fn expect_looked_only(world: &World, run: &Finished) {
    assert_eq!(world.calls().writes(), 0, "{}", run.stdout);
    assert_eq!(accounts_entered(world), [ACCOUNT], "{}", run.stdout);
    for (_, policy) in world.session_policies() {
        assert!(policy.is_some(), "the account was entered without a session policy");
    }
    for operation in ["ListClusters", "ListServices", "DescribeRegions"] {
        assert_eq!(world.calls().of(operation), 0, "{operation} was called: {}", run.stdout);
    }
    for other in ["beside", "next-door"] {
        assert!(!run.stdout.contains(other), "{other} is told of: {}", run.stdout);
    }
}

/// Returns the lines of a part, by its title.
fn part<'a>(run: &'a Finished, title: &str) -> &'a str {
    let start = format!("\n{title}\n");
    let rest = run.stdout.split_once(&start).unwrap_or_else(|| panic!("there is no part {title:?}: {}", run.stdout)).1;
    rest.split("\n\n").next().unwrap_or(rest)
}

/// Returns a fact of a part, its lines joined.
fn fact(run: &Finished, title: &str, name: &str) -> String {
    let start = format!("  {name}  ");
    let mut lines = part(run, title).lines().skip_while(|line| !line.starts_with(&start));
    let first = lines.next().unwrap_or_else(|| panic!("{title:?} has no {name:?}: {}", run.stdout));
    let first = first[start.len()..].trim();
    let below = lines.take_while(|line| line.starts_with("   ")).map(str::trim);
    std::iter::once(first).chain(below).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn expect_fact(run: &Finished, title: &str, name: &str, text: &str) {
    let told = fact(run, title, name);
    assert!(told.contains(text), "{title:?}, {name:?}: {text:?} is not in {told:?}\n{}", run.stdout);
}

/// The titles of the parts, in their order.
fn titles(run: &Finished) -> Vec<&str> {
    let (_, told) = run.stdout.split_once("\nservice ").unwrap_or_else(|| panic!("nothing is explained: {}", run.stdout));
    told.split("\n\n").skip(1).filter_map(|part| part.lines().next()).collect()
}

#[tokio::test]
async fn an_unprotected_service_is_told_of_from_top_to_bottom() {
    let definition = || {
        let mut definition = one_container("shop");
        definition["containerDefinitions"][0]["environment"] = json!([{ "name": "DATABASE", "value": "planted-value" }]);
        let router = json!({ "name": "router", "image": "router:1", "firelensConfiguration": { "type": "fluentbit" } });
        definition["containerDefinitions"].as_array_mut().expect("containers").push(router);
        definition
    };
    let shop = |service: Service| service.tag("team", "payments").circuit_breaker(true).desired_count(3).percents(50, 150);
    let world = org(|account| account.service_with("web/shop", definition(), shop)).start().await;
    let before = world.snapshot();
    let run = explaining(&world, "web/shop").run().await;
    expect_exit(&run, exit::DONE);
    expect_looked_only(&world, &run);
    assert_eq!(world.snapshot(), before);
    assert!(run.stdout.contains(&format!("\nservice shop (account {ACCOUNT}, {HOME}, cluster web)\n")), "{}", run.stdout);
    assert_eq!(
        titles(&run),
        [
            "Who is asked",
            "The service",
            "Its task definition",
            "Its turn",
            "The Console's answer",
            "What would differ",
            "Whether it fits",
            "Its network",
            "The family's newest revision",
            "Outcome",
        ]
    );
    expect_fact(&run, "Who is asked", "asked as", "the member role FargateDeployMember, in a session that may only read");
    expect_fact(&run, "Who is asked", "settings", "NETWORK=patch, UPGRADE=true, REEMBED=false");
    for (name, text) in [
        ("status", "ACTIVE"),
        ("runs on", "launch type FARGATE"),
        ("platform", "version LATEST, Linux"),
        ("controller", "ECS, strategy ROLLING"),
        ("tasks", "3 of 3 run"),
        ("percentages", "minimumHealthyPercent 50, maximumPercent 150"),
        ("deployments", "PRIMARY COMPLETED: shop:1, 3 of 3 tasks run"),
        ("circuit breaker", "on, and rolls back"),
        ("tags", "1 of its owner's that does not matter here"),
        ("so", "nothing about the service itself keeps it from being changed"),
    ] {
        expect_fact(&run, "The service", name, text);
    }
    for (name, text) in [
        ("revision", "shop:1, ACTIVE"),
        ("registered by", "111122223333/role/CustomerPipeline, which is not us"),
        ("tags of ours", "none"),
        ("containers", "app: not behind a Defender, says its entry point router: left out, as a log router, says no entry point"),
        ("defender", "none"),
        ("todays defender", "34.03.138, connecting to wss://127.0.0.1:443"),
        ("todays image", "registry-auth.twistlock.com/***/twistlock/defender:defender_34_03_138"),
        ("so", "it has no Defender, and may get one"),
    ] {
        expect_fact(&run, "Its task definition", name, text);
    }
    expect_fact(&run, "Its turn", "so", "it can be changed now");
    expect_fact(&run, "The Console's answer", "containers sent", "app");
    expect_fact(&run, "The Console's answer", "so", "it is accepted");
    expect_fact(&run, "What would differ", "changes", "+ containerDefinitions/app/volumesFrom/TwistlockDefender");
    expect_fact(&run, "Whether it fits", "container count", "3 of 10");
    expect_fact(&run, "Whether it fits", "so", "it fits");
    for (name, text) in [
        ("vpc", "vpc-"),
        ("subnets", PRIVATE_SUBNET),
        ("groups", "lets out all TCP to 0.0.0.0/0"),
        ("routes", "0.0.0.0/0 -> nat-"),
        ("to console", "127.0.0.1, TCP 443: reachable"),
        ("to registry", "registry-auth.twistlock.com, TCP 443: reachable"),
        ("so", "its tasks would reach all that the Defender needs"),
    ] {
        expect_fact(&run, "Its network", name, text);
    }
    expect_fact(&run, "The family's newest revision", "so", "it is the one that runs: a new one would be registered");
    expect_fact(&run, "Outcome", "outcome", "planned");
    expect_fact(&run, "Outcome", "why", "shop:1 would be replaced");
    expect_fact(&run, "Outcome", "way out", "the next run that writes does it");
    // It is told once: no plan, no line of its own and no summary beside it.
    assert_eq!(run.stdout.matches("containerDefinitions/app/volumesFrom").count(), 1, "{}", run.stdout);
    assert!(!run.stdout.contains("\nplanned ") && !run.stdout.contains("\nSummary\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("planted-value"), "{}", run.stdout);
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 130), "{}", run.stdout);
}

#[tokio::test]
async fn a_service_that_is_up_to_date_is_not_looked_into_any_further() {
    let world = org(|account| account.service("web/shop", one_container("shop"))).start().await;
    expect_exit(&updater(&world).env("CLUSTERS", cluster("web")).run().await, exit::DONE);
    let before = world.console().embeds().len();
    let world = again(world);
    let run = explaining(&world, "web/shop").run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(world.calls().writes(), 0, "{}", run.stdout);
    assert_eq!(titles(&run), ["Who is asked", "The service", "Its task definition", "Outcome"]);
    expect_fact(&run, "Its task definition", "registered by", "111122223333/role/FargateDeployMember, which is us");
    expect_fact(&run, "Its task definition", "tags of ours", "fargate-updater:source = shop:1");
    expect_fact(
        &run,
        "Its task definition",
        "containers",
        "app: behind a Defender, says its entry point TwistlockDefender: the Defender",
    );
    expect_fact(&run, "Its task definition", "outdated", "none");
    expect_fact(&run, "Its task definition", "so", "it has today's Defender, as it would be embedded today");
    expect_fact(&run, "Outcome", "outcome", "up to date");
    expect_fact(&run, "Outcome", "way out", "nothing: it is as it should be");
    assert_eq!(world.console().embeds().len() - before, 1, "the Console was asked for its sample only");
}

#[tokio::test]
async fn every_reason_to_replace_a_defender_is_told() {
    let world = org(|account| account.service("web/shop", one_container("shop"))).start().await;
    expect_exit(&updater(&world).env("CLUSTERS", cluster("web")).run().await, exit::DONE);
    world.console().set_version("34.04.145");
    let world = again(world);
    let run = explaining(&world, "web/shop").env("FS_MONITOR", "true").run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(world.calls().writes(), 0, "{}", run.stdout);
    let version = "it carries Defender 34.03.138, today's is 34.04.145";
    let monitoring = "its file-system monitoring is not what FS_MONITOR says";
    expect_fact(&run, "Its task definition", "outdated", &format!("{version} {monitoring}"));
    expect_fact(&run, "Its task definition", "defender", "34.03.138, connecting to wss://127.0.0.1:443");
    expect_fact(&run, "Its task definition", "so", &format!("its Defender is to be replaced: {version}"));
    // Nothing that people need to read is hidden because a variable of the Defender's repeats it.
    expect_fact(&run, "Its task definition", "containers", "app: behind a Defender");
    expect_fact(&run, "What would differ", "changes", "~ tags/fargate-updater:run-id/value");
    expect_fact(&run, "Outcome", "why", &format!("shop:2 would be replaced, because {version}"));
}

#[tokio::test]
async fn a_service_that_is_left_alone_is_told_why_and_what_its_owner_can_do() {
    type Case = (&'static str, Value, fn(Service) -> Service, &'static str, &'static str, &'static str);
    let opted_out = |mut definition: Value| {
        definition["tags"] = json!([{ "key": "fargate-updater:skip", "value": "true" }]);
        definition
    };
    let cases: [Case; 7] = [
        ("ec2", one_container("a"), |it| it.launch_type("EC2"), "The service", "it runs on EC2, not on Fargate", "nothing here"),
        (
            "blue-green",
            one_container("b"),
            |it| it.deployment_controller("CODE_DEPLOY"),
            "The service",
            "its deployment controller is CODE_DEPLOY",
            "have what deploys it embed the Defender",
        ),
        (
            "tagged",
            one_container("c"),
            |it| it.tag("fargate-updater:skip", "ask the shop team"),
            "The service",
            "the tag fargate-updater:skip on the service says so",
            "take the tag fargate-updater:skip off the service",
        ),
        (
            "tagged-definition",
            opted_out(one_container("d")),
            |it| it,
            "Its task definition",
            "the tag fargate-updater:skip on the task definition says so",
            "take the tag fargate-updater:skip off the task definition",
        ),
        (
            "rolled-back",
            one_container("e"),
            |it| it.tag("fargate-updater:left-alone", "rolled-back e:1 34.03.138"),
            "Its turn",
            "this was rolled back before",
            "take the tag fargate-updater:left-alone off the service",
        ),
        (
            "deploying",
            one_container("f"),
            Service::stuck_deploying,
            "Its turn",
            "its owner's deployment is still in progress",
            "let the deployment end, or roll it back",
        ),
        (
            "stopped",
            one_container("g"),
            |it| it.desired_count(3).running_count(1),
            "Its turn",
            "1 of 3 tasks run",
            "mend what keeps its tasks from running",
        ),
    ];
    for (name, definition, edit, last, why, way_out) in cases {
        let place = format!("web/{name}");
        let world = org(|account| account.service_with(&place, definition, edit)).start().await;
        let run = explaining(&world, &place).run().await;
        expect_exit(&run, exit::DONE);
        expect_looked_only(&world, &run);
        let titles = titles(&run);
        assert_eq!(titles[titles.len() - 2..], [last, "Outcome"], "{name}");
        expect_fact(&run, last, "so", &format!("it is left alone: {why}"));
        expect_fact(&run, "Outcome", "outcome", "skipped");
        expect_fact(&run, "Outcome", "why", why);
        expect_fact(&run, "Outcome", "way out", way_out);
        assert_eq!(world.console().embeds().len(), 1, "{name}: the Console was asked for its sample only");
    }
}

#[tokio::test]
async fn a_definition_that_would_not_fit_is_told_with_its_numbers() {
    let mut large = one_container("large");
    large["containerDefinitions"][0]["dockerLabels"] = json!({ "long": "x".repeat(64 * 1024 - 1500) });
    large["containerDefinitions"][0]["cpu"] = json!(256);
    let world = org(|account| account.service("web/large", large)).start().await;
    let run = explaining(&world, "web/large").run().await;
    expect_exit(&run, exit::DONE);
    expect_looked_only(&world, &run);
    expect_fact(&run, "Whether it fits", "container count", "2 of 10");
    expect_fact(&run, "Whether it fits", "cpu", "256 of 256 CPU units are reserved by its containers");
    expect_fact(&run, "Whether it fits", "size", " of 65536 bytes");
    expect_fact(&run, "Whether it fits", "so", "it is left alone: with the Defender its task definition has");
    assert_eq!(titles(&run).last_chunk(), Some(&["Whether it fits", "Outcome"]));
    expect_fact(&run, "Outcome", "way out", "make the task definition smaller");
}

#[tokio::test]
async fn what_is_looked_at_twice_is_explained_once_and_tags_are_told() {
    let deploying = |service: Service| service.deploying().tag("fargate-updater:skip-containers", "nobody");
    let world = org(|account| account.service_with("web/shop", one_container("shop"), deploying)).start().await;
    let run = explaining(&world, "web/shop").run().await;
    expect_exit(&run, exit::DONE);
    expect_looked_only(&world, &run);
    assert_eq!(run.stdout.matches("\nOutcome\n").count(), 1, "{}", run.stdout);
    expect_fact(&run, "Its turn", "look", "the second, because it was deploying or short of tasks at the first");
    expect_fact(&run, "The service", "tags", "fargate-updater:skip-containers = nobody");
    expect_fact(&run, "Outcome", "worth knowing", "fargate-updater:skip-containers names nobody");
}

#[tokio::test]
async fn each_source_of_an_entry_point_is_told_with_what_it_said() {
    let world =
        org(|account| account.service("web/worker", "no_entry_point.json")).image(WORKER, &["/entrypoint.sh"], &["serve"]);
    let world = world.start().await;
    let run = explaining(&world, "web/worker").run().await;
    expect_exit(&run, exit::DONE);
    expect_looked_only(&world, &run);
    expect_fact(&run, "An entry point", "container", "worker");
    expect_fact(&run, "An entry point", "image says", "ENTRYPOINT /entrypoint.sh, CMD serve");
    expect_fact(&run, "An entry point", "console scan", "not asked");
    expect_fact(&run, "An entry point", "so", "behind the Defender it runs /entrypoint.sh serve, as the image says");

    // Nobody knows: no such image, nothing filled in before, no scan, and the Console cannot look it up.
    let world = org(|account| account.service("web/worker", "no_entry_point.json")).start().await;
    let run = explaining(&world, "web/worker").run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_looked_only(&world, &run);
    expect_fact(&run, "An entry point", "image says", "worker:1.0");
    expect_fact(&run, "An entry point", "earlier revision", "it does not know");
    expect_fact(&run, "An entry point", "console scan", "the Console has not scanned it");
    expect_fact(
        &run,
        "An entry point",
        "so",
        "the Console has to look it up in the image's registry (type aws, credential 111122223333)",
    );
    expect_fact(&run, "The Console's answer", "looked up", "worker, in the image's registry");
    expect_fact(&run, "The Console's answer", "so", "it fails: could not find the entry point of container worker");
    expect_fact(&run, "Outcome", "outcome", "failed");
    expect_fact(&run, "Outcome", "stage", "entry-point");
    assert!(!fact(&run, "Outcome", "way out").is_empty());
}

#[tokio::test]
async fn a_revision_that_an_earlier_run_left_is_told_as_the_one_that_would_be_used() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/shop", one_container("shop"))).start().await;
    let registered = world.on_write(1, Moment::After);
    let mut running = updater(&world).start().await;
    registered.reached().await;
    running.kill().await;
    running.wait().await;
    let world = again(world);
    let run = explaining(&world, "web/shop").run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(world.calls().writes(), 0, "{}", run.stdout);
    expect_fact(&run, "The family's newest revision", "revision", "shop:2");
    expect_fact(&run, "The family's newest revision", "registered by", "which is us");
    expect_fact(&run, "The family's newest revision", "so", "it would be used");
}
