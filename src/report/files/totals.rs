//! What reports say of all services together. It grows with accounts, Regions, reasons and versions, and not with services.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::row::Row;
use super::tile::Tile;
use super::verified::VerifiedServices;
use crate::events::{
    Closed, Counts, Event, Failure, KeptOpen, Opened, Outcome, Place, Protection, ServiceEnded, ServiceId, Unattempted, Unseen,
    versions,
};
use crate::exit;
use crate::ids::{AccountId, RegionName};
use crate::plan::explain::after_skipped;
use crate::plan::verify::Connections;
use crate::progress::Spent;
use crate::report::tally::reason;

/// So many failed services are told with their causes where not all can be; the first in the order of their places.
const FAILURES_KEPT: usize = 100;

/// What a run was.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pub id: Option<String>,
    pub began: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub caller: Option<AccountId>,
    pub region: Option<RegionName>,
    pub dry_run: bool,
    /// Whether it takes Defenders out again.
    pub undoes: bool,
    pub undone_run: Option<String>,
    pub console: Option<String>,
    pub console_version: Option<String>,
    pub defender_version: Option<String>,
    pub stopped_by: Option<&'static str>,
}

impl Run {
    /// Returns what is known of every run when it begins, whatever it does.
    fn begun(id: &str, caller: &AccountId, region: &RegionName, dry_run: bool) -> Self {
        Self {
            id: Some(id.to_owned()),
            began: Some(Timestamp::now()),
            caller: Some(caller.clone()),
            region: Some(region.clone()),
            dry_run,
            ..Self::default()
        }
    }
}

/// How many test cases an account is in JUnit's terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cases {
    pub tests: u64,
    pub failures: u64,
    pub errors: u64,
    pub skipped: u64,
}

/// Why services were skipped, for one word: how many, one of the sentences, and the way out.
#[derive(Clone, Debug)]
pub struct Skipped {
    pub services: u64,
    pub sentence: String,
    pub way_out: String,
}

/// Something that was done to a network, in words.
#[derive(Clone, Debug)]
pub struct NetworkChange {
    pub account: AccountId,
    pub region: RegionName,
    pub vpc: String,
    /// `opened`, `closed`, `to close` or `kept open`.
    pub change: &'static str,
    pub what: String,
    /// The service that it was opened for, or why it was kept.
    pub why: String,
}

/// What was added up.
#[derive(Default)]
pub struct Totals {
    pub run: Run,
    /// What the run has taken, once it is over.
    pub spent: Option<Spent>,
    pub counts: Counts,
    pub accounts: Option<usize>,
    names: BTreeMap<String, String>,
    pub tiles: BTreeMap<(AccountId, RegionName), Tile>,
    /// Services by the Defender that they have now: a version, `none`, or nothing where it is not known.
    pub defenders: BTreeMap<Option<String>, u64>,
    pub skipped: BTreeMap<&'static str, Skipped>,
    pub not_attempted: BTreeMap<&'static str, (u64, String)>,
    pub upgraded: BTreeMap<&'static str, (u64, String)>,
    /// Failed services, the first in the order of their places.
    pub failures: BTreeMap<ServiceId, Failure>,
    pub cases: BTreeMap<AccountId, Cases>,
    unseen: BTreeMap<Place, Vec<Unseen>>,
    verified: VerifiedServices,
    pub network: Vec<NetworkChange>,
    pub warnings: Vec<String>,
}

impl Totals {
    /// Returns whether the run got as far as walking: before that there is nothing to report.
    pub fn walked(&self) -> bool {
        self.accounts.is_some()
    }

    /// Returns what Organizations calls an account.
    pub fn name_of(&self, account: &str) -> Option<&str> {
        self.names.get(account).map(String::as_str)
    }

    /// Returns how many tasks of a row's service show a connected Defender, if that was looked at.
    pub(super) fn connections_of(&self, row: &Row) -> Option<&Connections> {
        self.verified.of(row)
    }

    pub(super) fn end(&mut self) {
        self.run.ended = Some(Timestamp::now());
        self.network
            .sort_by(|one, other| (&one.account, &one.region, &one.what).cmp(&(&other.account, &other.region, &other.what)));
    }

    /// Adds what an event tells.
    pub fn add(&mut self, event: &Event) {
        self.counts.add(event);
        match event {
            Event::Began(it) => {
                self.run = Run {
                    console: Some(it.console.clone()),
                    console_version: Some(it.console_version.clone()),
                    defender_version: Some(it.defender_version.clone()),
                    ..Run::begun(&it.run_id, &it.caller, &it.region, it.dry_run)
                }
            }
            Event::UndoBegan(it) => {
                self.run = Run {
                    undoes: true,
                    undone_run: it.undone_run.clone(),
                    ..Run::begun(&it.run_id, &it.caller, &it.region, it.dry_run)
                }
            }
            Event::AccountsListed { in_scope, names } => {
                self.accounts = Some(*in_scope);
                self.names = names.iter().map(|(account, name)| (account.to_string(), name.clone())).collect();
            }
            Event::Warning { text } | Event::Bug { text } => self.warnings.push(text.clone()),
            Event::Stopping { signal } => self.run.stopped_by = Some(signal),
            Event::Service(ended) => self.service(ended),
            Event::Verified(verified) => self.verified.add(verified),
            Event::Unverified { services, why } => {
                self.warnings.push(format!("{} not verified: {why}", many(*services as u64, "service")));
            }
            Event::Unseen { place, why } => {
                let cases = self.cases.entry(place.account.clone()).or_default();
                cases.tests += 1;
                match why {
                    Unseen::Failed(_) => cases.failures += 1,
                    Unseen::NotAttempted => cases.errors += 1,
                    _ => cases.skipped += 1,
                }
                self.unseen.entry(place.clone()).or_default().push(why.clone());
            }
            Event::Opened(it) => self.opened(it),
            Event::Closed(it) => self.closed(it),
            Event::KeptOpen(it) => self.kept_open(it),
            _ => {}
        }
    }

    fn service(&mut self, ended: &ServiceEnded) {
        let ServiceEnded { service, outcome, .. } = ended;
        let protection = Protection::of(outcome, self.run.undoes);
        let place = (service.account.clone(), service.region.clone());
        self.tiles.entry(place).or_default().add(protection, matches!(&**outcome, Outcome::Failed(_)));
        if protection != Protection::OutOfScope {
            let (_, now) = versions(outcome, self.run.defender_version.as_deref(), self.run.undoes);
            *self.defenders.entry(now.told()).or_default() += 1;
        }
        let cases = self.cases.entry(service.account.clone()).or_default();
        cases.tests += 1;
        match &**outcome {
            Outcome::Skipped(reason) => {
                cases.skipped += 1;
                let new = || Skipped { services: 0, sentence: reason.sentence(), way_out: after_skipped(reason) };
                self.skipped.entry(reason.code()).or_insert_with(new).services += 1;
            }
            Outcome::Failed(failure) => {
                cases.failures += 1;
                let is_among_the_first = self.failures.last_key_value().is_none_or(|(last, _)| **service < *last);
                if self.failures.len() < FAILURES_KEPT || is_among_the_first {
                    self.failures.insert(ServiceId::clone(service), failure.clone());
                }
                while self.failures.len() > FAILURES_KEPT {
                    self.failures.pop_last();
                }
            }
            Outcome::NotAttempted(why) => {
                cases.errors += 1;
                let told = |why: &Unattempted| (0, why.to_string());
                self.not_attempted.entry(why.code()).or_insert_with(|| told(why)).0 += 1;
            }
            Outcome::Upgraded { why, .. } | Outcome::Planned { why: Some(why), .. } => {
                self.upgraded.entry(why.code()).or_insert_with(|| (0, why.sentence())).0 += 1;
            }
            _ => {}
        }
    }

    fn opened(&mut self, it: &Opened) {
        let ServiceId { account, cluster, name, .. } = &it.service;
        self.network.push(NetworkChange {
            account: it.account.clone(),
            region: it.region.clone(),
            vpc: it.vpc.to_string(),
            change: "opened",
            what: it.opening.to_string(),
            why: format!("for {cluster}/{name} of {account}"),
        });
    }

    fn closed(&mut self, it: &Closed) {
        self.network.push(NetworkChange {
            account: it.account.clone(),
            region: it.region.clone(),
            vpc: it.vpc.to_string(),
            change: if it.planned { "to close" } else { "closed" },
            what: it.opening.to_string(),
            why: String::new(),
        });
    }

    fn kept_open(&mut self, it: &KeptOpen) {
        self.network.push(NetworkChange {
            account: it.account.clone(),
            region: it.region.clone(),
            vpc: it.kept.vpc.to_string(),
            change: "kept open",
            what: it.kept.what.to_string(),
            why: it.kept.why.to_string(),
        });
    }

    /// Returns all places added up.
    pub fn all(&self) -> Tile {
        self.tiles.values().fold(Tile::default(), |all, tile| all.plus(*tile))
    }

    /// Returns what was not seen, in the order of its places.
    pub fn unseen(&self) -> impl Iterator<Item = (&Place, &Unseen)> {
        self.unseen.iter().flat_map(|(place, reasons)| reasons.iter().map(move |why| (place, why)))
    }

    /// Returns what was not seen of an account, itself included.
    pub fn unseen_of(&self, account: &AccountId) -> impl Iterator<Item = (&Place, &Unseen)> {
        let all = self.unseen.range(Place::account(account)..).take_while(move |(place, _)| place.account == *account);
        all.flat_map(|(place, reasons)| reasons.iter().map(move |why| (place, why)))
    }

    /// Returns the places that failed, in their order.
    pub fn unseen_failed(&self) -> impl Iterator<Item = (&Place, &Failure)> {
        self.unseen().filter_map(|(place, why)| match why {
            Unseen::Failed(failure) => Some((place, failure)),
            _ => None,
        })
    }

    /// Returns whether a place holds what nobody saw and somebody should have.
    pub fn is_blind(&self, account: &AccountId, region: Option<&RegionName>) -> bool {
        let misses = |why: &Unseen| matches!(why, Unseen::Failed(_) | Unseen::NotAttempted);
        let mut here = self.unseen_of(account).filter(|(place, _)| place.region.is_none() || place.region.as_ref() == region);
        here.any(|(_, why)| misses(why))
    }

    /// Returns the accounts and the Regions of a matrix: those with services, and those that could not be seen.
    pub fn matrix(&self) -> (Vec<&AccountId>, Vec<&RegionName>) {
        let failed = self.unseen_failed().map(|(place, _)| (&place.account, place.region.as_ref()));
        let seen = self.tiles.keys().map(|(account, region)| (account, Some(region)));
        let all: Vec<_> = seen.chain(failed).collect();
        let mut accounts: Vec<&AccountId> = all.iter().map(|(account, _)| *account).collect();
        let mut regions: Vec<&RegionName> = all.iter().filter_map(|(_, region)| *region).collect();
        accounts.sort();
        accounts.dedup();
        regions.sort();
        regions.dedup();
        (accounts, regions)
    }

    /// Returns the code that the run ends with, as far as services decide it.
    pub fn exit_code(&self) -> u8 {
        exit::of(&self.counts)
    }

    /// Returns how it went, in a sentence.
    pub fn verdict(&self) -> String {
        let counts = &self.counts;
        let open = counts.failed + counts.not_attempted;
        let unseen = counts.unseen_failed + counts.unseen_not_attempted;
        if counts.complete() && counts.services() == 0 {
            return "No service was seen: see whether the scope is what you meant.".to_owned();
        }
        if counts.complete() && self.run.dry_run {
            return format!("Dry run: nothing was changed, and {} would be.", many(counts.planned, "service"));
        }
        if counts.complete() {
            let done = if self.run.undoes { "undone" } else { "protected" };
            return format!("Every service in scope is {done}, or skipped for a reason.");
        }
        let services = (open > 0).then(|| format!("{} failed or not attempted", many(open, "service")));
        let places = (unseen > 0).then(|| format!("{} not seen", many(unseen, "place")));
        let bugs = (counts.bugs > 0).then(|| "fargate-updater has a bug".to_owned());
        format!("Not done: {}.", [services, places, bugs].into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    /// Returns how services ended, each word with its number, those that did not happen left out.
    pub fn outcomes(&self) -> Vec<(&'static str, u64)> {
        let counts = &self.counts;
        let all = [
            ("protected", counts.protected),
            ("upgraded", counts.upgraded),
            ("undone", counts.undone),
            ("planned", counts.planned),
            ("up to date", counts.up_to_date),
            ("skipped", counts.skipped),
            ("failed", counts.failed),
            ("not attempted", counts.not_attempted),
        ];
        all.into_iter().filter(|(_, number)| *number > 0).collect()
    }

    /// Returns how long the run took, such as `1h 2m 3s`.
    pub fn took(&self) -> Option<String> {
        let (began, ended) = (self.run.began?, self.run.ended?);
        let seconds = ended.duration_since(began).as_secs().max(0);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        Some(match (hours, minutes) {
            (0, 0) => format!("{seconds}s"),
            (0, _) => format!("{minutes}m {seconds}s"),
            _ => format!("{hours}h {minutes}m {seconds}s"),
        })
    }
}

/// Returns a number with its noun.
pub(super) fn many(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Returns the word for why a place was not seen.
pub(super) fn unseen_code(why: &Unseen) -> &'static str {
    match why {
        Unseen::NotActive { .. } => "not-active",
        Unseen::NotEnabled => "not-enabled",
        Unseen::DeniedByOrganization => "denied-by-organization",
        Unseen::Failed(_) => "failed",
        Unseen::NotAttempted => "not-attempted",
    }
}

/// Returns the sentence for why a place was not seen.
pub(super) fn unseen_text(why: &Unseen) -> String {
    reason(why)
}
