//! What was found of services whose Defenders were looked for. It is known when their rows have been kept for long, and joined with them
//! when they are written.
//!
//! A run verifies what it has rolled out, and only so much of that: this does not grow with the fleet.

use std::collections::HashMap;

use super::row::Row;
use crate::events::{ServiceId, Verified};
use crate::plan::verify::Connections;

/// How many tasks of each such service show a connected Defender.
#[derive(Default)]
pub(super) struct VerifiedServices(HashMap<Box<str>, Connections>);

impl VerifiedServices {
    pub(super) fn add(&mut self, Verified { service, connections }: &Verified) {
        let ServiceId { account, region, cluster, name, .. } = service;
        self.0.insert(key(account.as_str(), region.as_str(), cluster, name).into(), connections.clone());
    }

    /// Returns what was found of a row's service, if it was looked for.
    pub(super) fn of(&self, row: &Row) -> Option<&Connections> {
        // Of most runs nothing is to be joined.
        if self.0.is_empty() { None } else { self.0.get(key(&row.account, &row.region, &row.cluster, &row.service).as_str()) }
    }
}

/// None of these names holds a slash.
/// Source: Amazon ECS API Reference, CreateCluster, `clusterName`; CreateService, `serviceName` (read 2026-11).
fn key(account: &str, region: &str, cluster: &str, service: &str) -> String {
    format!("{account}/{region}/{cluster}/{service}")
}
