//! Runs as events: one with something of everything, and as many services as are asked for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fargate_updater::events::{
    Beginning, Event, Failure, Finding, Opened, Outcome, Place, RollOut, ServiceEnded, ServiceId, Stage, Unattempted, Unseen,
    Unverified, Verified,
};
use fargate_updater::ids::{AccountId, RegionName, SecurityGroupId, TaskDefinitionArn, VpcId};
use fargate_updater::plan::network::Opening;
use fargate_updater::plan::verify::{Connections, Unknown};
use fargate_updater::plan::{Outdated, SkipReason};
use fargate_updater::progress::Spent;
use fargate_updater::report::files::destination::Destination;
use fargate_updater::report::files::totals::Totals;
use fargate_updater::report::files::{Files, Finished};
use regex::Regex;
use tempfile::TempDir;

pub(crate) const ACCOUNT: &str = "111122223333";

pub(crate) fn account(id: &str) -> AccountId {
    id.parse().expect("an account id")
}

fn region(name: &str) -> RegionName {
    name.parse().expect("a Region")
}

pub(crate) fn revision(of: &str, family: &str, number: u32) -> TaskDefinitionArn {
    format!("arn:aws:ecs:us-east-1:{of}:task-definition/{family}:{number}").parse().expect("an ARN")
}

/// A service by its place; names are taken as they are, whatever they hold.
pub(crate) fn service(id: &str, in_region: &str, cluster: &str, name: &str) -> ServiceId {
    ServiceId {
        account: account(id),
        region: region(in_region),
        cluster: cluster.to_owned(),
        name: name.to_owned(),
        arn: format!("arn:aws:ecs:{in_region}:{id}:service/web/checkout").parse().expect("an ARN"),
        task_definition: Some(revision(id, "orders", 1)),
    }
}

fn ended(id: &str, in_region: &str, name: &str, outcome: Outcome) -> Event {
    Event::Service(ServiceEnded::new(service(id, in_region, "web", name), outcome))
}

/// Tells what was found of a service's tasks: so many connected, so many not, so many of which that is unknown.
fn verified(id: &str, in_region: &str, name: &str, [connected, missing, unknown]: [u32; 3], why: Option<Unknown>) -> Event {
    let connections = Connections { connected, missing, unknown, why_unknown: why };
    Event::Verified(Box::new(Verified { service: service(id, in_region, "web", name), connections }))
}

pub(crate) fn began() -> Event {
    Event::Began(Box::new(Beginning {
        run_id: "20261121T130806Z-glaq".to_owned(),
        caller: account("123456789012"),
        region: region("us-east-1"),
        console: "https://us-east1.cloud.twistlock.com/us-9-000000001".to_owned(),
        console_version: "34.03.138".to_owned(),
        defender_version: "34.03.138".to_owned(),
        ws_address: "wss://us-east1.cloud.twistlock.com:443".to_owned(),
        network: ("patch", "are opened".to_owned()),
        dry_run: false,
    }))
}

pub(crate) fn listed(in_scope: usize, names: &[(&str, &str)]) -> Event {
    let names: BTreeMap<_, _> = names.iter().map(|(id, name)| (account(id), (*name).to_owned())).collect();
    Event::AccountsListed { in_scope, names }
}

pub(crate) fn failure(stage: Stage, causes: &[&str], hint: Option<&str>) -> Failure {
    Failure { stage, causes: causes.iter().map(|cause| (*cause).to_owned()).collect(), hint: hint.map(str::to_owned) }
}

/// Something of everything, in no order.
pub(crate) fn fixed() -> Vec<Event> {
    let moved = |from: u32, to: u32| (revision(ACCOUNT, "orders", from), revision(ACCOUNT, "orders", to));
    let (from, to) = moved(1, 2);
    let protected = Outcome::Protected { from, to, roll_out: RollOut::Done };
    let (from, to) = moved(4, 5);
    let why = Outdated::Version { installed: "33.01.137".to_owned(), today: "34.03.138".to_owned() };
    let going = RollOut::Going { running: 1, desired: 3, stopped: false };
    let upgraded = Outcome::Upgraded { from, to, why: why.clone(), roll_out: going };
    let hint = "add the image's own entry point as `entryPoint` to the container in the task definition";
    let failed = failure(Stage::EntryPoint, &["could not find the entry point of container report", "it is nowhere"], Some(hint));
    let mut noted = ServiceEnded::new(service(ACCOUNT, "us-east-1", "web", "orders"), protected.clone());
    noted.findings = vec![Finding::WaasPortNowhere { port: 9000 }, Finding::Downtime];
    let opened = Opened {
        account: account(ACCOUNT),
        region: region("us-east-1"),
        vpc: VpcId::from("vpc-0123456789abcdef0"),
        service: service(ACCOUNT, "us-east-1", "web", "orders"),
        opening: Opening::Rule {
            group: SecurityGroupId::from("sg-0a1b2c3d"),
            port: 443,
            to: vec!["0.0.0.0/0".parse().expect("a block")],
            ids: vec!["sgr-0123456789abcdef0".to_owned()],
        },
    };
    let role = failure(Stage::AssumeRole, &["could not assume the role FargateDeployMember"], Some("check that it exists"));
    let member = "444455556666";
    vec![
        began(),
        Event::Warning { text: "the Console's certificate is about to end".to_owned() },
        listed(4, &[(ACCOUNT, "Payments"), (member, "Search & Co"), ("555566667777", "Old")]),
        ended(
            "222233334444",
            "eu-west-1",
            "search",
            Outcome::UpToDate { task_definition: revision("222233334444", "search", 7) },
        ),
        ended(ACCOUNT, "us-east-1", "report", Outcome::Failed(failed)),
        Event::Opened(Box::new(opened)),
        Event::Service(noted),
        ended(ACCOUNT, "eu-west-1", "checkout", protected),
        ended(ACCOUNT, "us-east-1", "import", upgraded),
        ended(ACCOUNT, "us-east-1", "render", Outcome::Skipped(SkipReason::NotFargate { runs_on: "EC2".to_owned() })),
        ended(ACCOUNT, "us-east-1", "desktop", Outcome::Skipped(SkipReason::Windows)),
        ended("222233334444", "us-east-1", "old", Outcome::Skipped(SkipReason::UpgradesAreOff { outdated: why })),
        ended("222233334444", "us-east-1", "later", Outcome::NotAttempted(Unattempted::MostChanges { most: 3 })),
        Event::Unseen { place: Place::account(&account(member)), why: Unseen::Failed(role) },
        Event::Unseen {
            place: Place::account(&account("555566667777")),
            why: Unseen::NotActive { state: "SUSPENDED".to_owned() },
        },
        Event::Unseen { place: Place::region(&account(ACCOUNT), &region("ap-southeast-1")), why: Unseen::DeniedByOrganization },
        verified(ACCOUNT, "us-east-1", "orders", [1, 0, 2], Some(Unknown::TooYoung)),
        verified("222233334444", "eu-west-1", "search", [1, 1, 0], None),
        verified(ACCOUNT, "eu-west-1", "checkout", [3, 0, 0], None),
        Event::Unverified { services: 2, why: Unverified::TooMany { most: 3 } },
    ]
}

/// A fleet of so many services in so many accounts, most of them protected.
pub(crate) fn fleet(services: u64, accounts: u64) -> impl Iterator<Item = Event> {
    let names: BTreeMap<AccountId, String> = (0..accounts).map(|number| (member(number), format!("Team {number}"))).collect();
    let head = [began(), Event::AccountsListed { in_scope: names.len(), names }];
    let ended = head.into_iter().chain((0..services).map(move |number| fleet_service(number, accounts)));
    // As many as a run verifies, each when all have ended.
    let rolled_out = (0..services).filter(|number| (4..=12).contains(&(number % 50))).take(MOST_VERIFIED);
    ended.chain(rolled_out.map(move |number| {
        let connections = Connections { connected: 2, missing: 0, unknown: 0, why_unknown: None };
        Event::Verified(Box::new(Verified { service: fleet_id(number, accounts), connections }))
    }))
}

/// Of a large fleet a run verifies so many services.
const MOST_VERIFIED: usize = 10_000;

fn fleet_id(number: u64, accounts: u64) -> ServiceId {
    let id = member(number % accounts).to_string();
    let in_region = ["us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2"][(number / accounts % 4) as usize];
    service(&id, in_region, &format!("cluster-{}", number % 3), &format!("service-{number:06}"))
}

fn member(number: u64) -> AccountId {
    account(&format!("{:012}", 100_000_000_000 + number))
}

fn fleet_service(number: u64, accounts: u64) -> Event {
    let id = member(number % accounts).to_string();
    let family = format!("team-{}-service-{number}", number % 17);
    let (from, to) = (revision(&id, &family, 7), revision(&id, &family, 8));
    let outcome = match number % 50 {
        0 => Outcome::Skipped(SkipReason::NotFargate { runs_on: "EC2".to_owned() }),
        1 => Outcome::Skipped(SkipReason::TasksMissing { running: 1, desired: 3 }),
        2 => Outcome::Failed(failure(
            Stage::Register,
            &["could not register a new revision", "RegisterTaskDefinition was denied: not authorized to perform iam:PassRole"],
            Some("allow iam:PassRole for this role in FargateUpdaterMemberPolicy, then run again"),
        )),
        3 => Outcome::Skipped(SkipReason::UpgradesAreOff {
            outdated: Outdated::Version { installed: "33.01.137".to_owned(), today: "34.03.138".to_owned() },
        }),
        4..=9 => Outcome::Protected { from, to, roll_out: RollOut::Done },
        10..=12 => Outcome::Upgraded {
            from,
            to,
            why: Outdated::Version { installed: "32.07.123".to_owned(), today: "34.03.138".to_owned() },
            roll_out: RollOut::Done,
        },
        _ => Outcome::UpToDate { task_definition: to },
    };
    Event::Service(ServiceEnded::new(fleet_id(number, accounts), outcome))
}

/// The reports of a run in a directory of their own.
pub(crate) struct Written {
    pub(crate) directory: TempDir,
    pub(crate) totals: Totals,
}

impl Written {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("the report is there")
    }
}

/// What the fixed run took.
pub(crate) fn spent() -> Spent {
    Spent { elapsed: Duration::from_secs(252), calls: 2310, throttled: 4, console_calls: 61, console_throttled: 0 }
}

/// Writes reports of a run by these names, and checks that nothing else is left.
pub(crate) fn write(names: &[&str], events: impl IntoIterator<Item = Event>) -> Written {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut files = Files::new(destinations(directory.path(), names), directory.path());
    events.into_iter().for_each(|event| files.add(&event));
    files.totals.spent = Some(spent());
    let Finished { totals, failed, uploads } = files.finish();
    assert!(failed.is_empty() && uploads.is_empty(), "{failed:?} {uploads:?}");
    let mut left: Vec<String> = std::fs::read_dir(directory.path())
        .expect("the directory can be read")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    let mut expected: Vec<&str> = names.to_vec();
    expected.sort_unstable();
    assert_eq!(left, expected);
    Written { directory, totals }
}

pub(crate) fn destinations(directory: &Path, names: &[&str]) -> Vec<Destination> {
    let path = |name: &&str| directory.join(name).display().to_string();
    names.iter().map(|name| Destination::parse(&path(name)).expect("a destination")).collect()
}

/// Masks what differs from run to run.
pub(crate) fn redacted(text: &str) -> String {
    let masks = [
        ("[0-9]{8}T[0-9]{6}Z-[a-z]{4}", "RUN"),
        ("[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9:.]+(Z| UTC)", "TIME"),
        ("<dd>[0-9]+s</dd>", "<dd>DURATION</dd>"),
        ("\\| took \\| [0-9]+s \\|", "| took | DURATION |"),
        ("sha256-[A-Za-z0-9+/=]+", "sha256-HASH"),
    ];
    masks.iter().fold(text.to_owned(), |text, (pattern, mask)| {
        Regex::new(pattern).expect("a pattern").replace_all(&text, *mask).into_owned()
    })
}
