//! The sentences of the window, beside those of every question.

use crate::sentences::sentences;

sentences! {
    /// What the window says to the holder. Text of others goes through `foreign_text` first.
    WindowTexts from "window.ftl" {
        /// Title of the window.
        title() = "window-title";
        /// Title after a code that was wrong.
        title_again() = "window-title-again";
        /// Title while the reader waits at its keypad.
        title_keypad() = "window-title-keypad";
        /// Title of the page before a last try.
        title_last_try() = "window-title-last-try";
        /// Title while the card works.
        title_working() = "window-title-working";
        /// Title of a good end.
        title_done() = "window-title-done";
        /// Title of a bad end.
        title_failed() = "window-title-failed";
        /// Which card.
        card(kind: &str, number: &str) = "window-card";
        /// Which card, where its type is not known.
        untyped_card(number: &str) = "window-untyped-card";
        /// Heading of a question about no card.
        no_card() = "window-no-card";
        /// For what: a proof of identity.
        heading_authenticate() = "window-heading-authenticate";
        /// What is asked: what was enciphered for the holder, deciphered.
        heading_decipher() = "window-heading-decipher";
        /// For what: so many signatures.
        heading_sign(count: u64) = "window-heading-sign";
        /// For what: the holder's places of work.
        heading_activities() = "window-heading-activities";
        /// For what: another code.
        heading_change() = "window-heading-change";
        /// For what: a new code for a blocked card.
        heading_unblock() = "window-heading-unblock";
        /// For what: a session.
        heading_session() = "window-heading-session";
        /// Opens a session.
        open_session() = "window-open-session";
        /// For what: a program wants to be paired.
        heading_pair() = "window-heading-pair";
        /// For what: a site wants a grant.
        heading_site() = "window-heading-site";
        /// Heading of the site to which the holder proves who they are.
        for_site() = "window-for-site";
        /// Heading of who asks.
        asked_by() = "window-asked-by";
        /// What a paired program's name is.
        paired() = "window-paired";
        /// Where the executable lies.
        program_folder(folder: &str) = "window-program-folder";
        /// A program that the system does not name.
        unknown_program() = "window-unknown-program";
        /// That the system does not name it.
        unknown_program_detail() = "window-unknown-program-detail";
        /// A program with the demo's token.
        demo_program() = "window-demo-program";
        /// What that program showed.
        demo_program_detail() = "window-demo-program-detail";
        /// The product's own page.
        console() = "window-console";
        /// What that page is.
        console_detail() = "window-console-detail";
        /// What a page's site is.
        page_detail() = "window-page-detail";
        /// The site around it.
        inside_site(origin: &str) = "window-inside-site";
        /// Heading of the site that wants a grant.
        site() = "window-site";
        /// Heading of a name that is the program's own word.
        name_given() = "window-name-given";
        /// That nobody checked it.
        name_unchecked() = "window-name-unchecked";
        /// Heading of the executable that asks to be paired.
        asking_program() = "window-asking-program";
        /// Heading of what is allowed then.
        could_then() = "window-could-then";
        /// Heading of the sites that a program would authenticate for.
        sites_alone() = "window-sites-alone";
        /// How long a site's grant lasts.
        rights_last(days: u64) = "window-rights-last";
        /// How long a pairing lasts.
        pairing_lasts() = "window-pairing-lasts";
        /// Heading of the code that both sides show.
        pairing_code() = "window-pairing-code";
        /// What to do with it.
        pairing_hint() = "window-pairing-hint";
        /// Name of the list of documents.
        documents() = "window-documents";
        /// Unfolds the digests.
        show_digests() = "window-show-digests";
        /// Folds them.
        hide_digests() = "window-hide-digests";
        /// The card expires soon.
        expires(days: u64) = "window-expires";
        /// Name of the field of the code.
        code() = "window-code";
        /// The same, where a new one is asked for next.
        current_code() = "window-current-code";
        /// Name of the field of the unblock code.
        unblock_code() = "window-unblock-code";
        /// Name of the field of the new code.
        new_code() = "window-new-code";
        /// Name of the field of the new code's second time.
        new_code_again() = "window-new-code-again";
        /// A key was no digit.
        digits_only() = "window-digits-only";
        /// Tries left before the next one.
        tries(count: u64) = "window-tries";
        /// What a field holds, for those who do not see its dots.
        typed(count: u64) = "window-typed";
        /// What the bar at a keypad shows.
        keypad_time() = "window-keypad-time";
        /// How long the reader waits at its keypad.
        keypad_seconds(seconds: u64) = "window-keypad-seconds";
        /// The same where somebody waits for the answer.
        time_to_answer(seconds: u64) = "window-time-to-answer";
        /// A key was pressed here while the reader waits.
        keypad_not_here() = "window-keypad-not-here";
        /// The button that has the reader ask once more at its keypad.
        keypad_again() = "window-keypad-again";
        /// How to refuse at the keypad.
        keypad_refusal() = "window-keypad-refusal";
        /// The caller left.
        withdrawn() = "window-withdrawn";
        /// Heading of the last try.
        last_try_heading() = "window-last-try-heading";
        /// The button that risks it.
        risk_last_try() = "window-risk-last-try";
        /// The button that does not.
        keep_last_try() = "window-keep-last-try";
        /// Accepts a code.
        ok() = "window-ok";
        /// Accepts signatures.
        sign() = "window-sign";
        /// Accepts a change.
        change() = "window-change";
        /// Accepts an unblocking.
        unblock() = "window-unblock";
        /// Accepts a site.
        allow() = "window-allow";
        /// Accepts a program.
        pair() = "window-pair";
        /// Accepts without a code.
        agree() = "window-agree";
        /// Stops.
        cancel() = "window-cancel";
        /// Says no.
        refuse() = "window-refuse";
        /// Closes the window.
        close() = "window-close";
        /// The answer is with the card.
        working() = "window-working";
    }
}
