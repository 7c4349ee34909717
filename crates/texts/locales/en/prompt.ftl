# The question to the holder, as the terminal puts it.

## Who asks, for what, with which card

prompt-title = cpxd has a question for you
prompt-test-card = TEST CARD: nothing that it does has any value
prompt-paired-program-asks = “{ $name }” asks, a program that you paired under this name
prompt-program-asks = The program { $name } asks
prompt-program-folder = in the folder { $folder }
prompt-unknown-program-asks = A program of this computer asks, which the system does not name
prompt-to-authenticate = to prove who you are to the site { $origin }
prompt-to-sign = { $count ->
    [0] to sign no document
    [one] to sign one document in your name
   *[other] to sign { $count } documents in your name
}
prompt-descriptions-unchecked = These descriptions are the program’s words; cpxd did not check them.
prompt-with-card = with the { $kind } card no. { $number }
prompt-with-untyped-card = with the card no. { $number }
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
prompt-last-try = WARNING: if this code is wrong, the card will be blocked. You will then need the 8-digit unblock code, which is on the letter that gave you your code.
prompt-last-try-word = YES
prompt-risk-last-try = Type { $word } to risk this last try; any other answer stops:
prompt-type-code = Your code, { $minimum } to { $maximum } digits (Esc to refuse):
prompt-type-code-of-fixed-length = Your code, { $count } digits (Esc to refuse):
prompt-code-has-other-length = This code is too short or too long for the card. Nothing was sent to it.

## Yes or no, and the end

prompt-agree = Do you agree? (yes or no):
prompt-refused = Refused. Nothing was done.
prompt-timed-out = Time is up. Nothing was done.
prompt-withdrawn = The program no longer waits for an answer. Nothing was done.
