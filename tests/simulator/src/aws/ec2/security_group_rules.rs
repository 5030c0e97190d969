//! `DescribeSecurityGroupRules` and `RevokeSecurityGroupEgress`: rules one by one, by their own ids.
//! Source: Amazon EC2 API Reference, DescribeSecurityGroupRules (read 2026-11) and RevokeSecurityGroupEgress; from memory.

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::network::Peer;
use super::super::reply::{element, items, wrap};
use super::super::server::Form;
use super::super::state::State;
use super::DONE;
use super::groups::described;
use super::listing::{Item, Listing, PAGE, answer, tag_set};
use super::query::{filters, numbered, required};
use super::visible::Eye;
use crate::scenario::network::Rule;

/// What ARNs call a rule.
pub(super) const KIND: &str = "security-group-rule";

const LISTING: Listing = Listing {
    set: "securityGroupRuleSet",
    page: PAGE,
    ids: "SecurityGroupRuleId",
    missing: ErrorKind::Ec2NoRule,
    filters: &["group-id", "security-group-rule-id"],
};

pub(super) fn describe(state: &State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    // Unlike other lists this one cannot be filtered by the key of a tag alone.
    if let Some(filter) = filters(form)?.iter().find(|filter| filter.name == "tag-key") {
        return Err(AwsError::new(ErrorKind::Ec2UnknownFilter, &[filter.name]));
    }
    let eye = Eye::of(state, caller);
    let mut all = Vec::new();
    for seen in eye.groups() {
        let group = seen.it;
        for (rules, is_egress) in [(&group.egress, true), (&group.ingress, false)] {
            all.extend(rules.iter().map(|rule| {
                let item = Item::new(&rule.id, told(eye, &group.id, rule, is_egress)).fact("group-id", &group.id);
                item.fact("security-group-rule-id", &rule.id).tagged(&rule.tags)
            }));
        }
    }
    answer(caller, form, &LISTING, all)
}

/// Returns a rule by itself, as answers tell it.
pub(super) fn told(eye: Eye<'_>, group: &str, rule: &Rule, is_egress: bool) -> String {
    let peer = match Peer::of(&rule.peer) {
        Peer::PrefixList => element("prefixListId", &rule.peer),
        Peer::Group => {
            let owner = eye.owner_of_group(&rule.peer).unwrap_or(eye.account);
            wrap("referencedGroupInfo", &(element("groupId", &rule.peer) + &element("userId", owner)))
        }
        Peer::Range if rule.peer.contains(':') => element("cidrIpv6", &rule.peer),
        Peer::Range => element("cidrIpv4", &rule.peer),
    };
    [
        element("securityGroupRuleId", &rule.id),
        element("groupId", group),
        element("groupOwnerId", eye.account),
        element("isEgress", &is_egress.to_string()),
        element("ipProtocol", &rule.protocol),
        element("fromPort", &rule.from.to_string()),
        element("toPort", &rule.to.to_string()),
        peer,
        described(rule),
        tag_set(&rule.tags),
        element("securityGroupRuleArn", &eye.arn(eye.account, KIND, &rule.id)),
    ]
    .concat()
}

/// Takes rules out of a group, all that are named or none. Naming them by what they say is not simulated.
pub(super) fn revoke(state: &mut State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let id = required(form, "GroupId")?;
    required(form, "SecurityGroupRuleId.1")?;
    let wanted = numbered(form, "SecurityGroupRuleId");
    let no_group = || AwsError::new(ErrorKind::Ec2NoGroup, &[id]);
    let group = Eye::of(state, caller).group(id).ok_or_else(no_group)?.it;
    let mut revoked = Vec::new();
    for wanted in &wanted {
        let rule = group.egress.iter().find(|rule| rule.id == **wanted);
        let rule = rule.ok_or_else(|| AwsError::new(ErrorKind::Ec2NoRule, &[wanted]))?;
        revoked.push(element("securityGroupRuleId", &rule.id) + &element("groupId", id) + &element("isEgress", "true"));
    }
    let group = state.own_group_mut(caller.account(), &caller.region, id).ok_or_else(no_group)?;
    group.egress.retain(|rule| !wanted.contains(&&rule.id));
    Ok(format!("{DONE}{}", items("revokedSecurityGroupRuleSet", revoked)))
}
