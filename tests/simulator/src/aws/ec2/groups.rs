//! `DescribeSecurityGroups`.
//! Source: Amazon EC2 API Reference, DescribeSecurityGroups, SecurityGroup and IpPermission; from memory.

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::network::{Peer, has_ports};
use super::super::reply::{element, items};
use super::super::server::Form;
use super::super::state::State;
use super::listing::{Item, Listing, PAGE, answer, tag_set};
use super::visible::Eye;
use crate::scenario::network::Rule;

const LISTING: Listing = Listing {
    set: "securityGroupInfo",
    page: PAGE,
    ids: "GroupId",
    missing: ErrorKind::Ec2NoGroup,
    filters: &["vpc-id", "group-id", "group-name", "owner-id"],
};

pub(super) fn describe(state: &State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let eye = Eye::of(state, caller);
    let all = eye.groups().map(|seen| {
        let group = seen.it;
        let xml = [
            element("ownerId", seen.owner),
            element("groupId", &group.id),
            element("groupName", &group.name),
            element("groupDescription", &format!("simulated {}", group.name)),
            element("vpcId", &seen.vpc.id),
            element("securityGroupArn", &eye.arn(seen.owner, "security-group", &group.id)),
            permissions(eye, "ipPermissions", &group.ingress),
            permissions(eye, "ipPermissionsEgress", &group.egress),
            tag_set(&group.tags),
        ];
        let item = Item::new(&group.id, xml.concat()).fact("vpc-id", &seen.vpc.id).fact("group-id", &group.id);
        item.fact("group-name", &group.name).fact("owner-id", seen.owner).tagged(&group.tags)
    });
    answer(caller, form, &LISTING, all.collect())
}

/// Puts the rules of one protocol and the same ports together, which is how groups tell them; their ids are not told.
fn permissions(eye: Eye<'_>, set: &str, rules: &[Rule]) -> String {
    let mut together: Vec<Vec<&Rule>> = Vec::new();
    for rule in rules {
        let same =
            |other: &&mut Vec<&Rule>| (&other[0].protocol, other[0].from, other[0].to) == (&rule.protocol, rule.from, rule.to);
        match together.iter_mut().find(same) {
            Some(others) => others.push(rule),
            None => together.push(vec![rule]),
        }
    }
    items(set, together.iter().map(|rules| permission(eye, rules)))
}

fn permission(eye: Eye<'_>, rules: &[&Rule]) -> String {
    let first = rules[0];
    let list = |set: &str, peer: Peer, is_v6: bool, name: &str| {
        let told = rules.iter().filter(|rule| Peer::of(&rule.peer) == peer && rule.peer.contains(':') == is_v6);
        items(
            set,
            told.map(|rule| {
                let owner = if peer == Peer::Group { eye.owner_of_group(&rule.peer) } else { None };
                let owner = owner.map(|owner| element("userId", owner)).unwrap_or_default();
                owner + &element(name, &rule.peer) + &described(rule)
            }),
        )
    };
    // Rules without ports tell none here, although `securityGroupRuleSet` tells -1.
    let ports = if has_ports(&first.protocol) {
        element("fromPort", &first.from.to_string()) + &element("toPort", &first.to.to_string())
    } else {
        String::new()
    };
    [
        element("ipProtocol", &first.protocol),
        ports,
        list("groups", Peer::Group, false, "groupId"),
        list("ipRanges", Peer::Range, false, "cidrIp"),
        list("ipv6Ranges", Peer::Range, true, "cidrIpv6"),
        list("prefixListIds", Peer::PrefixList, false, "prefixListId"),
    ]
    .concat()
}

pub(super) fn described(rule: &Rule) -> String {
    rule.description.as_ref().map(|description| element("description", description)).unwrap_or_default()
}
