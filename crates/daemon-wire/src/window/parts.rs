//! Who asks, which card, which codes: the parts of a question as JSON.

use std::path::{Path, PathBuf};
use std::time::Duration;

use daemon_types::{
    Asker, CardId, CardLabel, CodeEntry, Environment, KeypadEntry, NewCodeEntry, NotTaken, Origin,
    Site, UnblockCodeEntry,
};
use serde::{Deserialize, Serialize};

pub(super) fn origin(text: &str) -> Option<Origin> {
    Origin::parse(text).ok()
}

/// A path is only shown, so that bytes that are no text may be replaced.
pub(super) fn shown(path: Option<&Path>) -> Option<String> {
    path.map(|path| path.to_string_lossy().into_owned())
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SiteBody {
    origin: String,
    top_origin: Option<String>,
}

impl From<&Site> for SiteBody {
    fn from(site: &Site) -> Self {
        let around = site.top_origin.as_ref();
        Self {
            origin: site.origin.as_str().to_owned(),
            top_origin: around.map(|origin| origin.as_str().to_owned()),
        }
    }
}

impl SiteBody {
    pub(super) fn read(&self) -> Option<Site> {
        Some(Site {
            origin: origin(&self.origin)?,
            top_origin: match &self.top_origin {
                Some(text) => Some(origin(text)?),
                None => None,
            },
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum AskerBody {
    PairedProgram(String),
    DemoToken,
    Program(Option<String>),
    Page(SiteBody),
    Console,
}

impl From<&Asker> for AskerBody {
    fn from(asker: &Asker) -> Self {
        match asker {
            Asker::PairedProgram(name) => Self::PairedProgram(name.clone()),
            Asker::DemoToken => Self::DemoToken,
            Asker::Program(path) => Self::Program(shown(path.as_deref())),
            Asker::Page(site) => Self::Page(site.into()),
            Asker::Console => Self::Console,
        }
    }
}

impl AskerBody {
    pub(super) fn read(self) -> Option<Asker> {
        Some(match self {
            Self::PairedProgram(name) => Asker::PairedProgram(name),
            Self::DemoToken => Asker::DemoToken,
            Self::Program(path) => Asker::Program(path.map(PathBuf::from)),
            Self::Page(site) => Asker::Page(site.read()?),
            Self::Console => Asker::Console,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CardLabelBody {
    id: String,
    holder: String,
    card_type: Option<String>,
    number: String,
    is_test: bool,
    days_left: Option<i64>,
}

impl From<&CardLabel> for CardLabelBody {
    fn from(card: &CardLabel) -> Self {
        Self {
            id: card.id.0.clone(),
            holder: card.holder.clone(),
            card_type: card.card_type.clone(),
            number: card.number.clone(),
            is_test: is_test(card.environment),
            days_left: card.days_left,
        }
    }
}

impl CardLabelBody {
    pub(super) fn read(self) -> CardLabel {
        CardLabel {
            id: CardId(self.id),
            holder: self.holder,
            card_type: self.card_type,
            number: self.number,
            environment: environment(self.is_test),
            days_left: self.days_left,
        }
    }
}

pub(super) fn is_test(environment: Environment) -> bool {
    environment == Environment::Test
}

pub(super) const fn environment(is_test: bool) -> Environment {
    if is_test {
        Environment::Test
    } else {
        Environment::Production
    }
}

/// A type of the wire with the fields of a type of ours.
macro_rules! mirror {
    ($body:ident of $ours:ident { $($field:ident: $kind:ty),+ $(,)? }) => {
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct $body {
            $($field: $kind,)+
        }

        impl From<$ours> for $body {
            fn from(ours: $ours) -> Self {
                let $ours { $($field,)+ } = ours;
                Self { $($field,)+ }
            }
        }

        impl From<$body> for $ours {
            fn from(body: $body) -> Self {
                let $body { $($field,)+ } = body;
                Self { $($field,)+ }
            }
        }
    };
}

mirror!(CodeEntryBody of CodeEntry {
    tries_left: Option<u8>,
    previous_was_wrong: bool,
    may_be_blocked: bool,
    last_try: bool,
    blocks_for_good: bool,
    minimum_len: u8,
    maximum_len: u8,
});
mirror!(UnblockCodeEntryBody of UnblockCodeEntry {
    tries_left: Option<u8>,
    uses_left: Option<u16>,
    previous_was_wrong: bool,
    pin_may_be_usable: bool,
    last_try: bool,
});
mirror!(NewCodeEntryBody of NewCodeEntry {
    minimum_len: u8,
    maximum_len: u8,
});

/// That all codes are typed at the keypad of the reader.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KeypadEntryBody {
    milliseconds: u64,
    again: bool,
    not_taken: Option<NotTakenBody>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum NotTakenBody {
    NewCodesDiffer,
    Length,
}

impl From<KeypadEntry> for KeypadEntryBody {
    fn from(entry: KeypadEntry) -> Self {
        Self {
            milliseconds: u64::try_from(entry.time.as_millis()).unwrap_or(u64::MAX),
            again: entry.again,
            not_taken: entry.not_taken.map(|reason| match reason {
                NotTaken::NewCodesDiffer => NotTakenBody::NewCodesDiffer,
                NotTaken::Length => NotTakenBody::Length,
            }),
        }
    }
}

impl From<KeypadEntryBody> for KeypadEntry {
    fn from(body: KeypadEntryBody) -> Self {
        Self {
            time: Duration::from_millis(body.milliseconds),
            again: body.again,
            not_taken: body.not_taken.map(|reason| match reason {
                NotTakenBody::NewCodesDiffer => NotTaken::NewCodesDiffer,
                NotTakenBody::Length => NotTaken::Length,
            }),
        }
    }
}
