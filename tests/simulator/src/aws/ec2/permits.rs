//! What of EC2 a caller has to be allowed: on which resources, and with which tags.
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2"; Amazon EC2 User Guide, "Grant
//! permission to tag Amazon EC2 resources during creation" (both from memory).

use super::super::access::{Caller, permit_with};
use super::super::errors::{AwsError, Service};
use super::super::server::Form;
use super::super::state::State;
use super::query::{numbered, structures};
use crate::iam::{Context, Request};

/// Returns an error unless the caller may do what it asks, the tags included that come with what it makes.
pub(super) fn check(state: &State, caller: &Caller, action: &str, form: &Form) -> Result<(), AwsError> {
    let permit = |action: &str, resource: &str, context: &Context| {
        permit_with(state, caller, Service::Ec2, Request { action, resource, context })
    };
    let own = |kind: &str, id: &str| format!("arn:{}:ec2:{}:{}:{kind}/{id}", state.partition, caller.region, caller.account());
    let named = |parameter: &str| form.get(parameter).map_or("", String::as_str);
    let resources = match action {
        // A rule that is tagged as it is made is a resource of its own.
        "AuthorizeSecurityGroupEgress" if !structures(form, "TagSpecification").is_empty() => {
            vec![own("security-group", named("GroupId")), own("security-group-rule", "*")]
        }
        "AuthorizeSecurityGroupEgress" | "RevokeSecurityGroupEgress" => vec![own("security-group", named("GroupId"))],
        "CreateNetworkAclEntry" | "DeleteNetworkAclEntry" => vec![own("network-acl", named("NetworkAclId"))],
        "CreateTags" | "DeleteTags" => numbered(form, "ResourceId").iter().map(|id| own(kind_of(id), id)).collect(),
        // What describes something is about all there is.
        _ => vec!["*".to_owned()],
    };
    let context = Context::default().with_all("aws:TagKeys", keys(form, "Tag"));
    resources.iter().try_for_each(|resource| permit(&format!("ec2:{action}"), resource, &context))?;
    let made = structures(form, "TagSpecification");
    made.iter().try_for_each(|made| {
        let kind = named(&format!("{made}.ResourceType"));
        let context =
            Context::default().with("ec2:CreateAction", action).with_all("aws:TagKeys", keys(form, &format!("{made}.Tag")));
        permit("ec2:CreateTags", &own(kind, "*"), &context)
    })
}

fn keys(form: &Form, prefix: &str) -> Vec<String> {
    structures(form, prefix).iter().filter_map(|tag| form.get(&format!("{tag}.Key")).cloned()).collect()
}

/// Returns the type of a resource by the beginning of its id.
fn kind_of(id: &str) -> &'static str {
    match id.split('-').next() {
        Some("acl") => "network-acl",
        Some("sg") => "security-group",
        Some("sgr") => "security-group-rule",
        _ => "unknown",
    }
}
