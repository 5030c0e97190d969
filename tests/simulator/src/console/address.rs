//! Where a request goes: below the tenant's path or not, to which version of the API, to which route.
//!
//! A Console serves its own version and the two releases before it, and since 33.00 a third. `v1` always stands for the newest.
//! Versioned paths began with 21.08.
//! Source: pan.dev, products/compute/api/stable-endpoints.md.

use super::definition::Console;

/// The version of the API a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ApiVersion {
    Newest,
    Release(Release),
}

/// Major and minor, such as 34.03.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Release(pub(super) u32, pub(super) u32);

/// The releases up to 22.12, when each was a major one. From 30 on the first number alone counts.
const BEFORE_30: [Release; 8] = [
    Release(20, 4),
    Release(20, 9),
    Release(20, 12),
    Release(21, 4),
    Release(21, 8),
    Release(22, 1),
    Release(22, 6),
    Release(22, 12),
];

impl Release {
    /// Reads `34.03` out of `34.03.138` or `34.03`.
    pub(super) fn parse(version: &str) -> Option<Self> {
        let mut numbers = version.split('.').map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Some(Self(major, minor)),
            _ => None,
        }
    }

    /// Returns how many major releases came before, counted from the first one listed.
    fn ordinal(self) -> usize {
        let before = BEFORE_30.iter().filter(|release| **release <= self).count();
        before + self.0.saturating_sub(29) as usize
    }

    /// Tells whether a Console of this release serves the paths of another.
    fn serves(self, asked: Self) -> bool {
        let back = if self >= Self(33, 0) { 3 } else { 2 };
        asked >= Self(21, 8) && asked <= self && self.ordinal() - asked.ordinal() <= back
    }
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address<'a> {
    /// A route of a version that is served.
    Api { version: ApiVersion, route: &'a str },
    /// Below the tenant's path, and nothing there.
    Nothing,
    /// Not below this tenant's path: SaaS has a login page for everybody.
    OtherTenant,
}

impl<'a> Address<'a> {
    pub(super) fn of(path: &'a str, console: &Console) -> Self {
        let Some(rest) = path.strip_prefix(console.path.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
            return Self::OtherTenant;
        };
        let Some((version, route)) = rest.strip_prefix("/api/v").and_then(|rest| rest.split_once('/')) else {
            return Self::Nothing;
        };
        if version == "1" {
            return Self::Api { version: ApiVersion::Newest, route };
        }
        let own = Release::parse(&console.version);
        let asked = Release::parse(version).filter(|Release(major, minor)| format!("{major}.{minor:02}") == version);
        match (own, asked) {
            (Some(own), Some(asked)) if own.serves(asked) => Self::Api { version: ApiVersion::Release(asked), route },
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_serves_its_own_release_and_those_before_it() {
        let cases = [
            ("34.03.138", "34.03", true),
            ("34.03.138", "34.00", true),
            ("34.03.138", "34.04", false),
            ("34.03.138", "32.07", true),
            ("34.03.138", "31.00", true),
            ("34.03.138", "30.03", false),
            ("32.05.124", "30.03", true),
            ("32.05.124", "22.12", false),
            ("30.00.140", "22.06", true),
            ("30.00.140", "22.01", false),
            ("21.04.421", "21.04", false),
            ("34.03.138", "34.3", false),
            ("34.03.138", "x", false),
        ];
        for (own, asked, expected) in cases {
            let console = Console::new().version(own);
            let path = format!("/us-9-000000001/api/v{asked}/_ping");
            let served = matches!(Address::of(&path, &console), Address::Api { route: "_ping", .. });
            assert_eq!(served, expected, "{own} serves {asked}");
        }
    }

    #[test]
    fn the_tenant_is_part_of_the_path_in_saas_only() {
        let saas = Console::new();
        let own = Console::new().self_hosted();
        let newest = Address::Api { version: ApiVersion::Newest, route: "version" };
        assert_eq!(Address::of("/us-9-000000001/api/v1/version", &saas), newest);
        assert_eq!(Address::of("/api/v1/version", &own), newest);
        assert_eq!(Address::of("/api/v1/version", &saas), Address::OtherTenant);
        assert_eq!(Address::of("/us-9-0000000012/api/v1/version", &saas), Address::OtherTenant);
        assert_eq!(Address::of("/us-9-000000001/version", &saas), Address::Nothing);
    }
}
