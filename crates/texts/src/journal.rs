//! The sentences of `cpxd journal`.

use crate::sentences::sentences;

sentences! {
    /// What `cpxd journal` prints. Text of others goes through `foreign_text` first.
    JournalTexts from "journal.ftl" {
        /// A paired program.
        who_program(name: &str) = "journal-who-program";
        /// A program of the same user.
        who_socket(executable: &str, pid: &str) = "journal-who-socket";
        /// A program of the same user, in whatever process.
        who_executable(executable: &str) = "journal-who-executable";
        /// A web page.
        who_page(origin: &str) = "journal-who-page";
        /// A web page inside another one.
        who_page_within(origin: &str, top: &str) = "journal-who-page-within";
        /// The product's own page.
        who_console() = "journal-who-console";
        /// Nobody could be identified.
        who_unknown() = "journal-who-unknown";
        /// There is no entry.
        empty() = "journal-empty";
        /// The agent started.
        agent_started(version: &str, pid: &str, settings: &str) = "journal-agent-started";
        /// The agent stopped.
        agent_stopped() = "journal-agent-stopped";
        /// What was asked, by its name in the journal.
        operation(operation: &str) = "journal-operation";
        /// Signatures were asked.
        signatures(count: u64) = "journal-signatures";
        /// Somebody asked for a use of the card.
        intent(who: &str, operation: &str, card: &str) = "journal-intent";
        /// An operation was done.
        outcome_ok(of: &str) = "journal-outcome-ok";
        /// Nobody waited for the result.
        outcome_caller_left(of: &str) = "journal-outcome-caller-left";
        /// The card knew of the code of a session no more.
        outcome_code_lost(of: &str) = "journal-outcome-code-lost";
        /// An operation was not done.
        outcome_failed(of: &str, title: &str, code: &str) = "journal-outcome-failed";
        /// What became of a grant.
        grant(decision: &str, who: &str, rights: &str) = "journal-grant";
        /// How far a pairing got.
        pairing(step: &str, name: &str, rights: &str) = "journal-pairing";
        /// The door refused.
        refusal(times: u64, who: &str, title: &str, code: &str) = "journal-refusal";
        /// A session began.
        session_opened(session: &str, who: &str, card: &str) = "journal-session-opened";
        /// A session ended.
        session_closed(session: &str, reason: &str) = "journal-session-closed";
        /// The end of the journal was mended.
        recovered() = "journal-recovered";
        /// The agent found damage.
        damaged(place: &str, code: &str) = "journal-damaged";
        /// Old entries were removed.
        retired(through: &str) = "journal-retired";
        /// An entry that this version does not know.
        unknown() = "journal-unknown";
        /// Nothing is wrong.
        whole(count: u64) = "journal-whole";
        /// What the limits removed.
        retired_before(through: &str) = "journal-retired-before";
        /// The last entry.
        head(seq: &str, hash: &str) = "journal-head";
        /// The last line is unfinished.
        unfinished() = "journal-unfinished";
        /// Something is wrong.
        broken(count: u64) = "journal-broken";
        /// A file.
        place_file(file: &str) = "journal-place-file";
        /// A line of a file.
        place_line(file: &str, line: &str) = "journal-place-line";
        /// What is wrong, and where.
        fault(place: &str, wrong: &str) = "journal-fault";
        /// What can be wrong: unreadable.
        wrong_unreadable(because: &str) = "journal-wrong-unreadable";
        /// What can be wrong: not an entry.
        wrong_not_an_entry() = "journal-wrong-not-an-entry";
        /// What can be wrong: changed.
        wrong_changed() = "journal-wrong-changed";
        /// What can be wrong: missing.
        wrong_missing(from: &str, to: &str) = "journal-wrong-missing";
        /// What can be wrong: out of order.
        wrong_out_of_order(seq: &str) = "journal-wrong-out-of-order";
        /// What can be wrong: broken link.
        wrong_broken_link() = "journal-wrong-broken-link";
        /// What can be wrong: unfinished.
        wrong_unfinished() = "journal-wrong-unfinished";
        /// What can be wrong: misnamed.
        wrong_misnamed() = "journal-wrong-misnamed";
        /// What can be wrong: beginning missing.
        wrong_beginning_missing(through: &str) = "journal-wrong-beginning-missing";
        /// What can be wrong: tail missing.
        wrong_tail_missing(anchored: &str) = "journal-wrong-tail-missing";
        /// What can be wrong: rewritten.
        wrong_rewritten() = "journal-wrong-rewritten";
        /// What can be wrong: anchor missing.
        wrong_anchor_missing() = "journal-wrong-anchor-missing";
        /// What can be wrong: anchor unreadable.
        wrong_anchor_unreadable(because: &str) = "journal-wrong-anchor-unreadable";
        /// What can be wrong: found before.
        wrong_found_before(code: &str) = "journal-wrong-found-before";
    }
}
