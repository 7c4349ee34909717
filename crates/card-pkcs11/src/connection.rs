//! One stay of a card, with a host of its own.

use card_apdu::ReaderFault;
use card_profiles::Identity;
use secrets::SecretBytes;

use crate::card::ModuleCard;
use crate::fault::ModuleFault;
use crate::process::{HostProcess, HostProgram};
use crate::protocol::{Answer, OpenToken, PinFlags, Request, Token};

/// A card for as long as it stays in its reader. The session that is open on it is the live handle: it dies
/// with the stay, whatever the module still remembers of the card.
///
/// A host ends with the operation that logged in: a module keeps the code and presents it again by itself
/// where the card asks for it, also when it is not the holder's any more, and the official module shows a code as
/// blocked that it presented to a CPS4.
#[derive(Debug)]
pub struct ModuleConnection {
    program: HostProgram,
    reader: String,
    host: HostProcess,
    pub(crate) open: OpenToken,
    pub(crate) memory: Memory,
    pub(crate) is_logged_in: bool,
    /// Nothing was asked since the host was started, so that what it says of the token is of now.
    is_fresh: bool,
    /// A code was given to this host, whatever became of it.
    has_seen_a_code: bool,
}

/// What is known of the card of this stay.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) identity: Option<Identity>,
    /// CKA_ID of the certificate of each role.
    pub(crate) ids: Vec<(igc_sante::KeyRole, Vec<u8>)>,
    /// What became of the holder's code when it was presented last.
    pub(crate) last_pin: LastCode,
    /// What became of the unblock code when it was presented last.
    pub(crate) last_unblock_code: LastCode,
    /// The flags of the holder's code before the last login.
    pub(crate) flags_before_login: PinFlags,
}

impl Memory {
    /// A code that is not shown as blocked any more has been unblocked since.
    fn note_token(&mut self, token: &Token) {
        if self.last_pin == LastCode::Blocked && !token.user_pin.locked {
            self.last_pin = LastCode::NotPresented;
        }
    }
}

/// What is known of a code beside the flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LastCode {
    /// It was not presented in this stay.
    #[default]
    NotPresented,
    /// It was taken.
    Taken,
    /// It was refused because it is blocked, or blocked itself by that.
    Blocked,
}

impl ModuleConnection {
    /// Starts a host and opens a session on the card in the reader.
    ///
    /// # Errors
    /// [`ReaderFault::ModuleFailed`] and what the reader is said to have done.
    pub fn connect(program: &HostProgram, reader: &str) -> Result<Self, ReaderFault> {
        let (host, open) = start(program, reader).map_err(ModuleFault::into_reader_fault)?;
        Ok(Self {
            program: program.clone(),
            reader: reader.to_owned(),
            host,
            open,
            memory: Memory::default(),
            is_logged_in: false,
            is_fresh: true,
            has_seen_a_code: false,
        })
    }

    /// Looks at the card for one operation. The module shares it with other programs, call by call: this keeps
    /// none of them out.
    ///
    /// # Errors
    /// [`ReaderFault::Removed`] where the session died or the token is another one, and
    /// [`ReaderFault::Reset`] where the host ended since the last use, or with it.
    pub fn transaction(&mut self) -> Result<ModuleTransaction<'_>, ReaderFault> {
        if self.host.has_ended() {
            return Err(ReaderFault::Reset);
        }
        if std::mem::take(&mut self.is_fresh) {
            return Ok(ModuleTransaction { connection: self });
        }
        let before = self.open.token.name();
        let token = self.look().map_err(|fault| {
            // Some modules never find back to a card; another host does.
            self.host.end();
            fault.into_reader_fault()
        })?;
        if token.name() != before {
            return Err(ReaderFault::Removed);
        }
        Ok(ModuleTransaction { connection: self })
    }

    /// Starts another host; whoever calls it must look at the card's identity again.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn reconnect(&mut self) -> Result<(), ReaderFault> {
        let mut fresh = Self::connect(&self.program, &self.reader)?;
        if fresh.open.token.name() == self.open.token.name() {
            fresh.memory = std::mem::take(&mut self.memory);
        }
        *self = fresh;
        Ok(())
    }

    /// Starts another host in the midst of an operation, whose codes are for no other card.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), and [`ReaderFault::Removed`] where another card is in the reader.
    pub(crate) fn restart(&mut self) -> Result<(), ReaderFault> {
        let before = self.open.token.name();
        let mut fresh = Self::connect(&self.program, &self.reader)?;
        if fresh.open.token.name() != before {
            return Err(ReaderFault::Removed);
        }
        fresh.memory = std::mem::take(&mut self.memory);
        *self = fresh;
        Ok(())
    }

    /// Asks for the token again.
    pub(crate) fn look(&mut self) -> Result<Token, ModuleFault> {
        let Answer::Token(token) = self.ask(&Request::Token, &[])? else {
            return Err(self.answered_something_else());
        };
        self.open.token = token.clone();
        self.memory.note_token(&token);
        Ok(token)
    }

    pub(crate) fn ask(
        &mut self,
        request: &Request,
        codes: &[&SecretBytes],
    ) -> Result<Answer, ModuleFault> {
        self.has_seen_a_code |= request.brings_a_code();
        self.host.ask(request, codes)
    }

    pub(crate) fn secret(&mut self, request: &Request) -> Result<SecretBytes, ModuleFault> {
        self.host.secret(request)
    }

    /// A host whose answers are not to its questions is of no use.
    pub(crate) fn answered_something_else(&mut self) -> ModuleFault {
        self.host.end();
        ModuleFault::Crashed
    }

    /// C_Logout. That the module forgets the code, its end alone makes sure.
    pub(crate) fn log_out(&mut self) {
        if std::mem::take(&mut self.is_logged_in)
            && let Err(fault) = self.ask(&Request::Logout, &[])
        {
            tracing::debug!(%fault, "a module that cannot log out is ended");
            self.host.end();
        }
    }
}

fn start(program: &HostProgram, reader: &str) -> Result<(HostProcess, OpenToken), ModuleFault> {
    let mut host = HostProcess::serve(program)?;
    let request = Request::Open {
        reader: reader.to_owned(),
    };
    let Answer::Opened(open) = host.ask(&request, &[])? else {
        return Err(ModuleFault::Crashed);
    };
    Ok((host, open))
}

/// A card in use; when this is dropped, no module remembers a code of it.
#[derive(Debug)]
pub struct ModuleTransaction<'a> {
    connection: &'a mut ModuleConnection,
}

impl ModuleTransaction<'_> {
    /// The card.
    pub fn card(&mut self) -> ModuleCard<'_> {
        ModuleCard {
            connection: &mut *self.connection,
        }
    }
}

impl Drop for ModuleTransaction<'_> {
    fn drop(&mut self) {
        self.connection.log_out();
        if self.connection.has_seen_a_code {
            self.connection.host.end();
        }
    }
}
