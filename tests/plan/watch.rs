//! What has become of a roll-out, by what ECS tells of the service.

use std::time::Duration;

use fargate_updater::ids::TaskDefinitionArn;
use fargate_updater::plan::ServiceFacts;
use fargate_updater::plan::rollout::Tasks;
use fargate_updater::plan::watch::{
    Deployment, Followed, Health, Progress, Rollout, ServiceDeployment, Standing, StoppedContainer, StoppedTask, is_back,
    most_looks, progress, reason, standing,
};

use crate::support::{service, source};

fn to() -> TaskDefinitionArn {
    source().sibling(8)
}

fn health(desired: u32, running: u32, failed: u32) -> Health {
    Health { desired, running, failed }
}

fn deployment(id: &str, primary: bool, runs: &TaskDefinitionArn, rollout: Option<Rollout>) -> Deployment {
    Deployment {
        id: id.to_owned(),
        task_definition: Some(runs.clone()),
        primary,
        rollout,
        reason: String::new(),
        tasks: health(2, 2, 0),
        age: Duration::ZERO,
    }
}

/// A service whose PRIMARY deployment comes first.
fn with(deployments: Vec<Deployment>) -> ServiceFacts {
    let task_definition = deployments.first().and_then(|primary| primary.task_definition.clone());
    ServiceFacts { task_definition, deployments, ..service() }
}

const COMPLETED: Option<Rollout> = Some(Rollout::Completed);
const IN_PROGRESS: Option<Rollout> = Some(Rollout::InProgress);
const FAILED: Option<Rollout> = Some(Rollout::Failed);

#[test]
fn only_our_own_deployment_wins() {
    let (from, to, other) = (source(), to(), source().sibling(9));
    let ours = |rollout| deployment("ours", true, &to, rollout);
    let theirs = |runs, rollout| deployment("theirs", true, runs, rollout);
    let old = |rollout| deployment("old", false, &from, rollout);
    let first = |rollout| deployment("old", true, &from, rollout);
    let going = Progress::Going(health(2, 2, 0));
    let cases = [
        ("it is complete", with(vec![ours(COMPLETED)]), Progress::Won),
        ("it goes on", with(vec![ours(IN_PROGRESS), old(COMPLETED)]), going),
        ("the breaker gave up", with(vec![ours(FAILED), old(COMPLETED)]), Progress::Failed),
        (
            "the breaker goes back",
            with(vec![theirs(&from, IN_PROGRESS), deployment("ours", false, &to, FAILED)]),
            Progress::GoingBack,
        ),
        ("stable, and back: no win", with(vec![theirs(&from, COMPLETED)]), Progress::WentBack),
        (
            "the breaker goes back to the earlier one",
            with(vec![first(IN_PROGRESS), deployment("ours", false, &to, FAILED)]),
            Progress::GoingBack,
        ),
        ("ECS does not tell of ours yet", with(vec![first(COMPLETED)]), Progress::NotSeen),
        ("somebody deployed something else", with(vec![theirs(&other, COMPLETED)]), Progress::Overtaken),
        ("somebody deployed ours once more", with(vec![theirs(&to, COMPLETED)]), Progress::Overtaken),
        ("no state, all tasks, alone", with(vec![ours(None)]), Progress::Won),
        ("no state, and the old one drains", with(vec![ours(None), old(None)]), going),
        ("no deployments are told", with(vec![]), Progress::Going(Health::default())),
        ("it was deleted", ServiceFacts { status: "DRAINING".to_owned(), ..with(vec![ours(COMPLETED)]) }, Progress::Gone),
    ];
    let earlier = [first(COMPLETED)];
    let followed = Followed { id: Some("ours"), to: &to, from: &from, earlier: &earlier, seen: false };
    for (name, now, expected) in cases {
        assert_eq!(progress(&followed, &now, None), expected, "{name}");
    }
    let seen = Followed { seen: true, ..followed };
    assert_eq!(progress(&seen, &with(vec![first(COMPLETED)]), None), Progress::WentBack, "ours was seen before");
    let unnamed = Followed { id: None, ..followed };
    assert_eq!(progress(&unnamed, &with(vec![ours(COMPLETED)]), None), Progress::Won, "ECS told no id");
}

#[test]
fn a_deployment_that_is_not_rolling_is_judged_by_its_service_deployment() {
    let (from, to) = (source(), to());
    let tasks = Tasks { percents: None, ..service().tasks };
    let green = ServiceFacts { tasks, ..with(vec![deployment("ours", true, &to, None), deployment("old", false, &from, None)]) };
    let elsewhere = ServiceFacts { tasks, ..with(vec![deployment("other", true, &from, None)]) };
    let overtaken = ServiceFacts { tasks, ..with(vec![deployment("other", true, &source().sibling(9), None)]) };
    let cases = [
        ("PENDING", &green, Progress::Going(health(2, 1, 0))),
        ("IN_PROGRESS", &green, Progress::Going(health(2, 1, 0))),
        ("SOMETHING_NEW", &green, Progress::Going(health(2, 1, 0))),
        ("SUCCESSFUL", &green, Progress::Won),
        ("SUCCESSFUL", &elsewhere, Progress::Overtaken),
        ("STOPPED", &green, Progress::Failed),
        ("ROLLBACK_FAILED", &green, Progress::Failed),
        ("STOP_REQUESTED", &green, Progress::GoingBack),
        ("ROLLBACK_REQUESTED", &green, Progress::GoingBack),
        ("ROLLBACK_IN_PROGRESS", &green, Progress::GoingBack),
        ("ROLLBACK_SUCCESSFUL", &elsewhere, Progress::WentBack),
        // Somebody deployed something else, for which ours was stopped.
        ("STOPPED", &overtaken, Progress::Overtaken),
        ("ROLLBACK_FAILED", &overtaken, Progress::Overtaken),
        ("STOP_REQUESTED", &overtaken, Progress::Overtaken),
        ("ROLLBACK_IN_PROGRESS", &overtaken, Progress::Overtaken),
        ("ROLLBACK_SUCCESSFUL", &overtaken, Progress::Overtaken),
    ];
    for (status, now, expected) in cases {
        let told = ServiceDeployment { status: status.to_owned(), reason: String::new(), tasks: health(2, 1, 0) };
        let followed = Followed { id: Some("ours"), to: &to, from: &from, earlier: &[], seen: false };
        assert_eq!(progress(&followed, now, Some(&told)), expected, "{status}");
    }
}

#[test]
fn a_roll_out_is_given_up_when_a_breaker_would() {
    let cases = [(1, 2, false), (1, 3, true), (6, 3, true), (7, 3, false), (7, 4, true), (1000, 199, false), (1000, 200, true)];
    for (desired, failed, expected) in cases {
        assert_eq!(health(desired, 0, failed).is_hopeless(), expected, "{failed} of {desired}");
    }
    assert!(!health(1, 1, 9).is_hopeless(), "one of its tasks runs");
}

#[test]
fn what_takes_too_long_is_taken_back_unless_it_is_healthy() {
    let cases = [
        ("slow, and healthy", health(4, 1, 0), false, false),
        ("none runs", health(4, 0, 0), false, true),
        ("some fail", health(4, 1, 1), false, true),
        ("some ran, and stopped", health(4, 1, 0), true, true),
        ("nothing is wanted any more", health(0, 0, 0), false, false),
    ];
    for (name, tasks, stopped, expected) in cases {
        assert_eq!(tasks.is_to_be_taken_back(stopped), expected, "{name}");
    }
}

#[test]
fn a_timeout_is_so_many_looks() {
    let seconds = Duration::from_secs;
    for (every, timeout, bake, expected) in
        [(10, 900, 0, 90), (10, 905, 0, 91), (10, 900, 1800, 270), (60, 1, 0, 1), (0, 1, 0, 1000)]
    {
        assert_eq!(most_looks(seconds(every), seconds(timeout), seconds(bake)), expected);
    }
}

#[test]
fn a_service_is_back_when_it_runs_something_else_and_nothing_besides() {
    let (from, to) = (source(), to());
    let old = |rollout| deployment("old", true, &from, rollout);
    assert!(is_back(&with(vec![old(COMPLETED)]), &to));
    assert!(is_back(&with(vec![old(None)]), &to));
    assert!(!is_back(&with(vec![old(IN_PROGRESS)]), &to));
    assert!(!is_back(&with(vec![old(None), deployment("ours", false, &to, None)]), &to));
    assert!(!is_back(&with(vec![deployment("ours", true, &to, COMPLETED)]), &to));
    assert!(!is_back(&with(vec![]), &to));
}

#[test]
fn what_an_earlier_run_began_is_seen() {
    let to = to();
    let timeout = Duration::from_secs(900);
    let at = |rollout, tasks, age| Deployment { tasks, age: Duration::from_secs(age), ..deployment("ours", true, &to, rollout) };
    let old = || deployment("old", false, &source(), None);
    let cases = [
        ("complete", vec![at(COMPLETED, health(2, 2, 0), 9999)], Standing::Complete),
        ("complete, and a task is being replaced", vec![at(COMPLETED, health(2, 1, 0), 9999)], Standing::Complete),
        ("scaled out behind a Classic Load Balancer", vec![at(None, health(2, 1, 0), 60)], Standing::Complete),
        ("scaled out from none", vec![at(None, health(2, 0, 0), 9999)], Standing::Complete),
        ("young", vec![at(IN_PROGRESS, health(2, 0, 0), 60), old()], Standing::Going),
        ("slow", vec![at(IN_PROGRESS, health(2, 1, 0), 9999), old()], Standing::Going),
        ("overdue", vec![at(IN_PROGRESS, health(2, 0, 0), 900), old()], Standing::NotCompleting),
        ("its tasks fail", vec![at(IN_PROGRESS, health(2, 0, 1), 60), old()], Standing::NotCompleting),
        ("the breaker gave up", vec![at(FAILED, health(2, 0, 0), 60), old()], Standing::NotCompleting),
        ("nothing is told", vec![], Standing::Complete),
        (
            "its owner starts the same revision anew",
            vec![at(FAILED, health(2, 0, 9), 60), deployment("theirs", false, &to, None)],
            Standing::Complete,
        ),
    ];
    for (name, deployments, expected) in cases {
        assert_eq!(standing(&with(deployments), timeout), expected, "{name}");
    }
    let asleep =
        ServiceFacts { tasks: Tasks { desired: 0, ..service().tasks }, ..with(vec![at(IN_PROGRESS, health(0, 0, 0), 9999)]) };
    assert_eq!(standing(&asleep, timeout), Standing::Complete, "no task is wanted");
}

#[test]
fn a_reason_is_one_line_and_says_the_most_there_is() {
    let container = |exit_code, reason: Option<&str>| StoppedContainer {
        name: "web".to_owned(),
        exit_code,
        reason: reason.map(str::to_owned),
    };
    let task = |code: &str, reason: &str, container| StoppedTask {
        code: code.to_owned(),
        reason: reason.to_owned(),
        containers: vec![container],
    };
    let exited =
        task("EssentialContainerExited", "Essential container in task exited", container(Some(137), Some("OutOfMemoryError")));
    let pull = task("TaskFailedToStart", "CannotPullContainerError: no", container(None, Some("CannotPullContainerError: no")));
    let scaled_in = task("ServiceSchedulerInitiated", "Scaling activity", container(Some(0), None));
    let unhealthy = task("ServiceSchedulerInitiated", "Task failed container health checks", container(Some(0), None));
    let events = ["(service web) has started 1 tasks".to_owned(), "(service web) was unable to place a task".to_owned()];
    let cases = [
        (
            vec![scaled_in.clone(), exited],
            None,
            "Essential container in task exited; container web: exit code 137, OutOfMemoryError",
        ),
        (vec![scaled_in.clone(), unhealthy], None, "Task failed container health checks"),
        (vec![pull], Some("tasks failed to start."), "CannotPullContainerError: no"),
        (vec![scaled_in], Some("tasks failed to start."), "tasks failed to start.; (service web) was unable to place a task"),
        (vec![], Some("ECS deployment ecs-svc/1 in progress."), "(service web) was unable to place a task"),
    ];
    for (stopped, said, expected) in cases {
        assert_eq!(reason(&stopped, said, &events, health(1, 0, 1)), expected);
    }
    assert_eq!(reason(&[], None, &[], health(2, 0, 3)), "3 of its tasks failed, and ECS does not say why");
    assert_eq!(reason(&[], None, &[], health(2, 1, 0)), "1 of 2 new tasks run, and ECS does not say why");
}
