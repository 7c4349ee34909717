//! The ways in which programs write one text: large and small, without accents, as part of an address.

use std::fmt::Write as _;

use regex::{Regex, RegexBuilder};
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

use super::short_names::{is_meant, is_short};

/// A text in whatever spelling.
#[derive(Clone, Debug)]
pub(super) struct Spellings {
    pattern: Regex,
    /// The text itself, where it is so short that it is met in any text.
    short: Option<String>,
}

impl Spellings {
    /// Those of `text`.
    ///
    /// # Errors
    /// When it is too long for that.
    pub(super) fn of(text: &str) -> Result<Self, regex::Error> {
        let mut pattern = String::new();
        for sign in text.chars() {
            add_sign(&mut pattern, sign);
        }
        let built = RegexBuilder::new(&pattern).case_insensitive(true).build();
        Ok(Self {
            pattern: built?,
            short: is_short(text).then(|| text.to_owned()),
        })
    }

    /// Puts `instead` wherever it stands in `text` and is no part of a longer word; a very short one where it stands
    /// for somebody alone.
    pub(super) fn replace(&self, text: &str, instead: &str) -> String {
        let mut replaced = String::with_capacity(text.len());
        let (mut done, mut from) = (0, 0);
        while let Some(found) = self.pattern.find_at(text, from) {
            let (before, after) = (text.get(..found.start()), text.get(found.end()..));
            let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
            if self.is_meant(found.as_str(), before, after) {
                replaced.push_str(text.get(done..found.start()).unwrap_or_default());
                replaced.push_str(instead);
                done = found.end();
                from = done;
            } else {
                let first = found.as_str().chars().next().map_or(1, char::len_utf8);
                from = found.start() + first;
            }
        }
        replaced.push_str(text.get(done..).unwrap_or_default());
        replaced
    }

    fn is_meant(&self, found: &str, before: &str, after: &str) -> bool {
        let is_word = begins_a_word(found, before) && ends_a_word(found, after);
        let is_short_one = |name: &String| is_meant(name, found, before, after);
        is_word && self.short.as_ref().is_none_or(is_short_one)
    }
}

/// A sign as it is, as an address has it (RFC 3986), as a log has it in quotes, or without its accent.
fn add_sign(pattern: &mut String, sign: char) {
    let mut ways = vec![regex::escape(&sign.to_string())];
    if !sign.is_ascii_alphanumeric() {
        ways.push(in_percent(sign));
    }
    match sign {
        ' ' => ways.extend(["[+_.-]".to_owned()]),
        '\\' => ways.extend([r"\\\\".to_owned(), "/".to_owned()]),
        '"' => ways.push(r#"\\""#.to_owned()),
        _ if !sign.is_ascii() => {
            let (mut apart, mut bare) = (String::new(), String::new());
            decompose_canonical(sign, |part| {
                apart.push_str(&regex::escape(&part.to_string()));
                if !is_combining_mark(part) {
                    bare.push_str(&regex::escape(&part.to_string()));
                }
            });
            let in_percent: String = apart.chars().map(either).collect();
            ways.extend([in_percent, apart, bare]);
        }
        _ => {}
    }
    // The longest first: where two fit, a shorter one would leave the rest.
    ways.sort_by_key(|way| std::cmp::Reverse(way.len()));
    ways.retain(|way| !way.is_empty());
    let _ = write!(pattern, "(?:{})", ways.join("|"));
}

fn either(part: char) -> String {
    if part.is_ascii_alphanumeric() {
        part.to_string()
    } else {
        in_percent(part)
    }
}

fn in_percent(sign: char) -> String {
    let mut bytes = [0; 4];
    let bytes = sign.encode_utf8(&mut bytes).bytes();
    // The sign of percent may itself be written so.
    bytes.map(|byte| format!("%(?:25)?{byte:02x}")).collect()
}

fn begins_a_word(found: &str, before: &str) -> bool {
    let is_word = found.starts_with(char::is_alphanumeric);
    !is_word || !before.ends_with(char::is_alphanumeric) || ends_in_percent(before)
}

fn ends_a_word(found: &str, after: &str) -> bool {
    let is_word = found.ends_with(char::is_alphanumeric);
    !is_word || !after.starts_with(char::is_alphanumeric)
}

/// Whether it ends with a sign in percent, whose digits are of no word.
fn ends_in_percent(text: &str) -> bool {
    let mut last = text.chars().rev();
    let are_digits = last.by_ref().take(2).all(|sign| sign.is_ascii_hexdigit());
    are_digits && last.next() == Some('%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_hidden(text: &str, spelled: &str) {
        let spellings = Spellings::of(text).unwrap();
        assert_eq!(spellings.replace(spelled, "…"), "…", "{text}");
        let within = format!("a={spelled}, b");
        assert_eq!(spellings.replace(&within, "…"), "a=…, b", "{text}");
    }

    #[test]
    fn a_name_is_found_in_each_spelling() {
        for spelled in [
            "Hélène Duhamel",
            "HÉLÈNE DUHAMEL",
            "helene duhamel",
            "He\u{301}le\u{300}ne Duhamel",
            "H%C3%A9l%C3%A8ne%20Duhamel",
            "H%c3%a9l%c3%a8ne+Duhamel",
            "He%CC%81le%CC%80ne%20Duhamel",
            "helene.duhamel",
            "helene_duhamel",
            "H%25C3%25A9l%25C3%25A8ne%2520Duhamel",
        ] {
            assert_hidden("Hélène Duhamel", spelled);
        }
    }

    #[test]
    fn a_folder_is_found_in_each_spelling() {
        for spelled in [
            "/home/jean d'été",
            "/Home/Jean D'Été",
            "/home/jean%20d%27%C3%A9t%C3%A9",
            "%2Fhome%2Fjean%20d%27%C3%A9t%C3%A9",
        ] {
            assert_hidden("/home/jean d'été", spelled);
        }
        for spelled in [r"C:\Users\Jeanne", r"C:\\Users\\Jeanne", "c:/users/jeanne"] {
            assert_hidden(r"C:\Users\Jeanne", spelled);
        }
    }

    #[test]
    fn a_word_is_found_between_other_signs_and_not_in_a_longer_word() {
        let jeanne = Spellings::of("jeanne").unwrap();
        let text = "jeannette jeanne-2 x_jeanne %2Fjeanne%2F amjeanne JEANNE";
        let expected = "jeannette …-2 x_… %2F…%2F amjeanne …";
        assert_eq!(jeanne.replace(text, "…"), expected);
    }
}
