//! What a request of EC2's query protocol says: lists by number, filters, numbers within bounds.
//! Source: Smithy, AWS EC2 query protocol.

use super::super::errors::{AwsError, ErrorKind};
use super::super::server::Form;

/// How many values a filter may have.
/// Source: Amazon EC2 User Guide, List and filter your resources; from memory.
const FILTER_VALUES: usize = 200;

/// Returns the values of `name.1`, `name.2` and so on.
pub(super) fn numbered<'a>(form: &'a Form, name: &str) -> Vec<&'a String> {
    (1..).map_while(|n: u32| form.get(&format!("{name}.{n}"))).collect()
}

/// Returns `name.1`, `name.2` and so on, as long as something in the request begins so.
pub(super) fn structures(form: &Form, name: &str) -> Vec<String> {
    let prefixes = (1u32..).map(|n| format!("{name}.{n}"));
    prefixes.take_while(|prefix| form.keys().any(|key| key.starts_with(&format!("{prefix}.")))).collect()
}

/// One `Filter.N`.
pub(super) struct Filter<'a> {
    pub(super) name: &'a str,
    values: Vec<&'a String>,
}

impl Filter<'_> {
    /// Returns whether one of the values is this one; `*` stands for any text and `?` for any character.
    pub(super) fn includes(&self, value: &str) -> bool {
        self.values.iter().any(|pattern| matches(pattern.as_bytes(), value.as_bytes()))
    }
}

pub(super) fn filters(form: &Form) -> Result<Vec<Filter<'_>>, AwsError> {
    let mut filters = Vec::new();
    for prefix in structures(form, "Filter") {
        let name = required(form, &format!("{prefix}.Name"))?;
        let values = numbered(form, &format!("{prefix}.Value"));
        if values.len() > FILTER_VALUES {
            return Err(ErrorKind::Ec2FilterTooLong.into());
        }
        filters.push(Filter { name, values });
    }
    Ok(filters)
}

fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skipped| matches(rest, &text[skipped..])),
        (Some((wanted, pattern)), Some((found, text))) => (*wanted == b'?' || wanted == found) && matches(pattern, text),
        _ => false,
    }
}

/// Returns a parameter that must be there.
pub(super) fn required<'a>(form: &'a Form, name: &str) -> Result<&'a str, AwsError> {
    let given = form.get(name).filter(|given| !given.is_empty());
    given.map(String::as_str).ok_or_else(|| AwsError::new(ErrorKind::Ec2MissingParameter, &[name]))
}

/// Returns a parameter that must be a number between these, if it is there.
pub(super) fn number(form: &Form, name: &str, (least, most): (i32, i32)) -> Result<Option<i32>, AwsError> {
    let Some(given) = form.get(name) else {
        return Ok(None);
    };
    match given.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
        _ => {
            let bounds = format!("It must be a number between {least} and {most}.");
            Err(AwsError::new(ErrorKind::Ec2InvalidValue, &[given, name, &bounds]))
        }
    }
}

/// Returns a number that must be there.
pub(super) fn required_number(form: &Form, name: &str, bounds: (i32, i32)) -> Result<i32, AwsError> {
    number(form, name, bounds)?.ok_or_else(|| AwsError::new(ErrorKind::Ec2MissingParameter, &[name]))
}

pub(in super::super) fn is_dry_run(form: &Form) -> bool {
    form.get("DryRun").is_some_and(|told| told == "true")
}

/// Returns what a call is about, for people: a group, an ACL, or what is asked for by id or by VPC.
pub(in super::super) fn subject(form: &Form) -> String {
    let named = ["GroupId", "NetworkAclId", "PrefixListId", "GroupId.1", "NetworkAclId.1", "SubnetId.1", "ResourceId.1"];
    let by_id = named.iter().find_map(|name| form.get(*name));
    let by_vpc = || {
        let prefixes = structures(form, "Filter");
        let vpc = prefixes.iter().find(|prefix| form.get(&format!("{prefix}.Name")).is_some_and(|name| name == "vpc-id"))?;
        form.get(&format!("{vpc}.Value.1"))
    };
    by_id.or_else(by_vpc).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_s_value_may_stand_for_many() {
        for (pattern, text, expected) in [
            ("vpc-1", "vpc-1", true),
            ("vpc-1", "vpc-12", false),
            ("vpc-*", "vpc-12", true),
            ("vpc-?", "vpc-12", false),
            ("*-12", "vpc-12", true),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_call_is_about_a_group_an_acl_or_a_vpc() {
        let form = |text: &str| -> Form { form_urlencoded::parse(text.as_bytes()).into_owned().collect() };
        for (request, expected) in [
            ("GroupId=sg-1&IpPermissions.1.IpProtocol=tcp", "sg-1"),
            ("NetworkAclId=acl-1&RuleNumber=1", "acl-1"),
            ("Filter.1.Name=state&Filter.1.Value.1=available&Filter.2.Name=vpc-id&Filter.2.Value.1=vpc-1", "vpc-1"),
            ("AllRegions=true", ""),
        ] {
            assert_eq!(subject(&form(request)), expected, "{request}");
        }
    }
}
