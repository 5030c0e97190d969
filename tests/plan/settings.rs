//! From what was given to settings: every rule, and every mistake at once, by name and without a secret.

use clap::FromArgMatches;
use clap::builder::Resettable;
use fargate_updater::cli::{self, Cli, Given};
use fargate_updater::plan::Mode;
use fargate_updater::settings::{
    ConsoleAccess, Format, OF_CI_SYSTEMS, Problems, RegistryTexts, Settings, TASK_METADATA, TEMPORARY, Verbosity,
};
use secrecy::ExposeSecret as _;

/// The arguments that any good run begins with.
const WITH_SECRET: [&str; 1] = ["--pcc-secret=console"];

/// What clap makes of these arguments; whatever variables the tests run with are none of their business.
pub(crate) fn given(arguments: &[&str]) -> Given {
    let command = cli::command().mut_args(|argument| argument.env(Resettable::Reset));
    let program = ["fargate-updater"].into_iter();
    let matches = command.try_get_matches_from(program.chain(arguments.iter().copied())).expect("the arguments are well-formed");
    Cli::from_arg_matches(&matches).expect("the arguments are ours").given
}

fn read(arguments: &[&str]) -> Result<Settings, Problems> {
    Settings::from_given(given(arguments), |_| None)
}

/// The settings of a run that has a secret, and these arguments besides.
pub(crate) fn with_secret(arguments: &[&str]) -> Result<Settings, Problems> {
    read(&[&WITH_SECRET, arguments].concat())
}

/// The names of the settings that cannot be used.
pub(crate) fn names(problems: &Problems) -> Vec<&str> {
    problems.0.iter().map(|problem| problem.setting.as_str()).collect()
}

#[test]
fn everything_has_a_default_but_the_console() {
    let settings = with_secret(&[]).expect("a secret is enough");
    let (scope, policy, run) = (settings.scope, settings.policy, settings.run);
    assert!(matches!(settings.console.access, ConsoleAccess::Secret(name) if name == "console"));
    assert_eq!(settings.console.defenders_connect_to, None);
    assert_eq!(
        (scope.mode, scope.accounts, scope.regions, scope.clusters, scope.units),
        (Mode::Organization, None, None, None, None)
    );
    assert!(scope.excluded_accounts.is_empty());
    assert_eq!((policy.file_system_monitoring, policy.fips, policy.upgrade, policy.allow_arm64), (false, false, true, false));
    assert_eq!((policy.waas_port, policy.registry_type, policy.credential_id), (None, None, None));
    assert_eq!((run.role_name.as_str(), run.assume_role, run.format), ("FargateDeployMember", true, Format::Auto));
    assert_eq!((run.verbosity, run.metrics), (Verbosity::Normal, false));
}

#[test]
fn every_setting_is_read() {
    let settings = with_secret(&[
        "--pcc-san=console.example.test",
        "--fs-monitor=yes",
        "--fips-enabled",
        "--waas-port= 8088 ",
        "--registry-type=jfrog",
        "--credential-id=mine",
        "--upgrade=on",
        "--reembed",
        "--interpreter=/busybox/sh",
        "--defender-image={account}.dkr.ecr.{region}.amazonaws.com/defender:defender_{version}",
        "--defender-image-pull-secret=arn:aws:secretsmanager:{region}:{account}:secret:pull",
        "--pcc-project=central",
        "--allow-arm64=1",
        "--pin-images",
        "--accounts=111122223333, 444455556666 ,,",
        "--exclude-accounts=777788889999",
        "--organizational-units=ou-ab12-11111111,r-ab12",
        "--regions=eu-west-1, us-gov-west-1",
        "--clusters=arn:aws:ecs:eu-west-1:111122223333:cluster/web",
        "--role-name=ops/Deploy",
        "--log-format=JSON",
        "--verbose",
        "--metrics",
    ])
    .expect("all of it is right");
    let (scope, policy) = (settings.scope, settings.policy);
    let texts = |set: Vec<String>| set.join(" ");
    assert_eq!(settings.console.defenders_connect_to.as_deref(), Some("console.example.test"));
    assert_eq!(texts(scope.accounts.iter().flatten().map(ToString::to_string).collect()), "111122223333 444455556666");
    assert_eq!(texts(scope.excluded_accounts.iter().map(ToString::to_string).collect()), "777788889999");
    assert_eq!(texts(scope.regions.iter().flatten().map(ToString::to_string).collect()), "eu-west-1 us-gov-west-1");
    assert_eq!(scope.clusters.iter().flatten().map(|cluster| cluster.name()).collect::<Vec<_>>(), ["web"]);
    assert_eq!(scope.units.iter().flatten().map(|unit| unit.as_str()).collect::<Vec<_>>(), ["ou-ab12-11111111", "r-ab12"]);
    assert_eq!((policy.file_system_monitoring, policy.fips, policy.upgrade, policy.allow_arm64), (true, true, true, true));
    assert!(policy.pin_images);
    assert_eq!(
        (policy.reembed, policy.interpreter.as_deref(), settings.console.project.as_deref()),
        (true, Some("/busybox/sh"), Some("central"))
    );
    assert!(policy.defender_image.is_some() && policy.defender_image_pull_secret.is_some());
    assert_eq!(
        (policy.waas_port, policy.registry_type.as_deref(), policy.credential_id.as_deref()),
        (Some(8088), Some("jfrog"), Some("mine"))
    );
    assert_eq!((settings.run.role_name.as_str(), settings.run.format), ("ops/Deploy", Format::Json));
    assert_eq!((settings.run.verbosity, settings.run.metrics), (Verbosity::Verbose, true));
    let single = with_secret(&["--deployment-mode=single", "--assume-role=false"]).expect("SINGLE needs no role");
    assert_eq!((single.scope.mode, single.run.assume_role), (Mode::Single, false));
}

#[test]
fn a_run_is_quiet_or_verbose_and_not_both() {
    let cases = [
        (&["--quiet"][..], Verbosity::Quiet),
        (&["--quiet=false"], Verbosity::Normal),
        (&["--quiet=false", "--verbose"], Verbosity::Verbose),
        (&["--quiet", "--verbose=no"], Verbosity::Quiet),
    ];
    for (arguments, expected) in cases {
        let settings = with_secret(arguments).unwrap_or_else(|problems| panic!("{arguments:?}: {problems}"));
        assert_eq!(settings.run.verbosity, expected, "{arguments:?}");
    }
    let problems = with_secret(&["--quiet", "--verbose"]).expect_err("both are too much");
    assert_eq!(names(&problems), ["QUIET"]);
    assert!(problems.to_string().contains("give one of them"), "{problems}");
}

#[test]
fn booleans_take_ten_words_in_any_case_and_no_other() {
    let cases = [
        ("1", Some(true)),
        ("true", Some(true)),
        ("TRUE", Some(true)),
        ("Yes", Some(true)),
        ("y", Some(true)),
        ("on", Some(true)),
        (" true ", Some(true)),
        ("0", Some(false)),
        ("false", Some(false)),
        ("No", Some(false)),
        ("N", Some(false)),
        ("OFF", Some(false)),
        ("", Some(false)),
        ("2", None),
        ("tru", None),
        ("enabled", None),
        ("-", None),
    ];
    for (text, expected) in cases {
        let read = with_secret(&[&format!("--fs-monitor={text}")]);
        match (read, expected) {
            (Ok(settings), Some(expected)) => assert_eq!(settings.policy.file_system_monitoring, expected, "{text:?}"),
            (Err(problems), None) => {
                assert_eq!(names(&problems), ["FS_MONITOR"], "{text:?}");
                assert!(problems.to_string().contains(&format!("{text:?} is neither yes nor no")), "{problems}");
            }
            (read, _) => panic!("{text:?}: {read:?}"),
        }
    }
}

#[test]
fn a_setting_that_cannot_be_used_is_named_with_what_was_given() {
    let cases = [
        ("an account id with letters", "--accounts=11112222333a", "ACCOUNTS", "11112222333a"),
        ("an excluded account that is none", "--exclude-accounts=production", "EXCLUDE_ACCOUNTS", "production"),
        ("a zone instead of a Region", "--regions=eu-west-1a", "REGIONS", "eu-west-1a"),
        ("a cluster's name instead of its ARN", "--clusters=web", "CLUSTERS", "web"),
        ("a unit's name instead of its id", "--organizational-units=Production", "ORGANIZATIONAL_UNITS", "Production"),
        ("a list of only commas", "--accounts=,,", "ACCOUNTS", ",,"),
        ("a list of only blanks", "--regions=  ", "REGIONS", "  "),
        ("a list of blanks and commas", "--clusters= , ", "CLUSTERS", " , "),
        ("a mode that is none", "--deployment-mode=ALL", "DEPLOYMENT_MODE", "ALL"),
        ("port 0", "--waas-port=0", "WAAS_PORT", "0"),
        ("a port too high", "--waas-port=65536", "WAAS_PORT", "65536"),
        ("a port with a protocol", "--waas-port=443/tcp", "WAAS_PORT", "443/tcp"),
        ("a role's ARN", "--role-name=arn:aws:iam::111122223333:role/x", "ROLE_NAME", "arn:aws:iam::111122223333:role/x"),
        ("a format that is none", "--log-format=xml", "LOG_FORMAT", "xml"),
        ("a name with a blank", "--pcc-san=console example", "PCC_SAN", "console example"),
    ];
    for (name, argument, setting, shown) in cases {
        let problems = with_secret(&[argument]).expect_err(name);
        assert_eq!(names(&problems), [setting], "{name}");
        assert!(problems.0[0].text.contains(&format!("{shown:?}")), "{name}: {problems}");
    }
}

#[test]
fn what_may_hold_a_secret_is_named_and_not_shown() {
    let cases = [
        ("a URL instead of a name", "--pcc-san=https://console.example.test/hunter2", "PCC_SAN"),
        ("a name with a port", "--pcc-san=console.example.test:8084", "PCC_SAN"),
    ];
    for (name, argument, setting) in cases {
        let problems = with_secret(&[argument]).expect_err(name);
        assert_eq!(names(&problems), [setting], "{name}");
        assert!(problems.0[0].text.starts_with("it is not a host name"), "{name}: {problems}");
    }
    let content = read(&[r#"--pcc-secret={"PCC_PASS":"hunter2"}"#]).expect_err("a secret's content is not its name");
    assert!(names(&content).contains(&"PCC_SECRET") && !content.to_string().contains("hunter2"), "{content}");
}

#[test]
fn a_cluster_that_the_other_filters_leave_out_is_a_mistake() {
    let cluster = "--clusters=arn:aws:ecs:eu-west-1:111122223333:cluster/web";
    for other in ["--accounts=444455556666", "--exclude-accounts=111122223333", "--regions=us-east-1"] {
        let problems = with_secret(&[cluster, other]).expect_err(other);
        assert_eq!(names(&problems), ["CLUSTERS"], "{other}");
    }
    assert!(with_secret(&[cluster, "--accounts=111122223333", "--regions=eu-west-1,us-east-1"]).is_ok());
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let url = ["--pcc-url=https://console.example.test", "--pcc-user=alice"];
    type Case<'a> = (&'a str, Vec<&'a str>, Option<&'a str>, Vec<&'a str>);
    let cases: [Case; 12] = [
        ("everything again and nothing", [&WITH_SECRET[..], &["--reembed", "--upgrade=no"]].concat(), None, vec!["REEMBED"]),
        (
            "a secret for no image",
            [&WITH_SECRET[..], &["--defender-image-pull-secret=pull"]].concat(),
            None,
            vec!["DEFENDER_IMAGE_PULL_SECRET"],
        ),
        ("a user for Docker Hub alone", [&url[..], &["--docker-user=me"]].concat(), Some("hunter2"), vec!["DOCKER_PASS"]),
        ("no Console at all", vec![], None, vec!["PCC_SECRET"]),
        ("a secret and a URL", [&WITH_SECRET[..], &url[..1]].concat(), None, vec!["PCC_SECRET"]),
        ("a secret and a user", [&WITH_SECRET[..], &url[1..]].concat(), None, vec!["PCC_SECRET"]),
        ("a secret and a password", WITH_SECRET.to_vec(), Some("hunter2"), vec!["PCC_SECRET"]),
        ("a URL alone", url[..1].to_vec(), None, vec!["PCC_USER", "PCC_PASS"]),
        ("no password", url.to_vec(), None, vec!["PCC_PASS"]),
        ("a password alone", vec![], Some("hunter2"), vec!["PCC_URL", "PCC_USER"]),
        ("no role in ORG", [&WITH_SECRET[..], &["--assume-role=no"]].concat(), None, vec!["ASSUME_ROLE"]),
        (
            "units in SINGLE",
            [&WITH_SECRET[..], &["--deployment-mode=SINGLE", "--organizational-units=r-ab12"]].concat(),
            None,
            vec!["ORGANIZATIONAL_UNITS"],
        ),
    ];
    for (name, arguments, password, expected) in cases {
        let problems = Settings::from_given(given(&arguments), |variable| {
            let known = ["PCC_PASS", "DOCKER_PASS", "DOCKER_AUTH_CONFIG", TASK_METADATA, TEMPORARY];
            assert!(known.contains(&variable) || OF_CI_SYSTEMS.contains(&variable), "{variable} is read from elsewhere");
            password.filter(|_| variable == "PCC_PASS").map(str::to_owned)
        });
        let problems = problems.expect_err(name);
        assert_eq!(names(&problems), expected, "{name}");
        assert!(!problems.to_string().contains("hunter2"), "{name}");
    }
    let whole = Settings::from_given(given(&url), |variable| (variable == "PCC_PASS").then(|| "hunter2".to_owned()))
        .expect("URL, user and password are enough");
    assert!(!format!("{whole:?}").contains("hunter2"), "{whole:?}");
    let ConsoleAccess::Given { url, .. } = whole.console.access else { panic!("the Console was given") };
    assert_eq!(url.host(), "console.example.test");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let problems = read(&["--pcc-url=ftp://x", "--accounts=1,2", "--fs-monitor=maybe", "--waas-port=x", "--log-format=xml"])
        .expect_err("much is wrong");
    insta::assert_snapshot!(problems.to_string(), @r#"
    error: 8 settings cannot be used
      PCC_URL: its scheme is not https; give the Path to Console, such as https://us-east1.cloud.twistlock.com/us-9-000000001
      PCC_USER: it is missing; PCC_URL, PCC_USER and PCC_PASS are needed together, unless PCC_SECRET is given
      PCC_PASS: it is missing; PCC_URL, PCC_USER and PCC_PASS are needed together, unless PCC_SECRET is given
      ACCOUNTS: "1" is not an account id of 12 digits, such as 111122223333
      ACCOUNTS: "2" is not an account id of 12 digits, such as 111122223333
      WAAS_PORT: "x" is not a port; give a number from 1 to 65535
      FS_MONITOR: "maybe" is neither yes nor no; give true or false (also 1/0, yes/no, y/n, on/off)
      LOG_FORMAT: "xml" is not a format; give text, json or auto
    "#);
    let one = with_secret(&["--waas-port=x"]).expect_err("one is wrong");
    assert!(one.to_string().starts_with("error: 1 setting cannot be used\n"), "{one}");
}

#[test]
fn no_mistake_shows_a_user_or_a_password_of_a_url() {
    let cases = [
        ("in the URL", vec!["--pcc-url=https://user:hunter2@console.example.test"]),
        ("in a URL that is none", vec!["--pcc-url=https://user:hunter2@console.example.test:port"]),
        ("in a URL beside a secret", vec!["--pcc-secret=x", "--pcc-url=http://user:hunter2@console.example.test"]),
        ("in a URL without a scheme", vec!["--pcc-url=user:hunter2@console.example.test/api/v1"]),
        ("in the query of a URL", vec!["--pcc-url=https://console.example.test?user:hunter2@"]),
        ("in a URL given as the name", vec!["--pcc-secret=x", "--pcc-san=https://user:hunter2@console.example.test"]),
    ];
    for (name, arguments) in cases {
        let problems = read(&arguments).expect_err(name);
        assert!(!problems.to_string().contains("hunter2"), "{name}: {problems}");
        assert!(!format!("{problems:?}").contains("hunter2"), "{name}: {problems:?}");
        assert!(!format!("{:?}", given(&arguments)).contains("hunter2"), "{name}");
    }
}

#[test]
fn empty_means_unset() {
    let settings = with_secret(&[
        "--pcc-url=",
        "--pcc-user= ",
        "--pcc-san=",
        "--waas-port=",
        "--accounts=",
        "--regions=",
        "--clusters=",
        "--upgrade=",
        "--role-name=",
        "--deployment-mode=",
        "--registry-type=",
        "--log-format=",
    ])
    .expect("empty settings are as good as none");
    assert_eq!((settings.scope.accounts, settings.scope.regions, settings.scope.clusters), (None, None, None));
    assert_eq!((settings.policy.upgrade, settings.policy.registry_type, settings.policy.waas_port), (true, None, None));
    assert_eq!(settings.run.role_name, "FargateDeployMember");
    let no_password = Settings::from_given(given(&WITH_SECRET), |_| Some(String::new()));
    assert!(no_password.is_ok(), "an empty password contradicts no secret");
}

#[test]
fn credentials_for_registries_are_read_from_the_environment_and_never_shown() {
    let read = |docker_pass: Option<&str>, auth_config: Option<&str>, arguments: &[&str]| {
        Settings::from_given(given(&[&WITH_SECRET[..], arguments].concat()), |variable| match variable {
            "DOCKER_PASS" => docker_pass.map(str::to_owned),
            "DOCKER_AUTH_CONFIG" => auth_config.map(str::to_owned),
            _ => None,
        })
    };
    let auths = r#"{"auths": {"registry.example.test": {"username": "robot", "password": "hunter2"}}}"#;
    let settings = read(Some("hunter3"), Some(auths), &["--docker-user=me"]).expect("all of it is right");
    let logins = settings.run.registries.logins().expect("both are whole");
    let user = |registry: &str| logins.of(registry).map(|login| login.user.clone());
    assert_eq!(user("docker.io").as_deref(), Some("me"));
    assert_eq!(user("registry.example.test").as_deref(), Some("robot"));
    assert!(!format!("{settings:?}").contains("hunter"), "{settings:?}");
    let problems = read(None, Some("hunter2"), &[]).expect_err("they are no auths");
    assert!(!problems.to_string().contains("hunter2"), "{problems}");
    assert_eq!(names(&problems), ["DOCKER_AUTH_CONFIG"]);
}

#[test]
fn certificates_are_given_as_they_are_or_in_a_file() {
    let cases = [
        ("no such file", "/no/such/file.pem", "could not read a file by this name"),
        ("a file without any", "Cargo.toml", "in the file, it holds no certificate in PEM"),
        (
            "something else in PEM",
            "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----",
            "it holds no certificate in PEM",
        ),
        ("a certificate that is none", "-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----", "cannot be read"),
    ];
    for (name, given, expected) in cases {
        let problems = with_secret(&[&format!("--pcc-ca-bundle={given}")]).expect_err(name);
        assert_eq!(names(&problems), ["PCC_CA_BUNDLE"], "{name}");
        assert!(problems.to_string().contains(expected), "{name}: {problems}");
        assert!(!problems.to_string().contains("AAAA"), "{name}: {problems}");
    }
}

/// ECS puts what a secret holds in the place of a variable's value, whatever the variable is for.
#[test]
fn a_secret_in_the_place_of_a_setting_is_not_shown() {
    let cases = [
        ("an image with blanks", "--defender-image=hunter2 x", "DEFENDER_IMAGE"),
        ("an image that is JSON", r#"--defender-image={"password":"hunter2"}"#, "DEFENDER_IMAGE"),
        ("an image with another brace", "--defender-image={hunter2}", "DEFENDER_IMAGE"),
        ("certificates that are none", "--pcc-ca-bundle=/hunter2", "PCC_CA_BUNDLE"),
    ];
    for (name, argument, setting) in cases {
        let problems = with_secret(&[argument]).expect_err(name);
        assert_eq!(names(&problems), [setting], "{name}");
        assert!(!format!("{problems:?}").contains("hunter2"), "{name}: {problems}");
    }
    let mistyped = with_secret(&["--defender-image={acount}/d:1"]).expect_err("it is not known");
    assert!(mistyped.to_string().contains("{acount} is not known; {account}, {region} and {version}"), "{mistyped}");
}

#[test]
fn the_version_has_no_place_in_a_secrets_name() {
    let image = "--defender-image=mirror.example.test/defender:{version}";
    let secret = |name: &str| with_secret(&[image, &format!("--defender-image-pull-secret={name}")]);
    let arn = "arn:aws:secretsmanager:{region}:{account}:secret:mirror";
    assert!(secret(arn).is_ok());
    assert_eq!(names(&secret(&format!("{arn}-{{version}}")).expect_err("it has")), ["DEFENDER_IMAGE_PULL_SECRET"]);
}

/// The rest of a pair may be in the Console's secret, which is read later.
#[test]
fn credentials_for_registries_come_one_by_one_from_the_settings_and_then_from_the_secret() {
    let texts = |user: Option<&str>, password: Option<&str>, auth_config: Option<&str>| RegistryTexts {
        user: user.map(Into::into),
        password: password.map(Into::into),
        auth_config: auth_config.map(Into::into),
    };
    let auths = r#"{"auths": {"registry.example.test": {"username": "robot", "password": "hunter2"}}}"#;
    let secret = || texts(Some("theirs"), Some("hunter3"), Some(auths));
    let hub = r#"{"auths": {"docker.io": {"username": "hub", "password": "old"}}}"#;
    let none = || texts(None, None, None);
    let login = |given: RegistryTexts, held: RegistryTexts| {
        let logins = given.logins_with(&held).map_err(|problem| problem.setting)?;
        let login = logins.of("docker.io").map(|login| (login.user.clone(), login.password.expose_secret().to_owned()));
        Ok::<_, String>((login, logins.of("registry.example.test").is_some()))
    };
    let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
    let others = Some(r#"{"auths": {"ghcr.io": {"username": "robot", "password": "x"}}}"#);
    let cases = [
        ("nothing is given", none(), secret(), Ok((pair("theirs", "hunter3"), true))),
        ("a user is given", texts(Some("me"), None, None), secret(), Ok((pair("me", "hunter3"), true))),
        ("both are given", texts(Some("me"), Some("mine"), None), secret(), Ok((pair("me", "mine"), true))),
        ("another registry is given", texts(None, None, others), secret(), Ok((pair("theirs", "hunter3"), true))),
        (
            "both are given, and the secret has an entry for Docker Hub",
            texts(Some("me"), Some("mine"), None),
            texts(None, None, Some(hub)),
            Ok((pair("me", "mine"), false)),
        ),
        (
            "an entry comes first where both are",
            texts(Some("me"), Some("mine"), Some(hub)),
            none(),
            Ok((pair("hub", "old"), false)),
        ),
        ("half a pair in all", texts(Some("me"), None, None), none(), Err("DOCKER_PASS".to_owned())),
        ("the other half", none(), texts(None, Some("hunter3"), None), Err("DOCKER_USER".to_owned())),
    ];
    for (name, given, held, expected) in cases {
        assert_eq!(login(given, held), expected, "{name}");
    }
    assert!(with_secret(&["--docker-user=me"]).is_ok(), "the secret may hold the password");
}
