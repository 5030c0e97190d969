//! The runner, with the shell for a program.

use super::{Finished, Program};

fn shell(script: &str) -> Program {
    Program::new("sh").args(["-c", script])
}

/// Waits for the script's first word, which it says once its traps are set.
async fn started(script: &str) -> super::Running {
    let running = shell(script).start().await;
    while !running.stdout_so_far().contains("ready") {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    running
}

#[tokio::test]
async fn nothing_of_the_machine_gets_through() {
    let finished = shell("env; pwd; echo \"$HOME\"; cat").env("PCC_URL", "here").env("GONE", "1").without_env("GONE").run().await;
    assert_eq!(finished.exit_code, Some(0));
    let names: Vec<&str> = finished.lines().into_iter().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    for name in &names {
        // `PWD`, `OLDPWD`, `SHLVL` and `_` are the shell's own.
        let expected =
            ["PATH", "HOME", "TMPDIR", "AWS_EC2_METADATA_DISABLED", "NO_COLOR", "PCC_URL", "PWD", "OLDPWD", "SHLVL", "_"];
        assert!(expected.contains(name), "{name} got through");
    }
    assert!(names.contains(&"HOME") && names.contains(&"PCC_URL") && names.contains(&"NO_COLOR"));
    let last: Vec<&str> = finished.lines().into_iter().rev().take(2).collect();
    assert_ne!(last[0], last[1], "home is not the working directory");
}

#[tokio::test]
async fn files_go_in_and_come_out() {
    let finished = shell("cat in/a.json > out.txt").file("in/a.json", "{}").run().await;
    assert_eq!(finished.file("out.txt").as_deref(), Some("{}"));
    assert_eq!(finished.file("nothing"), None);
    let directory = finished.working_directory().to_owned();
    assert!(directory.exists());
    drop(finished);
    assert!(!directory.exists());
}

#[tokio::test]
async fn a_program_reads_what_it_is_given_to_its_end() {
    assert_eq!(shell("cat; echo end").input("one\ntwo\n").run().await.stdout, "one\ntwo\nend\n");
    // More than a pipe holds, to a program that reads none of it.
    let finished = shell("exit 5").input(vec![b'x'; 1_000_000]).run().await;
    assert_eq!(finished.exit_code, Some(5));
}

#[tokio::test]
async fn silent_input_has_no_end() {
    let mut running = shell("echo ready; cat; echo end").silent_input().start().await;
    while !running.stdout_so_far().contains("ready") {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    running.kill().await;
    assert_eq!(running.wait().await.stdout, "ready\n");
}

#[tokio::test]
async fn full_pipes_do_not_block() {
    let script =
        "i=0; while [ $i -lt 6000 ]; do echo 0123456789012345678901234567890123456789; echo error >&2; i=$((i+1)); done; exit 3";
    let finished = shell(script).run().await;
    assert_eq!((finished.exit_code, finished.lines().len(), finished.error_lines().len()), (Some(3), 6000, 6000));
}

#[tokio::test]
async fn of_a_long_output_the_end_can_be_kept_alone() {
    let script = "i=0; while [ $i -lt 6000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done; echo the end";
    let finished = shell(script).keeps_the_end(1_000).run().await;
    assert!(finished.stdout.ends_with("\nthe end\n"), "{}", finished.stdout);
    // What arrives at once is kept as a whole.
    assert!(finished.stdout.len() < 40_000, "{} bytes are kept", finished.stdout.len());
}

#[tokio::test]
async fn signals_arrive() {
    // A program in the background of a shell ignores INT, and so does all that it starts, shells with a trap included. What this
    // process catches, its children do not ignore.
    let _caught = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).expect("INT can be caught");
    for (signal, number) in [("TERM", 15), ("INT", 2)] {
        let running = started("echo ready; exec sleep 60").await;
        if signal == "TERM" {
            running.terminate().await
        } else {
            running.interrupt().await
        }
        assert_eq!(running.wait().await.signal, Some(number), "{signal}");
    }
}

#[tokio::test]
async fn a_killed_program_has_no_exit_code() {
    let mut running = started("trap '' TERM; echo ready; while :; do sleep 0.01; done").await;
    running.terminate().await;
    running.kill().await;
    running.terminate().await;
    let finished = running.wait().await;
    assert_eq!((finished.exit_code, finished.signal, finished.timed_out), (None, Some(9), false));
    assert_eq!(finished.stdout, "ready\n");
}

#[tokio::test]
async fn leaks_are_found_however_they_are_written() {
    let finished = shell(r#"echo 'a "quo\"ted" b'; echo 'first-half-of-the-' >&2; echo 'secret-is-here' >&2"#).run().await;
    let leaks = |secret: &str| Finished::leaks(&finished, &[secret.to_owned()]).len();
    assert_eq!(leaks("quo\"ted"), 1);
    assert_eq!(leaks("first-half-of-the-secret-is-here"), 1);
    assert_eq!(leaks("not-there"), 0);
    assert_eq!(leaks(""), 0);
}

#[tokio::test]
async fn the_watchdog_ends_what_hangs_and_says_so() {
    let mut program = shell("echo before; while :; do sleep 0.01; done");
    program.watchdog = std::time::Duration::from_millis(200);
    let finished = program.run().await;
    assert_eq!((finished.timed_out, finished.signal, finished.stdout.as_str()), (true, Some(9), "before\n"));
    assert!(finished.stderr.contains("killed by the watchdog"));
}

#[tokio::test]
async fn a_dropped_program_is_killed() {
    let running = started("echo $$ ready; while :; do sleep 0.01; done").await;
    let output = running.stdout_so_far();
    let id = output.split(' ').next().unwrap_or_default();
    drop(running);
    // The runtime kills and reaps it in its own time.
    while shell("kill -0 \"$0\"").arg(id).run().await.exit_code == Some(0) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_world_is_all_the_program_sees_besides() {
    let world = crate::Org::new().start().await;
    // What follows a script is its `$0`.
    let finished = shell("env; echo \"$0\"").in_world(&world).run().await;
    assert_eq!(finished.lines().last(), Some(&format!("--registries-at={}", world.registries_at()).as_str()));
    for (name, value) in world.environment() {
        assert!(finished.lines().contains(&format!("{name}={value}").as_str()), "{name}");
    }
    let without = shell("env").in_world(&world).without_env("PCC_SECRET").run().await;
    assert!(!without.stdout.contains("PCC_SECRET"));
}
