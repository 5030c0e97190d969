//! What is measured: organizations of some sizes, and what is said to the program about each.
//!
//! All accounts of an organization are alike. Each service has a task definition of its own, and runs in the network that every Region
//! has, which lets everything out. The definition names what its container runs and its image by digest, so that there is nothing to
//! ask an image registry; with `--tags` the program asks ECS which image each service runs.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::console::Capacity;
use simulator::least::{Means, RollOuts, Size};
use simulator::scenario::Account;
use simulator::{Org, Region, World};

use crate::arguments::Arguments;

/// The Regions that every account has enabled without opting in, the home Region first.
/// Source: AWS Account Management Reference Guide, Enable or disable AWS Regions; from memory.
const REGIONS: [&str; 17] = [
    "us-east-1",
    "eu-west-1",
    "eu-central-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "sa-east-1",
];

const IMAGE: &str = "docker.io/library/httpd@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

const TAGGED_IMAGE: &str = "docker.io/library/httpd:2.4";

/// What stands for the 15 seconds between two looks at a roll-out.
pub(crate) const BETWEEN_LOOKS: Duration = Duration::from_millis(1_500);

/// Looks at a roll-out of 90 seconds.
const LOOKS: u32 = 6;

const ROLL_OUTS: u64 = 5;

/// One organization, and one or two runs over it.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    name: &'static str,
    size: Size,
    /// The name of a second run in the same world.
    again: Option<&'static str>,
    /// `None` stands for a Console that embeds any number at once.
    console: Option<Capacity>,
    /// Whether the program has only a quarter of a core.
    pub(crate) quarter_of_a_core: bool,
}

const fn size(accounts: u64, regions: u64, used_regions: u64, services: u64) -> Size {
    Size { accounts, regions, used_regions, services, is_protected: false, roll_outs: None }
}

/// Returns all scenarios in the order in which they are measured.
pub(crate) fn all() -> Vec<Scenario> {
    let plain = |name, size| Scenario { name, size, again: None, console: None, quarter_of_a_core: false };
    let capacity = Capacity { at_once: 20, milliseconds: 60, in_line: 200 };
    let small = |name| Scenario { console: Some(capacity), ..plain(name, size(40, 3, 3, 5)) };
    let waiting = Size { roll_outs: Some(RollOuts { looks: u64::from(LOOKS), at_once: ROLL_OUTS }), ..size(40, 3, 3, 5) };
    vec![
        small(names::SMALL),
        Scenario { quarter_of_a_core: true, ..small(names::QUARTER) },
        Scenario { size: waiting, ..small(names::WAITING) },
        Scenario { again: Some(names::AGAIN), ..plain(names::MIDDLE, size(200, 4, 4, 25)) },
        plain(names::WIDE, size(200, 17, 3, 5)),
        plain(names::WIDEST, size(2_000, 17, 3, 5)),
        plain(names::LARGEST, size(10_000, 2, 1, 1)),
        plain(names::DEFINITIONS, size(1, 1, 1, 500)),
    ]
}

/// Names by which targets find their scenario.
pub(crate) mod names {
    pub(crate) const SMALL: &str = "40 x 3 x 5";
    pub(crate) const QUARTER: &str = "40 x 3 x 5 in a quarter of a core";
    pub(crate) const WAITING: &str = "40 x 3 x 5 with WAIT=true";
    pub(crate) const MIDDLE: &str = "200 x 4 x 25";
    pub(crate) const AGAIN: &str = "200 x 4 x 25, second run";
    pub(crate) const WIDE: &str = "200 x 17, services in 3";
    pub(crate) const WIDEST: &str = "2,000 x 17, services in 3";
    pub(crate) const LARGEST: &str = "10,000 x 2, services in 1";
    pub(crate) const DEFINITIONS: &str = "500 definitions in one account-Region";
}

impl Scenario {
    /// Returns the names of its runs.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.again)
    }

    /// Returns its runs: what each is called, and what it has to do.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (&'static str, Size)> {
        let again = self.again.map(|name| (name, Size { is_protected: true, ..self.size }));
        std::iter::once((self.name, self.size)).chain(again)
    }

    /// Returns what a run has to work with, for the lower bound of its time.
    pub(crate) fn means(&self, arguments: &Arguments) -> Means {
        let rate = |capacity: Capacity| capacity.at_once as f64 * 1_000.0 / capacity.milliseconds.max(1) as f64;
        Means {
            latency: arguments.latency,
            pace: arguments.pace(),
            concurrency: arguments.concurrency(),
            embeds_a_second: self.console.map(rate),
            between_looks: BETWEEN_LOOKS,
        }
    }

    /// Returns what of it the names do not say.
    pub(crate) fn note(&self) -> String {
        let console = self.console.map(|capacity| {
            let Capacity { at_once, milliseconds, in_line } = capacity;
            format!("the Console embeds {at_once} at once, each in {milliseconds} ms, with {in_line} in line")
        });
        let waits = self.size.roll_outs.map(|roll_outs| {
            format!(
                "a look every {} ms stands for 15 s, roll-outs take {} looks (90 s), ROLLOUTS={}",
                BETWEEN_LOOKS.as_millis(),
                roll_outs.looks,
                roll_outs.at_once
            )
        });
        let notes: Vec<String> = console.into_iter().chain(waits).collect();
        notes.join("; ")
    }

    /// Returns what the program is told.
    pub(crate) fn arguments(&self) -> Vec<String> {
        match self.size.roll_outs {
            None => vec!["--wait=false".to_owned()],
            Some(roll_outs) => vec![
                "--wait=true".to_owned(),
                format!("--rollouts={}", roll_outs.at_once),
                format!("--watch-every-ms={}", BETWEEN_LOOKS.as_millis()),
            ],
        }
    }

    /// Starts its world.
    pub(crate) async fn start(&self, arguments: &Arguments) -> World {
        let mut org = Org::new().latency(arguments.latency).counting_only().without_empty_pages();
        if arguments.throttling {
            org = org.throttled_as_aws_throttles();
        }
        if self.size.roll_outs.is_some() {
            org = org.roll_outs_take(LOOKS);
        }
        if let Some(Capacity { at_once, milliseconds, in_line }) = self.console {
            org = org.console(|console| console.capacity(at_once, milliseconds, in_line));
        }
        let image = if arguments.tags { TAGGED_IMAGE } else { IMAGE };
        let mut accounts = (1..=self.size.accounts).map(|number| account(number, &self.size, image));
        org.management = accounts.next().unwrap_or_default();
        org.accounts = accounts.collect();
        org.start().await
    }
}

fn account(number: u64, size: &Size, image: &str) -> Account {
    let regions = REGIONS.iter().take(usize::try_from(size.regions).unwrap_or(REGIONS.len()));
    let mut account = Account::new(&format!("{}", 100_000_000_000 + number));
    for (region, at) in regions.zip(0..) {
        let used = at < size.used_regions;
        let id = account.id.clone();
        let with_service =
            |to: Region, number| to.service(&format!("web/service-{number}"), definition(&id, region, number, image));
        let furnish = |region| if used { (1..=size.services).fold(region, with_service) } else { region };
        if at == 0 {
            account.home = furnish(account.home);
        } else {
            account = account.region(region, furnish);
        }
    }
    account
}

/// Returns a task definition of usual size, which no other account and Region has.
fn definition(account: &str, region: &str, number: u64, image: &str) -> Value {
    json!({
        "family": format!("service-{number}"),
        "executionRoleArn": format!("arn:aws:iam::{account}:role/ecsTaskExecutionRole"),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1024",
        "containerDefinitions": [{
            "name": "app",
            "image": image,
            "essential": true,
            "entryPoint": ["/usr/local/bin/entrypoint.sh"],
            "command": ["httpd-foreground", "-D", "FOREGROUND"],
            "portMappings": [{ "containerPort": 8080 }],
            "environment": [
                { "name": "STAGE", "value": "production" },
                { "name": "LOG_LEVEL", "value": "info" },
                { "name": "SERVICE_NUMBER", "value": number.to_string() },
                { "name": "DATABASE_HOST", "value": "database.internal.example.com" },
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": format!("/ecs/service-{number}"),
                    "awslogs-region": region,
                    "awslogs-stream-prefix": "app",
                },
            },
        }],
        "tags": [{ "key": "team", "value": "shop" }, { "key": "cost-center", "value": "4711" }],
    })
}
