//! A few small organizations and the runs through them that together make every call there is, with every permission there is.

use serde_json::{Value, json};
use simulator::scenario::network::{APP_GROUP, NetworkAcl, PRIVATE_SUBNET, Vpc};
use simulator::scenario::{CONSOLE_SECRET, ROOT};
use simulator::{Org, Program, World};

/// The account most of it happens in.
pub(crate) const ACCOUNT: &str = "111122223333";

/// An organization and what is done in it, one run after the other.
pub(crate) struct Fleet {
    pub(crate) name: &'static str,
    pub(crate) org: fn() -> Org,
    runs: fn(&World) -> Vec<(Program, i32)>,
}

/// All of them.
pub(crate) const FLEETS: [Fleet; 7] = [
    Fleet { name: "images that must be read", org: with_images, runs: |world| vec![(updater(world), 0)] },
    Fleet {
        name: "an organizational unit",
        org: || shop().unit(UNIT, ROOT, &[ACCOUNT]),
        runs: |world| vec![(updater(world).env("ORGANIZATIONAL_UNITS", UNIT), 0)],
    },
    Fleet {
        name: "a network that is opened, and closed again",
        org: closed,
        runs: |world| {
            let undo = updater(world).arg("undo").without_env("PCC_SECRET");
            vec![(updater(world).env("DEFENDER_IMAGE", DEFENDER), 0), (undo, 0)]
        },
    },
    Fleet {
        name: "a task of ECS that looks for others",
        org: || shop().updater_task("own", |task| task),
        runs: |world| vec![(updater(world).env("ECS_CONTAINER_METADATA_URI_V4", world.task_metadata("own")), 0)],
    },
    Fleet { name: "roll-outs that fail", org: failing, runs: |world| vec![(updater(world), 3)] },
    Fleet {
        name: "secrets with keys of their own",
        org: || with_images().secrets_with_own_keys(),
        runs: |world| {
            let run = || updater(world).env("PCC_SECRET", CONSOLE_SECRET);
            vec![(run().arg("--dry-run"), 0), (run(), 0)]
        },
    },
    Fleet {
        name: "a report for a bucket with a key of its own",
        org: || shop().bucket("reports", |bucket| bucket.own_key()).stack(|stack| stack.parameter("ReportBucket", "reports")),
        runs: |world| vec![(updater(world).env("REPORT", "s3://reports/fargate/report.json"), 0)],
    },
];

const UNIT: &str = "ou-ab12-11111111";
const DEFENDER: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/defender:1";

/// Where the secrets of private registries are that the member role may read.
const REGISTRY_SECRETS: &str = "arn:aws:secretsmanager:*:*:secret:pull-*";

impl Fleet {
    /// Does the runs, and returns what came of each.
    ///
    /// # Errors
    ///
    /// When one of them ends with another exit code than it should.
    pub(crate) async fn run(&self, world: &World) -> Result<Vec<String>, String> {
        let mut told = Vec::new();
        for (program, expected) in (self.runs)(world) {
            let ran = program.run().await;
            if ran.exit_code != Some(expected) {
                return Err(format!("{}: {:?}\n{}{}", self.name, ran.exit_code, ran.stdout, ran.stderr));
            }
            let mut lines: Vec<String> = ran.stdout.lines().filter_map(gist).collect();
            lines.sort();
            told.extend(lines);
        }
        Ok(told)
    }
}

/// Returns what a line of a report comes to, without what is another thing in each run.
fn gist(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let message = line["message"].as_str()?;
    let of = |key: &str| line.get(key).map(ToString::to_string).unwrap_or_default();
    let findings = line["findings"].as_array().into_iter().flatten().map(|finding| finding["code"].to_string());
    let findings: Vec<String> = findings.collect();
    let keys = ["account", "service", "outcome", "reason", "stage", "text", "roll_out", "ports", "complete", "warnings"];
    Some(format!("{message} {} {}", keys.map(of).join(" "), findings.join(" ")))
}

fn updater(world: &World) -> Program {
    let program = Program::new(env!("CARGO_BIN_EXE_fargate-updater")).in_world(world);
    program.arg("--first-wait-ms=1").arg("--watch-every-ms=1").arg("--quota-scale=1000")
}

fn shop() -> Org {
    Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"))
}

/// An image in ECR that must be read, one that is pulled with a secret, and tags that may name other images by now.
fn with_images() -> Org {
    let worker = "111122223333.dkr.ecr.us-east-1.amazonaws.com/worker:1.0";
    let org = shop().image(worker, &["/worker"], &[]).account("222233334444", |account| {
        let account = account.service("web/pulled", pulled_with_a_secret());
        account.secret("pull", json!({ "username": "u", "password": "p" }))
    });
    let org = org.image("registry.example.test/pulled:1", &["/pulled"], &[]);
    let org = org.account("333344445555", |account| account.service("web/worker", "no_entry_point.json"));
    let org = org.registry("111122223333.dkr.ecr.us-east-1.amazonaws.com", |registry| registry.lets("333344445555"));
    org.stack(|stack| stack.parameter("RegistrySecretArns", REGISTRY_SECRETS))
}

/// A definition whose image is pulled with a secret of its account, and whose entry point only the image knows.
fn pulled_with_a_secret() -> Value {
    json!({
        "family": "pulled",
        "networkMode": "awsvpc",
        "containerDefinitions": [{
            "name": "pulled",
            "image": "registry.example.test/pulled:1",
            "repositoryCredentials": {
                "credentialsParameter": "arn:aws:secretsmanager:us-east-1:222233334444:secret:pull-SiMuLa",
            },
        }],
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
    })
}

/// A closed group and a closed ACL, behind a NAT gateway; a prefix list; the Defender's image in ECR.
fn closed() -> Org {
    let network = |vpc: Vpc| {
        let vpc =
            vpc.group(APP_GROUP, |group| group.without_egress().egress("tcp", 443, 443, "0.0.0.0/0").egress("tcp", 1, 1, "pl-1"));
        let acl = |acl: NetworkAcl| {
            let acl = acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0");
            acl.allow_in(100, "tcp", 32768, 65535, "0.0.0.0/0")
        };
        vpc.acl("acl-closed", acl).subnet(PRIVATE_SUBNET, |subnet| subnet.acl("acl-closed"))
    };
    Org::new().console(|console| console.self_hosted()).image(DEFENDER, &["/defender"], &[]).account(ACCOUNT, |account| {
        account.network(network).prefix_list("pl-1", &["203.0.113.0/24"]).service("web/checkout", "httpd.json")
    })
}

/// Roll-outs that fail, and one that is not rolling.
fn failing() -> Org {
    let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.4";
    Org::new().image_fails_behind_defender(image, 1).account(ACCOUNT, |account| {
        let account =
            account.service("web/one", "httpd.json").service_with("web/green", "orders.json", |it| it.strategy("BLUE_GREEN"));
        account.service_with("web/untold", "httpd.json", |service| service.untold_deployment())
    })
}
