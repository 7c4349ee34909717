//! Text that somebody else wrote, made fit to stand in a sentence.

use std::iter;

use crate::{Language, PromptTexts};

/// Marks such as accents that may sit on one letter; more of them climb over the lines around.
const MOST_MARKS: usize = 2;

/// `text` with nothing left in it that could move the cursor, turn the direction of reading, hide
/// or imitate: such characters appear as `[U+202E]`, and spaces in a row as one, so that they
/// cannot push words onto a line of their own. After `longest` characters the text ends in "…" and
/// says how long it was.
#[must_use]
pub fn foreign_text(text: &str, longest: usize, language: Language) -> String {
    let characters = text.chars().count();
    if characters <= longest {
        return shown(text.chars());
    }
    let start = shown(text.chars().take(longest));
    PromptTexts::new(language).cut_text(&start, u64::try_from(characters).unwrap_or(u64::MAX))
}

fn shown(characters: impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    let mut marks = 0;
    for character in characters {
        let appearance = Appearance::of(character);
        marks = if appearance == Appearance::Mark {
            marks + 1
        } else {
            0
        };
        match appearance {
            Appearance::Space if text.ends_with(' ') => {}
            Appearance::Space => text.push(' '),
            Appearance::Visible => text.push(character),
            Appearance::Mark if marks <= MOST_MARKS && !text.is_empty() => text.push(character),
            Appearance::Mark | Appearance::Hidden => text.push_str(&named(character)),
        }
    }
    text
}

fn named(character: char) -> String {
    format!("[U+{:04X}]", u32::from(character))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Appearance {
    Visible,
    Space,
    /// Sits on the character before it.
    Mark,
    /// Control, format (marks of direction, joiners), line separator, private or unassigned.
    Hidden,
}

impl Appearance {
    /// The standard library knows what can be printed, and what only behind another character.
    fn of(character: char) -> Self {
        const SEPARATORS: [char; 2] = ['\u{2028}', '\u{2029}'];
        const QUOTED_BUT_VISIBLE: [char; 3] = ['\'', '"', '\\'];
        if QUOTED_BUT_VISIBLE.contains(&character) {
            Self::Visible
        } else if character.is_control() || SEPARATORS.contains(&character) {
            Self::Hidden
        } else if character.is_whitespace() {
            Self::Space
        } else if is_printed_whole(iter::once(character)) {
            Self::Visible
        } else if is_printed_whole(['a', character].into_iter()) {
            Self::Mark
        } else {
            Self::Hidden
        }
    }
}

fn is_printed_whole(characters: impl Iterator<Item = char>) -> bool {
    let text: String = characters.collect();
    text.escape_debug().eq(text.chars())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MARKS_OF_DIRECTION: [char; 5] =
        ['\u{200e}', '\u{200f}', '\u{202d}', '\u{202e}', '\u{2066}'];

    fn shown_whole(text: &str) -> String {
        foreign_text(text, usize::MAX, Language::English)
    }

    #[test]
    fn ordinary_text_is_unchanged() {
        for text in [
            "Ordonnance du 21/11/2026",
            "l'été à l’hôpital",
            "C:\\a \"b\"",
            "処方箋",
            "e\u{301}te\u{301}",
        ] {
            assert_eq!(shown_whole(text), text);
        }
    }

    #[test]
    fn unusual_spaces_become_plain_ones() {
        assert_eq!(shown_whole("n°\u{a0}12\u{202f}!\u{3000}"), "n° 12 ! ");
    }

    #[test]
    fn spaces_in_a_row_become_one() {
        assert_eq!(shown_whole("a   \u{2003} b"), "a b");
    }

    #[test]
    fn shows_what_could_move_turn_or_hide() {
        for (hostile, safe) in [
            ("a\nb", "a[U+000A]b"),
            ("a\r\u{1b}[2Jb", "a[U+000D][U+001B][2Jb"),
            ("\u{9b}2J", "[U+009B]2J"),
            ("\u{202e}fdp.exe", "[U+202E]fdp.exe"),
            ("a\u{2067}b\u{2069}", "a[U+2067]b[U+2069]"),
            ("a\u{200f}\u{61c}", "a[U+200F][U+061C]"),
            ("pay\u{200b}pal\u{feff}", "pay[U+200B]pal[U+FEFF]"),
            ("a\u{2028}b\u{2029}", "a[U+2028]b[U+2029]"),
            ("a\u{e0041}", "a[U+E0041]"),
            ("a\u{e000}", "a[U+E000]"),
        ] {
            assert_eq!(shown_whole(hostile), safe);
        }
    }

    #[test]
    fn marks_do_not_pile_up_nor_stand_alone() {
        assert_eq!(shown_whole("\u{301}a"), "[U+0301]a");
        assert_eq!(
            shown_whole("a\u{301}\u{302}\u{303}\u{304}b\u{301}"),
            "a\u{301}\u{302}[U+0303][U+0304]b\u{301}"
        );
    }

    #[test]
    fn long_text_is_cut_and_says_how_long_it_was() {
        let text = "é".repeat(10_000);
        assert_eq!(
            foreign_text(&text, 5, Language::French),
            "ééééé… (10000 caractères en tout)"
        );
        assert_eq!(
            foreign_text(&text, 5, Language::English),
            "ééééé… (10000 characters in all)"
        );
        assert_eq!(foreign_text("ééééé", 5, Language::English), "ééééé");
    }

    proptest! {
        #[test]
        fn nothing_invisible_passes(text: String) {
            let shown = shown_whole(&text);
            prop_assert!(shown.chars().all(|c| c == ' ' || !c.is_whitespace() && !c.is_control()));
            prop_assert_eq!(shown.find(MARKS_OF_DIRECTION), None);
        }
    }
}
