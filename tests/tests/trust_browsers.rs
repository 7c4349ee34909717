//! What the browsers make of the agent's certificate: nothing before `cpxd install --trust`, all
//! after it, nothing after `cpxd uninstall`, and never anything for a name that is not this machine's.
#![cfg(target_os = "linux")]

use std::net::{IpAddr, Ipv4Addr};

use cpxd_tests::agent::Agent;
use cpxd_tests::browsers::{Chromium, Firefox, Visit};
use cpxd_tests::person::Person;
use cpxd_tests::stolen_authority::StolenAuthority;
use cpxd_tests::tls_site::{WORDS, serve};

/// What the agent's own page says.
const PAGE: &str = "<title>cpxd API</title>";

fn docs(agent: &Agent) -> String {
    format!("{}/docs", agent.url())
}

/// The page under each name that this machine has.
fn docs_by_every_name(agent: &Agent) -> [String; 3] {
    ["127.0.0.1", "localhost", "[::1]"].map(|name| docs(agent).replace("127.0.0.1", name))
}

/// A site of a thief with the agent's authority, for each of these names; its URL.
struct Thief(StolenAuthority);

impl Thief {
    fn site(&self, address: Ipv4Addr, name: &str, names: &str) -> String {
        let names = format!("subjectAltName={names}");
        let (leaf, key) = self.0.issue(self.0.own(), &names, "30");
        let port = serve(IpAddr::V4(address), (&leaf, &key));
        format!("https://{name}:{port}/")
    }

    /// What the authority may vouch for.
    fn own_sites(&self) -> [String; 2] {
        let home = Ipv4Addr::LOCALHOST;
        [
            self.site(home, "localhost", "DNS:localhost"),
            self.site(home, "127.0.0.1", "IP:127.0.0.1"),
        ]
    }

    /// What it may not.
    fn sites_of_others(&self) -> [String; 4] {
        let home = Ipv4Addr::LOCALHOST;
        [
            self.site(home, "example.com", "DNS:example.com"),
            self.site(home, "localhost.example", "DNS:localhost.example"),
            self.site(Ipv4Addr::new(127, 0, 0, 2), "127.0.0.2", "IP:127.0.0.2"),
            self.site(home, "localhost", "DNS:localhost,DNS:example.com"),
        ]
    }
}

/// The leaf is about to end when the agent starts again, so it presents a new one.
fn renew(agent: &mut Agent, thief: &Thief) {
    agent.stop();
    thief.0.put_a_leaf_about_to_end(agent);
    agent.start_again();
}

fn assert_shown(visit: &Visit, words: &str, url: &str) {
    assert!(visit.shows(words), "{url}: {visit:?}");
}

fn assert_refused(visit: &Visit, reason: &str, url: &str) {
    assert!(visit.is_refused(reason), "{url}: {visit:?}");
}

#[test]
fn chromium_trusts_the_agent_from_install_to_uninstall_and_nobody_else() {
    let mut agent = Agent::demo(&[]);
    let thief = Thief(StolenAuthority::of(&agent));
    let person = Person::new();
    let chromium = Chromium::of(&person);
    let refused = |url: &str, reason| assert_refused(&chromium.visit(url), reason, url);

    person.cpxd_of(&agent, &["install", "--trust", "--store", "chromium"]);
    for url in docs_by_every_name(&agent) {
        assert_shown(&chromium.visit(&url), PAGE, &url);
    }
    for url in thief.own_sites() {
        assert_shown(&chromium.visit(&url), WORDS, &url);
    }
    for url in thief.sites_of_others() {
        refused(&url, "ERR_CERT_INVALID");
    }
    renew(&mut agent, &thief);
    assert_shown(&chromium.visit(&docs(&agent)), PAGE, "the new leaf");

    person.cpxd_of(&agent, &["uninstall"]);
    refused(&docs(&agent), "ERR_CERT_AUTHORITY_INVALID");
    let listed = person.nss_lists();
    assert!(!listed.contains("cpxd"), "{listed}");
}

#[test]
fn chromium_that_has_run_before_trusts_the_agent_from_install_on() {
    let agent = Agent::demo(&[]);
    let person = Person::new();
    let chromium = Chromium::of(&person);
    let before = chromium.visit(&docs(&agent));
    assert_refused(&before, "ERR_CERT_AUTHORITY_INVALID", "before");
    let databases = person.nss_databases();
    assert_eq!(databases.len(), 1, "the browser has made its own");
    person.cpxd_of(&agent, &["install", "--trust", "--store", "chromium"]);
    assert_eq!(person.nss_databases(), databases);
    assert_shown(&chromium.visit(&docs(&agent)), PAGE, "after");
}

#[test]
fn firefox_trusts_the_agent_from_install_to_uninstall_and_nobody_else() {
    let mut agent = Agent::demo(&[]);
    let thief = Thief(StolenAuthority::of(&agent));
    let person = Person::new();
    Firefox::make_profile(&person);

    let before = Firefox::start(&person).visit(&docs(&agent));
    assert_refused(&before, "SEC_ERROR_UNKNOWN_ISSUER", "before");

    person.cpxd_of(&agent, &["install", "--trust", "--store", "firefox"]);
    let mut firefox = Firefox::start(&person);
    for url in docs_by_every_name(&agent) {
        assert_shown(&firefox.visit(&url), PAGE, &url);
    }
    for url in thief.own_sites() {
        assert_shown(&firefox.visit(&url), WORDS, &url);
    }
    for url in thief.sites_of_others() {
        let reason = "SEC_ERROR_CERT_NOT_IN_NAME_SPACE";
        assert_refused(&firefox.visit(&url), reason, &url);
    }
    renew(&mut agent, &thief);
    assert_shown(&firefox.visit(&docs(&agent)), PAGE, "the new leaf");
    drop(firefox);

    person.cpxd_of(&agent, &["uninstall"]);
    let after = Firefox::start(&person).visit(&docs(&agent));
    assert_refused(&after, "SEC_ERROR_UNKNOWN_ISSUER", "after");
    let listed = person.nss_lists();
    assert!(!listed.contains("cpxd"), "{listed}");
}
