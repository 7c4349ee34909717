# The question to the holder, as the terminal puts it.

## Who asks, for what, with which card

prompt-title = cpxd vous pose une question
prompt-test-card = CARTE DE TEST : rien de ce qu’elle fait n’a de valeur
prompt-paired-program-asks = Demande de « { $name } », un programme que vous avez associé sous ce nom
prompt-demo-token-asks = Demande d’un programme qui a présenté le jeton de la démonstration
prompt-console-asks = Demande de « Mon poste », la page de cpxd que vous avez ouverte
prompt-program-asks = Demande du programme { $name }
prompt-program-folder = dans le dossier { $folder }
prompt-unknown-program-asks = Demande d’un programme de cet ordinateur, que le système ne nomme pas
prompt-to-authenticate = pour prouver votre identité au site { $origin }
prompt-to-use-authentication-key = pour prouver votre identité à un service que ce programme est seul à connaître
prompt-to-decipher = pour déchiffrer ce qui a été chiffré pour vous, et le remettre au programme
prompt-to-sign = { $count ->
    [0] pour ne signer aucun document
    [one] pour signer un document en votre nom
   *[other] pour signer { $count } documents en votre nom
}
prompt-to-read-activities = pour lire vos lieux d’exercice
prompt-to-change-pin = pour changer le code porteur
prompt-to-unblock-pin = pour débloquer et remplacer le code porteur
prompt-to-open-session = pour ouvrir une session avec votre carte
prompt-session-allows = Vous tapez votre code une seule fois. Tant que la session est ouverte, il pourra :
prompt-session-authenticates = prouver votre identité, sans vous le demander
prompt-session-deciphers = déchiffrer ce qui a été chiffré pour vous, sans vous le demander
prompt-session-signs-with-code = vous demander de signer, chaque fois avec votre code
prompt-session-signs-with-consent = vous demander de signer, chaque fois avec votre accord mais sans code
prompt-session-ends = Elle se ferme après { $idle } sans activité, après { $age } au plus, et dès que vous retirez la carte.
prompt-session-shares-card = Pendant ce temps, d’autres programmes de cet ordinateur peuvent aussi utiliser la carte.
prompt-minutes = { $count ->
    [one] une minute
   *[other] { $count } minutes
}
prompt-hours = { $count ->
    [one] une heure
   *[other] { $count } heures
}
prompt-descriptions-unchecked = Ces descriptions viennent du programme ; cpxd ne les a pas vérifiées.
prompt-with-card = avec la carte { $kind } n° { $number }
prompt-with-untyped-card = avec la carte n° { $number }
prompt-of-card = de la carte { $kind } n° { $number }
prompt-of-untyped-card = de la carte n° { $number }
prompt-of-holder = qui appartient à { $holder }
prompt-no-description = (sans description)
prompt-cut-text = { $start }… ({ $count } caractères en tout)

## The code

prompt-tries-left = { $count ->
    [0] Il ne reste aucun essai.
    [one] Il reste un seul essai avant le blocage de la carte.
   *[other] Il reste { $count } essais avant le blocage de la carte.
}
prompt-code-was-wrong = Le code saisi n’est pas le bon.
prompt-tries-unknown = Après plusieurs codes faux, la carte se bloque.
prompt-may-be-blocked = La carte est peut-être bloquée : on ne le saura qu’après la saisie de votre code porteur. Si elle l’est, cpxd vous dira quoi faire.
prompt-last-try = ATTENTION : si ce code est faux, la carte sera bloquée. Il faudra alors le code de déblocage à 8 chiffres, qui figure sur le courrier de votre code porteur.
prompt-last-try-of-all = ATTENTION : si ce code est faux, la carte sera définitivement bloquée, car son code de déblocage ne peut plus servir. Il faudra demander une nouvelle carte.
prompt-last-try-word = OUI
prompt-last-try-field = { prompt-last-try-word } ?
prompt-risk-last-try = Tapez { $word } pour risquer ce dernier essai ; toute autre réponse arrête :
prompt-digits = de { $minimum } à { $maximum } chiffres
prompt-digits-of-fixed-length = { $count } chiffres
prompt-type-code = Code porteur, { $digits } (Échap pour refuser) :
prompt-type-current-code = Code porteur actuel, { $digits } (Échap pour refuser) :
prompt-code-has-other-length = Le code de cette carte a { $digits }, et rien d’autre. Rien ne lui a été envoyé.

## The unblock code

prompt-unblock-explained = La carte est bloquée : trop de codes faux ont été saisis. Le code de déblocage la débloque, et vous choisissez alors un nouveau code porteur.
prompt-unblock-perhaps-explained = La carte est peut-être bloquée : ce poste ne peut pas le savoir. Le code de déblocage la débloque si elle l’est, et vous choisissez dans tous les cas un nouveau code porteur.
prompt-unblock-code-found = Le code de déblocage a 8 chiffres et figure sur le courrier de votre code porteur. Sans ce courrier, appelez { -helpline } ou { -lost-codes }.
prompt-unblock-tries-left = { $count ->
    [0] Il ne reste aucun essai du code de déblocage.
    [one] Il reste un seul essai du code de déblocage.
   *[other] Il reste { $count } essais du code de déblocage.
}
prompt-unblock-uses-left = { $count ->
    [0] Le code de déblocage ne peut plus servir.
    [one] Le code de déblocage ne peut plus servir qu’une seule fois.
   *[other] Le code de déblocage peut encore servir { $count } fois.
}
prompt-unblock-code-was-wrong = Le code de déblocage saisi n’est pas le bon.
prompt-unblock-tries-unknown = Après plusieurs codes de déblocage faux, la carte est définitivement bloquée.
prompt-last-unblock-try = ATTENTION : si ce code de déblocage est faux, la carte sera définitivement bloquée et il faudra en demander une nouvelle.
prompt-type-unblock-code = Code de déblocage, { $digits } (Échap pour refuser) :
prompt-unblock-code-has-other-length = Le code de déblocage a exactement 8 chiffres. Rien n’a été envoyé à la carte.

## The new code

prompt-type-new-code = Nouveau code porteur, { $digits } (Échap pour refuser) :
prompt-type-new-code-again = Le nouveau code porteur encore une fois (Échap pour refuser) :
prompt-new-codes-differ = Les deux saisies du nouveau code ne sont pas les mêmes. Rien n’a été envoyé à la carte.
prompt-new-code-is-old = Le nouveau code est le même que l’ancien : choisissez-en un autre. Rien n’a été envoyé à la carte.

## Yes or no, and the end

prompt-agree = Êtes-vous d’accord ? (oui ou non) :
prompt-refused = Refusé. Rien n’a été fait.
prompt-timed-out = Temps écoulé. Rien n’a été fait.
prompt-keypad-type-code = Tapez votre code porteur sur le clavier du lecteur, puis appuyez sur sa touche de validation. Rien ne se tape ici.
prompt-keypad-change = Sur le clavier du lecteur, tapez votre code porteur actuel, puis le nouveau code, puis encore une fois le nouveau code, en validant chaque fois. Rien ne se tape ici.
prompt-keypad-again = Appuyez sur Entrée pour réessayer sur le lecteur (Échap pour refuser) :
prompt-keypad-waits = Le lecteur attend encore { $seconds } s (Échap pour refuser)
prompt-keypad-length = Le lecteur n’a pas accepté un code de cette longueur. Rien n’a été envoyé à la carte.
prompt-keypad-cancel-key = Si le lecteur attend encore un code, appuyez sur sa touche d’annulation.
prompt-keypad-withdrawn = La question a été retirée. Si le lecteur attend encore un code, appuyez sur sa touche d’annulation.
prompt-withdrawn = La question a été retirée. Rien n’a été fait.
prompt-done-authenticating = C’est fait : la preuve de votre identité pour { $origin } est remise au programme.
prompt-done-using-authentication-key = C’est fait : la preuve de votre identité est remise au programme.
prompt-done-deciphering = C’est fait : ce qui a été déchiffré est remis au programme.
prompt-done-signing = { $count ->
    [0] C’est fait : aucun document n’est signé.
    [one] C’est fait : un document est signé.
   *[other] C’est fait : { $count } documents sont signés.
}
prompt-done-reading-activities = C’est fait : vos lieux d’exercice sont remis au programme.
prompt-done-changing-pin = C’est fait : le code porteur est changé.
prompt-done-unblocking-pin = C’est fait : la carte est débloquée, avec son nouveau code porteur.
prompt-done-opening-session = C’est fait : la session est ouverte. Elle se ferme dès que vous retirez la carte.
prompt-not-done = { $title }. { $detail }

## Who may call

prompt-program-wants-in = Un programme qui dit s’appeler « { $name } » veut être associé à cpxd
prompt-pairing-asked-by = Il le demande par le programme { $name }
prompt-pairing-asked-by-nobody-known = cpxd ne sait pas quel programme le demande.
prompt-name-is-taken = ATTENTION : un autre programme est déjà associé sous ce nom. N’acceptez que si vous venez d’installer celui-ci, ou de le réinstaller.
prompt-name-unchecked = Ce nom vient du programme ; cpxd ne l’a pas vérifié.
prompt-page-asks = Demande du site { $origin }, que vous avez autorisé
prompt-site-wants-in = Le site { $origin } veut utiliser votre carte
prompt-site-inside = lorsqu’il s’affiche dans le site { $origin }
prompt-test-environment = CARTES DE TEST SEULEMENT : rien de ce qu’elles font n’a de valeur
prompt-could-then = Il pourrait alors :
prompt-right-identify = voir vos cartes et à qui elles appartiennent
prompt-right-authenticate = vous demander de prouver votre identité, chaque fois avec votre code
prompt-right-sign = vous demander de signer, chaque fois avec votre accord
prompt-right-manage = vous demander de changer votre code ou de débloquer votre carte
prompt-right-decipher = déchiffrer ce qui a été chiffré pour vous
prompt-for-sites = Il prouverait votre identité à ces seuls sites :
prompt-pairing-code = Code : { $code }. N’acceptez que si le programme affiche le même code.
prompt-grant-given = Accord donné. Vous pouvez le reprendre à tout moment : cpxd grants
