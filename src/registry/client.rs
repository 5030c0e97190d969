//! One read of one image over the wire: its digest, or manifest, the right one of an index, configuration.

use std::time::Duration;

use futures::TryStreamExt as _;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::manifest::{ImageIndexEntry, OciDescriptor, OciManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};
use secrecy::ExposeSecret as _;

use super::error::What;
use crate::plan::credentials::RegistryLogin;
use crate::plan::defender;
use crate::plan::image::{IndexEntry, Platform, Runs};
use crate::plan::redact::Redactor;

/// Reading a configuration is a matter of three small answers.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(10);
const WHOLE_TIMEOUT: Duration = Duration::from_secs(20);

/// A configuration holds the image's history and labels besides; the largest seen are some hundred KiB.
const LARGEST_CONFIGURATION: i64 = 4 * 1024 * 1024;

/// Returns what reads an image. `at` stands for all registries, by their names as paths below it: a simulated one, over plain HTTP.
///
/// A client knows one login for each registry and keeps it, so that each read has a client of its own: an account's credentials
/// must not be used for another's image.
pub(super) fn open(image: &str, login: Option<&RegistryLogin>, at: Option<&str>) -> Result<Read, What> {
    let reference: Reference = image.parse().map_err(|error| What::BadName { problem: format!("{error}") })?;
    let (reference, protocol) = match at {
        Some(at) => (moved(&reference, at), ClientProtocol::Http),
        None => (reference, ClientProtocol::Https),
    };
    let client = Client::try_from(ClientConfig {
        protocol,
        connect_timeout: Some(CONNECT_TIMEOUT),
        read_timeout: Some(READ_TIMEOUT),
        user_agent: concat!("fargate-updater/", env!("CARGO_PKG_VERSION")),
        // The index is looked into here.
        platform_resolver: None,
        ..ClientConfig::default()
    });
    let secrets = login.map_or_else(Redactor::default, RegistryLogin::redactor);
    let secrets = secrets.and(&Redactor::hiding(defender::registry_token(image)));
    let client = client.map_err(|error| What::from_library(error, &secrets))?;
    let auth = login.map_or(RegistryAuth::Anonymous, |login| {
        RegistryAuth::Basic(login.user.clone(), login.password.expose_secret().to_owned())
    });
    Ok(Read { client, reference, auth, secrets })
}

/// Gives up what takes too long.
async fn in_time<T>(reading: impl Future<Output = Result<T, What>>) -> Result<T, What> {
    let timed_out = |_| What::Unreachable { reason: format!("it took more than {} s", WHOLE_TIMEOUT.as_secs()) };
    tokio::time::timeout(WHOLE_TIMEOUT, reading).await.unwrap_or_else(|elapsed| Err(timed_out(elapsed)))
}

/// Returns the same image below another address.
fn moved(reference: &Reference, at: &str) -> Reference {
    let (registry, repository) = (format!("{at}/{}", reference.registry()), reference.repository().to_owned());
    match (reference.digest(), reference.tag()) {
        (Some(digest), _) => Reference::with_digest(registry, repository, digest.to_owned()),
        (None, tag) => Reference::with_tag(registry, repository, tag.unwrap_or("latest").to_owned()),
    }
}

/// What reads one image.
pub(super) struct Read {
    client: Client,
    reference: Reference,
    auth: RegistryAuth,
    secrets: Redactor,
}

impl Read {
    /// Returns the digest that the image's name stands for, which is the index's if it names an index.
    ///
    /// A request for it alone is none of the pulls that Docker Hub counts.
    /// Source: Docker documentation, "Docker Hub pull usage and limits": `HEAD` (from memory).
    pub(super) async fn digest(&self) -> Result<String, What> {
        in_time(async {
            self.log_in().await?;
            let digest = self.client.fetch_manifest_digest(&self.reference, &self.auth).await;
            digest.map_err(|error| What::from_library(error, &self.secrets))
        })
        .await
    }

    /// Returns the digest of the image for a platform, where the image's name stands for an index.
    pub(super) async fn platform_digest(&self, platform: Platform) -> Result<Option<String>, What> {
        in_time(async {
            match self.manifest().await? {
                OciManifest::Image(_) => Ok(None),
                OciManifest::ImageIndex(index) => Ok(chosen(platform, &index.manifests)),
            }
        })
        .await
    }

    /// Returns what the image runs on a platform.
    pub(super) async fn runs(&self, platform: Platform) -> Result<Runs, What> {
        in_time(self.runs_of(platform)).await
    }

    async fn log_in(&self) -> Result<(), What> {
        // Asked for apart: inside the other calls a refused login is passed over, and what it said is lost.
        let token = self.client.auth(&self.reference, &self.auth, RegistryOperation::Pull).await;
        token.map(drop).map_err(|error| What::from_library(error, &self.secrets))
    }

    async fn manifest(&self) -> Result<OciManifest, What> {
        self.log_in().await?;
        let pulled = self.client.pull_manifest(&self.reference, &self.auth).await;
        pulled.map(|(manifest, _)| manifest).map_err(|error| What::from_library(error, &self.secrets))
    }

    async fn runs_of(&self, platform: Platform) -> Result<Runs, What> {
        let failed = |error| What::from_library(error, &self.secrets);
        let configuration = match self.manifest().await? {
            OciManifest::Image(image) => image.config,
            OciManifest::ImageIndex(index) => {
                let digest = chosen(platform, &index.manifests)
                    .ok_or_else(|| What::Unusable { problem: format!("its index holds nothing for {platform}") })?;
                let reference = self.reference.clone_with_digest(digest);
                match self.client.pull_manifest(&reference, &self.auth).await.map_err(failed)?.0 {
                    OciManifest::Image(image) => image.config,
                    OciManifest::ImageIndex(_) => {
                        return Err(What::Unusable { problem: "its index leads to another index".to_owned() });
                    }
                }
            }
        };
        let body = self.configuration(&configuration).await?;
        let configuration = serde_json::from_slice(&body)
            .map_err(|error| What::Unusable { problem: format!("its configuration is not JSON (column {})", error.column()) })?;
        Runs::from_configuration(&configuration).map_err(|problem| What::Unusable { problem: problem.to_string() })
    }

    async fn configuration(&self, descriptor: &OciDescriptor) -> Result<Vec<u8>, What> {
        let too_large = || What::Unusable { problem: format!("its configuration is larger than {LARGEST_CONFIGURATION} bytes") };
        if descriptor.size > LARGEST_CONFIGURATION {
            return Err(too_large());
        }
        let stream = self.client.pull_blob_stream(&self.reference, descriptor).await;
        let mut stream = stream.map_err(|error| What::from_library(error, &self.secrets))?.stream;
        let mut body = Vec::new();
        while let Some(part) =
            stream.try_next().await.map_err(|error| What::Unreachable { reason: self.secrets.clean_chain(&error) })?
        {
            body.extend_from_slice(&part);
            // What a descriptor says of a size need not be true.
            if i64::try_from(body.len()).is_ok_and(|length| length > LARGEST_CONFIGURATION) {
                return Err(too_large());
            }
        }
        Ok(body)
    }
}

fn chosen(platform: Platform, entries: &[ImageIndexEntry]) -> Option<String> {
    let named: Vec<(String, String, Option<&str>, &str)> = entries
        .iter()
        .filter_map(|entry| {
            let platform = entry.platform.as_ref()?;
            Some((platform.os.to_string(), platform.architecture.to_string(), platform.variant.as_deref(), &*entry.digest))
        })
        .collect();
    let entries =
        named.iter().map(|(os, architecture, variant, digest)| IndexEntry { os, architecture, variant: *variant, digest });
    platform.choose(entries).map(str::to_owned)
}
