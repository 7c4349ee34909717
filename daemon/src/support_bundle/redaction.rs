//! Taking out of a text whatever is about a person.

use std::env;

use daemon_wire::{CardBody, CardList};

/// Words that are not told, and what stands for them.
#[derive(Clone, Debug)]
pub(crate) struct Redaction {
    /// Parts of a text, wherever they stand; the longest first.
    parts: Vec<(String, &'static str)>,
    /// Whole words, whatever their letters' size.
    words: Vec<(String, &'static str)>,
}

impl Redaction {
    /// The user of this process, their home folder, and this computer.
    pub(crate) fn of_this_place() -> Self {
        let mut redaction = Self {
            parts: Vec::new(),
            words: Vec::new(),
        };
        if let Some(home) = env::home_dir().filter(|home| home.parent().is_some()) {
            if let Some(name) = home.file_name() {
                redaction.add_word(&name.to_string_lossy(), USER);
            }
            redaction.add_part(&home.to_string_lossy(), "~");
        }
        for variable in ["USER", "LOGNAME", "USERNAME"] {
            redaction.add_word(&env::var(variable).unwrap_or_default(), USER);
        }
        if let Some(host) = platform::workstation::host_name() {
            redaction.add_word(&host, HOST);
            let (first, _) = host.split_once('.').unwrap_or((&host, ""));
            redaction.add_word(first, HOST);
        }
        redaction
    }

    /// The same, with all that these cards say of their holders and themselves.
    pub(crate) fn and_of(mut self, cards: &CardList) -> Self {
        for card in &cards.cards {
            self.add_card(card);
        }
        self.parts
            .sort_by_key(|(part, _)| std::cmp::Reverse(part.len()));
        self
    }

    /// The text without them, and without what looks like a number or a secret of somebody else's.
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (part, instead) in &self.parts {
            text = text.replace(part.as_str(), instead);
        }
        let text = without_secrets(&text);
        let mut redacted = String::with_capacity(text.len());
        for piece in text.split_inclusive(|sign: char| !is_of_a_word(sign)) {
            let end = piece.trim_end_matches(|sign: char| !is_of_a_word(sign));
            let (word, rest) = piece.split_at(end.len());
            redacted.push_str(self.word(word));
            redacted.push_str(rest);
        }
        redacted
    }

    fn word<'a>(&self, word: &'a str) -> &'a str {
        let lower = word.to_lowercase();
        if let Some((_, instead)) = self.words.iter().find(|(hidden, _)| *hidden == lower) {
            return instead;
        }
        if longest_run(word, |sign| sign.is_ascii_digit()) >= SHORTEST_NUMBER {
            return NUMBER;
        }
        word
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
            let is_of_person = text.len() >= SHORTEST_NAME && !PUBLIC.contains(&text.as_str());
            if is_of_person && text.contains(' ') {
                self.add_part(&text, PERSON);
            } else if is_of_person {
                self.add_word(&text, PERSON);
            }
        }
    }

    fn add_part(&mut self, part: &str, instead: &'static str) {
        if part.len() > 1 {
            self.parts.push((part.to_owned(), instead));
        }
    }

    fn add_word(&mut self, word: &str, instead: &'static str) {
        if word.chars().all(is_of_a_word) && !word.is_empty() {
            self.words.push((word.to_lowercase(), instead));
        } else {
            self.add_part(word, instead);
        }
    }
}

/// The text without what looks like base64 or hexadecimal, whose signs also part the words of paths.
fn without_secrets(text: &str) -> String {
    let is_outside = |sign: char| !(sign.is_ascii_alphanumeric() || "+/=_-".contains(sign));
    let mut kept = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_outside) {
        let run = piece.trim_end_matches(is_outside);
        kept.push_str(if is_secret(run) { SECRET } else { run });
        kept.push_str(piece.strip_prefix(run).unwrap_or_default());
    }
    kept
}

/// A path has a sign between its words and seldom letters of both sizes with digits.
fn is_secret(run: &str) -> bool {
    let has = |is_in: fn(char) -> bool| run.contains(is_in);
    let is_mixed = has(|sign| sign.is_ascii_lowercase()) && has(|sign| sign.is_ascii_uppercase());
    run.len() >= SHORTEST_SECRET
        && has(|sign| sign.is_ascii_digit())
        && (is_mixed || !run.contains('/'))
}

fn is_of_a_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_' || sign == '-'
}

fn longest_run(word: &str, is_in: impl Fn(char) -> bool) -> usize {
    let runs = word.split(|sign| !is_in(sign));
    runs.map(str::len).max().unwrap_or_default()
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

const USER: &str = "(user)";
const HOST: &str = "(computer)";
const PERSON: &str = "(person)";
const NUMBER: &str = "(number)";
const SECRET: &str = "(secret)";
/// Codes of tables are shorter, and are everybody's.
const SHORTEST_NAME: usize = 3;
/// Identifiers of persons and cards have eight digits at least.
const SHORTEST_NUMBER: usize = 8;
/// Tokens have 43 characters, and the ids that are told 16.
const SHORTEST_SECRET: usize = 24;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn redaction() -> Redaction {
        let mut redaction = Redaction {
            parts: Vec::new(),
            words: Vec::new(),
        };
        redaction.add_part("/home/jeanne", "~");
        redaction.add_word("jeanne", USER);
        redaction.add_word("poste-12", HOST);
        redaction
    }

    #[test]
    fn a_home_becomes_a_tilde_and_names_are_hidden_whatever_their_size() {
        let text = "/home/jeanne/.config on POSTE-12 by Jeanne, not jeannette";
        let expected = "~/.config on (computer) by (user), not jeannette";
        assert_eq!(redaction().apply(text), expected);
    }

    #[test]
    fn long_numbers_and_tokens_are_hidden_and_times_and_versions_are_not() {
        let kept = "2026-11-29T00:51:22.023265Z cpxd 0.1.0 port=27900 event=\"agent-ready\"";
        assert_eq!(redaction().apply(kept), kept);
        assert_eq!(redaction().apply("id=899700000017;"), "id=(number);");
        let token = "token xKd93jf02kLs_9f-k2kf93kfj20fkAAAbbb done";
        assert_eq!(redaction().apply(token), "token (secret) done");
        let base64 = "cert=MIIEaDCCA1CgAwIBAgIQdO/BP2mLm3++zra2CsXO== done";
        assert!(!redaction().apply(base64).contains("BP2mLm3"));
        let path = "/usr/lib/x86_64-linux-gnu/opensc/module";
        assert_eq!(redaction().apply(path), path);
    }
}
