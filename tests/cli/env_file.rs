//! `--env-file` gives settings, and nothing but that file does: whatever lies in the working directory is not read.

use simulator::Org;

use crate::{all_output, bare, updater};

#[tokio::test]
async fn settings_are_read_from_the_file_that_is_named() {
    let world = Org::new().without_secret().start().await;
    let console = world.console().definition();
    let (user, password) = (console.user(), console.password());
    let file = format!(
        "# The Console.\n\nPCC_URL={}\nexport PCC_USER=\"{user}\"\n  PCC_PASS = '{password}'  \nSOMEBODY_ELSES=setting\n",
        world.console_url()
    );
    let program = updater(&world).without_env("PCC_SECRET").file("settings/console.env", file);
    let run = program.arg("--env-file=settings/console.env").run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert_eq!(world.calls().of("POST authenticate"), 1);
}

#[tokio::test]
async fn the_environment_wins_over_the_file_and_a_flag_over_both() {
    let cases = [
        (None, None, "70001"),
        (Some("70002"), None, "70002"),
        (None, Some("--waas-port=70003"), "70003"),
        (Some("70002"), Some("--waas-port=70003"), "70003"),
        // An empty variable is no setting.
        (Some(""), None, "70001"),
    ];
    for (variable, flag, told) in cases {
        let world = Org::new().start().await;
        let mut program =
            updater(&world).file("settings.env", "WAAS_PORT=70001\n").arg("--env-file").arg("settings.env").args(flag);
        if let Some(value) = variable {
            program = program.env("WAAS_PORT", value);
        }
        let run = program.run().await;
        assert_eq!(run.exit_code, Some(2), "{variable:?}, {flag:?}: {}", all_output(&run));
        let expected = format!("  WAAS_PORT: \"{told}\" is not a port");
        assert!(run.stderr.contains(&expected), "{variable:?}, {flag:?}: {}", run.stderr);
    }
}

/// A planted file must not redirect a tool with this much power.
#[tokio::test]
async fn a_file_that_lies_in_the_working_directory_is_not_read() {
    let planted =
        "PCC_URL=http://127.0.0.1:1/planted\nPCC_USER=planted\nPCC_PASS=planted\nWAAS_PORT=70001\nAWS_REGION=eu-west-9\n";
    let names = [".env", "settings.env", ".envrc", "fargate-updater.env", ".config/fargate-updater/.env"];
    let world = Org::new().start().await;
    let program = names.iter().fold(updater(&world), |program, name| program.file(*name, planted));
    let run = program.run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert!(run.stdout.contains(&world.console_url()), "{}", run.stdout);

    // Without any setting it is no help either.
    let run = bare().file(".env", planted).run().await;
    assert_eq!(run.exit_code, Some(2), "{}", all_output(&run));
    assert!(run.stderr.contains("PCC_SECRET: no Console is given"), "{}", run.stderr);
}

#[tokio::test]
async fn only_our_own_variables_are_taken_from_the_file() {
    let world = Org::new().start().await;
    let file = "AWS_REGION=eu-west-9\nAWS_ENDPOINT_URL=http://127.0.0.1:1\nAWS_ACCESS_KEY_ID=planted\nAWS_SECRET_ACCESS_KEY=planted\n\
                AWS_PROFILE=planted\nHTTPS_PROXY=http://127.0.0.1:1\nHTTP_PROXY=http://127.0.0.1:1\nRUST_LOG=trace\nACCOUNTS=123456789012\n";
    let run = updater(&world).file("settings.env", file).arg("--env-file=settings.env").run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert!(run.stdout.contains("from account 123456789012, us-east-1"), "{}", run.stdout);
    assert!(run.stdout.contains("1 account in scope"), "the file was not read at all: {}", run.stdout);
    assert_eq!(run.stderr, "");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_or_understood_is_a_mistake_like_any_other() {
    let world = Org::new().start().await;
    let run = updater(&world).arg("--env-file=absent.env").env("FS_MONITOR", "perhaps").run().await;
    assert_eq!(run.exit_code, Some(2), "{}", all_output(&run));
    assert!(run.stderr.contains("  --env-file: could not read absent.env: "), "{}", run.stderr);
    assert!(run.stderr.contains("  FS_MONITOR: "), "{}", run.stderr);

    let file = "PCC_PASS=first half of a\nplanted second half\nFS_MONITOR=true\n";
    let run = updater(&world).file("broken.env", file).arg("--env-file=broken.env").run().await;
    assert_eq!(run.exit_code, Some(2), "{}", all_output(&run));
    assert!(run.stderr.contains("  --env-file: line 2 of broken.env is not NAME=VALUE"), "{}", run.stderr);
    assert!(run.leaks(&["planted".to_owned(), "first half".to_owned()]).is_empty(), "{}", all_output(&run));
    assert_eq!(world.calls().total(), 0);
}
