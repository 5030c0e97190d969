//! What a name stands for, as the runner sees it.

use std::net::IpAddr;

use tracing::debug;

/// Returns the addresses that a host's name stands for here, or the address itself; none for a name that says nothing.
pub async fn addresses_of(host: &str) -> Vec<IpAddr> {
    match tokio::net::lookup_host((host, 0)).await {
        Ok(found) => found.map(|address| address.ip()).collect(),
        Err(error) => {
            debug!(%error, "the Console's name cannot be resolved");
            Vec::new()
        }
    }
}
