//! A start that fails ends with exit code 4, says what was attempted, why it failed and, where there is one, the way out.

use serde_json::json;
use simulator::scenario::{CONSOLE_SECRET, CONSOLE_URL};
use simulator::{Fault, FaultRule, Org};

use crate::{all_output, updater};

fn always(operation: &str, fault: Fault) -> FaultRule {
    FaultRule { operation: operation.to_owned(), account: None, region: None, from: 1, to: None, fault }
}

/// Runs in a world and returns what is told on stderr, from the error on and without request ids.
async fn told(org: Org) -> String {
    let world = org.start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(4), "{}", all_output(&run));
    assert_eq!(world.calls().writes(), 0);
    let lines = run.stderr.lines().skip_while(|line| !line.starts_with("error: "));
    let lines: Vec<&str> = lines.map(|line| line.split_once(" (request ").map_or(line, |(before, _)| before)).collect();
    lines.join("\n")
}

#[tokio::test]
async fn no_region_ends_with_4_and_a_hint() {
    let world = Org::new().start().await;
    let run = updater(&world).without_env("AWS_REGION").run().await;
    assert_eq!(run.exit_code, Some(4), "{}", all_output(&run));
    insta::assert_snapshot!(run.stderr, @r"
    error: could not get into AWS
      cause: no AWS Region is set
      hint:  set AWS_REGION, or `region` in the profile that AWS_PROFILE names
    ");
    assert_eq!(world.calls().total(), 0);
}

#[tokio::test]
async fn no_credentials_end_with_4_and_a_hint() {
    let world = Org::new().start().await;
    let run = updater(&world).without_env("AWS_ACCESS_KEY_ID").without_env("AWS_SECRET_ACCESS_KEY").run().await;
    assert_eq!(run.exit_code, Some(4), "{}", all_output(&run));
    let told: Vec<&str> = run.stderr.lines().skip_while(|line| !line.starts_with("error: ")).collect();
    assert_eq!(told[0], "error: could not get into AWS", "{}", run.stderr);
    assert!(
        told.iter().any(|line| line.starts_with("  cause: GetCallerIdentity ") && line.contains("credentials")),
        "{}",
        run.stderr
    );
    assert_eq!(
        told.last(),
        Some(
            &"  hint:  check the AWS credentials: AWS_PROFILE, `aws sso login`, or the task role; `aws sts get-caller-identity` must work"
        )
    );
}

#[tokio::test]
async fn wrong_credentials_end_with_4_and_a_hint() {
    for (name, value) in [("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_ACCESS_KEY_ID", "UNKNOWN")] {
        let world = Org::new().start().await;
        let run = updater(&world).env(name, value).run().await;
        assert_eq!(run.exit_code, Some(4), "{name}: {}", all_output(&run));
        assert!(run.stderr.contains("  hint:  check the AWS credentials: "), "{name}: {}", run.stderr);
        assert_eq!(world.calls().total(), 0, "{name}: nobody who is not let in is a caller");
    }
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_said_to_be_missing() {
    insta::assert_snapshot!(told(Org::new().without_secret()).await, @r"
    error: could not get the Console's address and credentials
      cause: could not read the secret fargate-updater/console
      cause: GetSecretValue found nothing (ResourceNotFoundException): Secrets Manager can't find the specified secret.
      hint:  check PCC_SECRET and AWS_REGION: a name is looked up in the run's own Region, an ARN in its own
    ");
}

#[tokio::test]
async fn a_secret_that_may_not_be_read_names_the_permission() {
    let told_denied = told(Org::new().deny("secretsmanager:GetSecretValue")).await;
    assert!(told_denied.contains("  cause: GetSecretValue was denied (AccessDeniedException): User: "), "{told_denied}");
    let hint = told_denied.lines().last().unwrap_or_default();
    assert!(hint.starts_with("  hint:  allow secretsmanager:GetSecretValue "), "{told_denied}");
    assert!(hint.contains("FargateUpdaterMasterPolicy"), "{told_denied}");

    // What Secrets Manager answers when the key, not the secret, is out of reach.
    let no_key = [
        Fault::error(400, "AccessDeniedException", "Access to KMS is not allowed"),
        Fault::error(
            400,
            "DecryptionFailure",
            "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
        ),
    ];
    for fault in no_key {
        let told_key = told(Org::new().fault(always("GetSecretValue", fault))).await;
        assert!(told_key.contains("  hint:  allow kms:Decrypt on the secret's key to the caller"), "{told_key}");
    }

    let deleted = "You can't perform this operation on the secret because it was marked for deletion.";
    let told_deleted =
        told(Org::new().fault(always("GetSecretValue", Fault::error(400, "InvalidRequestException", deleted)))).await;
    assert!(told_deleted.ends_with("  hint:  restore the secret, or name another in PCC_SECRET"), "{told_deleted}");
}

#[tokio::test]
async fn a_secret_without_its_keys_names_those_that_are_missing() {
    let cases = [
        (json!({ "PCC_URL": CONSOLE_URL }), "the secret fargate-updater/console has no PCC_USER and no PCC_PASS"),
        (
            json!({ "PCC_URL": CONSOLE_URL, "PCC_USER": " ", "PCC_PASS": "password" }),
            "the secret fargate-updater/console has no PCC_USER",
        ),
        (json!({}), "the secret fargate-updater/console has no PCC_URL and no PCC_USER and no PCC_PASS"),
        (json!("password"), "the secret fargate-updater/console is not a JSON object"),
        (json!(["PCC_URL"]), "the secret fargate-updater/console is not a JSON object"),
    ];
    for (secret, cause) in cases {
        let text = told(Org::new().secret(CONSOLE_SECRET, secret.clone())).await;
        assert!(text.contains(&format!("\n  cause: {cause}\n")), "{secret}: {text}");
        assert!(text.contains("  hint:  store it as JSON: {\"PCC_URL\": "), "{secret}: {text}");
    }
}

#[tokio::test]
async fn a_secret_with_an_address_that_is_none_says_so() {
    let secret = json!({ "PCC_URL": "https://console.example.com/api/v1", "PCC_USER": "user", "PCC_PASS": "password" });
    insta::assert_snapshot!(told(Org::new().secret(CONSOLE_SECRET, secret)).await, @r"
    error: the secret fargate-updater/console holds a PCC_URL that cannot be used: it contains /api/; give the address up to there; give the Path to Console, such as https://us-east1.cloud.twistlock.com/us-9-000000001
      hint:  correct PCC_URL in the secret
    ");
}

#[tokio::test]
async fn a_secret_may_be_text_or_bytes() {
    let value = json!({
        "PCC_URL": CONSOLE_URL,
        "PCC_USER": simulator::scenario::CONSOLE_USER,
        "PCC_PASS": simulator::scenario::CONSOLE_PASSWORD,
    });
    let world = Org::new().binary_secret(CONSOLE_SECRET, value).start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
}

#[tokio::test]
async fn accounts_that_may_not_be_listed_end_with_4_and_name_the_permission_and_the_setting() {
    let text = told(Org::new().deny("organizations:ListAccounts")).await;
    assert!(
        text.starts_with(
            "error: could not find out which accounts there are\n  cause: could not list the organization's accounts\n"
        ),
        "{text}"
    );
    assert!(text.contains("  hint:  allow organizations:ListAccounts in FargateUpdaterMasterPolicy"), "{text}");
    assert!(text.contains("or name the accounts in ACCOUNTS"), "{text}");
}

#[tokio::test]
async fn machines_are_told_of_a_failed_start_in_one_line_of_json() {
    let world = Org::new().without_secret().start().await;
    let run = updater(&world).without_env("LOG_FORMAT").run().await;
    assert_eq!(run.exit_code, Some(4), "{}", all_output(&run));
    let [line] = run.lines()[..] else { panic!("one line was expected: {}", run.stdout) };
    let line: serde_json::Value = serde_json::from_str(line).expect("a JSON object");
    assert_eq!((&line["level"], &line["message"]), (&json!("error"), &json!("run could not start")));
    assert_eq!(line["causes"].as_array().map(Vec::len), Some(3), "{line}");
    assert!(line["hint"].as_str().is_some_and(|hint| hint.contains("PCC_SECRET")), "{line}");
}

/// Engineers run it with an AWS profile; what their company puts behind the profile must work.
#[tokio::test]
async fn a_profile_with_a_credential_process_is_used() {
    let world = Org::new().account("111122223333", |account| account.service("web/shop", "httpd.json")).start().await;
    let (key, secret) = world.caller();
    let answer = json!({ "Version": 1, "AccessKeyId": key, "SecretAccessKey": secret });
    let run = updater(&world)
        .without_env("AWS_ACCESS_KEY_ID")
        .without_env("AWS_SECRET_ACCESS_KEY")
        .without_env("AWS_REGION")
        .file("answer.json", answer.to_string())
        .file("config", "[profile security]\nregion = us-east-1\ncredential_process = cat answer.json\n")
        .env("AWS_CONFIG_FILE", "config")
        .env("AWS_PROFILE", "security")
        .run()
        .await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert_eq!(world.registered().len(), 1);
}

#[tokio::test]
async fn a_profile_with_sso_is_understood_and_asks_for_a_login() {
    let world = Org::new().start().await;
    let config = "[profile security]\nregion = us-east-1\nsso_session = company\nsso_account_id = 123456789012\n\
                  sso_role_name = Security\n[sso-session company]\nsso_region = us-east-1\n\
                  sso_start_url = https://company.awsapps.example/start\n";
    let run = updater(&world)
        .without_env("AWS_ACCESS_KEY_ID")
        .without_env("AWS_SECRET_ACCESS_KEY")
        .file("config", config)
        .env("AWS_CONFIG_FILE", "config")
        .env("AWS_PROFILE", "security")
        .run()
        .await;
    assert_eq!(run.exit_code, Some(4), "{}", all_output(&run));
    assert!(run.stderr.contains("aws sso login"), "{}", run.stderr);
    // Built without the SDK's sso feature it would say so instead.
    assert!(run.stderr.contains("SSO") && !run.stderr.contains("feature"), "{}", run.stderr);
    assert_eq!(world.calls().total(), 0);
}

/// A full disk or a dead log pipe: services were changed, and nobody was told.
#[tokio::test]
async fn a_report_that_cannot_be_written_is_no_success() {
    let world = Org::new().account("111122223333", |account| account.service("web/shop", "httpd.json")).start().await;
    let into_a_full_disk = "exec \"$0\" --first-wait-ms=1 > /dev/full";
    let program = simulator::Program::new("/bin/sh").args(["-c", into_a_full_disk, env!("CARGO_BIN_EXE_fargate-updater")]);
    let run = program.in_world(&world).run().await;
    assert_eq!(run.exit_code, Some(3), "{}", all_output(&run));
    assert!(run.stderr.contains("could not write the report to stdout"), "{}", run.stderr);
    assert_eq!(world.updates().len(), 1, "the run itself is finished all the same");
}
