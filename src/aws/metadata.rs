//! What ECS tells a task about itself: an address inside of the task, plain HTTP, no credentials.
//!
//! It is no operation of AWS's API, and so is not in [`super::operations`].

use std::time::Duration;

use reqwest::{Client, redirect};
use serde_json::Value;
use tracing::debug;

use crate::ids::{Family, TaskArn};
use crate::plan::redact::Redactor;

/// It answers from the same host, or not at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const WHOLE_TIMEOUT: Duration = Duration::from_secs(2);

/// It may not be there yet when the container starts, and it is throttled.
/// Source: Amazon ECS Developer Guide, "Amazon ECS task metadata endpoint" (40 requests a second; from memory).
const TRIES: u32 = 3;

/// The task that this program runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTask {
    pub arn: TaskArn,
    /// By ARN or by name.
    pub cluster: String,
    pub family: Family,
}

/// Why a task cannot tell what it is.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    #[error("could not reach the task's metadata: {reason}")]
    Unreachable { reason: String },
    #[error("the task's metadata was not handed out (status {status})")]
    Refused { status: u16 },
    #[error("the task's metadata is no JSON")]
    NotJson,
    #[error("the task's metadata has no usable {name}")]
    Missing { name: &'static str },
}

/// Asks which task this is. `address` is what ECS put into `ECS_CONTAINER_METADATA_URI_V4`; before another try, `wait` passes.
///
/// Source: Amazon ECS Developer Guide, "Amazon ECS task metadata v4 JSON response for tasks on Fargate" (read 2026-11).
///
/// # Errors
///
/// When it is not told, or what is told does not name the task, its cluster and its family.
pub async fn own_task(address: &str, wait: Duration) -> Result<OwnTask, MetadataError> {
    let unreachable = |error: reqwest::Error| {
        let reason = Redactor::default().clean_chain(&error.without_url());
        MetadataError::Unreachable { reason }
    };
    let client = Client::builder()
        // The address is link-local: no proxy knows the way there.
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(WHOLE_TIMEOUT)
        .build()
        .map_err(unreachable)?;
    let url = format!("{}/task", address.trim_end_matches('/'));
    let mut tries = 0;
    loop {
        tries += 1;
        let answer = ask(&client, &url).await.map_err(unreachable).and_then(|(status, body)| read(status, &body));
        debug!(tries, ok = answer.is_ok(), "asked for the task's metadata");
        if answer.is_ok() || tries == TRIES {
            return answer;
        }
        tokio::time::sleep(wait).await;
    }
}

async fn ask(client: &Client, url: &str) -> Result<(u16, Vec<u8>), reqwest::Error> {
    let response = client.get(url).send().await?;
    let status = response.status().as_u16();
    Ok((status, response.bytes().await?.into()))
}

fn read(status: u16, body: &[u8]) -> Result<OwnTask, MetadataError> {
    if status != 200 {
        return Err(MetadataError::Refused { status });
    }
    let told: Value = serde_json::from_slice(body).map_err(|_| MetadataError::NotJson)?;
    let text = |name: &'static str| {
        let text = told.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or(MetadataError::Missing { name })
    };
    let arn = text("TaskARN")?.parse().map_err(|_| MetadataError::Missing { name: "TaskARN" })?;
    Ok(OwnTask { arn, cluster: text("Cluster")?.to_owned(), family: Family::from(text("Family")?) })
}
