//! A folder of files compared with the manifest of their release.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use ring::digest::{Context, SHA256};

use crate::{Manifest, ReleaseFile, UpdateError};

/// Whether a folder holds the files of the manifest, all of them, unchanged, and no other but `beside`
/// (the manifest and its signature themselves).
///
/// # Errors
/// [`UpdateError`] with the first file that is missing, not the one of the manifest, not in it, or cannot
/// be read.
pub fn check_files(manifest: &Manifest, folder: &Path, beside: &[&str]) -> Result<(), UpdateError> {
    for file in &manifest.files {
        check(file, &folder.join(&file.name))?;
    }
    let known: BTreeSet<_> = manifest.files.iter().map(|file| &*file.name).collect();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let name = entry.map_err(unreadable(folder))?.file_name();
        let name = name.to_string_lossy();
        if !known.contains(&*name) && !beside.contains(&&*name) {
            return Err(UpdateError::ExtraFile(name.into_owned()));
        }
    }
    Ok(())
}

fn check(expected: &ReleaseFile, path: &Path) -> Result<(), UpdateError> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(UpdateError::MissingFile(expected.name.clone()));
        }
        file => file.map_err(unreadable(path))?,
    };
    let mut context = Context::new(&SHA256);
    let mut size = 0_u64;
    let mut part = vec![0; 64 * 1024];
    loop {
        let len = file.read(&mut part).map_err(unreadable(path))?;
        if len == 0 {
            break;
        }
        context.update(part.get(..len).unwrap_or_default());
        size = size.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
    }
    if size != expected.size || context.finish().as_ref() != expected.sha256 {
        return Err(UpdateError::WrongFile(expected.name.clone()));
    }
    Ok(())
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> UpdateError + use<> {
    let file = path.display().to_string();
    move |source| UpdateError::FileUnreadable {
        file: file.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::sample;

    const NAME: &str = "cpxd_0.2.0_amd64.deb";

    #[test]
    fn a_folder_is_the_release_or_says_which_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| fs::write(folder.path().join(name), content);
        let checked = || {
            let checked = check_files(&sample(), folder.path(), &["manifest.json"]);
            checked.map_err(|error| (error.code(), error.to_string()))
        };
        write("manifest.json", "{}").unwrap();
        let (code, text) = checked().unwrap_err();
        assert_eq!(code, "missing-file");
        assert!(text.contains(NAME), "{text}");
        for (content, expected) in [("abc", None), ("abd", Some(())), ("abcd", Some(()))] {
            write(NAME, content).unwrap();
            let refused = checked()
                .err()
                .map(|(code, _)| assert_eq!(code, "wrong-file"));
            assert_eq!(refused, expected, "{content}");
        }
        write(NAME, "abc").unwrap();
        write("more", "").unwrap();
        let (code, text) = checked().unwrap_err();
        assert_eq!(code, "extra-file");
        assert!(text.contains("more"), "{text}");
    }
}
