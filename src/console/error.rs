//! What went wrong with a call to the Console: which route, what it said, and the way out.

use std::fmt;

use super::address::ConsoleUrl;
use crate::plan::retry::Trouble;

/// A call to the Console that failed. No text in it holds a secret: what the Console said has been cleaned.
#[derive(Clone, Debug)]
pub struct ConsoleError {
    pub(super) route: &'static str,
    pub(super) console: ConsoleUrl,
    pub(super) what: What,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// No connection, no answer, or one that broke off.
    Unreachable {
        reason: String,
    },
    /// User and password are not accepted.
    BadCredentials {
        status: u16,
        text: String,
    },
    /// The user may not do this.
    Forbidden {
        text: String,
    },
    /// The token is not accepted, even a new one.
    Unauthorized,
    /// Too many requests, for longer than we are ready to wait.
    TooBusy,
    Refused {
        status: u16,
        text: String,
    },
    /// It sends us elsewhere, as it does when the tenant's path is missing.
    Redirected {
        status: u16,
    },
    /// A page for people, or something else that is not JSON.
    NotJson {
        status: u16,
        kind: String,
    },
    /// JSON, but not with what it must hold.
    Unusable {
        problem: String,
    },
}

impl ConsoleError {
    /// Returns what went wrong.
    pub fn what(&self) -> &What {
        &self.what
    }

    /// Returns whether there is nothing at this address.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self.what, What::Refused { status: 404, .. } | What::NotJson { status: 404, .. })
    }

    /// Returns what to think of trying again.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        match &self.what {
            What::TooBusy => Some(Trouble::Throttled),
            What::Unreachable { .. } => Some(Trouble::Unclear),
            What::Refused { status, .. } | What::NotJson { status, .. } if *status >= 500 => Some(Trouble::Unclear),
            _ => None,
        }
    }

    /// Returns the way out, if we know it.
    pub fn hint(&self) -> Option<String> {
        let hint = match &self.what {
            What::Unreachable { .. } => {
                "check PCC_URL, and that this machine or task can reach it (security groups, NAT, proxy); a certificate of its own \
                 authority needs PCC_CA_BUNDLE"
            }
            What::BadCredentials { .. } => {
                "check PCC_USER and PCC_PASS: on SaaS an access key id and its secret key, which may have expired"
            }
            What::Forbidden { .. } | What::Unauthorized => {
                "the Console user needs Defenders Management (view and update) and Images/Containers Vulnerabilities & Compliance Results (view)"
            }
            What::TooBusy => "the Console limits requests; run again later",
            // A page of a load balancer in trouble says nothing about the address.
            What::NotJson { status: 500.., .. } => return None,
            What::Redirected { .. } | What::NotJson { .. } => {
                "check PCC_URL: it must be the Path to Console with the tenant, such as https://us-east1.cloud.twistlock.com/us-9-000000001"
            }
            What::Refused { .. } | What::Unusable { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

impl fmt::Display for ConsoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { route, console, what } = self;
        match what {
            What::Unreachable { reason } => write!(f, "no usable answer from the Console at {console} to {route}: {reason}"),
            What::BadCredentials { status, text } => {
                write!(f, "the Console at {console} does not accept the credentials (status {status}): {text}")
            }
            What::Forbidden { text } => write!(f, "the Console does not allow {route} to this user: {text}"),
            What::Unauthorized => write!(f, "the Console does not accept its own token for {route}"),
            What::TooBusy => write!(f, "the Console answers {route} with too many requests (status 429)"),
            What::Refused { status, text } => write!(f, "the Console refused {route} (status {status}): {text}"),
            What::Redirected { status } => write!(f, "the Console at {console} redirects {route} elsewhere (status {status})"),
            What::NotJson { status, kind } => {
                write!(f, "the Console answered {route} with {kind} instead of JSON (status {status})")
            }
            What::Unusable { problem } => write!(f, "the Console's answer to {route} cannot be used: {problem}"),
        }
    }
}

impl std::error::Error for ConsoleError {}
