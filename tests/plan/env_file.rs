//! `--env-file`: which lines are read, which values win, and what is told of a line that cannot be read.

use std::path::PathBuf;

use fargate_updater::settings::{ConsoleAccess, Problems, Settings, variable_names};
use secrecy::ExposeSecret;

use crate::settings::{given, names};

/// A file that is gone with the test.
struct EnvFile(PathBuf);

impl EnvFile {
    fn new(name: &str, text: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("fargate-updater-plan-{}-{name}.env", std::process::id()));
        std::fs::write(&path, text).expect("the temporary folder can be written");
        Self(path)
    }

    fn read(&self, arguments: &[&str], password: Option<&str>) -> Result<Settings, Problems> {
        let file = format!("--env-file={}", self.0.display());
        let environment = |name: &str| password.filter(|_| name == "PCC_PASS").map(str::to_owned);
        Settings::from_given(given(&[&[file.as_str()], arguments].concat()), environment)
    }
}

impl Drop for EnvFile {
    fn drop(&mut self) {
        // A file that is left behind is no reason to fail.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Returns URL, user and password, and the role, as a test can compare them.
fn told(settings: &Settings) -> (String, String, String, String) {
    let ConsoleAccess::Given { url, user, password } = &settings.console.access else { panic!("the Console was given") };
    (url.to_string(), user.expose_secret().to_owned(), password.expose_secret().to_owned(), settings.run.role_name.clone())
}

#[test]
fn lines_are_read_as_people_write_them() {
    let text = "\u{23} a comment\n\n  # another\nPCC_URL=https://console.example.test\n export PCC_USER = \"alice\" \r\nPCC_PASS='a#b\"$HOME\\n='\nROLE_NAME=\n";
    let file = EnvFile::new("lines", text.as_bytes());
    let settings = file.read(&[], None).expect("every line is right");
    let (url, user, password, role) = told(&settings);
    assert_eq!((url.as_str(), user.as_str()), ("https://console.example.test", "alice"));
    assert_eq!(password, "a#b\"$HOME\\n=", "nothing in a value is replaced");
    assert_eq!(role, "FargateDeployMember", "empty means unset");
}

#[test]
fn one_pair_of_quotes_is_taken_off_and_half_a_pair_is_the_values_own() {
    let cases = [
        ("single", "'x y'", "x y"),
        ("double", "\"x y\"", "x y"),
        ("two pairs", "\"'x'\"", "'x'"),
        ("half a pair", "\"x", "\"x"),
        ("one quote alone", "'", "'"),
        ("different ones", "'x\"", "'x\""),
        ("inside", "x'y'z", "x'y'z"),
    ];
    for (name, value, expected) in cases {
        let text = format!("PCC_URL=https://console.example.test\nPCC_USER=alice\nPCC_PASS={value}\n");
        let settings = EnvFile::new("quotes", text.as_bytes()).read(&[], None).expect(name);
        assert_eq!(told(&settings).2, expected, "{name}");
    }
}

#[test]
fn flags_and_the_environment_win_over_the_file_and_empty_ones_do_not() {
    let text =
        "PCC_URL=https://file.example.test\nPCC_USER=file\nPCC_PASS=file0password\nROLE_NAME=FromFile\nREGIONS=eu-west-1\n";
    let file = EnvFile::new("precedence", text.as_bytes());
    let settings = file.read(&["--pcc-url=https://flag.example.test", "--role-name=", "--regions="], Some("env0password"));
    let settings = settings.expect("all of it is right");
    let (url, user, password, role) = told(&settings);
    assert_eq!((url.as_str(), user.as_str()), ("https://flag.example.test", "file"));
    assert_eq!((password.as_str(), role.as_str()), ("env0password", "FromFile"));
    assert_eq!(settings.scope.regions.map(|regions| regions.len()), Some(1));
    let empty = file.read(&[], Some("")).expect("an empty password is none");
    assert_eq!(told(&empty).2, "file0password");
}

#[test]
fn only_our_own_names_are_taken() {
    let names = variable_names();
    for name in ["PCC_SECRET", "PCC_URL", "PCC_USER", "PCC_PASS", "ACCOUNTS", "UPGRADE", "ALLOW_ARM64"] {
        assert!(names.contains(name), "{name} is ours");
    }
    for name in ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "PATH", "HTTPS_PROXY", "RUST_LOG", "LD_PRELOAD"] {
        assert!(!names.contains(name), "{name} is not ours");
    }
    let text = "PCC_SECRET=console\nAWS_PROFILE=evil\npcc_san=not a host\nFARGATE_UPDATER_PLANTED=1\n";
    let file = EnvFile::new("names", text.as_bytes());
    let settings = file.read(&[], None).expect("other names are passed over");
    assert!(matches!(settings.console.access, ConsoleAccess::Secret(name) if name == "console"));
    assert!(std::env::var("FARGATE_UPDATER_PLANTED").is_err(), "nothing is put into the environment");
}

#[test]
fn a_line_that_cannot_be_read_is_told_by_its_number_and_never_shown() {
    let file = EnvFile::new("bad", b"PCC_SECRET=console\nhunter2 is half a password\nUPGRADE=maybe\nhunter2\n");
    let problems = file.read(&[], None).expect_err("two lines cannot be read");
    assert_eq!(names(&problems), ["--env-file", "--env-file", "UPGRADE"]);
    assert!(problems.0[0].text.starts_with("line 2 of ") && problems.0[1].text.starts_with("line 4 of "), "{problems}");
    assert!(!problems.to_string().contains("hunter2"), "{problems}");
}

#[test]
fn a_file_that_cannot_be_read_is_a_mistake_beside_the_others() {
    let missing = EnvFile(std::env::temp_dir().join("fargate-updater-plan-nowhere").join("no.env"));
    let problems = missing.read(&["--waas-port=x"], None).expect_err("there is no such file");
    assert_eq!(names(&problems), ["--env-file", "PCC_SECRET", "WAAS_PORT"]);
    let binary = EnvFile::new("binary", b"PCC_SECRET=\xff\xfe hunter2\n");
    let problems = binary.read(&["--pcc-secret=console"], None).expect_err("it is no text");
    assert_eq!(names(&problems), ["--env-file"]);
    assert!(!problems.to_string().contains("hunter2"), "{problems}");
}

#[test]
fn the_files_mistakes_are_told_like_any_others_and_hold_no_secret() {
    let file = EnvFile::new("secret", b"PCC_URL=https://user:hunter2@console.example.test\nPCC_USER=alice\nPCC_PASS=swordfish\n");
    let problems = file.read(&[], None).expect_err("the URL holds a user");
    assert_eq!(names(&problems), ["PCC_URL"]);
    assert!(!problems.to_string().contains("hunter2") && !problems.to_string().contains("swordfish"), "{problems}");
}
