//! README's "Output for machines" names every line and every field that runs write, and no other: both are collected from runs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fargate_updater::plan::network::close::StillProtected;
use fargate_updater::report::Style;
use fargate_updater::report::json::ended;
use serde_json::Value;
use simulator::scenario::network::{APP_GROUP, NetworkAcl, PRIVATE_SUBNET, SecurityGroup, Vpc};
use simulator::{Account, Fault, FaultRule, Finished, Moment, Org, Program, World};

use crate::closing::close;
use crate::{in_backticks, readme_chapter, table_rows};

const ACCOUNT: &str = "111122223333";

/// Longer than anything here takes; it only ever ends a test that hangs.
const WATCHDOG: Duration = Duration::from_secs(120);

/// What every line has.
const ALWAYS: [&str; 3] = ["time", "level", "message"];

/// The fields of each message.
type Fields = BTreeMap<String, BTreeSet<String>>;

fn updater(world: &World) -> Program {
    Program::new(env!("CARGO_BIN_EXE_fargate-updater"))
        .in_world(world)
        .env("VERBOSE", "true")
        .arg("--first-wait-ms=1")
        .arg("--watch-every-ms=1")
        .arg("--quota-scale=1000")
}

/// Reads what README.md says: the messages of a row, and their fields between backticks.
fn documented() -> Vec<(Vec<String>, BTreeSet<String>)> {
    let rows = table_rows(&readme_chapter("Output for machines"));
    let read = |row: &Vec<String>| {
        let [messages, named] = &row[..] else { panic!("two cells were expected: {row:?}") };
        (messages.split(", ").map(str::to_owned).collect(), in_backticks(named).into_iter().collect())
    };
    rows.iter().map(read).collect()
}

/// Adds the fields of every line of a run; those of findings are told with the line.
fn collect(run: &Finished, fields: &mut Fields) {
    assert!(!run.stdout.is_empty(), "a run told nothing: {}", run.stderr);
    collect_lines(&run.stdout, fields);
}

fn collect_lines(told: &str, fields: &mut Fields) {
    for line in told.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("a line is no JSON ({error}): {line}"));
        let members = line.as_object().expect("a line is an object");
        for name in ALWAYS {
            assert!(members[name].is_string(), "{line} has no {name}");
        }
        assert!(["info", "warn", "error"].contains(&members["level"].as_str().unwrap_or_default()), "{line}");
        let message = members["message"].as_str().unwrap_or_default().to_owned();
        let seen = fields.entry(message).or_default();
        seen.extend(members.keys().filter(|name| !ALWAYS.contains(&name.as_str())).cloned());
        for finding in members.get("findings").and_then(Value::as_array).into_iter().flatten() {
            seen.extend(finding.as_object().into_iter().flat_map(|finding| finding.keys().cloned()));
        }
    }
}

/// Returns accounts in which everything happens that can happen to a service or a place.
fn everything() -> Org {
    let shop = |account: Account| {
        let account = account.service("web/checkout", "httpd.json").service("web/batch", "command_only.json");
        let account = account.service_with("web/render", "httpd.json", |service| service.launch_type("EC2"));
        account.denied_region("ap-southeast-1")
    };
    let org = Org::new().account(ACCOUNT, shop).account("222233334444", Account::without_member_role);
    let org = org.account("333344445555", |account| account.state("SUSPENDED"));
    org.account("444455556666", |account| account.service("locked/app", "orders.json").deny("ecs:ListServices"))
}

/// Runs until an operation is called, stops the run there, and lets it end.
async fn stopped_at(operation: &str, world: &World) -> Finished {
    let held = world.hold(operation);
    let running = updater(world).arg("--services-kept=1").arg("--heartbeat-every-ms=1").start().await;
    held.reached().await;
    running.terminate().await;
    let said = async {
        while !["run is stopping", "run goes on"].iter().all(|message| running.stdout_so_far().contains(message)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(WATCHDOG, said).await.expect("the program says that it is stopping");
    held.release();
    running.wait().await
}

#[tokio::test]
async fn every_line_and_field_is_documented_and_every_documented_one_is_written() {
    let mut written = Fields::new();

    let world = everything().start().await;
    // With a port that no container maps, there is a finding.
    collect(&updater(&world).env("WAAS_PORT", "8080").env("METRICS", "true").run().await, &mut written);
    // The second run finds the first one's work.
    collect(&updater(&world).env("WAAS_PORT", "8080").run().await, &mut written);

    // A newer Console upgrades what it finds.
    world.console().set_version("34.04.145");
    collect(&updater(&world).env("WAAS_PORT", "8080").run().await, &mut written);

    let plain = Org::new().account(ACCOUNT, |account| account.service("web/batch", "two_containers.json"));
    let world = plain.start().await;
    collect(&updater(&world).env("WAAS_PORT", "8080").run().await, &mut written);
    world.console().set_version("34.04.145");
    collect(&updater(&world).env("WAAS_PORT", "8080").run().await, &mut written);

    let world = everything().deny("organizations:ListAccounts").start().await;
    collect(&updater(&world).env("ACCOUNTS", ACCOUNT).run().await, &mut written);

    // A dry run, with a finding, with a Defender to replace, and with a revision of an earlier run.
    let world = everything().start().await;
    let dry_run = async |world: &World| updater(world).env("DRY_RUN", "true").env("WAAS_PORT", "8080").run().await;
    collect(&dry_run(&world).await, &mut written);
    let there = world.on_write(1, Moment::After);
    let mut running = updater(&world).env("WAAS_PORT", "8080").start().await;
    there.reached().await;
    running.kill().await;
    running.wait().await;
    collect(&dry_run(&world).await, &mut written);
    collect(&updater(&world).env("WAAS_PORT", "8080").run().await, &mut written);
    world.console().set_version("34.04.145");
    collect(&dry_run(&world).await, &mut written);

    // An explanation of a service.
    let explain = format!("--explain=arn:aws:ecs:us-east-1:{ACCOUNT}:service/web/checkout");
    collect(&updater(&world).arg(explain).run().await, &mut written);

    // A closed group and a closed ACL are opened, once they were planned.
    let closed = |vpc: Vpc| {
        let group = |group: SecurityGroup| group.without_egress().egress("tcp", 80, 80, "0.0.0.0/0");
        let acl = |acl: NetworkAcl| acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0");
        vpc.group(APP_GROUP, group).acl("acl-1", acl).subnet(PRIVATE_SUBNET, |subnet| subnet.acl("acl-1"))
    };
    let org = Org::new().account(ACCOUNT, |account| account.network(closed).service("web/checkout", "httpd.json"));
    let world = org.start().await;
    collect(&dry_run(&world).await, &mut written);
    collect(&updater(&world).run().await, &mut written);

    // They are kept as long as nobody looked whether something needs them; then they would be closed, and then they are.
    let nobody = StillProtected::default();
    let all = StillProtected { services: Vec::new(), looked_at: ACCOUNT.parse().into_iter().collect() };
    for (still, may_write) in [(&nobody, true), (&all, false), (&all, true)] {
        let (closing, told) = close(&world, ACCOUNT, still, None, may_write, Style::Json).await;
        assert!(closing.is_ok_and(|closing| closing.failed.is_empty()), "{told}");
        collect_lines(&told, &mut written);
    }

    // What was rolled out is verified: a Defender is missing, ECS does not tell the tasks, or the Console nothing.
    let verified = async |world: &World| {
        updater(world).env("VERIFY", "true").args(["--connects-after-ms=0", "--verify-wait-ms=4"]).run().await
    };
    let two = |org: Org| {
        let org = org.account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"));
        org.account("222233334444", |account| account.service("web/orders", "orders.json").deny("ecs:ListTasks"))
    };
    let world = two(Org::new().console(|console| console.never_connects("web/checkout", 1))).start().await;
    collect(&verified(&world).await, &mut written);
    let world = two(Org::new().console(|console| console.may_not_see_defenders())).start().await;
    collect(&verified(&world).await, &mut written);

    // A roll-out that an earlier run began, and that nobody follows.
    let slow = |account: Account| account.service_with("web/checkout", "httpd.json", |it| it.desired_count(2).looks_to_start(40));
    let world = Org::new().account(ACCOUNT, slow).start().await;
    for _ in 0..2 {
        collect(&updater(&world).env("WAIT", "false").run().await, &mut written);
    }

    // What was done is undone, of a service of which no task runs.
    let asleep = |account: Account| account.service_with("web/checkout", "httpd.json", |it| it.desired_count(0));
    let world = Org::new().account(ACCOUNT, asleep).start().await;
    collect(&updater(&world).run().await, &mut written);
    collect(&updater(&world).arg("undo").run().await, &mut written);

    // Stopped at a service, before the second account is entered; and at a cluster.
    let shop = || Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"));
    collect(&stopped_at("DescribeTaskDefinition", &shop().start().await).await, &mut written);
    let busy = FaultRule {
        operation: "ListServices".to_owned(),
        account: None,
        region: None,
        from: 1,
        to: None,
        fault: Fault::throttled(),
    };
    collect(&stopped_at("ListServices", &shop().fault(busy).start().await).await, &mut written);

    // Whose turn did not come is told one by one, or together.
    let two = |account: Account| account.service("web/checkout", "httpd.json").service("web/search", "orders.json");
    for short in [false, true] {
        let world = Org::new().account(ACCOUNT, two).start().await;
        let program = updater(&world).env("MAX_CHANGES", "1");
        let program = if short { program.without_env("VERBOSE") } else { program };
        collect(&program.run().await, &mut written);
    }

    // Asked whether to go on, with nobody to answer; and where an older run is in progress.
    let org = shop().updater_task("old", |task| task.created_at(1)).updater_task("own", |task| task.created_at(2));
    let world = org.start().await;
    collect(&updater(&world).arg("--ask").run().await, &mut written);
    let in_ecs = updater(&world).env("ECS_CONTAINER_METADATA_URI_V4", world.task_metadata("own"));
    collect(&in_ecs.run().await, &mut written);

    let world = Org::new().without_secret().start().await;
    collect(&updater(&world).run().await, &mut written);
    collect(&updater(&world).env("FS_MONITOR", "perhaps").run().await, &mut written);
    // No run can be made to break off.
    let mut line = Vec::new();
    ended("reports are missing", &[], fargate_updater::exit::NOT_ALL, &mut line).expect("a vector takes everything");
    ended("run broke off", &[], fargate_updater::exit::BUG, &mut line).expect("a vector takes everything");
    collect_lines(&String::from_utf8(line).expect("text"), &mut written);

    let documented = documented();
    let messages: BTreeSet<&String> = documented.iter().flat_map(|(messages, _)| messages).collect();
    assert_eq!(
        messages,
        written.keys().collect(),
        "left: the messages that README.md's \"Output for machines\" names; right: those that runs write"
    );
    for (messages, fields) in &documented {
        let seen: BTreeSet<String> = messages.iter().flat_map(|message| written[message].clone()).collect();
        assert_eq!(
            fields, &seen,
            "the fields of {messages:?}; left: what README.md's \"Output for machines\" names; right: what runs write"
        );
    }
}

#[tokio::test]
async fn fields_that_lines_are_written_with_are_all_seen_in_the_runs_above() {
    // A field that no run shows would be checked by nobody.
    let source = ["src/report/json.rs", "src/report/json/fields.rs"].map(crate::read).concat();
    let named: BTreeSet<String> = crate::code_lines(&source)
        .flat_map(|(_, line)| {
            line.split("(\"")
                .skip(1)
                .filter_map(|rest| rest.split_once("\",").map(|(name, _)| name.to_owned()))
                .collect::<Vec<_>>()
        })
        .filter(|name| name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'))
        .collect();
    assert!(named.len() > 20, "the sources are read wrongly: {named:?}");
    let documented: BTreeSet<String> = documented().into_iter().flat_map(|(_, fields)| fields).collect();
    let levels = ["info", "warn", "error"];
    let missing: Vec<&String> = named
        .iter()
        .filter(|name| !documented.contains(*name) && !ALWAYS.contains(&name.as_str()) && !levels.contains(&name.as_str()))
        .collect();
    assert!(missing.is_empty(), "README.md's \"Output for machines\" does not name {missing:?}");
}
