//! The system's own store: a folder of authorities, and a program that makes the system read it.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::Access;

use super::{TrustAnchor, TrustStoreError, failed};
use crate::system;

/// How a kind of system takes authorities of an administrator's own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MachineStoreKind {
    /// Folder, from the root.
    pub(crate) folder: &'static str,
    /// What names of files there end in.
    pub(crate) extension: &'static str,
    /// What makes the system read the folder.
    pub(crate) program: &'static str,
    /// Its arguments after an authority was removed.
    pub(crate) after_removal: &'static [&'static str],
}

/// The store of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MachineStore {
    kind: &'static MachineStoreKind,
    folder: PathBuf,
    program: PathBuf,
}

impl MachineStore {
    /// The store of the machine that begins at `root`, where its folder and its program are there.
    pub(super) fn find(root: &Path) -> Option<Self> {
        system::MACHINE_STORES.iter().find_map(|kind| {
            let folder = root.join(kind.folder);
            let program = PROGRAM_FOLDERS
                .iter()
                .map(|programs| root.join(programs).join(kind.program))
                .find(|program| program.is_file())?;
            folder.is_dir().then_some(Self {
                kind,
                folder,
                program,
            })
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn holds(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        Ok(!self.files_of(anchor)?.is_empty())
    }

    pub(super) fn add(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        let is_new = !self.holds(anchor)?;
        let file = self.file_of(anchor);
        if !self.is_ours_to_change() {
            return if is_new {
                Err(self.not_permitted(self.command_to_add(anchor)))
            } else {
                Ok(false)
            };
        }
        if is_new {
            self.write(&file, anchor)?;
        }
        // Again where the file was there: the last time may have been cut short.
        if let Err(error) = self.update(&[]) {
            if is_new {
                fs::remove_file(&file).map_err(failed("remove", &file))?;
            }
            return Err(error);
        }
        Ok(is_new)
    }

    pub(super) fn remove(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        let files = self.files_of(anchor)?;
        if files.is_empty() {
            return Ok(false);
        }
        if !self.is_ours_to_change() {
            return Err(self.not_permitted(self.command_to_remove(&files)));
        }
        for file in &files {
            fs::remove_file(file).map_err(failed("remove", file))?;
        }
        if let Err(error) = self.update(self.kind.after_removal) {
            // Without its file nobody would find it again, and the system may still trust it.
            self.write(&self.file_of(anchor), anchor)?;
            return Err(error);
        }
        Ok(true)
    }

    fn file_of(&self, anchor: &TrustAnchor) -> PathBuf {
        let name = format!("cpxd-{}.{}", anchor.short_name(), self.kind.extension);
        self.folder.join(name)
    }

    /// The files that hold this certificate and nothing else, whatever their names.
    pub(super) fn files_of(&self, anchor: &TrustAnchor) -> Result<Vec<PathBuf>, TrustStoreError> {
        let entries = fs::read_dir(&self.folder).map_err(failed("read", &self.folder))?;
        Ok(entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| fs::read(file).is_ok_and(|text| anchor.is_alone_in(&text)))
            .collect())
    }

    fn is_ours_to_change(&self) -> bool {
        rustix::fs::access(&self.folder, Access::WRITE_OK).is_ok()
    }

    /// Whole or not at all, and for everybody to read.
    fn write(&self, file: &Path, anchor: &TrustAnchor) -> Result<(), TrustStoreError> {
        let mut fresh = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(&self.folder)
            .map_err(failed("create a file in", &self.folder))?;
        fresh
            .write_all(anchor.pem().as_bytes())
            .map_err(failed("write", file))?;
        // The file mask of this process must not keep the system's programs out.
        fresh
            .as_file()
            .set_permissions(Permissions::from_mode(0o644))
            .map_err(failed("open to everybody", file))?;
        fresh
            .persist(file)
            .map_err(|error| failed("replace", file)(error.error))?;
        Ok(())
    }

    fn update(&self, arguments: &[&str]) -> Result<(), TrustStoreError> {
        let output = Command::new(&self.program)
            .args(arguments)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .map_err(failed("run", &self.program))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(TrustStoreError::Program {
            program: self.kind.program.to_owned(),
            said: said.lines().next_back().unwrap_or_default().to_owned(),
        })
    }

    fn not_permitted(&self, command: String) -> TrustStoreError {
        TrustStoreError::NotPermitted {
            place: self.folder.clone(),
            command,
        }
    }

    pub(super) fn command_to_add(&self, anchor: &TrustAnchor) -> String {
        let file = quoted(&self.file_of(anchor));
        let program = self.kind.program;
        // The certificate itself, so that the command serves where home folders are closed to root.
        format!(
            "cat > {file} <<'END' && chmod 644 {file} && {program}\n{}END",
            anchor.pem()
        )
    }

    pub(super) fn command_to_remove(&self, files: &[PathBuf]) -> String {
        let files: Vec<String> = files.iter().map(|file| quoted(file)).collect();
        let program = [&[self.kind.program], self.kind.after_removal].concat();
        format!("rm {} && {}", files.join(" "), program.join(" "))
    }
}

/// For a shell.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    if path.bytes().all(is_plain) {
        return path;
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

const PROGRAM_FOLDERS: [&str; 6] = [
    "usr/sbin",
    "usr/bin",
    "sbin",
    "bin",
    "usr/local/sbin",
    "usr/local/bin",
];
