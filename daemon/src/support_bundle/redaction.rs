//! Taking out of a text whatever is about a person.

use serde_json::Value;

use super::hidden::Hidden;
use super::sites;
use super::spellings::Spellings;

/// What is not told, and what stands for it.
#[derive(Clone, Debug)]
pub(crate) struct Redaction {
    /// In the order in which they are looked for.
    hidden: Vec<(Spellings, &'static str, Subject)>,
}

/// What a text that is not told is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Folder,
    Name,
}

impl Redaction {
    /// Takes these texts out, and with them what looks like one of somebody else's.
    ///
    /// # Errors
    /// When one of them is too long to be looked for.
    pub(crate) fn of(hidden: Hidden) -> anyhow::Result<Self> {
        let hidden = hidden.longest_first().into_iter();
        let hidden = hidden.map(|(text, instead)| {
            let is_folder = text.contains(['/', '\\']);
            let subject = if is_folder {
                Subject::Folder
            } else {
                Subject::Name
            };
            Ok((Spellings::of(&text)?, instead, subject))
        });
        let hidden = hidden.collect::<anyhow::Result<_>>()?;
        Ok(Self { hidden })
    }

    /// The text without them, and without what looks like a number, an address or a secret of somebody else's.
    pub(crate) fn apply(&self, text: &str) -> String {
        // A name that was taken out of an address before would leave the rest of it. Folders may look like hosts.
        let text = self.without(Subject::Folder, sites::without_addresses(text));
        let text = self.without(Subject::Name, sites::without_hosts(&text));
        let text = without_secrets(&text);
        let mut redacted = String::with_capacity(text.len());
        for piece in text.split_inclusive(|sign: char| !is_of_a_word(sign)) {
            let end = piece.trim_end_matches(|sign: char| !is_of_a_word(sign));
            let (word, rest) = piece.split_at(end.len());
            redacted.push_str(without_number(word));
            redacted.push_str(rest);
        }
        redacted
    }

    fn without(&self, subject: Subject, mut text: String) -> String {
        let hidden = self.hidden.iter().filter(|hidden| hidden.2 == subject);
        for (spellings, instead, _) in hidden {
            text = spellings.replace(&text, instead);
        }
        text
    }

    /// The same in each text of a value, as JSON.
    ///
    /// # Errors
    /// When it has no form as JSON.
    pub(crate) fn as_json(&self, value: impl serde::Serialize) -> serde_json::Result<String> {
        let mut value = serde_json::to_value(value)?;
        self.apply_within(&mut value);
        serde_json::to_string_pretty(&value)
    }

    fn apply_within(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.apply(text),
            Value::Array(values) => values.iter_mut().for_each(|it| self.apply_within(it)),
            Value::Object(members) => members.values_mut().for_each(|it| self.apply_within(it)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn without_number(word: &str) -> &str {
    let is_number = longest_run(word, |sign| sign.is_ascii_digit()) >= SHORTEST_NUMBER;
    if is_number { NUMBER } else { word }
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

const NUMBER: &str = "(number)";
const SECRET: &str = "(secret)";
/// Identifiers of persons and cards have eight digits at least.
const SHORTEST_NUMBER: usize = 8;
/// Tokens have 43 characters, and the ids that are told 16.
const SHORTEST_SECRET: usize = 24;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use platform::workstation::Account;

    use super::*;

    fn redaction() -> Redaction {
        let mut hidden = Hidden::default();
        hidden.add_home(Path::new("/home/jeanne"));
        hidden.add_host("poste-12.ch-dupont.fr");
        hidden.add_account(&Account {
            name: "jlefevre".into(),
            described: vec!["Jeanne Lefèvre".into(), "Salle de soins".into()],
            home: "/home/jeanne".into(),
        });
        Redaction::of(hidden).unwrap()
    }

    #[test]
    fn a_home_becomes_a_tilde_and_names_are_hidden_whatever_their_size() {
        let text = "/home/jeanne/.config on POSTE-12 by Jeanne, not jeannette";
        let expected = "~/.config on (computer) by (user), not jeannette";
        assert_eq!(redaction().apply(text), expected);
    }

    #[test]
    fn an_account_is_hidden_by_each_of_its_names_and_a_computer_by_its_short_one() {
        let text = "jlefevre, LEFEVRE Jeanne, Jeanne%20Lef%C3%A8vre, soins de Paris";
        let expected = "(user), (user) (user), (user), (user) de Paris";
        assert_eq!(redaction().apply(text), expected);
        let text = "POSTE-12 poste-12.ch-dupont.fr poste-12.local poste-123";
        let expected = "(computer) (site) (site) poste-123";
        assert_eq!(redaction().apply(text), expected);
        let text = "%2FHome%2FJeanne%2FDocuments file:///home/JEANNE/x";
        assert_eq!(redaction().apply(text), "~%2FDocuments file://~/x");
    }

    #[test]
    fn names_of_two_letters_are_hidden_and_sentences_stay() {
        let mut hidden = Hidden::default();
        hidden.add_host("pc");
        hidden.add_account(&Account {
            name: "al".into(),
            described: vec!["Hélène Ng de Paris, bureau 421".into()],
            home: "/srv/people/al".into(),
        });
        let redaction = Redaction::of(hidden).unwrap();
        let text = "PC/SC of al: /srv/people/al/x, /home/al/y, user=al host=pc, Ng of the normal pc, 421 of 12";
        let expected = "PC/SC of (user): ~/x, /home/(user)/y, user=(user) host=(computer), (user) of the normal pc, (user) of 12";
        assert_eq!(redaction.apply(text), expected);
        let value = serde_json::json!({ "host": "pc", "file": "/home/AL/.config" });
        let told: Value = serde_json::from_str(&redaction.as_json(value).unwrap()).unwrap();
        let expected = serde_json::json!({ "host": "(computer)", "file": "/home/(user)/.config" });
        assert_eq!(told, expected);
    }

    #[test]
    fn texts_of_a_value_are_redacted_and_its_members_keep_their_names() {
        let value = serde_json::json!({ "jeanne": ["\"/home/jeanne\"", 1, null] });
        let told: Value = serde_json::from_str(&redaction().as_json(value).unwrap()).unwrap();
        assert_eq!(told, serde_json::json!({ "jeanne": ["\"~\"", 1, null] }));
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
