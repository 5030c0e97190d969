//! A run over a protected organization is told in a few lines, however many services there are: whoever keeps its log pays for each.

use fargate_updater::exit;
use fargate_updater::report::metrics::NAMESPACE;
use serde_json::Value;
use simulator::{Account, Finished, Org, Program, World};

use crate::support::{ACCOUNT, expect_exit, updater};

/// So many services, in accounts of so many.
const SERVICES: usize = 1_000;
const OF_AN_ACCOUNT: usize = 100;

/// The program as it is started without a word about how much to tell.
fn plain(world: &World) -> Program {
    updater(world).without_env("VERBOSE").without_env("LOG_FORMAT")
}

/// The messages of a run's lines, in their order.
fn messages(run: &Finished) -> Vec<String> {
    let message = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        line["message"].as_str().expect("a message").to_owned()
    };
    run.stdout.lines().map(message).collect()
}

#[tokio::test]
async fn a_second_run_over_a_thousand_services_is_told_in_three_lines() {
    let services = |account: Account| {
        (0..OF_AN_ACCOUNT).fold(account, |account, name| account.service(&format!("web/service-{name}"), "httpd.json"))
    };
    let ids = (0..SERVICES / OF_AN_ACCOUNT).map(|number| format!("{:012}", 111_100_000_000 + number));
    let org = ids.fold(Org::new(), |org, id| org.account(&id, services));
    let world = org.counting_only().start().await;
    // Nobody has to follow a thousand roll-outs for this.
    let first = plain(&world).env("QUIET", "true").env("WAIT", "false").run().await;
    expect_exit(&first, exit::DONE);
    assert_eq!(messages(&first).iter().filter(|message| *message == "service protected").count(), SERVICES);

    for (verbosity, lines) in [(None, 3), (Some("QUIET"), 1), (Some("VERBOSE"), 3 + SERVICES)] {
        let program = plain(&world);
        let run = match verbosity {
            Some(name) => program.env(name, "true").run().await,
            None => program.run().await,
        };
        expect_exit(&run, exit::DONE);
        let told = messages(&run);
        assert_eq!(told.len(), lines, "{verbosity:?}: {:?}", &told[..told.len().min(20)]);
        let end: Value = serde_json::from_str(run.stdout.lines().last().unwrap_or_default()).expect("the last line");
        assert_eq!((&end["message"], &end["up_to_date"]), (&"run ended".into(), &SERVICES.into()), "{verbosity:?}");
        assert_eq!(end["coverage"].to_string(), r#"{"protected":1000,"in_scope":1000,"percent":100.0}"#);
    }
}

/// Two accounts of a hundred services each, of which a run may change five.
#[tokio::test]
async fn what_is_not_attempted_is_told_together_however_much_it_is() {
    const FLEET: usize = 200;
    let services = |account: Account| {
        (0..FLEET / 2).fold(account, |account, number| account.service(&format!("web/service-{number:02}"), "httpd.json"))
    };
    let fleet = || Org::new().account(ACCOUNT, services).account("222233334444", services).start();
    let bounded = |world: &World| plain(world).env("MAX_CHANGES", "5");
    let world = fleet().await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let report = directory.path().join("report.csv");
    let run = bounded(&world).env("REPORT", report.as_os_str()).run().await;
    expect_exit(&run, exit::NOT_ALL);
    let mut told = messages(&run);
    told.dedup();
    assert_eq!(
        told,
        ["run began", "accounts listed", "service protected", "services not attempted", "run ended"],
        "{}",
        run.stdout
    );
    assert_eq!(run.stdout.lines().count(), 9);
    let line: Value = serde_json::from_str(run.stdout.lines().nth(7).unwrap_or_default()).expect("JSON");
    assert_eq!((&line["services"], &line["left_out"]), (&195.into(), &185.into()));
    assert_eq!((&line["reason"], &line["level"]), (&"max-changes".into(), &"warn".into()));
    let first: Vec<String> = line["first"].as_array().into_iter().flatten().map(ToString::to_string).collect();
    assert_eq!(first.len(), 10);
    assert!(
        first.is_sorted() && first[0].starts_with(&format!("{{\"account\":\"{ACCOUNT}\",\"region\":\"us-east-1\"")),
        "{first:#?}"
    );
    let rows = std::fs::read_to_string(report).expect("the report is there");
    assert_eq!(rows.matches(",not-attempted,").count(), 195, "a report tells each");

    // The same for people, and with QUIET; whoever wants all of it says so.
    let world = fleet().await;
    let people = bounded(&world).env("LOG_FORMAT", "text").run().await;
    let (lines, summary) = people.stdout.split_once("\nSummary\n").expect("a summary");
    assert_eq!(
        lines.matches("not attempted 195 services: it would be changed, and one run changes 5 at most").count(),
        1,
        "{lines}"
    );
    assert!(lines.ends_with("and 185 more\n") && lines.matches(" web/service-").count() == 15, "{lines}");
    assert!(summary.contains("5 protected, 195 not attempted"), "{summary}");
    let quiet = bounded(&world).env("QUIET", "true").run().await;
    assert_eq!(messages(&quiet).iter().filter(|message| message.contains("not attempted")).count(), 1, "{}", quiet.stdout);
    let verbose = bounded(&world).env("VERBOSE", "true").run().await;
    let count = |message: &str| messages(&verbose).iter().filter(|told| *told == message).count();
    assert_eq!((count("service not attempted"), count("services not attempted")), (185, 0));
}

/// One service of each kind: changed, failed, left alone, with a warning beside its outcome; and a place that is not walked.
fn mixed() -> Org {
    Org::new().account(ACCOUNT, |account| {
        account
            .service("web/checkout", "httpd.json")
            .service("web/report", "command_only.json")
            .service("web/desktop", "windows.json")
            .service_with("web/import", "orders.json", |service| service.percents(0, 100))
            .denied_region("ap-southeast-1")
    })
}

#[tokio::test]
async fn what_was_changed_failed_or_should_be_looked_at_is_told_whatever_else_is_not() {
    let always = ["checkout", "import", "report"];
    let cases = [
        (Some("QUIET"), &always[..], &["service failed", "service protected", "service protected", "run ended"][..]),
        (
            None,
            &always,
            &["run began", "accounts listed", "service failed", "service protected", "service protected", "run ended"],
        ),
        (
            Some("VERBOSE"),
            &["checkout", "desktop", "import", "report"],
            &[
                "run began",
                "accounts listed",
                "place not walked",
                "service failed",
                "service protected",
                "service protected",
                "service skipped",
                "run ended",
            ],
        ),
    ];
    for (verbosity, services, expected) in cases {
        let world = mixed().start().await;
        let program = plain(&world);
        let run = match verbosity {
            Some(name) => program.env(name, "true").run().await,
            None => program.run().await,
        };
        expect_exit(&run, exit::NOT_ALL);
        // Services end in any order.
        let (mut told, mut expected) = (messages(&run), expected.to_vec());
        assert_eq!(told.last().map(String::as_str), Some("run ended"), "{verbosity:?}");
        told.sort();
        expected.sort_unstable();
        assert_eq!(told, expected, "{verbosity:?}: {}", run.stdout);
        let mut named: Vec<String> = run
            .stdout
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["service"].as_str().map(str::to_owned))
            .collect();
        named.sort();
        assert_eq!(named, services, "{verbosity:?}");
    }
}

#[tokio::test]
async fn a_run_for_people_is_as_short() {
    let world = mixed().start().await;
    let run = plain(&world).env("LOG_FORMAT", "text").run().await;
    expect_exit(&run, exit::NOT_ALL);
    let (lines, summary) = run.stdout.split_once("\nSummary\n").expect("a summary");
    for (service, told) in [("web/checkout", true), ("web/report", true), ("web/import", true), ("web/desktop", false)] {
        assert_eq!(lines.contains(service), told, "{service}: {lines}");
    }
    assert!(summary.contains("4 services seen, 2 accounts in scope: 2 protected, 1 skipped, 1 failed"), "{summary}");
    assert!(summary.contains("  50.0% protected: 2 of 4 services\n"), "{summary}");
    assert!(summary.contains(" calls to AWS, none of them throttled, and "), "{summary}");
}

/// Source: Amazon CloudWatch API Reference, MetricDatum, `Unit`: those that we use.
const UNITS: [&str; 2] = ["Count", "Seconds"];

/// Checks what CloudWatch asks of a line before it takes metrics out of it.
///
/// Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format", and the schema in it (read 2026-11).
fn expect_embedded_metrics(line: &Value) {
    let embedded = line["_aws"].as_object().expect("metadata");
    assert_eq!(embedded.keys().collect::<Vec<_>>(), ["Timestamp", "CloudWatchMetrics"], "no other member is allowed");
    assert!(
        embedded["Timestamp"].as_u64().is_some_and(|milliseconds| milliseconds > 1_700_000_000_000),
        "milliseconds since 1970"
    );
    let directives = embedded["CloudWatchMetrics"].as_array().expect("directives");
    assert_eq!(directives.len(), 1);
    let directive = directives[0].as_object().expect("a directive");
    assert_eq!(directive.keys().collect::<Vec<_>>(), ["Namespace", "Dimensions", "Metrics"]);
    let namespace = directive["Namespace"].as_str().expect("a namespace");
    assert!((1..=1024).contains(&namespace.len()) && !namespace.starts_with("AWS/"), "{namespace}");
    let sets = directive["Dimensions"].as_array().expect("dimension sets");
    assert_eq!(sets.len(), 1, "each set would be another six metrics");
    for name in sets.iter().flat_map(|set| set.as_array().expect("a set")) {
        assert!(line[name.as_str().expect("a name")].is_string(), "the dimension {name} has no value");
    }
    let metrics = directive["Metrics"].as_array().expect("metrics");
    assert!((1..=100).contains(&metrics.len()), "{metrics:?}");
    for metric in metrics {
        let (name, unit) = (metric["Name"].as_str().expect("a name"), metric["Unit"].as_str().expect("a unit"));
        assert!((1..=1024).contains(&name.len()) && UNITS.contains(&unit), "{metric}");
        assert!(line[name].is_number(), "{name} has no value beside the metadata");
    }
}

#[tokio::test]
async fn metrics_are_written_once_when_they_are_asked_for() {
    let world = mixed().start().await;
    let run = plain(&world).env("METRICS", "true").run().await;
    expect_exit(&run, exit::NOT_ALL);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let [.., metrics, end] = &lines[..] else { panic!("two lines at least: {}", run.stdout) };
    assert_eq!((&metrics["message"], &end["message"]), (&"metrics".into(), &"run ended".into()));
    expect_embedded_metrics(metrics);
    assert_eq!(metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"], NAMESPACE);
    assert_eq!(metrics["run_id"], end["run_id"]);
    let values = ["Protected", "InScope", "Changed", "Failed", "Skipped"].map(|name| metrics[name].as_u64().expect("a number"));
    assert_eq!(values, [2, 4, 2, 1, 1]);
    assert!(run.stdout.lines().filter(|line| line.contains("_aws")).count() == 1, "{}", run.stdout);

    // Not unasked, not for people, and not of a run that takes Defenders out.
    for program in [
        plain(&world),
        plain(&world).env("METRICS", "true").env("LOG_FORMAT", "text"),
        plain(&world).env("METRICS", "true").arg("undo"),
    ] {
        let run = program.run().await;
        assert!(run.stdout.contains("run ended") || run.stdout.contains("Summary"), "{}", run.stdout);
        assert!(!run.stdout.contains("_aws"), "{}", run.stdout);
    }
}
