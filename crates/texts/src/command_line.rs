//! The sentences of the command line.

use crate::sentences::sentences;

sentences! {
    /// What `cpxd` prints in a shell. Text of others goes through `foreign_text` first.
    CommandTexts from "cli.ftl" {
        /// The agent answers here.
        agent_runs(version: &str, url: &str, pid: u32) = "cli-agent-runs";
        /// No agent answers, and how to start one.
        agent_does_not_run() = "cli-agent-does-not-run";
        /// The configuration says what is no setting.
        configuration_unusable(problem: &str) = "cli-configuration-unusable";
        /// No agent answers, since none starts with this configuration.
        agent_cannot_start(problem: &str) = "cli-agent-cannot-start";
        /// A second agent is one too many.
        agent_already_runs(pid: &str) = "cli-agent-already-runs";
        /// A newer version wrote what is kept.
        state_is_newer(file: &str, version: &str) = "cli-state-is-newer";
        /// A newer version is there.
        update_is_there(version: &str) = "cli-update-is-there";
        /// What runs is the newest version.
        update_is_none(version: &str) = "cli-update-is-none";
        /// Nobody is asked for newer versions.
        updates_off() = "cli-updates-off";
        /// Nobody could be asked.
        update_no_answer(problem: &str) = "cli-update-no-answer";
        /// What was said of a newer version is not believed.
        update_refused(problem: &str) = "cli-update-refused";
        /// It cannot be judged with this clock.
        update_clock_wrong() = "cli-update-clock-wrong";
        /// A folder holds a release, whole and unchanged.
        release_is_whole(version: &str) = "cli-release-is-whole";
        /// The port that was asked for cannot be had.
        port_is_taken(port: &str) = "cli-port-is-taken";
        /// The agent is ready.
        run_is_ready(url: &str) = "cli-run-is-ready";
        /// The agent of the demo is ready.
        demo_is_ready(url: &str) = "cli-demo-is-ready";
        /// The code of the virtual cards.
        demo_code() = "cli-demo-code";
        /// Their unblock code, for whoever types it.
        demo_unblock_code() = "cli-demo-unblock-code";
        /// The holder is asked at this terminal.
        questions_come_here() = "cli-questions-come-here";
        /// How to end an agent that asks elsewhere.
        ctrl_c_ends_it() = "cli-ctrl-c-ends-it";
        /// A line to type follows.
        demo_try_next() = "cli-demo-try-next";
        /// The page is in the browser.
        console_is_open() = "cli-console-is-open";
        /// No browser shows it.
        console_not_shown(problem: &str, url: &str) = "cli-console-not-shown";
        /// How to open the page.
        demo_console(command: &str) = "cli-demo-console";
        /// Where to read on.
        demo_goes_on() = "cli-demo-goes-on";
        /// The demo does not work where the configuration says.
        demo_takes_test_cards_alone() = "cli-demo-takes-test-cards-alone";
        /// No answer came in time.
        agent_too_slow() = "cli-agent-too-slow";
        /// The agent ended in the middle of the request.
        agent_gone() = "cli-agent-gone";
        /// What answers is not the agent that this program knows.
        agent_not_understood(problem: &str) = "cli-agent-not-understood";
        /// Title of a failure that is not the agent's.
        command_failed() = "cli-command-failed";
        /// The call waits for the holder.
        answer_the_question() = "cli-answer-the-question";
        /// A signature was written to a file.
        signature_written(algorithm: &str, file: &str) = "cli-signature-written";
        /// A file cannot be read.
        file_unreadable(file: &str, problem: &str) = "cli-file-unreadable";
        /// A file cannot be written.
        file_unwritable(file: &str, problem: &str) = "cli-file-unwritable";
        /// A file is there already and is not to be replaced.
        file_exists(file: &str) = "cli-file-exists";
        /// The signature would take the place of what is signed.
        file_is_the_document(file: &str) = "cli-file-is-the-document";
        /// What is there is a folder, a device or a link.
        no_regular_file(file: &str) = "cli-no-regular-file";
        /// Beside a device or a pipe there is no place for a signature.
        no_place_beside(file: &str) = "cli-no-place-beside";
        /// Problem of a file: it is not there.
        no_such_file() = "cli-no-such-file";
        /// Problem of a file: this person may not.
        no_permission() = "cli-no-permission";
        /// Problem of a file: it is a folder.
        is_a_folder() = "cli-is-a-folder";
        /// Problem of a file: no room is left.
        disk_is_full() = "cli-disk-is-full";
        /// Heading of the readers.
        readers() = "cli-readers";
        /// What something is called, and what is said of it.
        labelled(label: &str, words: &str) = "cli-labelled";
        /// There is no reader.
        no_reader() = "cli-no-reader";
        /// The reader holds no card.
        reader_empty() = "cli-reader-empty";
        /// The reader holds a card.
        reader_with_card() = "cli-reader-with-card";
        /// Another program holds the reader.
        reader_busy() = "cli-reader-busy";
        /// The reader does not answer.
        reader_unreachable() = "cli-reader-unreachable";
        /// Codes can be typed on the reader.
        reader_with_keypad() = "cli-reader-with-keypad";
        /// Heading of the cards.
        cards() = "cli-cards";
        /// There is no card.
        no_card() = "cli-no-card";
        /// Which card is meant must be said.
        more_than_one_card() = "cli-more-than-one-card";
        /// No card has the id that was given.
        no_such_card(id: &str) = "cli-no-such-card";
        /// A card by its type or generation and its number.
        card(kind: &str, number: &str) = "cli-card";
        /// A card of which nothing says what kind it is, by its number.
        untyped_card(number: &str) = "cli-untyped-card";
        /// It is a test card.
        test_card() = "cli-test-card";
        /// Whose card it is.
        holder(name: &str) = "cli-holder";
        /// The holder's profession.
        profession(label: &str) = "cli-profession";
        /// What a card bears that names nobody in particular.
        pseudonym(name: &str) = "cli-pseudonym";
        /// The holder's specialty or other know-how.
        know_how(label: &str) = "cli-know-how";
        /// The structure whose staff the card is for.
        structure(name: &str) = "cli-structure";
        /// The national identifier's last digit does not fit the others.
        warning_national_id_check_digit() = "cli-warning-national-id-check-digit";
        /// The card's type is in doubt.
        warning_card_type_doubtful() = "cli-warning-card-type-doubtful";
        /// The holder's national identifier.
        national_id(value: &str) = "cli-national-id";
        /// Last day of validity and days until then.
        valid_until(date: &str, days: u64) = "cli-valid-until";
        /// The card is past its last day.
        expired_on(date: &str) = "cli-expired-on";
        /// The card is before its first day.
        valid_from(date: &str) = "cli-valid-from";
        /// State of the holder's code.
        pin(state: &str) = "cli-pin";
        /// State of the unblock code.
        unblock_code(state: &str) = "cli-unblock-code";
        /// State of a code: tries left.
        tries_left(count: u64) = "cli-tries-left";
        /// State of a code whose tries the card does not tell.
        code_ready() = "cli-code-ready";
        /// State of a code that may be blocked, which its next use shows.
        code_unknown() = "cli-code-unknown";
        /// State of a code: blocked.
        code_blocked() = "cli-code-blocked";
        /// The command that unblocks a card.
        unblock_here() = "cli-unblock-here";
        /// State of a code: blocked for good.
        code_definitively_blocked() = "cli-code-definitively-blocked";
        /// State of a code that the card does not have.
        code_absent() = "cli-code-absent";
        /// The code was changed.
        pin_changed() = "cli-pin-changed";
        /// The card was unblocked.
        pin_unblocked() = "cli-pin-unblocked";
        /// Heading of the certificates.
        certificates() = "cli-certificates";
        /// Certificate of the authentication key.
        role_authentication() = "cli-role-authentication";
        /// Certificate of the signature key.
        role_signature() = "cli-role-signature";
        /// Certificate of the contactless key.
        role_technical() = "cli-role-technical";
        /// The certificate is within its dates.
        certificate_valid() = "cli-certificate-valid";
        /// The certificate is past its dates.
        certificate_expired() = "cli-certificate-expired";
        /// The certificate is before its dates.
        certificate_not_yet_valid() = "cli-certificate-not-yet-valid";
        /// A pairing has this code, and waits for the holder.
        pairing_code(code: &str) = "cli-pairing-code";
        /// A program was paired; its token follows.
        paired(id: &str) = "cli-paired";
        /// A program was paired; its token is in a file.
        paired_to_file(id: &str, file: &str) = "cli-paired-to-file";
        /// Nobody was let in.
        no_grant() = "cli-no-grant";
        /// A program that may call.
        grant_of_program(name: &str) = "cli-grant-of-program";
        /// A site that may call.
        grant_of_site(origin: &str) = "cli-grant-of-site";
        /// A site that may call while it is shown inside another.
        grant_of_inner_site(origin: &str, around: &str) = "cli-grant-of-inner-site";
        /// What it may do, by the names that the API gives rights.
        grant_rights(rights: &str) = "cli-grant-rights";
        /// The sites that a program may authenticate for.
        grant_origins(origins: &str) = "cli-grant-origins";
        /// The day of its last use.
        grant_last_use(date: &str) = "cli-grant-last-use";
        /// The last day of a grant.
        grant_until(date: &str) = "cli-grant-until";
        /// How to name a grant.
        grant_id(id: &str) = "cli-grant-id";
        /// A grant that only the administrator can take back.
        grant_by_policy() = "cli-grant-by-policy";
        /// No grant has the id that was given.
        no_such_grant(id: &str) = "cli-no-such-grant";
        /// A grant was taken back.
        grant_revoked(id: &str) = "cli-grant-revoked";
        /// No session is open.
        no_session() = "cli-no-session";
        /// A session of whoever showed the demo's token.
        session_of_demo_token() = "cli-session-of-demo-token";
        /// When a session began, when it ends unused, and when in any case.
        session_times(opened: &str, idle_end: &str, end: &str) = "cli-session-times";
        /// How to name a session.
        session_id(id: &str) = "cli-session-id";
        /// No session has the id that was given.
        no_such_session(id: &str) = "cli-no-such-session";
        /// A session was ended.
        session_ended(id: &str) = "cli-session-ended";
    }
}
