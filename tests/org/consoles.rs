//! Every kind of Console and every way to name one protects alike, and what the settings want of the Defender reaches it.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::console::Profile;
use simulator::scenario::{CONSOLE_PASSWORD, CONSOLE_SECRET, CONSOLE_URL, CONSOLE_USER};
use simulator::{Account, FaultRule, Org, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, updater};

fn shop(account: Account) -> Account {
    account.service("web/shop", "port_mappings.json")
}

/// Returns a container of the service `web/shop` as it is now.
fn container(world: &World, name: &str) -> Value {
    let view = world.service(ACCOUNT, &world.home_region(), "web/shop");
    let containers = view.task_definition()["containerDefinitions"].as_array().expect("containers").clone();
    containers.into_iter().find(|container| container["name"] == name).unwrap_or_else(|| panic!("no container {name}"))
}

/// Returns a variable of the Defender's.
fn defenders_variable(world: &World, name: &str) -> Option<String> {
    let sidecar = container(world, "TwistlockDefender");
    let variables = sidecar["environment"].as_array().expect("variables").clone();
    let found = variables.iter().find(|variable| variable["name"] == name)?;
    found["value"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_console_of_any_generation_protects() {
    for profile in Profile::ALL {
        let world = Org::new().console(|console| console.profile(profile)).account(ACCOUNT, shop).start().await;
        expect_exit(&updater(&world).run().await, exit::DONE);
        expect_defender(&world, ACCOUNT, HOME, "web/shop");

        world.gate().forget_calls();
        expect_exit(&updater(&world).run().await, exit::DONE);
        assert_eq!(world.calls().writes(), 0, "{profile:?}: a second run sees the Defender of this generation");
    }
}

#[tokio::test]
async fn habits_of_a_console_that_nobody_can_know_before_do_not_matter() {
    type Habit = fn(simulator::Console) -> simulator::Console;
    let habits: [(&str, Habit); 3] = [
        ("the sidecar comes first", |console| console.order_sidecar_first()),
        ("containers wait until it is healthy", |console| console.dependency("HEALTHY")),
        ("a second Defender would be refused", |console| console.refuses_protected()),
    ];
    for (name, habit) in habits {
        let world = Org::new().console(habit).account(ACCOUNT, shop).start().await;
        let run = updater(&world).run().await;
        assert_eq!(run.exit_code, Some(0), "{name}: {}", run.stdout);
        expect_defender(&world, ACCOUNT, HOME, "web/shop");
        let order: Vec<Value> = names(&world);
        assert_eq!(order, ["app", "proxy", "TwistlockDefender"], "{name}: the owner's containers keep their places");
    }
}

fn names(world: &World) -> Vec<Value> {
    let view = world.service(ACCOUNT, HOME, "web/shop");
    let containers = view.task_definition()["containerDefinitions"].as_array().expect("containers").clone();
    containers.iter().map(|container| container["name"].clone()).collect()
}

#[tokio::test]
async fn defenders_of_a_self_hosted_console_connect_to_its_own_port() {
    let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(defenders_variable(&world, "WS_ADDRESS").as_deref(), Some("wss://127.0.0.1:8084"));
    assert!(run.stdout.contains("connecting to wss://127.0.0.1:8084\n"), "{}", run.stdout);
}

#[tokio::test]
async fn an_organization_in_govcloud_is_protected_by_its_own_arns() {
    let world = Org::new().partition("aws-us-gov").account(ACCOUNT, shop).start().await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    expect_defender(&world, ACCOUNT, "us-gov-west-1", "web/shop");
    let now = world.service(ACCOUNT, "us-gov-west-1", "web/shop");
    let arn = "arn:aws-us-gov:ecs:us-gov-west-1:111122223333:task-definition/port-mappings:2";
    assert_eq!(now.task_definition_arn(), arn);
}

#[tokio::test]
async fn a_console_that_is_given_directly_needs_no_secret() {
    let world = Org::new().without_secret().account(ACCOUNT, shop).start().await;
    let console = world.console().definition();
    let run = updater(&world)
        .without_env("PCC_SECRET")
        .env("PCC_URL", world.console_url())
        .env("PCC_USER", console.user())
        .env("PCC_PASS", console.password())
        .run()
        .await;
    expect_exit(&run, exit::DONE);
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    assert_eq!(world.calls().of("GetSecretValue"), 0);
}

/// Other keys in the secret are somebody else's, and a trailing slash is what people paste.
#[tokio::test]
async fn a_secret_may_be_text_or_binary_and_hold_more_than_it_must() {
    let value = json!({
        "PCC_URL": format!("{CONSOLE_URL}/"),
        "PCC_USER": CONSOLE_USER,
        "PCC_PASS": CONSOLE_PASSWORD,
        "owner": { "team": "security" },
    });
    for org in [
        Org::new().secret(CONSOLE_SECRET, value.clone()),
        Org::new().binary_secret(CONSOLE_SECRET, value.clone()),
        Org::new().secret("another/name", value.clone()).stack(|stack| stack.parameter("PrismaCloudSecret", "another/name")),
    ] {
        let name = org.secrets.last().expect("the secret").name.clone();
        let world = org.account(ACCOUNT, shop).start().await;
        expect_exit(&updater(&world).env("PCC_SECRET", name).run().await, exit::DONE);
        expect_defender(&world, ACCOUNT, HOME, "web/shop");
    }
}

#[tokio::test]
async fn what_the_settings_want_of_the_defender_is_asked_of_the_console() {
    type Settings = &'static [(&'static str, &'static str)];
    let table: [(Settings, &str, &str); 3] = [
        (&[], "127.0.0.1", "false"),
        (&[("FS_MONITOR", "yes")], "127.0.0.1", "true"),
        (&[("PCC_SAN", "console.example.com"), ("FS_MONITOR", "0")], "console.example.com", "false"),
    ];
    for (settings, address, monitoring) in table {
        let world = Org::new().account(ACCOUNT, shop).start().await;
        let program = settings.iter().fold(updater(&world), |program, (name, value)| program.env(name, value));
        // Nobody here asks a name server.
        expect_exit(&program.arg("--console-addresses=none").run().await, exit::DONE);
        let embeds = world.console().embeds();
        assert_eq!(embeds.len(), 2, "the sample and the service's definition");
        for embed in embeds {
            assert_eq!(embed.parameter("consoleaddr"), Some(address), "{settings:?}");
            assert_eq!(embed.parameter("filesystemMonitoring"), Some(monitoring), "{settings:?}");
            assert_eq!(embed.parameter("extractEntrypoint"), None, "{settings:?}");
            assert_eq!(embed.body["tags"], Value::Null, "an owner's tags are none of the Console's business");
        }
        assert_eq!(defenders_variable(&world, "WS_ADDRESS"), Some(format!("wss://{address}:443")));
        assert_eq!(defenders_variable(&world, "FILESYSTEM_MONITORING").as_deref(), Some(monitoring));
    }
}

/// The embed call has no parameter for it, and a Console before 22.12 not even the variable.
#[tokio::test]
async fn fips_mode_is_set_on_the_defender_itself() {
    let table = [
        (Profile::V34, "true", Some("true")),
        (Profile::V34, "false", Some("false")),
        (Profile::V22_06, "true", Some("true")),
        (Profile::V22_06, "false", None),
    ];
    for (profile, wanted, expected) in table {
        let world = Org::new().console(|console| console.profile(profile)).account(ACCOUNT, shop).start().await;
        expect_exit(&updater(&world).env("FIPS_ENABLED", wanted).run().await, exit::DONE);
        assert_eq!(defenders_variable(&world, "FIPS_ENABLED").as_deref(), expected, "{profile:?} {wanted}");
    }
}

#[tokio::test]
async fn the_waas_port_is_added_to_the_first_container_that_has_ports_unless_one_has_it() {
    let own = json!([
        { "containerPort": 8080, "protocol": "tcp", "name": "http", "appProtocol": "http2", "hostPort": 8080 },
        { "containerPort": 9090, "hostPort": 9090, "protocol": "tcp" },
    ]);
    let mut with_it = own.clone();
    let added = json!({ "containerPort": 7000, "hostPort": 7000, "protocol": "tcp" });
    with_it.as_array_mut().expect("ports").push(added);
    for (port, expected) in [("7000", with_it), ("9090", own)] {
        let world = Org::new().account(ACCOUNT, shop).start().await;
        let run = updater(&world).env("WAAS_PORT", port).run().await;
        expect_exit(&run, exit::DONE);
        assert_eq!(container(&world, "proxy")["portMappings"], expected, "{port}");
        assert_eq!(container(&world, "app")["portMappings"], json!([]), "{port}");
        assert!(!run.stdout.contains("note:"), "{}", run.stdout);
    }
}

#[tokio::test]
async fn a_waas_port_that_no_container_can_take_is_said_and_the_service_protected() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/shop", "orders.json")).start().await;
    let run = updater(&world).env("WAAS_PORT", "7000").run().await;
    expect_exit(&run, exit::DONE);
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    let note = "note: WAAS_PORT 7000 was added nowhere: no container has port mappings";
    assert!(run.stdout.contains(note), "{}", run.stdout);
}

/// Its certificate is of its own authority, which nobody else knows.
#[tokio::test]
async fn a_console_with_a_certificate_of_its_own_authority_needs_that_authority() {
    let world = Org::new().console(|console| console.self_hosted().tls()).account(ACCOUNT, shop).start().await;
    let authority = world.console_ca().expect("the Console has an authority of its own");
    let run = updater(&world).run().await;
    expect_exit(&run, exit::COULD_NOT_START);
    assert!(run.stderr.contains("could not reach the Console"), "{}", run.stderr);
    assert!(run.stderr.contains("a certificate of its own authority needs PCC_CA_BUNDLE"), "{}", run.stderr);

    let in_one_line = authority.replace('\n', "\\n");
    for (name, program) in [
        ("in a file", updater(&world).file("ca.pem", authority.clone()).env("PCC_CA_BUNDLE", "ca.pem")),
        ("as it is", updater(&world).env("PCC_CA_BUNDLE", authority.clone())),
        (
            "in one line of a file of settings",
            updater(&world).file("run.env", format!("PCC_CA_BUNDLE={in_one_line}\n")).arg("--env-file=run.env"),
        ),
    ] {
        let run = program.run().await;
        assert_eq!(run.exit_code, Some(0), "{name}: {}{}", run.stdout, run.stderr);
    }
    expect_defender(&world, ACCOUNT, HOME, "web/shop");

    // Another authority's certificate is none of this Console's.
    let other = Org::new().console(|console| console.tls()).start().await;
    let wrong = updater(&world).env("PCC_CA_BUNDLE", other.console_ca().expect("an authority")).run().await;
    expect_exit(&wrong, exit::COULD_NOT_START);
}

/// The paths of every request but those that come before the version is known.
fn paths(world: &World) -> Vec<String> {
    let received = world.console().received().into_iter().map(|received| received.path);
    let early = ["_ping", "authenticate", "version"];
    received.filter(|path| !early.iter().any(|route| path.ends_with(route))).collect()
}

#[tokio::test]
async fn a_console_is_asked_in_its_own_version_of_the_api_and_in_the_newest_where_it_does_not_serve_that() {
    // Versioned paths began with 21.08.
    for (version, expected) in [("34.03.138", "/api/v34.03/"), ("22.12.694", "/api/v22.12/"), ("21.04.421", "/api/v1/")] {
        let world = Org::new().console(|console| console.version(version)).account(ACCOUNT, shop).start().await;
        expect_exit(&updater(&world).run().await, exit::DONE);
        expect_defender(&world, ACCOUNT, HOME, "web/shop");
        let paths = paths(&world);
        let embeds: Vec<&String> = paths.iter().filter(|path| path.ends_with("fargate.json")).collect();
        assert_eq!(embeds.len(), 2 + usize::from(version == "21.04.421"), "{version}: {paths:?}");
        assert!(embeds.last().is_some_and(|path| path.contains(expected)), "{version}: {paths:?}");
        let elsewhere = paths.iter().filter(|path| !path.contains(expected)).count();
        assert_eq!(elsewhere, usize::from(version == "21.04.421"), "{version}: it is tried once: {paths:?}");
    }
}

/// Defenders check the Console's certificate; one that is told another name never connects.
#[tokio::test]
async fn a_name_that_the_certificate_does_not_hold_is_warned_of_with_those_it_holds() {
    let named = |names: &'static [&'static str]| Org::new().console(move |console| console.names(names)).account(ACCOUNT, shop);
    let world = named(&["console.example.test", "10.0.0.1"]).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    let warning = "warning: Defenders are told to connect to 127.0.0.1, which is not among the names in the Console's certificate \
                   (console.example.test, 10.0.0.1): they would refuse it; set PCC_SAN to one of those names";
    assert!(run.stdout.lines().any(|line| line == warning), "{}", run.stdout);
    for (names, name) in [
        (&["console.example.test"][..], "console.example.test"),
        (&["*.example.test"], "Console.Example.test"),
        (&["127.0.0.1"], ""),
    ] {
        let world = named(names).start().await;
        let run = updater(&world).env("PCC_SAN", name).arg("--console-addresses=none").run().await;
        expect_exit(&run, exit::DONE);
        assert!(!run.stdout.contains("warning:"), "{names:?}: {}", run.stdout);
    }
    // A user who may not see the names is not told of any.
    let forbidden = simulator::console::faults::error(403, "insufficient permissions");
    let rule = FaultRule {
        operation: "GET settings/certs".to_owned(),
        account: None,
        region: None,
        from: 1,
        to: None,
        fault: forbidden,
    };
    let world = named(&["console.example.test"]).fault(rule).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    assert!(!run.stdout.contains("warning:"), "{}", run.stdout);
}

#[tokio::test]
async fn what_the_settings_say_of_the_embedding_is_passed_on_and_filled_in() {
    let world = [HOME, "eu-west-1"]
        .iter()
        .fold(Org::new(), |org, region| org.image(&mirrored_in(region), &["/usr/local/bin/defender"], &[]))
        .account(ACCOUNT, |account| shop(account).region("eu-west-1", |region| region.service("web/far", "httpd.json")))
        .start()
        .await;
    let program = || {
        let program = mirroring(updater(&world)).env("INTERPRETER", "/busybox/sh").env("PCC_PROJECT", "central");
        program.env("DEFENDER_IMAGE_PULL_SECRET", "arn:aws:secretsmanager:{region}:{account}:secret:pull-AbCdEf")
    };
    let run = program().run().await;
    expect_exit(&run, exit::DONE);
    assert!(!run.stdout.contains("warning:"), "{}", run.stdout);
    let embeds = world.console().embeds();
    assert_eq!(embeds.len(), 3, "the sample and two definitions");
    for embed in &embeds {
        assert_eq!(embed.parameter("interpreter"), Some("/busybox/sh"));
    }
    for received in world.console().received() {
        let project = received.parameters.iter().find(|(name, _)| name == "project").map(|(_, value)| value.as_str());
        let logs_in = ["_ping", "authenticate"].iter().any(|route| received.path.ends_with(route));
        assert_eq!(project, if logs_in { None } else { Some("central") }, "{}", received.path);
    }
    assert_eq!(container(&world, "app")["entryPoint"][0], "/busybox/sh");
    let sidecar = container(&world, "TwistlockDefender");
    assert_eq!(sidecar["image"], "111122223333.dkr.ecr.us-east-1.amazonaws.com/twistlock/defender:defender_34_03_138");
    let secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:pull-AbCdEf";
    assert_eq!(sidecar["repositoryCredentials"]["credentialsParameter"], secret);
    let far = world.service(ACCOUNT, "eu-west-1", "web/far");
    let far = far.task_definition()["containerDefinitions"].to_string();
    assert!(far.contains("111122223333.dkr.ecr.eu-west-1.amazonaws.com/twistlock/defender:defender_34_03_138"), "its own Region");
    world.gate().forget_calls();
    let again = program().run().await;
    expect_exit(&again, exit::DONE);
    assert_eq!(world.calls().writes(), 0, "{}", again.stdout);
}

/// The Defender's image in a mirror of the account's own.
fn mirrored_in(region: &str) -> String {
    format!("{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/twistlock/defender:defender_34_03_138")
}

fn mirroring(program: simulator::Program) -> simulator::Program {
    program.env("DEFENDER_IMAGE", "{account}.dkr.ecr.{region}.amazonaws.com/twistlock/defender:defender_{version}")
}

/// A task whose Defender cannot be pulled never starts, and the roll-out would hang.
#[tokio::test]
async fn a_mirror_that_certainly_lacks_the_image_is_not_embedded_and_one_that_cannot_be_seen_is() {
    let far = |account: Account| shop(account).region("eu-west-1", |region| region.service("web/far", "httpd.json"));
    let here_only = || Org::new().image(&mirrored_in(HOME), &["/usr/local/bin/defender"], &[]);
    let world = here_only().account(ACCOUNT, far).start().await;
    let run = mirroring(updater(&world)).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    let says = |text: &str| assert!(run.stdout.contains(text), "{text:?} is not said: {}", run.stdout);
    says(&format!(
        "cause: DEFENDER_IMAGE names {}, which is not there, and no task could start with it",
        mirrored_in("eu-west-1")
    ));
    says("hint:  copy the Console's Defender image there under this name, or correct DEFENDER_IMAGE");
    assert_eq!(world.registered().len(), 1);
    assert_eq!(world.calls().of("GET manifests"), 2, "each is read once");

    // Nor is it certain without the secret that the task pulls it with.
    let world = here_only().account(ACCOUNT, far).start().await;
    let secret = "arn:aws:secretsmanager:{region}:{account}:secret:pull-AbCdEf";
    let run = mirroring(updater(&world)).env("DEFENDER_IMAGE_PULL_SECRET", secret).run().await;
    expect_exit(&run, exit::DONE);

    // To a stranger a registry may say so of an image that is there.
    let world = Org::new().account(ACCOUNT, shop).start().await;
    let elsewhere = updater(&world).env("DEFENDER_IMAGE", "mirror.example.test/twistlock/defender:defender_{version}");
    expect_exit(&elsewhere.run().await, exit::DONE);
    assert_eq!(world.registered().len(), 1);

    // Tasks pull with another role and from another network.
    let denied = |account: Account| far(account).deny("ecr:GetAuthorizationToken");
    let world = here_only().account(ACCOUNT, denied).start().await;
    expect_exit(&mirroring(updater(&world)).run().await, exit::DONE);
    assert_eq!(world.registered().len(), 2);
}

/// Its own image may lie where the tasks cannot reach.
#[tokio::test]
async fn a_console_that_embeds_another_image_than_it_was_asked_for_is_not_used() {
    let old = |console: simulator::Console| console.profile(Profile::V21_04);
    let world = Org::new().console(old).account(ACCOUNT, shop).start().await;
    let run = updater(&world).env("DEFENDER_IMAGE", "mirror.example.test/twistlock/defender:defender_{version}").run().await;
    expect_exit(&run, exit::COULD_NOT_START);
    let asked = "mirror.example.test/twistlock/defender:defender_34_03_138";
    let embedded = "registry-auth.twistlock.com/***/twistlock/defender:defender_34_03_138";
    let says = format!("the Console was asked to embed {asked}, as DEFENDER_IMAGE says, and embedded {embedded}");
    assert!(run.stderr.contains(&says), "{}", run.stderr);
    assert!(run.stderr.contains("Consoles before 22.12 do not know that setting"), "{}", run.stderr);
    assert_eq!(world.calls().writes(), 0);
}
