//! Typed access to sentences: a method for each message, a parameter for each of its variables.

/// Declares a type whose methods say the messages of one `.ftl` file.
macro_rules! sentences {
    (
        $(#[$type_doc:meta])*
        $texts:ident from $file:literal {
            $(
                $(#[$doc:meta])*
                $method:ident ( $($variable:ident : $kind:ty),* ) = $message:literal;
            )+
        }
    ) => {
        $(#[$type_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $texts($crate::Language);

        impl $texts {
            /// The sentences in this language.
            #[must_use]
            pub const fn new(language: $crate::Language) -> Self {
                Self(language)
            }

            /// The language they are in.
            #[must_use]
            pub const fn language(self) -> $crate::Language {
                self.0
            }

            $(
                $(#[$doc])*
                #[must_use]
                pub fn $method(self $(, $variable: $kind)*) -> String {
                    let arguments = [$((stringify!($variable), $variable.into())),*];
                    $crate::locales::format(self.0, $message, None, &arguments)
                }
            )+
        }

        #[cfg(test)]
        impl $texts {
            /// The file, and each of its messages with the variables that the method fills.
            pub(crate) const DECLARED: $crate::sentences::Declared = (
                $file,
                &[$(($message, &[$(stringify!($variable)),*]),)+],
            );
        }
    };
}

pub(crate) use sentences;

/// A file and, by message, the variables that code gives.
#[cfg(test)]
pub(crate) type Declared = (
    &'static str,
    &'static [(&'static str, &'static [&'static str])],
);

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

    use super::Declared;
    use crate::locales::{files, try_format};
    use crate::{
        CommandTexts, DiagnoseTexts, InstallTexts, JournalTexts, Language, PromptTexts, TrayTexts,
        WindowTexts,
    };

    const DECLARED: [Declared; 7] = [
        CommandTexts::DECLARED,
        DiagnoseTexts::DECLARED,
        InstallTexts::DECLARED,
        JournalTexts::DECLARED,
        PromptTexts::DECLARED,
        TrayTexts::DECLARED,
        WindowTexts::DECLARED,
    ];

    /// The variables of every pattern of a language, by file and by name of the message, attribute or term.
    fn variables(language: Language) -> BTreeMap<(String, String), BTreeSet<String>> {
        let mut variables = BTreeMap::new();
        for (file, source) in files(language) {
            let resource = fluent_syntax::parser::parse(*source)
                .unwrap_or_else(|(_, errors)| panic!("{language:?} {file}: {errors:?}"));
            for (name, pattern) in resource.body.iter().flat_map(patterns) {
                let mut names = BTreeSet::new();
                collect(pattern, &mut names);
                let twice = variables.insert(((*file).to_owned(), name.clone()), names);
                assert!(twice.is_none(), "{language:?} {file}: {name} stands twice");
            }
        }
        variables
    }

    fn patterns<'a>(entry: &'a Entry<&str>) -> Vec<(String, &'a Pattern<&'a str>)> {
        let (name, value, attributes) = if let Entry::Message(message) = entry {
            let name = message.id.name.to_owned();
            (name, message.value.as_ref(), &message.attributes)
        } else if let Entry::Term(term) = entry {
            let name = format!("-{}", term.id.name);
            (name, Some(&term.value), &term.attributes)
        } else {
            return Vec::new();
        };
        let attributes = attributes
            .iter()
            .map(|attribute| (format!("{name}.{}", attribute.id.name), &attribute.value));
        let value = value.map(|value| (name.clone(), value));
        value.into_iter().chain(attributes).collect()
    }

    fn collect(pattern: &Pattern<&str>, names: &mut BTreeSet<String>) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                collect_expression(expression, names);
            }
        }
    }

    fn collect_expression(expression: &Expression<&str>, names: &mut BTreeSet<String>) {
        match expression {
            Expression::Select { selector, variants } => {
                collect_inline(selector, names);
                for variant in variants {
                    collect(&variant.value, names);
                }
            }
            Expression::Inline(inline) => collect_inline(inline, names),
        }
    }

    fn collect_inline(inline: &InlineExpression<&str>, names: &mut BTreeSet<String>) {
        if let InlineExpression::VariableReference { id } = inline {
            names.insert(id.name.to_owned());
        } else if let InlineExpression::Placeable { expression } = inline {
            collect_expression(expression, names);
        }
    }

    #[test]
    fn both_languages_have_the_same_messages_with_the_same_variables() {
        let french = variables(Language::French);
        let english = variables(Language::English);
        assert_eq!(french, english);
    }

    #[test]
    fn code_and_files_agree_on_messages_and_variables() {
        let mut declared = BTreeMap::new();
        for (file, messages) in DECLARED {
            for (message, variables) in messages {
                let variables = variables.iter().map(|name| (*name).to_owned()).collect();
                declared.insert((file.to_owned(), (*message).to_owned()), variables);
            }
        }
        let mut written = variables(Language::French);
        written.retain(|(file, _), _| DECLARED.iter().any(|(declared, _)| declared == file));
        assert_eq!(declared, written);
    }

    #[test]
    fn every_sentence_can_be_said_for_every_number() {
        for language in Language::ALL {
            for (_, messages) in DECLARED {
                for (message, variables) in messages {
                    for number in [0_u64, 1, 2, 3, 30] {
                        let arguments: Vec<_> = variables
                            .iter()
                            .map(|name| (*name, number.into()))
                            .collect();
                        let text = try_format(language, message, None, &arguments).unwrap();
                        assert!(!text.trim().is_empty(), "{language:?} {message}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_mark_of_direction_is_added_to_an_argument() {
        for language in Language::ALL {
            let text = PromptTexts::new(language).paired_program_asks("cabinet");
            assert!(text.contains("cabinet"));
            assert!(!text.contains(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}']));
        }
    }

    #[test]
    fn apostrophes_are_typographic_and_french_signs_keep_their_space() {
        for language in Language::ALL {
            for (file, source) in files(language) {
                for line in source.lines().filter(|line| !line.starts_with('#')) {
                    assert!(!line.contains('\''), "{language:?} {file}: {line}");
                    if language == Language::French {
                        for sign in [" :", " ;", " !", " ?", "« ", " »", "n° "] {
                            assert!(!line.contains(sign), "{file}: a plain space: {line}");
                        }
                    }
                }
            }
        }
    }
}
