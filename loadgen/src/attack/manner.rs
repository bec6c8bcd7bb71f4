//! How the users speak with the target: TLS or not, which HTTP, for how long a connection is kept, how patient they are.
use loadpath_core::time::Span;
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;

/// How the users speak with the target. The default is HTTP/1.1 on connections that are kept.
#[derive(Clone, Debug)]
pub struct Manner {
    /// What the connections are secured with; nothing for plain ones.
    pub tls: Option<Tls>,
    /// HTTP/2, known beforehand on plain connections and agreed upon (ALPN) on secured ones.
    pub http2: bool,
    /// Requests in flight at once on each connection of HTTP/2, ≥ 1; HTTP/1.1 carries one.
    pub streams: usize,
    /// A new connection for every request.
    pub close: bool,
    /// How long opening a connection may take, TLS included; the request's own timeout bounds it anyway.
    pub connect_timeout: Option<Span>,
    /// How long the head of an answer may take from the actual send.
    pub first_byte_timeout: Option<Span>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            tls: None,
            http2: false,
            streams: 1,
            close: false,
            connect_timeout: None,
            first_byte_timeout: None,
        }
    }
}

/// What connections are secured with.
#[derive(Clone, Debug)]
pub struct Tls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) name: ServerName<'static>,
}

/// Whom to trust.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// Whom this system trusts.
    System,
    /// The certificates in this PEM file, and nobody else.
    File(&'a Path),
    /// Everybody: the connection is secret from those who listen, but it may be anyone's.
    Anyone,
}

impl Tls {
    /// For the host of a URL, "HOST" or "HOST:PORT".
    ///
    /// # Errors
    /// A sentence, when there is nobody to trust or the host cannot be named.
    pub fn new(host: &str, trust: Trust<'_>, http2: bool) -> Result<Self, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|fault| fault.to_string())?;
        let mut config = match trust {
            Trust::Anyone => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Credulous(provider)))
                .with_no_client_auth(),
            Trust::System => builder.with_root_certificates(system()?).with_no_client_auth(),
            Trust::File(file) => builder.with_root_certificates(of_file(file)?).with_no_client_auth(),
        };
        config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let bare = bare(host);
        let name = ServerName::try_from(bare.to_owned());
        let name = name.map_err(|_| format!("{bare} cannot be the name of a TLS server"))?;
        Ok(Self { config: Arc::new(config), name })
    }
}

/// The host without its port, and an IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    host.rsplit_once(':').map_or(host, |(host, _)| host)
}

fn system() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(
            "this system has no certificates to trust: name the target's own with --ca FILE".to_owned()
        );
    }
    Ok(roots)
}

fn of_file(file: &Path) -> Result<RootCertStore, String> {
    let bad = |why: String| format!("--ca {}: {why}", file.display());
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file).map_err(|fault| bad(fault.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|fault| bad(fault.to_string()))?;
        roots.add(certificate).map_err(|fault| bad(fault.to_string()))?;
    }
    if roots.is_empty() {
        Err(bad("there is no certificate in it (PEM is needed)".to_owned()))
    } else {
        Ok(roots)
    }
}

/// Believes every certificate, and still checks that the other side has its key.
#[derive(Debug)]
struct Credulous(Arc<CryptoProvider>);

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
