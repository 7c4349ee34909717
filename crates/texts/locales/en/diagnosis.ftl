# The diagnosis: the name of each check, then each cause with its sentence and, in `.remedy`, what to do.
# The reader is a nurse with a patient in front of her: plain words, no blame, the next step.

day = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }

check-state-ok = good
check-state-warning = to watch
check-state-failed = to be fixed
check-state-unknown = not checked
check-state-notApplicable = does not apply

check-configuration = Configuration
check-agent-runs = The program cpxd
check-agent-version = Version of cpxd
check-clock = Clock of the computer
check-disk-space = Disk space
check-pcsc-service = Service of the readers
check-reader-driver = Driver of the reader
check-reader = Card reader
check-reader-held = Access to the reader
check-card = Card in the reader
check-card-answers = Answer of the card
check-card-known = Kind of card
check-card-environment = Real or test card
check-certificate-dates = Validity of the card
check-certificate-chain = Origin of the certificates
check-certificate-revocation = Revocation of the certificates
check-code = Your code
check-unblock-code = Unblock code
check-cryptolib = Cryptolib CPS
check-cryptolib-cache = Memory of Cryptolib CPS
check-own-module = Module of cpxd in the browsers
check-port = Port of cpxd
check-trust = Trust of the browsers
check-native-messaging = Link with the browsers
check-loopback-permission = Permission of the browsers
check-proxy = Proxy server

detail-reader = Reader
detail-program = Program
detail-browser = Browser
detail-store = Trusts it

cause-hangs-on = To be checked once this is settled: { $check }.
cause-no-answer = Not checked: the computer still does not answer this question.
    .remedy = See that the network folders answer, then try again. If it lasts, start the computer again.

cause-configuration-good = The configuration is good.
cause-configuration-unusable = The file { $file } has an error in line { $line }: { $problem }.
    .remedy = Correct this line, or ask your IT service to, then start cpxd: it does not start without that. What follows was checked with the usual settings.
cause-configuration-refused = The configuration cannot be used: { $problem }.
    .remedy = Correct it, or ask your IT service to, then start cpxd: it does not start without that. What follows was checked with the usual settings.
cause-configuration-unusable-since = cpxd runs, but would not start again: the file { $file } now has an error in line { $line }: { $problem }.
    .remedy = Correct this line, or ask your IT service to. Until its next start cpxd goes on with what the file said before.
cause-configuration-refused-since = cpxd runs, but would not start again: its configuration can no longer be used: { $problem }.
    .remedy = Correct it, or ask your IT service to. Until its next start cpxd goes on with what it said before.

cause-agent-runs = cpxd runs.
cause-agent-absent = cpxd does not run.
    .remedy = Start it with the command cpxd run{ $options }, or log in anew. What follows was checked without it.
cause-agent-state-unwritable = cpxd cannot start: it may not write into { $folder }, where it keeps what it knows.
    .remedy = Ask your IT service to let your account write into this folder, then start cpxd. What follows was checked without it.
cause-agent-state-newer = cpxd cannot start: a newer version ({ $version }) was used here before, and this one cannot read what it kept.
    .remedy = Install the newest version again, or ask your IT service for it. What follows was checked without cpxd.
cause-agent-port-held = cpxd cannot start: { $program } has port { $port }, which the configuration asks for.
    .remedy = Close { $program }, or ask your IT service to change “port” in the configuration, then start cpxd. What follows was checked without it.
cause-agent-port-held-by-agent = cpxd cannot start: another cpxd, perhaps of another user, has port { $port }, which the configuration asks for.
    .remedy = Ask your IT service to take “port” out of the configuration: each cpxd then takes a free port. What follows was checked without it.
cause-agent-port-held-by-somebody = cpxd cannot start: another program has port { $port }, which the configuration asks for.
    .remedy = Close that program, or ask your IT service to change “port” in the configuration, then start cpxd. What follows was checked without it.
cause-agent-silent = cpxd was started, but does not answer.
    .remedy = Stop cpxd, then start it again. What follows was checked without it.
cause-agent-current = Version { $version } runs.
cause-agent-version-differs = Version { $running } still runs, while version { $installed } is installed.
    .remedy = Stop cpxd, then start it again, or log in anew.
cause-agent-replaced = cpxd was updated, but the old version still runs.
    .remedy = Stop cpxd, then start it again, or log in anew.
cause-agent-newer-version = Version { $version } of cpxd is announced.
    .remedy = Install it, or ask your IT service for it.

cause-clock-plausible = The date of the computer is plausible.
cause-clock-before-release = The computer shows a date before { $date }, when this version of cpxd did not exist yet.
    .remedy = Set the date and time of the computer, then try again.
cause-clock-before-journal = The computer shows a date before { $date }, though cpxd was used on that day.
    .remedy = Set the date and time of the computer, then try again.
cause-clock-before-a-line = The journal has an entry of { $date }, which is still to come. Others say that the date of the computer is right.
    .remedy = Look at the date and time of the computer. If they are right, there is nothing to do: they were wrong when that entry was written.
cause-clock-before-card = The computer shows a date before { $date }, the day on which the card was made.
    .remedy = Set the date and time of the computer, then try again.

cause-disk-enough = { $megabytes } MB are left.
cause-disk-low = Only { $megabytes } MB are left where cpxd keeps its journal.
    .remedy = Make room on the disk. Without room, the card cannot be used.
cause-disk-full = The disk is full: cpxd cannot keep its journal any more, and the card is not used without it.
    .remedy = Make room on the disk, then try again.
cause-disk-unknown = The free space could not be read.

cause-pcsc-works = The smart card service works.
cause-pcsc-not-used = The readers do not come from the smart card service.
cause-pcsc-not-installed = The smart card service is not installed on this computer.
    .remedy = Install it (on Linux, the package pcscd), or ask your IT service for it.
cause-pcsc-not-running = The smart card service is stopped.
    .remedy = Restart the computer. If this goes on, tell your IT service: on Linux an administrator starts it by systemctl start pcscd.socket; on Windows it is the service “Smart Card”.
cause-pcsc-access-denied = This session has no access to the smart card service.
    .remedy = Ask your IT service to give your account access to the smart card service (pcscd).
cause-pcsc-refused = The smart card service refuses this session: a rule of the computer (polkit) forbids it.
    .remedy = Log in at the computer itself, or ask your IT service to allow your account (polkit rule org.debian.pcsc-lite).
cause-pcsc-silent = The smart card service does not answer.
    .remedy = Unplug the reader, restart the computer, then plug the reader in again.
cause-pcsc-unknown = The state of the smart card service could not be read.

cause-driver-works = The reader has its driver.
cause-driver-no-device = No reader is plugged in by USB.
cause-driver-missing = { $device } is plugged in, but the smart card service does not see it: it lacks a driver.
    .remedy = Unplug the reader and plug it in again. If this goes on, install its driver (on Linux, the package libccid), or ask your IT service for it.
cause-driver-unknown = The driver could not be checked.

cause-reader-seen = The reader is seen.
cause-reader-none = No card reader is plugged in.
    .remedy = Plug in a card reader. If it is plugged in already, unplug it and plug it in again.
cause-reader-unreachable = The reader { $reader }, or the card in it, does not answer.
    .remedy = Take the card out and put it back. If this goes on, unplug the reader and plug it in again, directly at the computer if you can.
cause-reader-unknown = The readers could not be seen.

cause-reader-free = No other program keeps the reader for itself.
cause-reader-held-by = Another program keeps the reader { $reader } for itself. Programs that use the readers: { $program }.
    .remedy = Wait until that program has finished, or close it, then try again.
cause-reader-held-by-somebody = Another program keeps the reader { $reader } for itself.
    .remedy = Close the other programs that use the card (practice software, browser, GALSS, CPS Gestion), then try again.

cause-card-in = A card is in the reader.
cause-card-none = No card is in the reader.
    .remedy = Put your card into the reader, chip first.
cause-card-answers = The card answers.
cause-card-mute = The card in the reader { $reader } does not answer.
    .remedy = Take the card out, look which way round it goes and wipe the chip, then put it back. If this goes on, try it in another reader, then ask for another card.
cause-card-known = It is a card of a health professional or institution.
cause-card-unknown = The card in the reader { $reader } is no card of a health professional or institution (CPS, CPF, CPE, CPA).
    .remedy = Put in the right card. A Vitale card or a bank card will not do.
cause-card-unsupported = The card in the reader { $reader } is of a model that this version of cpxd cannot use.
    .remedy = Install the latest version of cpxd, or ask your IT service for it.
cause-card-being-read = The card in the reader { $reader } is being read.
    .remedy = Wait a few seconds, then try again.
cause-card-trouble = The card in the reader { $reader } could not be read ({ $code }).
    .remedy = Take the card out and put it back. If this goes on, restart the computer.
cause-cards-none = No card was read.

cause-environment-production = It is a real card.
cause-environment-test = It is a test card, as the configuration wants it.
cause-environment-test-card = It is a test card, while cpxd is set up for real cards.
    .remedy = Put in a real card. To try with a test card, write environment = "test" into the configuration.
cause-environment-real-card = It is a real card, while cpxd is set up for test cards.
    .remedy = Write environment = "production" into the configuration, or put in a test card.
cause-environment-contradictory = The card does not fit this environment, or its certificates contradict each other about it.
    .remedy = Put in another card. If it is your everyday card, call { -helpline }.

cause-dates-good = The card is valid until { $date }.
cause-dates-end-soon = { $days ->
        [0] The card expires today.
        [one] The card expires tomorrow, { $date }.
       *[other] The card expires in { $days } days, on { $date }.
    }
    .remedy = Ask for its renewal now: call { -helpline }. The new card takes several weeks to arrive.
cause-dates-over = The card expired on { $date }.
    .remedy = Put in your new card. If you did not get it, call { -helpline }.
cause-dates-to-come = The card is valid from { $date } on only.
    .remedy = Check the date of the computer. If it is right, wait for that day, or take your former card.

cause-chain-proven = The certificates do come from the IGC-Santé.
cause-chain-not-proven = The certificates say that they are of the IGC-Santé. cpxd has no certificates of the authorities here to prove it; the service that you log in to checks it.
cause-chain-refused = The certificates bear the name of an authority of the IGC-Santé, which did not sign them.
    .remedy = Do not use this card. Call { -helpline }.
cause-revocation-not-checked = cpxd does not check whether the card was revoked; the service that you log in to checks it.

cause-code-ready = { $count ->
        [one] The code can be typed: { $count } try is left.
       *[other] The code can be typed: { $count } tries are left.
    }
cause-code-ready-uncounted = The code can be typed.
cause-code-last-try = One single try is left before the card is blocked.
    .remedy = Find your code before you try again: it is in the letter with your code. A right code gives all tries back.
cause-code-blocked = Too many wrong codes were typed: the card is blocked.
    .remedy = Unblock it with the 8-digit unblock code, which is in the letter with your code. Without that letter, call { -helpline } or { -lost-codes }.
cause-code-blocked-for-good = The card is blocked for good: no code can unblock it.
    .remedy = Ask for a new card: call { -helpline }.
cause-code-perhaps-blocked = The card may be blocked: only typing the code shows it.
    .remedy = Type the code. If it is refused as blocked, unblock the card with the 8-digit unblock code.
cause-code-absent = This card has no code.

cause-unblock-ready = The unblock code can be used.
cause-unblock-last-try = One single try of the unblock code is left.
    .remedy = Read the letter with your code again before you type it. A wrong unblock code would block the card for ever.
cause-unblock-blocked = The unblock code can no longer be used. If the code of the card gets blocked, the card is lost.
    .remedy = Type the right code only. Ask for a new card: call { -helpline }.
cause-unblock-unknown = The state of the unblock code is not known.
cause-unblock-absent = This card has no unblock code.
cause-unblock-pointless = The card is blocked for good: this code cannot help any more.

cause-cryptolib-good = Cryptolib CPS { $version } is installed.
cause-cryptolib-absent = Cryptolib CPS is not installed. cpxd does without it; for Pro Santé Connect by card, browsers need it, or cpxd’s own module (cpxd install --pkcs11, on Linux).
cause-cryptolib-not-needed = Cryptolib CPS is not installed. A browser that uses cpxd’s own module does without it.
cause-cryptolib-too-old = Cryptolib CPS { $version } does not know your card (CPS4). cpxd does without it, but the browsers and software that use it do not.
    .remedy = Install Cryptolib CPS 5.2 or a later version, or ask your IT service for it.
cause-cryptolib-old = Cryptolib CPS { $version } will not know the new cards (CPS4).
    .remedy = Install Cryptolib CPS 5.2 or a later version, or ask your IT service for it.
cause-cryptolib-flawed = The installer of Cryptolib CPS { $version } has a known security flaw, and this version does not know the new cards (CPS4).
    .remedy = Install Cryptolib CPS 5.2 or a later version, or ask your IT service for it.
cause-cryptolib-only-32-bits = Cryptolib CPS is installed for 32-bit software only: 64-bit browsers do not find it.
    .remedy = Install the 64-bit version of Cryptolib CPS, or ask your IT service for it.
cause-cryptolib-version-unknown = Cryptolib CPS is installed; its version could not be read.
cause-cryptolib-unknown = Nobody could check whether Cryptolib CPS is there.

cause-cache-good = Cryptolib CPS remembers nothing wrong of your card.
cause-cache-stale = Cryptolib CPS remembers an old certificate of your card: browsers and some software show it in place of the right one.
    .remedy = Ask your IT service to empty the folder { $folder }, then take the card out and put it back.
cause-cache-absent = Cryptolib CPS remembers nothing of your card.

cause-module-registered = These browsers read the card by the module of cpxd: { $browsers }.
cause-module-registered-in-part = These browsers, or some of their profiles, do not know the module of cpxd yet: { $browsers }. The card does not open Pro Santé Connect there.
    .remedy = Run the command cpxd install --pkcs11, then restart the browsers.
cause-module-file-missing = The module of cpxd that these browsers know is no longer on the computer: { $browsers }.
    .remedy = Run the command cpxd install --pkcs11, then restart the browsers.
cause-module-asks-another-agent = The module of cpxd in the browsers asks another cpxd, which the file { $file } names.
    .remedy = Take the line state-dir out of that file, or ask whoever looks after this computer to do so, then restart the browsers.
cause-module-asks-not-this-agent = The module of cpxd in the browsers asks another cpxd than this one.
    .remedy = If this is the one that you need, write state-dir = "{ $folder }" into the file { $file }, in place of any line state-dir that is there, then restart the browsers. If not, run the command cpxd diagnose without --state-dir.
cause-module-asks-nobody = The PKCS#11 module of cpxd asks no cpxd: line { $line } of the file { $file } cannot be understood.
    .remedy = Correct that file or take it away, or ask whoever looks after this computer to do so, then restart the browsers and the programs that use the card.
cause-module-file-unreadable = The PKCS#11 module of cpxd asks no cpxd: the file { $file } cannot be read.
    .remedy = Have whoever looks after this computer make that file readable for you, or take it away. Then restart the browsers and the programs that use the card.
cause-module-confined = A browser that is kept apart from the rest of the computer (snap or Flatpak) cannot use the module of cpxd. That is so here: { $browsers }.
    .remedy = Use a browser that was installed from the packages of the system. If it does not know the module yet, run the command cpxd install --pkcs11, then restart it.
cause-module-foreign = In these browsers another module already has the name of cpxd, so that the one of cpxd is not registered: { $browsers }.
    .remedy = Ask whoever looks after this computer whether that other module is still needed. Once it is removed, run the command cpxd install --pkcs11, then restart the browsers.
cause-module-not-registered = No browser uses the module of cpxd, which reads the card without Cryptolib CPS. The command cpxd install --pkcs11 tells these of it: { $browsers }.
cause-module-unknown = Nobody could check whether browsers know the module of cpxd.

cause-port-first = cpxd listens on port { $port }.
cause-port-taken = { $program } has port { $wanted }; cpxd listens on port { $used }.
    .remedy = If some software does not find cpxd, close { $program }, then start cpxd again.
cause-port-taken-by-agent = Another cpxd, perhaps of another user, has port { $wanted }; this one listens on port { $used }. There is nothing to do.
cause-port-taken-by-somebody = Another program has port { $wanted }; cpxd listens on port { $used }.
    .remedy = If some software does not find cpxd, close the other program, then start cpxd again. Often it is a second cpxd, such as the demo.
cause-port-unknown = The port of cpxd could not be read.

cause-trust-everywhere = cpxd is trusted here: { $stores }.
cause-trust-missing = cpxd is not trusted here yet: { $stores }.
    .remedy = Run the command cpxd install --trust{ $options } or ask your IT service to, then restart the browsers. The extension of cpxd does not need it.
cause-trust-no-store = No browser that is known is on this computer.
cause-trust-no-authority = cpxd has not made its certificate yet: it will at its first start.
cause-trust-unknown = Nobody could check whether some browsers trust cpxd.

cause-native-host-told = The browsers know cpxd.
cause-native-host-not-told = The extension will not find cpxd in these browsers: { $browsers }.
    .remedy = Run the command cpxd install --native-messaging or ask your IT service to, then restart the browsers.
cause-native-host-confined = From a browser that is kept apart from the rest of the computer (snap or Flatpak), the extension cannot reach cpxd. That is so here: { $browsers }.
    .remedy = Use a browser that was installed from the packages of the system.
cause-native-host-unknown = The link with the browsers could not be checked.
cause-no-browser = No browser that is known is on this computer.

cause-loopback-by-policy = The administrator lets sites reach programs of this computer.
cause-loopback-asked = At the first call of a site the browser asks whether it may reach programs of this computer. Your answer can be seen in the browser alone.
    .remedy = If a site does not reach cpxd, open the permissions of that site in the browser and allow access to apps on this computer. The extension of cpxd does not need it.

cause-proxy-none = No proxy server takes calls that are meant for this computer.
cause-proxy-catches-loopback = The variable { $variable } sends to a proxy server also what is meant for this computer.
    .remedy = Ask your IT service to add 127.0.0.1 to the variable no_proxy.
cause-proxy-unknown = The proxy servers could not be checked.

pro-sante-connect-title = Pro Santé Connect
pro-sante-connect-check-failed = To use it with the card, settle this point first: “{ $check }”.
pro-sante-connect-card-not-read = No card was read: put it in to learn whether Pro Santé Connect can work here.
pro-sante-connect-not-registered = This card does not rest on a national register: Pro Santé Connect does not take it.
pro-sante-connect-card-contactless = Without contact, this card does not open Pro Santé Connect: put it into a reader instead of laying it on one.
pro-sante-connect-register-unknown = The card is good; the rest could not be checked.
pro-sante-connect-module-missing = The card is good, but for Pro Santé Connect the browser lacks a module that reads the card: run the command cpxd install --pkcs11, then restart the browser, or ask your IT service for Cryptolib CPS.
pro-sante-connect-cryptolib-too-old = The card is good, but the browser cannot use it for Pro Santé Connect: Cryptolib CPS is too old for it. Version 5.2 is needed, or cpxd’s own module (cpxd install --pkcs11).
pro-sante-connect-cryptolib-only-32-bits = The card is good, but the browser cannot use it for Pro Santé Connect: Cryptolib CPS is installed for 32-bit software only. Its 64-bit version is needed, or cpxd’s own module (cpxd install --pkcs11).
pro-sante-connect-module-asks-another-agent = The card is good, but the module of cpxd in the browsers does not ask this cpxd: see the point “{ $check }”.
pro-sante-connect-module-foreign = The card is good, but another module already has the name of cpxd in the browser: see the point “{ $check }”.
pro-sante-connect-module-confined = The card is good, but the browsers here are kept apart from the rest of the computer and let no module in: see the point “{ $check }”.
pro-sante-connect-cryptolib-too-old-and-no-module = The card is good, but the browser cannot use it for Pro Santé Connect: Cryptolib CPS is too old for it. Version 5.2 is needed, or cpxd’s own module: see the point “{ $check }”.
pro-sante-connect-cryptolib-only-32-bits-and-no-module = The card is good, but the browser cannot use it for Pro Santé Connect: Cryptolib CPS is installed for 32-bit software only. Its 64-bit version is needed, or cpxd’s own module: see the point “{ $check }”.
pro-sante-connect-ready = This card and this computer are ready for Pro Santé Connect.
pro-sante-connect-ready-for-tests = This test card and this computer are ready for the sandbox of Pro Santé Connect.
pro-sante-connect-ready-in-some-browsers = This card and this computer are ready for Pro Santé Connect, but not in every browser: see the point “{ $check }”.
pro-sante-connect-ready-for-tests-in-some-browsers = This test card and this computer are ready for the sandbox of Pro Santé Connect, but not in every browser: see the point “{ $check }”.
pro-sante-connect-ready-perhaps-in-some-browsers = This card and this computer are ready for Pro Santé Connect, but one browser at least could not be checked: see the point “{ $check }”.
pro-sante-connect-ready-for-tests-perhaps-in-some-browsers = This test card and this computer are ready for the sandbox of Pro Santé Connect, but one browser at least could not be checked: see the point “{ $check }”.
pro-sante-connect-by-phone = Without the card, the free application e-CPS opens Pro Santé Connect, too: install it on your phone and activate it once, then choose e-CPS on the page of Pro Santé Connect and agree on the phone.
