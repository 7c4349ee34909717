# One message for each error code of the API: its value is the title, `.detail` says what to do next.
# `.detail-tries`, `.detail-field` and `.detail-culprit` take its place where more is known.
# The reader is a nurse with a patient in front of her: plain words, no blame, the next step.

## Reader and card

error-no-reader = Aucun lecteur de carte
    .detail = Branchez un lecteur de carte sur cet ordinateur. S’il est déjà branché, débranchez-le, puis rebranchez-le.
error-no-card = Aucune carte dans le lecteur
    .detail = Insérez votre carte dans le lecteur, puis recommencez.
error-card-removed = Carte retirée
    .detail = La carte n’est plus dans le lecteur, ou elle en est sortie avant la fin. Remettez-la en place, puis recommencez.
error-card-unknown = Carte non reconnue
    .detail = Cette carte n’est pas une carte de professionnel ou d’établissement de santé (CPS, CPF, CPE, CPA). Insérez la bonne carte, puis recommencez.
error-card-mute = La carte ne répond pas
    .detail = Retirez la carte, vérifiez son sens et essuyez la puce, puis remettez-la. Si cela continue, essayez-la dans un autre lecteur, puis demandez son remplacement.
error-card-unsupported = Carte pas encore prise en charge
    .detail = Cette version de cpxd ne sait pas utiliser ce modèle de carte. Installez la dernière version, ou demandez-la à votre service informatique.
error-reader-busy = Lecteur occupé
    .detail = Un autre programme utilise le lecteur. Attendez qu’il ait fini ou fermez-le, puis recommencez.
    .detail-culprit = Le programme { $culprit } utilise le lecteur. Attendez qu’il ait fini ou fermez-le, puis recommencez.
error-reader-lost = Lecteur débranché
    .detail = Le lecteur ne répond plus. Rebranchez-le, si possible directement sur l’ordinateur, puis recommencez.
error-pcsc-unavailable = Service des cartes à puce arrêté
    .detail = Le service des cartes à puce de cet ordinateur (PC/SC) ne fonctionne pas. Démarrez-le (sous Linux, pcscd) ou redémarrez l’ordinateur ; si cela continue, prévenez votre service informatique.

## Codes

error-pin-wrong = Code incorrect
    .detail = Le code saisi n’est pas le bon. Vérifiez-le avant de recommencer : après plusieurs codes faux, la carte se bloque.
    .detail-tries = { $tries ->
        [0] Le code saisi n’est pas le bon et la carte est bloquée. Débloquez-la avec le code de déblocage à 8 chiffres, qui figure sur le courrier de votre code porteur.
        [one] Le code saisi n’est pas le bon. Il reste un seul essai avant le blocage de la carte : retrouvez votre code avant de recommencer.
       *[other] Le code saisi n’est pas le bon. Il reste { $tries } essais avant le blocage de la carte.
    }
error-pin-blocked = Carte bloquée
    .detail = Trop de codes faux ont été saisis : la carte ne sert plus tant qu’elle n’est pas débloquée. Débloquez-la avec le code de déblocage à 8 chiffres, qui figure sur le courrier de votre code porteur. Sans ce courrier, appelez { -helpline } ou { -lost-codes }.
error-pin-length = Code au mauvais format
    .detail = Le code ne contient que des chiffres, quatre le plus souvent. Rien n’a été envoyé à la carte et aucun essai n’est perdu. Recommencez.
error-last-try-not-confirmed = Dernier essai non confirmé
    .detail = Il ne reste qu’un essai avant le blocage de la carte et vous n’avez pas choisi de le risquer. Cet essai n’a pas été utilisé. Retrouvez votre code, puis recommencez.
error-unblock-wrong = Code de déblocage incorrect
    .detail = Le code de déblocage saisi n’est pas le bon. Relisez le courrier de votre code porteur : ce code a 8 chiffres et ne sert qu’à débloquer la carte. Après plusieurs codes de déblocage faux, la carte est définitivement bloquée.
    .detail-tries = { $tries ->
        [0] Le code de déblocage saisi n’est pas le bon et il ne peut plus servir. Demandez une nouvelle carte : appelez { -helpline }.
        [one] Le code de déblocage saisi n’est pas le bon. Il reste un seul essai : relisez le courrier de votre code porteur avant de recommencer.
       *[other] Le code de déblocage saisi n’est pas le bon. Il reste { $tries } essais : relisez le courrier de votre code porteur avant de recommencer.
    }
error-unblock-blocked = Code de déblocage bloqué
    .detail = Le code de déblocage ne peut plus servir. Si la carte est bloquée, demandez une nouvelle carte : appelez { -helpline }.
error-card-definitively-blocked = Carte définitivement bloquée
    .detail = Trop de codes faux ont été saisis, et le code de déblocage ne peut plus servir. Cette carte ne servira plus : aucun code ne peut la débloquer. Demandez une nouvelle carte : appelez { -helpline }.

## The question to the holder

error-cancelled = Demande annulée
    .detail = La demande a été refusée ou fermée, ou personne n’a pu y répondre. Rien n’a été fait. Recommencez si vous le souhaitez.
error-timeout = Temps écoulé
    .detail = Personne n’a répondu à temps. Recommencez et répondez à la question qui s’affiche.
error-busy = Trop de demandes en attente
    .detail = D’autres demandes attendent déjà une réponse. Répondez-y, puis recommencez.

## Keys and certificates

error-key-absent = Clé absente de la carte
    .detail = Cette carte n’a pas la clé qu’il faut pour cette opération. Utilisez une autre carte ; si la vôtre est posée sans contact, insérez-la dans un lecteur.
error-algorithm-unsupported = Algorithme non pris en charge
    .detail = La carte ne connaît pas l’algorithme que le programme demande. Signalez-le à l’éditeur de ce programme.
error-certificate-expired = Carte périmée
    .detail = La carte a dépassé sa date de fin de validité et ne peut plus servir. Si l’ordinateur n’est pas à la bonne date, corrigez-la ; sinon, demandez le renouvellement de la carte.
error-certificate-revoked = Carte révoquée
    .detail = Cette carte a été annulée et ne peut plus servir. Utilisez celle qui la remplace, ou appelez { -helpline }.
error-certificate-not-yet-valid = Carte pas encore valable
    .detail = La validité de cette carte n’a pas commencé. Si l’ordinateur n’est pas à la bonne date, corrigez-la ; sinon, attendez le premier jour de validité.
error-environment-mismatch = Carte de test et carte réelle mélangées
    .detail = Une carte de test ne sert pas là où l’on travaille, ni une carte réelle là où l’on teste. Insérez une carte de l’autre sorte.
error-module-failed = Échec du module de carte
    .detail = Le programme de cet ordinateur par lequel cpxd atteint la carte (son module PKCS#11, comme Cryptolib CPS) a échoué. Retirez la carte, remettez-la, puis recommencez ; si cela continue, prévenez votre service informatique : le journal technique de cpxd dit pourquoi.

## Callers

error-origin-not-granted = Site non autorisé
    .detail = Ce site n’a pas reçu le droit d’utiliser votre carte. Si vous lui faites confiance, accordez-lui ce droit, puis recommencez.
error-right-missing = Droit manquant
    .detail = Ce programme ou ce site n’a pas reçu le droit de faire cela. Si vous lui faites confiance, accordez-lui ce droit, puis recommencez.
error-token-invalid = Programme non reconnu
    .detail = Ce programme n’a pas montré de jeton que cpxd connaît (en-tête Authorization). Signalez-le à son éditeur.
error-peer-refused = Connexion refusée
    .detail = La demande vient d’un autre utilisateur ou d’une autre session de cet ordinateur. Recommencez depuis la vôtre.
error-session-closed = Session terminée
    .detail = Votre session est finie : carte retirée, ordinateur inutilisé ou durée dépassée. Recommencez et saisissez de nouveau votre code.
error-rate-limited = Demandes trop rapprochées
    .detail = Ce programme a fait trop de demandes en peu de temps. Attendez un peu, puis recommencez.

## Requests

error-bad-request = Demande incorrecte
    .detail = Le programme a envoyé une demande que cpxd ne comprend pas. Signalez-le à l’éditeur de ce programme.
    .detail-field = Le programme a envoyé une demande que cpxd ne comprend pas (champ { $field }). Signalez-le à l’éditeur de ce programme.
error-not-found = Introuvable
    .detail = Ce que le programme demande n’existe pas ou n’existe plus. Actualisez la liste, puis recommencez.
error-body-too-large = Demande trop volumineuse
    .detail = Le programme a envoyé trop de données à la fois. Recommencez avec moins de documents, ou signalez-le à l’éditeur de ce programme.
error-wrong-host = Adresse refusée
    .detail = La demande vise une autre adresse que celle de cet ordinateur (127.0.0.1 ou localhost). Signalez-le à l’éditeur du programme ou du site.
error-client-header-missing = Programme sans nom
    .detail = Le programme n’a pas dit son nom (en-tête X-Cpxd-Client). Signalez-le à son éditeur.
error-internal = Erreur de cpxd
    .detail = cpxd a rencontré une erreur qui vient de lui. Recommencez ; si cela continue, transmettez son journal technique à votre service informatique.

## Reasons, which say more than their code does

reason-pin-not-blocked = Cette carte n’est pas bloquée : utilisez son code porteur. Rien n’a été fait.
reason-new-pin-unchanged = Le nouveau code est le même que l’ancien : choisissez-en un autre. Rien n’a été envoyé à la carte et aucun essai n’est perdu.
reason-new-pin-refused = La carte n’accepte pas ce nouveau code : il n’a que des chiffres, quatre le plus souvent. Rien n’a changé et aucun essai n’est perdu. Recommencez.
reason-unblock-code-length = Le code de déblocage a exactement 8 chiffres. Rien n’a été envoyé à la carte et aucun essai n’est perdu. Relisez le courrier de votre code porteur, puis recommencez.
reason-outcome-unknown = La carte n’a pas eu le temps de confirmer le nouveau code. Remettez-la en place. Si elle est bloquée, débloquez-la à nouveau ; sinon, essayez d’abord le nouveau code, puis l’ancien.
reason-keypad-still-open = Le lecteur attend peut-être encore un code sur son clavier, pour une question qui n’est plus posée. Appuyez sur la touche d’annulation du lecteur. Un code tapé maintenant ne servirait à personne, mais un code faux peut coûter un essai, et un nouveau code serait bien enregistré.
reason-signature-wrong = Ce que la carte a rendu comme signature ne correspond pas à son certificat et n’a pas été transmis. Retirez la carte et essuyez la puce, remettez-la, puis recommencez. Si cela continue, essayez-la dans un autre lecteur, puis demandez son remplacement.
reason-journal-unavailable = Le journal de ce poste ne peut pas être écrit ; la carte n’a donc pas été utilisée. Le disque est peut-être plein : faites de la place et recommencez, ou prévenez le responsable de ce poste.
reason-test-card = Cette carte est une carte de test, et cpxd travaille ici avec des cartes réelles. Insérez votre propre carte ; pour essayer des cartes de test, mettez environment = "test" dans la configuration de cpxd.
reason-real-card = Cette carte est une carte réelle, et cpxd travaille ici avec des cartes de test. Insérez une carte de test ; pour travailler avec des cartes réelles, mettez environment = "production" dans la configuration de cpxd.
reason-module-cannot = Le module de carte de cet ordinateur (PKCS#11) ne sait pas faire cela. Recommencer ne sert à rien : demandez à votre service informatique un autre module, ou un autre accès à la carte.
reason-code-not-kept = Sur cet ordinateur, le code de cette carte n’est pas gardé d’une utilisation à l’autre : aucune session ne peut s’ouvrir. Utilisez la carte sans session : votre code vous sera demandé à chaque fois.
reason-session-inactivity = Votre session s’est fermée, car rien n’a été demandé pendant un moment. Recommencez et saisissez de nouveau votre code.
reason-session-age = Votre session a atteint sa durée maximale. Recommencez et saisissez de nouveau votre code.
reason-session-card-removed = Votre session s’est fermée, car la carte a été retirée. Remettez-la, puis recommencez et saisissez de nouveau votre code.
reason-session-reader-lost = Votre session s’est fermée, car le lecteur a été débranché ou ne répond plus. Rebranchez-le, puis recommencez et saisissez de nouveau votre code.
reason-session-sleep = Votre session s’est fermée, car l’ordinateur s’est mis en veille. Recommencez et saisissez de nouveau votre code.
reason-session-agent-stopped = Votre session s’est fermée, car cpxd s’arrête. Relancez cpxd, puis recommencez et saisissez de nouveau votre code.
reason-session-ended = Cette session a été fermée par le programme ou par vous. Recommencez et saisissez de nouveau votre code.
reason-session-grant-revoked = Cette session s’est fermée, car l’autorisation du programme ou du site a été retirée. Autorisez-le de nouveau si vous le voulez.

## Reasons for whoever wrote the program: what was expected

reason-method-not-allowed = Cette adresse existe, mais pas pour cette méthode ; l’en-tête Allow donne celles qui conviennent.
reason-client-header-form = L’en-tête X-Cpxd-Client est là, mais n’a pas la forme nom/version, par exemple logiciel/2.1.
reason-no-json-object = { $field } : il faut un objet JSON en UTF-8, et rien après lui.
reason-body-incomplete = { $field } : il s’est interrompu, ou n’est pas arrivé en entier en dix secondes.
reason-content-type = { $field } : il faut application/json.
reason-field-unknown = { $field } : cet appel n’a pas de champ de ce nom.
reason-field-missing = { $field } : ce champ manque.
reason-field-repeated = { $field } : ce champ est donné deux fois.
reason-field-type = { $field } : ce champ ne prend pas de valeur de ce type.
reason-nonce-form = { $field } : il faut le nonce du site en base64 avec son remplissage, de 44 à 128 caractères, pour 32 octets au moins.
reason-origin-named = { $field } : une page s’authentifie pour sa propre origine et n’en nomme aucune.
reason-name-form = { $field } : il faut de 1 à 60 caractères, sans caractère de contrôle.
reason-right-unknown = { $field } : il faut identify, authenticate, sign et, pour un programme seulement, manage et decipher.
reason-origin-count = { $field } : il faut de 1 à 20 origines avec le droit authenticate, et aucune sans lui.
reason-origin-form = { $field } : il faut https://nom ou https://nom:port, en minuscules, sans chemin, ni barre finale, ni port par défaut.
reason-hash-unknown = { $field } : il faut SHA-256, SHA-384 ou SHA-512.
reason-algorithm-unknown = { $field } : il faut RS256, RS384, RS512, PS256, PS384 ou PS512, avec la fonction de hachage des empreintes.
reason-digest-count = { $field } : il faut de 1 à 100 empreintes.
reason-digest-form = { $field } : il faut la base64 d’une empreinte de la fonction de hachage indiquée (32 octets pour SHA-256).
reason-key-value-form = { $field } : il faut la base64 d’une empreinte de l’algorithme indiqué, ou de 1 à 245 octets pour RSA-PKCS1.
reason-cryptogram-form = { $field } : il faut la base64 d’un cryptogramme de 256 octets.
reason-not-deciphered = { $field } : ce cryptogramme ne peut pas être déchiffré avec cette carte.
reason-random-length = { $field } : il faut de 1 à 256 octets.
reason-description-length = { $field } : il faut de 1 à 200 caractères.
reason-timeout-range = { $field } : il faut de 1 à 600 secondes.
reason-own-questions-wait = Des questions de ce programme ou de ce site attendent déjà. Répondez-y, puis recommencez.
reason-never-asked = D’autres questions sont passées avant, et la vôtre n’a pas été posée à temps. Répondez-y, puis recommencez.
reason-workstation-locked = L’ordinateur est verrouillé, donc rien n’a pu être demandé. Déverrouillez-le, puis recommencez.
reason-script-lacks-answer = Le porteur est ici un script (cpxd demo --headless, ou --scripted-holder), qui n’a rien à taper pour cette question. Ajoutez à son fichier ce qui manque : pin pour le code, new_pin pour un nouveau code, unblock_code pour le code de déblocage, ou une table de plus dans answers. Le journal technique de l’agent dit lequel.
reason-event-id-form = { $field } : il faut le numéro d’un événement.
