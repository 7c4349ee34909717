//! What browsers know of the native host: a manifest for each, which names its program and the
//! extension that may start it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use platform::native_messaging::{BrowserFamily, ManifestFolder};
use platform::private_files::PrivateFileError;
use serde::Serialize;
use serde_json::{Value, json};
use texts::InstallTexts;

use super::language;
use crate::installation::{
    EXTENSION_OF_CHROMIUM, EXTENSION_OF_FIREFOX, NATIVE_HOST_NAME, native_host,
};
use crate::refusal::Refusal;
use crate::screen;

/// The manifests of this installation.
#[derive(Debug)]
pub(crate) struct HostManifests {
    program: PathBuf,
}

/// A browser and what it knows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HostReport {
    browser: &'static str,
    file: String,
    state: HostState,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum HostState {
    Told,
    Packaged,
    NotTold,
    Added,
    Kept,
    Removed,
    Confined,
    /// Somebody else's file has the place.
    NotOurs,
    Failed,
}

impl HostManifests {
    /// Those that name the program beside this one.
    ///
    /// # Errors
    /// A [`Refusal`] when that is not there: a browser that knew it would fail to start it.
    pub(crate) fn of_this_installation() -> anyhow::Result<Self> {
        let program = native_host().context("the place of this program is not known")?;
        if program.is_file() {
            return Ok(Self { program });
        }
        let file = program.display().to_string();
        let refusal = Refusal::own("native-host-missing", |_| {
            InstallTexts::new(language()).host_missing(&file)
        });
        Err(refusal.into())
    }

    /// Writes them.
    pub(crate) fn tell(&self) -> Vec<HostReport> {
        let tell = |folder: &ManifestFolder| {
            if folder.is_confined() {
                return HostReport::of(folder, Ok(HostState::Confined));
            }
            match knowledge_of(folder) {
                Ok(Knowledge::Packaged(file)) => return HostReport::packaged(folder, &file),
                Ok(Knowledge::NotOurs) => return HostReport::of(folder, Ok(HostState::NotOurs)),
                Err(error) => return HostReport::of(folder, Err(error)),
                Ok(Knowledge::Own | Knowledge::None) => {}
            }
            let written = folder.write(NATIVE_HOST_NAME, &self.manifest(folder.family()));
            let state = |is_new| {
                if is_new {
                    HostState::Added
                } else {
                    HostState::Kept
                }
            };
            HostReport::of(folder, written.map(state))
        };
        ManifestFolder::of_this_user().iter().map(tell).collect()
    }

    fn manifest(&self, family: BrowserFamily) -> String {
        let mut manifest = json!({
            "name": NATIVE_HOST_NAME,
            "description": "cpxd: cards of health professionals",
            "path": self.program,
            "type": "stdio",
        });
        let (key, extension) = extension_of(family);
        if let Some(members) = manifest.as_object_mut() {
            members.insert(key.to_owned(), json!([extension]));
        }
        format!("{manifest:#}\n")
    }
}

/// What each browser knows now.
pub(crate) fn states() -> Vec<HostReport> {
    let state = |folder: &ManifestFolder| {
        if folder.is_confined() {
            return HostReport::of(folder, Ok(HostState::Confined));
        }
        match knowledge_of(folder) {
            Ok(Knowledge::Own) => HostReport::of(folder, Ok(HostState::Told)),
            Ok(Knowledge::NotOurs) => HostReport::of(folder, Ok(HostState::NotOurs)),
            Ok(Knowledge::Packaged(file)) => HostReport::packaged(folder, &file),
            Ok(Knowledge::None) => HostReport::of(folder, Ok(HostState::NotTold)),
            Err(error) => HostReport::of(folder, Err(error)),
        }
    };
    ManifestFolder::of_this_user().iter().map(state).collect()
}

/// Takes away what names this installation's program; says where that was.
pub(crate) fn forget() -> Result<Vec<HostReport>, PrivateFileError> {
    let mut reports = Vec::new();
    for folder in ManifestFolder::of_this_user() {
        if knowledge_of(&folder)? == Knowledge::Own {
            let removed = folder.remove(NATIVE_HOST_NAME);
            reports.push(HostReport::of(
                &folder,
                removed.map(|()| HostState::Removed),
            ));
        }
    }
    Ok(reports)
}

/// Who told a browser of the native host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// This user, of the program beside this one.
    Own,
    /// A package or an administrator, all users, by this manifest.
    Packaged(PathBuf),
    /// Somebody's file, which is no manifest of the native host, stands in its place.
    NotOurs,
    /// Nobody, or another installation, whose manifest may be replaced.
    None,
}

/// Who told the browser of this folder. A manifest of the user hides that of the machine.
pub(crate) fn knowledge_of(folder: &ManifestFolder) -> Result<Knowledge, PrivateFileError> {
    if let Some(own) = folder.read(NATIVE_HOST_NAME)? {
        return Ok(knowledge_by(&parsed(&own)));
    }
    let packaged = folder.read_of_machine(NATIVE_HOST_NAME)?;
    let packaged = packaged.filter(|(_, text)| is_usable(text, folder.family()));
    Ok(packaged.map_or(Knowledge::None, |(file, _)| Knowledge::Packaged(file)))
}

fn knowledge_by(manifest: &Value) -> Knowledge {
    let has_name = manifest.get("name").and_then(Value::as_str) == Some(NATIVE_HOST_NAME);
    let Some(named) = program_in(manifest).filter(|_| has_name) else {
        return Knowledge::NotOurs;
    };
    let host = native_host();
    if host.as_ref() == Some(&named) {
        Knowledge::Own
    } else if host.is_some_and(|host| host.file_name() == named.file_name()) {
        Knowledge::None
    } else {
        Knowledge::NotOurs
    }
}

/// Whether a manifest for all users names a program that is there, and lets our extension start it.
fn is_usable(manifest: &str, family: BrowserFamily) -> bool {
    let manifest = parsed(manifest);
    let (key, extension) = extension_of(family);
    let extensions = manifest.get(key).and_then(Value::as_array);
    let is_let_in = extensions.is_some_and(|let_in| let_in.contains(&extension.into()));
    is_let_in && program_in(&manifest).is_some_and(|program| program.is_file())
}

fn parsed(manifest: &str) -> Value {
    serde_json::from_str(manifest).unwrap_or_default()
}

fn program_in(manifest: &Value) -> Option<PathBuf> {
    let path = manifest.get("path").and_then(Value::as_str);
    path.map(PathBuf::from)
}

/// The key under which browsers of a family look for an extension, and ours.
fn extension_of(family: BrowserFamily) -> (&'static str, String) {
    match family {
        BrowserFamily::Chromium => (
            "allowed_origins",
            format!("chrome-extension://{EXTENSION_OF_CHROMIUM}/"),
        ),
        BrowserFamily::Firefox => ("allowed_extensions", EXTENSION_OF_FIREFOX.to_owned()),
    }
}

/// Prints a heading and a line for each browser.
pub(crate) fn print(heading: &str, reports: &[HostReport]) -> anyhow::Result<()> {
    if reports.is_empty() {
        return screen::line(&InstallTexts::new(language()).no_browser());
    }
    screen::line(heading)?;
    reports.iter().try_for_each(HostReport::print)
}

impl HostReport {
    fn of(folder: &ManifestFolder, state: Result<HostState, PrivateFileError>) -> Self {
        let browser = match folder.family() {
            BrowserFamily::Chromium => "chromium",
            BrowserFamily::Firefox => "firefox",
        };
        let (state, problem) = match state {
            Ok(state) => (state, None),
            Err(error) => (
                HostState::Failed,
                Some(format!("{:#}", anyhow::Error::new(error))),
            ),
        };
        Self {
            browser,
            file: folder.manifest(NATIVE_HOST_NAME).display().to_string(),
            state,
            problem,
        }
    }

    /// The browser has what it needs already, for all users.
    fn packaged(folder: &ManifestFolder, file: &Path) -> Self {
        Self {
            file: file.display().to_string(),
            ..Self::of(folder, Ok(HostState::Packaged))
        }
    }

    /// Whether this browser was not told for a reason that somebody can put right.
    pub(crate) fn is_failed(&self) -> bool {
        matches!(self.state, HostState::Failed | HostState::NotOurs)
    }

    fn print(&self) -> anyhow::Result<()> {
        let texts = InstallTexts::new(language());
        let browser = match self.browser {
            "firefox" => texts.host_firefox(&self.file),
            _ => texts.host_chromium(&self.file),
        };
        let state = match self.state {
            HostState::Told => texts.host_told(),
            HostState::Packaged => texts.host_packaged(),
            HostState::NotTold => texts.host_not_told(),
            HostState::Added => texts.host_added(),
            HostState::Kept => texts.host_kept(),
            HostState::Removed => texts.host_removed(),
            HostState::Confined => texts.host_confined(),
            HostState::NotOurs => texts.start_not_ours(),
            HostState::Failed => texts.state_failed(self.problem.as_deref().unwrap_or_default()),
        };
        screen::line(&format!("  {}", texts.store_line(&browser, &state)))
    }
}
