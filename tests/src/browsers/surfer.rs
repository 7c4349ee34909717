//! A person with a browser, the extension, the native host and an agent, at a page of a site.

use serde_json::json;

use super::{Firefox, OpenChromium, packed_for_firefox, tell_of_the_host, unpacked_for_chromium};
use crate::agent::Agent;
use crate::native_host::host_of;
use crate::native_messages::become_theirs;
use crate::person::Person;
use crate::web_site::WebSite;

/// Which browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Chromium.
    Chromium,
    /// Firefox ESR.
    Firefox,
}

/// The person, at the page `main` of `service.example`.
#[derive(Debug)]
pub struct Surfer {
    /// The browser; it ends first.
    pub browser: Browser,
    /// The sites.
    pub site: WebSite,
    /// Who surfs.
    pub person: Person,
}

/// A browser that runs.
#[derive(Debug)]
pub enum Browser {
    /// Chromium.
    Chromium(OpenChromium),
    /// Firefox ESR.
    Firefox(Firefox),
}

/// Whether the person, or a policy, lets pages of the public network reach this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loopback {
    /// Yes.
    Allowed,
    /// No; a Chromium without a screen says so by itself.
    Denied,
}

/// What a person has put in place.
#[derive(Clone, Copy, Debug)]
pub struct InPlace {
    /// The extension.
    pub extension: bool,
    /// The manifest that tells the browser of the native host.
    pub host: bool,
}

impl Surfer {
    /// Somebody who has all that there is, with this agent.
    #[must_use]
    pub fn with(kind: Kind, agent: &Agent) -> Self {
        let all = InPlace {
            extension: true,
            host: true,
        };
        Self::with_these(kind, agent, all)
    }

    /// Somebody who lacks something.
    #[must_use]
    pub fn with_these(kind: Kind, agent: &Agent, in_place: InPlace) -> Self {
        let person = Person::new();
        become_theirs(agent, &person);
        if in_place.host {
            tell_of_the_host(&person, &host_of(agent));
        }
        Self::start(kind, person, in_place.extension)
    }

    /// Somebody at the first page.
    #[must_use]
    pub fn start(kind: Kind, person: Person, has_extension: bool) -> Self {
        let site = WebSite::start();
        let page = site.url("service.example", "main");
        let browser = match kind {
            Kind::Chromium => {
                site.be_trusted_by_chromium_of(&person);
                let extension = has_extension.then(|| unpacked_for_chromium(&person));
                let chromium = OpenChromium::start(&person, extension.as_deref(), &[], &page);
                Browser::Chromium(chromium)
            }
            Kind::Firefox => {
                Firefox::make_profile(&person);
                Firefox::trust(&person, site.authority());
                let mut firefox = Firefox::start(&person);
                if has_extension {
                    firefox.install(&packed_for_firefox());
                }
                let _ = firefox.visit(&page);
                Browser::Firefox(firefox)
            }
        };
        Self {
            browser,
            site,
            person,
        }
    }

    /// Somebody without the extension, who trusts this agent, at a page that the browser takes for one of the
    /// public network.
    #[must_use]
    pub fn on_the_direct_road(kind: Kind, agent: &Agent, loopback: Loopback) -> Self {
        let person = Person::new();
        let site = WebSite::start();
        let page = site.url("service.example", "main");
        let origin = site.origin("service.example");
        let address = origin.replace("https://service.example", "127.0.0.1");
        let browser = match kind {
            Kind::Chromium => {
                site.be_trusted_by_chromium_of(&person);
                person.cpxd_of(agent, &["install", "--trust", "--store", "chromium"]);
                if loopback == Loopback::Allowed {
                    OpenChromium::allow_loopback(&person, &origin);
                }
                let public = format!("--ip-address-space-overrides={address}=public");
                Browser::Chromium(OpenChromium::start(&person, None, &[&public], &page))
            }
            Kind::Firefox => {
                Firefox::make_profile(&person);
                Firefox::trust(&person, site.authority());
                person.cpxd_of(agent, &["install", "--trust", "--store", "firefox"]);
                let public = "network.lna.address_space.public.override";
                Firefox::prefer(&person, public, &json!(address));
                let mut firefox = Firefox::start(&person);
                let _ = firefox.visit(&page);
                firefox.answer_for_loopback(loopback == Loopback::Allowed);
                Browser::Firefox(firefox)
            }
        };
        Self {
            browser,
            site,
            person,
        }
    }

    /// Opens a page of a site in a tab of its own.
    pub fn opens_tab(&self, name: &str, page: &str) {
        let url = self.site.url(name, page);
        let opened = self.site.run("main", &format!("return !!open('{url}')"));
        assert_eq!(opened, true);
    }
}
