# What `cpxd` prints in a shell.

## Everywhere

cli-labelled = { $label } : { $words }

## The agent

cli-agent-runs = L’agent cpxd { $version } fonctionne : { $url } (processus { $pid })
cli-configuration-unusable = La configuration est inutilisable, donc aucun agent ne démarre avec elle : { $problem }
cli-agent-cannot-start = L’agent cpxd ne fonctionne pas, et ne peut pas démarrer avant que la configuration soit corrigée : { $problem }
cli-agent-does-not-run = L’agent cpxd ne fonctionne pas. Lancez-le avec « cpxd run », ou essayez-le avec « cpxd demo ».
cli-agent-already-runs = Un agent cpxd fonctionne déjà pour ce dossier d’état (processus { $pid }).
cli-state-is-newer = { $file } a été écrit par un cpxd plus récent ({ $version }). Rien n’a été modifié. Réinstallez cette version, ou indiquez un autre dossier avec --state-dir.
cli-update-is-there = cpxd { $version } est disponible. Il est installé par qui a installé celui-ci ; rien n’a été téléchargé.
cli-update-is-none = cpxd { $version } est la version la plus récente.
cli-updates-off = Aucune nouvelle version n’est recherchée : update-check vaut false, ou la configuration ne donne pas d’update-url.
cli-update-no-answer = Impossible de savoir maintenant s’il y a une nouvelle version : { $problem }. Vérifiez le réseau et update-url, ou réessayez plus tard.
cli-update-refused = L’annonce d’une version n’est pas digne de foi : { $problem }. Rien n’a été modifié. Prévenez la personne qui gère cet ordinateur.
cli-update-clock-wrong = L’horloge de cet ordinateur retarde : réglez-la, puis réessayez. Rien n’a été modifié.
cli-release-is-whole = Ce sont les fichiers de cpxd { $version }, complets et inchangés.
cli-port-is-taken = Le port { $port } n’est pas libre ; un autre programme l’occupe peut-être (choisissez-en un avec --port)
cli-run-is-ready = L’agent cpxd est prêt : { $url }
cli-demo-is-ready = cpxd demo est prêt : { $url }, pour des cartes de TEST seulement.
cli-demo-code = Le code de ses cartes virtuelles est 1234.
cli-demo-unblock-code = Leur code de déblocage est 12345678.
cli-questions-come-here = Il pose ses questions ici ; ce que vous tapez ne s’affiche nulle part. Échap refuse une question ; Ctrl-C la refuse aussi et, s’il n’y en a pas, arrête l’agent.
cli-ctrl-c-ends-it = Ctrl-C l’arrête.
cli-demo-try-next = À essayer ensuite, dans un autre terminal :
cli-console-is-open = « Mon poste » s’ouvre dans votre navigateur.
cli-console-not-shown = Aucun navigateur n’a pu être ouvert ({ $problem }). Ouvrez vous-même cette adresse dans la minute : { $url }
cli-demo-console = « Mon poste », la page de la carte dans votre navigateur : { $command }
cli-demo-goes-on = Le README continue à partir de là : un jeton pour un site, une signature, et openssl pour juge.
cli-demo-takes-test-cards-alone = La configuration dit environment = "production", mais la démonstration ne prend que des cartes de test.
cli-agent-too-slow = L’agent cpxd n’a pas répondu à temps. Recommencez ; si cela continue, redémarrez-le.
cli-agent-gone = L’agent cpxd s’est arrêté avant de répondre. Relancez-le, puis recommencez.
cli-agent-not-understood = Ce qui répond n’est pas l’agent que ce programme connaît ; ils sont peut-être de versions différentes ({ $problem }).
cli-command-failed = Commande impossible
cli-answer-the-question = L’agent pose une question au porteur de la carte : répondez-y là où il fonctionne.
cli-signature-written = Signature { $algorithm } écrite dans { $file }

## Files

cli-file-unreadable = { $file } ne peut pas être lu : { $problem }.
cli-file-unwritable = { $file } ne peut pas être écrit : { $problem }.
cli-file-exists = { $file } existe déjà. Choisissez un autre endroit avec --out, ou remplacez-le avec --force.
cli-file-is-the-document = { $file } est le document à signer : la signature prendrait sa place. Choisissez un autre endroit avec --out.
cli-no-regular-file = { $file } est un dossier, un lien ou un périphérique. Choisissez un autre endroit avec --out.
cli-no-place-beside = { $file } n’est pas un fichier ordinaire. Dites avec --out où écrire la signature.
cli-no-such-file = ce fichier ou ce dossier n’existe pas
cli-no-permission = vous n’en avez pas le droit
cli-is-a-folder = c’est un dossier
cli-disk-is-full = le disque est plein

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
cli-more-than-one-card = Il y a plusieurs cartes : choisissez-en une avec --card (voir : cpxd cards).
cli-no-such-card = Aucune carte n’a l’identifiant « { $id } ». Les cartes présentes : cpxd cards.
cli-card = Carte { $kind } n° { $number }
cli-untyped-card = Carte n° { $number }
cli-test-card = carte de test
cli-holder = Titulaire : { $name }
cli-profession = Profession : { $label }
cli-pseudonym = Carte non nominative : { $name }
cli-know-how = Savoir-faire : { $label }
cli-structure = Structure : { $name }
cli-warning-national-id-check-digit = À vérifier : le dernier chiffre de l’identifiant national ne correspond pas aux autres. La carte reste utilisable.
cli-warning-card-type-doubtful = À vérifier : le type que la carte annonce n’est pas de ceux que son autorité délivre. La carte reste utilisable.
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
cli-code-unknown = peut-être bloqué (on le saura à la prochaine saisie)
cli-code-blocked = bloqué
cli-unblock-here = Pour la débloquer ici : cpxd pin unblock
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

## Who may call

cli-pairing-code = Code : { $code }. Comparez-le avec celui de la question, là où l’agent la pose, et répondez-y.
cli-paired = Programme associé (accord { $id }). Voici le jeton, donné cette seule fois :
cli-paired-to-file = Programme associé (accord { $id }). Le jeton est dans { $file }.
cli-no-grant = Aucun programme ni aucun site n’est autorisé.
cli-grant-of-program = Programme « { $name } »
cli-grant-of-site = Site { $origin }
cli-grant-of-inner-site = Site { $origin } dans { $around }
cli-grant-rights = Droits : { $rights }
cli-grant-origins = Prouve votre identité à : { $origins }
cli-grant-last-use = Dernière utilisation le { $date }
cli-grant-until = Jusqu’au { $date }
cli-grant-id = Pour le reprendre : cpxd grants revoke { $id }
cli-grant-by-policy = Autorisé par l’administrateur de cet ordinateur
cli-no-such-grant = Aucun accord ne porte l’identifiant { $id }. La commande cpxd grants les liste.
cli-grant-revoked = L’accord { $id } est repris.

## Sessions

cli-no-session = Aucune session n’est ouverte.
cli-session-of-demo-token = Le jeton de la démonstration
cli-session-times = Ouverte à { $opened } ; finit à { $idle_end } si elle ne sert pas, à { $end } dans tous les cas
cli-session-id = Pour la terminer : cpxd sessions end { $id }
cli-no-such-session = Aucune session ne porte l’identifiant { $id }. La commande cpxd sessions les liste.
cli-session-ended = La session { $id } est terminée. La prochaine utilisation de sa carte demandera le code.
