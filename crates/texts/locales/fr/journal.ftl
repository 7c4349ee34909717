# Le journal, tel que le montre `cpxd journal`.

## Qui

journal-who-program = le programme « { $name } »
journal-who-socket = { $executable } (processus { $pid })
journal-who-executable = { $executable }
journal-who-page = la page { $origin }
journal-who-page-within = la page { $origin } dans { $top }
journal-who-console = la page de l’agent
journal-who-unknown = un appelant non identifié

## Ce qui s’est passé

journal-empty = Le journal est vide.
journal-agent-started = l’agent { $version } a démarré (processus { $pid }), { $settings }
journal-agent-stopped = l’agent s’est arrêté
journal-operation = { $operation ->
    [authenticate] une authentification
    [sign] une signature
    [decipher] un déchiffrement
    [read-activities] une lecture des activités
    [change-pin] un changement du code porteur
    [open-session] une session
   *[unblock-pin] un déblocage du code porteur
}
journal-signatures = { $count ->
    [one] une signature
   *[other] { $count } signatures
}
journal-intent = { $who } demande { $operation } avec la carte { $card }
journal-outcome-ok = { $of } : fait
journal-outcome-caller-left = { $of } : l’appelant est parti, le résultat n’a pas été vu
journal-outcome-code-lost = { $of } : le code de la session a dû être saisi de nouveau
journal-outcome-failed = { $of } : { $title } ({ $code })
journal-grant = { $decision ->
    [given] { $who } a reçu les droits { $rights }
    [refused] { $who } s’est vu refuser les droits { $rights }
   *[revoked] { $who } a perdu les droits { $rights }
}
journal-pairing = { $step ->
    [asked] le programme « { $name } » demande à être associé, avec les droits { $rights }
    [accepted] le programme « { $name } » a été associé, avec les droits { $rights }
    [refused] l’association du programme « { $name } » a été refusée, avec les droits { $rights }
   *[revoked] l’association du programme « { $name } » a pris fin, avec les droits { $rights }
}
journal-refusal = { $times ->
    [one] refusé : { $who } — { $title } ({ $code })
   *[other] refusé { $times } fois : { $who } — { $title } ({ $code })
}
journal-session-opened = la session { $session } ({ $who }) a commencé avec la carte { $card }
journal-session-closed = la session { $session } est finie : { $reason ->
    [inactivity] personne ne s’en servait
    [age] elle était trop ancienne
    [card-removed] la carte a été retirée
    [reader-lost] le lecteur a disparu
    [sleep] l’ordinateur s’est mis en veille
    [agent-stopped] l’agent s’est arrêté
    [grant-revoked] l’autorisation de l’appelant a été retirée
   *[ended] l’appelant ou le titulaire l’a terminée
}
journal-recovered = l’agent avait été interrompu ; une ligne inachevée a été retirée
journal-damaged = l’agent a trouvé le journal abîmé : { $place } ({ $code })
journal-retired = d’anciennes entrées ont été supprimées, jusqu’à { $through }
journal-unknown = une entrée d’une version plus récente

## Vérification

journal-whole = { $count ->
    [one] Le journal est intact : une entrée.
   *[other] Le journal est intact : { $count } entrées.
}
journal-retired-before = Les entrées jusqu’à { $through } ont été supprimées en raison de leur nombre ou de leur âge.
journal-head = Dernière entrée : { $seq }, { $hash }. Notée ailleurs, elle montrera plus tard que rien n’a changé avant elle.
journal-unfinished = La dernière ligne est inachevée, comme après une coupure de courant ; l’agent la retire à son démarrage.
journal-broken = { $count ->
    [one] Le journal a été modifié ou abîmé à un endroit. Gardez-en une copie et prévenez le responsable de ce poste.
   *[other] Le journal a été modifié ou abîmé à { $count } endroits. Gardez-en une copie et prévenez le responsable de ce poste.
}
journal-place-file = fichier { $file }
journal-place-line = fichier { $file }, ligne { $line }
journal-fault = { $place } : { $wrong }
journal-wrong-unreadable = illisible, ou modifiable par d’autres ({ $because })
journal-wrong-not-an-entry = ce n’est pas une entrée
journal-wrong-changed = cette ligne a été modifiée
journal-wrong-missing = les entrées { $from } à { $to } manquent avant cette ligne
journal-wrong-out-of-order = l’entrée { $seq } n’est pas à sa place, ou s’y trouve deux fois
journal-wrong-broken-link = cette ligne ne suit pas celle qui la précède
journal-wrong-unfinished = la dernière ligne est coupée
journal-wrong-misnamed = le fichier porte le nom d’un autre
journal-wrong-beginning-missing = les entrées jusqu’à { $through } manquent
journal-wrong-tail-missing = les dernières entrées manquent : il y en avait { $anchored }
journal-wrong-rewritten = cette entrée n’est pas celle qui a été écrite : le journal a été refait
journal-wrong-anchor-missing = le témoin gardé à part du journal manque
journal-wrong-anchor-unreadable = le témoin gardé à part du journal est illisible ({ $because })
journal-wrong-found-before = l’agent a trouvé un dommage à son démarrage ({ $code })
