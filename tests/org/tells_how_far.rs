//! A run that hangs can be told from one that goes on: every minute, a log is told how far it is and what it waits for.

use fargate_updater::exit;
use serde_json::Value;
use simulator::{Org, Running};

use crate::support::{ACCOUNT, expect_exit, updater};

fn shop() -> Org {
    Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json").service("web/orders", "orders.json"))
}

/// Waits until a run has said something.
async fn until_said(running: &Running, text: &str) {
    while !running.stdout_so_far().contains(text) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_log_is_told_how_far_a_run_is_while_a_call_hangs() {
    let world = shop().start().await;
    let held = world.hold("RegisterTaskDefinition");
    let running = updater(&world).env("LOG_FORMAT", "json").arg("--heartbeat-every-ms=1").start().await;
    held.reached().await;
    // Both definitions wait: the first one for the answer, the second one for its turn or its own answer. What is said after that is
    // another matter.
    let stuck = loop {
        let said = running.stdout_so_far();
        let beats = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut waiting = beats.filter(|beat| beat["waiting_for"] == "an answer of AWS" && beat["services"] == 2);
        match waiting.next() {
            Some(beat) => break beat,
            None => tokio::task::yield_now().await,
        }
    };
    held.release();
    let run = running.wait().await;
    expect_exit(&run, exit::DONE);

    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let beats: Vec<&Value> = lines.iter().filter(|line| line["message"] == "run goes on").collect();
    let number = |name: &str| stuck[name].as_u64().unwrap_or_else(|| panic!("{name} in {stuck}"));
    assert_eq!((number("accounts"), number("task_definitions"), number("changed"), number("failed")), (2, 2, 0, 0), "{stuck}");
    assert!(number("calls") > 5 && number("regions") >= number("regions_done"), "{stuck}");
    // What is done never becomes less.
    for pair in beats.windows(2) {
        for name in ["accounts_done", "regions_done", "task_definitions_done", "services_done", "calls"] {
            assert!(pair[0][name].as_u64() <= pair[1][name].as_u64(), "{name}: {} {}", pair[0], pair[1]);
        }
    }
    let end = lines.last().expect("a last line");
    assert_eq!((&end["message"], &end["services"]), (&"run ended".into(), &2.into()));
    assert!(end["calls"].as_u64() >= beats.last().and_then(|beat| beat["calls"].as_u64()), "{end}");
}

#[tokio::test]
async fn people_who_read_a_log_are_told_the_same() {
    let world = shop().start().await;
    let held = world.hold("RegisterTaskDefinition");
    let running = updater(&world).arg("--heartbeat-every-ms=1").start().await;
    held.reached().await;
    until_said(&running, "services 0/2, changed 0, failed 0, ").await;
    held.release();
    let run = running.wait().await;
    expect_exit(&run, exit::DONE);
    assert!(run.stdout.lines().any(|line| line.starts_with("running 0:") && line.contains(", waiting for ")), "{}", run.stdout);
}

#[tokio::test]
async fn a_run_that_waits_for_the_console_says_so() {
    let world = shop().start().await;
    let held = world.hold("GET _ping");
    let running = updater(&world).env("LOG_FORMAT", "json").arg("--heartbeat-every-ms=1").start().await;
    held.reached().await;
    until_said(&running, "\"waiting_for\":\"an answer of the Console\"").await;
    held.release();
    expect_exit(&running.wait().await, exit::DONE);
}

#[tokio::test]
async fn a_quiet_run_does_not_say_how_far_it_is() {
    let world = shop().start().await;
    for (verbosity, says) in [("QUIET", false), ("VERBOSE", true)] {
        let held = world.hold("ListClusters");
        let program = updater(&world).without_env("VERBOSE").env("LOG_FORMAT", "json").env(verbosity, "true");
        let running = program.arg("--heartbeat-every-ms=1").start().await;
        held.reached().await;
        if says {
            until_said(&running, "run goes on").await;
        }
        held.release();
        let run = running.wait().await;
        expect_exit(&run, exit::DONE);
        assert_eq!(run.stdout.contains("run goes on"), says, "{verbosity}: {}", run.stdout);
    }
}
