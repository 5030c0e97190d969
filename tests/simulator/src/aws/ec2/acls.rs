//! `DescribeNetworkAcls`.
//! Source: Amazon EC2 API Reference, DescribeNetworkAcls, NetworkAcl and NetworkAclEntry; from memory.

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::network::{has_ipv6, made_id};
use super::super::reply::{element, items, wrap};
use super::super::server::Form;
use super::super::state::State;
use super::listing::{Item, Listing, PAGE, answer, tag_set};
use super::visible::{Eye, Seen};
use crate::scenario::network::{AclEntry, NetworkAcl};

const LISTING: Listing = Listing {
    set: "networkAclSet",
    page: PAGE,
    ids: "NetworkAclId",
    missing: ErrorKind::Ec2NoAcl,
    filters: &[
        "vpc-id",
        "network-acl-id",
        "association.subnet-id",
        "association.network-acl-id",
        "association.association-id",
        "default",
        "owner-id",
    ],
};

/// The entry that denies what no other entry decides, for IPv4; the one for IPv6 has the next number.
/// Source: Amazon VPC User Guide, Network ACL basics and Amazon VPC quotas; from memory.
const LAST: i32 = 32767;

pub(super) fn describe(state: &State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let eye = Eye::of(state, caller);
    let all = eye.acls().into_iter().map(|seen| {
        let acl = seen.it;
        let is_default = acl.is_default.to_string();
        let subnets: Vec<&str> = seen
            .vpc
            .filtered_by(acl)
            .filter(|subnet| seen.owner == eye.account || subnet.is_shared_with(eye.account))
            .map(|subnet| subnet.id.as_str())
            .collect();
        let association_of = |subnet: &str| made_id("aclassoc", &[seen.owner, eye.region, subnet]);
        let associations = subnets.iter().map(|subnet| {
            element("networkAclAssociationId", &association_of(subnet))
                + &element("networkAclId", &acl.id)
                + &element("subnetId", subnet)
        });
        let xml = [
            element("networkAclId", &acl.id),
            element("vpcId", &seen.vpc.id),
            element("ownerId", seen.owner),
            element("default", &is_default),
            items("entrySet", entries(&seen).iter().map(entry)),
            items("associationSet", associations),
            tag_set(&acl.tags),
        ];
        let item = Item::new(&acl.id, xml.concat()).fact("network-acl-id", &acl.id).fact("vpc-id", &seen.vpc.id);
        let item = item.fact("default", is_default).fact("owner-id", seen.owner).tagged(&acl.tags);
        let item = subnets.iter().fold(item, |item, subnet| item.fact("association.association-id", association_of(subnet)));
        let item = if subnets.is_empty() { item } else { item.fact("association.network-acl-id", &acl.id) };
        item.facts("association.subnet-id", subnets)
    });
    answer(caller, form, &LISTING, all.collect())
}

/// Returns every entry, those that deny the rest included, in the order in which they are looked at; the way out first.
fn entries(seen: &Seen<'_, NetworkAcl>) -> Vec<AclEntry> {
    let mut entries = seen.it.entries.clone();
    for egress in [true, false] {
        let last = |number: i32, cidr: &str| AclEntry {
            number,
            egress,
            allow: false,
            protocol: "-1".to_owned(),
            from: -1,
            to: -1,
            cidr: cidr.to_owned(),
        };
        entries.push(last(LAST, "0.0.0.0/0"));
        if has_ipv6(seen.vpc) {
            entries.push(last(LAST + 1, "::/0"));
        }
    }
    entries.sort_by_key(|entry| (!entry.egress, entry.number));
    entries
}

fn entry(entry: &AclEntry) -> String {
    let (from, to) = (entry.from.to_string(), entry.to.to_string());
    let ports = match entry.protocol.as_str() {
        "6" | "17" => wrap("portRange", &(element("from", &from) + &element("to", &to))),
        "1" | "58" => wrap("icmpTypeCode", &(element("code", &to) + &element("type", &from))),
        _ => String::new(),
    };
    let range = if entry.cidr.contains(':') { "ipv6CidrBlock" } else { "cidrBlock" };
    [
        element("ruleNumber", &entry.number.to_string()),
        element("protocol", &entry.protocol),
        element("ruleAction", if entry.allow { "allow" } else { "deny" }),
        element("egress", &entry.egress.to_string()),
        element(range, &entry.cidr),
        ports,
    ]
    .concat()
}
