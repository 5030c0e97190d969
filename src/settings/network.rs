//! What to do about networks, and where the Console is in them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use super::reader::Reader;
use crate::cli::Given;
use crate::plan::network::Mode;

/// What a run does about the networks of tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkSettings {
    pub mode: Mode,
    /// Where the Console is, if somebody says so.
    pub console_blocks: Option<Vec<IpNet>>,
    /// What the Console's name stands for, for tests.
    pub console_addresses: Option<Vec<IpAddr>>,
}

/// A block of addresses as somebody gives it: a CIDR block, or an address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Block(IpNet);

/// A text that is not a block of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum NotABlock {
    #[error("{0:?} is not a block of addresses, such as 203.0.113.0/24")]
    NoBlock(String),
    #[error("{given} is an address in {block}; give the block, or the address alone")]
    HasHostBits { given: IpNet, block: IpNet },
    #[error("{0} is no place for a Console that tasks connect to")]
    Nowhere(IpNet),
    #[error("{0} is every address there is; leave CONSOLE_CIDRS out if you do not know where the Console is")]
    Everywhere(IpNet),
}

impl FromStr for Block {
    type Err = NotABlock;

    fn from_str(text: &str) -> Result<Self, NotABlock> {
        let given = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let given = given.map_err(|_| NotABlock::NoBlock(text.to_owned()))?;
        if given.addr().is_loopback() || given.addr().is_multicast() {
            return Err(NotABlock::Nowhere(given));
        }
        match given.trunc() {
            block if block == given => Ok(Self(block)),
            block => Err(NotABlock::HasHostBits { given, block }),
        }
    }
}

impl Reader {
    pub(super) fn network(&mut self, given: &Given) -> NetworkSettings {
        let mode = match self.text("NETWORK", given.network.clone()).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            None | Some("patch") => Mode::Patch,
            Some("check") => Mode::Check,
            Some("off") => Mode::Off,
            Some(other) => {
                self.problem("NETWORK", format!("{other:?} is not a mode; give patch, check or off"));
                Mode::Patch
            }
        };
        let blocks: Option<BTreeSet<Block>> = self.list("CONSOLE_CIDRS", given.console_cidrs.clone());
        // One rule for what is in another block or next to it, as few as it takes.
        let blocks = blocks.map(|blocks| IpNet::aggregate(&blocks.into_iter().map(|Block(block)| block).collect()));
        if let Some(all) = blocks.iter().flatten().find(|block| block.prefix_len() == 0) {
            self.problem("CONSOLE_CIDRS", NotABlock::Everywhere(*all).to_string());
        }
        if mode == Mode::Off && blocks.is_some() {
            self.problem(
                "CONSOLE_CIDRS",
                "it has no meaning with NETWORK=off, which neither judges nor opens networks".to_owned(),
            );
        }
        let addresses = given.console_addresses.as_ref();
        NetworkSettings {
            mode,
            console_blocks: blocks,
            console_addresses: addresses.map(|list| list.split(',').filter_map(|address| address.parse().ok()).collect()),
        }
    }
}
