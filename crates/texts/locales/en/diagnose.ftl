# What cpxd diagnose prints beside what it found.

diagnose-check = [{ $state }] { $title }: { $cause }
diagnose-detail = { $name }: { $value }
diagnose-all-well = Nothing keeps the card from being used.
diagnose-first = To settle first: { $check }.
diagnose-remedy = To do: { $remedy }
diagnose-zip-contents = This file will contain:
diagnose-zip-line = { $name } ({ $bytes } bytes): { $what }
diagnose-zip-versions = versions of cpxd and of the system
diagnose-zip-checks = these checks
diagnose-zip-log = the last lines of the technical log, redacted
diagnose-zip-journal = the state of the journal of uses, without any of its lines
diagnose-zip-readers = the readers, and the answer to reset (ATR) of the cards
diagnose-zip-configuration = the configuration, without addresses and names
diagnose-zip-without = No code, no token, no name, no number of a card or professional, no name of a user, computer or site.
diagnose-zip-question = Save it as { $file }? [y/N]
diagnose-zip-needs-a-yes = Nothing is saved without a yes: answer at a terminal, or add --yes.
diagnose-zip-not-saved = Nothing was saved.
diagnose-zip-file-exists = { $file } is there already. Name another file after --zip.
diagnose-zip-saved = Saved: { $file }
