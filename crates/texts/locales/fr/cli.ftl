# What `cpxd` prints in a shell.

## The agent

cli-agent-runs = L’agent cpxd { $version } fonctionne : { $url } (processus { $pid })
cli-agent-does-not-run = L’agent cpxd ne fonctionne pas. Lancez-le avec « cpxd run », ou essayez-le avec « cpxd demo ».
cli-agent-already-runs = Un agent cpxd fonctionne déjà dans cette session (processus { $pid }).
cli-answer-the-question = Répondez à la question que pose l’agent.
cli-signature-written = Signature { $algorithm } écrite dans { $file }

## Readers

cli-readers = Lecteurs
cli-no-reader = aucun
cli-reader-empty = vide
cli-reader-with-card = carte présente
cli-reader-busy = utilisé par un autre programme
cli-reader-unreachable = ne répond pas
cli-reader-with-keypad = avec clavier

## Cards

cli-cards = Cartes
cli-no-card = aucune
cli-card = Carte { $kind } n° { $number }
cli-test-card = carte de test
cli-holder = Titulaire : { $name }
cli-profession = Profession : { $label }
cli-national-id = Identifiant national : { $value }
cli-valid-until = { $days ->
    [0] Valable jusqu’au { $date } : dernier jour
    [one] Valable jusqu’au { $date } : encore un jour
   *[other] Valable jusqu’au { $date } : encore { $days } jours
}
cli-expired-on = Périmée depuis le { $date }
cli-valid-from = Valable à partir du { $date } seulement

## Codes

cli-pin = Code porteur : { $state }
cli-unblock-code = Code de déblocage : { $state }
cli-tries-left = { $count ->
    [0] aucun essai
    [one] il reste un essai
   *[other] il reste { $count } essais
}
cli-code-ready = utilisable
cli-code-blocked = bloqué
cli-code-definitively-blocked = définitivement bloqué
cli-code-absent = la carte n’en a pas
cli-pin-changed = Le code porteur a été changé.
cli-pin-unblocked = La carte est débloquée, avec le nouveau code porteur.

## Certificates

cli-certificates = Certificats
cli-role-authentication = authentification
cli-role-signature = signature
cli-role-technical = sans contact
cli-certificate-valid = valable
cli-certificate-expired = périmé
cli-certificate-not-yet-valid = pas encore valable
