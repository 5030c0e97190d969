//! Of two runs that are there at once exactly one goes on, and each finds out by itself which.

use fargate_updater::plan::other_runs::{Part, RunTask, Turn, turn};

use crate::support::id;

/// A running task of the updater.
fn task(name: &str, created_at: i64) -> RunTask {
    RunTask {
        arn: id(&format!("arn:aws:ecs:us-east-1:123456789012:task/updater/{name}")),
        created_at: Some(created_at),
        last_status: "RUNNING".to_owned(),
        part: Part::default(),
    }
}

fn part(variables: &[(&str, &str)]) -> Part {
    Part::of(variables.iter().copied())
}

#[test]
fn the_oldest_run_goes_on() {
    let own = task("b", 100);
    let with =
        |created_at: Option<i64>, last_status: &str| RunTask { created_at, last_status: last_status.to_owned(), ..task("a", 0) };
    let theirs = |name: &str| Turn::Theirs(task(name, 0).arn);
    let unseen = RunTask { created_at: None, ..own.clone() };
    let cases = [
        ("alone", vec![own.clone()], Turn::Ours),
        ("an older one", vec![task("a", 99), own.clone()], theirs("a")),
        ("an older one whose ARN comes later", vec![own.clone(), task("c", 99)], theirs("c")),
        ("a younger one", vec![task("a", 101), own.clone()], Turn::Ours),
        ("one of the same age whose ARN comes first", vec![own.clone(), task("a", 100)], theirs("a")),
        ("one of the same age whose ARN comes later", vec![own.clone(), task("c", 100)], Turn::Ours),
        ("the oldest of several is named", vec![task("c", 50), own.clone(), task("a", 60), task("d", 200)], theirs("c")),
        ("an older one that only begins", vec![with(Some(99), "PENDING"), own.clone()], theirs("a")),
        ("an older one that is being stopped still finishes", vec![with(Some(99), "STOPPING"), own.clone()], theirs("a")),
        ("an older one that has ended", vec![with(Some(99), "STOPPED"), own.clone()], Turn::Ours),
        ("an older one whose containers have ended", vec![with(Some(99), "DEPROVISIONING"), own.clone()], Turn::Ours),
        ("one that is not created yet", vec![with(None, "PROVISIONING"), own.clone()], Turn::Ours),
        ("this task is not told of", vec![task("a", 99)], Turn::Unknown),
        ("this task's age is not told", vec![task("a", 99), unseen], Turn::Unknown),
        ("nothing is told", vec![], Turn::Unknown),
    ];
    for (name, tasks, expected) in cases {
        assert_eq!(turn(&own.arn, &tasks, false), expected, "{name}");
    }
}

#[test]
fn of_several_exactly_one_goes_on() {
    for ages in [[1, 2, 3], [3, 2, 1], [1, 1, 2], [2, 1, 1], [1, 1, 1]] {
        let tasks: Vec<RunTask> = ["a", "b", "c"].into_iter().zip(ages).map(|(name, age)| task(name, age)).collect();
        let going_on = tasks.iter().filter(|task| turn(&task.arn, &tasks, false) == Turn::Ours).count();
        assert_eq!(going_on, 1, "{ages:?}");
    }
}

#[test]
fn only_runs_of_the_same_part_are_in_each_others_way() {
    let cases = [
        ("the whole and the whole", &[][..], &[][..], true),
        ("other variables", &[("REGIONS", "eu-west-1")], &[], true),
        ("the same shard", &[("SHARD", "1/4")], &[("SHARD", " 1/4 ")], true),
        ("another shard", &[("SHARD", "1/4")], &[("SHARD", "2/4")], false),
        ("a shard of another division", &[("SHARD", "1/4")], &[("SHARD", "1/2")], false),
        ("a shard and the whole", &[("SHARD", "1/4")], &[], false),
        ("an empty one is none", &[("SHARD", ""), ("SHARDS", "")], &[], true),
        ("shards that only know themselves which they are", &[("SHARDS", "4")], &[("SHARDS", "4")], false),
    ];
    for (name, ours, theirs, in_the_way) in cases {
        let own = RunTask { part: part(ours), ..task("b", 100) };
        let older = RunTask { part: part(theirs), ..task("a", 99) };
        let expected = if in_the_way { Turn::Theirs(older.arn.clone()) } else { Turn::Ours };
        assert_eq!(turn(&own.arn, &[older, own.clone()], false), expected, "{name}");
    }
}

#[test]
fn a_share_that_cannot_be_seen_from_outside_is_not_taken_for_its_siblings() {
    // A Batch array job: what its definition says of shares is in the task definition, and the number only inside of the container.
    let own = task("b", 100);
    let tasks = [task("a", 99), own.clone()];
    assert_eq!(turn(&own.arn, &tasks, true), Turn::Ours);
    let shown = |name, age| RunTask { part: part(&[("SHARD", "1/4")]), ..task(name, age) };
    assert_eq!(turn(&own.arn, &[shown("a", 99), shown("b", 100)], true), Turn::Theirs(shown("a", 99).arn));
}
