//! `CreateNetworkAclEntry` and `DeleteNetworkAclEntry`.
//! Source: Amazon EC2 API Reference, CreateNetworkAclEntry and DeleteNetworkAclEntry (read 2026-11).

use super::super::access::Caller;
use super::super::cidr::canonical;
use super::super::errors::{AwsError, ErrorKind};
use super::super::network::{is_protocol, protocol_number};
use super::super::server::Form;
use super::super::state::State;
use super::DONE;
use super::query::{required, required_number};
use super::visible::Eye;
use crate::scenario::network::{AclEntry, NetworkAcl};

/// Higher numbers are AWS's.
const NUMBERS: (i32, i32) = (1, 32766);

pub(super) fn create(state: &mut State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let id = required(form, "NetworkAclId")?;
    let entry = named_entry(form)?;
    let acl = own_acl(state, caller, id)?;
    check(acl, &entry)?;
    acl.entries.push(entry);
    Ok(DONE.to_owned())
}

pub(super) fn delete(state: &mut State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let id = required(form, "NetworkAclId")?;
    let number = required_number(form, "RuleNumber", NUMBERS)?;
    let egress = direction(form)?;
    let acl = own_acl(state, caller, id)?;
    let at = acl.entries.iter().position(|entry| (entry.number, entry.egress) == (number, egress));
    let direction = if egress { "egress" } else { "ingress" };
    acl.entries.remove(at.ok_or_else(|| AwsError::new(ErrorKind::Ec2NoEntry, &[direction, &number.to_string()]))?);
    Ok(DONE.to_owned())
}

/// Returns an ACL if the caller sees it and may change it.
fn own_acl<'a>(state: &'a mut State, caller: &Caller, id: &str) -> Result<&'a mut NetworkAcl, AwsError> {
    let no_acl = || AwsError::new(ErrorKind::Ec2NoAcl, &[id]);
    let acls = Eye::of(state, caller).acls();
    let owner = acls.iter().find(|seen| seen.it.id == id).ok_or_else(no_acl)?.owner;
    if owner != caller.account() {
        return Err(AwsError::new(ErrorKind::Ec2NotTheOwner, &[id, owner]));
    }
    state.place_mut(caller.account(), &caller.region).network.acl_mut(id).ok_or_else(no_acl)
}

fn direction(form: &Form) -> Result<bool, AwsError> {
    match required(form, "Egress")? {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(AwsError::new(ErrorKind::Ec2InvalidValue, &[other, "Egress", "It must be true or false."])),
    }
}

fn named_entry(form: &Form) -> Result<AclEntry, AwsError> {
    let number = required_number(form, "RuleNumber", NUMBERS)?;
    let given = required(form, "Protocol")?;
    let invalid = |given: &str, name: &str, why: &str| AwsError::new(ErrorKind::Ec2InvalidValue, &[given, name, why]);
    if !is_protocol(given) {
        return Err(invalid(given, "Protocol", "It must be the number of a protocol, or -1."));
    }
    let protocol = protocol_number(given);
    let allow = match required(form, "RuleAction")? {
        "allow" => true,
        "deny" => false,
        other => return Err(invalid(other, "RuleAction", "It must be allow or deny.")),
    };
    let egress = direction(form)?;
    let cidr = match (form.get("CidrBlock"), form.get("Ipv6CidrBlock")) {
        (Some(_), Some(_)) => return Err(AwsError::new(ErrorKind::Ec2Combination, &["CidrBlock", "Ipv6CidrBlock"])),
        (None, None) => return Err(AwsError::new(ErrorKind::Ec2MissingParameter, &["CidrBlock"])),
        (Some(given), None) | (None, Some(given)) => {
            let range = canonical(given).filter(|range| range.contains(':') == form.contains_key("Ipv6CidrBlock"));
            range.ok_or_else(|| AwsError::new(ErrorKind::Ec2MalformedRange, &[given]))?
        }
    };
    let (from, to) = ports(form, &protocol, cidr.contains(':'))?;
    Ok(AclEntry { number, egress, allow, protocol, from, to, cidr })
}

/// Other protocols have neither ports nor types, whatever the request says.
fn ports(form: &Form, protocol: &str, is_v6: bool) -> Result<(i32, i32), AwsError> {
    let (from, to, bounds) = match protocol {
        "6" | "17" => ("PortRange.From", "PortRange.To", (0, 65535)),
        "1" => ("Icmp.Type", "Icmp.Code", (-1, 255)),
        "58" if is_v6 => ("Icmp.Type", "Icmp.Code", (-1, 255)),
        _ => return Ok((-1, -1)),
    };
    let range = (required_number(form, from, bounds)?, required_number(form, to, bounds)?);
    if bounds.0 == 0 && range.0 > range.1 {
        let given = format!("{}-{}", range.0, range.1);
        return Err(AwsError::new(ErrorKind::Ec2InvalidValue, &[&given, "PortRange", "The first port is after the last one."]));
    }
    Ok(range)
}

fn check(acl: &NetworkAcl, entry: &AclEntry) -> Result<(), AwsError> {
    let mut same_way = acl.entries.iter().filter(|other| other.egress == entry.egress);
    if same_way.clone().any(|other| other.number == entry.number) {
        return Err(AwsError::new(ErrorKind::Ec2EntryExists, &[&entry.number.to_string()]));
    }
    let is_v6 = |entry: &AclEntry| entry.cidr.contains(':');
    let same_family = same_way.by_ref().filter(|other| is_v6(other) == is_v6(entry)).count();
    // Source: Amazon VPC User Guide, Amazon VPC quotas, Network ACLs: one way, IPv4 and IPv6 separately, and the entry that denies the
    // rest counts; from memory.
    if same_family + 1 >= acl.limit() {
        return Err(ErrorKind::Ec2TooManyEntries.into());
    }
    Ok(())
}
