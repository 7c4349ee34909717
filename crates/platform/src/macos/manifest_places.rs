//! Where the browsers of macOS look for native messaging hosts, by their makers' own documentation.

use crate::native_messaging::BrowserFamily::{Chromium, Firefox};
use crate::native_messaging::ManifestPlace;
use crate::paths::UserFolders;

pub(crate) fn manifest_places(user: &UserFolders) -> Vec<ManifestPlace> {
    let support = user.home.join("Library/Application Support");
    let place = |(family, browser, folder): (_, &str, &str)| {
        let sign = support.join(browser);
        ManifestPlace {
            family,
            folder: sign.join(folder),
            sign,
            programs: &[],
            is_confined: false,
        }
    };
    PLACES.into_iter().map(place).collect()
}

const PLACES: [(crate::native_messaging::BrowserFamily, &str, &str); 4] = [
    (Chromium, "Chromium", "NativeMessagingHosts"),
    (Chromium, "Google/Chrome", "NativeMessagingHosts"),
    (Chromium, "Microsoft Edge", "NativeMessagingHosts"),
    (Firefox, "Mozilla", "NativeMessagingHosts"),
];
