//! Every sentence that a person reads, in French and English.
//!
//! The sentences stand in `locales/<language>/*.ftl` (Project Fluent) and are
//! part of the program. Code never names a message: it calls a method of
//! [`PromptTexts`], [`WindowTexts`], [`TrayTexts`], [`CommandTexts`], [`InstallTexts`] or
//! [`JournalTexts`], or asks [`error_title`] and [`error_detail`] for an error code, and [`check_title`] and
//! [`cause_words`] for what a diagnosis found. To add a sentence, write it in both
//! languages and add its line in the file that declares the type; a test
//! fails until all three agree on name and variables.
//!
//! What others wrote (callers, certificates, the file system) goes through
//! [`foreign_text`] before it stands in a sentence.

mod command_line;
mod diagnose;
mod diagnosis;
mod errors;
mod foreign;
mod install;
mod journal;
mod language;
mod locales;
mod prompt;
mod sentences;
mod tray;
mod window;

pub use command_line::CommandTexts;
pub use diagnose::DiagnoseTexts;
pub use diagnosis::{
    Argument, CauseWords, cause_words, check_state, check_title, detail_label, readiness_reason,
    way_by_phone,
};
pub use errors::{ErrorFacts, error_detail, error_title};
pub use foreign::foreign_text;
pub use install::InstallTexts;
pub use journal::JournalTexts;
pub use language::Language;
pub use prompt::PromptTexts;
pub use tray::TrayTexts;
pub use window::WindowTexts;
