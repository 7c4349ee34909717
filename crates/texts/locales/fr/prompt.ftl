# The question to the holder, as the terminal puts it.

## Who asks, for what, with which card

prompt-title = cpxd vous pose une question
prompt-test-card = CARTE DE TEST : rien de ce qu’elle fait n’a de valeur
prompt-paired-program-asks = Demande de « { $name } », un programme que vous avez associé sous ce nom
prompt-program-asks = Demande du programme { $name }
prompt-program-folder = dans le dossier { $folder }
prompt-unknown-program-asks = Demande d’un programme de cet ordinateur, que le système ne nomme pas
prompt-to-authenticate = pour prouver votre identité au site { $origin }
prompt-to-sign = { $count ->
    [0] pour ne signer aucun document
    [one] pour signer un document en votre nom
   *[other] pour signer { $count } documents en votre nom
}
prompt-descriptions-unchecked = Ces descriptions viennent du programme ; cpxd ne les a pas vérifiées.
prompt-with-card = avec la carte { $kind } n° { $number }
prompt-with-untyped-card = avec la carte n° { $number }
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
prompt-last-try = ATTENTION : si ce code est faux, la carte sera bloquée. Il faudra alors le code de déblocage à 8 chiffres, qui figure sur le courrier de votre code porteur.
prompt-last-try-word = OUI
prompt-risk-last-try = Tapez { $word } pour risquer ce dernier essai ; toute autre réponse arrête :
prompt-type-code = Code porteur, de { $minimum } à { $maximum } chiffres (Échap pour refuser) :
prompt-type-code-of-fixed-length = Code porteur, { $count } chiffres (Échap pour refuser) :
prompt-code-has-other-length = Ce code est trop court ou trop long pour la carte. Rien ne lui a été envoyé.

## Yes or no, and the end

prompt-agree = Êtes-vous d’accord ? (oui ou non) :
prompt-refused = Refusé. Rien n’a été fait.
prompt-timed-out = Temps écoulé. Rien n’a été fait.
prompt-withdrawn = Le programme n’attend plus de réponse. Rien n’a été fait.
