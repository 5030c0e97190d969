//! One run at a time: in ECS, a run ends at once where an older one is in progress, and goes on where that cannot be seen.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::scenario::UpdaterTask;
use simulator::{Fault, FaultRule, Finished, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, updater};

/// When the program's own task was created, in seconds since 1970.
const CREATED: u64 = 1_800_000_000;

/// One service to protect, and the program's own task, which is called `b` and looks at others from there.
fn org() -> Org {
    let org = Org::new().account(ACCOUNT, |account| account.service("web/one", "httpd.json"));
    org.updater_task("b", |task| task.created_at(CREATED))
}

fn with(other: impl FnOnce(UpdaterTask) -> UpdaterTask, name: &str) -> Org {
    org().updater_task(name, other)
}

/// The program as ECS starts it in the task `b`.
fn in_its_task(world: &World) -> Program {
    updater(world).env("ECS_CONTAINER_METADATA_URI_V4", world.task_metadata("b"))
}

/// How often the tasks of the program itself were listed and described; those of services are in other accounts.
fn tasks_looked_for(world: &World) -> (u64, u64) {
    let of = |operation: &str| world.calls().of_at(operation, &world.management(), HOME);
    (of("ListTasks"), of("DescribeTasks"))
}

fn expect_done(world: &World, run: &Finished, why: &str) {
    assert_eq!(run.exit_code, Some(exit::DONE.into()), "{why}: {}{}", run.stdout, run.stderr);
    assert!(!run.stdout.contains("another run is in progress"), "{why}: {}", run.stdout);
    expect_defender(world, ACCOUNT, HOME, "web/one");
}

/// Nobody was asked anything but who the caller is and which tasks there are.
fn expect_ended(world: &World, run: &Finished, older: &str) {
    expect_exit(run, exit::DONE);
    let line = format!("another run is in progress (task {older}): this one ends, and nothing is changed\n");
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (line.as_str(), ""));
    let mut called: Vec<String> = world.calls().iter().map(|(call, _)| call.operation.clone()).collect();
    called.sort();
    called.dedup();
    assert_eq!(called, ["DescribeTasks", "GET task metadata", "GetCallerIdentity", "ListTasks"]);
}

#[tokio::test]
async fn an_older_run_ends_this_one_at_once() {
    let world = with(|task| task.created_at(CREATED - 1), "c").start().await;
    expect_ended(&world, &in_its_task(&world).run().await, "c");
}

#[tokio::test]
async fn of_two_created_at_once_one_goes_on() {
    let world = with(|task| task.created_at(CREATED), "a").start().await;
    expect_ended(&world, &in_its_task(&world).run().await, "a");
    let world = with(|task| task.created_at(CREATED), "c").start().await;
    expect_done(&world, &in_its_task(&world).run().await, "the other ARN comes later");
}

#[tokio::test]
async fn other_tasks_keep_nobody_from_going_on() {
    let older = |task: UpdaterTask| task.created_at(CREATED - 1);
    let cases = [
        ("a younger one", with(|task| task.created_at(CREATED + 1), "a")),
        ("one that was stopped", with(|task| older(task).status("STOPPED", "STOPPED"), "a")),
        ("one that has stopped by itself", with(|task| older(task).status("STOPPED", "RUNNING"), "a")),
        ("one of another family", with(|task| older(task).family("checkout"), "a")),
        ("one in another cluster", with(|task| older(task).cluster("other"), "a")),
        ("another shard", with(|task| older(task).env("SHARD", "1/2"), "a")),
        ("none", org()),
    ];
    for (why, org) in cases {
        let world = org.start().await;
        let run = in_its_task(&world).run().await;
        expect_done(&world, &run, why);
        assert!(!run.stdout.contains("warning:"), "{why}: {}", run.stdout);
        assert_eq!(tasks_looked_for(&world), (1, 1), "{why}");
    }
}

#[tokio::test]
async fn an_older_run_is_found_behind_a_hundred_younger_ones() {
    let mut org = org();
    for number in 0..150 {
        org = org.updater_task(&format!("younger-{number:03}"), |task| task.created_at(CREATED + 1));
    }
    let world = org.updater_task("z", |task| task.created_at(CREATED - 1)).start().await;
    expect_ended(&world, &in_its_task(&world).run().await, "z");
    assert_eq!(tasks_looked_for(&world), (2, 2));
}

#[tokio::test]
async fn machines_are_told_which_run_it_is() {
    let world = with(|task| task.created_at(CREATED - 1), "a").start().await;
    let run = in_its_task(&world).env("LOG_FORMAT", "json").run().await;
    expect_exit(&run, exit::DONE);
    let [line] = run.lines()[..] else { panic!("one line was expected: {}", run.stdout) };
    let line: Value = serde_json::from_str(line).expect("a line is JSON");
    assert_eq!((&line["level"], &line["message"]), (&json!("info"), &json!("another run is in progress")));
    let arn = "arn:aws:ecs:us-east-1:123456789012:task/fargate-updater/a";
    assert_eq!((&line["task"], &line["task_arn"]), (&json!("a"), &json!(arn)));
}

/// The roles that are there today lack the permissions.
#[tokio::test]
async fn without_the_permission_the_run_goes_on_and_says_which_it_is() {
    for action in ["ecs:ListTasks", "ecs:DescribeTasks"] {
        let world = with(|task| task.created_at(CREATED - 1), "a").deny(action).start().await;
        let run = in_its_task(&world).run().await;
        expect_done_with_warning(&world, &run, &format!("; allow {action} in FargateUpdaterMasterPolicy"));
    }
}

fn expect_done_with_warning(world: &World, run: &Finished, text: &str) {
    expect_exit(run, exit::DONE);
    expect_defender(world, ACCOUNT, HOME, "web/one");
    let first = run.lines()[0];
    assert!(
        first.starts_with("warning: whether another run is in progress cannot be seen, and this one goes on: "),
        "{}",
        run.stdout
    );
    assert!(first.contains(text), "{text:?} is not said: {first}");
    assert!(run.stdout.contains("\nSummary\n") && run.stdout.matches(first).count() == 2, "{}", run.stdout);
}

#[tokio::test]
async fn a_task_that_cannot_tell_what_it_is_goes_on_and_says_so() {
    let fault = |fault: Fault| FaultRule {
        operation: "GET task metadata".to_owned(),
        account: None,
        region: None,
        from: 1,
        to: None,
        fault,
    };
    let no_family = json!({ "Cluster": "web", "TaskARN": "arn:aws:ecs:us-east-1:123456789012:task/web/b" }).to_string();
    let cases = [
        (Fault::NoAnswer, "could not find out which task this is: could not reach the task's metadata: "),
        (Fault::error(500, "Busy", "busy"), "the task's metadata was not handed out (status 500)"),
        (Fault::raw(200, "text/html", "<html>"), "the task's metadata is no JSON"),
        (Fault::raw(200, "application/json", &no_family), "the task's metadata has no usable Family"),
        (Fault::raw(200, "application/json", r#"{"TaskARN": "b"}"#), "the task's metadata has no usable TaskARN"),
    ];
    for (answer, text) in cases {
        let world = with(|task| task.created_at(CREATED - 1), "a").fault(fault(answer)).start().await;
        let run = in_its_task(&world).run().await;
        expect_done_with_warning(&world, &run, text);
        assert_eq!((world.calls().of("GET task metadata"), tasks_looked_for(&world)), (3, (0, 0)), "{text}");
    }

    // Nothing that can be an address.
    let world = with(|task| task.created_at(CREATED - 1), "a").start().await;
    let run = updater(&world).env("ECS_CONTAINER_METADATA_URI_V4", "nowhere").run().await;
    expect_done_with_warning(&world, &run, "could not find out which task this is: could not reach the task's metadata: ");
}

#[tokio::test]
async fn a_metadata_endpoint_that_is_late_is_asked_again() {
    let late = FaultRule {
        operation: "GET task metadata".to_owned(),
        account: None,
        region: None,
        from: 1,
        to: Some(2),
        fault: Fault::NoAnswer,
    };
    let world = with(|task| task.created_at(CREATED - 1), "a").fault(late).start().await;
    let run = in_its_task(&world).run().await;
    expect_ended(&world, &run, "a");
}

#[tokio::test]
async fn a_task_whose_age_nobody_tells_goes_on_and_says_so() {
    let org = Org::new().account(ACCOUNT, |account| account.service("web/one", "httpd.json"));
    let org = org.updater_task("b", UpdaterTask::without_created_at);
    let world = org.updater_task("a", |task| task.created_at(CREATED)).start().await;
    let run = in_its_task(&world).run().await;
    expect_done_with_warning(&world, &run, "ECS does not tell when the task of this run was created");
}

/// A proxy does not know the way to an address inside of the task.
#[tokio::test]
async fn the_metadata_is_not_asked_for_through_a_proxy() {
    let world = with(|task| task.created_at(CREATED - 1), "a").start().await;
    let program = in_its_task(&world).env("HTTP_PROXY", "http://127.0.0.1:9").env("http_proxy", "http://127.0.0.1:9");
    expect_ended(&world, &program.run().await, "a");
}

#[tokio::test]
async fn outside_of_ecs_nobody_is_asked() {
    let world = with(|task| task.created_at(CREATED - 1), "a").start().await;
    for program in [updater(&world), updater(&world).env("ECS_CONTAINER_METADATA_URI_V4", "")] {
        expect_done(&world, &program.run().await, "outside of ECS");
        assert_eq!((world.calls().of("GET task metadata"), tasks_looked_for(&world)), (0, (0, 0)));
    }
}

#[tokio::test]
async fn a_dry_run_does_not_mind_another_run() {
    let world = with(|task| task.created_at(CREATED - 1), "a").start().await;
    let run = in_its_task(&world).env("DRY_RUN", "true").run().await;
    expect_exit(&run, exit::DONE);
    assert!(run.stdout.contains("Dry run: nothing was changed, and 1 service would be."), "{}", run.stdout);
    let calls = world.calls();
    assert_eq!((calls.of("GET task metadata"), tasks_looked_for(&world), calls.writes()), (0, (0, 0), 0));
}

#[tokio::test]
async fn permissions_does_not_mind_another_run() {
    let world = with(|task| task.created_at(CREATED - 1), "a").start().await;
    let run = in_its_task(&world).arg("permissions").run().await;
    expect_exit(&run, exit::DONE);
    assert!(run.stdout.contains("ecs:ListTasks"), "{}", run.stdout);
    assert_eq!(world.calls().total(), 0);
}
