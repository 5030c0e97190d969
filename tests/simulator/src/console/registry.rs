//! `GET registry` and `POST registry/scan`: which images the Console knows, and how often it may be asked.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::address::{ApiVersion, Release};
use super::answer::Answer;
use super::definition::Console;
use super::errors::{ConsoleError, NOT_JSON};
use super::images::{Image, ImageName};
use super::parameters::Query;

/// Source: pan.dev, openapi-specs/compute/desc/registry/get.md: 30 requests per 30 seconds.
const WINDOW: Duration = Duration::from_secs(30);

/// The calls of the last 30 seconds.
#[derive(Debug, Default)]
pub(super) struct RateLimit(VecDeque<Instant>);

impl RateLimit {
    /// Lets a call in unless there were too many; those refused don't count.
    pub(super) fn admits(&mut self, now: Instant, calls: u32) -> bool {
        while self.0.front().is_some_and(|call| now.duration_since(*call) >= WINDOW) {
            self.0.pop_front();
        }
        let admitted = u32::try_from(self.0.len()).is_ok_and(|so_far| so_far < calls);
        if admitted {
            self.0.push_back(now);
        }
        admitted
    }
}

/// Scans asked for, by the image's full name, and how many polls each still takes.
pub(super) type PendingScans = BTreeMap<String, u32>;

/// Lists the scanned images that every filter lets through.
///
/// `name` is found anywhere in `registry/repository:tag`, so that `app:1` brings `app:10` as well: whoever asks must compare.
/// `search` does the same where it still exists.
/// Source: pan.dev, openapi-specs/compute/desc/registry/get.md ("synonymous with the filter registry text field"); `search` is in
/// the specifications up to 30.03 only, and Palo Alto's tools use it on `v1`.
pub(super) fn list(
    console: &mut Console,
    pending: &mut PendingScans,
    version: ApiVersion,
    query: &Query,
) -> Result<Answer, ConsoleError> {
    finish_scans(console, pending, query);
    let searches = match version {
        ApiVersion::Newest => true,
        ApiVersion::Release(release) => release <= Release(30, 3),
    };
    let compact = query.flag("compact")?.unwrap_or(false);
    let offset = query.number("offset")?.unwrap_or(0);
    let limit = query.number("limit")?.unwrap_or(PAGE).clamp(1, largest_page(console));
    // Source: prisma-cloud-docs, release notes of 31.00: `type` was `image` before.
    let is_older = Release::parse(&console.version).is_some_and(|release| release < Release(31, 0));
    let kind = if is_older { "image" } else { "registry" };
    let found: Vec<Value> = console
        .scanned_images
        .iter()
        .filter(|image| {
            let parts = ImageName::parse(&image.name);
            any(query, "name", |name| image.name.contains(name))
                && (!searches || any(query, "search", |text| image.name.contains(text)))
                && any(query, "id", |id| image.id() == id)
                && any(query, "imageID", |id| image.id() == id)
                && any(query, "repository", |repository| parts.repository == repository)
                && any(query, "registry", |registry| parts.registry == registry)
        })
        .map(|image| image.scan_result(compact, kind))
        .collect();
    Ok(Answer::page(&found, offset, limit))
}

/// Elements of a page when nothing is said. Source: pan.dev, openapi-specs/compute, `limit` of `/registry`.
pub(super) const PAGE: usize = 50;

/// Returns the largest page: 50 in SaaS, 250 self-hosted since 22.12.
/// Source: pan.dev, openapi-specs/cwpp of 30.03; prisma-cloud-docs, release notes of 22.12.
pub(super) fn largest_page(console: &Console) -> usize {
    let is_newer = Release::parse(&console.version).is_some_and(|release| release >= Release(22, 12));
    if console.self_hosted && is_newer { 250 } else { PAGE }
}

/// A filter that isn't given lets everything through; one that is repeated wants any of its values.
fn any<'a>(query: &'a Query, name: &'a str, matches: impl Fn(&str) -> bool) -> bool {
    let mut values = query.all(name).peekable();
    values.peek().is_none() || values.any(matches)
}

/// Notes an on-demand scan. An image that is in no registry never appears.
/// Source: pan.dev, openapi-specs/compute/desc/registry/scan_post.md.
pub(super) fn scan(console: &Console, pending: &mut PendingScans, body: &str) -> Result<Answer, ConsoleError> {
    let body: Value = serde_json::from_str(body).map_err(|_| NOT_JSON)?;
    let part = |name: &str| body["tag"][name].as_str().unwrap_or_default();
    let is_asked_for = |image: &&Image| {
        let parts = ImageName::parse(&image.name);
        parts.registry == part("registry")
            && parts.repository == part("repo")
            && (parts.tag == part("tag") || !parts.digest.is_empty() && parts.digest == part("digest"))
    };
    for image in console.registry_images.iter().map(|known| &known.image).filter(is_asked_for) {
        pending.insert(image.name.clone(), console.scan_polls);
    }
    Ok(Answer::text(200, "application/json", ""))
}

/// Moves the images whose scan is through into the database; a poll counts when it asks for the image.
fn finish_scans(console: &mut Console, pending: &mut PendingScans, query: &Query) {
    for (name, polls) in pending.iter_mut() {
        if query.all("name").chain(query.all("search")).any(|asked| name.contains(asked)) {
            *polls = polls.saturating_sub(1);
        }
    }
    let done: Vec<String> = pending.iter().filter(|(_, polls)| **polls == 0).map(|(name, _)| name.clone()).collect();
    for name in done {
        pending.remove(&name);
        let image = console.registry_images.iter().map(|known| &known.image).find(|image| image.name == name);
        if let Some(image) = image.filter(|image| !console.scanned_images.contains(image)) {
            console.scanned_images.push(image.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thirty_first_call_in_thirty_seconds_is_refused() {
        let mut limit = RateLimit::default();
        let start = Instant::now();
        for call in 0..30 {
            assert!(limit.admits(start + Duration::from_millis(call), 30), "call {call}");
        }
        assert!(!limit.admits(start + Duration::from_secs(29), 30));
        assert!(limit.admits(start + WINDOW, 30), "the first one is out of the window");
        assert!(!limit.admits(start + WINDOW, 30), "the second one is not");
    }
}
