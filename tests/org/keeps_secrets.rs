//! No secret shows in any output, at any log level, in any format, whatever a remote side says: tested by planting them.
//!
//! Planted are: the Console's password, its tokens, its install bundle and the `tw_` token in the Defender's image; every
//! environment value of the customer's task definitions; the keys and tokens of our AWS sessions. Each test first shows that what
//! it planted was really under way.

use serde_json::{Value, json};
use simulator::console::faults;
use simulator::{Fault, FaultRule, Finished, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_defender, updater};

const EMBED: &str = "POST defenders/fargate.json";

/// Values as customers have them: a password, one with characters that JSON escapes, one over two lines, one that is part of
/// another, a number, and the shortest that is hidden.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("DATABASE_PASSWORD", "planted-database-passw0rd"),
    ("QUOTED", r#"planted "quoted" C:\value"#),
    ("PRIVATE_KEY", "planted first line\nplanted second line"),
    ("DATABASE_URL", "postgres://app:planted-database-passw0rd@db.example.com/app"),
    ("PIN", "90817263"),
    ("SHORT", "zqxj"),
];

/// An option of a log driver that holds a token.
const LOG_TOKEN: &str = "planted-splunk-token-5f2c";

/// Returns a task definition with all of that in it.
fn definition(family: &str) -> Value {
    let environment: Vec<Value> = ENVIRONMENT.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({
        "family": family,
        "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{
            "name": "app",
            "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1.0",
            "essential": true,
            "entryPoint": ["/app"],
            "environment": environment,
            "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": LOG_TOKEN, "splunk-url": "https://splunk.example.com"}},
        }],
    })
}

fn shop() -> Org {
    Org::new().account(ACCOUNT, |account| {
        account.service("web/checkout", definition("checkout")).service("web/orders", definition("orders"))
    })
}

/// Returns what must not be seen of the customer's.
fn planted_environment() -> Vec<String> {
    let values = ENVIRONMENT.iter().map(|(_, value)| (*value).to_owned());
    // The lines of a value are as secret as the value.
    values.chain([LOG_TOKEN.to_owned(), "planted first line".to_owned(), "planted second line".to_owned()]).collect()
}

/// Returns everything that must not be seen.
fn planted(world: &World) -> Vec<String> {
    let console = world.console();
    [planted_environment(), console.definition().secrets(), console.tokens_issued(), world.session_secrets()].concat()
}

fn always(operation: &str, from: u64, fault: Fault) -> FaultRule {
    FaultRule { operation: operation.to_owned(), account: None, region: None, from, to: None, fault }
}

/// A report in every format, in the program's working directory.
const REPORTS: [&str; 5] = ["report.json", "report.csv", "report.md", "report.html", "report.xml"];

/// Every way to be told of a run.
fn ways_to_tell(world: &World) -> Vec<(&'static str, Program)> {
    let told = |format: &str, level: &str| {
        updater(world).env("LOG_FORMAT", format).env("RUST_LOG", level).env("REPORT", REPORTS.join(","))
    };
    vec![
        ("text, trace", told("text", "trace")),
        ("json, trace", told("json", "trace")),
        (
            "text, everybody's trace",
            told("text", "trace,hyper=trace,reqwest=trace,aws_smithy_runtime=trace").env("RUST_BACKTRACE", "full"),
        ),
    ]
}

fn expect_no_leak(case: &str, run: &Finished, secrets: &[String]) {
    let leaks = run.leaks(secrets);
    assert!(leaks.is_empty(), "{case}: {leaks:#?}\n{}{}", run.stdout, run.stderr);
    for (name, text) in REPORTS.iter().filter_map(|name| Some((name, run.file(name)?))) {
        let as_json = |secret: &String| Value::from(secret.as_str()).to_string().trim_matches('"').to_owned();
        let leaks: Vec<&String> =
            secrets.iter().filter(|it| !it.is_empty() && (text.contains(*it) || text.contains(&as_json(it)))).collect();
        assert!(leaks.is_empty(), "{case}: {name} holds {leaks:#?}");
    }
}

#[tokio::test]
async fn a_run_that_succeeds_shows_no_secret() {
    for number in 0..3 {
        let world = shop().start().await;
        let (case, program) = ways_to_tell(&world).remove(number);
        let run = program.run().await;
        assert_eq!(run.exit_code, Some(0), "{case}: {}{}", run.stdout, run.stderr);
        expect_defender(&world, ACCOUNT, HOME, "web/checkout");
        assert!(REPORTS.iter().all(|name| run.file(name).is_some_and(|text| !text.is_empty())), "{case}: a report is missing");
        expect_no_leak(case, &run, &planted(&world));
        let traced = if case.starts_with("text, everybody") { "" } else { "called AWS" };
        assert!(run.stderr.contains(traced), "{case}: the trace was not on");

        // All of it was under way: to the Console, from the Console, to ECS.
        let embeds = world.console().embeds();
        let sent: Vec<String> = embeds.iter().map(|embed| embed.body.to_string()).collect();
        let registered: Vec<String> = world.registered().iter().map(Value::to_string).collect();
        for (name, value) in ENVIRONMENT {
            let value = json!(value).to_string();
            assert!(sent.iter().any(|body| body.contains(&value)), "{name} was not sent to the Console");
            assert!(registered.iter().all(|body| body.contains(&value)), "{name} was not registered");
        }
        let console = world.console().definition();
        let [_, _, bundle, registry_token, token] = &console.secrets()[..] else {
            panic!("the Console has five kinds of secrets")
        };
        assert!(registered.iter().all(|body| body.contains(bundle.as_str()) && body.contains(registry_token.as_str())));
        assert!(world.console().tokens_issued().iter().any(|issued| issued.starts_with(token.as_str())));
        assert!(world.session_secrets().len() >= 4, "no role was assumed");
    }
}

/// An explanation tells all that is known of a service, but what is secret of it: in a first run, of a Defender that is to be replaced,
/// and of an entry point that repeats a variable.
#[tokio::test]
async fn an_explanation_shows_no_secret() {
    let shop = || {
        let mut definition = definition("checkout");
        let silent = json!({ "name": "worker", "image": "worker:1", "command": ["--password", "planted-database-passw0rd"] });
        definition["containerDefinitions"].as_array_mut().expect("containers").push(silent);
        let worker = Org::new().image("worker:1", &["/worker", "--key=planted-database-passw0rd"], &[]);
        worker.account(ACCOUNT, |account| account.service("web/checkout", definition))
    };
    for number in 0..3 {
        let world = shop().start().await;
        for (case, is_upgrade) in [("a first run", false), ("an upgrade", true)] {
            if is_upgrade {
                assert_eq!(updater(&world).run().await.exit_code, Some(0));
                world.console().set_version("34.04.145");
            }
            let (way, program) = ways_to_tell(&world).remove(number);
            let arn = format!("arn:aws:ecs:{HOME}:{ACCOUNT}:service/web/checkout");
            let run = program.arg("--explain").arg(arn).run().await;
            let case = format!("{case}, {way}");
            assert_eq!(run.exit_code, Some(0), "{case}: {}{}", run.stdout, run.stderr);
            // All of it was under way, and what stands beside it is told.
            for told in ["--password ***", "/worker --key=***", "registry-auth.twistlock.com/***/twistlock/defender"] {
                assert!(run.stdout.contains(told), "{case}: {told:?} is not said: {}", run.stdout);
            }
            expect_no_leak(&case, &run, &planted(&world));
        }
    }
}

#[tokio::test]
async fn an_explanation_of_what_a_console_or_aws_refuses_does_not_quote_secrets() {
    for (operation, code) in [(EMBED, 400), ("DescribeTaskDefinition", 400)] {
        for number in 0..2 {
            let world = shop().start().await;
            let listing = world.hold("ListAccounts");
            let (case, program) = ways_to_tell(&world).remove(number);
            let arn = format!("arn:aws:ecs:{HOME}:{ACCOUNT}:service/web/checkout");
            let running = program.arg("--explain").arg(arn).start().await;
            listing.reached().await;
            let fault = match operation {
                EMBED => faults::error(code, &Echo::Plain.console_text(&world)),
                _ => Fault::error(code, "ClientException", &world.session_secrets().join(" ")),
            };
            world.fault(always(operation, 1, fault));
            listing.release();
            let run = running.wait().await;
            assert_eq!(run.exit_code, Some(3), "{operation}, {case}: {}{}", run.stdout, run.stderr);
            let secrets = if operation == EMBED { planted(&world) } else { planted_environment() };
            expect_no_leak(&format!("{operation}, {case}"), &run, &secrets);
        }
    }
}

/// How an error message repeats what was sent.
#[derive(Clone, Copy, Debug)]
enum Echo {
    /// Each value as it is.
    Plain,
    /// The containers as JSON writes them.
    Json,
}

impl Echo {
    /// Returns a text that repeats every secret of the customer's and of the Defender's: the worst that an error message can be.
    fn text(self, world: &World) -> String {
        let console = world.console().definition();
        let [_, _, bundle, ..] = &console.secrets()[..] else { panic!("the Console's third secret is its bundle") };
        let defender = format!("{} {bundle}", console.defender_image());
        match self {
            Self::Plain => {
                let values: Vec<&str> = ENVIRONMENT.iter().map(|(_, value)| *value).collect();
                format!("not accepted: {} {LOG_TOKEN} {defender}", values.join(" "))
            }
            Self::Json => {
                let containers = definition("checkout")["containerDefinitions"].clone();
                format!("not accepted: {} {} {defender}", containers[0]["environment"], containers[0]["logConfiguration"])
            }
        }
    }

    /// Returns the same with what only the Console was sent.
    fn console_text(self, world: &World) -> String {
        let password = world.console().definition().password().to_owned();
        let tokens = world.console().tokens_issued().join(" Bearer ");
        let text = self.text(world);
        let (start, rest) = text.split_once(": ").unwrap_or((&text, ""));
        format!("{start}: {password} Authorization: Bearer {tokens} {rest}")
    }
}

/// Starts a run, and once the Console's token is known makes an operation fail with all secrets in its message.
async fn run_with_echo(operation: &str, fault: impl Fn(&World) -> Fault, number: usize) -> (World, &'static str, Finished) {
    let world = shop().start().await;
    let listing = world.hold("ListAccounts");
    let (case, program) = ways_to_tell(&world).remove(number);
    let running = program.start().await;
    listing.reached().await;
    world.fault(always(operation, 1, fault(&world)));
    listing.release();
    let run = running.wait().await;
    (world, case, run)
}

#[tokio::test]
async fn a_console_that_repeats_secrets_in_its_errors_is_not_quoted_with_them() {
    for status in [400, 403, 404, 500] {
        for (number, echo) in [(0, Echo::Plain), (0, Echo::Json), (1, Echo::Plain), (2, Echo::Json)] {
            let fault = |world: &World| faults::error(status, &echo.console_text(world));
            let (world, case, run) = run_with_echo(EMBED, fault, number).await;
            let case = format!("{status}, {echo:?}, {case}");
            assert_eq!(run.exit_code, Some(3), "{case}: {}{}", run.stdout, run.stderr);
            assert!(run.stdout.contains("not accepted: ***"), "{case}: what the Console said is told: {}", run.stdout);
            expect_no_leak(&case, &run, &planted(&world));
        }
    }
}

#[tokio::test]
async fn a_console_that_repeats_secrets_in_pages_and_broken_answers_is_not_quoted() {
    let answers: [fn(&str) -> Fault; 4] = [
        |text| Fault::raw(200, "text/html", &format!("<html>{text}</html>")),
        |text| Fault::raw(502, "text/plain", text),
        |text| Fault::raw(200, "application/json", &format!("{{\"containerDefinitions\": [\"{text}")),
        |text| Fault::raw(200, "application/json", &json!({"err": text, "containerDefinitions": [{"name": text}]}).to_string()),
    ];
    for answer in answers {
        for (number, echo) in [(0, Echo::Plain), (1, Echo::Json)] {
            let (world, case, run) = run_with_echo(EMBED, |world| answer(&echo.console_text(world)), number).await;
            assert_eq!(run.exit_code, Some(3), "{case}: {}{}", run.stdout, run.stderr);
            expect_no_leak(case, &run, &planted(&world));
        }
    }
}

async fn expect_ecs_is_not_quoted(operation: &str) {
    for (number, echo) in [(0, Echo::Plain), (0, Echo::Json), (1, Echo::Plain), (2, Echo::Json)] {
        let fault = |world: &World| Fault::error(400, "ClientException", &echo.text(world));
        let (world, case, run) = run_with_echo(operation, fault, number).await;
        let case = format!("{operation}, {echo:?}, {case}");
        assert_eq!(run.exit_code, Some(3), "{case}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("not accepted: "), "{case}: what ECS said is told: {}", run.stdout);
        expect_no_leak(&case, &run, &planted(&world));
    }
}

#[tokio::test]
async fn a_refused_registration_that_repeats_secrets_is_not_quoted_with_them() {
    expect_ecs_is_not_quoted("RegisterTaskDefinition").await;
}

#[tokio::test]
async fn a_refused_update_that_repeats_secrets_is_not_quoted_with_them() {
    expect_ecs_is_not_quoted("UpdateService").await;
}

/// What AWS answers to a signature that does not match repeats the request's headers, the session token among them.
#[tokio::test]
async fn a_signature_error_that_repeats_the_session_token_is_not_quoted_with_it() {
    for operation in ["DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService"] {
        let world = shop().start().await;
        // Only one account has a cluster to list: what follows this call has not happened yet.
        let entering = world.hold("ListServices");
        let running = updater(&world).env("RUST_LOG", "trace").start().await;
        entering.reached().await;
        let secrets = world.session_secrets();
        let message = format!(
            "The request signature we calculated does not match the signature you provided. The Canonical String for this request \
             should have been 'POST\n/\n\ncontent-type:application/x-amz-json-1.1\nx-amz-security-token:{}\n'",
            secrets.join("\nx-amz-security-token:")
        );
        world.fault(always(operation, 1, Fault::error(403, "InvalidSignatureException", &message)));
        entering.release();
        let run = running.wait().await;
        assert_eq!(run.exit_code, Some(3), "{operation}: {}{}", run.stdout, run.stderr);
        let tokens: Vec<String> = secrets.into_iter().filter(|secret| secret.starts_with("SimulatedSessionToken")).collect();
        assert!(!tokens.is_empty(), "no role was assumed");
        expect_no_leak(operation, &run, &tokens);
    }
}

#[tokio::test]
async fn a_start_that_fails_shows_no_secret() {
    let token = first_token().await;
    for (operation, status) in
        [("GET _ping", 403), ("POST authenticate", 400), ("POST authenticate", 500), ("GET version", 403), (EMBED, 400)]
    {
        for number in 0..2 {
            let world = shop().start().await;
            let console = world.console().definition();
            let (password, image) = (console.password(), console.defender_image());
            let text = format!("not accepted: {password} Bearer {token} {image} {}", console.secrets().join(" "));
            // Its fourth secret is the image's token without its `tw_`; a message repeats the image.
            let text = text.replace(&format!(" {} ", console.secrets()[3]), " ");
            world.fault(always(operation, 1, faults::error(status, &text)));
            let (case, program) = ways_to_tell(&world).remove(number);
            let program = program.without_env("PCC_SECRET").env("PCC_URL", world.console_url());
            let run = program.env("PCC_USER", console.user()).env("PCC_PASS", password).run().await;
            let case = format!("{operation}, {status}, {case}");
            assert_eq!(run.exit_code, Some(4), "{case}: {}{}", run.stdout, run.stderr);
            let all = format!("{}{}", run.stdout, run.stderr);
            assert!(all.contains("not accepted: ***"), "{case}: what the Console said is told: {all}");
            expect_no_leak(&case, &run, &[console.secrets(), vec![token.clone()]].concat());
        }
    }
}

/// Returns the first token that a Console hands out: tokens are numbered, and the same in every world.
async fn first_token() -> String {
    let world = Org::new().start().await;
    updater(&world).run().await;
    world.console().tokens_issued().into_iter().next().expect("a run logs in")
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_is_not_shown() {
    let secrets = [
        json!("PCC_PASS=planted-password-in-no-json"),
        json!({"PCC_USER": "user", "PCC_PASS": "planted-password-alone"}),
        json!({"PCC_URL": "https://admin:planted-url-password@console.example.com", "PCC_USER": "user", "PCC_PASS": "planted-password"}),
        json!({"PCC_URL": "http://console.example.com/planted-path", "PCC_USER": "user", "PCC_PASS": "planted-password"}),
        json!(["planted-password-in-a-list"]),
    ];
    for secret in secrets {
        let world = Org::new().secret(simulator::scenario::CONSOLE_SECRET, secret.clone()).start().await;
        let run = updater(&world).env("RUST_LOG", "trace").run().await;
        assert_eq!(run.exit_code, Some(4), "{secret}: {}{}", run.stdout, run.stderr);
        expect_no_leak(&secret.to_string(), &run, &["planted".to_owned()]);
    }
}

#[tokio::test]
async fn settings_that_cannot_be_used_do_not_show_what_is_secret_in_them() {
    let cases: [&[(&str, &str)]; 7] = [
        &[
            ("PCC_URL", "https://admin:planted-password@console.example.com"),
            ("PCC_USER", "admin"),
            ("PCC_PASS", "planted-password"),
        ],
        &[
            ("PCC_URL", "https://planted-token@console.example.com/api/v1"),
            ("PCC_USER", "admin"),
            ("PCC_PASS", "planted-password"),
        ],
        &[("PCC_URL", "https://console.example.com/api/v1/?token=planted-token"), ("PCC_USER", "admin")],
        &[("PCC_URL", "http://admin:planted-password@console.example.com"), ("PCC_PASS", "planted-password")],
        &[("PCC_PASS", "planted-password"), ("FS_MONITOR", "perhaps")],
        // ECS puts a secret's whole content where a variable is to hold its name.
        &[("PCC_SECRET", r#"{"PCC_URL":"https://console.example.com","PCC_USER":"admin","PCC_PASS":"planted-password"}"#)],
        &[("PCC_SAN", "https://admin:planted-password@console.example.com:8083"), ("PCC_SECRET", "fargate-updater/console")],
    ];
    let mut leaking = Vec::new();
    for case in cases {
        let world = Org::new().start().await;
        let program = updater(&world).without_env("PCC_SECRET").env("RUST_LOG", "trace");
        let run = case.iter().fold(program, |program, (name, value)| program.env(name, value)).run().await;
        if run.exit_code != Some(2) || world.calls().total() > 0 || !run.leaks(&["planted".to_owned()]).is_empty() {
            leaking.push(format!("{case:?}, exit code {:?}: {}{}", run.exit_code, run.stdout, run.stderr));
        }
    }
    assert!(leaking.is_empty(), "refused with exit code 2, before any call, and without the secret:\n{}", leaking.join("\n"));
}

/// A registry that repeats what it was sent, in its errors and in what it says of itself.
#[tokio::test]
async fn credentials_for_registries_show_nowhere_whatever_the_registry_says() {
    const PASSWORD: &str = "planted-registry-passw0rd";
    let pair = "cm9ib3Q6cGxhbnRlZC1yZWdpc3RyeS1wYXNzdzByZA==";
    let definition = |family: &str, image: &str| {
        json!({
            "family": family,
            "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [{ "name": "app", "image": image }],
        })
    };
    let ecr = "111122223333.dkr.ecr.us-east-1.amazonaws.com/ecr:1";
    let org = |with_ecr: bool| {
        let org = Org::new().registry("registry.example.test", |it| it.image("app:1", &["/app"], &[]).basic("robot", PASSWORD));
        org.image(ecr, &["/ecr"], &[]).account(ACCOUNT, |account| {
            let account = account.service("web/app", definition("app", "registry.example.test/app:1"));
            if with_ecr { account.service("web/ecr", definition("ecr", ecr)) } else { account }
        })
    };
    let auths = json!({ "auths": { "registry.example.test": { "username": "robot", "password": PASSWORD } } }).to_string();
    let echoed = format!("{PASSWORD} {pair} Bearer {PASSWORD}");
    let faults = [
        None,
        Some(Fault::error(403, "DENIED", &echoed)),
        Some(Fault::error(500, "UNKNOWN", &echoed)),
        Some(Fault::raw(401, "text/html", &format!("<html>{echoed}</html>"))),
        Some(Fault::raw(200, "application/json", &format!("{{\"schemaVersion\": \"{echoed}\"}}"))),
    ];
    for fault in faults {
        let succeeds = fault.is_none();
        let org = fault.into_iter().fold(org(succeeds), |org, fault| org.fault(always("GET manifests", 1, fault)));
        let world = org.start().await;
        for (case, program) in ways_to_tell(&world) {
            let run = program.env("DOCKER_AUTH_CONFIG", &auths).run().await;
            assert_eq!(run.exit_code, Some(if succeeds { 0 } else { 3 }), "{case}: {}{}", run.stdout, run.stderr);
            let secrets = [world.session_secrets(), vec![PASSWORD.to_owned(), pair.to_owned(), auths.clone()]].concat();
            expect_no_leak(case, &run, &secrets);
        }
        assert_eq!(world.calls().of("GetAuthorizationToken") >= 1, succeeds, "a token was under way");
        assert!(world.calls().of("GET v2") >= 1, "the password was under way");
    }
}
