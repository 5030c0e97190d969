//! Query strings: what was asked for, as text and by type.
//!
//! An unknown parameter is ignored, an empty one counts as absent, and one of the wrong type is refused.

use super::errors::{BAD_PARAMETER, ConsoleError};
use super::profile::Profile;

/// The query of one request, in the order it was sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Returns the values of a parameter that may be repeated.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.0.iter().filter(move |(key, value)| key == name && !value.is_empty());
        pairs.map(|(_, value)| value.as_str())
    }

    pub(super) fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.first(name).unwrap_or_default().to_owned()
    }

    /// Reads a truth value, Python's spelling included: Palo Alto's own tool sends `True`.
    /// Source: pcs-cwp-fargate-deploy, protectFargateTasks.py.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ConsoleError> {
        match self.first(name) {
            None => Ok(None),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(BAD_PARAMETER),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, ConsoleError> {
        self.first(name).map(|value| value.parse().map_err(|_| BAD_PARAMETER)).transpose()
    }
}

/// What `POST defenders/fargate.json` was asked to do.
#[derive(Clone, Debug, Default)]
pub(super) struct EmbedParameters {
    pub(super) consoleaddr: String,
    pub(super) interpreter: Option<String>,
    pub(super) cloud_formation: bool,
    pub(super) filesystem_monitoring: bool,
    pub(super) extract_entrypoint: bool,
    pub(super) registry_type: String,
    pub(super) registry_credential_id: Option<String>,
    pub(super) defender_image: Option<String>,
    pub(super) defender_image_pull_secret: Option<String>,
}

impl EmbedParameters {
    /// Reads those this profile knows.
    pub(super) fn read(query: &Query, profile: Profile) -> Result<Self, ConsoleError> {
        let known = profile.traits().parameters;
        let query = Query(query.0.iter().filter(|(name, _)| known.contains(&name.as_str())).cloned().collect());
        let owned = |name| query.first(name).map(str::to_owned);
        Ok(Self {
            consoleaddr: query.text("consoleaddr"),
            interpreter: owned("interpreter"),
            cloud_formation: query.flag("cloudFormation")?.unwrap_or(false),
            filesystem_monitoring: query.flag("filesystemMonitoring")?.unwrap_or(false),
            extract_entrypoint: query.flag("extractEntrypoint")?.unwrap_or(false),
            registry_type: query.text("registryType"),
            registry_credential_id: owned("registryCredentialID"),
            defender_image: owned("defenderImage"),
            defender_image_pull_secret: owned("defenderImagePullSecret"),
        })
    }
}
