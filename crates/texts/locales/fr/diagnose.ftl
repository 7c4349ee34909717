# What cpxd diagnose prints beside what it found.

diagnose-check = [{ $state }] { $title } : { $cause }
diagnose-detail = { $name } : { $value }
diagnose-all-well = Rien n’empêche la carte de servir.
diagnose-first = À régler d’abord : { $check }.
diagnose-remedy = À faire : { $remedy }
diagnose-zip-contents = Ce fichier contiendra :
diagnose-zip-line = { $name } ({ $bytes } octets) : { $what }
diagnose-zip-versions = versions de cpxd et du système
diagnose-zip-checks = ces vérifications
diagnose-zip-log = les dernières lignes du journal technique, expurgées
diagnose-zip-journal = l’état du journal des usages, sans aucune de ses lignes
diagnose-zip-readers = les lecteurs, et la réponse initiale (ATR) des cartes
diagnose-zip-configuration = la configuration, sans adresses ni noms
diagnose-zip-without = Ni code, ni jeton, ni nom, ni numéro de carte ou de professionnel, ni nom d’utilisateur, d’ordinateur ou de site.
diagnose-zip-question = L’enregistrer dans { $file } ? [o/N]
diagnose-zip-needs-a-yes = Rien n’est enregistré sans accord : répondez à un terminal, ou ajoutez --yes.
diagnose-zip-not-saved = Rien n’a été enregistré.
diagnose-zip-file-exists = { $file } existe déjà. Nommez un autre fichier après --zip.
diagnose-zip-saved = Enregistré : { $file }
