//! Closing again what was opened: reads what has our tag in a Region, has [`crate::plan::network::close`] decide, and closes.
//!
//! Services are moved off their Defenders first: a connection may end with its rule. What is closed is told as it happens. A
//! closing that is cut off is finished by the next one: what is gone by then is closed, and a number in the tag of an ACL whose
//! entry is gone is taken out of the tag.

use tokio_util::sync::CancellationToken;

use crate::aws::error::Kind;
use crate::aws::{Account, AwsError, Ec2Writer};
use crate::events::{Closed, Event, Events, KeptOpen};
use crate::ids::{AccountId, NetworkAclId, RegionName, VpcId};
use crate::plan::network::Opening;
use crate::plan::network::close::{AclClosing, Decision, Opened, RuleClosing, StillProtected, TagChange, decide};

/// Why something was not closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    #[error("could not find out what was opened in account {account} in {region}")]
    Read { account: AccountId, region: RegionName, source: AwsError },
    #[error("could not close {opening}")]
    Close { opening: Opening, source: AwsError },
    #[error("could not correct the tag on {acl}, which names entries that are closed")]
    Tag { acl: NetworkAclId, source: AwsError },
    #[error("the run is stopping")]
    Stopping,
}

impl CloseError {
    /// Returns the way out, if we know it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { source, .. } if source.kind() == Kind::Denied => {
                source.hint().map(|hint| format!("{hint}; or leave the network as it is"))
            }
            Self::Read { source, .. } | Self::Close { source, .. } | Self::Tag { source, .. } => source.hint(),
            Self::Stopping => None,
        }
    }
}

/// What became of what was opened in one Region of an account.
#[derive(Debug, Default)]
pub struct Closing {
    /// What was closed; in a run that changes nothing, what would be.
    pub closed: Vec<Closed>,
    pub kept: Vec<KeptOpen>,
    /// What was not closed although it was to be. The next run comes back to it.
    pub failed: Vec<CloseError>,
}

/// Closes networks, and tells what it closed and what it kept.
pub struct Closer {
    pub events: Events,
    pub stop: CancellationToken,
}

impl Closer {
    /// Closes what was opened in a Region of an account, in its own groups and in the ACLs of its own VPCs, as far as nothing needs
    /// it. With a run, only what that run opened. In a run that changes nothing it says what would be closed.
    ///
    /// `still` is all that has a Defender in the Region after the services of this run were moved, in whichever account. A service
    /// whose tasks with the Defender are only being replaced is among it.
    ///
    /// # Errors
    ///
    /// When AWS does not tell what was opened. What then cannot be closed is no error here: it is in [`Closing::failed`].
    pub async fn close(
        &self,
        account: &Account,
        region: &RegionName,
        still: &StillProtected,
        run: Option<&str>,
    ) -> Result<Closing, CloseError> {
        let failed = |source| CloseError::Read { account: account.id.clone(), region: region.clone(), source };
        let opened = read(account, region).await.map_err(failed)?;
        let Decision { rules, acls, kept } = decide(&opened, &account.id, still, run);
        let writer = account.ec2_writer(region);
        let mut work = Work { closer: self, account: &account.id, region, writer, done: Closing::default() };
        for rule in &rules {
            work.rule(rule).await;
        }
        for acl in &acls {
            work.acl(acl).await;
        }
        for kept in kept {
            let kept = KeptOpen { account: account.id.clone(), region: region.clone(), kept };
            self.events.say(Event::KeptOpen(Box::new(kept.clone()))).await;
            work.done.kept.push(kept);
        }
        Ok(work.done)
    }
}

/// Reads what was opened, and what there is to judge it by: nothing more where nothing was opened.
async fn read(account: &Account, region: &RegionName) -> Result<Opened, AwsError> {
    let reader = account.ec2_reader(region);
    let (rules, acls) = (reader.opened_rules().await?, reader.opened_acls().await?);
    let groups = reader.group_places(&rules.iter().map(|rule| rule.group.clone()).collect()).await?;
    let mut opened = Opened { rules, groups, acls, ..Opened::default() };
    let vpcs = opened.vpcs(&account.id);
    if !vpcs.is_empty() {
        opened.subnets = reader.subnets().await?;
    }
    for vpc in vpcs {
        opened.carriers.insert(vpc.clone(), reader.carriers(&vpc).await?);
    }
    Ok(opened)
}

/// Closing under way in one Region of an account.
struct Work<'a> {
    closer: &'a Closer,
    account: &'a AccountId,
    region: &'a RegionName,
    /// None in a run that changes nothing.
    writer: Option<Ec2Writer>,
    done: Closing,
}

impl Work<'_> {
    async fn rule(&mut self, rule: &RuleClosing) {
        if self.stops() {
            return;
        }
        let answer = match &self.writer {
            Some(writer) => writer.revoke(&rule.group, &rule.id).await,
            None => Ok(()),
        };
        self.end(&rule.vpc, rule.opening(), answer).await;
    }

    /// Closes the entries first and puts the tag right after them, so that none is there that no tag names.
    async fn acl(&mut self, acl: &AclClosing) {
        let mut closed = Vec::new();
        for entry in &acl.entries {
            if self.stops() {
                break;
            }
            let answer = match &self.writer {
                Some(writer) => writer.delete_entry(&acl.acl, entry).await,
                None => Ok(()),
            };
            let opening = Opening::Entry { acl: acl.acl.clone(), entry: entry.clone() };
            if self.end(&acl.vpc, opening, answer).await {
                closed.push(entry.clone());
            }
        }
        let Some(writer) = &self.writer else { return };
        let corrected = match acl.tag_change(&closed) {
            TagChange::Leave => return,
            TagChange::Write(tag) => writer.note(&acl.acl, &tag).await,
            TagChange::Delete => writer.forget(&acl.acl).await,
        };
        if let Err(source) = corrected {
            self.done.failed.push(CloseError::Tag { acl: acl.acl.clone(), source });
        }
    }

    /// Returns whether the run is asked to stop, and notes once that something is left.
    fn stops(&mut self) -> bool {
        let stops = self.closer.stop.is_cancelled();
        if stops && !self.done.failed.iter().any(|error| matches!(error, CloseError::Stopping)) {
            self.done.failed.push(CloseError::Stopping);
        }
        stops
    }

    /// Tells what became of one closing, and returns whether it is closed.
    async fn end(&mut self, vpc: &VpcId, opening: Opening, answer: Result<(), AwsError>) -> bool {
        if let Err(source) = answer {
            self.done.failed.push(CloseError::Close { opening, source });
            return false;
        }
        let (account, region, vpc) = (self.account.clone(), self.region.clone(), vpc.clone());
        let closed = Closed { account, region, vpc, opening, planned: self.writer.is_none() };
        self.closer.events.say(Event::Closed(Box::new(closed.clone()))).await;
        self.done.closed.push(closed);
        true
    }
}
