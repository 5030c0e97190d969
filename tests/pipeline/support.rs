//! What the tests of commands on files have in common.

use std::path::PathBuf;

use simulator::{Finished, Org, Program, World};

/// The account whose credentials the commands have.
pub(crate) const ACCOUNT: &str = "111122223333";

/// Returns the folder with the files that commands are tried on.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pipeline")
}

/// Returns one of them.
pub(crate) fn fixture(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("could not read {}: {error}", path.display()))
}

/// Returns a world with a Console, and an account for those who need one.
pub(crate) async fn world() -> World {
    org().start().await
}

/// The same, not yet started.
pub(crate) fn org() -> Org {
    let org = Org::new().without_policies().image("docker.io/library/httpd:2.4", &[], &["httpd-foreground"]);
    org.account(ACCOUNT, |account| account)
}

/// Returns the program in a world, without the waits between tries.
pub(crate) fn program(world: &World) -> Program {
    Program::new(env!("CARGO_BIN_EXE_fargate-updater")).in_world(world).arg("--first-wait-ms=1")
}

/// Runs a command that reads a text from standard input.
pub(crate) async fn pipe(world: &World, arguments: &[&str], text: impl Into<Vec<u8>>) -> Finished {
    program(world).args(arguments).input(text).run().await
}

/// Checks an exit code, and shows what was said when it is another one.
pub(crate) fn expect_exit(finished: &Finished, code: u8) {
    assert_eq!(finished.exit_code, Some(i32::from(code)), "stdout:\n{}\nstderr:\n{}", finished.stdout, finished.stderr);
}

/// Checks that something was said on standard error, whatever line breaks are in it.
pub(crate) fn expect_says(finished: &Finished, words: &str) {
    assert!(finished.stderr.contains(words), "nobody says {words:?}:\n{}\nstdout:\n{}", finished.stderr, finished.stdout);
}
