//! `CreateTags` and `DeleteTags`, for what is tagged here: groups, their rules and ACLs. The same tags can be given when a rule is
//! made.
//! Source: Amazon EC2 API Reference, CreateTags, from memory, and DeleteTags (read 2026-11).

use std::collections::BTreeMap;

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::network::StoredNetwork;
use super::super::server::Form;
use super::super::state::State;
use super::DONE;
use super::query::{numbered, required, structures};
use super::visible::Eye;

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// How many tags a resource takes.
/// Source: Amazon EC2 User Guide, Tag your resources, Tag restrictions; from memory, as the lengths below.
const TAGS: usize = 50;

const KEY: usize = 128;

const VALUE: usize = 256;

/// What may be in keys and values besides letters, digits and spaces. EC2 takes more; these are what all services take.
const SIGNS: &str = "+-=._:/@";

pub(super) fn create(state: &mut State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    required(form, "ResourceId.1")?;
    required(form, "Tag.1.Key")?;
    let ids = numbered(form, "ResourceId");
    let new = named(form, "Tag")?;
    for id in &ids {
        may_tag(state, caller, id)?;
        let merged =
            edit(state, caller, id, |tags| tags.iter().chain(&new).map(|(key, value)| (key.clone(), value.clone())).collect());
        fit(&merged.unwrap_or_default())?;
    }
    // Only now that all of them take the tags does one of them change.
    for id in ids {
        edit(state, caller, id, |tags| tags.extend(new.clone()));
    }
    Ok(DONE.to_owned())
}

/// Takes tags away: with any value, unless the request says with which. A tag that is not there is no error.
pub(super) fn delete(state: &mut State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    required(form, "ResourceId.1")?;
    required(form, "Tag.1.Key")?;
    let ids = numbered(form, "ResourceId");
    ids.iter().try_for_each(|id| may_tag(state, caller, id))?;
    let meant: Vec<_> =
        structures(form, "Tag").iter().map(|tag| (form.get(&format!("{tag}.Key")), form.get(&format!("{tag}.Value")))).collect();
    let is_meant = |key: &String, value: &String| {
        meant.iter().any(|(name, with)| *name == Some(key) && with.is_none_or(|wanted| wanted == value))
    };
    for id in ids {
        edit(state, caller, id, |tags| tags.retain(|key, value| !is_meant(key, value)));
    }
    Ok(DONE.to_owned())
}

/// Returns an error unless there is such a resource and it is the caller's own.
fn may_tag(state: &mut State, caller: &Caller, id: &str) -> Result<(), AwsError> {
    if edit(state, caller, id, |_| ()).is_some() {
        return Ok(());
    }
    if let Some(foreign) = Eye::of(state, caller).acls().into_iter().find(|seen| seen.it.id == id) {
        return Err(AwsError::new(ErrorKind::Ec2NotTheOwner, &[id, foreign.owner]));
    }
    let kind = match id.split('-').next() {
        Some("acl") => ErrorKind::Ec2NoAcl,
        Some("sg") => ErrorKind::Ec2NoGroup,
        Some("sgr") => ErrorKind::Ec2NoRule,
        _ => ErrorKind::Ec2InvalidId,
    };
    Err(AwsError::new(kind, &[id]))
}

/// Does something with the tags of a resource; `None` when the account has no such resource.
fn edit<T>(state: &mut State, caller: &Caller, id: &str, edit: impl FnOnce(&mut Tags) -> T) -> Option<T> {
    let network = &mut state.place_mut(caller.account(), &caller.region).network;
    tags_of(network, id).map(edit)
}

fn tags_of<'a>(network: &'a mut StoredNetwork, id: &str) -> Option<&'a mut Tags> {
    for vpc in &mut network.vpcs {
        if let Some(acl) = vpc.acls.iter_mut().find(|acl| acl.id == id) {
            return Some(&mut acl.tags);
        }
        for group in &mut vpc.groups {
            if group.id == id {
                return Some(&mut group.tags);
            }
            if let Some(rule) = group.egress.iter_mut().chain(&mut group.ingress).find(|rule| rule.id == id) {
                return Some(&mut rule.tags);
            }
        }
    }
    None
}

/// Returns the tags that a request names below a prefix, each of which is a possible tag.
pub(super) fn named(form: &Form, prefix: &str) -> Result<Tags, AwsError> {
    let mut tags = Tags::new();
    for tag in structures(form, prefix) {
        let key = form.get(&format!("{tag}.Key")).cloned().unwrap_or_default();
        let value = form.get(&format!("{tag}.Value")).cloned().unwrap_or_default();
        let fits = |it: char| it.is_alphanumeric() || it == ' ' || SIGNS.contains(it);
        let problem = if key.is_empty() {
            "Tag key cannot be empty."
        } else if key.chars().count() > KEY {
            "Tag key exceeds the maximum length of 128 characters"
        } else if value.chars().count() > VALUE {
            "Tag value exceeds the maximum length of 256 characters"
        } else if key.to_ascii_lowercase().starts_with("aws:") {
            "Tag keys starting with 'aws:' are reserved for internal use"
        } else if !key.chars().chain(value.chars()).all(fits) {
            "Tags may have letters, digits, spaces and + - = . _ : / @ only."
        } else {
            tags.insert(key, value);
            continue;
        };
        return Err(AwsError::new(ErrorKind::Ec2InvalidTag, &[problem]));
    }
    Ok(tags)
}

/// Returns an error when these are more tags than a resource takes.
pub(super) fn fit(tags: &Tags) -> Result<(), AwsError> {
    if tags.len() > TAGS { Err(ErrorKind::Ec2TooManyTags.into()) } else { Ok(()) }
}
