//! `cargo xtask package windows`: the package of Windows (MSI), cross-compiled on Linux, and tried in Wine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::commands::{cargo, run, target_folder, workspace_root};
use crate::steps::Steps;
use crate::system_packages;

#[derive(Debug, Args)]
pub(crate) struct WindowsOptions {
    /// Without optimisation: quicker to make, larger
    #[arg(long)]
    debug: bool,
    /// Install, repair, upgrade and remove it in a Wine of its own
    #[arg(long = "try")]
    is_tried: bool,
}

/// Builds the programs, makes the package, and tries it.
pub(super) fn package(out: &Path, options: &WindowsOptions) -> Result<()> {
    let mut steps = Steps::of("package windows");
    steps.run("what the machine must have", || {
        system_packages::install_missing(system_packages::PACKAGING_WINDOWS)
    })?;
    let target = target_folder()?;
    let stage = target.join("package-windows");
    steps.run("the programs", || build(options.debug))?;
    let version = env!("CARGO_PKG_VERSION");
    let package = out.join(format!("cpxd-{version}-x64.msi"));
    steps.run("the package", || {
        let profile = if options.debug { "debug" } else { "release" };
        fill(&stage, &target.join(TRIPLE).join(profile))?;
        make(&stage, version, &package)?;
        println!("    {}", package.display());
        Ok(())
    })?;
    if options.is_tried {
        steps.run("the tests of the system's layer, in Wine", || {
            test_in_wine(&stage, &target)
        })?;
        steps.run("a life in Wine", || {
            let next = stage.join("next.msi");
            make(&stage, &version_after(version), &next)?;
            try_in_wine(&stage, &package, &next)
        })?;
    }
    steps.print_summary();
    Ok(())
}

fn build(debug: bool) -> Result<()> {
    run(Command::new("rustup").args(["target", "add", TRIPLE]))?;
    for (kind, packages) in BUILDS {
        let mut build = cargo(["build", "--target", TRIPLE, kind]);
        build.args(packages.iter().flat_map(|package| ["-p", package]));
        if !debug {
            build.arg("--release");
        }
        run(&mut build)?;
    }
    Ok(())
}

/// wixl takes files by their paths from the folder of its source alone.
fn fill(stage: &Path, built: &Path) -> Result<()> {
    let sources = workspace_root().join("packaging/windows");
    let programs = stage.join("programs");
    let manifests = stage.join("native-messaging");
    for folder in [&programs, &manifests] {
        fs::create_dir_all(folder)?;
    }
    for program in all_that_run() {
        let stripped = programs.join(program);
        copy(&built.join(program), &stripped)?;
        run(Command::new("x86_64-w64-mingw32-strip").arg(&stripped))?;
    }
    for manifest in ["chromium.json", "firefox.json"] {
        let from = sources.join("native-messaging").join(manifest);
        copy(&from, &manifests.join(manifest))?;
    }
    copy(&sources.join(SOURCE), &stage.join(SOURCE))
}

fn make(stage: &Path, version: &str, package: &Path) -> Result<()> {
    let version = format!("Version={version}");
    run(Command::new("wixl")
        .args(["-a", "x64", "-D", &version, "-o"])
        .arg(package)
        .arg(SOURCE)
        .current_dir(stage))?;
    // wixl knows no secure properties. Those of settings are none of them: Windows then gives the part that has
    // rights what an administrator said, and nothing that a user without rights says at a repair.
    let secure = format!(
        "UPDATE `Property` SET `Value` = '{}' WHERE `Property` = 'SecureCustomProperties'",
        SECURE_PROPERTIES.join(";")
    );
    let mut build = Command::new("msibuild");
    build.arg(package).args(["-q", &secure]);
    // Nor conditions of an installation, beside that against a downgrade.
    for (condition, words) in LAUNCH_CONDITIONS {
        build.arg(format!(
            "INSERT INTO `LaunchCondition` (`Condition`, `Description`) VALUES ('{condition}', '{words}')"
        ));
    }
    run(&mut build)
}

/// The tests run in the folder of cargo's own, where the library that Wine lacks has to lie, too.
fn test_in_wine(stage: &Path, target: &Path) -> Result<()> {
    let tests = target.join(TRIPLE).join("debug/deps");
    fs::create_dir_all(&tests).context("the folder of the tests")?;
    copy(&random_numbers(stage)?, &tests.join(RANDOM_NUMBERS))?;
    let prefix = stage.join("wine-of-tests");
    if prefix.exists() {
        fs::remove_dir_all(&prefix).context("the Wine of the tests before")?;
    }
    let mut test = cargo(["test", "--target", TRIPLE, "-p", "platform", "--lib"]);
    test.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", "wine")
        .env("WINEPREFIX", prefix)
        .env("WINEDEBUG", "-all")
        .env("WINEDLLOVERRIDES", "mscoree,mshtml=");
    run(&mut test)
}

/// What stands in for a library that Wine 8 has not.
fn random_numbers(stage: &Path) -> Result<PathBuf> {
    let shim = stage.join(RANDOM_NUMBERS);
    run(Command::new("x86_64-w64-mingw32-gcc")
        .args(["-shared", "-o"])
        .arg(&shim)
        .arg(workspace_root().join("packaging/windows/try/process_prng.c"))
        .arg("-ladvapi32"))?;
    Ok(shim)
}

fn try_in_wine(stage: &Path, old: &Path, new: &Path) -> Result<()> {
    let sources = workspace_root().join("packaging/windows/try");
    let shim = random_numbers(stage)?;
    let client = stage.join("https_client.exe");
    run(Command::new("x86_64-w64-mingw32-gcc")
        .arg("-o")
        .arg(&client)
        .arg(sources.join("https_client.c"))
        .args(["-lwinhttp", "-lws2_32"]))?;
    let module_client = stage.join("module_client.exe");
    run(Command::new("x86_64-w64-mingw32-gcc")
        .arg("-o")
        .arg(&module_client)
        .arg(sources.join("module_client.c"))
        .args(["-isystem", "/usr/include/p11-kit-1"]))?;
    let root = stage.join("wine");
    fs::create_dir_all(&root)?;
    run(Command::new("sh").arg(sources.join("in_wine.sh")).args([
        old,
        new,
        &shim,
        &client,
        &root,
        &module_client,
    ]))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("{} cannot be copied", from.display()))?;
    Ok(())
}

/// The next version, with its last number one more.
fn version_after(version: &str) -> String {
    let (rest, last) = version.rsplit_once('.').unwrap_or(("0.0", version));
    format!(
        "{rest}.{}",
        last.parse::<u32>().unwrap_or(0).saturating_add(1)
    )
}

const TRIPLE: &str = "x86_64-pc-windows-gnu";
const RANDOM_NUMBERS: &str = "bcryptprimitives.dll";
const SOURCE: &str = "cpxd.wxs";
const PROGRAMS: [&str; 3] = ["cpxd.exe", "cpxd-native-host.exe", "cpxd-prompt-window.exe"];
/// What other programs load: the PKCS#11 module.
const MODULE: &str = "cpxd_pkcs11.dll";

fn all_that_run() -> impl Iterator<Item = &'static str> {
    PROGRAMS.into_iter().chain([MODULE])
}

/// The module apart: built together, the features of a crate for the agent would be those of the module.
const BUILDS: [(&str, &[&str]); 2] = [
    ("--bins", &["cpxd", "native-host", "prompt-window"]),
    ("--lib", &["pkcs11-module"]),
];
const SECURE_PROPERTIES: [&str; 2] = ["WIX_DOWNGRADE_DETECTED", "WIX_UPGRADE_DETECTED"];

/// What conditions can tell of the properties; of the rest the agent says itself that it cannot start with it.
const LAUNCH_CONDITIONS: [(&str, &str); 6] = [
    (
        "NOT PORT OR (PORT >= 1 AND PORT <= 65535)",
        "PORT is a number from 1 to 65535. PORT est un nombre entre 1 et 65535.",
    ),
    (
        "NOT ALLOWEDORIGINS OR ALLOWEDORIGINS << \"https://\"",
        "ALLOWEDORIGINS begins with https://. ALLOWEDORIGINS commence par https://.",
    ),
    (
        "NOT TRUSTCA OR TRUSTCA = \"1\" OR TRUSTCA = \"0\"",
        "TRUSTCA is 1 or 0. TRUSTCA vaut 1 ou 0.",
    ),
    (
        "NOT UPDATECHECK OR UPDATECHECK = \"1\" OR UPDATECHECK = \"0\"",
        "UPDATECHECK is 1 or 0. UPDATECHECK vaut 1 ou 0.",
    ),
    (
        "NOT METRICS OR METRICS = \"1\" OR METRICS = \"0\"",
        "METRICS is 1 or 0. METRICS vaut 1 ou 0.",
    ),
    (
        "NOT LANGUAGE OR LANGUAGE = \"fr\" OR LANGUAGE = \"en\"",
        "LANGUAGE is fr or en. LANGUAGE vaut fr ou en.",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use roxmltree::{Document, ParsingOptions};

    use super::*;

    fn text(path: &str) -> String {
        fs::read_to_string(workspace_root().join("packaging/windows").join(path)).unwrap()
    }

    fn parsed(text: &str) -> Document<'_> {
        Document::parse_with_options(text, ParsingOptions::default()).unwrap()
    }

    /// Values of an attribute, of elements of this name.
    fn values(document: &Document<'_>, element: &str, attribute: &str) -> BTreeSet<String> {
        let elements = document.descendants();
        let elements =
            elements.filter(|node| node.has_tag_name(element) || has_name(node, element));
        elements
            .filter_map(|node| node.attribute(attribute).map(str::to_owned))
            .collect()
    }

    fn has_name(node: &roxmltree::Node<'_, '_>, name: &str) -> bool {
        node.is_element() && node.tag_name().name() == name
    }

    /// What a template asks for in another file: `$(string.Name)`, `$(presentation.Name)`.
    fn references(text: &str, kind: &str) -> BTreeSet<String> {
        text.split(&format!("$({kind}."))
            .skip(1)
            .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
            .collect()
    }

    #[test]
    fn each_policy_has_its_words_and_fields_in_both_languages() {
        let template = text("policies/cpxd.admx");
        let policies = parsed(&template);
        let fields: BTreeSet<String> = ["text", "decimal", "enum"]
            .into_iter()
            .flat_map(|element| values(&policies, element, "id"))
            .collect();
        assert!(fields.len() > 5, "{fields:?}");
        for language in ["en-US", "fr-FR"] {
            let words = text(&format!("policies/{language}/cpxd.adml"));
            let words = parsed(&words);
            let strings = values(&words, "string", "id");
            assert_eq!(strings, references(&template, "string"), "{language}");
            let shown = values(&words, "presentation", "id");
            assert_eq!(shown, references(&template, "presentation"), "{language}");
            let shown: BTreeSet<String> = ["textBox", "decimalTextBox", "dropdownList"]
                .into_iter()
                .flat_map(|element| values(&words, element, "refId"))
                .collect();
            assert_eq!(shown, fields, "{language}");
        }
    }

    #[test]
    fn the_package_puts_in_place_all_that_its_feature_names_and_no_more() {
        let source = text(SOURCE);
        let package = parsed(&source);
        let components = values(&package, "Component", "Id");
        assert_eq!(components, values(&package, "ComponentRef", "Id"));
        for program in all_that_run() {
            assert!(
                values(&package, "File", "Name").contains(program),
                "{program}"
            );
        }
        let guids = values(&package, "Component", "Guid");
        assert_eq!(guids.len(), components.len(), "no two have one GUID");
    }

    #[test]
    fn no_setting_is_taken_from_a_user_without_rights() {
        let settings = settings();
        assert_eq!(settings.len(), 7, "{settings:?}");
        for setting in settings {
            assert!(!SECURE_PROPERTIES.contains(&setting.as_str()), "{setting}");
        }
    }

    /// The properties that become settings of the machine.
    fn settings() -> BTreeSet<String> {
        let source = text(SOURCE);
        let used = values(&parsed(&source), "RegistryValue", "Value");
        used.iter()
            .filter_map(|value| value.strip_prefix('[')?.strip_suffix(']'))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn each_condition_is_on_one_setting_that_may_be_left_out_and_says_so_in_both_languages() {
        let settings = settings();
        for (condition, words) in LAUNCH_CONDITIONS {
            let (property, _) = condition
                .strip_prefix("NOT ")
                .and_then(|rest| rest.split_once(" OR "))
                .unwrap();
            assert!(settings.contains(property), "{property}");
            assert_eq!(words.matches(property).count(), 2, "{words}");
        }
    }

    #[test]
    fn the_package_that_is_upgraded_to_is_the_next_one() {
        assert_eq!(version_after("0.1.9"), "0.1.10");
    }
}
