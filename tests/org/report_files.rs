//! Reports in files: what a run, a dry run and an undo leave behind, and what they say when that cannot be.

use std::fs;
use std::path::Path;

use fargate_updater::exit;
use serde_json::Value;
use simulator::console::faults;
use simulator::{Account, Fault, FaultRule, Finished, Org, Program, Service, World};
use tempfile::TempDir;

use crate::support::{ACCOUNT, expect_exit, updater};

fn shop() -> Org {
    let account = |account: Account| {
        account.name("Payments").service("web/checkout", "httpd.json").service("web/report", "command_only.json").service_with(
            "big/render",
            "httpd.json",
            |service| service.launch_type("EC2"),
        )
    };
    Org::new().account(ACCOUNT, account).account("444455556666", |account| account.name("Search").without_member_role())
}

fn reporting(world: &World, names: &[&str]) -> (Program, TempDir) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let paths: Vec<String> = names.iter().map(|name| directory.path().join(name).display().to_string()).collect();
    (updater(world).env("REPORT", paths.join(",")), directory)
}

fn json(directory: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(directory.join("report.json")).expect("the report is there")).expect("JSON")
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory can be read");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_run_leaves_each_report_whole_and_nothing_else() {
    let world = shop().start().await;
    let names = ["report.csv", "report.html", "report.json", "report.md", "report.xml"];
    let (program, directory) = reporting(&world, &names);
    let run = program.run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert_eq!(names_in(directory.path()), names);
    let report = json(directory.path());
    assert!(run.stdout.contains(report["run"]["id"].as_str().expect("an id")), "the report is of this run");
    let outcomes: Vec<(&str, &str, &str)> = report["services"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| ["account_name", "service", "outcome"].map(|name| it[name].as_str().unwrap_or_default()).into())
        .collect();
    let expected = [("Payments", "render", "skipped"), ("Payments", "checkout", "protected"), ("Payments", "report", "failed")];
    assert_eq!(outcomes, expected);
    assert_eq!(report["places_not_seen"][0]["account_name"], "Search");
    assert_eq!(report["summary"]["exit_code"], exit::NOT_ALL);
    for name in ["report.md", "report.html", "report.xml", "report.csv"] {
        let text = fs::read_to_string(directory.path().join(name)).expect("the report is there");
        assert!(
            text.contains("Payments") && text.contains("could not find the entry point of container report"),
            "{name}: {text}"
        );
    }
}

#[tokio::test]
async fn what_a_run_has_taken_is_what_was_asked_of_aws_and_the_console() {
    let throttled = FaultRule { to: Some(2), ..first_call("UpdateService", Fault::throttled()) };
    let busy = first_call("POST defenders/fargate.json", faults::too_many_requests(None));
    let org = Org::new().fault(throttled).fault(busy);
    let world = org.account(ACCOUNT, |account| account.service("web/checkout", "httpd.json")).start().await;
    let (program, directory) = reporting(&world, &["report.json", "report.md", "report.html", "report.xml"]);
    let run = program.run().await;
    expect_exit(&run, exit::DONE);
    let calls = world.calls();
    // The Console's are named by method and route.
    let to_console: u64 = calls.iter().filter(|(call, _)| call.operation.contains(' ')).map(|(_, count)| count).sum();
    let to_aws = calls.total() - to_console;
    let summary = json(directory.path())["summary"].clone();
    let told = ["calls", "throttled", "console_calls", "console_throttled"].map(|name| summary[name].as_u64());
    assert_eq!(told, [to_aws, 2, to_console, 1].map(Some));
    let read = |name: &str| fs::read_to_string(directory.path().join(name)).expect("the report is there");
    let (aws, console) = (format!("{to_aws}, 2 of them throttled"), format!("{to_console}, 1 of them throttled"));
    assert!(read("report.md").contains(&format!("| calls to AWS | {aws} |\n| calls to the Console | {console} |")));
    assert!(read("report.html").contains(&format!("<dt>Calls to AWS</dt><dd>{aws}</dd>")));
    assert!(read("report.html").contains(&format!("<dt>Calls to the Console</dt><dd>{console}</dd>")));
    assert!(read("report.xml").contains(&format!("<property name=\"console_calls\" value=\"{to_console}\"/>")));
    let ended =
        format!(", with {to_aws} calls to AWS, 2 of them throttled, and {to_console} to the Console, 1 of them throttled\n");
    assert!(run.stdout.contains(&ended), "{ended}: {}", run.stdout);
}

fn first_call(operation: &str, fault: Fault) -> FaultRule {
    FaultRule { operation: operation.to_owned(), account: None, region: None, from: 1, to: Some(1), fault }
}

#[tokio::test]
async fn a_dry_run_and_an_undo_have_reports_too() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json")).start().await;
    let (program, directory) = reporting(&world, &["report.json"]);
    expect_exit(&program.arg("--dry-run").run().await, exit::DONE);
    let planned = json(directory.path());
    assert_eq!((&planned["run"]["dry_run"], &planned["services"][0]["outcome"]), (&true.into(), &"planned".into()));
    expect_exit(&updater(&world).run().await, exit::DONE);
    // An undo does not look at what stays protected, and says nothing of it.
    for (arguments, outcome, after) in
        [(&["undo", "--dry-run"][..], "planned", Value::Null), (&["undo"], "undone", "none".into())]
    {
        let (program, directory) = reporting(&world, &["report.json", "report.md", "report.html"]);
        expect_exit(&program.args(arguments).run().await, exit::DONE);
        let report = json(directory.path());
        assert_eq!((&report["run"]["kind"], &report["services"][0]["outcome"]), (&"undo".into(), &outcome.into()));
        assert_eq!(report["services"][0]["defender_after"], after);
        assert_eq!((&report["summary"]["coverage"], &report["places"][0]["coverage"]), (&Value::Null, &Value::Null));
        for (name, counted) in [("report.md", "1 "), ("report.html", "1 ")] {
            let text = fs::read_to_string(directory.path().join(name)).expect("the report is there");
            assert!(text.contains(&format!("{counted}{outcome}")), "{text}");
            assert!(
                !text.contains("in scope protected") && !text.contains("% protected") && !text.contains("Defenders in use"),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn accounts_have_no_names_where_nobody_may_ask() {
    let account = |account: Account| account.name("Payments").service("web/checkout", "httpd.json");
    let world = Org::new().deny("organizations:ListAccounts").account(ACCOUNT, account).start().await;
    let (program, directory) = reporting(&world, &["report.json"]);
    expect_exit(&program.env("ACCOUNTS", ACCOUNT).run().await, exit::DONE);
    assert_eq!(json(directory.path())["services"][0]["account_name"], Value::Null);
}

#[tokio::test]
async fn each_service_is_told_with_how_many_of_its_tasks_show_a_connected_defender() {
    let tasks = |count| move |service: Service| service.desired_count(count);
    let shop = |account: Account| {
        let account = account.service_with("web/shop", "httpd.json", tasks(3)).service_with("web/cart", "orders.json", tasks(2));
        account.service("web/desktop", "windows.json")
    };
    let org = Org::new().console(|console| console.never_connects("web/cart", 1)).account(ACCOUNT, shop);
    let untold = |account: Account| account.service("web/hidden", "orders.json").deny("ecs:ListTasks");
    let world = org.account("222233334444", untold).start().await;
    let (program, directory) = reporting(&world, &["report.json", "report.csv", "report.html", "report.xml"]);
    let verifies = ["--verify=true", "--connects-after-ms=0", "--verify-wait-ms=4"];
    expect_exit(&program.args(verifies).run().await, exit::DONE);
    let report = json(directory.path());
    let told: Vec<String> = (report["services"].as_array().into_iter().flatten())
        .map(|it| format!("{} {} {} {}", it["service"], it["tasks"], it["defenders_connected"], it["findings"][0]["code"]))
        .collect();
    let expected = [
        r#""cart" 2 1 "not-connected""#,
        r#""desktop" null null null"#,
        r#""shop" 3 3 null"#,
        r#""hidden" null null "tasks-untold""#,
    ];
    assert_eq!(told, expected);
    let read = |name: &str| fs::read_to_string(directory.path().join(name)).expect("the report is there");
    let csv = read("report.csv");
    let row = |service: &str| csv.lines().find(|line| line.contains(service)).unwrap_or_default().to_owned();
    assert!(row(",web,shop,").ends_with(",done,3,3,,"), "{csv}");
    assert!(row(",web,cart,").ends_with(",done,2,1,,connected 1 of 2"), "{csv}");
    assert!(row(",web,hidden,").contains(",done,,,unknown: its tasks are not told: "), "{csv}");
    for name in ["report.html", "report.xml"] {
        let text = read(name);
        assert!(text.contains("connected 3 of 3") && text.contains("connected 1 of 2"), "{name}: {text}");
    }

    // Nobody looks at what is up to date.
    let (program, directory) = reporting(&world, &["report.json"]);
    expect_exit(&program.args(verifies).run().await, exit::DONE);
    let services = json(directory.path())["services"].clone();
    assert!(services.as_array().is_some_and(|all| all.iter().all(|it| it["defenders_connected"].is_null())), "{services}");
}

/// Runs until services are walked, has somebody spoil the place of the reports, and lets the run end.
async fn spoilt(world: &World, program: Program, spoil: impl FnOnce()) -> Finished {
    let registering = world.hold("RegisterTaskDefinition");
    let running = program.start().await;
    registering.reached().await;
    spoil();
    registering.release();
    running.wait().await
}

#[tokio::test]
async fn a_report_that_cannot_be_written_is_said_and_is_no_success() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json")).start().await;
    let (program, directory) = reporting(&world, &["report.json", "report.md"]);
    let run = spoilt(&world, program, || fs::remove_dir_all(directory.path()).expect("it can be removed")).await;
    expect_exit(&run, exit::NOT_ALL);
    let told: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(told.len(), 2, "{}", run.stderr);
    assert!(told.iter().all(|line| line.starts_with("error: could not write the report ")), "{}", run.stderr);
    assert!(
        run.stdout.contains("protected     111122223333 us-east-1 web/checkout"),
        "the run was brought to its end: {}",
        run.stdout
    );
}

#[tokio::test]
async fn a_killed_run_leaves_an_earlier_report_as_it_was() {
    let world = shop().start().await;
    let (program, directory) = reporting(&world, &["report.json"]);
    fs::write(directory.path().join("report.json"), "the last one").expect("a file can be written");
    let registering = world.hold("RegisterTaskDefinition");
    let mut running = program.start().await;
    registering.reached().await;
    running.kill().await;
    running.wait().await;
    assert_eq!(names_in(directory.path()), ["report.json"]);
    assert_eq!(fs::read_to_string(directory.path().join("report.json")).expect("it is there"), "the last one");
}

#[tokio::test]
async fn where_a_report_cannot_go_is_told_before_any_call() {
    let world = shop().start().await;
    for (report, told) in [
        ("/nowhere/report.json", "REPORT: \"/nowhere/report.json\" cannot be written: there is no directory \"/nowhere\""),
        ("report.txt", "REPORT: \"report.txt\" does not say in which format"),
        ("s3://bucket/report", "REPORT: \"s3://bucket/report\" names no object that a report can be"),
        ("s3://b/report.html", "REPORT: \"s3://b/report.html\" names no bucket"),
        (
            "s3://bucket/report.html",
            "REPORT: \"s3://bucket/report.html\" is written to a file before it is uploaded, and \"/proc\"",
        ),
        ("report.json,report.json", "REPORT: \"report.json\" is given twice"),
        (",", "REPORT: \",\" names nothing"),
    ] {
        for command in [None, Some("undo")] {
            let program = updater(&world).args(command).arg(format!("--report={report}"));
            let run = program.env("TMPDIR", "/proc").run().await;
            expect_exit(&run, exit::BAD_SETTINGS);
            assert!(run.stderr.contains(told), "{report}: {}", run.stderr);
        }
    }
    assert_eq!(world.calls().total(), 0);
}

#[tokio::test]
async fn github_gets_a_summary_and_annotations_and_only_github() {
    let world = shop().start().await;
    let plain = updater(&world).env("LOG_FORMAT", "json").run().await;
    assert!(plain.stdout.lines().all(|line| line.starts_with('{')), "{}", plain.stdout);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let summary = directory.path().join("summary.md");
    fs::write(&summary, "what an earlier command wrote\n").expect("a file can be written");
    let run = updater(&world).env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", summary.as_os_str()).run().await;
    expect_exit(&run, exit::NOT_ALL);
    let annotations: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(annotations.len(), 2, "{}", run.stdout);
    assert!(annotations[0].starts_with("::error title=account 444455556666 could not be walked::"), "{}", annotations[0]);
    assert!(
        annotations[1].starts_with("::error title=web/report (111122223333%2C us-east-1) is not protected::"),
        "{}",
        annotations[1]
    );
    let text = fs::read_to_string(summary).expect("the summary is there");
    assert!(text.starts_with("what an earlier command wrote\n# Defenders in Fargate\n"), "{text}");

    let world = shop().without_secret().start().await;
    let run = updater(&world).env("GITHUB_ACTIONS", "true").run().await;
    expect_exit(&run, exit::COULD_NOT_START);
    assert!(
        run.stdout.starts_with("::error title=the run could not start::could not get the Console's address"),
        "{}",
        run.stdout
    );
}

#[tokio::test]
async fn azure_devops_gets_issues_and_the_markdown() {
    let world = shop().start().await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let azure = || updater(&world).env("TF_BUILD", "True");
    let run = azure().env("AGENT_TEMPDIRECTORY", directory.path().as_os_str()).run().await;
    let of_azure =
        |run: &Finished| run.stdout.lines().filter(|line| line.starts_with("##vso")).map(str::to_owned).collect::<Vec<_>>();
    let told = of_azure(&run);
    assert_eq!(told.len(), 3, "{}", run.stdout);
    assert!(
        told[1].starts_with("##vso[task.logissue type=error]web/report (111122223333, us-east-1) is not protected: "),
        "{}",
        told[1]
    );
    let path = told[2].strip_prefix("##vso[task.uploadsummary]").expect("the Markdown");
    assert!(fs::read_to_string(path).expect("it is there").starts_with("# Defenders in Fargate\n"));
    // A report that is asked for anyway is the one that is shown.
    let (_, named) = reporting(&world, &[]);
    let path = named.path().join("report.md");
    let run = azure().env("REPORT", path.as_os_str()).run().await;
    assert_eq!(of_azure(&run).last().map(String::as_str), Some(format!("##vso[task.uploadsummary]{}", path.display()).as_str()));
}
