# The journal, as `cpxd journal` shows it.

## Who

journal-who-program = the program “{ $name }”
journal-who-socket = { $executable } (process { $pid })
journal-who-executable = { $executable }
journal-who-page = the page { $origin }
journal-who-page-within = the page { $origin } inside { $top }
journal-who-console = the agent’s own page
journal-who-unknown = somebody unidentified

## What happened

journal-empty = The journal is empty.
journal-agent-started = the agent { $version } started (process { $pid }), { $settings }
journal-agent-stopped = the agent stopped
journal-operation = { $operation ->
    [authenticate] an authentication
    [sign] a signature
    [decipher] a deciphering
    [read-activities] a reading of the activities
    [change-pin] a change of the code
    [open-session] a session
   *[unblock-pin] an unblocking of the code
}
journal-signatures = { $count ->
    [one] one signature
   *[other] { $count } signatures
}
journal-intent = { $who } asks for { $operation } with card { $card }
journal-outcome-ok = { $of }: done
journal-outcome-caller-left = { $of }: the caller left, the result was not seen
journal-outcome-code-lost = { $of }: the code of the session had to be typed again
journal-outcome-failed = { $of }: { $title } ({ $code })
journal-grant = { $decision ->
    [given] { $who } got the rights { $rights }
    [refused] { $who } was refused the rights { $rights }
   *[revoked] { $who } lost the rights { $rights }
}
journal-pairing = { $step ->
    [asked] the program “{ $name }” asks to be paired, with the rights { $rights }
    [accepted] the program “{ $name }” was paired, with the rights { $rights }
    [refused] the pairing of the program “{ $name }” was refused, with the rights { $rights }
   *[revoked] the pairing of the program “{ $name }” was ended, with the rights { $rights }
}
journal-refusal = { $times ->
    [one] refused: { $who } — { $title } ({ $code })
   *[other] refused { $times } times: { $who } — { $title } ({ $code })
}
journal-session-opened = session { $session } of { $who } began with card { $card }
journal-session-closed = session { $session } ended: { $reason ->
    [inactivity] nobody used it
    [age] it was too old
    [card-removed] the card was removed
    [reader-lost] the reader went away
    [sleep] the computer went to sleep
    [agent-stopped] the agent stopped
    [grant-revoked] what its caller was allowed was taken back
   *[ended] its caller or the holder ended it
}
journal-recovered = the agent had been cut short; an unfinished line was taken away
journal-damaged = the agent found the journal damaged: { $place } ({ $code })
journal-retired = old entries were removed, up to { $through }
journal-unknown = an entry of a later version

## Verification

journal-whole = { $count ->
    [one] The journal is whole: one entry.
   *[other] The journal is whole: { $count } entries.
}
journal-retired-before = The entries up to { $through } were removed because of their number or age.
journal-head = Last entry: { $seq }, { $hash }. Noted down elsewhere, it shows later that nothing before it changed.
journal-unfinished = The last line is unfinished, as after a power cut; the agent takes it away when it starts.
journal-broken = { $count ->
    [one] The journal was changed or damaged in one place. Keep a copy of it and tell whoever is responsible for this computer.
   *[other] The journal was changed or damaged in { $count } places. Keep a copy of it and tell whoever is responsible for this computer.
}
journal-place-file = file { $file }
journal-place-line = file { $file }, line { $line }
journal-fault = { $place }: { $wrong }
journal-wrong-unreadable = cannot be read, or others can write it ({ $because })
journal-wrong-not-an-entry = this is not an entry
journal-wrong-changed = this line was changed
journal-wrong-missing = entries { $from } to { $to } are missing before this line
journal-wrong-out-of-order = entry { $seq } stands in the wrong place, or twice
journal-wrong-broken-link = this line does not follow the one before it
journal-wrong-unfinished = the last line is cut off
journal-wrong-misnamed = the file has the name of another one
journal-wrong-beginning-missing = the entries up to { $through } are missing
journal-wrong-tail-missing = the last entries are missing: there were { $anchored }
journal-wrong-rewritten = this entry is not the one that was written: the journal was made anew
journal-wrong-anchor-missing = the head kept apart from the journal is missing
journal-wrong-anchor-unreadable = the head kept apart from the journal cannot be read ({ $because })
journal-wrong-found-before = the agent found damage when it started ({ $code })
