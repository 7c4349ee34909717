//! The installation's own certification authority and its leaf.

mod authority;
mod key_and_certificate;
mod leaf;
mod trusted_authority;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use platform::paths::AgentPaths;
use platform::private_files::{PrivateFileError, ensure_private_folder};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use authority::Authority;
use key_and_certificate::KeyFileError;

pub use trusted_authority::TrustedAuthority;

/// Why the agent has no TLS identity.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The authority is there and cannot be used. Another one is not made unasked, because
    /// programs trust this one.
    #[error(
        "the agent's certification authority in {} cannot be used; put this file right, or remove it to have a new authority, which programs must then trust anew",
        path.display()
    )]
    Authority {
        /// The file of the authority.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: KeyFileError,
    },
    /// The authority could vouch for more than this machine, so nobody is to trust it.
    #[error(
        "the agent's certification authority in {} is not constrained to this computer; remove this file to have a new one",
        path.display()
    )]
    Unconstrained {
        /// The file of the authority.
        path: PathBuf,
    },
    /// A file of the identity cannot be written.
    #[error("keeping the TLS identity")]
    File(#[from] PrivateFileError),
    /// A key or certificate cannot be made.
    #[error("making the TLS identity")]
    Making(#[from] rcgen::Error),
    /// rustls refuses the identity.
    #[error("using the TLS identity")]
    Using(#[from] rustls::Error),
}

/// What the TLS door presents; clones share it.
#[derive(Clone, Debug)]
pub struct TlsIdentity {
    paths: AgentPaths,
    presented: Arc<Presented>,
    config: Arc<ServerConfig>,
    config_for_strangers: Arc<ServerConfig>,
}

impl TlsIdentity {
    /// Loads the identity of this installation, or makes what is missing or about to end.
    ///
    /// A new leaf comes from the same authority, so nobody has to trust anything again.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load_or_make(paths: &AgentPaths, now: OffsetDateTime) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = load_or_make(paths, now, &provider)?;
        let presented = Arc::new(Presented(RwLock::new(Arc::new(key))));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&presented) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let config_for_strangers = config.clone();
        config.alpn_protocols.insert(0, b"h2".to_vec());
        Ok(Self {
            paths: paths.clone(),
            presented,
            config: Arc::new(config),
            config_for_strangers: Arc::new(config_for_strangers),
        })
    }

    /// For programs of this user.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// For programs of other users, who are only told, in HTTP/1.1, that they are refused.
    pub(crate) fn config_for_strangers(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config_for_strangers)
    }

    /// Looks every day whether the leaf is about to end; a new one is for new connections, and
    /// those that are open do not notice.
    pub(crate) async fn renew_daily(&self, now: impl Fn() -> OffsetDateTime) {
        let mut days = interval_at(Instant::now() + DAY, DAY);
        days.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            days.tick().await;
            if let Err(error) = self.renew(now()) {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(event = "leaf-not-renewed", %error, cause, "the TLS identity stays as it is");
            }
        }
    }

    /// Presents a new leaf to new connections if the one that there is is about to end.
    ///
    /// # Errors
    /// [`TlsError`]; what is presented stays as it is then.
    pub fn renew(&self, now: OffsetDateTime) -> Result<(), TlsError> {
        let key = load_or_make(&self.paths, now, self.config.crypto_provider())?;
        self.presented.replace_by(key);
        Ok(())
    }
}

fn load_or_make(
    paths: &AgentPaths,
    now: OffsetDateTime,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    ensure_private_folder(&paths.tls_dir())?;
    let authority = Authority::load_or_make(paths, now)?;
    let leaf = leaf::load_or_issue(paths, &authority, now)?;
    let (key, certificate) = leaf.into_parts();
    Ok(CertifiedKey::from_der(vec![certificate], key, provider)?)
}

/// What new connections are shown.
struct Presented(RwLock<Arc<CertifiedKey>>);

impl Presented {
    fn now(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace_by(&self, key: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
    }
}

impl ResolvesServerCert for Presented {
    fn resolve(&self, _client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now())
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").finish_non_exhaustive()
    }
}

const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests;
