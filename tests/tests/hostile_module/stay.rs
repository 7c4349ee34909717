//! A card behind the test module, used as a worker of the agent uses it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use card_apdu::ReaderFault;
use card_pkcs11::{HostProgram, ModuleCard, ModuleConnection, Patience};
use cpxd_tests::programs::{program, test_module};
use cpxd_tests::soft_reader::SoftReader;

use crate::told::{Told, told_of_reader};

/// The stay of a card, with the rules of a worker: one that was lost is looked for again.
pub(crate) struct Stay {
    program: HostProgram,
    connection: Option<ModuleConnection>,
}

impl Stay {
    pub(crate) fn new(reader: &SoftReader, patience: Patience) -> Self {
        Self::through(reader, &test_module(), patience)
    }

    /// Through this module.
    pub(crate) fn through(reader: &SoftReader, module: &Path, patience: Patience) -> Self {
        Self {
            program: host_program(reader, module, patience),
            connection: None,
        }
    }

    /// One transaction.
    pub(crate) fn use_card<T>(
        &mut self,
        work: impl FnOnce(&mut ModuleCard<'_>) -> Result<T, Told>,
    ) -> Result<T, Told> {
        let outcome = self.try_to_use_card(work);
        if matches!(outcome, Err(Told::CardRemoved | Told::ReaderLost)) {
            self.connection = None;
        }
        outcome
    }

    fn try_to_use_card<T>(
        &mut self,
        work: impl FnOnce(&mut ModuleCard<'_>) -> Result<T, Told>,
    ) -> Result<T, Told> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                let opened = ModuleConnection::connect(&self.program, SoftReader::NAME);
                none.insert(opened.map_err(told_of_reader)?)
            }
        };
        let needs_reconnect = match connection.transaction() {
            Ok(_) => false,
            Err(ReaderFault::Reset) => true,
            Err(fault) => return Err(told_of_reader(fault)),
        };
        if needs_reconnect {
            connection.reconnect().map_err(told_of_reader)?;
        }
        let mut transaction = connection.transaction().map_err(told_of_reader)?;
        work(&mut transaction.card())
    }
}

/// The agent's program as a host of this module, with the environment of this reader.
pub(crate) fn host_program(reader: &SoftReader, module: &Path, patience: Patience) -> HostProgram {
    let arguments = |work: &str| {
        let environment = reader.environment();
        let environment = environment
            .iter()
            .map(|(name, value)| format!("{name}={}", value.display()));
        let cpxd = program("cpxd").display().to_string();
        environment
            .chain([cpxd, "pkcs11-host".into(), "--work".into(), work.into()])
            .collect()
    };
    HostProgram {
        program: PathBuf::from("/usr/bin/env"),
        serve: arguments("serve"),
        watch: arguments("watch"),
        look: arguments("look"),
        module: module.to_owned(),
        patience,
    }
}

/// Far more than a slow machine needs.
pub(crate) const LONG: Patience = Patience {
    start: Duration::from_secs(60),
    call: Duration::from_secs(60),
    code: Duration::from_secs(60),
};
