//! Where the browsers of macOS look for native messaging hosts, by their makers' own documentation.

use crate::native_messaging::BrowserFamily::{Chromium, Firefox};
use crate::native_messaging::ManifestPlace;
use crate::paths::UserFolders;

pub(crate) fn manifest_places(user: &UserFolders) -> Vec<ManifestPlace> {
    let support = user.home.join("Library/Application Support");
    let place = |(family, browser, folder, of_machine): (_, &str, &str, _)| {
        let sign = support.join(browser);
        ManifestPlace {
            family,
            folder: sign.join(folder),
            of_machine,
            sign,
            programs: &[],
            is_confined: false,
        }
    };
    PLACES.into_iter().map(place).collect()
}

const PLACES: [(crate::native_messaging::BrowserFamily, &str, &str, &[&str]); 4] = [
    (
        Chromium,
        "Chromium",
        "NativeMessagingHosts",
        &["/Library/Application Support/Chromium/NativeMessagingHosts"],
    ),
    (
        Chromium,
        "Google/Chrome",
        "NativeMessagingHosts",
        &["/Library/Google/Chrome/NativeMessagingHosts"],
    ),
    (
        Chromium,
        "Microsoft Edge",
        "NativeMessagingHosts",
        &["/Library/Microsoft/Edge/NativeMessagingHosts"],
    ),
    (
        Firefox,
        "Mozilla",
        "NativeMessagingHosts",
        &["/Library/Application Support/Mozilla/NativeMessagingHosts"],
    ),
];
