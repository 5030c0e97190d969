//! `cargo run --example demo`: the real program against a simulated organization, with nothing to install or configure.
//!
//! The demo starts the organization on loopback and then runs itself again as the program: with [`CHILD`] set it is nothing but
//! the library's `main()`, so that what is shown is the real thing over the real wire.

use std::io::{self, Write};
use std::process::ExitCode;

use simulator::{Finished, Org, Program, World};

mod organization;

/// Set for the process that is the program.
const CHILD: &str = "FARGATE_UPDATER_DEMO_CHILD";

fn main() -> ExitCode {
    if std::env::var_os(CHILD).is_some() {
        return fargate_updater::main(std::env::args_os());
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(io::stderr(), "could not start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(show(organization::example())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "\nthe demo did not go as it should: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Shows the scenes, and fails if one of them does not end as it must.
async fn show(org: Org) -> io::Result<()> {
    let world = org.start().await;
    say("A simulated organization is listening on loopback. Below is what fargate-updater itself prints, run by run.")?;

    title("First run")?;
    // Each service is told, and so is what the Console says of its Defenders.
    let first = program(&world)?.env("VERBOSE", "true").run().await;
    print(&first)?;
    expect("the first run leaves a service and an account undone, and says so", first.exit_code == Some(3))?;
    expect("the first run opens a closed security group, and says so", first.stdout.contains("\nopened "))?;
    expect("the first run takes a roll-out back that failed", first.stdout.contains("the service was put back to legacy:1"))?;
    expect("the first run finds Defenders connected", first.stdout.contains("web/search  connected 2 of 2\n"))?;
    expect("the first run finds one that is not", first.stdout.contains("web/import  connected 2 of 3\n"))?;
    summary_of_calls(&world)?;

    title("Second run: nothing is left to do, so nothing is changed")?;
    world.gate().forget_calls();
    let second = program(&world)?.run().await;
    print(&second)?;
    summary_of_calls(&world)?;
    expect("the second run changes nothing", world.calls().writes() == 0)?;

    title("Third run, after the Console was upgraded: every older Defender is taken out and today's put in")?;
    world.console().set_version("34.04.145");
    world.gate().forget_calls();
    let upgraded = program(&world)?.run().await;
    print(&upgraded)?;
    summary_of_calls(&world)?;
    expect("the third run upgrades what the first one protected", upgraded.stdout.contains("8 upgraded"))?;
    expect("the third run looks for the new Defenders", upgraded.stdout.contains("\nVerified coverage\n  8 services: "))?;

    title("Fourth run, after two deployments without the Defender: somebody stops it with SIGTERM")?;
    for (service, definition) in [("web/checkout", "httpd.json"), ("web/search", "orders.json")] {
        world.deploy("111122223333", "us-east-1", service, definition);
    }
    world.gate().forget_calls();
    let looking = world.hold("DescribeTaskDefinition");
    let running = program(&world)?.start().await;
    looking.reached().await;
    running.terminate().await;
    // Its own line tells that the signal has arrived; then what is in flight may go on.
    while !running.stdout_so_far().contains("SIGTERM") {
        tokio::task::yield_now().await;
    }
    looking.release();
    let fourth = running.wait().await;
    print(&fourth)?;
    expect("the stopped run says that it did not do everything", fourth.exit_code == Some(3))?;

    title("Fifth run: undo, which takes the Defenders out again and closes what was opened")?;
    world.gate().forget_calls();
    let undone = program(&world)?.arg("undo").run().await;
    print(&undone)?;
    summary_of_calls(&world)?;
    expect("undo leaves no security group open", undone.stdout.contains("\nclosed "))?;
    say("\nThat was all of it: the README tells what each line means, and how to run it on a real organization.")
}

/// Returns the program, for which less than a second is what minutes are elsewhere: between tries and looks, and until a Defender connects.
fn program(world: &World) -> io::Result<Program> {
    let program = Program::new(std::env::current_exe()?).in_world(world).env(CHILD, "1").env("VERIFY", "true");
    let waits = ["--first-wait-ms=20", "--watch-every-ms=20", "--connects-after-ms=200", "--verify-wait-ms=200"];
    Ok(program.env("LOG_FORMAT", "text").args(waits))
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

fn title(text: &str) -> io::Result<()> {
    let line = "=".repeat(text.len());
    say(&format!("\n{line}\n{text}\n{line}\n"))
}

fn print(finished: &Finished) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{}{}", finished.stdout, finished.stderr)?;
    writeln!(out, "exit code {}", finished.exit_code.map_or("none".to_owned(), |code| code.to_string()))
}

fn summary_of_calls(world: &World) -> io::Result<()> {
    let calls = world.calls();
    say(&format!("\n[the simulator counted {} calls, {} of which change something]", calls.total(), calls.writes()))
}

fn expect(what: &str, holds: bool) -> io::Result<()> {
    if holds { Ok(()) } else { Err(io::Error::other(format!("expected that {what}"))) }
}
