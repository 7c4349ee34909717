//! A program of PKCS#11, the same for each module: one step for each line that it is given, whose time it says.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use cpxd_tests::cryptoki_calls::{Cryptoki, Returned, attribute};
use cryptoki_sys::{
    CK_OBJECT_CLASS, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CK_SLOT_ID, CKA_CLASS, CKA_LABEL,
    CKA_VALUE, CKM_RSA_PKCS, CKO_CERTIFICATE, CKO_PRIVATE_KEY, CKR_GENERAL_ERROR,
    CKR_TOKEN_NOT_PRESENT,
};

use super::statistics::Durations;

/// What it does, in this order.
pub(super) const STEPS: [&str; 6] = [
    "begin: slots, token",
    "look: objects, certificates",
    LOG_IN,
    "sign",
    "sign again",
    END,
];
/// The step in which the code is asked for.
pub(super) const LOG_IN: &str = "log in";
/// The step in which the code is dropped.
pub(super) const END: &str = "log out, end";
pub(super) const SIGNATURES: usize = 10;
const CODE: &str = "1234";
const PATIENCE: Duration = Duration::from_secs(10);
const LOOKS: Duration = Duration::from_millis(5);

/// Reads lines until it has done everything; says the microseconds of each step, those of a later signature by the
/// median of ten.
pub(super) fn run(module: &Path) -> Result<()> {
    let mut client = Client {
        module: Cryptoki::load_from(module),
        slot: 0,
        session: 0,
        key: 0,
    };
    let mut lines = std::io::stdin().lines();
    for step in STEPS {
        lines.next().context("nobody tells when to go on")??;
        let time = client.take(step);
        let time = time.map_err(|code| anyhow!("{}: {step}: {code:#x}", module.display()))?;
        writeln!(std::io::stdout(), "{}", time.as_micros())?;
        std::io::stdout().flush()?;
    }
    Ok(())
}

struct Client {
    module: Cryptoki,
    slot: CK_SLOT_ID,
    session: CK_SESSION_HANDLE,
    key: CK_OBJECT_HANDLE,
}

impl Client {
    fn take(&mut self, step: &str) -> Returned<Duration> {
        let start = Instant::now();
        match step {
            "begin: slots, token" => self.begin()?,
            "look: objects, certificates" => self.look()?,
            LOG_IN => self.module.log_in_with(self.session, CODE)?,
            "sign" => {
                // Some show private keys to who is logged in alone.
                self.key = self.authentication_key()?;
                let start = Instant::now();
                self.sign()?;
                return Ok(start.elapsed());
            }
            "sign again" => {
                let mut signatures = Durations::default();
                for _ in 0..SIGNATURES {
                    let signed = signatures.time(|| self.sign().map_err(|code| anyhow!("{code}")));
                    signed.map_err(|_| CKR_GENERAL_ERROR)?;
                }
                return Ok(signatures.median());
            }
            _ => {
                self.module.log_out(self.session)?;
                self.module.finalise()?;
            }
        }
        Ok(start.elapsed())
    }

    fn begin(&mut self) -> Returned {
        self.module.initialise()?;
        // The official module finds its readers in a thread of its own.
        let patience = Instant::now() + PATIENCE;
        self.slot = loop {
            match self.module.slots()?.first() {
                Some(slot) => break *slot,
                None if Instant::now() > patience => return Err(CKR_TOKEN_NOT_PRESENT),
                None => std::thread::sleep(LOOKS),
            }
        };
        self.module.token_info(self.slot).map(drop)
    }

    fn look(&mut self) -> Returned {
        self.session = self.module.open_session(self.slot)?;
        for object in self.module.find(self.session, &mut [])? {
            // Some have objects without one.
            let _ = self.module.value(self.session, object, CKA_LABEL);
        }
        for certificate in self.of_class(CKO_CERTIFICATE)? {
            self.module.value(self.session, certificate, CKA_VALUE)?;
        }
        Ok(())
    }

    fn of_class(&self, mut class: CK_OBJECT_CLASS) -> Returned<Vec<CK_OBJECT_HANDLE>> {
        let of_class = attribute(CKA_CLASS, (&raw mut class).cast(), size_of_val(&class));
        self.module.find(self.session, &mut [of_class])
    }

    fn authentication_key(&self) -> Returned<CK_OBJECT_HANDLE> {
        for key in self.of_class(CKO_PRIVATE_KEY)? {
            let label = self.module.value(self.session, key, CKA_LABEL)?;
            let label = String::from_utf8_lossy(&label).to_uppercase();
            if label.contains("AUT") && !label.contains("TECH") {
                return Ok(key);
            }
        }
        Err(CKR_GENERAL_ERROR)
    }

    fn sign(&self) -> Returned {
        self.module
            .sign_init(self.session, CKM_RSA_PKCS, self.key)?;
        let signed = self.module.sign(self.session, &DIGEST_INFO, ROOM);
        signed.map(drop)
    }
}

/// The length of a signature: with more, the official module fails on a CPS4.
const ROOM: usize = 256;
/// DigestInfo of a SHA-256 (RFC 8017, 9.2, note 1), whose digest is of nothing in particular.
const DIGEST_INFO: [u8; 51] = {
    let mut info = [7; 51];
    let head = [
        0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    let (start, _) = info.split_at_mut(19);
    start.copy_from_slice(&head);
    info
};
