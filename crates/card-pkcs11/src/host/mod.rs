//! The child process: it has the module in its memory, makes single calls and knows no rule.
//!
//! The process that serves calls reads its requests on a thread of its own, so that it ends with its
//! agent even while the module does not come back from a call.

mod calls;
mod objects;
mod pipes;
mod returned;
mod watch;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::Error;
use secrets::SecretBytes;

use self::calls::Calls;
use self::pipes::Pipes;
use self::returned::fault_of;
pub(crate) use self::watch::BETWEEN_SIGNS_OF_LIFE;
pub use self::watch::Waiting;
use crate::fault::ModuleFault;
use crate::protocol::{Answer, Frame, Request, parse, receive, send_json, send_secret};

/// Serves the calls of one agent until its pipe ends.
///
/// # Errors
/// Where the pipes cannot be taken over. A module that cannot be loaded is told through the pipe.
pub fn serve(module: &Path) -> io::Result<()> {
    let Pipes { requests, answers } = Pipes::take()?;
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name("requests".into())
        .spawn(move || forward(requests, &sender))?;
    answer_all(module, &receiver, answers)
}

/// Watches the readers until something happens in one of them, or the agent's pipe ends.
///
/// # Errors
/// Where the pipes cannot be taken over. A module that cannot be loaded is told through the pipe.
pub fn watch(module: &Path, waiting: Waiting) -> io::Result<()> {
    let Pipes { requests, answers } = Pipes::take()?;
    thread::Builder::new()
        .name("end-of-agent".into())
        .spawn(move || end_with_agent(requests))?;
    watch::watch(module, waiting, answers)
}

type Asked = (Request, Vec<SecretBytes>);

/// Hands requests on, and ends the process with the pipe: nothing of a module is worth waiting for.
fn forward(mut requests: File, asked: &Sender<Asked>) {
    while let Ok(Some(next)) = next_request(&mut requests) {
        if asked.send(next).is_err() {
            break;
        }
    }
    pipes::end_now();
}

fn end_with_agent(mut requests: File) {
    while matches!(requests.read(&mut [0]), Ok(1..)) {}
    pipes::end_now();
}

fn next_request(requests: &mut File) -> io::Result<Option<Asked>> {
    let Some(frame) = receive(requests)? else {
        return Ok(None);
    };
    let request: Request = parse(&frame)?;
    let mut codes = Vec::new();
    for _ in 0..request.codes() {
        match receive(requests)? {
            Some(Frame::Secret(code)) => codes.push(code),
            Some(Frame::Json(_)) | None => return Err(io::Error::other("a code is missing")),
        }
    }
    Ok(Some((request, codes)))
}

fn answer_all(module: &Path, asked: &Receiver<Asked>, mut answers: File) -> io::Result<()> {
    let mut calls = load(module).map(Calls::new);
    while let Ok((request, codes)) = asked.recv() {
        let answered = match &mut calls {
            Ok(calls) => calls.answer(request, codes),
            Err(fault) => Err(fault.clone()),
        };
        let (answer, secret) = match answered {
            Ok((answer, secret)) => (Ok::<Answer, ModuleFault>(answer), secret),
            Err(fault) => (Err(fault), None),
        };
        send_json(&mut answers, &answer)?;
        if let Some(secret) = secret {
            send_secret(&mut answers, &secret)?;
        }
    }
    Ok(())
}

/// Loads the module and initialises it (C_GetFunctionList, C_Initialize).
fn load(module: &Path) -> Result<Pkcs11, ModuleFault> {
    check_file(module)?;
    let pkcs11 = Pkcs11::new(module).map_err(|error| match error {
        Error::LibraryLoading(error) => ModuleFault::NotAModule(error.to_string()),
        Error::MissingSymbol(name) => ModuleFault::NotAModule(format!("it has no {name}")),
        error @ (Error::Pkcs11(..) | _) => fault_of(error),
    })?;
    let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    pkcs11.initialize(arguments).map_err(fault_of)?;
    Ok(pkcs11)
}

/// Says what a loader would say in words that nobody understands, and refuses what others than the administrator
/// and this user can write: a module sees codes.
fn check_file(module: &Path) -> Result<(), ModuleFault> {
    let place = || module.display().to_string();
    let mut head = [0; IDENTIFICATION_LEN];
    let read = File::open(module).and_then(|mut file| file.read(&mut head));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ModuleFault::Missing(place()));
        }
        Err(error) => {
            return Err(ModuleFault::NotAModule(format!("{}: {error}", place())));
        }
        Ok(_) => {}
    }
    if may_be_written_by_others(module) {
        return Err(ModuleFault::NotTrusted(place()));
    }
    let is_elf = head.starts_with(b"\x7FELF");
    let [.., class] = head;
    let is_library = module.extension() != Some(OsStr::new("dylib"));
    if is_elf && is_library && class != ELF_CLASS {
        return Err(ModuleFault::OtherArchitecture(place()));
    }
    Ok(())
}

/// Whether the file or its folder is another user's, or can be written by everybody.
#[cfg(unix)]
fn may_be_written_by_others(module: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    const WRITABLE_BY_OTHERS: u32 = 0o002;
    let me = rustix::process::getuid().as_raw();
    let real = module.canonicalize();
    let Ok(real) = real else { return true };
    [Some(real.as_path()), real.parent()]
        .into_iter()
        .flatten()
        .any(|path| {
            path.metadata().map_or(true, |found| {
                let is_foreign = found.uid() != 0 && found.uid() != me;
                is_foreign || found.mode() & WRITABLE_BY_OTHERS != 0
            })
        })
}

#[cfg(not(unix))]
fn may_be_written_by_others(_module: &Path) -> bool {
    false
}

/// EI_MAG and EI_CLASS (System V ABI, ELF header).
const IDENTIFICATION_LEN: usize = 5;
const ELF_CLASS: u8 = if cfg!(target_pointer_width = "64") {
    2
} else {
    1
};
