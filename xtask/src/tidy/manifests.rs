//! What every crate's manifest says: its job, its name, the lints of all, and no version of its own.

use toml::{Table, Value};

use super::Finding;
use super::files::TextFile;

/// Every broken rule of every manifest below the root.
pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.name() == "Cargo.toml")
        .flat_map(check_manifest)
        .collect()
}

fn check_manifest(file: &TextFile) -> Vec<Finding> {
    let manifest: Table = match file.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Finding::new(&file.path, format!("is not TOML: {error}"))],
    };
    let Some(package) = manifest.get("package").and_then(Value::as_table) else {
        return Vec::new();
    };
    let mut messages = dependencies_with_a_version(&manifest);
    if string(package, "description").is_none_or(str::is_empty) {
        messages.push("has no description".to_owned());
    }
    if !inherits(manifest.get("lints")) {
        messages.push("has no `lints.workspace = true`".to_owned());
    }
    messages.extend(other_name_than_folder(&file.path, package));
    messages
        .into_iter()
        .map(|message| Finding::new(&file.path, message))
        .collect()
}

fn string<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::as_str)
}

fn inherits(value: Option<&Value>) -> bool {
    value
        .and_then(|value| value.get("workspace"))
        .and_then(Value::as_bool)
        == Some(true)
}

/// A newcomer who reads a crate's name in the table finds it without a search.
fn other_name_than_folder(path: &str, package: &Table) -> Option<String> {
    let folder = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
    (string(package, "name") != Some(folder))
        .then(|| format!("the crate is not named `{folder}` like its folder"))
}

/// A version stands once, in the root manifest; here only `workspace = true`, and features.
fn dependencies_with_a_version(manifest: &Table) -> Vec<String> {
    dependency_tables(manifest)
        .into_iter()
        .flatten()
        .filter(|(_, dependency)| !inherits(Some(dependency)))
        .map(|(name, _)| {
            format!("`{name}` needs `workspace = true`; its version stands in the root manifest")
        })
        .collect()
}

fn dependency_tables(manifest: &Table) -> Vec<&Table> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let of_targets = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(of_targets)
        .flat_map(|table| {
            ["dependencies", "dev-dependencies", "build-dependencies"]
                .into_iter()
                .filter_map(|kind| table.get(kind).and_then(Value::as_table))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [package]
        name = "card-apdu"
        description = "bytes and commands"
        [dependencies]
        secrets.workspace = true
        [target.'cfg(unix)'.dependencies]
        rustix = { workspace = true, features = ["net"] }
        [lints]
        workspace = true
    "#;

    fn findings(text: &str) -> Vec<String> {
        let file = TextFile {
            path: "crates/card-apdu/Cargo.toml".to_owned(),
            text: text.to_owned(),
        };
        check(&[file])
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn accepts_a_manifest_that_inherits() {
        assert!(findings(GOOD).is_empty());
    }

    #[test]
    fn fails_without_a_description() {
        assert_eq!(
            findings(&GOOD.replace("bytes and commands", "")),
            ["has no description"]
        );
        assert_eq!(
            findings(&GOOD.replace("description", "homepage")),
            ["has no description"]
        );
    }

    #[test]
    fn fails_without_the_lints_of_the_workspace() {
        assert_eq!(
            findings(&GOOD.replace("[lints]", "[features]")),
            ["has no `lints.workspace = true`"]
        );
    }

    #[test]
    fn fails_on_a_version_of_its_own_for_each_kind_of_dependency() {
        let own = GOOD.replace("secrets.workspace = true", "secrets = \"1\"");
        assert_eq!(findings(&own).len(), 1);
        let own = GOOD.replace("workspace = true, features", "version = \"1\", features");
        assert_eq!(findings(&own).len(), 1);
        for kind in ["dev-dependencies", "build-dependencies"] {
            let own = format!("{GOOD}\n[{kind}]\nhex = \"0.4\"\n");
            assert_eq!(findings(&own).len(), 1, "{kind}");
        }
    }

    #[test]
    fn fails_on_a_crate_that_is_not_named_like_its_folder() {
        assert_eq!(findings(&GOOD.replace("card-apdu", "apdu")).len(), 1);
    }

    #[test]
    fn fails_on_a_manifest_that_does_not_parse() {
        assert_eq!(findings("[package").len(), 1);
    }

    #[test]
    fn the_virtual_manifest_has_no_package() {
        assert!(findings("[workspace]\nmembers = []\n").is_empty());
    }
}
