//! Where the Console is: `PCC_URL`, checked and taken apart.

use std::fmt;

use url::{Host, Url};

/// The Console's address: scheme, host, port and, in SaaS, the tenant's path.
#[derive(Clone, PartialEq, Eq)]
pub struct ConsoleUrl {
    /// Without a slash at its end.
    base: String,
    host: String,
}

/// Why a text is not the address of a Console. The text itself is left out: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    #[error("it is not a URL")]
    NotAUrl,
    #[error("it holds a user or a password; give them in PCC_USER and PCC_PASS")]
    HoldsUser,
    #[error("it contains /api/; give the address up to there")]
    HoldsApi,
    #[error("it has a query or a fragment")]
    HoldsQuery,
    #[error("its scheme is not https")]
    NotHttps,
    #[error("plain http is allowed to loopback addresses only")]
    PlainHttp,
}

impl ConsoleUrl {
    /// Takes the address as the Console shows it, with or without a scheme and a slash at the end.
    ///
    /// The SaaS form is `https://<region>.cloud.twistlock.com/<tenant>`, the self-hosted one `https://<host>:8083`.
    /// Source: pan.dev, "Access the API (SaaS)" and "Access the API (self-hosted)" (read 2026-11).
    ///
    /// # Errors
    ///
    /// When it cannot be the address of a Console, or would send a password in clear over a network.
    pub fn parse(text: &str) -> Result<Self, UrlProblem> {
        let text = text.trim();
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        // `https:/console` would be taken for a host named https.
        let half_a_scheme = ["http:", "https:"].iter().any(|scheme| text.starts_with(scheme) && !text.contains("://"));
        let url = Url::parse(&with_scheme).ok().filter(|_| !half_a_scheme).ok_or(UrlProblem::NotAUrl)?;
        let host = url.host().ok_or(UrlProblem::NotAUrl)?.to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlProblem::HoldsUser);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(UrlProblem::HoldsQuery);
        }
        let path = url.path().trim_end_matches('/');
        if format!("{path}/").contains("/api/") {
            return Err(UrlProblem::HoldsApi);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => return Err(UrlProblem::PlainHttp),
            _ => return Err(UrlProblem::NotHttps),
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { base: format!("{}://{host}{port}{path}", url.scheme()), host: host.to_string() })
    }

    /// Returns the host, without port and path: what Defenders connect to unless told otherwise.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the address of an API route, such as `registry`, in a version of the API, such as `v34.03`.
    pub fn route(&self, api: &str, route: &str) -> String {
        format!("{}/api/{api}/{route}", self.base)
    }
}

/// The Console's newest API, whichever that is. Source: pan.dev, "Stable endpoints" (read 2026-11).
pub const NEWEST_API: &str = "v1";

/// Returns the versioned API of a Console of this version: `34.03.138` serves `v34.03`.
/// Source: pan.dev, "Stable endpoints" (read 2026-11).
pub fn api_of(version: &str) -> Option<String> {
    let mut parts = version.split('.');
    let mut number = || parts.next().filter(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()));
    Some(format!("v{}.{}", number()?, number()?))
}

impl fmt::Display for ConsoleUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl fmt::Debug for ConsoleUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

fn is_loopback(host: &Host<String>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
