//! The support bundle: what a helper needs to know of a workstation, and nothing about a person.
//!
//! Who it is for sees what is in it before it is saved.

mod hidden;
mod pieces;
mod redaction;
mod short_names;
mod sites;
mod spellings;

use std::io::{self, BufRead as _, Cursor, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use daemon_wire::{CardList, DiagnosticsBody};
use platform::paths::AgentPaths;
use platform::private_files::write_private;
use texts::DiagnoseTexts;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::commands::language;
use crate::configuration::Configuration;
use crate::refusal::Refusal;
use crate::screen;

use hidden::Hidden;
use pieces::Piece;
use redaction::Redaction;

/// What a bundle is made of.
pub(crate) struct Bundle<'a> {
    pub(crate) found: &'a DiagnosticsBody,
    pub(crate) paths: &'a AgentPaths,
    pub(crate) configuration: &'a Configuration,
    /// The files that were read for it.
    pub(crate) configuration_files: Vec<std::path::PathBuf>,
    /// The cards in the readers, so that nothing of them is told.
    pub(crate) cards: &'a CardList,
}

/// Shows what the bundle would contain and saves it, after a yes.
///
/// # Errors
/// A [`Refusal`] where nobody can say yes, or the file is there already.
pub(crate) fn offer(bundle: &Bundle<'_>, file: &Path, is_agreed: bool) -> anyhow::Result<()> {
    let texts = DiagnoseTexts::new(language());
    let hidden = Hidden::of_this_place().and_of_cards(bundle.cards);
    let redaction = Redaction::of(hidden.and_of_sites(&pieces::texts_with_sites(bundle)))?;
    let pieces = pieces::of(bundle, &redaction)?;
    screen::remark(&texts.zip_contents());
    for Piece { name, text, what } in &pieces {
        let bytes = text.len().to_string();
        screen::remark(&format!("  {}", texts.zip_line(name, &bytes, what)));
    }
    screen::remark(&texts.zip_without());
    let shown = file.display().to_string();
    if !is_agreed && !agrees(&texts.zip_question(&shown))? {
        screen::remark(&texts.zip_not_saved());
        return Ok(());
    }
    if file.exists() {
        return Err(Refusal::own("file-exists", |_| texts.zip_file_exists(&shown)).into());
    }
    write_private(file, &packed(&pieces)?).with_context(|| format!("saving {shown}"))?;
    screen::remark(&texts.zip_saved(&shown));
    Ok(())
}

/// Asks the person at the terminal.
fn agrees(question: &str) -> anyhow::Result<bool> {
    let input = io::stdin();
    if !input.is_terminal() {
        let needs = |_| DiagnoseTexts::new(language()).zip_needs_a_yes();
        return Err(Refusal::own("needs-a-yes", needs).into());
    }
    let mut screen = io::stderr();
    write!(screen, "{question} ")?;
    screen.flush()?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer)?;
    let answer = answer.trim().to_lowercase();
    Ok(["y", "yes", "o", "oui"].contains(&answer.as_str()))
}

fn packed(pieces: &[Piece]) -> anyhow::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    for Piece { name, text, .. } in pieces {
        zip.start_file(*name, options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}
