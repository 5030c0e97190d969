//! `--help` and `--version` tell what there is, and nothing of what is set.

use fargate_updater::settings::{WITHOUT_FLAG, variable_names};
use serde_json::Value;

use crate::{all_output, bare, unwrapped};

#[tokio::test]
async fn help_names_every_variable_and_every_exit_code() {
    for flag in ["--help", "help"] {
        let run = bare().arg(flag).run().await;
        assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
        assert_eq!(run.stderr, "");
        for name in variable_names() {
            let has_flag = !WITHOUT_FLAG.contains(&name.as_str());
            let named = if !has_flag { name.clone() } else { format!("[env: {name}]") };
            assert!(run.stdout.contains(&named), "{named} is not in the help");
            let flag = format!("--{}", name.to_lowercase().replace('_', "-"));
            assert_eq!(run.stdout.contains(&format!("{flag} ")) || run.stdout.contains(&format!("{flag}[")), has_flag, "{flag}");
        }
        let text = unwrapped(&run.stdout);
        for code in [
            "0 every service in scope is protected, or skipped for a reason",
            "1 a bug of ours",
            "2 bad flags or settings",
            "3 the run finished or was interrupted, and something in scope failed or was not attempted",
            "4 could not start: credentials, secret, Console, Organizations",
        ] {
            assert!(text.contains(code), "{code:?} is not in the help:\n{text}");
        }
    }
}

#[tokio::test]
async fn the_short_help_is_short_and_names_every_flag() {
    let (short, long) = (bare().arg("-h").run().await, bare().arg("--help").run().await);
    assert!(short.lines().len() < long.lines().len());
    for name in variable_names().into_iter().filter(|name| !WITHOUT_FLAG.contains(&name.as_str())) {
        let flag = format!("--{}", name.to_lowercase().replace('_', "-"));
        assert!(short.stdout.contains(&flag), "{flag}");
    }
}

/// Every command takes every setting; the help of each shows those that do something there.
#[tokio::test]
async fn the_help_of_a_command_shows_what_it_makes_something_of() {
    let of_a_defender = ["--pcc-url", "--pcc-secret", "--defender-image", "--upgrade", "--docker-user"];
    let of_services = ["--pin-images", "--accounts", "--deployment-mode", "--network", "--canary", "--report", "--metrics"];
    let all = [&of_a_defender[..], &of_services].concat();
    let cases = [
        ("run", &all[..], &["--run-id", "--keep-network"][..]),
        ("undo", &["--accounts", "--role-name", "--rollouts", "--run-id", "--report"], &of_a_defender),
        ("undo", &["--keep-network"], &["--console-cidrs", "--verify", "--reverted", "--explain", "--metrics"]),
        ("embed", &of_a_defender, &of_services),
        ("embed", &["--dry-run", "--wait", "--wait-timeout", "--rollback", "--quiet"], &["--role-name", "--run-id", "--pace"]),
        ("check", &["--pcc-url", "--pcc-secret", "--defender-image", "--fips-enabled", "--env-file"], &of_services),
        ("check", &["--interpreter"], &["--wait", "--quiet", "--role-name", "--upgrade", "--reembed", "--docker-user"]),
        ("inspect", &of_a_defender, &of_services),
        ("inspect", &["--role-name", "--external-id"], &["--wait", "--assume-role"]),
        ("strip", &["--output", "--form", "--resource"], &all),
        ("permissions", &["--help"], &all),
    ];
    for (command, shown, hidden) in cases {
        for flag in ["-h", "--help"] {
            let run = bare().args([command, flag]).run().await;
            assert_eq!(run.exit_code, Some(0), "{command}: {}", all_output(&run));
            let has = |flag: &str| run.stdout.split([' ', ',', '\n', '[', '=']).any(|word| word == flag);
            for flag in shown {
                assert!(has(flag), "{command} says nothing of {flag}:\n{}", run.stdout);
            }
            for flag in hidden {
                assert!(!has(flag), "{command} makes nothing of {flag}:\n{}", run.stdout);
            }
        }
    }
    // In the order that all of them have.
    let embed = bare().args(["embed", "-h"]).run().await.stdout;
    let headings: Vec<&str> = embed.lines().filter(|line| line.ends_with(':') && !line.starts_with(' ')).collect();
    assert_eq!(
        headings,
        ["Arguments:", "Options:", "Console:", "Defender:", "Image registries:", "Run:", "Roll-outs:", "Output:", "Exit codes:"]
    );
    // Wherever it stands on the command line.
    for arguments in [&["--accounts=111122223333", "permissions", "--report", "run.md"][..], &["permissions", "--pin-images"]] {
        let run = bare().args(arguments).run().await;
        assert_eq!(run.exit_code, Some(0), "{arguments:?}: {}", all_output(&run));
    }
}

#[tokio::test]
async fn help_shows_the_value_of_no_variable() {
    for arguments in
        [&["--help"][..], &["-h"], &["help", "run"], &["run", "--help"], &["permissions", "--help"], &["embed", "--help"]]
    {
        let program = variable_names().into_iter().fold(bare(), |program, name| {
            let value = format!("planted-{}", name.to_lowercase());
            program.env(name, value)
        });
        let run = program.args(arguments).run().await;
        assert_eq!(run.exit_code, Some(0), "{arguments:?}: {}", all_output(&run));
        assert!(run.leaks(&["planted".to_owned()]).is_empty(), "{arguments:?}: {}", all_output(&run));
    }
}

#[tokio::test]
async fn the_version_is_the_packages() {
    for flag in ["--version", "-V"] {
        let run = bare().arg(flag).run().await;
        assert_eq!((run.exit_code, run.stdout.trim()), (Some(0), concat!("fargate-updater ", env!("CARGO_PKG_VERSION"))));
    }
}

#[tokio::test]
async fn an_unknown_flag_or_command_ends_with_2_and_shows_no_value() {
    // The password has no flag: a command line can be seen by every user of a machine.
    let cases = [
        (&["--bogus"][..], "unexpected argument '--bogus' found"),
        (&["--pcc-pass=planted"], "unexpected argument '--pcc-pass' found"),
        (&["--pcc-pass", "planted"], "unexpected argument '--pcc-pass' found"),
        (&["--pcc-password=planted"], "unexpected argument '--pcc-password' found"),
        (&["protect"], "unrecognized subcommand 'protect'"),
        (&["--accounts"], "a value is required for '--accounts <IDS>'"),
    ];
    for (arguments, text) in cases {
        let run = bare().args(arguments).env("PCC_PASS", "planted").env("PCC_URL", "https://planted.example.com").run().await;
        assert_eq!(run.exit_code, Some(2), "{arguments:?}: {}", all_output(&run));
        assert!(run.stderr.contains(text), "{arguments:?}: {}", run.stderr);
        let told: Value = serde_json::from_str(&run.stdout).expect("one line for machines");
        assert_eq!((&told["message"], &told["exit_code"]), (&"settings cannot be used".into(), &2.into()), "{arguments:?}");
        assert!(run.leaks(&["planted".to_owned()]).is_empty(), "{arguments:?}: {}", all_output(&run));
    }
}
