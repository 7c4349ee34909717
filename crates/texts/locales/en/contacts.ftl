# Whom a holder may call; the people there speak French.
-helpline = 0 809 40 00 82 (from France)
