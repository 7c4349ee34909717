//! The browsers of this user: trust, native host, an administrator's word about loopback, cpxd's own PKCS#11 module.

use std::path::Path;

use daemon_api::TrustedAuthority;
use diagnosis::facts::{BrowserFacts, NativeHostFacts, NativeHostState, StoreFacts};
use platform::native_messaging::{BrowserFamily, ManifestFolder};
use platform::paths::AgentPaths;
use platform::trust_stores::{StoreKind, TrustAnchor, TrustStore};

use super::looks::{Look, Round};
use super::own_module;
use crate::commands::native_messaging::{Knowledge, knowledge_of};

pub(super) async fn facts(paths: &AgentPaths, looks: &Round<'_>) -> BrowserFacts {
    let own = paths.clone();
    let paths = paths.clone();
    let (native_hosts, trust, policy, own_module) = tokio::join!(
        looks.at(Look::NativeHosts, native_hosts),
        looks.at(Look::TrustStores, move || trust(&paths)),
        looks.at(
            Look::BrowserPolicy,
            platform::workstation::allows_loopback_by_policy
        ),
        looks.at(Look::OwnModule, move || {
            (own_module::facts(), own_module::asked_instead(&own))
        }),
    );
    let (own_module, asked_instead) = own_module.unwrap_or_default();
    let (has_authority, stores) = trust.unwrap_or_default();
    BrowserFacts {
        native_hosts,
        has_authority,
        stores,
        loopback_by_policy: policy.flatten(),
        own_module,
        asked_instead,
    }
}

fn native_hosts() -> Vec<NativeHostFacts> {
    let folders = ManifestFolder::of_this_user().into_iter();
    let browsers = folders.map(|folder| NativeHostFacts {
        browser: name_of(&folder),
        state: if folder.is_confined() {
            NativeHostState::Confined
        } else {
            match knowledge_of(&folder) {
                Ok(Knowledge::Own | Knowledge::Packaged(_)) => NativeHostState::Told,
                Ok(Knowledge::None | Knowledge::NotOurs) => NativeHostState::NotTold,
                Err(_) => NativeHostState::Unknown,
            }
        },
    });
    browsers.collect()
}

/// Whether the agent has an authority, and who trusts it.
fn trust(paths: &AgentPaths) -> (Option<bool>, Option<Vec<StoreFacts>>) {
    let anchor = match TrustedAuthority::read(paths) {
        Ok(Some(authority)) => TrustAnchor::from_pem(&authority.pem),
        Ok(None) => return (Some(false), None),
        Err(_) => None,
    };
    let Some(anchor) = anchor else {
        return (None, None);
    };
    let stores = TrustStore::of_this_user().into_iter();
    // Browsers alone: what curl and openssl trust is a developer's choice.
    let stores = stores.filter(|store| store.kind() != StoreKind::System);
    let stores = stores.map(|store| StoreFacts {
        name: match store.kind() {
            StoreKind::Chromium => CHROMIUM.to_owned(),
            StoreKind::Firefox | StoreKind::System => FIREFOX.to_owned(),
        },
        is_trusting: store.trusts(&anchor).ok(),
    });
    let mut stores: Vec<StoreFacts> = stores.collect();
    stores.dedup();
    (Some(true), Some(stores))
}

/// Browsers of one family are told apart by the folder that each makes for itself.
fn name_of(folder: &ManifestFolder) -> String {
    let path: &Path = folder.path();
    let text = path.to_string_lossy();
    let known = NAMES.iter().find(|(part, _)| text.contains(part));
    let name = match (known, folder.family()) {
        (Some((_, name)), _) => name,
        (None, BrowserFamily::Chromium) => CHROMIUM,
        (None, BrowserFamily::Firefox) => FIREFOX,
    };
    name.to_owned()
}

pub(super) const CHROMIUM: &str = "Chromium";
pub(super) const FIREFOX: &str = "Firefox";
const NAMES: [(&str, &str); 4] = [
    ("google-chrome", "Google Chrome"),
    ("microsoft-edge", "Microsoft Edge"),
    ("Brave-Browser", "Brave"),
    ("vivaldi", "Vivaldi"),
];
