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

#[tokio::test]
async fn help_shows_the_value_of_no_variable() {
    for arguments in [&["--help"][..], &["-h"], &["help", "run"], &["run", "--help"], &["permissions", "--help"]] {
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
