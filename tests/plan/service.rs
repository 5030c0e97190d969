//! May a service be protected: by its own facts, by its task definition, and now or later.

use fargate_updater::plan::policy::Reverted;
use fargate_updater::plan::rollout::{Percents, Tasks};
use fargate_updater::plan::service::{Attempt, Condition, Turn, refuse_service, turn, turn_again};
use fargate_updater::plan::{Outdated, Policy, ServiceFacts, SkipReason, TaskDefinition};
use serde_json::{Value, json};
use simulator::Console;

use crate::support::{CONSOLE_NAME, container, policy, seen, service, today};

fn tag(key: &str, value: &str) -> Vec<(String, String)> {
    vec![(key.to_owned(), value.to_owned())]
}

/// A service of a strategy: ECS tells no launch type then.
fn with_providers(names: &[&str]) -> ServiceFacts {
    let capacity_providers = names.iter().map(|name| (*name).to_owned()).collect();
    ServiceFacts { launch_type: None, capacity_providers, ..service() }
}

#[test]
fn a_service_is_left_alone_for_what_it_is() {
    let launched = |on: &str| ServiceFacts { launch_type: Some(on.to_owned()), ..service() };
    let runs_on = |runs_on: &str| Some(SkipReason::NotFargate { runs_on: runs_on.to_owned() });
    let status = |status: &str| ServiceFacts { status: status.to_owned(), ..service() };
    let controller = |name: &str| ServiceFacts { deployment_controller: name.to_owned(), ..service() };
    let other = |name: &str| Some(SkipReason::OtherController { controller: name.to_owned() });
    let unknown = ServiceFacts { launch_type: None, platform_version: None, ..controller("EXTERNAL") };
    let cases = [
        ("nothing stands in the way", service(), None),
        ("it is being drained", status("DRAINING"), Some(SkipReason::NotActive { status: "DRAINING".to_owned() })),
        ("it is gone", status("INACTIVE"), Some(SkipReason::NotActive { status: "INACTIVE".to_owned() })),
        ("it runs on EC2", launched("EC2"), runs_on("EC2")),
        ("it runs on somebody's own hosts", launched("EXTERNAL"), runs_on("EXTERNAL")),
        ("it runs on Managed Instances", launched("MANAGED_INSTANCES"), runs_on("MANAGED_INSTANCES")),
        ("its strategy says FARGATE", with_providers(&["FARGATE"]), None),
        ("its strategy says FARGATE_SPOT alone", with_providers(&["FARGATE_SPOT"]), None),
        ("its strategy mixes in an EC2 provider before", with_providers(&["my-hosts", "FARGATE"]), None),
        ("its strategy mixes in an EC2 provider behind", with_providers(&["FARGATE_SPOT", "my-hosts"]), None),
        ("its strategy says an EC2 provider alone", with_providers(&["my-hosts"]), runs_on("my-hosts")),
        ("a provider only sounds like Fargate", with_providers(&["FARGATE_LIKE", "fargate"]), runs_on("FARGATE_LIKE")),
        ("ECS tells neither", with_providers(&[]), runs_on("EC2")),
        ("it is an Express Mode service", ServiceFacts { express_mode: true, ..service() }, Some(SkipReason::ExpressMode)),
        ("CodeDeploy deploys it", controller("CODE_DEPLOY"), other("CODE_DEPLOY")),
        ("somebody else deploys it", controller("EXTERNAL"), other("EXTERNAL")),
        ("somebody else deploys it, and ECS tells not where", unknown, other("EXTERNAL")),
        (
            "its owner opted out",
            ServiceFacts { tags: tag("fargate-updater:skip", "yes"), ..service() },
            Some(SkipReason::OptedOut { tagged: "service" }),
        ),
        ("its owner opted in again", ServiceFacts { tags: tag("fargate-updater:skip", "false"), ..service() }, None),
        (
            "its cluster's owner opted out",
            ServiceFacts { cluster_opted_out: true, ..service() },
            Some(SkipReason::OptedOut { tagged: "cluster" }),
        ),
        ("a deployment under way is no reason here", ServiceFacts { deploying: true, ..service() }, None),
    ];
    for (name, service, expected) in cases {
        assert_eq!(refuse_service(&service), expected, "{name}");
    }
}

#[test]
fn windows_is_the_reason_whatever_its_platform_version() {
    let windows = ServiceFacts {
        platform_family: Some("Windows Server 2019 Core".to_owned()),
        platform_version: Some("1.0.0".to_owned()),
        ..service()
    };
    assert_eq!(refuse_service(&windows), Some(SkipReason::Windows));
}

#[test]
fn platform_versions_below_1_4_do_not_take_the_capability() {
    let cases = [
        ("1.0.0", true),
        ("1.3.0", true),
        ("1.3", true),
        ("1.4.0", false),
        ("1.4", false),
        ("1.10.0", false),
        ("2.0.0", false),
        ("LATEST", false),
        ("", false),
        ("windows", false),
    ];
    for (version, too_old) in cases {
        let service = ServiceFacts { platform_version: Some(version.to_owned()), ..service() };
        let expected = too_old.then(|| SkipReason::OldPlatform { version: version.to_owned() });
        assert_eq!(refuse_service(&service), expected, "{version:?}");
    }
    assert_eq!(refuse_service(&ServiceFacts { platform_version: None, ..service() }), None);
}

fn definition(containers: Value) -> Value {
    json!({ "family": "checkout", "containerDefinitions": containers })
}

/// A definition as this Console protects it.
fn protected_by(console: &Console) -> Value {
    console.protect(&definition(json!([container("web"), container("db")])), CONSOLE_NAME)
}

/// The same with the Defender's container changed.
fn with_defender(mut definition: Value, change: impl FnOnce(&mut Value)) -> Value {
    let containers = definition["containerDefinitions"].as_array_mut().expect("there are containers");
    change(containers.iter_mut().find(|container| container["name"] == "TwistlockDefender").expect("there is a Defender"));
    definition
}

fn check(cases: Vec<(&str, Value, Policy, Condition)>) {
    let today = today(&Console::default());
    for (name, definition, policy, expected) in cases {
        assert_eq!(seen(&TaskDefinition::from_json(definition), &today, &policy), expected, "{name}");
    }
}

#[test]
fn a_task_definition_is_left_alone_for_what_it_is() {
    let web = || definition(json!([container("web")]));
    let with = |key: &str, value: Value| {
        let mut definition = web();
        definition[key] = value;
        definition
    };
    let platform = |family: &str, architecture: &str| {
        with("runtimePlatform", json!({ "operatingSystemFamily": family, "cpuArchitecture": architecture }))
    };
    let many = |count: usize| definition((0..count).map(|index| container(&format!("container-{index}"))).collect());
    let wrapped = |first: &str| {
        let mut agent = container("web");
        agent["entryPoint"] = json!([first, "/bin/run"]);
        definition(json!([container("db"), agent]))
    };
    let other_agent = |vendor: &str| Condition::Refused(SkipReason::OtherAgent { vendor: vendor.to_owned() });
    let allowing = || Policy { allow_arm64: true, ..policy() };
    let opted_out = with("tags", json!([{ "key": "fargate-updater:skip", "value": "" }]));
    check(vec![
        ("nothing stands in the way", web(), policy(), Condition::Unprotected),
        ("Linux on Intel", platform("LINUX", "X86_64"), policy(), Condition::Unprotected),
        ("Windows Server", platform("WINDOWS_SERVER_2022_CORE", "X86_64"), policy(), Condition::Refused(SkipReason::Windows)),
        ("ARM64", platform("LINUX", "ARM64"), policy(), Condition::Refused(SkipReason::Arm64)),
        ("ARM64, allowed", platform("LINUX", "ARM64"), allowing(), Condition::Unprotected),
        ("nine containers", many(9), policy(), Condition::Unprotected),
        ("ten containers", many(10), policy(), Condition::Refused(SkipReason::TooManyContainers)),
        ("its owner opted out", opted_out, policy(), Condition::Refused(SkipReason::OptedOut { tagged: "task definition" })),
        ("Sysdig", wrapped("/opt/draios/bin/instrument"), policy(), other_agent("Sysdig")),
        ("CrowdStrike Falcon", wrapped("/tmp/CrowdStrike/rootfs/lib/ld.so"), policy(), other_agent("CrowdStrike Falcon")),
        ("Aqua", wrapped("/.aquasec/bin/microenforcer"), policy(), other_agent("Aqua MicroEnforcer")),
        ("Lacework", wrapped("/var/lib/lacework-backup/lacework-sidecar.sh"), policy(), other_agent("Lacework")),
        ("Datadog", wrapped("/cws-instrumentation-volume/cws-instrumentation"), policy(), other_agent("Datadog")),
        ("an agent's name in another place", wrapped("/bin/sysdig"), policy(), Condition::Unprotected),
    ]);
}

#[test]
fn a_defender_is_known_by_its_name_in_any_position_and_by_its_image() {
    let current = || protected_by(&Console::default());
    let renamed = |image: &str| {
        // Whatever names the container has to follow, or ECS would not register it.
        let follows = current().to_string().replace("\"TwistlockDefender\"}", "\"security\"}");
        let follows = follows.replace("\"containerName\":\"TwistlockDefender\"", "\"containerName\":\"security\"");
        let follows = follows.replace("\"sourceContainer\":\"TwistlockDefender\"", "\"sourceContainer\":\"security\"");
        with_defender(serde_json::from_str(&follows).expect("it is JSON still"), |defender| {
            defender["name"] = json!("security");
            if !image.is_empty() {
                defender["image"] = json!(image);
            }
        })
    };
    let version = |installed: &str| Outdated::Version { installed: installed.to_owned(), today: "34.03.138".to_owned() };
    let older = |installed: &str| Condition::Outdated(version(installed));
    let off = || Policy { upgrade: false, ..policy() };
    let arm64 = || {
        let mut definition = current();
        definition["runtimePlatform"] = json!({ "cpuArchitecture": "ARM64" });
        definition
    };
    let owned = with_defender(current(), |defender| {
        defender["secrets"] =
            json!([{ "name": "INSTALL_BUNDLE", "valueFrom": "arn:aws:ssm:eu-west-1:111122223333:parameter/b" }]);
    });
    let by_digest = "registry.example.test/mirror/twistlock/defender@sha256:00ff";
    let mirrored = "registry.example.test/mirror/twistlock/defender:defender_33_01_137";
    check(vec![
        ("today's, last", current(), policy(), Condition::Current),
        ("today's, first", protected_by(&Console::default().order_sidecar_first()), policy(), Condition::Current),
        ("today's, on ARM64", arm64(), policy(), Condition::Current),
        ("today's, with upgrades off", current(), off(), Condition::Current),
        ("an older one", protected_by(&Console::default().version("33.01.137")), policy(), older("33.01.137")),
        ("a newer one is another one, too", protected_by(&Console::default().version("35.00.100")), policy(), older("35.00.100")),
        (
            "an older one, with upgrades off",
            protected_by(&Console::default().version("33.01.137")),
            off(),
            Condition::Refused(SkipReason::UpgradesAreOff { outdated: version("33.01.137") }),
        ),
        ("today's, renamed by its owner", renamed(""), policy(), Condition::Current),
        ("an older one, mirrored and renamed", renamed(mirrored), policy(), older("33.01.137")),
        ("one by its digest, renamed", renamed(by_digest), policy(), older("of unknown version")),
        (
            "one whose tag names no version",
            with_defender(current(), |defender| defender["image"] = json!("registry.example.test/defender:stable")),
            policy(),
            older("of unknown version"),
        ),
        (
            "its owner's, whatever its image",
            owned,
            policy(),
            Condition::Refused(SkipReason::ManagedByItsOwner { variable: "INSTALL_BUNDLE" }),
        ),
    ]);
}

/// The Console writes none of them as a secret, so that whoever did manages this Defender.
#[test]
fn a_defender_with_any_variable_from_a_secret_is_its_owners() {
    for variable in ["INSTALL_BUNDLE", "WS_ADDRESS", "FIPS_ENABLED"] {
        let definition = with_defender(protected_by(&Console::default().version("33.01.137")), |defender| {
            let variables = defender["environment"].as_array_mut().expect("variables");
            variables.retain(|it| it["name"] != variable);
            defender["secrets"] = json!([{ "name": variable, "valueFrom": "arn:aws:ssm:eu-west-1:111122223333:parameter/x" }]);
        });
        check(vec![(variable, definition, policy(), Condition::Refused(SkipReason::ManagedByItsOwner { variable }))]);
    }
    let theirs = with_defender(protected_by(&Console::default()), |defender| {
        defender["secrets"] =
            json!([{ "name": "PROXY_PASSWORD", "valueFrom": "arn:aws:ssm:eu-west-1:111122223333:parameter/x" }]);
    });
    check(vec![("another variable", theirs, policy(), Condition::Current)]);
}

#[test]
fn an_outdated_defender_is_left_alone_where_none_would_be_embedded() {
    let older = || protected_by(&Console::default().version("33.01.137"));
    let mut arm64 = older();
    arm64["runtimePlatform"] = json!({ "cpuArchitecture": "ARM64" });
    let mut agent = older();
    agent["containerDefinitions"][0]["entryPoint"] =
        json!(["/var/lib/twistlock/fargate/defender", "fargate", "entrypoint", "/opt/draios/bin/instrument", "/bin/run"]);
    let mut twice = older();
    let prefix = ["/var/lib/twistlock/fargate/defender", "fargate", "entrypoint"];
    twice["containerDefinitions"][0]["entryPoint"] = json!([prefix, prefix].concat());
    let mut second = older();
    let mut other = second["containerDefinitions"][2].clone();
    other["name"] = json!("another");
    second["containerDefinitions"].as_array_mut().expect("containers").push(other);
    let refused = |reason| Condition::Refused(reason);
    check(vec![
        ("on ARM64", arm64, policy(), refused(SkipReason::Arm64)),
        ("another agent behind it", agent, policy(), refused(SkipReason::OtherAgent { vendor: "Sysdig".to_owned() })),
        ("wrapped twice", twice, policy(), refused(SkipReason::UnknownDefender { container: "web".to_owned() })),
        ("two Defenders", second, policy(), refused(SkipReason::SecondDefender)),
    ]);
}

#[test]
fn nothing_is_embedded_on_top_of_a_defender_that_cannot_be_told() {
    let hidden = with_defender(protected_by(&Console::default()), |defender| {
        defender["name"] = json!("security");
        defender["image"] = json!("registry.example.test/security:1");
    });
    let expected = Condition::Refused(SkipReason::UnknownDefender { container: "web".to_owned() });
    check(vec![("renamed, and its image by another name", hidden, policy(), expected)]);
}

#[test]
fn a_deployment_goes_first_and_what_was_rolled_back_is_not_tried_again() {
    let deploying = || ServiceFacts { deploying: true, ..service() };
    let left_alone = |value: &str| ServiceFacts { tags: tag("fargate-updater:left-alone", value), ..service() };
    let cases = [
        ("nothing stands in the way", service(), false, Turn::Protect),
        ("at the last look neither", service(), true, Turn::Protect),
        ("its owner deploys", deploying(), false, Turn::Wait),
        ("its owner still deploys", deploying(), true, Turn::Leave(SkipReason::DeploymentInProgress)),
        ("rolled back", left_alone("rolled-back checkout:7 34.03.138"), false, Turn::Leave(SkipReason::RolledBackBefore)),
        ("undone", left_alone("undone checkout:7 34.03.138"), false, Turn::Leave(SkipReason::Undone)),
        ("another revision was rolled back", left_alone("rolled-back checkout:6 34.03.138"), false, Turn::Protect),
        ("another Defender was rolled back", left_alone("rolled-back checkout:7 33.01.137"), false, Turn::Protect),
        ("the tag says something else", left_alone("please checkout:7 34.03.138"), false, Turn::Protect),
        ("the tag says too little", left_alone("undone"), false, Turn::Protect),
    ];
    let today = today(&Console::default());
    for (name, service, last_look, expected) in cases {
        let attempt = Attempt { today: &today, policy: &policy(), unprotected: true, last_look };
        assert_eq!(turn(&service, &attempt), expected, "{name}");
    }
    let both = ServiceFacts { deploying: true, ..left_alone("undone checkout:7 34.03.138") };
    let attempt = Attempt { today: &today, policy: &policy(), unprotected: true, last_look: false };
    assert_eq!(turn(&both, &attempt), Turn::Leave(SkipReason::Undone), "it need not be waited for");
    let retry = Policy { retry_failed: true, ..policy() };
    let attempt = Attempt { policy: &retry, ..attempt };
    assert_eq!(turn(&left_alone("undone checkout:7 34.03.138"), &attempt), Turn::Protect, "RETRY_FAILED");
}

#[test]
fn an_owner_who_puts_the_same_revision_back_is_given_way_to() {
    let protected = |value: &str| ServiceFacts { tags: tag("fargate-updater:protected", value), ..service() };
    let reported = |times| Turn::Leave(SkipReason::Reverted { times });
    let cases = [
        ("once", "checkout:7 1", true, [Turn::Protect, Turn::Protect, reported(1)]),
        ("twice", "checkout:7 2", true, [Turn::Protect, Turn::Protect, reported(2)]),
        ("three times", "checkout:7 3", true, [reported(3), Turn::Protect, reported(3)]),
        ("another revision", "checkout:6 3", true, [Turn::Protect, Turn::Protect, Turn::Protect]),
        ("a number alone", "checkout:7", true, [Turn::Protect, Turn::Protect, Turn::Protect]),
        ("an upgrade is no way back", "checkout:7 3", false, [Turn::Protect, Turn::Protect, Turn::Protect]),
    ];
    let today = today(&Console::default());
    for (name, value, unprotected, expected) in cases {
        let turns = [Reverted::Twice, Reverted::Reprotect, Reverted::Report].map(|reverted| {
            let policy = Policy { reverted, ..policy() };
            turn(&protected(value), &Attempt { today: &today, policy: &policy, unprotected, last_look: false })
        });
        assert_eq!(turns, expected, "{name}");
    }
}

#[test]
fn an_owner_who_was_faster_goes_first() {
    let moved = ServiceFacts {
        task_definition: Some(crate::support::id("arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:8")),
        ..service()
    };
    let opted_out = ServiceFacts { tags: tag("fargate-updater:skip", ""), ..service() };
    let draining = ServiceFacts { status: "DRAINING".to_owned(), ..service() };
    let deploying = ServiceFacts { deploying: true, ..service() };
    for (name, now) in [("moved", &moved), ("deploying", &deploying)] {
        assert_eq!(turn_again(&service(), now, false), Turn::Wait, "{name}");
        assert_eq!(turn_again(&service(), now, true), Turn::Leave(SkipReason::DeploymentInProgress), "{name}");
    }
    // What has become a reason of its own is told as that in the end.
    let draining_reason = SkipReason::NotActive { status: "DRAINING".to_owned() };
    let cases = [(&opted_out, SkipReason::OptedOut { tagged: "service" }), (&draining, draining_reason)];
    for (now, reason) in cases {
        assert_eq!(turn_again(&service(), now, false), Turn::Wait, "{reason:?}");
        assert_eq!(turn_again(&service(), now, true), Turn::Leave(reason));
    }
    assert_eq!(turn_again(&service(), &service(), true), Turn::Protect);
    // Tasks that were not missing before.
    let tasks = Tasks { running: 1, desired: 2, ..service().tasks };
    let lacking = ServiceFacts { tasks, ..service() };
    assert_eq!(turn_again(&service(), &lacking, false), Turn::Wait);
    assert_eq!(turn_again(&service(), &lacking, true), Turn::Leave(SkipReason::TasksMissing { running: 1, desired: 2 }));
    assert_eq!(turn_again(&lacking, &lacking, false), Turn::Protect);
    let percents = Percents { minimum_healthy: 100, maximum: 100 };
    let stuck = ServiceFacts { tasks: Tasks { percents: Some(percents), ..service().tasks }, ..service() };
    assert_eq!(turn_again(&service(), &stuck, false), Turn::Wait);
    let reason = SkipReason::CannotDeploy { desired: stuck.tasks.desired, percents };
    assert_eq!(turn_again(&service(), &stuck, true), Turn::Leave(reason));
}
