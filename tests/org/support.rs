//! What every promise needs: the program in a world, and the words to check what became of the world.

use serde_json::{Value, json};
use simulator::{Finished, Moment, Program, World};

/// The account most scenarios happen in.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The Region a scenario happens in unless it says otherwise.
pub(crate) const HOME: &str = "us-east-1";

/// Returns the program, ready to run in a world: told for people, each service by itself, and without the waits between tries and looks.
pub(crate) fn updater(world: &World) -> Program {
    let program = Program::new(env!("CARGO_BIN_EXE_fargate-updater")).in_world(world);
    program
        .env("LOG_FORMAT", "text")
        .env("VERBOSE", "true")
        .arg("--first-wait-ms=1")
        .arg("--watch-every-ms=1")
        .arg("--quota-scale=1000")
}

/// Starts a program and kills it at its n-th write, before or after that took effect.
pub(crate) async fn kill_at_write(world: &World, program: Program, write: u64, moment: Moment) -> Finished {
    let there = world.on_write(write, moment);
    let mut running = program.start().await;
    there.reached().await;
    running.kill().await;
    let killed = running.wait().await;
    assert_eq!(killed.signal, Some(9), "killed {moment:?} write {write}: {}", killed.stdout);
    killed
}

/// The lines of the report that tell of one service, such as `web/checkout`.
pub(crate) fn lines_about(finished: &Finished, service: &str) -> Vec<String> {
    let about = format!(" {service} ");
    finished.stdout.lines().filter(|line| line.contains(&about)).map(str::to_owned).collect()
}

/// Checks that a service runs a task definition with exactly one Defender, and that every other container is wrapped by it.
pub(crate) fn expect_defender(world: &World, account: &str, region: &str, service: &str) {
    let view = world.service(account, region, service);
    let containers = view.task_definition()["containerDefinitions"].as_array().expect("containers").clone();
    let name = |container: &Value| container["name"].as_str().unwrap_or_default().to_owned();
    let defenders = containers.iter().filter(|container| name(container) == "TwistlockDefender").count();
    assert_eq!(defenders, 1, "{service} has {defenders} Defenders");
    for container in containers.iter().filter(|container| name(container) != "TwistlockDefender") {
        let entry_point: Vec<&str> = container["entryPoint"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let wrapped = entry_point.windows(2).any(|pair| pair == ["fargate", "entrypoint"]);
        assert!(wrapped, "{service}: container {} is not wrapped: {entry_point:?}", name(container));
    }
}

/// Checks that a service still runs what it ran before.
pub(crate) fn expect_untouched(world: &World, before: &Value, account: &str, region: &str, service: &str) {
    let view = world.service(account, region, service);
    assert_eq!(view.task_definition(), before, "{service} was changed");
}

/// Checks a run's exit code, and shows all that was said when it is another one.
pub(crate) fn expect_exit(finished: &Finished, code: u8) {
    assert_eq!(finished.exit_code, Some(code.into()), "{}{}", finished.stdout, finished.stderr);
}

/// Checks that a service is told of in exactly one line, that it begins with the outcome and holds the text.
pub(crate) fn expect_told(finished: &Finished, service: &str, outcome: &str, text: &str) {
    let lines = lines_about(finished, service);
    assert_eq!(lines.len(), 1, "{service} is told of in {lines:#?}");
    assert!(lines[0].starts_with(&format!("{outcome} ")), "{}", lines[0]);
    assert!(lines[0].contains(text), "{text:?} is not said: {}", lines[0]);
}

/// The accounts whose role was assumed, each as often as it was, in order.
pub(crate) fn accounts_entered(world: &World) -> Vec<String> {
    let mut accounts: Vec<String> = world.session_policies().into_iter().map(|(account, _)| account).collect();
    accounts.sort();
    accounts
}

/// A task definition of one container that says its entry point, for what a fixture would not add to.
pub(crate) fn one_container(family: &str) -> Value {
    json!({
        "family": family,
        "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
        "networkMode": "awsvpc",
        "containerDefinitions": [
            { "name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1.0", "entryPoint": ["/app"] },
        ],
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
    })
}
