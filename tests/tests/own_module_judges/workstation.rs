//! A workstation with a card, an agent, and programs that were told of the module.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cpxd_tests::agent::Agent;
use cpxd_tests::calls::path_of;
use cpxd_tests::judge::{certificates_in_pem, openssl_verifies_as};
use cpxd_tests::own_module::ModuleHome;
use cpxd_tests::pcsc_stack::{PcscService, Reader, TEST_ENVIRONMENT, VirtualCardProgram};
use cpxd_tests::person::Person;
use cpxd_tests::pro_sante_connect::{ProSanteConnect, Tls};
use cpxd_tests::programs::own_module;
use serde_json::Value;

/// The two generations.
pub(crate) const CPS3: &str = "cps3";
pub(crate) const CPS4: &str = "cps4";
pub(crate) const GENERATIONS: [&str; 2] = [CPS3, CPS4];

/// A holder who types the right code and agrees.
pub(crate) const AGREES: &str = "pin = \"1234\"\nconsent = true";

/// A card in a reader, its agent with a scripted holder, and a person whose programs find the module.
pub(crate) struct Workstation {
    kind: &'static str,
    agent: Agent,
    card: Value,
    module: ModuleHome,
    person: Person,
    plugged: Option<VirtualCardProgram>,
    service: PcscService,
}

/// The names of a key and its certificate on the card.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) role: &'static str,
    pub(crate) label: &'static str,
    pub(crate) certificate: &'static str,
}

pub(crate) const AUTHENTICATION: Key = Key {
    role: "authentication",
    label: "CPS_PRIV_AUT",
    certificate: "Certificat d'Authentification CPS",
};
pub(crate) const SIGNATURE: Key = Key {
    role: "signature",
    label: "CPS_PRIV_SIG",
    certificate: "Certificat de Signature CPS",
};
pub(crate) const KEYS: [Key; 2] = [AUTHENTICATION, SIGNATURE];

impl Key {
    /// The key as a PKCS#11 URI (RFC 7512).
    pub(crate) fn uri(self) -> String {
        format!("pkcs11:object={};type=private", self.label)
    }

    /// The certificate as a PKCS#11 URI.
    pub(crate) fn certificate_uri(self) -> String {
        let label = self.certificate.replace(' ', "%20").replace('\'', "%27");
        format!("pkcs11:object={label};type=cert")
    }
}

impl Workstation {
    /// Whose holder types the right code and agrees, whenever they are asked.
    pub(crate) fn with(kind: &'static str) -> Self {
        Self::with_holder(kind, AGREES)
    }

    /// Whose holder answers as this script says.
    pub(crate) fn with_holder(kind: &'static str, holder: &str) -> Self {
        Self::with_holder_and_module(kind, holder, "")
    }

    /// The same, with more lines in the file of the module.
    pub(crate) fn with_holder_and_module(kind: &'static str, holder: &str, lines: &str) -> Self {
        let service = PcscService::start();
        let plugged = service.plug(Reader::First, &["--card", kind]);
        let agent = service.agent(TEST_ENVIRONMENT, holder, &[]);
        let card = agent.card();
        let person = Person::new();
        Self {
            kind,
            card,
            module: ModuleHome::with(&agent, lines),
            person,
            agent,
            plugged: Some(plugged),
            service,
        }
    }

    /// Whether its card makes PSS signatures.
    pub(crate) fn does_pss(&self) -> bool {
        self.kind == CPS4
    }

    /// The TLS in which its card can show who its holder is, and its name.
    pub(crate) fn tls(&self) -> (Tls, &'static str) {
        if self.does_pss() {
            (Tls::V1_3, "TLSv1.3")
        } else {
            (Tls::V1_2, "TLSv1.2")
        }
    }

    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }

    pub(crate) fn card(&self) -> &Value {
        &self.card
    }

    /// Takes the card out.
    pub(crate) fn pull(&mut self) {
        drop(self.plugged.take());
    }

    /// Puts the card back.
    pub(crate) fn plug(&mut self) {
        self.plugged = Some(self.service.plug(Reader::First, &["--card", self.kind]));
    }

    /// A program that this person starts.
    pub(crate) fn starts(&self, program: &str) -> Command {
        let mut command = self.person.starts(program);
        command
            .env("XDG_CONFIG_HOME", self.module.folder())
            .env("LC_ALL", "C.UTF-8")
            .current_dir(self.person.home());
        command
    }

    /// The same with arguments, run to its end.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Run {
        Run::of(self.starts(program).args(arguments))
    }

    pub(crate) fn home(&self) -> &Path {
        self.person.home()
    }

    /// A file of this person.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn bytes_of(&self, name: &str) -> Vec<u8> {
        fs::read(self.home().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The CKA_ID of a key, its public key and its certificate, in hexadecimal digits, as the card has it.
    pub(crate) fn id_of(&self, key: Key) -> String {
        let last = match (self.kind, key.role) {
            (CPS4, "signature") => "10",
            (CPS4, _) => "20",
            (_, "signature") => "01",
            _ => "02",
        };
        format!("e828bd080f8025000001ff0010{last}")
    }

    /// The certificate of a key in PEM, as the agent gives it.
    pub(crate) fn pem(&self, key: Key) -> String {
        let path = path_of(&self.card, &format!("/certificates/{}", key.role));
        let accept = ["-H", "Accept: application/x-pem-file"];
        self.agent.curl_socket(&path, &accept).text
    }

    /// The same in DER.
    pub(crate) fn certificate(&self, key: Key) -> Vec<u8> {
        certificates_in_pem(&self.pem(key)).remove(0)
    }

    /// Fails unless openssl verifies a signature of this JWA name with the certificate of the key.
    pub(crate) fn assert_verifies(
        &self,
        key: Key,
        algorithm: &str,
        signature: &[u8],
        message: &[u8],
    ) {
        let certificate = self.certificate(key);
        let verifies =
            |message: &[u8]| openssl_verifies_as(algorithm, &certificate, signature, message);
        assert!(verifies(message), "{} {algorithm} {key:?}", self.kind);
        assert!(!verifies(b"another message"), "{algorithm} {key:?}");
    }

    /// How often the holder was asked for this, such as `open-session` for a log-in.
    pub(crate) fn asked(&self, operation: &str) -> usize {
        let journal = self.agent.cli(&["journal", "--json", "--last", "1000"]);
        let journal: Value = serde_json::from_slice(&journal.stdout).unwrap();
        let entries = journal["entries"].as_array().unwrap().iter();
        entries
            .filter(|entry| entry["operation"] == operation)
            .count()
    }
}

impl Drop for Workstation {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let journal = self.agent.cli(&["journal"]);
            let journal = String::from_utf8_lossy(&journal.stdout).into_owned();
            let _ = writeln!(
                std::io::stderr(),
                "the journal of {}:\n{journal}",
                self.kind
            );
        }
    }
}

/// How a program ended and what it said.
#[derive(Debug)]
pub(crate) struct Run {
    command: String,
    output: Output,
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        let name = format!("{command:?}");
        let output = command.output();
        let output = output.unwrap_or_else(|error| {
            panic!("{name} (cargo xtask test installs it): {error}");
        });
        Self {
            command: name,
            output,
        }
    }

    /// The same with bytes at its standard input.
    pub(crate) fn with_input(command: &mut Command, input: &[u8]) -> Self {
        let name = format!("{command:?}");
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut pipe = process.stdin.take().unwrap();
        pipe.write_all(input).unwrap();
        drop(pipe);
        let output = process.wait_with_output().unwrap();
        Self {
            command: name,
            output,
        }
    }

    /// All that it said, provided that it succeeded.
    pub(crate) fn success(self) -> String {
        assert!(self.output.status.success(), "{self:?}");
        self.said()
    }

    /// All that it said, provided that it failed.
    pub(crate) fn failure(self) -> String {
        assert!(!self.output.status.success(), "{self:?}");
        self.said()
    }

    /// Its standard output as it came, provided that it succeeded.
    pub(crate) fn bytes(self) -> Vec<u8> {
        assert!(self.output.status.success(), "{self:?}");
        self.output.stdout
    }

    /// All that it said, whether it succeeded or not.
    pub(crate) fn said(&self) -> String {
        let all = [&self.output.stdout[..], b"\n", &self.output.stderr].concat();
        format!("{}\n{}", self.command, String::from_utf8_lossy(&all))
    }
}

/// The module's path in words.
pub(crate) fn module() -> String {
    own_module().to_str().unwrap().to_owned()
}

/// A page that Apache gives only to who shows a card, and how a program gets there.
pub(crate) struct Demanding {
    pub(crate) site: ProSanteConnect,
    pub(crate) url: String,
    pub(crate) host: String,
    pub(crate) port: String,
}

impl Demanding {
    pub(crate) fn of(tls: Tls) -> Self {
        let site = ProSanteConnect::start(tls);
        let url = site.teleservice_page();
        let (host, port) = url
            .trim_start_matches("https://")
            .trim_end_matches('/')
            .split_once(':')
            .unwrap();
        let (host, port) = (host.to_owned(), port.to_owned());
        Self {
            site,
            url,
            host,
            port,
        }
    }

    pub(crate) fn authority(&self) -> String {
        self.site.site().authority().to_str().unwrap().to_owned()
    }

    /// Fails unless this is the page, for the holder of the card and in this TLS.
    pub(crate) fn assert_welcomes(page: &str, tls: &str) {
        assert!(page.contains("La carte est celle de 8997"), "{page}");
        assert!(page.contains(&format!("signée en {tls}")), "{page}");
    }
}

impl Demanding {
    /// The request of its page, whose answer comes in one piece.
    pub(crate) fn request(&self) -> String {
        let host = &self.host;
        format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n")
    }
}
