//! The one pool of connections to AWS, and what keeps it small: few descriptors, few questions to name servers.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::once::Once;
use crate::plan::descriptors::{self, Share};

/// AWS closes connections on which nothing happens for a while; ours are closed before that.
const IDLE: Duration = Duration::from_secs(20);

/// An address is used this long for new connections. AWS's own names change as fast: those of its endpoints live for some seconds to a
/// minute.
const ADDRESS_LASTS: Duration = Duration::from_secs(5);

/// Returns how many calls may be in flight of those that were wanted, with the file descriptors that this process may have.
pub fn share(wanted: usize) -> Share {
    // Only Linux has this file; elsewhere what is wanted is taken as possible.
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    descriptors::share(wanted, descriptors::soft_limit(&limits))
}

/// Returns the pool that every client uses: one made without it would bring its own.
pub(super) fn pool(share: Share) -> SharedHttpClient {
    Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(share.idle_per_host)
        .build_with_resolver(Names::default())
}

/// Asks for the addresses of a name once for all who open a connection at the same time.
///
/// A VPC's name server drops what is beyond 1,024 packets a second for each network interface.
/// Source: Amazon VPC User Guide, "DNS attributes for your VPC", DNS quotas (read 2026-11).
#[derive(Clone, Debug, Default)]
struct Names(std::sync::Arc<Once<String, (Instant, Vec<IpAddr>), String>>);

impl ResolveDns for Names {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let is_fresh = |(asked, _): &(Instant, _)| asked.elapsed() < ADDRESS_LASTS;
            let addresses = self.0.get_if(name.to_owned(), is_fresh, look_up(name)).await;
            addresses.map(|(_, addresses)| addresses).map_err(ResolveDnsError::new)
        })
    }
}

async fn look_up(name: &str) -> Result<(Instant, Vec<IpAddr>), String> {
    // The port is nobody's here: only addresses are asked for.
    let found = tokio::net::lookup_host((name, 0)).await.map_err(|error| error.to_string())?;
    Ok((Instant::now(), found.map(|address| address.ip()).collect()))
}
