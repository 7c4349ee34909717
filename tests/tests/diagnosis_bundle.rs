//! The support bundle: it tells of the workstation, and of no person.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bundle that cannot be made or read fails its test"
)]

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};

use cpxd_tests::agent::Agent;
use cpxd_tests::calls::path_of;
use cpxd_tests::door::request_grant;
use cpxd_tests::judge::bytes;
use cpxd_tests::operations::{authenticate, sign};
use cpxd_tests::pcsc_stack::{PcscService, Reader};
use cpxd_tests::person::Person;
use cpxd_tests::programs::program;
use cpxd_tests::room::shell_in_a_room;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zip::ZipArchive;

/// Name and text of each file in a bundle.
fn contents(bundle: &Path) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(File::open(bundle).unwrap()).unwrap();
    let mut files = Vec::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        files.push((file.name().unwrap().into_owned(), text));
    }
    files
}

/// `cpxd diagnose --zip` of a person, about their agent.
fn diagnose(person: &Person, agent: &Agent, arguments: &[&str]) -> Output {
    let mut command = person.starts(program("cpxd"));
    let command = command
        .args(["diagnose", "--state-dir"])
        .arg(agent.state_dir())
        .args(arguments)
        .env("USER", USER);
    command.output().unwrap()
}

/// All that a card says of its holder and itself, its certificates in each form that they are written in.
fn personal_items(agent: &Agent, card: &Value) -> Vec<String> {
    let holder = &card["holder"];
    let mut items: Vec<String> = [
        &holder["familyName"],
        &holder["givenName"],
        &holder["nationalId"],
        &card["number"],
    ]
    .map(|item| item.as_str().unwrap().to_owned())
    .into();
    for role in ["authentication", "signature"] {
        let path = path_of(card, &format!("/certificates/{role}"));
        let told = agent.read_socket(&path).body;
        let serial = told["serialNumber"].as_str().unwrap();
        let base64 = told["certificate"].as_str().unwrap();
        items.extend([serial.to_owned(), serial.to_lowercase()]);
        items.push(base64[..40].to_owned());
        let der = bytes(&told["certificate"]);
        items.push(hex::encode(&der[..20]));
    }
    items
}

/// As a trace writes what cards answer: each text, and the bytes of what is one in hexadecimal.
fn in_a_trace(items: &[String]) -> Vec<String> {
    let in_pairs = |bytes: &[u8]| {
        let pairs = bytes.iter().map(|byte| format!("{byte:02X}"));
        pairs.collect::<Vec<_>>().join(" ")
    };
    let texts = items.iter().map(|item| in_pairs(item.as_bytes()));
    let bytes = items.iter().filter_map(|item| hex::decode(item).ok());
    texts.chain(bytes.map(|bytes| in_pairs(&bytes))).collect()
}

#[test]
fn a_bundle_of_a_used_workstation_has_no_item_of_the_card_the_user_or_the_computer() {
    let person = Person::new();
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--family-name", "DURAND-VILLARS"]);
    let _other = service.plug(Reader::Second, &["--card", "cps4", "--key-set", "2"]);
    let configuration = "environment = \"test\"\nlog-file = \"cpxd.log\"\nlog-level = \"trace\"\n\
        update-url = \"https://updates.hopital.example/manifest.json\"\nupdate-check = false";
    let holder = "answers = [ { pin = \"1234\" }, { pin = \"0000\" }, { pin = \"1234\" }, { pin = \"1234\" } ]";
    let agent = service.agent(configuration, holder, &[]);
    let cards = cpxd_tests::waiting::until("two cards", || {
        let cards = agent.read_socket("/v1/cards").body["cards"].clone();
        (cards.as_array()?.len() == 2).then_some(cards)
    });
    let cards = cards.as_array().unwrap();
    for card in cards {
        let _ = authenticate(&agent, card);
        let _ = sign(&agent, card);
    }
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let home = person.home().to_str().unwrap();
    let mut items: Vec<String> = cards
        .iter()
        .flat_map(|card| personal_items(&agent, card))
        .collect();
    items.extend([USER, home, host.trim()].map(str::to_owned));
    // The agent's own log has them as bytes of a trace alone; a line of somebody else's may have any of them.
    let log = fs::read_dir(agent.state_dir().join("log")).unwrap().next();
    let log = log.unwrap().unwrap().path();
    let traced = in_a_trace(&items);
    let text = fs::read_to_string(&log).unwrap();
    assert!(traced.iter().any(|item| text.contains(item)), "{text}");
    let mut log = File::options().append(true).open(log).unwrap();
    writeln!(log, "{} in {home}/Documents", items.join(", ")).unwrap();
    items.extend(traced);

    let bundle = person.home().join("support.zip");
    let configuration = service.file(configuration);
    let arguments = [
        "--config",
        configuration.to_str().unwrap(),
        "--zip",
        bundle.to_str().unwrap(),
        "--yes",
    ];
    let output = diagnose(&person, &agent, &arguments);
    let files = contents(&bundle);
    let said = String::from_utf8_lossy(&output.stderr);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, FILES);
    for name in FILES {
        assert!(said.contains(name), "{name} is not announced: {said}");
    }
    let log = &files[2].1;
    assert!(log.contains("the agent is ready"), "{log}");

    items.push("updates.hopital.example".to_owned());
    items.extend(["1234", "DURAND"].map(str::to_owned));
    let zip = String::from_utf8_lossy(&fs::read(&bundle).unwrap()).into_owned();
    for item in &items {
        for (name, text) in files.iter().chain([&("the zip".to_owned(), zip.clone())]) {
            assert!(!has_word(text, item), "{item} is in {name}: {text}");
        }
    }
    let mode = fs::metadata(&bundle).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Somebody whose account has a full name, at a computer whose name has a domain, who lets a site in. The file of
/// accounts is a fake, and the computer's name is this room's alone.
#[test]
fn a_bundle_has_no_name_of_the_user_the_computer_or_a_site_in_whatever_spelling() {
    let person = Person::new();
    let agent = Agent::demo(&[]);
    let _ = request_grant(&agent, "https://cabinet-dupont", &["identify"]);
    let journal = agent.read_socket("/v1/journal").text;
    assert!(journal.contains("cabinet-dupont"), "{journal}");
    let file = |name: &str, text: &str| {
        let path = person.home().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let accounts = "hduhamel:x:0:0:Hélène Duhamel-Noël,Salle Pasteur:/srv/Accueil Nord:/bin/sh\n";
    let accounts = file("accounts", accounts);
    let home = person.home().to_str().unwrap();
    let configuration = format!(
        "log-file = \"{home}/cpxd.log\"\nupdate-url = \"https://majposte/manifest.json\"\nupdate-check = false"
    );
    let configuration = file("cpxd.toml", &configuration);
    let in_address = home.replace('/', "%2F");
    let written = format!(
        "kept: it is /run/pcscd/pcscd.comm, version 5.2.2, at https://127.0.0.1:27900/v1/status\n\
        {}\n{}/x file://{in_address}%2Fx {in_address}\n",
        SPELLED.join("\n"),
        home.to_uppercase(),
    );
    file("cpxd.2026-11-29.log", &written);

    let bundle = person.home().join("support.zip");
    let script = "mount --bind \"$2\" /etc/passwd
        shift_to='hostname poste-7.ch-dupont.example; exec \"$@\"'
        cpxd=$1; shift 2
        exec unshare --uts sh -e -c \"$shift_to\" sh \"$cpxd\" diagnose \"$@\"";
    let cpxd = program("cpxd");
    let arguments = [
        cpxd.to_str().unwrap(),
        &accounts,
        "--config",
        &configuration,
        "--state-dir",
        agent.state_dir().to_str().unwrap(),
        "--zip",
        bundle.to_str().unwrap(),
        "--yes",
    ];
    let output = shell_in_a_room(script, &arguments)
        .env("HOME", home)
        .env("LC_ALL", "en_US.UTF-8")
        .stdin(Stdio::null())
        .output();
    assert!(bundle.exists(), "{output:?}");
    let files = contents(&bundle);
    let log = &files[2].1;
    let kept = written.lines().next().unwrap();
    assert_eq!(log.lines().next(), Some(kept), "{log}");
    assert_eq!(log.lines().count(), written.lines().count(), "{log}");
    let home_name = person.home().file_name().unwrap().to_str().unwrap();
    for (name, text) in &files {
        for part in NAMED.iter().chain([&home_name]) {
            let lower = text.to_lowercase();
            assert!(
                !lower.contains(&part.to_lowercase()),
                "{part} is in {name}: {text}"
            );
        }
    }
}

/// How a log may name them.
const SPELLED: [&str; 13] = [
    "by hduhamel, HDUHAMEL, hduhamel_2 in /home/hduhamel/x and /srv/accueil nord/x",
    "Hélène Duhamel-Noël, DUHAMEL-NOËL Hélène, Mme Duhamel, Noël",
    "Helene Duhamel Noel, helene.duhamel-noel, He\u{301}le\u{300}ne",
    "name=H%C3%A9l%C3%A8ne%20Duhamel-No%C3%ABl&room=Salle+Pasteur&x=%2Fsrv%2FAccueil%20Nord%2Fx",
    "to h.duhamel@ch-dupont.example",
    "on poste-7, POSTE-7, poste-7.ch-dupont.example, poste-7.local at 10.12.0.7",
    "origin=\"https://portail.ch-dupont.example:8443/dossier?patient=martin\"",
    "host=portail.ch-dupont.example:443 refused, Host: CABINET-DUPONT:443",
    "u=https%3A%2F%2Fportail.ch-dupont.example%2Fdossier",
    "{\"origin\":\"https://cabinet-dupont\",\"referer\":\"http://cabinet-dupont/martin\"}",
    "no manifest from majposte, https://majposte/manifest.json",
    "moz-extension://portail-dupont/x wss://portail-dupont",
    "C:\\\\Users\\\\hduhamel\\\\Documents and c:/users/HDUHAMEL",
];
/// No bundle has any of these, not even within a word.
const NAMED: [&str; 18] = [
    "duhamel",
    "hélène",
    "helene",
    "He\u{301}",
    "H%C3%A9",
    "noël",
    "noel",
    "No%C3%AB",
    "pasteur",
    "accueil",
    "poste-7",
    "10.12.0.7",
    "dupont",
    "portail",
    "martin",
    "majposte",
    "dossier",
    "manifest.json",
];

/// Whether an item stands in a text and is no part of a longer word, as digits of a time may be.
fn has_word(text: &str, item: &str) -> bool {
    let (text, item) = (text.to_lowercase(), item.to_lowercase());
    let is_end = |sign: Option<char>| sign.is_none_or(|sign| !sign.is_alphanumeric());
    text.match_indices(&item).any(|(place, _)| {
        let before = text[..place].chars().next_back();
        is_end(before) && is_end(text[place + item.len()..].chars().next())
    })
}

#[test]
fn a_bundle_tells_readers_answers_to_reset_and_the_head_of_the_journal() {
    let person = Person::new();
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let agent = service.agent("environment = \"test\"", "pin = \"1234\"", &[]);
    let _ = authenticate(&agent, &agent.card());
    let bundle = person.home().join("support.zip");
    let mut command = person.starts(program("cpxd"));
    let output = command
        .args([
            "diagnose",
            "--zip",
            bundle.to_str().unwrap(),
            "--yes",
            "--state-dir",
        ])
        .arg(agent.state_dir())
        .envs(service.client_environment())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let files = contents(&bundle);
    let text = |name: &str| &files.iter().find(|file| file.0 == name).unwrap().1;
    let readers = text("readers.json");
    assert!(readers.contains("VirtualPCD 00 00"), "{readers}");
    assert!(readers.contains("3B AC 00 40 2A 00 12 25"), "{readers}");
    let journal: Value = serde_json::from_str(text("journal.json")).unwrap();
    assert_eq!(journal["isWhole"], true);
    assert_eq!(journal["lastHash"].as_str().unwrap().len(), 64);
    assert_eq!(journal["entries"], 3, "start, intent, outcome");
    let checks: Value = serde_json::from_str(text("checks.json")).unwrap();
    assert!(checks["checks"].as_array().unwrap().len() > 20);
    let made = checks["made"].as_str().unwrap();
    assert!(OffsetDateTime::parse(made, &Rfc3339).is_ok(), "{made}");
}

#[test]
fn nothing_is_saved_without_a_yes_or_over_another_file() {
    let person = Person::new();
    let agent = Agent::demo(&[]);
    let bundle = person.home().join("support.zip");
    let file = bundle.to_str().unwrap();
    let refused = diagnose(&person, &agent, &["--zip", file]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(!bundle.exists());

    let at_terminal = |answer: &str| {
        let cpxd = program("cpxd");
        let state = agent.state_dir().display();
        let words = format!(
            "{} diagnose --zip {file} --state-dir {state}",
            cpxd.display()
        );
        let mut script = person.starts("script");
        let started = script
            .args(["--quiet", "--return", "--command", &words, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut started = started.unwrap();
        started
            .stdin
            .take()
            .unwrap()
            .write_all(answer.as_bytes())
            .unwrap();
        let output = started.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let said = at_terminal("n\n");
    assert!(said.contains("Nothing was saved"), "{said}");
    assert!(!bundle.exists());
    let said = at_terminal("y\n");
    assert!(said.contains("Saved"), "{said}");
    let saved = fs::read(&bundle).unwrap();

    let again = diagnose(&person, &agent, &["--zip", file, "--yes"]);
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(said.contains("Name another file after --zip"), "{said}");
    assert_eq!(fs::read(&bundle).unwrap(), saved);
}

const USER: &str = "jeanne-de-l-accueil";
const FILES: [&str; 6] = [
    "versions.txt",
    "checks.json",
    "log.txt",
    "journal.json",
    "readers.json",
    "configuration.json",
];
