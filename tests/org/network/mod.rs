//! The network is opened as far as it is ours to open, before anything is registered; what certainly blocks fails the service.
//!
//! `opens` is what is opened and what is left closed, `blocks` what is reported instead, `asks_little` how often EC2 is asked,
//! `shared` subnets of other accounts, `halfway` what happens when something goes wrong in between,
//! `closes` what is closed again.

mod asks_little;
mod blocks;
mod closes;
mod halfway;
mod opens;
mod shared;

use serde_json::Value;
use simulator::scenario::network::{APP_GROUP, DEFAULT_ACL, NetworkAcl, PRIVATE_SUBNET, SecurityGroup, Vpc};
use simulator::{Account, Finished, Org, World};

use crate::support::{ACCOUNT, HOME, expect_told, lines_about};

/// The service of these scenarios.
const SERVICE: &str = "web/checkout";

/// An organization of a self-hosted Console, whose Defenders connect to port 8084, and one service in the network that is edited.
fn self_hosted(edit: impl FnOnce(Vpc) -> Vpc) -> Org {
    let shop = |account: Account| account.network(edit).service(SERVICE, "httpd.json");
    Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop)
}

/// Lets nothing out but what images are pulled with.
fn only_https(group: SecurityGroup) -> SecurityGroup {
    group.without_egress().egress("tcp", 443, 443, "0.0.0.0/0")
}

/// Puts the private subnet behind an ACL of its own.
fn with_acl(vpc: Vpc, edit: impl FnOnce(NetworkAcl) -> NetworkAcl) -> Vpc {
    vpc.acl(ACL, edit).subnet(PRIVATE_SUBNET, |subnet| subnet.acl(ACL))
}

/// The ACL of the private subnet, where it has its own.
const ACL: &str = "acl-private";

/// Lets everything through, both ways.
fn open_acl(acl: NetworkAcl) -> NetworkAcl {
    acl.allow_out(100, "-1", 0, 65535, "0.0.0.0/0").allow_in(100, "-1", 0, 65535, "0.0.0.0/0")
}

/// Returns a protocol by its name.
fn protocol(value: &Value) -> &str {
    match value.as_str() {
        Some("6" | "tcp") => "tcp",
        Some("17" | "udp") => "udp",
        Some("-1") => "all",
        other => other.expect("a protocol"),
    }
}

/// Returns the egress rules of a group, told as `tcp 8084-8084 0.0.0.0/0`.
fn rules_out(world: &World, account: &str, group: &str) -> Vec<String> {
    told(&world.group(account, HOME, group)["egress"])
}

fn told(rules: &Value) -> Vec<String> {
    let rules = rules.as_array().expect("rules").iter();
    let peer = |rule: &Value| rule["peer"].as_str().expect("a peer").to_owned();
    rules.map(|rule| format!("{} {}-{} {}", protocol(&rule["protocol"]), rule["from"], rule["to"], peer(rule))).collect()
}

/// Returns the entries of an ACL, told as `out 110 allow tcp 8084-8084 0.0.0.0/0`.
fn entries(world: &World, account: &str, acl: &str) -> Vec<String> {
    let acl = world.acl(account, HOME, acl);
    let entries = acl["entries"].as_array().expect("entries").iter();
    let told = entries.map(|entry| {
        let way = if entry["egress"] == true { "out" } else { "in" };
        let action = if entry["allow"] == true { "allow" } else { "deny" };
        let (number, from, to) = (&entry["number"], &entry["from"], &entry["to"]);
        let cidr = entry["cidr"].as_str().expect("a block");
        match protocol(&entry["protocol"]) {
            "all" => format!("{way} {number} {action} all {cidr}"),
            protocol => format!("{way} {number} {action} {protocol} {from}-{to} {cidr}"),
        }
    });
    told.collect()
}

/// Returns what our tag on an ACL says, with `RUN` for each run that it names.
fn noted(world: &World, acl: &str) -> Value {
    let tag = world.acl(ACCOUNT, HOME, acl)["tags"]["fargate-updater:opened"].clone();
    let Some(text) = tag.as_str() else { return tag };
    let words = text.split(' ').map(|word| if word.starts_with("run:20") { "run:RUN" } else { word });
    words.collect::<Vec<_>>().join(" ").into()
}

/// Checks that a service failed for its network, that the report says why and how to go on, and that nothing was registered.
fn expect_blocked(world: &World, run: &Finished, why: &str, hint: &str) {
    assert_eq!(run.exit_code, Some(3), "{}{}", run.stdout, run.stderr);
    expect_told(run, SERVICE, "failed", why);
    let said = run.stdout.lines().any(|line| line.starts_with("  hint:") && line.contains(hint));
    assert!(said, "{hint:?} is not said: {}", run.stdout);
    assert!(world.registered().is_empty() && world.updates().is_empty(), "{}", run.stdout);
}

/// Checks that a service was protected, and returns the notes and warnings below its line.
fn notes(run: &Finished) -> String {
    assert_eq!(run.exit_code, Some(0), "{}{}", run.stdout, run.stderr);
    let line = lines_about(run, SERVICE).pop().expect("a line");
    assert!(line.starts_with("protected "), "{line}");
    let below = run.stdout.split_once(&line).expect("the line").1.lines().skip(1);
    let is_note = |line: &&str| ["note:", "warning:"].iter().any(|word| line.trim_start().starts_with(word));
    below.take_while(is_note).collect::<Vec<_>>().join("\n")
}

/// Returns the lines that tell what was opened, without those of the summary.
fn opened(run: &Finished) -> Vec<String> {
    run.stdout.lines().filter(|line| line.starts_with("opened ")).map(str::to_owned).collect()
}

/// The ids that the scenarios of these files have in common.
const GROUP: &str = APP_GROUP;
const OPEN_ACL: &str = DEFAULT_ACL;
