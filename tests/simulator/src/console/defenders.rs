//! `GET defenders` and what stands beside it: Defenders that connected, the Defender's image, its install bundle.
//!
//! Which Defenders there are, `defended` says of those of tasks that run, and a test of others ([`super::RunningConsole::connect`]).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::Answer;
use super::definition::Console;
use super::errors::ConsoleError;
use super::parameters::Query;
use super::registry::{PAGE, largest_page};

/// A Defender in a Fargate task, as the Console lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defender {
    /// The format is not public; older documentation calls it the Fargate task identifier.
    pub hostname: String,
    pub account: String,
    pub region: String,
    /// The cluster's name.
    pub cluster: String,
    pub task: String,
    pub container: String,
    pub image: String,
    /// The Defender's version, such as `34.03.138`.
    pub version: String,
    pub connected: bool,
}

impl Defender {
    /// Returns the element of `GET defenders`.
    /// Source: pan.dev, openapi-specs/compute/openapi-34-04-145-sh.json, `defender.Defender`. Whether `type` is `fargate` or `appEmbedded`
    /// for ECS is not public.
    fn element(&self, kind: &str) -> Value {
        json!({
            "hostname": self.hostname,
            "fqdn": "",
            "type": kind,
            "category": "appEmbedded",
            "version": self.version,
            "connected": self.connected,
            "lastModified": "2026-01-05T06:00:00Z",
            "compatibleVersion": true,
            "cluster": self.cluster,
            "collections": ["All"],
            "container": self.container,
            "cloudMetadata": {
                "provider": "aws",
                "accountID": self.account,
                "region": self.region,
                "resourceID": self.task,
                "name": self.container,
                "image": self.image,
                "awsExecutionEnv": "AWS_ECS_FARGATE",
            },
            "usingOldCA": false,
            "isARM64": false,
        })
    }
}

/// Lists Defenders; `null` when there are none, as everywhere.
pub(super) fn list(console: &Console, defenders: &[Defender], query: &Query) -> Result<Answer, ConsoleError> {
    let connected = query.flag("connected")?;
    let latest = query.flag("latest")?;
    let offset = query.number("offset")?.unwrap_or(0);
    let limit = query.number("limit")?.unwrap_or(PAGE).clamp(1, largest_page(console));
    let found: Vec<Value> = defenders
        .iter()
        .filter(|defender| {
            query.all("type").next().is_none_or(|_| query.all("type").any(|kind| kind == console.defender_kind))
                && connected.is_none_or(|connected| connected == defender.connected)
                && latest.is_none_or(|latest| latest == (defender.version == console.version))
                && query.first("cluster").is_none_or(|cluster| cluster == defender.cluster)
                && query.first("hostname").is_none_or(|hostname| hostname == defender.hostname)
        })
        .map(|defender| defender.element(&console.defender_kind))
        .collect();
    Ok(Answer::page(&found, offset, limit))
}

/// Lists the hosts Defenders run on, which are no names of the Console, whatever the prose of `fargate.json` says.
/// Source: pan.dev, openapi-specs/compute/desc/defenders/names_get.md against desc/settings/certs_get.md.
pub(super) fn names(defenders: &[Defender]) -> Answer {
    let names: Vec<&str> = defenders.iter().map(|defender| defender.hostname.as_str()).collect();
    Answer::json(&if names.is_empty() { Value::Null } else { json!(names) })
}

/// Returns the image's name as a JSON string. Source: pan.dev, openapi-specs/compute/desc/defenders (image-name).
pub(super) fn image_name(console: &Console) -> Answer {
    Answer::json(&json!(console.defender_image()))
}

/// Source: pan.dev, openapi-specs/compute, `/defenders/install-bundle`; uc-cdis/hatchery, hatchery/prisma.go.
pub(super) fn install_bundle(console: &Console, query: &Query) -> Answer {
    let address = console.websocket_address(&query.text("consoleaddr"));
    Answer::json(&json!({ "installBundle": console.bundle, "wsAddress": address }))
}

/// Returns the names in the Console's certificate, or the one it was called by.
/// Source: pan.dev, openapi-specs/compute/desc/settings/certs_get.md.
pub(super) fn certificates(console: &Console, called_by: &str) -> Answer {
    let names = if console.names.is_empty() { vec![called_by.to_owned()] } else { console.names.clone() };
    Answer::json(&json!({
        "consoleSAN": names,
        "caExpiration": "2031-01-05T06:00:00Z",
        "defenderOldCAExpiration": "0001-01-01T00:00:00Z",
    }))
}

/// Lists one AWS credential for each that opens a registry.
/// Source: pan.dev, openapi-specs/compute, `/credentials`. Which of its fields a registry goes by is inferred.
pub(super) fn credentials(console: &Console) -> Answer {
    let mut ids: Vec<&str> = console.registry_images.iter().filter_map(|known| known.credential_id.as_deref()).collect();
    ids.sort_unstable();
    ids.dedup();
    let credentials: Vec<Value> = ids
        .into_iter()
        .map(|id| json!({ "_id": id, "type": "aws", "accountID": id, "cloudProviderAccountID": id, "external": true }))
        .collect();
    Answer::json(&if credentials.is_empty() { Value::Null } else { json!(credentials) })
}
