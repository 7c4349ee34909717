# The diagnosis: the name of each check, then each cause with its sentence and, in `.remedy`, what to do.
# The reader is a nurse with a patient in front of her: plain words, no blame, the next step.

day = { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
} { $year }

check-state-ok = bon
check-state-warning = à surveiller
check-state-failed = à régler
check-state-unknown = non vérifié
check-state-notApplicable = sans objet

check-configuration = Configuration
check-agent-runs = Programme cpxd
check-agent-version = Version de cpxd
check-clock = Horloge de l’ordinateur
check-disk-space = Espace disque
check-pcsc-service = Service des lecteurs
check-reader-driver = Pilote du lecteur
check-reader = Lecteur de carte
check-reader-held = Accès au lecteur
check-card = Carte dans le lecteur
check-card-answers = Réponse de la carte
check-card-known = Type de carte
check-card-environment = Carte réelle ou de test
check-certificate-dates = Validité de la carte
check-certificate-chain = Origine des certificats
check-certificate-revocation = Révocation des certificats
check-code = Code porteur
check-unblock-code = Code de déblocage
check-cryptolib = Cryptolib CPS
check-cryptolib-cache = Mémoire de Cryptolib CPS
check-own-module = Module de cpxd dans les navigateurs
check-port = Port de cpxd
check-trust = Confiance des navigateurs
check-native-messaging = Lien avec les navigateurs
check-loopback-permission = Autorisation des navigateurs
check-proxy = Serveur mandataire (proxy)

detail-reader = Lecteur
detail-program = Programme
detail-browser = Navigateur
detail-store = Fait confiance

cause-hangs-on = À vérifier une fois réglé : { $check }.
cause-no-answer = Non vérifié : l’ordinateur ne répond toujours pas à cette question.
    .remedy = Vérifiez que les dossiers du réseau répondent, puis recommencez. Si cela dure, redémarrez l’ordinateur.

cause-configuration-good = La configuration est bonne.
cause-configuration-unusable = Le fichier { $file } contient une erreur à la ligne { $line } : { $problem }.
    .remedy = Corrigez cette ligne, ou demandez-le à votre service informatique, puis lancez cpxd : il ne démarre pas sans cela. Ce qui suit a été vérifié avec les réglages habituels.
cause-configuration-refused = La configuration ne peut pas servir : { $problem }.
    .remedy = Corrigez-la, ou demandez-le à votre service informatique, puis lancez cpxd : il ne démarre pas sans cela. Ce qui suit a été vérifié avec les réglages habituels.
cause-configuration-unusable-since = cpxd fonctionne, mais ne redémarrerait pas : le fichier { $file } contient maintenant une erreur à la ligne { $line } : { $problem }.
    .remedy = Corrigez cette ligne, ou demandez-le à votre service informatique. Jusqu’à son prochain démarrage, cpxd continue avec ce que le fichier disait avant.
cause-configuration-refused-since = cpxd fonctionne, mais ne redémarrerait pas : sa configuration ne peut plus servir : { $problem }.
    .remedy = Corrigez-la, ou demandez-le à votre service informatique. Jusqu’à son prochain démarrage, cpxd continue avec ce qu’elle disait avant.

cause-agent-runs = cpxd fonctionne.
cause-agent-absent = cpxd ne fonctionne pas.
    .remedy = Lancez-le avec la commande cpxd run{ $options }, ou ouvrez une nouvelle session. Ce qui suit a été vérifié sans lui.
cause-agent-state-unwritable = cpxd ne peut pas démarrer : il n’a pas le droit d’écrire dans { $folder }, où il garde ce qu’il sait.
    .remedy = Demandez à votre service informatique de donner à votre compte le droit d’écrire dans ce dossier, puis lancez cpxd. Ce qui suit a été vérifié sans lui.
cause-agent-state-newer = cpxd ne peut pas démarrer : une version plus récente ({ $version }) a déjà servi ici, et celle-ci ne sait pas lire ce qu’elle a gardé.
    .remedy = Installez à nouveau la version la plus récente, ou demandez-la à votre service informatique. Ce qui suit a été vérifié sans cpxd.
cause-agent-port-held = cpxd ne peut pas démarrer : { $program } occupe le port { $port } que veut la configuration.
    .remedy = Fermez { $program }, ou demandez à votre service informatique de changer « port » dans la configuration, puis lancez cpxd. Ce qui suit a été vérifié sans lui.
cause-agent-port-held-by-agent = cpxd ne peut pas démarrer : un autre cpxd, peut-être celui d’un autre utilisateur, occupe le port { $port } que veut la configuration.
    .remedy = Demandez à votre service informatique d’enlever « port » de la configuration : chaque cpxd prend alors un port libre. Ce qui suit a été vérifié sans lui.
cause-agent-port-held-by-somebody = cpxd ne peut pas démarrer : un autre programme occupe le port { $port } que veut la configuration.
    .remedy = Fermez ce programme, ou demandez à votre service informatique de changer « port » dans la configuration, puis lancez cpxd. Ce qui suit a été vérifié sans lui.
cause-agent-silent = cpxd est lancé, mais ne répond pas.
    .remedy = Arrêtez cpxd, puis relancez-le. Ce qui suit a été vérifié sans lui.
cause-agent-current = La version { $version } fonctionne.
cause-agent-version-differs = La version { $running } fonctionne encore, alors que la version { $installed } est installée.
    .remedy = Arrêtez cpxd, puis relancez-le, ou ouvrez une nouvelle session.
cause-agent-replaced = cpxd a été mis à jour, mais l’ancienne version fonctionne encore.
    .remedy = Arrêtez cpxd, puis relancez-le, ou ouvrez une nouvelle session.
cause-agent-newer-version = La version { $version } de cpxd est annoncée.
    .remedy = Installez-la, ou demandez-la à votre service informatique.

cause-clock-plausible = La date de l’ordinateur est plausible.
cause-clock-before-release = L’ordinateur affiche une date antérieure au { $date }, quand cette version de cpxd n’existait pas encore.
    .remedy = Réglez la date et l’heure de l’ordinateur, puis recommencez.
cause-clock-before-journal = L’ordinateur affiche une date antérieure au { $date }, alors que cpxd a déjà servi ce jour-là.
    .remedy = Réglez la date et l’heure de l’ordinateur, puis recommencez.
cause-clock-before-a-line = Le journal contient une ligne du { $date }, date encore à venir. Les autres disent que la date de l’ordinateur est bonne.
    .remedy = Regardez la date et l’heure de l’ordinateur. Si elles sont bonnes, il n’y a rien à faire : elles étaient fausses quand cette ligne a été écrite.
cause-clock-before-card = L’ordinateur affiche une date antérieure au { $date }, jour où la carte a été faite.
    .remedy = Réglez la date et l’heure de l’ordinateur, puis recommencez.

cause-disk-enough = Il reste { $megabytes } Mo.
cause-disk-low = Il ne reste que { $megabytes } Mo là où cpxd tient son journal.
    .remedy = Faites de la place sur le disque. Sans place, la carte ne sert plus.
cause-disk-full = Le disque est plein : cpxd ne peut plus tenir son journal, et la carte ne sert pas sans lui.
    .remedy = Faites de la place sur le disque, puis recommencez.
cause-disk-unknown = L’espace libre n’a pas pu être lu.

cause-pcsc-works = Le service des cartes à puce fonctionne.
cause-pcsc-not-used = Les lecteurs ne viennent pas du service des cartes à puce.
cause-pcsc-not-installed = Le service des cartes à puce n’est pas installé sur cet ordinateur.
    .remedy = Installez-le (sous Linux, le paquet pcscd), ou demandez-le à votre service informatique.
cause-pcsc-not-running = Le service des cartes à puce est arrêté.
    .remedy = Redémarrez l’ordinateur. Si cela continue, prévenez votre service informatique : sous Linux, un administrateur le lance par systemctl start pcscd.socket ; sous Windows, c’est le service « Carte à puce ».
cause-pcsc-access-denied = Cette session n’a pas accès au service des cartes à puce.
    .remedy = Demandez à votre service informatique de donner à votre compte l’accès au service des cartes à puce (pcscd).
cause-pcsc-refused = Le service des cartes à puce refuse cette session : une règle de l’ordinateur (polkit) le lui interdit.
    .remedy = Ouvrez votre session sur l’ordinateur même, ou demandez à votre service informatique d’autoriser votre compte (règle polkit org.debian.pcsc-lite).
cause-pcsc-silent = Le service des cartes à puce ne répond pas.
    .remedy = Débranchez le lecteur, redémarrez l’ordinateur, puis rebranchez le lecteur.
cause-pcsc-unknown = L’état du service des cartes à puce n’a pas pu être lu.

cause-driver-works = Le lecteur a son pilote.
cause-driver-no-device = Aucun lecteur n’est branché en USB.
cause-driver-missing = { $device } est branché, mais le service des cartes à puce ne le voit pas : il lui manque un pilote.
    .remedy = Débranchez le lecteur, puis rebranchez-le. Si cela continue, installez son pilote (sous Linux, le paquet libccid), ou demandez-le à votre service informatique.
cause-driver-unknown = Le pilote n’a pas pu être vérifié.

cause-reader-seen = Le lecteur est vu.
cause-reader-none = Aucun lecteur de carte n’est branché.
    .remedy = Branchez un lecteur de carte. S’il est déjà branché, débranchez-le, puis rebranchez-le.
cause-reader-unreachable = Le lecteur { $reader }, ou la carte qui s’y trouve, ne répond pas.
    .remedy = Retirez la carte, puis remettez-la. Si cela continue, débranchez le lecteur et rebranchez-le, si possible directement sur l’ordinateur.
cause-reader-unknown = Les lecteurs n’ont pas pu être vus.

cause-reader-free = Aucun autre programme ne garde le lecteur pour lui.
cause-reader-held-by = Un autre programme garde le lecteur { $reader } pour lui. Programmes qui se servent des lecteurs : { $program }.
    .remedy = Attendez que ce programme ait fini, ou fermez-le, puis recommencez.
cause-reader-held-by-somebody = Un autre programme garde le lecteur { $reader } pour lui.
    .remedy = Fermez les autres programmes qui se servent de la carte (logiciel métier, navigateur, GALSS, CPS Gestion), puis recommencez.

cause-card-in = Une carte est dans le lecteur.
cause-card-none = Aucune carte n’est dans le lecteur.
    .remedy = Insérez votre carte dans le lecteur, puce vers l’avant.
cause-card-answers = La carte répond.
cause-card-mute = La carte dans le lecteur { $reader } ne répond pas.
    .remedy = Retirez la carte, vérifiez son sens et essuyez la puce, puis remettez-la. Si cela continue, essayez-la dans un autre lecteur, puis demandez son remplacement.
cause-card-known = C’est une carte de professionnel ou d’établissement de santé.
cause-card-unknown = La carte dans le lecteur { $reader } n’est pas une carte de professionnel ou d’établissement de santé (CPS, CPF, CPE, CPA).
    .remedy = Insérez la bonne carte. Une carte Vitale ou bancaire ne convient pas.
cause-card-unsupported = La carte dans le lecteur { $reader } est d’un modèle que cette version de cpxd ne sait pas utiliser.
    .remedy = Installez la dernière version de cpxd, ou demandez-la à votre service informatique.
cause-card-being-read = La carte dans le lecteur { $reader } est en cours de lecture.
    .remedy = Attendez quelques secondes, puis recommencez.
cause-card-trouble = La carte dans le lecteur { $reader } n’a pas pu être lue ({ $code }).
    .remedy = Retirez la carte, puis remettez-la. Si cela continue, redémarrez l’ordinateur.
cause-cards-none = Aucune carte n’a été lue.

cause-environment-production = C’est une carte réelle.
cause-environment-test = C’est une carte de test, comme le veut la configuration.
cause-environment-test-card = C’est une carte de test, alors que cpxd est réglé pour les cartes réelles.
    .remedy = Insérez une carte réelle. Pour essayer avec une carte de test, mettez environment = "test" dans la configuration.
cause-environment-real-card = C’est une carte réelle, alors que cpxd est réglé pour les cartes de test.
    .remedy = Mettez environment = "production" dans la configuration, ou insérez une carte de test.
cause-environment-contradictory = La carte ne convient pas à cet environnement, ou ses certificats se contredisent sur ce point.
    .remedy = Insérez une autre carte. Si c’est votre carte de tous les jours, appelez { -helpline }.

cause-dates-good = La carte est valable jusqu’au { $date }.
cause-dates-end-soon = { $days ->
        [0] La carte expire aujourd’hui.
        [one] La carte expire demain, le { $date }.
       *[other] La carte expire dans { $days } jours, le { $date }.
    }
    .remedy = Demandez son renouvellement dès maintenant : appelez { -helpline }. La nouvelle carte met plusieurs semaines à arriver.
cause-dates-over = La carte a expiré le { $date }.
    .remedy = Insérez votre nouvelle carte. Si vous ne l’avez pas reçue, appelez { -helpline }.
cause-dates-to-come = La carte n’est valable qu’à partir du { $date }.
    .remedy = Vérifiez la date de l’ordinateur. Si elle est juste, attendez ce jour, ou prenez votre carte précédente.

cause-chain-proven = Les certificats viennent bien de l’IGC-Santé.
cause-chain-not-proven = Les certificats se disent de l’IGC-Santé. cpxd n’a pas ici les certificats des autorités pour le prouver ; le service auquel vous vous connectez le vérifie.
cause-chain-refused = Les certificats portent le nom d’une autorité de l’IGC-Santé, mais elle ne les a pas signés.
    .remedy = N’utilisez pas cette carte. Appelez { -helpline }.
cause-revocation-not-checked = cpxd ne vérifie pas si la carte a été mise en opposition ; le service auquel vous vous connectez le vérifie.

cause-code-ready = { $count ->
        [one] Le code peut être saisi : il reste { $count } essai.
       *[other] Le code peut être saisi : il reste { $count } essais.
    }
cause-code-ready-uncounted = Le code peut être saisi.
cause-code-last-try = Il reste un seul essai avant le blocage de la carte.
    .remedy = Retrouvez votre code avant de recommencer : il figure sur le courrier de votre code porteur. Un code juste redonne tous les essais.
cause-code-blocked = Trop de codes faux ont été saisis : la carte est bloquée.
    .remedy = Débloquez-la avec le code de déblocage à 8 chiffres, qui figure sur le courrier de votre code porteur. Sans ce courrier, appelez { -helpline } ou { -lost-codes }.
cause-code-blocked-for-good = La carte est définitivement bloquée : aucun code ne peut la débloquer.
    .remedy = Demandez une nouvelle carte : appelez { -helpline }.
cause-code-perhaps-blocked = La carte est peut-être bloquée : on ne le saura qu’en saisissant le code.
    .remedy = Saisissez le code. S’il est refusé comme bloqué, débloquez la carte avec le code de déblocage à 8 chiffres.
cause-code-absent = Cette carte n’a pas de code.

cause-unblock-ready = Le code de déblocage peut servir.
cause-unblock-last-try = Il reste un seul essai au code de déblocage.
    .remedy = Relisez le courrier de votre code porteur avant de le saisir. Un code de déblocage faux bloquerait la carte pour toujours.
cause-unblock-blocked = Le code de déblocage ne peut plus servir. Si le code de la carte se bloque, elle ne servira plus.
    .remedy = Ne saisissez que le bon code. Demandez une nouvelle carte : appelez { -helpline }.
cause-unblock-unknown = L’état du code de déblocage n’est pas connu.
cause-unblock-absent = Cette carte n’a pas de code de déblocage.
cause-unblock-pointless = La carte est définitivement bloquée : ce code n’y peut plus rien.

cause-cryptolib-good = Cryptolib CPS { $version } est installée.
cause-cryptolib-absent = Cryptolib CPS n’est pas installée. cpxd s’en passe ; pour Pro Santé Connect par carte, il la faut au navigateur, ou bien le module de cpxd (cpxd install --pkcs11, sous Linux).
cause-cryptolib-not-needed = Cryptolib CPS n’est pas installée. Un navigateur qui se sert du module de cpxd s’en passe.
cause-cryptolib-too-old = Cryptolib CPS { $version } ne connaît pas votre carte (CPS4). cpxd s’en passe, mais pas les navigateurs et les logiciels qui s’en servent.
    .remedy = Installez Cryptolib CPS 5.2 ou une version plus récente, ou demandez-la à votre service informatique.
cause-cryptolib-old = Cryptolib CPS { $version } ne connaîtra pas les nouvelles cartes (CPS4).
    .remedy = Installez Cryptolib CPS 5.2 ou une version plus récente, ou demandez-la à votre service informatique.
cause-cryptolib-flawed = L’installateur de Cryptolib CPS { $version } a un défaut de sécurité connu, et cette version ne connaît pas les nouvelles cartes (CPS4).
    .remedy = Installez Cryptolib CPS 5.2 ou une version plus récente, ou demandez-la à votre service informatique.
cause-cryptolib-only-32-bits = Cryptolib CPS n’est installée que pour les logiciels à 32 bits : les navigateurs à 64 bits ne la trouvent pas.
    .remedy = Installez la version à 64 bits de Cryptolib CPS, ou demandez-la à votre service informatique.
cause-cryptolib-version-unknown = Cryptolib CPS est installée ; sa version n’a pas pu être lue.
cause-cryptolib-unknown = La présence de Cryptolib CPS n’a pas pu être vérifiée.

cause-cache-good = Cryptolib CPS ne garde rien de faux de votre carte.
cause-cache-stale = Cryptolib CPS garde un ancien certificat de votre carte : les navigateurs et certains logiciels le présentent à la place du bon.
    .remedy = Demandez à votre service informatique de vider le dossier { $folder }, puis retirez et remettez la carte.
cause-cache-absent = Cryptolib CPS ne garde rien de votre carte.

cause-module-registered = Ces navigateurs lisent la carte par le module de cpxd : { $browsers }.
cause-module-registered-in-part = Ces navigateurs, ou certains de leurs profils, ne connaissent pas encore le module de cpxd : { $browsers }. La carte n’y ouvre pas Pro Santé Connect.
    .remedy = Lancez la commande cpxd install --pkcs11, puis redémarrez les navigateurs.
cause-module-file-missing = Le module de cpxd que connaissent ces navigateurs n’est plus sur l’ordinateur : { $browsers }.
    .remedy = Lancez la commande cpxd install --pkcs11, puis redémarrez les navigateurs.
cause-module-asks-another-agent = Le module de cpxd dans les navigateurs s’adresse à un autre cpxd, que nomme le fichier { $file }.
    .remedy = Retirez la ligne state-dir de ce fichier, ou demandez-le à la personne qui s’occupe de ce poste, puis redémarrez les navigateurs.
cause-module-asks-not-this-agent = Le module de cpxd dans les navigateurs s’adresse à un autre cpxd que celui-ci.
    .remedy = Si c’est celui-ci qu’il vous faut, écrivez state-dir = "{ $folder }" dans le fichier { $file }, à la place de la ligne state-dir qui y est peut-être déjà, puis redémarrez les navigateurs. Sinon, lancez la commande cpxd diagnose sans --state-dir.
cause-module-asks-nobody = Le module PKCS#11 de cpxd ne s’adresse à aucun cpxd : la ligne { $line } du fichier { $file } ne peut pas être comprise.
    .remedy = Corrigez ce fichier ou supprimez-le, ou demandez-le à la personne qui s’occupe de ce poste, puis redémarrez les navigateurs et les logiciels qui utilisent la carte.
cause-module-file-unreadable = Le module PKCS#11 de cpxd ne s’adresse à aucun cpxd : le fichier { $file } ne peut pas être lu.
    .remedy = Demandez à la personne qui s’occupe de ce poste de vous en donner la lecture ou de le supprimer, puis redémarrez les navigateurs et les logiciels qui utilisent la carte.
cause-module-confined = Un navigateur isolé du reste de l’ordinateur (snap ou Flatpak) ne peut pas se servir du module de cpxd. C’est le cas ici : { $browsers }.
    .remedy = Servez-vous d’un navigateur installé depuis les paquets du système. S’il ne connaît pas encore le module, lancez la commande cpxd install --pkcs11, puis redémarrez-le.
cause-module-foreign = Dans ces navigateurs, un autre module porte déjà le nom de cpxd, si bien que celui de cpxd ne s’y inscrit pas : { $browsers }.
    .remedy = Demandez à la personne qui s’occupe de ce poste si cet autre module sert encore. Une fois qu’il est supprimé, lancez la commande cpxd install --pkcs11, puis redémarrez les navigateurs.
cause-module-not-registered = Aucun navigateur ne se sert du module de cpxd, qui lit la carte sans Cryptolib CPS. La commande cpxd install --pkcs11 le fait connaître ici : { $browsers }.
cause-module-unknown = La présence du module de cpxd dans les navigateurs n’a pas pu être vérifiée.

cause-port-first = cpxd écoute sur le port { $port }.
cause-port-taken = { $program } occupe le port { $wanted } ; cpxd écoute sur le port { $used }.
    .remedy = Si un logiciel ne trouve pas cpxd, fermez { $program }, puis relancez cpxd.
cause-port-taken-by-agent = Un autre cpxd, peut-être celui d’un autre utilisateur, occupe le port { $wanted } ; celui-ci écoute sur le port { $used }. Il n’y a rien à faire.
cause-port-taken-by-somebody = Un autre programme occupe le port { $wanted } ; cpxd écoute sur le port { $used }.
    .remedy = Si un logiciel ne trouve pas cpxd, fermez l’autre programme, puis relancez cpxd. C’est souvent un second cpxd, comme la démonstration.
cause-port-unknown = Le port de cpxd n’a pas pu être lu.

cause-trust-everywhere = cpxd est reconnu ici : { $stores }.
cause-trust-missing = cpxd n’est pas encore reconnu ici : { $stores }.
    .remedy = Lancez la commande cpxd install --trust{ $options } ou demandez-le à votre service informatique, puis redémarrez les navigateurs. L’extension de cpxd n’en a pas besoin.
cause-trust-no-store = Aucun navigateur connu n’est sur cet ordinateur.
cause-trust-no-authority = cpxd n’a pas encore fait son certificat : il le fera à son premier lancement.
cause-trust-unknown = La confiance de certains navigateurs n’a pas pu être vérifiée.

cause-native-host-told = Les navigateurs connaissent cpxd.
cause-native-host-not-told = L’extension ne trouvera pas cpxd dans ces navigateurs : { $browsers }.
    .remedy = Lancez la commande cpxd install --native-messaging ou demandez-le à votre service informatique, puis redémarrez les navigateurs.
cause-native-host-confined = Depuis un navigateur isolé du reste de l’ordinateur (snap ou Flatpak), l’extension ne peut pas joindre cpxd. C’est le cas ici : { $browsers }.
    .remedy = Servez-vous d’un navigateur installé depuis les paquets du système.
cause-native-host-unknown = Le lien avec les navigateurs n’a pas pu être vérifié.
cause-no-browser = Aucun navigateur connu n’est sur cet ordinateur.

cause-loopback-by-policy = L’administrateur autorise des sites à joindre les programmes de cet ordinateur.
cause-loopback-asked = Au premier appel d’un site, le navigateur demande s’il peut joindre les programmes de cet ordinateur. Votre réponse ne se voit que dans le navigateur.
    .remedy = Si un site ne joint pas cpxd, ouvrez les autorisations de ce site dans le navigateur et permettez l’accès aux applications de cet ordinateur. L’extension de cpxd n’en a pas besoin.

cause-proxy-none = Aucun serveur mandataire ne détourne les appels à cet ordinateur.
cause-proxy-catches-loopback = La variable { $variable } envoie à un serveur mandataire aussi ce qui est destiné à cet ordinateur.
    .remedy = Demandez à votre service informatique d’ajouter 127.0.0.1 à la variable no_proxy.
cause-proxy-unknown = Les serveurs mandataires n’ont pas pu être vérifiés.

pro-sante-connect-title = Pro Santé Connect
pro-sante-connect-check-failed = Pour vous en servir avec la carte, réglez d’abord ce point : « { $check } ».
pro-sante-connect-card-not-read = Aucune carte n’a été lue : insérez-la pour savoir si Pro Santé Connect peut fonctionner ici.
pro-sante-connect-not-registered = Cette carte n’est pas rattachée à un registre national : Pro Santé Connect ne l’accepte pas.
pro-sante-connect-card-contactless = Sans contact, cette carte n’ouvre pas Pro Santé Connect : insérez-la dans un lecteur, au lieu de la poser dessus.
pro-sante-connect-register-unknown = La carte est bonne ; le reste n’a pas pu être vérifié.
pro-sante-connect-module-missing = La carte est bonne, mais pour Pro Santé Connect il manque au navigateur un module qui lise la carte : lancez la commande cpxd install --pkcs11, puis redémarrez le navigateur, ou demandez Cryptolib CPS à votre service informatique.
pro-sante-connect-cryptolib-too-old = La carte est bonne, mais le navigateur ne peut pas s’en servir pour Pro Santé Connect : Cryptolib CPS est trop ancienne pour elle. Il faut la version 5.2, ou bien le module de cpxd (cpxd install --pkcs11).
pro-sante-connect-cryptolib-only-32-bits = La carte est bonne, mais le navigateur ne peut pas s’en servir pour Pro Santé Connect : Cryptolib CPS n’est installée que pour les logiciels à 32 bits. Il faut sa version à 64 bits, ou bien le module de cpxd (cpxd install --pkcs11).
pro-sante-connect-module-asks-another-agent = La carte est bonne, mais le module de cpxd dans les navigateurs ne s’adresse pas à ce cpxd : voyez le point « { $check } ».
pro-sante-connect-module-foreign = La carte est bonne, mais un autre module porte déjà le nom de cpxd dans le navigateur : voyez le point « { $check } ».
pro-sante-connect-module-confined = La carte est bonne, mais les navigateurs sont isolés du reste de l’ordinateur et ne laissent entrer aucun module : voyez le point « { $check } ».
pro-sante-connect-cryptolib-too-old-and-no-module = La carte est bonne, mais le navigateur ne peut pas s’en servir pour Pro Santé Connect : Cryptolib CPS est trop ancienne pour elle. Il faut la version 5.2, ou bien le module de cpxd : voyez le point « { $check } ».
pro-sante-connect-cryptolib-only-32-bits-and-no-module = La carte est bonne, mais le navigateur ne peut pas s’en servir pour Pro Santé Connect : Cryptolib CPS n’est installée que pour les logiciels à 32 bits. Il faut sa version à 64 bits, ou bien le module de cpxd : voyez le point « { $check } ».
pro-sante-connect-ready = Cette carte et cet ordinateur sont prêts pour Pro Santé Connect.
pro-sante-connect-ready-for-tests = Cette carte de test et cet ordinateur sont prêts pour le bac à sable de Pro Santé Connect.
pro-sante-connect-ready-in-some-browsers = Cette carte et cet ordinateur sont prêts pour Pro Santé Connect, mais pas dans tous les navigateurs : voyez le point « { $check } ».
pro-sante-connect-ready-for-tests-in-some-browsers = Cette carte de test et cet ordinateur sont prêts pour le bac à sable de Pro Santé Connect, mais pas dans tous les navigateurs : voyez le point « { $check } ».
pro-sante-connect-ready-perhaps-in-some-browsers = Cette carte et cet ordinateur sont prêts pour Pro Santé Connect, mais un navigateur au moins n’a pas pu être vérifié : voyez le point « { $check } ».
pro-sante-connect-ready-for-tests-perhaps-in-some-browsers = Cette carte de test et cet ordinateur sont prêts pour le bac à sable de Pro Santé Connect, mais un navigateur au moins n’a pas pu être vérifié : voyez le point « { $check } ».
pro-sante-connect-by-phone = Sans la carte, l’application e-CPS, gratuite, ouvre aussi Pro Santé Connect : installez-la sur votre téléphone et activez-la une fois, puis choisissez e-CPS sur la page de Pro Santé Connect et validez la demande sur le téléphone.
