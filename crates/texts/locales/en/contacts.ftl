# Whom a holder may call; the people there speak French.
-helpline = 0 809 40 00 82 (from France)
-lost-codes = send the form F501 to monserviceclient.cartes@esante.gouv.fr
