# What `cpxd` prints in a shell.

## The agent

cli-agent-runs = The cpxd agent { $version } is running: { $url } (process { $pid })
cli-agent-does-not-run = The cpxd agent is not running. Start it with “cpxd run”, or try it with “cpxd demo”.
cli-agent-already-runs = A cpxd agent is already running in this session (process { $pid }).
cli-answer-the-question = Answer the question that the agent asks.
cli-signature-written = { $algorithm } signature written to { $file }

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
cli-card = { $kind } card no. { $number }
cli-test-card = test card
cli-holder = Holder: { $name }
cli-profession = Profession: { $label }
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
cli-code-blocked = blocked
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
