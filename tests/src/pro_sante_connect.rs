//! What Pro Santé Connect asks of a workstation, on this machine: an OpenID provider whose card log-in is TLS
//! client authentication, and a relying party. The web server is Apache with OpenSSL, the relying party its
//! mod_auth_openidc, both unmodified; the provider is a stand-in (`identity_provider`), since nobody may run the real one.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::identity_provider::{CLIENT_ID, CLIENT_SECRET, IdentityProvider};
use crate::judge::test_authorities;
use crate::pcsc_stack::free_ports;
use crate::waiting::until;
use crate::web_site::WebSite;

/// Seconds that Apache waits for a client in a handshake: longer than a test does, so that none passes by its end.
const PATIENCE_OF_APACHE: u32 = 300;
/// Where people log in.
const PROVIDER: &str = "portal.example";
/// Where they show their card.
const CARD_HOST: &str = "carte.example";
/// Where they want to go.
const RELYING_PARTY: &str = "service.example";
/// A téléservice that asks for the card itself.
const TELESERVICE: &str = "teleservice.example";

/// The provider, its card host, the relying party, and a site that asks for the card itself; all end when this is dropped.
#[derive(Debug)]
pub struct ProSanteConnect {
    apache: Child,
    provider: IdentityProvider,
    ports: [u16; 2],
    folder: TempDir,
    site: WebSite,
}

/// Which TLS the hosts that demand a card speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// 1.2 alone, as a CPS3 needs it: its card makes no PSS signatures.
    V1_2,
    /// 1.3 alone.
    V1_3,
}

impl ProSanteConnect {
    /// Starts all of it.
    #[must_use]
    pub fn start(tls: Tls) -> Self {
        let site = WebSite::start();
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Apache cannot be told to take any port.
        let first = free_ports();
        let ports = [first, first + 1];
        let [open, with_card] = ports;
        let redirect = format!("https://{RELYING_PARTY}:{open}/espace/retour");
        let provider = IdentityProvider::start(
            format!("https://{PROVIDER}:{open}"),
            format!("https://{CARD_HOST}:{with_card}"),
            redirect.clone(),
        );
        let certificate = Certificate::in_folder(&folder, &site);
        let configuration = configuration(&folder, ports, tls, &provider, &certificate, &redirect);
        let file = folder.path().join("apache.conf");
        fs::write(&file, configuration).expect("a file");
        write_pages(folder.path());
        // Its workers run as somebody else where the test runs as root.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("open to others");
        let log = File::create(folder.path().join("output.log")).expect("a file");
        let mut apache = Command::new("/usr/sbin/apache2")
            .args(["-D", "FOREGROUND", "-f"])
            .arg(&file)
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("apache2 is installed (cargo xtask test installs it)");
        until("Apache", || {
            let ended = apache.try_wait().expect("its state");
            assert!(ended.is_none(), "Apache ended: {}", logs_in(folder.path()));
            TcpStream::connect((Ipv4Addr::LOCALHOST, with_card)).ok()
        });
        Self {
            apache,
            provider,
            ports,
            folder,
            site,
        }
    }

    /// The sites, whose authority browsers are to trust.
    #[must_use]
    pub fn site(&self) -> &WebSite {
        &self.site
    }

    /// The page of the relying party that only who logged in sees.
    #[must_use]
    pub fn page(&self) -> String {
        format!("https://{RELYING_PARTY}:{}/espace/", self.ports[0])
    }

    /// The page of another site, which asks for the card itself.
    #[must_use]
    pub fn teleservice_page(&self) -> String {
        format!("https://{TELESERVICE}:{}/", self.ports[1])
    }

    /// The hosts that demand a card, with their port, as URL patterns of browsers have them.
    #[must_use]
    pub fn hosts_with_card(&self) -> [String; 2] {
        [CARD_HOST, TELESERVICE].map(|host| format!("https://{host}:{}", self.ports[1]))
    }

    /// How many people came in by a card.
    #[must_use]
    pub fn card_log_ins(&self) -> u32 {
        self.provider.card_log_ins()
    }

    /// What Apache wrote.
    #[must_use]
    pub fn log(&self) -> String {
        logs_in(self.folder.path())
    }
}

impl Drop for ProSanteConnect {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .arg(self.apache.id().to_string())
            .status();
        let _ = self.apache.wait();
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "{}", self.log());
        }
    }
}

struct Certificate {
    certificate: String,
    key: String,
    authorities: String,
}

impl Certificate {
    fn in_folder(folder: &TempDir, site: &WebSite) -> Self {
        let authorities = folder.path().join("igc.pem");
        fs::write(&authorities, test_authorities()).expect("a file");
        let [certificate, key] = site.certificate_and_key();
        let words = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
        Self {
            certificate: words(&certificate),
            key: words(&key),
            authorities: words(&authorities),
        }
    }
}

fn write_pages(folder: &Path) {
    let page = "<!DOCTYPE html><meta charset=utf-8><title>Cabinet</title><p id=bienvenue>Bienvenue \
                <!--#echo var=\"OIDC_CLAIM_given_name\" --> <!--#echo var=\"OIDC_CLAIM_family_name\" -->, \
                <!--#echo var=\"OIDC_CLAIM_SubjectNameID\" -->";
    let other = "<!DOCTYPE html><meta charset=utf-8><title>Autre</title><p>La carte est celle de \
                 <!--#echo var=\"SSL_CLIENT_S_DN_CN\" -->, signée en <!--#echo var=\"SSL_PROTOCOL\" -->";
    for (name, page) in [("espace", page), ("autre", other)] {
        fs::create_dir_all(folder.join(name)).expect("a folder");
        fs::write(folder.join(name).join("index.shtml"), page).expect("a file");
    }
}

fn configuration(
    folder: &TempDir,
    [open, with_card]: [u16; 2],
    tls: Tls,
    provider: &IdentityProvider,
    certificate: &Certificate,
    redirect: &str,
) -> String {
    let modules = [
        ("mpm_event", "mpm_event"),
        ("authn_core", "authn_core"),
        ("authz_core", "authz_core"),
        ("authz_user", "authz_user"),
        ("auth_openidc", "auth_openidc"),
        ("ssl", "ssl"),
        ("socache_shmcb", "socache_shmcb"),
        ("proxy", "proxy"),
        ("proxy_http", "proxy_http"),
        ("headers", "headers"),
        ("dir", "dir"),
        ("mime", "mime"),
        ("filter", "filter"),
        ("include", "include"),
    ]
    .map(|(module, file)| {
        format!("LoadModule {module}_module /usr/lib/apache2/modules/mod_{file}.so\n")
    })
    .concat();
    let account = if rustix::process::getuid().is_root() {
        "User www-data\nGroup www-data\n"
    } else {
        ""
    };
    let folder = folder.path().display();
    let protocol = match tls {
        Tls::V1_2 => "-all +TLSv1.2",
        Tls::V1_3 => "-all +TLSv1.3",
    };
    // The relying party asks the provider by an address that no certificate names, without leaving this machine.
    let (issuer, backend) = (format!("https://{PROVIDER}:{open}"), provider.address());
    let Certificate {
        certificate,
        key,
        authorities,
    } = certificate;
    let tls_of_sites =
        format!("SSLEngine on\nSSLCertificateFile {certificate}\nSSLCertificateKeyFile {key}\n");
    // Each connection is to be signed anew, so that a test can count.
    let tls_with_card = format!(
        "{tls_of_sites}SSLProtocol {protocol}\nSSLVerifyClient require\nSSLVerifyDepth 3\n\
         SSLCACertificateFile {authorities}\nSSLSessionTickets off\nKeepAlive off\nSSLOptions +StdEnvVars\n"
    );
    format!(
        r#"{modules}{account}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/error.log
LogLevel warn ssl:info auth_openidc:info
Timeout {PATIENCE_OF_APACHE}
TypesConfig /etc/mime.types
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
DirectoryIndex index.shtml
SSLSessionCache none
Listen 127.0.0.1:{open}
Listen 127.0.0.1:{with_card}
<Directory {folder}>
  Options +Includes
  Require all granted
</Directory>

OIDCProviderIssuer {issuer}
OIDCProviderAuthorizationEndpoint {issuer}/auth
OIDCProviderTokenEndpoint https://127.0.0.1:{open}/token
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCProviderUserInfoEndpoint https://127.0.0.1:{open}/userinfo
OIDCProviderJwksUri https://127.0.0.1:{open}/certs
OIDCClientID {CLIENT_ID}
OIDCClientSecret "{CLIENT_SECRET}"
OIDCScope "openid scope_all"
OIDCAuthRequestParams acr_values=eidas1
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg ES256
OIDCRedirectURI {redirect}
OIDCCryptoPassphrase "of this test"
OIDCSSLValidateServer Off
OIDCCacheType shm

<VirtualHost 127.0.0.1:{open}>
  ServerName {PROVIDER}
  {tls_of_sites}
  ProxyPass / {backend}/
</VirtualHost>
<VirtualHost 127.0.0.1:{open}>
  ServerName {RELYING_PARTY}
  DocumentRoot {folder}
  {tls_of_sites}
  <Location /espace>
    AuthType openid-connect
    Require valid-user
  </Location>
</VirtualHost>
<VirtualHost 127.0.0.1:{with_card}>
  ServerName {CARD_HOST}
  {tls_with_card}
  RequestHeader set X-Card-Common-Name "%{{SSL_CLIENT_S_DN_CN}}s"
  RequestHeader set X-Card-Given-Name "%{{SSL_CLIENT_S_DN_G}}s"
  RequestHeader set X-Card-Surname "%{{SSL_CLIENT_S_DN_S}}s"
  ProxyPass / {backend}/
</VirtualHost>
<VirtualHost 127.0.0.1:{with_card}>
  ServerName {TELESERVICE}
  DocumentRoot {folder}/autre
  {tls_with_card}
</VirtualHost>
"#
    )
}

fn logs_in(folder: &Path) -> String {
    ["output.log", "error.log"]
        .map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default())
        .concat()
}
