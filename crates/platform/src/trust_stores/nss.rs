//! An NSS database of certificates (`cert9.db`) and PKCS#11 modules (`pkcs11.txt`), driven by NSS's own programs
//! `certutil` and `modutil`.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::{TrustAnchor, TrustStoreError, failed};
use crate::current_user;
use crate::private_files::{ensure_private_folder, write_private};

/// A folder that holds such a database, or may come to hold one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NssDatabase {
    folder: PathBuf,
}

/// What `certutil -L` says of a certificate.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    nickname: Vec<u8>,
    is_trusted: bool,
}

impl NssDatabase {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn trusts(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        let entries = self.entries_of(anchor)?;
        Ok(entries.iter().any(|entry| entry.is_trusted))
    }

    pub(super) fn add(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        self.make_sure_it_is_there()?;
        if self.trusts(anchor)? {
            return Ok(false);
        }
        // Trust is not given to a certificate that is there already without it.
        self.remove(anchor)?;
        let mut add = self.certutil("-A");
        add.args(["-n", &anchor.nickname(), "-t", TRUSTED_FOR_SERVERS]);
        if let Err(error) = self.run(add, anchor.der()) {
            // A database with a password takes the certificate and then refuses the trust.
            self.remove(anchor)?;
            return Err(error);
        }
        if self.trusts(anchor)? {
            return Ok(true);
        }
        Err(self.unchanged())
    }

    pub(super) fn remove(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        let entries = self.entries_of(anchor)?;
        for entry in &entries {
            let mut delete = self.certutil("-D");
            delete.arg("-n").arg(name(&entry.nickname));
            self.run(delete, &[])?;
        }
        if self.entries_of(anchor)?.is_empty() {
            return Ok(!entries.is_empty());
        }
        Err(self.unchanged())
    }

    /// The library of the module of this name.
    pub(crate) fn module(&self, name: &str) -> Result<Option<PathBuf>, TrustStoreError> {
        let listed = self.modules()?;
        Ok(listed.and_then(|listed| library_in(&listed, name)))
    }

    /// Adds a module, in the place of another one of its name. Where that fails, what was there before is there again.
    pub(crate) fn add_module(&self, name: &str, library: &Path) -> Result<(), TrustStoreError> {
        self.make_sure_it_is_there()?;
        let before = self.modules()?;
        let exchanged = self.exchange_module(name, library);
        if exchanged.is_err() {
            self.put_back(before)?;
        }
        exchanged
    }

    /// `modutil` has no way to do both at once.
    fn exchange_module(&self, name: &str, library: &Path) -> Result<(), TrustStoreError> {
        self.remove_module(name)?;
        let mut add = self.modutil();
        add.args(["-add", name, "-libfile"]).arg(library);
        self.run(add, &[])?;
        if self.module(name)?.as_deref() == Some(library) {
            return Ok(());
        }
        Err(self.unchanged())
    }

    /// What `pkcs11.txt` says; `None` where there is none.
    fn modules(&self) -> Result<Option<Vec<u8>>, TrustStoreError> {
        let file = self.modules_file();
        match fs::read(&file) {
            Ok(listed) => Ok(Some(listed)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &file)(error)),
        }
    }

    fn put_back(&self, before: Option<Vec<u8>>) -> Result<(), TrustStoreError> {
        match before {
            Some(before) if self.modules()?.as_ref() != Some(&before) => {
                Ok(write_private(&self.modules_file(), &before)?)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn modules_file(&self) -> PathBuf {
        self.folder.join("pkcs11.txt")
    }

    pub(crate) fn remove_module(&self, name: &str) -> Result<(), TrustStoreError> {
        if self.module(name)?.is_none() {
            return Ok(());
        }
        let mut delete = self.modutil();
        delete.args(["-delete", name]);
        self.run(delete, &[]).map(drop)
    }

    /// The entries whose certificate is this one. Only those are looked at that bear its name, or
    /// any trust: Firefox keeps hundreds of others that servers showed it.
    fn entries_of(&self, anchor: &TrustAnchor) -> Result<Vec<Entry>, TrustStoreError> {
        let nickname = anchor.nickname().into_bytes();
        let mut found = Vec::new();
        for entry in self.entries()? {
            if (entry.is_trusted || entry.nickname == nickname)
                && anchor.is_alone_in(&self.certificates_of(&entry)?)
            {
                found.push(entry);
            }
        }
        Ok(found)
    }

    fn entries(&self) -> Result<Vec<Entry>, TrustStoreError> {
        if !self.is_made() {
            return Ok(Vec::new());
        }
        let listed = self.run(self.certutil("-L"), &[])?;
        Ok(entries_in(&listed))
    }

    fn certificates_of(&self, entry: &Entry) -> Result<Vec<u8>, TrustStoreError> {
        let mut export = self.certutil("-L");
        export.arg("-a").arg("-n").arg(name(&entry.nickname));
        self.run(export, &[])
    }

    fn is_made(&self) -> bool {
        self.folder.join("cert9.db").exists()
    }

    /// Makes an empty database, as the browser does at its first start, where there is none.
    fn make_sure_it_is_there(&self) -> Result<(), TrustStoreError> {
        if !self.folder.is_dir() {
            ensure_private_folder(&self.folder)?;
        }
        let metadata =
            fs::metadata(&self.folder).map_err(failed("inspect the folder", &self.folder))?;
        if metadata.uid() != current_user() {
            return Err(TrustStoreError::NotOurs {
                place: self.folder.clone(),
                owner: metadata.uid(),
            });
        }
        if !self.is_made() {
            let mut make = Command::new(CERTUTIL);
            make.args(["-N", "--empty-password"]);
            self.run(self.at_this_database(make), &[])?;
        }
        Ok(())
    }

    /// With an empty file for the password, so that nobody is ever asked for one.
    fn certutil(&self, action: &str) -> Command {
        let mut certutil = Command::new(CERTUTIL);
        certutil.args([action, "-f", "/dev/null"]);
        self.at_this_database(certutil)
    }

    /// Without its question whether the browser is closed.
    fn modutil(&self) -> Command {
        let mut database = OsString::from("sql:");
        database.push(&self.folder);
        let mut modutil = Command::new(MODUTIL);
        modutil.arg("-force").arg("-dbdir").arg(database);
        modutil.env("LC_ALL", "C");
        modutil
    }

    fn at_this_database(&self, mut certutil: Command) -> Command {
        let mut database = OsString::from("sql:");
        database.push(&self.folder);
        certutil.arg("-d").arg(database).env("LC_ALL", "C");
        certutil
    }

    /// What it printed; `input` is what it reads.
    fn run(&self, mut command: Command, input: &[u8]) -> Result<Vec<u8>, TrustStoreError> {
        let program = command.get_program().to_string_lossy().into_owned();
        let output = match exchange(&mut command, input) {
            Ok(output) => output,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(TrustStoreError::CertutilMissing);
            }
            Err(error) => return Err(failed("run a program of NSS for", &self.folder)(error)),
        };
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("SEC_ERROR_BAD_PASSWORD") {
            let place = self.folder.clone();
            return Err(TrustStoreError::Locked { place });
        }
        let said = said.lines().next_back().unwrap_or_default().to_owned();
        Err(TrustStoreError::Program { program, said })
    }

    fn unchanged(&self) -> TrustStoreError {
        let place = self.folder.clone();
        TrustStoreError::Unchanged { place }
    }
}

fn exchange(command: &mut Command, input: &[u8]) -> io::Result<Output> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may end before it has read all; how it ended says more than the broken pipe.
        let _ = stdin.write_all(input);
    }
    child.wait_with_output()
}

/// The lines of `certutil -L`: a nickname, spaces, and trust for servers, mail and code, each of
/// them letters or nothing, between commas. The heading has no such last word.
fn entries_in(listed: &[u8]) -> Vec<Entry> {
    listed
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let line = line.trim_ascii_end();
            let end = line.iter().rposition(|byte| *byte == b' ')?;
            let (nickname, trust) = line.split_at(end);
            let trust = trust.trim_ascii_start();
            let servers = trust.split(|byte| *byte == b',').next()?;
            let is_trust = trust.iter().filter(|byte| **byte == b',').count() == 2
                && !trust.starts_with(b"SSL,");
            is_trust.then(|| Entry {
                nickname: nickname.trim_ascii_end().to_owned(),
                is_trusted: servers.contains(&b'C'),
            })
        })
        .collect()
}

/// What `pkcs11.txt` says of a module: a paragraph for each, a line for each property.
fn library_in(listed: &[u8], name: &str) -> Option<PathBuf> {
    let lines = listed.split(|byte| *byte == b'\n').collect::<Vec<_>>();
    let mut modules = lines.split(|line| line.trim_ascii().is_empty());
    let property = |module: &[&[u8]], key: &str| {
        let mut values = module
            .iter()
            .filter_map(|line| line.strip_prefix(key.as_bytes()));
        values.next().map(<[u8]>::to_vec)
    };
    let is_it = |module: &&[&[u8]]| property(module, "name=").as_deref() == Some(name.as_bytes());
    let library = property(modules.find(is_it)?, "library=")?;
    Some(PathBuf::from(OsString::from_vec(library)))
}

fn name(nickname: &[u8]) -> OsString {
    OsString::from_vec(nickname.to_owned())
}

const CERTUTIL: &str = "certutil";
const MODUTIL: &str = "modutil";
/// A trusted authority for servers; nothing for mail, nothing for code.
const TRUSTED_FOR_SERVERS: &str = "C,,";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_certutil_is_read_with_names_that_have_spaces_and_commas() {
        let listed = "\nCertificate Nickname                  Trust Attributes\n\
            \x20                                     SSL,S/MIME,JAR/XPI\n\n\
            cpxd, this workstation only (12ab)    C,,  \n\
            caf\u{e9}                                  ,,   \n\
            own key                               u,u,u\n\
            both                                  CT,C,C\n";
        let entry = |nickname: &str, is_trusted| Entry {
            nickname: nickname.as_bytes().to_owned(),
            is_trusted,
        };
        assert_eq!(
            entries_in(listed.as_bytes()),
            [
                entry("cpxd, this workstation only (12ab)", true),
                entry("caf\u{e9}", false),
                entry("own key", false),
                entry("both", true),
            ]
        );
    }

    #[test]
    fn a_module_is_found_by_its_name_alone() {
        let listed =
            b"library=\nname=NSS Internal PKCS #11 Module\nparameters=configdir='sql:x'\n\n\
            library=/opt/a card/lib.so\nname=cpxd\n\nlibrary=/usr/lib/other.so\nname=cpxd 2\n\n";
        let library = Some(PathBuf::from("/opt/a card/lib.so"));
        assert_eq!(library_in(listed, "cpxd"), library);
        assert_eq!(library_in(listed, "cpx"), None);
        assert_eq!(library_in(b"\n\n", "cpxd"), None);
    }
}
