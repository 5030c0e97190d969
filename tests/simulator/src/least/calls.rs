//! The smallest number of calls of each operation with which a run can do its work.

use std::collections::BTreeMap;

use super::Size;

/// Source: AWS Organizations API Reference, ListAccounts, `MaxResults` (read 2026-11).
const ACCOUNTS_PER_PAGE: u64 = 20;

/// Source: Amazon ECS API Reference, ListServices, `maxResults` (read 2026-11).
const SERVICES_PER_PAGE: u64 = 100;

/// Source: Amazon ECS API Reference, DescribeServices, `services` (read 2026-11).
const SERVICES_PER_DESCRIBE: u64 = 10;

/// Who answers a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Aws,
    Console,
}

impl Kind {
    /// Tells the kind of an operation by the name that [`crate::Call::operation`] has for it.
    pub fn of(operation: &str) -> Self {
        let has_a_method = ["GET ", "POST ", "PUT ", "DELETE "].iter().any(|method| operation.starts_with(method));
        if has_a_method { Self::Console } else { Self::Aws }
    }
}

/// Calls by their operation, as [`crate::Call::operation`] names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls(BTreeMap<&'static str, u64>);

impl Calls {
    /// Returns the calls of one operation.
    pub fn of(&self, operation: &str) -> u64 {
        self.0.get(operation).copied().unwrap_or_default()
    }

    /// Returns the calls of all operations.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Returns the calls that one kind of server answers.
    pub fn to(&self, kind: Kind) -> u64 {
        self.0.iter().filter(|(operation, _)| Kind::of(operation) == kind).map(|(_, calls)| calls).sum()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(operation, calls)| (*operation, *calls))
    }
}

/// Returns the smallest number of calls for all of an organization.
pub fn calls(size: &Size) -> Calls {
    let mut calls = BTreeMap::from([
        ("GetCallerIdentity", 1),
        ("GetSecretValue", 1),
        ("ListAccounts", size.accounts.div_ceil(ACCOUNTS_PER_PAGE)),
        ("AssumeRole", size.accounts),
        ("DescribeRegions", size.accounts),
        // A Region without clusters costs this one call.
        ("ListClusters", size.accounts * size.regions.saturating_sub(size.used_regions)),
        // Is it there, who are we, which version, what does it embed, and which names does its certificate have.
        ("GET _ping", 1),
        ("POST authenticate", 1),
        ("GET version", 1),
        ("GET settings/certs", 1),
        // One is embedded to learn what today's Defender looks like.
        ("POST defenders/fargate.json", 1 + size.changes()),
    ]);
    for (operation, in_each) in in_a_region(size).iter() {
        *calls.entry(operation).or_default() += size.used_account_regions() * in_each;
    }
    calls.retain(|_, count| *count > 0);
    Calls(calls)
}

/// Returns the smallest number of calls that spend from the buckets of one Region of an account, where there are services.
pub(super) fn in_a_region(size: &Size) -> Calls {
    let (services, changes) = (size.services, size.changes_in_a_region());
    let some = u64::from(services > 0);
    let network = u64::from(changes > 0);
    let looks = size.roll_outs.map_or(0, |roll_outs| looks(changes, roll_outs.looks, roll_outs.at_once.max(1)));
    Calls(BTreeMap::from([
        ("ListClusters", 1),
        ("DescribeClusters", some),
        ("ListServices", some * services.div_ceil(SERVICES_PER_PAGE)),
        ("DescribeServices", services.div_ceil(SERVICES_PER_DESCRIBE) + looks),
        // Each one that runs, and of a family that is changed the newest.
        ("DescribeTaskDefinition", services + changes),
        ("RegisterTaskDefinition", changes),
        ("UpdateService", changes),
        // The note that a service was protected, without which it cannot be told who took a Defender out again.
        ("TagResource", changes),
        // The network of a Region's only VPC: which subnets are in which VPC, what groups and ACLs let out, where routes lead, and
        // whether the NAT gateway that they lead to is available. Nothing is a list of somebody else's, so that no more is read.
        ("DescribeSubnets", network),
        ("DescribeSecurityGroups", network),
        ("DescribeNetworkAcls", network),
        ("DescribeRouteTables", network),
        ("DescribeNatGateways", network),
    ]))
}

/// Returns how often the services of a cluster are described until all roll-outs are complete, of which so many go on at once.
fn looks(changes: u64, looks: u64, at_once: u64) -> u64 {
    let whole = changes / at_once * at_once.div_ceil(SERVICES_PER_DESCRIBE);
    (whole + (changes % at_once).div_ceil(SERVICES_PER_DESCRIBE)) * looks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::least::RollOuts;

    const SMALL: Size = Size { accounts: 40, regions: 3, used_regions: 3, services: 5, is_protected: false, roll_outs: None };

    #[test]
    fn the_calls_of_an_organization_are_counted() {
        let waits = Size { roll_outs: Some(RollOuts { looks: 6, at_once: 5 }), ..SMALL };
        let in_waves = Size { services: 25, roll_outs: Some(RollOuts { looks: 6, at_once: 20 }), ..SMALL };
        let wide = Size { accounts: 2_000, regions: 17, ..SMALL };
        let big = Size { accounts: 1, regions: 1, used_regions: 1, services: 500, ..SMALL };
        let again = Size { is_protected: true, ..SMALL };
        let cases = [
            ("AssumeRole", SMALL, 40),
            ("ListAccounts", SMALL, 2),
            ("ListClusters", SMALL, 120),
            ("ListClusters", wide, 34_000),
            ("DescribeClusters", wide, 6_000),
            ("ListAccounts", wide, 100),
            ("ListServices", big, 5),
            ("DescribeServices", big, 50),
            ("DescribeServices", SMALL, 120),
            ("DescribeServices", waits, 120 + 120 * 6),
            // Three for the first look at 25, then two for each look at 20 and one for each at the other five.
            ("DescribeServices", in_waves, 120 * (3 + 6 * 2 + 6)),
            ("DescribeTaskDefinition", SMALL, 1_200),
            ("DescribeTaskDefinition", again, 600),
            ("RegisterTaskDefinition", SMALL, 600),
            ("RegisterTaskDefinition", again, 0),
            ("TagResource", SMALL, 600),
            ("DescribeSubnets", SMALL, 120),
            ("DescribeSubnets", again, 0),
            ("POST defenders/fargate.json", SMALL, 601),
            ("POST defenders/fargate.json", again, 1),
            ("GetSecretValue", wide, 1),
        ];
        for (operation, size, expected) in cases {
            assert_eq!(calls(&size).of(operation), expected, "{operation} in {size:?}");
        }
    }

    #[test]
    fn the_console_is_told_from_aws() {
        let least = calls(&SMALL);
        assert_eq!(least.to(Kind::Console), 605);
        assert_eq!(least.to(Kind::Aws) + least.to(Kind::Console), least.total());
        assert_eq!(Kind::of("AuthorizeSecurityGroupEgress (dry run)"), Kind::Aws);
        assert!(calls(&Size { is_protected: true, ..SMALL }).iter().all(|(_, count)| count > 0));
    }
}
