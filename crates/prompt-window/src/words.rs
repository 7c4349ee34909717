//! A question in the words of the window.

use std::ops::RangeInclusive;
use std::path::Path;

use daemon_types::{
    Applicant, Asker, CardLabel, CodesAsked, Environment, GrantQuestion, NotTaken, Purpose,
    Question, Right, SignatureCode, SignedHash, Site, SiteGrant,
};
use daemon_wire::window::Asked;
use texts::{Language, PromptTexts, WindowTexts, foreign_text};

use crate::dialogue::{Problem, Role};

/// Most characters shown of a name that others chose.
const LONGEST_NAME: usize = 80;
/// Most characters shown of a description or a folder.
const LONGEST_DESCRIPTION: usize = 200;
/// A card is renewed in weeks.
const EXPIRES_SOON: RangeInclusive<i64> = 0..=60;

/// All that a question shows but its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// Title of the window: ours alone, never a word of the caller's.
    pub(crate) title: String,
    pub(crate) has_card: bool,
    pub(crate) header_title: String,
    pub(crate) header_detail: String,
    /// Says that only test cards are at stake; empty otherwise.
    pub(crate) test: String,
    pub(crate) heading: String,
    pub(crate) facts: Vec<Fact>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) entries: Vec<Entry>,
    /// Lists under a heading.
    pub(crate) lists: Vec<ItemList>,
    pub(crate) pairing_code: String,
    /// What is typed at the keypad of the reader; empty where it is typed here.
    pub(crate) keypad: String,
    pub(crate) remark: String,
    pub(crate) accept: String,
    pub(crate) cancel: String,
}

/// A value under a small heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) detail: String,
}

/// Things under a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ItemList {
    pub(crate) label: String,
    pub(crate) items: Vec<String>,
}

/// Something to know before one answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) weight: Weight,
    pub(crate) text: String,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Info,
    Warning,
    Danger,
}

/// A document to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) number: String,
    pub(crate) text: String,
    pub(crate) digest: String,
}

impl Words {
    pub(crate) fn of(asked: &Asked, language: Language) -> Self {
        let speaker = Speaker::new(language);
        match asked {
            Asked::Card(question) => speaker.card_question(question),
            Asked::Grant(question) => speaker.grant_question(question),
        }
    }
}

/// The sentences of one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker {
    pub(crate) window: WindowTexts,
    prompt: PromptTexts,
}

impl Speaker {
    pub(crate) const fn new(language: Language) -> Self {
        Self {
            window: WindowTexts::new(language),
            prompt: PromptTexts::new(language),
        }
    }

    /// The name of a field.
    pub(crate) fn field_label(self, role: Role) -> String {
        match role {
            Role::Code => self.window.code(),
            Role::CurrentCode => self.window.current_code(),
            Role::UnblockCode => self.window.unblock_code(),
            Role::NewCode => self.window.new_code(),
            Role::NewCodeAgain => self.window.new_code_again(),
        }
    }

    /// How long a code is.
    pub(crate) fn lengths(self, lengths: &RangeInclusive<usize>) -> String {
        let number = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        let (minimum, maximum) = (number(*lengths.start()), number(*lengths.end()));
        if minimum == maximum {
            self.prompt.digits_of_fixed_length(maximum)
        } else {
            self.prompt.digits(minimum, maximum)
        }
    }

    /// Why what was typed stays here.
    pub(crate) fn problem(
        self,
        problem: Problem,
        role: Role,
        lengths: &RangeInclusive<usize>,
    ) -> String {
        match (problem, role) {
            (Problem::Length, Role::UnblockCode) => self.prompt.unblock_code_has_other_length(),
            (Problem::Length, _) => self.prompt.code_has_other_length(&self.lengths(lengths)),
            (Problem::NotADigit, _) => self.window.digits_only(),
            (Problem::SameAsOld, _) => self.prompt.new_code_is_old(),
            (Problem::Different, _) => self.prompt.new_codes_differ(),
        }
    }

    fn card_question(self, question: &Question) -> Words {
        let texts = self.window;
        let (heading, accept) = match &question.purpose {
            Purpose::Authenticate { .. } | Purpose::UseAuthenticationKey => {
                (texts.heading_authenticate(), texts.ok())
            }
            Purpose::Decipher => (texts.heading_decipher(), texts.ok()),
            Purpose::Sign { documents, .. } => {
                (texts.heading_sign(count(documents.len())), texts.sign())
            }
            Purpose::ReadActivities => (texts.heading_activities(), texts.ok()),
            Purpose::ChangePin => (texts.heading_change(), texts.change()),
            Purpose::UnblockPin => (texts.heading_unblock(), texts.unblock()),
            Purpose::OpenSession(_) => (texts.heading_session(), texts.open_session()),
        };
        let accept = if question.codes.is_empty() && !is_signature(question) {
            texts.agree()
        } else {
            accept
        };
        let mut facts = Vec::new();
        if let Purpose::Authenticate { origin } = &question.purpose {
            // In full, whatever its length: an origin is ASCII and canonical by its type.
            facts.push(fact(
                texts.for_site(),
                origin.as_str().to_owned(),
                String::new(),
            ));
        }
        facts.push(self.asker(&question.asker));
        let (entries, unchecked) = self.documents(&question.purpose);
        let tries = question.codes.pin.and_then(|entry| entry.tries_left);
        let is_calm = question
            .codes
            .pin
            .is_some_and(|entry| !entry.previous_was_wrong);
        let tries = tries.filter(|tries| is_calm && *tries > 1);
        let remark = unchecked
            .into_iter()
            .chain(tries.map(|tries| texts.tries(tries.into())));
        let was_wrong = question
            .codes
            .pin
            .is_some_and(|entry| entry.previous_was_wrong)
            || question
                .codes
                .unblock_code
                .is_some_and(|entry| entry.previous_was_wrong);
        Words {
            title: if was_wrong {
                texts.title_again()
            } else {
                texts.title()
            },
            keypad: self.typed_at_keypad(&question.codes),
            has_card: true,
            test: match question.card.environment {
                Environment::Test => self.prompt.test_card(),
                Environment::Production => String::new(),
            },
            heading,
            facts,
            notices: self.notices(question),
            entries,
            lists: self.session_terms(&question.purpose),
            remark: remark.collect::<Vec<_>>().join("\n"),
            accept: match question.codes.keypad {
                Some(_) => texts.keypad_again(),
                None => accept,
            },
            cancel: match question.codes.keypad {
                Some(_) => texts.refuse(),
                None => texts.cancel(),
            },
            ..self.card_header(&question.card)
        }
    }

    fn card_header(self, card: &CardLabel) -> Words {
        let number = self.named(&card.number);
        let card_words = match &card.card_type {
            Some(kind) => self.window.card(&self.named(kind), &number),
            None => self.window.untyped_card(&number),
        };
        let (header_title, header_detail) = if card.holder == card.number {
            (card_words, String::new())
        } else {
            (self.named(&card.holder), card_words)
        };
        Words {
            header_title,
            header_detail,
            ..Words::default()
        }
    }

    /// What the holder types at the keypad, one code after the other.
    fn typed_at_keypad(self, codes: &CodesAsked) -> String {
        match (codes.keypad, codes.new_pin) {
            (None, _) => String::new(),
            (Some(_), Some(_)) => self.prompt.keypad_change(),
            (Some(_), None) => self.prompt.keypad_type_code(),
        }
    }

    fn asker(self, asker: &Asker) -> Fact {
        let texts = self.window;
        let (value, detail) = match asker {
            Asker::PairedProgram(name) => (self.named(name), texts.paired()),
            Asker::DemoToken => (texts.demo_program(), texts.demo_program_detail()),
            Asker::Console => (texts.console(), texts.console_detail()),
            Asker::Program(path) => path
                .as_deref()
                .and_then(|path| self.executable(path))
                .unwrap_or_else(|| (texts.unknown_program(), texts.unknown_program_detail())),
            Asker::Page(site) => (
                site.origin.as_str().to_owned(),
                self.around(site).unwrap_or_else(|| texts.page_detail()),
            ),
        };
        fact(texts.asked_by(), value, detail)
    }

    /// The name of an executable, and where it lies. They are apart, so that a long folder cannot
    /// hide the name.
    fn executable(self, path: &Path) -> Option<(String, String)> {
        let name = self.named(&path.file_name()?.to_string_lossy());
        let folder = path.parent().unwrap_or(Path::new("")).to_string_lossy();
        let folder = self.described(&folder);
        Some((name, self.window.program_folder(&folder)))
    }

    fn around(self, site: &Site) -> Option<String> {
        let around = site.top_origin.as_ref();
        around.map(|origin| self.window.inside_site(origin.as_str()))
    }

    fn documents(self, purpose: &Purpose) -> (Vec<Entry>, Option<String>) {
        let Purpose::Sign {
            documents,
            digests,
            hash,
        } = purpose
        else {
            return (Vec::new(), None);
        };
        let entries = (1..).zip(documents).map(|(number, description)| {
            let digest = digests.get(number - 1);
            Entry {
                number: format!("{number}."),
                text: if description.trim().is_empty() {
                    self.prompt.no_description()
                } else {
                    self.described(description)
                },
                digest: digest
                    .map(|digest| shown(*hash, digest))
                    .unwrap_or_default(),
            }
        });
        (
            entries.collect(),
            Some(self.prompt.descriptions_unchecked()),
        )
    }

    /// What a session allows.
    fn session_terms(self, purpose: &Purpose) -> Vec<ItemList> {
        let Purpose::OpenSession(terms) = purpose else {
            return Vec::new();
        };
        let texts = self.prompt;
        let authenticates = terms.authenticates.then(|| texts.session_authenticates());
        let deciphers = terms.deciphers.then(|| texts.session_deciphers());
        let signs = terms.signs.map(|code| match code {
            SignatureCode::Each => texts.session_signs_with_code(),
            SignatureCode::Session => texts.session_signs_with_consent(),
        });
        vec![ItemList {
            label: texts.session_allows(),
            items: authenticates
                .into_iter()
                .chain(deciphers)
                .chain(signs)
                .collect(),
        }]
    }

    fn notices(self, question: &Question) -> Vec<Notice> {
        let (codes, card) = (question.codes, &question.card);
        let texts = self.prompt;
        let mut notices = Vec::new();
        if let Purpose::OpenSession(terms) = &question.purpose {
            let [idle, age] = [terms.limits.inactivity, terms.limits.age];
            let ends = texts.session_ends(&texts.lasting(idle), &texts.lasting(age));
            notices.extend(together(
                Weight::Info,
                [ends, texts.session_shares_card()].into_iter(),
            ));
        }
        let not_taken = codes.keypad.and_then(|entry| entry.not_taken);
        notices.extend(not_taken.map(|reason| {
            let words = match reason {
                NotTaken::NewCodesDiffer => texts.new_codes_differ(),
                NotTaken::Length => texts.keypad_length(),
            };
            notice(Weight::Warning, words)
        }));
        if let Some(entry) = codes.unblock_code {
            let explained = if entry.pin_may_be_usable {
                texts.unblock_perhaps_explained()
            } else {
                texts.unblock_explained()
            };
            notices.push(notice(Weight::Info, explained));
            notices.push(notice(Weight::Info, texts.unblock_code_found()));
            let tries = entry.tries_left.map(u64::from);
            let uses = entry.uses_left.map(u64::from);
            let wrong = entry
                .previous_was_wrong
                .then(|| texts.unblock_code_was_wrong());
            let few = |left: &u64| entry.previous_was_wrong || *left < 4;
            let words = wrong
                .into_iter()
                .chain(match tries {
                    Some(tries) => few(&tries).then(|| texts.unblock_tries_left(tries)),
                    None => entry
                        .previous_was_wrong
                        .then(|| texts.unblock_tries_unknown()),
                })
                .chain(
                    uses.filter(|uses| *uses < 4)
                        .map(|uses| texts.unblock_uses_left(uses)),
                );
            notices.extend(together(Weight::Warning, words));
            if entry.last_try {
                notices.push(notice(Weight::Danger, texts.last_unblock_try()));
            }
        }
        if let Some(entry) = codes.pin {
            if entry.may_be_blocked {
                notices.push(notice(Weight::Warning, texts.may_be_blocked()));
            }
            let tries = entry.tries_left.map(u64::from);
            let wrong = entry.previous_was_wrong.then(|| texts.code_was_wrong());
            let few = |left: &u64| entry.previous_was_wrong || *left < 2;
            let words = wrong.into_iter().chain(match tries {
                Some(tries) => few(&tries).then(|| texts.tries_left(tries)),
                None => entry.previous_was_wrong.then(|| texts.tries_unknown()),
            });
            notices.extend(together(Weight::Warning, words));
            if entry.last_try {
                let danger = if entry.blocks_for_good {
                    texts.last_try_of_all()
                } else {
                    texts.last_try()
                };
                notices.push(notice(Weight::Danger, danger));
            }
        }
        let soon = card.days_left.filter(|days| EXPIRES_SOON.contains(days));
        let soon = soon.and_then(|days| u64::try_from(days).ok());
        notices.extend(soon.map(|days| notice(Weight::Info, self.window.expires(days))));
        notices
    }

    fn grant_question(self, question: &GrantQuestion) -> Words {
        let texts = self.window;
        let rights = question.rights.iter();
        let mut lists = vec![ItemList {
            label: texts.could_then(),
            items: rights.map(|right| self.allowed(right)).collect(),
        }];
        let mut notices = Vec::new();
        let (heading, facts, pairing_code, accept, remark) = match &question.applicant {
            Applicant::Program {
                name,
                executable,
                origins,
                code,
                name_is_taken,
            } => {
                if !origins.is_empty() {
                    let origins = origins.iter().map(|origin| origin.as_str().to_owned());
                    lists.push(ItemList {
                        label: texts.sites_alone(),
                        items: origins.collect(),
                    });
                }
                let mut facts = vec![fact(
                    texts.name_given(),
                    self.named(name),
                    texts.name_unchecked(),
                )];
                let program = executable.as_deref().and_then(|path| self.executable(path));
                facts.extend(
                    program.map(|(name, folder)| fact(texts.asking_program(), name, folder)),
                );
                if *name_is_taken {
                    notices.push(notice(Weight::Warning, self.prompt.name_is_taken()));
                }
                (
                    texts.heading_pair(),
                    facts,
                    code.as_str().to_owned(),
                    texts.pair(),
                    texts.pairing_lasts(),
                )
            }
            Applicant::Page(site) => (
                texts.heading_site(),
                vec![fact(
                    texts.site(),
                    site.origin.as_str().to_owned(),
                    self.around(site).unwrap_or_default(),
                )],
                String::new(),
                texts.allow(),
                texts.rights_last(SiteGrant::DAYS.into()),
            ),
        };
        Words {
            title: texts.title(),
            header_title: texts.no_card(),
            test: match question.environment {
                Environment::Test => self.prompt.test_environment(),
                Environment::Production => String::new(),
            },
            heading,
            facts,
            notices,
            lists,
            pairing_code,
            remark,
            accept,
            cancel: texts.refuse(),
            ..Words::default()
        }
    }

    fn allowed(self, right: Right) -> String {
        match right {
            Right::Identify => self.prompt.right_identify(),
            Right::Authenticate => self.prompt.right_authenticate(),
            Right::Sign => self.prompt.right_sign(),
            Right::Manage => self.prompt.right_manage(),
            Right::Decipher => self.prompt.right_decipher(),
        }
    }

    fn named(self, name: &str) -> String {
        foreign_text(name, LONGEST_NAME, self.prompt.language())
    }

    fn described(self, text: &str) -> String {
        foreign_text(text, LONGEST_DESCRIPTION, self.prompt.language())
    }
}

const fn is_signature(question: &Question) -> bool {
    matches!(question.purpose, Purpose::Sign { .. })
}

const fn fact(label: String, value: String, detail: String) -> Fact {
    Fact {
        label,
        value,
        detail,
    }
}

const fn notice(weight: Weight, text: String) -> Notice {
    Notice { weight, text }
}

fn together(weight: Weight, sentences: impl Iterator<Item = String>) -> Option<Notice> {
    let text = sentences.collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| notice(weight, text))
}

fn shown(hash: SignedHash, digest: &[u8]) -> String {
    format!("{} {}", hash.as_str(), hex::encode(digest))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
