//! AWS Organizations: which accounts there are.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_organizations::types::Account;
use tokio::sync::mpsc;

use super::access::Aws;
use super::call::{At, Calls};
use super::error::AwsError;
use super::operations::{self, Operation};
use super::pages;
use crate::ids::{AccountId, UnitId};

/// `ListAccounts` and its relatives give at most 20 a page, and may give an empty page with more to come.
/// Source: AWS Organizations API Reference, ListAccounts, `MaxResults` and `NextToken` (read 2026-11).
const PAGE: i32 = 20;

/// An account of the organization.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedAccount {
    pub id: AccountId,
    /// `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE`, ...
    pub state: String,
    /// What it is called, if the organization was asked.
    pub name: Option<String>,
}

impl ListedAccount {
    pub fn is_active(&self) -> bool {
        self.state == "ACTIVE"
    }
}

/// Accounts that AWS told of together.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub accounts: Vec<ListedAccount>,
    /// Whether there are more, if that is known.
    pub has_next: Option<bool>,
}

/// Reads the caller's organization.
pub struct Organizations {
    client: aws_sdk_organizations::Client,
    calls: Arc<Calls>,
    at: At,
}

impl Organizations {
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws_sdk_organizations::Client::new(aws.config()), calls: Arc::clone(&aws.calls), at: aws.own() }
    }

    /// Hands over the organization's accounts, page by page as they come.
    ///
    /// # Errors
    ///
    /// When AWS does not tell. What was handed over before is right.
    pub async fn accounts(&self, pages: mpsc::UnboundedSender<Page>) -> Result<(), AwsError> {
        let operation = &operations::LIST_ACCOUNTS;
        let mut from = None;
        loop {
            let request = || self.client.list_accounts().max_results(PAGE).set_next_token(from.clone()).send();
            let answer = self.calls.send(operation, &self.at, request).await?;
            let accounts = all_listed(operation, answer.accounts())?;
            from = answer.next_token;
            // Whoever asked takes all that is handed over.
            let _ = pages.send(Page { accounts, has_next: Some(from.is_some()) });
            if from.is_none() {
                return Ok(());
            }
        }
    }

    /// Hands over the accounts of some units and of all units below them, unit by unit.
    ///
    /// # Errors
    ///
    /// When AWS does not tell, or one of the units does not exist.
    pub async fn accounts_of_units(&self, units: &BTreeSet<UnitId>, pages: mpsc::UnboundedSender<Page>) -> Result<(), AwsError> {
        let mut seen = units.clone();
        let mut open: Vec<UnitId> = units.iter().cloned().collect();
        while let Some(unit) = open.pop() {
            let accounts = self.accounts_of(&unit).await?;
            let _ = pages.send(Page { accounts, has_next: None });
            for below in self.units_of(&unit).await? {
                if seen.insert(below.clone()) {
                    open.push(below);
                }
            }
        }
        Ok(())
    }

    async fn accounts_of(&self, unit: &UnitId) -> Result<Vec<ListedAccount>, AwsError> {
        let operation = &operations::LIST_ACCOUNTS_FOR_PARENT;
        pages::all(|from| async move {
            let request = || {
                let request = self.client.list_accounts_for_parent().parent_id(unit.as_str()).max_results(PAGE);
                request.set_next_token(from.clone()).send()
            };
            let answer = self.calls.send(operation, &self.at, request).await?;
            Ok((all_listed(operation, answer.accounts())?, answer.next_token))
        })
        .await
    }

    async fn units_of(&self, unit: &UnitId) -> Result<Vec<UnitId>, AwsError> {
        let operation = &operations::LIST_UNITS_FOR_PARENT;
        pages::all(|from| async move {
            let request = || {
                let request = self.client.list_organizational_units_for_parent().parent_id(unit.as_str()).max_results(PAGE);
                request.set_next_token(from.clone()).send()
            };
            let answer = self.calls.send(operation, &self.at, request).await?;
            let ids = answer.organizational_units().iter().filter_map(|unit| unit.id());
            let units = ids.map(|id| id.parse().map_err(|error| AwsError::unusable(operation, format!("{error}"))));
            Ok((units.collect::<Result<_, _>>()?, answer.next_token))
        })
        .await
    }
}

/// Takes a page of accounts.
fn all_listed(operation: &'static Operation, accounts: &[Account]) -> Result<Vec<ListedAccount>, AwsError> {
    accounts.iter().map(|account| listed(account).map_err(|text| AwsError::unusable(operation, text))).collect()
}

/// Takes an account as AWS lists it: with `State`, or with `Status`, which was retired on 2026-09-09 and which older partitions
/// may still answer. Source: AWS Organizations API Reference, `Account` (read 2026-11).
fn listed(account: &Account) -> Result<ListedAccount, String> {
    let id = account.id().unwrap_or_default().parse().map_err(|error| format!("{error}"))?;
    let state = account.state().map(|state| state.as_str().to_owned());
    let status = account.status().map(|status| status.as_str().to_owned());
    let state = state.or(status).unwrap_or_else(|| "of unknown state".to_owned());
    Ok(ListedAccount { id, state, name: account.name().filter(|name| !name.is_empty()).map(str::to_owned) })
}
