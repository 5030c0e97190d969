//! AWS Organizations: which accounts there are. Only the management account and a delegated administrator may ask.
//! Source: AWS Organizations API Reference (read 2026-11).

use serde_json::{Value, json};

use super::access::{Caller, permit};
use super::errors::{AwsError, ErrorKind, Service};
use super::pages::{page, page_with_gap};
use super::state::{ORGANIZATION, State};
use crate::scenario::{Account, ROOT, Unit};

/// `MaxResults` of every list is 1 to 20, and 20 when it is left out.
const PAGE: u64 = 20;

pub(super) fn answer(state: &State, caller: &Caller, operation: &str, input: &Value) -> Result<Value, AwsError> {
    permit(state, caller, Service::Organizations, &format!("organizations:{operation}"), "*")?;
    if ![state.management(), state.home()].contains(&caller.account()) {
        return Err(ErrorKind::OrganizationsDenied.into());
    }
    match operation {
        "ListAccounts" => {
            let accounts: Vec<&Account> = state.accounts.iter().collect();
            list(state, input, "accounts", "Accounts", &accounts, tell_account)
        }
        "ListAccountsForParent" => {
            let parent = parent(state, input)?;
            let accounts = state.accounts.iter().filter(|account| parent_of(state, &account.id) == parent);
            let accounts: Vec<&Account> = accounts.collect();
            list(state, input, &format!("accounts of {parent}"), "Accounts", &accounts, tell_account)
        }
        "ListOrganizationalUnitsForParent" => {
            let parent = parent(state, input)?;
            let units = state.units.iter().filter(|unit| unit.parent == parent);
            let units: Vec<&Unit> = units.collect();
            list(state, input, &format!("units of {parent}"), "OrganizationalUnits", &units, tell_unit)
        }
        "ListRoots" => {
            let arn = arn(state, &format!("root/{ORGANIZATION}/{ROOT}"));
            Ok(json!({ "Roots": [{ "Id": ROOT, "Arn": arn, "Name": "Root", "PolicyTypes": [] }] }))
        }
        "DescribeOrganization" => {
            let management = state.management();
            Ok(json!({ "Organization": {
                "Id": ORGANIZATION,
                "Arn": arn(state, &format!("organization/{ORGANIZATION}")),
                "FeatureSet": "ALL",
                "MasterAccountArn": arn(state, &format!("account/{ORGANIZATION}/{management}")),
                "MasterAccountId": management,
                "MasterAccountEmail": format!("{management}@example.com"),
                "AvailablePolicyTypes": [],
            } }))
        }
        _ => Err(ErrorKind::JsonUnknownOperation.into()),
    }
}

fn list<T>(
    state: &State,
    input: &Value,
    name: &str,
    key: &str,
    items: &[&T],
    tell: impl Fn(&State, &T) -> Value,
) -> Result<Value, AwsError> {
    let size = match input.get("MaxResults") {
        None => PAGE,
        Some(size) => size.as_u64().filter(|size| (1..=PAGE).contains(size)).ok_or(ErrorKind::OrganizationsInvalidInput)?,
    };
    let token = input.get("NextToken").and_then(Value::as_str);
    let paging = if state.without_empty_pages { page } else { page_with_gap };
    let page = paging(name, items, token, usize::try_from(size).unwrap_or(1))
        .map_err(|_| AwsError::from(ErrorKind::OrganizationsInvalidInput))?;
    let told: Vec<Value> = page.items.into_iter().map(|item| tell(state, item)).collect();
    let mut answer = json!({ key: told });
    if let Some(next) = page.next {
        answer["NextToken"] = Value::String(next);
    }
    Ok(answer)
}

fn parent<'a>(state: &State, input: &'a Value) -> Result<&'a str, AwsError> {
    let parent = input.get("ParentId").and_then(Value::as_str).ok_or(ErrorKind::OrganizationsInvalidInput)?;
    if parent == ROOT || state.units.iter().any(|unit| unit.id == parent) {
        Ok(parent)
    } else {
        Err(ErrorKind::ParentNotFound.into())
    }
}

fn parent_of<'a>(state: &'a State, account: &str) -> &'a str {
    let unit = state.units.iter().find(|unit| unit.accounts.iter().any(|member| member == account));
    unit.map_or(ROOT, |unit| unit.id.as_str())
}

/// `Status` was retired on 2026-09-09 in favour of `State`; a scenario can still have the old shape.
fn tell_account(state: &State, account: &Account) -> Value {
    let id = &account.id;
    let name = if account.name.is_empty() { format!("account-{id}") } else { account.name.clone() };
    let stands = if account.state.is_empty() { "ACTIVE" } else { &account.state };
    let method = if id == state.management() { "INVITED" } else { "CREATED" };
    let key = if account.only_status { "Status" } else { "State" };
    json!({
        "Id": id,
        "Arn": arn(state, &format!("account/{ORGANIZATION}/{id}")),
        "Email": format!("{id}@example.com"),
        "Name": name,
        key: stands,
        "JoinedMethod": method,
        "JoinedTimestamp": 1_700_000_000.5,
    })
}

fn tell_unit(state: &State, unit: &Unit) -> Value {
    let arn = arn(state, &format!("ou/{ORGANIZATION}/{}", unit.id));
    json!({ "Id": unit.id, "Arn": arn, "Name": unit.id })
}

fn arn(state: &State, resource: &str) -> String {
    format!("arn:{}:organizations::{}:{resource}", state.partition, state.management())
}
