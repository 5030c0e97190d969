//! Images as the Console knows them: what it scanned, and what it would find in a registry.
//!
//! Nothing is downloaded. An image is its name and the two lists of its configuration that embedding needs.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An image's name and what it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// As a task definition names it: `registry/repository:tag`, or with a digest.
    pub name: String,
    /// The image's ENTRYPOINT.
    #[serde(default)]
    pub entrypoint: Vec<String>,
    /// The image's CMD.
    #[serde(default)]
    pub command: Vec<String>,
}

/// An image in a registry that the Console can ask with one of its credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryImage {
    /// The credential that opens the registry; `None` stands for any.
    #[serde(default)]
    pub credential_id: Option<String>,
    pub image: Image,
}

impl Image {
    pub(super) fn new(name: &str, entrypoint: &[&str], command: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self { name: name.to_owned(), entrypoint: owned(entrypoint), command: owned(command) }
    }

    /// Returns ENTRYPOINT and CMD in one list, as the scan results show them.
    pub(super) fn combined(&self) -> Vec<String> {
        self.entrypoint.iter().chain(&self.command).cloned().collect()
    }

    /// Returns an id that looks like an image's, the same for the same name.
    pub(super) fn id(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.name.hash(&mut hasher);
        format!("sha256:{}", format!("{:016x}", hasher.finish()).repeat(4))
    }

    /// Returns the element of `GET registry` for this image. `image.entrypoint` is ENTRYPOINT and CMD combined, and a compact
    /// answer has no `image` at all.
    /// Source: pan.dev, openapi-specs/compute/openapi-34-04-145-sh.json, `shared.ImageScanResult` and `compact`.
    pub(super) fn scan_result(&self, compact: bool, kind: &str) -> Value {
        let parts = ImageName::parse(&self.name);
        let repo_tag = json!({
            "registry": parts.registry,
            "repo": parts.repository,
            "tag": parts.tag,
            "digest": parts.digest,
            "id": "",
        });
        let mut result = json!({
            "_id": self.id(),
            "id": self.id(),
            "type": kind,
            "scanTime": "2026-01-05T06:00:00Z",
            "repoTag": repo_tag,
            "tags": [repo_tag],
            "err": "",
            "topLayer": self.id(),
        });
        if !compact {
            let repo_digest = if parts.digest.is_empty() { json!([]) } else { json!([self.name]) };
            result["image"] = json!({
                "entrypoint": self.combined(),
                "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                "user": "",
                "workingDir": "/",
                "labels": {},
                "layers": [],
                "os": "linux",
                "repoDigest": repo_digest,
                "repoTags": [self.name],
            });
        }
        result
    }
}

/// An image's name, taken apart. Absent parts are empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ImageName<'a> {
    pub(crate) registry: &'a str,
    pub(crate) repository: &'a str,
    pub(crate) tag: &'a str,
    pub(crate) digest: &'a str,
}

impl<'a> ImageName<'a> {
    /// Takes a name apart by Docker's rule: the first part is a registry when it has a dot or a colon, or is `localhost`.
    /// Source: distribution/reference, `splitDockerDomain`.
    pub(crate) fn parse(name: &'a str) -> Self {
        let (name, digest) = name.split_once('@').unwrap_or((name, ""));
        let (registry, rest) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
            _ => ("", name),
        };
        let (repository, tag) = rest.rsplit_once(':').unwrap_or((rest, ""));
        Self { registry, repository, tag, digest }
    }
}

#[cfg(test)]
mod tests {
    use super::ImageName;

    #[test]
    fn names_are_taken_apart() {
        let cases = [
            ("httpd:2.4", ["", "httpd", "2.4", ""]),
            ("team/httpd", ["", "team/httpd", "", ""]),
            ("registry.example.test:5000/team/httpd:1", ["registry.example.test:5000", "team/httpd", "1", ""]),
            ("localhost/httpd@sha256:00", ["localhost", "httpd", "", "sha256:00"]),
            ("registry.example.test/a:1@sha256:00", ["registry.example.test", "a", "1", "sha256:00"]),
        ];
        for (name, [registry, repository, tag, digest]) in cases {
            assert_eq!(ImageName::parse(name), ImageName { registry, repository, tag, digest }, "{name}");
        }
    }
}
