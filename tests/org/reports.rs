//! What a run tells: lines and a summary for people, one JSON object a line for machines, and an exit code for pipelines.

use std::collections::BTreeSet;

use fargate_updater::exit;
use regex::Regex;
use serde_json::Value;
use simulator::{Account, Finished, Org, World};

use crate::support::{ACCOUNT, expect_exit, updater};

/// Something of everything: protected, skipped, failed, with a note, and places that are not walked or cannot be.
fn mixed() -> Org {
    Org::new()
        .account(ACCOUNT, |account| {
            account
                .service("web/checkout", "httpd.json")
                .service("web/orders", "orders.json")
                .service("web/report", "command_only.json")
                .service("web/desktop", "windows.json")
                .service_with("big/render", "httpd.json", |service| service.launch_type("EC2"))
                .service_with("big/encode", "httpd.json", |service| service.launch_type("EC2"))
                .denied_region("ap-southeast-1")
        })
        .account("444455556666", Account::without_member_role)
        .account("555566667777", |account| account.state("SUSPENDED"))
}

/// Masks what differs from run to run.
fn redacted(text: &str) -> String {
    let masks = [
        ("[0-9]{8}T[0-9]{6}Z-[a-z]{4}", "RUN"),
        ("127\\.0\\.0\\.1:[0-9]{4,5}", "127.0.0.1:PORT"),
        ("request [0-9a-f-]{36}", "request ID"),
        ("took .*", "took TIME, with CALLS"),
        ("\"(seconds|calls|console_calls)\": ?[0-9]+", "\"$1\": NUMBER"),
        ("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "TIME"),
    ];
    masks.iter().fold(text.to_owned(), |text, (pattern, mask)| {
        Regex::new(pattern).expect("a pattern").replace_all(&text, *mask).into_owned()
    })
}

/// Runs the program as a pipeline does: standard output is no terminal, and nothing says how to tell.
async fn told_to_a_pipe(world: &World) -> Finished {
    updater(world).env("WAAS_PORT", "9000").without_env("LOG_FORMAT").run().await
}

/// Every line of standard output as JSON.
fn parsed(stdout: &str) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    stdout.lines().map(parse).collect()
}

/// What kinds of line there are: message, level, and the names of the fields in their order; each kind once.
fn kinds(lines: &[Value]) -> String {
    let kind = |line: &Value| {
        let fields: Vec<&str> = line.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(fields[..3], ["time", "level", "message"], "{line}");
        let text = |name: &str| line[name].as_str().expect("a text").to_owned();
        format!("{} ({}): {}", text("message"), text("level"), fields[3..].join(" "))
    };
    let kinds: BTreeSet<String> = lines.iter().map(kind).collect();
    kinds.into_iter().collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn people_are_told_each_service_in_a_line_and_all_of_it_at_the_end() {
    let world = mixed().start().await;
    let run = updater(&world).env("WAAS_PORT", "9000").run().await;
    expect_exit(&run, exit::NOT_ALL);
    let told = redacted(&run.stdout);
    let (lines, summary) = told.split_once("\nSummary\n").expect("a summary");
    // Services end in any order.
    let mut lines: Vec<&str> = lines.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable_by_key(|line| line.trim_start());
    insta::assert_snapshot!(lines.join("\n"), @"
    3 accounts in scope
    Console 34.03.138 at http://127.0.0.1:PORT/us-9-000000001: Defender 34.03.138, connecting to wss://127.0.0.1:443
    failed        111122223333 us-east-1 web/report  could not find the entry point of container report: 111122223333.dkr.ecr.us-east-1.amazonaws.com/report:1.0 is not known to its registry: repository name not known to registry; the Console has not scanned it: the Console refused defenders/fargate.json (status 400): failed to extract entrypoint
    failed        account 444455556666: could not assume the role FargateDeployMember
    networks are opened where they are closed, to every address (CONSOLE_CIDRS says less)
    not walked    account 111122223333, ap-southeast-1: a service control policy of the organization denies the Region
    not walked    account 555566667777: the account is SUSPENDED
                  note: WAAS_PORT 9000 was added nowhere: no container has port mappings
    protected     111122223333 us-east-1 web/checkout  httpd:1 -> httpd:2, rolled out
    protected     111122223333 us-east-1 web/orders  orders:1 -> orders:2, rolled out
    run RUN from account 123456789012, us-east-1
    skipped       111122223333 us-east-1 big/encode  it runs on EC2, not on Fargate; other Defenders protect those hosts
    skipped       111122223333 us-east-1 big/render  it runs on EC2, not on Fargate; other Defenders protect those hosts
    skipped       111122223333 us-east-1 web/desktop  its tasks run Windows, for which the vendor has no App-Embedded Defender
    ");
    insta::assert_snapshot!(summary, @"
      6 services seen, 3 accounts in scope: 2 protected, 3 skipped, 1 failed
      50.0% protected: 2 of 4 services
      took TIME, with CALLS

    Skipped, and why
          2  it runs on EC2, not on Fargate; other Defenders protect those hosts
          1  its tasks run Windows, for which the vendor has no App-Embedded Defender

    Not walked, and why
          1  a service control policy of the organization denies the Region
             account 111122223333, ap-southeast-1
          1  the account is SUSPENDED
             account 555566667777

    Failures
    error: could not walk account 444455556666
      cause: could not assume the role FargateDeployMember
      cause: AssumeRole was denied (AccessDenied): User: arn:aws:sts::123456789012:assumed-role/FargateDeployMaster/simulated is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/FargateDeployMember (request ID)
      hint:  check that FargateDeployMember exists in that account and trusts this caller (the StackSet may not reach it, or the role may ask for an EXTERNAL_ID), or leave the account out with EXCLUDE_ACCOUNTS
    error: could not protect service report (account 111122223333, us-east-1, cluster web)
      cause: could not find the entry point of container report
      cause: 111122223333.dkr.ecr.us-east-1.amazonaws.com/report:1.0 is not known to its registry: repository name not known to registry; the Console has not scanned it
      cause: the Console refused defenders/fargate.json (status 400): failed to extract entrypoint
      hint:  check that the image still exists under this name; or add the image's own entry point as `entryPoint` to the container in the task definition; or have the Console scan the image's registry, or set REGISTRY_TYPE and CREDENTIAL_ID to a credential of the Console for it

    Not done: 1 service is not protected, and 1 place could not be walked.
    ");
    assert_eq!(run.stderr, "");
}

#[tokio::test]
async fn machines_are_told_one_object_a_line_with_the_same_fields_for_each_kind() {
    let world = mixed().start().await;
    let first = told_to_a_pipe(&world).await;
    expect_exit(&first, exit::NOT_ALL);
    let second = told_to_a_pipe(&world).await;
    expect_exit(&second, exit::NOT_ALL);
    let lines = [parsed(&first.stdout), parsed(&second.stdout)].concat();
    insta::assert_snapshot!(kinds(&lines), @"
    accounts listed (info): accounts
    place failed (error): account stage causes hint
    place not walked (info): account reason
    place not walked (info): account region reason
    run began (info): run_id account region console console_version defender_version ws_address network dry_run
    run ended (error): run_id dry_run complete exit_code accounts seconds calls throttled console_calls console_throttled services coverage protected upgraded undone planned up_to_date skipped failed not_attempted roll_outs_under_way places_failed places_not_attempted verified not_connected unverified tasks_looked_for tasks_connected skip_reasons upgrade_reasons places_not_walked opened closed kept_open to_look_at warnings stopped_by failures left_out
    service failed (error): account region cluster service outcome stage causes hint
    service protected (info): account region cluster service outcome from to roll_out
    service protected (info): account region cluster service outcome from to roll_out findings
    service skipped (info): account region cluster service outcome reason text
    service up to date (info): account region cluster service outcome task_definition
    ");
    assert_eq!(first.stderr, "");
}

#[tokio::test]
async fn a_warning_for_machines_is_a_line_of_its_own() {
    let shop = |account: Account| account.service("web/shop", "httpd.json");
    let world = Org::new().deny("organizations:ListAccounts").account(ACCOUNT, shop).start().await;
    let run = updater(&world).env("ACCOUNTS", ACCOUNT).without_env("LOG_FORMAT").run().await;
    expect_exit(&run, exit::DONE);
    let lines = parsed(&run.stdout);
    assert!(kinds(&lines).lines().any(|kind| kind == "warning (warn): text"), "{}", run.stdout);
    let summary = lines.last().expect("a last line");
    assert_eq!((summary["level"].as_str(), &summary["complete"]), (Some("info"), &Value::Bool(true)));
}

#[tokio::test]
async fn the_last_line_for_machines_is_the_summary() {
    let world = mixed().start().await;
    let run = told_to_a_pipe(&world).await;
    let lines = parsed(&run.stdout);
    let summary = lines.last().expect("a last line");
    insta::assert_snapshot!(redacted(&format!("{summary:#}")), @r#"
    {
      "time": "TIME",
      "level": "error",
      "message": "run ended",
      "run_id": "RUN",
      "dry_run": false,
      "complete": false,
      "exit_code": 3,
      "accounts": 3,
      "seconds": NUMBER,
      "calls": NUMBER,
      "throttled": 0,
      "console_calls": NUMBER,
      "console_throttled": 0,
      "services": 6,
      "coverage": {
        "protected": 2,
        "in_scope": 4,
        "percent": 50.0
      },
      "protected": 2,
      "upgraded": 0,
      "undone": 0,
      "planned": 0,
      "up_to_date": 0,
      "skipped": 3,
      "failed": 1,
      "not_attempted": 0,
      "roll_outs_under_way": 0,
      "places_failed": 1,
      "places_not_attempted": 0,
      "verified": 0,
      "not_connected": 0,
      "unverified": 0,
      "tasks_looked_for": 0,
      "tasks_connected": 0,
      "skip_reasons": {
        "not-fargate": 2,
        "windows": 1
      },
      "upgrade_reasons": {},
      "places_not_walked": [
        {
          "reason": "a service control policy of the organization denies the Region",
          "places": 1
        },
        {
          "reason": "the account is SUSPENDED",
          "places": 1
        }
      ],
      "opened": [],
      "closed": [],
      "kept_open": [],
      "to_look_at": 0,
      "warnings": [],
      "stopped_by": null,
      "failures": [
        {
          "account": "111122223333",
          "region": "us-east-1",
          "cluster": "web",
          "service": "report",
          "stage": "entry-point",
          "causes": [
            "could not find the entry point of container report",
            "111122223333.dkr.ecr.us-east-1.amazonaws.com/report:1.0 is not known to its registry: repository name not known to registry; the Console has not scanned it",
            "the Console refused defenders/fargate.json (status 400): failed to extract entrypoint"
          ],
          "hint": "check that the image still exists under this name; or add the image's own entry point as `entryPoint` to the container in the task definition; or have the Console scan the image's registry, or set REGISTRY_TYPE and CREDENTIAL_ID to a credential of the Console for it"
        },
        {
          "account": "444455556666",
          "stage": "assume-role",
          "causes": [
            "could not assume the role FargateDeployMember",
            "AssumeRole was denied (AccessDenied): User: arn:aws:sts::123456789012:assumed-role/FargateDeployMaster/simulated is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/FargateDeployMember (request ID)"
          ],
          "hint": "check that FargateDeployMember exists in that account and trusts this caller (the StackSet may not reach it, or the role may ask for an EXTERNAL_ID), or leave the account out with EXCLUDE_ACCOUNTS"
        }
      ],
      "left_out": 0
    }
    "#);
    let began = lines.iter().find(|line| line["message"] == "run began").expect("a first line");
    assert_eq!(began["run_id"], summary["run_id"], "what belongs to one run can be found by its id");
}

#[tokio::test]
async fn a_line_for_machines_says_the_same_as_the_one_for_people() {
    let world = mixed().start().await;
    let run = told_to_a_pipe(&world).await;
    let lines = parsed(&run.stdout);
    let about = |service: &str| {
        let line = lines.iter().find(|line| line["service"] == service).expect("its line");
        redacted(&line.to_string())
    };
    insta::assert_snapshot!(about("orders"), @r#"{"time":"TIME","level":"info","message":"service protected","account":"111122223333","region":"us-east-1","cluster":"web","service":"orders","outcome":"protected","from":"orders:1","to":"orders:2","roll_out":"done","findings":[{"code":"waas-port-nowhere","text":"WAAS_PORT 9000 was added nowhere: no container has port mappings"}]}"#);
    insta::assert_snapshot!(about("desktop"), @r#"{"time":"TIME","level":"info","message":"service skipped","account":"111122223333","region":"us-east-1","cluster":"web","service":"desktop","outcome":"skipped","reason":"windows","text":"its tasks run Windows, for which the vendor has no App-Embedded Defender"}"#);
}

#[tokio::test]
async fn a_run_that_is_stopped_tells_machines_what_it_did_not_get_to() {
    let world = mixed().start().await;
    let looking = world.hold("DescribeTaskDefinition");
    let running = updater(&world).without_env("LOG_FORMAT").arg("--services-kept=1").start().await;
    looking.reached().await;
    running.terminate().await;
    while !running.stdout_so_far().contains("run is stopping") {
        tokio::task::yield_now().await;
    }
    looking.release();
    let run = running.wait().await;
    expect_exit(&run, exit::NOT_ALL);
    let lines = parsed(&run.stdout);
    let of = |message: &str| lines.iter().filter(|line| line["message"] == message).count();
    assert_eq!(of("run is stopping"), 1);
    assert!(of("service not attempted") > 0, "{}", run.stdout);
    let kinds = kinds(&lines);
    for kind in
        ["run is stopping (warn): signal", "service not attempted (warn): account region cluster service outcome reason text"]
    {
        assert!(kinds.lines().any(|line| line == kind), "{kind}: {kinds}");
    }
    let summary = lines.last().expect("a last line");
    assert_eq!(summary["stopped_by"], "SIGTERM");
    assert_eq!(summary["complete"], false);
}

#[tokio::test]
async fn a_run_that_cannot_start_says_why_to_people_on_stderr_and_to_machines_on_stdout() {
    let org = || Org::new().without_secret().account(ACCOUNT, |account| account.service("web/shop", "httpd.json"));
    let world = org().start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::COULD_NOT_START);
    assert_eq!(run.stdout, "");
    insta::assert_snapshot!(redacted(&run.stderr), @"
    error: could not get the Console's address and credentials
      cause: could not read the secret fargate-updater/console
      cause: GetSecretValue found nothing (ResourceNotFoundException): Secrets Manager can't find the specified secret. (request ID)
      hint:  check PCC_SECRET and AWS_REGION: a name is looked up in the run's own Region, an ARN in its own
    ");

    let run = told_to_a_pipe(&world).await;
    expect_exit(&run, exit::COULD_NOT_START);
    insta::assert_snapshot!(redacted(&run.stdout), @r#"{"time":"TIME","level":"error","message":"run could not start","exit_code":4,"stage":"secret","causes":["could not get the Console's address and credentials","could not read the secret fargate-updater/console","GetSecretValue found nothing (ResourceNotFoundException): Secrets Manager can't find the specified secret. (request ID)"],"hint":"check PCC_SECRET and AWS_REGION: a name is looked up in the run's own Region, an ARN in its own"}"#);
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn exit_codes_tell_done_from_not_all_from_not_started() {
    let well = || Org::new().account(ACCOUNT, |account| account.service("web/shop", "httpd.json"));
    let table = [
        ("all is protected", well(), exit::DONE),
        ("nothing to do", Org::new(), exit::DONE),
        ("only skipped", Org::new().account(ACCOUNT, |account| account.service("web/shop", "windows.json")), exit::DONE),
        ("a service fails", well().account("444455556666", |account| account.service("a/b", "command_only.json")), exit::NOT_ALL),
        ("an account fails", well().account("444455556666", Account::without_member_role), exit::NOT_ALL),
        ("no secret", well().without_secret(), exit::COULD_NOT_START),
        ("no accounts", well().deny("organizations:ListAccounts"), exit::COULD_NOT_START),
    ];
    for (name, org, code) in table {
        let world = org.start().await;
        for format in ["text", "json"] {
            let run = updater(&world).env("LOG_FORMAT", format).run().await;
            assert_eq!(run.exit_code, Some(code.into()), "{name}: {}{}", run.stdout, run.stderr);
        }
    }
}

#[tokio::test]
async fn a_run_that_saw_no_service_does_not_call_everything_protected() {
    let world = Org::new().start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    assert!(run.stdout.contains("0 services seen, 1 account in scope: none"), "{}", run.stdout);
    assert!(run.stdout.contains("No service was seen: see whether the scope is what you meant."), "{}", run.stdout);
    assert!(!run.stdout.contains("Every service"), "{}", run.stdout);
}
