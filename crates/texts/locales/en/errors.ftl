# One message for each error code of the API: its value is the title, `.detail` says what to do next.
# `.detail-tries`, `.detail-field` and `.detail-culprit` take its place where more is known.
# The reader is a nurse with a patient in front of her: plain words, no blame, the next step.

## Reader and card

error-no-reader = No card reader
    .detail = Connect a card reader to this computer. If one is connected, unplug it and plug it in again.
error-no-card = No card in the reader
    .detail = Insert your card into the reader, then try again.
error-card-removed = Card removed
    .detail = The card is no longer in the reader, or it left before the end. Put it back, then try again.
error-card-unknown = Card not recognised
    .detail = This is not the card of a French health professional or institution (CPS, CPF, CPE, CPA). Insert the right card, then try again.
error-card-mute = The card does not answer
    .detail = Take the card out, check which way round it goes and wipe the chip, then put it back. If that does not help, try it in another reader, then ask for a replacement.
error-card-unsupported = Card not supported yet
    .detail = This version of cpxd cannot use this model of card. Install the latest version, or ask your IT department for it.
error-reader-busy = Reader busy
    .detail = Another program is using the reader. Wait until it has finished or close it, then try again.
    .detail-culprit = The program { $culprit } is using the reader. Wait until it has finished or close it, then try again.
error-reader-lost = Reader disconnected
    .detail = The reader no longer answers. Plug it in again, if possible directly into the computer, then try again.
error-pcsc-unavailable = Smart card service stopped
    .detail = The smart card service of this computer (PC/SC) is not running. Start it (on Linux, pcscd) or restart the computer; if that does not help, tell your IT department.

## Codes

error-pin-wrong = Wrong code
    .detail = The code typed is not the right one. Check it before you try again: after several wrong codes the card blocks itself.
    .detail-tries = { $tries ->
        [0] The code typed is not the right one and the card is now blocked. Unblock it with the 8-digit unblock code, which is on the letter that gave you your code.
        [one] The code typed is not the right one. One single try is left before the card blocks itself: find your code before you try again.
       *[other] The code typed is not the right one. { $tries } tries are left before the card blocks itself.
    }
error-pin-blocked = Card blocked
    .detail = Too many wrong codes were typed: the card cannot be used until it is unblocked. Unblock it with the 8-digit unblock code, which is on the letter that gave you your code. Without that letter, call { -helpline } or { -lost-codes }.
error-pin-length = Code in the wrong format
    .detail = The code is made of digits only, most often four. Nothing was sent to the card and no try is lost. Try again.
error-last-try-not-confirmed = Last try not confirmed
    .detail = Only one try is left before the card blocks itself, and you did not choose to risk it. That try was not used. Find your code, then try again.
error-unblock-wrong = Wrong unblock code
    .detail = The unblock code typed is not the right one. Read again the letter that gave you your code: the unblock code has 8 digits and serves only to unblock the card. After several wrong unblock codes the card is blocked for good.
    .detail-tries = { $tries ->
        [0] The unblock code typed is not the right one, and it can no longer be used. Ask for a new card: call { -helpline }.
        [one] The unblock code typed is not the right one. One single try is left: read again the letter that gave you your code before you go on.
       *[other] The unblock code typed is not the right one. { $tries } tries are left: read again the letter that gave you your code before you go on.
    }
error-unblock-blocked = Unblock code blocked
    .detail = The unblock code can no longer be used. If the card is blocked, ask for a new card: call { -helpline }.
error-card-definitively-blocked = Card blocked for good
    .detail = Too many wrong codes were typed, and the unblock code can no longer be used. This card can never be used again: no code can unblock it. Ask for a new card: call { -helpline }.

## The question to the holder

error-cancelled = Request cancelled
    .detail = The request was refused or closed, or nobody could answer it. Nothing was done. Try again if you wish.
error-timeout = Time is up
    .detail = Nobody answered in time. Try again and answer the question that appears.
error-busy = Too many requests waiting
    .detail = Other requests are already waiting for an answer. Answer them, then try again.

## Keys and certificates

error-key-absent = Key not on the card
    .detail = This card does not have the key that this operation needs. Use another card; if yours is held without contact, insert it into a reader.
error-algorithm-unsupported = Algorithm not supported
    .detail = The card does not know the algorithm that the program asks for. Report this to the publisher of that program.
error-certificate-expired = Card expired
    .detail = The card is past its last day of validity and can no longer be used. If the date of the computer is wrong, correct it; otherwise, ask for the renewal of the card.
error-certificate-revoked = Card revoked
    .detail = This card was revoked and can no longer be used. Use the one that replaces it, or call { -helpline }.
error-certificate-not-yet-valid = Card not valid yet
    .detail = The validity of this card has not begun. If the date of the computer is wrong, correct it; otherwise, wait for its first day of validity.
error-environment-mismatch = Test card and real card mixed
    .detail = A test card does not serve where people work, nor a real card where people test. Insert a card of the other kind.
error-module-failed = Card module failed
    .detail = The program on this computer through which cpxd reaches the card (its PKCS#11 module, such as Cryptolib CPS) failed. Take the card out, put it back, then try again; if that does not help, tell your IT department: the log of cpxd says why.

## Callers

error-origin-not-granted = Site not allowed
    .detail = This site has not been given the right to use your card. If you trust it, grant it that right, then try again.
error-right-missing = Right missing
    .detail = This program or site has not been given the right to do that. If you trust it, grant it that right, then try again.
error-token-invalid = Program not recognised
    .detail = This program showed no token that cpxd knows (header Authorization). Report this to its publisher.
error-peer-refused = Connection refused
    .detail = The request comes from another user or another session of this computer. Try again from your own.
error-session-closed = Session over
    .detail = Your session is over: card removed, computer unused or time exceeded. Try again and type your code once more.
error-rate-limited = Requests too close together
    .detail = This program made too many requests in a short time. Wait a little, then try again.

## Requests

error-bad-request = Incorrect request
    .detail = The program sent a request that cpxd does not understand. Report this to the publisher of that program.
    .detail-field = The program sent a request that cpxd does not understand (field { $field }). Report this to the publisher of that program.
error-not-found = Not found
    .detail = What the program asks for does not exist, or no longer does. Refresh the list, then try again.
error-body-too-large = Request too large
    .detail = The program sent too much data at once. Try again with fewer documents, or report this to the publisher of that program.
error-wrong-host = Address refused
    .detail = The request names another address than that of this computer (127.0.0.1 or localhost). Report this to the publisher of the program or site.
error-client-header-missing = Program without a name
    .detail = The program did not give its name (header X-Cpxd-Client). Report this to its publisher.
error-internal = Error in cpxd
    .detail = cpxd ran into a fault of its own. Try again; if that does not help, give its technical log to your IT department.

## Reasons, which say more than their code does

reason-pin-not-blocked = This card is not blocked: use its code. Nothing was done.
reason-new-pin-unchanged = The new code is the old one: choose another. Nothing was sent to the card and no try is lost.
reason-new-pin-refused = The card does not take this new code: it is made of digits only, most often four. Nothing has changed and no try is lost. Try again.
reason-unblock-code-length = The unblock code has exactly 8 digits. Nothing was sent to the card and no try is lost. Read again the letter that gave you your code, then try again.
reason-outcome-unknown = The card had no time to confirm the new code. Put it back. If it is blocked, unblock it again; otherwise try the new code first, then the old one.
reason-keypad-still-open = The reader may still wait for a code at its keypad, for a question that is over. Press the cancel key of the reader. A code typed there now serves nobody, but a wrong one can cost a try, and a new code would still be set.
reason-signature-wrong = What the card gave as a signature does not fit its certificate; it was not passed on. Take the card out and wipe the chip, put it back, then try again. If that does not help, try it in another reader, then ask for a replacement.
reason-journal-unavailable = The journal of this computer cannot be written, so the card was not used. The disk may be full: make room, then try again, or tell whoever looks after this computer.
reason-test-card = This is a test card, and cpxd works with real cards here. Insert your own card; to try test cards, set environment = "test" in the configuration of cpxd.
reason-real-card = This is a real card, and cpxd works with test cards here. Insert a test card; to work with real ones, set environment = "production" in the configuration of cpxd.
reason-module-cannot = The card module on this computer (PKCS#11) does not do that. Trying again does not help: ask your IT department for another module, or for another way to the card.
reason-code-not-kept = On this computer the code of this card is not kept from one use to the next, so that no session can be opened. Use the card without a session: you are asked for your code each time.
reason-session-inactivity = Your session was closed, since nothing was asked for a while. Try again and type your code once more.
reason-session-age = Your session lasted as long as a session may. Try again and type your code once more.
reason-session-card-removed = Your session was closed, since the card was taken out. Put it back, then try again and type your code once more.
reason-session-reader-lost = Your session was closed, since the reader was unplugged or does not answer. Plug it in again, then try again and type your code once more.
reason-session-sleep = Your session was closed, since the computer went to sleep. Try again and type your code once more.
reason-session-agent-stopped = Your session was closed, since cpxd stops. Start cpxd again, then try again and type your code once more.
reason-session-ended = This session was closed by the program or by you. Try again and type your code once more.
reason-session-grant-revoked = This session was closed, since what the program or site was allowed was taken back. Let it in again if you want to.

## Reasons for whoever wrote the program: what was expected

reason-method-not-allowed = This path is there, but not for this method; the header Allow names those that are.
reason-client-header-form = The header X-Cpxd-Client is there, but has not the form name/version, such as logiciel/2.1.
reason-no-json-object = { $field }: expected one JSON object in UTF-8, and nothing after it.
reason-body-incomplete = { $field }: it broke off, or did not come whole within ten seconds.
reason-content-type = { $field }: expected application/json.
reason-field-unknown = { $field }: this call has no field of this name.
reason-field-missing = { $field }: this field is missing.
reason-field-repeated = { $field }: this field is there twice.
reason-field-type = { $field }: this field does not take a value of this type.
reason-nonce-form = { $field }: expected the site’s nonce in base64 with its padding, 44 to 128 characters, for 32 bytes or more.
reason-origin-named = { $field }: a page authenticates for its own origin, and names none.
reason-name-form = { $field }: expected 1 to 60 characters without control characters.
reason-right-unknown = { $field }: expected identify, authenticate, sign, and for programs also manage and decipher.
reason-origin-count = { $field }: expected 1 to 20 origins with the right authenticate, and none without it.
reason-origin-form = { $field }: expected https://name or https://name:port, in lower case, without path, final slash or default port.
reason-hash-unknown = { $field }: expected SHA-256, SHA-384 or SHA-512.
reason-algorithm-unknown = { $field }: expected RS256, RS384, RS512, PS256, PS384 or PS512, and of the hash function of the digests.
reason-digest-count = { $field }: expected 1 to 100 digests.
reason-digest-form = { $field }: expected the base64 of one digest of the hash function that is named (32 bytes for SHA-256).
reason-key-value-form = { $field }: expected the base64 of one digest of the algorithm that is named, or of 1 to 245 bytes for RSA-PKCS1.
reason-cryptogram-form = { $field }: expected the base64 of a cryptogram of 256 bytes.
reason-not-deciphered = { $field }: this cryptogram cannot be deciphered with this card.
reason-random-length = { $field }: expected 1 to 256 bytes.
reason-description-length = { $field }: expected 1 to 200 characters.
reason-timeout-range = { $field }: expected 1 to 600 seconds.
reason-own-questions-wait = Questions of this program or site are waiting already. Answer them, then try again.
reason-never-asked = Other questions came first, and yours was not put in time. Answer them, then try again.
reason-workstation-locked = The computer is locked, so nothing was asked. Unlock it, then try again.
reason-script-lacks-answer = The holder is a script here (cpxd demo --headless, or --scripted-holder), and it has nothing to type for this question. Add what is missing to its file: pin for the code, new_pin for a new code, unblock_code for the unblock code, or one more table in answers. The log of the agent says which.
reason-event-id-form = { $field }: expected the number of an event.
