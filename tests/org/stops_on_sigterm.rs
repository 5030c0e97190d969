//! SIGTERM and SIGINT: nothing new is started, what is being changed is finished, and the report is whole.
//!
//! A signal counts from the moment the program says that it has it; what happens then is up to the holds, not to time.

use std::time::Duration;

use simulator::console::faults;
use simulator::{Fault, FaultRule, Finished, Org, Program, Running, World};

use crate::support::{ACCOUNT, HOME, expect_defender, lines_about, one_container, updater};

const OTHER_ACCOUNT: &str = "222233334444";
const EMBED: &str = "POST defenders/fargate.json";

/// Longer than anything here takes; it only ever ends a test that hangs.
const WATCHDOG: Duration = Duration::from_secs(120);

fn three_services() -> Org {
    Org::new().account(ACCOUNT, |account| {
        let account = account.service("web/one", "httpd.json").service("web/two", "orders.json");
        account.service("api/three", "two_containers.json")
    })
}

const THREE: [&str; 3] = ["web/one", "web/two", "api/three"];

#[derive(Clone, Copy, Debug)]
enum Signal {
    Terminate,
    Interrupt,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        }
    }

    /// Sends the signal, and returns when the program has said that it has it.
    async fn stop(self, running: &Running) {
        match self {
            Self::Terminate => running.terminate().await,
            Self::Interrupt => running.interrupt().await,
        }
        let said = format!("stopping: {}", self.name());
        until("the program says that it is stopping", || running.stdout_so_far().contains(&said)).await;
    }
}

/// Waits until something holds that the program or the world will see to.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(WATCHDOG, waiting).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}

/// Holds the n-th call of an operation and lets those before it pass.
fn hold_nth(world: &World, operation: &str, n: u64) -> std::sync::Arc<simulator::Hold> {
    for _ in 1..n {
        world.hold(operation).release();
    }
    world.hold(operation)
}

/// Checks that every service that was seen has exactly one line, and returns their first words.
fn outcomes(run: &Finished, services: &[&str]) -> Vec<String> {
    let word = |service: &&str| {
        let lines = lines_about(run, service);
        assert_eq!(lines.len(), 1, "{service} has {} lines:\n{}", lines.len(), run.stdout);
        let (word, _) = lines[0].split_once("  ").unwrap_or((&lines[0], ""));
        word.split(" 1111").next().unwrap_or_default().trim().to_owned()
    };
    services.iter().map(word).collect()
}

/// Checks that a revision was registered only for a service that was moved to it.
fn expect_nothing_half_done(world: &World) {
    let moved: Vec<_> = world.updates().iter().map(|update| update["taskDefinition"].clone()).collect();
    assert_eq!(world.registered().len(), moved.len(), "one revision for each service that was moved: {moved:?}");
}

#[tokio::test]
async fn services_whose_turn_has_not_come_are_not_attempted() {
    for signal in [Signal::Terminate, Signal::Interrupt] {
        let world = three_services().start().await;
        let looking = world.hold("DescribeTaskDefinition");
        // One call at a time: while it is held, no other job gets further.
        let running = updater(&world).arg("--concurrency=1").start().await;
        looking.reached().await;
        signal.stop(&running).await;
        looking.release();
        let run = running.wait().await;
        assert_eq!(run.exit_code, Some(3), "{signal:?}: {}{}", run.stdout, run.stderr);
        assert_eq!(outcomes(&run, &THREE), ["not attempted"; 3], "{signal:?}: {}", run.stdout);
        assert_eq!(world.calls().writes(), 0, "{signal:?}");
        assert_eq!(run.stdout.matches(&format!("  stopped by {} before the end", signal.name())).count(), 1, "{}", run.stdout);
        assert!(run.stdout.contains("3 services seen, 2 accounts in scope: 3 not attempted"), "{}", run.stdout);

        let next = updater(&world).run().await;
        assert_eq!(next.exit_code, Some(0), "{signal:?}: {}", next.stdout);
        THREE.iter().for_each(|service| expect_defender(&world, ACCOUNT, HOME, service));
    }
}

#[tokio::test]
async fn a_definition_that_is_with_the_console_is_not_registered_any_more() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/one", "httpd.json")).start().await;
    let embedding = hold_nth(&world, EMBED, 2);
    let running = updater(&world).start().await;
    embedding.reached().await;
    Signal::Terminate.stop(&running).await;
    embedding.release();
    let run = running.wait().await;
    assert_eq!(run.exit_code, Some(3), "{}{}", run.stdout, run.stderr);
    assert_eq!(outcomes(&run, &["web/one"]), ["not attempted"]);
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn a_service_whose_revision_is_being_registered_is_finished_and_nothing_else_is_started() {
    for (operation, signal) in [("RegisterTaskDefinition", Signal::Terminate), ("UpdateService", Signal::Interrupt)] {
        let org = Org::new().account(ACCOUNT, |account| account.service("web/one", "httpd.json"));
        let world = org.account(OTHER_ACCOUNT, |account| account.service("web/two", "orders.json")).start().await;
        let (writing, entering) = (world.hold(operation), hold_nth(&world, "AssumeRole", 2));
        let running = updater(&world).arg("--regions-walked=1").start().await;
        writing.reached().await;
        // The walk has gone on to the next account meanwhile.
        entering.reached().await;
        signal.stop(&running).await;
        writing.release();
        entering.release();
        let run = running.wait().await;
        assert_eq!(run.exit_code, Some(3), "{operation}: {}{}", run.stdout, run.stderr);
        assert_eq!(outcomes(&run, &["web/one"]), ["protected"], "{operation}");
        expect_defender(&world, ACCOUNT, HOME, "web/one");
        assert_eq!((world.registered().len(), world.updates().len()), (1, 1), "{operation}");
        // The accounts that were not entered are told, one line each.
        for account in ["123456789012", OTHER_ACCOUNT] {
            let line = format!("not attempted account {account}: the run was stopped before its turn");
            assert_eq!(run.stdout.matches(&line).count(), 1, "{operation}: {}", run.stdout);
        }
        assert_eq!(world.calls().of("AssumeRole"), 2, "{operation}");
    }
}

#[tokio::test]
async fn a_service_that_was_put_back_is_not_come_back_to() {
    let org = Org::new().account(ACCOUNT, |account| {
        let account = account.service("web/one", "httpd.json");
        account.service_with("web/two", "orders.json", |service| service.deploying())
    });
    let world = org.start().await;
    let updating = world.hold("UpdateService");
    let running = updater(&world).start().await;
    updating.reached().await;
    Signal::Terminate.stop(&running).await;
    updating.release();
    let run = running.wait().await;
    assert_eq!(run.exit_code, Some(3), "{}{}", run.stdout, run.stderr);
    assert_eq!(outcomes(&run, &["web/one", "web/two"]), ["protected", "not attempted"], "{}", run.stdout);
    assert_eq!(world.registered().len(), 1);
}

#[tokio::test]
async fn a_run_that_is_stopped_at_any_call_tells_of_every_service_once_and_leaves_nothing_half_done() {
    let operations = ["ListAccounts", "AssumeRole", "ListClusters", "ListServices", "DescribeServices"];
    let later = [("DescribeTaskDefinition", 2), (EMBED, 3), ("RegisterTaskDefinition", 2), ("UpdateService", 2)];
    for (operation, n) in operations.map(|operation| (operation, 1)).into_iter().chain(later) {
        let world = three_services().start().await;
        let held = hold_nth(&world, operation, n);
        let running = updater(&world).start().await;
        held.reached().await;
        Signal::Terminate.stop(&running).await;
        held.release();
        let run = running.wait().await;
        expect_nothing_half_done(&world);
        let seen: Vec<&str> = THREE.into_iter().filter(|service| !lines_about(&run, service).is_empty()).collect();
        let outcomes = outcomes(&run, &seen);
        let protected = outcomes.iter().filter(|word| *word == "protected").count();
        assert_eq!(protected, world.updates().len(), "{operation}: {}", run.stdout);
        assert!(outcomes.iter().all(|word| word == "protected" || word == "not attempted"), "{operation}: {}", run.stdout);
        let told = format!(
            "{} seen, 2 accounts in scope",
            if seen.len() == 1 { "1 service".to_owned() } else { format!("{} services", seen.len()) }
        );
        let before_the_accounts = operation == "ListAccounts";
        assert!(before_the_accounts || run.stdout.contains(&told), "{operation}: {}", run.stdout);
        let all_done = protected == 3 && !run.stdout.contains("not attempted");
        assert_eq!(run.exit_code, Some(if all_done { 0 } else { 3 }), "{operation}: {}", run.stdout);
        // Before the accounts are known there is nothing to sum up.
        let summed_up = run.stdout.contains("stopped by SIGTERM before the end");
        let told_at_once = run.stderr.contains("the run was stopped before it began");
        assert!(if before_the_accounts { told_at_once } else { summed_up }, "{operation}: {}{}", run.stdout, run.stderr);

        let next = updater(&world).run().await;
        assert_eq!(next.exit_code, Some(0), "{operation}: {}", next.stdout);
        THREE.iter().for_each(|service| expect_defender(&world, ACCOUNT, HOME, service));
        assert_eq!(world.registered().len(), 3, "{operation}: one revision for each definition");
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_at_the_start_says_so() {
    let start = ["GetCallerIdentity", "GetSecretValue", "GET _ping", "POST authenticate", "GET version", EMBED];
    for operation in start {
        for signal in [Signal::Terminate, Signal::Interrupt] {
            let world = three_services().start().await;
            let held = world.hold(operation);
            let running = updater(&world).start().await;
            held.reached().await;
            signal.stop(&running).await;
            // It is never released: the program does not wait for the answer.
            let run = running.wait().await;
            assert_eq!(run.exit_code, Some(3), "{operation}: {}{}", run.stdout, run.stderr);
            assert_eq!(run.stderr.trim(), "error: the run was stopped before it began", "{operation}");
            assert_eq!(world.calls().of("AssumeRole"), 0, "{operation}");
        }
    }
}

#[tokio::test]
async fn machines_are_told_of_a_stop_as_well() {
    let world = three_services().start().await;
    let held = world.hold("GET _ping");
    let running = updater(&world).env("LOG_FORMAT", "json").start().await;
    held.reached().await;
    running.terminate().await;
    let run = running.wait().await;
    assert_eq!(run.exit_code, Some(3), "{}{}", run.stdout, run.stderr);
    let lines: Vec<serde_json::Value> =
        run.lines().iter().map(|line| serde_json::from_str(line).expect("every line is a JSON object")).collect();
    let messages: Vec<&str> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(messages, ["run is stopping", "run could not start"]);
    assert_eq!(lines[0]["signal"], "SIGTERM");
}

/// Makes every call of an operation answer that AWS is too busy.
fn always(operation: &str, fault: Fault) -> FaultRule {
    FaultRule { operation: operation.to_owned(), account: None, region: None, from: 1, to: None, fault }
}

/// Starts a program that waits for as long as it ever does between two tries, and returns when the operation was tried.
async fn start_waiting(world: &World, operation: &str, tries: u64) -> Running {
    let program = Program::new(env!("CARGO_BIN_EXE_fargate-updater")).in_world(world);
    let running = program.env("LOG_FORMAT", "text").env("VERBOSE", "true").arg("--first-wait-ms=600000").start().await;
    until(&format!("{operation} is called"), || world.calls().of(operation) >= tries).await;
    running
}

/// Stops a program that waits, and checks that it ends without waiting for more tries: one may be on its way.
async fn stop_waiting(world: &World, operation: &str, running: Running) -> Finished {
    Signal::Terminate.stop(&running).await;
    let tries = world.calls().of(operation);
    let run = running.wait().await;
    let after = world.calls().of(operation) - tries;
    assert!(after <= 1, "{operation} was tried {after} times after the signal: {}{}", run.stdout, run.stderr);
    assert_eq!(run.exit_code, Some(3), "{operation}: {}{}", run.stdout, run.stderr);
    run
}

#[tokio::test]
async fn waiting_for_another_try_of_a_read_does_not_delay_stopping() {
    // What is throttled for ever, from which call on, and whether the service was seen by then.
    let busy = || faults::too_many_requests(Some(100));
    let cases = [
        ("AssumeRole", 1, Fault::throttled(), false),
        ("ListClusters", 1, Fault::throttled(), false),
        ("ListServices", 1, Fault::throttled(), false),
        ("DescribeServices", 1, Fault::throttled(), false),
        ("DescribeTaskDefinition", 1, Fault::throttled(), true),
        (EMBED, 2, busy(), true),
        ("GET manifests", 1, simulator::registry::faults::too_many_requests(), true),
        ("GetAuthorizationToken", 1, Fault::throttled(), true),
        ("GET registry", 1, busy(), true),
    ];
    for (operation, from, fault, seen) in cases {
        let rule = FaultRule { from, ..always(operation, fault) };
        // Only a container that says no entry point makes a run ask registries.
        let asks = ["GET manifests", "GetAuthorizationToken", "GET registry"].contains(&operation);
        let definition = if asks { "no_entry_point.json" } else { "httpd.json" };
        let world = Org::new().account(ACCOUNT, |account| account.service("web/one", definition)).fault(rule).start().await;
        let running = start_waiting(&world, operation, from).await;
        let run = stop_waiting(&world, operation, running).await;
        assert!(!run.stdout.contains("failed"), "giving up waiting is no failure, {operation}: {}", run.stdout);
        if seen {
            assert_eq!(outcomes(&run, &["web/one"]), ["not attempted"], "{operation}");
        } else {
            assert!(run.stdout.contains(&format!("not attempted account {ACCOUNT}")), "{operation}: {}", run.stdout);
        }
    }
}

#[tokio::test]
async fn waiting_for_another_try_of_a_registration_does_not_delay_stopping() {
    let rule = always("RegisterTaskDefinition", Fault::throttled());
    let world = Org::new().account(ACCOUNT, |account| account.service("web/one", "httpd.json")).fault(rule).start().await;
    let running = start_waiting(&world, "RegisterTaskDefinition", 1).await;
    let run = stop_waiting(&world, "RegisterTaskDefinition", running).await;
    // AWS said that it did nothing: nothing is half done.
    assert_eq!(outcomes(&run, &["web/one"]), ["not attempted"], "{}", run.stdout);
}

#[tokio::test]
async fn waiting_for_another_try_of_an_update_does_not_delay_stopping() {
    let rule = always("UpdateService", Fault::throttled());
    let world = Org::new().account(ACCOUNT, |account| account.service("web/one", "httpd.json")).fault(rule).start().await;
    let running = start_waiting(&world, "UpdateService", 1).await;
    let run = stop_waiting(&world, "UpdateService", running).await;
    assert_eq!(lines_about(&run, "web/one").len(), 1, "{}", run.stdout);
    assert_eq!((world.registered().len(), world.updates().len()), (1, 0));
}

#[tokio::test]
async fn of_many_services_on_one_definition_those_that_are_left_are_the_next_runs() {
    let org = Org::new().account(ACCOUNT, |account| {
        (0..25).fold(account, |account, n| account.service(&format!("web/shop-{n:02}"), "httpd.json"))
    });
    let world = org.start().await;
    let updating = world.hold("UpdateService");
    let running = updater(&world).env("WAIT", "false").start().await;
    updating.reached().await;
    Signal::Terminate.stop(&running).await;
    updating.release();
    let run = running.wait().await;
    assert_eq!(run.exit_code, Some(3), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("25 services seen, 2 accounts in scope: 10 protected, 15 not attempted"), "{}", run.stdout);
    assert_eq!(world.updates().len(), 10);

    let next = updater(&world).run().await;
    assert_eq!(next.exit_code, Some(0), "{}{}", next.stdout, next.stderr);
    assert!(next.stdout.contains("15 protected, 10 up to date"), "{}", next.stdout);
    assert_eq!(world.registered().len(), 1, "the next run uses the revision that is there");
}

#[tokio::test]
async fn what_waits_for_its_turn_at_aws_is_not_attempted() {
    // Twenty registrations go through at once; the others have to wait for AWS's tokens.
    let org = (1..=25).fold(Org::new(), |org, number| {
        org.account(ACCOUNT, |account| {
            account.service(&format!("web/service-{number}"), one_container(&format!("service-{number}")))
        })
    });
    let world = org.start().await;
    let registering = hold_nth(&world, "RegisterTaskDefinition", 20);
    let program = Program::new(env!("CARGO_BIN_EXE_fargate-updater")).in_world(&world).env("LOG_FORMAT", "text");
    let running = program.args(["--pace=100", "--wait=false"]).start().await;
    registering.reached().await;
    Signal::Terminate.stop(&running).await;
    registering.release();
    let run = running.wait().await;
    assert_eq!(run.exit_code, Some(3), "{}{}", run.stdout, run.stderr);
    // On a slow machine a token may have come back meanwhile.
    let registered = world.registered().len();
    assert!((20..25).contains(&registered), "{registered}");
    assert_eq!(world.updates().len(), registered);
    assert!(run.stdout.contains(&format!("{registered} protected, {} not attempted", 25 - registered)), "{}", run.stdout);
}
