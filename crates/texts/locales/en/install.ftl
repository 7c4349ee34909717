# What `cpxd install` and `cpxd uninstall` print.

## What it is about

install-authority = Certification authority of this installation: { $file }
install-fingerprint = SHA-256 { $fingerprint }
install-until = Until { $date }
install-loopback-only = It can vouch for this computer alone (127.0.0.1, [::1], localhost), and for no site.
install-authority-to-come = It is made the first time that it is needed.
install-no-authority = This installation has put no certification authority anywhere.
install-no-store = There is no store to put it into: no browser, nor the system’s own, was found.
install-no-chromium = No browser of Chromium’s family was found for this user, so nothing was put there.
install-no-firefox = No profile of Firefox was found for this user, so nothing was put there. Start Firefox once, then run the same command again.
install-no-system-store = The system’s own store was not found, so nothing was put there.

## Stores

install-where-it-would-go = Where “cpxd install --trust” puts it:
install-where-it-goes = It will be trusted here:
install-where-it-leaves = The certification authority of this installation will be trusted no more here:
install-store-chromium = Chromium and its family, { $place }
install-store-firefox = Firefox, profile { $place }
install-store-system = programs of the system such as curl, { $place }
install-store-line = { $store }: { $state }
install-state-trusted = trusted already
install-state-not-trusted = not trusted
install-state-unknown = cannot be looked at
install-state-added = done
install-state-kept = was trusted already
install-state-removed = removed
install-state-absent = was not there
install-state-administrator = not done: only an administrator may. As root:
install-state-failed = FAILED: { $problem }

## Browsers and the native host

install-where-hosts-would-go = Where “cpxd install --native-messaging” tells browsers of the agent, for the extension:
install-where-hosts-go = These browsers are told of the agent, for the extension:
install-where-hosts-leave = These browsers know of the agent no more:
install-host-chromium = Chromium’s family, { $file }
install-host-firefox = Firefox, { $file }
install-host-told = told already
install-host-packaged = told already: a package tells it, for all users
install-host-not-told = not told
install-host-added = done
install-host-kept = was told already
install-host-removed = removed
install-host-confined = not possible: this browser runs in a sandbox (snap or Flatpak) and starts no program outside. Use the browser of your distribution or of its maker
install-no-browser = There is no browser to tell of the agent.
install-host-missing = { $file } is not there: the extension needs it beside cpxd. Install it, then run the same command again.
install-hosts-incomplete = Some browsers were not told; the lines above say why. Put that right, then run the same command again.

## Start with the session

install-where-start-would-go = What “cpxd install --autostart” writes, so that your sessions start the agent:
install-where-start-goes = Your sessions start the agent by these files:
install-where-start-leaves = Your sessions start the agent no more by these files:
install-start-in-place = in place already
install-start-not-in-place = not in place
install-start-kept = was in place already
install-start-packaged = not needed: a package has it already, { $file }
install-start-not-ours = left alone: it was not written by this program. Look at it, and remove it if nobody needs it
install-start-program-missing = left out: { $program } is not there
install-start-at-next-session = It takes effect when you log in again, or at once by: systemctl --user daemon-reload && systemctl --user start cpxd.socket
install-start-incomplete = Not every file could be written; the lines above say why. Put that right, then run the same command again.
install-start-path-unusable = { $program } has characters that no file for a session’s start can hold. Move cpxd to another folder, then run the same command again.

## Programs and the PKCS#11 module

install-where-modules-would-go = Where “cpxd install --pkcs11” tells of cpxd’s PKCS#11 module, to log in with the card without Cryptolib:
install-where-modules-go = These programs are told of cpxd’s PKCS#11 module:
install-where-modules-leave = These programs know of cpxd’s PKCS#11 module no more:
install-module-p11-kit = programs that use p11-kit, { $place }
install-module-told = told already
install-module-not-told = not told
install-module-kept = was told already
install-module-not-ours = left alone: another module is registered there under the name “cpxd”. Ask whoever looks after this computer whether it is still needed; once it is removed, run the same command again
install-module-confined = not possible: this browser runs in a sandbox (snap or Flatpak) and loads no module from outside. Use the browser of your distribution or of its maker
install-no-module-place = There is neither a browser nor p11-kit to tell of cpxd’s PKCS#11 module.
install-no-module-known = No program knows the PKCS#11 module of this installation: there is nothing to take away.
install-module-missing = { $file } is not there: it is cpxd’s PKCS#11 module. Install it beside cpxd, then run the same command again.
install-modules-incomplete = Some programs were not told; the lines above say why. Put that right, then run the same command again.
install-modules-stay = Some programs still know the module; the lines above say why. Put that right, then run the same command again.
install-module-for-others = Other programs (Java, OpenSSL, practice software) are to be given this file as their PKCS#11 module: { $file }

## What to know

install-trust-is-opt-in = Nothing was changed. Only browsers and programs that do not read { $file } themselves need “cpxd install --trust”; “cpxd uninstall” takes this certification authority away again.
install-restart-browsers = Browsers that are open notice it when they are started again.
install-state-dir-kept = What the agent keeps is still in { $folder }; “cpxd uninstall --state” removes that too.
install-state-dir-removed = { $folder } was removed.
install-state-dir-has-more = { $folder } holds other files too, such as those of “cpxd demo”; they were left there.
install-state-dir-not-an-agents = { $folder } is not a folder of the agent, and was left alone.
install-state-dir-absent = The agent keeps nothing: { $folder } is not there.

## Failures

install-trust-incomplete = { $failed ->
    [one] One store was not changed; the lines above say why. Put that right, then run the same command again.
   *[other] { $failed } stores were not changed; the lines above say why. Put that right, then run the same command again.
}
install-certutil-missing = the programs certutil and modutil are not installed. Install the package libnss3-tools (Debian, Ubuntu), nss-tools (Fedora), nss (Arch) or mozilla-nss-tools (openSUSE)
install-locked = it is protected by a password (in Firefox, the primary password). Take that off for a moment, or import { $file } by hand in the browser’s settings, under Certificates, Authorities
install-not-ours = it belongs to another user (uid { $owner }). Run the command as that user
install-program-failed = { $program } said: { $said }
install-unchanged = the program ended well and the store is as it was. Close the browser, then try again
install-running = The agent is running (process { $pid }). Stop it, then remove its state folder.
install-authority-unusable = The certification authority in { $file } cannot be used: { $problem }. Put this file right, or remove it to have a new authority, which programs must then trust anew.
install-not-constrained = it is not constrained to this computer
