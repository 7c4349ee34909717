# The question to the holder, as the window puts it: short lines, each under a heading of its own.

window-title = cpxd – a question for you
window-title-again = cpxd – that was not the right code
window-title-keypad = cpxd – type your code on the reader
window-title-last-try = cpxd – last try
window-title-working = cpxd – one moment
window-title-done = cpxd – done
window-title-failed = cpxd – not done
window-card = { $kind } card no. { $number }
window-untyped-card = Card no. { $number }
window-no-card = Who may use your card
window-heading-authenticate = Prove who you are
window-heading-decipher = Decipher for a program
window-heading-sign = { $count ->
    [0] Sign nothing
    [one] Sign one document
   *[other] Sign { $count } documents
}
window-heading-activities = Read where you work
window-heading-change = Change your code
window-heading-unblock = Unblock your card
window-heading-session = Open a session
window-open-session = Open
window-heading-pair = Pair a program
window-heading-site = Let a site in

## Who asks, for what

window-for-site = To the site
window-asked-by = Asked by
window-paired = a program that you paired under this name
window-program-folder = a program in the folder { $folder }
window-unknown-program = a program of this computer
window-unknown-program-detail = which the system does not name
window-demo-program = a program
window-demo-program-detail = that showed the token of the demo
window-console = My workstation
window-console-detail = the page of cpxd that you opened
window-page-detail = a site that you let in
window-inside-site = shown inside the site { $origin }
window-site = Site
window-name-given = What the program calls itself
window-name-unchecked = cpxd did not check it
window-asking-program = The program that asks
window-could-then = It will be able to:
window-sites-alone = For these sites alone:
window-rights-last = { $days ->
    [one] This lasts one day. You can take it back at any time: cpxd grants
   *[other] This lasts { $days } days. You can take it back at any time: cpxd grants
}
window-pairing-lasts = The pairing ends a year after its last use. You can take it back at any time: cpxd grants
window-pairing-code = Pairing code
window-pairing-hint = Agree only if the program shows the same code.
window-documents = Documents to sign
window-show-digests = Show the digests
window-hide-digests = Hide the digests
window-expires = { $days ->
    [0] Your card expires today: ask for a new one.
    [one] Your card expires tomorrow: ask for a new one.
   *[other] Your card expires in { $days } days: ask for a new one.
}

## The codes

window-code = Your code
window-current-code = Your present code
window-unblock-code = Unblock code
window-new-code = New code
window-new-code-again = Once more
window-digits-only = Digits alone count here: use the number pad, or the Shift key.
window-tries = { $count ->
    [0] No try is left.
    [one] One single try is left before the card blocks itself.
   *[other] { $count } tries are left before the card blocks itself.
}
window-typed = { $count ->
    [0] empty
    [one] one digit typed
   *[other] { $count } digits typed
}
window-keypad-time = Time left
window-keypad-seconds = { $seconds ->
    [0] Time is up: the reader stops waiting.
    [one] One more second
   *[other] { $seconds } more seconds
}
window-time-to-answer = { $seconds ->
    [0] Time is up.
    [one] One second left
   *[other] { $seconds } seconds left
}
window-keypad-not-here = Nothing is typed here: use the keys of the reader.
window-keypad-again = Try again on the reader
window-keypad-refusal = To refuse, press the cancel key of the reader. The button Refuse answers the program, and does not stop the reader waiting.
window-withdrawn = The question was withdrawn.
window-last-try-heading = This is your last try
window-risk-last-try = Risk the last try
window-keep-last-try = Risk nothing

## The buttons, and the end

window-ok = OK
window-sign = Sign
window-change = Change the code
window-unblock = Unblock
window-allow = Allow
window-pair = Pair
window-agree = Agree
window-cancel = Cancel
window-refuse = Refuse
window-close = Close
window-working = One moment, the card is working…
