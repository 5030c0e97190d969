//! Whatever is wrong with a revision, its service ends on the one that it had, the report says why, and the next run leaves it alone for
//! that reason: found out before anything is registered where it can be, and by the roll-out otherwise.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::scenario::network::{APP_GROUP, SecurityGroup};
use simulator::{Moment, Org, Service};

use crate::support::{ACCOUNT, HOME, expect_exit, expect_told, expect_untouched, kill_at_write, one_container, updater};

const SHOP: &str = "web/shop";

fn org(definition: impl Into<simulator::scenario::Definition>, service: impl FnOnce(Service) -> Service) -> Org {
    Org::new().account(ACCOUNT, |account| account.service_with(SHOP, definition, service))
}

/// A definition whose containers and the Defender reserve more than the task has.
fn full() -> Value {
    let mut definition = one_container("full");
    definition["containerDefinitions"][0]["memory"] = json!(512);
    definition
}

/// A definition whose container says nothing of what it runs, and whose image nobody knows.
fn silent() -> Value {
    let mut definition = one_container("silent");
    definition["containerDefinitions"][0]["entryPoint"] = json!([]);
    definition
}

/// What is wrong, and how the first run and the next tell it.
struct Case {
    name: &'static str,
    org: Org,
    environment: &'static [(&'static str, &'static str)],
    first: (&'static str, &'static str),
    next: (&'static str, &'static str),
}

fn cases() -> Vec<Case> {
    let put_back = ("skipped", "this was rolled back before");
    let closed = Org::new().account(ACCOUNT, |account| {
        let group = |group: SecurityGroup| group.without_egress().egress("tcp", 8080, 8080, "10.0.0.0/8");
        account.service(SHOP, "httpd.json").network(|vpc| vpc.group(APP_GROUP, group))
    });
    let no_files = |org: Org| org.console(|console| console.changes("/containerDefinitions/httpd/volumesFrom", None));
    let waits = |org: Org| {
        org.console(|console| console.changes("/containerDefinitions/httpd/dependsOn/0/condition", Some(json!("COMPLETE"))))
    };
    let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.4";
    vec![
        Case {
            name: "the registry is out of reach",
            org: closed,
            environment: &[("NETWORK", "off")],
            first: ("failed", "CannotPullContainerError"),
            next: put_back,
        },
        Case {
            name: "a container with nothing to run",
            org: org(silent(), |it| it),
            environment: &[],
            first: ("failed", "could not find the entry point of container app"),
            next: ("failed", "could not find the entry point of container app"),
        },
        Case {
            name: "the Defender's files are not there",
            org: no_files(org("httpd.json", |it| it)),
            environment: &[],
            first: ("failed", "could not accept what the Console made of httpd"),
            next: ("failed", "could not accept what the Console made of httpd"),
        },
        Case {
            name: "more memory than the task has",
            org: org(full(), |it| it)
                .console(|console| console.adds("/containerDefinitions/TwistlockDefender/memory", json!(256))),
            environment: &[],
            first: ("skipped", "its containers reserve 768 MiB of memory, and the task has 512"),
            next: ("skipped", "its containers reserve 768 MiB of memory, and the task has 512"),
        },
        Case {
            name: "a container waits for the end of the Defender",
            org: waits(org("httpd.json", |it| it)),
            environment: &[],
            first: ("failed", "0 of 1 new tasks run, and ECS does not say why"),
            next: put_back,
        },
        Case {
            name: "nothing may be started and nothing stopped",
            org: org("httpd.json", |it| it.percents(100, 100)),
            environment: &[],
            first: ("skipped", "minimumHealthyPercent 100 and maximumPercent 100"),
            next: ("skipped", "minimumHealthyPercent 100 and maximumPercent 100"),
        },
        Case {
            name: "the program ends behind the Defender",
            org: org("httpd.json", |it| it).image_fails_behind_defender(image, 139),
            environment: &[],
            first: ("failed", "container httpd: exit code 139"),
            next: put_back,
        },
        Case {
            name: "no rolling deployment, and its program ends",
            org: org("httpd.json", |it| it.strategy("CANARY").bake_minutes(3)).image_fails_behind_defender(image, 1),
            environment: &[],
            first: ("failed", "container httpd: exit code 1"),
            next: put_back,
        },
    ]
}

#[tokio::test]
async fn each_ends_on_the_revision_that_it_had_and_is_left_alone_for_the_same_reason() {
    for Case { name, org, environment, first, next } in cases() {
        let world = org.start().await;
        let before = world.service(ACCOUNT, HOME, SHOP).task_definition().clone();
        let arn = world.service(ACCOUNT, HOME, SHOP).task_definition_arn().to_owned();
        let program = || {
            let program = updater(&world).env("WAIT_TIMEOUT", "20ms");
            environment.iter().fold(program, |program, (key, value)| program.env(key, *value))
        };
        for (number, (outcome, text)) in [first, next, next].into_iter().enumerate() {
            world.gate().forget_calls();
            let run = program().run().await;
            expect_exit(&run, if outcome == "failed" { exit::NOT_ALL } else { exit::DONE });
            expect_told(&run, SHOP, outcome, text);
            expect_untouched(&world, &before, ACCOUNT, HOME, SHOP);
            assert_eq!(world.service(ACCOUNT, HOME, SHOP).task_definition_arn(), arn, "{name}");
            if number > 0 {
                assert_eq!(world.calls().writes(), 0, "{name}: run {number} wrote something");
            }
        }
        // Nothing of it is what is started without a number.
        let family = arn.rsplit('/').next().and_then(|short| short.split(':').next()).unwrap_or_default().to_owned();
        let revisions = world.revisions(ACCOUNT, HOME, &family);
        assert_eq!(revisions.iter().filter(|revision| revision["status"] == "ACTIVE").count(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_run_that_is_killed_anywhere_leaves_nothing_broken() {
    let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.4";
    let failing = || org("httpd.json", |it| it).image_fails_behind_defender(image, 1);
    let undisturbed = failing().start().await;
    expect_exit(&updater(&undisturbed).run().await, exit::NOT_ALL);
    let writes = undisturbed.calls().writes();
    assert_eq!(writes, 5, "registered, updated, remembered, stopped, deregistered");
    for write in 1..=writes {
        for moment in [Moment::Before, Moment::After] {
            let case = format!("killed {moment:?} write {write}");
            let world = failing().start().await;
            kill_at_write(&world, updater(&world), write, moment).await;
            // The next run finds out the same, or that it was found out already.
            let next = updater(&world).run().await;
            let last = updater(&world).run().await;
            expect_exit(&last, exit::DONE);
            expect_told(&last, SHOP, "skipped", "this was rolled back before");
            let view = world.service(ACCOUNT, HOME, SHOP);
            assert!(view.task_definition_arn().ends_with("httpd:1"), "{case}: {}", next.stdout);
            assert_eq!(view.json()["deployments"][0]["rolloutState"], "COMPLETED", "{case}: {}", next.stdout);
            let revisions = world.revisions(ACCOUNT, HOME, "httpd");
            assert_eq!(revisions.iter().filter(|revision| revision["status"] == "ACTIVE").count(), 1, "{case}: {}", next.stdout);
        }
    }
}
