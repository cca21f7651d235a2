//! TLS by the service itself: a certificate that is renewed is served without a restart, and a broken one is not.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use likeness::http::tls::Certificate;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::helpers::TestApp;

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Writes a new pair and answers the certificate.
    fn renew(&self) -> CertificateDer<'static> {
        let made = pair();
        fs::write(self.key(), made.signing_key.serialize_pem()).unwrap();
        fs::write(self.certificate(), made.cert.pem()).unwrap();
        made.cert.der().clone()
    }
}

fn pair() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap()
}

/// Asks for a path by TLS, trusting any of the certificates; the one that was shown, and the answer.
fn ask(
    address: SocketAddr,
    trusted: &[CertificateDer<'static>],
    path: &str,
) -> Option<(CertificateDer<'static>, String)> {
    let mut roots = RootCertStore::empty();
    for one in trusted {
        roots.add(one.clone()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    let mut stream = Stream::new(&mut connection, &mut socket);
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let shown = connection
        .peer_certificates()?
        .first()?
        .clone()
        .into_owned();
    Some((shown, String::from_utf8_lossy(&answer).into_owned()))
}

async fn ask_for(
    app: &TestApp,
    trusted: &[CertificateDer<'static>],
) -> Option<(CertificateDer<'static>, String)> {
    let (address, trusted) = (app.address, trusted.to_vec());
    tokio::task::spawn_blocking(move || ask(address, &trusted, "/healthz"))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_served_without_a_restart() {
    let files = Files::new();
    let first = files.renew();
    let app = TestApp::start_with(|config| {
        config.tls_certificate = files.certificate();
        config.tls_key = files.key();
    })
    .await;
    let (shown, answer) = ask_for(&app, std::slice::from_ref(&first)).await.unwrap();
    assert_eq!(shown, first);
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(
        answer.contains("strict-transport-security: max-age="),
        "{answer}"
    );
    let stranger = pair().cert.der().clone();
    assert!(
        ask_for(&app, &[stranger]).await.is_none(),
        "the test would notice"
    );
    let plain = app.client.get(app.url("/healthz")).send().await;
    assert!(plain.is_err(), "nothing is answered without TLS");

    let second = files.renew();
    assert_ne!(first, second);
    let both = [first.clone(), second.clone()];
    loop {
        let (shown, answer) = ask_for(&app, &both).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        if shown == second {
            break;
        }
        assert_eq!(shown, first);
    }
}

#[test]
fn a_renewal_that_cannot_be_used_leaves_the_one_before() {
    let files = Files::new();
    let first = files.renew();
    let certificate = Certificate::open(&files.certificate(), &files.key())
        .unwrap()
        .unwrap();
    let served = || certificate.chain();
    assert_eq!(served(), [first.to_vec()]);
    let good = fs::read(files.certificate()).unwrap();
    // Another pair's key, no key, no certificate, half a certificate, and no file.
    fs::write(files.certificate(), pair().cert.pem()).unwrap();
    assert!(certificate.refresh().is_err());
    fs::write(files.certificate(), b"").unwrap();
    assert!(certificate.refresh().is_err());
    fs::write(files.certificate(), &good[..good.len() / 2]).unwrap();
    assert!(certificate.refresh().is_err());
    fs::remove_file(files.certificate()).unwrap();
    assert!(certificate.refresh().is_err());
    assert_eq!(served(), [first.to_vec()]);
    let second = files.renew();
    certificate.refresh().unwrap();
    assert_eq!(served(), [second.to_vec()]);
    let read = CertificateDer::from_pem_file(files.certificate()).unwrap();
    assert_eq!(read, second);
}

#[test]
fn files_that_make_no_sense_are_refused_in_a_plain_sentence() {
    let files = Files::new();
    files.renew();
    let refusal = |certificate: &Path, key: &Path| {
        Certificate::open(certificate, key).unwrap_err().to_string()
    };
    let nothing = Path::new("");
    assert!(Certificate::open(nothing, nothing).unwrap().is_none());
    let half = refusal(&files.certificate(), nothing);
    assert_eq!(
        half,
        "`tls_certificate` and `tls_key` are set together or not at all"
    );
    let absent = files.folder.path().join("absent.pem");
    let named = absent.display().to_string();
    let message = refusal(&absent, &files.key());
    assert!(
        message.starts_with("the certificate file") && message.contains(&named),
        "{message}"
    );
    let message = refusal(&files.certificate(), &absent);
    assert!(
        message.starts_with("the key file") && message.contains(&named),
        "{message}"
    );
    let message = refusal(&files.key(), &files.key());
    assert!(message.contains("no certificate in PEM"), "{message}");
    fs::write(files.key(), pair().signing_key.serialize_pem()).unwrap();
    let message = refusal(&files.certificate(), &files.key());
    assert!(message.contains("cannot be used together"), "{message}");
}
