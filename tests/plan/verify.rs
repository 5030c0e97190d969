//! Whose Defenders are connected: ECS's tasks against the Console's list.

use std::time::Duration;

use fargate_updater::plan::verify::{Connections, Search, Sought, Task, Tasks, Unknown};
use serde_json::{Value, json};

const FIRST: &str = "0123456789abcdef0123456789abcdef";
const SECOND: &str = "fedcba9876543210fedcba9876543210";
const OLD_FORM: &str = "1dc5c17a-422b-4dc4-b493-371970c6c4d6";
const AGE: Duration = Duration::from_secs(120);
/// A moment at which tasks that started at 0 are old.
const LATER: i64 = 600_000;

fn task(id: &str, since: i64) -> Task {
    Task { id: id.to_owned(), since }
}

fn of(tasks: Tasks) -> Sought {
    Sought {
        account: "111122223333".parse().expect("an account"),
        region: "eu-west-1".parse().expect("a Region"),
        cluster: "web".to_owned(),
        tasks,
    }
}

fn searching(tasks: &[Task]) -> Search {
    Search::new(vec![of(Tasks::Told(tasks.to_vec()))])
}

/// What the Console lists of a Defender whose host has this name.
fn listed(hostname: &str) -> Value {
    json!({
        "hostname": hostname,
        "connected": true,
        "cluster": "web",
        "cloudMetadata": { "accountID": "111122223333", "region": "eu-west-1", "resourceID": "" },
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut element = listed(FIRST);
    *element.pointer_mut(pointer).expect("it is there") = value;
    element
}

#[test]
fn an_element_is_a_tasks_defender_if_it_names_the_task_and_no_other_place() {
    let arn = |id: &str| json!(format!("arn:aws:ecs:eu-west-1:111122223333:task/web/{id}"));
    let by_resource = |value: Value| {
        let mut element = listed("ip-10-0-0-1.ec2.internal");
        element["cloudMetadata"]["resourceID"] = value;
        element
    };
    let without = |key: &str| {
        let mut element = listed(FIRST);
        element.as_object_mut().expect("an object").remove(key);
        element
    };
    let cases = [
        ("its host is called as the task", listed(FIRST), true),
        ("in capital letters", listed(&FIRST.to_uppercase()), true),
        ("its host is called as a container of the task", listed(&format!("{FIRST}-2495160603")), true),
        ("its host's name ends with the task", listed(&format!("checkout:{FIRST}")), true),
        ("an id of the older form", listed(OLD_FORM), true),
        ("its resource is the task", by_resource(json!(FIRST)), true),
        ("its resource is the task's ARN", by_resource(arn(FIRST)), true),
        ("its resource is an older task's ARN", by_resource(arn(OLD_FORM)), true),
        ("another task", listed("00000000000000000000000000000000"), false),
        ("a part of the task's id", listed(&FIRST[..31]), false),
        ("more than the task's id", listed(&format!("{FIRST}0")), false),
        ("no name at all", listed(""), false),
        ("a name that is no text", with("/hostname", json!(7)), false),
        ("not connected, whatever was asked for", with("/connected", json!(false)), false),
        ("it does not say whether it is connected: that was asked for", without("connected"), true),
        ("another account", with("/cloudMetadata/accountID", json!("222233334444")), false),
        ("another Region", with("/cloudMetadata/region", json!("us-east-1")), false),
        ("whatever it calls the cluster", with("/cluster", json!("web-cluster-0123")), true),
        ("it says nothing of the cloud", without("cloudMetadata"), true),
        ("it is nothing", Value::Null, false),
    ];
    for (name, element, expected) in cases {
        let mut search = searching(&[task(FIRST, 0), task(OLD_FORM, 0)]);
        search.cross_off(&element);
        let connections = search.connections(0, LATER, AGE, None);
        assert_eq!(connections.connected, u32::from(expected), "{name}");
        assert_eq!(connections.missing, 2 - u32::from(expected), "{name}");
    }
}

#[test]
fn containers_of_one_task_are_one_defender() {
    let mut search = searching(&[task(FIRST, 0), task(SECOND, 0)]);
    for container in ["app", "proxy", "app"] {
        let mut element = listed(FIRST);
        element["container"] = json!(container);
        search.cross_off(&element);
    }
    assert!(!search.is_over());
    assert_eq!(search.connections(0, LATER, AGE, None).to_string(), "connected 1 of 2");
    search.cross_off(&listed(SECOND));
    assert!(search.is_over());
    assert!(search.connections(0, LATER, AGE, None).is_whole());
}

#[test]
fn what_is_not_connected_is_missing_only_if_all_was_asked_and_it_had_its_time() {
    let connections = |connected, missing, unknown, why_unknown| Connections { connected, missing, unknown, why_unknown };
    let (young, old) = (task(SECOND, LATER - 119_999), task(SECOND, LATER - 120_000));
    let ahead = task(SECOND, LATER + 60_000);
    let untold = Tasks::Untold { cause: "ListTasks was denied".to_owned() };
    let why = Unknown::TasksUntold { cause: "ListTasks was denied".to_owned() };
    let both = |second: &Task| Tasks::Told(vec![task(FIRST, 0), second.clone()]);
    let cases = [
        ("all are connected", both(&old), vec![FIRST, SECOND], None, connections(2, 0, 0, None), "connected 2 of 2"),
        ("one is missing", both(&old), vec![FIRST], None, connections(1, 1, 0, None), "connected 1 of 2"),
        ("none is connected", both(&old), vec![], None, connections(0, 2, 0, None), "connected 0 of 2"),
        (
            "one is too young",
            both(&young),
            vec![FIRST],
            None,
            connections(1, 0, 1, Some(Unknown::TooYoung)),
            "connected 1 of 2, unknown 1: tasks that started just now may be about to connect",
        ),
        ("one is young and connected", both(&young), vec![FIRST, SECOND], None, connections(2, 0, 0, None), "connected 2 of 2"),
        (
            "one is missing and one too young",
            both(&young),
            vec![],
            None,
            connections(0, 1, 1, Some(Unknown::TooYoung)),
            "connected 0 of 2, unknown 1: tasks that started just now may be about to connect",
        ),
        (
            "one starts in the future, by another clock",
            both(&ahead),
            vec![FIRST],
            None,
            connections(1, 0, 1, Some(Unknown::TooYoung)),
            "connected 1 of 2, unknown 1: tasks that started just now may be about to connect",
        ),
        (
            "not all of the list was read",
            both(&old),
            vec![FIRST],
            Some(Unknown::NotAllRead),
            connections(1, 0, 1, Some(Unknown::NotAllRead)),
            "connected 1 of 2, unknown 1: the Console's list of Defenders was not read to its end",
        ),
        (
            "what was found before the run was stopped is known",
            both(&old),
            vec![SECOND],
            Some(Unknown::Stopped),
            connections(1, 0, 1, Some(Unknown::Stopped)),
            "connected 1 of 2, unknown 1: the run was stopped before it asked the Console once more",
        ),
        (
            "no task runs",
            Tasks::Told(Vec::new()),
            vec![],
            None,
            connections(0, 0, 0, Some(Unknown::NoTaskRuns)),
            "unknown: no task runs its revision",
        ),
        (
            "ECS does not tell",
            untold,
            vec![],
            None,
            connections(0, 0, 0, Some(why)),
            "unknown: its tasks are not told: ListTasks was denied",
        ),
    ];
    for (name, tasks, connected, rest, expected, told) in cases {
        let mut search = Search::new(vec![of(tasks)]);
        connected.iter().for_each(|id| search.cross_off(&listed(id)));
        let connections = search.connections(0, LATER, AGE, rest.as_ref());
        assert_eq!(connections, expected, "{name}");
        assert_eq!(connections.to_string(), told, "{name}");
    }
}

#[test]
fn nobody_waits_longer_than_until_the_youngest_task_is_old_enough() {
    let seconds = Duration::from_secs;
    let cases = [
        ("all are old", vec![task(FIRST, 0), task(SECOND, 0)], Duration::ZERO),
        ("the youngest has half of its time left", vec![task(FIRST, 0), task(SECOND, LATER - 60_000)], seconds(60)),
        ("one starts now", vec![task(FIRST, LATER)], AGE),
        ("one starts in the future, by another clock", vec![task(FIRST, LATER + 3_600_000)], AGE),
        ("there is none", vec![], Duration::ZERO),
    ];
    for (name, tasks, expected) in cases {
        assert_eq!(searching(&tasks).wait(LATER, AGE), expected, "{name}");
    }
}

#[test]
fn what_replaces_a_task_is_looked_for_in_its_place() {
    let other = |id: &str| Sought { cluster: "batch".to_owned(), ..of(Tasks::Told(vec![task(id, 0)])) };
    let third = "33333333333333333333333333333333";
    let mut search = Search::new(vec![of(Tasks::Told(vec![task(FIRST, 0), task(SECOND, 0)])), other(OLD_FORM), other(third)]);
    search.cross_off(&listed(FIRST));
    search.cross_off(&listed(OLD_FORM));
    assert_eq!(search.unfinished(), [0, 2]);

    let new = "44444444444444444444444444444444";
    search.renew(vec![(0, Tasks::Told(vec![task(FIRST, 0), task(new, LATER)])), (2, Tasks::Told(Vec::new()))]);
    assert_eq!(search.unfinished(), [0], "what was connected still is, and what is gone is not missed");
    let told = |search: &Search, number| search.connections(number, LATER, AGE, None).to_string();
    assert_eq!(told(&search, 0), "connected 1 of 2, unknown 1: tasks that started just now may be about to connect");
    assert_eq!(told(&search, 1), "connected 1 of 1");
    assert_eq!(told(&search, 2), "unknown: no task runs its revision");
    search.cross_off(&listed(new));
    assert!(search.is_over());
    assert_eq!(told(&search, 0), "connected 2 of 2");
}

#[test]
fn a_task_that_two_elements_name_is_taken_off_once() {
    // Otherwise the search would be over before another task is found.
    let mut search = searching(&[task(FIRST, 0), task(SECOND, 0)]);
    let mut element = listed(FIRST);
    element["cloudMetadata"]["resourceID"] = json!(FIRST);
    search.cross_off(&element);
    search.cross_off(&element);
    assert!(!search.is_over());
}
