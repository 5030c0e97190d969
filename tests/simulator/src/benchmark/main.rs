//! The benchmark: the program's release binary against simulated organizations, held against what a run needs at least.
//!
//! It builds the program, starts one world after the other in this process and the program as its child, and measures the child from
//! outside. Read `scenarios` for what is measured, `child` for how, [`simulator::least`] for what it is held against and `targets`
//! for what has to come out. Progress and details go to standard error; the table goes to standard output.

mod arguments;
mod child;
mod limit;
mod machine;
mod scenarios;
mod table;
mod targets;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use arguments::Arguments;
use child::Measured;
use scenarios::Scenario;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nothing can be done about a standard error that is closed.
            let _ = writeln!(io::stderr().lock(), "{problem}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), String> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let told = |error: io::Error| format!("could not write: {error}");
    if arguments.list {
        return scenarios::all().iter().flat_map(Scenario::names).try_for_each(say).map_err(told);
    }
    let wanted: Vec<Scenario> = scenarios::all().into_iter().filter(|it| arguments.wants(it)).collect();
    if wanted.is_empty() {
        return Err("no scenario has such a name; --list tells all names".to_owned());
    }
    let program = match &arguments.program {
        Some(path) => path.canonicalize().map_err(|error| format!("there is no program {}: {error}", path.display()))?,
        None => build()?,
    };
    let mut rows: Vec<Measured> = Vec::new();
    for scenario in &wanted {
        let measured = measure(scenario, &program, &arguments).await?;
        rows.extend(measured);
    }
    machine::tell(&mut io::stdout().lock()).map_err(told)?;
    table::tell(&rows, &arguments, &mut io::stdout().lock()).map_err(told)?;
    targets::tell(&rows, &arguments, &mut io::stdout().lock()).map_err(told)
}

/// Runs a scenario, and a second time in the same world if it has a second run.
async fn measure(scenario: &Scenario, program: &Path, arguments: &Arguments) -> Result<Vec<Measured>, String> {
    let told = |error: io::Error| format!("could not write: {error}");
    let world = scenario.start(arguments).await;
    let mut rows = Vec::new();
    for (name, size) in scenario.runs() {
        progress(&format!("{name} ...")).map_err(told)?;
        world.gate().forget_calls();
        let measured = child::measure(name, scenario, size, &world, program, arguments).await?;
        table::details(&measured, &mut io::stderr().lock()).map_err(told)?;
        rows.push(measured);
    }
    Ok(rows)
}

/// Builds the program and returns where it is: beside this one, whatever folder cargo was told to build in.
fn build() -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo).args(["build", "--release", "--locked", "-p", "fargate-updater"]).status();
    if !built.map_err(|error| format!("could not start cargo: {error}"))?.success() {
        return Err("could not build the program".to_owned());
    }
    let own = std::env::current_exe().map_err(|error| format!("could not find out where this program is: {error}"))?;
    let folder = own.parent().and_then(Path::parent).ok_or("this program is in no folder of cargo's")?;
    let program = folder.join("release").join("fargate-updater");
    if program.exists() { Ok(program) } else { Err(format!("{} was not built", program.display())) }
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

fn progress(line: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "{line}")
}
