//! Reports in buckets: what a run puts there, under the stack's permissions, and what it says when a bucket does not take them.

use std::fs;
use std::path::{Path, PathBuf};

use fargate_updater::exit;
use serde_json::Value;
use simulator::{Account, Fault, FaultRule, Finished, Org, Program, World};
use tempfile::TempDir;

use crate::support::{ACCOUNT, HOME, expect_exit, updater};

const BUCKET: &str = "reports-of-111122223333";
const REPORT: &str = "s3://reports-of-111122223333/fargate/report.json";
const KEY: &str = "fargate/report.json";

/// An organization with a bucket, and a stack that may put reports there.
fn shop() -> Org {
    let account = |account: Account| account.name("Payments").service("web/checkout", "httpd.json");
    let org = Org::new().account(ACCOUNT, account).bucket(BUCKET, |bucket| bucket);
    org.stack(|stack| stack.parameter("ReportBucket", BUCKET))
}

/// The program with a directory of its own for files that are uploaded.
fn reporting(world: &World, report: &str) -> (Program, TempDir) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    (updater(world).env("REPORT", report).env("TMPDIR", directory.path().as_os_str()), directory)
}

fn left_in(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).expect("the directory can be read").map(|entry| entry.expect("an entry").path()).collect()
}

fn json(world: &World) -> Value {
    let object = world.object(BUCKET, KEY).expect("the report is there");
    serde_json::from_slice(&object.content).expect("JSON")
}

fn uploads(world: &World) -> u64 {
    world.calls().of("PutObject")
}

/// Checks that a run is told as ever, that one upload is said to have failed, and that its report is kept, whole.
fn expect_kept(run: &Finished, directory: &Path, texts: &[&str]) {
    expect_exit(run, exit::NOT_ALL);
    assert!(run.stdout.contains("protected     111122223333 us-east-1 web/checkout"), "{}", run.stdout);
    let told: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(told.len(), 1, "{}", run.stderr);
    for text in texts {
        assert!(told[0].contains(text), "{text:?} is not said: {}", told[0]);
    }
    let left = left_in(directory);
    let [kept] = &left[..] else { panic!("left: {left:?}") };
    let command = format!("It is kept in {0}: aws s3 cp {0} ", kept.display());
    assert!(told[0].contains(&command), "{command:?} is not said: {}", told[0]);
    let report: Value = serde_json::from_str(&fs::read_to_string(kept).expect("it can be read")).expect("JSON");
    assert_eq!(report["services"][0]["outcome"], "protected");
}

#[tokio::test]
async fn a_bucket_gets_the_same_reports_as_a_directory_in_every_format() {
    let world = shop().start().await;
    let files = tempfile::tempdir().expect("a temporary directory");
    let endings = ["csv", "html", "json", "md", "xml"];
    let of = |place: &str| endings.map(|ending| format!("{place}/report.{ending}")).join(",");
    let report = format!("{},{}", of(&format!("s3://{BUCKET}/of fargate/2026")), of(&files.path().display().to_string()));
    let (program, directory) = reporting(&world, &report);
    let run = program.run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(run.stderr, "");
    assert_eq!(world.keys(BUCKET), endings.map(|ending| format!("of fargate/2026/report.{ending}")));
    let kinds = [
        "text/csv; charset=utf-8",
        "text/html; charset=utf-8",
        "application/json",
        "text/markdown; charset=utf-8",
        "application/xml; charset=utf-8",
    ];
    for (ending, kind) in endings.into_iter().zip(kinds) {
        let object = world.object(BUCKET, &format!("of fargate/2026/report.{ending}")).expect("the report is there");
        assert_eq!(object.content_type, kind);
        let file = fs::read(files.path().join(format!("report.{ending}"))).expect("the file is there");
        assert!(!file.is_empty() && object.content == file, "{ending}: an object that is not the file");
    }
    assert_eq!(left_in(directory.path()), Vec::<PathBuf>::new());
    assert!(world.permissions_missed().is_empty(), "{:?}", world.permissions_missed());
}

#[tokio::test]
async fn a_large_report_is_put_there_whole() {
    let many =
        |account: Account| (0..400).fold(account, |account, at| account.service(&format!("web/service-{at}"), "httpd.json"));
    let world = shop().account("444455556666", many).start().await;
    let (program, _directory) = reporting(&world, REPORT);
    expect_exit(&program.arg("--dry-run").run().await, exit::DONE);
    assert_eq!(json(&world)["services"].as_array().map(Vec::len), Some(401));
    let length = world.object(BUCKET, KEY).expect("the report is there").content.len();
    assert!(length > 128 * 1024, "{length} bytes are one piece of an upload");
}

#[tokio::test]
async fn a_dry_run_and_an_undo_are_uploaded_too_and_the_last_one_is_there() {
    let world = shop().start().await;
    let (program, _directory) = reporting(&world, REPORT);
    expect_exit(&program.arg("--dry-run").run().await, exit::DONE);
    assert_eq!((&json(&world)["run"]["dry_run"], &json(&world)["services"][0]["outcome"]), (&true.into(), &"planned".into()));
    assert_eq!(world.calls().writes(), 1, "a dry run writes its report");
    expect_exit(&updater(&world).run().await, exit::DONE);
    let (program, _directory) = reporting(&world, REPORT);
    expect_exit(&program.arg("undo").run().await, exit::DONE);
    assert_eq!((&json(&world)["run"]["kind"], &json(&world)["services"][0]["outcome"]), (&"undo".into(), &"undone".into()));
}

#[tokio::test]
async fn a_run_that_did_not_start_leaves_an_earlier_report_as_it_is() {
    let world = shop().without_secret().start().await;
    let (program, directory) = reporting(&world, REPORT);
    expect_exit(&program.run().await, exit::COULD_NOT_START);
    assert_eq!((uploads(&world), left_in(directory.path())), (0, Vec::new()));
}

#[tokio::test]
async fn without_the_stacks_report_bucket_a_report_is_refused_and_kept() {
    let world = shop().stack(|stack| stack.parameter("ReportBucket", "")).start().await;
    let (program, directory) = reporting(&world, REPORT);
    let run = program.run().await;
    let denied = "PutObject was denied (AccessDenied): User: arn:aws:sts::123456789012:assumed-role/FargateDeployMaster/simulated is \
                  not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::reports-of-111122223333/fargate/report.json\"";
    let way_out = "allow s3:PutObject on the bucket's objects to the caller (the stack's ReportBucket)";
    expect_kept(&run, directory.path(), &["error: could not upload the report ", REPORT, "(REPORT): ", denied, way_out]);
    assert_eq!((uploads(&world), world.keys(BUCKET)), (1, Vec::new()), "what is denied is not tried again");
}

#[tokio::test]
async fn a_report_bucket_is_one_bucket() {
    let world = shop().bucket("another", |bucket| bucket).start().await;
    let (program, directory) = reporting(&world, &format!("s3://another/report.json,{REPORT}"));
    let run = program.run().await;
    expect_kept(&run, directory.path(), &["s3://another/report.json", "AccessDenied"]);
    assert_eq!(json(&world)["services"][0]["outcome"], "protected", "the other one is there");
}

#[tokio::test]
async fn a_key_of_its_own_is_used_and_told_of_if_it_cannot_be() {
    let own_key = || shop().stack(|stack| stack.parameter("ReportBucket", "kept")).bucket("kept", |bucket| bucket.own_key());
    let world = own_key().start().await;
    let (program, _directory) = reporting(&world, "s3://kept/report.json");
    expect_exit(&program.run().await, exit::DONE);
    assert_eq!(world.keys("kept"), ["report.json"]);
    let world = own_key().deny("kms:GenerateDataKey").start().await;
    let (program, directory) = reporting(&world, "s3://kept/report.json");
    expect_kept(
        &program.run().await,
        directory.path(),
        &["kms:GenerateDataKey on resource", "allow kms:GenerateDataKey on the bucket's key"],
    );
}

#[tokio::test]
async fn a_bucket_in_another_region_is_found_by_what_s3_answers() {
    for region in ["eu-west-1", "af-south-1"] {
        let shop = Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"));
        let shop =
            shop.management(|account| account.region(region, |region| region)).bucket(BUCKET, |bucket| bucket.region(region));
        let world = shop.stack(|stack| stack.parameter("ReportBucket", BUCKET)).start().await;
        let (program, directory) = reporting(&world, REPORT);
        let run = program.env("REGIONS", HOME).run().await;
        expect_exit(&run, exit::DONE);
        assert_eq!(run.stderr, "", "{region}");
        assert_eq!(world.keys(BUCKET), [KEY]);
        let in_region = |region: &str| world.calls().of_at("PutObject", &world.management(), region);
        assert_eq!((in_region(HOME), in_region(region), uploads(&world)), (1, 1, 2), "{region}");
        assert_eq!(left_in(directory.path()), Vec::<PathBuf>::new());
    }
}

/// The global endpoint is reached in the bucket's own Region, and says what is wrong with the signature.
/// Source: botocore's `S3RegionRedirectorv2`.
#[tokio::test]
async fn a_region_may_be_told_in_the_answer_and_is_tried_once() {
    let malformed = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the region \
                     'us-east-1' is wrong; expecting 'eu-west-1'</Message><Region>eu-west-1</Region></Error>";
    let org = || shop().management(|account| account.region("eu-west-1", |region| region));
    let rule = |region: Option<&str>| FaultRule {
        operation: "PutObject".to_owned(),
        account: None,
        region: region.map(str::to_owned),
        from: 1,
        to: None,
        fault: Fault::raw(400, "application/xml", malformed),
    };
    // What is in us-east-1 is asked for in eu-west-1, which sends it back.
    let world = org().start().await;
    world.fault(rule(Some(HOME)));
    let (program, directory) = reporting(&world, REPORT);
    let run = program.env("REGIONS", HOME).run().await;
    expect_kept(&run, directory.path(), &["PutObject was refused (PermanentRedirect)", "check the bucket and the key in REPORT"]);
    assert_eq!(uploads(&world), 2);
    let world = org().start().await;
    world.fault(rule(None));
    let (program, directory) = reporting(&world, REPORT);
    let run = program.env("REGIONS", HOME).run().await;
    expect_kept(&run, directory.path(), &["PutObject was refused (AuthorizationHeaderMalformed)"]);
    assert_eq!(uploads(&world), 2);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told() {
    let world = shop().start().await;
    let (program, directory) = reporting(&world, "s3://reports-of-nobody/an auditor's/report.json");
    let run = program.run().await;
    let texts = [
        "s3://reports-of-nobody/an auditor's/report.json",
        "PutObject found nothing (NoSuchBucket): The specified bucket does not exist",
        "create the bucket",
        r"'s3://reports-of-nobody/an auditor'\''s/report.json'",
    ];
    expect_kept(&run, directory.path(), &texts);
}

#[tokio::test]
async fn an_upload_is_tried_again_where_that_helps() {
    for fault in [
        Fault::error(503, "SlowDown", "Please reduce your request rate."),
        Fault::NoAnswer,
        Fault::LostAnswer,
        Fault::error(500, "InternalError", "We encountered an internal error."),
        Fault::error(400, "RequestTimeout", "Your socket connection to the server was not read from or written to."),
    ] {
        let world = shop().start().await;
        world.fault(FaultRule { operation: "PutObject".to_owned(), account: None, region: None, from: 1, to: Some(2), fault });
        let (program, _directory) = reporting(&world, REPORT);
        expect_exit(&program.run().await, exit::DONE);
        assert_eq!((uploads(&world), world.keys(BUCKET)), (3, vec![KEY.to_owned()]));
    }
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_uploads_what_it_has_and_waits_for_nothing() {
    let world = shop().start().await;
    let registering = world.hold("RegisterTaskDefinition");
    let (program, _directory) = reporting(&world, REPORT);
    let running = program.start().await;
    registering.reached().await;
    running.terminate().await;
    registering.release();
    let run = running.wait().await;
    assert_eq!(
        (uploads(&world), json(&world)["services"].as_array().map(Vec::len)),
        (1, Some(1)),
        "{}{}",
        run.stdout,
        run.stderr
    );

    let world = shop().start().await;
    let fault = Fault::error(503, "SlowDown", "Please reduce your request rate.");
    world.fault(FaultRule { operation: "PutObject".to_owned(), account: None, region: None, from: 1, to: None, fault });
    let uploading = world.hold("PutObject");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let program =
        Program::new(env!("CARGO_BIN_EXE_fargate-updater")).in_world(&world).env("LOG_FORMAT", "text").env("VERBOSE", "true");
    let program = program.env("REPORT", REPORT).env("TMPDIR", directory.path().as_os_str()).arg("--first-wait-ms=600000");
    // Without the signal it would be tried again for minutes.
    let running = program.start().await;
    uploading.reached().await;
    running.terminate().await;
    uploading.release();
    let run = running.wait().await;
    expect_kept(&run, directory.path(), &["PutObject was throttled until we gave up (SlowDown)"]);
    assert_eq!(uploads(&world), 1);
}

#[tokio::test]
async fn an_upload_that_is_not_answered_does_not_keep_a_run_that_is_asked_to_stop() {
    let world = shop().start().await;
    let uploading = world.hold("PutObject");
    let (program, directory) = reporting(&world, REPORT);
    let running = program.arg("--upload-grace-ms=1").start().await;
    uploading.reached().await;
    running.terminate().await;
    let run = running.wait().await;
    expect_kept(&run, directory.path(), &["S3 had not answered when the run had to stop"]);
    uploading.release();
}

#[tokio::test]
async fn other_partitions_have_buckets_too() {
    let world = shop().partition("aws-us-gov").start().await;
    let (program, _directory) = reporting(&world, REPORT);
    let run = program.run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(world.keys(BUCKET), [KEY]);
}
