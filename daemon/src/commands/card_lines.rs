//! Readers and cards in words.

use daemon_wire::{CardBody, CertificateBody, PinBody, ReaderBody, UnblockCodeBody};
use texts::{CommandTexts, Language, foreign_text};

/// Longest foreign text in a line, in characters.
const LONGEST: usize = 80;

pub(crate) struct Lines {
    texts: CommandTexts,
    language: Language,
}

impl Lines {
    pub(crate) fn new(language: Language) -> Self {
        Self {
            texts: CommandTexts::new(language),
            language,
        }
    }

    pub(crate) fn texts(&self) -> &CommandTexts {
        &self.texts
    }

    pub(crate) fn reader(&self, reader: &ReaderBody) -> String {
        let state = match (reader.state.as_str(), &reader.problem) {
            (_, Some(problem)) => texts::error_title(problem, self.language),
            ("empty", None) => self.texts.reader_empty(),
            ("card", None) => self.texts.reader_with_card(),
            ("busy", None) => self.texts.reader_busy(),
            _ => self.texts.reader_unreachable(),
        };
        let atr = reader.atr.as_ref().map(|atr| format!(" (ATR {atr})"));
        let name = foreign_text(&reader.name, LONGEST, self.language);
        let state = format!("{state}{}", atr.unwrap_or_default());
        format!("  {}", self.texts.labelled(&name, &state))
    }

    /// A card by its kind, where that is known, and its number.
    pub(crate) fn title(&self, card: &CardBody) -> String {
        let number = foreign_text(&card.number, LONGEST, self.language);
        match card.kind() {
            Some(kind) => {
                let kind = foreign_text(kind, LONGEST, self.language);
                self.texts.card(&kind, &number)
            }
            None => self.texts.untyped_card(&number),
        }
    }

    pub(crate) fn card(&self, card: &CardBody) -> Vec<String> {
        let texts = &self.texts;
        let mut title = format!("  {}", self.title(card));
        if card.environment == "test" {
            title = format!("{title} ({})", texts.test_card());
        }
        let holder = &card.holder;
        let names: Vec<_> = [&holder.given_name, &holder.family_name]
            .into_iter()
            .flatten()
            .map(|name| foreign_text(name, LONGEST, self.language))
            .collect();
        let profession = holder.profession.as_ref().map(|profession| {
            let label = profession.label.as_ref().unwrap_or(&profession.code);
            texts.profession(&foreign_text(label, LONGEST, self.language))
        });
        let national_id = holder.national_id.as_ref();
        let national_id =
            national_id.map(|id| texts.national_id(&foreign_text(id, LONGEST, self.language)));
        let pseudonym = holder.pseudonym.as_ref();
        let pseudonym =
            pseudonym.map(|name| texts.pseudonym(&foreign_text(name, LONGEST, self.language)));
        let structure = holder.structure.as_ref().and_then(|structure| {
            let name = structure.name.as_ref().or(structure.id.as_ref())?;
            Some(texts.structure(&foreign_text(name, LONGEST, self.language)))
        });
        let know_how = holder.know_how.iter().map(|know_how| {
            let label = know_how.label.as_ref().unwrap_or(&know_how.code);
            texts.know_how(&foreign_text(label, LONGEST, self.language))
        });
        let warnings = card
            .warnings
            .iter()
            .filter_map(|warning| self.warning(warning));
        let details = [
            (!names.is_empty()).then(|| texts.holder(&names.join(" "))),
            pseudonym,
            profession,
        ]
        .into_iter()
        .flatten()
        .chain(know_how)
        .chain(
            [
                structure,
                national_id,
                self.validity(card),
                Some(texts.pin(&self.code_state(&card.pin.state, card.pin.tries_left))),
                Some(texts.unblock_code(
                    &self.code_state(&card.unblock_code.state, card.unblock_code.tries_left),
                )),
                self.way_out(&card.pin, &card.unblock_code),
                Some(format!("id: {}", card.id)),
            ]
            .into_iter()
            .flatten(),
        )
        .chain(warnings)
        .map(|line| format!("    {line}"));
        [title].into_iter().chain(details).collect()
    }

    pub(crate) fn certificate(&self, certificate: &CertificateBody) -> String {
        let role = match certificate.role.as_str() {
            "signature" => self.texts.role_signature(),
            "technical" => self.texts.role_technical(),
            _ => self.texts.role_authentication(),
        };
        let status = match certificate.status.as_str() {
            "valid" => self.texts.certificate_valid(),
            "expired" => self.texts.certificate_expired(),
            _ => self.texts.certificate_not_yet_valid(),
        };
        let issuer = foreign_text(&certificate.issuer, LONGEST * 2, self.language);
        let serial_number = &certificate.serial_number;
        let until = day(&certificate.not_after);
        let words = format!("{serial_number}, {status}, {until}, {issuer}");
        format!("    {}", self.texts.labelled(&role, &words))
    }

    /// The command that unblocks a blocked card, while its unblock code may do it.
    pub(crate) fn way_out(&self, pin: &PinBody, unblock_code: &UnblockCodeBody) -> Option<String> {
        let is_useful = pin.state == "blocked" && unblock_code.state == "ready";
        is_useful.then(|| self.texts.unblock_here())
    }

    pub(crate) fn code_state(&self, state: &str, tries_left: Option<u8>) -> String {
        match (state, tries_left) {
            ("ready", Some(tries)) => self.texts.tries_left(u64::from(tries)),
            ("ready", None) => self.texts.code_ready(),
            ("unknown", _) => self.texts.code_unknown(),
            ("blocked", _) => self.texts.code_blocked(),
            ("definitivelyBlocked", _) => self.texts.code_definitively_blocked(),
            _ => self.texts.code_absent(),
        }
    }

    /// What is odd about a card, in words; a newer agent may name what this program does not know.
    fn warning(&self, warning: &str) -> Option<String> {
        match warning {
            "national-id-check-digit" => Some(self.texts.warning_national_id_check_digit()),
            "card-type-doubtful" => Some(self.texts.warning_card_type_doubtful()),
            _ => None,
        }
    }

    fn validity(&self, card: &CardBody) -> Option<String> {
        let validity = card.validity.as_ref()?;
        let statuses: Vec<_> = card
            .certificates
            .iter()
            .map(|c| c.status.as_str())
            .collect();
        Some(match u64::try_from(validity.days_left) {
            _ if statuses.contains(&"notYetValid") => {
                self.texts.valid_from(day(&validity.not_before))
            }
            Ok(days) if !statuses.contains(&"expired") => {
                self.texts.valid_until(day(&validity.not_after), days)
            }
            Ok(_) | Err(_) => self.texts.expired_on(day(&validity.not_after)),
        })
    }
}

/// The day of an RFC 3339 time.
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_that_nobody_counts_are_no_number() {
        for language in Language::ALL {
            let lines = Lines::new(language);
            assert!(lines.code_state("ready", Some(3)).contains('3'));
            let unknown = lines.code_state("ready", None);
            assert_eq!(unknown, lines.texts().code_ready());
            assert!(!unknown.contains(|c: char| c.is_ascii_digit()), "{unknown}");
        }
    }

    #[test]
    fn a_code_that_may_be_blocked_is_said_to_be() {
        let said = Lines::new(Language::French).code_state("unknown", None);
        assert!(said.starts_with("peut-être bloqué"), "{said}");
        let said = Lines::new(Language::English).code_state("unknown", None);
        assert!(said.starts_with("perhaps blocked"), "{said}");
    }
}
