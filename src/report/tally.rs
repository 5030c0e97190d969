//! What the summary needs of the events: counts, and every failure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::not_attempted::NotAttempted;
use crate::events::{
    Closed, Counts, Coverage, Event, Failure, KeptOpen, Opened, Outcome, Place, ServiceEnded, ServiceId, Unseen,
};
use crate::ids::{AccountId, RegionName};

/// What was kept. It grows with what went wrong, and by two numbers for each account and Region in which there are services.
#[derive(Debug, Default)]
pub struct Tally {
    pub counts: Counts,
    pub run_id: Option<String>,
    /// Whether the run changes nothing.
    pub dry_run: bool,
    /// Whether it takes Defenders out again.
    pub undoes: bool,
    /// Accounts in scope, once they are known.
    pub accounts: Option<usize>,
    failed: Vec<(ServiceId, Failure)>,
    unseen_failed: Vec<(Place, Failure)>,
    /// Skip reasons by their sentence: its word, and how many services.
    pub skipped: BTreeMap<String, (&'static str, u64)>,
    /// Services whose turn did not come.
    pub not_attempted: NotAttempted,
    /// Reasons to replace a Defender by their sentence, likewise.
    pub upgraded: BTreeMap<String, (&'static str, u64)>,
    /// Places that are not walked for a reason that is nobody's failure, by that reason.
    pub not_walked: BTreeMap<String, Vec<Place>>,
    /// How much is protected in each account and Region.
    pub places: BTreeMap<(AccountId, RegionName), Coverage>,
    /// What was opened, and stays open.
    opened: Vec<Opened>,
    /// What was closed again, or would be.
    closed: Vec<Closed>,
    kept_open: Vec<KeptOpen>,
    /// Services that somebody should look at, and why.
    to_look_at: Vec<(ServiceId, String)>,
    /// Why services could not be verified, and the way out if it is known.
    pub unverified: Vec<(String, Option<String>)>,
    pub warnings: Vec<String>,
    pub stopped_by: Option<&'static str>,
    /// Whether it was told why a service ends as it does, its outcome included.
    pub explained: bool,
}

impl Tally {
    /// Returns whether the run got as far as walking: before that there is nothing to sum up.
    pub fn walked(&self) -> bool {
        self.accounts.is_some()
    }

    /// Keeps what the summary needs of an event.
    pub fn add(&mut self, event: &Event) {
        self.counts.add(event);
        match event {
            Event::Began(beginning) => {
                self.run_id = Some(beginning.run_id.clone());
                self.dry_run = beginning.dry_run;
            }
            Event::UndoBegan(beginning) => {
                self.run_id = Some(beginning.run_id.clone());
                (self.dry_run, self.undoes) = (beginning.dry_run, true);
            }
            Event::AccountsListed { in_scope, .. } => self.accounts = Some(*in_scope),
            Event::Warning { text } | Event::Bug { text } => self.warnings.push(text.clone()),
            Event::Explained(_) => self.explained = true,
            Event::Planned(_) | Event::AnotherRun { .. } | Event::Asking { .. } => {}
            Event::Opened(opened) => self.opened.push(Opened::clone(opened)),
            Event::Closed(closed) => self.closed.push(Closed::clone(closed)),
            Event::KeptOpen(kept) => self.kept_open.push(KeptOpen::clone(kept)),
            Event::Stopping { signal } => self.stopped_by = Some(signal),
            Event::Service(ended) => {
                let warnings = ended.findings.iter().filter(|finding| finding.is_warning());
                let ServiceId { account, region, .. } = &*ended.service;
                self.places.entry((account.clone(), region.clone())).or_default().add(&ended.outcome);
                self.to_look_at.extend(warnings.map(|finding| (ServiceId::clone(&ended.service), finding.to_string())));
                self.add_outcome(ended);
            }
            Event::Verifying { .. } => {}
            Event::Verified(verified) if verified.connections.missing > 0 => {
                self.to_look_at.push((verified.service.clone(), verified.connections.to_string()));
            }
            Event::Verified(_) => {}
            Event::Unverified { why, .. } => self.unverified.push((why.to_string(), why.hint().map(str::to_owned))),
            Event::Unseen { place, why } => match why {
                Unseen::Failed(failure) => self.unseen_failed.push((place.clone(), failure.clone())),
                other => self.not_walked.entry(reason(other)).or_default().push(place.clone()),
            },
        }
    }

    fn add_outcome(&mut self, ended: &ServiceEnded) {
        match &*ended.outcome {
            Outcome::Failed(failure) => self.failed.push((ServiceId::clone(&ended.service), failure.clone())),
            Outcome::Skipped(reason) => self.skipped.entry(reason.sentence()).or_insert((reason.code(), 0)).1 += 1,
            Outcome::Upgraded { why, .. } | Outcome::Planned { why: Some(why), .. } => {
                self.upgraded.entry(why.sentence()).or_insert((why.code(), 0)).1 += 1
            }
            Outcome::Protected { .. }
            | Outcome::Undone { .. }
            | Outcome::Planned { why: None, .. }
            | Outcome::UpToDate { .. } => {}
            Outcome::NotAttempted(why) => self.not_attempted.add(&ended.service, *why),
        }
    }

    /// Returns the services that somebody should look at, in their order.
    pub fn to_look_at(&self) -> Vec<&(ServiceId, String)> {
        let mut sorted: Vec<_> = self.to_look_at.iter().collect();
        sorted.sort();
        sorted
    }

    /// Returns what was opened, in the order of its places.
    pub fn opened(&self) -> Vec<&Opened> {
        let mut sorted: Vec<_> = self.opened.iter().collect();
        sorted.sort_by_key(|it| (&it.account, &it.region, it.opening.to_string()));
        sorted
    }

    /// Returns what was closed, in the order of its places.
    pub fn closed(&self) -> Vec<&Closed> {
        let mut sorted: Vec<_> = self.closed.iter().collect();
        sorted.sort_by_key(|it| (&it.account, &it.region, it.opening.to_string()));
        sorted
    }

    /// Returns what was kept open, in the order of its places.
    pub fn kept_open(&self) -> Vec<&KeptOpen> {
        let mut sorted: Vec<_> = self.kept_open.iter().collect();
        sorted.sort_by_key(|it| (&it.account, &it.region, it.kept.what.to_string()));
        sorted
    }

    /// Returns the failed services in the order of their places, so that two runs read alike.
    pub fn failed(&self) -> Vec<&(ServiceId, Failure)> {
        in_order(&self.failed)
    }

    /// Returns the places that failed, in their order.
    pub fn unseen_failed(&self) -> Vec<&(Place, Failure)> {
        in_order(&self.unseen_failed)
    }
}

fn in_order<T: Ord>(failures: &[(T, Failure)]) -> Vec<&(T, Failure)> {
    let mut sorted: Vec<_> = failures.iter().collect();
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    sorted
}

/// Returns what is about to be verified, and how long it takes until that can begin.
pub fn verifying(services: usize, waits: Duration) -> String {
    let what = if services == 1 { "1 service" } else { &format!("{services} services") };
    let begins = match whole_seconds(waits) {
        0 => String::new(),
        seconds => format!(", in {seconds} s, when its youngest task has had the time to connect"),
    };
    format!("the Console is asked for the Defenders of {what}{begins}")
}

/// Returns a time in seconds that have begun.
pub fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Returns why a place was not seen, as the end of a sentence.
pub fn reason(why: &Unseen) -> String {
    match why {
        Unseen::NotActive { state } => format!("the account is {state}"),
        Unseen::NotEnabled => "the Region is not enabled in the account".to_owned(),
        Unseen::DeniedByOrganization => "a service control policy of the organization denies the Region".to_owned(),
        Unseen::Failed(failure) => failure.causes.first().cloned().unwrap_or_default(),
        Unseen::NotAttempted => "the run was stopped before its turn".to_owned(),
    }
}
