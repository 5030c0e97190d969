//! Where a connection is to go: the Console, and the registry that the Defender's image is pulled from.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::ranges::{ANYWHERE, ANYWHERE_V6, Ranges, everywhere};
use crate::ids::RegionName;
use crate::plan::image::{EcrRegistry, registry_of};

/// The port of a self-hosted Console's Defenders, unless its address names another.
/// Source: Prisma Cloud Compute Edition Administrator's Guide, "System requirements", ports (read 2026-11).
const CONSOLE_PORT: u16 = 8084;

/// The port of image registries.
const HTTPS: u16 = 443;

/// A server that tasks are to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    pub server: Server,
    pub port: u16,
    pub addresses: Ranges,
    /// Whether rules have to be there for every one of these addresses. Otherwise it is at one of them, and nobody here knows which.
    pub certain: bool,
    /// Whether these are its very addresses, each of which has to be led to, and not blocks that it is somewhere in.
    pub exact: bool,
}

/// A server's port, by which it is told of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Goal {
    pub server: Server,
    pub port: u16,
}

/// Which server that is, for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    Console {
        host: String,
    },
    Registry {
        host: String,
    },
    /// What a private registry of ECR keeps its images' layers in.
    ImageLayers,
}

impl Goal {
    pub fn is_console(&self) -> bool {
        matches!(self.server, Server::Console { .. })
    }

    /// Returns where it is: `console.example.com, TCP 8084`.
    pub fn server_and_port(&self) -> String {
        match &self.server {
            Server::Console { host } | Server::Registry { host } => format!("{host}, TCP {}", self.port),
            Server::ImageLayers => format!("S3, TCP {}", self.port),
        }
    }
}

impl Destination {
    pub fn goal(&self) -> Goal {
        Goal { server: self.server.clone(), port: self.port }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Server::Console { host } => write!(f, "the Console ({host}, TCP {})", self.port),
            Server::Registry { host } => write!(f, "the registry of the Defender's image ({host}, TCP {})", self.port),
            Server::ImageLayers => write!(f, "S3, where ECR keeps the Defender's image (TCP {})", self.port),
        }
    }
}

impl fmt::Debug for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

/// The Console as this run's tasks are to reach it, and what may be opened for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleTarget {
    pub host: String,
    pub port: u16,
    pub at: ConsoleAt,
}

/// Where the Console is, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsoleAt {
    /// In these blocks: `CONSOLE_CIDRS`.
    Given(Vec<IpNet>),
    /// At these addresses, by its name.
    Resolved(Vec<IpAddr>),
    /// Its name says nothing, or this very machine.
    Unknown,
}

impl ConsoleTarget {
    /// Works out where the Console is from the address that Defenders connect to, from `CONSOLE_CIDRS`, and from what its name
    /// stands for here.
    pub fn new(ws_address: &str, given: Option<Vec<IpNet>>, resolved: Vec<IpAddr>) -> Self {
        let (host, port) = host_and_port(ws_address);
        // The runner and the tasks may resolve a name differently; loopback is nobody else's address.
        let tells = !resolved.is_empty() && !resolved.iter().any(|it| it.is_loopback() || it.is_unspecified());
        let at = match given {
            Some(blocks) => ConsoleAt::Given(blocks),
            None if tells => ConsoleAt::Resolved(resolved),
            None => ConsoleAt::Unknown,
        };
        Self { host: host.to_owned(), port, at }
    }

    /// Returns what to judge from an interface with IPv4 addresses, or with IPv6 addresses.
    pub fn destination(&self, v6: bool) -> Destination {
        let (addresses, certain) = match &self.at {
            ConsoleAt::Given(blocks) => (blocks.iter().copied().collect::<Ranges>(), true),
            ConsoleAt::Resolved(addresses) => (addresses.iter().copied().collect(), true),
            ConsoleAt::Unknown => ([ANYWHERE, ANYWHERE_V6].into_iter().collect(), false),
        };
        let addresses = addresses.of_family(v6);
        let exact = certain && addresses.blocks().iter().all(|block| block.prefix_len() == block.max_prefix_len());
        let server = Server::Console { host: self.host.clone() };
        Destination { server, port: self.port, addresses, certain, exact }
    }

    /// Returns the blocks that rules and entries are to be for: those that are given, else every address, because a Console in
    /// the cloud changes its addresses.
    pub fn opened_to(&self, v6: bool) -> Vec<IpNet> {
        match &self.at {
            ConsoleAt::Given(blocks) => blocks.iter().copied().filter(|block| matches!(block, IpNet::V6(_)) == v6).collect(),
            ConsoleAt::Resolved(_) | ConsoleAt::Unknown => vec![everywhere(v6)],
        }
    }

    /// Returns whether what is opened is as narrow as somebody said.
    pub fn is_narrow(&self) -> bool {
        matches!(self.at, ConsoleAt::Given(_))
    }
}

/// Takes `wss://host:port` apart. `url` would forget a port that is its scheme's own.
pub fn host_and_port(ws_address: &str) -> (&str, u16) {
    let address = ws_address.split_once("://").map_or(ws_address, |(_, rest)| rest);
    let address = address.split('/').next().unwrap_or(address);
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') && (host.ends_with(']') || !host.contains(':')) => (host, port.parse().ok()),
        _ => (address, None),
    };
    (host.trim_start_matches('[').trim_end_matches(']'), port.unwrap_or(CONSOLE_PORT))
}

/// The registry that the Defender's image is pulled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryTarget {
    pub host: String,
    pub port: u16,
    pub kind: RegistryKind,
}

/// What is known about where a registry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryKind {
    /// The vendor's own, and others that everybody can reach.
    Internet,
    /// A private registry of ECR, in this Region; a VPC may have endpoints for it.
    Ecr { region: RegionName },
    /// Anywhere: a registry of the customer's own.
    Own,
}

/// Registries that are on the Internet, by the ends of their names.
const PUBLIC_REGISTRIES: [&str; 7] = ["twistlock.com", "docker.io", "public.ecr.aws", "quay.io", "ghcr.io", "gcr.io", "pkg.dev"];

impl RegistryTarget {
    /// Reads it from an image's name.
    pub fn of(image: &str) -> Self {
        let registry = registry_of(image);
        let (host, port) = match registry.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
            Some((host, Ok(port))) => (host, port),
            _ => (registry, HTTPS),
        };
        let is_below = |domain: &&str| *domain == host || host.ends_with(&format!(".{domain}"));
        let kind = match EcrRegistry::of(image) {
            Some(registry) => RegistryKind::Ecr { region: registry.region },
            None if PUBLIC_REGISTRIES.iter().any(is_below) => RegistryKind::Internet,
            None => RegistryKind::Own,
        };
        Self { host: host.to_owned(), port, kind }
    }

    /// Returns it as a server on the Internet, or anywhere: nobody knows where a customer's own registry is, and endpoints for ECR may
    /// be in another VPC that routes and names lead to.
    pub fn destination(&self, v6: bool) -> Destination {
        let addresses = match (&self.kind, v6) {
            (RegistryKind::Internet, false) => Ranges::internet(),
            (RegistryKind::Ecr { .. } | RegistryKind::Own, false) => Ranges::from(ANYWHERE),
            (_, true) => Ranges::from(ANYWHERE_V6),
        };
        let server = Server::Registry { host: self.host.clone() };
        Destination { server, port: self.port, addresses, certain: false, exact: false }
    }
}
