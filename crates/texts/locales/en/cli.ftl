# What `cpxd` prints in a shell.

## Everywhere

cli-labelled = { $label }: { $words }

## The agent

cli-agent-runs = The cpxd agent { $version } is running: { $url } (process { $pid })
cli-configuration-unusable = The configuration cannot be used, so no agent starts with it: { $problem }
cli-agent-cannot-start = The cpxd agent is not running, and cannot start before the configuration is put right: { $problem }
cli-agent-does-not-run = The cpxd agent is not running. Start it with “cpxd run”, or try it with “cpxd demo”.
cli-agent-already-runs = A cpxd agent is already running for this state folder (process { $pid }).
cli-state-is-newer = { $file } was written by a newer cpxd ({ $version }). Nothing was changed. Install that version again, or name another folder with --state-dir.
cli-update-is-there = cpxd { $version } is there. It is installed by whoever installed this one; nothing was fetched.
cli-update-is-none = cpxd { $version } is the newest version.
cli-updates-off = Nobody is asked for newer versions: update-check is false, or no update-url is named in the configuration.
cli-update-no-answer = Whether a newer version is there cannot be asked now: { $problem }. Check the network and update-url, or try again later.
cli-update-refused = What was said of a version is not believed: { $problem }. Nothing was changed. Tell whoever looks after this computer.
cli-update-clock-wrong = This computer’s clock is behind: set it, then try again. Nothing was changed.
cli-release-is-whole = These are the files of cpxd { $version }, whole and unchanged.
cli-port-is-taken = The port { $port } cannot be had; another program may hold it (choose with --port)
cli-run-is-ready = The cpxd agent is ready at { $url }
cli-demo-is-ready = cpxd demo is ready at { $url }, for TEST cards only.
cli-demo-code = The code of its virtual cards is 1234.
cli-demo-unblock-code = Their unblock code is 12345678.
cli-questions-come-here = It asks its questions here; what is typed shows nowhere. Esc refuses a question; Ctrl-C refuses it too and, when none is open, ends the agent.
cli-ctrl-c-ends-it = Ctrl-C ends it.
cli-demo-try-next = Try next, in another terminal:
cli-console-is-open = “My workstation” opens in your browser.
cli-console-not-shown = No browser could be opened ({ $problem }). Open this address yourself within a minute: { $url }
cli-demo-console = “My workstation”, the card’s page in your browser: { $command }
cli-demo-goes-on = The README goes on from there: a token for a site, a signature, and openssl as judge.
cli-demo-takes-test-cards-alone = The configuration says environment = "production", but the demo takes test cards only.
cli-agent-too-slow = The cpxd agent did not answer in time. Try again; if that does not help, restart it.
cli-agent-gone = The cpxd agent stopped before it answered. Start it again, then try again.
cli-agent-not-understood = What answers is not the agent that this program knows; they may be of different versions ({ $problem }).
cli-command-failed = The command failed
cli-answer-the-question = The agent asks the card’s holder a question: answer it where the agent runs.
cli-signature-written = { $algorithm } signature written to { $file }

## Files

cli-file-unreadable = { $file } cannot be read: { $problem }.
cli-file-unwritable = { $file } cannot be written: { $problem }.
cli-file-exists = { $file } is there already. Choose another place with --out, or replace it with --force.
cli-file-is-the-document = { $file } is the document to be signed: the signature would take its place. Choose another place with --out.
cli-no-regular-file = { $file } is a folder, a link or a device. Choose another place with --out.
cli-no-place-beside = { $file } is no regular file. Say with --out where the signature goes.
cli-no-such-file = there is no such file or folder
cli-no-permission = you are not permitted to
cli-is-a-folder = it is a folder
cli-disk-is-full = the disk is full

## Readers

cli-readers = Readers
cli-no-reader = none
cli-reader-empty = empty
cli-reader-with-card = card present
cli-reader-busy = used by another program
cli-reader-unreachable = does not answer
cli-reader-with-keypad = with a keypad

## Cards

cli-cards = Cards
cli-no-card = none
cli-more-than-one-card = There is more than one card: choose one with --card (see: cpxd cards).
cli-no-such-card = No card has the id “{ $id }”. The cards that are there: cpxd cards.
cli-card = { $kind } card no. { $number }
cli-untyped-card = Card no. { $number }
cli-test-card = test card
cli-holder = Holder: { $name }
cli-profession = Profession: { $label }
cli-pseudonym = Card of nobody in particular: { $name }
cli-know-how = Know-how: { $label }
cli-structure = Structure: { $name }
cli-warning-national-id-check-digit = To be checked: the last digit of the national identifier does not fit the others. The card can be used.
cli-warning-card-type-doubtful = To be checked: the type that the card claims is not one that its authority issues. The card can be used.
cli-national-id = National identifier: { $value }
cli-valid-until = { $days ->
    [0] Valid until { $date }: last day
    [one] Valid until { $date }: one day left
   *[other] Valid until { $date }: { $days } days left
}
cli-expired-on = Expired on { $date }
cli-valid-from = Valid only from { $date }

## Codes

cli-pin = Your code: { $state }
cli-unblock-code = Unblock code: { $state }
cli-tries-left = { $count ->
    [0] no try left
    [one] one try left
   *[other] { $count } tries left
}
cli-code-ready = usable
cli-code-unknown = perhaps blocked (the next time it is typed will show)
cli-code-blocked = blocked
cli-unblock-here = To unblock it here: cpxd pin unblock
cli-code-definitively-blocked = blocked for good
cli-code-absent = the card has none
cli-pin-changed = The code was changed.
cli-pin-unblocked = The card is unblocked, with the new code.

## Certificates

cli-certificates = Certificates
cli-role-authentication = authentication
cli-role-signature = signature
cli-role-technical = contactless
cli-certificate-valid = valid
cli-certificate-expired = expired
cli-certificate-not-yet-valid = not valid yet

## Who may call

cli-pairing-code = Code: { $code }. Compare it with the one in the question where the agent asks, and answer there.
cli-paired = Paired (grant { $id }). The token, told this once:
cli-paired-to-file = Paired (grant { $id }). The token is in { $file }.
cli-no-grant = Nobody was let in.
cli-grant-of-program = Program “{ $name }”
cli-grant-of-site = Site { $origin }
cli-grant-of-inner-site = Site { $origin } inside { $around }
cli-grant-rights = Rights: { $rights }
cli-grant-origins = Authenticates for: { $origins }
cli-grant-last-use = Last used on { $date }
cli-grant-until = Until { $date }
cli-grant-id = Take it back: cpxd grants revoke { $id }
cli-grant-by-policy = Let in by this machine’s administrator
cli-no-such-grant = No grant has the id { $id }. The command cpxd grants lists them.
cli-grant-revoked = The grant { $id } was taken back.

## Sessions

cli-no-session = No session is open.
cli-session-of-demo-token = The demo’s token
cli-session-times = Opened { $opened }; ends { $idle_end } if it is not used, { $end } in any case
cli-session-id = End it: cpxd sessions end { $id }
cli-no-such-session = No session has the id { $id }. The command cpxd sessions lists them.
cli-session-ended = The session { $id } is over. The next use of its card needs the code.
