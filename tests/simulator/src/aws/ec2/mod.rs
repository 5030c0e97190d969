//! Amazon EC2: Regions, and the network that tasks reach an address through.
//! Source: Amazon EC2 API Reference (read 2026-11; where a file says so, from memory).
//!
//! `query` reads a request and `listing` answers the operations that list something; `visible` says what an account sees of its own
//! network and of what is shared with it. One file per kind of resource; `authorize`,
//! `security_group_rules`, `acl_entry` and `tags` are what changes.

mod acl_entry;
mod acls;
mod authorize;
mod endpoints;
mod groups;
mod interfaces;
mod listing;
mod nat_gateways;
mod permits;
mod prefix_lists;
mod query;
mod regions;
mod routes;
mod security_group_rules;
mod subnets;
mod tags;
mod visible;

pub(super) use query::{is_dry_run, subject};
pub(super) use visible::Eye;

use super::access::Caller;
use super::errors::{AwsError, ErrorKind};
use super::server::Form;
use super::state::State;

/// What an operation that changes something answers besides.
const DONE: &str = "<return>true</return>";

type Answering = fn(&mut State, &Caller, &Form) -> Result<String, AwsError>;

/// Returns the inside of the answer's XML document.
///
/// Whoever may not do something is told so by a dry run too, and that is all a dry run looks at.
/// Source: Amazon EC2 API Reference, `DryRun` (read 2026-11).
pub(super) fn answer(state: &mut State, caller: &Caller, action: &str, form: &Form) -> Result<String, AwsError> {
    let answering: Answering = match action {
        "DescribeRegions" => |state, caller, form| regions::describe(state, caller, form),
        "DescribeSubnets" => |state, caller, form| subnets::describe(state, caller, form),
        "DescribeSecurityGroups" => |state, caller, form| groups::describe(state, caller, form),
        "DescribeNetworkAcls" => |state, caller, form| acls::describe(state, caller, form),
        "DescribeRouteTables" => |state, caller, form| routes::describe(state, caller, form),
        "DescribeNatGateways" => |state, caller, form| nat_gateways::describe(state, caller, form),
        "DescribeVpcEndpoints" => |state, caller, form| endpoints::describe(state, caller, form),
        "DescribeNetworkInterfaces" => |state, caller, form| interfaces::describe(state, caller, form),
        "GetManagedPrefixListEntries" => |state, caller, form| prefix_lists::entries(state, caller, form),
        "AuthorizeSecurityGroupEgress" => authorize::egress,
        "CreateNetworkAclEntry" => acl_entry::create,
        "DeleteNetworkAclEntry" => acl_entry::delete,
        "CreateTags" => tags::create,
        "DeleteTags" => tags::delete,
        "DescribeSecurityGroupRules" => |state, caller, form| security_group_rules::describe(state, caller, form),
        "RevokeSecurityGroupEgress" => security_group_rules::revoke,
        _ => return Err(AwsError::new(ErrorKind::Ec2UnknownAction, &[action])),
    };
    permits::check(state, caller, action, form)?;
    if is_dry_run(form) {
        return Err(ErrorKind::Ec2DryRun.into());
    }
    answering(state, caller, form)
}
