//! Sets of addresses as CIDR blocks that do not overlap: what rules, entries and routes are about.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Every IPv4 address.
pub const ANYWHERE: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));

/// Every IPv6 address.
pub const ANYWHERE_V6: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0));

/// IPv4 blocks that are not on the Internet: private ones, those of providers, of the link and of the machine itself.
/// Source: RFC 6890, "Special-Purpose IP Address Registries".
const NOT_ON_THE_INTERNET: [(u8, u8, u8); 6] =
    [(10, 0, 8), (100, 64, 10), (127, 0, 8), (169, 254, 16), (172, 16, 12), (192, 168, 16)];

/// Addresses, as blocks that do not overlap.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Ranges(Vec<IpNet>);

impl Ranges {
    /// Returns the addresses of the IPv4 Internet.
    pub fn internet() -> Self {
        let mut internet = Self::from(ANYWHERE);
        for (first, second, length) in NOT_ON_THE_INTERNET {
            internet = internet.without(&block(first, second, length));
        }
        internet
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn blocks(&self) -> &[IpNet] {
        &self.0
    }

    /// Returns the addresses that are in the block as well.
    pub fn within(&self, block: &IpNet) -> Self {
        let common = |own: &IpNet| match (own.contains(block), block.contains(own)) {
            (true, _) => Some(*block),
            (false, true) => Some(*own),
            (false, false) => None,
        };
        Self(self.0.iter().filter_map(common).collect())
    }

    /// Returns the addresses that are not in the block.
    #[must_use]
    pub fn without(&self, block: &IpNet) -> Self {
        let mut rest = Vec::with_capacity(self.0.len());
        for own in &self.0 {
            cut_out(*own, block, &mut rest);
        }
        Self(rest)
    }

    /// Returns the addresses that are in none of the other's blocks.
    #[must_use]
    pub fn without_all(&self, other: &Self) -> Self {
        other.0.iter().fold(self.clone(), |rest, block| rest.without(block))
    }

    /// Returns the addresses that are in one of the other's blocks.
    #[must_use]
    pub fn within_all(&self, other: &Self) -> Self {
        Self(other.0.iter().flat_map(|block| self.within(block).0).collect())
    }

    /// Adds addresses; those that are there already stay once.
    pub fn add(&mut self, other: &Self) {
        let new = other.without_all(self);
        self.0.extend(new.0);
    }

    /// Returns the IPv4 addresses, or the IPv6 ones.
    #[must_use]
    pub fn of_family(&self, v6: bool) -> Self {
        Self(self.0.iter().copied().filter(|block| is_v6(block) == v6).collect())
    }

    /// Returns how many addresses there are; all of IPv6 are told as one less.
    pub fn size(&self) -> u128 {
        let of = |block: &IpNet| 1u128.checked_shl(u32::from(block.max_prefix_len() - block.prefix_len())).unwrap_or(u128::MAX);
        self.0.iter().map(of).fold(0, u128::saturating_add)
    }

    pub fn overlaps(&self, block: &IpNet) -> bool {
        self.0.iter().any(|own| own.contains(block) || block.contains(own))
    }
}

pub fn is_v6(block: &IpNet) -> bool {
    matches!(block, IpNet::V6(_))
}

/// Returns every address of the block's family.
pub fn everywhere(v6: bool) -> IpNet {
    if v6 { ANYWHERE_V6 } else { ANYWHERE }
}

fn block(first: u8, second: u8, length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(first, second, 0, 0), length))
}

/// Puts what is left of a block without another one into `rest`: halves it as long as the other is a part of it.
fn cut_out(own: IpNet, block: &IpNet, rest: &mut Vec<IpNet>) {
    if block.contains(&own) {
        return;
    }
    if !own.contains(block) {
        return rest.push(own);
    }
    // A block that contains another one is longer than one address, so that it has halves.
    for half in own.subnets(own.prefix_len() + 1).into_iter().flatten() {
        cut_out(half, block, rest);
    }
}

impl From<IpNet> for Ranges {
    fn from(block: IpNet) -> Self {
        Self(vec![block.trunc()])
    }
}

impl From<IpAddr> for Ranges {
    fn from(address: IpAddr) -> Self {
        Self(vec![IpNet::from(address)])
    }
}

impl<T: Into<Self>> FromIterator<T> for Ranges {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut ranges = Self::default();
        for item in items {
            ranges.add(&item.into());
        }
        ranges
    }
}

/// The first few blocks; an address alone goes without its length.
impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        let shown: Vec<String> = self.0.iter().take(SHOWN).map(shown).collect();
        f.write_str(&shown.join(", "))?;
        match self.0.len().checked_sub(SHOWN) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

fn shown(block: &IpNet) -> String {
    if block.prefix_len() == block.max_prefix_len() { block.addr().to_string() } else { block.to_string() }
}
