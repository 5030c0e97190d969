//! Makes a definition with a Defender out of one without: finds entry points, asks the Console, takes what is embedding of its answer.
//! Services have no part in it, so that a file's definition is made like a fleet's.

use futures::future::try_join_all;
use serde_json::Value;

use super::entries::{EntryPoints, find_one};
use super::error::{Answer, JourneyError, NobodyKnows};
use super::notes::Notes;
use super::stages::Bare;
use crate::aws::Account;
use crate::console::Console;
use crate::events::Finding;
use crate::ids::{AccountId, Family, RegionName};
use crate::plan::accept::{self, Accepted, Embedding, Refusal};
use crate::plan::defender::DefenderToday;
use crate::plan::entrypoint::{self, Silent};
use crate::plan::image::Platform;
use crate::plan::pin::Pins;
use crate::plan::question::{self, Question};
use crate::plan::redact::Redactor;
use crate::plan::{Policy, Selection};
use crate::registry::{Images, Puller};

/// Where a definition is at home.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The account, entered; none, where a file is read without AWS at hand.
    pub account: Option<&'a Account>,
    pub id: &'a AccountId,
    pub region: &'a RegionName,
}

/// What a definition with a Defender is made with.
#[derive(Clone, Copy)]
pub struct Maker<'a> {
    pub console: &'a Console,
    pub images: &'a Images,
    pub today: &'a DefenderToday,
    pub policy: &'a Policy,
    pub place: Place<'a>,
    /// How urgent it is, among all that the Console is asked.
    pub urgency: usize,
    pub(super) notes: Option<&'a Notes>,
}

impl<'a> Maker<'a> {
    /// Returns one that nobody asks why.
    pub fn new(
        (console, images): (&'a Console, &'a Images),
        (today, policy): (&'a DefenderToday, &'a Policy),
        place: Place<'a>,
    ) -> Self {
        Self { console, images, today, policy, place, urgency: 0, notes: None }
    }

    pub(super) fn puller<'s>(&'s self, secret: Option<&'s str>) -> Puller<'s> {
        Puller { account: self.place.account, region: self.place.region, secret }
    }

    /// Finds out what the silent containers run, and of those that are pinned what that image does.
    pub(super) async fn entry_points(
        &self,
        bare: &Bare,
        selection: &Selection,
        pins: &Pins,
    ) -> Result<EntryPoints, JourneyError> {
        let platform = Platform::of(&bare.definition);
        let mut silent = entrypoint::silent(&bare.definition, selection);
        for silent in &mut silent {
            if let Some(image) = pins.image_of(&silent.container) {
                image.clone_into(&mut silent.image);
            }
        }
        let found = try_join_all(silent.iter().map(|silent: &Silent| find_one(silent, platform, self, bare))).await?;
        let mut entry_points = EntryPoints::default();
        for (silent, (entry, missed)) in silent.into_iter().zip(found) {
            entry_points.missed.extend(missed.map(|not_found| (silent.container.clone(), not_found)));
            entry_points.entries.insert(silent.container, entry);
        }
        Ok(entry_points)
    }

    /// Has the Console embed the Defender, once for each way in which it has to look entry points up.
    pub(super) async fn embed(
        &self,
        family: &Family,
        redactor: &Redactor,
        questions: &[Question],
        entry_points: &EntryPoints,
    ) -> Result<Value, JourneyError> {
        let place = (self.place.id, self.place.region);
        let mut answers = Vec::new();
        for question in questions {
            let answer = self.console.embed(question, self.today, self.policy, place, redactor, self.urgency).await;
            let answer = answer.map_err(|source| match question.lookup {
                Some(_) => {
                    let missed = entry_points.missed_of(&question.looked_up);
                    JourneyError::EntryPoint { source: NobodyKnows::asked(missed, Answer::Refused(source)) }
                }
                None => JourneyError::Embed { family: family.clone(), source },
            })?;
            answers.push((question.clone(), answer));
        }
        Ok(question::one_answer(answers))
    }
}

/// Takes what is embedding of the Console's answer.
pub(super) fn accepted(
    family: &Family,
    embedding: &Embedding<'_>,
    entry_points: &EntryPoints,
    answer: &Value,
) -> Result<Accepted, JourneyError> {
    accept::accept(embedding, answer).map_err(|source| match &source {
        Refusal::Joined { container } | Refusal::NothingToRun { container } => {
            let missed = entry_points.missed_of(std::slice::from_ref(container));
            JourneyError::EntryPoint { source: NobodyKnows::asked(missed, Answer::Useless(source)) }
        }
        _ => JourneyError::Accept { family: family.clone(), source },
    })
}

/// Returns what is worth knowing about what was taken.
pub(super) fn findings(accepted: &Accepted, selection: &Selection) -> Vec<Finding> {
    let filled = accepted.filled.iter();
    let mut findings: Vec<Finding> = filled
        .map(|(container, found_in)| Finding::EntryPointFound { container: container.clone(), found_in: *found_in })
        .collect();
    if !accepted.put_back.is_empty() {
        findings.push(Finding::PutBack { places: accepted.put_back.iter().map(ToString::to_string).collect() });
    }
    findings.extend(accepted.waas_port_nowhere.map(|port| Finding::WaasPortNowhere { port }));
    findings.extend(selection.unknown().map(|name| Finding::NoSuchContainer { name: name.to_owned() }));
    findings
}
