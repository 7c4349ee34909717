//! Names of one or two letters, which are also found in what is about nobody: they are hidden where they stand for
//! somebody or a computer, and the text around them stays readable.

/// Whether a name is so short that it is looked for with care.
pub(super) fn is_short(name: &str) -> bool {
    name.chars().count() < SHORTEST_LONG_NAME && name.chars().all(char::is_alphanumeric)
}

/// Whether such a name, found between two texts, stands for whoever has it: as a part of a path or an address, as a
/// whole value, or as a word of its own that is written like the name and is no word of everybody's.
pub(super) fn is_meant(name: &str, found: &str, before: &str, after: &str) -> bool {
    let is_part_of_path = ends_in_a_path(before) && !begins_with(after, is_of_a_name);
    let is_of_address = before.ends_with('@') || after.starts_with('@');
    let is_value = is_whole_value(before, after);
    let is_alone = !ends_with(before, joins) && !begins_with(after, joins) && !is_drive(after);
    is_part_of_path
        || is_of_address
        || is_value
        || (found == name && is_alone && !is_everybodys(name))
}

/// Whether a word is one of any sentence, or of this product's own.
pub(super) fn is_everybodys(word: &str) -> bool {
    let word = word.to_lowercase();
    is_short(&word) && word.chars().all(char::is_numeric)
        || WORDS_OF_EVERYBODY.contains(&word.as_str())
}

/// Whether a text ends with a path up to a sign between its parts. One sign between two words alone, as in PC/SC, is
/// no path.
fn ends_in_a_path(text: &str) -> bool {
    let begin = text.rfind(|sign: char| sign.is_whitespace() || QUOTES.contains(sign));
    let path = begin.map_or(text, |begin| text.get(begin..).unwrap_or_default());
    let path = path.trim_start_matches(|sign: char| sign.is_whitespace() || QUOTES.contains(sign));
    let path = path.to_lowercase().replace("%2f", "/").replace("%5c", "/");
    let path = path.replace('\\', "/");
    path.strip_suffix('/')
        .is_some_and(|others| others.is_empty() || others.contains(['/', ':', '~', ')']))
}

fn is_whole_value(before: &str, after: &str) -> bool {
    let begins = before.is_empty() || before.ends_with(['=', '"', '\'']);
    let ends = after.is_empty() || after.starts_with(['"', '\'', ',', ';', ' ', '\n']);
    // A sentence begins and ends with words, too.
    let is_sentence =
        before.is_empty() && !after.is_empty() || after.starts_with(' ') && !before.ends_with('=');
    begins && ends && !is_sentence
}

/// A letter before the folders of a disk.
fn is_drive(after: &str) -> bool {
    after.starts_with(":\\") || after.starts_with(":/")
}

fn ends_with(text: &str, is_it: fn(char) -> bool) -> bool {
    text.chars().next_back().is_some_and(is_it)
}

fn begins_with(text: &str, is_it: fn(char) -> bool) -> bool {
    text.chars().next().is_some_and(is_it)
}

/// Signs that make one word of two.
fn joins(sign: char) -> bool {
    sign.is_alphanumeric() || "/\\-_'’%+&#".contains(sign)
}

fn is_of_a_name(sign: char) -> bool {
    sign.is_alphanumeric() || "-_".contains(sign)
}

const SHORTEST_LONG_NAME: usize = 3;
const QUOTES: &str = "\"'=,;([<";
/// Of one or two letters, French and English.
const WORDS_OF_EVERYBODY: [&str; 67] = [
    "a", "à", "y", "o", "i", "x", "au", "ce", "ci", "de", "du", "en", "et", "il", "je", "la", "le",
    "ma", "me", "ne", "ni", "on", "or", "ou", "où", "sa", "se", "si", "ta", "te", "tu", "un", "va",
    "am", "an", "as", "at", "be", "by", "do", "go", "he", "if", "in", "is", "it", "my", "no", "of",
    "ok", "so", "to", "up", "us", "we", "ca", "fr", "id", "ip", "js", "ms", "os", "pc", "sc", "tc",
    "kb", "mb",
];

#[cfg(test)]
mod tests {
    use crate::support_bundle::spellings::Spellings;

    #[track_caller]
    fn assert_told(name: &str, cases: &[(&str, &str)]) {
        let spellings = Spellings::of(name).unwrap();
        for (text, expected) in cases {
            assert_eq!(spellings.replace(text, "…"), *expected, "{name}");
        }
    }

    #[test]
    fn a_short_name_is_hidden_in_paths_addresses_and_values_whatever_its_size() {
        assert_told(
            "al",
            &[
                ("/home/al/.config/cpxd", "/home/…/.config/cpxd"),
                ("in /home/al.", "in /home/…."),
                (r"C:\Users\AL\AppData", r"C:\Users\…\AppData"),
                (r"C:\\Users\\Al", r"C:\\Users\\…"),
                ("%2Fhome%2Fal%2Fx", "%2Fhome%2F…%2Fx"),
                ("file=/home/al", "file=/home/…"),
                ("AL@host and ssh host@al", "…@host and ssh host@…"),
                ("user=AL host=\"Al\"", "user=… host=\"…\""),
                ("al", "…"),
            ],
        );
    }

    #[test]
    fn a_short_name_is_hidden_as_a_word_of_its_own_and_not_within_another() {
        assert_told(
            "al",
            &[
                ("started by al on a reader", "started by … on a reader"),
                ("(al), al: al.", "(…), …: …."),
                (
                    "also al-Qalam, et al/x, normal, AL",
                    "also al-Qalam, et al/x, normal, AL",
                ),
                (
                    "/home/al-2 /home/alice /home/balal",
                    "/home/al-2 /home/alice /home/balal",
                ),
            ],
        );
    }

    #[test]
    fn words_of_everybody_stay_and_are_hidden_where_somebody_has_them_for_a_name() {
        assert_told(
            "pc",
            &[
                (
                    "PC/SC on this pc: the pc/sc daemon",
                    "PC/SC on this pc: the pc/sc daemon",
                ),
                ("host=pc", "host=…"),
                ("//pc/share", "//…/share"),
            ],
        );
        assert_told("sc", &[("PC/SC does not answer", "PC/SC does not answer")]);
        assert_told(
            "a",
            &[
                ("A card in a reader", "A card in a reader"),
                ("/home/a/x is a folder", "/home/…/x is a folder"),
            ],
        );
        assert_told("c", &[(r"C:\Users\c\x", r"C:\Users\…\x")]);
        assert_told("C", &[(r"C:\Users\c\x", r"C:\Users\…\x")]);
        assert_told(
            "7",
            &[("7 readers, 3/7", "7 readers, 3/7"), ("/home/7", "/home/…")],
        );
    }
}
