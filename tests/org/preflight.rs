//! What a service's own numbers say about a roll-out is heeded before anything is registered.

use fargate_updater::exit;
use serde_json::json;
use simulator::{Account, Org, Service};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, updater};

fn one(edit: impl FnOnce(Service) -> Service) -> Org {
    Org::new().account(ACCOUNT, |account: Account| account.service_with("web/one", "httpd.json", edit))
}

#[tokio::test]
async fn settings_with_which_no_deployment_ends_are_a_reason_to_leave_a_service_alone() {
    type Edit = fn(Service) -> Service;
    let cases: [(&str, Edit, &str); 3] = [
        ("two tasks", |it| it.desired_count(2).percents(100, 100), "minimumHealthyPercent 100 and maximumPercent 100"),
        ("one task", |it| it.percents(50, 150), "neither start a task nor stop its only one"),
        ("told by name", |it| it.percents(100, 100).strategy("ROLLING"), "maximumPercent 100"),
    ];
    for (name, edit, text) in cases {
        let world = one(edit).start().await;
        let run = updater(&world).run().await;
        expect_exit(&run, exit::DONE);
        expect_told(&run, "web/one", "skipped", text);
        assert_eq!(world.calls().writes(), 0, "{name}");
    }
    // Tasks of these deployments are not replaced by percentages.
    for strategy in ["BLUE_GREEN", "LINEAR", "CANARY"] {
        let world = one(|it| it.percents(100, 100).strategy(strategy)).start().await;
        expect_exit(&updater(&world).run().await, exit::DONE);
        expect_defender(&world, ACCOUNT, HOME, "web/one");
    }
}

#[tokio::test]
async fn a_protected_service_stays_up_to_date_whatever_its_settings_say() {
    let world = one(|service| service).start().await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    let protected = world.service(ACCOUNT, HOME, "web/one").task_definition().clone();
    let stuck = move |service: Service| service.percents(100, 100);
    let world = Org::new().account(ACCOUNT, |account| account.service_with("web/one", protected, stuck)).start().await;
    let run = updater(&world).run().await;
    expect_told(&run, "web/one", "up to date", "httpd:1");
}

#[tokio::test]
async fn a_service_with_tasks_missing_is_come_back_to_and_then_left_to_its_owner() {
    let world = one(|it| it.desired_count(3).running_count(1)).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/one", "skipped", "1 of 3 tasks run");
    assert_eq!(world.calls().of("DescribeServices"), 2, "it is looked at once more at the end of the run");
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn downtime_is_warned_about_and_a_service_without_tasks_is_done_and_said() {
    let world = one(|it| it.desired_count(2).percents(0, 100)).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_defender(&world, ACCOUNT, HOME, "web/one");
    assert!(run.stdout.contains("warning: its deployment settings stop every task before a new one is there"), "{}", run.stdout);

    let world = one(|it| it.desired_count(0).percents(100, 100)).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_defender(&world, ACCOUNT, HOME, "web/one");
    assert!(run.stdout.contains("note: no task of it runs (desiredCount 0)"), "{}", run.stdout);
}

#[tokio::test]
async fn a_definition_that_ecs_would_refuse_with_the_defender_is_left_alone_before_anything_is_written() {
    let fixture = || simulator::scenario::Definition::from("httpd.json").load();
    let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/twistlock/defender:defender_34_03_138";
    let mut without_role = fixture();
    without_role["executionRoleArn"] = json!("");
    without_role["containerDefinitions"][0]["image"] = json!("registry.example.test/httpd:2.4");
    let mut large = fixture();
    large["containerDefinitions"][0]["dockerLabels"] = json!({ "long": "x".repeat(64 * 1024 - 1500) });
    let cases =
        [("no role", without_role, Some(image), "needs one for its image in ECR"), ("large", large, None, "and ECS takes 65536")];
    for (name, definition, image, text) in cases {
        let org = Org::new().account(ACCOUNT, |account| account.service("web/one", definition));
        let org = image.into_iter().fold(org, |org, image| org.image(image, &["/usr/local/bin/defender"], &[]));
        let world = org.start().await;
        let run = updater(&world);
        let run = image.into_iter().fold(run, |run, image| run.env("DEFENDER_IMAGE", image)).run().await;
        expect_exit(&run, exit::DONE);
        expect_told(&run, "web/one", "skipped", text);
        assert_eq!(world.calls().writes(), 0, "{name}");
    }
}

#[tokio::test]
async fn a_task_whose_other_containers_may_take_its_memory_is_warned_about() {
    let mut definition = simulator::scenario::Definition::from("httpd.json").load();
    definition["containerDefinitions"][0]["memory"] = json!(512);
    let world = Org::new().account(ACCOUNT, |account| account.service("web/one", definition)).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_defender(&world, ACCOUNT, HOME, "web/one");
    let warning = "warning: its other containers may leave the Defender 0 of the task's 512 MiB of memory, and it needs 256";
    assert!(run.stdout.contains(warning), "{}", run.stdout);
}
