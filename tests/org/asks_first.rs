//! At a terminal a run that would write shows its scope and asks. Pipes stand for the terminal (`--ask`), since tests have none.

use std::time::Duration;

use fargate_updater::exit;
use serde_json::Value;
use simulator::{Finished, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, updater};

const QUESTION: &str = "Go on? [y/N] ";
const DECLINED: &str = "error: nobody said yes, so the run ended before it began, and nothing was changed\n  \
                        hint:  answer y to go on, or give --yes, with which no run asks\n";

/// Longer than anything here takes; it only ever ends a test that hangs.
const WATCHDOG: Duration = Duration::from_secs(120);

async fn world() -> World {
    Org::new().account(ACCOUNT, |account| account.service("web/one", "httpd.json")).start().await
}

fn at_terminal(world: &World) -> Program {
    updater(world).arg("--ask")
}

/// The Console was reached, and after that nobody was asked anything.
fn expect_nothing_done(world: &World) {
    let calls = world.calls();
    assert_eq!((calls.writes(), world.registered().len(), world.updates().len()), (0, 0, 0));
    assert_eq!((calls.of("POST authenticate"), calls.of("ListAccounts"), calls.of("AssumeRole")), (1, 0, 0));
}

fn expect_done(world: &World, run: &Finished, asked: usize) {
    expect_exit(run, exit::DONE);
    expect_defender(world, ACCOUNT, HOME, "web/one");
    assert_eq!(run.stdout.matches(QUESTION).count(), asked, "{}", run.stdout);
}

#[tokio::test]
async fn with_a_yes_the_run_goes_on() {
    for answer in ["y\n", "YES\n", "yes"] {
        let world = world().await;
        let run = at_terminal(&world).input(answer).run().await;
        expect_done(&world, &run, 1);
    }
}

#[tokio::test]
async fn with_any_other_answer_or_none_nothing_is_done() {
    for answer in ["n\n", "\n", "no\nyes\n", "sure\n", "", "\u{0}\n"] {
        let world = world().await;
        let run = at_terminal(&world).input(answer).run().await;
        expect_exit(&run, exit::NOT_ALL);
        expect_nothing_done(&world);
        assert_eq!(run.stderr, DECLINED, "{answer:?}");
        // What is said on stderr begins on a line of its own.
        assert!(run.stdout.ends_with(&format!("{QUESTION}\n")), "{answer:?}: {}", run.stdout);
    }
    // What is no text is no yes.
    let world = world().await;
    let run = at_terminal(&world).input(vec![b'y', 0xff, b'\n']).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_nothing_done(&world);
}

#[tokio::test]
async fn the_scope_is_shown_before_the_question() {
    let world = world().await;
    let run = at_terminal(&world).args(["--regions=us-east-1", "--max-changes=5", "--exclude-accounts=444455556666"]);
    let run = run.input("n\n").run().await;
    let shown: Vec<&str> = run.lines().into_iter().skip_while(|line| !line.starts_with("This run changes")).collect();
    insta::assert_snapshot!(shown.join("\n").trim_end(), @"
    This run changes services, with these settings:
      ACCOUNTS          every account of the organization
      EXCLUDE_ACCOUNTS  444455556666
      REGIONS           us-east-1
      CLUSTERS          all
      NETWORK           patch
      CONSOLE_CIDRS     not given
      UPGRADE           true
      REEMBED           false
      PIN_IMAGES        false
      MAX_CHANGES       5
      ASSUME_ROLE       true
      WAIT              true
      WAIT_TIMEOUT      15m
      ROLLOUTS          5
      ROLLBACK          true
      CANARY            not given
      MAX_FAILURES      10
      VERIFY            false
      ROLE_NAME         FargateDeployMember
    Go on? [y/N]
    ");
    // Who asks, and which Console, is told before.
    assert!(run.lines()[0].starts_with("run ") && run.lines()[1].starts_with("Console "), "{}", run.stdout);
}

#[tokio::test]
async fn nobody_is_asked_without_a_terminal_with_yes_or_in_a_dry_run() {
    let world_of_one = world().await;
    // A pipe is no terminal, whatever it holds.
    expect_done(&world_of_one, &updater(&world_of_one).input("n\n").run().await, 0);
    let another = world().await;
    expect_done(&another, &at_terminal(&another).arg("--yes").input("n\n").run().await, 0);
    let dry = world().await;
    let run = at_terminal(&dry).arg("--dry-run").input("n\n").run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!((run.stdout.matches(QUESTION).count(), dry.calls().writes()), (0, 0), "{}", run.stdout);
    assert!(run.stdout.contains("1 service would be"), "{}", run.stdout);
}

#[tokio::test]
async fn a_signal_while_nobody_answers_ends_the_run_at_once() {
    for (signal, interrupt) in [("SIGINT", true), ("SIGTERM", false)] {
        let world = world().await;
        let running = at_terminal(&world).silent_input().start().await;
        let asked = async {
            while !running.stdout_so_far().contains(QUESTION) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(WATCHDOG, asked).await.expect("the program asks");
        if interrupt {
            running.interrupt().await;
        } else {
            running.terminate().await;
        }
        let run = running.wait().await;
        expect_exit(&run, exit::NOT_ALL);
        assert!(!run.timed_out, "{}", run.stdout);
        expect_nothing_done(&world);
        assert_eq!(run.stderr, "error: the run was stopped before it began\n");
        let last = run.lines().last().copied().unwrap_or_default();
        assert!(last.starts_with(&format!("stopping: {signal}")), "{}", run.stdout);
    }
}

#[tokio::test]
async fn machines_at_a_terminal_are_asked_too() {
    let world = world().await;
    let run = at_terminal(&world).env("LOG_FORMAT", "json").input("n\n").run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_nothing_done(&world);
    let lines: Vec<Value> = run.lines().into_iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let messages: Vec<&str> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(messages, ["run began", "asking whether to go on", "run could not start"]);
    assert_eq!(lines[1]["settings"]["ACCOUNTS"], "every account of the organization");
    assert_eq!(lines[2]["stage"], "interrupted");
}
