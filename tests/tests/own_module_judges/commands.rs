//! Commands that `docs/pkcs11-clients.md` gives to be pasted: a test runs what the page on the disk says, word for word.

use std::fs;

use cpxd_tests::programs::workspace_dir;

use crate::integrators;
use crate::openssl::MODULE;
use crate::workstation::{Demanding, Run, Workstation, module};

/// A block of commands, or a program, below its title on the page.
pub(crate) struct Commands {
    pub(crate) title: &'static str,
    /// What the page says before them.
    pub(crate) words: &'static str,
    pub(crate) language: &'static str,
    pub(crate) commands: &'static str,
}

const NO_WORDS: &str = "";
pub(crate) const SHELL: &str = "sh";
pub(crate) const PYTHON: &str = "python";

pub(crate) const URIS: Commands = Commands {
    title: "The URIs of keys and certificates",
    words: NO_WORDS,
    language: SHELL,
    commands: "\
MODULE=/path/to/libcpxd_pkcs11.so
export OPENSSL_CONF=$PWD/cpxd-openssl.cnf
p11tool --provider \"$MODULE\" --login --list-all --only-urls | tee uris.txt
SIGNATURE_KEY=$(grep 'object=CPS_PRIV_SIG;type=private' uris.txt)
SIGNATURE_CERTIFICATE=$(grep 'object=Certificat%20de%20Signature%20CPS;type=cert' uris.txt)
AUTHENTICATION_KEY=$(grep 'object=CPS_PRIV_AUT;type=private' uris.txt)
AUTHENTICATION_CERTIFICATE=$(grep 'object=Certificat%20d%27Authentification%20CPS;type=cert' uris.txt)
",
};

pub(crate) const SIGNING: Commands = Commands {
    title: "openssl signs a file and verifies it",
    words: NO_WORDS,
    language: SHELL,
    commands: "\
openssl dgst -sha256 -engine pkcs11 -keyform engine -sign \"$SIGNATURE_KEY\" -out letter.sig letter.txt
p11tool --provider \"$MODULE\" --export \"$SIGNATURE_CERTIFICATE\" | openssl x509 -noout -pubkey > signer.pub
openssl dgst -sha256 -verify signer.pub -signature letter.sig letter.txt
",
};

pub(crate) const S_CLIENT: Commands = Commands {
    title: "openssl shows the card to a server",
    words: NO_WORDS,
    language: SHELL,
    commands: "\
HOST=service.example ADDRESS=service.example:443
p11tool --provider \"$MODULE\" --export \"$AUTHENTICATION_CERTIFICATE\" > card.pem
printf 'GET / HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' \"$HOST\" |
    openssl s_client -quiet -connect \"$ADDRESS\" -servername \"$HOST\" -verify_hostname \"$HOST\" -verify_return_error \\
        -engine pkcs11 -keyform engine -key \"$AUTHENTICATION_KEY\" -cert card.pem
",
};

pub(crate) const CURL_TLS_1_3: Commands = Commands {
    title: "curl shows a CPS4 to a server",
    words: NO_WORDS,
    language: SHELL,
    commands: "\
URL=https://service.example/
curl --engine pkcs11 --cert-type ENG --cert \"$AUTHENTICATION_CERTIFICATE\" \\
    --key-type ENG --key \"$AUTHENTICATION_KEY\" \"$URL\"
",
};

pub(crate) const CURL_TLS_1_2: Commands = Commands {
    title: "curl shows a CPS3 to a server",
    words: NO_WORDS,
    language: SHELL,
    commands: "\
URL=https://service.example/
curl --tls-max 1.2 --engine pkcs11 --cert-type ENG --cert \"$AUTHENTICATION_CERTIFICATE\" \\
    --key-type ENG --key \"$AUTHENTICATION_KEY\" \"$URL\"
",
};

/// Those of the chapter, in the page's order; the first goes before each of the others.
const PASTED: [&Commands; 5] = [&URIS, &SIGNING, &S_CLIENT, &CURL_TLS_1_2, &CURL_TLS_1_3];

/// The chapter of the page.
pub(crate) fn chapter() -> String {
    let blocks = PASTED.iter().map(|commands| commands.text());
    INTRODUCTION.to_owned() + &blocks.collect::<String>()
}

fn page() -> String {
    fs::read_to_string(workspace_dir().join("docs/pkcs11-clients.md")).unwrap()
}

impl Commands {
    /// As the page has them.
    pub(crate) fn text(&self) -> String {
        let Self { title, words, .. } = self;
        format!(
            "\n### {title}\n{words}\n{}{}```\n",
            self.fence(),
            self.commands
        )
    }

    fn fence(&self) -> String {
        format!("```{}\n", self.language)
    }

    /// What the page says below this title.
    pub(crate) fn on_the_page(&self) -> String {
        let page = page();
        let (_, below) = page
            .split_once(&format!("\n### {}\n", self.title))
            .unwrap_or_else(|| panic!("{} is not on the page", self.title));
        let (_, commands) = below.split_once(&self.fence()).unwrap();
        let (commands, _) = commands.split_once("```\n").unwrap();
        commands.to_owned()
    }
}

impl Workstation {
    /// Pastes commands of the page into a shell whose folder has the page's configuration of openssl, after what comes
    /// before them there. What stands for something is replaced: the path of the module, and each of these words.
    pub(crate) fn pastes(&self, commands: &Commands, words: &[(&str, &str)]) -> Run {
        self.openssl_configuration("cpxd-openssl.cnf");
        let mut lines = URIS.on_the_page() + &commands.on_the_page();
        let module = module();
        for (stands, is) in [&[(MODULE, module.as_str())], words].concat() {
            assert!(lines.contains(stands), "{stands}: {lines}");
            lines = lines.replace(stands, is);
        }
        let mut shell = self.starts("bash");
        shell.args(["-e", "-u", "-o", "pipefail", "-c", &lines]);
        // Of openssl, whoever is trusted; a site's authority among them, where there is one.
        shell.env("SSL_CERT_FILE", self.home().join(TRUSTED));
        Run::of(&mut shell)
    }

    /// The same at a site whose certificate this person's programs trust, and which curl finds on this computer.
    pub(crate) fn pastes_for(
        &self,
        site: &Demanding,
        commands: &Commands,
        words: &[(&str, &str)],
    ) -> Run {
        let authority = fs::read(site.authority()).unwrap();
        let trusted = self.file(TRUSTED, authority);
        let curl =
            format!("cacert = {trusted:?}\nconnect-to = \"::127.0.0.1:\"\nmax-time = 60\nsilent\n");
        self.file(".curlrc", curl);
        self.pastes(commands, words)
    }
}

const TRUSTED: &str = "trusted.pem";

const CONFIGURATIONS: &str = "ini";
const SETTINGS: &str = "toml";

/// How many blocks of commands and programs the page has, and how many the tests know.
pub(crate) fn counts() -> (usize, usize) {
    let page = page();
    let fences = page.matches("\n```").count() / 2;
    let settings = [CONFIGURATIONS, SETTINGS]
        .map(|language| page.matches(&format!("```{language}\n")).count());
    let known = PASTED.len() + integrators::BLOCKS.len();
    (fences - settings.iter().sum::<usize>(), known)
}

const INTRODUCTION: &str = "
## Commands to paste

Into one shell, the first block before the others, in a folder with the file above as `cpxd-openssl.cnf`. Tests run each
as it stands here; only the path of the module and the server are others there. Debian 12 has the
engine alone (`libengine-pkcs11-openssl`; `p11tool` is in `gnutls-bin`): none of its packages is a provider for
OpenSSL 3 that speaks PKCS#11, and none was tried.

`p11tool` shows whole URIs, as below. `pkcs11-tool -O` shows labels (with `-l` those of keys, too), from which a short
URI is made, which does where there is one card: `pkcs11:object=CPS_PRIV_SIG;type=private`. Each program that logs in asks for the code, and the signature key for each signature.
";
