//! A registry as scenario data: its images, and who may pull them.
//!
//! Plain data and by-value builders; nothing in here answers a request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::name::{FullName, whole_name};
use crate::Org;

/// One registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registry {
    /// As it stands in front of an image's name, with a port if there is one; Docker Hub's is `docker.io`.
    pub host: String,
    pub images: Vec<Image>,
    /// Of no account in a registry of ECR, which wants a token of `GetAuthorizationToken` whatever is said here.
    pub access: Access,
    /// Other accounts that may pull from a registry of ECR.
    pub lets: Vec<String>,
    /// Whether manifests and configurations have Docker's media types instead of OCI's.
    pub docker_manifests: bool,
}

/// What a registry wants from whoever pulls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Access {
    /// A bearer token, which anybody is handed, as Docker Hub and the public registry of ECR do.
    #[default]
    Anybody,
    /// User and password with every request.
    Basic { user: String, password: String },
    /// A bearer token, which is handed out for user and password.
    Token { user: String, password: String },
}

/// One image, or one index of images.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Image {
    /// `repository:tag`.
    pub name: String,
    /// One for each platform; the first alone counts when this is no index.
    pub variants: Vec<Variant>,
    /// Whether the tag names an index, with an attestation beside each variant, instead of one manifest.
    pub index: bool,
}

/// What an image runs on one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Variant {
    /// Operating system, architecture and perhaps its variant, such as `linux/arm64/v8`.
    pub platform: String,
    /// ENTRYPOINT.
    pub entrypoint: Vec<String>,
    /// CMD.
    pub command: Vec<String>,
}

impl Default for Variant {
    fn default() -> Self {
        Self { platform: "linux/amd64".to_owned(), entrypoint: Vec::new(), command: Vec::new() }
    }
}

impl Variant {
    fn new(platform: &str, entrypoint: &[&str], command: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self { platform: platform.to_owned(), entrypoint: owned(entrypoint), command: owned(command) }
    }
}

impl Image {
    /// Returns an image for linux/amd64 alone.
    pub(super) fn new(name: &str, entrypoint: &[&str], command: &[&str]) -> Self {
        Self { name: name.to_owned(), variants: vec![Variant::new("linux/amd64", entrypoint, command)], index: false }
    }
}

impl Registry {
    /// Returns an empty registry that is open to anybody.
    pub fn new(host: &str) -> Self {
        Self { host: host.to_owned(), ..Self::default() }
    }

    /// Adds an image for linux/amd64, or replaces the one of this name; the name is `repository:tag`, in Docker Hub with
    /// `library/` where it belongs.
    pub fn image(self, name: &str, entrypoint: &[&str], command: &[&str]) -> Self {
        self.put(Image::new(name, entrypoint, command))
    }

    /// Adds an index of images, each by its platform, ENTRYPOINT and CMD, or replaces the image of this name.
    pub fn index(self, name: &str, variants: &[(&str, &[&str], &[&str])]) -> Self {
        let variants = variants.iter().map(|(platform, entrypoint, command)| Variant::new(platform, entrypoint, command));
        self.put(Image { name: name.to_owned(), variants: variants.collect(), index: true })
    }

    pub(super) fn put(mut self, image: Image) -> Self {
        self.images.retain(|other| other.name != image.name);
        self.images.push(image);
        self
    }

    /// Wants user and password with every request.
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        self.access = Access::Basic { user: user.to_owned(), password: password.to_owned() };
        self
    }

    /// Wants a bearer token, and hands one out for user and password only.
    pub fn token(mut self, user: &str, password: &str) -> Self {
        self.access = Access::Token { user: user.to_owned(), password: password.to_owned() };
        self
    }

    /// Lets another account pull from this registry of ECR, as the policies of its repositories do.
    pub fn lets(mut self, account: &str) -> Self {
        self.lets.push(account.to_owned());
        self
    }

    /// Serves Docker's media types instead of OCI's.
    pub fn docker_manifests(mut self) -> Self {
        self.docker_manifests = true;
        self
    }
}

impl Org {
    /// Adds a registry, or edits one added before.
    pub fn registry(mut self, host: &str, edit: impl FnOnce(Registry) -> Registry) -> Self {
        let host = super::name::host(host);
        let registry = match self.registries.iter().position(|registry| registry.host == host) {
            Some(at) => self.registries.remove(at),
            None => Registry::new(host),
        };
        self.registries.push(edit(registry));
        self
    }

    /// Adds an image for linux/amd64 to the registry its full name says: `httpd:2.4` is `library/httpd:2.4` of `docker.io`.
    ///
    /// # Panics
    ///
    /// When it is named by a digest.
    pub fn image(self, full_name: &str, entrypoint: &[&str], command: &[&str]) -> Self {
        let name = FullName::parse(full_name);
        self.registry(&name.host, |registry| registry.image(&name.in_registry(), entrypoint, command))
    }

    /// Returns the digest of what a tag names, that of the index for an index, so that a task definition of the same scenario can
    /// have it.
    ///
    /// # Panics
    ///
    /// When there is no such image.
    pub fn digest_of(&self, full_name: &str) -> String {
        let name = FullName::parse(full_name);
        let registry = self.registries.iter().find(|registry| registry.host == name.host);
        let image = registry.and_then(|registry| Some((registry, registry.find(&name)?)));
        let (registry, image) = image.unwrap_or_else(|| panic!("there is no image {full_name}"));
        registry.content(image, 0).named().to_owned()
    }
}

impl Org {
    /// Returns what every tag of the registries names, by the whole names of the images, as tasks that start now would tell.
    pub(crate) fn image_digests(&self) -> BTreeMap<String, String> {
        let images = self.registries.iter().flat_map(|registry| registry.images.iter().map(move |image| (registry, image)));
        let digests = images.map(|(registry, image)| {
            let content = registry.content(image, 0);
            let digest = if self.platform_digests { content.of_platform() } else { content.named() };
            (whole_name(&format!("{}/{}", registry.host, image.name)), digest.to_owned())
        });
        digests.collect()
    }

    /// Has tasks tell the digest of their platform's image where their tag names an index.
    pub fn tasks_tell_platform_digests(mut self) -> Self {
        self.platform_digests = true;
        self
    }
}

impl Registry {
    fn find(&self, name: &FullName) -> Option<&Image> {
        self.images.iter().find(|image| FullName::of(&self.host, &image.name) == *name)
    }
}
