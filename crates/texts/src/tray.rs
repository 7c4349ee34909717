//! The sentences of the tray.

use crate::sentences::sentences;

sentences! {
    /// What `cpxd-tray` shows. Text of others goes through `foreign_text` first.
    TrayTexts from "tray.ftl" {
        /// The agent does not answer.
        agent_absent() = "tray-agent-absent";
        /// The agent answers too late.
        agent_slow() = "tray-agent-slow";
        /// The agent is not understood.
        agent_strange() = "tray-agent-strange";
        /// How many cards there are.
        several_cards(count: u64) = "tray-several-cards";
        /// State of a card whose tries it does not tell.
        ready() = "tray-ready";
        /// State of a card: tries left.
        ready_with_tries(count: u64) = "tray-ready-with-tries";
        /// State of a card whose code may be blocked, which its next use shows.
        perhaps_blocked() = "tray-perhaps-blocked";
        /// State of a card: its code is blocked.
        blocked() = "tray-blocked";
        /// State of a card: nothing unblocks it.
        blocked_for_good() = "tray-blocked-for-good";
        /// State of a card that has no code.
        without_code() = "tray-without-code";
        /// State of a card: its end is near.
        expires(days: u64) = "tray-expires";
        /// State of a card: its end is over.
        expired() = "tray-expired";
        /// State of a card: before its first day.
        not_yet_valid() = "tray-not-yet-valid";
        /// State of a card that is not used here.
        other_environment() = "tray-other-environment";
        /// It is a test card.
        test_card() = "tray-test-card";
        /// A card in this reader cannot be used.
        unusable_card(reader: &str, problem: &str) = "tray-unusable-card";
        /// A card that names nobody.
        nameless_card(kind: &str, number: &str) = "tray-nameless-card";
        /// A card that names nobody and of which nothing says what kind it is.
        untyped_card(number: &str) = "tray-untyped-card";
        /// In the place of a card's kind that nothing says.
        any_card() = "tray-any-card";
        /// Heading of the sessions.
        sessions(count: u64) = "tray-sessions";
        /// There is no session.
        no_session() = "tray-no-session";
        /// A session: whose, and with which card.
        session(caller: &str, card: &str) = "tray-session";
        /// Ends a session.
        end_session(caller: &str, card: &str) = "tray-end-session";
        /// Heading of the sites and programs.
        grants(count: u64) = "tray-grants";
        /// Nobody was let in.
        no_grant() = "tray-no-grant";
        /// A program by its own word.
        program(name: &str) = "tray-program";
        /// A site.
        site(origin: &str) = "tray-site";
        /// A site shown inside another.
        inner_site(origin: &str, around: &str) = "tray-inner-site";
        /// Whoever shows the demo’s token.
        demo_program() = "tray-demo-program";
        /// A grant and its last day.
        until(caller: &str, date: &str) = "tray-until";
        /// A grant that only the administrator takes back.
        by_policy(caller: &str) = "tray-by-policy";
        /// Takes a grant back.
        revoke() = "tray-revoke";
        /// Opens the agent's own page.
        console() = "tray-console";
        /// Asks for another code.
        change_code() = "tray-change-code";
        /// Asks for the unblock code.
        unblock_code() = "tray-unblock-code";
        /// What is wrong with this workstation.
        diagnostic(sentence: &str) = "tray-diagnostic";
        /// Nothing is wrong.
        all_well() = "tray-all-well";
        /// What is right.
        all_well_detail() = "tray-all-well-detail";
        /// Heading of the languages, for whoever reads the other one.
        languages() = "tray-languages";
        /// The system’s language.
        language_of_system() = "tray-language-of-system";
        /// Ends the tray alone.
        quit() = "tray-quit";
        /// Title: a code is blocked.
        blocked_title() = "tray-blocked-title";
        /// A code is blocked, and what to do.
        blocked_notice(holder: &str) = "tray-blocked-notice";
        /// Title: nothing unblocks a card.
        blocked_for_good_title() = "tray-blocked-for-good-title";
        /// Nothing unblocks a card, and what to do.
        blocked_for_good_notice(holder: &str) = "tray-blocked-for-good-notice";
        /// Title: a card’s end is near.
        expires_title(days: u64) = "tray-expires-title";
        /// A card’s end is near, and what to do.
        expires_notice(holder: &str, date: &str) = "tray-expires-notice";
        /// One tray is enough.
        second_one(pid: &str) = "tray-second-one";
        /// The folder that was named is no agent’s.
        no_agents_folder(folder: &str) = "tray-no-agents-folder";
        /// There is no place for a tray.
        no_session_bus() = "tray-no-session-bus";
        /// The place of the tray is gone.
        desktop_gone() = "tray-desktop-gone";
        /// Nobody shows the tray yet.
        no_panel_yet() = "tray-no-panel-yet";
        /// This system’s tray comes later.
        other_system() = "tray-other-system";
        /// Something else is wrong.
        failed(problem: &str) = "tray-failed";
    }
}
