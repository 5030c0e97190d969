//! What a registry serves for an image: manifests and configurations as JSON, by the digests of their bytes.
//!
//! Source: OCI Image Format Specification, manifest, image index and configuration; distribution/distribution, docs/spec/manifest-v2-2.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::definition::{Image, Registry, Variant};
use super::name::FullName;

/// The media types of one of the two formats.
struct MediaTypes {
    index: &'static str,
    manifest: &'static str,
    configuration: &'static str,
    layer: &'static str,
}

const OCI: MediaTypes = MediaTypes {
    index: "application/vnd.oci.image.index.v1+json",
    manifest: "application/vnd.oci.image.manifest.v1+json",
    configuration: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};

const DOCKER: MediaTypes = MediaTypes {
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    configuration: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};

/// The layer of an attestation. Source: moby/buildkit, docs/attestations/attestation-storage.md.
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// Something a registry serves.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) digest: String,
    pub(super) media_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

impl Document {
    fn new(media_type: &'static str, content: &Value) -> Self {
        let bytes = content.to_string().into_bytes();
        Self { digest: digest(&bytes), media_type, bytes }
    }

    fn descriptor(&self) -> Value {
        json!({ "mediaType": self.media_type, "digest": self.digest, "size": self.bytes.len() })
    }
}

/// Everything that is pushed with one image.
#[derive(Debug)]
pub(super) struct Content {
    /// What the tag names is the last one.
    pub(super) manifests: Vec<Document>,
    pub(super) blobs: Vec<Document>,
}

impl Content {
    /// Returns the digest of what the tag names.
    pub(super) fn named(&self) -> &str {
        self.manifests.last().map_or("", |manifest| &manifest.digest)
    }

    /// Returns the digest of the image for the first platform, which is what the tag names where it names no index.
    pub(super) fn of_platform(&self) -> &str {
        self.manifests.first().map_or("", |manifest| &manifest.digest)
    }

    /// Adds a configuration and its manifest, and returns the place of the manifest.
    fn add(&mut self, types: &MediaTypes, configuration: &Value, layer: Value) -> usize {
        let configuration = Document::new(types.configuration, configuration);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": types.manifest,
            "config": configuration.descriptor(),
            "layers": [layer],
        });
        self.blobs.push(configuration);
        self.manifests.push(Document::new(types.manifest, &manifest));
        self.manifests.len() - 1
    }
}

impl Registry {
    /// Returns what is pushed with an image; a push is a number, and no two of them bring the same digest.
    pub(super) fn content(&self, image: &Image, push: u64) -> Content {
        let types = if self.docker_manifests { &DOCKER } else { &OCI };
        let repository = FullName::of(&self.host, &image.name).repository;
        // The layer stands for everything in an image that is not its configuration.
        let layer = |platform: &str| digest(format!("{} {repository} {platform} {push}", self.host).as_bytes());
        let mut content = Content { manifests: Vec::new(), blobs: Vec::new() };
        if !image.index {
            let variant = image.variants.first().cloned().unwrap_or_default();
            let layer = layer(&variant.platform);
            content.add(types, &configuration(&variant, &layer), layer_descriptor(types.layer, &layer));
            return content;
        }
        let (mut variants, mut attestations) = (Vec::new(), Vec::new());
        for variant in &image.variants {
            let layer = layer(&variant.platform);
            let at = content.add(types, &configuration(variant, &layer), layer_descriptor(types.layer, &layer));
            let mut entry = content.manifests[at].descriptor();
            entry["platform"] = platform(variant);
            let about = content.manifests[at].digest.clone();
            variants.push(entry);

            let statement = digest(about.as_bytes());
            let empty = json!({ "architecture": "unknown", "os": "unknown", "config": {}, "rootfs": rootfs(&statement) });
            let at = content.add(types, &empty, layer_descriptor(IN_TOTO, &statement));
            let mut entry = content.manifests[at].descriptor();
            // Source: moby/buildkit, docs/attestations/attestation-storage.md.
            entry["annotations"] =
                json!({ "vnd.docker.reference.digest": about, "vnd.docker.reference.type": "attestation-manifest" });
            entry["platform"] = json!({ "architecture": "unknown", "os": "unknown" });
            attestations.push(entry);
        }
        variants.extend(attestations);
        let index = json!({ "schemaVersion": 2, "mediaType": types.index, "manifests": variants });
        content.manifests.push(Document::new(types.index, &index));
        content
    }
}

/// Returns the configuration as Docker writes it: an ENTRYPOINT or a CMD that is not there is `null`.
/// Source: moby/moby, docs of the image configuration (`Config.Entrypoint`, `Config.Cmd`).
fn configuration(variant: &Variant, layer: &str) -> Value {
    let or_null = |words: &[String]| if words.is_empty() { Value::Null } else { json!(words) };
    let mut configuration = platform(variant);
    configuration["created"] = json!("2026-01-05T06:00:00Z");
    configuration["config"] = json!({
        "Hostname": "",
        "User": "",
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Cmd": or_null(&variant.command),
        "WorkingDir": "",
        "Entrypoint": or_null(&variant.entrypoint),
        "Labels": null,
    });
    configuration["rootfs"] = rootfs(layer);
    configuration
}

/// Returns `architecture`, `os` and perhaps `variant`, which configurations and indexes name alike.
fn platform(variant: &Variant) -> Value {
    let mut parts = variant.platform.split('/');
    let (os, architecture) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let mut platform = json!({ "architecture": architecture, "os": os });
    if let Some(variant) = parts.next() {
        platform["variant"] = json!(variant);
    }
    platform
}

fn layer_descriptor(media_type: &str, digest: &str) -> Value {
    json!({ "mediaType": media_type, "digest": digest, "size": 1024 })
}

fn rootfs(layer: &str) -> Value {
    json!({ "type": "layers", "diff_ids": [layer] })
}

/// Returns `sha256:` and 64 hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &Document) -> Value {
        serde_json::from_slice(&document.bytes).expect("JSON")
    }

    #[test]
    fn a_digest_is_that_of_the_bytes() {
        assert_eq!(digest(b""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let registry = Registry::new("r.example.test").image("app:1", &["/init"], &[]);
        let content = registry.content(&registry.images[0], 0);
        let manifest = read(&content.manifests[0]);
        assert_eq!(manifest["config"]["digest"], content.blobs[0].digest);
        assert_eq!(manifest["config"]["size"], content.blobs[0].bytes.len());
        assert_eq!(content.named(), digest(&content.manifests[0].bytes));
        let config = &read(&content.blobs[0])["config"];
        assert_eq!((&config["Entrypoint"], &config["Cmd"]), (&json!(["/init"]), &Value::Null));
        assert_ne!(registry.content(&registry.images[0], 1).named(), content.named());
    }

    #[test]
    fn an_index_has_every_platform_and_an_attestation_for_each() {
        let registry = Registry::new("r.example.test").docker_manifests();
        let registry = registry.index("app:1", &[("linux/amd64", &["/init"], &[]), ("linux/arm/v7", &[], &["x"])]);
        let content = registry.content(&registry.images[0], 0);
        let index = content.manifests.last().expect("an index");
        assert_eq!(index.media_type, "application/vnd.docker.distribution.manifest.list.v2+json");
        let entries = read(index)["manifests"].as_array().cloned().expect("a list");
        let platforms: Vec<Value> = entries.iter().map(|entry| entry["platform"].clone()).collect();
        let unknown = json!({ "architecture": "unknown", "os": "unknown" });
        assert_eq!(
            platforms,
            [
                json!({ "architecture": "amd64", "os": "linux" }),
                json!({ "architecture": "arm", "os": "linux", "variant": "v7" }),
                unknown.clone(),
                unknown
            ]
        );
        for entry in &entries {
            assert!(content.manifests.iter().any(|manifest| entry["digest"] == manifest.digest));
        }
        assert_eq!(entries[3]["annotations"]["vnd.docker.reference.digest"], entries[1]["digest"]);
    }
}
