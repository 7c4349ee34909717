# Whom a holder may call. A no-break space stands before : ; ! ? » and after « in every French file.
-helpline = le 0 809 40 00 82
-lost-codes = envoyez le formulaire F501 à monserviceclient.cartes@esante.gouv.fr
