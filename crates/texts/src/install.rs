//! The sentences of `cpxd install` and `cpxd uninstall`.

use crate::sentences::sentences;

sentences! {
    /// What `cpxd install` and `cpxd uninstall` print.
    InstallTexts from "install.ftl" {
        /// The file of the authority.
        authority(file: &str) = "install-authority";
        /// Its fingerprint.
        fingerprint(fingerprint: &str) = "install-fingerprint";
        /// Its last day.
        until(date: &str) = "install-until";
        /// What it is worth.
        loopback_only() = "install-loopback-only";
        /// There is none yet.
        authority_to_come() = "install-authority-to-come";
        /// There is nothing to take away.
        no_authority() = "install-no-authority";
        /// There is no store.
        no_store() = "install-no-store";
        /// There is no browser of Chromium's family.
        no_chromium() = "install-no-chromium";
        /// There is no profile of Firefox.
        no_firefox() = "install-no-firefox";
        /// The system has no store that is known.
        no_system_store() = "install-no-system-store";
        /// Heading of the stores that could come to trust it.
        where_it_would_go() = "install-where-it-would-go";
        /// Heading of the stores that are about to trust it.
        where_it_goes() = "install-where-it-goes";
        /// Heading of the stores that are about to trust it no more.
        where_it_leaves() = "install-where-it-leaves";
        /// A store of Chromium.
        store_chromium(place: &str) = "install-store-chromium";
        /// A store of Firefox.
        store_firefox(place: &str) = "install-store-firefox";
        /// The system's store.
        store_system(place: &str) = "install-store-system";
        /// A store and how it is.
        store_line(store: &str, state: &str) = "install-store-line";
        /// A store trusts it.
        state_trusted() = "install-state-trusted";
        /// A store does not trust it.
        state_not_trusted() = "install-state-not-trusted";
        /// Nobody knows whether a store trusts it.
        state_unknown() = "install-state-unknown";
        /// A store has come to trust it.
        state_added() = "install-state-added";
        /// A store goes on trusting it.
        state_kept() = "install-state-kept";
        /// A store trusts it no more.
        state_removed() = "install-state-removed";
        /// A store did not have it.
        state_absent() = "install-state-absent";
        /// The lines that follow are for an administrator.
        state_administrator() = "install-state-administrator";
        /// A store was not changed.
        state_failed(problem: &str) = "install-state-failed";
        /// Nobody is made to trust anything.
        trust_is_opt_in(file: &str) = "install-trust-is-opt-in";
        /// Heading of the browsers that could be told of the native host.
        where_hosts_would_go() = "install-where-hosts-would-go";
        /// Heading of the browsers that are about to be told of the native host.
        where_hosts_go() = "install-where-hosts-go";
        /// Heading of the browsers that are about to know it no more.
        where_hosts_leave() = "install-where-hosts-leave";
        /// A manifest of Chromium's family.
        host_chromium(file: &str) = "install-host-chromium";
        /// A manifest of Firefox.
        host_firefox(file: &str) = "install-host-firefox";
        /// The browser knows it.
        host_told() = "install-host-told";
        /// A package told it, for all users.
        host_packaged() = "install-host-packaged";
        /// The browser does not know it.
        host_not_told() = "install-host-not-told";
        /// The browser has been told.
        host_added() = "install-host-added";
        /// The browser has been told before.
        host_kept() = "install-host-kept";
        /// The browser knows it no more.
        host_removed() = "install-host-removed";
        /// The browser runs in a sandbox.
        host_confined() = "install-host-confined";
        /// There is no browser.
        no_browser() = "install-no-browser";
        /// The host itself is not there.
        host_missing(file: &str) = "install-host-missing";
        /// Some browsers were not told.
        hosts_incomplete() = "install-hosts-incomplete";
        /// Heading of the places that could be told of the PKCS#11 module.
        where_modules_would_go() = "install-where-modules-would-go";
        /// Heading of the places that are told of the PKCS#11 module.
        where_modules_go() = "install-where-modules-go";
        /// Heading of the places that know the PKCS#11 module no more.
        where_modules_leave() = "install-where-modules-leave";
        /// The programs that use p11-kit.
        module_p11_kit(place: &str) = "install-module-p11-kit";
        /// The place knows the module.
        module_told() = "install-module-told";
        /// The place does not know the module.
        module_not_told() = "install-module-not-told";
        /// The place knew the module before.
        module_kept() = "install-module-kept";
        /// Somebody else has the name there.
        module_not_ours() = "install-module-not-ours";
        /// Its programs run in a sandbox.
        module_confined() = "install-module-confined";
        /// There is no place.
        no_module_place() = "install-no-module-place";
        /// No place knows the module.
        no_module_known() = "install-no-module-known";
        /// The module itself is not there.
        module_missing(file: &str) = "install-module-missing";
        /// Some places were not told.
        modules_incomplete() = "install-modules-incomplete";
        /// Some places still know the module.
        modules_stay() = "install-modules-stay";
        /// How Java, OpenSSL and others are told.
        module_for_others(file: &str) = "install-module-for-others";
        /// When it takes effect.
        restart_browsers() = "install-restart-browsers";
        /// Heading of the files by which a session could start the agent.
        where_start_would_go() = "install-where-start-would-go";
        /// Heading of the files by which a session starts the agent from now on.
        where_start_goes() = "install-where-start-goes";
        /// Heading of the files by which a session starts the agent no more.
        where_start_leaves() = "install-where-start-leaves";
        /// The file is there.
        start_in_place() = "install-start-in-place";
        /// The file is not there.
        start_not_in_place() = "install-start-not-in-place";
        /// The file has been there before.
        start_kept() = "install-start-kept";
        /// The machine has the file for all its users.
        start_packaged(file: &str) = "install-start-packaged";
        /// Somebody else wrote the file.
        start_not_ours() = "install-start-not-ours";
        /// The program that the file would start is not there.
        start_program_missing(program: &str) = "install-start-program-missing";
        /// When it takes effect.
        start_at_next_session() = "install-start-at-next-session";
        /// Some files were not written.
        start_incomplete() = "install-start-incomplete";
        /// No file can say where this program is.
        start_path_unusable(program: &str) = "install-start-path-unusable";
        /// The state folder stays.
        state_dir_kept(folder: &str) = "install-state-dir-kept";
        /// The state folder is gone.
        state_dir_removed(folder: &str) = "install-state-dir-removed";
        /// The state folder is not empty.
        state_dir_has_more(folder: &str) = "install-state-dir-has-more";
        /// What lies in the place of the state folder is not an agent's.
        state_dir_not_an_agents(folder: &str) = "install-state-dir-not-an-agents";
        /// There is no state folder.
        state_dir_absent(folder: &str) = "install-state-dir-absent";
        /// Some stores were not changed.
        trust_incomplete(failed: u64) = "install-trust-incomplete";
        /// Problem of a store: its program is missing.
        certutil_missing() = "install-certutil-missing";
        /// Problem of a store: it has a password.
        locked(file: &str) = "install-locked";
        /// Problem of a store: it is another user's.
        not_ours(owner: &str) = "install-not-ours";
        /// Problem of a store: its program failed.
        program_failed(program: &str, said: &str) = "install-program-failed";
        /// Problem of a store: it did not change.
        unchanged() = "install-unchanged";
        /// The authority is there and is no use.
        authority_unusable(file: &str, problem: &str) = "install-authority-unusable";
        /// Problem of an authority: it could vouch for more.
        not_constrained() = "install-not-constrained";
        /// The state folder is in use.
        running(pid: &str) = "install-running";
    }
}
