# The question to the holder, as the terminal puts it.

## Who asks, for what, with which card

prompt-title = cpxd has a question for you
prompt-test-card = TEST CARD: nothing that it does has any value
prompt-paired-program-asks = “{ $name }” asks, a program that you paired under this name
prompt-demo-token-asks = A program asks that showed the token of the demo
prompt-console-asks = “My workstation” asks, the page of cpxd that you opened
prompt-program-asks = The program { $name } asks
prompt-program-folder = in the folder { $folder }
prompt-unknown-program-asks = A program of this computer asks, which the system does not name
prompt-to-authenticate = to prove who you are to the site { $origin }
prompt-to-use-authentication-key = to prove who you are to a service that only this program knows
prompt-to-decipher = to decipher what was enciphered for you, and hand it to the program
prompt-to-sign = { $count ->
    [0] to sign no document
    [one] to sign one document in your name
   *[other] to sign { $count } documents in your name
}
prompt-to-read-activities = to read where you work
prompt-to-change-pin = to change the code
prompt-to-unblock-pin = to unblock and replace the code
prompt-to-open-session = to open a session with your card
prompt-session-allows = You type your code once. While the session is open, it may:
prompt-session-authenticates = prove who you are, without asking you
prompt-session-deciphers = decipher what was enciphered for you, without asking you
prompt-session-signs-with-code = ask you to sign, each time with your code
prompt-session-signs-with-consent = ask you to sign, each time with your consent but without a code
prompt-session-ends = It closes after { $idle } without activity, after { $age } at most, and as soon as you take the card out.
prompt-session-shares-card = Meanwhile other programs of this computer can use the card, too.
prompt-minutes = { $count ->
    [one] one minute
   *[other] { $count } minutes
}
prompt-hours = { $count ->
    [one] one hour
   *[other] { $count } hours
}
prompt-descriptions-unchecked = These descriptions are the program’s words; cpxd did not check them.
prompt-with-card = with the { $kind } card no. { $number }
prompt-with-untyped-card = with the card no. { $number }
prompt-of-card = of the { $kind } card no. { $number }
prompt-of-untyped-card = of the card no. { $number }
prompt-of-holder = which belongs to { $holder }
prompt-no-description = (no description)
prompt-cut-text = { $start }… ({ $count } characters in all)

## The code

prompt-tries-left = { $count ->
    [0] No try is left.
    [one] One single try is left before the card blocks itself.
   *[other] { $count } tries are left before the card blocks itself.
}
prompt-code-was-wrong = The code typed is not the right one.
prompt-tries-unknown = After several wrong codes the card blocks itself.
prompt-may-be-blocked = The card may be blocked: only typing your code will show. If it is, cpxd tells you what to do.
prompt-last-try = WARNING: if this code is wrong, the card will be blocked. You will then need the 8-digit unblock code, which is on the letter that gave you your code.
prompt-last-try-of-all = WARNING: if this code is wrong, the card will be blocked for good, because its unblock code can no longer be used. You will have to ask for a new card.
prompt-last-try-word = YES
prompt-last-try-field = { prompt-last-try-word }?
prompt-risk-last-try = Type { $word } to risk this last try; any other answer stops:
prompt-digits = { $minimum } to { $maximum } digits
prompt-digits-of-fixed-length = { $count } digits
prompt-type-code = Your code, { $digits } (Esc to refuse):
prompt-type-current-code = Your present code, { $digits } (Esc to refuse):
prompt-code-has-other-length = The code of this card has { $digits } and nothing else. Nothing was sent to it.

## The unblock code

prompt-unblock-explained = The card is blocked: too many wrong codes were typed. The unblock code unblocks it, and you then choose a new code.
prompt-unblock-perhaps-explained = The card may be blocked: this computer cannot know. The unblock code unblocks it if it is, and in any case you then choose a new code.
prompt-unblock-code-found = The unblock code has 8 digits and is on the letter that gave you your code. Without that letter, call { -helpline } or { -lost-codes }.
prompt-unblock-tries-left = { $count ->
    [0] No try of the unblock code is left.
    [one] One single try of the unblock code is left.
   *[other] { $count } tries of the unblock code are left.
}
prompt-unblock-uses-left = { $count ->
    [0] The unblock code can no longer be used.
    [one] The unblock code can be used only once more.
   *[other] The unblock code can still be used { $count } times.
}
prompt-unblock-code-was-wrong = The unblock code typed is not the right one.
prompt-unblock-tries-unknown = After several wrong unblock codes the card is blocked for good.
prompt-last-unblock-try = WARNING: if this unblock code is wrong, the card will be blocked for good and you will have to ask for a new one.
prompt-type-unblock-code = Your unblock code, { $digits } (Esc to refuse):
prompt-unblock-code-has-other-length = The unblock code has exactly 8 digits. Nothing was sent to the card.

## The new code

prompt-type-new-code = Your new code, { $digits } (Esc to refuse):
prompt-type-new-code-again = Your new code once more (Esc to refuse):
prompt-new-codes-differ = The new code was typed in two different ways. Nothing was sent to the card.
prompt-new-code-is-old = The new code is the old one: choose another. Nothing was sent to the card.

## Yes or no, and the end

prompt-agree = Do you agree? (yes or no):
prompt-refused = Refused. Nothing was done.
prompt-timed-out = Time is up. Nothing was done.
prompt-keypad-type-code = Type your code on the keypad of the reader, then press its confirmation key. Nothing is typed here.
prompt-keypad-change = On the keypad of the reader, type your present code, then your new code, then the new code once more, and press the confirmation key after each. Nothing is typed here.
prompt-keypad-again = Press Enter to try again on the reader (Esc to refuse):
prompt-keypad-waits = The reader waits { $seconds } s more (Esc to refuse)
prompt-keypad-length = The reader did not take a code of that length. Nothing was sent to the card.
prompt-keypad-cancel-key = If the reader still waits for a code, press its cancel key.
prompt-keypad-withdrawn = The question was withdrawn. If the reader still waits for a code, press its cancel key.
prompt-withdrawn = The question was withdrawn. Nothing was done.
prompt-done-authenticating = Done: the program was given the proof of who you are for { $origin }.
prompt-done-using-authentication-key = Done: the program was given the proof of who you are.
prompt-done-deciphering = Done: the program was given what was deciphered.
prompt-done-signing = { $count ->
    [0] Done: no document was signed.
    [one] Done: one document was signed.
   *[other] Done: { $count } documents were signed.
}
prompt-done-reading-activities = Done: the program was told where you work.
prompt-done-changing-pin = Done: the code was changed.
prompt-done-unblocking-pin = Done: the card is unblocked, with its new code.
prompt-done-opening-session = Done: the session is open. It closes as soon as you take the card out.
prompt-not-done = { $title }. { $detail }

## Who may call

prompt-program-wants-in = A program that calls itself “{ $name }” wants to be paired with cpxd
prompt-pairing-asked-by = It asks through the program { $name }
prompt-pairing-asked-by-nobody-known = cpxd does not know which program asks.
prompt-name-is-taken = TAKE CARE: another program is paired under this name already. Agree only if you have just installed this one, or installed it anew.
prompt-name-unchecked = That name is the program’s own word; cpxd did not check it.
prompt-page-asks = The site { $origin } asks, which you let in
prompt-site-wants-in = The site { $origin } wants to use your card
prompt-site-inside = while it is shown inside the site { $origin }
prompt-test-environment = TEST CARDS ALONE: nothing that they do has any value
prompt-could-then = It could then:
prompt-right-identify = see your cards, and who they belong to
prompt-right-authenticate = ask you to prove who you are, each time with your code
prompt-right-sign = ask you to sign, each time with your consent
prompt-right-manage = ask you to change your code or to unblock your card
prompt-right-decipher = decipher what was enciphered for you
prompt-for-sites = It would prove who you are to these sites alone:
prompt-pairing-code = Code: { $code }. Agree only if the program shows the same code.
prompt-grant-given = Agreed. You can take it back at any time: cpxd grants
