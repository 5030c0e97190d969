//! Settings are checked before any call, all at once, and each mistake is told with what is accepted.

use serde_json::Value;
use simulator::{Org, Program};

use crate::{all_output, updater};

/// Names and values.
type Variables<'a> = &'a [(&'a str, &'a str)];

fn with(program: Program, variables: Variables) -> Program {
    variables.iter().fold(program, |program, (name, value)| program.env(name, value))
}

#[tokio::test]
async fn every_mistake_is_told_at_once_and_nobody_is_called() {
    let world = Org::new().start().await;
    let mistakes = [
        ("PCC_URL", "ftp://console.example.com"),
        ("PCC_SAN", "console.example.com:8083"),
        ("FS_MONITOR", "perhaps"),
        ("FIPS_ENABLED", "2"),
        ("UPGRADE", "never"),
        ("ALLOW_ARM64", "arm"),
        ("PIN_IMAGES", "latest"),
        ("WAAS_PORT", "65536"),
        ("DEPLOYMENT_MODE", "BOTH"),
        ("ACCOUNTS", "1234, 111122223333, account"),
        ("EXCLUDE_ACCOUNTS", " , ,"),
        ("REGIONS", "Frankfurt"),
        ("CLUSTERS", "web"),
        ("ORGANIZATIONAL_UNITS", ","),
        ("ROLE_NAME", "arn:aws:iam::111122223333:role/FargateDeployMember"),
        ("ASSUME_ROLE", "no"),
        ("NETWORK", "open"),
        ("CONSOLE_CIDRS", "10.1.2.3/8"),
        ("MAX_CHANGES", "0"),
        ("WAIT", "false"),
        ("WAIT_TIMEOUT", "15"),
        ("ROLLOUTS", "0"),
        ("ROLLBACK", "true"),
        ("CANARY", "1"),
        ("MAX_FAILURES", "0%"),
        ("REVERTED", "undo"),
        ("RUN_ID", "20261126T000000Z-abcd"),
        ("LOG_FORMAT", "xml"),
        ("REPORT", "report.txt"),
    ];
    let run = with(updater(&world).without_env("PCC_SECRET"), &mistakes).run().await;
    assert_eq!(run.exit_code, Some(2), "{}", all_output(&run));
    assert_eq!(world.calls().total(), 0);
    let told: Vec<&str> = run.stderr.lines().collect();
    // Machines are told the same, unless the format is one for people.
    let line: Value = serde_json::from_str(&run.stdout).expect("one line for machines");
    assert_eq!((&line["message"], &line["exit_code"]), (&"settings cannot be used".into(), &2.into()));
    let causes: Vec<String> =
        line["causes"].as_array().into_iter().flatten().map(|it| format!("  {}", it.as_str().unwrap_or_default())).collect();
    assert_eq!(causes, told[1..]);
    assert_eq!(updater(&world).env("FS_MONITOR", "perhaps").env("LOG_FORMAT", "text").run().await.stdout, "");
    // It is no mistake, but makes mistakes of others.
    let mistakes = mistakes.into_iter().filter(|(name, _)| *name != "WAIT").collect::<Vec<_>>();
    for (name, _) in &mistakes {
        assert!(told.iter().any(|line| line.starts_with(&format!("  {name}: "))), "{name} is not told:\n{}", run.stderr);
    }
    // Two of the accounts are none; user and password of the Console are missing.
    assert_eq!(told[0], format!("error: {} settings cannot be used", mistakes.len() + 3));
    assert_eq!(told.len(), mistakes.len() + 4, "{}", run.stderr);
}

#[tokio::test]
async fn the_same_mistakes_are_told_of_flags() {
    let world = Org::new().start().await;
    let flags = ["--fs-monitor=perhaps", "--waas-port=0", "--accounts=,", "--deployment-mode=BOTH", "--regions", "xx"];
    let run = updater(&world).args(flags).run().await;
    assert_eq!(run.exit_code, Some(2), "{}", all_output(&run));
    insta::assert_snapshot!(run.stderr, @r#"
    error: 5 settings cannot be used
      DEPLOYMENT_MODE: "BOTH" is not a mode; give ORG or SINGLE
      ACCOUNTS: "," names nothing; leave it out for all
      REGIONS: "xx" is not a Region, such as eu-west-1
      WAAS_PORT: "0" is not a port; give a number from 1 to 65535
      FS_MONITOR: "perhaps" is neither yes nor no; give true or false (also 1/0, yes/no, y/n, on/off)
    "#);
    assert_eq!(world.calls().total(), 0);
}

#[tokio::test]
async fn the_console_is_given_by_a_secret_or_by_all_three_of_its_settings() {
    let url = ("PCC_URL", "https://console.example.com/tenant");
    let cases: [(Variables, &[&str]); 7] = [
        (&[], &["PCC_SECRET: no Console is given"]),
        (&[("PCC_SECRET", "  ")], &["PCC_SECRET: no Console is given"]),
        (&[url], &["PCC_USER: it is missing", "PCC_PASS: it is missing"]),
        (&[("PCC_USER", "admin"), ("PCC_PASS", "password")], &["PCC_URL: it is missing"]),
        (&[("PCC_SECRET", "name"), url], &["PCC_SECRET: it is given together with PCC_URL, PCC_USER or PCC_PASS"]),
        (&[("PCC_SECRET", "name"), ("PCC_PASS", "password")], &["PCC_SECRET: it is given together with"]),
        (
            &[("PCC_URL", "https://console.example.com/tenant/api/v1"), ("PCC_USER", "admin"), ("PCC_PASS", "password")],
            &["PCC_URL: it contains /api/; give the address up to there"],
        ),
    ];
    for (variables, problems) in cases {
        let world = Org::new().start().await;
        let run = with(updater(&world).without_env("PCC_SECRET"), variables).run().await;
        assert_eq!(run.exit_code, Some(2), "{variables:?}: {}", all_output(&run));
        for problem in problems {
            assert!(run.stderr.contains(&format!("\n  {problem}")), "{variables:?}: expected {problem:?} in: {}", run.stderr);
        }
        assert_eq!(run.stderr.lines().count(), 1 + problems.len(), "{variables:?}: {}", run.stderr);
        assert_eq!(world.calls().total(), 0, "{variables:?}");
    }
}

#[tokio::test]
async fn an_empty_variable_is_no_setting() {
    let world = Org::new().start().await;
    let names = fargate_updater::settings::variable_names();
    let mut program = updater(&world);
    for name in names.into_iter().filter(|name| !["PCC_SECRET", "LOG_FORMAT"].contains(&name.as_str())) {
        program = program.env(name, "");
    }
    let run = program.run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
}

#[tokio::test]
async fn a_flag_wins_over_the_environment() {
    let world = Org::new().start().await;
    let run = updater(&world).env("WAAS_PORT", "70001").arg("--waas-port=70002").run().await;
    assert_eq!(run.exit_code, Some(2), "{}", all_output(&run));
    assert!(run.stderr.contains("70002") && !run.stderr.contains("70001"), "{}", run.stderr);
}

#[tokio::test]
async fn the_console_can_be_given_without_a_secret() {
    let world = Org::new().without_secret().start().await;
    let console = world.console().definition();
    let url = format!("{}/", world.console_url());
    let program = updater(&world).without_env("PCC_SECRET").arg(format!("--pcc-url={url}"));
    let run = program.arg(format!("--pcc-user={}", console.user())).env("PCC_PASS", console.password()).run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert_eq!(world.calls().of("GetSecretValue"), 0);
    assert_eq!(world.calls().of("POST authenticate"), 1);
}
