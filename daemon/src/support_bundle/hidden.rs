//! What is not told of a person, their computer and the sites that they use.

use std::collections::BTreeSet;
use std::env;
use std::path::Path;

use daemon_wire::{CardBody, CardList};
use platform::workstation::{Account, account, host_name};

use super::short_names::is_everybodys;
use super::sites;

/// Texts that are not told, and what stands for each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hidden(BTreeSet<(String, &'static str)>);

impl Hidden {
    /// The user of this process by all their names, their home folder, and this computer.
    pub(crate) fn of_this_place() -> Self {
        let mut hidden = Self::default();
        if let Some(home) = env::home_dir() {
            hidden.add_home(&home);
        }
        for variable in ["USER", "LOGNAME", "USERNAME"] {
            hidden.add(&env::var(variable).unwrap_or_default(), USER);
        }
        if let Some(account) = account() {
            hidden.add_account(&account);
        }
        for variable in ["HOSTNAME", "COMPUTERNAME"] {
            hidden.add_host(&env::var(variable).unwrap_or_default());
        }
        hidden.add_host(&host_name().unwrap_or_default());
        hidden
    }

    /// The same, with all that these cards say of their holders and themselves.
    pub(crate) fn and_of_cards(mut self, cards: &CardList) -> Self {
        for card in &cards.cards {
            self.add_card(card);
        }
        self
    }

    /// The same, with each site whose address is in one of these texts.
    pub(crate) fn and_of_sites(mut self, texts: &[String]) -> Self {
        for host in texts.iter().flat_map(|text| sites::hosts_in(text)) {
            self.add(&host, SITE);
        }
        self
    }

    /// All of them, the longest first, since it may have another one in it.
    pub(super) fn longest_first(self) -> Vec<(String, &'static str)> {
        let mut texts: Vec<_> = self.0.into_iter().collect();
        texts.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        texts
    }

    pub(super) fn add_home(&mut self, home: &Path) {
        if home.parent().is_none() {
            return;
        }
        if let Some(name) = home.file_name() {
            self.add(&name.to_string_lossy(), USER);
        }
        self.add(&home.to_string_lossy(), HOME);
        if let Ok(real) = home.canonicalize() {
            self.add(&real.to_string_lossy(), HOME);
        }
    }

    /// The full name may be told in parts and in another order; small words of it are everybody's.
    pub(super) fn add_account(&mut self, account: &Account) {
        self.add(&account.name, USER);
        self.add_home(&account.home);
        for described in &account.described {
            self.add(described, USER);
            let words = described.split(|sign: char| !sign.is_alphanumeric());
            for word in words.filter(|word| !is_everybodys(word)) {
                self.add(word, USER);
            }
        }
    }

    pub(super) fn add_host(&mut self, host: &str) {
        let (first, _) = host.split_once('.').unwrap_or((host, ""));
        if first != "localhost" {
            self.add(host, HOST);
            self.add(first, HOST);
        }
    }

    fn add_card(&mut self, card: &CardBody) {
        // Whatever the shape of a card comes to have, each text in what it says of its holder is hidden.
        let told = serde_json::to_value(card).unwrap_or_default();
        let mut texts = Vec::new();
        for member in ["holder", "number", "certificates"] {
            if let Some(value) = told.get(member) {
                collect_texts(value, &mut texts);
            }
        }
        for text in texts {
            if text.chars().count() >= SHORTEST_NAME && !PUBLIC.contains(&text.as_str()) {
                self.add(&text, PERSON);
            }
        }
    }

    fn add(&mut self, text: &str, instead: &'static str) {
        let text = text.trim();
        if !text.is_empty() {
            self.0.insert((text.to_owned(), instead));
        }
    }
}

fn collect_texts(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => texts.push(text.clone()),
        serde_json::Value::Array(values) => {
            for value in values {
                collect_texts(value, texts);
            }
        }
        serde_json::Value::Object(members) => {
            for value in members.values() {
                collect_texts(value, texts);
            }
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

const HOME: &str = "~";
const USER: &str = "(user)";
const HOST: &str = "(computer)";
const PERSON: &str = "(person)";
const SITE: &str = "(site)";
/// Codes of tables are shorter, and are everybody's.
const SHORTEST_NAME: usize = 3;
/// Words of the API itself among those about a card.
const PUBLIC: [&str; 12] = [
    "valid",
    "expired",
    "notYetValid",
    "notChecked",
    "authentication",
    "signature",
    "technical",
    "RPPS",
    "ADELI",
    "RS256",
    "RS384",
    "RS512",
];
