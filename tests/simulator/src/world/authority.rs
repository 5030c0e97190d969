//! A certificate authority for one run, and the certificate of the Console that it signed.
//!
//! Nobody keeps the authority's key, and the provider of the cryptography is named here: nothing depends on a default of the process.

use std::io::Error;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// The name the Console is called by.
const SERVER: &str = "127.0.0.1";

/// An authority, and what a server needs that it vouches for.
pub(super) struct Authority {
    /// The authority's own certificate.
    pub(super) pem: String,
    pub(super) acceptor: TlsAcceptor,
}

impl Authority {
    /// Makes an authority and has it sign a certificate for [`SERVER`].
    ///
    /// # Errors
    ///
    /// When the machine makes no keys.
    pub(super) fn new() -> std::io::Result<Self> {
        let key = KeyPair::generate().map_err(Error::other)?;
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority.distinguished_name.push(DnType::CommonName, "Simulated authority");
        let pem = authority.self_signed(&key).map_err(Error::other)?.pem();
        let issuer = Issuer::new(authority, key);

        let key = KeyPair::generate().map_err(Error::other)?;
        let mut server = CertificateParams::new([SERVER.to_owned()]).map_err(Error::other)?;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.distinguished_name.push(DnType::CommonName, "Simulated Console");
        let certificate = server.signed_by(&key, &issuer).map_err(Error::other)?;

        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .map_err(Error::other)?;
        Ok(Self { pem, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}
