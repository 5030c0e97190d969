//! An image as a task definition names it, and what its configuration says it runs.
//!
//! Nothing is fetched in here: [`crate::registry`] does that, and hands what it found to these functions. Read
//! [`super::entrypoint`] for what becomes of it.

use std::fmt;

use serde_json::Value;

use super::task_definition::TaskDefinition;
use crate::ids::{AccountId, RegionName};

/// What Docker calls the registry of images that name none.
/// Source: distribution/reference, `normalize.go`, `defaultDomain`.
pub const DOCKER_HUB: &str = "docker.io";

/// ENTRYPOINT and CMD of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    pub entry_point: Vec<String>,
    pub command: Vec<String>,
}

/// A configuration that does not say what the image runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the image's configuration is not an image's: {0}")]
pub struct NotAConfiguration(&'static str);

impl Runs {
    /// Reads an image's configuration. Docker writes `null` where an image says nothing.
    ///
    /// Source: OCI Image Format Specification, "OCI Image Configuration", `config.Entrypoint` and `config.Cmd`; both are lists of
    /// arguments, and the specification has them in Docker's own words.
    ///
    /// # Errors
    ///
    /// When it is no configuration of a container image, such as that of a Helm chart in the same registry.
    pub fn from_configuration(configuration: &Value) -> Result<Self, NotAConfiguration> {
        if configuration.get("os").is_none_or(|os| !os.is_string()) {
            return Err(NotAConfiguration("it names no operating system"));
        }
        let config = configuration.get("config").unwrap_or(&Value::Null);
        let words = |key: &str, problem| match config.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(words)) => {
                let words = words.iter().map(|word| word.as_str().map(str::to_owned));
                words.collect::<Option<Vec<_>>>().ok_or(NotAConfiguration(problem))
            }
            Some(_) => Err(NotAConfiguration(problem)),
        };
        Ok(Self {
            entry_point: words("Entrypoint", "its Entrypoint is no list of texts")?,
            command: words("Cmd", "its Cmd is no list of texts")?,
        })
    }

    /// Returns whether there is nothing that could be started.
    pub fn is_nothing(&self) -> bool {
        self.entry_point.is_empty() && self.command.is_empty()
    }
}

/// The processor that a task's images are made for; Defenders are for Linux only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    Amd64,
    Arm64,
}

impl Platform {
    /// Returns the platform that a task definition runs on: `X86_64` unless it says otherwise.
    /// Source: Amazon ECS API Reference, `RuntimePlatform` (read 2026-11).
    pub fn of<Stage>(definition: &TaskDefinition<Stage>) -> Self {
        match definition.runtime_platform("cpuArchitecture") {
            Some("ARM64") => Self::Arm64,
            _ => Self::Amd64,
        }
    }

    /// Returns the name that indexes of images give the processor: Go's.
    /// Source: OCI Image Format Specification, "Image Index", `platform.architecture`.
    pub fn architecture(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// Chooses among the entries of an index, each with its operating system, architecture, variant and digest.
    ///
    /// An entry without a variant comes first, then `v8`, which every 64-bit ARM processor is; the order of the rest is theirs.
    pub fn choose<'a>(self, entries: impl IntoIterator<Item = IndexEntry<'a>>) -> Option<&'a str> {
        let fits = |entry: &IndexEntry<'_>| entry.os == "linux" && entry.architecture == self.architecture();
        let rank = |entry: &IndexEntry<'_>| match entry.variant {
            None | Some("") => 0,
            Some("v8") => 1,
            Some(_) => 2,
        };
        entries.into_iter().filter(fits).min_by_key(rank).map(|entry| entry.digest)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "linux/{}", self.architecture())
    }
}

/// One image of an index, as far as choosing goes.
#[derive(Clone, Copy, Debug)]
pub struct IndexEntry<'a> {
    pub os: &'a str,
    pub architecture: &'a str,
    pub variant: Option<&'a str>,
    pub digest: &'a str,
}

/// Returns the registry that an image's name begins with, or Docker Hub.
///
/// The first part of a name is a registry when it has a dot or a colon, or is `localhost`.
/// Source: distribution/reference, `normalize.go`, `splitDockerDomain`.
pub fn registry_of(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => plain_host(first),
        _ => DOCKER_HUB,
    }
}

/// Returns a registry by the one name we use for it: Docker Hub has three.
pub fn plain_host(host: &str) -> &str {
    match host {
        "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
        other => other,
    }
}

/// A private registry of Amazon ECR.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EcrRegistry {
    pub account: AccountId,
    pub region: RegionName,
}

impl EcrRegistry {
    /// Returns the ECR registry that an image is in: `111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1`.
    ///
    /// Source: Amazon ECR User Guide, "Amazon ECR private registries", and "Getting started with making requests over IPv6" for
    /// the dual-stack hosts, `….dkr-ecr.eu-west-1.on.aws` (read 2026-11).
    pub fn of(image: &str) -> Option<Self> {
        let (account, rest) = registry_of(image).split_once('.')?;
        let after = |start: &str| rest.strip_prefix(start);
        let (region, domain) = after("dkr.ecr.")
            .or_else(|| after("dkr.ecr-fips."))
            .or_else(|| after("dkr-ecr."))
            .or_else(|| after("dkr-ecr-fips."))?
            .split_once('.')?;
        let aws = ["amazonaws.com", "amazonaws.com.cn", "on.aws", "on.amazonwebservices.com.cn"].contains(&domain);
        if aws { Some(Self { account: account.parse().ok()?, region: region.parse().ok()? }) } else { None }
    }
}

/// Returns whether an element of the Console's `GET /registry` is exactly this image: it also returns images whose name goes on.
///
/// How it writes the images of Docker Hub is not public; all ways of writing them mean the same.
pub fn is_scan_of(element: &Value, image: &str) -> bool {
    let part = |key: &str| element.pointer(&format!("/repoTag/{key}")).and_then(Value::as_str).unwrap_or_default();
    let (registry, repository) = (part("registry"), part("repo"));
    let repository = if registry.is_empty() { repository.to_owned() } else { format!("{registry}/{repository}") };
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let (wanted, tag) = split_tag(name);
    // `repository:tag@digest` is allowed; the digest alone decides.
    let same = digest.map_or_else(|| part("tag") == tag.unwrap_or("latest"), |digest| part("digest") == digest);
    same && whole_name(wanted) == whole_name(&repository)
}

/// Returns a repository's name with all that may be left out of it: `httpd` is `docker.io/library/httpd`.
/// Source: distribution/reference, `normalize.go`, `splitDockerDomain`.
fn whole_name(repository: &str) -> String {
    let registry = registry_of(repository);
    let named = repository.split_once('/').filter(|(first, _)| plain_host(first) == registry);
    match named.map_or(repository, |(_, path)| path) {
        path if registry == DOCKER_HUB && !path.contains('/') => format!("{registry}/library/{path}"),
        path => format!("{registry}/{path}"),
    }
}

/// Returns what a scanned image runs, ENTRYPOINT and CMD in one list, which nobody can take apart again.
///
/// Source: Prisma Cloud Compute API, `shared.ImageScanResult`, `image.entrypoint`: "Combined entrypoint of the image" (34.04).
pub fn scanned_entry_point(element: &Value) -> Vec<String> {
    let words = element.pointer("/image/entrypoint").and_then(Value::as_array).into_iter().flatten();
    words.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Splits the tag off an image's name; a colon before the last slash is a port.
fn split_tag(image: &str) -> (&str, Option<&str>) {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (image, None),
    }
}
