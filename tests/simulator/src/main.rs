//! The simulator as a process of its own, for load tests and for trying the program by hand.

use std::io::Write;
use std::process::ExitCode;

use simulator::{Org, World};

const USAGE: &str = "usage: simulator [--scenario FILE.json] [--port N] [--console-port N]";

#[derive(Debug, Default)]
struct Arguments {
    scenario: Option<String>,
    port: u16,
    console_port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nothing can be done about a standard error that is closed.
            let _ = writeln!(std::io::stderr().lock(), "{problem}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), String> {
    let arguments = parse(std::env::args().skip(1))?;
    let org = match &arguments.scenario {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| format!("could not read {file}: {error}"))?;
            serde_json::from_str(&text).map_err(|error| format!("{file} is no scenario: {error}"))?
        }
        None => demonstration(),
    };
    let started = org.start_at(arguments.port, arguments.console_port).await;
    let world = started.map_err(|error| format!("could not listen on loopback: {error}"))?;
    tell(&world).map_err(|error| format!("could not write: {error}"))?;
    tokio::signal::ctrl_c().await.map_err(|error| format!("could not wait for Ctrl-C: {error}"))
}

fn tell(world: &World) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "# The Console is at {}; Ctrl-C ends everything.", world.console_url())?;
    writeln!(out, "# Image registries: --registries-at={}", world.registries_at())?;
    for line in world.console_ca().iter().flat_map(|pem| pem.lines()) {
        writeln!(out, "# {line}")?;
    }
    for (name, value) in world.environment() {
        writeln!(out, "export {name}='{value}'")?;
        if name == "AWS_REGION" {
            // Version 1 of the AWS CLI knows only this name.
            writeln!(out, "export AWS_DEFAULT_REGION='{value}'")?;
        }
    }
    out.flush()
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    while let Some(flag) = given.next() {
        let value = given.next().ok_or_else(|| USAGE.to_owned())?;
        let port = || value.parse::<u16>().map_err(|_| format!("{flag} takes a port, not {value}\n{USAGE}"));
        match flag.as_str() {
            "--scenario" => arguments.scenario = Some(value),
            "--port" => arguments.port = port()?,
            "--console-port" => arguments.console_port = port()?,
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(arguments)
}

/// Two accounts with something to do, one that must be left alone, and one whose role is missing. Whoever looks around may do everything.
fn demonstration() -> Org {
    Org::new()
        .without_policies()
        .account("111122223333", |account| {
            account
                .name("shop")
                .service("web/checkout", "httpd.json")
                .service("web/orders", "orders.json")
                .region("eu-west-1", |region| region.service("web/basket", "two_containers.json"))
        })
        .account("222233334444", |account| {
            account
                .name("data")
                .service_with("batch/report", "command_only.json", |service| service.capacity_provider("FARGATE_SPOT", None))
        })
        .account("444455556666", |account| account.name("sandbox").without_member_role())
        .account("777788889999", |account| account.name("old").state("SUSPENDED"))
}
