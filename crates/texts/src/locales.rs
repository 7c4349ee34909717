//! The `.ftl` files, parsed once, and the one way to a message in them.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::langid;

use crate::Language;

/// Files of one language, by name.
pub(crate) type Files = [(&'static str, &'static str); 10];

const FRENCH: Files = [
    ("cli.ftl", include_str!("../locales/fr/cli.ftl")),
    ("contacts.ftl", include_str!("../locales/fr/contacts.ftl")),
    ("diagnose.ftl", include_str!("../locales/fr/diagnose.ftl")),
    ("diagnosis.ftl", include_str!("../locales/fr/diagnosis.ftl")),
    ("errors.ftl", include_str!("../locales/fr/errors.ftl")),
    ("install.ftl", include_str!("../locales/fr/install.ftl")),
    ("journal.ftl", include_str!("../locales/fr/journal.ftl")),
    ("prompt.ftl", include_str!("../locales/fr/prompt.ftl")),
    ("tray.ftl", include_str!("../locales/fr/tray.ftl")),
    ("window.ftl", include_str!("../locales/fr/window.ftl")),
];

const ENGLISH: Files = [
    ("cli.ftl", include_str!("../locales/en/cli.ftl")),
    ("contacts.ftl", include_str!("../locales/en/contacts.ftl")),
    ("diagnose.ftl", include_str!("../locales/en/diagnose.ftl")),
    ("diagnosis.ftl", include_str!("../locales/en/diagnosis.ftl")),
    ("errors.ftl", include_str!("../locales/en/errors.ftl")),
    ("install.ftl", include_str!("../locales/en/install.ftl")),
    ("journal.ftl", include_str!("../locales/en/journal.ftl")),
    ("prompt.ftl", include_str!("../locales/en/prompt.ftl")),
    ("tray.ftl", include_str!("../locales/en/tray.ftl")),
    ("window.ftl", include_str!("../locales/en/window.ftl")),
];

static FRENCH_BUNDLE: LazyLock<FluentBundle<FluentResource>> =
    LazyLock::new(|| parsed(Language::French));
static ENGLISH_BUNDLE: LazyLock<FluentBundle<FluentResource>> =
    LazyLock::new(|| parsed(Language::English));

/// A variable of a message and what stands for it.
pub(crate) type Argument<'a> = (&'static str, FluentValue<'a>);

/// The files of a language.
pub(crate) const fn files(language: Language) -> &'static Files {
    match language {
        Language::French => &FRENCH,
        Language::English => &ENGLISH,
    }
}

/// Whether `message` has this attribute.
pub(crate) fn has_attribute(language: Language, message: &str, attribute: &str) -> bool {
    bundle(language)
        .get_message(message)
        .is_some_and(|message| message.get_attribute(attribute).is_some())
}

/// The message, or an attribute of it, in words.
///
/// A message that is missing shows its name; tests see to it that none is.
pub(crate) fn format(
    language: Language,
    message: &str,
    attribute: Option<&str>,
    arguments: &[Argument<'_>],
) -> String {
    try_format(language, message, attribute, arguments).unwrap_or_else(|_| message.to_owned())
}

/// The same; the error says what is wrong with the files or the arguments.
pub(crate) fn try_format(
    language: Language,
    message: &str,
    attribute: Option<&str>,
    arguments: &[Argument<'_>],
) -> Result<String, String> {
    let bundle = bundle(language);
    let found = bundle.get_message(message);
    let pattern = match attribute {
        Some(name) => found.and_then(|found| Some(found.get_attribute(name)?.value())),
        None => found.and_then(|found| found.value()),
    };
    let pattern = pattern.ok_or_else(|| format!("no message {message}, {attribute:?}"))?;
    let arguments: FluentArgs<'_> = arguments.iter().cloned().collect();
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors);
    if errors.is_empty() {
        Ok(text.into_owned())
    } else {
        Err(format!("{message}: {errors:?}"))
    }
}

fn bundle(language: Language) -> &'static FluentBundle<FluentResource> {
    match language {
        Language::French => &FRENCH_BUNDLE,
        Language::English => &ENGLISH_BUNDLE,
    }
}

fn parsed(language: Language) -> FluentBundle<FluentResource> {
    let locale = match language {
        Language::French => langid!("fr"),
        Language::English => langid!("en"),
    };
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // The marks that would isolate the direction of an argument show up as rubbish in terminals and logs.
    bundle.set_use_isolating(false);
    for (_, source) in files(language) {
        let resource = FluentResource::try_new((*source).to_owned())
            .unwrap_or_else(|(resource, _errors)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}
