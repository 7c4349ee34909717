# What the tray shows. Menus are narrow: a few words each.

tray-agent-absent = The cpxd agent is not running
tray-agent-slow = The cpxd agent does not answer in time
tray-agent-strange = The answer of the cpxd agent is not understood
tray-several-cards = { $count ->
    [one] { $count } card
   *[other] { $count } cards
}
tray-ready = ready
tray-ready-with-tries = { $count ->
    [one] ready, one try left
   *[other] ready, { $count } tries left
}
tray-perhaps-blocked = perhaps blocked
tray-blocked = code blocked
tray-blocked-for-good = blocked for good
tray-without-code = without a code
tray-expires = { $days ->
    [0] expires today
    [one] expires tomorrow
   *[other] expires in { $days } days
}
tray-expired = expired
tray-not-yet-valid = not valid yet
tray-other-environment = test card and real card mixed up
tray-test-card = TEST card
tray-unusable-card = { $reader }: { $problem }
tray-nameless-card = { $kind } card { $number }
tray-untyped-card = Card { $number }
tray-any-card = card
tray-sessions = { $count ->
    [one] { $count } open session
   *[other] { $count } open sessions
}
tray-no-session = No open session
tray-session = { $caller }, { $card }
tray-end-session = End: { $caller }, { $card }
tray-grants = { $count ->
    [one] { $count } site or program allowed
   *[other] { $count } sites and programs allowed
}
tray-no-grant = No site or program allowed
tray-program = Program “{ $name }”
tray-site = Site { $origin }
tray-inner-site = Site { $origin } inside { $around }
tray-demo-program = Demo program
tray-until = { $caller }, until { $date }
tray-by-policy = { $caller }, by the administrator
tray-revoke = Take the permission back
tray-console = Open My workstation
tray-change-code = Change the code…
tray-unblock-code = Unblock the card…
tray-diagnostic = Diagnosis: { $sentence }
tray-all-well = the card and the reader work
tray-all-well-detail = The agent, the reader and the card are ready.
tray-languages = Language – Langue
tray-language-of-system = As the system
tray-quit = Close this icon (the agent goes on)
tray-blocked-title = Card blocked
tray-blocked-notice = { $holder }: too many wrong codes were typed. The icon of cpxd unblocks the card with the unblock code of 8 digits, and so does the command cpxd pin unblock.
tray-blocked-for-good-title = Card blocked for good
tray-blocked-for-good-notice = { $holder }: no code can unblock this card any more. Ask for a new card: call { -helpline }.
tray-expires-title = { $days ->
    [0] The card expires today
    [one] The card expires tomorrow
   *[other] The card expires in { $days } days
}
tray-expires-notice = { $holder }: valid until { $date }. Ask for a new one now.
tray-second-one = The icon of cpxd is there already (process { $pid }).
tray-no-agents-folder = No cpxd agent has used the folder { $folder }. Check --state-dir, or start the agent with this folder first.
tray-no-session-bus = No desktop answers (there is no D-Bus session bus). Start cpxd-tray in a graphical session. Whatever the icon does, the command cpxd does too.
tray-desktop-gone = The desktop is gone, and the icon of cpxd with it. Start cpxd-tray again in a new session; the agent goes on.
tray-no-panel-yet = This desktop shows no icons (StatusNotifier). cpxd-tray waits until it does.
tray-other-system = The icon of cpxd exists on Linux alone so far. Use the command cpxd.
tray-failed = cpxd-tray ends: { $problem }
