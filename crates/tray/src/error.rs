//! Why there is no tray.

#[cfg(target_os = "linux")]
use std::error::Error;
#[cfg(target_os = "linux")]
use std::path::PathBuf;

use texts::{Language, TrayTexts};

/// Why there is no tray, by the step that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrayError {
    /// The agent's folders cannot be used.
    #[cfg(target_os = "linux")]
    #[error("cannot find the agent's folders")]
    Paths(#[from] platform::paths::PathsError),
    /// No agent has ever used the folder that was named.
    #[cfg(target_os = "linux")]
    #[error("no agent has used {}", folder.display())]
    NoAgentsFolder {
        /// As it was named.
        folder: PathBuf,
    },
    /// Another tray of this agent is there.
    #[cfg(target_os = "linux")]
    #[error("another tray is running")]
    SecondOne {
        /// Its process, when it already wrote so.
        pid: Option<u32>,
    },
    /// Whether there is another one cannot be found out.
    #[cfg(target_os = "linux")]
    #[error("cannot take the tray's lock")]
    Lock(#[source] platform::instance::InstanceError),
    /// There is no desktop to speak to.
    #[cfg(target_os = "linux")]
    #[error("no D-Bus session bus answers")]
    NoSessionBus(#[source] zbus::Error),
    /// The desktop ended under the icon.
    #[cfg(target_os = "linux")]
    #[error("the desktop is gone")]
    DesktopGone,
    /// The desktop refused the icon.
    #[cfg(target_os = "linux")]
    #[error("the icon cannot be put up")]
    Icon(#[source] ksni::Error),
    /// The tray of this system is still to come.
    #[cfg(not(target_os = "linux"))]
    #[error("there is no tray on this system yet")]
    OtherSystem,
}

impl TrayError {
    /// What is wrong and what to do, for whoever started it.
    pub(crate) fn sentence(&self, language: Language) -> String {
        let texts = TrayTexts::new(language);
        match self {
            #[cfg(target_os = "linux")]
            Self::SecondOne { pid } => {
                texts.second_one(&pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string()))
            }
            #[cfg(target_os = "linux")]
            Self::NoAgentsFolder { folder } => {
                texts.no_agents_folder(&folder.display().to_string())
            }
            #[cfg(target_os = "linux")]
            Self::NoSessionBus(_) => texts.no_session_bus(),
            #[cfg(target_os = "linux")]
            Self::DesktopGone => texts.desktop_gone(),
            #[cfg(target_os = "linux")]
            Self::Paths(_) | Self::Lock(_) | Self::Icon(_) => texts.failed(&chain(self)),
            #[cfg(not(target_os = "linux"))]
            Self::OtherSystem => texts.other_system(),
        }
    }
}

#[cfg(target_os = "linux")]
fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
