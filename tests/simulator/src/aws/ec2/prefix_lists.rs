//! `GetManagedPrefixListEntries`.
//! Source: Amazon EC2 API Reference, GetManagedPrefixListEntries; from memory.

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::reply::element;
use super::super::server::Form;
use super::super::state::State;
use super::listing::answer_page;
use super::query::required;
use super::visible::Eye;

/// How large a page may be.
const PAGE: (i32, i32) = (1, 100);

/// How large a page is without being told.
const DEFAULT_PAGE: usize = 100;

pub(super) fn entries(state: &State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let id = required(form, "PrefixListId")?;
    let list = Eye::of(state, caller).prefix_lists().iter().find(|list| list.id == id);
    let list = list.ok_or_else(|| AwsError::new(ErrorKind::Ec2NoPrefixList, &[id]))?;
    let entries: Vec<String> = list.cidrs.iter().map(|cidr| element("cidr", cidr)).collect();
    answer_page(caller, form, "entrySet", &entries, PAGE, DEFAULT_PAGE)
}
