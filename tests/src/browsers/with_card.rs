//! Browsers that log in with the card of an agent, by its PKCS#11 module.

use serde_json::json;

use super::{DrivenChromium, Firefox, Kind};
use crate::agent::Agent;
use crate::native_messages::become_theirs;
use crate::person::Person;
use crate::pro_sante_connect::ProSanteConnect;
use crate::waiting::until;

/// A person's own, told of the PKCS#11 module of their agent by `cpxd install`, and of no other.
#[derive(Debug)]
pub enum BrowserWithCard {
    /// Firefox ESR.
    Firefox(Firefox),
    /// Chromium.
    Chromium(DrivenChromium),
}

impl BrowserWithCard {
    /// Starts that of a person ([`person_with_browser`]), which trusts these sites and shows them the card unasked.
    #[must_use]
    pub fn start(person: &Person, kind: Kind, psc: &ProSanteConnect) -> Self {
        let told = person.cpxd(&["install", "--pkcs11"]);
        assert_eq!(told.code, Some(0), "{told:?}");
        match kind {
            Kind::Firefox => {
                Firefox::trust(person, psc.site().authority());
                let choice = json!("Select Automatically");
                Firefox::prefer(person, "security.default_personal_cert", &choice);
                Self::Firefox(Firefox::start(person))
            }
            Kind::Chromium => {
                psc.site().be_trusted_by_chromium_of(person);
                let select = psc
                    .hosts_with_card()
                    .map(|host| json!({ "pattern": host, "filter": {} }).to_string());
                let policy = json!({ "AutoSelectCertificateForUrls": select });
                Self::Chromium(DrivenChromium::start_under(&policy, person, "fr"))
            }
        }
    }

    /// Goes to a page, which shows these words.
    pub fn visit(&mut self, url: &str, words: &str) {
        match self {
            Self::Firefox(firefox) => {
                let visit = firefox.visit(url);
                assert!(visit.shows(words), "{visit:?}");
            }
            Self::Chromium(chromium) => {
                chromium.visit(url);
                chromium.wait_for(&[words]);
            }
        }
    }

    /// Clicks what this CSS selector finds first, and waits until the page shows these words.
    pub fn click(&mut self, selector: &str, words: &str) {
        match self {
            Self::Firefox(firefox) => {
                firefox.click(selector);
                until(words, || firefox.source()?.contains(words).then_some(()));
            }
            Self::Chromium(chromium) => {
                chromium.click(selector);
                chromium.wait_for(&[words]);
            }
        }
    }

    /// Goes to a page that may come or not; what it shows.
    pub fn tries(&mut self, url: &str) -> Option<String> {
        match self {
            Self::Firefox(firefox) => firefox.tries(url).ok(),
            Self::Chromium(chromium) => chromium.tries(url).ok().map(|()| chromium.words()),
        }
    }

    /// Goes to a page that does not come; the browser's own word for the reason.
    pub fn visit_in_vain(&mut self, url: &str) -> String {
        match self {
            Self::Firefox(firefox) => firefox.visit_in_vain(url),
            Self::Chromium(chromium) => chromium.visit_in_vain(url),
        }
    }
}

/// A person whose browser of this kind has been started before, with this agent.
#[must_use]
pub fn person_with_browser(agent: &Agent, kind: Kind) -> Person {
    let person = Person::new();
    become_theirs(agent, &person);
    if kind == Kind::Firefox {
        Firefox::make_profile(&person);
    } else {
        let database = person.home().join(".pki/nssdb");
        std::fs::create_dir_all(database).expect("a folder");
    }
    person
}
