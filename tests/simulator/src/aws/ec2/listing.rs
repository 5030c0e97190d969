//! What all operations that list something do alike: ids that must be there, filters, pages.

use std::collections::BTreeMap;

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::pages::page;
use super::super::reply::{element, items};
use super::super::server::Form;
use super::query::{Filter, filters, number, numbered};

/// How large a page may be, where nothing else is said.
/// Source: Amazon EC2 API Reference, DescribeSubnets and its like, `MaxResults`; from memory.
pub(super) const PAGE: (i32, i32) = (5, 1000);

/// What sets one operation apart from the others.
pub(super) struct Listing {
    pub(super) set: &'static str,
    /// How large a page may be.
    pub(super) page: (i32, i32),
    /// The parameter of ids, without its number.
    pub(super) ids: &'static str,
    /// The error that names an id nobody sees.
    pub(super) missing: ErrorKind,
    /// Every filter that is simulated besides those by tag; another one is refused.
    pub(super) filters: &'static [&'static str],
}

/// One thing that can be listed.
#[derive(Clone)]
pub(super) struct Item {
    id: String,
    xml: String,
    /// What filters look at.
    facts: Vec<(String, String)>,
}

impl Item {
    pub(super) fn new(id: &str, xml: String) -> Self {
        Self { id: id.to_owned(), xml, facts: Vec::new() }
    }

    pub(super) fn fact(mut self, filter: &str, value: impl Into<String>) -> Self {
        self.facts.push((filter.to_owned(), value.into()));
        self
    }

    /// Adds the same fact of many values.
    pub(super) fn facts<'a>(self, filter: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        values.into_iter().fold(self, |item, value| item.fact(filter, value))
    }

    pub(super) fn tagged(self, tags: &BTreeMap<String, String>) -> Self {
        tags.iter().fold(self, |item, (key, value)| item.fact("tag-key", key).fact(&format!("tag:{key}"), value))
    }

    fn passes(&self, filter: &Filter<'_>) -> bool {
        self.facts.iter().any(|(name, value)| name == filter.name && filter.includes(value))
    }
}

/// Answers one page of what the caller asked for among everything it sees.
pub(super) fn answer(caller: &Caller, form: &Form, listing: &Listing, all: Vec<Item>) -> Result<String, AwsError> {
    let ids = numbered(form, listing.ids);
    if let Some(unknown) = ids.iter().find(|id| !all.iter().any(|item| item.id == ***id)) {
        return Err(AwsError::new(listing.missing, &[unknown]));
    }
    let filters = filters(form)?;
    for filter in &filters {
        if !listing.filters.contains(&filter.name) && filter.name != "tag-key" && !filter.name.starts_with("tag:") {
            return Err(AwsError::new(ErrorKind::Ec2UnknownFilter, &[filter.name]));
        }
    }
    let wanted = all.into_iter().filter(|item| {
        (ids.is_empty() || ids.iter().any(|id| **id == item.id)) && filters.iter().all(|filter| item.passes(filter))
    });
    let wanted: Vec<String> = wanted.map(|item| item.xml).collect();
    answer_page(caller, form, listing.set, &wanted, listing.page, wanted.len())
}

/// Answers one page of a list, which is as large as the caller said or else of this default.
pub(super) fn answer_page(
    caller: &Caller,
    form: &Form,
    set: &str,
    list: &[String],
    sizes: (i32, i32),
    default: usize,
) -> Result<String, AwsError> {
    let size = number(form, "MaxResults", sizes)?.and_then(|size| usize::try_from(size).ok()).unwrap_or(default);
    // A token is good for the same question of the same caller.
    let question = form.iter().filter(|(key, _)| !matches!(key.as_str(), "MaxResults" | "NextToken"));
    let question: Vec<String> = question.map(|(key, value)| format!("{key}={value}")).collect();
    let name = format!("{} in {} {}", question.join("&"), caller.account(), caller.region);
    let token = form.get("NextToken").map(String::as_str);
    let page = page(&name, list, token, size).map_err(|_| AwsError::from(ErrorKind::Ec2InvalidToken))?;
    let next = page.next.map(|token| element("nextToken", &token)).unwrap_or_default();
    Ok(items(set, page.items) + &next)
}

/// Returns the element of tags, which is there without tags as well.
pub(super) fn tag_set(tags: &BTreeMap<String, String>) -> String {
    items("tagSet", tags.iter().map(|(key, value)| element("key", key) + &element("value", value)))
}
