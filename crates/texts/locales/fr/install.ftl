# What `cpxd install` and `cpxd uninstall` print.

## What it is about

install-authority = Autorité de certification de cette installation : { $file }
install-fingerprint = SHA-256 { $fingerprint }
install-until = Jusqu’au { $date }
install-loopback-only = Elle ne peut garantir que cet ordinateur (127.0.0.1, [::1], localhost), et aucun site.
install-authority-to-come = Elle est créée la première fois qu’elle est nécessaire.
install-no-authority = Cette installation n’a ajouté d’autorité de certification nulle part.
install-no-store = Il n’y a aucun magasin de certificats où l’ajouter : ni navigateur, ni celui du système.
install-no-chromium = Aucun navigateur de la famille de Chromium n’a été trouvé pour cet utilisateur : rien n’y a été ajouté.
install-no-firefox = Aucun profil de Firefox n’a été trouvé pour cet utilisateur : rien n’y a été ajouté. Lancez Firefox une fois, puis relancez la même commande.
install-no-system-store = Le magasin de certificats du système n’a pas été trouvé : rien n’y a été ajouté.

## Stores

install-where-it-would-go = Où « cpxd install --trust » l’ajoute :
install-where-it-goes = Elle sera reconnue ici :
install-where-it-leaves = L’autorité de certification de cette installation ne sera plus reconnue ici :
install-store-chromium = Chromium et sa famille, { $place }
install-store-firefox = Firefox, profil { $place }
install-store-system = programmes du système comme curl, { $place }
install-store-line = { $store } : { $state }
install-state-trusted = déjà reconnue
install-state-not-trusted = pas reconnue
install-state-unknown = impossible à consulter
install-state-added = fait
install-state-kept = était déjà reconnue
install-state-removed = retirée
install-state-absent = n’y était pas
install-state-administrator = pas fait : réservé à un administrateur. En tant que root :
install-state-failed = ÉCHEC : { $problem }

## Browsers and the native host

install-where-hosts-would-go = Où « cpxd install --native-messaging » fait connaître l’agent aux navigateurs, pour l’extension :
install-where-hosts-go = Ces navigateurs vont connaître l’agent, pour l’extension :
install-where-hosts-leave = Ces navigateurs ne connaîtront plus l’agent :
install-host-chromium = famille de Chromium, { $file }
install-host-firefox = Firefox, { $file }
install-host-told = le connaît déjà
install-host-packaged = le connaît déjà : un paquet le lui dit, pour tous les utilisateurs
install-host-not-told = ne le connaît pas
install-host-added = fait
install-host-kept = le connaissait déjà
install-host-removed = retiré
install-host-confined = impossible : ce navigateur est isolé (snap ou Flatpak) et ne lance aucun programme extérieur. Utilisez celui de votre distribution ou de son éditeur
install-no-browser = Il n’y a aucun navigateur à qui faire connaître l’agent.
install-host-missing = { $file } est absent : l’extension en a besoin à côté de cpxd. Installez-le, puis relancez la même commande.
install-hosts-incomplete = Certains navigateurs ne connaissent pas l’agent ; les lignes ci-dessus disent pourquoi. Corrigez cela, puis relancez la même commande.

## Start with the session

install-where-start-would-go = Ce que « cpxd install --autostart » écrit, pour que vos sessions démarrent l’agent :
install-where-start-goes = Vos sessions démarrent l’agent par ces fichiers :
install-where-start-leaves = Vos sessions ne démarrent plus l’agent par ces fichiers :
install-start-in-place = déjà en place
install-start-not-in-place = pas en place
install-start-kept = était déjà en place
install-start-packaged = inutile : un paquet l’a déjà installé, { $file }
install-start-not-ours = laissé tel quel : ce programme ne l’a pas écrit. Regardez-le, et supprimez-le si personne n’en a besoin
install-start-program-missing = omis : { $program } est absent
install-start-at-next-session = Cela vaut à votre prochaine connexion, ou tout de suite par : systemctl --user daemon-reload && systemctl --user start cpxd.socket
install-start-incomplete = Certains fichiers n’ont pas pu être écrits ; les lignes ci-dessus disent pourquoi. Corrigez cela, puis relancez la même commande.
install-start-path-unusable = { $program } contient des caractères qu’aucun fichier de démarrage de session ne peut porter. Déplacez cpxd dans un autre dossier, puis relancez la même commande.

## Programs and the PKCS#11 module

install-where-modules-would-go = Où « cpxd install --pkcs11 » fait connaître le module PKCS#11 de cpxd, pour se connecter avec la carte sans Cryptolib :
install-where-modules-go = Ces programmes vont connaître le module PKCS#11 de cpxd :
install-where-modules-leave = Ces programmes ne connaîtront plus le module PKCS#11 de cpxd :
install-module-p11-kit = programmes qui passent par p11-kit, { $place }
install-module-told = connu
install-module-not-told = pas connu
install-module-kept = était déjà connu
install-module-not-ours = laissé tel quel : un autre module y est inscrit sous le nom « cpxd ». Demandez à la personne qui s’occupe de ce poste s’il sert encore ; une fois qu’il est supprimé, relancez la même commande
install-module-confined = impossible : ce navigateur est isolé (snap ou Flatpak) et ne charge aucun module extérieur. Utilisez celui de votre distribution ou de son éditeur
install-no-module-place = Il n’y a ni navigateur ni p11-kit à qui faire connaître le module PKCS#11 de cpxd.
install-no-module-known = Aucun programme ne connaît le module PKCS#11 de cette installation : il n’y a rien à retirer.
install-module-missing = { $file } est absent : c’est le module PKCS#11 de cpxd. Installez-le à côté de cpxd, puis relancez la même commande.
install-modules-incomplete = Certains programmes ne connaissent pas le module ; les lignes ci-dessus disent pourquoi. Corrigez cela, puis relancez la même commande.
install-modules-stay = Certains programmes connaissent encore le module ; les lignes ci-dessus disent pourquoi. Corrigez cela, puis relancez la même commande.
install-module-for-others = Pour les autres programmes (Java, OpenSSL, logiciels de cabinet), indiquez ce fichier comme module PKCS#11 : { $file }

## What to know

install-trust-is-opt-in = Rien n’a été changé. Seuls les navigateurs et les programmes qui ne lisent pas eux-mêmes { $file } ont besoin de « cpxd install --trust » ; « cpxd uninstall » retire cette autorité de certification.
install-restart-browsers = Les navigateurs ouverts en tiennent compte une fois relancés.
install-state-dir-kept = Ce que l’agent conserve est toujours dans { $folder } ; « cpxd uninstall --state » le supprime aussi.
install-state-dir-removed = { $folder } a été supprimé.
install-state-dir-has-more = { $folder } contient aussi d’autres fichiers, comme ceux de « cpxd demo » ; ils y sont restés.
install-state-dir-not-an-agents = { $folder } n’est pas un dossier de l’agent, et a été laissé tel quel.
install-state-dir-absent = L’agent ne conserve rien : { $folder } n’existe pas.

## Failures

install-trust-incomplete = { $failed ->
    [one] Un magasin de certificats n’a pas été changé ; les lignes ci-dessus disent pourquoi. Corrigez cela, puis relancez la même commande.
   *[other] { $failed } magasins de certificats n’ont pas été changés ; les lignes ci-dessus disent pourquoi. Corrigez cela, puis relancez la même commande.
}
install-certutil-missing = les programmes certutil et modutil ne sont pas installés. Installez le paquet libnss3-tools (Debian, Ubuntu), nss-tools (Fedora), nss (Arch) ou mozilla-nss-tools (openSUSE)
install-locked = il est protégé par un mot de passe (dans Firefox, le mot de passe principal). Retirez-le un instant, ou importez { $file } vous-même dans les paramètres du navigateur, sous Certificats, Autorités
install-not-ours = il appartient à un autre utilisateur (uid { $owner }). Lancez la commande sous le compte de celui-ci
install-program-failed = { $program } a répondu : { $said }
install-unchanged = le programme s’est bien terminé et rien n’a changé. Fermez le navigateur, puis recommencez
install-running = L’agent fonctionne (processus { $pid }). Arrêtez-le, puis supprimez son dossier d’état.
install-authority-unusable = L’autorité de certification de { $file } est inutilisable : { $problem }. Réparez ce fichier, ou supprimez-le pour avoir une nouvelle autorité, que les programmes devront alors reconnaître à son tour.
install-not-constrained = elle n’est pas limitée à cet ordinateur
