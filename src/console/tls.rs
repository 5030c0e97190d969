//! Whom the Console's certificate must be signed by: everybody the machine trusts, and those that `PCC_CA_BUNDLE` names.
//!
//! A self-hosted Console has a certificate of its own authority unless its owner gave it another. There is no way to trust nobody:
//! whoever stands between could put any Defender into every task.

use std::fmt;

use reqwest::Certificate;

/// Certificates of authorities that are trusted besides.
#[derive(Clone)]
pub struct CaBundle(Vec<Certificate>);

/// Why a text is no bundle of certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCaBundle {
    #[error("it holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----")]
    Empty,
    #[error("a certificate in it cannot be read: {0}")]
    Unreadable(String),
}

impl CaBundle {
    /// Reads certificates in PEM.
    ///
    /// # Errors
    ///
    /// When there is none, or one that cannot be read.
    pub fn from_pem(pem: &[u8]) -> Result<Self, BadCaBundle> {
        let unreadable = |error: reqwest::Error| BadCaBundle::Unreadable(error.to_string());
        let certificates = Certificate::from_pem_bundle(pem).map_err(unreadable)?;
        if certificates.is_empty() {
            return Err(BadCaBundle::Empty);
        }
        // What is no certificate inside shows only when a client is made of it.
        let client = reqwest::Client::builder().tls_certs_merge(certificates.iter().cloned()).build();
        client.map_err(unreadable)?;
        Ok(Self(certificates))
    }

    pub(super) fn certificates(&self) -> impl Iterator<Item = Certificate> + '_ {
        self.0.iter().cloned()
    }
}

/// Shows how many there are.
impl fmt::Debug for CaBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaBundle({})", self.0.len())
    }
}
