//! What deployment settings come to, for so many tasks.

use fargate_updater::plan::rollout::Deployable::{Never, NothingRuns, WithDowntime, Yes};
use fargate_updater::plan::rollout::{Percents, Tasks};
use fargate_updater::plan::service::{Attempt, Turn, turn};
use fargate_updater::plan::{ServiceFacts, SkipReason};
use simulator::Console;

use crate::support::{policy, service, today};

#[test]
fn percentages_are_whole_tasks() {
    let cases = [
        ("ECS's own settings", 1, (100, 200), Yes),
        ("one task, and no room for another", 1, (100, 100), Never),
        ("many tasks, and no room for another", 50, (100, 100), Never),
        ("one task, and half of it is all of it", 1, (50, 100), Never),
        ("half more of one task is none more", 1, (100, 199), Never),
        ("half more of two tasks is one", 2, (100, 150), Yes),
        ("one of two may stop", 2, (50, 100), Yes),
        ("one of three may stop, since half of three is two", 3, (50, 100), Yes),
        ("none of three may stop", 3, (67, 100), Never),
        ("all may stop", 4, (0, 100), WithDowntime),
        ("all may stop, and one may be there before", 4, (0, 125), Yes),
        ("there is nothing to replace", 0, (100, 100), NothingRuns),
    ];
    for (name, desired, (minimum_healthy, maximum), expected) in cases {
        let tasks = Tasks { desired, running: desired, percents: Some(Percents { minimum_healthy, maximum }) };
        assert_eq!(tasks.deployable(), expected, "{name}");
    }
    let blue_green = Tasks { desired: 1, running: 1, percents: None };
    assert_eq!(blue_green.deployable(), Yes, "percentages are not what replaces its tasks");
}

#[test]
fn tasks_are_missing_when_fewer_run_than_are_wanted() {
    for (desired, running, expected) in [(0, 0, false), (2, 2, false), (2, 3, false), (2, 1, true)] {
        assert_eq!(Tasks { desired, running, percents: None }.are_missing(), expected, "{running} of {desired}");
    }
}

#[test]
fn a_service_is_changed_only_if_a_deployment_of_it_can_be_told_from_what_ails_it() {
    let service = |desired, running, percents| ServiceFacts { tasks: Tasks { desired, running, percents }, ..service() };
    let percents = Percents { minimum_healthy: 100, maximum: 100 };
    let missing = SkipReason::TasksMissing { running: 1, desired: 2 };
    let stuck = SkipReason::CannotDeploy { desired: 2, percents };
    let cases = [
        ("all tasks run", service(2, 2, None), false, Turn::Protect),
        ("one is missing, and may come", service(2, 1, None), false, Turn::Wait),
        ("one is missing still", service(2, 1, None), true, Turn::Leave(missing)),
        ("no deployment of it would end", service(2, 2, Some(percents)), false, Turn::Leave(stuck.clone())),
        ("that is told before what is missing", service(2, 1, Some(percents)), true, Turn::Leave(stuck)),
        ("it has no tasks, and nothing is replaced", service(0, 0, Some(percents)), false, Turn::Protect),
        (
            "its owner's deployment is told before what is missing",
            ServiceFacts { deploying: true, ..service(2, 1, None) },
            true,
            Turn::Leave(SkipReason::DeploymentInProgress),
        ),
    ];
    for (name, service, last_look, expected) in cases {
        let today = today(&Console::new());
        let attempt = Attempt { today: &today, policy: &policy(), unprotected: true, last_look };
        assert_eq!(turn(&service, &attempt), expected, "{name}");
    }
}
