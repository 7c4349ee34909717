//! The one address that is asked for the manifest.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::CertificateError;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;

use crate::UpdateError;

/// Where the manifest of the newest release lies, with its signature beside it (`.minisig`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateSource {
    manifest: Url,
}

/// What the address answered; nothing of it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The bytes of the manifest.
    pub manifest: Vec<u8>,
    /// The text of its signature.
    pub signature: String,
}

impl UpdateSource {
    /// The manifest at this `https` URL.
    ///
    /// # Errors
    /// [`UpdateError::Address`] for anything else, such as a URL with a name and password.
    pub fn new(manifest: &str) -> Result<Self, UpdateError> {
        let refused = || UpdateError::Address(manifest.to_owned());
        let url = Url::parse(manifest).map_err(|_| refused())?;
        let is_plain = url.scheme() == "https"
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && url.query().is_none();
        is_plain
            .then_some(Self { manifest: url })
            .ok_or_else(refused)
    }

    /// Asks for manifest and signature, over TLS that the system's certification authorities vouch for, through
    /// the proxy of the environment where it names one. The request says nothing of this computer or its user; no
    /// redirection is followed. Each of the two takes ten seconds at most.
    ///
    /// # Errors
    /// [`UpdateError`] when there is no answer, or one that is too long, cut off, or sends elsewhere.
    pub fn ask(&self) -> Result<Announcement, UpdateError> {
        let agent = agent()?;
        let manifest = self.manifest.as_str();
        let signature = format!("{manifest}.minisig");
        let signature = get(&agent, &signature, LONGEST_SIGNATURE)?;
        Ok(Announcement {
            manifest: get(&agent, manifest, LONGEST_MANIFEST)?,
            signature: String::from_utf8(signature)
                .map_err(|_| UpdateError::SignatureUnreadable)?,
        })
    }
}

fn agent() -> Result<ureq::Agent, UpdateError> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let errors = found.errors.iter().map(ToString::to_string);
        return Err(UpdateError::NoAuthorities(
            errors.collect::<Vec<_>>().join("; "),
        ));
    }
    let roots = found.certs.iter();
    let roots = roots.map(|root| Certificate::from_der(root).to_owned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots.collect())))
        .unversioned_rustls_crypto_provider(provider)
        .build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .https_only(true)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent("cpxd")
        .timeout_global(Some(PATIENCE))
        .build();
    Ok(config.into())
}

fn get(agent: &ureq::Agent, url: &str, limit: u64) -> Result<Vec<u8>, UpdateError> {
    let mut response = agent.get(url).call().map_err(named)?;
    match response.status().as_u16() {
        200 => {}
        status @ 300..400 => return Err(UpdateError::Redirected(status)),
        status => return Err(UpdateError::Status(status)),
    }
    let body = response.body_mut().with_config().limit(limit);
    body.read_to_vec().map_err(named)
}

/// The error of ours that one of the client's is.
fn named(error: ureq::Error) -> UpdateError {
    known(&error).unwrap_or_else(|| UpdateError::Unreachable(error.to_string()))
}

fn known(error: &ureq::Error) -> Option<UpdateError> {
    if let ureq::Error::Timeout(_) = error {
        return Some(UpdateError::TooSlow);
    }
    if let ureq::Error::BodyExceedsLimit(_) = error {
        return Some(UpdateError::TooLarge);
    }
    if let ureq::Error::Rustls(error) = error {
        return is_of_the_future(error).then_some(UpdateError::ClockWrong);
    }
    let ureq::Error::Io(error) = error else {
        return None;
    };
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Some(UpdateError::Truncated);
    }
    let inner = error.get_ref()?;
    if let Some(error) = inner.downcast_ref::<rustls::Error>() {
        return is_of_the_future(error).then_some(UpdateError::ClockWrong);
    }
    inner.downcast_ref::<ureq::Error>().and_then(known)
}

/// A certificate that is not valid yet is a wrong clock far more often than anything else.
fn is_of_the_future(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }
        )
    )
}

const PATIENCE: Duration = Duration::from_secs(10);
/// Some hundred files.
const LONGEST_MANIFEST: u64 = 64 * 1024;
const LONGEST_SIGNATURE: u64 = 4 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_https_and_says_nothing_of_anybody() {
        UpdateSource::new("https://updates.example/cpxd/manifest.json").unwrap();
        for wrong in [
            "",
            "updates.example",
            "http://updates.example/manifest.json",
            "file:///etc/passwd",
            "https://name:password@updates.example/manifest.json",
            "https://updates.example/manifest.json?workstation=7",
            "https://updates.example/manifest.json#top",
        ] {
            let refused = UpdateSource::new(wrong).unwrap_err();
            assert_eq!(refused.code(), "address", "{wrong}");
        }
    }
}
