//! `DescribeNetworkInterfaces`.
//! Source: Amazon EC2 API Reference, DescribeNetworkInterfaces and NetworkInterface; from memory.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::interfaces::NetworkInterface;
use super::super::network::{digest, made_id};
use super::super::reply::{element, items, wrap};
use super::super::server::Form;
use super::super::state::State;
use super::listing::{Item, Listing, PAGE, answer, tag_set};
use super::visible::{Eye, SeenVpc};

const LISTING: Listing = Listing {
    set: "networkInterfaceSet",
    page: PAGE,
    ids: "NetworkInterfaceId",
    missing: ErrorKind::Ec2NoInterface,
    filters: &[
        "vpc-id",
        "subnet-id",
        "group-id",
        "network-interface-id",
        "status",
        "description",
        "interface-type",
        "owner-id",
        "private-ip-address",
        "addresses.private-ip-address",
        "availability-zone",
    ],
};

pub(super) fn describe(state: &State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let eye = Eye::of(state, caller);
    let all = eye.interfaces().into_iter().map(|(seen, interface)| item(eye, seen, &interface));
    answer(caller, form, &LISTING, all.collect())
}

fn item(eye: Eye<'_>, seen: SeenVpc<'_>, interface: &NetworkInterface) -> Item {
    let subnet = seen.vpc.subnets.iter().find(|subnet| subnet.id == interface.subnet);
    let zone = subnet.map(|subnet| eye.zone(subnet)).unwrap_or_default();
    let address = interface.address.to_string();
    let association = if interface.is_public {
        wrap("association", &(element("publicIp", &public_address(interface)) + &element("ipOwnerId", "amazon")))
    } else {
        String::new()
    };
    let managed = (interface.kind != "interface").to_string();
    let addresses = if interface.address.is_ipv4() {
        let private = element("privateIpAddress", &address) + &element("primary", "true") + &association;
        element("privateIpAddress", &address) + &items("privateIpAddressesSet", [private]) + &association
    } else {
        element("ipv6Address", &address)
            + &element("ipv6Native", "true")
            + &items("ipv6AddressesSet", [element("ipv6Address", &address)])
            + &items("privateIpAddressesSet", [])
    };
    let attachment = element("attachmentId", &made_id("eni-attach", &[&interface.id]))
        + &element("deviceIndex", "1")
        + &element("status", "attached");
    let mac = digest(&[&interface.id]).to_be_bytes();
    let xml = [
        element("networkInterfaceId", &interface.id),
        element("subnetId", &interface.subnet),
        element("vpcId", &seen.vpc.id),
        element("availabilityZone", &zone),
        element("description", &interface.description),
        element("ownerId", &interface.account),
        element("requesterManaged", &managed),
        element("status", "in-use"),
        element("macAddress", &format!("02:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4])),
        addresses,
        element("sourceDestCheck", if interface.kind == "nat_gateway" { "false" } else { "true" }),
        // Whose groups they are is the interface's own account, not who looks.
        group_identifiers(Eye { account: &interface.account, ..eye }, &interface.groups),
        wrap("attachment", &attachment),
        element("interfaceType", interface.kind),
        tag_set(&BTreeMap::new()),
    ];
    let item = Item::new(&interface.id, xml.concat()).fact("vpc-id", &seen.vpc.id).fact("subnet-id", &interface.subnet);
    let item = item.facts("group-id", interface.groups.iter().map(String::as_str)).fact("network-interface-id", &interface.id);
    let item = item.fact("status", "in-use").fact("interface-type", interface.kind).fact("owner-id", &interface.account);
    let item = item.fact("private-ip-address", &address).fact("addresses.private-ip-address", address);
    item.fact("description", &interface.description).fact("availability-zone", zone)
}

/// Returns the public address of an interface that has one.
pub(super) fn public_address(interface: &NetworkInterface) -> String {
    // 198.18.0.0/15 is for tests, and large enough for one each.
    let place = u32::try_from(digest(&["public", &interface.id]) % (1 << 17)).unwrap_or_default();
    Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + place).to_string()
}

/// Returns the element of groups with their names, as interfaces and endpoints tell them.
pub(super) fn group_identifiers(eye: Eye<'_>, groups: &[String]) -> String {
    let told = |id: &String| {
        let name = eye.group(id).map_or("", |seen| &seen.it.name);
        element("groupId", id) + &element("groupName", name)
    };
    items("groupSet", groups.iter().map(told))
}
