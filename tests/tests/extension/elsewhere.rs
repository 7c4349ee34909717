//! Pages at addresses that are no site's over HTTPS: each gets nothing, and so does a site in its frame.

use cpxd_tests::agent::Agent;
use cpxd_tests::browsers::{
    Firefox, Kind, OpenChromium, packed_for_firefox, tell_of_the_host, unpacked_for_chromium,
};
use cpxd_tests::native_host::host_of;
use cpxd_tests::native_messages::become_theirs;
use cpxd_tests::other_addresses::{in_a_file, in_an_extension, over_http};
use cpxd_tests::person::Person;
use cpxd_tests::web_site::WebSite;
use serde_json::{Value, json};

use crate::both::in_both_browsers;

in_both_browsers! {
    a_page_over_http_gets_nothing
    a_page_in_a_file_gets_nothing
    a_page_of_another_extension_gets_nothing
}

/// The id of the other extension in Chromium, which follows from the key in its manifest.
const OTHER_OF_CHROMIUM: &str = "aifbilhbgbholalegmafdpdhggagjgej";
/// The address of the other extension in this Firefox, which would choose one by chance.
const OTHER_OF_FIREFOX: &str = "11111111-2222-4333-8444-666666666666";

/// A browser with the extension and, beside it, another one.
enum Running {
    Chromium(#[expect(dead_code, reason = "it ends with this")] OpenChromium),
    Firefox(Firefox),
}

fn person_of(agent: &Agent) -> (Person, WebSite) {
    let person = Person::new();
    become_theirs(agent, &person);
    tell_of_the_host(&person, &host_of(agent));
    (person, WebSite::start())
}

fn start(kind: Kind, person: &Person, site: &WebSite, name: &str, url: &str) -> Running {
    let other = person.home().join("other");
    match kind {
        Kind::Chromium => {
            site.be_trusted_by_chromium_of(person);
            let own = unpacked_for_chromium(person);
            let id = "aoghbgjkojfehjkkpompkbamadonpmmn";
            in_an_extension(site, &other, id, name);
            let load = format!("--load-extension={},{}", own.display(), other.display());
            Running::Chromium(OpenChromium::start(person, None, &[&load], url))
        }
        Kind::Firefox => {
            Firefox::make_profile(person);
            Firefox::trust(person, site.authority());
            let uuids = json!({ "another@example": OTHER_OF_FIREFOX }).to_string();
            Firefox::prefer(person, "extensions.webextensions.uuids", &json!(uuids));
            in_an_extension(site, &other, "extension@cpxd", name);
            let mut firefox = Firefox::start(person);
            firefox.install(&packed_for_firefox());
            firefox.install(&other);
            let _ = firefox.visit(url);
            Running::Firefox(firefox)
        }
    }
}

/// The page finds no extension; the site in its frame finds it, and is refused for who is around it.
fn gets_nothing(site: &WebSite, name: &str) {
    assert_eq!(site.outcome(name), json!({ "isThere": false }));
    let ask = "return await new sdk.Cpx({ road: 'extension' }).status().then(() => 'there', (error) => error.code)";
    let framed: Value = site.run(&format!("{name}-frame"), ask);
    assert_eq!(framed, "page-refused");
}

fn a_page_over_http_gets_nothing(kind: Kind) {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let (person, site) = person_of(&agent);
    let url = over_http(&site, "http");
    let _browser = start(kind, &person, &site, "unused", &url);
    gets_nothing(&site, "http");
}

fn a_page_in_a_file_gets_nothing(kind: Kind) {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let (person, site) = person_of(&agent);
    let url = in_a_file(&site, person.home(), "file");
    let _browser = start(kind, &person, &site, "unused", &url);
    gets_nothing(&site, "file");
}

fn a_page_of_another_extension_gets_nothing(kind: Kind) {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let (person, site) = person_of(&agent);
    let url = site.url("service.example", "main");
    let mut browser = start(kind, &person, &site, "other", &url);
    let own = site.run("main", "return (await cpx.status()).road");
    assert_eq!(own, "extension", "the extension is there");
    match &mut browser {
        Running::Chromium(_) => {
            let url = format!("chrome-extension://{OTHER_OF_CHROMIUM}/elsewhere.html");
            site.does("main", &format!("open('{url}')"));
        }
        Running::Firefox(firefox) => {
            firefox.open_inner_page(&format!(
                "moz-extension://{OTHER_OF_FIREFOX}/elsewhere.html"
            ));
        }
    }
    let nothing = json!({ "isThere": false, "extension": "refused", "host": "refused" });
    assert_eq!(site.outcome("other"), nothing);
}
