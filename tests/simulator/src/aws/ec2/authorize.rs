//! `AuthorizeSecurityGroupEgress`: one rule for each range, prefix list and group that is named, or none at all.
//! Source: Amazon EC2 API Reference, AuthorizeSecurityGroupEgress and SecurityGroupRule; from memory.

use super::super::access::Caller;
use super::super::cidr::canonical;
use super::super::errors::{AwsError, ErrorKind};
use super::super::network::{has_ports, is_protocol, protocol_name, rule_id, weight};
use super::super::reply::items;
use super::super::server::Form;
use super::super::state::State;
use super::query::{required, required_number, structures};
use super::security_group_rules::{KIND, told};
use super::visible::Eye;
use super::{DONE, tags};
use crate::scenario::network::{Rule, SecurityGroup};

/// What may be in a description besides letters, digits and spaces.
/// Source: Amazon EC2 API Reference, IpRange, `Description` (read 2026-11).
const DESCRIPTION: &str = "._-:/()#,@[]+=&;{}!$*";

pub(super) fn egress(state: &mut State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let id = required(form, "GroupId")?.to_owned();
    let (account, region) = (caller.account(), caller.region.as_str());
    let eye = Eye::of(state, caller);
    let no_group = |id: &str| AwsError::new(ErrorKind::Ec2NoGroup, &[id]);
    let group = eye.group(&id).ok_or_else(|| no_group(&id))?.it;

    let mut rules = named_rules(eye, form)?;
    let tags = tags_on_creation(form)?;
    for rule in &mut rules {
        rule.id = rule_id(rule, &[account, region, &id, "egress"]);
        rule.tags.clone_from(&tags);
    }
    check(eye, group, &rules)?;
    let told = items("securityGroupRuleSet", rules.iter().map(|rule| told(eye, &id, rule, true)));
    state.own_group_mut(account, region, &id).ok_or_else(|| no_group(&id))?.egress.extend(rules);
    Ok(format!("{DONE}{told}"))
}

/// Returns the rules that a request names, each of which could be somebody's.
fn named_rules(eye: Eye<'_>, form: &Form) -> Result<Vec<Rule>, AwsError> {
    let permissions = structures(form, "IpPermissions");
    if permissions.is_empty() {
        return Err(AwsError::new(ErrorKind::Ec2MissingParameter, &["ipPermissions"]));
    }
    let mut rules = Vec::new();
    for permission in permissions {
        let (protocol, from, to) = protocol_and_ports(form, &permission)?;
        let before = rules.len();
        for (list, name) in
            [("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("PrefixListIds", "PrefixListId"), ("Groups", "GroupId")]
        {
            for peer in structures(form, &format!("{permission}.{list}")) {
                let given = required(form, &format!("{peer}.{name}"))?;
                let mut rule = Rule::new(&protocol, from, to, &known_peer(eye, name, given)?);
                rule.description = description(form, &peer)?;
                rules.push(rule);
            }
        }
        if rules.len() == before {
            return Err(AwsError::new(ErrorKind::Ec2MissingParameter, &[&format!("{permission}.IpRanges")]));
        }
    }
    Ok(rules)
}

fn protocol_and_ports(form: &Form, permission: &str) -> Result<(String, i32, i32), AwsError> {
    let given = required(form, &format!("{permission}.IpProtocol"))?;
    if !is_protocol(given) {
        let places = [given, "ipProtocol", "It must be the name or the number of a protocol, or -1."];
        return Err(AwsError::new(ErrorKind::Ec2InvalidValue, &places));
    }
    let protocol = protocol_name(given);
    if !has_ports(&protocol) {
        return Ok((protocol, -1, -1));
    }
    let is_icmp = protocol.starts_with("icmp");
    let bounds = if is_icmp { (-1, 255) } else { (0, 65535) };
    let from = required_number(form, &format!("{permission}.FromPort"), bounds)?;
    let to = required_number(form, &format!("{permission}.ToPort"), bounds)?;
    if !is_icmp && from > to {
        let places = [&format!("{from}-{to}"), "FromPort", "The first port is after the last one."];
        return Err(AwsError::new(ErrorKind::Ec2InvalidValue, &places));
    }
    Ok((protocol, from, to))
}

/// Returns a peer in EC2's form, if the parameter it is in may say so and if there is one.
fn known_peer(eye: Eye<'_>, name: &str, given: &str) -> Result<String, AwsError> {
    match name {
        "PrefixListId" => {
            let known = eye.prefix_lists().iter().any(|list| list.id == given);
            known.then(|| given.to_owned()).ok_or_else(|| AwsError::new(ErrorKind::Ec2NoPrefixList, &[given]))
        }
        "GroupId" => {
            let known = eye.owner_of_group(given).is_some();
            known.then(|| given.to_owned()).ok_or_else(|| AwsError::new(ErrorKind::Ec2NoGroup, &[given]))
        }
        _ => {
            let range = canonical(given).filter(|range| range.contains(':') == (name == "CidrIpv6"));
            range.ok_or_else(|| AwsError::new(ErrorKind::Ec2MalformedRange, &[given]))
        }
    }
}

fn description(form: &Form, peer: &str) -> Result<Option<String>, AwsError> {
    let Some(given) = form.get(&format!("{peer}.Description")) else {
        return Ok(None);
    };
    let fits = |it: char| it.is_ascii_alphanumeric() || it == ' ' || DESCRIPTION.contains(it);
    if given.len() > 255 || !given.chars().all(fits) {
        // The sentence itself has braces, which nothing else fills in.
        return Err(AwsError::new(ErrorKind::Ec2RuleDescription, &["{}"]));
    }
    Ok(Some(given.clone()))
}

fn tags_on_creation(form: &Form) -> Result<tags::Tags, AwsError> {
    let mut all = tags::Tags::new();
    for specification in structures(form, "TagSpecification") {
        let kind = required(form, &format!("{specification}.ResourceType"))?;
        // Nothing else is made here.
        if kind != KIND {
            return Err(AwsError::new(ErrorKind::Ec2NotTaggable, &[kind]));
        }
        all.extend(tags::named(form, &format!("{specification}.Tag"))?);
    }
    tags::fit(&all)?;
    Ok(all)
}

/// Returns whether the group takes these rules, all of them.
fn check(eye: Eye<'_>, group: &SecurityGroup, rules: &[Rule]) -> Result<(), AwsError> {
    for (at, rule) in rules.iter().enumerate() {
        if rules[..at].iter().any(|other| is_same(other, rule)) {
            return Err(ErrorKind::Ec2SameRuleTwice.into());
        }
        if group.egress.iter().any(|other| is_same(other, rule)) {
            return Err(AwsError::new(ErrorKind::Ec2DuplicateRule, &[&rule.peer, &in_words(rule)]));
        }
    }
    let weights = group.egress.iter().chain(rules).map(|rule| weight(rule, eye.prefix_lists()));
    let (v4, v6) = weights.fold((0, 0), |sum, weight| (sum.0 + weight.0, sum.1 + weight.1));
    let (adds_v4, adds_v6) = rules
        .iter()
        .map(|rule| weight(rule, eye.prefix_lists()))
        .fold((false, false), |adds, weight| (adds.0 || weight.0 > 0, adds.1 || weight.1 > 0));
    if (adds_v4 && v4 > group.limit()) || (adds_v6 && v6 > group.limit()) {
        return Err(ErrorKind::Ec2TooManyRules.into());
    }
    Ok(())
}

/// What makes two rules the same; a description does not make them different.
fn is_same(one: &Rule, other: &Rule) -> bool {
    (&one.protocol, one.from, one.to, &one.peer) == (&other.protocol, other.from, other.to, &other.peer)
}

fn in_words(rule: &Rule) -> String {
    match rule.protocol.as_str() {
        "-1" => "ALL".to_owned(),
        protocol if has_ports(protocol) => {
            format!("{}, from port: {}, to port: {}", protocol.to_ascii_uppercase(), rule.from, rule.to)
        }
        protocol => protocol.to_owned(),
    }
}
