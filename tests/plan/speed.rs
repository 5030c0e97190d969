//! PACE, CONCURRENCY, SHARD and SHARDS, and what is wrong with them.

use fargate_updater::settings::Settings;

use crate::settings::{given, names, with_secret};

/// The settings of a child of a Batch array job.
fn child(index: &str, arguments: &[&str]) -> Result<Settings, fargate_updater::settings::Problems> {
    let arguments = [&["--pcc-secret=console"], arguments].concat();
    Settings::from_given(given(&arguments), |name| (name == "AWS_BATCH_JOB_ARRAY_INDEX").then(|| index.to_owned()))
}

#[test]
fn a_run_takes_four_fifths_of_the_quotas_and_the_whole_organization() {
    let settings = with_secret(&[]).expect("a secret is enough");
    assert_eq!((settings.run.speed.pace.to_string().as_str(), settings.run.speed.concurrency), ("80%", 64));
    assert!(settings.scope.shard.is_whole());
    let settings = with_secret(&["--pace=50%", "--concurrency=8"]).expect("good settings");
    assert_eq!((settings.run.speed.pace.to_string().as_str(), settings.run.speed.concurrency), ("50%", 8));
}

#[test]
fn a_share_is_given_or_comes_from_batch() {
    let shard = |settings: Settings| settings.scope.shard.to_string();
    assert_eq!(with_secret(&["--shard=2/4"]).map(shard).ok().as_deref(), Some("2/4"));
    assert_eq!(with_secret(&["--shard=2/4", "--shards=4"]).map(shard).ok().as_deref(), Some("2/4"));
    assert_eq!(child("2", &["--shards=4"]).map(shard).ok().as_deref(), Some("2/4"));
    assert_eq!(child("2", &["--shard=0/4"]).map(shard).ok().as_deref(), Some("0/4"), "what is given is meant");
    assert_eq!(child("2", &[]).map(shard).ok().as_deref(), Some("0/1"), "a job of somebody else's, of which this is one child");
}

#[test]
fn what_is_wrong_is_said_by_name() {
    let cases = [
        ("no pace", with_secret(&["--pace=fast"]), "PACE", "1 to 100"),
        ("too many at once", with_secret(&["--concurrency=0"]), "CONCURRENCY", "1 or more"),
        ("counted from one", with_secret(&["--shard=4/4"]), "SHARD", "counted from 0"),
        ("no share", with_secret(&["--shard=4"]), "SHARD", "such as 0/4"),
        ("nobody says which", with_secret(&["--shards=4"]), "SHARDS", "AWS_BATCH_JOB_ARRAY_INDEX"),
        ("two answers", with_secret(&["--shard=0/4", "--shards=5"]), "SHARDS", "contradicts"),
        ("a larger array", child("4", &["--shards=4"]), "SHARDS", "the size of the array job"),
        ("no index", child("x", &["--shards=4"]), "SHARDS", "the size of the array job"),
    ];
    for (name, settings, setting, told) in cases {
        let problems = settings.expect_err(name);
        assert_eq!(names(&problems), [setting], "{name}");
        assert!(problems.0[0].text.contains(told), "{name}: {}", problems.0[0].text);
    }
}
