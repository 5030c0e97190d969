//! The image reader against a real registry server: Debian's `docker-registry`, started here on loopback.
//!
//! Where it is not installed these tests say so, loudly, and pass; with `REGISTRY_TESTS=required`, as in `.ci/run`, they fail.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use fargate_updater::exit;
use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::{ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciImageIndex, Platform};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use serde_json::{Value, json};
use simulator::{Finished, Forwarder, Org, Program};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::support::{ACCOUNT, HOME, expect_exit};

const HOST: &str = "registry.example.test";
const ECR: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com";

/// Longer than a registry takes to start; it only ever ends a test that hangs.
const WATCHDOG: Duration = Duration::from_secs(60);

/// bcrypt of `hunter2`, and of what every simulated ECR token begins with: bcrypt looks at 72 bytes.
const USERS: &str = "robot:$2b$04$5./FQnfR3rgA85FFt3VBfOfLkB5fep96AvZU7S1X4aTsK6IJZSl62\n\
                     AWS:$2b$04$weAQrRBZ09lFS7qMPCqu..rvxyI4da9SUXJUhPcNYDCqZ0V96wNiO\n";

/// A real registry under way, which answers below the path that stands for a host. It ends when it is dropped.
struct RealRegistry {
    host: &'static str,
    address: SocketAddr,
    auth: RegistryAuth,
    _server: Child,
    _folder: TempDir,
}

/// Starts a registry, with passwords or without; nothing where none is installed and none is demanded.
async fn start(host: &'static str, with_passwords: bool) -> Option<RealRegistry> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let auth = if with_passwords {
        format!("auth: {{htpasswd: {{realm: simulated, path: {}}}}}\n", path("users"))
    } else {
        String::new()
    };
    std::fs::write(folder.path().join("users"), USERS).expect("a file in it");
    // Another program may take the port between here and there; then the registry ends, and the next port is tried.
    for _ in 0..5 {
        let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = free.local_addr().expect("a listener has an address");
        drop(free);
        let config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: \"{address}\", prefix: /{host}/}}\n{auth}",
            path("data")
        );
        std::fs::write(folder.path().join("config.yml"), config).expect("a file in it");
        let mut command = Command::new("docker-registry");
        command.args(["serve", &path("config.yml")]).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let mut server = match command.spawn() {
            Ok(server) => server,
            Err(error) => {
                absent(&error.to_string());
                return None;
            }
        };
        let answers = async {
            while tokio::net::TcpStream::connect(address).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            // It ended by itself.
            _ = server.wait() => {}
            answered = tokio::time::timeout(WATCHDOG, answers) => {
                answered.expect("the registry answers");
                let auth = match (with_passwords, host) {
                    (false, _) => RegistryAuth::Anonymous,
                    (true, ECR) => RegistryAuth::Basic("AWS".to_owned(), simulated_token()),
                    (true, _) => RegistryAuth::Basic("robot".to_owned(), "hunter2".to_owned()),
                };
                return Some(RealRegistry { host, address, auth, _server: server, _folder: folder });
            }
        }
    }
    panic!("docker-registry does not start");
}

/// What every simulated ECR token begins with.
fn simulated_token() -> String {
    format!("SimulatedRegistryToken{}", "0123456789abcdef".repeat(16))
}

fn absent(why: &str) {
    let required = std::env::var("REGISTRY_TESTS").is_ok_and(|value| value == "required");
    assert!(!required, "docker-registry is required here and cannot be started: {why}");
    // Not by a macro, whose output the test harness keeps to itself.
    let line = "\n### SKIPPED: docker-registry is not installed, so that nothing was tested against a real registry (apt-get install \
                docker-registry)\n";
    let _ = std::io::stderr().write_all(line.as_bytes());
}

impl RealRegistry {
    fn client(&self) -> Client {
        Client::new(ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() })
    }

    fn reference(&self, tag: &str) -> Reference {
        Reference::with_tag(format!("{}/{}", self.address, self.host), "team/app".to_owned(), tag.to_owned())
    }

    /// Pushes an image of one layer, and returns the digest of its manifest.
    async fn push(&self, tag: &str, architecture: &str, entry_point: &[&str], command: &[&str]) -> String {
        let configuration = json!({
            "architecture": architecture, "os": "linux", "rootfs": { "type": "layers", "diff_ids": [] },
            "config": { "Entrypoint": entry_point, "Cmd": command },
        });
        let config = Config::oci_v1(configuration.to_string().into_bytes(), None);
        let layer = ImageLayer::oci_v1(b"a layer of nothing".to_vec(), None);
        let reference = self.reference(tag);
        let client = self.client();
        client.push(&reference, &[layer], config, &self.auth, None).await.expect("the registry takes the image");
        client.fetch_manifest_digest(&reference, &self.auth).await.expect("the registry knows the image")
    }

    /// Pushes an index of images that were pushed before.
    async fn push_index(&self, tag: &str, entries: &[(&str, &str)]) {
        let entry = |(architecture, digest): &(&str, &str)| ImageIndexEntry {
            media_type: OCI_IMAGE_MEDIA_TYPE.to_owned(),
            digest: (*digest).to_owned(),
            size: 0,
            platform: Some(
                serde_json::from_value::<Platform>(json!({ "architecture": architecture, "os": "linux" })).expect("a platform"),
            ),
            annotations: None,
            artifact_type: None,
        };
        let index = OciImageIndex {
            schema_version: 2,
            media_type: Some(OCI_IMAGE_INDEX_MEDIA_TYPE.to_owned()),
            manifests: entries.iter().map(entry).collect(),
            artifact_type: None,
            annotations: None,
        };
        self.client().push_manifest_list(&self.reference(tag), &self.auth, index).await.expect("the registry takes the index");
    }
}

/// Runs the program over a service that runs this image, and returns what it runs behind the Defender's prefix, and how it ended.
async fn run_over(at: SocketAddr, image: &str, architecture: &str, edit: impl FnOnce(Program) -> Program) -> (Value, Finished) {
    let definition = json!({
        "family": "app",
        "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
        "networkMode": "awsvpc",
        "containerDefinitions": [{ "name": "app", "image": image }],
        "requiresCompatibilities": ["FARGATE"],
        "runtimePlatform": { "cpuArchitecture": architecture, "operatingSystemFamily": "LINUX" },
        "cpu": "256",
        "memory": "512",
    });
    let world = Org::new().account(ACCOUNT, |account| account.service("web/app", definition)).start().await;
    let program = Program::new(env!("CARGO_BIN_EXE_fargate-updater"))
        .env("ALLOW_ARM64", "true")
        .env("LOG_FORMAT", "text")
        .env("VERIFY", "false");
    let program =
        program.args(["--first-wait-ms=1".to_owned(), "--watch-every-ms=1".to_owned(), format!("--registries-at={at}")]);
    // Everything but the registries is simulated.
    let program = world.environment().into_iter().fold(program, |program, (name, value)| program.env(name, value));
    let run = edit(program).run().await;
    let container = world.service(ACCOUNT, HOME, "web/app").task_definition()["containerDefinitions"][0].clone();
    let entry_point = container["entryPoint"].as_array().and_then(|words| words.get(3..)).unwrap_or_default().to_vec();
    (json!([entry_point, container["command"]]), run)
}

fn as_it_is(program: Program) -> Program {
    program
}

#[tokio::test]
async fn a_single_manifest_an_index_a_digest_and_a_busy_registry() {
    let Some(registry) = start(HOST, false).await else { return };
    let amd64 = registry.push("1", "amd64", &["/amd64"], &["serve"]).await;
    let arm64 = registry.push("arm64", "arm64", &["/arm64"], &[]).await;
    registry.push_index("index", &[("arm64", arm64.as_str()), ("amd64", amd64.as_str())]).await;
    registry.push("latest", "amd64", &[], &["/latest"]).await;
    let cases = [
        ("a single manifest", format!("{HOST}/team/app:1"), "X86_64", json!([["/amd64"], ["serve"]])),
        ("an index, for one platform", format!("{HOST}/team/app:index"), "X86_64", json!([["/amd64"], ["serve"]])),
        ("an index, for another", format!("{HOST}/team/app:index"), "ARM64", json!([["/arm64"], null])),
        ("a digest", format!("{HOST}/team/app@{amd64}"), "X86_64", json!([["/amd64"], ["serve"]])),
        ("a tag and a digest", format!("{HOST}/team/app:arm64@{amd64}"), "X86_64", json!([["/amd64"], ["serve"]])),
        ("no tag", format!("{HOST}/team/app"), "X86_64", json!([[], ["/latest"]])),
    ];
    for (name, image, architecture, expected) in cases {
        let (found, run) = run_over(registry.address, &image, architecture, as_it_is).await;
        expect_exit(&run, exit::DONE);
        assert_eq!(found, expected, "{name}");
    }
    for (image, text) in [
        (format!("{HOST}/team/app:2"), "registry.example.test/team/app:2 is not known to its registry: manifest unknown"),
        (format!("{HOST}/nobody/app:1"), "registry.example.test/nobody/app:1 is not known to its registry"),
    ] {
        let (_, run) = run_over(registry.address, &image, "X86_64", as_it_is).await;
        expect_exit(&run, exit::NOT_ALL);
        assert!(run.stdout.contains(text), "{text:?} is not said: {}", run.stdout);
    }

    // The registry itself is never busy, so that what stands before it is.
    let busy = Forwarder::start(registry.address).await;
    busy.answer_next(2, 429, r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#);
    let (found, run) = run_over(busy.address(), &format!("{HOST}/team/app:1"), "X86_64", as_it_is).await;
    expect_exit(&run, exit::DONE);
    assert_eq!(found, json!([["/amd64"], ["serve"]]));
    busy.answer_next(1000, 429, r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#);
    let (_, run) = run_over(busy.address(), &format!("{HOST}/team/app:1"), "X86_64", as_it_is).await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(
        run.stdout.contains("registry.example.test answers with too many requests (status 429): slow down"),
        "{}",
        run.stdout
    );
}

#[tokio::test]
async fn name_and_password_from_dockers_configuration() {
    let Some(registry) = start(HOST, true).await else { return };
    registry.push("1", "amd64", &["/private"], &[]).await;
    let image = format!("{HOST}/team/app:1");
    let auths = |password: &str| json!({ "auths": { HOST: { "username": "robot", "password": password } } }).to_string();
    let login = |program: Program| program.env("DOCKER_AUTH_CONFIG", auths("hunter2"));
    let (found, run) = run_over(registry.address, &image, "X86_64", login).await;
    expect_exit(&run, exit::DONE);
    assert_eq!(found, json!([["/private"], null]));
    for wrong in [Some("hunter3"), None] {
        let edit = |program: Program| wrong.into_iter().fold(program, |it, wrong| it.env("DOCKER_AUTH_CONFIG", auths(wrong)));
        let (_, run) = run_over(registry.address, &image, "X86_64", edit).await;
        expect_exit(&run, exit::NOT_ALL);
        assert!(run.stdout.contains("registry.example.test/team/app:1 was denied by its registry"), "{}", run.stdout);
        assert!(run.leaks(&["hunter2".to_owned(), "hunter3".to_owned()]).is_empty(), "{}", run.stdout);
    }
}

#[tokio::test]
async fn a_token_as_ecr_hands_it_out() {
    let Some(registry) = start(ECR, true).await else { return };
    registry.push("1", "amd64", &["/from-ecr"], &["serve"]).await;
    let (found, run) = run_over(registry.address, &format!("{ECR}/team/app:1"), "X86_64", as_it_is).await;
    expect_exit(&run, exit::DONE);
    assert_eq!(found, json!([["/from-ecr"], ["serve"]]));
    assert!(run.leaks(&["SimulatedRegistryToken".to_owned()]).is_empty(), "{}", run.stdout);
}
