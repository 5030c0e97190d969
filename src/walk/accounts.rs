//! Which accounts are walked: as AWS lists them, page by page, so that the first are walked while others are still to be listed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::error::not_listed;
use super::{AccountsError, Walk};
use crate::aws::AwsError;
use crate::aws::error::Kind;
use crate::aws::organizations::{ListedAccount, Organizations, Page};
use crate::events::{Event, Failure, Place, Stage, Unseen};
use crate::ids::AccountId;
use crate::network::InScope;
use crate::plan::scope::Mode;

/// What has been listed so far.
#[derive(Default)]
struct Listed {
    /// Every account there is, each once: a list that changes between two pages may name one twice.
    all: BTreeSet<AccountId>,
    /// Those in scope that are active.
    in_scope: BTreeSet<AccountId>,
    /// How many of them are walked by this run.
    walked: usize,
    /// What those in scope are called, as far as the organization says so.
    names: BTreeMap<AccountId, String>,
}

/// Sees to it that whoever waits for the accounts in scope is told something.
struct ToldAtLast<'a>(&'a InScope);

impl Drop for ToldAtLast<'_> {
    fn drop(&mut self) {
        self.0.send_if_modified(|known| known.is_none() && known.replace(BTreeSet::new()).is_none());
    }
}

impl Walk {
    /// Finds the accounts in scope and hands each over once, those of a page in their order. The end of the list is told before the
    /// accounts that came with it.
    pub(super) async fn list(self: Arc<Self>, accounts: mpsc::UnboundedSender<AccountId>) -> Result<(), AccountsError> {
        // Nobody waits for a list that breaks off, in whatever way.
        let told = ToldAtLast(&self.in_scope);
        let (pages, mut received) = mpsc::unbounded_channel();
        let mut listed = Listed::default();
        // Where nobody knows yet whether it is the last one.
        let mut held = Vec::new();
        let taking = async {
            while let Some(Page { accounts: page, has_next }) = received.recv().await {
                hand_over(&mut held, &accounts);
                held = self.in_scope_of(page, &mut listed).await;
                if has_next == Some(true) {
                    hand_over(&mut held, &accounts);
                }
            }
        };
        let (read, ()) = tokio::join!(self.read(pages), taking);
        let broke_off = match read {
            Err(error) if listed.walked == 0 => return Err(error),
            read => read.err(),
        };
        let missing = if broke_off.is_none() { self.scope.missing_from(&listed.all) } else { Vec::new() };
        let nothing = listed.in_scope.is_empty() && missing.is_empty();
        self.in_scope.send_replace(Some(listed.in_scope));
        drop(told);
        if nothing {
            return Err(AccountsError::Nothing);
        }
        self.events.say(Event::AccountsListed { in_scope: listed.walked, names: listed.names }).await;
        if let Some(error) = broke_off.filter(|_| !self.stop.is_cancelled()) {
            // What was listed is walked, and nobody is to think that it was all.
            let mut failure = Failure::new(Stage::Accounts, &error, error.hint());
            failure.causes.insert(0, "could not list the rest of the organization".to_owned());
            self.events.unseen(Place::account(&self.aws.account), Unseen::Failed(failure)).await;
        }
        for account in &missing {
            self.events.unseen(Place::account(account), Unseen::Failed(not_listed(&self.scope, &self.aws.account))).await;
        }
        hand_over(&mut held, &accounts);
        Ok(())
    }

    /// Reads the accounts that there are, in scope or not.
    async fn read(&self, pages: mpsc::UnboundedSender<Page>) -> Result<(), AccountsError> {
        match (self.scope.mode, &self.scope.units) {
            (Mode::Single, _) => {
                let own = ListedAccount { id: self.aws.account.clone(), state: "ACTIVE".to_owned(), name: None };
                let _ = pages.send(Page { accounts: vec![own], has_next: Some(false) });
                Ok(())
            }
            (Mode::Organization, Some(units)) => {
                Organizations::new(&self.aws).accounts_of_units(units, pages).await.map_err(AccountsError::Units)
            }
            (Mode::Organization, None) => match Organizations::new(&self.aws).accounts(pages.clone()).await {
                Ok(()) => Ok(()),
                Err(error) => self.named_accounts(error, pages).await,
            },
        }
    }

    /// Where listing is denied and the settings name accounts, those are taken as they are.
    async fn named_accounts(&self, error: AwsError, pages: mpsc::UnboundedSender<Page>) -> Result<(), AccountsError> {
        let denied = error.kind() == Kind::Denied;
        let of_service = self.scope.service.as_ref().map(|service| BTreeSet::from([service.arn.account().clone()]));
        let (true, Some(accounts)) = (denied, self.scope.accounts.as_ref().or(of_service.as_ref())) else {
            return Err(AccountsError::List(error));
        };
        let named = if of_service.is_some() { "that of the service is" } else { "those in ACCOUNTS are" };
        let text = format!("the organization's accounts cannot be listed, so {named} walked as they are: {error}");
        self.events.say(Event::Warning { text }).await;
        let active = |id: &AccountId| ListedAccount { id: id.clone(), state: "ACTIVE".to_owned(), name: None };
        let _ = pages.send(Page { accounts: accounts.iter().map(active).collect(), has_next: Some(false) });
        Ok(())
    }

    /// Returns the accounts of a page that are walked, in their order, and tells of those in scope that are not active.
    async fn in_scope_of(&self, mut page: Vec<ListedAccount>, listed: &mut Listed) -> Vec<AccountId> {
        page.sort();
        let mut walked = Vec::new();
        for account in page {
            if !listed.all.insert(account.id.clone()) || !self.scope.includes_account(&account.id) {
                continue;
            }
            let is_ours = self.scope.walks(&account.id);
            listed.names.extend(account.name.clone().filter(|_| is_ours).map(|name| (account.id.clone(), name)));
            if account.is_active() {
                listed.in_scope.insert(account.id.clone());
                if is_ours {
                    walked.push(account.id);
                }
            } else if is_ours {
                self.events.unseen(Place::account(&account.id), Unseen::NotActive { state: account.state }).await;
            }
        }
        listed.walked += walked.len();
        self.events.progress().accounts.known.add(walked.len());
        walked
    }
}

fn hand_over(held: &mut Vec<AccountId>, accounts: &mpsc::UnboundedSender<AccountId>) {
    for account in held.drain(..) {
        // The walk takes them until there are no more.
        let _ = accounts.send(account);
    }
}
