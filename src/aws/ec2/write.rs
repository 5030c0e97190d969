//! What is opened in EC2, and closed again. Nothing is changed but what was added, and nothing else is taken away.

use std::sync::Arc;

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PortRange, ResourceType, RuleAction, Tag, TagSpecification};
use ipnet::IpNet;

use super::super::call::{At, Calls};
use super::super::error::{AwsError, Kind};
use super::super::operations;
use crate::ids::{NetworkAclId, SecurityGroupId};
use crate::plan::memory::{OPENED_TAG, RULE_DESCRIPTION};
use crate::plan::network::facts::Entry;
use crate::plan::network::patch::GroupRule;

/// What became of adding something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is there now; egress rules have ids.
    Now { ids: Vec<String> },
    /// It was there: somebody was faster, or an answer of AWS's was lost.
    Already,
    /// There is no room for more.
    Full,
}

/// Changes EC2 as one account in one Region.
pub struct Ec2Writer {
    client: aws_sdk_ec2::Client,
    calls: Arc<Calls>,
    at: At,
}

impl Ec2Writer {
    pub(in crate::aws) fn new(client: aws_sdk_ec2::Client, calls: Arc<Calls>, at: At) -> Self {
        Self { client, calls, at }
    }

    /// Lets TCP to a port out of a security group, to each of the blocks, with a description and a tag that say whose rules these
    /// are. All of them are added, or none.
    ///
    /// # Errors
    ///
    /// When AWS refuses it for another reason than that they are there or that the group is full.
    pub async fn let_out(&self, group: &SecurityGroupId, rule: &GroupRule, run_id: &str) -> Result<Added, AwsError> {
        let answer = self.authorize(group, rule, run_id, false).await;
        match answer {
            Ok(ids) => Ok(Added::Now { ids }),
            Err(error) if error.is_duplicate_rule() => Ok(Added::Already),
            Err(error) if error.is_full_group() => Ok(Added::Full),
            Err(error) => Err(error),
        }
    }

    /// Returns an error if [`let_out`](Self::let_out) would not be allowed; it changes nothing.
    ///
    /// # Errors
    ///
    /// What AWS would refuse it for.
    pub async fn may_let_out(&self, group: &SecurityGroupId, rule: &GroupRule, run_id: &str) -> Result<(), AwsError> {
        let answer = self.authorize(group, rule, run_id, true).await;
        answer.map(|_| ()).or_else(|error| if error.would_have_succeeded() { Ok(()) } else { Err(error) })
    }

    async fn authorize(
        &self,
        group: &SecurityGroupId,
        rule: &GroupRule,
        run_id: &str,
        dry_run: bool,
    ) -> Result<Vec<String>, AwsError> {
        let permission = permission(rule);
        let tag = Tag::builder().key(OPENED_TAG).value(run_id).build();
        let tags = TagSpecification::builder().resource_type(ResourceType::SecurityGroupRule).tags(tag).build();
        let request = || {
            let request = self.client.authorize_security_group_egress().group_id(group.as_str());
            request.ip_permissions(permission.clone()).tag_specifications(tags.clone()).dry_run(dry_run).send()
        };
        let answer = self.calls.send(&operations::AUTHORIZE_SECURITY_GROUP_EGRESS, &self.at, request).await?;
        let ids = answer.security_group_rules().iter().filter_map(|rule| rule.security_group_rule_id());
        Ok(ids.map(str::to_owned).collect())
    }

    /// Adds an entry to a network ACL. That its number is taken says nothing about what is there.
    ///
    /// # Errors
    ///
    /// When AWS refuses it for another reason than that the number is taken or that the ACL is full.
    pub async fn add_entry(&self, acl: &NetworkAclId, entry: &Entry) -> Result<Added, AwsError> {
        match self.create_entry(acl, entry, false).await {
            Ok(()) => Ok(Added::Now { ids: Vec::new() }),
            Err(error) if error.is_taken_entry() => Ok(Added::Already),
            Err(error) if error.is_full_acl() => Ok(Added::Full),
            Err(error) => Err(error),
        }
    }

    /// Returns an error if [`add_entry`](Self::add_entry) would not be allowed; it changes nothing.
    ///
    /// # Errors
    ///
    /// What AWS would refuse it for.
    pub async fn may_add_entry(&self, acl: &NetworkAclId, entry: &Entry) -> Result<(), AwsError> {
        let answer = self.create_entry(acl, entry, true).await;
        answer.or_else(|error| if error.would_have_succeeded() { Ok(()) } else { Err(error) })
    }

    async fn create_entry(&self, acl: &NetworkAclId, entry: &Entry, dry_run: bool) -> Result<(), AwsError> {
        let (from, to) = entry.ports;
        let ports = PortRange::builder().from(from.into()).to(to.into()).build();
        let action = if entry.allow { RuleAction::Allow } else { RuleAction::Deny };
        let block = entry.block.to_string();
        let (v4, v6) = match entry.block {
            IpNet::V4(_) => (Some(block), None),
            IpNet::V6(_) => (None, Some(block)),
        };
        let request = || {
            let request = self.client.create_network_acl_entry().network_acl_id(acl.as_str()).egress(entry.egress);
            let request = request.rule_number(entry.number.into()).protocol("6").rule_action(action.clone());
            let request = request.port_range(ports.clone()).set_cidr_block(v4.clone()).set_ipv6_cidr_block(v6.clone());
            request.dry_run(dry_run).send()
        };
        self.calls.send(&operations::CREATE_NETWORK_ACL_ENTRY, &self.at, request).await.map(|_| ())
    }

    /// Takes a rule out of a security group. One that is gone is closed, and so is one whose group is gone.
    ///
    /// # Errors
    ///
    /// When AWS refuses it.
    pub async fn revoke(&self, group: &SecurityGroupId, rule: &str) -> Result<(), AwsError> {
        let request = || {
            let request = self.client.revoke_security_group_egress().group_id(group.as_str());
            request.security_group_rule_ids(rule).send()
        };
        gone(self.calls.send(&operations::REVOKE_SECURITY_GROUP_EGRESS, &self.at, request).await.map(|_| ()))
    }

    /// Takes an entry out of a network ACL. One that is gone is closed, and so is one whose ACL is gone.
    ///
    /// # Errors
    ///
    /// When AWS refuses it.
    pub async fn delete_entry(&self, acl: &NetworkAclId, entry: &Entry) -> Result<(), AwsError> {
        let request = || {
            let request = self.client.delete_network_acl_entry().network_acl_id(acl.as_str());
            request.egress(entry.egress).rule_number(entry.number.into()).send()
        };
        gone(self.calls.send(&operations::DELETE_NETWORK_ACL_ENTRY, &self.at, request).await.map(|_| ()))
    }

    /// Takes what [`note`](Self::note) wrote off a network ACL.
    ///
    /// # Errors
    ///
    /// When AWS refuses it.
    pub async fn forget(&self, acl: &NetworkAclId) -> Result<(), AwsError> {
        // Without a value it is deleted whatever it says.
        let tag = Tag::builder().key(OPENED_TAG).build();
        let request = || self.client.delete_tags().resources(acl.as_str()).tags(tag.clone()).send();
        gone(self.calls.send(&operations::DELETE_TAGS, &self.at, request).await.map(|_| ()))
    }

    /// Writes on a network ACL which of its entries are ours: entries themselves carry no tags.
    ///
    /// # Errors
    ///
    /// When AWS refuses it.
    pub async fn note(&self, acl: &NetworkAclId, numbers: &str) -> Result<(), AwsError> {
        self.tag(acl, numbers, false).await
    }

    /// Returns an error if [`note`](Self::note) would not be allowed; it changes nothing.
    ///
    /// # Errors
    ///
    /// What AWS would refuse it for.
    pub async fn may_note(&self, acl: &NetworkAclId) -> Result<(), AwsError> {
        let answer = self.tag(acl, "", true).await;
        answer.or_else(|error| if error.would_have_succeeded() { Ok(()) } else { Err(error) })
    }

    async fn tag(&self, acl: &NetworkAclId, numbers: &str, dry_run: bool) -> Result<(), AwsError> {
        let tag = Tag::builder().key(OPENED_TAG).value(numbers).build();
        let request = || self.client.create_tags().resources(acl.as_str()).tags(tag.clone()).dry_run(dry_run).send();
        self.calls.send(&operations::CREATE_TAGS, &self.at, request).await.map(|_| ())
    }
}

/// Takes what is not there for what has been taken away.
fn gone(answer: Result<(), AwsError>) -> Result<(), AwsError> {
    answer.or_else(|error| if error.kind() == Kind::Missing { Ok(()) } else { Err(error) })
}

fn permission(rule: &GroupRule) -> IpPermission {
    let port = rule.port.into();
    let mut permission = IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port);
    for block in &rule.to {
        let (text, description) = (block.to_string(), RULE_DESCRIPTION);
        permission = match block {
            IpNet::V4(_) => permission.ip_ranges(IpRange::builder().cidr_ip(text).description(description).build()),
            IpNet::V6(_) => permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(text).description(description).build()),
        };
    }
    permission.build()
}
