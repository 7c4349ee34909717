//! Which of the two languages a person reads.

/// A language that every sentence exists in.
///
/// French is the default wherever nothing asks for English: the cards, their
/// holders and the people who support them are French.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// French of France.
    #[default]
    French,
    /// English.
    English,
}

impl Language {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    /// Its tag, for `Content-Language` and `lang` (RFC 5646).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// The language that an `Accept-Language` header likes best (RFC 9110, 12.5.4).
    ///
    /// The higher quality value wins, the earlier place where two are equal.
    /// What does not parse is passed over, and a header that accepts neither
    /// language gets French: a refusal would help nobody.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Self {
        let ranges = accepted_ranges(header);
        let french = liking(Self::French, &ranges);
        let english = liking(Self::English, &ranges);
        if english > french {
            Self::English
        } else {
            Self::French
        }
    }

    /// The language of a POSIX locale name, such as `fr_FR.UTF-8`: the value of the first of
    /// `LC_ALL`, `LC_MESSAGES` and `LANG` that is set and not empty.
    ///
    /// `None`, `C`, `POSIX` and every language but English give French.
    #[must_use]
    pub fn of_environment(locale: Option<&str>) -> Self {
        let name = locale.unwrap_or_default();
        let language = name.split(['_', '.', '@', '-']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case(Self::English.tag()) {
            Self::English
        } else {
            Self::French
        }
    }
}

/// One language range of the header, such as `fr-FR;q=0.8`.
struct AcceptedRange<'a> {
    primary_subtag: &'a str,
    /// Quality value in thousandths.
    quality: u16,
    place: usize,
}

fn accepted_ranges(header: &str) -> Vec<AcceptedRange<'_>> {
    header
        .split(',')
        .enumerate()
        .filter_map(|(place, item)| accepted_range(place, item))
        .collect()
}

fn accepted_range(place: usize, item: &str) -> Option<AcceptedRange<'_>> {
    let (range, weight) = match item.split_once(';') {
        Some((range, weight)) => (range, Some(weight)),
        None => (item, None),
    };
    let quality = match weight {
        Some(weight) => {
            let (name, value) = weight.split_once('=')?;
            if !name.trim().eq_ignore_ascii_case("q") {
                return None;
            }
            quality_in_thousandths(value.trim())?
        }
        None => 1000,
    };
    Some(AcceptedRange {
        primary_subtag: range.trim().split('-').next()?,
        quality,
        place,
    })
}

/// `0`, `1`, or a decimal between them with at most three digits (RFC 9110, 12.4.2).
fn quality_in_thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", _) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

/// How much `language` is liked; greater is better. `*` speaks for what no range names.
fn liking(language: Language, ranges: &[AcceptedRange<'_>]) -> Option<Liking> {
    let best = |subtag: &str| {
        ranges
            .iter()
            .filter(|range| range.primary_subtag.eq_ignore_ascii_case(subtag))
            .map(|range| (range.quality, std::cmp::Reverse(range.place)))
            .max()
    };
    best(language.tag())
        .or_else(|| best("*"))
        .filter(|(quality, _)| *quality > 0)
}

type Liking = (u16, std::cmp::Reverse<usize>);

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, French};
    use proptest::prelude::*;

    #[test]
    fn the_highest_quality_value_wins() {
        for (header, language) in [
            ("fr", French),
            ("en", English),
            ("en-GB, fr;q=0.9", English),
            ("en;q=0.8, fr-FR;q=0.9", French),
            ("de, en;q=0.3", English),
            ("EN;Q=1.000", English),
            ("fr;q=0.1, en ; q=0.101", English),
        ] {
            assert_eq!(Language::from_accept_language(header), language, "{header}");
        }
    }

    #[test]
    fn the_earlier_of_two_equals_wins() {
        assert_eq!(Language::from_accept_language("en, fr"), English);
        assert_eq!(Language::from_accept_language("fr, en"), French);
    }

    #[test]
    fn a_star_speaks_for_what_is_not_named() {
        for (header, language) in [
            ("*", French),
            ("fr;q=0, *", English),
            ("*;q=0.5, en;q=0.1", French),
            ("en, *;q=0.1", English),
        ] {
            assert_eq!(Language::from_accept_language(header), language, "{header}");
        }
    }

    #[test]
    fn french_where_nothing_fits() {
        for header in [
            "",
            "de",
            "en;q=0",
            "enm",
            "en;q=2",
            "en;q=0.1234",
            "en;v=1",
            ",;=",
        ] {
            assert_eq!(Language::from_accept_language(header), French, "{header}");
        }
    }

    #[test]
    fn reads_the_locale_of_the_environment() {
        for (locale, language) in [
            (None, French),
            (Some(""), French),
            (Some("C"), French),
            (Some("POSIX"), French),
            (Some("C.UTF-8"), French),
            (Some("fr_FR.UTF-8"), French),
            (Some("de_DE.UTF-8"), French),
            (Some("en_US.UTF-8"), English),
            (Some("en"), English),
            (Some("en-GB"), English),
        ] {
            assert_eq!(Language::of_environment(locale), language, "{locale:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(header: String) {
            let _ = Language::from_accept_language(&header);
            let _ = Language::of_environment(Some(&header));
        }
    }
}
