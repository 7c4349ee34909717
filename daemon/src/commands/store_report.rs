//! What happened to a trust store: a line for people, an object for programs.

use std::path::Path;

use platform::trust_stores::{StoreKind, TrustAnchor, TrustStore, TrustStoreError};
use serde::Serialize;
use texts::{CommandTexts, InstallTexts, foreign_text};

use super::language;
use crate::command_line::StoreName;
use crate::refusal::{Refusal, file_problem};
use crate::screen;

/// A store and what became of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoreReport {
    store: &'static str,
    place: String,
    state: StoreState,
    /// What an administrator would run.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<StoreProblem>,
    #[serde(skip)]
    kind: StoreKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StoreState {
    Trusted,
    NotTrusted,
    Unknown,
    Added,
    Kept,
    Removed,
    Absent,
    NeedsAdministrator,
    Failed,
}

/// Why a store was not changed or looked at.
#[derive(Debug, Serialize)]
pub(crate) struct StoreProblem {
    code: &'static str,
    pub(crate) detail: String,
}

impl StoreReport {
    /// How a store is before anything is done.
    pub(crate) fn before(store: &TrustStore, anchors: &[TrustAnchor], ca_file: &Path) -> Self {
        let trusted =
            anchors.iter().try_fold(
                false,
                |trusted, anchor| Ok(trusted || store.trusts(anchor)?),
            );
        let report = Self::of(store, trusted, ca_file, |trusted| {
            if trusted {
                StoreState::Trusted
            } else {
                StoreState::NotTrusted
            }
        });
        // What cannot be looked at has not failed yet.
        let state = if report.state == StoreState::Failed {
            StoreState::Unknown
        } else {
            report.state
        };
        Self { state, ..report }
    }

    /// What became of a store.
    pub(crate) fn of(
        store: &TrustStore,
        outcome: Result<bool, TrustStoreError>,
        ca_file: &Path,
        state: impl FnOnce(bool) -> StoreState,
    ) -> Self {
        let mut report = Self {
            store: name(store.kind()).as_str(),
            place: store.place().display().to_string(),
            state: StoreState::Failed,
            command: None,
            problem: None,
            kind: store.kind(),
        };
        match outcome {
            Ok(changed) => report.state = state(changed),
            Err(TrustStoreError::NotPermitted { command, .. }) => {
                report.state = StoreState::NeedsAdministrator;
                report.command = Some(command);
            }
            Err(error) => report.problem = Some(StoreProblem::of(&error, ca_file)),
        }
        report
    }

    pub(crate) fn state(&self) -> StoreState {
        self.state
    }

    /// The line, and what an administrator would run.
    pub(crate) fn print(&self) -> anyhow::Result<()> {
        let texts = InstallTexts::new(language());
        let store = match self.kind {
            StoreKind::Chromium => texts.store_chromium(&self.place),
            StoreKind::Firefox => texts.store_firefox(&self.place),
            StoreKind::System => texts.store_system(&self.place),
        };
        let line = texts.store_line(&store, &self.state_in_words(texts));
        screen::line(&format!("  {line}"))?;
        match &self.command {
            Some(command) => screen::line(command),
            None => Ok(()),
        }
    }

    fn state_in_words(&self, texts: InstallTexts) -> String {
        let problem = self.problem.as_ref().map(|problem| problem.detail.as_str());
        match self.state {
            StoreState::Trusted => texts.state_trusted(),
            StoreState::NotTrusted => texts.state_not_trusted(),
            StoreState::Unknown => match problem {
                Some(problem) => format!("{} ({problem})", texts.state_unknown()),
                None => texts.state_unknown(),
            },
            StoreState::Added => texts.state_added(),
            StoreState::Kept => texts.state_kept(),
            StoreState::Removed => texts.state_removed(),
            StoreState::Absent => texts.state_absent(),
            StoreState::NeedsAdministrator => texts.state_administrator(),
            StoreState::Failed => texts.state_failed(problem.unwrap_or_default()),
        }
    }
}

impl StoreProblem {
    /// `ca_file` is what a person may import by hand.
    pub(crate) fn of(error: &TrustStoreError, ca_file: &Path) -> Self {
        let texts = InstallTexts::new(language());
        let (code, detail) = match error {
            TrustStoreError::CertutilMissing => ("certutil-missing", texts.certutil_missing()),
            TrustStoreError::NotOurs { owner, .. } => {
                ("store-not-ours", texts.not_ours(&owner.to_string()))
            }
            TrustStoreError::Locked { .. } => {
                let file = ca_file.display().to_string();
                ("store-locked", texts.locked(&file))
            }
            TrustStoreError::NotPermitted { command, .. } => {
                ("needs-administrator", command.clone())
            }
            TrustStoreError::Program { program, said } => {
                let said = foreign_text(said, LONGEST_SAID, language());
                ("store-program-failed", texts.program_failed(program, &said))
            }
            TrustStoreError::NotOurModule { .. } => ("module-not-ours", texts.module_not_ours()),
            TrustStoreError::Unchanged { .. } => ("store-unchanged", texts.unchanged()),
            TrustStoreError::Io { path, source, .. } => ("store-unusable", {
                let texts = CommandTexts::new(language());
                texts.file_unwritable(&path.display().to_string(), &file_problem(source, texts))
            }),
            TrustStoreError::File(error) => ("store-unusable", error.to_string()),
        };
        Self { code, detail }
    }
}

/// Browsers read their stores when they start.
pub(crate) fn remind_of_open_browsers(reports: &[StoreReport]) -> anyhow::Result<()> {
    let is_changed = |report: &StoreReport| {
        report.kind != StoreKind::System
            && matches!(report.state, StoreState::Added | StoreState::Removed)
    };
    if reports.iter().any(is_changed) {
        return screen::line(&InstallTexts::new(language()).restart_browsers());
    }
    Ok(())
}

/// The stores of this user that were asked for: all, where none is named.
pub(crate) fn chosen_stores(names: &[StoreName]) -> Vec<TrustStore> {
    let is_chosen = |store: &TrustStore| names.is_empty() || names.contains(&name(store.kind()));
    let stores = TrustStore::of_this_user().into_iter();
    stores.filter(is_chosen).collect()
}

/// A sentence for each kind of store that was asked for and is not there.
pub(crate) fn missing_stores(names: &[StoreName], stores: &[TrustStore]) -> Vec<String> {
    let texts = InstallTexts::new(language());
    if names.is_empty() && stores.is_empty() {
        return vec![texts.no_store()];
    }
    let is_there = |asked: StoreName| stores.iter().any(|store| name(store.kind()) == asked);
    let missing = names.iter().filter(|asked| !is_there(**asked));
    let sentence = |asked: &StoreName| match asked {
        StoreName::Chromium => texts.no_chromium(),
        StoreName::Firefox => texts.no_firefox(),
        StoreName::System => texts.no_system_store(),
    };
    missing.map(sentence).collect()
}

/// The refusal for stores that were not changed; none when there is no such store.
pub(crate) fn incomplete(
    reports: &[StoreReport],
    is_short: impl Fn(StoreState) -> bool,
) -> anyhow::Result<Option<Refusal>> {
    let short = reports.iter().filter(|report| is_short(report.state()));
    let count = u64::try_from(short.count())?;
    if count == 0 {
        return Ok(None);
    }
    let refusal = Refusal::own("trust-incomplete", |_| {
        InstallTexts::new(language()).trust_incomplete(count)
    });
    let stores = serde_json::to_value(reports)?;
    Ok(Some(refusal.with_field("stores", stores)))
}

fn name(kind: StoreKind) -> StoreName {
    match kind {
        StoreKind::Chromium => StoreName::Chromium,
        StoreKind::Firefox => StoreName::Firefox,
        StoreKind::System => StoreName::System,
    }
}

/// Longest word of another program that a message repeats, in characters.
const LONGEST_SAID: usize = 200;
