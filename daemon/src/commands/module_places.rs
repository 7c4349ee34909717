//! What programs know of cpxd's own PKCS#11 module: browsers by their NSS databases, others by p11-kit.

use std::path::PathBuf;

use anyhow::Context as _;
use platform::module_places::{ModulePlace, ModulePlaceKind};
use platform::trust_stores::TrustStoreError;
use serde::Serialize;
use texts::InstallTexts;

use super::language;
use super::store_report::StoreProblem;
use crate::installation::pkcs11_module;
use crate::refusal::Refusal;
use crate::screen;

/// The name of the module in every place.
const NAME: &str = "cpxd";

/// A place and what it knows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModuleReport {
    programs: &'static str,
    place: String,
    state: ModuleState,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<StoreProblem>,
    #[serde(skip)]
    kind: ModulePlaceKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum ModuleState {
    Told,
    NotTold,
    Added,
    Kept,
    Removed,
    Confined,
    /// Somebody else has the name there.
    NotOurs,
    Failed,
}

/// The module of this installation.
///
/// # Errors
/// A [`Refusal`] when it is not there: a program that knew it would fail to load it.
pub(crate) fn module() -> anyhow::Result<PathBuf> {
    let module = pkcs11_module().context("the place of this program is not known")?;
    if module.is_file() {
        return Ok(module);
    }
    let file = module.display().to_string();
    let refusal = Refusal::own("pkcs11-module-missing", |_| {
        InstallTexts::new(language()).module_missing(&file)
    });
    Err(refusal.into())
}

/// What each place knows now.
pub(crate) fn states() -> Vec<ModuleReport> {
    let state = |place: &ModulePlace| {
        let state = is_told(place).and_then(|told| {
            Ok(if told {
                ModuleState::Told
            } else if place.is_confined() {
                ModuleState::Confined
            } else if is_foreign(place)? {
                ModuleState::NotOurs
            } else {
                ModuleState::NotTold
            })
        });
        ModuleReport::of(place, state)
    };
    ModulePlace::of_this_user().iter().map(state).collect()
}

/// Tells each place of this module, which was looked for before.
pub(crate) fn tell(module: &std::path::Path) -> Vec<ModuleReport> {
    let tell = |place: &ModulePlace| {
        if place.is_confined() {
            return ModuleReport::of(place, Ok(ModuleState::Confined));
        }
        let state = |is_new| {
            if is_new {
                ModuleState::Added
            } else {
                ModuleState::Kept
            }
        };
        ModuleReport::of(place, place.add(NAME, module).map(state))
    };
    ModulePlace::of_this_user().iter().map(tell).collect()
}

/// Takes this installation's module away; says where that was. Another one's is another installation's to take away.
pub(crate) fn forget() -> Vec<ModuleReport> {
    let remove = |place: &ModulePlace| match pkcs11_module() {
        Some(module) if place.library(NAME)?.as_ref() == Some(&module) => {
            place.remove(NAME, &module)?;
            Ok(Some(ModuleState::Removed))
        }
        Some(_) | None => Ok(None),
    };
    let forget = |place: &ModulePlace| {
        let state = remove(place).transpose()?;
        Some(ModuleReport::of(place, state))
    };
    ModulePlace::of_this_user()
        .iter()
        .filter_map(forget)
        .collect()
}

/// What a place has under the name of the module.
pub(crate) enum Registered {
    /// The library of an installation, whichever: each asks the agent that the user's file says.
    Ours(PathBuf),
    Foreign,
    Nothing,
}

/// As the place itself says; no program is asked.
pub(crate) fn registered_in(place: &ModulePlace) -> Result<Registered, TrustStoreError> {
    if is_foreign(place)? {
        return Ok(Registered::Foreign);
    }
    let library = place.library(NAME)?;
    Ok(library.map_or(Registered::Nothing, Registered::Ours))
}

fn is_told(place: &ModulePlace) -> Result<bool, TrustStoreError> {
    let known = place.library(NAME)?;
    Ok(known.is_some() && known == pkcs11_module())
}

fn is_foreign(place: &ModulePlace) -> Result<bool, TrustStoreError> {
    pkcs11_module().map_or(Ok(false), |module| place.is_foreign(NAME, &module))
}

/// Prints a heading and a line for each place.
pub(crate) fn print(heading: &str, reports: &[ModuleReport]) -> anyhow::Result<()> {
    if reports.is_empty() {
        return screen::line(&InstallTexts::new(language()).no_module_place());
    }
    screen::line(heading)?;
    reports.iter().try_for_each(ModuleReport::print)
}

impl ModuleReport {
    fn of(place: &ModulePlace, state: Result<ModuleState, TrustStoreError>) -> Self {
        let programs = match place.kind() {
            ModulePlaceKind::Chromium => "chromium",
            ModulePlaceKind::Firefox => "firefox",
            ModulePlaceKind::P11Kit => "p11-kit",
        };
        let (state, problem) = match state {
            Ok(state) => (state, None),
            Err(error) => {
                let problem = StoreProblem::of(&error, place.place());
                let state = if matches!(error, TrustStoreError::NotOurModule { .. }) {
                    ModuleState::NotOurs
                } else {
                    ModuleState::Failed
                };
                (state, Some(problem))
            }
        };
        Self {
            programs,
            place: place.place().display().to_string(),
            state,
            problem,
            kind: place.kind(),
        }
    }

    /// Whether this place does not know the module for a reason that somebody can put right.
    pub(crate) fn is_failed(&self) -> bool {
        matches!(self.state, ModuleState::Failed | ModuleState::NotOurs)
    }

    /// Whether a browser knows the module now, which it looks for at its start alone.
    pub(crate) fn is_of_a_browser_that_was_told(&self) -> bool {
        let is_told = matches!(self.state, ModuleState::Added | ModuleState::Kept);
        is_told && self.kind != ModulePlaceKind::P11Kit
    }

    fn print(&self) -> anyhow::Result<()> {
        let texts = InstallTexts::new(language());
        let programs = match self.kind {
            ModulePlaceKind::Chromium => texts.store_chromium(&self.place),
            ModulePlaceKind::Firefox => texts.store_firefox(&self.place),
            ModulePlaceKind::P11Kit => texts.module_p11_kit(&self.place),
        };
        let problem = self.problem.as_ref().map_or("", |problem| &problem.detail);
        let state = match self.state {
            ModuleState::Told => texts.module_told(),
            ModuleState::NotTold => texts.module_not_told(),
            ModuleState::Added => texts.state_added(),
            ModuleState::Kept => texts.module_kept(),
            ModuleState::Removed => texts.host_removed(),
            ModuleState::Confined => texts.module_confined(),
            ModuleState::NotOurs => texts.module_not_ours(),
            ModuleState::Failed => texts.state_failed(problem),
        };
        screen::line(&format!("  {}", texts.store_line(&programs, &state)))
    }
}
