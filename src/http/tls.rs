//! TLS by a certificate and a key in two files, read again when they change: a renewed certificate needs no restart.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// How often the files are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why there is no TLS with these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("`tls_certificate` and `tls_key` are set together or not at all")]
    Half,
    #[error("the certificate file {file} cannot be used: {why}")]
    Certificate { file: String, why: String },
    #[error("the key file {file} cannot be used: {why}")]
    Key { file: String, why: String },
    #[error("the certificate {certificate} and the key {key} cannot be used together: {why}")]
    Pair {
        certificate: String,
        key: String,
        why: String,
    },
    #[error("TLS cannot be set up: {0}")]
    SetUp(#[from] rustls::Error),
}

/// A certificate that is served, and the files that it comes from.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    served: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads the files; nothing where neither is named.
    pub fn open(certificate: &Path, key: &Path) -> Result<Option<Arc<Self>>, TlsError> {
        let named = [certificate, key].map(|file| !file.as_os_str().is_empty());
        match named {
            [false, false] => Ok(None),
            [true, true] => Ok(Some(Arc::new(Self {
                served: RwLock::new(Arc::new(read(certificate, key)?)),
                chain: certificate.to_owned(),
                key: key.to_owned(),
            }))),
            [true, false] | [false, true] => Err(TlsError::Half),
        }
    }

    /// What the server speaks TLS by: versions 1.2 and 1.3.
    pub fn server(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth();
        Ok(config.with_cert_resolver(self.clone()))
    }

    /// Looks at the files again and again, for as long as it is polled. Files that cannot be used leave the
    /// certificate that is served as it is.
    pub async fn keep_fresh(self: Arc<Self>) {
        let mut seen = self.stamps();
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            let now = self.stamps();
            if now == seen {
                continue;
            }
            seen = now;
            match self.refresh() {
                Ok(()) => tracing::info!("the TLS certificate was read anew"),
                Err(error) => {
                    tracing::warn!(%error, "the TLS certificate could not be read anew; the one before is served on");
                }
            }
        }
    }

    /// Reads the files again; where they cannot be used, the certificate stays as it is.
    pub fn refresh(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(read(&self.chain, &self.key)?);
        *self.served.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// The chain that is served now, as DER.
    pub fn chain(&self) -> Vec<Vec<u8>> {
        let served = self.served.read().unwrap_or_else(PoisonError::into_inner);
        served.cert.iter().map(|one| one.to_vec()).collect()
    }

    /// When each file was last written and how long it is; a link counts as what it leads to.
    fn stamps(&self) -> [Option<(SystemTime, u64)>; 2] {
        [&self.chain, &self.key].map(|file| {
            let facts = fs::metadata(file).ok()?;
            Some((facts.modified().ok()?, facts.len()))
        })
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let served = self.served.read().unwrap_or_else(PoisonError::into_inner);
        Some(served.clone())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let of_certificate = |why: String| TlsError::Certificate {
        file: certificate.display().to_string(),
        why,
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| of_certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(of_certificate("it holds no certificate in PEM".to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::Key {
        file: key.display().to_string(),
        why: error.to_string(),
    })?;
    CertifiedKey::from_der(chain, secret, &provider()).map_err(|error| TlsError::Pair {
        certificate: certificate.display().to_string(),
        key: key.display().to_string(),
        why: error.to_string(),
    })
}
