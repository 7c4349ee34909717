//! Where the browsers of Linux look for native messaging hosts.
//!
//! Seen at work with Chromium 156 and Firefox ESR 153 of Debian 12; the others are by their makers' own
//! documentation.

use crate::native_messaging::BrowserFamily::{Chromium, Firefox};
use crate::native_messaging::ManifestPlace;
use crate::paths::UserFolders;

pub(crate) fn manifest_places(user: &UserFolders) -> Vec<ManifestPlace> {
    let chromium = |(folder, of_machine, programs)| {
        let sign = user.config.join(folder);
        ManifestPlace {
            family: Chromium,
            folder: sign.join("NativeMessagingHosts"),
            of_machine,
            sign,
            programs,
            is_confined: false,
        }
    };
    let confined = |(family, home, folder): (_, &str, &str)| {
        let sign = user.home.join(home);
        ManifestPlace {
            family,
            folder: sign.join(folder),
            of_machine: &[],
            sign,
            programs: &[],
            is_confined: true,
        }
    };
    let mut places: Vec<ManifestPlace> = CHROMIUM.into_iter().map(chromium).collect();
    places.push(ManifestPlace {
        family: Firefox,
        folder: user.home.join(".mozilla/native-messaging-hosts"),
        of_machine: &OF_MACHINE_FOR_FIREFOX,
        sign: user.home.join(".mozilla"),
        programs: &["firefox", "firefox-esr"],
        is_confined: false,
    });
    places.extend(CONFINED.into_iter().map(confined));
    places
}

const CHROMIUM: [(&str, &[&str], &[&str]); 5] = [
    (
        "chromium",
        &["/etc/chromium/native-messaging-hosts"],
        &["chromium", "chromium-browser"],
    ),
    (
        "google-chrome",
        &["/etc/opt/chrome/native-messaging-hosts"],
        &["google-chrome", "google-chrome-stable"],
    ),
    (
        "microsoft-edge",
        &["/etc/opt/edge/native-messaging-hosts"],
        &["microsoft-edge"],
    ),
    ("BraveSoftware/Brave-Browser", &[], &["brave-browser"]),
    ("vivaldi", &[], &["vivaldi"]),
];
const OF_MACHINE_FOR_FIREFOX: [&str; 2] = [
    "/usr/lib/mozilla/native-messaging-hosts",
    "/usr/lib64/mozilla/native-messaging-hosts",
];
const CONFINED: [(crate::native_messaging::BrowserFamily, &str, &str); 4] = [
    (
        Chromium,
        "snap/chromium",
        "common/chromium/NativeMessagingHosts",
    ),
    (
        Chromium,
        ".var/app/org.chromium.Chromium",
        "config/chromium/NativeMessagingHosts",
    ),
    (
        Firefox,
        "snap/firefox",
        "common/.mozilla/native-messaging-hosts",
    ),
    (
        Firefox,
        ".var/app/org.mozilla.firefox",
        ".mozilla/native-messaging-hosts",
    ),
];
