//! Addresses of sites, computers and persons in a text: whatever is none of this computer's own.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The hosts of all addresses with a scheme in a text, without ports, and without this computer's own.
pub(super) fn hosts_in(text: &str) -> Vec<String> {
    let found = patterns()
        .into_iter()
        .flat_map(|it| it.url.captures_iter(text));
    let hosts = found.filter_map(|found| Some(found.name("host")?.as_str().to_lowercase()));
    hosts.filter(|host| !is_own(host)).collect()
}

/// The text without addresses of mail, and without those that have a scheme, with all that follows.
pub(super) fn without_addresses(text: &str) -> String {
    let Some(patterns) = patterns() else {
        return String::new();
    };
    let url = |found: &Captures<'_>| {
        let part = |name: &str| found.name(name).map_or("", |it| it.as_str());
        match (part("scheme").to_lowercase().as_str(), part("host")) {
            ("file", _) => part("all").to_owned(),
            (_, host) if is_own(host) => part("all").to_owned(),
            (scheme, _) => format!("{scheme}://{SITE}"),
        }
    };
    let text = patterns.url.replace_all(text, url);
    patterns.mail.replace_all(&text, ADDRESS).into_owned()
}

/// The text without names and numbers of sites and computers.
pub(super) fn without_hosts(text: &str) -> String {
    let Some(patterns) = patterns() else {
        return String::new();
    };
    let name = |found: &Captures<'_>| {
        let part = |name: &str| found.name(name).map_or("", |it| it.as_str());
        let (all, ending) = (part("all"), part("ending").to_lowercase());
        let is_library = ending == "so" && (part("before") == "/" || all.starts_with("lib"));
        let kept = is_library || FILES.contains(&ending.as_str()) || !part("after").is_empty();
        let shown = if kept { all } else { SITE };
        format!("{}{shown}{}", part("before"), part("after"))
    };
    let text = patterns.name.replace_all(text, name);
    let number = |found: &Captures<'_>| {
        let all = found.get(0).map_or("", |it| it.as_str());
        let shown = if is_own(all) { all } else { ADDRESS };
        shown.to_owned()
    };
    patterns.number.replace_all(&text, number).into_owned()
}

struct Patterns {
    url: Regex,
    mail: Regex,
    name: Regex,
    number: Regex,
}

/// `None` where they are wrong, which a test excludes: nothing of a text is told then.
fn patterns() -> Option<&'static Patterns> {
    static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
        Some(Patterns {
            url: Regex::new(URL).ok()?,
            mail: Regex::new(MAIL).ok()?,
            name: Regex::new(NAME).ok()?,
            number: Regex::new(NUMBER).ok()?,
        })
    });
    PATTERNS.as_ref()
}

/// This computer, as its own programs call it.
fn is_own(host: &str) -> bool {
    let host = host.to_lowercase();
    host.is_empty() || host == "localhost" || host.starts_with("127.") || OWN.contains(&&*host)
}

const URL: &str = r#"(?i)(?P<all>(?P<scheme>[a-z][a-z0-9+.-]*)(?:://|%3A%2F%2F)(?:[^\s"'<>\\/@]*@)?(?P<host>\[[0-9a-f:.]*\]|[^\s"'<>\\/:?#%,;)(]*)[^\s"'<>\\]*)"#;
const MAIL: &str = r"[\p{L}\p{N}._%+-]+(?:@|%40)[\p{L}\p{N}.-]+";
/// A name of the DNS: labels, and a last one of letters alone or in punycode.
const NAME: &str = r"(?P<before>/?)(?P<all>(?:[\p{L}\p{N}_][\p{L}\p{N}_-]*\.)+(?P<ending>(?i:xn--[a-z0-9-]+)|\p{L}{2,}))(?P<after>[\p{N}_]?)";
const NUMBER: &str = r"\b\d{1,3}(?:\.\d{1,3}){3}\b";
const OWN: [&str; 3] = ["[::1]", "0.0.0.0", "[::]"];
const SITE: &str = "(site)";
const ADDRESS: &str = "(address)";
/// Endings of files, none of which ends the name of a site.
const FILES: [&str; 22] = [
    "cer", "cfg", "comm", "conf", "db", "der", "desktop", "dll", "dylib", "exe", "ini", "json",
    "jsonl", "lock", "log", "pem", "service", "sock", "socket", "tmp", "toml", "txt",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_computers_and_mail_are_taken_out() {
        for (text, expected) in [
            (
                "see https://portail.ch-dupont.fr/p/12?q=3 now",
                "see https://(site) now",
            ),
            (
                "origin=\"https://intranet:8443\"",
                "origin=\"https://(site)\"",
            ),
            ("u=https%3A%2F%2Fintranet%2Fx", "u=https://(site)"),
            ("wss://[2001:db8::1]:9/x", "wss://(site)"),
            ("Host: portail.ch-dupont.fr:443", "Host: (site):443"),
            ("hôpital.example xn--hpital-xxa.xn--p1ai", "(site) (site)"),
            (
                "by poste-12.local at 10.1.2.3:80",
                "by (site) at (address):80",
            ),
            ("to Jean.Dupont@ch-dupont.fr", "to (address)"),
        ] {
            assert_eq!(without_hosts(&without_addresses(text)), expected);
        }
    }

    #[test]
    fn files_versions_times_and_this_computer_are_not() {
        for text in [
            "2026-11-29T00:51:22.023265Z cpxd 0.1.0 port=27900 event=\"agent-ready\"",
            "https://127.0.0.1:27900/v1/status http://localhost:1/ https://[::1]:2/x 0.0.0.0",
            "~/.config/cpxd/cpxd.toml cpxd.log endpoint.json /run/pcscd/pcscd.comm",
            "/usr/lib/opensc-pkcs11.so libpcsclite.so.1 cpxd.service",
            "file:///usr/share/x daemon_api::door took=22.5ms 5.2.2-1",
        ] {
            assert_eq!(without_hosts(&without_addresses(text)), text);
        }
    }

    #[test]
    fn the_hosts_of_addresses_are_found() {
        let text = r#"{"origin":"https://Intranet","url":"https://a.example:8/x","own":"http://127.0.0.1:1"}"#;
        assert_eq!(hosts_in(text), ["intranet", "a.example"]);
    }
}
