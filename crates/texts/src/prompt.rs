//! The sentences of a question to the holder.

use std::time::Duration;

use crate::sentences::sentences;

sentences! {
    /// What the terminal says to the holder. Text of others goes through `foreign_text` first.
    PromptTexts from "prompt.ftl" {
        /// Heading of every question.
        title() = "prompt-title";
        /// Warns that the card is of a test hierarchy.
        test_card() = "prompt-test-card";
        /// Who asks: a program that was paired under `name`.
        paired_program_asks(name: &str) = "prompt-paired-program-asks";
        /// Who asks: an executable of this file name.
        program_asks(name: &str) = "prompt-program-asks";
        /// Where that executable lies.
        program_folder(folder: &str) = "prompt-program-folder";
        /// Who asks: a program that the system does not name.
        unknown_program_asks() = "prompt-unknown-program-asks";
        /// For what: a proof of identity.
        to_authenticate(origin: &str) = "prompt-to-authenticate";
        /// For what: a proof of identity for whom the program alone knows.
        to_use_authentication_key() = "prompt-to-use-authentication-key";
        /// For what: what was enciphered for the holder, deciphered.
        to_decipher() = "prompt-to-decipher";
        /// For what: so many signatures.
        to_sign(count: u64) = "prompt-to-sign";
        /// For what: the holder's places of work.
        to_read_activities() = "prompt-to-read-activities";
        /// For what: another code.
        to_change_pin() = "prompt-to-change-pin";
        /// For what: a new code for a blocked card.
        to_unblock_pin() = "prompt-to-unblock-pin";
        /// For what: a session.
        to_open_session() = "prompt-to-open-session";
        /// Heading of what a session allows.
        session_allows() = "prompt-session-allows";
        /// In a session the caller proves who the holder is.
        session_authenticates() = "prompt-session-authenticates";
        /// In a session the caller deciphers.
        session_deciphers() = "prompt-session-deciphers";
        /// In a session each signature needs the code.
        session_signs_with_code() = "prompt-session-signs-with-code";
        /// In a session each signature needs a yes.
        session_signs_with_consent() = "prompt-session-signs-with-consent";
        /// A session ends when it is `idle` for so long, and at a certain `age`.
        session_ends(idle: &str, age: &str) = "prompt-session-ends";
        /// What a session allows other programs.
        session_shares_card() = "prompt-session-shares-card";
        /// A time of so many minutes.
        minutes(count: u64) = "prompt-minutes";
        /// A time of so many hours.
        hours(count: u64) = "prompt-hours";
        /// Descriptions are the caller's words.
        descriptions_unchecked() = "prompt-descriptions-unchecked";
        /// With which card.
        with_card(kind: &str, number: &str) = "prompt-with-card";
        /// With which card, where its type is not known.
        with_untyped_card(number: &str) = "prompt-with-untyped-card";
        /// Whose code it is: that of this card.
        of_card(kind: &str, number: &str) = "prompt-of-card";
        /// Whose code it is, where the type of the card is not known.
        of_untyped_card(number: &str) = "prompt-of-untyped-card";
        /// Whose card it is.
        of_holder(holder: &str) = "prompt-of-holder";
        /// Stands for a description that shows nothing.
        no_description() = "prompt-no-description";
        /// The start of a text that has `count` characters.
        cut_text(start: &str, count: u64) = "prompt-cut-text";
        /// Tries left before the next one.
        tries_left(count: u64) = "prompt-tries-left";
        /// The code before was wrong.
        code_was_wrong() = "prompt-code-was-wrong";
        /// What wrong codes lead to, where nobody knows how many tries are left.
        tries_unknown() = "prompt-tries-unknown";
        /// The card may be blocked, which the code shows.
        may_be_blocked() = "prompt-may-be-blocked";
        /// What a wrong code costs now.
        last_try() = "prompt-last-try";
        /// What a wrong code costs now on a card whose unblock code cannot be used.
        last_try_of_all() = "prompt-last-try-of-all";
        /// The word that a holder types to risk the last try.
        last_try_word() = "prompt-last-try-word";
        /// The short name of the field for that word.
        last_try_field() = "prompt-last-try-field";
        /// Asks for that word.
        risk_last_try(word: &str) = "prompt-risk-last-try";
        /// How long a code is: `minimum` to `maximum` digits.
        digits(minimum: u64, maximum: u64) = "prompt-digits";
        /// How long a code is: exactly `count` digits.
        digits_of_fixed_length(count: u64) = "prompt-digits-of-fixed-length";
        /// Asks for a code of so many `digits`.
        type_code(digits: &str) = "prompt-type-code";
        /// Asks for the code as it is, before the new one.
        type_current_code(digits: &str) = "prompt-type-current-code";
        /// Too few or too many digits were typed.
        code_has_other_length(digits: &str) = "prompt-code-has-other-length";
        /// What it means that the card is blocked, and what comes now.
        unblock_explained() = "prompt-unblock-explained";
        /// What unblocking is, of a card that may not be blocked.
        unblock_perhaps_explained() = "prompt-unblock-perhaps-explained";
        /// Where the unblock code is found, and what to do without it.
        unblock_code_found() = "prompt-unblock-code-found";
        /// Tries of the unblock code left before the next one.
        unblock_tries_left(count: u64) = "prompt-unblock-tries-left";
        /// Times that the unblock code may still unblock.
        unblock_uses_left(count: u64) = "prompt-unblock-uses-left";
        /// The unblock code before was wrong.
        unblock_code_was_wrong() = "prompt-unblock-code-was-wrong";
        /// What wrong unblock codes lead to, where nobody knows how many tries are left.
        unblock_tries_unknown() = "prompt-unblock-tries-unknown";
        /// What a wrong unblock code costs now.
        last_unblock_try() = "prompt-last-unblock-try";
        /// Asks for the unblock code.
        type_unblock_code(digits: &str) = "prompt-type-unblock-code";
        /// Too few or too many digits were typed for an unblock code.
        unblock_code_has_other_length() = "prompt-unblock-code-has-other-length";
        /// Asks for the code that the holder chooses.
        type_new_code(digits: &str) = "prompt-type-new-code";
        /// Asks for it a second time, so that no slip of the finger becomes the code.
        type_new_code_again() = "prompt-type-new-code-again";
        /// The two did not agree.
        new_codes_differ() = "prompt-new-codes-differ";
        /// The new code is the old one.
        new_code_is_old() = "prompt-new-code-is-old";
        /// Asks for a yes or a no.
        agree() = "prompt-agree";
        /// The holder said no.
        refused() = "prompt-refused";
        /// Nobody answered in time.
        timed_out() = "prompt-timed-out";
        /// The caller went away, or the workstation was locked.
        withdrawn() = "prompt-withdrawn";
        /// The code is typed on the reader.
        keypad_type_code() = "prompt-keypad-type-code";
        /// The code as it is and a new one are typed on the reader.
        keypad_change() = "prompt-keypad-change";
        /// Asks for Enter, before the reader asks once more.
        keypad_again() = "prompt-keypad-again";
        /// How long the reader waits.
        keypad_waits(seconds: u64) = "prompt-keypad-waits";
        /// Too few or too many digits were typed on the reader.
        keypad_length() = "prompt-keypad-length";
        /// The caller went away while the reader waited.
        keypad_cancel_key() = "prompt-keypad-cancel-key";
        /// The caller left while the reader waited.
        keypad_withdrawn() = "prompt-keypad-withdrawn";
        /// The answer served an authentication.
        done_authenticating(origin: &str) = "prompt-done-authenticating";
        /// The answer served a proof of identity for whom the program alone knows.
        done_using_authentication_key() = "prompt-done-using-authentication-key";
        /// It was deciphered.
        done_deciphering() = "prompt-done-deciphering";
        /// The answer served signatures.
        done_signing(count: u64) = "prompt-done-signing";
        /// The places of work were read.
        done_reading_activities() = "prompt-done-reading-activities";
        /// The answer changed the code.
        done_changing_pin() = "prompt-done-changing-pin";
        /// The answer unblocked the card.
        done_unblocking_pin() = "prompt-done-unblocking-pin";
        /// The answer opened a session.
        done_opening_session() = "prompt-done-opening-session";
        /// The answer served nothing, by an error's title and detail.
        not_done(title: &str, detail: &str) = "prompt-not-done";
        /// A program asks that showed the demo's own token.
        demo_token_asks() = "prompt-demo-token-asks";
        /// Who asks: the product's own page.
        console_asks() = "prompt-console-asks";
        /// A program wants to be paired, by its own word for itself.
        program_wants_in(name: &str) = "prompt-program-wants-in";
        /// The executable that asks for it.
        pairing_asked_by(name: &str) = "prompt-pairing-asked-by";
        /// The system does not say which executable asks for a pairing.
        pairing_asked_by_nobody_known() = "prompt-pairing-asked-by-nobody-known";
        /// Another program is paired under the same name.
        name_is_taken() = "prompt-name-is-taken";
        /// A name was the program's own word.
        name_unchecked() = "prompt-name-unchecked";
        /// Who asks: a page that was let in.
        page_asks(origin: &str) = "prompt-page-asks";
        /// A site wants a grant.
        site_wants_in(origin: &str) = "prompt-site-wants-in";
        /// The site around it.
        site_inside(origin: &str) = "prompt-site-inside";
        /// Heading of the environment of test cards.
        test_environment() = "prompt-test-environment";
        /// Heading of what it could do then.
        could_then() = "prompt-could-then";
        /// What the right `identify` allows.
        right_identify() = "prompt-right-identify";
        /// What the right `authenticate` allows.
        right_authenticate() = "prompt-right-authenticate";
        /// What the right `sign` allows.
        right_sign() = "prompt-right-sign";
        /// What the right `manage` allows.
        right_manage() = "prompt-right-manage";
        /// What the right `decipher` allows.
        right_decipher() = "prompt-right-decipher";
        /// Heading of the sites that a program would authenticate for.
        for_sites() = "prompt-for-sites";
        /// The code that both sides show, and what to do with it.
        pairing_code(code: &str) = "prompt-pairing-code";
        /// The holder agreed, and may take it back.
        grant_given() = "prompt-grant-given";
    }
}

impl PromptTexts {
    /// A time in whole hours where it is some, else in minutes, of which a part counts whole.
    #[must_use]
    pub fn lasting(self, time: Duration) -> String {
        match time.as_secs().div_ceil(60) {
            minutes if minutes > 0 && minutes.is_multiple_of(60) => self.hours(minutes / 60),
            minutes => self.minutes(minutes),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{Language, PromptTexts};

    #[test]
    fn a_time_is_told_in_hours_or_in_minutes() {
        let english = PromptTexts::new(Language::English);
        let told = |seconds| english.lasting(Duration::from_secs(seconds));
        for (seconds, words) in [
            (1, "one minute"),
            (900, "15 minutes"),
            (901, "16 minutes"),
            (3600, "one hour"),
            (5400, "90 minutes"),
            (14_400, "4 hours"),
        ] {
            assert!(told(seconds).contains(words), "{}", told(seconds));
        }
    }

    #[test]
    fn numbers_have_their_plural() {
        let french = PromptTexts::new(Language::French);
        let english = PromptTexts::new(Language::English);
        for (count, french_words, english_words) in [
            (0, "Il ne reste aucun essai", "No try is left"),
            (1, "Il reste un seul essai", "One single try is left"),
            (2, "Il reste 2 essais", "2 tries are left"),
            (3, "Il reste 3 essais", "3 tries are left"),
        ] {
            assert!(french.tries_left(count).starts_with(french_words));
            assert!(english.tries_left(count).starts_with(english_words));
        }
        for (count, french_words, english_words) in [
            (0, "aucun document", "no document"),
            (1, "un document ", "one document "),
            (2, "2 documents", "2 documents"),
        ] {
            assert!(french.to_sign(count).contains(french_words));
            assert!(english.to_sign(count).contains(english_words));
        }
    }
}
