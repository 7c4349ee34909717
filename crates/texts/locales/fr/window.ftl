# The question to the holder, as the window puts it: short lines, each under a heading of its own.

window-title = cpxd – une question pour vous
window-title-again = cpxd – ce n’était pas le bon code
window-title-keypad = cpxd – tapez votre code sur le lecteur
window-title-last-try = cpxd – dernier essai
window-title-working = cpxd – un instant
window-title-done = cpxd – c’est fait
window-title-failed = cpxd – ce n’est pas fait
window-card = Carte { $kind } n° { $number }
window-untyped-card = Carte n° { $number }
window-no-card = Qui peut utiliser votre carte
window-heading-authenticate = Prouver votre identité
window-heading-decipher = Déchiffrer pour un programme
window-heading-sign = { $count ->
    [0] Ne rien signer
    [one] Signer un document
   *[other] Signer { $count } documents
}
window-heading-activities = Lire vos lieux d’exercice
window-heading-change = Changer votre code porteur
window-heading-unblock = Débloquer votre carte
window-heading-session = Ouvrir une session
window-open-session = Ouvrir
window-heading-pair = Associer un programme
window-heading-site = Autoriser un site

## Who asks, for what

window-for-site = Auprès du site
window-asked-by = Demandé par
window-paired = programme que vous avez associé sous ce nom
window-program-folder = programme du dossier { $folder }
window-unknown-program = un programme de cet ordinateur
window-unknown-program-detail = que le système ne nomme pas
window-demo-program = un programme
window-demo-program-detail = qui a présenté le jeton de la démonstration
window-console = Mon poste
window-console-detail = la page de cpxd que vous avez ouverte
window-page-detail = site que vous avez autorisé
window-inside-site = affiché dans le site { $origin }
window-site = Site
window-name-given = Nom que le programme se donne
window-name-unchecked = cpxd ne l’a pas vérifié
window-asking-program = Programme qui le demande
window-could-then = Il pourra :
window-sites-alone = Pour ces seuls sites :
window-rights-last = { $days ->
    [one] Cette autorisation vaut un jour. Vous pouvez la reprendre à tout moment : cpxd grants
   *[other] Cette autorisation vaut { $days } jours. Vous pouvez la reprendre à tout moment : cpxd grants
}
window-pairing-lasts = L’association prend fin un an après son dernier usage. Vous pouvez la reprendre à tout moment : cpxd grants
window-pairing-code = Code d’association
window-pairing-hint = N’acceptez que si le programme affiche le même code.
window-documents = Documents à signer
window-show-digests = Voir les empreintes
window-hide-digests = Cacher les empreintes
window-expires = { $days ->
    [0] Votre carte expire aujourd’hui : demandez son renouvellement.
    [one] Votre carte expire demain : demandez son renouvellement.
   *[other] Votre carte expire dans { $days } jours : demandez son renouvellement.
}

## The codes

window-code = Code porteur
window-current-code = Code porteur actuel
window-unblock-code = Code de déblocage
window-new-code = Nouveau code
window-new-code-again = Encore une fois
window-digits-only = Seuls les chiffres comptent : utilisez le pavé numérique, ou la touche Maj.
window-tries = { $count ->
    [0] Il ne reste aucun essai.
    [one] Il reste un seul essai avant le blocage de la carte.
   *[other] Il reste { $count } essais avant le blocage de la carte.
}
window-typed = { $count ->
    [0] vide
    [one] un chiffre saisi
   *[other] { $count } chiffres saisis
}
window-keypad-time = Temps restant
window-keypad-seconds = { $seconds ->
    [0] Le temps est écoulé : le lecteur met fin à son attente.
    [one] Encore une seconde
   *[other] Encore { $seconds } secondes
}
window-time-to-answer = { $seconds ->
    [0] Le temps est écoulé.
    [one] Encore une seconde
   *[other] Encore { $seconds } secondes
}
window-keypad-not-here = Rien ne se tape ici : utilisez les touches du lecteur.
window-keypad-again = Réessayer sur le lecteur
window-keypad-refusal = Pour refuser, appuyez sur la touche d’annulation du lecteur. Le bouton Refuser répond au programme, sans arrêter l’attente du lecteur.
window-withdrawn = La question a été retirée.
window-last-try-heading = C’est votre dernier essai
window-risk-last-try = Risquer le dernier essai
window-keep-last-try = Ne rien risquer

## The buttons, and the end

window-ok = Valider
window-sign = Signer
window-change = Changer le code
window-unblock = Débloquer
window-allow = Autoriser
window-pair = Associer
window-agree = D’accord
window-cancel = Annuler
window-refuse = Refuser
window-close = Fermer
window-working = Un instant, la carte travaille…
