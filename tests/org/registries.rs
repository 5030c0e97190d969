//! Images are read with the right credentials, for the right platform, from any kind of registry, and nobody's password goes to
//! anybody else.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::registry::faults;
use simulator::scenario::CONSOLE_SECRET;
use simulator::{Account, Fault, FaultRule, Finished, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_exit, expect_told, updater};

const ECR: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com";

/// A definition of one silent container.
fn silent(family: &str, image: &str) -> Value {
    json!({
        "family": family,
        "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
        "networkMode": "awsvpc",
        "containerDefinitions": [{ "name": "app", "image": image }],
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
    })
}

fn pulled_with(secret: &str, image: &str) -> Value {
    let mut definition = silent("app", image);
    definition["containerDefinitions"][0]["repositoryCredentials"] = json!({ "credentialsParameter": secret });
    definition
}

/// The entry point of `web/app` behind the Defender's prefix, or what became of it.
fn entry_point(world: &World, account: &str) -> Vec<Value> {
    let view = world.service(account, HOME, "web/app");
    let entry_point = view.task_definition()["containerDefinitions"][0]["entryPoint"].as_array().cloned().unwrap_or_default();
    entry_point.get(3..).map(<[Value]>::to_vec).unwrap_or_default()
}

async fn run_over(org: Org, definition: Value, edit: impl FnOnce(Program) -> Program) -> (World, Finished) {
    let world = org.account(ACCOUNT, |account| account.service("web/app", definition)).start().await;
    let run = edit(updater(&world)).run().await;
    (world, run)
}

async fn protected(org: Org, definition: Value, edit: impl FnOnce(Program) -> Program) -> (World, Finished) {
    let (world, run) = run_over(org, definition, edit).await;
    expect_exit(&run, exit::DONE);
    assert_eq!(entry_point(&world, ACCOUNT), [json!("/right")], "{}", run.stdout);
    assert_eq!(world.console().embeds()[1].parameter("extractEntrypoint"), None, "the image was read");
    (world, run)
}

type Edit = fn(Program) -> Program;

fn as_it_is(program: Program) -> Program {
    program
}

/// `DOCKER_AUTH_CONFIG` with one login.
fn auths(registry: &str, user: &str, password: &str) -> String {
    json!({ "auths": { registry: { "username": user, "password": password } } }).to_string()
}

#[tokio::test]
async fn an_image_is_read_from_any_kind_of_registry() {
    let docker_hub = |name: &'static str| (name, Org::new().image("httpd:2.4", &["/right"], &[]), name, as_it_is as Edit);
    let hub_login: Edit = |program| program.env("DOCKER_USER", "me").env("DOCKER_PASS", "hunter2");
    let auth: Edit = |program| program.env("DOCKER_AUTH_CONFIG", auths("registry.example.test:5000", "robot", "hunter2"));
    let private = "registry.example.test:5000/team/app:1";
    let with_image = |edit: fn(simulator::Registry) -> simulator::Registry| {
        Org::new().registry("registry.example.test:5000", |registry| edit(registry.image("team/app:1", &["/right"], &["x"])))
    };
    let cases: Vec<(&str, Org, &str, Edit)> = vec![
        docker_hub("httpd:2.4"),
        ("Docker Hub by its name", Org::new().image("httpd:2.4", &["/right"], &[]), "docker.io/library/httpd:2.4", as_it_is),
        ("no tag is latest", Org::new().image("team/app:latest", &["/right"], &[]), "team/app", as_it_is),
        (
            "public ECR",
            Org::new().image("public.ecr.aws/docker/library/httpd:2.4", &["/right"], &[]),
            "public.ecr.aws/docker/library/httpd:2.4",
            as_it_is,
        ),
        (
            "Docker Hub with a login",
            Org::new().registry("docker.io", |it| it.image("me/app:1", &["/right"], &[]).token("me", "hunter2")),
            "me/app:1",
            hub_login,
        ),
        ("name and password", with_image(|registry| registry.basic("robot", "hunter2")), private, auth),
        ("a token for name and password", with_image(|registry| registry.token("robot", "hunter2")), private, auth),
        ("manifests in Docker's own format", with_image(|registry| registry.docker_manifests()), private, as_it_is),
        (
            "ECR",
            Org::new().image(&format!("{ECR}/app:1"), &["/right"], &[]),
            "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1",
            as_it_is,
        ),
    ];
    for (name, org, image, edit) in cases {
        let (_, run) = protected(org, silent("app", image), edit).await;
        assert!(run.leaks(&["hunter2".to_owned()]).is_empty(), "{name}: {}{}", run.stdout, run.stderr);
    }
}

#[tokio::test]
async fn of_an_index_the_image_for_the_tasks_platform_is_read() {
    let image = "registry.example.test/app:1";
    let org = || {
        Org::new().registry("registry.example.test", |registry| {
            registry.index(
                "app:1",
                &[("linux/arm64", &["/arm"], &[]), ("windows/amd64", &["x.exe"], &[]), ("linux/amd64", &["/right"], &[])],
            )
        })
    };
    protected(org(), silent("app", image), as_it_is).await;

    let mut arm = silent("app", image);
    arm["runtimePlatform"] = json!({ "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" });
    let (world, run) = run_over(org(), arm.clone(), |program| program.env("ALLOW_ARM64", "true")).await;
    expect_exit(&run, exit::DONE);
    assert_eq!(entry_point(&world, ACCOUNT), [json!("/arm")]);

    let amd64_only =
        Org::new().registry("registry.example.test", |registry| registry.index("app:1", &[("linux/amd64", &["/x"], &[])]));
    let (_, run) = run_over(amd64_only, arm, |program| program.env("ALLOW_ARM64", "true")).await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(run.stdout.contains("its index holds nothing for linux/arm64"), "{}", run.stdout);
}

#[tokio::test]
async fn a_digest_names_the_image_whatever_the_tag_has_become() {
    let name = "registry.example.test/app:1";
    let org = Org::new().image(name, &["/right"], &[]);
    let digest = org.digest_of(name);
    for image in [format!("registry.example.test/app@{digest}"), format!("{name}@{digest}")] {
        let world = org.clone().account(ACCOUNT, |account| account.service("web/app", silent("app", &image))).start().await;
        world.change_image(name, &["/wrong"], &[]);
        expect_exit(&updater(&world).run().await, exit::DONE);
        assert_eq!(entry_point(&world, ACCOUNT), [json!("/right")], "{image}");
    }
}

/// Lets the member role read secrets for images, which somebody has to have asked for.
fn may_read_secrets(org: Org) -> Org {
    org.stack(|stack| stack.parameter("RegistrySecretArns", "arn:aws:secretsmanager:*:*:secret:pull-*"))
}

#[tokio::test]
async fn the_secret_that_ecs_pulls_an_image_with_opens_its_registry() {
    let registry =
        |org: Org| org.registry("registry.example.test", |it| it.image("app:1", &["/right"], &[]).basic("robot", "hunter2"));
    let held = json!({ "username": "robot", "password": "hunter2" });
    let secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:pull-SiMuLa";
    let definition = || pulled_with(secret, "registry.example.test/app:1");
    let with_secret = |account: Account| account.service("web/app", definition()).secret("pull", held.clone());
    let world = may_read_secrets(registry(Org::new())).account(ACCOUNT, with_secret).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(entry_point(&world, ACCOUNT), [json!("/right")]);
    assert!(run.leaks(&["hunter2".to_owned()]).is_empty(), "{}{}", run.stdout, run.stderr);

    // The member role need not be allowed to read it: the settings may hold the same.
    let world = registry(Org::new()).account(ACCOUNT, with_secret).start().await;
    let with_auths = updater(&world).env("DOCKER_AUTH_CONFIG", auths("registry.example.test", "robot", "hunter2"));
    expect_exit(&with_auths.run().await, exit::DONE);

    let world = registry(Org::new()).account(ACCOUNT, with_secret).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    let says = |text: &str| assert!(run.stdout.contains(text), "{text:?} is not said: {}", run.stdout);
    says("registry.example.test/app:1 was denied by its registry");
    says("without the secret of its own: GetSecretValue was denied");
    says("allow secretsmanager:GetSecretValue on the secret of `repositoryCredentials` to the member role");
    assert_eq!(world.registered(), Vec::<Value>::new());
}

#[tokio::test]
async fn credentials_may_be_in_the_consoles_secret_and_the_environment_comes_first() {
    let console_secret = |password: &str| {
        json!({
            "PCC_URL": simulator::scenario::CONSOLE_URL,
            "PCC_USER": simulator::scenario::CONSOLE_USER,
            "PCC_PASS": simulator::scenario::CONSOLE_PASSWORD,
            "DOCKER_USER": "me",
            "DOCKER_PASS": password,
        })
    };
    let org = |password: &str| {
        let org = Org::new().secret(CONSOLE_SECRET, console_secret(password));
        org.registry("docker.io", |it| it.image("me/app:1", &["/right"], &[]).token("me", "hunter2"))
    };
    protected(org("hunter2"), silent("app", "me/app:1"), as_it_is).await;
    let other = |program: Program| program.env("DOCKER_USER", "me").env("DOCKER_PASS", "hunter2");
    protected(org("wrong"), silent("app", "me/app:1"), other).await;

    // Each of the two from where it is: the name from the environment, the password from the secret.
    let half = |program: Program| program.env("DOCKER_USER", "me");
    protected(org("hunter2"), silent("app", "me/app:1"), half).await;
    let no_password = json!({ "PCC_URL": simulator::scenario::CONSOLE_URL, "PCC_USER": "x", "PCC_PASS": "y" });
    let world = Org::new().secret(CONSOLE_SECRET, no_password).start().await;
    let run = half(updater(&world)).run().await;
    expect_exit(&run, exit::COULD_NOT_START);
    assert!(run.stderr.contains("DOCKER_PASS cannot be used: it is missing; DOCKER_USER needs it"), "{}", run.stderr);

    let bad = json!({ "PCC_URL": "{console url}", "PCC_USER": "x", "PCC_PASS": "y", "DOCKER_AUTH_CONFIG": "hunter2" });
    let world = Org::new().secret(CONSOLE_SECRET, bad).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::COULD_NOT_START);
    assert!(run.stderr.contains("holds a DOCKER_AUTH_CONFIG that cannot be used"), "{}", run.stderr);
    assert!(run.leaks(&["hunter2".to_owned()]).is_empty(), "{}", run.stderr);
}

/// A task definition may name any registry; whoever writes one must not be sent the password of another.
#[tokio::test]
async fn a_password_goes_to_the_registry_it_was_given_for_and_to_no_other() {
    let org = Org::new().registry("evil.example.test", |it| it.image("app:1", &["/right"], &[]).basic("me", "hunter2"));
    let login = |program: Program| {
        let program = program.env("DOCKER_USER", "me").env("DOCKER_PASS", "hunter2");
        program.env("DOCKER_AUTH_CONFIG", auths("registry.example.test", "me", "hunter2"))
    };
    let (world, run) = run_over(org, silent("app", "evil.example.test/app:1"), login).await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(run.stdout.contains("evil.example.test/app:1 was denied by its registry"), "{}", run.stdout);
    assert!(run.stdout.contains("give credentials for evil.example.test in DOCKER_AUTH_CONFIG"), "{}", run.stdout);
    assert_eq!(world.calls().of("GET blobs"), 0);
}

/// The token of one account opens what that account may see, and says nothing about another.
#[tokio::test]
async fn a_denial_in_one_account_says_nothing_about_another() {
    let image = format!("{ECR}/app:1");
    let service = |account: Account| account.service("web/app", silent("app", &image));
    let org = Org::new().image(&image, &["/right"], &[]).registry(ECR, |registry| registry.lets("333344445555"));
    let org = org.account("222233334444", service).account("333344445555", service);
    let world = org.account("444455556666", |account| service(account).deny("ecr:GetAuthorizationToken")).start().await;
    // One after the other, so that whoever is denied is asked first.
    let run = updater(&world).arg("--services-kept=1").arg("--regions-walked=1").run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert_eq!(entry_point(&world, "333344445555"), [json!("/right")], "{}", run.stdout);
    let says = |text: &str| assert!(run.stdout.contains(text), "{text:?} is not said: {}", run.stdout);
    says("no resource-based policy allows the ecr:BatchGetImage action");
    says("let account 222233334444 pull in the repository's policy in account 111122223333");
    assert_eq!(world.registered().len(), 2, "once it is known, whoever comes later needs no access of his own");
    assert_eq!(entry_point(&world, "444455556666"), [json!("/right")]);
}

#[tokio::test]
async fn an_account_without_a_token_is_told_which_permission_it_lacks() {
    let image = format!("{ECR}/app:1");
    let deny = |account: Account| account.service("web/app", silent("app", &image)).deny("ecr:GetAuthorizationToken");
    let world = Org::new().image(&image, &["/right"], &[]).account(ACCOUNT, deny).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, "web/app", "failed", "no token for 111122223333.dkr.ecr.us-east-1.amazonaws.com");
    assert!(run.stdout.contains("allow ecr:GetAuthorizationToken in FargateUpdaterMemberPolicy"), "{}", run.stdout);
}

/// One token for each account and Region of a registry, however many images there are.
#[tokio::test]
async fn a_token_is_fetched_once_for_many_images() {
    let images = (0..12).map(|number| format!("{ECR}/app-{number}:1")).collect::<Vec<_>>();
    let org = images.iter().fold(Org::new(), |org, image| org.image(image, &["/right"], &[]));
    let services = |account: Account| {
        images.iter().enumerate().fold(account, |account, (number, image)| {
            account.service(&format!("web/app-{number}"), silent(&format!("app-{number}"), image))
        })
    };
    let world = org.account(ACCOUNT, services).start().await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    assert_eq!(world.registered().len(), 12);
    assert_eq!(world.calls().of("GetAuthorizationToken"), 1);
    assert_eq!(world.calls().of("GET manifests"), 12);
}

#[tokio::test]
async fn a_busy_registry_is_asked_again_and_one_that_stays_busy_is_told_of() {
    let busy = |to: Option<u64>| FaultRule {
        operation: "GET manifests".to_owned(),
        account: None,
        region: None,
        from: 1,
        to,
        fault: faults::too_many_requests(),
    };
    let org = || Org::new().image("httpd:2.4", &["/right"], &[]);
    let (world, _) = protected(org().fault(busy(Some(2))), silent("app", "httpd:2.4"), as_it_is).await;
    assert_eq!(world.calls().of("GET manifests"), 3);

    let (world, run) = run_over(org().fault(busy(None)), silent("app", "httpd:2.4"), as_it_is).await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(run.stdout.contains("docker.io answers with too many requests (status 429)"), "{}", run.stdout);
    assert!(
        run.stdout.contains("give credentials in DOCKER_USER and DOCKER_PASS: Docker Hub lets those through"),
        "{}",
        run.stdout
    );
    assert_eq!(world.calls().of("GET manifests"), 4);

    // Whoever has logged in already is not told to.
    let login = |program: Program| program.env("DOCKER_USER", "me").env("DOCKER_PASS", "hunter2");
    let (_, run) = run_over(org().fault(busy(None)), silent("app", "httpd:2.4"), login).await;
    assert!(run.stdout.contains("hint:  run again later; or add"), "{}", run.stdout);
}

#[tokio::test]
async fn a_registry_that_fails_now_and_then_is_asked_once_more() {
    let image = "registry.example.test/app:1";
    for fault in [Fault::NoAnswer, Fault::HalfAnswer, Fault::raw(503, "text/html", "<html>busy</html>")] {
        let org = Org::new().image(image, &["/right"], &[]).fault_at("GET blobs", 1, fault);
        let (world, _) = protected(org, silent("app", image), as_it_is).await;
        assert_eq!(world.calls().of("GET blobs"), 2);
    }
}

#[tokio::test]
async fn what_is_no_image_is_told_as_that() {
    let image = "registry.example.test/app:1";
    let cases = [
        ("a page", Fault::raw(200, "text/html", "<html>log in</html>"), "cannot be used"),
        ("no JSON", Fault::raw(200, "application/json", "{"), "cannot be used"),
        ("another digest's content", Fault::raw(200, "application/json", r#"{"schemaVersion": 2}"#), "cannot be used"),
    ];
    for (name, fault, expected) in cases {
        let rule = FaultRule { operation: "GET manifests".to_owned(), account: None, region: None, from: 1, to: None, fault };
        let (_, run) = run_over(Org::new().image(image, &["/right"], &[]).fault(rule), silent("app", image), as_it_is).await;
        expect_exit(&run, exit::NOT_ALL);
        assert!(run.stdout.contains(expected), "{name}: {}", run.stdout);
        assert!(!run.stdout.contains("<html>"), "{name}: {}", run.stdout);
    }
    let (_, run) = run_over(Org::new(), silent("app", "Registry.Example.test/UPPER CASE"), as_it_is).await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(run.stdout.contains("is not an image's name"), "{}", run.stdout);
}

/// The way out depends on who was turned away.
#[tokio::test]
async fn a_login_that_is_not_accepted_is_named_by_where_it_comes_from() {
    let org = || {
        Org::new()
            .registry("registry.example.test", |it| it.image("app:1", &["/right"], &[]).basic("robot", "right"))
            .registry("docker.io", |it| it.image("me/app:1", &["/right"], &[]).token("me", "right"))
    };
    let with_auths: Edit = |program| program.env("DOCKER_AUTH_CONFIG", auths("registry.example.test", "robot", "hunter2"));
    let with_hub: Edit = |program| program.env("DOCKER_USER", "me").env("DOCKER_PASS", "hunter2");
    let cases = [
        ("registry.example.test/app:1", with_auths, "correct the entry for registry.example.test in DOCKER_AUTH_CONFIG"),
        ("registry.example.test/none:1", with_auths, "registry.example.test in DOCKER_AUTH_CONFIG"),
        ("me/app:1", with_hub, "correct DOCKER_USER and DOCKER_PASS"),
        ("me/app:1", as_it_is as Edit, "give credentials in DOCKER_USER and DOCKER_PASS if the image is private"),
    ];
    for (image, edit, hint) in cases {
        let (_, run) = run_over(org(), silent("app", image), edit).await;
        expect_exit(&run, exit::NOT_ALL);
        assert!(run.stdout.contains(hint), "{image}: {hint:?} is not said: {}", run.stdout);
        assert!(run.leaks(&["hunter2".to_owned()]).is_empty(), "{image}: {}", run.stdout);
    }
    let secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:pull-SiMuLa";
    let held = json!({ "username": "robot", "password": "hunter2" });
    let account = |account: Account| {
        account.service("web/app", pulled_with(secret, "registry.example.test/app:1")).secret("pull", held.clone())
    };
    let run = updater(&may_read_secrets(org()).account(ACCOUNT, account).start().await).run().await;
    assert!(run.stdout.contains("correct the secret of `repositoryCredentials`; or add"), "{}", run.stdout);
}

/// The vendor's own registry has this customer's token in the names of its images.
#[tokio::test]
async fn a_registry_token_in_an_images_name_is_not_shown() {
    let token = "tw_synthetic0token0of0this0customer";
    let image = format!("registry-auth.twistlock.com/{token}/twistlock/console:console_34_03_138");
    let (_, run) = run_over(Org::new(), silent("app", &image), as_it_is).await;
    expect_exit(&run, exit::NOT_ALL);
    let says = "registry-auth.twistlock.com/***/twistlock/console:console_34_03_138 is not known to its registry";
    assert!(run.stdout.contains(says), "{}", run.stdout);
    assert!(run.leaks(&[token.to_owned()]).is_empty(), "{}{}", run.stdout, run.stderr);
}

/// Only what was denied is a matter of permissions.
#[tokio::test]
async fn a_secret_that_holds_something_else_is_to_be_corrected() {
    let registry = |org: Org| org.registry("registry.example.test", |it| it.image("app:1", &["/right"], &[]).basic("robot", "x"));
    let account = |account: Account| {
        account.service("web/app", pulled_with("pull", "registry.example.test/app:1")).secret("pull", json!({ "user": "robot" }))
    };
    let run = updater(&may_read_secrets(registry(Org::new())).account(ACCOUNT, account).start().await).run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(run.stdout.contains("does not hold `username` and `password`"), "{}", run.stdout);
    assert!(run.stdout.contains("hint:  correct the secret of `repositoryCredentials`, or give credentials"), "{}", run.stdout);
}

/// A secret's name alone is another secret in each Region, and so is the login that it holds.
#[tokio::test]
async fn a_secret_by_its_name_is_the_regions_own() {
    let image = |tag: &str| format!("registry.example.test/app:{tag}");
    let org = Org::new().registry("registry.example.test", |it| {
        it.image("app:1", &["/right"], &[]).image("app:2", &["/right"], &[]).basic("robot", "right")
    });
    let holds = |password: &str| json!({ "username": "robot", "password": password });
    let account = |account: Account| {
        let home = account.service("web/app", pulled_with("pull", &image("1"))).secret("pull", holds("hunter2"));
        home.region("eu-west-1", |region| {
            region.service("web/app", pulled_with("pull", &image("2"))).secret("pull", holds("right"))
        })
    };
    let world = may_read_secrets(org).account(ACCOUNT, account).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert_eq!(entry_point(&world, ACCOUNT), Vec::<Value>::new(), "{}", run.stdout);
    let far = world.service(ACCOUNT, "eu-west-1", "web/app");
    assert_eq!(far.task_definition()["containerDefinitions"][0]["entryPoint"][3], "/right");
}
