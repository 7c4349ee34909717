//! The sentences of `cpxd diagnose`.

use crate::sentences::sentences;

sentences! {
    /// What `cpxd diagnose` prints beside what it found.
    DiagnoseTexts from "diagnose.ftl" {
        /// A check and how it ended.
        check(state: &str, title: &str, cause: &str) = "diagnose-check";
        /// Something that was looked at.
        detail(name: &str, value: &str) = "diagnose-detail";
        /// Nothing failed.
        all_well() = "diagnose-all-well";
        /// The root cause.
        first(check: &str) = "diagnose-first";
        /// What to do about a finding.
        remedy(remedy: &str) = "diagnose-remedy";
        /// Heading of what the support bundle contains.
        zip_contents() = "diagnose-zip-contents";
        /// A file of the support bundle.
        zip_line(name: &str, bytes: &str, what: &str) = "diagnose-zip-line";
        /// The versions.
        zip_versions() = "diagnose-zip-versions";
        /// What was found.
        zip_checks() = "diagnose-zip-checks";
        /// The end of the log.
        zip_log() = "diagnose-zip-log";
        /// The state of the journal.
        zip_journal() = "diagnose-zip-journal";
        /// The readers.
        zip_readers() = "diagnose-zip-readers";
        /// The configuration.
        zip_configuration() = "diagnose-zip-configuration";
        /// What the support bundle never contains.
        zip_without() = "diagnose-zip-without";
        /// The question before it is saved.
        zip_question(file: &str) = "diagnose-zip-question";
        /// Nobody can be asked.
        zip_needs_a_yes() = "diagnose-zip-needs-a-yes";
        /// The answer was no.
        zip_not_saved() = "diagnose-zip-not-saved";
        /// Something is there already.
        zip_file_exists(file: &str) = "diagnose-zip-file-exists";
        /// It was saved.
        zip_saved(file: &str) = "diagnose-zip-saved";
    }
}
