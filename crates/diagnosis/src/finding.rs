//! What a check ended with.

use crate::{Cause, CauseCode, Check, Value};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Nothing to judge here.
    NotApplicable,
    /// Nothing is wrong.
    Ok,
    /// Nobody could find out.
    Unknown,
    /// It works, and somebody should look at it.
    Warning,
    /// It keeps the card from being used.
    Failed,
}

impl State {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotApplicable => "notApplicable",
        }
    }
}

/// What can be done about it from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Have browsers trust the agent's authority.
    InstallTrust,
    /// Tell browsers of the native host.
    InstallNativeMessaging,
    /// Set a new code with the unblock code.
    UnblockCode,
    /// Look again.
    Reload,
}

impl Action {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InstallTrust => "install-trust",
            Self::InstallNativeMessaging => "install-native-messaging",
            Self::UnblockCode => "unblock-code",
            Self::Reload => "reload",
        }
    }
}

/// What a detail is about; each has its label in `diagnosis.ftl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetailName {
    /// A reader.
    Reader,
    /// A program.
    Program,
    /// A browser.
    Browser,
    /// A place where authorities are trusted.
    Store,
}

impl DetailName {
    /// Every name there is.
    pub const ALL: [Self; 4] = [Self::Reader, Self::Program, Self::Browser, Self::Store];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Program => "program",
            Self::Browser => "browser",
            Self::Store => "store",
        }
    }
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// What it is about.
    pub name: DetailName,
    /// Its own name, as others chose it.
    pub value: String,
}

/// A check and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// How it ended.
    pub state: State,
    /// Why; the cause also names the remedy.
    pub cause: Cause,
    /// What was looked at.
    pub details: Vec<Detail>,
    /// What can be done about it from here.
    pub action: Option<Action>,
    /// The failed check because of which this one was not judged.
    pub hangs_on: Option<Check>,
}

/// A finding whose check is known to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) state: State,
    cause: Cause,
    details: Vec<Detail>,
    action: Option<Action>,
    hangs_on: Option<Check>,
}

impl Verdict {
    pub(crate) fn ok(cause: impl Into<Cause>) -> Self {
        Self::new(State::Ok, cause)
    }

    pub(crate) fn warning(cause: impl Into<Cause>) -> Self {
        Self::new(State::Warning, cause)
    }

    pub(crate) fn failed(cause: impl Into<Cause>) -> Self {
        Self::new(State::Failed, cause)
    }

    pub(crate) fn unknown(cause: impl Into<Cause>) -> Self {
        Self::new(State::Unknown, cause)
    }

    pub(crate) fn not_applicable(cause: impl Into<Cause>) -> Self {
        Self::new(State::NotApplicable, cause)
    }

    pub(crate) fn hangs_on(root: Check) -> Self {
        let cause = CauseCode::HangsOn.with("check", Value::Check(root));
        Self {
            hangs_on: Some(root),
            ..Self::not_applicable(cause)
        }
    }

    pub(crate) fn with_action(self, action: Action) -> Self {
        Self {
            action: Some(action),
            ..self
        }
    }

    pub(crate) fn with_details<'a>(
        mut self,
        name: DetailName,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.details.extend(values.into_iter().map(|value| Detail {
            name,
            value: value.to_owned(),
        }));
        self
    }

    /// The same as no more than a warning: something else of the kind works.
    pub(crate) fn softened(self) -> Self {
        Self {
            state: self.state.min(State::Warning),
            ..self
        }
    }

    pub(crate) fn of(self, check: Check) -> Finding {
        Finding {
            check,
            state: self.state,
            cause: self.cause,
            details: self.details,
            action: self.action,
            hangs_on: self.hangs_on,
        }
    }

    fn new(state: State, cause: impl Into<Cause>) -> Self {
        Self {
            state,
            cause: cause.into(),
            details: Vec::new(),
            action: None,
            hangs_on: None,
        }
    }
}
