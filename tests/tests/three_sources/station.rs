//! A workstation with one card, reached by one source of readers.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use cpxd_tests::agent::{Agent, Answer};
use cpxd_tests::calls::path_of;
use cpxd_tests::pcsc_stack::{PcscService, Reader, TEST_ENVIRONMENT, VirtualCardProgram};
use cpxd_tests::programs::test_module;
use cpxd_tests::soft_reader::{SoftReader, opensc_module};
use serde_json::{Value, json};
use tempfile::TempDir;

/// By which way the agent reaches its card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A virtual card in the agent.
    Virtual,
    /// A virtual card of this kind in a real PC/SC reader.
    Pcsc(&'static str),
    /// SoftHSM in the image of a card, behind the module that counts.
    SoftHsm,
    /// OpenSC's module, in front of a real PC/SC reader.
    OpenSc,
    /// The official module at this place, in front of a real PC/SC reader with a card of this kind.
    Cryptolib(PathBuf, &'static str),
}

impl Source {
    /// Those that any machine can have.
    pub(crate) fn of_any_machine() -> Vec<Self> {
        vec![
            Self::Virtual,
            Self::Pcsc("cps3"),
            Self::Pcsc("cps4"),
            Self::SoftHsm,
            Self::OpenSc,
        ]
    }

    /// Whether it tells how many tries are left, and not only that few are.
    pub(crate) fn counts(&self) -> bool {
        matches!(self, Self::Virtual | Self::Pcsc(_))
    }

    /// OpenSC 0.23 with OpenSSL 3 does nothing with the signature key of a CPS3.
    pub(crate) fn signs(&self) -> bool {
        *self != Self::OpenSc
    }

    /// OpenSC sets no new code of a CPS3 by C_InitPIN, whatever its configuration says of it.
    pub(crate) fn unblocks(&self) -> bool {
        *self != Self::OpenSc
    }

    /// Whether the code stays presented for a session: no module stays logged in.
    pub(crate) fn keeps_code(&self) -> bool {
        matches!(self, Self::Virtual | Self::Pcsc(_))
    }

    /// Whether the card can be taken out.
    pub(crate) fn can_be_pulled(&self) -> bool {
        *self != Self::Virtual
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Virtual | Self::SoftHsm | Self::OpenSc => "cps3",
            Self::Pcsc(kind) | Self::Cryptolib(_, kind) => kind,
        }
    }

    /// What is told of the card's generation: the label of OpenSC's token names none.
    pub(crate) fn generation(&self) -> Value {
        match (self, self.kind()) {
            (Self::OpenSc, _) => Value::Null,
            (_, "cps4") => json!("CPS4"),
            _ => json!("CPS3"),
        }
    }
}

/// The parts of it that the agent rests on.
enum Ground {
    InTheAgent,
    Pcsc(PcscService, Option<VirtualCardProgram>),
    Soft(SoftReader, String),
}

/// The workstation.
pub(crate) struct Station {
    pub(crate) agent: Agent,
    pub(crate) source: Source,
    ground: Ground,
    _folder: TempDir,
}

impl Station {
    /// Its holder gives these answers in turn.
    pub(crate) fn with(source: &Source, answers: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ground = Self::ground(source);
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.to_string_lossy().into_owned()
        };
        let configuration = file("config.toml", TEST_ENVIRONMENT);
        let holder = file(
            "holder.toml",
            &format!("answers = [ {} ]", answers.join(", ")),
        );
        let reader_source = match source {
            Source::Virtual => "virtual".to_owned(),
            Source::Pcsc(_) => "pcsc".to_owned(),
            Source::SoftHsm => format!("pkcs11:{}", test_module().display()),
            Source::OpenSc => format!("pkcs11:{}", opensc_module().display()),
            Source::Cryptolib(module, _) => format!("pkcs11:{}", module.display()),
        };
        let environment: Vec<(&str, OsString)> = match &ground {
            Ground::InTheAgent => Vec::new(),
            Ground::Pcsc(service, _) => service.client_environment(),
            Ground::Soft(reader, _) => {
                let variables = reader.environment().into_iter();
                variables.map(|(name, path)| (name, path.into())).collect()
            }
        };
        let agent = Agent::run_in(
            &environment,
            &[
                "--reader-source",
                &reader_source,
                "--config",
                &configuration,
                "--scripted-holder",
                &holder,
            ],
        );
        Self {
            agent,
            source: source.clone(),
            ground,
            _folder: folder,
        }
    }

    fn ground(source: &Source) -> Ground {
        match source {
            Source::Virtual => Ground::InTheAgent,
            Source::SoftHsm => {
                let reader = SoftReader::new();
                let label = reader.add(
                    card_emulator::DemoCard::Cps3,
                    card_emulator::pki::KeySet::First,
                );
                reader.insert(&label);
                Ground::Soft(reader, label)
            }
            Source::Pcsc(_) | Source::OpenSc | Source::Cryptolib(..) => {
                let service = PcscService::start();
                let card = service.plug(Reader::First, &["--card", source.kind()]);
                Ground::Pcsc(service, Some(card))
            }
        }
    }

    /// Takes the card out, or puts it back.
    pub(crate) fn pull(&mut self) {
        match &mut self.ground {
            Ground::InTheAgent => panic!("nobody can reach into the agent"),
            Ground::Pcsc(_, card) => drop(card.take()),
            Ground::Soft(reader, _) => reader.remove(),
        }
    }

    /// Puts it back.
    pub(crate) fn put_back(&mut self) {
        match &mut self.ground {
            Ground::InTheAgent => panic!("nobody can reach into the agent"),
            Ground::Pcsc(service, card) => {
                *card = Some(service.plug(Reader::First, &["--card", self.source.kind()]));
            }
            Ground::Soft(reader, label) => reader.insert(label),
        }
    }

    /// A call about the card, with an empty body.
    pub(crate) fn call(&self, call: &str) -> Answer {
        let path = path_of(&self.agent.card(), call);
        self.agent.call_socket(&path, &json!({}))
    }

    /// The state of the holder's code, read from the card now.
    pub(crate) fn pin(&self) -> Value {
        let path = path_of(&self.agent.card(), "");
        let answer = self.agent.read_socket(&path);
        assert_eq!(answer.status, 200, "{:?}: {}", self.source, answer.text);
        answer.body["pin"].clone()
    }

    /// What a number is that this source may not tell.
    pub(crate) fn told(&self, number: u64) -> Value {
        if self.source.counts() {
            json!(number)
        } else {
            Value::Null
        }
    }
}
