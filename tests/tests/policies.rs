//! The policies for administrators name the extension and the host that are built here.
#![cfg(target_os = "linux")]

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cpxd_tests::programs::workspace_dir;
use ring::digest::{SHA256, digest};
use serde_json::Value;

fn json(file: &str) -> Value {
    let text = fs::read(workspace_dir().join(file)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// The id that Chromium derives from the key in the manifest.
fn chromium_id(manifest: &Value) -> String {
    let key = manifest["key"].as_str().unwrap_or_default();
    let key = STANDARD.decode(key).unwrap_or_default();
    let digest = digest(&SHA256, &key);
    let halves = digest
        .as_ref()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15]);
    halves
        .take(32)
        .map(|half| char::from(b'a' + half))
        .collect()
}

#[test]
fn they_name_the_extension_by_the_ids_that_browsers_give_it() {
    let manifest = json("browser/extension/manifest.json");
    let chromium = json("packaging/policies/chromium/cpxd.json");
    assert!(chromium["ExtensionSettings"][chromium_id(&manifest)].is_object());
    assert_eq!(chromium["NativeMessagingAllowlist"][0], "cpxd.native_host");
    let firefox = json("packaging/policies/firefox/policies.json");
    let id = manifest["browser_specific_settings"]["gecko"]["id"].as_str();
    let settings = &firefox["policies"]["ExtensionSettings"];
    assert!(settings[id.unwrap_or_default()].is_object());
}
