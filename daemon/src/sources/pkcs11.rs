//! Readers of a vendor's PKCS#11 module.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use card_apdu::{Atr, ReaderFault};
use card_pkcs11::{
    HostProgram, ModuleConnection, ModuleFault, ModuleReader, ModuleReaders, ModuleTransaction,
    Patience, ReadersStopper, WatchError, known_places,
};
use daemon_cards::{
    CardConnection, CardTransaction, ConnectCard, Presence, ReaderSource, ReaderState, SourceFault,
    StopSource, WayToCard,
};
use daemon_types::ErrorCode;

/// All readers that a module knows.
#[derive(Debug)]
pub(crate) struct Pkcs11Source {
    readers: ModuleReaders,
    program: HostProgram,
    /// What the log knows of already.
    fault: Option<ModuleFault>,
}

impl Pkcs11Source {
    /// The module at this place, or the official one.
    pub(crate) fn new(module: Option<&Path>) -> anyhow::Result<Self> {
        let program = host_program(module_at(module)?)?;
        Ok(Self {
            readers: ModuleReaders::new(program.clone()),
            program,
            fault: None,
        })
    }
}

impl Pkcs11Source {
    /// The module is tried again and again: each fault is told once.
    fn tell(&mut self, fault: ModuleFault) {
        if self.fault.as_ref() != Some(&fault) {
            let module = self.program.module.display();
            tracing::error!(event = "module-readers-failed", %fault, %module, "no list of readers");
            self.fault = Some(fault);
        }
    }
}

/// The first known place with a module; the likeliest one where there is none, which is then told as missing.
fn module_at(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(module) = named {
        return Ok(module.to_owned());
    }
    let mut places = known_places().into_iter();
    let likeliest = places
        .next()
        .context("no place of the official module is known")?;
    if likeliest.exists() {
        return Ok(likeliest);
    }
    Ok(places.find(|place| place.exists()).unwrap_or(likeliest))
}

/// This very program, also after another version was put in its place.
fn host_program(module: PathBuf) -> anyhow::Result<HostProgram> {
    let itself = Path::new("/proc/self/exe");
    let program = if itself.exists() {
        itself.to_owned()
    } else {
        std::env::current_exe().context("finding the program of this agent")?
    };
    let arguments = |work: &str| {
        vec![
            "pkcs11-host".to_owned(),
            "--work".to_owned(),
            work.to_owned(),
        ]
    };
    Ok(HostProgram {
        program,
        serve: arguments("serve"),
        watch: arguments("watch"),
        look: arguments("look"),
        module,
        patience: Patience::default(),
    })
}

impl ReaderSource for Pkcs11Source {
    fn name(&self) -> &'static str {
        "pkcs11"
    }

    fn missing_code(&self) -> ErrorCode {
        ErrorCode::ModuleFailed
    }

    fn wait_for_change(&mut self) -> Result<Vec<ReaderState>, SourceFault> {
        match self.readers.wait_for_change() {
            Ok(readers) => {
                self.fault = None;
                Ok(readers.into_iter().map(reader_state).collect())
            }
            Err(WatchError::Stopped) => Err(SourceFault::Stopped),
            Err(WatchError::Module(fault)) => {
                self.tell(fault);
                Err(SourceFault::ServiceGone)
            }
        }
    }

    fn connector(&self) -> Arc<dyn ConnectCard> {
        Arc::new(Connector(self.program.clone()))
    }

    fn stopper(&self) -> Box<dyn StopSource> {
        Box::new(Stopper(self.readers.stopper()))
    }
}

struct Stopper(ReadersStopper);

impl StopSource for Stopper {
    fn stop(&self) {
        self.0.stop();
    }
}

struct Connector(HostProgram);

impl ConnectCard for Connector {
    fn connect(&self, reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        let card = ModuleConnection::connect(&self.0, reader)?;
        Ok(Box::new(Connection(card)))
    }
}

struct Connection(ModuleConnection);

impl CardConnection for Connection {
    fn atr(&self) -> Option<&Atr> {
        None
    }

    fn transaction(&mut self) -> Result<Box<dyn CardTransaction + '_>, ReaderFault> {
        let transaction = self.0.transaction()?;
        Ok(Box::new(Transaction(transaction)))
    }

    fn reconnect(&mut self) -> Result<(), ReaderFault> {
        self.0.reconnect()
    }
}

struct Transaction<'a>(ModuleTransaction<'a>);

impl CardTransaction for Transaction<'_> {
    fn way(&mut self) -> WayToCard<'_> {
        WayToCard::Card(Box::new(self.0.card()))
    }

    /// The module logs out; a reset of the card is not in its power.
    fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault> {
        Ok(())
    }
}

fn reader_state(reader: ModuleReader) -> ReaderState {
    ReaderState {
        name: reader.name,
        presence: if reader.has_token {
            Presence::Card
        } else {
            Presence::Empty
        },
        card_changes: reader.changes,
    }
}
