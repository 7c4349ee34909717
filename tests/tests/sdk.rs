//! The SDK for web pages as it is given away, and the pins of the tools that build it.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;

use cpxd_tests::programs::{program, sdk_folder, workspace_dir};

#[test]
fn its_types_are_those_of_the_agents_own_document() {
    let _ = sdk_folder();
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("openapi.json");
    let printed = Command::new(program("cpxd")).arg("openapi").output();
    fs::write(&document, printed.unwrap().stdout).unwrap();
    let generated = folder.path().join("api.ts");
    let made = Command::new("npx")
        .args(["--no-install", "openapi-typescript"])
        .arg(&document)
        .arg("-o")
        .arg(&generated)
        .current_dir(workspace_dir().join("browser"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let committed = workspace_dir().join("browser/sdk/src/api.ts");
    assert!(
        fs::read(&generated).unwrap() == fs::read(committed).unwrap(),
        "the API has changed; in `browser`: cpxd openapi > openapi.json && npx openapi-typescript openapi.json -o sdk/src/api.ts"
    );
}

#[test]
fn it_is_one_module_below_10_kb_that_loads_nothing_else() {
    let module = fs::read_to_string(sdk_folder().join("index.js")).unwrap();
    assert!(module.len() < 10_000, "{} bytes", module.len());
    assert!(!module.contains("import"), "{module}");
    let package = fs::read_to_string(sdk_folder().with_file_name("package.json")).unwrap();
    assert!(!package.contains("ependencies"), "{package}");
}

#[test]
fn the_pins_of_the_tools_say_no_address_of_a_registry() {
    let lock = workspace_dir().join("browser/package-lock.json");
    let lock = fs::read_to_string(lock).unwrap();
    assert!(lock.contains("\"integrity\": \"sha512-"));
    assert!(
        !lock.contains("\"resolved\": \"http"),
        "an address of a registry"
    );
}
