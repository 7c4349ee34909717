//! The sources of the macOS package, as far as a machine without macOS can judge them: property lists by libplist
//! and Python, XML by libxml2, scripts by the shell's own parser, and that they name each other rightly.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a file that cannot be judged fails its test"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use cpxd_tests::programs::workspace_dir;
use serde_json::{Value, json};

fn file(name: &str) -> PathBuf {
    workspace_dir().join("packaging/macos").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap()
}

/// A property list as Python reads it, after libplist took it too.
fn plist(name: &str) -> Value {
    let taken = Command::new("plistutil")
        .args(["-f", "bin", "-o", "/dev/null", "-i"])
        .arg(file(name))
        .output()
        .unwrap();
    assert!(
        taken.status.success() && taken.stderr.is_empty(),
        "{name}: {taken:?}"
    );
    let script =
        "import json,plistlib,sys; print(json.dumps(plistlib.load(open(sys.argv[1],'rb'))))";
    let read = Command::new("python3")
        .args(["-c", script])
        .arg(file(name))
        .output()
        .unwrap();
    assert!(read.status.success(), "{name}: {read:?}");
    serde_json::from_slice(&read.stdout).unwrap()
}

fn run(program: &str, arguments: &[&str], name: &str) {
    let output = Command::new(program)
        .args(arguments)
        .arg(file(name))
        .output();
    let output = output.unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{name}: {output:?}"
    );
}

const PROGRAMS: &str = "/Library/Application Support/cpxd/cpxd.app/Contents/MacOS";

#[test]
fn the_launch_agent_runs_the_agent_of_the_bundle_in_graphical_sessions() {
    let agent = plist("cpxd.agent.plist");
    assert_eq!(agent["Label"], "cpxd.agent");
    assert_eq!(
        agent["ProgramArguments"],
        json!([format!("{PROGRAMS}/cpxd"), "run"])
    );
    assert_eq!(agent["LimitLoadToSessionType"], "Aqua");
    assert_eq!(agent["Umask"], 0o077);
    assert_eq!(agent["KeepAlive"]["SuccessfulExit"], false);
    for listens in [
        "Sockets",
        "MachServices",
        "UserName",
        "EnvironmentVariables",
    ] {
        assert!(agent[listens].is_null(), "{listens}");
    }
    let info = plist("Info.plist");
    assert_eq!(
        agent["AssociatedBundleIdentifiers"],
        json!([info["CFBundleIdentifier"]])
    );
    assert_eq!(info["CFBundleExecutable"], "cpxd");
    assert_eq!(info["LSUIElement"], true);
}

#[test]
fn every_version_is_that_of_the_workspace() {
    let info = plist("Info.plist");
    for key in ["CFBundleShortVersionString", "CFBundleVersion"] {
        assert_eq!(info[key], env!("CARGO_PKG_VERSION"), "{key}");
    }
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(text("distribution.xml").contains(&format!("id=\"cpxd.pkg\" {version}")));
}

#[test]
fn the_hardened_runtime_has_smart_cards_and_no_exception() {
    let entitlements = plist("entitlements.plist");
    assert_eq!(
        entitlements,
        json!({ "com.apple.security.smartcard": true })
    );
    let build = text("build.sh");
    let signs = build.matches("codesign --force --options runtime").count();
    assert_eq!(
        signs,
        build.matches("codesign").count(),
        "something is signed without it"
    );
}

#[test]
fn the_profile_lets_the_launch_agent_run_and_sets_nothing_else() {
    let profile = plist("cpxd.mobileconfig");
    assert_eq!(profile["PayloadType"], "Configuration");
    let [payload] = profile["PayloadContent"].as_array().unwrap().as_slice() else {
        panic!("one payload: {profile}")
    };
    assert_eq!(payload["PayloadType"], "com.apple.servicemanagement");
    let rule = &payload["Rules"][0];
    let label = plist("cpxd.agent.plist")["Label"].clone();
    assert_eq!(
        (&rule["RuleType"], &rule["RuleValue"]),
        (&json!("Label"), &label)
    );
    assert_ne!(profile["PayloadUUID"], payload["PayloadUUID"]);
}

#[test]
fn distribution_and_scripts_are_well_formed() {
    run("xmllint", &["--noout", "--nonet"], "distribution.xml");
    for script in [
        "scripts/preinstall",
        "scripts/postinstall",
        "uninstall.sh",
        "build.sh",
    ] {
        run("sh", &["-n"], script);
        assert!(text(script).starts_with("#!/bin/sh\n"), "{script}");
    }
    for language in ["fr", "en"] {
        assert!(file(&format!("resources/{language}.lproj/welcome.txt")).is_file());
    }
}

#[test]
fn what_the_package_puts_in_place_the_uninstaller_takes_away() {
    let uninstall = text("uninstall.sh");
    for placed in [
        "\"/Library/LaunchAgents/cpxd.agent.plist\"",
        "\"/Library/Google/Chrome/NativeMessagingHosts/cpxd.native_host.json\"",
        "\"/Library/Application Support/Chromium/NativeMessagingHosts/cpxd.native_host.json\"",
        "\"/Library/Application Support/Mozilla/NativeMessagingHosts/cpxd.native_host.json\"",
        "\"/Library/Application Support/cpxd/cpxd.app\"",
        "\"/Library/Application Support/cpxd/uninstall.sh\"",
        "--forget cpxd.pkg",
    ] {
        assert!(uninstall.contains(placed), "{placed}");
    }
    assert!(!uninstall.contains("rm -rf /Users") && !uninstall.contains("rm -rf \"/Users"));
}

#[test]
fn the_module_is_built_for_both_processors_and_lies_where_administrators_are_told() {
    let manifest = workspace_dir().join("crates/pkcs11-module/Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    assert!(manifest.contains("name = \"cpxd_pkcs11\""));
    let build = text("build.sh");
    let build_it = "--target \"$target\" -p pkcs11-module --lib";
    for line in [
        build_it,
        "module=libcpxd_pkcs11.dylib\nlipo -create -output \"$libraries/$module\"",
        "--sign \"$application\" \"$libraries/$module\"\n",
    ] {
        assert!(build.contains(line), "{line}");
    }
    let place = "$support/cpxd.app/Contents/Frameworks";
    assert!(build.contains(&format!("libraries=\"{place}\"")));
    let place = place.replace("$support", "/Library/Application Support/cpxd");
    let module = format!("`{place}/libcpxd_pkcs11.dylib`");
    let policies = workspace_dir().join("packaging/policies/README.md");
    for told in [fs::read_to_string(policies).unwrap(), text("README.md")] {
        assert!(told.contains(&module), "{module}");
    }
}

#[test]
fn browsers_are_told_of_the_host_in_the_bundle_by_the_extensions_own_ids() {
    let policies = workspace_dir().join("packaging/policies/chromium/cpxd.json");
    let policies: Value = serde_json::from_slice(&fs::read(policies).unwrap()).unwrap();
    let ids = policies["ExtensionSettings"].as_object().unwrap();
    let id = ids.keys().find(|id| id.len() == 32).unwrap();
    let chromium: Value = serde_json::from_str(&text("native-messaging/chromium.json")).unwrap();
    let firefox: Value = serde_json::from_str(&text("native-messaging/firefox.json")).unwrap();
    assert_eq!(
        chromium["allowed_origins"],
        json!([format!("chrome-extension://{id}/")])
    );
    assert_eq!(firefox["allowed_extensions"], json!(["extension@cpxd"]));
    for manifest in [chromium, firefox] {
        assert_eq!(manifest["path"], format!("{PROGRAMS}/cpxd-native-host"));
        assert_eq!(manifest["name"], "cpxd.native_host");
    }
}
