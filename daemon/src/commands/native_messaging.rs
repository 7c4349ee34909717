//! What browsers know of the native host: a manifest for each, which names its program and the
//! extension that may start it.

use std::path::PathBuf;

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
            if let state @ (Ok(HostState::NotOurs) | Err(_)) = state_of(folder) {
                return HostReport::of(folder, state);
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
        let (key, extension) = match family {
            BrowserFamily::Chromium => (
                "allowed_origins",
                format!("chrome-extension://{EXTENSION_OF_CHROMIUM}/"),
            ),
            BrowserFamily::Firefox => ("allowed_extensions", EXTENSION_OF_FIREFOX.to_owned()),
        };
        if let Some(members) = manifest.as_object_mut() {
            members.insert(key.to_owned(), json!([extension]));
        }
        format!("{manifest:#}\n")
    }
}

/// What each browser knows now.
pub(crate) fn states() -> Vec<HostReport> {
    let state = |folder: &ManifestFolder| {
        let state = if folder.is_confined() {
            Ok(HostState::Confined)
        } else {
            state_of(folder)
        };
        HostReport::of(folder, state)
    };
    ManifestFolder::of_this_user().iter().map(state).collect()
}

/// Takes away what names this installation's program; says where that was.
pub(crate) fn forget() -> Result<Vec<HostReport>, PrivateFileError> {
    let mut reports = Vec::new();
    for folder in ManifestFolder::of_this_user() {
        if is_told(&folder)? {
            let removed = folder.remove(NATIVE_HOST_NAME);
            reports.push(HostReport::of(
                &folder,
                removed.map(|()| HostState::Removed),
            ));
        }
    }
    Ok(reports)
}

/// Whether the manifest there names the program beside this one. Another one's is another
/// installation's to take away.
pub(crate) fn is_told(folder: &ManifestFolder) -> Result<bool, PrivateFileError> {
    Ok(state_of(folder)? == HostState::Told)
}

/// A manifest of another installation is none yet, and may be replaced; what is no manifest of the native host is
/// somebody else's file.
fn state_of(folder: &ManifestFolder) -> Result<HostState, PrivateFileError> {
    let Some(text) = folder.read(NATIVE_HOST_NAME)? else {
        return Ok(HostState::NotTold);
    };
    let manifest: Value = serde_json::from_str(&text).unwrap_or_default();
    let member = |name| manifest.get(name).and_then(Value::as_str);
    let named = member("path").map(PathBuf::from);
    let Some(named) = named.filter(|_| member("name") == Some(NATIVE_HOST_NAME)) else {
        return Ok(HostState::NotOurs);
    };
    let host = native_host();
    Ok(if host.as_ref() == Some(&named) {
        HostState::Told
    } else if host.is_some_and(|host| host.file_name() == named.file_name()) {
        HostState::NotTold
    } else {
        HostState::NotOurs
    })
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
