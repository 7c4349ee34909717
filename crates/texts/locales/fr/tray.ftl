# What the tray shows. Menus are narrow: a few words each.

tray-agent-absent = L’agent cpxd ne fonctionne pas
tray-agent-slow = L’agent cpxd ne répond pas à temps
tray-agent-strange = La réponse de l’agent cpxd n’est pas comprise
tray-several-cards = { $count ->
    [one] { $count } carte
   *[other] { $count } cartes
}
tray-ready = prête
tray-ready-with-tries = { $count ->
    [one] prête, un seul essai
   *[other] prête, { $count } essais
}
tray-perhaps-blocked = peut-être bloquée
tray-blocked = code bloqué
tray-blocked-for-good = définitivement bloquée
tray-without-code = sans code
tray-expires = { $days ->
    [0] expire aujourd’hui
    [one] expire demain
   *[other] expire dans { $days } jours
}
tray-expired = périmée
tray-not-yet-valid = pas encore valable
tray-other-environment = carte de test et carte réelle mélangées
tray-test-card = carte de TEST
tray-unusable-card = { $reader } : { $problem }
tray-nameless-card = Carte { $kind } n° { $number }
tray-untyped-card = Carte n° { $number }
tray-any-card = carte
tray-sessions = { $count ->
    [one] { $count } session ouverte
   *[other] { $count } sessions ouvertes
}
tray-no-session = Aucune session ouverte
tray-session = { $caller }, { $card }
tray-end-session = Terminer : { $caller }, { $card }
tray-grants = { $count ->
    [one] { $count } site ou programme autorisé
   *[other] { $count } sites et programmes autorisés
}
tray-no-grant = Aucun site ni programme autorisé
tray-program = Programme « { $name } »
tray-site = Site { $origin }
tray-inner-site = Site { $origin } dans { $around }
tray-demo-program = Programme de démonstration
tray-until = { $caller }, jusqu’au { $date }
tray-by-policy = { $caller }, par l’administrateur
tray-revoke = Retirer l’autorisation
tray-console = Ouvrir Mon poste
tray-change-code = Changer le code…
tray-unblock-code = Débloquer la carte…
tray-diagnostic = Diagnostic : { $sentence }
tray-all-well = la carte et le lecteur fonctionnent
tray-all-well-detail = L’agent, le lecteur et la carte sont prêts.
tray-languages = Langue – Language
tray-language-of-system = Comme le système
tray-quit = Fermer cette icône (l’agent continue)
tray-blocked-title = Carte bloquée
tray-blocked-notice = { $holder } : trop de codes faux ont été saisis. L’icône de cpxd permet de débloquer la carte avec le code de déblocage à 8 chiffres, ainsi que la commande cpxd pin unblock.
tray-blocked-for-good-title = Carte définitivement bloquée
tray-blocked-for-good-notice = { $holder } : aucun code ne peut plus débloquer cette carte. Demandez une nouvelle carte : appelez { -helpline }.
tray-expires-title = { $days ->
    [0] La carte expire aujourd’hui
    [one] La carte expire demain
   *[other] La carte expire dans { $days } jours
}
tray-expires-notice = { $holder } : valable jusqu’au { $date }. Demandez son renouvellement dès maintenant.
tray-second-one = L’icône de cpxd est déjà là (processus { $pid }).
tray-no-agents-folder = Aucun agent cpxd n’a utilisé le dossier { $folder }. Vérifiez --state-dir, ou lancez d’abord l’agent avec ce dossier.
tray-no-session-bus = Aucun bureau ne répond (pas de bus de session D-Bus). Lancez cpxd-tray dans une session graphique. Tout ce que fait l’icône, la commande cpxd le fait aussi.
tray-desktop-gone = Le bureau s’est fermé, et l’icône de cpxd avec lui. Relancez cpxd-tray dans une nouvelle session ; l’agent continue.
tray-no-panel-yet = Ce bureau ne montre pas d’icônes (StatusNotifier). cpxd-tray attend qu’il le fasse.
tray-other-system = L’icône de cpxd n’existe que sous Linux pour l’instant. Utilisez la commande cpxd.
tray-failed = cpxd-tray s’arrête : { $problem }
