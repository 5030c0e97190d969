//! The judgement against an evaluator that looks at one connection at a time: both agree, before and after the patch.
//!
//! Only what is found about the Console counts here, which its name in a sentence tells: the registry is judged as well, and since
//! nothing is ever opened for it, it changes nothing. The addresses and ports that are tried are the corners of everything
//! [`arbitrary`] makes networks of, so that they stand for all others.

use std::collections::BTreeSet;
use std::net::IpAddr;

use fargate_updater::ids::SubnetId;
use fargate_updater::plan::network::destination::ConsoleAt;
use fargate_updater::plan::network::facts::{Entry, NetworkAcl, Vpc};
use fargate_updater::plan::network::{Beyond, Judgement};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::arbitrary::{addresses, facts, ports, servers, tasks};
use super::brute_force::{Connection, Fate, deciding, fate};
use super::support::{Facts, OURS, apply};
use crate::generate;
use crate::support::{CONSOLE_NAME, id};

/// Ports that stand for those that Linux gives to clients: without all of them a part of the connections fails.
fn given_to_clients() -> Vec<u16> {
    ports(32_768, 60_999)
}

/// The obstacles and the unknown things that are about the Console.
fn about_console(judgement: &Judgement) -> (Vec<String>, Vec<&Beyond>) {
    let obstacles = judgement.obstacles.iter().map(ToString::to_string).filter(|text| text.contains(CONSOLE_NAME));
    let beyond = judgement.beyond.iter().filter(|it| it.to_string().contains(CONSOLE_NAME));
    (obstacles.collect(), beyond.collect())
}

/// The facts with a judgement's patch in.
fn opened(facts: &Facts, judgement: &Judgement) -> Vpc {
    let mut vpc = facts.vpc.clone();
    apply(&judgement.patch, &mut vpc);
    vpc
}

/// Every subnet, with an address of its tasks and one of the Console's.
fn pairs(facts: &Facts) -> Vec<(&SubnetId, IpAddr, IpAddr)> {
    let mut pairs = Vec::new();
    for subnet in &facts.network.subnets {
        for task in tasks(facts, subnet) {
            pairs.extend(servers(facts).into_iter().map(|server| (subnet, task, server)));
        }
    }
    pairs
}

/// Tries a connection for each of these ports, the same on both sides of a NAT gateway.
fn tried<'a>(facts: &'a Facts, vpc: &'a Vpc, clients: &'a [u16]) -> impl Iterator<Item = (Connection<'a>, Fate)> {
    let port = facts.wanted.console.port;
    pairs(facts).into_iter().flat_map(move |(subnet, task, server)| {
        clients.iter().map(move |client| {
            let connection = Connection { subnet, task, server, port, client: *client, translated: *client };
            (connection, fate(vpc, &facts.network, connection))
        })
    })
}

/// Whether there is an address that no task of some subnet, or one of them, ever gets a connection to.
fn some_address_is_out_of_reach(facts: &Facts, vpc: &Vpc) -> bool {
    let (port, clients) = (facts.wanted.console.port, given_to_clients());
    pairs(facts).into_iter().any(|(subnet, task, server)| {
        clients.iter().all(|client| {
            clients.iter().all(|translated| {
                let connection = Connection { subnet, task, server, port, client: *client, translated: *translated };
                matches!(fate(vpc, &facts.network, connection), Fate::Dropped(_))
            })
        })
    })
}

/// Whether a connection gets through, but for routes where somebody said only roughly where the Console is: it need not be at each of
/// those addresses.
fn is_through(facts: &Facts, fate: Fate) -> bool {
    let of_rules = ["no group lets it out", "the ACL of the tasks", "the ACL of the NAT gateway"];
    match fate {
        Fate::Through => true,
        Fate::Unseen => false,
        Fate::Dropped(why) => !facts.wanted.console.destination(false).exact && !of_rules.contains(&why),
    }
}

/// Whether a deny need not go on winning for a packet: it is between a task and what somebody said is the Console; or, where nobody
/// said so, on the way to the Console's port, and the deny is one that keeps a task from the Console.
fn may_be_overruled(facts: &Facts, deny: &Entry, egress: bool, peer: IpAddr, port: u16) -> bool {
    let to_console = egress && port == facts.wanted.console.port;
    match &facts.wanted.console.at {
        ConsoleAt::Given(blocks) => {
            let answer = !egress && port >= 1024;
            blocks.iter().any(|block| block.contains(&peer)) && (to_console || answer)
        }
        ConsoleAt::Resolved(addresses) => to_console && addresses.iter().any(|address| deny.block.contains(address)),
        ConsoleAt::Unknown => to_console,
    }
}

fn is_denied(acl: &NetworkAcl, egress: bool, peer: IpAddr, port: u16) -> Option<&Entry> {
    deciding(&acl.entries, egress, peer, port).filter(|entry| !entry.allow && entry.is_explicit())
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn without_an_obstacle_every_connection_gets_through_after_the_patch(facts in facts()) {
        let judgement = facts.judge();
        let (obstacles, beyond) = about_console(&judgement);
        if obstacles.is_empty() && beyond.is_empty() {
            let vpc = opened(&facts, &judgement);
            for (connection, fate) in tried(&facts, &vpc, &given_to_clients()) {
                prop_assert!(is_through(&facts, fate), "{:?} of {:?} after {:?}", fate, connection, judgement.patch);
            }
        }
    }

    #[test]
    fn where_nothing_is_opened_every_connection_got_through_before(facts in facts()) {
        let judgement = facts.judge();
        let (obstacles, beyond) = about_console(&judgement);
        if obstacles.is_empty() && beyond.is_empty() && judgement.patch.is_empty() {
            for (connection, fate) in tried(&facts, &facts.vpc, &given_to_clients()) {
                prop_assert!(is_through(&facts, fate), "{:?} of {:?}", fate, connection);
            }
        }
    }

    #[test]
    fn what_is_opened_was_closed_before(facts in facts()) {
        let judgement = facts.judge();
        if !judgement.patch.is_empty() {
            // All ports that a client can have: what is missing for some of them is opened for all.
            let closed = tried(&facts, &facts.vpc, &ports(1024, 65_535)).any(|(_, fate)| matches!(fate, Fate::Dropped(_)));
            prop_assert!(closed, "{:?}", judgement.patch);
        }
    }

    #[test]
    fn an_obstacle_keeps_some_address_out_of_reach_before_and_after(facts in facts()) {
        let judgement = facts.judge();
        let (obstacles, _) = about_console(&judgement);
        if !obstacles.is_empty() {
            prop_assert!(some_address_is_out_of_reach(&facts, &facts.vpc), "before: {:?}", obstacles);
            let vpc = opened(&facts, &judgement);
            prop_assert!(some_address_is_out_of_reach(&facts, &vpc), "after {:?}: {:?}", judgement.patch, obstacles);
        }
    }

    #[test]
    fn what_cannot_be_seen_or_is_there_in_part_is_told_only_where_it_is_so(facts in facts()) {
        let judgement = facts.judge();
        let (_, beyond) = about_console(&judgement);
        let vpc = opened(&facts, &judgement);
        let fates: BTreeSet<&str> = tried(&facts, &vpc, &ports(1024, 65_535))
            .map(|(_, fate)| match fate {
                Fate::Through => "through",
                Fate::Unseen => "unseen",
                Fate::Dropped(_) => "dropped",
            })
            .collect();
        for it in beyond {
            match it {
                Beyond::Way { .. } => prop_assert!(fates.contains("unseen") || fates.contains("dropped"), "{}", it),
                Beyond::AclPart { .. } | Beyond::Routes { .. } => prop_assert!(fates.contains("dropped"), "{}", it),
                other => prop_assert!(false, "everything can be read here: {}", other),
            }
        }
    }

    #[test]
    fn what_an_entry_denied_it_still_denies(facts in facts()) {
        let judgement = facts.judge();
        let after = opened(&facts, &judgement);
        for id in judgement.patch.acl_entries.keys() {
            let (before, after) = (&facts.vpc.layout.acls[id], &after.layout.acls[id]);
            for egress in [false, true] {
                for peer in addresses() {
                    for port in ports(0, 65_535) {
                        let denied = is_denied(before, egress, peer, port);
                        if denied.is_some_and(|deny| !may_be_overruled(&facts, deny, egress, peer, port)) {
                            let still = is_denied(after, egress, peer, port);
                            prop_assert_eq!(still, denied, "{} egress {} {} {}: {:?}", id, egress, peer, port, judgement.patch);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_opened_is_for_the_console_and_for_answers(facts in facts()) {
        let judgement = facts.judge();
        let port = facts.wanted.console.port;
        let target = &facts.wanted.console;
        for entry in judgement.patch.acl_entries.values().flatten() {
            prop_assert!(entry.allow && entry.tcp);
            prop_assert!([(port, port), (1024, 65_535)].contains(&entry.ports), "{:?}", entry);
            let tasks = facts.network.subnets.iter().flat_map(|id| &facts.vpc.layout.subnets[id].blocks);
            let peers: Vec<_> = target.opened_to(false).into_iter().chain(tasks.copied()).collect();
            prop_assert!(peers.contains(&entry.block), "{:?}", entry);
        }
        if let Some(rule) = &judgement.patch.group_rule {
            // A block that a rule is there for already is not named again.
            prop_assert!(rule.port == port && !rule.to.is_empty(), "{:?}", rule);
            prop_assert!(rule.to.iter().all(|block| target.opened_to(false).contains(block)), "{:?}", rule);
            let groups = facts.vpc.groups_of(&facts.network, &id(OURS));
            prop_assert!(rule.groups.iter().all(|group| groups.contains(group)), "{:?}", rule);
        }
    }

    #[test]
    fn with_the_patch_in_there_is_nothing_left_to_open(facts in facts()) {
        let judgement = facts.judge();
        let again = Facts { vpc: opened(&facts, &judgement), ..facts.clone() };
        let second = again.judge();
        prop_assert!(second.patch.is_empty(), "after {:?}: {:?}", judgement.patch, second.patch);
        // What is open for the Console alone is told as a part of what the registry needs once it is there.
        prop_assert_eq!(about_console(&second), about_console(&judgement));
    }

    #[test]
    fn no_number_is_taken_twice_and_nothing_is_let_in(facts in facts()) {
        let judgement = facts.judge();
        let after = opened(&facts, &judgement);
        for (id, new) in &judgement.patch.acl_entries {
            let mut taken: BTreeSet<(bool, u16)> =
                facts.vpc.layout.acls[id].entries.iter().map(|entry| (entry.egress, entry.number)).collect();
            for entry in new {
                prop_assert!((1..=32_766).contains(&entry.number), "{:?}", entry);
                prop_assert!(taken.insert((entry.egress, entry.number)), "{:?} is taken", entry);
            }
        }
        for (id, group) in &facts.vpc.groups.groups {
            prop_assert_eq!(&after.groups.groups[id].ingress, &group.ingress);
            prop_assert_eq!(&after.groups.groups[id].egress[..group.egress.len()], &group.egress[..]);
        }
    }
}

#[test]
fn networks_of_every_kind_are_made_up() {
    let mut runner = TestRunner::deterministic();
    let mut kinds = [("reachable", 0), ("patchable", 0), ("patchable by an ACL", 0), ("blocked", 0), ("unknown", 0)];
    for _ in 0..1000 {
        let judgement = facts().new_tree(&mut runner).expect("a network can be made up").current().judge();
        let (obstacles, beyond) = about_console(&judgement);
        let kind = match (obstacles.is_empty(), judgement.patch.is_empty(), beyond.is_empty()) {
            (false, ..) => 3,
            (true, false, true) if judgement.patch.acl_entries.is_empty() => 1,
            (true, false, true) => 2,
            (true, _, false) => 4,
            (true, true, true) => 0,
        };
        kinds[kind].1 += 1;
    }
    assert!(kinds.iter().all(|(_, count)| *count >= 20), "{kinds:?}");
}
