//! Address ranges, in the one form in which EC2 keeps and tells them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IPv4 or IPv6 range. Bits beyond the prefix are gone.
/// Source: Amazon EC2 API Reference, IpRange and CreateNetworkAclEntry: 100.68.0.18/18 becomes 100.68.0.0/18 (read 2026-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cidr {
    pub(super) is_v6: bool,
    first: u128,
    prefix: u32,
}

impl Cidr {
    /// Reads a range; `None` when it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u32 = prefix.parse().ok().filter(|_| is_number)?;
        let (is_v6, bits, width) = match address.parse().ok()? {
            IpAddr::V4(address) => (false, u128::from(u32::from(address)), 32),
            IpAddr::V6(address) => (true, u128::from(address), 128),
        };
        let free = u32::checked_sub(width, prefix)?;
        let first = bits.checked_shr(free).and_then(|bits| bits.checked_shl(free)).unwrap_or(0);
        Some(Self { is_v6, first, prefix })
    }

    /// Returns how many addresses there are; the largest of all numbers stands for more than that.
    pub(super) fn size(self) -> u128 {
        let width = if self.is_v6 { 128 } else { 32 };
        1u128.checked_shl(width - self.prefix).unwrap_or(u128::MAX)
    }

    /// Returns whether an address is in the range.
    pub(super) fn holds(self, address: IpAddr) -> bool {
        let (is_v6, bits) = match address {
            IpAddr::V4(address) => (false, u128::from(u32::from(address))),
            IpAddr::V6(address) => (true, u128::from(address)),
        };
        is_v6 == self.is_v6 && bits >= self.first && bits - self.first < self.size()
    }

    /// Returns the address at this place of the range, which must be inside.
    pub(super) fn address(self, at: u128) -> IpAddr {
        let bits = self.first + at;
        if self.is_v6 { Ipv6Addr::from(bits).into() } else { Ipv4Addr::from(u32::try_from(bits).unwrap_or(u32::MAX)).into() }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.address(0), self.prefix)
    }
}

/// Returns a range in EC2's form; `None` when it is none.
pub(super) fn canonical(text: &str) -> Option<String> {
    Cidr::parse(text).map(|cidr| cidr.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_one_form() {
        for (text, expected) in [
            ("10.0.0.0/16", Some("10.0.0.0/16")),
            ("100.68.0.18/18", Some("100.68.0.0/18")),
            ("1.2.3.4/0", Some("0.0.0.0/0")),
            ("192.0.2.1/32", Some("192.0.2.1/32")),
            ("2001:DB8:0::1/32", Some("2001:db8::/32")),
            ("::/0", Some("::/0")),
            ("10.0.0.0", None),
            ("10.0.0.0/33", None),
            ("10.0.0.0/+8", None),
            ("10.0.0/8", None),
            ("::/129", None),
            ("10.0.0.0/", None),
        ] {
            assert_eq!(canonical(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_range_knows_its_addresses() {
        let range = Cidr::parse("10.0.16.0/20").expect("a range");
        assert_eq!((range.size(), range.address(4).to_string()), (4096, "10.0.16.4".to_owned()));
        assert_eq!(Cidr::parse("::/0").map(Cidr::size), Some(u128::MAX));
        let holds = |address: &str| range.holds(address.parse().expect("an address"));
        let expected = [("10.0.16.0", true), ("10.0.31.255", true), ("10.0.32.0", false), ("10.0.15.255", false), ("::1", false)];
        for (address, expected) in expected {
            assert_eq!(holds(address), expected, "{address}");
        }
    }
}
