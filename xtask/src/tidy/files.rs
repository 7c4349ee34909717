//! The text files of the workspace, each read once for all checks.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// A file whose lines are checked.
#[derive(Debug)]
pub(super) struct TextFile {
    /// From the root of the workspace, with `/` on every system.
    pub(super) path: String,
    /// Bytes that are no UTF-8 have become U+FFFD.
    pub(super) text: String,
}

impl TextFile {
    /// Without folder.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The lines with their numbers, from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }
}

const TEXT_EXTENSIONS: [&str; 13] = [
    "apdu", "css", "ftl", "html", "js", "json", "md", "rs", "sh", "toml", "ts", "yaml", "yml",
];
const TEXT_FILES_WITHOUT_EXTENSION: [&str; 1] = [".ci/run"];

/// Folders that hold what others wrote or machines made.
const FOREIGN_FOLDERS: [&str; 3] = [".git", "node_modules", "target"];

/// Cargo puts this file into a build folder, whatever its name.
const MARK_OF_A_BUILD_FOLDER: &str = "CACHEDIR.TAG";

/// Every text file below the root, in the order of their paths.
pub(super) fn read_all(root: &Path) -> Result<Vec<TextFile>> {
    let mut files = Vec::new();
    read_folder(root, "", &mut files)?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<TextFile>) -> Result<()> {
    if folder.join(MARK_OF_A_BUILD_FOLDER).exists() {
        return Ok(());
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        let path = format!("{prefix}{name}");
        if kind.is_dir() && !FOREIGN_FOLDERS.contains(&name.as_str()) {
            read_folder(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() && is_text(&path) {
            let bytes = fs::read(entry.path()).with_context(|| format!("{path} cannot be read"))?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            files.push(TextFile { path, text });
        }
    }
    Ok(())
}

fn is_text(path: &str) -> bool {
    let extension = Path::new(path)
        .extension()
        .and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| TEXT_EXTENSIONS.contains(&extension))
        || TEXT_FILES_WITHOUT_EXTENSION.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::workspace_root;

    #[test]
    fn finds_sources_and_manifests_but_nothing_foreign() {
        let files = read_all(&workspace_root()).unwrap();
        let has = |path: &str| files.iter().any(|file| file.path == path);
        assert!(has("Cargo.toml"));
        assert!(has("xtask/src/tidy/files.rs"));
        assert!(has(".ci/run"));
        assert!(!files.iter().any(|file| file.path.starts_with("target/")));
        assert!(!files.iter().any(|file| file.path.starts_with(".git/")));
    }

    #[test]
    fn counts_lines_from_one() {
        let file = TextFile {
            path: "a/b.rs".to_owned(),
            text: "one\ntwo\n".to_owned(),
        };
        assert_eq!(file.name(), "b.rs");
        assert_eq!(file.lines().collect::<Vec<_>>(), [(1, "one"), (2, "two")]);
    }
}
